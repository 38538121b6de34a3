//! Cassettes, by the program itself: what is recorded once is played again without agents, network and credentials.

use std::fs;
use std::path::Path;

use regex::Regex;
use serde_json::Value;

use crate::cli_place::{Place, Said};

mod hidden;
mod services;

/// The result file without what is another one each time: ids and times.
fn result(place: &Place) -> Value {
    let mut result: Value = serde_json::from_str(&place.read("reports/run.json")).unwrap();
    without_ids_and_times(&mut result);
    result
}

fn without_ids_and_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for name in ["id", "session", "started_at", "elapsed_ms"] {
                if members.get(name).is_some_and(|value| !value.is_object()) && name != "id" {
                    members.remove(name);
                }
            }
            if let Some(latency) = members.get_mut("latency_ms") {
                for part in ["first", "total"] {
                    // To the microsecond, and several calls of a turn are added up.
                    let taken = latency[part].as_f64().unwrap();
                    latency[part] = Value::from((taken * 10.0).round() / 10.0);
                }
            }
            members.values_mut().for_each(without_ids_and_times);
        }
        Value::Array(items) => items.iter_mut().for_each(without_ids_and_times),
        _ => {}
    }
}

/// The result of a run, its own id aside.
fn run_result(place: &Place) -> Value {
    let mut result = result(place);
    assert!(result["run"]["id"].take().is_string());
    result
}

/// A turn's times may fall on either side of a rounding.
fn assert_same(recorded: &Value, replayed: &Value) {
    match (recorded, replayed) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            assert!((one - other).abs() < 0.11, "{one} {other}");
        }
        (Value::Object(one), Value::Object(other)) => {
            assert_eq!(
                one.keys().collect::<Vec<_>>(),
                other.keys().collect::<Vec<_>>(),
                "{replayed}"
            );
            for (name, value) in one {
                assert_same(value, &other[name]);
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            assert_eq!(one.len(), other.len(), "{replayed}");
            one.iter()
                .zip(other)
                .for_each(|(one, other)| assert_same(one, other));
        }
        (one, other) => assert_eq!(one, other),
    }
}

fn cassettes(place: &Place) -> Vec<String> {
    let files = place.files().into_iter().map(|file| file.display().to_string());
    files
        .filter(|file| {
            file.starts_with("tapes/") && Path::new(file).extension().is_some_and(|ending| ending == "json")
        })
        .collect()
}

/// The only cassette whose name has this in it.
fn cassette(place: &Place, part: &str) -> String {
    let mut found = cassettes(place);
    found.retain(|file| file.contains(part));
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// Changes a file, which must hold what is changed.
fn change(place: &Place, file: &str, from: &str, to: &str) {
    let text = place.read(file);
    assert!(text.contains(from), "{from}: {text}");
    place.write(file, &text.replace(from, to));
}

fn ended(said: &Said, code: i32) {
    assert_eq!(said.code, Some(code), "{said:?}");
}

#[test]
fn every_suite_of_this_repository_gives_the_same_result_again() {
    let place = Place::with_suites();
    ended(&place.run(&["run", "--seed", "1", "--record", "tapes"]), 0);
    let recorded = run_result(&place);
    for arguments in [
        &["--jobs", "1"][..],
        &["--jobs", "64", "--shuffle"],
        &["--jobs", "16", "--replay-speed", "recorded"],
    ] {
        let said = place.run(
            &[
                &["run", "--seed", "1", "--strict", "--replay", "tapes"][..],
                arguments,
            ]
            .concat(),
        );
        ended(&said, 0);
        assert!(
            said.out.contains("replayed from tapes: no agent was asked"),
            "{}",
            said.out
        );
        assert_eq!(said.err, "", "nothing is missing, nothing left over");
        assert_same(&recorded, &run_result(&place));
    }
}

#[test]
fn recording_again_changes_ids_and_times_only() {
    let place = Place::initialised();
    ended(&place.run(&["run", "--seed", "1", "--record", "tapes"]), 0);
    let read = |place: &Place| -> Vec<(String, String)> {
        let volatile =
            Regex::new(r#""at_ms": [0-9.]+|"clock": "[^"]*"|"(responseId|Response Id)": "[^"]*""#).unwrap();
        let text = |file: String| (place.read(&file), file);
        let cassettes = cassettes(place).into_iter().map(text);
        cassettes
            .map(|(text, file)| (file, volatile.replace_all(&text, "").into_owned()))
            .collect()
    };
    let before = read(&place);
    assert_eq!(before.len(), 3);
    ended(&place.run(&["run", "--seed", "1", "--record", "tapes"]), 0);
    assert_eq!(read(&place), before);
}

#[test]
fn expectations_are_edited_and_tried_without_the_agent() {
    let place = Place::initialised();
    ended(&place.run(&["run", "--record", "tapes"]), 0);
    change(&place, "order.yaml", "What would you like", "What will it be");
    let said = place.run(&["run", "--replay", "tapes"]);
    ended(&said, 1);
    assert!(
        said.out.contains("2 passed") && said.out.contains("What will it be"),
        "{}",
        said.out
    );
    change(&place, "order.yaml", "What will it be", "would you like");
    ended(&place.run(&["run", "--replay", "tapes"]), 0);
}

#[test]
fn what_is_asked_differently_is_errored_with_the_difference() {
    let place = Place::initialised();
    ended(&place.run(&["run", "--record", "tapes"]), 0);
    change(&place, "order.yaml", "say: large", "say: the large one");
    let said = place.run(&["run", "--replay", "tapes", "--filter", "missing"]);
    ended(&said, 3);
    assert!(
        said.out.contains("- request.queryInput.text.text: \"large\"")
            && said
                .out
                .contains("+ request.queryInput.text.text: \"the large one\""),
        "{}",
        said.out
    );
    assert_eq!(said.err, "", "conversations that are not selected are not unused");
    let error = &result(&place)["conversations"][0]["attempts"][0]["error"];
    assert_eq!(error["kind"], "cassette");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("(interaction 2 of attempt 1 in tapes/order/asks-for-what-is-missing-"),
        "{message}"
    );
    assert_eq!(error["diff"]["lines"].as_array().unwrap().len(), 2);
    assert_eq!(
        result(&place)["conversations"][0]["attempts"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let junit = place.read("reports/junit.xml");
    assert!(
        junit.contains("the large one") && junit.contains("<error "),
        "{junit}"
    );
}

#[test]
fn what_is_missing_damaged_or_left_over_is_told() {
    let place = Place::initialised();
    ended(&place.run(&["run", "--record", "tapes"]), 0);
    fs::remove_file(place.path().join(cassette(&place, "greets"))).unwrap();
    let damaged = cassette(&place, "knows-when");
    change(&place, &damaged, "\"attempt\": 1,", "\"attempt\": one,");
    change(
        &place,
        "order.yaml",
        "      - say: large\n",
        "      - say: small\n        when: { reply: never }\n",
    );
    place.write("tapes/order/an-old-one.json", "{}");
    let said = place.run(&["run", "--replay", "tapes"]);
    ended(&said, 3);
    for told in [
        "nothing is recorded for this conversation: there is no",
        "run it with --record instead of",
        &format!("{damaged}:7:18: the cassette is damaged: expected value"),
    ] {
        let flowed = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flowed.contains(told), "{told}: {}", said.out);
    }
    assert!(
        said.err.contains("warning[unused-recording]: a recorded interaction was not asked for: interaction 2 of attempt 1")
            && said.err.contains("warning[unused-cassette]: no conversation of its suite has this cassette\n--> tapes/order/an-old-one.json"),
        "{}",
        said.err
    );
    let strict = place.run(&["run", "--replay", "tapes", "--strict", "--filter", "missing"]);
    ended(&strict, 3);
    assert!(strict.err.contains("error[unused-recording]"), "{}", strict.err);
}

#[test]
fn flags_that_cannot_be_used_are_refused() {
    let place = Place::initialised();
    for (arguments, told) in [
        (&["--record", "a", "--replay", "b"][..], "cannot be used with"),
        (&["--replay-speed", "fast"], "--replay <DIR>"),
        (&["--replay", "nowhere"], "record some first: --record nowhere"),
    ] {
        let said = place.run(&[&["run"], arguments].concat());
        ended(&said, 2);
        assert!(said.err.contains(told), "{arguments:?}: {}", said.err);
    }
    let said = place.run(&["run", "--replay", "nowhere", "--show-settings"]);
    ended(&said, 0);
    let rows = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        rows.contains("replay nowhere --replay") || rows.contains("replay --replay nowhere"),
        "{rows}"
    );
    let said = place.run(&["run", "--record", "order.yaml"]);
    ended(&said, 3);
    assert!(said.err.contains("cannot record into order.yaml"), "{}", said.err);
    assert!(!place.path().join("reports").exists(), "nothing was played");
}

#[test]
fn dates_are_those_of_the_recording() {
    let place = Place::initialised();
    change(
        &place,
        "order.yaml",
        "say: hello",
        "say: \"hello on {{ today }}\"",
    );
    change(
        &place,
        "order.yaml",
        "reply: { contains: What would you like }",
        "match: intent",
    );
    place.run(&["run", "--record", "tapes", "--filter", "greets"]);
    let file = cassette(&place, "greets");
    let recorded = place.read(&file);
    let clock = Regex::new(r#""clock": "([0-9-]{10})"#).unwrap();
    let today = clock.captures(&recorded).unwrap()[1].to_owned();
    assert!(recorded.contains(&format!("hello on {today}")), "{recorded}");
    place.write(&file, &recorded.replace(&today, "2001-02-03"));
    let said = place.run(&["run", "--replay", "tapes", "--filter", "greets", "-v"]);
    assert!(
        said.out.contains("hello on 2001-02-03") && !said.out.contains("differs"),
        "{}",
        said.out
    );
}

#[test]
fn sessions_and_attempts_have_recordings_of_their_own() {
    let place = Place::initialised();
    place.write(
        "order.yaml",
        "target: coffee
conversations:
  - name: begins again
    repeat: 2
    turns:
      - say: I would like a tea
        expect: { page: Order }
        then: restart
      - say: hello
        expect: { page: Start Page }
",
    );
    ended(&place.run(&["run", "--seed", "1", "--record", "tapes"]), 0);
    let recorded = run_result(&place);
    let file = cassette(&place, "begins-again");
    let cassette: Value = serde_json::from_str(&place.read(&file)).unwrap();
    let sessions = cassette["sessions"].as_array().unwrap();
    let places: Vec<_> = sessions
        .iter()
        .map(|session| {
            (
                session["attempt"].as_u64().unwrap(),
                session["session"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(places, [(1, 1), (1, 2), (2, 1), (2, 2)]);
    let said = place.run(&["run", "--seed", "1", "--replay", "tapes"]);
    ended(&said, 0);
    assert_same(&recorded, &run_result(&place));

    change(&place, "order.yaml", "repeat: 2", "repeat: 3");
    let said = place.run(&["run", "--replay", "tapes"]);
    ended(&said, 3);
    assert!(
        said.out
            .contains("attempt 3 is not recorded in tapes/order/begins-again"),
        "{}",
        said.out
    );
    change(&place, "order.yaml", "repeat: 3", "repeat: 1");
    let said = place.run(&["run", "--replay", "tapes"]);
    ended(&said, 0);
    assert!(
        said.err
            .contains("2 recorded interactions were not asked for, from interaction 1 of attempt 2 on"),
        "{}",
        said.err
    );
}

#[test]
fn a_service_that_is_not_there_leaves_good_cassettes_alone() {
    let place = Place::initialised();
    ended(&place.run(&["run", "--record", "tapes"]), 0);
    let file = cassette(&place, "greets");
    let good = place.read(&file);
    // The port was free a moment ago, and is not given away again so soon.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    place.write(
        "turnproof.yaml",
        &format!("targets:\n  coffee: {{ backend: cx, agent: projects/p/locations/global/agents/a, export: agents/coffee-bar, endpoint: \"http://{address}\", credentials: none }}\n"),
    );
    let said = place.run(&["run", "--record", "tapes", "--filter", "greets"]);
    ended(&said, 3);
    assert!(said.err.contains("warning[cassette-kept]"), "{}", said.err);
    assert_eq!(place.read(&file), good);
}

/// What agents spoke, by conversation and turn: the file's name without the session in it, and its sound.
fn spoken(place: &Place) -> Vec<(String, Vec<u8>)> {
    let session = Regex::new("-[0-9a-f]{8}\\.wav$").unwrap();
    let files = place.files().into_iter().map(|file| file.display().to_string());
    files
        .filter(|file| file.starts_with("reports/audio/") && session.is_match(file))
        .map(|file| {
            let bytes = fs::read(place.path().join(&file)).unwrap();
            (session.replace(&file, "").into_owned(), bytes)
        })
        .collect()
}

#[test]
fn what_agents_speak_is_kept_as_it_was_whatever_carries_it() {
    let place = Place::with_suites();
    let by_voice = |arguments: &[&str]| {
        place.run(
            &[
                &["run", "--seed", "1", "--filter", "tag:audio", "--keep-audio"],
                arguments,
            ]
            .concat(),
        )
    };
    ended(&by_voice(&["--record", "tapes"]), 0);
    let recorded = spoken(&place);
    assert!(recorded.len() > 20, "{}", recorded.len());
    fs::remove_dir_all(place.path().join("reports")).unwrap();
    // A recording is one of what was said, not of how it travelled.
    change(
        &place,
        "suites/turnproof.yaml",
        "via: bidi\n",
        "via: bidi\n    transport: websocket\n",
    );
    let said = by_voice(&["--replay", "tapes", "--strict"]);
    ended(&said, 0);
    assert_eq!(said.err, "");
    assert_eq!(spoken(&place), recorded);

    for file in cassettes(&place) {
        let text = place.read(&file);
        assert!(text.len() < 60_000, "{file}: what is long is beside it");
    }
}

#[test]
fn another_sound_is_told_by_its_file_and_where_it_was_recorded() {
    let place = Place::with_suites();
    ended(
        &place.run(&["run", "--record", "tapes", "--filter", "file:telephone.yaml"]),
        0,
    );
    let suite = place
        .files()
        .into_iter()
        .find(|file| file.ends_with("telephone.yaml"));
    let suite = suite.unwrap().display().to_string();
    change(&place, &suite, "brakes.wav", "yes-please.wav");
    let said = place.run(&["run", "--replay", "tapes", "--filter", "file:telephone.yaml"]);
    ended(&said, 3);
    let flowed = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for told in [
        "sound was \"fixtures/speech/brakes.wav (2400 bytes)\", now \"fixtures/speech/yes-please.wav (2400 bytes)\"",
        "(interaction 2 of attempt 1 in",
        "this sound is that of interaction 4 of attempt 1",
    ] {
        assert!(flowed.contains(told), "{told}: {}", said.out);
    }
}
