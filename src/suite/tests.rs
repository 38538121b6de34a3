//! Suites read whole: the conversations they hold and what is wrong with them.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::diagnostic::render::render;
use crate::model::suite::{Input, Service};
use crate::settings::play::PlayPatch;
use crate::settings::root::Root;

/// Agents of which nobody can tell the names.
struct Unknown;

impl Agents for Unknown {
    fn names(&mut self, _roles: &BTreeSet<String>) -> BTreeMap<String, Names> {
        BTreeMap::new()
    }
}

/// A folder with files, and what reading its suites needs.
struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn read(&self, names: &[&str]) -> Suites {
        let role = |target: &str, service| Role {
            target: target.to_owned(),
            service,
            sound: super::RoleSound::default(),
        };
        let surroundings = Surroundings {
            root: Root::new(self.folder.path(), self.folder.path()).unwrap(),
            roles: BTreeMap::from([
                ("flights".to_owned(), role("flights", Service::Cx)),
                ("support".to_owned(), role("support", Service::Ces)),
            ]),
            layers: Vec::new(),
            overrides: PlayPatch::default(),
            variables: Vec::new(),
        };
        let files: Vec<SuiteFile> = names
            .iter()
            .map(|name| SuiteFile {
                path: self.folder.path().join(name).canonicalize().unwrap(),
                shown: PathBuf::from(name),
                file: (*name).to_owned(),
                suite: name.rsplit_once('.').unwrap().0.to_owned(),
                lines: Vec::new(),
            })
            .collect();
        read(&files, surroundings, &mut Unknown)
    }
}

fn titles(suites: &Suites) -> Vec<String> {
    let titles = suites
        .entries
        .iter()
        .map(|entry| format!("{} / {}", entry.suite(), entry.name()));
    titles.collect()
}

fn says(entry: &Entry) -> Vec<String> {
    let conversation = entry.load().unwrap();
    let inputs = conversation.turns.iter().map(|turn| &turn.input);
    inputs
        .map(|input| match input {
            Input::Say(text) => text.clone(),
            other => format!("{other:?}"),
        })
        .collect()
}

const SOUND: &str = "target: flights\nconversations:\n  - name: a\n    turns: [{ say: hi }]\n  - name: b\n    turns: [{ say: bye }]\n";

#[test]
fn conversations_come_in_order_and_load() {
    let folder = Folder::new();
    folder.write("one.yaml", SOUND);
    folder.write(
        "sub/two.yaml",
        &SOUND.replace("target: flights", "target: support"),
    );
    let suites = folder.read(&["one.yaml", "sub/two.yaml"]);
    assert!(suites.problems.is_empty(), "{}", render(&suites.problems, false));
    assert_eq!(
        titles(&suites),
        ["one / a", "one / b", "sub/two / a", "sub/two / b"]
    );
    assert_eq!(says(&suites.entries[3]), ["bye"]);
    assert_eq!(suites.entries[1].lines(), (5, 6));
    assert_eq!(suites.entries[3].service(), Some(Service::Ces));
}

#[test]
fn what_is_kept_is_played_as_it_was_checked() {
    let folder = Folder::new();
    folder.write("one.yaml", SOUND);
    let suites = folder.read(&["one.yaml"]);
    folder.write("one.yaml", "short");
    assert_eq!(says(&suites.entries[0]), ["hi"]);
}

/// Rows count like conversations of their own: the first of these are kept as they are played, the last is made again.
#[test]
fn what_is_kept_ready_is_what_is_made_again() {
    const SUITE: &str = r#"target: flights
vars: { who: Ada }
every_turn: { ended: false }
conversations:
  - name: "row {{ number }}"
    examples: [ROWS]
    tools: { lookup: [{ when: { args: { id: 7 } }, respond: { ok: true } }] }
    turns:
      - say: "hi {{ who }}, {{ number }}"
        expect: { reply: { matches: "[a-z]" }, intent: greet }
        capture: { found: parameters.found }
"#;
    let rows: Vec<String> = (100..300)
        .map(|number| format!("{{ number: n{number} }}"))
        .collect();
    let folder = Folder::new();
    folder.write("one.yaml", &SUITE.replace("ROWS", &rows.join(", ")));
    let suites = folder.read(&["one.yaml"]);
    assert!(suites.problems.is_empty(), "{}", render(&suites.problems, false));
    let (first, last) = (&suites.entries[0], &suites.entries[199]);
    assert!(matches!(first.place, Place::Ready(_)));
    assert!(matches!(last.place, Place::Tree(_)));
    let shown = |entry: &Entry| format!("{:?}", entry.load().unwrap());
    assert_eq!(shown(first), shown(last).replace("n299", "n100"));
}

/// A turn without templates is played as it stands, wherever what it inherits comes from.
#[test]
fn only_turns_with_templates_are_filled_in_when_they_are_played() {
    const DATE: &str = "\"{{ today }}\"";
    const CASES: [(&str, [bool; 2]); 8] = [
        ("turns: [{ say: hi }, { say: bye }]", [false, false]),
        ("turns: [{ say: DATE }, { say: bye }]", [true, false]),
        (
            "turns: [{ say: hi }, { say: bye, expect: { reply: DATE } }]",
            [false, true],
        ),
        (
            "turns: [{ say: hi, with: { payload: { on: [DATE] } } }, { say: bye }]",
            [true, false],
        ),
        (
            "with: { payload: { on: DATE } }\n    turns: [{ say: hi }, { say: bye }]",
            [true, true],
        ),
        (
            "examples: [{ value: one }]\n    turns: [{ say: \"{{ value }}\" }, { say: bye }]",
            [false, false],
        ),
        ("turns: [{ use: greet, args: { to: Ada } }]", [false, true]),
        (
            "before: [{ use: greet }]\n    turns: [{ say: hi }]",
            [false, true],
        ),
    ];
    const STEPS: &str = "steps: { greet: [{ say: \"hello {{ to }}\" }, { say: \"it is {{ today }}\" }] }\nvars: { to: you }\n";
    for (keys, expected) in CASES {
        let folder = Folder::new();
        let keys = keys.replace("DATE", DATE);
        let row = if keys.contains("examples") {
            " {{ value }}"
        } else {
            ""
        };
        let steps = if keys.contains("greet") { STEPS } else { "" };
        let text = format!("target: flights\n{steps}conversations:\n  - name: \"a{row}\"\n    {keys}\n");
        folder.write("one.yaml", &text);
        let suites = folder.read(&["one.yaml"]);
        assert!(suites.problems.is_empty(), "{}", render(&suites.problems, false));
        let conversation = suites.entries[0].load().unwrap();
        let flags: Vec<bool> = conversation.turns.iter().map(|turn| turn.has_templates).collect();
        assert_eq!(flags[..2], expected, "{keys}");
    }
}

#[test]
fn every_turn_with_templates_makes_all_turns_such() {
    let folder = Folder::new();
    folder.write(
        "one.yaml",
        &format!("every_turn: {{ reply: {{ not: \"{{{{ today }}}}\" }} }}\n{SOUND}"),
    );
    let suites = folder.read(&["one.yaml"]);
    assert!(suites.problems.is_empty(), "{}", render(&suites.problems, false));
    let has_templates = |entry: &Entry| entry.load().unwrap().turns[0].has_templates;
    assert!(suites.entries.iter().all(has_templates));
}

#[test]
fn a_file_that_changes_while_it_is_played_is_told() {
    let folder = Folder::new();
    let notes = format!("    notes: {}\n    turns:", "x".repeat(frame::TEXT_AT_ONCE));
    let sound = SOUND.replace("    turns:", &notes);
    let path = folder.write("one.yaml", &sound);
    let suites = folder.read(&["one.yaml"]);
    let changed = LoadError::Changed {
        path: PathBuf::from("one.yaml"),
    };
    folder.write("one.yaml", &sound.replace("hi", "ho"));
    assert_eq!(suites.entries[0].load().unwrap_err(), changed);
    assert_eq!(says(&suites.entries[1]), ["bye"]);
    folder.write("one.yaml", "short");
    assert_eq!(suites.entries[1].load().unwrap_err(), changed);
    std::fs::remove_file(path).unwrap();
    assert!(matches!(
        suites.entries[0].load(),
        Err(LoadError::Unreadable { .. })
    ));
}

/// Conversations of a large file are read one by one; an empty one was reported at the file's first line.
#[test]
fn an_empty_conversation_of_a_large_file_is_reported_in_its_place() {
    let folder = Folder::new();
    let notes = format!("    notes: {}\n    turns:", "x".repeat(frame::TEXT_AT_ONCE));
    let text = SOUND.replacen("    turns:", &notes, 1) + "  -\n  - name: c\n    turns: [{ say: hi }]\n";
    folder.write("one.yaml", &text);
    let suites = folder.read(&["one.yaml"]);
    let [problem] = suites.problems.as_slice() else {
        panic!("{}", render(&suites.problems, false))
    };
    let at = problem.labels[0].span.start;
    assert_eq!(text[..at].lines().count(), 8, "{problem:?}");
    assert!(at + 60 > text.len(), "{problem:?}");
}

#[test]
fn two_files_of_one_identity_must_not_share_names() {
    let folder = Folder::new();
    folder.write("one.yaml", SOUND);
    folder.write("one.yml", SOUND);
    let suites = folder.read(&["one.yaml", "one.yml"]);
    let codes: Vec<&str> = suites.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["duplicate-name", "duplicate-name"]);
    folder.write("one.yml", &SOUND.replace("name: ", "name: other "));
    assert!(folder.read(&["one.yaml", "one.yml"]).problems.is_empty());
}

#[test]
fn problems_of_all_files_come_at_once_and_once() {
    let folder = Folder::new();
    folder.write("steps/greet.yaml", "- say: hello\n  expct: {}\n");
    let rows = "target: flights\nevery_turn: { pgae: Menu }\nconversations:\n  - name: \"{{ n }}\"\n    matrix: { n: [1, 2, 3] }\n    turns: [{ use: greet }, { sya: hi }]\n";
    folder.write("one.yaml", rows);
    folder.write("two.yaml", rows);
    folder.write("three.yaml", "conversations: [");
    folder.write("four.yaml", &"[".repeat(100_000));
    let suites = folder.read(&["four.yaml", "one.yaml", "three.yaml", "two.yaml"]);
    let mut codes: Vec<&str> = suites.problems.iter().map(|problem| problem.code).collect();
    codes.sort_unstable();
    let unknown = ["unknown-key"; 5];
    assert_eq!(codes[..2], ["nested-too-deeply", "unknown-key"]);
    assert_eq!(codes[1..6], unknown);
    assert_eq!(codes[6..], ["yaml-syntax"]);
}

#[test]
fn a_file_with_anchors_loads_too() {
    let folder = Folder::new();
    folder.write("one.yaml", "target: flights\nconversations:\n  - &a { name: a, turns: [&t { say: hi }] }\n  - { <<: *a, name: b, turns: [*t, *t] }\n");
    let suites = folder.read(&["one.yaml"]);
    assert!(suites.problems.is_empty(), "{}", render(&suites.problems, false));
    assert_eq!(says(&suites.entries[1]), ["hi", "hi"]);
}

#[cfg(unix)]
#[test]
fn files_outside_the_root_are_not_read() {
    let outside = Folder::new();
    outside.write("rows.csv", "city\nParis\n");
    let folder = Folder::new();
    folder.write("one.yaml", "target: flights\nconversations: [{ name: a, examples: rows.csv, turns: [{ say: \"{{ city }}\" }] }]\n");
    std::os::unix::fs::symlink(
        outside.folder.path().join("rows.csv"),
        folder.folder.path().join("rows.csv"),
    )
    .unwrap();
    let codes: Vec<&str> = folder
        .read(&["one.yaml"])
        .problems
        .iter()
        .map(|problem| problem.code)
        .collect();
    assert_eq!(codes, ["missing-file"]);
}

/// Pieces that suites are made of, and pieces that break them.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "target: flights\n",
        "vars: { a: 1 }\n",
        "conversations:\n",
        "  - name: x\n",
        "    turns:\n",
        "      - say: hi\n",
        "        expect: { reply: { contains: a } }\n",
        "      - { use: s, args: { a: \"{{ a }}\" } }\n",
        "    matrix: { a: [1, 2] }\n",
        "steps: { s: [{ say: \"{{ a }}\" }] }\n",
        "      - say: \"{{ a | number }}\"\n",
        "        capture: { b: reply }\n",
        "    with: { parameters: { c: [1, { d: ~ }] } }\n",
        "every_turn: { latency: { lt: 1s } }\n",
        "&x ",
        "*x",
        "{{",
        "}}",
        "[",
        "]",
        "{",
        "}",
        ": ",
        "\n",
        "  ",
        "- ",
        "\"",
        "'",
        "#",
        "|\n",
        "?",
        "é",
        "\u{FEFF}",
        "!!",
        "tools: { t: [{ respond: { a: 1 } }] }\n",
        "\t",
        "        expect: { tool_calls: [a], visited: [.., b], raw: { path: $.a, equals: 1 } }\n",
        "examples: [{ a: 1 }]\n",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_suite_makes_it_panic(pieces in prop::collection::vec(piece(), 0..25)) {
        let folder = Folder::new();
        folder.write("one.yaml", &pieces.concat());
        let suites = folder.read(&["one.yaml"]);
        render(&suites.problems, true);
        if !suites.problems.iter().any(Diagnostic::is_error) {
            for entry in &suites.entries {
                prop_assert_eq!(&entry.load().unwrap().name, entry.name());
            }
        }
    }
}
