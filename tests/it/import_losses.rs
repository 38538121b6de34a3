//! What a recording holds that a suite cannot say as it is: nothing of it is lost without a word, and what is written
//! passes `check`.

use std::fs;

use serde_json::{Value, json};

use crate::cli_place::{Place, Said};

/// A place with an agent that has these test cases, one turn each but for those given as lists.
fn agent(settings: &Value, cases: &[(&str, Value)]) -> Place {
    let place = Place::new();
    place.write("agent/agent.json", &settings.to_string());
    for (name, case) in cases {
        let mut case = case.clone();
        case["displayName"] = json!(name);
        place.write(&format!("agent/testCases/{name}.json"), &case.to_string());
    }
    place
}

fn english() -> Value {
    json!({ "defaultLanguageCode": "en" })
}

fn turns(turns: &[Value]) -> Value {
    json!({ "testCaseConversationTurns": turns })
}

fn said(text: &str, output: &Value) -> Value {
    let input = json!({ "text": { "text": text }, "languageCode": "en" });
    json!({ "userInput": { "input": input, "isWebhookEnabled": true }, "virtualAgentOutput": output })
}

/// Imports the agent; what is written must pass `check`.
fn imported(place: &Place) -> Said {
    let said = place.run(&["import", "cx-tests", "agent", "--out", "imported"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let checked = place.run(&["check", "imported"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    said
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

const SUITE: &str = "imported/conversations.yaml";

#[test]
fn only_an_error_of_the_service_is_no_answer() {
    let page = json!({ "name": "Start Page", "flow": "Default Start Flow" });
    let answer = |status: Value| json!({ "status": status, "currentPage": page, "textResponses": [{ "text": ["Hi."] }] });
    let mut failed = said("two", &json!({ "status": { "code": 13, "message": "broken" } }));
    failed["expectations"] = json!({ "expectedSessionParameters": [{ "key": "size", "value": "big" }] });
    let place = agent(
        &english(),
        &[
            (
                "fine",
                turns(&[
                    said("one", &answer(json!({}))),
                    said("two", &answer(json!({ "code": 0 }))),
                ]),
            ),
            ("broken", turns(&[failed])),
        ],
    );
    let told = imported(&place);
    let suite = place.read(SUITE);
    assert_eq!(suite.matches("- Hi.").count(), 2, "{suite}");
    has(
        &suite,
        &["expect:\n          parameters:\n            size: big\n"],
    );
    has(
        &told.err,
        &[
            "of turn 1 no answer was recorded",
            "testCases/broken.json",
            "--print-expect",
        ],
    );
    assert_eq!(
        told.err.matches("no answer was recorded").count(),
        1,
        "{}",
        told.err
    );

    // Untouched they come back as they were; with an answer, the error is gone.
    let export = |out: &str| place.run(&["export", "cx-tests", "imported", "--out", out]);
    has(&export("same").out, &["      2  unchanged\n"]);
    place.write(
        SUITE,
        &suite.replace(
            "          parameters:\n",
            "          reply: Hello.\n          parameters:\n",
        ),
    );
    has(&export("edited").out, &["      1  changed\n           broken\n"]);
    let case: Value = serde_json::from_str(&place.read("edited/testCases/broken.json")).unwrap();
    let output = &case["testCaseConversationTurns"][0]["virtualAgentOutput"];
    assert_eq!(*output, json!({ "textResponses": [{ "text": ["Hello."] }] }));
}

/// What a webhook set before a session ended, and again after it, was taken for something that was still there.
#[test]
fn what_a_webhook_sets_again_in_a_new_session_is_its_answer() {
    let answer = |page: &str| {
        let place = json!({ "name": page, "flow": "Default Start Flow" });
        json!({ "currentPage": place, "sessionParameters": { "points": 7 } })
    };
    let recorded = ["Start Page", "End Session", "Start Page", "Start Page"];
    let recorded = recorded.map(|page| said("go", &answer(page)));
    let place = agent(&english(), &[("points", turns(&recorded))]);
    place.write("agent/webhooks/Bank.json", "{ \"displayName\": \"Bank\" }");
    imported(&place);
    let suite = place.read(SUITE);
    let said: Vec<_> = suite.split("- say: go").skip(1).collect();
    let is_set = said
        .iter()
        .map(|turn| turn.contains("webhook:"))
        .collect::<Vec<_>>();
    assert_eq!(is_set, [true, false, true, false], "{suite}");
}

#[test]
fn a_case_without_a_language_is_played_in_that_of_the_agent() {
    let polish = |text: &str| {
        let input = json!({ "text": { "text": text }, "languageCode": "pl" });
        turns(&[json!({ "userInput": { "input": input } })])
    };
    let place = agent(
        &english(),
        &[
            ("a", polish("raz")),
            ("b", polish("dwa")),
            (
                "c",
                turns(&[json!({ "userInput": { "input": { "text": { "text": "one" } } } })]),
            ),
        ],
    );
    imported(&place);
    has(&place.read("imported/turnproof.yaml"), &["language: pl"]);
    let suite = place.read(SUITE);
    let (polish, english) = suite.split_once("- name: c\n").unwrap();
    assert!(!polish.contains("language"), "{polish}");
    has(english, &["    with: { language: en }\n"]);
}

#[test]
fn what_no_suite_can_hold_is_left_out_with_a_word() {
    let at =
        |seconds: i64| json!({ "creationTime": { "seconds": seconds }, "testCaseConversationTurns": [{}] });
    let long = "k".repeat(1100);
    let escaped = "\u{1}".repeat(300);
    let with = |parameters: Value| turns(&[said("hi", &json!({ "sessionParameters": parameters }))]);
    let mut expected = said("hi", &json!({}));
    expected["expectations"] = json!({ "expectedSessionParameters": [{ "key": long, "value": 1 }] });
    let place = agent(
        &english(),
        &[
            ("clock ahead", at(300_000_000_000)),
            ("clock behind", at(-300_000_000_000)),
            ("clock as usual", at(1_600_000_000)),
            ("long name", with(json!({ "rows": [{ long.as_str(): 1 }] }))),
            ("escaped name", with(json!({ escaped: 1 }))),
            ("expected name", turns(&[expected])),
        ],
    );
    let told = imported(&place);
    let suite = place.read(SUITE);
    assert_eq!(suite.matches("- name: ").count(), 3, "{suite}");
    assert_eq!(suite.matches("clock: ").count(), 1, "{suite}");
    assert_eq!(
        told.err.matches("warning[clock-left-out]").count(),
        2,
        "{}",
        told.err
    );
    assert_eq!(
        told.err.matches("warning[test-case-left-out]").count(),
        3,
        "{}",
        told.err
    );
    has(&told.err, &["a name that is longer than one in a suite can be"]);
}

#[test]
fn inputs_that_are_not_played_are_named() {
    let input = |input: Value| json!({ "userInput": { "input": input }, "virtualAgentOutput": {} });
    let mut injected = said("hi", &json!({}));
    injected["userInput"]["injectedParameters"] =
        json!({ "x": 1, "$session.params.x": 2, "$session.params.y": 3 });
    let place = agent(
        &english(),
        &[(
            "odd",
            turns(&[
                input(json!({ "audio": { "audio": "AAAA" } })),
                input(json!({ "dtmf": { "digits": "", "finishDigit": "#" } })),
                input(json!({ "text": { "text": "hi" }, "event": { "event": "bell" } })),
                injected,
                input(json!({ "dtmf": {} })),
                input(json!({ "text": {} })),
            ]),
        )],
    );
    let told = imported(&place);
    has(
        &told.err,
        &[
            "in turn 1 the recorded sound is not played",
            "in turn 2 a finish digit without digits is not pressed",
            "in turn 3 the text is not said",
            "in turn 4 `x` is injected twice",
        ],
    );
    assert_eq!(
        told.err.matches("warning[input-left-out]").count(),
        4,
        "{}",
        told.err
    );
}

#[test]
fn an_answer_of_a_webhook_is_written_only_where_one_can_be_called() {
    let recorded = said("hi", &json!({ "sessionParameters": { "size": "big" } }));
    let mut off = recorded.clone();
    off["userInput"]["isWebhookEnabled"] = json!(false);
    let cases = [("off", turns(&[off])), ("on", turns(&[recorded]))];
    let place = agent(&english(), &cases);
    imported(&place);
    assert!(!place.read(SUITE).contains("emulator:"), "{}", place.read(SUITE));
    let place = agent(&english(), &cases);
    let webhook =
        json!({ "name": "w", "displayName": "Sizes", "genericWebService": { "uri": "https://example.com" } });
    place.write("agent/webhooks/Sizes.json", &webhook.to_string());
    imported(&place);
    let suite = place.read(SUITE);
    let (off, on) = suite.split_once("- name: \"on\"\n").unwrap();
    assert!(!off.contains("emulator:"), "{off}");
    has(on, &["webhook:"]);
}

#[test]
fn a_folder_that_is_there_is_filled() {
    let place = agent(&english(), &[("one", turns(&[said("hi", &json!({}))]))]);
    fs::create_dir(place.path().join("here")).unwrap();
    let mut import = place.command(&["import", "cx-tests", "../agent", "--out", "."]);
    let told = Said::from(import.current_dir(place.path().join("here")).output().unwrap());
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(place.read("here/conversations.yaml").contains("name: one"));
    let left = fs::read_dir(place.path().join("here")).unwrap().count();
    assert_eq!(left, 3, "suite, settings, agents");
    #[cfg(unix)]
    {
        fs::create_dir(place.path().join("real")).unwrap();
        std::os::unix::fs::symlink("real", place.path().join("link")).unwrap();
        let told = place.run(&["import", "cx-tests", "agent", "--out", "link"]);
        assert_eq!(told.code, Some(0), "{told:?}");
        assert!(place.read("real/turnproof.yaml").contains("agents/agent"));
        assert!(place.path().join("link").is_symlink());
    }
}

#[test]
fn hundreds_of_variants_are_told_from_hundreds_of_texts() {
    let count = 300;
    let variant =
        |number: usize| format!("$session.params.name ordered cake number{number} for $session.params.day");
    let messages: Vec<Value> = (0..count)
        .map(|number| json!({ "text": { "text": [variant(number), format!("Cake {number} it is.")] } }))
        .collect();
    let replies: Vec<Value> = (0..count)
        .map(|number| json!({ "text": [format!("Ann ordered cake number{number} for today")] }))
        .collect();
    let place = agent(
        &english(),
        &[("many", turns(&[said("hi", &json!({ "textResponses": replies }))]))],
    );
    let flow = json!({ "name": "f", "displayName": "Default Start Flow", "transitionRoutes": [
        { "name": "r", "condition": "true", "triggerFulfillment": { "messages": messages } }
    ] });
    place.write(
        "agent/flows/Default Start Flow/Default Start Flow.json",
        &flow.to_string(),
    );
    let told = imported(&place);
    has(&told.out, &["300 texts are expected as any variant of a message"]);
    has(&place.read(SUITE), &["- Cake 299 it is.\n"]);
}
