//! A quota that is used up: what is waited for, and who is slowed.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use super::*;
use crate::model::event::RunEvent;
use crate::runner::Limit;

#[tokio::test(start_paused = true)]
async fn a_used_up_quota_is_waited_for() {
    let backend = fails_once(BackendErrorKind::Quota);
    let played = FakeRun::new(&backend, [with_turns("a", [say("hi")])])
        .play()
        .await;
    let (least, most) = (Duration::from_secs(1), Duration::from_secs(2));
    assert!(least <= played.took && played.took <= most, "{:?}", played.took);
    assert_eq!(played.end.summary.recovered, 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_turn_is_not_sent_again_and_slows_all_conversations_of_the_target() {
    // Every turn after the fourth is refused for half a minute.
    let backend = FakeBackend::new(move |sending, before| match before {
        4..12 => Answer::Fails(BackendErrorKind::Quota, Sent::Yes),
        _ => Answer::Reply(says(&sending.input)),
    });
    let conversations = (0..8).map(|number| {
        let mut conversation = with_turns(&number.to_string(), [say("one"), say("two"), say("three")]);
        conversation.retries.errored = 3;
        conversation
    });
    let mut run = FakeRun::new(&backend, conversations).jobs(8);
    run.limit = Some(Limit::new("fake", None, 7));
    let played = run.play().await;
    assert_eq!(played.end.summary.passed, 8, "{:?}", played.end.summary);
    let sent = backend.sent.lock().unwrap();
    let mut seen = HashSet::new();
    for sending in sent.iter() {
        assert!(seen.insert((&sending.session, &sending.input)), "{sending:?}");
    }
    let [slowed] = &played.end.slowed[..] else {
        panic!("{:?}", played.end.slowed)
    };
    assert_eq!((slowed.target.as_str(), slowed.refused), ("fake", 8));
    assert!((1..=8).contains(&slowed.times), "{slowed:?}");
    assert!(
        slowed.elapsed_ms > 1000.0 && slowed.waited_ms > 1000.0,
        "{slowed:?}"
    );
    let told = played
        .events
        .iter()
        .filter(|event| matches!(event, RunEvent::Notice(_)));
    assert!(told.count() >= 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_a_quota_keeps_closed_slows_the_target_too() {
    let backend = FakeBackend::echo();
    backend.unopened.store(1, Ordering::SeqCst);
    let conversations = (0..60).map(|number| with_turns(&number.to_string(), [say("one"), say("two")]));
    let mut run = FakeRun::new(&backend, conversations);
    run.limit = Some(Limit::new("fake", Some(60.0), 7));
    let played = run.play().await;
    assert_eq!((played.end.summary.passed, played.end.summary.recovered), (60, 1));
    assert!(played.was_slowed_once(), "{:?}", played.end.slowed);
    let told = played.events.iter().filter_map(|event| match event {
        RunEvent::Notice(told) => Some(told.contains("back at full pace")),
        _ => None,
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [false, true],
        "it recovers as it does from a turn"
    );
    // Opening a session is no request of its own: 120 turns, and the slow ones among them.
    assert!((120..180).contains(&played.took.as_secs()), "{:?}", played.took);
}
