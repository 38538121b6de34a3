//! Twins: `channels: [text, audio]` plays a conversation both ways, and reports say what speech changed.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cli_place::Place;

/// Recordings whose transcripts say other words than an English agent hears.
fn place() -> Place {
    let place = Place::initialised();
    fs::remove_file(place.path().join("order.yaml")).unwrap();
    let speech = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites/fixtures/speech");
    fs::create_dir_all(place.path().join("fixtures")).unwrap();
    for (from, to) in [("yes-please.wav", "hello.wav"), ("brakes.wav", "german.wav")] {
        fs::copy(speech.join(from), place.path().join("fixtures").join(to)).unwrap();
    }
    place.write(
        "fixtures/transcripts.yaml",
        "hello.wav: hello\ngerman.wav: { text: I would like a coffee, language: de }\n",
    );
    place.write(
        "greet.yaml",
        "target: coffee\nconversations:\n  \
         - name: greets\n    channels: [text, audio]\n    turns:\n      \
         - audio: fixtures/hello.wav\n        expect: { intent: Default Welcome Intent, transcript: hello }\n        \
         capture: { heard: transcript }\n      \
         - audio: fixtures/german.wav\n        expect: { intent: order.drink }\n        when: { transcript: \"{{ heard }}\" }\n  \
         - name: types\n    turns: [{ say: hello }]\n",
    );
    place
}

fn run_json(place: &Place) -> Value {
    serde_json::from_str(&place.read("reports/run.json")).unwrap()
}

#[test]
fn both_are_results_and_reports_tell_what_speech_changed() {
    let place = place();
    let said = place.run(&["run"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for expected in [
        "greets [audio]",
        "speech changed the outcome of 1 of 1 conversation",
        "turn 2: intent",
        "said “I would like a coffee”",
        "in writing passed, by voice failed",
    ] {
        assert!(said.out.contains(expected), "{expected}: {}", said.out);
    }
    let document = run_json(&place);
    let names: Vec<&str> = document["conversations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["greets [text]", "greets [audio]", "types"]);
    let [text, audio, types] = &document["conversations"].as_array().unwrap()[..] else {
        panic!("{names:?}")
    };
    assert_eq!(
        (&text["channel"], &text["verdict"]),
        (&"text".into(), &"passed".into())
    );
    assert_eq!(
        (&audio["channel"], &audio["twin"]),
        (&"audio".into(), &"greets".into())
    );
    assert!(types.get("channel").is_none());
    assert_eq!(text["attempts"][0]["turns"][0]["input"]["say"], "hello");
    assert!(
        text["attempts"][0]["turns"][0]["reply"]
            .get("transcript")
            .is_none()
    );
    assert_eq!(
        audio["attempts"][0]["turns"][0]["input"]["audio"],
        "fixtures/hello.wav"
    );
    let [twins] = &document["twins"].as_array().unwrap()[..] else {
        panic!("{}", document["twins"])
    };
    assert_eq!(
        (&twins["text"], &twins["audio"]),
        (&"passed".into(), &"failed".into())
    );
    let found = &twins["difference"];
    assert_eq!(
        (&found["turn"], &found["kind"], &found["text"]),
        (&2.into(), &"intent".into(), &"order.drink".into())
    );
    assert_eq!(found["said"], "I would like a coffee");
    let junit = place.read("reports/junit.xml");
    assert!(
        junit.contains("name=\"greets [text]\"") && junit.contains("name=\"greets [audio]\""),
        "{junit}"
    );
    assert!(
        junit.contains("<property name=\"channel\" value=\"audio\""),
        "{junit}"
    );
    assert!(
        junit.contains("turn 2: intent: order.drink in writing"),
        "{junit}"
    );
}

#[test]
fn annotations_name_the_channel_and_tell_what_speech_changed() {
    let place = place();
    let said = place.run(&["run", "--report", "github"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let annotations: Vec<&str> = said.out.lines().filter(|line| line.starts_with("::")).collect();
    let [failed, changed] = &annotations[..] else {
        panic!("{annotations:?}")
    };
    assert!(
        failed.starts_with("::error file=greet.yaml,line=10,title=greet / greets [audio]::turn 2: intent"),
        "{failed}"
    );
    assert!(
        changed.starts_with(
            "::warning file=greet.yaml,line=9,title=greet / greets::speech changed the outcome: in writing passed, by \
             voice failed; turn 2: intent: order.drink in writing"
        ),
        "{changed}"
    );
    assert!(changed.contains("heard"), "{changed}");
}

#[test]
fn nothing_is_said_of_what_was_not_played() {
    let place = place();
    let suite = place.read("greet.yaml");
    place.write(
        "greet.yaml",
        &suite.replace("    channels:", "    skip: later\n    channels:"),
    );
    for arguments in [
        &["run", "--report", "github", "--report", "junit=j.xml"][..],
        &["run", "--report", "terminal", "--report", "junit=j.xml"],
    ] {
        let said = place.run(arguments);
        assert!(
            !said.out.contains("speech") && !said.out.contains("by voice"),
            "{said:?}"
        );
        assert!(
            !place.read("j.xml").contains("\"twins\""),
            "{}",
            place.read("j.xml")
        );
    }
    place.write("greet.yaml", &suite);
    let said = place.run(&["run", "--max-turns", "1", "--jobs", "1"]);
    assert!(
        said.out.contains("3 not run") && !said.out.contains("speech"),
        "{}",
        said.out
    );
}

#[test]
fn one_channel_can_be_selected() {
    let place = place();
    let said = place.run(&["run", "--filter", "channel:text"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.out.contains("2 passed") && !said.out.contains("speech"),
        "{}",
        said.out
    );
    assert!(run_json(&place).get("twins").is_none());
    let listed: Value = serde_json::from_str(&place.run(&["list", "--format", "json"]).out).unwrap();
    let channels: Vec<&Value> = listed["conversations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["channel"])
        .collect();
    assert_eq!(channels, ["text", "audio", "text"]);
    let by_voice = place.run(&["run", "--filter", "channel:audio"]);
    assert_eq!(by_voice.code, Some(1));
    assert!(
        by_voice.out.contains("1 failed") && !by_voice.out.contains("passed"),
        "{}",
        by_voice.out
    );
}

#[test]
fn the_line_of_a_conversation_means_both_and_failures_are_found_again() {
    let place = place();
    assert_eq!(place.run(&["run", "greet.yaml:3"]).code, Some(1));
    assert_eq!(run_json(&place)["summary"]["passed"], 1);
    assert_eq!(run_json(&place)["summary"]["failed"], 1);
    let again = place.run(&["run", "--last-failed"]);
    assert_eq!(again.code, Some(1));
    assert_eq!(run_json(&place)["conversations"][0]["name"], "greets [audio]");
    assert_eq!(run_json(&place)["conversations"].as_array().unwrap().len(), 1);
}

#[test]
fn a_plan_counts_characters_of_one_and_seconds_of_the_other() {
    let place = place();
    let plan: Value = serde_json::from_str(&place.run(&["run", "--plan=json"]).out).unwrap();
    assert_eq!(plan["conversations"], 3);
    let target = &plan["targets"][0];
    assert_eq!(
        target["characters"],
        2 * "hello".len() + "I would like a coffee".len()
    );
    assert!(target["audio_seconds"].as_f64().unwrap() > 0.5, "{target}");
    assert_eq!(
        (&plan["turns"]["least"], &plan["turns"]["most"]),
        (&3.into(), &5.into())
    );
}
