//! Texts that come in several messages, where what is to be hidden may be broken in two: answers streamed in pieces, and
//! what is heard while the user speaks. They are looked at as whoever receives them puts them together.

use serde_json::{Map, Value};

use super::Hiding;
use crate::redact::PLACEHOLDER;

/// The fields that hold such texts, by their full names. Messages hide all others by themselves.
pub(super) fn is_broken(field: &str) -> bool {
    field.ends_with(".SessionOutput.text")
        || field.ends_with("RecognitionResult.transcript")
        || field.ends_with(".SpeechWordInfo.word")
}

/// Hides such texts in what was heard in a call, in order. `in_pieces`: texts that follow each other are one.
pub(super) fn hide<'v>(
    heard: impl IntoIterator<Item = &'v mut Value>,
    in_pieces: bool,
    hiding: &mut Hiding<'_>,
) {
    let (mut told, mut spoken) = (Told::default(), Spoken::default());
    for message in heard {
        let Value::Object(message) = message else { continue };
        for (name, value) in message {
            match (name.as_str(), value) {
                ("recognitionResult", Value::Object(result)) => spoken.take(result),
                ("sessionOutput", output) => take(output, in_pieces, &mut told, &mut spoken, hiding),
                ("outputs", Value::Array(outputs)) => {
                    for output in outputs {
                        take(output, in_pieces, &mut told, &mut spoken, hiding);
                    }
                }
                _ => {}
            }
        }
    }
    told.end(hiding);
    spoken.end(hiding);
}

/// Takes an output of CES. Pieces follow each other until something else comes, or the turn is complete (ces-api 1.3).
fn take<'v>(
    output: &'v mut Value,
    in_pieces: bool,
    told: &mut Told<'v>,
    spoken: &mut Spoken<'v>,
    hiding: &mut Hiding<'_>,
) {
    let is_complete = ["turnCompleted", "toolCalls", "endSession"]
        .iter()
        .any(|end| output.get(*end).is_some());
    match output.get_mut("text") {
        Some(Value::String(text)) => {
            if !in_pieces {
                told.end(hiding);
            }
            told.pieces.push(text);
        }
        _ => told.end(hiding),
    }
    if is_complete {
        told.end(hiding);
        spoken.end(hiding);
    }
}

/// A text that was told in pieces.
#[derive(Default)]
struct Told<'v> {
    pieces: Vec<&'v mut String>,
}

impl Told<'_> {
    fn end(&mut self, hiding: &mut Hiding<'_>) {
        hiding.together(&mut self.pieces);
        self.pieces.clear();
    }
}

/// What was heard of the user's speech.
#[derive(Default)]
struct Spoken<'v> {
    /// Transcripts that stand: final ones, and the last.
    settled: Vec<&'v mut String>,
    /// The last transcript, if it is not final: the next one takes its place (ces-api 1.7, cx-sessions-api 6.4).
    last: Option<&'v mut String>,
    /// Transcripts whose place was taken, and single words.
    passing: Vec<&'v mut String>,
}

impl<'v> Spoken<'v> {
    fn take(&mut self, result: &'v mut Map<String, Value>) {
        let is_final = result.get("isFinal") == Some(&Value::Bool(true));
        for (name, value) in result {
            match (name.as_str(), value) {
                ("transcript", Value::String(text)) => {
                    self.passing.extend(self.last.take());
                    if is_final {
                        self.settled.push(text);
                    } else {
                        self.last = Some(text);
                    }
                }
                ("speechWordInfo", Value::Array(words)) => {
                    let words = words.iter_mut().filter_map(|word| match word.get_mut("word") {
                        Some(Value::String(word)) => Some(word),
                        _ => None,
                    });
                    self.passing.extend(words);
                }
                _ => {}
            }
        }
    }

    /// Where something of an utterance is hidden, nobody can tell how much of it had been heard before.
    fn end(&mut self, hiding: &mut Hiding<'_>) {
        self.settled.extend(self.last.take());
        let mut is_hidden = hiding.together(&mut self.settled);
        is_hidden |= self.passing.iter().any(|text| hiding.finds_in(text));
        for text in self.passing.drain(..).filter(|_| is_hidden) {
            PLACEHOLDER.clone_into(text);
        }
        self.settled.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;
    use serde_json::json;

    use super::*;
    use crate::redact::Redactor;

    fn hidden(mut heard: Vec<Value>, in_pieces: bool) -> Vec<Value> {
        let mut redactor = Redactor::new();
        redactor.hide_pattern(Regex::new("[0-9]{4} ?[0-9]{4}").unwrap());
        hide(&mut heard, in_pieces, &mut Hiding::new(&redactor));
        heard
    }

    fn outputs(texts: &[&str]) -> Vec<Value> {
        let output = |text: &&str| json!({"outputs": [{"text": text}]});
        texts.iter().map(output).collect()
    }

    #[test]
    fn pieces_of_a_text_are_looked_at_as_one() {
        let texts = ["Card 41", "11 22", "22 is yours, not 33334444", "."];
        assert_eq!(
            hidden(outputs(&texts), true),
            outputs(&["Card [redacted-1]", "", " is yours, not [redacted-2]", "."])
        );
        assert_eq!(
            hidden(outputs(&texts), false),
            outputs(&["Card 41", "11 22", "22 is yours, not [redacted-1]", "."]),
            "these are texts of their own"
        );
    }

    #[test]
    fn pieces_end_where_something_else_comes_or_the_turn_does() {
        let between = |output: Value| {
            vec![
                json!({"sessionOutput": {"text": "1111"}}),
                json!({"sessionOutput": output}),
                json!({"sessionOutput": {"text": "2222"}}),
            ]
        };
        for other in [
            json!({"payload": {}}),
            json!({"text": "", "turnCompleted": true}),
            json!({"text": "x"}),
        ] {
            assert_eq!(hidden(between(other.clone()), true), between(other));
        }
        let at_once = json!([{"sessionOutput": {"text": "[redacted-1]"}}, {"sessionOutput": {"text": ""}}, {"sessionOutput": {"text": ""}}]);
        assert_eq!(json!(hidden(between(json!({"text": ""})), true)), at_once);
    }

    #[test]
    fn what_was_heard_before_is_hidden_with_what_was_heard_in_the_end() {
        let heard = |results: &[(&str, bool)]| -> Vec<Value> {
            let result = |(text, is_final): &(&str, bool)| match is_final {
                true => json!({"recognitionResult": {"transcript": text, "isFinal": true}}),
                false => json!({"recognitionResult": {"transcript": text}}),
            };
            results.iter().map(result).collect()
        };
        assert_eq!(
            hidden(
                heard(&[("my 1111", false), ("my 1111 22", false), ("my 1111 2222", true)]),
                false
            ),
            heard(&[
                ("[redacted]", false),
                ("[redacted]", false),
                ("my [redacted-1]", true)
            ])
        );
        assert_eq!(
            hidden(
                heard(&[("my 1111", true), ("2222", true), ("guess", false), ("no", false)]),
                false
            ),
            heard(&[
                ("my [redacted-1]", true),
                ("", true),
                ("[redacted]", false),
                ("no", false)
            ]),
            "final ones follow each other, and the last stands where no final one came"
        );
        let harmless = heard(&[("to", false), ("tomorrow", true)]);
        assert_eq!(hidden(harmless.clone(), false), harmless);
        assert_eq!(
            hidden(heard(&[("1111 2222", false), ("eleven", true)]), false),
            heard(&[("[redacted]", false), ("eleven", true)])
        );
    }

    #[test]
    fn words_are_hidden_with_their_sentence() {
        let said = |transcript: &str, words: [&str; 2]| {
            let words: Vec<Value> = words.iter().map(|word| json!({"word": word})).collect();
            vec![
                json!({"recognitionResult": {"transcript": transcript, "isFinal": true, "speechWordInfo": words}}),
            ]
        };
        assert_eq!(
            hidden(said("1111 2222", ["1111", "2222"]), false),
            said("[redacted-1]", ["[redacted]", "[redacted]"])
        );
    }

    proptest! {
        /// However a text is broken, its pieces make the text that a report shows.
        #[test]
        fn any_pieces_make_the_hidden_text(pieces in prop::collection::vec("[0-9 a]{0,7}", 1..6)) {
            let mut redactor = Redactor::new();
            redactor.hide_pattern(Regex::new("[0-9]{2,}").unwrap());
            let texts: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let mut heard = outputs(&texts);
            hide(&mut heard, true, &mut Hiding::new(&redactor));
            let mut joined = String::new();
            for message in &heard {
                joined.push_str(message["outputs"][0]["text"].as_str().unwrap());
            }
            let mut shown = Value::from(joined);
            crate::cassette::hide::unnumbered(&mut shown);
            prop_assert_eq!(shown, Value::from(redactor.text(&pieces.concat()).into_owned()));
        }
    }
}
