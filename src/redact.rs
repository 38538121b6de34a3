//! What must not be printed: secrets, and characters that would take over a terminal or break an XML file.
//!
//! A [`Redactor`] knows what to hide and replaces it by [`PLACEHOLDER`]: the values of named members at any depth,
//! what a pattern finds, and the values of variables that were read from the environment. Types that hold agent
//! data say how they are redacted by [`Redact`]. [`clean_terminal`] and [`xml_text`] are the one boundary for
//! characters; they are about safety of the output, not about secrets.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use regex::Regex;
use serde_json::{Map, Value};

pub use text::{clean_terminal, clean_terminal_line, shorten, xml_text};

mod text;

/// What stands where something was hidden.
pub const PLACEHOLDER: &str = "[redacted]";

/// A secret shorter than this is hidden only where it stands alone, as a word: hiding every `1` of a report
/// because some variable holds `1` would hide the report, not the secret.
const SHORT: usize = 4;

/// A line of a secret of several lines (a key file, say) is hidden on its own from this length on.
const LONG_LINE: usize = 8;

/// Whether a report may show `text` as `shown`, something in it being hidden or nothing.
pub fn may_be_shown_as(text: &str, shown: &str) -> bool {
    let Some((first, rest)) = shown.split_once(PLACEHOLDER) else {
        return text == shown;
    };
    let Some(mut left) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = rest.split(PLACEHOLDER).peekable();
    while let Some(part) = parts.next() {
        let found = if parts.peek().is_none() {
            left.strip_suffix(part)
        } else {
            left.split_once(part).map(|(_, after)| after)
        };
        match found {
            Some(after) => left = after,
            None => return false,
        }
    }
    true
}

/// Something that can hide what a [`Redactor`] knows, in place.
pub trait Redact {
    /// Hides it. Doing so again changes nothing more, unless a pattern finds the placeholder's surroundings.
    fn redact(&mut self, redactor: &Redactor);
}

/// Knows what to hide. Its `Debug` form says how much it knows, never what.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Case-folded names of members whose values are hidden.
    names: BTreeSet<String>,
    patterns: Vec<Regex>,
    secrets: BTreeSet<Secret>,
}

/// A text to hide wherever it stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Secret {
    text: String,
    /// Only where no letter or digit continues it.
    whole_word: bool,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Redactor({} names, {} patterns, {} secrets)",
            self.names.len(),
            self.patterns.len(),
            self.secrets.len()
        )
    }
}

impl Redactor {
    /// A redactor that hides nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hides the values of members of this name, case ignored (CX compares parameter names case-folded).
    pub fn hide_member(&mut self, name: &str) {
        if !name.is_empty() {
            self.names.insert(fold(name));
        }
    }

    /// Hides what the pattern finds in any text.
    pub fn hide_pattern(&mut self, pattern: Regex) {
        self.patterns.push(pattern);
    }

    /// Hides a text wherever it stands, also escaped as in JSON, with its white space collapsed, and line by line.
    pub fn hide_secret(&mut self, secret: &str) {
        let trimmed = secret.trim();
        if trimmed.is_empty() {
            return;
        }
        let whole_word = trimmed.chars().count() < SHORT;
        let lines = trimmed
            .lines()
            .map(str::trim)
            .filter(|line| line.len() >= LONG_LINE);
        let forms = [trimmed.to_owned(), json_escaped(trimmed), collapsed(trimmed)];
        for text in forms.into_iter().chain(lines.map(str::to_owned)) {
            self.secrets.insert(Secret { text, whole_word });
        }
    }

    /// True when there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.patterns.is_empty() && self.secrets.is_empty()
    }

    /// Whether values of members of this name are hidden.
    pub fn hides_member(&self, name: &str) -> bool {
        !self.names.is_empty() && self.names.contains(&fold(name))
    }

    /// Whether a path such as `parameters.card_number` or `$['order']["member.pin"]` passes a hidden member.
    pub fn hides_path(&self, path: &str) -> bool {
        if self.names.is_empty() {
            return false;
        }
        let path = fold(path);
        self.names.iter().any(|name| {
            path.match_indices(name.as_str())
                .any(|(start, found)| is_segment(&path, start..start + found.len()))
        })
    }

    /// The text with secrets and what patterns find replaced.
    pub fn text<'text>(&self, text: &'text str) -> Cow<'text, str> {
        self.text_with(text, &mut |_| PLACEHOLDER.to_owned())
    }

    /// As [`Redactor::text`], but something else than the placeholder stands for what is hidden.
    pub fn text_with<'text>(
        &self,
        text: &'text str,
        instead: &mut dyn FnMut(&str) -> String,
    ) -> Cow<'text, str> {
        let spans = self.spans(text);
        if spans.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut result = String::with_capacity(text.len());
        let mut end = 0;
        for span in spans {
            result.push_str(&text[end..span.start]);
            result.push_str(&instead(&text[span.clone()]));
            end = span.end;
        }
        result.push_str(&text[end..]);
        Cow::Owned(result)
    }

    /// A redactor that also hides, as whole words, what stands in hidden members of `values`, or in a value that
    /// comes with `true` because it is hidden itself: an agent that repeats a card number in its reply gives it
    /// away as much as the parameter does. `None` when there is nothing to learn.
    #[must_use]
    pub fn learning<'value>(&self, values: impl IntoIterator<Item = (&'value Value, bool)>) -> Option<Self> {
        if self.names.is_empty() {
            return None;
        }
        let mut learnt = BTreeSet::new();
        for (value, hidden) in values {
            self.learn(value, hidden, &mut learnt);
        }
        (!learnt.is_empty()).then(|| {
            let mut wider = self.clone();
            wider.secrets.extend(learnt);
            wider
        })
    }

    fn learn(&self, value: &Value, hidden: bool, learnt: &mut BTreeSet<Secret>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    self.learn(member, hidden || self.hides_member(name), learnt);
                }
            }
            Value::Array(elements) => elements
                .iter()
                .for_each(|element| self.learn(element, hidden, learnt)),
            Value::String(text) if hidden => learn_text(text, learnt),
            Value::Number(number) if hidden => learn_text(&number.to_string(), learnt),
            _ => {}
        }
    }

    /// What to replace in a text that comes in pieces: in order, without overlaps, counted in bytes of all of it. What a
    /// piece has to hide by itself is hidden, too, even if what follows it says that it is something else.
    pub fn spans_in_pieces(&self, pieces: &[&str]) -> Vec<Range<usize>> {
        let mut spans = self.spans(&pieces.concat());
        let mut start = 0;
        for piece in pieces {
            let own = self.spans(piece).into_iter();
            spans.extend(own.map(|span| span.start + start..span.end + start));
            start += piece.len();
        }
        merge(spans)
    }

    /// What to replace: in order, without overlaps.
    fn spans(&self, text: &str) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        for secret in &self.secrets {
            let hits = text
                .match_indices(secret.text.as_str())
                .map(|(start, found)| start..start + found.len());
            spans.extend(hits.filter(|hit| !secret.whole_word || is_whole_word(text, hit)));
        }
        for pattern in &self.patterns {
            spans.extend(
                pattern
                    .find_iter(text)
                    .map(|found| found.range())
                    .filter(|found| !found.is_empty()),
            );
        }
        if spans.is_empty() {
            return spans;
        }
        keep_placeholders(text, &mut spans);
        merge(spans)
    }
}

impl Redact for String {
    fn redact(&mut self, redactor: &Redactor) {
        if let Cow::Owned(redacted) = redactor.text(self) {
            *self = redacted;
        }
    }
}

impl<T: Redact> Redact for Option<T> {
    fn redact(&mut self, redactor: &Redactor) {
        if let Some(inner) = self {
            inner.redact(redactor);
        }
    }
}

impl<T: Redact> Redact for Vec<T> {
    fn redact(&mut self, redactor: &Redactor) {
        for element in self {
            element.redact(redactor);
        }
    }
}

impl Redact for Value {
    fn redact(&mut self, redactor: &Redactor) {
        match self {
            Self::String(text) => text.redact(redactor),
            Self::Array(elements) => elements.redact(redactor),
            Self::Object(members) => members.redact(redactor),
            Self::Number(number) => {
                // A card number may well come as a number.
                if matches!(redactor.text(&number.to_string()), Cow::Owned(_)) {
                    *self = Self::String(PLACEHOLDER.to_owned());
                }
            }
            Self::Null | Self::Bool(_) => {}
        }
    }
}

impl Redact for Map<String, Value> {
    fn redact(&mut self, redactor: &Redactor) {
        for (name, value) in self.iter_mut() {
            if redactor.hides_member(name) {
                *value = Value::String(PLACEHOLDER.to_owned());
            } else {
                value.redact(redactor);
            }
        }
        if self
            .keys()
            .any(|name| matches!(redactor.text(name), Cow::Owned(_)))
        {
            *self = std::mem::take(self)
                .into_iter()
                .map(|(name, value)| (redactor.text(&name).into_owned(), value))
                .collect();
        }
    }
}

fn fold(name: &str) -> String {
    name.to_lowercase()
}

fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn json_escaped(text: &str) -> String {
    let quoted = Value::String(text.to_owned()).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn learn_text(text: &str, learnt: &mut BTreeSet<Secret>) {
    let trimmed = text.trim();
    // Three digits are the code on a card. Shorter values, and short words, would hide what has nothing to do with them.
    let is_code = trimmed.len() + 1 == SHORT && trimmed.bytes().all(|byte| byte.is_ascii_digit());
    if trimmed.chars().count() < SHORT && !is_code {
        return;
    }
    for text in [trimmed.to_owned(), json_escaped(trimmed), collapsed(trimmed)] {
        learnt.insert(Secret {
            text,
            whole_word: true,
        });
    }
}

/// Whether the span of a path is a whole step of it.
fn is_segment(path: &str, span: Range<usize>) -> bool {
    let before = path[..span.start].chars().next_back();
    let after = path[span.end..].chars().next();
    before.is_none_or(|before| ".[\"' ".contains(before))
        && after.is_none_or(|after| ".[]\"' ".contains(after))
}

/// Whether no letter or digit continues the hit; an edge that is neither needs no border.
fn is_whole_word(text: &str, hit: &Range<usize>) -> bool {
    let found = &text[hit.clone()];
    let joined = |inside: Option<char>, outside: Option<char>| {
        inside.is_some_and(char::is_alphanumeric) && outside.is_some_and(char::is_alphanumeric)
    };
    !joined(found.chars().next(), text[..hit.start].chars().next_back())
        && !joined(found.chars().next_back(), text[hit.end..].chars().next())
}

/// Leaves placeholders whole: hits inside one are dropped, hits across one grow to cover it.
fn keep_placeholders(text: &str, spans: &mut Vec<Range<usize>>) {
    for (start, found) in text.match_indices(PLACEHOLDER) {
        let end = start + found.len();
        spans.retain(|span| !(start <= span.start && span.end <= end));
        for span in spans.iter_mut() {
            if span.start < end && start < span.end {
                *span = span.start.min(start)..span.end.max(end);
            }
        }
    }
}

fn merge(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

#[cfg(test)]
mod tests;
