//! What must not be written, and how it finds its way back.
//!
//! A cassette holds nothing that the reports of a run would hide. But a client that gets `[redacted]` from an agent
//! cannot tell any more what else to hide, and no expectation about it would hold. So each hidden text has a number
//! within its conversation, and what is sent when the recording is played says what it was: a card number that the user
//! says comes back in the agent's answer. What only the agent knew stays hidden.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value};

use super::blobs;
use crate::proto::json::authored::{Authored, authored};
use crate::redact::{PLACEHOLDER, Redactor};

mod broken;

/// What numbered placeholders begin and end with, and what tells that the value was a number.
const OPEN: &str = "[redacted-";
const CLOSE: char = ']';
const NUMBER: &str = ":number";

/// What the service says of flows and pages in diagnostics (cx-sessions-api 6.5). Among parameters there may be one
/// called `PageId`, too.
const OF_PLACES: [&str; 8] = [
    "FlowId",
    "PageId",
    "Name",
    "Version",
    "PageState",
    "Status",
    "FormFilled",
    "ActiveParameter",
];

/// Hides, and numbers what it hides.
pub(super) struct Hiding<'r> {
    redactor: &'r Redactor,
    numbers: HashMap<String, usize>,
}

impl<'r> Hiding<'r> {
    pub(super) fn new(redactor: &'r Redactor) -> Self {
        Self {
            redactor,
            numbers: HashMap::new(),
        }
    }

    /// Hides what a call sent and heard, each message with the full name of its type. `in_pieces`: texts that follow each
    /// other in what was heard are one.
    pub(super) fn messages<'v>(
        &mut self,
        sent: (&str, Vec<&'v mut Value>),
        heard: (&str, Vec<&'v mut Value>),
        in_pieces: bool,
    ) {
        let (input, sent) = sent;
        let (output, mut heard) = heard;
        for message in sent {
            self.message(input, message);
        }
        broken::hide(heard.iter_mut().map(|message| &mut **message), in_pieces, self);
        for message in heard {
            self.message(output, message);
        }
    }

    /// Hides in a message what somebody wrote. Names of its type's fields are the service's: no rule hides them, but for
    /// those of bytes.
    fn message(&mut self, full_name: &str, message: &mut Value) {
        for part in authored(full_name, message) {
            match part {
                Authored::Text(field, _) if broken::is_broken(&field) => {}
                Authored::Text(_, text) => self.text(text),
                Authored::Bytes(name, value) if self.redactor.hides_member(&name) => self.whole(value),
                Authored::Bytes(..) => {}
                Authored::Free(value) => self.value(value),
                Authored::Diagnostics(value) => self.diagnostics(value, true),
                Authored::Members(members) => self.members(members),
            }
        }
    }

    /// Hides in diagnostics what the reports would hide there, but for what the service calls by its own names: at the
    /// top, and where it says on which page of which flow it is.
    fn diagnostics(&mut self, value: &mut Value, is_top: bool) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.diagnostics(item, false)),
            Value::Object(members) => {
                let is_place = members.contains_key("FlowId") || members.contains_key("PageId");
                for (name, value) in members.iter_mut() {
                    let is_of_service = is_top || is_place && OF_PLACES.contains(&name.as_str());
                    if !is_of_service && self.redactor.hides_member(name) {
                        self.whole(value);
                    } else {
                        self.diagnostics(value, false);
                    }
                }
                self.names(members);
            }
            other => self.value(other),
        }
    }

    /// Whether there is something to hide in a text.
    fn finds_in(&self, text: &str) -> bool {
        matches!(self.redactor.text(text), Cow::Owned(_))
    }

    /// Hides parts of a text that comes in pieces; false where there is nothing to hide. What stands for a part is in the
    /// piece that it begins in.
    fn together(&mut self, pieces: &mut [&mut String]) -> bool {
        let texts: Vec<&str> = pieces.iter().map(|piece| piece.as_str()).collect();
        let spans = self.redactor.spans_in_pieces(&texts);
        if spans.is_empty() {
            return false;
        }
        let joined = texts.concat();
        let mut start = 0;
        for piece in pieces.iter_mut() {
            let end = start + piece.len();
            let mut shown = String::with_capacity(piece.len());
            let mut from = start;
            for span in spans.iter().filter(|span| span.start < end && start < span.end) {
                shown.push_str(joined.get(from..span.start).unwrap_or_default());
                if start <= span.start {
                    shown.push_str(&placeholder(
                        number_of(&mut self.numbers, &joined[span.clone()]),
                        "",
                    ));
                }
                from = span.end;
            }
            shown.push_str(joined.get(from..end).unwrap_or_default());
            **piece = shown;
            start = end;
        }
        true
    }

    /// Hides parts of a text.
    pub(super) fn text(&mut self, text: &mut String) {
        let numbers = &mut self.numbers;
        let hidden = self
            .redactor
            .text_with(text, &mut |found| placeholder(number_of(numbers, found), ""));
        if let Cow::Owned(hidden) = hidden {
            *text = hidden;
        }
    }

    /// Hides in a value what the reports would hide there.
    pub(super) fn value(&mut self, value: &mut Value) {
        match value {
            // What leads to bytes says nothing, and has to be found again.
            Value::String(text) if blobs::is_reference(text) => {}
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(members) => self.members(members),
            Value::Number(number) => {
                if matches!(self.redactor.text(&number.to_string()), Cow::Owned(_)) {
                    self.whole(value);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Hides in members what the reports would hide there.
    pub(super) fn members(&mut self, members: &mut Map<String, Value>) {
        for (name, value) in members.iter_mut() {
            if self.redactor.hides_member(name) {
                self.whole(value);
            } else {
                self.value(value);
            }
        }
        self.names(members);
    }

    fn names(&self, members: &mut Map<String, Value>) {
        if members.keys().any(|name| self.finds_in(name)) {
            *members = std::mem::take(members)
                .into_iter()
                .map(|(name, value)| (self.redactor.text(&name).into_owned(), value))
                .collect();
        }
    }

    fn whole(&mut self, value: &mut Value) {
        let hidden = match &*value {
            Value::String(text) => placeholder(number_of(&mut self.numbers, text), ""),
            Value::Number(number) => placeholder(number_of(&mut self.numbers, &number.to_string()), NUMBER),
            _ => PLACEHOLDER.to_owned(),
        };
        *value = Value::String(hidden);
    }
}

fn number_of(numbers: &mut HashMap<String, usize>, text: &str) -> usize {
    let next = numbers.len() + 1;
    *numbers.entry(text.to_owned()).or_insert(next)
}

fn placeholder(number: usize, kind: &str) -> String {
    format!("{OPEN}{number}{kind}{CLOSE}")
}

/// A piece of a recorded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'t> {
    Text(&'t str),
    /// Something hidden, by its number if it has one.
    Hidden {
        number: Option<usize>,
        /// It was a number and no text.
        is_number: bool,
    },
}

/// The pieces of a text.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(start) = rest[from..].find("[redacted").map(|start| from + start) {
        let Some((piece, length)) = hidden(&rest[start..]) else {
            from = start + 1;
            continue;
        };
        if start > 0 {
            pieces.push(Piece::Text(&rest[..start]));
        }
        pieces.push(piece);
        (rest, from) = (&rest[start + length..], 0);
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// The placeholder that a text begins with, and its length.
fn hidden(text: &str) -> Option<(Piece<'static>, usize)> {
    if text.starts_with(PLACEHOLDER) {
        let piece = Piece::Hidden {
            number: None,
            is_number: false,
        };
        return Some((piece, PLACEHOLDER.len()));
    }
    let end = text.find(CLOSE)?;
    let inner = text.get(OPEN.len()..end).filter(|_| text.starts_with(OPEN))?;
    let (digits, is_number) = match inner.strip_suffix(NUMBER) {
        Some(digits) => (digits, true),
        None => (inner, false),
    };
    let number = Some(digits.parse().ok()?);
    Some((Piece::Hidden { number, is_number }, end + CLOSE.len_utf8()))
}

/// Takes the numbers away: as reports show it.
pub(super) fn unnumbered(value: &mut Value) {
    each_text(value, &mut |text| {
        let plain = pieces(text).into_iter().map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Hidden { .. } => PLACEHOLDER,
        });
        Some(Value::String(plain.collect()))
    });
}

/// Replaces texts that hold a placeholder.
fn each_text(value: &mut Value, replace: &mut dyn FnMut(&str) -> Option<Value>) {
    match value {
        Value::String(text) if is_hidden_in(text) => {
            if let Some(replaced) = replace(text) {
                *value = replaced;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, replace)),
        Value::Object(members) => members.values_mut().for_each(|member| each_text(member, replace)),
        _ => {}
    }
}

/// Whether a text has a placeholder, or what begins like one.
pub(super) fn is_hidden_in(text: &str) -> bool {
    text.contains("[redacted")
}

/// Whether some text in the value has a placeholder.
pub(super) fn has_hidden(value: &Value) -> bool {
    match value {
        Value::String(text) => is_hidden_in(text),
        Value::Array(items) => items.iter().any(has_hidden),
        Value::Object(members) => members.values().any(has_hidden),
        _ => false,
    }
}

/// Whether a value could have become the recorded text by hiding parts of it, and if so, which.
pub(super) fn covered<'n>(recorded: &str, now: &'n Value) -> Option<Vec<(Option<usize>, Cow<'n, str>)>> {
    let pieces = pieces(recorded);
    if !pieces.iter().any(|piece| matches!(piece, Piece::Hidden { .. })) {
        return None;
    }
    match (now, &pieces[..]) {
        (Value::String(now), _) => covered_text(&pieces, now),
        (Value::Number(now), [Piece::Hidden { number, .. }]) => {
            Some(vec![(*number, Cow::Owned(now.to_string()))])
        }
        (_, [Piece::Hidden { .. }]) => Some(Vec::new()),
        _ => None,
    }
}

fn covered_text<'n>(pieces: &[Piece<'_>], now: &'n str) -> Option<Vec<(Option<usize>, Cow<'n, str>)>> {
    let mut found = Vec::new();
    let mut rest = now;
    let mut waiting: Option<Option<usize>> = None;
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Hidden { number, .. } => {
                // Of two that stand side by side nobody can tell where the one ends.
                waiting = Some(if waiting.is_some() { None } else { *number });
            }
            Piece::Text(text) => {
                let is_last = index + 1 == pieces.len();
                let start = match waiting {
                    None => rest.starts_with(text).then_some(0)?,
                    Some(_) if is_last => rest.ends_with(text).then(|| rest.len() - text.len())?,
                    Some(_) => rest.find(text)?,
                };
                if let Some(number) = waiting.take() {
                    found.push((number, Cow::Borrowed(&rest[..start])));
                }
                rest = &rest[start + text.len()..];
            }
        }
    }
    match waiting {
        Some(number) => found.push((number, Cow::Borrowed(rest))),
        None if !rest.is_empty() => return None,
        None => {}
    }
    Some(found)
}

/// What hidden texts are today, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Known(HashMap<usize, String>);

impl Known {
    /// Learns from a message of today and the recorded one that it fits.
    pub(super) fn learn(&mut self, recorded: &Value, now: &Value) {
        match (recorded, now) {
            (Value::String(text), now) => {
                for (number, found) in covered(text, now).unwrap_or_default() {
                    if let Some(number) = number {
                        self.0.entry(number).or_insert_with(|| found.into_owned());
                    }
                }
            }
            (Value::Array(recorded), Value::Array(now)) => {
                recorded
                    .iter()
                    .zip(now)
                    .for_each(|(recorded, now)| self.learn(recorded, now));
            }
            (Value::Object(recorded), Value::Object(now)) => {
                for (name, recorded) in recorded {
                    if let Some(now) = now.get(name) {
                        self.learn(recorded, now);
                    }
                }
            }
            _ => {}
        }
    }

    /// Puts back what is known; what is not stays hidden.
    pub(super) fn restore(&self, value: &mut Value) {
        each_text(value, &mut |text| {
            let pieces = pieces(text);
            if let [
                Piece::Hidden {
                    number: Some(number),
                    is_number: true,
                },
            ] = pieces[..]
            {
                let known = self.0.get(&number).map(|known| serde_json::from_str(known));
                return Some(match known {
                    Some(Ok(number @ Value::Number(_))) => number,
                    _ => Value::from(PLACEHOLDER),
                });
            }
            let restored = pieces.into_iter().map(|piece| match piece {
                Piece::Text(text) => text,
                Piece::Hidden { number, .. } => {
                    let known = number.and_then(|number| self.0.get(&number));
                    known.map_or(PLACEHOLDER, String::as_str)
                }
            });
            Some(Value::String(restored.collect()))
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn redactor() -> Redactor {
        let mut redactor = Redactor::new();
        redactor.hide_member("pin");
        redactor.hide_secret("Sesame");
        redactor
    }

    fn hidden_of(value: &Value) -> Value {
        let (redactor, mut hidden) = (redactor(), value.clone());
        let wider = redactor.learning([(value, false)]);
        Hiding::new(wider.as_ref().unwrap_or(&redactor)).value(&mut hidden);
        hidden
    }

    #[test]
    fn what_is_the_same_has_the_same_number() {
        let value = json!({
            "text": "Sesame and 4711, Sesame",
            "pin": "4711",
            "list": [{"Pin": 4711}, {"PIN": {"deep": 1}}, "4711"],
            "Sesame": 1,
        });
        assert_eq!(
            hidden_of(&value),
            json!({
                "text": "[redacted-1] and [redacted-2], [redacted-1]",
                "pin": "[redacted-2]",
                "list": [{"Pin": "[redacted-2:number]"}, {"PIN": "[redacted]"}, "[redacted-2]"],
                "[redacted]": 1,
            })
        );
    }

    #[test]
    fn parameters_are_hidden_in_diagnostics_whatever_stands_beside_them() {
        let redactor = redactor();
        let mut hiding = Hiding::new(&redactor);
        let mut diagnostics = json!({"Execution Sequence": [{"Step 1": {"InitialState": {
            "FlowState": {"FlowId": "f", "Name": "Orders", "PageState": {"PageId": "p", "Name": "Size"}},
            "SessionParameters": {"PageId": "home", "pin": "042"},
        }}}]});
        hiding.diagnostics(&mut diagnostics, true);
        let state = &diagnostics["Execution Sequence"][0]["Step 1"]["InitialState"];
        assert_eq!(
            state["SessionParameters"],
            json!({"PageId": "home", "pin": "[redacted-1]"})
        );
        let mut redactor = Redactor::new();
        redactor.hide_member("name");
        Hiding::new(&redactor).diagnostics(&mut diagnostics, true);
        let state = &diagnostics["Execution Sequence"][0]["Step 1"]["InitialState"]["FlowState"];
        assert_eq!(
            (&state["Name"], &state["PageState"]["Name"]),
            (&json!("Orders"), &json!("Size"))
        );
    }

    #[test]
    fn what_the_user_says_comes_back() {
        let recorded =
            hidden_of(&json!({"asked": "my pin is 4711", "answer": {"pin": 4711, "text": "4711, Sesame!"}}));
        let mut known = Known::default();
        known.learn(&recorded["asked"], &json!("my pin is 0815"));
        let mut answer = recorded["answer"].clone();
        known.restore(&mut answer);
        assert_eq!(
            answer,
            json!({"pin": "[redacted]", "text": "0815, [redacted]!"}),
            "0815 is no number in JSON"
        );
        let mut known = Known::default();
        known.learn(&recorded["asked"], &json!("my pin is 9042"));
        let mut answer = recorded["answer"].clone();
        known.restore(&mut answer);
        assert_eq!(answer, json!({"pin": 9042, "text": "9042, [redacted]!"}));
    }

    #[test]
    fn texts_fit_what_they_were() {
        let table: [(&str, Value, Option<Vec<&str>>); 10] = [
            (
                "my card is [redacted]",
                json!("my card is 4111"),
                Some(vec!["4111"]),
            ),
            ("my card is [redacted-1].", json!("my card is 4111"), None),
            (
                "[redacted-1] and [redacted-2]!",
                json!("a and b!"),
                Some(vec!["a", "b"]),
            ),
            ("[redacted-1] and [redacted-2]!", json!("a or b!"), None),
            (
                "[redacted-1]x[redacted-2]x",
                json!("axbxx"),
                Some(vec!["a", "bx"]),
            ),
            ("[redacted]", json!({"number": 1}), Some(vec![])),
            ("[redacted-1:number]", json!(4711), Some(vec!["4711"])),
            ("x [redacted]", json!(4711), None),
            ("no [redacted-x] here", json!("no [redacted-x] here"), None),
            ("", json!(""), None),
        ];
        for (recorded, now, expected) in table {
            let found = covered(recorded, &now);
            let found: Option<Vec<String>> =
                found.map(|found| found.into_iter().map(|(_, text)| text.into_owned()).collect());
            assert_eq!(
                found,
                expected.map(|texts| texts.into_iter().map(str::to_owned).collect()),
                "{recorded}"
            );
        }
    }

    #[test]
    fn numbers_are_not_shown() {
        let mut value = json!([
            "[redacted-1] [redacted] [redacted-22:number]",
            "[redacted-",
            "plain"
        ]);
        unnumbered(&mut value);
        assert_eq!(
            value,
            json!(["[redacted] [redacted] [redacted]", "[redacted-", "plain"])
        );
        assert!(has_hidden(&value) && !has_hidden(&json!({"a": ["b"]})));
    }

    proptest! {
        #[test]
        fn hiding_any_part_still_fits(before in "\\PC{0,10}", part in "\\PC{0,10}", after in "\\PC{0,10}") {
            let recorded = format!("{before}[redacted-1]{after}");
            let now = Value::from(format!("{before}{part}{after}"));
            prop_assert!(covered(&recorded, &now).is_some());
        }

        #[test]
        fn any_text_is_taken_apart_and_put_together(text in "(\\[redacted(-[0-9]{0,3})?(:number)?\\]?|[a-z\\[]){0,8}") {
            let mut value = Value::from(text.clone());
            Known::default().restore(&mut value);
            let mut plain = Value::from(text);
            unnumbered(&mut plain);
            prop_assert_eq!(value, plain);
        }
    }
}
