//! How much of a service's JSON is parsed: a value takes up far more room than the two bytes that may write it.

use super::TurnError;
use super::transport::no_answer;

/// The most values of one answer, by the commas and brackets between them. Answers of agents have thousands; sound is one
/// long text.
const MOST_VALUES: usize = 2_000_000;

/// Looks at an answer before it is parsed.
///
/// # Errors
/// When it holds more values than are parsed.
pub(in crate::backend) fn check_size(text: &[u8]) -> Result<(), TurnError> {
    if has_too_many_values(text) {
        return Err(no_answer("the answer holds more than 2 million values"));
    }
    Ok(())
}

fn has_too_many_values(text: &[u8]) -> bool {
    let (mut count, mut within_text, mut escaped) = (0_usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if within_text => escaped = true,
            b'"' => within_text = !within_text,
            b',' | b'[' | b'{' if !within_text => count += 1,
            _ => {}
        }
    }
    count > MOST_VALUES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_and_not_what_stands_in_texts() {
        let list = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
        let text = |within: &str| format!("[\"{}\"]", within.repeat(MOST_VALUES));
        for (json, expected) in [
            (list(MOST_VALUES), false),
            (list(MOST_VALUES + 1), true),
            ("[".repeat(MOST_VALUES + 1), true),
            (text(",{"), false),
            (text("\\\","), false),
            (format!("{{\"a\\\\\": {}}}", list(MOST_VALUES)), true),
            (String::new(), false),
        ] {
            let shown = &json[..json.len().min(20)];
            assert_eq!(has_too_many_values(json.as_bytes()), expected, "{shown}");
        }
    }
}
