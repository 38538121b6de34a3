//! Tests of the room above: what an edit of the suite changes in the case, and that nothing else does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::super::again::{TARGET, conversations};
use super::super::case::{Pages, case_of};
use super::super::recording::read_all;
use super::super::{Composed, TestCase};
use super::*;
use crate::export::agent::Agent;

/// In place of a new text: everything from the old one to the end of the file is gone.
const CUT: &str = "(cut)";

/// A case with everything that suites do not hold, at every level.
fn original() -> Value {
    json!({
        "name": "the id",
        "tags": ["#one", "  ", "#two"],
        "displayName": "Books a room",
        "notes": "By Ann.",
        "unknown": { "kept": [1, 2.50, 1e3, null] },
        "languageCode": "en",
        "creationTime": { "seconds": "1614589200", "nanos": 5 },
        "testConfig": {
            "flow": "Rooms", "page": "Lobby", "trackingParameters": ["room", "nights"], "useCaseDescription": "kept"
        },
        "testCaseConversationTurns": [
            {
                "userInput": {
                    "input": { "text": { "text": "a room" }, "languageCode": "en" },
                    "isWebhookEnabled": true,
                    "injectedParameters": { "$session.params.guest": "Ann", "vip": true }
                },
                "virtualAgentOutput": {
                    "triggeredIntent": { "name": "room.book", "displayName": "room.book" },
                    "currentPage": { "name": "Nights", "flow": "Rooms" },
                    "currentFlow": { "name": "Rooms", "displayName": "Rooms" },
                    "textResponses": [
                        { "text": ["How many nights?"], "allowPlaybackInterruption": true },
                        { "text": ["  "] },
                        { "text": ["Or weeks?"] }
                    ],
                    "sessionParameters": { "guest": "Ann", "vip": true },
                    "differences": [ { "type": "PAGE", "actualValue": "Nights" } ]
                },
                "expectations": {
                    "expectedSessionParameters": [
                        { "key": "$session.params.guest", "value": "Ann" }, { "key": "$flow.x", "value": 1 }
                    ]
                }
            },
            {
                "userInput": {
                    "input": {
                        "dtmf": { "digits": "2", "finishDigit": "#", "transformed": { "text": "two" } },
                        "languageCode": "en"
                    },
                    "isWebhookEnabled": true,
                    "enableSentimentAnalysis": true
                },
                "virtualAgentOutput": {
                    "currentPage": { "name": "End Session", "flow": "Rooms" },
                    "textResponses": [ { "text": ["Done."] } ],
                    "sessionParameters": { "guest": "Ann", "vip": true, "nights": 2 }
                }
            },
            {
                "virtualAgentOutput": {
                    "currentFlow": { "name": "Rooms" },
                    "textResponses": [ { "text": ["Still there?"] } ],
                    "sessionParameters": { "guest": "Ann" }
                }
            }
        ]
    })
}

/// The suites of a test case.
fn suites(case: &Value) -> BTreeMap<PathBuf, String> {
    let raw = [("testCases/x.json".to_owned(), case.clone())].into();
    let (cases, _): (Vec<TestCase>, _) = read_all(&raw, Path::new("export"));
    Composed::of(&Agent::default(), &cases, TARGET, TARGET).files
}

fn read(texts: &BTreeMap<PathBuf, String>) -> Case {
    let conversations = conversations(texts).unwrap();
    assert_eq!(conversations.len(), 1, "{texts:#?}");
    case_of(&conversations[0], &Pages::of(&Agent::default()))
}

/// The case after an edit of its suite.
fn edited(case: &Value, from: &str, to: &str) -> Value {
    let mut texts = suites(case);
    let before = read(&texts);
    let suite = texts.get_mut(Path::new("conversations.yaml")).unwrap();
    let place = suite.find(from);
    assert!(place.is_some(), "{from}\n{suite}");
    match to {
        CUT => suite.truncate(place.unwrap()),
        _ => *suite = suite.replacen(from, to, 1),
    }
    merge(case, &before, &read(&texts))
}

/// Removes what a pointer leads to.
fn remove(value: &mut Value, pointer: &str) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    match value.pointer_mut(parent).unwrap() {
        Value::Object(members) => assert!(members.shift_remove(last).is_some(), "{pointer}"),
        Value::Array(items) => drop(items.remove(last.parse().unwrap())),
        other => panic!("{pointer}: {other}"),
    }
}

/// Puts a value where a pointer leads, as a new member of an object if need be.
fn put(value: &mut Value, pointer: &str, new: Value) {
    if let Some(there) = value.pointer_mut(pointer) {
        *there = new;
        return;
    }
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    parent.insert(last.to_owned(), new);
}

const TURN: &str = "/testCaseConversationTurns";

/// One edit of the suite, and the members of the case that change; those that are `None` go.
type Edit = (&'static str, &'static str, Vec<(&'static str, Option<Value>)>);

fn must_change(edits: Vec<Edit>) {
    for (from, to, changes) in edits {
        let mut wanted = original();
        for (pointer, change) in changes {
            let pointer = pointer.replace("TURN", TURN);
            match change {
                None => remove(&mut wanted, &pointer),
                Some(new) => put(&mut wanted, &pointer, new),
            }
        }
        assert_eq!(edited(&original(), from, to), wanted, "{from} -> {to}");
    }
}

#[test]
fn the_case_itself_is_changed() {
    must_change(vec![
        ("", "", vec![]),
        (
            "name: Books a room",
            "name: Books",
            vec![("/displayName", Some(json!("Books")))],
        ),
        (
            "tags: [one, two]",
            "tags: [two, three]",
            vec![("/tags", Some(json!(["  ", "#two", "#three"])))],
        ),
        ("    tags: [one, two]\n", "", vec![("/tags", Some(json!(["  "])))]),
        ("By Ann.", "By Bob.", vec![("/notes", Some(json!("By Bob.")))]),
        (
            "parameters: room, nights",
            "parameters: nights, guest",
            vec![("/testConfig/trackingParameters", Some(json!(["nights", "guest"])))],
        ),
        (
            "page: Lobby }",
            "page: Desk }",
            vec![("/testConfig/page", Some(json!("Desk")))],
        ),
        (
            "    start: { flow: Rooms, page: Lobby }\n",
            "",
            vec![("/testConfig/page", None), ("/testConfig/flow", None)],
        ),
        (
            "09:00:00Z",
            "09:00:01Z",
            vec![(
                "/creationTime",
                Some(json!({ "seconds": "1614589201", "nanos": 0 })),
            )],
        ),
        (
            "    clock: \"2021-03-01T09:00:00Z\"\n",
            "",
            vec![("/creationTime", None)],
        ),
        ("      - silence: true", CUT, vec![("TURN/2", None)]),
    ]);
}

#[test]
fn what_the_user_does_is_changed() {
    must_change(vec![
        (
            "say: a room",
            "say: two",
            vec![("TURN/0/userInput/input/text/text", Some(json!("two")))],
        ),
        // What was said is an example of what is made anew each time.
        ("say: a room", "say: \"a room on {{ today }}\"", vec![]),
        (
            "say: a room",
            "event: \"{{ today }}\"",
            vec![
                ("TURN/0/userInput/input/text", None),
                (
                    "TURN/0/userInput/input/event",
                    Some(json!({ "event": "{{ today }}" })),
                ),
            ],
        ),
        (
            "say: a room",
            "event: bell",
            vec![
                ("TURN/0/userInput/input/text", None),
                ("TURN/0/userInput/input/event", Some(json!({ "event": "bell" }))),
            ],
        ),
        (
            "digits: \"2\"",
            "digits: \"3\"",
            vec![(
                "TURN/1/userInput/input/dtmf",
                Some(json!({ "digits": "3", "finishDigit": "#" })),
            )],
        ),
        (
            "guest: Ann",
            "guest: Bob",
            vec![(
                "TURN/0/userInput/injectedParameters/$session.params.guest",
                Some(json!("Bob")),
            )],
        ),
        (
            "            vip: true\n",
            "            since: 2020\n",
            vec![
                ("TURN/0/userInput/injectedParameters/vip", None),
                ("TURN/0/userInput/injectedParameters/since", Some(json!(2020))),
            ],
        ),
        (
            "with:\n          parameters:",
            "with:\n          disable_webhook: true\n          parameters:",
            vec![("TURN/0/userInput/isWebhookEnabled", None)],
        ),
        (
            "with:\n          parameters:",
            "with:\n          language: es\n          parameters:",
            vec![("TURN/0/userInput/input/languageCode", Some(json!("es")))],
        ),
        (
            "sentiment: true",
            "sentiment: false",
            vec![("TURN/1/userInput/enableSentimentAnalysis", None)],
        ),
        (
            "silence: true",
            "say: hello",
            vec![(
                "TURN/2/userInput",
                Some(json!({
                    "isWebhookEnabled": true,
                    "input": { "text": { "text": "hello" }, "languageCode": "en" }
                })),
            )],
        ),
    ]);
}

#[test]
fn what_the_agent_does_is_changed() {
    must_change(vec![
        (
            "intent: room.book",
            "intent: { absent: true }",
            vec![("TURN/0/virtualAgentOutput/triggeredIntent", None)],
        ),
        (
            "page: Nights",
            "page: Weeks",
            vec![("TURN/0/virtualAgentOutput/currentPage/name", Some(json!("Weeks")))],
        ),
        (
            "          flow: Rooms\n",
            "          flow: Suites\n",
            vec![
                (
                    "TURN/0/virtualAgentOutput/currentPage/flow",
                    Some(json!("Suites")),
                ),
                (
                    "TURN/0/virtualAgentOutput/currentFlow/name",
                    Some(json!("Suites")),
                ),
                (
                    "TURN/0/virtualAgentOutput/currentFlow/displayName",
                    Some(json!("Suites")),
                ),
            ],
        ),
        (
            "- How many nights?",
            "- How long?",
            vec![(
                "TURN/0/virtualAgentOutput/textResponses/0/text",
                Some(json!(["How long?"])),
            )],
        ),
        (
            "            - Or weeks?\n",
            "",
            vec![("TURN/0/virtualAgentOutput/textResponses/2", None)],
        ),
        (
            "            - How many nights?\n",
            "            - Welcome.\n            - How many nights?\n",
            vec![(
                "TURN/0/virtualAgentOutput/textResponses",
                Some(json!([
                    { "text": ["Welcome."] },
                    { "text": ["How many nights?"], "allowPlaybackInterruption": true },
                    { "text": ["  "] },
                    { "text": ["Or weeks?"] }
                ])),
            )],
        ),
        (
            "all_parameters:\n            guest: Ann",
            "all_parameters:\n            guest: Bob",
            vec![
                (
                    "TURN/0/virtualAgentOutput/sessionParameters/guest",
                    Some(json!("Bob")),
                ),
                (
                    "TURN/0/expectations/expectedSessionParameters/0/value",
                    Some(json!("Bob")),
                ),
            ],
        ),
        (
            "all_parameters:\n            guest: Ann\n",
            "all_parameters:\n",
            vec![
                ("TURN/0/virtualAgentOutput/sessionParameters/guest", None),
                ("TURN/0/expectations/expectedSessionParameters/0", None),
            ],
        ),
        (
            "intent: room.book",
            "intent: room.book\n          parameters: { room: 5, guest: Bob }",
            vec![(
                "TURN/0/expectations/expectedSessionParameters",
                Some(json!([
                    { "key": "$session.params.guest", "value": "Bob" },
                    { "key": "$flow.x", "value": 1 },
                    { "key": "room", "value": 5 }
                ])),
            )],
        ),
    ]);
}

#[test]
fn of_what_is_no_value_the_recorded_one_stays_if_it_fits() {
    must_change(vec![
        ("intent: room.book", "intent: { matches: '^room' }", vec![]),
        (
            "intent: room.book",
            "intent: { matches: '^x' }",
            vec![("TURN/0/virtualAgentOutput/triggeredIntent", None)],
        ),
        ("flow: Rooms\n", "flow: { not: Suites }\n", vec![]),
        ("- How many nights?", "- { contains: nights }", vec![]),
        (
            "- How many nights?",
            "- { contains: days }",
            vec![("TURN/0/virtualAgentOutput/textResponses/0", None)],
        ),
        (
            "          replies:\n            - Done.\n",
            "          reply: { starts_with: Do }\n",
            vec![],
        ),
        (
            "          replies:\n            - Done.\n",
            "          reply: { starts_with: No }\n",
            vec![("TURN/1/virtualAgentOutput/textResponses", None)],
        ),
        (
            "            - Done.\n",
            "            - any_of: [Done., Over.]\n",
            vec![],
        ),
        (
            "vip: true\n            nights: 2\n",
            "vip: true\n            nights: { gte: 1 }\n",
            vec![],
        ),
        (
            "vip: true\n            nights: 2\n",
            "vip: true\n            nights: { gte: 3 }\n",
            vec![("TURN/1/virtualAgentOutput/sessionParameters/nights", None)],
        ),
    ]);
}

#[test]
fn turns_are_found_again() {
    let new = "      - say: wait\n        expect: { replies: [I wait.] }\n";
    let fresh = json!({
        "userInput": {
            "isWebhookEnabled": true, "input": { "text": { "text": "wait" }, "languageCode": "en" }
        },
        "virtualAgentOutput": { "textResponses": [ { "text": ["I wait."] } ] }
    });
    let dtmf = "      - dtmf: { digits: \"2\", finish: \"#\" }\n";
    let mut wanted = original();
    wanted["testCaseConversationTurns"]
        .as_array_mut()
        .unwrap()
        .insert(1, fresh);
    assert_eq!(edited(&original(), dtmf, &format!("{new}{dtmf}")), wanted);
    // The turn after it has changed, too.
    let other = dtmf.replace('2', "3");
    wanted["testCaseConversationTurns"][2]["userInput"]["input"]["dtmf"] =
        json!({ "digits": "3", "finishDigit": "#" });
    assert_eq!(edited(&original(), dtmf, &format!("{new}{other}")), wanted);
}

#[test]
fn a_new_case_can_be_imported_as_it_was() {
    let texts = suites(&original());
    let case = read(&texts);
    let fresh = fresh(&case, "new id");
    assert_eq!(fresh["name"], "new id");
    let again = read(&suites(&fresh));
    assert_eq!(again.value, case.value);
}

/// Any JSON, with members that mean something in odd places.
fn any_json() -> impl Strategy<Value = Value> {
    const KEYS: [&str; 27] = [
        "name",
        "displayName",
        "tags",
        "notes",
        "testConfig",
        "flow",
        "page",
        "trackingParameters",
        "creationTime",
        "seconds",
        "nanos",
        "languageCode",
        TURNS,
        "userInput",
        "input",
        "text",
        "dtmf",
        "injectedParameters",
        "virtualAgentOutput",
        "textResponses",
        "currentPage",
        "currentFlow",
        "sessionParameters",
        "triggeredIntent",
        "expectations",
        "expectedSessionParameters",
        "\u{0}left out",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a#$ ]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(7, 60, 6, |inner| {
        let member = (prop::sample::select(&KEYS[..]), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
            prop::collection::vec(member, 0..8).prop_map(|members| {
                Value::Object(
                    members
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

fn case_with(value: Value) -> Case {
    Case {
        value,
        left_out: Vec::new(),
        unsaid: Vec::new(),
    }
}

proptest! {
    #[test]
    fn no_json_makes_it_panic(original in any_json(), before in any_json(), after in any_json()) {
        let (before, after) = (case_with(before), case_with(after));
        merge(&original, &before, &after);
        fresh(&after, "id");
        let unchanged = merge(&original, &before, &before);
        if original.is_object() && original.get(TURNS).is_some_and(|turns| {
            turns.as_array().is_some_and(|turns| turns.len() == list(&object(&before.value), TURNS).len())
        }) {
            prop_assert_eq!(unchanged, original);
        }
    }
}
