//! What README and reference say is true: every command is run or at least understood, every example is valid, and the
//! generated parts are those that the program would write. `UPDATE_DOCS=1` writes them.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use regex::Regex;
use tempfile::TempDir;
use turnproof::cli::args::Typed;
use turnproof::cli::exit::Exit;
use turnproof::emulator::ces::app::keys;
use turnproof::suite::schema::{overview_markdown, reference_markdown};

const README: &str = "README.md";
const REFERENCE: &str = "docs/reference.md";

/// Commands that this very test is part of, or that measure.
const RUN_ELSEWHERE: [&str; 2] = ["cargo test", "cargo bench"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// The content of all fenced blocks of one language, in order.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut current: Option<String> = None;
    for line in text.lines() {
        match (&mut current, line.strip_prefix("```")) {
            (None, Some(rest)) if rest == language => current = Some(String::new()),
            (Some(_), Some(_)) => found.extend(current.take()),
            (Some(block), None) => {
                block.push_str(line);
                block.push('\n');
            }
            _ => {}
        }
    }
    found
}

/// A folder that looks like a fresh clone to the commands.
fn clone() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy("suites", &folder.path().join("suites"));
    folder
}

/// Copies a folder of the repository.
fn copy(from: &str, to: &Path) {
    let copied = Command::new("cp")
        .arg("-r")
        .arg(root().join(from))
        .arg(to)
        .status();
    assert!(copied.unwrap().success());
}

/// A shell command line with `turnproof` on the path.
fn shell(script: &str, folder: &Path) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_turnproof"));
    let path = format!(
        "{}:{}",
        binary.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    Command::new("bash")
        .args(["-e", "-u", "-c", script])
        .current_dir(folder)
        .env("PATH", path)
        .env("PROJECT", "p")
        .env_remove("CI")
        .env_remove("GITHUB_ACTIONS")
        .output()
        .unwrap()
}

fn must_work(script: &str, folder: &Path) {
    let output = shell(script, folder);
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{script}\nended with {}:\n{told}",
        output.status
    );
}

// ---- generated parts ----

/// The text between a mark and the end.
fn marked<'text>(text: &'text str, mark: &str) -> &'text str {
    let found = text
        .split_once(mark)
        .and_then(|(_, after)| after.split_once("<!-- end -->"));
    assert!(found.is_some(), "there is no {mark} with an end");
    found.unwrap().0
}

#[test]
fn generated_parts_are_those_of_the_program() {
    let parts = [
        (README, "overview", overview_markdown(REFERENCE)),
        (README, "exit codes", Exit::markdown()),
        (REFERENCE, "suites and settings", reference_markdown()),
        (REFERENCE, "scripted apps", keys::reference()),
    ];
    for (file, name, generated) in parts {
        let mark = format!("<!-- {name}: generated -->\n");
        let text = page(file);
        let there = marked(&text, &mark);
        if there.trim() == generated.trim() {
            continue;
        }
        assert!(
            std::env::var_os("UPDATE_DOCS").is_some(),
            "{file}: the part `{name}` is not what the program would write; `UPDATE_DOCS=1 cargo test readme` writes it"
        );
        let updated = text.replacen(
            &format!("{mark}{there}"),
            &format!("{mark}{}\n", generated.trim()),
            1,
        );
        fs::write(root().join(file), updated).unwrap();
    }
}

/// A third of the page stood there twice once, the second time with figures of the day before.
#[test]
fn nothing_stands_there_twice() {
    for file in [README, REFERENCE] {
        let text = page(file);
        let mut before = HashSet::new();
        for mark in text.lines().filter(|line| line.starts_with("## ")) {
            assert!(before.insert(mark), "{file}: {mark}");
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)#]*)(?:#([^)]*))?\)").unwrap();
    let mut followed = 0;
    for file in [README, REFERENCE] {
        for found in link.captures_iter(&page(file)) {
            let target = match &found[1] {
                "" => root().join(file),
                other => root().join(file).parent().unwrap().join(other),
            };
            assert!(target.exists(), "{file}: {}", &found[0]);
            if let Some(anchor) = found.get(2) {
                let text = fs::read_to_string(target).unwrap();
                let is_there = text.lines().any(|line| {
                    let heading = line.trim_start_matches('#').trim().to_lowercase();
                    line.starts_with('#')
                        && heading.replace(['`', ':', '\'', ',', '.'], "").replace(' ', "-")
                            == anchor.as_str()
                });
                assert!(is_there, "{file}: {}", &found[0]);
            }
            followed += 1;
        }
    }
    assert!(followed > 20, "{followed} links");
}

// ---- commands ----

#[test]
fn every_command_works_as_shown() {
    let folder = clone();
    let commands = blocks(&page(README), "sh");
    assert!(commands.len() >= 6, "the README shows hardly any commands");
    for block in commands {
        if RUN_ELSEWHERE.iter().any(|command| block.starts_with(command)) {
            continue;
        }
        must_work(
            &block.replace("cargo run --release --", "turnproof"),
            folder.path(),
        );
    }
}

/// Command lines within sentences and in workflows, which name files that are not there: they must be understood.
#[test]
fn commands_in_sentences_are_understood() {
    let command = Regex::new(r"(?:`|- run: )(turnproof(?: [^`\n]+)?)(?:`|\n)").unwrap();
    let mut understood = 0;
    for file in [README, REFERENCE] {
        for found in command.captures_iter(&page(file)) {
            let words = found[1].split_whitespace().map(OsString::from);
            match Typed::parse(words) {
                Err(problem) if problem.use_stderr() && found[1].contains(' ') => {
                    panic!("{file}: {}\n{problem}", &found[1])
                }
                _ => understood += 1,
            }
        }
    }
    assert!(understood >= 6, "{understood} commands");
}

// ---- examples ----

/// What a YAML block is an example of.
enum Example {
    Suite,
    Settings,
    /// A scripted CES app.
    App,
    Workflow,
}

fn kind(block: &str) -> Example {
    let has = |key: &str| block.lines().any(|line| line.starts_with(key));
    if has("conversations:") {
        Example::Suite
    } else if has("agents:") {
        Example::App
    } else if has("jobs:") {
        Example::Workflow
    } else {
        assert!(has("targets:"), "what is this an example of?\n{block}");
        Example::Settings
    }
}

#[test]
fn every_example_is_valid() {
    let (mut suites, mut settings, mut apps) = (0, 0, 0);
    for file in [README, REFERENCE] {
        for block in blocks(&page(file), "yaml") {
            let folder = tempfile::tempdir().unwrap();
            let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
            fs::create_dir(folder.path().join("agents")).unwrap();
            copy(
                "suites/agents/bike-workshop",
                &folder.path().join("agents/flights"),
            );
            copy(
                "suites/agents/support.app.yaml",
                &folder.path().join("agents/support.app.yaml"),
            );
            copy("suites/fixtures", &folder.path().join("fixtures"));
            match kind(&block) {
                Example::Workflow => continue,
                Example::Suite => {
                    must_work("turnproof init .", folder.path());
                    write(
                        "turnproof.yaml",
                        "targets:\n  coffee: { backend: emulator, agent: agents/coffee-bar }\n  \
                         flights: { backend: emulator, agent: agents/flights }\n  \
                         support: { backend: emulator, app: agents/support.app.yaml }\n",
                    );
                    write("example.yaml", &block);
                    suites += 1;
                }
                Example::App => {
                    write(
                        "turnproof.yaml",
                        "targets:\n  support: { backend: emulator, app: agents/example.app.yaml }\n",
                    );
                    write("agents/example.app.yaml", &block);
                    write(
                        "example.yaml",
                        "target: support\nconversations: [{ name: a, turns: [{ say: hello }] }]\n",
                    );
                    apps += 1;
                }
                Example::Settings => {
                    write(
                        "turnproof.yaml",
                        &block.replace("agents/my-agent.zip", "agents/flights"),
                    );
                    write(
                        "example.yaml",
                        "target: flights\nconversations: [{ name: a, turns: [{ say: hi }] }]\n",
                    );
                    settings += 1;
                }
            }
            must_work("turnproof check example.yaml", folder.path());
            if block.contains("profiles:") {
                must_work("turnproof check example.yaml --profile ci", folder.path());
            }
        }
    }
    assert!(
        suites >= 2 && settings >= 2 && apps >= 1,
        "{suites} suites, {settings} settings, {apps} apps"
    );
}

/// The README's first suite is about the agent that `init` writes: it passes there.
#[test]
fn the_first_suite_passes() {
    let folder = tempfile::tempdir().unwrap();
    let first = &blocks(&page(README), "yaml")[0];
    must_work("turnproof init .", folder.path());
    fs::write(folder.path().join("first.yaml"), first).unwrap();
    must_work("turnproof run first.yaml", folder.path());
}
