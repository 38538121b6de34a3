//! What playing one conversation does: retries, turns, tool calls, time.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::backend::error::BackendErrorKind;
use crate::model::outcome::{ConversationResult, Sent, Verdict};
use crate::model::suite::{
    Capture, DateMatcher, Expectation, Matcher, Repeat, StubResponse, StubRule, Stubs, Turn,
};
use crate::model::transcript::{CallSource, ToolCall};
use crate::model::{Map, Value};
use crate::runner::fake::{
    Answer, FakeBackend, FakeRun, calls, conversation, expectation, expects, location, outcomes, reply_is,
    say, says, with_turns,
};

mod quota;
mod stable;

/// Fails the first request with this kind of error, and then says back what it hears.
fn fails_once(kind: BackendErrorKind) -> Arc<FakeBackend> {
    FakeBackend::new(move |sending, before| match before {
        0 => Answer::Fails(kind, Sent::Unknown),
        _ => Answer::Reply(says(&sending.input)),
    })
}

fn ends() -> AgentReply {
    AgentReply {
        ended: Some(Map::new()),
        ..says("bye")
    }
}

fn failures(result: &ConversationResult) -> Vec<Vec<String>> {
    let attempt = result.attempts.last().unwrap();
    attempt.turns.iter().map(|turn| turn.failures.clone()).collect()
}

#[tokio::test]
async fn an_error_of_the_network_is_tried_again_in_a_new_session() {
    let backend = fails_once(BackendErrorKind::Service);
    let result = FakeRun::one(&backend, with_turns("a", [expects("hi", "hi")])).await;
    assert_eq!((result.verdict, result.recovered), (Verdict::Passed, 1));
    assert_eq!(result.attempts[0].outcome, AttemptOutcome::Errored);
    assert_eq!(result.attempts[0].turns[0].sent, Sent::Unknown);
    assert_eq!(result.attempts[0].error.as_ref().unwrap().kind, "service");
    let sessions = backend.sessions();
    assert_eq!(sessions.len(), 2);
    assert_ne!(sessions[0], sessions[1]);
    assert_eq!(result.attempts[1].session, sessions[1]);
    assert_eq!(sessions[0].len(), 36);
}

/// The answer to its call was sent to a session that was over, and refused.
#[tokio::test]
async fn an_agent_that_hangs_up_is_answered_no_more() {
    let backend = FakeBackend::new(|sending, _| {
        Answer::Reply(AgentReply {
            ended: Some(Map::new()),
            ..calls(lookup(&sending.input))
        })
    });
    let result = FakeRun::one(&backend, with_turns("a", [say("bye")])).await;
    assert_eq!(result.verdict, Verdict::Passed);
    assert_eq!(backend.inputs(), ["bye"]);
}

#[tokio::test]
async fn what_another_session_cannot_mend_is_not_tried_again() {
    for kind in [
        BackendErrorKind::Auth,
        BackendErrorKind::Request,
        BackendErrorKind::Protocol,
    ] {
        let backend = fails_once(kind);
        let result = FakeRun::one(&backend, with_turns("a", [say("hi"), say("again")])).await;
        assert_eq!(result.verdict, Verdict::Errored, "{kind:?}");
        assert_eq!(result.reason.as_deref(), Some("turn 1: the fake fails"));
        assert_eq!(
            backend.inputs(),
            ["hi"],
            "the turn after an unknown one is not played"
        );
    }
}

#[tokio::test]
async fn a_failed_turn_does_not_stop_the_conversation() {
    let turns = [expects("one", "other"), expects("two", "two")];
    let result = FakeRun::one(&FakeBackend::echo(), with_turns("a", turns)).await;
    assert_eq!(result.verdict, Verdict::Failed);
    assert_eq!(outcomes(&result.attempts[0]), [Outcome::Failed, Outcome::Passed]);
    let reason = result.reason.unwrap();
    assert!(reason.starts_with("turn 1: reply: "), "{reason}");
}

#[tokio::test]
async fn a_failure_that_was_seen_stands_when_an_error_follows() {
    let backend = FakeBackend::new(|sending, _| match sending.input.as_str() {
        "two" => Answer::Fails(BackendErrorKind::Service, Sent::Yes),
        other => Answer::Reply(says(other)),
    });
    let result = FakeRun::one(&backend, with_turns("a", [expects("one", "other"), say("two")])).await;
    assert_eq!(result.verdict, Verdict::Failed);
    assert_eq!(result.attempts.len(), 1, "a failure is not retried unless asked");
    assert_eq!(result.attempts[0].error.as_ref().unwrap().kind, "service");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_not_answered_in_time_is_unknown() {
    let backend = FakeBackend::new(|_, _| Answer::Never);
    let played = FakeRun::new(&backend, [with_turns("a", [say("hi")])])
        .play()
        .await;
    assert_eq!(
        played.took,
        Duration::from_secs(20),
        "two attempts of ten seconds"
    );
    let result = &played.results[0];
    assert_eq!(result.verdict, Verdict::Errored);
    assert_eq!(result.reason.as_deref(), Some("turn 1: no answer within 10s"));
    assert_eq!(result.attempts[0].turns[0].sent, Sent::Unknown);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_does_not_end_in_time_is_unknown() {
    let backend = FakeBackend::new(|_, _| Answer::Late(Duration::from_secs(9), says("slow")));
    let mut endless = with_turns("a", (0..10).map(|_| say("more")));
    endless.retries.errored = 0;
    let played = FakeRun::new(&backend, [endless]).play().await;
    assert_eq!(played.took, Duration::from_mins(1));
    let error = played.results[0].attempts[0].error.as_ref().unwrap();
    assert_eq!(error.message, "the conversation did not end within 60s");
    assert_eq!(played.results[0].attempts[0].turns.len(), 7);
}

#[tokio::test]
async fn what_cannot_be_observed_is_an_error_unless_it_need_not_be() {
    let intent = |required| Expectation {
        required,
        ..expectation(Check::Page(Matcher::Is(json!("Start"))))
    };
    for (required, verdict) in [(true, Verdict::Errored), (false, Verdict::Passed)] {
        let mut turn = say("hi");
        turn.expect = vec![intent(required), reply_is("hi")];
        let backend = FakeBackend::echo();
        let result = FakeRun::one(&backend, with_turns("a", [turn, say("more")])).await;
        assert_eq!(result.verdict, verdict);
        assert_eq!(
            result.attempts.len(),
            1,
            "another session would not show it either"
        );
        assert_eq!(backend.inputs().len(), if required { 1 } else { 2 });
    }
}

#[tokio::test]
async fn turns_after_the_end_have_failed() {
    let backend = FakeBackend::new(|sending, _| match sending.input.as_str() {
        "stop" => Answer::Reply(ends()),
        other => Answer::Reply(says(other)),
    });
    let turns = [say("stop"), say("two"), say("three")];
    let result = FakeRun::one(&backend, with_turns("a", turns)).await;
    assert_eq!(result.verdict, Verdict::Failed);
    let after = ["the agent ended the conversation after turn 1".to_owned()];
    assert_eq!(failures(&result), [&[][..], &after, &after]);
    assert_eq!(result.attempts[0].turns[2].sent, Sent::No);
    assert_eq!(backend.inputs(), ["stop"]);
}

#[tokio::test]
async fn a_restart_goes_on_in_a_new_session() {
    let backend = FakeBackend::new(|sending, _| match sending.input.as_str() {
        "stop" => Answer::Reply(ends()),
        other => Answer::Reply(says(other)),
    });
    let stop = Turn {
        restart: true,
        ..say("stop")
    };
    let result = FakeRun::one(
        &backend,
        with_turns("a", [say("one"), stop, expects("two", "two")]),
    )
    .await;
    assert_eq!(result.verdict, Verdict::Passed);
    let sent = backend.sent.lock().unwrap();
    assert_eq!(sent[0].session, sent[1].session);
    assert_ne!(sent[1].session, sent[2].session);
    assert_eq!(result.attempts.len(), 1);
    assert_eq!(result.attempts[0].session, sent[2].session);
}

#[tokio::test]
async fn a_turn_is_skipped_when_its_condition_does_not_hold() {
    let when = |reply: &str| Turn {
        when: vec![reply_is(reply)],
        ..say("maybe")
    };
    let backend = FakeBackend::echo();
    let result = FakeRun::one(&backend, with_turns("a", [say("one"), when("two"), when("one")])).await;
    assert_eq!(result.verdict, Verdict::Passed);
    assert_eq!(backend.inputs(), ["one", "maybe"]);
    let skipped: Vec<bool> = result.attempts[0]
        .turns
        .iter()
        .map(|turn| turn.skipped.is_some())
        .collect();
    assert_eq!(skipped, [false, true, false]);
}

/// `{{ today }}` was a day of the conversation's time zone, and `from_today: 0` one of the turn's.
#[tokio::test]
async fn templates_and_expectations_of_a_turn_have_one_today() {
    let today = |time_zone: &str| {
        let mut turn = say("{{ today }}");
        Arc::make_mut(&mut turn.with).time_zone = Some(time_zone.to_owned());
        let days = Matcher::Date(DateMatcher::FromToday(json!(0)));
        turn.expect = vec![expectation(Check::Reply(days))];
        turn
    };
    let backend = FakeBackend::echo();
    let mut asked = with_turns("a", [today("Asia/Tokyo"), today("Europe/Paris")]);
    asked.clock = Some(DateTime::parse_from_rfc3339("2026-03-02T22:30:00Z").unwrap());
    let result = FakeRun::one(&backend, asked).await;
    assert_eq!(result.verdict, Verdict::Passed, "{:?}", result.reason);
    assert_eq!(backend.inputs(), ["2026-03-03", "2026-03-02"]);
}

/// It was skipped, and the conversation passed without having asked anything.
#[tokio::test]
async fn a_condition_that_is_wrong_in_itself_makes_the_conversation_errored() {
    let turn = Turn {
        when: vec![expectation(Check::Reply(Matcher::Contains(json!(""))))],
        ..expects("two", "other")
    };
    let backend = FakeBackend::echo();
    let result = FakeRun::one(&backend, with_turns("a", [say("one"), turn])).await;
    assert_eq!(result.verdict, Verdict::Errored);
    let error = result.attempts[0].error.as_ref().unwrap();
    assert_eq!(error.kind, "suite");
    let told =
        "`when` cannot be decided: reply: `contains` has an empty text to look for, which is everywhere";
    assert_eq!(error.message, told);
    assert_eq!(result.attempts.len(), 1, "another session would not help");
    assert_eq!(backend.inputs(), ["one"]);
}

fn lookup(id: &str) -> ToolCall {
    let Value::Object(args) = json!({ "order": id }) else {
        unreachable!("an object")
    };
    ToolCall {
        id: format!("call-{id}"),
        tool: "lookup".to_owned(),
        args,
        response: None,
        source: CallSource::Client,
        agent: None,
    }
}

fn stub(when: Option<Matcher>, respond: StubResponse) -> Stubs {
    Stubs {
        by_name: Arc::new([(
            "lookup".to_owned(),
            vec![StubRule {
                location: location(9),
                when,
                respond,
            }],
        )]),
    }
}

fn answer(value: Value) -> StubResponse {
    let Value::Object(members) = value else {
        unreachable!("an object")
    };
    StubResponse::Answer(members)
}

/// Calls `lookup` for what the user says, and says what the tool answers.
fn looks_up() -> Arc<FakeBackend> {
    FakeBackend::new(|sending, _| match sending.request.input {
        crate::backend::TurnInput::User(_)
        | crate::backend::TurnInput::Speech(_)
        | crate::backend::TurnInput::Attached { .. } => Answer::Reply(calls(lookup(&sending.input))),
        crate::backend::TurnInput::ToolResults(_) => Answer::Reply(says(&sending.input)),
    })
}

#[tokio::test]
async fn a_tool_call_is_answered_within_its_turn_by_the_nearest_stub() {
    let only_a1 = Matcher::Subset(vec![(
        "args".to_owned(),
        Matcher::Subset(vec![("order".to_owned(), Matcher::Is(json!("A1")))]),
    )]);
    let turn = |order: &str, reply: &str| Turn {
        answers: Some(stub(Some(only_a1.clone()), answer(json!({"status": "shipped"})))),
        ..expects(order, reply)
    };
    let mut asked = with_turns(
        "a",
        [
            turn("A1", r#"lookup = {"status":"shipped"}"#),
            turn("B2", "lookup failed: not found"),
        ],
    );
    asked.tools = vec![stub(None, answer(json!({"error": "not found"})))];
    let backend = looks_up();
    let result = FakeRun::one(&backend, asked).await;
    assert_eq!(result.verdict, Verdict::Passed, "{:?}", result.reason);
    let turns = &result.attempts[0].turns;
    assert_eq!(turns.len(), 2);
    assert_eq!(turns[0].calls[0].response, Some(json!({"status": "shipped"})));
    assert_eq!(turns[1].calls[0].response, Some(json!({"error": "not found"})));
    assert_eq!(turns[0].latency_ms.total.to_string(), "2");
    assert_eq!(backend.inputs().len(), 4);
}

#[tokio::test]
async fn a_call_that_nothing_answers_fails_the_turn_and_is_named() {
    let backend = looks_up();
    let result = FakeRun::one(&backend, with_turns("a", [say("A1")])).await;
    assert_eq!(result.verdict, Verdict::Failed);
    assert_eq!(
        result.reason.as_deref(),
        Some(r#"turn 1: nothing answers the tool call `lookup` with {"order":"A1"}"#)
    );
    assert_eq!(result.attempts[0].turns[0].calls.len(), 1);
}

#[tokio::test]
async fn an_agent_that_only_calls_tools_is_stopped() {
    let backend = FakeBackend::new(|_, before| Answer::Reply(calls(lookup(&before.to_string()))));
    let mut endless = with_turns("a", [say("go")]);
    endless.tools = vec![stub(None, answer(json!({})))];
    let result = FakeRun::one(&backend, endless).await;
    assert_eq!(result.verdict, Verdict::Failed);
    assert_eq!(backend.inputs().len(), 33);
    assert!(failures(&result)[0][0].contains("32 rounds"));
}

#[tokio::test(start_paused = true)]
async fn a_late_tool_takes_its_time_but_not_more_than_the_turn_has() {
    let late = |seconds| StubResponse::Delayed {
        delay: Duration::from_secs(seconds),
        then: Box::new(StubResponse::Status(503)),
    };
    for (seconds, took, reply) in [(4, 4, Some("lookup failed: HTTP status 503")), (30, 10, None)] {
        let mut slow = with_turns("a", [say("A1")]);
        slow.tools = vec![stub(None, late(seconds))];
        slow.retries.errored = 0;
        let played = FakeRun::new(&looks_up(), [slow]).play().await;
        assert_eq!(played.took, Duration::from_secs(took));
        let turn = &played.results[0].attempts[0].turns[0];
        let said = turn.reply.as_ref().and_then(|reply| reply.texts.first());
        assert_eq!(said.map(String::as_str), reply);
        assert_eq!(turn.sent, Sent::Yes);
        assert_eq!(turn.calls.len(), 1);
    }
}

#[tokio::test]
async fn every_play_of_a_repeat_has_a_session_of_its_own() {
    let backend = FakeBackend::new(|_, before| Answer::Reply(says(&before.to_string())));
    let mut repeated = with_turns("a", [expects("go", "1")]);
    repeated.repeat = Repeat {
        times: 3,
        at_least: 1,
    };
    let result = FakeRun::one(&backend, repeated.clone()).await;
    assert_eq!(result.verdict, Verdict::Passed);
    let plays: Vec<u32> = result.attempts.iter().map(|attempt| attempt.play).collect();
    assert_eq!(plays, [1, 2, 3]);
    let mut sessions = backend.sessions();
    sessions.dedup();
    assert_eq!(sessions.len(), 3);
    repeated.repeat.at_least = 2;
    let result = FakeRun::one(&FakeBackend::echo(), repeated).await;
    assert_eq!(result.verdict, Verdict::Failed);
    let reason = result.reason.unwrap();
    assert!(
        reason.starts_with("0 of 3 plays passed, 2 must: turn 1: reply: "),
        "{reason}"
    );
}

#[tokio::test]
async fn a_known_issue_that_passes_has_failed() {
    let known = |reply: &str| Conversation {
        known_issue: Some("https://tracker.example/42".to_owned()),
        ..with_turns("a", [expects("hi", reply)])
    };
    let passes = FakeRun::one(&FakeBackend::echo(), known("hi")).await;
    assert_eq!(passes.verdict, Verdict::Failed);
    assert!(
        passes
            .reason
            .unwrap()
            .starts_with("passes now: remove known_issue")
    );
    let fails = FakeRun::one(&FakeBackend::echo(), known("other")).await;
    assert_eq!(fails.verdict, Verdict::Skipped);
    assert_eq!(fails.known_issue.as_deref(), Some("https://tracker.example/42"));
    assert_eq!(
        fails.reason.as_deref(),
        Some("known issue: https://tracker.example/42")
    );
}

#[tokio::test]
async fn what_is_not_meant_for_the_target_is_skipped() {
    let elsewhere = Conversation {
        only_on: vec!["staging".to_owned(), "live".to_owned()],
        ..conversation("a")
    };
    let backend = FakeBackend::echo();
    let result = FakeRun::one(&backend, elsewhere).await;
    assert_eq!(result.verdict, Verdict::Skipped);
    assert_eq!(
        result.reason.as_deref(),
        Some("only on staging, live; this is fake")
    );
    let here = Conversation {
        only_on: vec!["fake".to_owned()],
        ..with_turns("a", [say("hi")])
    };
    assert_eq!(FakeRun::one(&backend, here).await.verdict, Verdict::Passed);
}

#[tokio::test]
async fn expectations_about_the_whole_conversation_count() {
    let mut whole = with_turns("a", [say("one"), say("two")]);
    whole.expect = vec![expectation(Check::Reply(Matcher::Contains(json!("three"))))];
    let result = FakeRun::one(&FakeBackend::echo(), whole).await;
    assert_eq!(result.verdict, Verdict::Failed);
    let reason = result.reason.unwrap();
    assert!(reason.starts_with("conversation: reply: "), "{reason}");
}

#[tokio::test]
async fn the_start_goes_with_every_session() {
    let backend = FakeBackend::echo();
    let mut started = with_turns("a", [say("one"), say("two")]);
    started.start.parameters.insert("tier".to_owned(), json!("gold"));
    started.stubs.webhooks = vec![stub(None, answer(json!({})))];
    FakeRun::one(&backend, started).await;
    let opened = backend.opened.lock().unwrap();
    assert_eq!(opened.len(), 1, "one session for both turns");
    assert_eq!(opened[0].start.parameters["tier"], "gold");
    assert_eq!(opened[0].stubs.webhooks.len(), 1);
}

fn capture(name: &str, from: &str, matches: Option<&str>) -> Capture {
    Capture {
        name: name.to_owned(),
        line: 7,
        from: from.to_owned(),
        matches: matches.map(str::to_owned),
    }
}

#[tokio::test]
async fn what_was_captured_is_said_expected_and_answered_later() {
    let remembers = Turn {
        capture: vec![capture("code", "reply", Some("code ([A-Z0-9]+)"))],
        ..say("your code is code X7")
    };
    let asks = expects("{{ code }} for Ann", r#"lookup = {"code":"{{ code }}"}"#);
    let mut asked = with_turns("a", [remembers, asks]);
    asked.tools = vec![stub(None, answer(json!({"code": "{{ code }}"})))];
    let backend = FakeBackend::new(|sending, before| match before {
        1 => Answer::Reply(calls(lookup(&sending.input))),
        _ => Answer::Reply(says(&sending.input)),
    });
    let result = FakeRun::one(&backend, asked).await;
    assert_eq!(result.verdict, Verdict::Passed, "{:?}", result.reason);
    assert_eq!(backend.inputs()[1], "X7 for Ann");
    assert_eq!(result.attempts[0].turns[1].input, json!({"say": "X7 for Ann"}));
}

#[tokio::test]
async fn what_was_not_captured_fails_the_turns_that_need_it() {
    let remembers = Turn {
        capture: vec![capture("code", "reply", Some("code ([A-Z0-9]+)"))],
        ..say("no such thing")
    };
    let backend = FakeBackend::echo();
    let conversation = with_turns("a", [remembers, say("{{ code }}"), say("bye")]);
    let result = FakeRun::one(&backend, conversation).await;
    assert_eq!(result.verdict, Verdict::Failed);
    let failures = failures(&result);
    assert!(
        failures[0][0].starts_with("`code` was not captured: "),
        "{failures:?}"
    );
    let told = "`code` has no value: nothing was captured for it before this turn";
    assert_eq!(failures[1], [told]);
    assert_eq!(backend.inputs(), ["no such thing", "bye"]);
    assert_eq!(result.attempts[0].turns[1].sent, Sent::No);
}

#[tokio::test]
async fn a_capture_that_cannot_be_observed_is_errored_not_failed() {
    let remembers = Turn {
        capture: vec![capture("here", "page", None)],
        ..say("where am I?")
    };
    let backend = FakeBackend::echo();
    let conversation = with_turns("a", [remembers.clone(), say("{{ here }}")]);
    let result = FakeRun::one(&backend, conversation).await;
    assert_eq!(result.verdict, Verdict::Errored, "{:?}", result.reason);
    let error = result.attempts[0].error.clone().unwrap();
    assert_eq!(error.kind, "unobservable");
    assert!(
        error
            .message
            .starts_with("`here` was not captured: page cannot be captured"),
        "{error:?}"
    );
    assert!(error.hint.is_some_and(|hint| hint.contains("only_on")));
    assert_eq!(backend.inputs(), ["where am I?"], "what comes later may need it");

    let fails = Turn {
        expect: vec![reply_is("something else")],
        ..remembers
    };
    let result = FakeRun::one(&backend, with_turns("a", [fails])).await;
    assert_eq!(
        result.verdict,
        Verdict::Failed,
        "what was seen to fail has failed"
    );
}

#[tokio::test]
async fn what_the_agent_said_is_no_template_in_answers_either() {
    let remembers = Turn {
        capture: vec![capture("code", "reply", None)],
        ..say("hello")
    };
    let mut asks = expects("what?", r#"lookup = {"code":"{{ code }}"}"#);
    asks.answers = Some(stub(None, answer(json!({"code": "{{ code }}"}))));
    let backend = FakeBackend::new(|sending, before| match before {
        0 => Answer::Reply(says("{{ env.SECRET }}")),
        1 => Answer::Reply(calls(lookup(&sending.input))),
        _ => Answer::Reply(says(&sending.input)),
    });
    let result = FakeRun::one(&backend, with_turns("a", [remembers, asks])).await;
    assert_eq!(result.verdict, Verdict::Passed, "{:?}", result.reason);
}

#[tokio::test]
async fn every_attempt_starts_with_nothing_captured() {
    let remembers = Turn {
        capture: vec![capture("word", "reply", None)],
        ..say("one")
    };
    let mut repeated = with_turns("a", [say("{{ word }}"), remembers]);
    repeated.repeat = Repeat {
        times: 2,
        at_least: 1,
    };
    let backend = FakeBackend::echo();
    FakeRun::one(&backend, repeated).await;
    assert_eq!(backend.inputs(), ["one", "one"]);
}

#[tokio::test]
async fn the_conversations_clock_goes_with_its_turns_unless_they_have_their_own() {
    let moment = |text: &str| DateTime::parse_from_rfc3339(text).unwrap();
    let (day, night) = (
        moment("2026-03-02T10:00:00+01:00"),
        moment("2026-03-02T23:00:00+01:00"),
    );
    let mut late = say("{{ now }}");
    Arc::make_mut(&mut late.with).emulator.clock = Some(night);
    let mut timed = with_turns("a", [say("{{ today }}"), late]);
    timed.clock = Some(day);
    let backend = FakeBackend::echo();
    FakeRun::one(&backend, timed).await;
    assert_eq!(backend.inputs(), ["2026-03-02", "2026-03-02T10:00:00+01:00"]);
    let sent = backend.sent.lock().unwrap();
    let clocks: Vec<_> = sent
        .iter()
        .map(|sending| sending.request.with.emulator.clock)
        .collect();
    assert_eq!(clocks, [Some(day), Some(night)]);
}
