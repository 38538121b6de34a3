//! `turnproof run`: exit codes, and what the command line changes.

use std::fs;

use crate::cli_place::{Place, Said};

/// A suite of one conversation that says something.
fn suite(say: &str, expect: &str) -> String {
    format!(
        "suite: Small\ntarget: coffee\nconversations:\n  - name: small\n    turns:\n      - say: {say}\n        expect: {expect}\n"
    )
}

/// A suite that passes and one that fails.
fn mixed() -> Place {
    let place = Place::initialised();
    fs::remove_file(place.path().join("order.yaml")).unwrap();
    place.write("good.yaml", &suite("hello", "{ intent: Default Welcome Intent }"));
    place.write("bad.yaml", &suite("hello", "{ intent: opening.hours }"));
    place
}

#[test]
fn all_passed_is_0_and_reports_are_written() {
    let place = mixed();
    let said = place.run(&["run", "good.yaml"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("1 passed"), "{}", said.out);
    assert!(place.read("reports/junit.xml").contains("<testsuites"));
    let document: serde_json::Value = serde_json::from_str(&place.read("reports/run.json")).unwrap();
    assert_eq!(document["summary"]["passed"], 1);
}

/// What is for the other service is not evaluated, and a conversation without anything else is told of.
#[test]
fn what_is_passed_over_is_not_counted() {
    let place = mixed();
    let counts = |expect: &str| {
        place.write("good.yaml", &suite("hello", expect));
        let said = place.run(&["run", "good.yaml"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        let document: serde_json::Value = serde_json::from_str(&place.read("reports/run.json")).unwrap();
        let junit = place.read("reports/junit.xml");
        let assertions = junit
            .split_once("assertions=\"")
            .unwrap()
            .1
            .split_once('"')
            .unwrap()
            .0;
        assert_eq!(document["summary"]["expectations"].to_string(), assertions);
        (assertions.to_owned(), said.err)
    };
    let (counted, told) = counts("{ intent: Default Welcome Intent, on: { ces: { reply: x } } }");
    assert_eq!((counted.as_str(), told.as_str()), ("1", ""));
    let (counted, told) = counts("{ on: { ces: { reply: x } } }");
    assert_eq!(counted, "0");
    assert!(
        told.contains("warning[nothing-checked]: on Dialogflow CX nothing is checked here"),
        "{told}"
    );
}

/// What is missing here says nothing about the agent: in CI, a variable that `--env` does not name.
#[test]
fn a_variable_that_is_not_set_is_3() {
    let place = mixed();
    let settings = place.read("turnproof.yaml");
    place.write("turnproof.yaml", &format!("env: [NOT_SET_ANYWHERE]\n{settings}"));
    place.write(
        "good.yaml",
        &suite("\"hello {{ env.NOT_SET_ANYWHERE }}\"", "{ reply: x }"),
    );
    let said = place.run(&["run", "good.yaml"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.out.contains("1 errored"), "{}", said.out);
    let told = "the environment variable `NOT_SET_ANYWHERE` is not set, or may not be read";
    assert!(said.out.contains(told), "{}", said.out);
}

#[test]
fn a_failure_is_1_and_can_be_played_again() {
    let place = mixed();
    let said = place.run(&["run", "--report", "terminal"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.out.contains("bad.yaml:7") && said.out.contains("1 failed · 1 passed"),
        "{}",
        said.out
    );
    assert!(!place.path().join("reports/junit.xml").exists());
    let again = place.run(&["run", "--last-failed"]);
    assert_eq!(again.code, Some(1));
    assert!(
        again.out.contains("1 failed\n") && again.out.contains("\n1 conversation,"),
        "{}",
        again.out
    );
    place.write("bad.yaml", &suite("hello", "{ intent: Default Welcome Intent }"));
    assert_eq!(place.run(&["run", "--last-failed"]).code, Some(0));
    let nothing = place.run(&["run", "--last-failed"]);
    assert_eq!(nothing.code, Some(4));
    assert!(
        nothing
            .err
            .contains("none of these conversations failed in the run before"),
        "{}",
        nothing.err
    );
}

#[test]
fn what_is_to_be_shown_is_shown() {
    let place = mixed();
    place.write(
        "good.yaml",
        "suite: Small\ntarget: coffee\nconversations: [{ name: small, turns: [{ say: hello }] }]\n",
    );
    for (flag, shown) in [("-v", "hello"), ("--print-expect", "intent:")] {
        let said = place.run(&["run", "good.yaml", "--report", "json", flag]);
        assert!(said.out.contains(shown), "{flag}: {said:?}");
    }
    let quiet = place.run(&["run", "good.yaml", "--report", "json"]);
    assert_eq!(quiet.out, "", "{quiet:?}");
}

#[test]
fn last_failed_without_a_run_before_is_4() {
    let said = mixed().run(&["run", "--last-failed"]);
    assert_eq!(said.code, Some(4), "{said:?}");
    assert!(
        said.err.contains("there is no run before this one"),
        "{}",
        said.err
    );
}

#[test]
fn what_is_invalid_is_2_and_nothing_is_written() {
    let place = mixed();
    place.write("bad.yaml", "suite: [\n");
    let said = place.run(&["run"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    assert!(!place.path().join("reports").exists());
}

#[test]
fn an_agent_that_no_selected_conversation_is_played_with_is_left_alone() {
    let place = mixed();
    place.write(
        "turnproof.yaml",
        "targets:\n  coffee: { backend: emulator, agent: agents/coffee-bar }\n  broken: { backend: emulator, agent: agents/broken }\n",
    );
    place.write("agents/broken/agent.json", "{");
    let broken = suite("hello", "{ ended: false }").replace("target: coffee", "target: broken");
    place.write("broken.yaml", &broken);
    let said = place.run(&["run"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("agents/broken/agent.json"), "{}", said.err);
    for selection in [
        &["good.yaml"][..],
        &["--filter", "file:good.yaml"],
        &["good.yaml:4"],
    ] {
        let said = place.run(&[&["run"], selection].concat());
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    }
}

#[test]
fn a_service_that_is_down_is_3() {
    let place = mixed();
    // Nobody listens on the discard port of the loopback interface.
    place.write(
        "turnproof.yaml",
        "targets: { coffee: { backend: cx, agent: projects/p/locations/global/agents/a, endpoint: \"http://127.0.0.1:9\", credentials: none, export: agents/coffee-bar } }\n",
    );
    let said = place.run(&["run", "good.yaml", "--retries", "0"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.out.contains("1 errored"), "{}", said.out);
}

#[test]
fn nothing_selected_is_4_and_everything_skipped_too() {
    let place = mixed();
    assert_eq!(place.run(&["run", "--filter", "nowhere"]).code, Some(4));
    let skipped =
        suite("hello", "{ intent: opening.hours }").replace("name: small", "name: small\n    skip: not now");
    place.write("bad.yaml", &skipped);
    assert_eq!(place.run(&["run", "bad.yaml"]).code, Some(4));
    assert_eq!(place.run(&["run"]).code, Some(0), "something else passed");
}

#[test]
fn a_report_that_cannot_be_written_is_3_before_anything_is_played() {
    let place = mixed();
    place.write("file", "");
    let said = place.run(&["run", "good.yaml", "--report", "junit=file/x.xml"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(
        said.err.contains("file/x.xml") && said.err.contains("  help: "),
        "{}",
        said.err
    );
    assert!(!place.path().join("reports").exists());
}

#[test]
fn credentials_do_not_leave_for_other_hosts() {
    let place = mixed();
    place.write(
        "turnproof.yaml",
        "targets: { coffee: { backend: cx, agent: projects/p/locations/global/agents/a, endpoint: \"https://proxy.example.com\", export: agents/coffee-bar } }\n",
    );
    let said = place.run(&["run", "good.yaml"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    assert!(
        said.err.contains("`--allow-credentials-to proxy.example.com`"),
        "{}",
        said.err
    );
}

#[test]
fn show_settings_names_the_origin_of_every_value() {
    let place = mixed();
    let settings = place.read("turnproof.yaml");
    let settings = settings.replace(
        "ci: { fail_on_flaky: true }",
        "ci: { fail_on_flaky: true, repeat: 3 }",
    );
    place.write(
        "turnproof.yaml",
        &format!("{settings}\ndefaults: {{ timeouts: {{ turn: 12s }} }}\n"),
    );
    place.write(
        "good.yaml",
        &suite("hello", "{ intent: Default Welcome Intent }")
            .replace("target: coffee", "target: coffee\ndefaults: { retries: 2 }"),
    );
    let mut command = place.command(&["run", "--show-settings", "--profile", "ci", "--seed", "7"]);
    let said = Said::from(command.env("TURNPROOF_JOBS", "3").output().unwrap());
    assert_eq!(said.code, Some(0), "{said:?}");
    let rows: Vec<Vec<&str>> = said
        .out
        .lines()
        .map(|line| {
            line.split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect()
        })
        .collect();
    for row in [
        &["jobs", "TURNPROOF_JOBS", "3"][..],
        &["seed", "--seed", "7"],
        &["fail_on_flaky", "profile ci", "true"],
        &["repeat", "profile ci", "3"],
        &["timeouts.turn", "settings", "12s"],
        &["timeouts.conversation", "built-in", "5m"],
        &["profile", "--profile", "ci"],
        &[
            "role coffee",
            "settings",
            "coffee: emulator, agent agents/coffee-bar",
        ],
        &["retries.failed", "built-in", "0"],
        &["retries.failed", "in good", "suite", "2"],
    ] {
        assert!(rows.iter().any(|found| found == row), "{row:?}\n{}", said.out);
    }
    assert!(!place.path().join("reports").exists(), "nothing is played");
}

#[test]
fn a_target_that_was_kept_is_told() {
    let place = mixed();
    place.write("agents/a.app.yaml", "");
    let settings = place.read("turnproof.yaml");
    let more = "  app: { backend: ces, app: projects/p/locations/us/apps/a, endpoint: \"http://127.0.0.1:9\", credentials: none }\n\n# A profile";
    place.write("turnproof.yaml", &settings.replacen("\n# A profile", more, 1));
    let said = place.run(&["run", "good.yaml", "--target", "app"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.out.contains("good kept target `coffee`: it speaks cx"),
        "{}",
        said.out
    );
}
