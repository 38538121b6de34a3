//! `turnproof check`: good folders, bad folders, and what it says of them.

use crate::cli_place::Place;

const SUITE: &str = "suite: Small\ntarget: coffee\nconversations:\n  - name: greets\n    turns:\n      - say: hello\n        expect: { intent: Default Welcome Intent }\n";

/// What `init` writes, and this suite beside it.
fn with_suite(text: &str) -> Place {
    let place = Place::initialised();
    place.write("small.yaml", text);
    place
}

#[test]
fn a_good_folder_is_summed_up_in_a_line() {
    let said = with_suite(SUITE).run(&["check"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert_eq!(said.out, "4 conversations in 2 suites: valid\n");
}

#[test]
fn all_problems_of_all_files_are_shown_at_once() {
    let place = with_suite(
        &SUITE
            .replace("say:", "sya:")
            .replace("target: coffee", "taget: coffee"),
    );
    place.write("other/broken.yaml", "suite: [\n");
    place.write(
        "turnproof.yaml",
        &format!("{}\nprofile: {{}}\n", place.read("turnproof.yaml")),
    );
    let said = place.run(&["check"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    for part in [
        "turnproof.yaml:",
        "did you mean `profiles`?",
        "small.yaml:6:9",
        "did you mean `say`?",
        "small.yaml:2:1",
        "did you mean `target`?",
        "other/broken.yaml:",
        " in 3 files\n",
    ] {
        assert!(said.err.contains(part), "{part}\n{}", said.err);
    }
}

#[test]
fn what_the_emulator_cannot_play_is_a_warning() {
    let place = with_suite(SUITE);
    let folder = "agents/coffee-bar/entityTypes/code";
    place.write(
        &format!("{folder}/code.json"),
        r#"{"displayName": "code", "name": "e9", "kind": "KIND_REGEXP"}"#,
    );
    place.write(
        &format!("{folder}/entities/en.json"),
        r#"{"entities": [{"value": "(", "synonyms": ["("]}]}"#,
    );
    let said = place.run(&["check"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.err
            .contains("a pattern of entity type `code` (en) cannot be read: `(`"),
        "{}",
        said.err
    );
    assert_eq!(place.run(&["check", "--strict"]).code, Some(2));
    let run = place.run(&["run"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
}

#[test]
fn a_name_the_agent_does_not_have_is_a_warning_and_with_strict_an_error() {
    let place = with_suite(&SUITE.replace("Default Welcome Intent", "Default Wellcome Intent"));
    let said = place.run(&["check"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.err.contains("did you mean `Default Welcome Intent`?"),
        "{}",
        said.err
    );
    assert_eq!(
        said.out,
        "4 conversations in 2 suites: valid, with 1 warning in 1 file\n"
    );
    let strict = place.run(&["check", "--strict"]);
    assert_eq!((strict.code, strict.out.as_str()), (Some(2), ""));
    assert!(strict.err.contains("\n1 error in 1 file\n"), "{}", strict.err);
}

#[test]
fn a_role_without_a_target_is_an_error() {
    let said = with_suite(&SUITE.replace("coffee", "cofee")).run(&["check"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("did you mean `coffee`?"), "{}", said.err);
}

#[test]
fn an_unset_variable_matters_only_to_those_who_use_the_target() {
    let place = with_suite(SUITE);
    place.write(
        "turnproof.yaml",
        "env: [TP_TEST_PROJECT]\ntargets:\n  coffee: { backend: emulator, agent: agents/coffee-bar }\n  live: { backend: cx, agent: \"projects/${TP_TEST_PROJECT}/locations/global/agents/a\", export: agents/coffee-bar }\nprofiles:\n  ci: { targets: { coffee: live } }\n",
    );
    assert_eq!(place.run(&["check"]).code, Some(0));
    let said = place.run(&["check", "--profile", "ci"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.err
            .contains("the environment variable `TP_TEST_PROJECT` is not set"),
        "{}",
        said.err
    );

    let in_ci = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env("CI", "true").env("TP_TEST_PROJECT", "acme");
        crate::cli_place::Said::from(command.output().unwrap())
    };
    let said = in_ci(&["check", "--profile", "ci"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.contains("help: add `--env TP_TEST_PROJECT`"),
        "{}",
        said.err
    );
    let said = in_ci(&["check", "--profile", "ci", "--env", "TP_TEST_PROJECT"]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[test]
fn paths_that_are_not_there_and_folders_without_suites_are_told_apart() {
    let place = Place::initialised();
    let said = place.run(&["check", "ordr.yaml"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("did you mean `order.yaml`?"), "{}", said.err);
    let said = place.run(&["check", "agents"]);
    assert_eq!(said.code, Some(4));
    assert!(
        said.err
            .starts_with("error: there are no suites in `agents`\n  help: "),
        "{}",
        said.err
    );
    let elsewhere = Place::new();
    elsewhere.write("x.yaml", SUITE);
    let said = elsewhere.run(&["check"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.err
            .contains("no turnproof.yaml at, above or directly inside `.`"),
        "{}",
        said.err
    );
}

#[test]
fn messages_hold_no_character_that_drives_a_terminal() {
    let said = with_suite("suite: \"a\\e[31mb\"\ntarget: \"\\u202Ex\"\nconversations: []\n").run(&["check"]);
    assert!(
        !said.err.contains(['\u{1b}', '\u{202e}']) && !said.out.contains('\u{1b}'),
        "{said:?}"
    );
}
