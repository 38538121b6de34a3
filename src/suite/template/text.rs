//! A text with templates, taken apart.
//!
//! What is data (a cell of a CSV file, say) goes into a text marked: as a JSON string between braces, its own braces
//! and bars written as escapes. However often the text is read again, nothing in a mark is a template, and nothing
//! around it can become one with it. Authors cannot write marks: there, a quoted string is an unknown name.

use std::borrow::Cow;

use crate::model::Value;
use crate::yaml::opens_template;

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::suite) enum Piece<'text> {
    /// As it is.
    Literal(&'text str),
    /// A name to be filled in.
    Template(Template<'text>),
    /// A mark: data, with the mark around it as it is written.
    Data(Template<'text>),
    /// Between `{{` and `}}`, but not a name.
    Malformed {
        /// With its braces.
        written: &'text str,
        /// What is wrong with it.
        problem: Malformed,
    },
}

/// `{{ name }}` or `{{ name | number }}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::suite) struct Template<'text> {
    /// With its braces.
    pub(in crate::suite) written: &'text str,
    /// The name.
    pub(in crate::suite) name: &'text str,
    /// Whether the value is made a number.
    pub(in crate::suite) number: bool,
}

/// What is wrong with a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::suite) enum Malformed {
    /// There is no name.
    Empty,
    /// After `|` stands something else than `number`.
    Conversion,
}

/// Takes a text apart. `{{` without `}}` after it is literal text.
pub(in crate::suite) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut literal = 0;
    let mut from = 0;
    while let Some(open) = text[from..].find("{{").map(|at| from + at) {
        let Some(close) = text[open + 2..].find("}}").map(|at| open + 2 + at) else {
            break;
        };
        let inner = &text[open + 2..close];
        if let Some(again) = inner.rfind("{{") {
            // Only the innermost braces can be a template.
            from = open + 2 + again;
            continue;
        }
        if open > literal {
            pieces.push(Piece::Literal(&text[literal..open]));
        }
        pieces.push(piece(&text[open..close + 2], inner));
        literal = close + 2;
        from = literal;
    }
    if literal < text.len() {
        pieces.push(Piece::Literal(&text[literal..]));
    }
    pieces
}

fn piece<'text>(written: &'text str, inner: &'text str) -> Piece<'text> {
    let (name, conversion) = match inner.split_once('|') {
        Some((name, conversion)) => (name.trim(), Some(conversion.trim())),
        None => (inner.trim(), None),
    };
    let problem = match conversion {
        _ if name.is_empty() => Malformed::Empty,
        None if data(inner).is_some() => {
            return Piece::Data(Template {
                written,
                name: inner,
                number: false,
            });
        }
        None | Some("number") => {
            let number = conversion.is_some();
            return Piece::Template(Template {
                written,
                name,
                number,
            });
        }
        Some(_) => Malformed::Conversion,
    };
    Piece::Malformed { written, problem }
}

/// The text in a mark, when this stands between its braces.
fn data(inner: &str) -> Option<String> {
    inner
        .starts_with('"')
        .then(|| serde_json::from_str(inner).ok())
        .flatten()
}

/// A text as a part of texts with templates that holds none itself, whatever stands around it.
pub(in crate::suite) fn marked(text: &str) -> Cow<'_, str> {
    if !text.contains(['{', '}']) {
        return Cow::Borrowed(text);
    }
    let quoted = Value::from(text).to_string();
    let escaped = quoted
        .replace('{', "\\u007b")
        .replace('}', "\\u007d")
        .replace('|', "\\u007c");
    Cow::Owned(format!("{{{{{escaped}}}}}"))
}

/// A text without its marks, for places in which templates are not filled in any more.
pub(in crate::suite) fn plain(text: &str) -> Cow<'_, str> {
    if !opens_template(text) || !text.contains("{{\"") {
        return Cow::Borrowed(text);
    }
    let without = |piece| match piece {
        Piece::Literal(text) | Piece::Malformed { written: text, .. } => Cow::Borrowed(text),
        Piece::Template(template) => Cow::Borrowed(template.written),
        Piece::Data(mark) => mark.data(),
    };
    Cow::Owned(pieces(text).into_iter().map(without).collect())
}

/// A value without the marks in its texts.
pub(in crate::suite) fn plain_value(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(plain(&text).into_owned()),
        Value::Array(items) => items.into_iter().map(plain_value).collect(),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name, plain_value(value)))
                .collect(),
        ),
        other => other,
    }
}

impl<'text> Template<'text> {
    /// What a mark holds.
    pub(in crate::suite) fn data(self) -> Cow<'text, str> {
        data(self.name).map_or(Cow::Borrowed(self.written), Cow::Owned)
    }
}

/// Whether a text holds anything between `{{` and `}}` that is to be filled in.
pub(in crate::suite) fn has_template(text: &str) -> bool {
    opens_template(text)
        && pieces(text)
            .iter()
            .any(|piece| !matches!(piece, Piece::Literal(_) | Piece::Data(_)))
}

/// Whether any text of a value does.
pub(in crate::suite) fn value_has_template(value: &Value) -> bool {
    match value {
        Value::String(text) => has_template(text),
        Value::Array(items) => items.iter().any(value_has_template),
        Value::Object(members) => members.values().any(value_has_template),
        _ => false,
    }
}

/// What begins like a template in a literal text: two braces and a name after them.
pub(in crate::suite) fn unclosed(literal: &str) -> Option<&str> {
    let mut from = 0;
    while let Some(open) = literal.get(from..)?.find("{{").map(|at| from + at) {
        let inner = literal.get(open + 2..)?;
        let name = inner.trim_start();
        if name.starts_with(|first: char| first.is_alphanumeric() || first == '_') {
            let end = name.find([' ', '{', '}', '\n']).unwrap_or(name.len());
            return literal.get(open..open + 2 + (inner.len() - name.len()) + end);
        }
        from = open + 1;
    }
    None
}

/// The template that is the whole text, if it is one.
pub(in crate::suite) fn whole(text: &str) -> Option<Template<'_>> {
    match pieces(text).as_slice() {
        [Piece::Template(template)] => Some(*template),
        _ => None,
    }
}

/// A value made a number: `{{ name | number }}`.
///
/// # Errors
/// Says what it is instead, as a lowercase fragment.
pub(in crate::suite) fn to_number(value: &Value) -> Result<Value, String> {
    let parsed = match value {
        Value::Number(_) => return Ok(value.clone()),
        Value::String(text) => {
            let text = plain(text);
            let text = text.trim();
            text.parse::<i64>()
                .ok()
                .map(Value::from)
                .or_else(|| text.parse::<f64>().ok().and_then(number))
        }
        _ => None,
    };
    parsed.ok_or_else(|| format!("{} is no number", shown(value)))
}

fn number(value: f64) -> Option<Value> {
    serde_json::Number::from_f64(value).map(Value::Number)
}

/// A value within a text.
///
/// # Errors
/// Says why it cannot stand there, as a lowercase fragment.
pub(in crate::suite) fn to_text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Null => Err("it has no value".to_owned()),
        Value::Array(_) => Err("a list cannot stand within a text".to_owned()),
        Value::Object(_) => Err("a mapping cannot stand within a text".to_owned()),
    }
}

/// About how much memory a value takes, wherever it stands.
pub(in crate::suite) fn bytes(value: &Value) -> usize {
    /// A node of a tree, with the places that it keeps.
    const NODE: usize = 120;
    let below: usize = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(bytes).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| name.len() + bytes(value))
            .sum(),
        _ => 0,
    };
    NODE + below
}

/// How many lists and mappings of a value stand in one another.
pub(in crate::suite) fn height(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(height).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(height).max().unwrap_or(0),
        _ => 0,
    }
}

/// A value for messages, short.
pub(in crate::suite) fn shown(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = plain_value(value.clone()).to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    let short: String = text.chars().take(LONGEST).collect();
    format!("{short}…")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn template(written: &'static str, name: &'static str, number: bool) -> Piece<'static> {
        Piece::Template(Template {
            written,
            name,
            number,
        })
    }

    #[test]
    fn texts_are_taken_apart() {
        use Piece::Literal;
        assert_eq!(pieces(""), []);
        assert_eq!(pieces("hi"), [Literal("hi")]);
        assert_eq!(pieces("{{ city }}"), [template("{{ city }}", "city", false)]);
        assert_eq!(
            pieces("to {{city}}, {{ party | number }}!"),
            [
                Literal("to "),
                template("{{city}}", "city", false),
                Literal(", "),
                template("{{ party | number }}", "party", true),
                Literal("!"),
            ]
        );
        assert_eq!(pieces("{{ open"), [Literal("{{ open")]);
        assert_eq!(unclosed("to {{ city }, {{b"), Some("{{ city"));
        assert_eq!(unclosed("{{{ a"), Some("{{ a"));
        assert_eq!(unclosed("{\"a\":{{( }} {{ "), None);
        assert_eq!(
            pieces("a {{ b {{ c }}"),
            [Literal("a {{ b "), template("{{ c }}", "c", false)]
        );
        assert_eq!(pieces("{\"a\":{\"b\":1}}"), [Literal("{\"a\":{\"b\":1}}")]);
        let malformed = |written, problem| Piece::Malformed { written, problem };
        assert_eq!(pieces("{{ }}"), [malformed("{{ }}", Malformed::Empty)]);
        assert_eq!(
            pieces("{{ a | upper }}"),
            [malformed("{{ a | upper }}", Malformed::Conversion)]
        );
    }

    #[test]
    fn values_convert() {
        assert_eq!(to_number(&json!("42")), Ok(json!(42)));
        assert_eq!(to_number(&json!(" 4.5 ")), Ok(json!(4.5)));
        assert_eq!(to_number(&json!(7)), Ok(json!(7)));
        assert_eq!(to_number(&json!("four")), Err("\"four\" is no number".to_owned()));
        assert_eq!(to_number(&json!("inf")), Err("\"inf\" is no number".to_owned()));
        assert_eq!(
            to_number(&json!(marked("{4}"))),
            Err("\"{4}\" is no number".to_owned())
        );
        assert_eq!(to_text(&json!(2)), Ok("2".to_owned()));
        assert!(to_text(&json!([1])).is_err());
    }

    proptest! {
        #[test]
        fn pieces_make_up_the_text(text in "[a-c{}| \u{e9}]{0,40}") {
            let joined: String = pieces(&text)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Literal(text) => text,
                    Piece::Template(template) | Piece::Data(template) => template.written,
                    Piece::Malformed { written, .. } => written,
                })
                .collect();
            prop_assert_eq!(joined, text);
        }

        #[test]
        fn data_is_no_template_whatever_stands_around_it(
            before in "[a{}\" ]{0,8}",
            text in "[a{}|\"\\\\ \n\u{e9}]{0,20}",
            after in "[a{} ]{0,8}",
        ) {
            let mark = marked(&text);
            prop_assert_eq!(plain(&mark), text.as_str());
            prop_assert!(!has_template(&mark));
            let around = format!("{}{mark}{}", marked(&before), marked(&after));
            prop_assert!(!has_template(&around));
            prop_assert_eq!(plain(&around), format!("{before}{text}{after}"));
        }
    }
}
