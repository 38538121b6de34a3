//! The same over each transport: suites played over gRPC, REST and WebSockets have the same result, troubles are the same
//! troubles, and what was recorded over one is replayed for another.

use serde_json::{Value, json};

use crate::cli_emulate::Running;
use crate::cli_place::{Place, Said};

/// Changes a file, which must hold what is changed.
fn change(place: &Place, file: &str, from: &str, to: &str) {
    let text = place.read(file);
    assert!(text.contains(from), "{from}: {text}");
    place.write(file, &text.replace(from, to));
}

/// Has every target reached over a transport.
fn reach(place: &Place, transport: &str) {
    let over = format!("    backend: emulator\n    transport: {transport}\n");
    change(place, "suites/turnproof.yaml", "    backend: emulator\n", &over);
}

fn ended(said: &Said, code: i32) {
    assert_eq!(said.code, Some(code), "{said:?}");
}

/// The result file without ids and times.
fn result(place: &Place) -> Value {
    let mut result: Value = serde_json::from_str(&place.read("reports/run.json")).unwrap();
    without_ids_and_times(&mut result);
    result
}

fn without_ids_and_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for name in ["session", "started_at", "elapsed_ms", "latency_ms"] {
                members.remove(name);
            }
            if let Some(run) = members.get_mut("run") {
                run["id"].take();
            }
            if members.get("kind").is_some_and(|kind| kind == "latency") {
                members.remove("actual");
            }
            members.values_mut().for_each(without_ids_and_times);
        }
        Value::Array(items) => items.iter_mut().for_each(without_ids_and_times),
        _ => {}
    }
}

/// As `assert_eq`, but says no more than where the first difference is.
fn assert_same(one: &Value, other: &Value, place: &str) {
    match (one, other) {
        (Value::Object(left), Value::Object(right)) => {
            let names =
                |members: &serde_json::Map<String, Value>| members.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(left), names(right), "{place}");
            for (name, value) in left {
                assert_same(value, &right[name], &format!("{place}.{name}"));
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            assert_eq!(left.len(), right.len(), "{place}");
            for (index, (one, other)) in left.iter().zip(right).enumerate() {
                assert_same(one, other, &format!("{place}.{index}"));
            }
        }
        _ => assert_eq!(one, other, "{place}"),
    }
}

/// What is played: every way to send a turn that the transport has.
fn played(result: &Value) -> usize {
    result["conversations"].as_array().unwrap().len()
}

/// The suites without what REST cannot carry.
fn without_sound(place: &Place) {
    for file in ["workshop/telephone", "workshop/twins", "support/by_voice"] {
        std::fs::remove_file(place.path().join(format!("suites/{file}.yaml"))).unwrap();
    }
    for file in ["orders", "files"] {
        let file = format!("suites/support/{file}.yaml");
        change(place, &file, "        via: bidi\n", "        via: run\n");
    }
    let settings = place.read("suites/turnproof.yaml");
    let (before, rest) = settings.split_once("  telephone:").unwrap();
    let (_, support) = rest.split_once("  support:").unwrap();
    let (support, rest) = support.split_once("  hotline:").unwrap();
    let (_, after) = rest.split_once("\ndefaults:").unwrap();
    let only = format!("{before}  support:{support}\ndefaults:{after}");
    place.write("suites/turnproof.yaml", &only);
}

#[test]
fn suites_have_the_same_result_over_rest() {
    let place = Place::with_suites();
    without_sound(&place);
    let run = ["run", "--seed", "1"];
    let settings = place.read("suites/turnproof.yaml");
    for version in ["v3", "v3beta1"] {
        let agent = "    agent: agents/bike-workshop\n";
        let versioned = format!("{agent}    api_version: {version}\n");
        place.write("suites/turnproof.yaml", &settings.replace(agent, &versioned));
        ended(&place.run(&run), 0);
        let over_grpc = result(&place);
        reach(&place, "rest");
        ended(&place.run(&run), 0);
        let over_rest = result(&place);
        assert!(played(&over_rest) >= 20, "{}", played(&over_rest));
        assert_same(&over_grpc, &over_rest, version);
    }
}

#[test]
fn calls_and_turns_have_the_same_result_over_websockets() {
    let place = Place::with_suites();
    for file in ["booking", "german", "greeting", "status", "telephone"] {
        std::fs::remove_file(place.path().join(format!("suites/workshop/{file}.yaml"))).unwrap();
    }
    change(
        &place,
        "suites/turnproof.yaml",
        "  support:                          # a scripted CES app\n",
        "  support:\n    via: bidi\n",
    );
    ended(&place.run(&["run", "--seed", "1"]), 0);
    let over_grpc = result(&place);
    let settings = place.read("suites/turnproof.yaml");
    let (workshop, apps) = settings.split_once("  support:").unwrap();
    let apps = apps.replace(
        "    backend: emulator\n",
        "    backend: emulator\n    transport: websocket\n",
    );
    place.write("suites/turnproof.yaml", &format!("{workshop}  support:{apps}"));
    ended(&place.run(&["run", "--seed", "1"]), 0);
    let over_websockets = result(&place);
    let text = over_websockets.to_string();
    for heard in ["\"transcript\"", "\"interrupted\":true", "\"tool_calls\""] {
        assert!(text.contains(heard), "{heard}");
    }
    assert_same(&over_grpc, &over_websockets, "");
}

/// Settings of an agent and an app that are served elsewhere.
fn settings(address: &str, transport: &str, via: &str) -> String {
    let cx = if transport == "websocket" {
        "rest"
    } else {
        transport
    };
    format!(
        "targets:\n  counter: {{ backend: cx, agent: projects/p/locations/global/agents/a, \
         endpoint: \"http://{address}\", credentials: none, transport: {cx} }}\n  \
         app: {{ backend: ces, app: projects/p/locations/us/apps/a, endpoint: \"http://{address}\", \
         credentials: none, transport: {transport}{via} }}\n"
    )
}

const TROUBLED: &str = "\
conversations:
  - name: an agent that fails
    target: counter
    turns:
      - { event: count, expect: { reply: '1' } }
      - { event: count, expect: { reply: '2' } }
      - { event: count, expect: { reply: '3' } }
  - name: an app that fails
    target: app
    turns:
      - { say: hello, expect: { reply: heard } }
      - { say: hello, expect: { reply: something else } }
      - { say: hello, expect: { reply: heard } }
";

/// Runs among faults, and what was told of it: everything but ids and times.
fn told(fault: &str, transport: &str, via: &str) -> Value {
    let place = Place::new();
    place.write("agents/app.yaml", "app: Echo\nagents:\n  Desk:\n    rules:\n      - when: { matches: . }\n        do: [{ say: heard }]\n");
    let counter = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/agents/counter");
    let running = Running::start(
        &place,
        &[
            "--agent",
            counter,
            "--app",
            "agents/app.yaml",
            "--seed",
            "1",
            "--fault",
            fault,
        ],
    );
    place.write("turnproof.yaml", &settings(&running.address, transport, via));
    place.write("troubled.yaml", TROUBLED);
    let said = place.run(&["run", "--jobs", "1", "--seed", "1"]);
    assert!([Some(1), Some(3)].contains(&said.code), "{said:?}");
    result(&place)["conversations"].take()
}

#[test]
fn troubles_are_the_same_over_each() {
    for status in [
        "not-found",
        "resource-exhausted",
        "unavailable",
        "permission-denied",
        "failed-precondition",
    ] {
        let fault = format!("{status},nth=2");
        let over_grpc = told(&fault, "grpc", "");
        assert!(over_grpc.to_string().contains("\"hint\""), "{over_grpc}");
        assert_same(&over_grpc, &told(&fault, "rest", ""), status);
        // In the midst of a stream it is told what went wrong, too.
        let fault = format!("{status},nth=1,applied,method=BidiRunSession");
        let over_grpc = told(&fault, "grpc", ", via: bidi");
        assert_same(&over_grpc, &told(&fault, "websocket", ""), status);
    }
}

#[test]
fn what_is_recorded_over_rest_is_replayed() {
    let place = Place::with_suites();
    without_sound(&place);
    reach(&place, "rest");
    ended(&place.run(&["run", "--seed", "1", "--record", "tapes"]), 0);
    let recorded = result(&place);
    ended(
        &place.run(&["run", "--seed", "1", "--strict", "--replay", "tapes"]),
        0,
    );
    assert_same(&recorded, &result(&place), "");
    let settings = place.read("suites/turnproof.yaml");
    place.write(
        "suites/turnproof.yaml",
        &settings.replace("    transport: rest\n", ""),
    );
    ended(
        &place.run(&["run", "--seed", "1", "--strict", "--replay", "tapes"]),
        0,
    );
    assert_same(
        &recorded,
        &result(&place),
        "for a target that is reached over gRPC",
    );
}

/// What the emulator answers to a request of another program.
async fn ask(request: reqwest::RequestBuilder) -> (u16, String, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let content_type = response
        .headers()
        .get("content-type")
        .map(|value| value.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    let json = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, content_type.unwrap_or_default(), json)
}

#[tokio::test]
async fn other_programs_may_ask_in_json() {
    let place = Place::initialised();
    let running = Running::start(&place, &["--agent", "agents/coffee-bar"]);
    let client = reqwest::Client::new();
    let address = |rest: &str| {
        format!(
            "http://{}/v3/projects/p/locations/l/agents/a/sessions/{rest}",
            running.address
        )
    };
    let say = json!({"queryInput": {"text": {"text": "hello"}, "languageCode": "en"}}).to_string();
    let post = |rest: &str, body: &str| client.post(address(rest)).body(body.to_owned());

    let (status, content_type, answer) = ask(post("s:detectIntent", &say)).await;
    assert_eq!(status, 200, "{answer}");
    assert!(content_type.starts_with("application/json"));
    assert_eq!(
        answer["queryResult"]["match"]["intent"]["displayName"],
        "Default Welcome Intent"
    );
    assert_eq!(answer["responseType"], "FINAL");

    let (status, _, answer) = ask(post("s:serverStreamingDetectIntent", &say)).await;
    assert_eq!(status, 200);
    let last = answer.as_array().unwrap().last().unwrap();
    assert_eq!(last["responseType"], "FINAL");

    let misspelt = json!({"queryInput": {"text": {"text": "hello"}, "language": "en"}, "unheardOf": 1});
    let (status, _, answer) = ask(post("s:detectIntent", &misspelt.to_string())).await;
    let error = &answer["error"];
    assert_eq!(
        (status, &error["code"], &error["status"]),
        (400, &json!(400), &json!("INVALID_ARGUMENT"))
    );
    assert_eq!(
        error["details"][0]["@type"],
        "type.googleapis.com/google.rpc.BadRequest"
    );
    let violations = error["details"][0]["fieldViolations"].as_array().unwrap();
    let fields: Vec<&Value> = violations.iter().map(|violation| &violation["field"]).collect();
    assert_eq!(fields, ["query_input", ""], "{answer}");
    assert!(
        error["message"].as_str().unwrap().contains("`unheardOf`"),
        "{answer}"
    );
    let (status, _, answer) = ask(post("s:serverStreamingDetectIntent", &misspelt.to_string())).await;
    assert_eq!(
        (status, &answer[0]["error"]["status"]),
        (400, &json!("INVALID_ARGUMENT"))
    );

    for (request, status, name) in [
        (post("s:detectIntent", "{"), 400, "INVALID_ARGUMENT"),
        (post("s:detectIntent", "[]"), 400, "INVALID_ARGUMENT"),
        (
            post("s:detectIntent", r#"{"queryInput": 5}"#),
            400,
            "INVALID_ARGUMENT",
        ),
        (post("s:fulfillIntent", ""), 400, "INVALID_ARGUMENT"),
        (post("s:doSomething", &say), 404, "NOT_FOUND"),
        (client.get(address("s:detectIntent")), 405, "UNIMPLEMENTED"),
        (
            client.post(format!(
                "http://{}/v1/projects/p/locations/l/apps/a/sessions/s:runSession",
                running.address
            )),
            501,
            "UNIMPLEMENTED",
        ),
        (
            post("s:detectIntent", &say).header("origin", "https://evil.example"),
            403,
            "PERMISSION_DENIED",
        ),
        (
            client.get(format!(
                "http://{}/ws/google.cloud.ces.v1.SessionService/BidiRunSession/locations/us",
                running.address
            )),
            426,
            "INVALID_ARGUMENT",
        ),
    ] {
        let (told, content_type, answer) = ask(request).await;
        assert_eq!(
            (told, answer["error"]["status"].as_str()),
            (status, Some(name)),
            "{answer}"
        );
        assert!(content_type.starts_with("application/json"), "{content_type}");
        assert!(!answer["error"]["message"].as_str().unwrap().is_empty());
    }
}
