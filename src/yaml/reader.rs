//! Reading typed values off a tree, with every mistake reported at its place: what settings and suites share.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::node::{Kind, List, Map, Node, Number, Written};
use crate::diagnostic::{Diagnostic, SourceFile, suggest};

/// A file being read, and the problems found in it so far.
///
/// Every method that fails to read a value reports why and gives `None`, so that the caller goes on with the
/// rest of the file.
#[derive(Debug)]
pub struct Reader {
    /// The file that the nodes come from.
    pub file: Arc<SourceFile>,
    /// What was found wrong.
    pub problems: Vec<Diagnostic>,
    /// Bytes that templates have put into its nodes so far: small files could make them without end.
    pub filled: usize,
}

impl Reader {
    /// Starts reading a file.
    pub fn new(file: &Arc<SourceFile>) -> Self {
        Self {
            file: Arc::clone(file),
            problems: Vec::new(),
            filled: 0,
        }
    }

    /// Reports an error at a place.
    pub fn error(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        span: Range<usize>,
    ) -> &mut Diagnostic {
        self.push(Diagnostic::error(code, message).at(&self.file, span, ""))
    }

    /// Reports a warning at a place.
    pub fn warning(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        span: Range<usize>,
    ) -> &mut Diagnostic {
        self.push(Diagnostic::warning(code, message).at(&self.file, span, ""))
    }

    /// Reports a problem.
    pub fn push(&mut self, problem: Diagnostic) -> &mut Diagnostic {
        let last = self.problems.len();
        self.problems.push(problem);
        &mut self.problems[last]
    }

    /// Reports that a value is not what stands there: `` `what` must be `wanted`, not a list ``.
    pub fn wrong_type(&mut self, node: &Node, what: &str, wanted: &str) {
        let message = match node.kind {
            Kind::Null => format!("{what} is empty: {wanted} is missing"),
            _ => format!("{what} must be {wanted}, not {}", node.describe()),
        };
        self.error("wrong-type", message, node.span.clone());
    }

    /// A mapping, whatever its keys.
    pub fn map<'node>(&mut self, node: &'node Node, what: &str) -> Option<&'node Map> {
        let map = node.as_map();
        if map.is_none() {
            self.wrong_type(node, what, "a mapping");
        }
        map
    }

    /// A mapping whose keys must be among `known`; others are reported with the nearest known one.
    pub fn fields<'node>(&mut self, node: &'node Node, what: &str, known: &[&str]) -> Option<&'node Map> {
        let map = self.map(node, what)?;
        self.check_keys(map, what, known);
        Some(map)
    }

    /// Reports keys that are not among `known`.
    pub fn check_keys(&mut self, map: &Map, what: &str, known: &[&str]) {
        for entry in &map.entries {
            if !known.contains(&entry.key.name.as_str()) {
                self.unknown(
                    &entry.key.name,
                    entry.key.span.clone(),
                    "unknown-key",
                    &format!("{what} has no key"),
                    known,
                );
            }
        }
    }

    /// Reports a name that is not among `known`: `` {complaint} `name` `` with a suggestion or the whole list.
    pub fn unknown(
        &mut self,
        name: &str,
        span: Range<usize>,
        code: &'static str,
        complaint: &str,
        known: &[&str],
    ) {
        let help = suggest::help(name, known);
        let problem = self.error(code, format!("{complaint} `{name}`"), span);
        problem.help.extend(help);
    }

    /// A list.
    pub fn list<'node>(&mut self, node: &'node Node, what: &str) -> Option<&'node [Node]> {
        if let Kind::List(List { items, .. }) = &node.kind {
            return Some(items);
        }
        self.wrong_type(node, what, "a list");
        None
    }

    /// A text. An unquoted number that says all that was written is taken as it was written; other numbers and
    /// booleans must be quoted.
    pub fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.kind {
            Kind::Text(text) => Some(text.value.clone()),
            Kind::Number(number) => {
                self.check_number(number, node);
                Some(number.written.clone())
            }
            _ => {
                self.wrong_type(node, what, "a text");
                None
            }
        }
    }

    /// A text that is not empty.
    pub fn name(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = self.text(node, what)?;
        if text.trim().is_empty() {
            self.error("empty-value", format!("{what} is empty"), node.span.clone());
            return None;
        }
        Some(text)
    }

    /// A list of texts, or one text alone.
    pub fn texts(&mut self, node: &Node, what: &str) -> Option<Vec<String>> {
        if node.as_list().is_none() {
            return self.text(node, what).map(|text| vec![text]);
        }
        let items = self.list(node, what)?;
        let texts: Vec<String> = items.iter().filter_map(|item| self.text(item, what)).collect();
        (texts.len() == items.len()).then_some(texts)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        if let Kind::Bool(value) = node.kind {
            return Some(value);
        }
        self.wrong_type(node, what, "`true` or `false`");
        None
    }

    /// A whole number in a range.
    pub fn integer(&mut self, node: &Node, what: &str, allowed: Range<u64>) -> Option<u64> {
        let value = match &node.kind {
            Kind::Number(number) => number.value.as_u64(),
            _ => None,
        };
        if let Some(value) = value.filter(|value| allowed.contains(value)) {
            return Some(value);
        }
        let wanted = match (allowed.start, allowed.end) {
            (0, u64::MAX) => "a whole number".to_owned(),
            (least, u64::MAX) => format!("a whole number of at least {least}"),
            (least, end) => format!("a whole number from {least} to {}", end.saturating_sub(1)),
        };
        if matches!(node.kind, Kind::Number(_)) {
            self.error(
                "out-of-range",
                format!("{what} must be {wanted}"),
                node.span.clone(),
            );
        } else {
            self.wrong_type(node, what, &wanted);
        }
        None
    }

    /// A duration: `4s`, `250ms`, `1m30s`, `2h`, `8d`.
    pub fn duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        const WANTED: &str = "a duration such as `4s`, `250ms` or `1m30s`";
        match &node.kind {
            Kind::Text(text) => {
                let duration = parse_duration(&text.value);
                if duration.is_none() {
                    let message = match why_no_duration(&text.value) {
                        Some(why) => format!("{what}: `{}` {why}", text.value),
                        None => format!("{what} must be {WANTED}, not `{}`", text.value),
                    };
                    self.error("bad-duration", message, node.span.clone());
                }
                duration
            }
            Kind::Number(number) => {
                let message = format!("{what} must be {WANTED}: the unit is missing");
                let help = format!("for seconds write `{}s`", number.written);
                self.error("bad-duration", message, node.span.clone())
                    .help
                    .push(help);
                None
            }
            _ => {
                self.wrong_type(node, what, WANTED);
                None
            }
        }
    }

    /// Refuses a number that does not say all that was written, where a text may be meant.
    pub fn check_number(&mut self, number: &Number, node: &Node) {
        let written = &number.written;
        let message = match number.kept {
            Written::Exactly | Written::OtherText => return,
            Written::LeadingZero => format!("`{written}` would lose its leading zero: YAML reads a number"),
            Written::LeadingPlus => format!("`{written}` would lose its `+`: YAML reads a number"),
            Written::TooManyDigits => {
                format!("`{written}` would lose digits: YAML reads a number, and it is too long for one")
            }
            Written::OtherBase => format!("YAML reads `{written}` as the number {}", number.value),
        };
        let help = format!("quote it if it is text: {}", super::quoted(written));
        self.error("number-for-text", message, node.span.clone())
            .help
            .push(help);
    }

    /// Refuses numbers whose text is not what was written, in a value that may come to stand within a text. What
    /// [`Self::check_number`] refuses is left to it.
    pub fn check_said(&mut self, node: &Node) {
        match &node.kind {
            Kind::Number(number) if number.kept == Written::OtherText => {
                let (written, said) = (&number.written, &number.value);
                let message = format!("`{written}` would be said as `{said}`: YAML reads a number");
                let help = format!(
                    "quote it if it is text: {}; if it is a number, write {said}",
                    super::quoted(written)
                );
                self.error("number-for-text", message, node.span.clone())
                    .help
                    .push(help);
            }
            Kind::List(list) => list.items.iter().for_each(|item| self.check_said(item)),
            Kind::Map(map) => map.entries.iter().for_each(|entry| self.check_said(&entry.value)),
            _ => {}
        }
    }
}

/// The longest duration that is read, in seconds: a year. Nobody waits longer, and clocks cannot count any number.
const LONGEST_DURATION: f64 = 365.0 * 86_400.0;

/// Reads `4s`, `250ms`, `1m30s`, `2h`, `8d`, `1.5s`; parts in falling order of unit, each unit once. At most `365d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let seconds = seconds(text).filter(|seconds| *seconds <= LONGEST_DURATION)?;
    // Whole microseconds: no one means less, and 0.1 + 0.2 does not show.
    Duration::try_from_secs_f64((seconds * 1e6).round() / 1e6).ok()
}

/// What is wrong with a text that is a duration and yet none that is read.
pub fn why_no_duration(text: &str) -> Option<&'static str> {
    seconds(text)
        .is_some_and(|seconds| seconds > LONGEST_DURATION)
        .then_some("is too long: at most 365d")
}

fn seconds(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 5] = [
        ("d", 86_400.0),
        ("h", 3_600.0),
        ("m", 60.0),
        ("s", 1.0),
        ("ms", 0.001),
    ];
    let mut rest = text.trim();
    let mut seconds = 0.0_f64;
    let mut next_unit = 0;
    while !rest.is_empty() {
        let number_ends = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, after) = rest.split_at(number_ends);
        let unit_ends = after
            .find(|character: char| !character.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_ends);
        let position = UNITS.iter().position(|(name, _)| *name == unit)?;
        if position < next_unit || !number.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        next_unit = position + 1;
        seconds += number.parse::<f64>().ok()? * UNITS.get(position)?.1;
        rest = after;
    }
    (next_unit > 0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_human() {
        let read = |text: &str| parse_duration(text).map(|duration| duration.as_secs_f64());
        for (text, seconds) in [
            ("4s", 4.0),
            ("250ms", 0.25),
            ("1m30s", 90.0),
            ("2h", 7200.0),
            ("8d", 691_200.0),
            ("1.5s", 1.5),
            ("0s", 0.0),
            ("1s250ms", 1.25),
            ("365d", 31_536_000.0),
        ] {
            assert_eq!(read(text), Some(seconds), "{text}");
        }
        for text in [
            "",
            "4",
            "s",
            "4 s",
            "30s1m",
            "1s1s",
            "-1s",
            ".5s",
            "4sec",
            "1e9s",
            "1..5s",
            "99999999999999999999d",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        for text in ["366d", "365d1ms", "5000000000000000h", "99999999999999999999d"] {
            assert_eq!(
                (read(text), why_no_duration(text).is_some()),
                (None, true),
                "{text}"
            );
        }
    }
}
