//! A text with templates, taken apart.

use crate::model::Value;

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::suite) enum Piece<'text> {
    /// As it is.
    Literal(&'text str),
    /// A name to be filled in.
    Template(Template<'text>),
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

/// Whether a text holds anything between `{{` and `}}`.
pub(in crate::suite) fn has_template(text: &str) -> bool {
    text.contains("{{")
        && pieces(text)
            .iter()
            .any(|piece| !matches!(piece, Piece::Literal(_)))
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

/// A value for messages, short.
pub(in crate::suite) fn shown(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.to_string();
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
                    Piece::Template(template) => template.written,
                    Piece::Malformed { written, .. } => written,
                })
                .collect();
            prop_assert_eq!(joined, text);
        }
    }
}
