//! Matchers, values and paths in words: `contains "When would you like"`, `address.city`.

use std::fmt::Write as _;

use crate::model::Value;
use crate::model::suite::{Comparison, DateMatcher, Matcher, SimilarityAlgorithm, ValueType};

use super::date::{weekday_name, whole_days};
use super::json::number;

/// Longest value within a message, in characters; diffs and reports have the rest.
const LONGEST_SHOWN: usize = 120;
/// Alternatives or members named before the rest is only counted.
const MOST_NAMED: usize = 8;

/// What a matcher expects, as a person would say it: `"Paris"`, `contains "code"`, `at least 0.6`.
pub fn describe(matcher: &Matcher) -> String {
    Words { unit: "" }.matcher(matcher)
}

/// As [`describe`], with a unit after bare numbers.
pub(super) fn describe_with_unit(matcher: &Matcher, unit: &'static str) -> String {
    Words { unit }.matcher(matcher)
}

/// What a matcher expects as a value for reports: the plain value where it is one, else words.
pub(super) fn expected_value(matcher: &Matcher, unit: &'static str) -> Value {
    match plain(matcher) {
        Some(Value::Number(number)) if !unit.is_empty() => Value::String(format!("{number}{unit}")),
        Some(value) => value,
        None => Value::String(describe_with_unit(matcher, unit)),
    }
}

/// The value that a matcher without operators spells.
fn plain(matcher: &Matcher) -> Option<Value> {
    match matcher {
        Matcher::Is(value) | Matcher::Equals(value) => Some(value.clone()),
        Matcher::List(items) => items
            .iter()
            .map(plain)
            .collect::<Option<Vec<_>>>()
            .map(Value::Array),
        Matcher::Subset(members) => members
            .iter()
            .map(|(name, matcher)| Some((name.clone(), plain(matcher)?)))
            .collect::<Option<crate::model::Map>>()
            .map(Value::Object),
        _ => None,
    }
}

struct Words {
    unit: &'static str,
}

impl Words {
    fn matcher(&self, matcher: &Matcher) -> String {
        match matcher {
            Matcher::Is(value) | Matcher::Equals(value) => self.value(value),
            Matcher::List(items) => format!("[{}]", self.all(items, ", ")),
            Matcher::Subset(members) => format!("{{{}}}", self.members(members)),
            Matcher::Contains(value) => format!("contains {}", show(value)),
            Matcher::IContains(value) => format!("contains {} in any case", show(value)),
            Matcher::StartsWith(value) => format!("starts with {}", show(value)),
            Matcher::EndsWith(value) => format!("ends with {}", show(value)),
            Matcher::Matches(pattern) => format!("matches /{}/", shorten(pattern)),
            Matcher::AnyOf(items) => format!("any of {}", self.all(items, ", ")),
            Matcher::AllOf(items) => self.all(items, " and "),
            Matcher::Not(inner) => format!("not {}", self.inner(inner)),
            Matcher::Compare(comparison, operand) => {
                format!("{} {}", comparison_words(*comparison), self.value(operand))
            }
            Matcher::Between(low, high) => format!("between {} and {}", self.value(low), self.value(high)),
            Matcher::Approx { to, within } => format!("{} ± {}", self.value(to), self.value(within)),
            Matcher::HasLength(inner) => format!("length {}", describe(inner)),
            Matcher::IsType(kind) => type_words(*kind).to_owned(),
            Matcher::Absent => "absent".to_owned(),
            Matcher::Present => "present".to_owned(),
            Matcher::Unchanged => "unchanged".to_owned(),
            Matcher::Each(inner) => format!("each item {}", self.inner(inner)),
            Matcher::HasItem(inner) => format!("has an item {}", self.inner(inner)),
            Matcher::Similar {
                to,
                at_least,
                algorithm,
            } => format!(
                "similar to {} ({} at least {})",
                show(to),
                algorithm_name(*algorithm),
                show(at_least)
            ),
            Matcher::Wer { to, at_most } => {
                format!("word error rate against {} at most {}", show(to), show(at_most))
            }
            Matcher::Date(date) => date_words(date),
        }
    }

    /// A matcher within another, in brackets where it would be misread.
    fn inner(&self, matcher: &Matcher) -> String {
        match matcher {
            Matcher::AnyOf(_) | Matcher::AllOf(_) => format!("({})", self.matcher(matcher)),
            _ => self.matcher(matcher),
        }
    }

    fn all(&self, items: &[Matcher], separator: &str) -> String {
        named(items.iter().map(|item| self.inner(item)), items.len(), separator)
    }

    fn members(&self, members: &[(String, Matcher)]) -> String {
        let words = members
            .iter()
            .map(|(name, matcher)| format!("{}: {}", member(name), self.inner(matcher)));
        named(words, members.len(), ", ")
    }

    fn value(&self, value: &Value) -> String {
        let unit = if value.is_number() { self.unit } else { "" };
        format!("{}{unit}", show(value))
    }
}

/// The first few of many, and how many more there are.
pub(super) fn named(words: impl Iterator<Item = String>, total: usize, separator: &str) -> String {
    let mut text = words.take(MOST_NAMED).collect::<Vec<_>>().join(separator);
    if total > MOST_NAMED {
        let _ = write!(text, "{separator}… {} more", total - MOST_NAMED);
    }
    text
}

/// `at least`, `more than`, …
pub(super) fn comparison_words(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Greater => "more than",
        Comparison::GreaterOrEqual => "at least",
        Comparison::Less => "less than",
        Comparison::LessOrEqual => "at most",
    }
}

/// The type with its article.
pub(super) fn type_words(kind: ValueType) -> &'static str {
    match kind {
        ValueType::Text => "a text",
        ValueType::Number => "a number",
        ValueType::Integer => "a whole number",
        ValueType::Boolean => "a boolean",
        ValueType::List => "a list",
        ValueType::Object => "an object",
        ValueType::Null => "null",
    }
}

/// The name of the algorithm as suites write it.
pub(super) fn algorithm_name(algorithm: SimilarityAlgorithm) -> &'static str {
    match algorithm {
        SimilarityAlgorithm::Levenshtein => "levenshtein",
        SimilarityAlgorithm::JaroWinkler => "jaro_winkler",
        SimilarityAlgorithm::Words => "words",
    }
}

fn date_words(date: &DateMatcher) -> String {
    match date {
        DateMatcher::On(value) => format!("the date {}", show_bare(value)),
        DateMatcher::FromToday(value) => match number(value) {
            Some(0.0) => "today".to_owned(),
            Some(1.0) => "tomorrow".to_owned(),
            Some(-1.0) => "yesterday".to_owned(),
            Some(days) if days < 0.0 => format!("{} days before today", -days),
            _ => format!("{} days from today", show_bare(value)),
        },
        DateMatcher::Weekday { weekday, within } => {
            format!(
                "a {} within {} days from today",
                weekday_name(*weekday),
                whole_days(*within)
            )
        }
    }
}

/// A value within a message: texts in quotation marks, control characters escaped, long values cut.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Number(number) => show_number(number),
        Value::Array(_) | Value::Object(_) => shorten(&compact(value)),
        other => other.to_string(),
    }
}

/// A value that may be missing.
pub(super) fn show_option(value: Option<&Value>) -> String {
    value.map_or_else(|| "absent".to_owned(), show)
}

fn show_bare(value: &Value) -> String {
    match value {
        Value::String(text) => shorten(text),
        other => show(other),
    }
}

/// A text in quotation marks, cut when long.
pub(super) fn quote(text: &str) -> String {
    let mut shown = Value::String(cut(text, LONGEST_SHOWN).to_owned()).to_string();
    if text.len() > cut(text, LONGEST_SHOWN).len() {
        shown.push('…');
    }
    shown
}

/// `2.0` reads as 2.
fn show_number(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() && value.fract() == 0.0 && value.abs() < 1e15 => format!("{value:.0}"),
        _ => number.to_string(),
    }
}

/// JSON on one line with a blank after commas and colons; stops soon after what can be shown.
fn compact(value: &Value) -> String {
    let mut text = String::new();
    write_compact(value, &mut text);
    text
}

fn write_compact(value: &Value, text: &mut String) {
    if text.len() > 4 * LONGEST_SHOWN {
        return;
    }
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().take(LONGEST_SHOWN).enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write_compact(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (index, (name, item)) in members.iter().take(LONGEST_SHOWN).enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                text.push_str(&member(name));
                text.push_str(": ");
                write_compact(item, text);
            }
            text.push('}');
        }
        other => text.push_str(&show(other)),
    }
}

/// At most a line's worth of a text.
pub(super) fn shorten(text: &str) -> String {
    let kept = cut(text, LONGEST_SHOWN);
    if kept.len() < text.len() {
        format!("{kept}…")
    } else {
        text.to_owned()
    }
}

fn cut(text: &str, characters: usize) -> &str {
    text.char_indices()
        .nth(characters)
        .map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

/// A member's name as a path's step: `city`, or `["member.firstName"]` when it holds anything unusual.
pub(super) fn member(name: &str) -> String {
    let usual = |character: char| character.is_alphanumeric() || "_-$".contains(character);
    if !name.is_empty() && name.chars().all(usual) {
        name.to_owned()
    } else {
        format!("[{}]", quote(name))
    }
}

/// Joins a path and what lies below it: `a` and `b` make `a.b`, `a` and `[0]` make `a[0]`.
pub(super) fn within(path: &str, below: &str) -> String {
    if path.is_empty() || below.is_empty() || below.starts_with('[') {
        format!("{path}{below}")
    } else {
        format!("{path}.{below}")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn matchers_in_words() {
        let is = |value: Value| Matcher::Is(value);
        let table: Vec<(Matcher, &str)> = vec![
            (is(json!("Paris")), "\"Paris\""),
            (is(json!(2.0)), "2"),
            (Matcher::Contains(json!("When")), "contains \"When\""),
            (Matcher::Matches("^BK-".into()), "matches /^BK-/"),
            (
                Matcher::AnyOf(vec![is(json!("Sorry?")), Matcher::Matches("(?i)again".into())]),
                "any of \"Sorry?\", matches /(?i)again/",
            ),
            (
                Matcher::Not(Box::new(Matcher::AllOf(vec![Matcher::Present, is(json!(1))]))),
                "not (present and 1)",
            ),
            (
                Matcher::Compare(Comparison::GreaterOrEqual, json!(0.6)),
                "at least 0.6",
            ),
            (Matcher::Between(json!(1), json!(2.5)), "between 1 and 2.5"),
            (
                Matcher::Approx {
                    to: json!(2),
                    within: json!(0.5),
                },
                "2 ± 0.5",
            ),
            (Matcher::HasLength(Box::new(is(json!(2)))), "length 2"),
            (
                Matcher::Subset(vec![
                    ("city".into(), is(json!("Paris"))),
                    ("a.b".into(), Matcher::Absent),
                ]),
                "{city: \"Paris\", [\"a.b\"]: absent}",
            ),
            (Matcher::Date(DateMatcher::FromToday(json!(1))), "tomorrow"),
            (
                Matcher::Date(DateMatcher::Weekday {
                    weekday: chrono::Weekday::Fri,
                    within: Duration::from_hours(8 * 24),
                }),
                "a friday within 8 days from today",
            ),
        ];
        for (matcher, words) in table {
            assert_eq!(describe(&matcher), words);
        }
        assert_eq!(
            describe_with_unit(&Matcher::Compare(Comparison::Less, json!(4.0)), " s"),
            "less than 4 s"
        );
    }

    #[test]
    fn plain_matchers_are_shown_as_values() {
        let plain = Matcher::Subset(vec![("a".into(), Matcher::List(vec![Matcher::Is(json!(1))]))]);
        assert_eq!(expected_value(&plain, ""), json!({"a": [1]}));
        let mixed = Matcher::List(vec![Matcher::Is(json!(1)), Matcher::Present]);
        assert_eq!(expected_value(&mixed, ""), json!("[1, present]"));
    }

    #[test]
    fn long_values_are_cut() {
        let long = "ü".repeat(500);
        assert_eq!(quote(&long).chars().count(), 120 + 3);
        let list = json!(vec![long; 5_000]);
        assert!(show(&list).chars().count() <= 121);
        let items: Vec<Matcher> = (0..20).map(|number| Matcher::Is(json!(number))).collect();
        assert_eq!(
            describe(&Matcher::AnyOf(items)),
            "any of 0, 1, 2, 3, 4, 5, 6, 7, … 12 more"
        );
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(quote("a\u{1b}[31m\n\""), "\"a\\u001b[31m\\n\\\"\"");
    }

    #[test]
    fn paths_join() {
        assert_eq!(within("a", "b"), "a.b");
        assert_eq!(within("a", "[0]"), "a[0]");
        assert_eq!(within("a", &member("b.c")), "a[\"b.c\"]");
        assert_eq!(within("", "b"), "b");
    }
}
