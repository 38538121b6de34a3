//! `turnproof coverage`: a run held against the agent's export, the gate, and what it refuses.

use std::fs;
use std::io::pipe;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::cli_place::{Place, Said};

mod since;

const FLOW: &str = "agents/coffee-bar/flows/Default Start Flow/Default Start Flow.json";
const OPENING_HOURS: &str = "\n  - name: tells when it is open\n    turns: [{ say: when are you open }]\n";

/// The folder that `init` fills, its suite played.
fn played() -> Place {
    let place = Place::initialised();
    play(&place);
    place
}

fn play(place: &Place) {
    let said = place.run(&["run", "--progress", "never"]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").args([from, to]).status();
    assert!(copied.unwrap().success());
}

fn edit(place: &Place, file: &str, edit: impl FnOnce(&mut Value)) {
    let mut document: Value = serde_json::from_str(&place.read(file)).unwrap();
    edit(&mut document);
    place.write(file, &document.to_string());
}

fn document(said: &Said) -> Value {
    let document: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(document["format"], "turnproof-coverage/1");
    document
}

/// The resources that were not touched, by name.
fn untouched(document: &Value) -> Vec<&str> {
    let resources = document["resources"].as_array().unwrap().iter();
    let untouched = resources.filter(|resource| resource["touched"] == false);
    untouched
        .map(|resource| resource["name"].as_str().unwrap())
        .collect()
}

#[test]
fn a_run_is_held_against_the_export_of_its_target() {
    let place = played();
    let said = place.run(&["coverage"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
    for part in [
        "Coverage of agents/coffee-bar by the run of ",
        "(coffee)\n4 turns in 3 conversations\n",
        "\n  routes              3 of 4     75.0 %  ███",
        "\n  total              10 of 13    76.9 %  ███",
        "\nFlow Default Start Flow\n  route     intent opening.hours\n  event     sys.no-input-default\n",
        "\nIntents\n  opening.hours\n",
        "\nEntity values\n  drink: tea\n  size: small\n",
    ] {
        assert!(said.out.contains(part), "{part}\n{}", said.out);
    }
    let said = place.run(&["coverage", "--format", "json"]);
    let document = document(&said);
    assert_eq!(
        document["total"],
        json!({"touched": 10, "of": 13, "percent": 76.9})
    );
    let untouched = untouched(&document);
    assert_eq!(
        untouched,
        [
            "opening.hours",
            "intent opening.hours",
            "sys.no-input-default",
            "tea",
            "small"
        ]
    );
    let run: Value = serde_json::from_str(&place.read("reports/run.json")).unwrap();
    assert_eq!(document["runs"][0]["id"], run["run"]["id"]);
    assert_eq!(
        document["export"]["hash"],
        run["run"]["targets"][0]["export_hash"]
    );
}

#[test]
fn what_is_played_next_is_touched() {
    let place = played();
    let suite = place.read("order.yaml");
    place.write("order.yaml", &format!("{suite}{OPENING_HOURS}"));
    play(&place);
    let document = document(&place.run(&["coverage", "--format", "json"]));
    assert_eq!(untouched(&document), ["sys.no-input-default", "tea", "small"]);
}

#[test]
fn a_minimum_is_a_gate_that_names_its_figure() {
    let place = played();
    let said = place.run(&["coverage", "--min", "76", "--min", "routes=75%"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let said = place.run(&[
        "coverage",
        "--min",
        "80",
        "--min",
        "routes=75",
        "--min",
        "entity-values=60",
    ]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(
        said.err,
        "error: coverage in total is 76.9 % (10 of 13), below the minimum of 80 %\n\
         error: coverage of entity values is 50 % (2 of 4), below the minimum of 60 %\n"
    );
    assert!(
        said.out.contains("Not touched"),
        "the report is shown all the same"
    );
    let said = place.run(&["coverage", "--min", "80", "--format", "json"]);
    assert_eq!(said.code, Some(1));
    let minima = json!([{"figure": "total", "percent": 80.0, "reached": false}]);
    assert_eq!(document(&said)["minima"], minima);
    let said = place.run(&["coverage", "--min", "lots"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.contains("a number from 0 to 100 is wanted"),
        "{}",
        said.err
    );
}

#[test]
fn a_run_and_an_export_are_enough_without_settings() {
    let place = played();
    let elsewhere = Place::new();
    let run = place.path().join("reports/run.json");
    let export = place.path().join("agents/coffee-bar");
    let [run, export] = [run.to_str().unwrap(), export.to_str().unwrap()];
    let said = elsewhere.run(&["coverage", "--run", run, "--export", export]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    assert!(said.out.contains("10 of 13"), "{}", said.out);
    // The same run given twice is one run.
    let said = elsewhere.run(&["coverage", "--run", run, "--run", run, "--export", export]);
    assert!(said.err.contains("again: it is counted once"), "{}", said.err);
    assert!(
        said.out.contains("\n4 turns in 3 conversations\n"),
        "{}",
        said.out
    );
    // Of two runs every turn counts, the figures stay.
    let mut other: Value = serde_json::from_str(&place.read("reports/run.json")).unwrap();
    other["run"]["id"] = "another".into();
    elsewhere.write("other.json", &other.to_string());
    let said = elsewhere.run(&[
        "coverage",
        "--run",
        run,
        "--run",
        "other.json",
        "--export",
        export,
        "--target",
        "coffee",
    ]);
    assert!(
        said.out
            .contains(" by 2 runs (coffee)\n8 turns in 6 conversations\n"),
        "{}",
        said.out
    );
    assert!(said.out.contains("10 of 13"), "{}", said.out);
    let said = elsewhere.run(&["coverage", "--run", run]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(
        said.err.contains("name the agent's export with --export"),
        "{}",
        said.err
    );
}

#[test]
fn without_a_run_it_says_how_to_get_one() {
    let place = Place::initialised();
    let said = place.run(&["coverage"]);
    assert_eq!((said.code, said.out.as_str()), (Some(4), ""));
    for part in ["`reports/run.json` does not exist", "`turnproof run`"] {
        assert!(said.err.contains(part), "{}", said.err);
    }
    let said = place.run(&["coverage", "--run", "nowhere.json"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.contains("nowhere.json") && said.err.contains("there is no such file"),
        "{}",
        said.err
    );
}

#[test]
fn a_broken_run_is_refused_with_its_place() {
    let place = played();
    let good = place.read("reports/run.json");
    let format = format!("\"{}\"", turnproof::report::json::FORMAT);
    for (text, part) in [
        (String::new(), "EOF while parsing a value at line 1"),
        (
            good[..good.len() / 2].to_owned(),
            "it is no result of a run: EOF while parsing",
        ),
        (
            good.replacen(&format, "\"turnproof-run/9\"", 1),
            "its format is `turnproof-run/9`",
        ),
        (
            good.replace("\"handlers\":[", "\"handlers\":[7,"),
            "expected a string",
        ),
        (
            "{\"format\":\"turnproof-list/1\"}".to_owned(),
            "its format is `turnproof-list/1`",
        ),
        ("[".repeat(1_000_000), "it is no result of a run"),
    ] {
        place.write("reports/run.json", &text);
        let said = place.run(&["coverage"]);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{part}: {said:?}");
        assert!(
            said.err.contains(part) && said.err.contains("reports/run.json"),
            "{part}\n{}",
            said.err
        );
    }
    fs::remove_file(place.path().join("reports/run.json")).unwrap();
    fs::create_dir(place.path().join("reports/run.json")).unwrap();
    let said = place.run(&["coverage"]);
    assert_eq!(said.code, Some(2), "{said:?}");
}

#[test]
fn the_export_of_another_agent_is_refused() {
    let place = played();
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agents/tea-house");
    let other = other.to_str().unwrap();
    let said = place.run(&["coverage", "--export", other]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
    for part in [
        "it is the export of another agent",
        "give the export of the agent behind `coffee`",
    ] {
        assert!(said.err.contains(part), "{part}\n{}", said.err);
    }
    // Of a run with two agents half is found.
    edit(&place, "reports/run.json", |run| {
        let handlers = &mut run["conversations"][0]["attempts"][0]["turns"][0]["reply"]["trace"]["handlers"];
        handlers.as_array_mut().unwrap().push("elsewhere".into());
    });
    let said = place.run(&["coverage"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.err
            .contains("1 of 6 pages and handlers that the run touched are not in `agents/coffee-bar`"),
        "{}",
        said.err
    );
    let said = place.run(&["coverage", "--export", "nowhere.zip"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("nowhere.zip"), "{}", said.err);
}

#[test]
fn another_version_of_the_export_is_a_warning() {
    let place = played();
    edit(&place, FLOW, |flow| flow["description"] = "Greets.".into());
    let said = place.run(&["coverage"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for part in [
        "the run was played with another version of `agents/coffee-bar`",
        "play the suites again",
    ] {
        assert!(said.err.contains(part), "{part}\n{}", said.err);
    }
}

#[test]
fn a_run_that_does_not_say_where_it_went_proves_nothing() {
    let place = played();
    let forget = |all: bool| {
        edit(&place, "reports/run.json", |run| {
            for conversation in run["conversations"]
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .skip(usize::from(!all))
            {
                for turn in conversation["attempts"][0]["turns"].as_array_mut().unwrap() {
                    turn["reply"].as_object_mut().unwrap().remove("trace");
                }
            }
        });
    };
    forget(false);
    let said = place.run(&["coverage"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.err.contains("3 of 4 turns do not say where they went"),
        "{}",
        said.err
    );
    forget(true);
    let said = place.run(&["coverage", "--min", "0"]);
    assert_eq!((said.code, said.out.as_str()), (Some(3), ""), "{said:?}");
    assert!(
        said.err.contains("none of the run's turns says where it went"),
        "{}",
        said.err
    );
}

#[test]
fn different_agents_have_coverages_of_their_own() {
    let place = Place::initialised();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    copy(
        &repository.join("tests/agents/counter"),
        &place.path().join("agents/counter"),
    );
    let settings = place.read("turnproof.yaml");
    let more = "  counter: { backend: emulator, agent: agents/counter }\n  \
                again: { backend: emulator, agent: agents/coffee-bar }\n\n# A profile";
    place.write("turnproof.yaml", &settings.replacen("\n# A profile", more, 1));
    place.write(
        "count.yaml",
        "target: counter\nconversations:\n  - name: counts\n    turns: [{ event: count }]\n",
    );
    place.write(
        "again.yaml",
        "target: again\nconversations:\n  - name: open\n    turns: [{ say: when are you open }]\n",
    );
    play(&place);
    let said = place.run(&["coverage"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
    for part in [
        "the run has several agents: `again`, `coffee`, `counter`",
        "choose one with --target",
    ] {
        assert!(said.err.contains(part), "{part}\n{}", said.err);
    }
    let said = place.run(&["coverage", "--target", "counter"]);
    assert!(said.out.contains("Coverage of agents/counter by"), "{said:?}");
    // Targets that share an export are one agent.
    let said = place.run(&["coverage", "--target", "coffee,again", "--format", "json"]);
    assert_eq!(
        untouched(&document(&said)),
        ["sys.no-input-default", "tea", "small"]
    );
    let said = place.run(&["coverage", "--target", "cofee"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.contains("the run has no target `cofee`") && said.err.contains("`coffee`"),
        "{}",
        said.err
    );
    let said = place.run(&["coverage", "--export", "agents/coffee-bar"]);
    assert_eq!(said.code, Some(2), "{said:?}");
}

#[test]
fn apps_have_no_export_to_count() {
    let place = Place::new();
    let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites");
    copy(&suites, &place.path().join("suites"));
    let said = place.run(&["run", "suites/support", "--progress", "never"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let said = place.run(&["coverage"]);
    assert_eq!(said.code, Some(4), "{said:?}");
    assert!(
        said.err.contains("no target that is a Dialogflow CX agent"),
        "{}",
        said.err
    );
}

/// What counts does not depend on the version of the API: `v3` does not name webhooks.
#[test]
fn both_versions_of_the_api_tell_the_same() {
    let place = Place::new();
    let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites");
    copy(&suites, &place.path().join("suites"));
    let settings = place.read("suites/turnproof.yaml");
    let counted = |version: &str| {
        let agent = "agent: agents/bike-workshop\n";
        let with_version = format!("{agent}    api_version: {version}\n");
        place.write(
            "suites/turnproof.yaml",
            &settings.replacen(agent, &with_version, 1),
        );
        play(&place);
        let said = place.run(&["coverage", "--target", "workshop", "--format", "json"]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
        document(&said)
    };
    let [mut v3, mut beta] = ["v3", "v3beta1"].map(counted);
    for document in [&mut v3, &mut beta] {
        document["runs"].take();
    }
    assert_eq!(v3, beta);
    let kinds = v3["kinds"].as_array().unwrap();
    let all = kinds.iter().filter(|kind| kind["touched"] == kind["of"]);
    let all: Vec<_> = all.map(|kind| kind["kind"].as_str().unwrap()).collect();
    assert_eq!(
        all,
        [
            "flows",
            "pages",
            "route-groups",
            "intents",
            "form-parameters",
            "webhooks"
        ]
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let place = played();
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let said = Said::from(place.command(&["coverage"]).stdout(writer).output().unwrap());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
}

#[test]
fn the_format_that_is_read_is_the_one_that_is_written() {
    assert_eq!(
        turnproof::coverage::run_file::FORMAT,
        turnproof::report::json::FORMAT
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_at_once() {
    let place = played();
    let made = Command::new("mkfifo").arg(place.path().join("pipe")).status();
    assert!(made.unwrap().success());
    let said = place.run(&["coverage", "--run", "pipe"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("it is not an ordinary file"), "{}", said.err);
}
