//! What was heard, and what was spoken.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::audio::{Encoding, Format};
use crate::model::outcome::{DiffSide, Outcome};
use crate::model::suite::{AudioCheck, Check, Comparison, Expectation};
use crate::model::transcript::{AgentReply, Observed, Spoken};

fn expected(check: Check) -> Vec<Expectation> {
    vec![Expectation {
        line: 3,
        required: true,
        only_on: None,
        check,
    }]
}

fn heard(text: &str) -> AgentReply {
    AgentReply {
        transcript: Observed::Seen(text.to_owned()),
        ..AgentReply::default()
    }
}

fn spoke(time: Duration) -> AgentReply {
    let format = Format {
        encoding: Encoding::Mulaw,
        rate: 8_000,
    };
    AgentReply {
        audio: Observed::Seen(Some(Spoken {
            format,
            bytes: Arc::new(format.silence(time)),
        })),
        ..AgentReply::default()
    }
}

fn outcomes(check: Check, reply: &AgentReply) -> Vec<(String, Outcome, String)> {
    let context = context();
    let rows = evaluate_turn(&expected(check), reply, &context).into_iter();
    rows.map(|row| (row.path, row.outcome, row.message)).collect()
}

#[test]
fn a_transcript_that_differs_shows_the_words() {
    let wer = |at_most: f64| {
        Check::Transcript(Matcher::Wer {
            to: Value::from("Tomorrow morning, at nine"),
            at_most: Value::from(at_most),
        })
    };
    let reply = heard("tomorrow evening at nine");
    assert_eq!(outcomes(wer(0.25), &reply)[0].1, Outcome::Passed);
    let rows = evaluate_turn(&expected(wer(0.2)), &reply, &context());
    assert_eq!(rows[0].outcome, Outcome::Failed);
    assert_eq!(rows[0].message, "word error rate is 0.250, not at most 0.2");
    let diff = rows[0].diff.as_ref().unwrap();
    let changed: Vec<(DiffSide, &str)> = diff
        .lines
        .iter()
        .flat_map(|line| line.pieces.iter().map(|piece| (line.side, piece)))
        .filter(|(_, piece)| piece.changed)
        .map(|(side, piece)| (side, piece.text.trim()))
        .collect();
    assert_eq!(
        changed,
        [(DiffSide::Expected, "morning"), (DiffSide::Actual, "evening")]
    );
}

#[test]
fn a_transcript_takes_plain_matchers_and_may_be_unseen() {
    let is = |text: &str| Check::Transcript(Matcher::Is(Value::from(text)));
    assert_eq!(outcomes(is("hello"), &heard("hello"))[0].1, Outcome::Passed);
    assert_eq!(outcomes(is("hello"), &heard("hollow"))[0].1, Outcome::Failed);
    let typed = outcomes(is("hello"), &AgentReply::default());
    assert_eq!(typed[0].1, Outcome::Unobservable);
}

#[test]
fn a_spoken_answer_is_looked_at_member_by_member() {
    let check = |present| {
        Check::Audio(Box::new(AudioCheck {
            present: Some(present),
            duration: Some(Matcher::Compare(Comparison::Less, Value::from(2.0))),
            encoding: Some(Matcher::Is(Value::from("mulaw"))),
        }))
    };
    let short = outcomes(check(true), &spoke(Duration::from_millis(1_500)));
    assert!(
        short.iter().all(|(_, outcome, _)| *outcome == Outcome::Passed),
        "{short:?}"
    );
    let paths: Vec<&str> = short.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, ["audio.present", "audio.duration", "audio.encoding"]);
    let long = outcomes(check(false), &spoke(Duration::from_millis(2_500)));
    assert_eq!(long[0].2, "the agent spoke, should not");
    assert_eq!(long[1].2, "is 2.5 s, not less than 2 s");
    let nothing = AgentReply {
        audio: Observed::Seen(None),
        ..AgentReply::default()
    };
    let silent = outcomes(check(true), &nothing);
    assert_eq!(silent[0].2, "the agent did not speak");
    assert!(
        silent[1..]
            .iter()
            .all(|(_, outcome, _)| *outcome == Outcome::Failed)
    );
    let unasked = outcomes(check(true), &AgentReply::default());
    assert!(
        unasked
            .iter()
            .all(|(_, outcome, _)| *outcome == Outcome::Unobservable)
    );
}
