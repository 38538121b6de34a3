//! Results made by hand: every verdict, retries, diffs, and texts that nobody should trust.

use serde_json::json;

use crate::model::Value;
use crate::model::event::{RunEnd, RunInfo, Summary, TargetInfo};
use crate::model::outcome::{
    Attempt, AttemptOutcome, Checked, ConversationResult, Diff, DiffLine, DiffPiece, DiffSide, ErrorRecord,
    LatencyRecord, Outcome, PlayedTurn, ReplyRecord, Sent, Verdict,
};
use crate::model::transcript::{CallSource, Match, ToolCall, WebhookStatus};

/// What an agent might say to break a terminal, an XML file or a CI system.
pub(crate) const HOSTILE: &str = "\u{1b}[2Jred\u{1b}]0;title\u{7} \u{202e}evil\u{202c} ]]> <b>&amp;\n::error::fake\n##vso[task.complete]x\u{0}\u{fffe}";

pub(crate) fn run() -> RunInfo {
    RunInfo {
        id: "5f0c1c9e-3f6f-4b7a-9a55-0d6f7f3f2b11".to_owned(),
        started_at: "2026-03-01T09:00:00.000Z".to_owned(),
        tool_version: "0.1.0".to_owned(),
        seed: 7,
        targets: vec![TargetInfo {
            name: "flights".to_owned(),
            backend: "emulator".to_owned(),
            agent: Some("agents/flights".to_owned()),
            export_hash: Some("ab12".to_owned()),
            ..TargetInfo::default()
        }],
    }
}

pub(crate) fn end(results: &[ConversationResult]) -> RunEnd {
    let mut summary = Summary::default();
    for result in results {
        summary.add(result);
    }
    RunEnd {
        elapsed: std::time::Duration::from_millis(12_345),
        summary,
        cancelled: None,
        slowed: vec![],
    }
}

/// A conversation with nothing in it but its verdict.
pub(crate) fn conversation(name: &str, verdict: Verdict) -> ConversationResult {
    ConversationResult {
        suite: "booking/flights".to_owned(),
        name: name.to_owned(),
        row: None,
        file: "suites/booking/flights.yaml".to_owned(),
        line: 12,
        tags: vec![],
        target: "flights".to_owned(),
        channel: None,
        twin: None,
        verdict,
        reason: None,
        recovered: 0,
        known_issue: None,
        attempts: vec![],
    }
}

pub(crate) fn attempt(outcome: AttemptOutcome, turns: Vec<PlayedTurn>) -> Attempt {
    Attempt {
        session: "tp-0f31c9d2-8c1b-4c39-a0a7-0a8e5d1c".to_owned(),
        started_at: "2026-03-01T09:00:01.250Z".to_owned(),
        elapsed_ms: 412.5,
        play: 1,
        outcome,
        error: None,
        expectations: vec![],
        turns,
        outlined: crate::model::outcome::Outlined::default(),
    }
}

pub(crate) fn turn(index: u32, input: Value, reply: &str, expectations: Vec<Checked>) -> PlayedTurn {
    PlayedTurn {
        index,
        file: "suites/booking/flights.yaml".to_owned(),
        line: 12 + index * 4,
        used_at: None,
        input,
        skipped: None,
        sent: Sent::Yes,
        reply: Some(ReplyRecord {
            texts: vec![reply.to_owned()],
            matched: Some(Match {
                kind: "intent".to_owned(),
                intent: Some("book.flight".to_owned()),
                confidence: 0.934,
                ..Match::default()
            }),
            page: Some("Collect Date".to_owned()),
            flow: Some("Booking".to_owned()),
            ..ReplyRecord::default()
        }),
        calls: vec![],
        latency_ms: LatencyRecord {
            first: 12.5,
            total: 14.0,
        },
        failures: vec![],
        expectations,
    }
}

pub(crate) fn checked(kind: &str, path: &str, line: u32, outcome: Outcome) -> Checked {
    Checked {
        kind: kind.to_owned(),
        path: path.to_owned(),
        line,
        outcome,
        expected: Value::Null,
        actual: Value::Null,
        message: String::new(),
        diff: None,
        is_mistake: false,
    }
}

pub(crate) fn passed(kind: &str, line: u32) -> Checked {
    checked(kind, kind, line, Outcome::Passed)
}

pub(crate) fn failed(path: &str, line: u32, expected: Value, actual: Value, message: &str) -> Checked {
    let kind = path.split('.').next().unwrap();
    Checked {
        expected,
        actual,
        message: message.to_owned(),
        ..checked(kind, path, line, Outcome::Failed)
    }
}

fn line(side: DiffSide, pieces: &[(&str, bool)]) -> DiffLine {
    let pieces = pieces.iter().map(|(text, changed)| DiffPiece {
        text: (*text).to_owned(),
        changed: *changed,
    });
    DiffLine {
        side,
        pieces: pieces.collect(),
    }
}

fn reply_diff() -> Diff {
    Diff {
        lines: vec![
            line(DiffSide::Both, &[("Thank you.", false)]),
            line(
                DiffSide::Expected,
                &[("When would you like to ", false), ("leave", true), ("?", false)],
            ),
            line(
                DiffSide::Actual,
                &[("When would you like to ", false), ("depart", true), ("?", false)],
            ),
        ],
    }
}

/// Failed: two differences, a tool call, a step, turns far from the trouble.
pub(crate) fn failing() -> ConversationResult {
    let quiet = |index, said: &str, reply: &str| {
        turn(index, json!({ "say": said }), reply, vec![passed("intent", 15)])
    };
    let mut bad = turn(
        8,
        json!({ "say": "next friday" }),
        "Thank you.\nWhen would you like to depart?",
        vec![
            passed("page", 50),
            failed(
                "intent",
                46,
                json!("choose.date"),
                json!("book.flight"),
                "another intent matched",
            ),
            Checked {
                diff: Some(reply_diff()),
                ..failed(
                    "reply",
                    48,
                    json!("Thank you.\nWhen would you like to leave?"),
                    json!("…"),
                    "the text differs",
                )
            },
            failed("parameters.party", 49, json!(2), Value::Null, "missing"),
        ],
    );
    bad.calls.push(ToolCall {
        id: "1".to_owned(),
        tool: "lookup_order".to_owned(),
        args: json!({ "order_id": "A1" }).as_object().unwrap().clone(),
        response: Some(json!({ "status": "shipped" })),
        source: CallSource::Client,
        agent: None,
    });
    bad.used_at = Some("suites/booking/flights.yaml:44".to_owned());
    bad.file = "suites/steps/dates.yaml".to_owned();
    let mut ended = turn(
        10,
        json!({ "dtmf": { "digits": "12", "finish": "#" } }),
        "",
        vec![],
    );
    ended.reply = None;
    ended.sent = Sent::No;
    ended
        .failures
        .push("the agent ended the conversation after turn 9".to_owned());
    let turns = vec![
        quiet(1, "hello", "Hi! What can I do for you?"),
        quiet(2, "I want to fly", "Where to?"),
        quiet(3, "Paris", "From where?"),
        quiet(4, "London", "How many people?"),
        quiet(5, "two", "Window or aisle?"),
        quiet(
            6,
            "aisle",
            "Any luggage that we should know of? Each passenger may bring one bag of 8 kg; a second bag of up to 23 kg costs 25 euros for each way, payable now or at the airport.",
        ),
        quiet(7, "no", "Good."),
        bad,
        quiet(9, "goodbye", "Bye!"),
        ended,
    ];
    let mut attempt = attempt(AttemptOutcome::Failed, turns);
    attempt.expectations.push(failed(
        "visited",
        60,
        json!("Collect Date, .., Confirm"),
        json!("Start Page, Collect Date"),
        "`Confirm` was not visited",
    ));
    ConversationResult {
        reason: Some("turn 8: intent: another intent matched".to_owned()),
        tags: vec!["smoke".to_owned(), "booking".to_owned()],
        attempts: vec![attempt],
        ..conversation("books a flight", Verdict::Failed)
    }
}

/// Errored twice: the service was away.
pub(crate) fn errored() -> ConversationResult {
    let mut only = attempt(
        AttemptOutcome::Errored,
        vec![turn(1, json!({ "say": "hello" }), "", vec![])],
    );
    only.turns[0].reply = None;
    only.turns[0].sent = Sent::Unknown;
    only.error = Some(ErrorRecord {
        kind: "connect".to_owned(),
        code: Some("UNAVAILABLE".to_owned()),
        message: "connection refused by 127.0.0.1:4700".to_owned(),
        hint: Some(
            "is the server running? `turnproof emulate --listen 127.0.0.1:4700` starts one".to_owned(),
        ),
        diff: None,
    });
    ConversationResult {
        reason: Some("UNAVAILABLE: connection refused by 127.0.0.1:4700".to_owned()),
        attempts: vec![only.clone(), only],
        ..conversation("asks for help", Verdict::Errored)
    }
}

/// An expectation whose data the service did not give.
pub(crate) fn unobservable() -> ConversationResult {
    let mut unseen = checked("confidence", "confidence", 30, Outcome::Unobservable);
    unseen.message = "the service reported no match".to_owned();
    let played = turn(
        1,
        json!({ "event": "order_placed" }),
        "Hello!",
        vec![unseen, passed("page", 31)],
    );
    let mut only = attempt(AttemptOutcome::Errored, vec![played]);
    only.error = Some(ErrorRecord {
        kind: "unobservable".to_owned(),
        code: None,
        message: "confidence: the service reported no match".to_owned(),
        hint: None,
        diff: None,
    });
    ConversationResult {
        attempts: vec![only],
        ..conversation("confidence in an event", Verdict::Errored)
    }
}

/// Errored, failed, passed.
pub(crate) fn flaky() -> ConversationResult {
    let late = vec![failed("latency", 33, json!("less than 4"), json!(5.2), "")];
    let bad = attempt(
        AttemptOutcome::Failed,
        vec![turn(1, json!({ "say": "hello" }), "Hi!", late)],
    );
    let good = attempt(
        AttemptOutcome::Passed,
        vec![turn(
            1,
            json!({ "say": "hello" }),
            "Hi!",
            vec![passed("latency", 33)],
        )],
    );
    let mut attempts = errored().attempts;
    attempts.truncate(1);
    attempts.extend([bad, good]);
    ConversationResult {
        attempts,
        ..conversation("answers in time", Verdict::Flaky)
    }
}

/// Errored, then passed.
pub(crate) fn recovered() -> ConversationResult {
    let mut result = flaky();
    result.attempts.remove(1);
    ConversationResult {
        verdict: Verdict::Passed,
        recovered: 1,
        name: "recovers".to_owned(),
        ..result
    }
}

/// Everything held; an emulated webhook was not answered.
pub(crate) fn passing() -> ConversationResult {
    let mut first = turn(
        1,
        json!({ "say": "where is my order?" }),
        "It is on its way.",
        vec![passed("reply", 20)],
    );
    if let Some(reply) = &mut first.reply {
        reply.webhooks.push(WebhookStatus {
            name: Some("Order lookup".to_owned()),
            code: 14,
            message: "no stub answers it".to_owned(),
        });
        reply
            .notes
            .push("webhook `Order lookup` was not answered: no stub fits".to_owned());
    }
    let silent = turn(2, json!({ "silence": true }), "Are you still there?", vec![]);
    ConversationResult {
        row: Some("A1".to_owned()),
        attempts: vec![attempt(AttemptOutcome::Passed, vec![first, silent])],
        ..conversation("asks for order A1", Verdict::Passed)
    }
}

/// A known issue that passes now.
pub(crate) fn fixed() -> ConversationResult {
    ConversationResult {
        reason: Some("passes now: remove known_issue".to_owned()),
        known_issue: Some("https://tracker.example/42".to_owned()),
        attempts: passing().attempts,
        ..conversation("known gap in Turkish", Verdict::Failed)
    }
}

pub(crate) fn skipped() -> ConversationResult {
    ConversationResult {
        reason: Some("skip: waits for the new export".to_owned()),
        ..conversation("pays by card", Verdict::Skipped)
    }
}

pub(crate) fn not_run() -> ConversationResult {
    let mut partial = attempt(
        AttemptOutcome::Cancelled,
        vec![turn(1, json!({ "say": "hi" }), "Hello!", vec![])],
    );
    partial.error = Some(ErrorRecord {
        kind: "cancelled".to_owned(),
        code: None,
        message: "the run was interrupted".to_owned(),
        hint: None,
        diff: None,
    });
    ConversationResult {
        reason: Some("the run was interrupted".to_owned()),
        attempts: vec![partial],
        ..conversation("cancels a flight", Verdict::NotRun)
    }
}

/// Everything that can be said by others is hostile.
pub(crate) fn hostile() -> ConversationResult {
    let text = json!(HOSTILE);
    let mut bad = turn(
        1,
        json!({ "say": HOSTILE }),
        HOSTILE,
        vec![failed("reply", 70, json!("fine"), text.clone(), HOSTILE)],
    );
    bad.failures.push(HOSTILE.to_owned());
    if let Some(reply) = &mut bad.reply {
        reply.page = Some(HOSTILE.to_owned());
        reply.notes.push(HOSTILE.to_owned());
        reply.payloads.push(json!({ HOSTILE: HOSTILE }));
    }
    bad.calls.push(ToolCall {
        id: String::new(),
        tool: HOSTILE.to_owned(),
        args: json!({ "a": HOSTILE }).as_object().unwrap().clone(),
        response: None,
        source: CallSource::Agent,
        agent: None,
    });
    ConversationResult {
        tags: vec![HOSTILE.to_owned()],
        reason: Some(HOSTILE.to_owned()),
        attempts: vec![attempt(AttemptOutcome::Failed, vec![bad])],
        ..conversation(HOSTILE, Verdict::Failed)
    }
}

/// One of each.
pub(crate) fn all() -> Vec<ConversationResult> {
    let elsewhere = |result: ConversationResult| ConversationResult {
        suite: "greeting".to_owned(),
        file: "suites/greeting.yaml".to_owned(),
        ..result
    };
    vec![
        failing(),
        errored(),
        unobservable(),
        flaky(),
        recovered(),
        passing(),
        elsewhere(fixed()),
        elsewhere(skipped()),
        elsewhere(not_run()),
        elsewhere(hostile()),
    ]
}
