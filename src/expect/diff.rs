//! Differences to look at: words within lines, lines within texts, members within JSON. Bounded in size and time.

use std::time::{Duration, Instant};

use similar::{Algorithm, ChangeTag, TextDiff};

use crate::model::Value;
use crate::model::outcome::{Diff, DiffLine, DiffPiece, DiffSide};

use super::matcher::Difference;
use super::text::collapse;

/// A backstop; sizes are bounded first.
const LONGEST_TIME: Duration = Duration::from_millis(500);
/// Bytes of either text that are compared.
const LONGEST_TEXT: usize = 32 * 1024;
/// Lines of either text that are compared.
const MOST_LINES: usize = 1_000;
/// Lines alike kept around a change when the whole would be long.
const CONTEXT: usize = 3;
/// Longest diff that is kept whole.
const WHOLE: usize = 120;

/// How two texts differ, white space aside; `None` where the two values beside each other say it as well.
pub(super) fn of_values(expected: &Value, actual: &Value) -> Option<Diff> {
    let (Value::String(expected), Value::String(actual)) = (expected, actual) else {
        return None;
    };
    of_texts(expected, actual)
}

/// How two texts differ; `None` for texts of a single word, and for equal ones.
pub(super) fn of_texts(expected: &str, actual: &str) -> Option<Diff> {
    let (expected, actual) = (cut(expected), cut(actual));
    let several_words = |text: &str| text.split_whitespace().nth(1).is_some();
    if !several_words(expected) && !several_words(actual) {
        return None;
    }
    let (wanted, given) = normalised(expected, actual);
    if wanted == given {
        return None;
    }
    Some(compare(&wanted, &given))
}

/// How two lists of lines differ.
pub(super) fn of_lines(expected: &[String], actual: &[String]) -> Diff {
    let joined = |lines: &[String]| {
        let mut text = String::new();
        for line in lines.iter().take(MOST_LINES) {
            text.push_str(&collapse(line));
            text.push('\n');
        }
        cut(&text).to_owned()
    };
    compare(&joined(expected), &joined(actual))
}

/// How two lists of words differ, each in one line; `None` for equal ones.
pub(super) fn of_words(expected: &[String], actual: &[String]) -> Option<Diff> {
    let joined = |words: &[String]| {
        let mut line = cut(&words.join(" ")).to_owned();
        line.push('\n');
        line
    };
    (expected != actual).then(|| compare(&joined(expected), &joined(actual)))
}

/// Members that are missing, extra or changed, each on a line of its own.
pub(super) fn of_differences(differences: &[Difference]) -> Option<Diff> {
    let line = |side, path: &str, value: &str| DiffLine {
        side,
        pieces: vec![
            DiffPiece {
                text: format!("{path}: "),
                changed: false,
            },
            DiffPiece {
                text: value.to_owned(),
                changed: true,
            },
        ],
    };
    let lines: Vec<DiffLine> = differences
        .iter()
        .filter(|difference| !difference.path.is_empty())
        .flat_map(|difference| {
            let path = difference.path.as_str();
            let expected = difference.expected.as_deref();
            let actual = difference.actual.as_deref();
            [
                expected.map(|value| line(DiffSide::Expected, path, value)),
                actual.map(|value| line(DiffSide::Actual, path, value)),
            ]
        })
        .flatten()
        .collect();
    (!lines.is_empty()).then_some(Diff { lines })
}

/// Both texts with a newline after each line, white space collapsed within lines and blank lines left out. When
/// either is a single line both are made one: equality does not see line breaks.
fn normalised(expected: &str, actual: &str) -> (String, String) {
    let lines = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| collapse(line).into_owned())
            .filter(|line| !line.is_empty())
            .collect()
    };
    let (expected, actual) = (lines(expected), lines(actual));
    let separator = if expected.len() <= 1 || actual.len() <= 1 {
        " "
    } else {
        "\n"
    };
    let ended = |lines: Vec<String>| {
        let mut text = lines.join(separator);
        text.push('\n');
        text
    };
    (ended(expected), ended(actual))
}

fn compare(expected: &str, actual: &str) -> Diff {
    let deadline = Instant::now() + LONGEST_TIME;
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .deadline(deadline)
        .diff_lines(expected, actual);
    let mut lines = Vec::new();
    for operation in diff.ops() {
        for change in diff.iter_inline_changes_deadline(operation, Some(deadline)) {
            let side = match change.tag() {
                ChangeTag::Equal => DiffSide::Both,
                ChangeTag::Delete => DiffSide::Expected,
                ChangeTag::Insert => DiffSide::Actual,
            };
            let pieces = change.iter_strings_lossy().filter_map(|(changed, text)| {
                let text = text.trim_end_matches('\n');
                (!text.is_empty()).then(|| DiffPiece {
                    text: text.to_owned(),
                    changed,
                })
            });
            lines.push(DiffLine {
                side,
                pieces: pieces.collect(),
            });
        }
    }
    Diff { lines: folded(lines) }
}

/// Leaves out long runs of lines alike when the whole is long.
fn folded(lines: Vec<DiffLine>) -> Vec<DiffLine> {
    if lines.len() <= WHOLE {
        return lines;
    }
    let mut kept: Vec<DiffLine> = Vec::new();
    let mut alike: Vec<DiffLine> = Vec::new();
    let close = |alike: &mut Vec<DiffLine>, kept: &mut Vec<DiffLine>| {
        let hidden = alike.len().saturating_sub(2 * CONTEXT);
        let tail = alike.len().saturating_sub(CONTEXT);
        for (index, line) in alike.drain(..).enumerate() {
            if hidden <= 1 || index < CONTEXT || index >= tail {
                kept.push(line);
            } else if index == CONTEXT {
                kept.push(note(&format!("… {hidden} lines alike")));
            }
        }
    };
    for line in lines {
        if line.side == DiffSide::Both {
            alike.push(line);
        } else {
            close(&mut alike, &mut kept);
            kept.push(line);
        }
    }
    close(&mut alike, &mut kept);
    if kept.len() > 2 * WHOLE {
        let more = kept.len() - 2 * WHOLE;
        kept.truncate(2 * WHOLE);
        kept.push(note(&format!("… {more} more lines")));
    }
    kept
}

fn note(text: &str) -> DiffLine {
    DiffLine {
        side: DiffSide::Both,
        pieces: vec![DiffPiece {
            text: text.to_owned(),
            changed: false,
        }],
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end).unwrap_or_default();
    let lines_end = text
        .match_indices('\n')
        .nth(MOST_LINES - 1)
        .map_or(text.len(), |(index, _)| index);
    text.get(..lines_end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One side of a diff as text, changed pieces in brackets.
    fn side(diff: &Diff, side: DiffSide, marked: bool) -> String {
        let lines: Vec<String> = diff
            .lines
            .iter()
            .filter(|line| line.side == side || line.side == DiffSide::Both)
            .map(|line| {
                line.pieces
                    .iter()
                    .map(|piece| {
                        if piece.changed && marked {
                            format!("[{}]", piece.text)
                        } else {
                            piece.text.clone()
                        }
                    })
                    .collect()
            })
            .collect();
        lines.join("\n")
    }

    #[test]
    fn words_within_a_line() {
        let diff = of_texts("When would you like to leave?", "When would you like to travel?").unwrap();
        assert_eq!(
            side(&diff, DiffSide::Expected, true),
            "When would you like to [leave?]"
        );
        assert_eq!(
            side(&diff, DiffSide::Actual, true),
            "When would you like to [travel?]"
        );
    }

    #[test]
    fn lines_within_a_text() {
        let diff = of_texts(
            "Hello there\nOne two three\nBye now",
            "Hello there\n\nOne two four\nBye  now",
        )
        .unwrap();
        let shown: Vec<(DiffSide, usize)> = diff
            .lines
            .iter()
            .map(|line| (line.side, line.pieces.len()))
            .collect();
        assert_eq!(shown[0].0, DiffSide::Both);
        assert_eq!(
            side(&diff, DiffSide::Expected, true),
            "Hello there\nOne two [three]\nBye now"
        );
        assert_eq!(
            side(&diff, DiffSide::Actual, true),
            "Hello there\nOne two [four]\nBye now"
        );
    }

    #[test]
    fn nothing_to_show_for_single_words_and_white_space() {
        assert_eq!(of_texts("Paris", "Lyon"), None);
        assert_eq!(of_texts("a b", "a\n b"), None);
        assert_eq!(of_values(&Value::from(1), &Value::from("a b")), None);
    }

    #[test]
    fn members_on_lines_of_their_own() {
        let expected = serde_json::json!({"address": {"city": "Paris", "zip": 1}});
        let actual = serde_json::json!({"address": {"city": "Lyon", "street": "x"}});
        let diff = of_differences(&super::super::json::differences(&expected, &actual)).unwrap();
        assert_eq!(
            side(&diff, DiffSide::Expected, false),
            "address.city: \"Paris\"\naddress.zip: 1"
        );
        assert_eq!(
            side(&diff, DiffSide::Actual, false),
            "address.city: \"Lyon\"\naddress.street: \"x\""
        );
    }

    #[test]
    fn long_texts_are_cut_and_folded() {
        let expected: String = (0..5_000)
            .flat_map(|number| ["line ".into(), number.to_string(), "\n".into()])
            .collect();
        let actual = expected.replace("line 500\n", "line five hundred\n");
        let diff = of_texts(&expected, &actual).unwrap();
        assert!(diff.lines.len() < 20, "{}", diff.lines.len());
        let other: String = (0..5_000)
            .flat_map(|number| ["other text ".into(), (number * 7).to_string(), "\n".into()])
            .collect();
        assert!(of_texts(&expected, &other).unwrap().lines.len() <= 2 * WHOLE + 1);
    }

    proptest! {
        #[test]
        fn a_diff_holds_both_sides(expected in "[ab \\n]{0,60}", actual in "[ab \\n]{0,60}") {
            if let Some(diff) = of_texts(&expected, &actual) {
                let (wanted, given) = normalised(&expected, &actual);
                prop_assert_eq!(side(&diff, DiffSide::Expected, false), wanted.trim_end_matches('\n'));
                prop_assert_eq!(side(&diff, DiffSide::Actual, false), given.trim_end_matches('\n'));
            }
        }

        #[test]
        fn any_texts_can_be_compared(expected in any::<String>(), actual in any::<String>()) {
            let _ = of_texts(&expected, &actual);
        }
    }
}
