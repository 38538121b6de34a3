//! What a run as a whole does: how much at once, when it stops, and what it tells.

use std::time::Duration;

use Verdict::{Failed, NotRun, Passed, Skipped};

use super::*;
use crate::backend::error::BackendErrorKind;
use crate::model::outcome::{AttemptOutcome, Sent};
use crate::model::suite::Conversation;
use crate::runner::fake::{
    Answer, FakeBackend, FakeRun, Played, conversation, expects, say, says, with_turns,
};
use crate::runner::{Cancellation, Limit};

const SECOND: Duration = Duration::from_secs(1);

fn verdicts(played: &Played) -> Vec<Verdict> {
    played.results.iter().map(|result| result.verdict).collect()
}

fn several(count: usize) -> impl Iterator<Item = Conversation> {
    (0..count).map(|number| with_turns(&format!("{number:03}"), [say("one"), say("two")]))
}

/// Answers after a second.
fn slow() -> std::sync::Arc<FakeBackend> {
    FakeBackend::new(|sending, _| Answer::Late(SECOND, says(&sending.input)))
}

#[tokio::test]
async fn everything_is_played_counted_and_told() {
    let backend = FakeBackend::echo();
    let mut conversations: Vec<Conversation> = several(2).collect();
    conversations.push(with_turns("002", [expects("yes", "no")]));
    conversations.push(Conversation {
        skip: Some("not now".to_owned()),
        ..conversation("003")
    });
    let played = FakeRun::new(&backend, conversations).jobs(4).play().await;
    assert_eq!(verdicts(&played), [Passed, Passed, Failed, Skipped]);
    let summary = played.end.summary;
    assert_eq!((summary.passed, summary.failed, summary.skipped), (2, 1, 1));
    assert_eq!((summary.turns, summary.expectations), (5, 1));
    assert_eq!(played.end.cancelled, None);
    let told = |wanted: fn(&RunEvent) -> bool| played.events.iter().filter(|event| wanted(event)).count();
    assert!(matches!(played.events[0], RunEvent::Started { total: 4, .. }));
    assert_eq!(
        told(|event| matches!(event, RunEvent::ConversationStarted { .. })),
        4
    );
    assert_eq!(
        told(|event| matches!(event, RunEvent::ConversationFinished(_))),
        4
    );
    assert_eq!(told(|event| matches!(event, RunEvent::Cancelled(_))), 0);
}

#[tokio::test]
async fn nothing_to_play_is_a_run_of_nothing() {
    let played = FakeRun::new(&FakeBackend::echo(), []).play().await;
    assert_eq!(played.end.summary, Summary::default());
    assert!(played.results.is_empty());
}

#[tokio::test(start_paused = true)]
async fn as_many_at_once_as_there_are_jobs() {
    let backend = slow();
    let played = FakeRun::new(&backend, several(10)).jobs(4).play().await;
    assert_eq!(backend.most_open.load(std::sync::atomic::Ordering::SeqCst), 4);
    assert_eq!(
        played.took,
        SECOND * 2 * 3,
        "ten conversations of two seconds, four at a time"
    );
}

#[tokio::test(start_paused = true)]
async fn the_rate_limit_holds_for_all_together_and_is_no_ones_time_out() {
    let backend = FakeBackend::echo();
    let mut run = FakeRun::new(&backend, several(50)).jobs(50);
    run.limit = Some(Limit::new("fake", Some(60.0), 7));
    let played = run.play().await;
    assert_eq!(played.end.summary.passed, 50);
    let sent = backend.sent.lock().unwrap();
    let mut times: Vec<u64> = sent
        .iter()
        .map(|sending| sending.at.elapsed().as_secs())
        .collect();
    times.sort_unstable();
    times.dedup();
    assert_eq!(times.len(), 100, "one request a second");
}

#[tokio::test]
async fn after_too_many_failures_nothing_new_starts() {
    let backend = FakeBackend::echo();
    let conversations = ["0", "1", "2", "3"].map(|name| with_turns(name, [expects("yes", "no")]));
    let played = FakeRun::new(&backend, conversations).max_failures(2).play().await;
    assert_eq!(verdicts(&played), [Failed, Failed, NotRun, NotRun]);
    assert_eq!(backend.sessions().len(), 2);
    assert_eq!(played.end.cancelled, Some(CancelReason::Failures));
    assert_eq!(played.end.summary.not_run, 2);
    let reason = played.results[3].reason.as_deref().unwrap();
    assert!(reason.contains("too many failures"), "{reason}");
    assert!(played.results[3].attempts.is_empty());
}

#[tokio::test(start_paused = true)]
async fn when_the_time_of_the_run_is_up_what_was_said_is_kept() {
    let backend = FakeBackend::new(|sending, _| match sending.input.as_str() {
        "never" => Answer::Never,
        input => Answer::Reply(says(input)),
    });
    let conversations = [
        with_turns("0", [say("one"), say("never")]),
        with_turns("1", [expects("one", "two"), say("never")]),
        with_turns("2", [say("one")]),
    ];
    let mut run = FakeRun::new(&backend, conversations).jobs(2);
    run.options.timeout = Some(SECOND * 3);
    let played = run.play().await;
    assert_eq!(played.took, SECOND * 3);
    assert_eq!(verdicts(&played), [NotRun, Failed, NotRun]);
    assert_eq!(played.end.cancelled, Some(CancelReason::Timeout));
    let cut_short = &played.results[0].attempts[0];
    assert_eq!(cut_short.outcome, AttemptOutcome::Cancelled);
    assert_eq!(cut_short.error.as_ref().unwrap().kind, "cancelled");
    assert_eq!(cut_short.turns.len(), 2);
    assert_eq!(cut_short.turns[0].reply.as_ref().unwrap().texts, ["one"]);
    assert_eq!(cut_short.turns[1].sent, Sent::Unknown);
    assert!(cut_short.turns[1].reply.is_none());
    assert!(matches!(
        played
            .events
            .iter()
            .find(|event| matches!(event, RunEvent::Cancelled(_))),
        Some(RunEvent::Cancelled(CancelReason::Timeout))
    ));
}

#[tokio::test]
async fn ctrl_c_while_it_winds_down_is_ctrl_c() {
    let cancellation = Cancellation::new();
    let stops = cancellation.clone();
    let backend = FakeBackend::new(move |_, _| {
        stops.cancel(CancelReason::Timeout);
        stops.cancel(CancelReason::Interrupted);
        Answer::Never
    });
    let mut run = FakeRun::new(&backend, several(3)).jobs(2);
    run.cancellation = cancellation;
    let played = run.play().await;
    assert_eq!(played.end.cancelled, Some(CancelReason::Interrupted));
    assert_eq!(played.end.summary.not_run, 3);
}

#[tokio::test]
async fn a_run_stopped_before_it_starts_plays_nothing() {
    let backend = FakeBackend::echo();
    let run = FakeRun::new(&backend, several(3));
    run.cancellation.cancel(CancelReason::Terminated);
    let played = run.play().await;
    assert_eq!(played.end.summary.not_run, 3);
    assert!(backend.sessions().is_empty());
    assert!(
        played
            .events
            .iter()
            .any(|event| matches!(event, RunEvent::Cancelled(CancelReason::Terminated)))
    );
}

#[tokio::test(start_paused = true)]
async fn no_retry_starts_after_a_stop() {
    let backend = FakeBackend::new(|_, _| Answer::Fails(BackendErrorKind::Quota, Sent::Yes));
    let run = FakeRun::new(&backend, several(1));
    let cancellation = run.cancellation.clone();
    let playing = tokio::spawn(run.play());
    tokio::time::sleep(Duration::from_millis(500)).await;
    cancellation.cancel(CancelReason::Interrupted);
    let played = playing.await.unwrap();
    assert_eq!(played.took, Duration::from_millis(500));
    assert_eq!(backend.sessions().len(), 1);
    assert_eq!(
        verdicts(&played),
        [Verdict::Errored],
        "the one attempt there was says more than `not run`"
    );
}

#[tokio::test]
async fn flaky_counts_as_failed_only_when_asked() {
    for (fail_on_flaky, not_run) in [(false, 0), (true, 1)] {
        let backend = FakeBackend::new(|_, before| Answer::Reply(says(&before.to_string())));
        let mut flaky = with_turns("0", [expects("which?", "1")]);
        flaky.retries.failed = 1;
        let mut run = FakeRun::new(&backend, [flaky, with_turns("1", [say("one")])]).max_failures(1);
        run.options.fail_on_flaky = fail_on_flaky;
        let summary = run.play().await.end.summary;
        assert_eq!((summary.flaky, summary.not_run), (1, not_run));
    }
}

#[tokio::test]
async fn a_conversation_that_brings_its_task_down_takes_no_other_with_it() {
    let backend = FakeBackend::new(|sending, _| {
        assert_ne!(sending.input, "boom");
        Answer::Reply(says("fine"))
    });
    let conversations = [with_turns("0", [say("boom")]), with_turns("1", [say("one")])];
    let played = FakeRun::new(&backend, conversations).play().await;
    assert_eq!(verdicts(&played), [Verdict::Errored, Verdict::Passed]);
    assert!(
        played.results[0]
            .reason
            .as_deref()
            .unwrap()
            .contains("please report it")
    );
}

#[tokio::test]
async fn what_is_to_be_hidden_reaches_neither_journal_nor_listener() {
    let backend = FakeBackend::echo();
    let mut run = FakeRun::new(
        &backend,
        [with_turns("with s3cret", [expects("my s3cret", "other")])],
    );
    run.redactor.hide_secret("s3cret");
    let played = run.play().await;
    let written = serde_json::to_string(&played.results).unwrap();
    assert!(
        written.contains("[redacted]") && !written.contains("s3cret"),
        "{written}"
    );
    assert!(!format!("{:?}", played.events).contains("s3cret"));
}

#[tokio::test(start_paused = true)]
async fn when_no_turns_are_left_what_has_begun_is_played_to_its_end() {
    let backend = slow();
    let mut run = FakeRun::new(&backend, several(5)).jobs(2);
    run.allowance = crate::runner::Allowance::new(Some(5));
    let played = run.play().await;
    assert_eq!(verdicts(&played), [Passed, Passed, NotRun, NotRun, NotRun]);
    assert_eq!(
        backend.inputs().len(),
        4,
        "the fifth turn would have been half a conversation"
    );
    assert_eq!(played.end.cancelled, Some(CancelReason::MaxTurns));
    let reason = played.results[4].reason.as_deref().unwrap();
    assert!(reason.contains("turns"), "{reason}");
    let told = played
        .events
        .iter()
        .filter(|event| matches!(event, RunEvent::Cancelled(_)));
    assert_eq!(told.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn turns_of_retries_and_repetitions_count() {
    let failing = Conversation {
        retries: crate::model::suite::Retries {
            errored: 0,
            failed: 9,
        },
        ..with_turns("a", [expects("one", "two")])
    };
    let repeated = Conversation {
        repeat: crate::model::suite::Repeat {
            times: 9,
            at_least: 9,
        },
        ..with_turns("a", [say("one")])
    };
    for (conversation, verdict) in [(failing, Failed), (repeated, NotRun)] {
        let backend = FakeBackend::echo();
        let mut run = FakeRun::new(&backend, [conversation]);
        run.allowance = crate::runner::Allowance::new(Some(3));
        let played = run.play().await;
        assert_eq!(backend.inputs().len(), 3);
        assert_eq!(verdicts(&played), [verdict]);
        assert_eq!(played.results[0].attempts.len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn turns_that_were_not_sent_are_given_to_others() {
    // The agent ends the conversation after the first of three turns.
    let backend = FakeBackend::new(|sending, _| {
        Answer::Reply(crate::model::transcript::AgentReply {
            ended: Some(crate::model::Map::new()),
            ..says(&sending.input)
        })
    });
    let conversations =
        ["0", "1", "2", "3"].map(|name| with_turns(name, [say("one"), say("two"), say("three")]));
    let mut run = FakeRun::new(&backend, conversations);
    run.allowance = crate::runner::Allowance::new(Some(5));
    let played = run.play().await;
    assert_eq!(verdicts(&played), [Failed, Failed, Failed, NotRun]);
}

#[tokio::test(start_paused = true)]
async fn after_the_time_to_begin_what_has_begun_is_played_to_its_end() {
    let backend = slow();
    let mut run = FakeRun::new(&backend, several(5)).jobs(2);
    run.options.max_duration = Some(SECOND * 3);
    let played = run.play().await;
    assert_eq!(verdicts(&played), [Passed, Passed, Passed, Passed, NotRun]);
    assert_eq!(played.took, SECOND * 4);
    assert_eq!(played.end.cancelled, Some(CancelReason::MaxDuration));

    let mut run = FakeRun::new(&slow(), several(2)).jobs(2);
    run.options.max_duration = Some(SECOND);
    let played = run.play().await;
    assert_eq!(played.end.cancelled, None, "nothing was left out");
    assert_eq!(played.end.summary.passed, 2);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_time_comes_after_the_time_to_begin() {
    let backend = FakeBackend::new(|_, _| Answer::Never);
    let mut run = FakeRun::new(&backend, several(3)).jobs(2);
    run.options.max_duration = Some(SECOND);
    run.options.timeout = Some(SECOND * 3);
    let played = run.play().await;
    assert_eq!(played.took, SECOND * 3);
    assert_eq!(verdicts(&played), [NotRun, NotRun, NotRun]);
    assert_eq!(played.end.cancelled, Some(CancelReason::Timeout));
}

#[tokio::test(start_paused = true)]
async fn a_target_holds_no_more_conversations_than_it_may() {
    let backend = slow();
    let mut run = FakeRun::new(&backend, several(9)).jobs(8);
    run.sessions = std::num::NonZeroUsize::new(3);
    let played = run.play().await;
    assert_eq!(played.end.summary.passed, 9);
    assert_eq!(backend.most_open.load(std::sync::atomic::Ordering::SeqCst), 3);
    assert_eq!(played.took, SECOND * 2 * 3);
}
