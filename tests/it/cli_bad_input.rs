//! Input that was made to do harm, or that nobody looked at: every command says what is wrong, where, and what to do;
//! it takes neither much time nor much memory, and it writes nothing.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use zip::write::SimpleFileOptions;

use crate::cli_emulate::Running;
use crate::cli_place::{Place, Said};

/// Address space that a command gets, in KiB: far less than what the bombs below would fill.
const ROOM: u32 = 2 << 20;

/// Runs the program with little memory.
fn run_in_little_memory(place: &Place, arguments: &[&str]) -> Said {
    let program = place.command(arguments);
    if !cfg!(target_os = "linux") {
        return place.run(arguments);
    }
    let mut limited = Command::new("sh");
    limited
        .arg("-c")
        .arg(format!("ulimit -v {ROOM} && exec \"$0\" \"$@\""))
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(place.path());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    Said::from(limited.output().unwrap())
}

/// Both commands that read suites refuse a file for this reason.
fn refused(place: &Place, code: &str, place_shown: &str) {
    let before = place.files();
    for command in ["check", "run", "list"] {
        let said = run_in_little_memory(place, &[command]);
        assert_eq!(
            (said.code, said.out.as_str()),
            (Some(2), ""),
            "{command}: {}",
            said.err
        );
        assert!(
            said.err.contains(&format!("error[{code}]")),
            "{command}: {}",
            said.err
        );
        assert!(said.err.contains(place_shown), "{command}: {}", said.err);
        assert!(said.err.contains("1 error in 1 file"), "{command}: {}", said.err);
        assert!(said.err.len() < 10_000, "{command}: {} bytes", said.err.len());
    }
    assert_eq!(place.files(), before, "nothing is written");
}

fn suite_with(turn: &str) -> String {
    format!("target: coffee\nconversations:\n  - name: a\n    turns:\n      - {turn}\n")
}

#[test]
fn suites_that_are_wrong_or_hostile_are_refused() {
    let levels = "abcdefghij".chars().collect::<Vec<_>>();
    let mut bomb = "x0: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for pair in levels.windows(2) {
        let uses = vec![format!("*{}", pair[0]); 10].join(", ");
        writeln!(bomb, "x{}: &{} [{uses}]", pair[1], pair[1]).unwrap();
    }
    let deep = |open: &str, inner: &str, close: &str| {
        format!(
            "conversations: {}{inner}{}\n",
            open.repeat(100_000),
            close.repeat(100_000)
        )
    };
    let place = Place::initialised();
    for (text, code, shown) in [
        (
            "conversations:\n  - name: \"a\n    turns: [\n".to_owned(),
            "yaml-syntax",
            "hostile.yaml:2:11",
        ),
        (
            suite_with("{ say: hi, expct: {} }"),
            "unknown-key",
            "did you mean `expect`?",
        ),
        (
            suite_with("{ say: hi, expect: { reply: { matches: \"(open\" } } }"),
            "bad-pattern",
            "hostile.yaml:5:",
        ),
        (
            suite_with("{ say: hi, expect: { reply: { matches: '(\\w{1000}){1000}' } } }"),
            "bad-pattern",
            "hostile.yaml:5:",
        ),
        (
            suite_with("{ say: \"{{ x }}\" }").replace("turns:", "examples: fixtures/none.csv\n    turns:"),
            "missing-file",
            "`fixtures/none.csv`",
        ),
        (
            suite_with("{ say: \"{{ x }}\" }").replace("turns:", "examples: ../../etc/passwd\n    turns:"),
            "missing-file",
            "leads outside the root",
        ),
        (bomb, "yaml-alias", "hostile.yaml:5:"),
        (deep("[", "", "]"), "nested-too-deeply", "hostile.yaml:1:"),
        (deep("{a: ", "1", "}"), "nested-too-deeply", "hostile.yaml:1:"),
        (deep("[", "", ""), "nested-too-deeply", "hostile.yaml:1:"),
        (
            format!("conversations:\n  {}a\n", "- ".repeat(100_000)),
            "nested-too-deeply",
            "hostile.yaml:2:",
        ),
    ] {
        place.write("hostile.yaml", &text);
        refused(&place, code, shown);
    }
}

#[test]
fn a_file_of_100_mb_is_not_read() {
    let place = Place::initialised();
    let huge = File::create(place.path().join("huge.yaml")).unwrap();
    huge.set_len(100 << 20).unwrap();
    refused(&place, "file-too-large", "split it into several files");
    std::fs::remove_file(place.path().join("huge.yaml")).unwrap();

    let huge = File::create(place.path().join("rows.csv")).unwrap();
    huge.set_len(100 << 20).unwrap();
    let rows = suite_with("{ say: \"{{ x }}\" }").replace("turns:", "examples: rows.csv\n    turns:");
    place.write("rows.yaml", &rows);
    refused(&place, "file-too-large", "rows.csv");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    let place = Place::initialised();
    let pipe = |path: &str| {
        let made = Command::new("mkfifo")
            .arg(place.path().join(path))
            .status()
            .unwrap();
        assert!(made.success());
    };
    pipe("rows.csv");
    let rows = suite_with("{ say: \"{{ x }}\" }").replace("turns:", "examples: rows.csv\n    turns:");
    place.write("rows.yaml", &rows);
    refused(&place, "unreadable-file", "not a regular file");
    std::fs::remove_file(place.path().join("rows.yaml")).unwrap();
    pipe("agents/coffee-bar/intents/more.json");
    refused(&place, "unsafe-archive", "neither a file nor a folder");
}

/// A zip of the first agent that `init` gives, without some of its files and with others.
struct Archive {
    place: Place,
    zip: zip::ZipWriter<File>,
}

impl Archive {
    fn without(left_out: &str) -> Self {
        let place = Place::initialised();
        let agent = place.path().join("agents/coffee-bar");
        let mut zip = zip::ZipWriter::new(File::create(place.path().join("agent.zip")).unwrap());
        let files: Vec<PathBuf> = place
            .files()
            .into_iter()
            .filter(|file| file.starts_with("agents/coffee-bar"))
            .collect();
        for file in files {
            let name = file.strip_prefix("agents/coffee-bar").unwrap();
            let name = name.to_string_lossy().replace('\\', "/");
            if name != left_out {
                zip.start_file(name, SimpleFileOptions::default()).unwrap();
                zip.write_all(&std::fs::read(place.path().join(&file)).unwrap())
                    .unwrap();
            }
        }
        std::fs::remove_dir_all(agent).unwrap();
        let settings = place.read("turnproof.yaml");
        place.write(
            "turnproof.yaml",
            &settings.replace("agent: agents/coffee-bar", "agent: agent.zip"),
        );
        Self { place, zip }
    }

    fn with(mut self, name: &str, bytes: &[u8]) -> Self {
        self.zip.start_file(name, SimpleFileOptions::default()).unwrap();
        self.zip.write_all(bytes).unwrap();
        self
    }

    fn with_link(mut self, name: &str, target: &str) -> Self {
        self.zip
            .add_symlink(name, target, SimpleFileOptions::default())
            .unwrap();
        self
    }

    /// 64 MB of blanks that take next to nothing.
    fn with_blanks(mut self, name: &str) -> Self {
        self.zip.start_file(name, SimpleFileOptions::default()).unwrap();
        let blanks = vec![b' '; 1 << 20];
        for _ in 0..64 {
            self.zip.write_all(&blanks).unwrap();
        }
        self
    }

    /// Every command that reads an export refuses it.
    fn must_be_refused(self, code: &str, parts: &[&str]) {
        self.zip.finish().unwrap();
        let before = self.place.files();
        for command in [
            &["check"][..],
            &["run"],
            &["emulate", "--agent", "agent.zip", "--listen", "127.0.0.1:0"],
            &["import", "cx-tests", "agent.zip", "--out", "imported"],
            &["export", "cx-tests", "--out", "exported.zip"],
        ] {
            let said = run_in_little_memory(&self.place, command);
            assert_eq!(
                (said.code, said.out.as_str()),
                (Some(2), ""),
                "{command:?}: {}",
                said.err
            );
            assert!(
                said.err.contains(&format!("error[{code}]")),
                "{command:?}: {}",
                said.err
            );
            for part in parts.iter().chain(&["agent.zip", "help: "]) {
                assert!(said.err.contains(part), "{command:?}: {part}: {}", said.err);
            }
        }
        assert_eq!(self.place.files(), before, "nothing is written");
    }
}

#[test]
fn an_export_without_its_settings_must_be_refused() {
    Archive::without("agent.json").must_be_refused("no-agent", &["there is no agent.json here"]);
    Archive::without("agent.json")
        .with("agent.json", b"{\"displayName\": ")
        .must_be_refused("malformed-export", &["agent.json:1:16"]);
}

#[test]
fn an_archive_that_leads_elsewhere_must_be_refused() {
    for name in [
        "../evil.json",
        "intents/../../evil.json",
        "/tmp/evil.json",
        "..\\evil.json",
    ] {
        Archive::without("")
            .with(name, b"{}")
            .must_be_refused("unsafe-archive", &[name]);
    }
    for (name, target) in [("intents/link.json", "/etc/passwd"), ("intents/all", "..")] {
        Archive::without("")
            .with_link(name, target)
            .must_be_refused("unsafe-archive", &["symbolic links", name]);
    }
}

#[test]
fn an_archive_bomb_is_not_unpacked() {
    Archive::without("")
        .with_blanks("intents/bomb/bomb.json")
        .must_be_refused("too-large", &["bomb.json"]);
    // Small enough to be read, but nothing that people write can be packed like that.
    Archive::without("")
        .with("intents/bomb/bomb.json", &vec![b' '; 4 << 20])
        .must_be_refused("unsafe-archive", &["bomb.json", "times its size"]);
}

#[test]
fn a_route_to_an_intent_that_does_not_exist_is_a_warning() {
    let place = Place::initialised();
    let flow = "agents/coffee-bar/flows/Default Start Flow/Default Start Flow.json";
    let mut read: serde_json::Value = serde_json::from_str(&place.read(flow)).unwrap();
    read["transitionRoutes"]
        .as_array_mut()
        .unwrap()
        .push(serde_json::json!({
            "name": "6fa1e0c2-0000-4000-8000-000000000001",
            "intent": "no.such.intent",
            "triggerFulfillment": { "messages": [{ "text": { "text": ["never"] } }] },
        }));
    place.write(flow, &read.to_string());
    for command in ["check", "run"] {
        let said = place.run(&[command]);
        assert_eq!(said.code, Some(0), "{command}: {said:?}");
        for part in [
            "warning[dangling-reference]",
            "`no.such.intent`",
            "Default Start Flow.json",
            "help: ",
        ] {
            assert!(said.err.contains(part), "{command}: {part}: {}", said.err);
        }
    }
    // It is served: the helper waits for the address.
    drop(Running::start(&place, &["--agent", "agents/coffee-bar"]));
    assert_eq!(place.run(&["check", "--strict"]).code, Some(2));
}

#[test]
fn an_import_writes_over_nothing() {
    let place = Place::initialised();
    let agent = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/agents/tea-house");
    place.write("taken/mine.yaml", "mine");
    let said = place.run(&["import", "cx-tests", agent, "--out", "taken"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
    assert!(said.err.contains("error[output-not-empty]"), "{}", said.err);
    assert_eq!(place.read("taken/mine.yaml"), "mine");
    assert!(!place.path().join("taken/turnproof.yaml").exists());
}
