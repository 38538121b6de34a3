//! Pairs of results, made by hand.

use super::*;
use crate::model::outcome::{Checked, LatencyRecord, Sent, Verdict};
use crate::model::transcript::Match;

fn turn(index: u32, input: Value, reply: ReplyRecord) -> PlayedTurn {
    PlayedTurn {
        index,
        file: "suite.yaml".to_owned(),
        line: 10 + index,
        used_at: None,
        input,
        skipped: None,
        sent: Sent::Yes,
        reply: Some(reply),
        calls: Vec::new(),
        latency_ms: LatencyRecord::default(),
        failures: Vec::new(),
        expectations: Vec::new(),
    }
}

/// A reply to what was understood as an intent.
fn understood(intent: &str, page: &str, heard: Option<&str>) -> ReplyRecord {
    ReplyRecord {
        matched: Some(Match {
            kind: "intent".to_owned(),
            intent: Some(intent.to_owned()),
            event: None,
            confidence: 0.9,
            parameters: crate::model::Map::new(),
        }),
        page: Some(page.to_owned()),
        texts: vec![format!("on {page}")],
        transcript: heard.map(str::to_owned),
        ..ReplyRecord::default()
    }
}

fn said(index: u32, text: &str, reply: ReplyRecord) -> PlayedTurn {
    turn(index, json!({ "say": text }), reply)
}

fn played(index: u32, reply: ReplyRecord) -> PlayedTurn {
    turn(index, json!({ "audio": "a.wav" }), reply)
}

fn result(name: &str, channel: Channel, turns: Vec<PlayedTurn>) -> ConversationResult {
    ConversationResult {
        suite: "suite".to_owned(),
        name: format!("{name} [{}]", channel.name()),
        row: None,
        file: "suite.yaml".to_owned(),
        line: 3,
        tags: Vec::new(),
        target: "t".to_owned(),
        channel: Some(channel),
        twin: Some(name.to_owned()),
        verdict: Verdict::Passed,
        reason: None,
        recovered: 0,
        known_issue: None,
        attempts: vec![Attempt {
            session: String::new(),
            started_at: String::new(),
            elapsed_ms: 1.0,
            play: 1,
            outcome: AttemptOutcome::Passed,
            error: None,
            expectations: Vec::new(),
            turns,
            outlined: crate::model::outcome::Outlined::default(),
        }],
    }
}

fn found(text: Vec<PlayedTurn>, audio: Vec<PlayedTurn>) -> Option<TwinDifference> {
    let text = result("a", Channel::Text, text);
    compare(&text, &result("a", Channel::Audio, audio))
        .unwrap()
        .difference
}

#[test]
fn what_came_of_it_counts_and_not_the_words() {
    let text = vec![said(1, "a repair", understood("book", "Details", None))];
    let audio = vec![played(1, understood("book", "Details", Some("the repair")))];
    assert_eq!(found(text, audio), None);
}

#[test]
fn the_first_turn_that_differs_is_told_with_what_was_heard() {
    let text = vec![
        said(1, "hello", understood("hello", "Start", None)),
        said(2, "I want a repair", understood("book", "Details", None)),
        said(3, "brakes", understood("brakes", "Confirm", None)),
    ];
    let audio = vec![
        played(1, understood("hello", "Start", Some("hello"))),
        played(2, understood("status", "Ticket", Some("I want to pair"))),
        played(3, understood("nothing", "Ticket", Some("breaks"))),
    ];
    let found = found(text, audio).unwrap();
    assert_eq!((found.turn, found.line, found.kind.as_str()), (2, 12, "intent"));
    assert_eq!((found.text, found.audio), (json!("book"), json!("status")));
    assert_eq!(found.said.as_deref(), Some("I want a repair"));
    assert_eq!(found.heard.as_deref(), Some("I want to pair"));
    assert_eq!(found.word_error_rate, Some(0.5));
}

#[test]
fn a_turn_of_keys_may_show_what_was_misheard_before() {
    let keys = |page| turn(2, json!({ "dtmf": "1#" }), understood("keys", page, None));
    let text = vec![said(1, "yes", understood("yes", "Ask", None)), keys("A")];
    let audio = vec![played(1, understood("yes", "Ask", Some("yeah"))), keys("B")];
    let found = found(text, audio).unwrap();
    assert_eq!((found.turn, found.kind.as_str()), (2, "page"));
    assert_eq!(
        (found.said.as_deref(), found.heard.as_deref()),
        (Some("yes"), Some("yeah"))
    );
}

#[test]
fn answers_turns_and_expectations_may_differ() {
    let both = || understood("book", "Details", None);
    let unanswered = PlayedTurn {
        reply: None,
        ..played(1, both())
    };
    let skipped = PlayedTurn {
        skipped: Some("when".to_owned()),
        reply: None,
        ..played(1, both())
    };
    let failed = PlayedTurn {
        expectations: vec![Checked {
            kind: "transcript".to_owned(),
            path: "transcript".to_owned(),
            line: 12,
            outcome: Outcome::Failed,
            expected: json!("x"),
            actual: json!("y"),
            message: "differs".to_owned(),
            diff: None,
            is_mistake: false,
        }],
        ..played(1, both())
    };
    for (audio, kind, of_text, of_audio) in [
        (unanswered, "answer", json!(true), json!(false)),
        (skipped, "played", json!(true), json!(false)),
        (failed, "transcript", json!("passed"), json!("failed")),
    ] {
        let found = found(vec![said(1, "hi", both())], vec![audio]).unwrap();
        assert_eq!(
            (found.kind.as_str(), found.text, found.audio),
            (kind, of_text, of_audio)
        );
    }
}

/// What was never said shows nothing, be it that the conversation stopped before or that the run did.
#[test]
fn what_was_not_played_differs_in_nothing() {
    let both = || understood("book", "Details", None);
    let never_sent = PlayedTurn {
        reply: None,
        sent: Sent::No,
        ..played(1, both())
    };
    assert_eq!(found(vec![said(1, "hi", both())], vec![never_sent]), None);
    let mut cut_short = result(
        "a",
        Channel::Audio,
        vec![played(1, understood("other", "Start", None))],
    );
    cut_short.attempts[0].outcome = AttemptOutcome::Cancelled;
    let text = result("a", Channel::Text, vec![said(1, "hi", both())]);
    assert_eq!(compare(&text, &cut_short).unwrap().difference, None);
}

#[test]
fn only_twins_are_compared_whatever_stands_between() {
    let recorded = |result: ConversationResult| Recorded {
        result: Arc::new(result),
        json: Arc::default(),
        twins: None,
    };
    let alone = ConversationResult {
        twin: None,
        channel: None,
        ..result("x", Channel::Text, Vec::new())
    };
    let mut results = vec![
        recorded(result("a", Channel::Text, Vec::new())),
        recorded(result("a", Channel::Audio, Vec::new())),
        recorded(result("b", Channel::Audio, Vec::new())),
        recorded(alone),
        recorded(result("b", Channel::Text, Vec::new())),
        recorded(result("c", Channel::Audio, Vec::new())),
    ];
    let mut pairing = Pairing::default();
    pairing.compare(&mut results);
    let compared: Vec<bool> = results.iter().map(|recorded| recorded.twins.is_some()).collect();
    assert_eq!(compared, [false, true, false, false, false, false]);
    // The other one of `c` comes with the next piece of the journal.
    let mut next = vec![recorded(result("c", Channel::Text, Vec::new()))];
    pairing.compare(&mut next);
    assert_eq!(next[0].twins.as_ref().unwrap().name, "c");
}
