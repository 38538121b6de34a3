//! `run_method: stable`: what sessions are told of the turns before theirs.

use super::*;
use crate::model::suite::{HistoryChunk, HistoryMessage, Name, RunMethod};

/// What each session was told: who said what.
fn histories(backend: &FakeBackend) -> Vec<Vec<(String, String)>> {
    let told = |message: &HistoryMessage| {
        let text = match &message.chunks[..] {
            [HistoryChunk::Text(text)] => text.clone(),
            other => format!("{other:?}"),
        };
        (message.role.clone(), text)
    };
    let opened = backend.opened.lock().unwrap();
    let of = |start: &SessionStart| start.start.history.iter().map(told).collect();
    opened.iter().map(of).collect()
}

fn said(role: &str, text: &str) -> (String, String) {
    (role.to_owned(), text.to_owned())
}

fn stable(turns: impl IntoIterator<Item = Turn>) -> Conversation {
    let mut conversation = with_turns("a", turns);
    conversation.run_method = RunMethod::Stable;
    conversation.start.agent = Some(Name::Display("Front desk".to_owned()));
    conversation
}

#[tokio::test]
async fn stable_turns_are_told_what_should_have_been_said() {
    let backend = FakeBackend::new(|sending, _| match sending.input.as_str() {
        "two" => Answer::Reply(says("something else")),
        other => Answer::Reply(says(other)),
    });
    let turns = [
        expects("one", "one"),
        expects("two", "two"),
        expects("three", "three"),
    ];
    let result = FakeRun::one(&backend, stable(turns)).await;
    assert_eq!(result.verdict, Verdict::Failed);
    assert_eq!(
        outcomes(&result.attempts[0]),
        [Outcome::Passed, Outcome::Failed, Outcome::Passed],
        "a wrong answer does not spoil the turns after it"
    );
    let mut sessions = backend.sessions();
    assert_eq!(result.attempts[0].session, sessions[2]);
    sessions.dedup();
    assert_eq!(sessions.len(), 3);
    assert_eq!(backend.inputs(), ["one", "two", "three"]);
    let first = [said("user", "one"), said("Front desk", "one")];
    let second = [said("user", "two"), said("Front desk", "two")];
    assert_eq!(
        histories(&backend),
        [Vec::new(), first.to_vec(), [first, second].concat()]
    );
}

#[tokio::test]
async fn stable_sessions_are_told_what_was_captured_and_forget_with_a_restart() {
    let remembers = Turn {
        capture: vec![capture("code", "reply", Some("code ([A-Z0-9]+)"))],
        history: Some(vec![HistoryMessage::text(
            "Front desk".to_owned(),
            "the code is on its way".to_owned(),
        )]),
        ..say("your code is code X7")
    };
    let asks = Turn {
        restart: true,
        ..expects("{{ code }} for Ann", "{{ code }} for Ann")
    };
    let backend = FakeBackend::echo();
    let turns = [
        remembers,
        expects("is it {{ code }}?", "is it {{ code }}?"),
        asks,
        say("bye"),
    ];
    let result = FakeRun::one(&backend, stable(turns)).await;
    assert_eq!(result.verdict, Verdict::Passed, "{:?}", result.reason);
    let first = said("Front desk", "the code is on its way");
    let second = [said("user", "is it X7?"), said("Front desk", "is it X7?")];
    assert_eq!(
        histories(&backend),
        [
            Vec::new(),
            vec![first.clone()],
            [vec![first], second.to_vec()].concat(),
            Vec::new()
        ]
    );
}

#[tokio::test]
async fn a_stable_session_is_not_opened_when_it_cannot_be_told() {
    let backend = FakeBackend::echo();
    let result = FakeRun::one(&backend, stable([say("one"), say("two")])).await;
    assert_eq!(result.verdict, Verdict::Errored);
    let error = result.attempts[0].error.as_ref().unwrap();
    assert_eq!(error.kind, "suite");
    assert!(error.message.contains("what was said in turn 1"), "{error:?}");
    assert_eq!(backend.inputs(), ["one"]);
}
