//! Importing recorded test cases: what is written, what is refused, and that nothing is lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use turnproof::import::{Imported, cx_tests};
use turnproof::model::suite::Service;
use turnproof::settings::play::PlayPatch;
use turnproof::suite::discover::discover;
use turnproof::suite::select::PathArgument;
use turnproof::suite::validate::ExportNames;
use turnproof::suite::{Names, Role, Surroundings, read};

use crate::known_agents::KnownAgents;

fn tea_house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agents/tea-house")
}

fn imported(export: &Path) -> (tempfile::TempDir, Imported) {
    let folder = tempfile::tempdir().unwrap();
    let imported = cx_tests(export, &folder.path().join("imported")).unwrap();
    (folder, imported)
}

/// Every file below a folder that is not in the copied agent, in order.
fn files(folder: &Path) -> Vec<(String, String)> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            if path.is_dir() {
                walk(&path, root, found);
            } else if !name.starts_with("agents/") {
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

#[test]
fn recordings_become_suites() {
    let (_guard, imported) = imported(&tea_house());
    let text: Vec<String> = files(&imported.folder)
        .into_iter()
        .map(|(name, text)| format!("==> {name}\n{text}"))
        .collect();
    insta::assert_snapshot!("import_suites", text.join("\n"));
}

#[test]
fn an_import_says_what_it_did_and_what_to_know() {
    let (guard, imported) = imported(&tea_house());
    let place = |text: String| {
        text.replace(&tea_house().display().to_string(), "EXPORT")
            .replace(&guard.path().display().to_string(), "TEMP")
            .replace('\\', "/")
    };
    let warnings = imported.warnings.iter().map(|warning| {
        assert!(!warning.is_error());
        let path = warning
            .path
            .as_ref()
            .map(|path| path.display().to_string())
            .unwrap_or_default();
        format!("{}: {} [{}]", place(path), warning.message, warning.code)
    });
    let warnings: Vec<String> = warnings.collect();
    insta::assert_snapshot!(
        "import_summary",
        format!("{}\n{}", place(imported.to_string()), warnings.join("\n"))
    );
}

#[test]
fn the_export_comes_along() {
    let (_guard, imported) = imported(&tea_house());
    let copy = imported.folder.join("agents/tea-house");
    for file in [
        "agent.json",
        "testCases/Rings the bell.json",
        "webhooks/Stock.json",
    ] {
        assert_eq!(
            fs::read(copy.join(file)).unwrap(),
            fs::read(tea_house().join(file)).unwrap()
        );
    }
    let loaded = turnproof::export::load(&copy).unwrap();
    assert_eq!(loaded.hash, turnproof::export::load(&tea_house()).unwrap().hash);
}

#[test]
fn an_import_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    cx_tests(&tea_house(), &out).unwrap();
    let before = files(&out);
    fs::write(out.join("turnproof.yaml"), "mine").unwrap();
    let problems = cx_tests(&tea_house(), &out).unwrap_err();
    assert_eq!(problems[0].code, "output-not-empty");
    assert_eq!(fs::read_to_string(out.join("turnproof.yaml")).unwrap(), "mine");
    assert_eq!(files(&out).len(), before.len());
    assert_eq!(
        cx_tests(&tea_house(), &out.join("turnproof.yaml")).unwrap_err()[0].code,
        "output-not-empty"
    );
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "temporary folders are gone: {left:?}");
}

#[test]
fn an_export_without_test_cases_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("bare");
    fs::create_dir(&export).unwrap();
    fs::write(export.join("agent.json"), r#"{"defaultLanguageCode": "en"}"#).unwrap();
    let out = folder.path().join("out");
    let problems = cx_tests(&export, &out).unwrap_err();
    assert_eq!(problems.last().unwrap().code, "no-test-cases");
    assert!(!out.exists());
    assert!(cx_tests(&folder.path().join("missing.zip"), &out).is_err());
}

#[cfg(unix)]
#[test]
fn a_link_in_an_export_leads_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("linked");
    copy_all(&tea_house(), &export);
    let secret = folder.path().join("secret.json");
    fs::write(&secret, "{}").unwrap();
    std::os::unix::fs::symlink(&secret, export.join("notes.json")).unwrap();
    let out = folder.path().join("out");
    let problems = cx_tests(&export, &out).unwrap_err();
    assert!(
        problems.iter().any(|problem| problem.message.contains("link")),
        "{problems:?}"
    );
    assert!(!out.exists());
}

#[cfg(unix)]
fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_all(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn shared_exports_import() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/agents");
    if !shared.is_dir() {
        println!("skipped: {} is not here", shared.display());
        return;
    }
    let recorded = [
        ("healthcare", 291, 2310),
        ("telecom", 157, 951),
        ("small-talk", 40, 203),
        ("flight-booking-en-es", 25, 208),
        ("flights", 16, 204),
        ("clinic-en-pl", 21, 221),
        ("hr-helpdesk-tr", 13, 39),
        ("flight-booker", 3, 20),
    ];
    for (name, conversations, turns) in recorded {
        let (_guard, imported) = imported(&shared.join(format!("{name}.zip")));
        assert_eq!(imported.counts.conversations, conversations, "{name}");
        assert_eq!(imported.counts.turns, turns, "{name}");
        assert!(imported.folder.join(format!("agents/{name}.zip")).is_file());
        assert_eq!(checked(&imported).0, conversations, "{name}");
    }
}

/// What `check` says of an imported folder: its conversations, and all problems as `code: message`.
fn checked(imported: &Imported) -> (usize, Vec<String>) {
    let argument = PathArgument {
        path: imported.folder.clone(),
        line: None,
    };
    let found = discover(&[argument], &imported.folder).unwrap();
    let settings = fs::read_to_string(imported.folder.join("turnproof.yaml")).unwrap();
    let target = settings
        .lines()
        .nth(2)
        .unwrap()
        .trim()
        .split(':')
        .next()
        .unwrap()
        .to_owned();
    let agent = turnproof::export::load_runtime(&imported.export).unwrap().agent;
    let role = Role {
        target: target.clone(),
        service: Service::Cx,
        sound: turnproof::suite::RoleSound::default(),
    };
    let names = Names::Export(Arc::new(ExportNames::new(&agent)));
    let mut agents = KnownAgents([(target.clone(), names)].into());
    let surroundings = Surroundings {
        root: found.root,
        roles: [(target, role)].into(),
        layers: Vec::new(),
        overrides: PlayPatch::default(),
        variables: Vec::new(),
    };
    let suites = read(&found.files, surroundings, &mut agents);
    for entry in &suites.entries {
        assert!(entry.load().is_ok(), "{}", entry.name());
    }
    let problems = suites.problems.iter().map(|problem| {
        assert!(!problem.is_error(), "{problem:?}");
        format!("{}: {}", problem.code, problem.message)
    });
    (suites.entries.len(), problems.collect())
}

#[test]
fn what_is_imported_passes_check() {
    let (_guard, imported) = imported(&tea_house());
    let (conversations, problems) = checked(&imported);
    assert_eq!(conversations, imported.counts.conversations);
    insta::assert_snapshot!("import_check", problems.join("\n"));
}
