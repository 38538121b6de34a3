//! Tests of the room above: suites and what a test case can say of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::again::conversations;
use super::*;

/// The case of the only conversation of a suite; its keys are given.
fn read(conversation: &str) -> Case {
    let text = format!("suite: S\ntarget: agent\nconversations:\n  - name: N\n{conversation}");
    let texts: BTreeMap<PathBuf, String> = [("s.yaml".into(), text.clone())].into();
    let conversations = conversations(&texts).unwrap();
    assert_eq!(conversations.len(), 1, "{text}");
    case_of(&conversations[0], &Pages::of(&Agent::default()))
}

/// The only turn of a conversation.
fn turn(turn: &str) -> (Value, Vec<&'static str>) {
    let case = read(&format!("    turns: [ {turn} ]\n"));
    let what = case.left_out.iter().map(|left_out| left_out.what).collect();
    (case.value[TURNS][0].clone(), what)
}

#[test]
fn what_the_user_does() {
    for (written, user) in [
        (
            "{ say: hello }",
            json!({ "input": { "text": { "text": "hello" } } }),
        ),
        ("{ silence: true }", json!({ "input": { "text": {} } })),
        (
            "{ event: bell }",
            json!({ "input": { "event": { "event": "bell" } } }),
        ),
        (
            "{ intent: a.b }",
            json!({ "input": { "intent": { "intent": "a.b" } } }),
        ),
        (
            "{ intent: { id: i-1 } }",
            json!({ "input": { "intent": { "intent": "i-1" } } }),
        ),
        (
            r#"{ dtmf: "12" }"#,
            json!({ "input": { "dtmf": { "digits": "12" } } }),
        ),
        (
            r##"{ dtmf: { digits: "12", finish: "#" } }"##,
            json!({ "input": { "dtmf": { "digits": "12", "finishDigit": "#" } } }),
        ),
        (
            "{ say: a, with: { language: tr, sentiment: true, parameters: { x: [1, { y: null }] } } }",
            json!({
                "input": { "text": { "text": "a" }, "languageCode": "tr" },
                "enableSentimentAnalysis": true,
                "injectedParameters": { "x": [1, { "y": null }] }
            }),
        ),
    ] {
        let mut user = user;
        user["isWebhookEnabled"] = json!(true);
        let (turn, left_out) = turn(written);
        assert_eq!(turn["userInput"], user, "{written}");
        assert!(left_out.is_empty(), "{written}: {left_out:?}");
    }
    let (turn, _) = turn("{ say: a, with: { disable_webhook: true } }");
    assert_eq!(turn["userInput"], json!({ "input": { "text": { "text": "a" } } }));
}

#[test]
fn what_is_expected() {
    let texts = |texts: &[&str]| {
        json!(
            texts
                .iter()
                .map(|text| json!({ "text": [text] }))
                .collect::<Vec<_>>()
        )
    };
    for (expect, output) in [
        (
            "{ intent: a, page: P, flow: F }",
            json!({
                "triggeredIntent": { "name": "a" },
                "currentPage": { "name": "P", "flow": "F" },
                "currentFlow": { "name": "F" }
            }),
        ),
        ("{ intent: { absent: true } }", json!({})),
        (
            "{ page: { any_of: [{ matches: x }, P, Q] } }",
            json!({ "currentPage": { "name": "P" } }),
        ),
        (
            "{ page: { equals: P } }",
            json!({ "currentPage": { "name": "P" } }),
        ),
        (
            "{ replies: [One., { any_of: [Two., 2] }] }",
            json!({ "textResponses": texts(&["One.", "Two."]) }),
        ),
        (
            "{ reply: All of it. }",
            json!({ "textResponses": texts(&["All of it."]) }),
        ),
        ("{ replies: [] }", json!({ "textResponses": [] })),
        (
            "{ all_parameters: { a: 1.5, b: { equals: { c: [1] } }, d: { absent: true }, e: [1, 2] } }",
            json!({ "sessionParameters": { "a": 1.5, "b": { "c": [1] }, "e": [1, 2] } }),
        ),
    ] {
        let (turn, left_out) = turn(&format!("{{ say: a, expect: {expect} }}"));
        assert_eq!(turn["virtualAgentOutput"], output, "{expect}");
        assert!(left_out.is_empty(), "{expect}: {left_out:?}");
    }
    let (turn, _) = turn("{ say: a, expect: { parameters: { a: x, b: { absent: true } } } }");
    assert_eq!(
        turn["expectations"],
        json!({ "expectedSessionParameters": [ { "key": "a", "value": "x" }, { "key": "b", "value": null } ] })
    );
}

#[test]
fn what_no_test_case_can_say_is_named() {
    for (written, what) in [
        ("{ say: a, expect: { intent: { matches: x } } }", "intent"),
        ("{ say: a, expect: { page: { not: P } } }", "page"),
        ("{ say: a, expect: { reply: { contains: x } } }", "reply"),
        ("{ say: a, expect: { replies: [{ contains: x }] } }", "replies"),
        ("{ say: a, expect: { replies: { has_length: 2 } } }", "replies"),
        (
            "{ say: a, expect: { parameters: { n: { gte: 1 } } } }",
            "parameters",
        ),
        (
            "{ say: a, expect: { all_parameters: { n: { m: 1 } } } }",
            "all_parameters",
        ),
        ("{ say: a, expect: { confidence: { gte: 0.5 } } }", "confidence"),
        ("{ say: a, expect: { latency: { lt: 4s } } }", "latency"),
        ("{ say: \"on {{ today }}\" }", "{{ … }}"),
        ("{ say: a, with: { time_zone: Europe/Paris } }", "with.time_zone"),
        ("{ say: a, with: { payload: { a: 1 } } }", "with.payload"),
        ("{ say: a, with: { channel: phone } }", "with.channel"),
        ("{ say: a, via: detect }", "via"),
        ("{ say: a, feedback: thumbs_up }", "feedback"),
        (
            "{ say: a, with: { data_store_signals: true } }",
            "with.data_store_signals",
        ),
        (
            "{ say: a, expect: { sentiment: { score: { gt: 0 } } } }",
            "sentiment",
        ),
        ("{ say: a, capture: { x: reply } }", "capture"),
        ("{ say: a, then: restart }, { say: b }", "then"),
    ] {
        let (turn, left_out) = turn(written);
        assert_eq!(left_out, [what], "{written}");
        let output = without_marks(&turn).unwrap();
        assert!(
            mark_of(&output).is_none() && !output.to_string().contains("left out"),
            "{output}"
        );
        assert!(
            !output["userInput"]["input"]["text"].is_null(),
            "something is said: {output}"
        );
    }
    for (written, what) in [
        ("skip: not now", "skip"),
        ("known_issue: BUG-1", "known_issue"),
        ("only_on: [agent]", "only_on"),
        ("repeat: 3", "repeat"),
    ] {
        let case = read(&format!("    {written}\n    turns: [{{ say: a }}]\n"));
        let left_out: Vec<_> = case.left_out.iter().map(|left_out| left_out.what).collect();
        assert_eq!(left_out, [what], "{written}");
    }
    // The end of a session is where the service begins anew by itself.
    let ends = "{ say: a, expect: { page: End Session }, then: restart }, { say: b }";
    assert!(turn(ends).1.is_empty());
    // What only other services or emulators mind is nobody's loss.
    let others =
        "{ say: a, with: { emulator: { match: x } }, expect: { on: { ces: { latency: { lt: 1s } } } } }";
    assert!(turn(others).1.is_empty());
}

#[test]
fn places_are_those_of_the_suite() {
    let case = read(
        "    turns:\n      - say: a\n        expect:\n          page: P\n          latency: { lt: 1s }\n",
    );
    let places = case.left_out.iter().map(|left_out| left_out.location.to_string());
    assert_eq!(places.collect::<Vec<_>>(), ["s.yaml:9"]);
}

#[test]
fn what_is_about_the_whole_conversation() {
    let case = read(
        "    tags: [a, b]\n    notes: |\n      One.\n\n      Tracked parameters: x, y\n    \
         clock: 2021-03-01T10:00:00.5+01:00\n    start: { page: P, parameters: { p: 1, q: 2 } }\n    \
         with: { language: de }\n    turns:\n      - { say: a, with: { parameters: { q: 3 } } }\n      - say: b\n",
    );
    assert!(case.left_out.is_empty(), "{:?}", case.left_out);
    let mut value = case.value;
    let turns = value[TURNS].take();
    assert_eq!(
        value,
        json!({
            "tags": ["#a", "#b"],
            "displayName": "N",
            "notes": "One.",
            TURNS: null,
            "creationTime": { "seconds": 1_614_589_200, "nanos": 500_000_000 },
            "testConfig": { "flow": "Default Start Flow", "page": "P", "trackingParameters": ["x", "y"] },
            "languageCode": "de"
        })
    );
    assert_eq!(
        turns[0]["userInput"]["injectedParameters"],
        json!({ "p": 1, "q": 3 })
    );
    assert_eq!(turns[1]["userInput"].get("injectedParameters"), None);
}
