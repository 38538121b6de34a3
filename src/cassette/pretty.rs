//! JSON as people review it: what fits stands on one line, everything else a member to a line, in the order given.

use std::fmt::Write as _;

use serde_json::Value;

/// Longest line, where JSON allows a break.
const WIDTH: usize = 110;
/// Blanks for each level.
const STEP: usize = 2;

/// The value's lines, the last one ended.
pub(super) fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, 0, &mut text);
    text.push('\n');
    text
}

/// Writes a value; `lead` is how much of the line is taken by what stands before it.
fn write(value: &Value, indent: usize, lead: usize, text: &mut String) {
    let room = WIDTH.saturating_sub(indent + lead);
    let mut line = String::new();
    if flow(value, room, &mut line) {
        text.push_str(&line);
        return;
    }
    let inner = indent + STEP;
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                next_line(index, inner, text);
                write(item, inner, 0, text);
            }
            end(indent, ']', text);
        }
        Value::Object(members) => {
            text.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                next_line(index, inner, text);
                let before = text.len();
                // Writing to a text cannot fail.
                let _ = write!(text, "{}: ", Value::from(name.as_str()));
                let lead = text.len() - before;
                write(member, inner, lead, text);
            }
            end(indent, '}', text);
        }
        scalar => {
            let _ = write!(text, "{scalar}");
        }
    }
}

fn next_line(index: usize, indent: usize, text: &mut String) {
    text.push_str(if index == 0 { "\n" } else { ",\n" });
    text.extend(std::iter::repeat_n(' ', indent));
}

fn end(indent: usize, bracket: char, text: &mut String) {
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', indent));
    text.push(bracket);
}

/// Writes the value on one line; false, with something left half done, when there is no room for it.
fn flow(value: &Value, room: usize, line: &mut String) -> bool {
    match value {
        Value::Array(items) => {
            line.push('[');
            for (index, item) in items.iter().enumerate() {
                line.push_str(if index == 0 { "" } else { ", " });
                if !flow(item, room, line) {
                    return false;
                }
            }
            line.push(']');
        }
        Value::Object(members) => {
            line.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                line.push_str(if index == 0 { " " } else { ", " });
                let _ = write!(line, "{}: ", Value::from(name.as_str()));
                if !flow(member, room, line) {
                    return false;
                }
            }
            line.push_str(if members.is_empty() { "}" } else { " }" });
        }
        scalar => {
            let _ = write!(line, "{scalar}");
        }
    }
    line.len() <= room
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_stands_on_one_line() {
        let long = "x".repeat(100);
        let value = json!({"short": {"a": [1, 2], "b": {}}, "long": {"text": long, "n": null}, "none": []});
        let expected = format!(
            "{{\n  \"short\": {{ \"a\": [1, 2], \"b\": {{}} }},\n  \"long\": {{\n    \"text\": \"{long}\",\n    \"n\": null\n  }},\n  \"none\": []\n}}\n"
        );
        assert_eq!(pretty(&value), expected);
    }

    proptest! {
        #[test]
        fn it_reads_back(texts in prop::collection::vec(".{0,60}", 0..8), number in any::<i64>()) {
            let value = json!({"texts": texts, "deeper": [[{"number": number, "again": texts}]]});
            let read: Value = serde_json::from_str(&pretty(&value)).unwrap();
            prop_assert_eq!(read, value);
        }
    }
}
