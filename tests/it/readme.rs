//! Every command the README shows is run, and its generated parts are those that the program would write.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Commands that this very test is part of, or that measure.
const RUN_ELSEWHERE: [&str; 3] = ["cargo test", "cargo bench", "cargo install"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The lines of all fenced blocks of one language, in order.
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
fn clone_of_suites(folder: &Path) {
    let copied = Command::new("cp")
        .arg("-r")
        .arg(root().join("suites"))
        .arg(folder)
        .status()
        .unwrap();
    assert!(copied.success());
}

#[test]
fn every_command_works_as_shown() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    clone_of_suites(folder.path());
    let binary = Path::new(env!("CARGO_BIN_EXE_turnproof"));
    let path = format!(
        "{}:{}",
        binary.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let commands = blocks(&readme, "sh");
    assert!(commands.len() >= 4, "the README shows hardly any commands");
    for block in commands {
        if RUN_ELSEWHERE.iter().any(|command| block.starts_with(command)) {
            continue;
        }
        let script = block.replace("cargo run --release --", "turnproof");
        let output = Command::new("bash")
            .args(["-e", "-u", "-c", &script])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env_remove("CI")
            .env_remove("GITHUB_ACTIONS")
            .output()
            .unwrap();
        let told =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{block}\nended with {}:\n{told}",
            output.status
        );
    }
}
