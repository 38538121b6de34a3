//! Suites as test cases again: untouched ones are as they were, of the others only what was changed is another, and
//! nothing that exists is written over.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use turnproof::export::test_case_files;

use crate::cli_place::{Place, Said};

const IMPORTED: &str = "imported";
const TEA_HOUSE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/agents/tea-house");
/// A case that tests change.
const BELL: &str = "testCases/Rings the bell.json";

type Cases = BTreeMap<String, Vec<u8>>;

/// A place with the suites of an export.
fn imported(export: &str) -> Place {
    let place = Place::new();
    let said = place.run(&["import", "cx-tests", export, "--out", IMPORTED]);
    assert_eq!(said.code, Some(0), "{said:?}");
    place
}

fn exported(place: &Place, out: &str, arguments: &[&str]) -> Said {
    let said = place.run(&[&["export", "cx-tests", "--out", out], arguments].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    said
}

/// The test cases of a zip that was written.
fn cases(place: &Place, out: &str) -> Cases {
    test_case_files(&place.path().join(out)).unwrap()
}

fn original() -> Cases {
    test_case_files(Path::new(TEA_HOUSE)).unwrap()
}

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// Replaces what stands once in a file.
fn edit(place: &Place, file: &str, from: &str, to: &str) {
    let text = place.read(file);
    assert_eq!(text.matches(from).count(), 1, "{from}\n{text}");
    place.write(file, &text.replace(from, to));
}

const SUITE: &str = "imported/conversations.yaml";

#[test]
fn what_nobody_changed_is_as_it_was() {
    let place = imported(TEA_HOUSE);
    let said = exported(&place, "out.zip", &[IMPORTED]);
    assert_eq!(said.err, "");
    assert!(said.out.contains("wrote 9 test cases to out.zip"), "{}", said.out);
    assert!(said.out.contains("      9  unchanged"), "{}", said.out);
    assert!(
        said.out.contains("      1  more as they were, of kinds"),
        "{}",
        said.out
    );
    assert_eq!(cases(&place, "out.zip"), original());
    // It is an export: it can be imported, with the same suites.
    let said = place.run(&["import", "cx-tests", "out.zip", "--out", "again"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(
        place
            .read("again/happy-path.yaml")
            .replace("target: out", "target: tea-house"),
        place.read("imported/happy-path.yaml")
    );
    // The same bytes the next time, and the same files in a folder.
    exported(&place, "next.zip", &[IMPORTED]);
    assert_eq!(
        fs::read(place.path().join("out.zip")).unwrap(),
        fs::read(place.path().join("next.zip")).unwrap()
    );
    exported(&place, "new/folder", &[IMPORTED, "--target", "tea-house"]);
    for (name, bytes) in original() {
        let path = place.path().join("new/folder").join(&name);
        assert_eq!(fs::read(path).unwrap(), bytes, "{name}");
    }
}

#[test]
fn one_edited_text_changes_one_text() {
    let place = imported(TEA_HOUSE);
    edit(
        &place,
        SUITE,
        "- The kitchen is closed.",
        "- The kitchen is shut.",
    );
    let said = exported(&place, "out.zip", &[IMPORTED]);
    assert!(
        said.out
            .contains("      1  changed\n           Starts in the kitchen\n"),
        "{}",
        said.out
    );
    let (before, after) = (original(), cases(&place, "out.zip"));
    let changed: Vec<&String> = after
        .keys()
        .filter(|name| before.get(*name) != after.get(*name))
        .collect();
    assert_eq!(changed, ["testCases/Starts in the kitchen.json"]);
    let mut wanted = parsed(&before[changed[0]]);
    let texts = &mut wanted["testCaseConversationTurns"][0]["virtualAgentOutput"]["textResponses"];
    assert_eq!(texts[0]["text"], json!(["The kitchen is closed."]));
    texts[0]["text"] = json!(["The kitchen is shut."]);
    assert_eq!(parsed(&after[changed[0]]), wanted);
    assert_eq!(before.len(), after.len());
}

#[test]
fn an_inserted_turn_leaves_the_others_alone() {
    let place = imported(TEA_HOUSE);
    let turn = "      - dtmf: { digits: \"12\", finish: \"#\" }\n";
    let new = "      - say: hello?\n        with: { parameters: { shift: late } }\n        expect: { replies: [Yes?] }\n";
    edit(&place, SUITE, turn, &format!("{new}{turn}"));
    let said = exported(&place, "out.zip", &[IMPORTED]);
    let told = "`Rings the bell` does not say intent (in 1 turn), page (in 1 turn): the console compares these as empty";
    assert!(said.err.contains(told), "{}", said.err);
    let mut wanted = parsed(&original()[BELL]);
    let inserted = json!({
        "userInput": {
            "injectedParameters": { "shift": "late" },
            "isWebhookEnabled": true,
            "input": { "text": { "text": "hello?" }, "languageCode": "en" }
        },
        "virtualAgentOutput": { "textResponses": [ { "text": ["Yes?"] } ] }
    });
    let turns = wanted["testCaseConversationTurns"].as_array_mut().unwrap();
    turns.insert(1, inserted);
    assert_eq!(parsed(&cases(&place, "out.zip")[BELL]), wanted);
}

#[test]
fn a_new_conversation_is_a_new_case() {
    let place = imported(TEA_HOUSE);
    let conversation = "
  - name: \"Asks: who's there?\"
    tags: [new]
    notes: Added by hand.
    start: { page: Order }
    turns:
      - event: bell
        expect:
          intent: { absent: true }
          page: { matches: '^Start' }
          flow: Default Start Flow
          reply: Coming!
          parameters: { tea: green, cups: { gte: 1 } }
          latency: { lt: 4s }
      - silence: true
        expect: { page: { any_of: [Order, Start Page] } }
";
    let suite = place.read(SUITE);
    place.write(SUITE, &format!("{suite}{conversation}"));
    let said = exported(&place, "out.zip", &[IMPORTED]);
    assert!(
        said.out.contains("      1  new\n           Asks: who's there?\n"),
        "{}",
        said.out
    );
    for what in ["page", "parameters", "latency"] {
        assert!(said.err.contains(&format!("`{what}`")), "{what}: {}", said.err);
    }
    let line = format!("{SUITE}:{}", suite.lines().count() + 10);
    assert!(said.err.contains(&line), "{line}\n{}", said.err);
    for told in [
        "does not say intent (in 1 turn), texts (in 1 turn): the console compares these as empty",
        "run --print-expect",
        "4 warnings in 1 file",
    ] {
        assert!(said.err.contains(told), "{told}: {}", said.err);
    }
    let after = cases(&place, "out.zip");
    let case = parsed(&after["testCases/Asks%3a who%27s there%3f.json"]);
    let id = case["name"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    assert_eq!(
        case,
        json!({
            "name": id,
            "tags": ["#new"],
            "displayName": "Asks: who's there?",
            "notes": "Added by hand.",
            "testCaseConversationTurns": [
                {
                    "userInput": {
                        "isWebhookEnabled": true,
                        "input": { "event": { "event": "bell" }, "languageCode": "en" }
                    },
                    "virtualAgentOutput": {
                        "currentPage": { "flow": "Default Start Flow" },
                        "textResponses": [ { "text": ["Coming!"] } ],
                        "currentFlow": { "name": "Default Start Flow" }
                    },
                    "expectations": {
                        "expectedSessionParameters": [ { "key": "tea", "value": "green" } ]
                    }
                },
                {
                    "userInput": {
                        "isWebhookEnabled": true,
                        "input": { "text": {}, "languageCode": "en" }
                    },
                    "virtualAgentOutput": {
                        "currentPage": { "name": "Order", "flow": "Default Start Flow" },
                        "currentFlow": { "name": "Default Start Flow" }
                    }
                }
            ],
            "testConfig": { "page": "Order", "flow": "Default Start Flow" },
            "languageCode": "en"
        })
    );
    // What was written is what is there: from the new export, nothing is left to change.
    fs::rename(
        place.path().join("out.zip"),
        place.path().join("imported/agents/next.zip"),
    )
    .unwrap();
    edit(
        &place,
        "imported/turnproof.yaml",
        "agents/tea-house",
        "agents/next.zip",
    );
    let said = exported(&place, "second.zip", &[IMPORTED]);
    assert!(
        said.out.contains("     10  unchanged\n      1  more"),
        "{}",
        said.out
    );
}

#[test]
fn a_removed_conversation_is_a_removed_case() {
    let place = imported(TEA_HOUSE);
    let suite = place.read(SUITE);
    let start = suite.find("  - name: Rings the bell").unwrap();
    let end = suite.find("  - name: Starts in the kitchen").unwrap();
    place.write(SUITE, &format!("{}{}", &suite[..start], &suite[end..]));
    let said = exported(&place, "out.zip", &[IMPORTED]);
    assert!(
        said.out.contains("      1  removed\n           Rings the bell\n"),
        "{}",
        said.out
    );
    let mut wanted = original();
    wanted.remove(BELL);
    assert_eq!(cases(&place, "out.zip"), wanted);
    // Of a part of the suites, nobody can tell what is gone.
    let said = exported(&place, "part.zip", &["imported/happy-path.yaml"]);
    assert!(said.out.contains("      5  as they were: "), "{}", said.out);
    assert!(!said.out.contains("removed"), "{}", said.out);
    assert_eq!(cases(&place, "part.zip"), original());
}

#[test]
fn what_another_target_plays_is_not_removed() {
    let place = imported(TEA_HOUSE);
    let settings = place.read("imported/turnproof.yaml");
    let line = "  tea-house: { backend: emulator, agent: agents/tea-house }\n";
    assert!(settings.contains(line), "{settings}");
    let other = line.replace("  tea-house:", "  staging:");
    place.write(
        "imported/turnproof.yaml",
        &settings.replace(line, &format!("{line}{other}")),
    );
    let suite = place.read(SUITE);
    let start = suite.find("  - name: Rings the bell").unwrap();
    let end = suite.find("  - name: Starts in the kitchen").unwrap();
    place.write(SUITE, &format!("{}{}", &suite[..start], &suite[end..]));
    place.write(
        "imported/staging.yaml",
        &format!(
            "suite: On staging\ntarget: staging\nconversations:\n{}",
            &suite[start..end]
        ),
    );
    let said = exported(&place, "out.zip", &[IMPORTED, "--target", "tea-house"]);
    assert!(!said.out.contains("removed"), "{}", said.out);
    assert!(said.out.contains("      1  as they were: "), "{}", said.out);
    assert_eq!(cases(&place, "out.zip"), original());
    // What no target plays any more is gone.
    fs::remove_file(place.path().join("imported/staging.yaml")).unwrap();
    let said = exported(&place, "next.zip", &[IMPORTED, "--target", "tea-house"]);
    assert!(
        said.out.contains("      1  removed\n           Rings the bell\n"),
        "{}",
        said.out
    );
}

#[test]
fn a_renamed_or_moved_conversation_keeps_its_case() {
    let place = imported(TEA_HOUSE);
    edit(&place, SUITE, "name: Rings the bell", "name: Rings");
    let text = place.read(SUITE).replace("suite: Conversations", "suite: Others");
    fs::remove_file(place.path().join(SUITE)).unwrap();
    place.write("imported/others/all.yaml", &text);
    exported(&place, "out.zip", &[IMPORTED]);
    let mut wanted = original();
    let mut bell = parsed(&wanted[BELL]);
    bell["displayName"] = json!("Rings");
    let after = cases(&place, "out.zip");
    assert_eq!(parsed(&after[BELL]), bell);
    wanted.insert(BELL.to_owned(), after[BELL].clone());
    assert_eq!(after, wanted);
}

#[test]
fn nothing_that_exists_is_written_over() {
    let place = imported(TEA_HOUSE);
    place.write("taken.zip", "mine");
    place.write("taken/mine.txt", "mine");
    let before = place.files();
    for (out, code) in [
        ("taken.zip", "output-exists"),
        ("taken", "output-not-empty"),
        ("taken/mine.txt", "output-not-empty"),
    ] {
        let said = place.run(&["export", "cx-tests", IMPORTED, "--out", out]);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{out}: {said:?}");
        assert!(
            said.err.contains(&format!("error[{code}]")) && said.err.contains("help: "),
            "{}",
            said.err
        );
    }
    assert_eq!(place.files(), before);
    assert_eq!(place.read("taken.zip"), "mine");
}

#[test]
fn a_target_without_test_cases_is_named() {
    let place = Place::initialised();
    place.write(
        "turnproof.yaml",
        "targets:
  coffee: { backend: emulator, agent: agents/coffee-bar }
  live: { backend: cx, agent: projects/p/locations/global/agents/a }
  desk: { backend: ces, app: projects/p/locations/us/apps/a }
",
    );
    for (arguments, exit, parts) in [
        (
            &["--target", "live"][..],
            2,
            ["error[no-export]", "help: export the agent as a JSON package"],
        ),
        (
            &["--target", "desk"],
            2,
            ["`desk` is a CES app", "help: choose a target"],
        ),
        (&["--target", "coffe"], 2, ["no target `coffe`", "did you mean"]),
    ] {
        let said = place.run(&[&["export", "cx-tests", "--out", "out.zip"], arguments].concat());
        assert_eq!(said.code, Some(exit), "{arguments:?}: {said:?}");
        for part in parts {
            assert!(said.err.contains(part), "{part}: {}", said.err);
        }
    }
    assert!(!place.path().join("out.zip").exists());
}

#[test]
fn an_agent_without_test_cases_gets_some() {
    let place = Place::initialised();
    let said = exported(&place, "out.zip", &[]);
    assert!(said.out.contains("new"), "{}", said.out);
    let written = cases(&place, "out.zip");
    assert!(!written.is_empty());
    let said = place.run(&["import", "cx-tests", "out.zip", "--out", "again"]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[test]
fn shared_exports_come_back_as_they_were() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/agents");
    if !shared.is_dir() {
        println!("skipped: {} is not here", shared.display());
        return;
    }
    let mut with_cases = 0;
    let mut exports: Vec<PathBuf> = fs::read_dir(&shared)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "zip"))
        .collect();
    exports.sort();
    for export in exports {
        let before = test_case_files(&export).unwrap();
        if before.is_empty() {
            continue;
        }
        with_cases += 1;
        let place = imported(export.to_str().unwrap());
        let said = exported(&place, "out.zip", &[IMPORTED]);
        assert!(
            said.out.contains(&format!("{:>7}  unchanged\n", before.len())),
            "{}: {}",
            export.display(),
            said.out
        );
        assert_eq!(said.err, "", "{}", export.display());
        assert!(cases(&place, "out.zip") == before, "{}", export.display());
        let hash = |path: &Path| turnproof::export::load_runtime(path).unwrap().hash;
        assert_eq!(hash(&place.path().join("out.zip")), hash(&export));
    }
    assert_eq!(with_cases, 8);
}

/// Test cases that nobody would record, in an export that is sound otherwise.
#[test]
fn odd_test_cases_come_back_as_they_were() {
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let turn = |text: &str| format!(r#"{{ "testCaseConversationTurns": [{text}] }}"#);
    let odd = [
        "[]".to_owned(),
        "null".to_owned(),
        "{}".to_owned(),
        "not json".to_owned(),
        turn(""),
        turn("{}"),
        turn("null"),
        turn(r#"{ "userInput": null, "virtualAgentOutput": { "status": { "code": 3 } } }"#),
        turn(r#"{ "userInput": { "input": { "text": { "text": " two\n\n lines\t" } } } }"#),
        turn(
            r#"{ "virtualAgentOutput": { "textResponses": [{ "text": ["a", "b", " "] }, { "text": [] }, {}] } }"#,
        ),
        turn(
            r#"{ "virtualAgentOutput": { "sessionParameters": { "": 1, "a.b": {}, "equals": { "any_of": [] } } } }"#,
        ),
        turn(&format!(
            r#"{{ "virtualAgentOutput": {{ "sessionParameters": {{ "deep": {deep}, "big": 1e300 }} }} }}"#
        )),
        turn(r#"{ "virtualAgentOutput": { "currentPage": { "name": "a: #b", "flow": "{{ x }}" } } }"#),
        turn(r#"{ "userInput": { "input": { "dtmf": { "digits": "AB", "finishDigit": "C" } } } }"#),
        turn(
            r#"{ "userInput": { "input": { "dtmf": { "digits": "D" } }, "injectedParameters": { "{{ k }}": 1 } } }"#,
        ),
        format!(
            r#"{{ "tags": ["\u0023{{{{ t }}}}"], "testConfig": {{ "flow": "{{{{ f }}}}" }}, {}"#,
            &turn("{}")[1..]
        ),
        format!(
            r###"{{ "displayName": "\u0000 {{{{ a }}}}", "tags": ["#", "##a", "#a", "a: b"], "notes": "\r\n x", {}"###,
            &turn("{}")[1..]
        ),
    ];
    let place = Place::new();
    place.write("agent/agent.json", r#"{"defaultLanguageCode": "en"}"#);
    for (number, text) in odd.iter().enumerate() {
        place.write(&format!("agent/testCases/{number}.json"), text);
    }
    let said = place.run(&["import", "cx-tests", "agent", "--out", IMPORTED]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let checked = place.run(&["check", IMPORTED]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let said = exported(&place, "out.zip", &[IMPORTED]);
    assert!(
        !said.out.contains("  changed\n") && !said.out.contains("removed"),
        "{}",
        said.out
    );
    let before = test_case_files(&place.path().join("agent")).unwrap();
    assert_eq!(cases(&place, "out.zip"), before);
}
