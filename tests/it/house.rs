//! The rules of the house that no compiler checks: arrows point down, files stay small, one room per format, and
//! every dependency's licence is one we may ship.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each room and its floor; a room may use rooms of lower floors only.
const FLOORS: [(&str, u8); 20] = [
    ("main", 6),
    ("cli", 6),
    ("runner", 5),
    ("report", 5),
    ("target", 5),
    ("emulator", 4),
    ("cassette", 4),
    ("import", 4),
    ("coverage", 4),
    ("backend", 3),
    ("suite", 2),
    ("settings", 2),
    ("export", 2),
    ("expect", 2),
    ("model", 1),
    ("audio", 1),
    ("yaml", 1),
    ("diagnostic", 0),
    ("redact", 0),
    ("files", 0),
];

/// Rooms of one floor that may use each other, and why.
const NEIGHBOURS: [(&str, &str, &str); 6] = [
    ("main", "cli", "the binary is one call into the command line"),
    ("suite", "settings", "suites are read with the settings' defaults"),
    (
        "suite",
        "export",
        "names in suites are checked against the agent's export",
    ),
    (
        "suite",
        "expect",
        "what could never be evaluated is refused when suites are read",
    ),
    (
        "model",
        "audio",
        "inputs, targets and replies name encodings and rates",
    ),
    (
        "yaml",
        "model",
        "the two rooms of a floor that everything stands on",
    ),
];

/// The only room that may name a third-party format's crate.
const FORMAT_ROOMS: [(&str, &str); 8] = [
    ("serde_saphyr", "yaml"),
    ("quick_junit", "report"),
    ("annotate_snippets", "diagnostic"),
    ("google_cloud_auth", "backend"),
    ("indicatif", "report"),
    ("zip::", "export"),
    ("hound::", "audio"),
    ("rubato::", "audio"),
];

const LONGEST_FILE: usize = 600;

/// Licences that ask for nothing but notices.
const LICENCES: [&str; 14] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unlicense",
    "CC0-1.0",
    "0BSD",
    "CDLA-Permissive-2.0",
    "BSL-1.0",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file below `src`, with its room.
fn sources() -> Vec<(PathBuf, String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let source = root().join("src");
    let mut files = Vec::new();
    walk(&source, &mut files);
    files.sort();
    let with_room = |path: PathBuf| {
        let relative = path.strip_prefix(&source).unwrap().to_path_buf();
        let first = relative
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy()
            .into_owned();
        let room = first.trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(&path).unwrap();
        (relative, room, text)
    };
    files.into_iter().map(with_room).collect()
}

fn floor(room: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, floor)| *floor)
}

/// The rooms a file names in `crate::…` or `turnproof::…` paths, outside comments.
fn rooms_used(text: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for marker in ["crate::", "turnproof::"] {
            for (position, _) in line.match_indices(marker) {
                let rest = &line[position + marker.len()..];
                let names = rest
                    .strip_prefix('{')
                    .map_or(rest, |list| list.split('}').next().unwrap_or(list));
                let many = rest.starts_with('{');
                for name in names.split(',').take(if many { usize::MAX } else { 1 }) {
                    let room: String = name
                        .trim()
                        .chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect();
                    rooms.push(room);
                }
            }
        }
    }
    rooms
}

#[test]
fn arrows_point_down() {
    let mut wrong = Vec::new();
    for (path, room, text) in sources() {
        let Some(own) = floor(&room) else { continue };
        for used in rooms_used(&text) {
            let Some(theirs) = floor(&used) else { continue };
            let neighbours = NEIGHBOURS
                .iter()
                .any(|(from, to, _)| *from == room && *to == used);
            if used != room && theirs >= own && !neighbours {
                wrong.push(format!(
                    "{}: floor {own} uses {used} of floor {theirs}",
                    path.display()
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "arrows that do not point down:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_room_has_a_floor() {
    for (path, room, _) in sources() {
        let known = floor(&room).is_some() || ["lib", "proto"].contains(&room.as_str());
        assert!(known, "{}: give the room `{room}` a floor", path.display());
    }
}

#[test]
fn each_format_has_one_room() {
    for (path, room, text) in sources() {
        let code: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        for (name, home) in FORMAT_ROOMS {
            assert!(
                room == home || !code.contains(name),
                "{}: {name} belongs to `{home}`",
                path.display()
            );
        }
    }
}

#[test]
fn files_stay_small_and_say_what_they_are_for() {
    for (path, _, text) in sources() {
        let lines = text.lines().count();
        assert!(
            lines <= LONGEST_FILE,
            "{}: {lines} lines; split it along a seam",
            path.display()
        );
        assert!(
            text.starts_with("//!"),
            "{}: has no header that says what it is for",
            path.display()
        );
    }
}

#[test]
fn licences_ask_for_nothing_but_notices() {
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
            host,
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut refused = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or("");
        if !allowed(licence) {
            refused.insert(package["name"].to_string(), licence.to_owned());
        }
    }
    assert!(refused.is_empty(), "licences to look at: {refused:?}");
}

/// Whether a licence expression can be met with the licences we accept: every `AND` part has an accepted `OR` part.
fn allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let all = |text: &str| {
        text.split(" AND ")
            .all(|part| LICENCES.contains(&part.trim_matches(['(', ')', ' '])))
    };
    let groups: Vec<String> = expression.split(") AND ").map(str::to_owned).collect();
    groups.iter().all(|group| {
        let group = group.trim_matches(['(', ')', ' ']);
        group.split(" OR ").any(all)
    })
}

#[test]
fn licence_expressions_are_read_as_written() {
    for expression in [
        "MIT",
        "MIT/Apache-2.0",
        "Apache-2.0 OR GPL-3.0",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
    ] {
        assert!(allowed(expression), "{expression}");
    }
    for expression in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "MPL-2.0",
        "(MIT OR Apache-2.0) AND GPL-2.0",
    ] {
        assert!(!allowed(expression), "{expression}");
    }
}
