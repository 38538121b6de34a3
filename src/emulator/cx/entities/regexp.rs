//! Regular-expression entity types (cx-runtime 12.1): RE2 patterns, bounded by whole words, the matched text is
//! the value.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

/// Largest compiled pattern in bytes; patterns come from untrusted exports.
const PATTERN_SIZE_LIMIT: usize = 1 << 20;
/// Patterns of one type that are used.
const PATTERN_LIMIT: usize = 500;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    bounded: Option<Regex>,
    plain: Regex,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub(super) fn new(source: &str) -> Result<Self, String> {
        let plain = compile(source)?;
        Ok(Self {
            bounded: compile(&format!(r"\b(?:{source})\b")).ok(),
            plain,
        })
    }

    /// Non-overlapping matches that neither start nor end inside a word.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = match &self.bounded {
            Some(pattern) => matches(pattern, text),
            None => Vec::new(),
        };
        if found.is_empty() {
            found = matches(&self.plain, text)
                .into_iter()
                .filter(|range| is_bounded(text, range))
                .collect();
        }
        found
    }
}

/// What the patterns of one type match together. For the service they are one pattern, alternatives in order: where an
/// earlier one has matched, a later one is not tried, though it would match more (documentation of regexp entities).
pub(super) fn find_in_order(patterns: &[Pattern], text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = patterns.iter().flat_map(|pattern| pattern.find(text)).collect();
    // Stable: of those that start together the earlier pattern's stays in front.
    found.sort_by_key(|range| range.start);
    let mut free_from = 0;
    found.retain(|range| {
        let is_free = range.start >= free_from;
        if is_free {
            free_from = range.end;
        }
        is_free
    });
    found
}

/// The usable patterns of a type; the others with what is wrong with them.
pub(super) fn patterns<'p>(sources: impl Iterator<Item = &'p str>) -> (Vec<Pattern>, Vec<(String, String)>) {
    let mut usable = Vec::new();
    let mut broken = Vec::new();
    for source in sources.take(PATTERN_LIMIT) {
        match Pattern::new(source) {
            Ok(pattern) => usable.push(pattern),
            Err(message) => broken.push((source.to_owned(), message)),
        }
    }
    (usable, broken)
}

fn compile(source: &str) -> Result<Regex, String> {
    RegexBuilder::new(source)
        .size_limit(PATTERN_SIZE_LIMIT)
        .dfa_size_limit(PATTERN_SIZE_LIMIT)
        .build()
        .map_err(|error| {
            error
                .to_string()
                .lines()
                .last()
                .unwrap_or_default()
                .trim()
                .to_owned()
        })
}

fn matches(pattern: &Regex, text: &str) -> Vec<Range<usize>> {
    pattern
        .find_iter(text)
        .map(|found| found.range())
        .filter(|range| !range.is_empty())
        .collect()
}

/// Whether no letter or digit continues across either end.
fn is_bounded(text: &str, range: &Range<usize>) -> bool {
    let inside = text.get(range.clone()).unwrap_or_default();
    let before = text.get(..range.start).and_then(|part| part.chars().next_back());
    let after = text.get(range.end..).and_then(|part| part.chars().next());
    !joins(before, inside.chars().next()) && !joins(inside.chars().next_back(), after)
}

fn joins(left: Option<char>, right: Option<char>) -> bool {
    left.is_some_and(char::is_alphanumeric) && right.is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(pattern: &str, text: &'t str) -> Vec<&'t str> {
        Pattern::new(pattern)
            .unwrap()
            .find(text)
            .into_iter()
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn whole_words_only() {
        assert_eq!(
            found(r"[A-Z]\d{3}", "ids B123 and C4567 and D890."),
            ["B123", "D890"]
        );
        assert_eq!(found(r"\d{3,5}", "1234567 12345"), ["12345"]);
        assert_eq!(found(r"[a-z0-9]{6,}$", "it is ab1234"), ["ab1234"]);
        assert_eq!(found(r"[a-z0-9]{6,}$", "it is ab1234."), Vec::<&str>::new());
        assert_eq!(found(r"\+\d+", "call +49123 now"), ["+49123"]);
        assert_eq!(found(r"^\d{5}$", "12345"), ["12345"]);
        assert_eq!(found(r"x*", "no match of nothing"), Vec::<&str>::new());
    }

    #[test]
    fn earlier_patterns_of_a_type_come_first() {
        for (sources, text, expected) in [
            (["\\d{3}", "\\d{3}-\\d{4}"], "call 555-1234", &["555"][..]),
            (
                ["\\d{3}-\\d{4}", "\\d{3}"],
                "call 555-1234 or 556",
                &["555-1234", "556"],
            ),
            (["b", "a b"], "a b", &["a b"]),
            (["a", "b c"], "a b c a", &["a", "b c", "a"]),
        ] {
            let (patterns, _) = patterns(sources.into_iter());
            let found = find_in_order(&patterns, text).into_iter();
            assert_eq!(
                found.map(|range| &text[range]).collect::<Vec<_>>(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn bad_patterns_are_told() {
        let (usable, broken) = patterns(["[a-z]{3}", "(", r"(?=x)", "((a{1000}){1000}){1000}"].into_iter());
        assert_eq!(usable.len(), 1);
        assert_eq!(
            broken
                .iter()
                .map(|(source, _)| source.as_str())
                .collect::<Vec<_>>(),
            ["(", r"(?=x)", "((a{1000}){1000}){1000}"]
        );
        assert!(broken.iter().all(|(_, message)| !message.is_empty()));
    }
}
