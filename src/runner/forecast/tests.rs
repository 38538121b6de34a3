//! Forecasts of conversations in memory.

use super::*;
use crate::model::suite::{Feedback, Rating, Repeat, Retries, Stubs, Turn};
use crate::runner::fake::{FakeSource, conversation, reply_is, say, with_turns};

fn look(
    conversations: Vec<Conversation>,
    target: PlannedTarget,
    jobs: usize,
    previous: Option<&Previous>,
) -> Forecast {
    let plan = Plan::new(0..conversations.len());
    let source = FakeSource::new(conversations);
    let targets = BTreeMap::from([("fake".to_owned(), target)]);
    let jobs = NonZeroUsize::new(jobs).unwrap();
    forecast(&plan, &source, &targets, jobs, previous, str::to_owned)
}

fn silence(seconds: u64) -> Turn {
    Turn {
        input: Input::SilentAudio(Duration::from_secs(seconds)),
        ..say("")
    }
}

/// A run in which the conversation `a` took 40 seconds for its four turns.
fn previous() -> Previous {
    let folder = tempfile::tempdir().unwrap();
    let turn = r#"{"sent":"yes"}"#;
    let line = format!(
        "{{\"format\":\"turnproof-journal/1\"}}\n{{\"suite\":\"suite\",\"name\":\"a\",\"target\":\"fake\",\"verdict\":\"passed\",\"attempts\":\
         [{{\"elapsed_ms\":40000,\"turns\":[{turn},{turn},{turn},{turn}]}}]}}\n"
    );
    std::fs::write(folder.path().join("journal.jsonl"), line).unwrap();
    Previous::read(folder.path()).unwrap().unwrap()
}

#[test]
fn turns_are_a_range() {
    let maybe = Turn {
        when: vec![reply_is("x")],
        ..say("perhaps")
    };
    let repeated = Conversation {
        repeat: Repeat {
            times: 3,
            at_least: 2,
        },
        retries: Retries {
            errored: 2,
            failed: 1,
        },
        ..with_turns("a", [say("one"), maybe])
    };
    let skipped = Conversation {
        skip: Some("not now".to_owned()),
        ..conversation("b")
    };
    let elsewhere = Conversation {
        only_on: vec!["other".to_owned()],
        ..conversation("c")
    };
    let seen = look(
        vec![repeated, skipped, elsewhere],
        PlannedTarget::default(),
        8,
        None,
    );
    assert_eq!((seen.conversations, seen.skipped, seen.unreadable), (1, 2, 0));
    let turns = Turns {
        least: 3,
        most: 6,
        with_retries: 24,
    };
    assert_eq!(seen.turns, turns);
    let [target] = &seen.targets[..] else {
        panic!("{seen:?}")
    };
    assert_eq!(
        (target.plays, target.characters, target.tools),
        (3, 3 * 10, false)
    );
    assert_eq!((seen.least_seconds, seen.likely_seconds), (0.0, None));
}

#[test]
fn a_rate_takes_its_time() {
    let target = PlannedTarget {
        requests_per_minute: Some(30.0),
        tokens_per_turn: Some(5_000),
        ..PlannedTarget::default()
    };
    let several = (0..4).map(|number| with_turns(&number.to_string(), [say("one"), say("two")]));
    let seen = look(several.collect(), target, 8, None);
    assert!(
        (seen.least_seconds - 14.0).abs() < 1e-6,
        "seven waits of two seconds: {seen:?}"
    );
    assert_eq!(seen.targets[0].tokens, Some(40_000));
}

#[test]
fn a_rating_is_a_request_and_no_turn() {
    let target = PlannedTarget {
        requests_per_minute: Some(60.0),
        ..PlannedTarget::default()
    };
    let rated = Turn {
        feedback: Some(Feedback {
            rating: Rating::ThumbsUp,
            reason: None,
            labels: Vec::new(),
        }),
        ..say("one")
    };
    let perhaps = Turn {
        when: vec![reply_is("x")],
        ..rated.clone()
    };
    let seen = look(vec![with_turns("a", [rated, perhaps])], target, 8, None);
    assert_eq!((seen.turns.least, seen.turns.most), (1, 2));
    assert_eq!(seen.targets[0].ratings, 2);
    assert!(
        (seen.least_seconds - 1.0).abs() < 1e-6,
        "a turn and its rating: {seen:?}"
    );
}

/// It was counted as one, so that a run at a rate took twice the time that its plan had told.
#[test]
fn a_turn_that_is_matched_first_makes_two_requests() {
    let target = |via| PlannedTarget {
        requests_per_minute: Some(60.0),
        via,
        ..PlannedTarget::default()
    };
    let of = |via: Option<Via>, own: Option<Via>| {
        let turn = Turn {
            via: own,
            ..say("one")
        };
        let seen = look(vec![with_turns("a", [turn, silence(0)])], target(via), 8, None);
        (seen.targets[0].requests.most, seen.least_seconds)
    };
    assert_eq!(of(None, None), (2, 1.0));
    assert_eq!(of(None, Some(Via::MatchThenFulfill)), (3, 2.0));
    assert_eq!(of(Some(Via::MatchThenFulfill), None), (3, 2.0), "sound is one");
    assert_eq!(of(Some(Via::MatchThenFulfill), Some(Via::Detect)), (2, 1.0));
}

#[test]
fn sound_takes_its_time_at_its_pace() {
    let target = PlannedTarget {
        audio: AudioSettings {
            pace: 2.0,
            ..AudioSettings::default()
        },
        ..PlannedTarget::default()
    };
    let several: Vec<Conversation> = (0..4)
        .map(|number| with_turns(&number.to_string(), [silence(10)]))
        .collect();
    let seen = look(several.clone(), target, 2, None);
    assert!((seen.targets[0].audio_seconds - 40.0).abs() < 1e-6);
    assert!(
        (seen.least_seconds - 10.0).abs() < 1e-6,
        "four times five seconds, two at once"
    );
    let one_at_once = PlannedTarget {
        sessions: NonZeroUsize::new(1),
        ..target
    };
    let seen = look(several, one_at_once, 8, None);
    assert!((seen.least_seconds - 20.0).abs() < 1e-6);
    let seen = look(vec![with_turns("long", [silence(10)])], target, 8, None);
    assert!(
        (seen.least_seconds - 5.0).abs() < 1e-6,
        "a conversation is not divided"
    );
}

#[test]
fn the_run_before_tells_how_long_agents_take() {
    let conversations = || {
        vec![
            with_turns("a", [say("1")]),
            with_turns("new", [say("1"), say("2")]),
        ]
    };
    let seen = look(conversations(), PlannedTarget::default(), 1, Some(&previous()));
    assert_eq!(seen.likely_seconds, Some(60.0), "40 s, and two turns of 10 s");
    let seen = look(conversations(), PlannedTarget::default(), 8, Some(&previous()));
    assert_eq!(seen.likely_seconds, Some(40.0), "both at once");
    let seen = look(
        conversations(),
        PlannedTarget::default(),
        8,
        Some(&Previous::default()),
    );
    assert_eq!(seen.likely_seconds, None);
    assert_eq!(
        look(Vec::new(), PlannedTarget::default(), 8, Some(&previous())).likely_seconds,
        None
    );
}

#[test]
fn tool_calls_are_announced() {
    let mut with_tools = with_turns("a", [say("1")]);
    with_tools.tools = vec![Stubs::default()];
    assert!(look(vec![with_tools], PlannedTarget::default(), 8, None).targets[0].tools);
}
