//! Exports loaded whole: what is found, what is left out with a warning, what is refused.

use std::io::Write;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

fn folder_of(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

const AGENT: (&str, &str) = (
    "agent.json",
    r#"{"startFlow": "Main", "defaultLanguageCode": "en"}"#,
);
const FLOW: (&str, &str) = (
    "flows/Main/Main.json",
    r#"{"name": "f1", "displayName": "Main", "nluSettings": {"classificationThreshold": 0.30000001}}"#,
);

fn messages(loaded: &Loaded) -> Vec<String> {
    loaded
        .warnings
        .iter()
        .map(|warning| {
            let path = warning
                .path
                .clone()
                .or_else(|| warning.labels.first().map(|label| label.file.path.clone()));
            let file = path
                .as_deref()
                .and_then(Path::file_name)
                .map(|name| name.to_string_lossy().into_owned());
            format!("{}: {}", file.unwrap_or_default(), warning.message)
        })
        .collect()
}

#[test]
fn every_kind_of_file_finds_its_place() {
    let folder = folder_of(&[
        AGENT,
        FLOW,
        (
            "flows/Main/pages/ask %28date%29.json",
            "\u{feff}{\"name\": \"p1\", \"displayName\": \"ask (date)\", \"form\": {}}",
        ),
        (
            "flows/Main/transitionRouteGroups/g.json",
            r#"{"name": "g1", "displayName": "g", "transitionRoutes": [{"condition": "true"}]}"#,
        ),
        (
            "agentTransitionRouteGroups/common.json",
            r#"{"name": "g2", "displayName": "common"}"#,
        ),
        (
            "intents/hi/hi.json",
            r#"{"name": "i1", "displayName": "hi", "priority": 500000}"#,
        ),
        (
            "intents/hi/trainingPhrases/pt-BR.json",
            r#"{"trainingPhrases": [{"parts": [{"text": "oi ", "auto": true}], "repeatCount": 1}]}"#,
        ),
        (
            "entityTypes/size/size.json",
            r#"{"displayName": "size", "kind": "KIND_MAP"}"#,
        ),
        (
            "entityTypes/size/entities/en.json",
            r#"{"entities": [{"value": "L", "synonyms": ["large"], "dtmfPattern": "3"}]}"#,
        ),
        (
            "entityTypes/size/excludedPhrases/en.json",
            r#"{"excludedPhrases": [{"value": "at large"}]}"#,
        ),
        (
            "webhooks/w.json",
            r#"{"name": "w1", "displayName": "w", "timeout": {"seconds": 5, "nanos": 0}}"#,
        ),
        ("playbooks/p/p.json", r#"{"displayName": "p"}"#),
        ("generators/g/g.json", r#"{"displayName": "gen"}"#),
        (
            "tools/l/l.json",
            r#"{"displayName": "Lookup", "name": "t1", "toolType": "CUSTOMIZED_TOOL"}"#,
        ),
        ("testCases/t.json", r#"{"displayName": "t"}"#),
    ]);
    let loaded = load(folder.path()).unwrap();
    let agent = &loaded.agent;
    assert_eq!(messages(&loaded), Vec::<String>::new());
    assert_eq!(agent.settings.start_flow, "Main");
    let flow = &agent.flows["Main"];
    assert!((flow.nlu_settings.classification_threshold - 0.3).abs() < 1e-6);
    assert_eq!(flow.pages["ask (date)"].name, "p1");
    assert_eq!(flow.groups["g"].transition_routes[0].condition, "true");
    assert_eq!(agent.route_groups["common"].name, "g2");
    assert_eq!(
        agent.intents["hi"].training_phrases["pt-br"][0].parts[0].text,
        "oi "
    );
    assert_eq!(agent.entity_types["size"].entities["en"][0].dtmf_pattern, "3");
    assert_eq!(agent.entity_types["size"].excluded_phrases["en"], ["at large"]);
    assert_eq!(agent.webhooks["w"].timeout.seconds, 5);
    assert_eq!(agent.playbooks[0].display_name, "p");
    assert_eq!(agent.generators[0].display_name, "gen");
    assert_eq!(
        agent.tools,
        [Named {
            name: "t1".to_owned(),
            display_name: "Lookup".to_owned(),
        }]
    );
    assert!(agent.test_cases.contains_key("testCases/t.json"));
    assert!(load_runtime(folder.path()).unwrap().agent.test_cases.is_empty());
}

#[test]
fn malformed_files_are_left_out_and_named_with_their_line() {
    let folder = folder_of(&[
        AGENT,
        FLOW,
        ("intents/good/good.json", r#"{"displayName": "good"}"#),
        (
            "intents/bad/bad.json",
            "{\n  \"displayName\": \"bad\",\n  oops\n}",
        ),
        ("intents/worse/worse.json", r#"{"displayName": ["a list"]}"#),
        (
            "intents/good/trainingPhrases/en.json",
            &format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
        ),
        ("entityTypes/lost/entities/en.json", r#"{"entities": []}"#),
    ]);
    std::fs::write(folder.path().join("webhooks.json"), [0xff, 0xfe]).unwrap();
    std::fs::create_dir(folder.path().join("webhooks")).unwrap();
    std::fs::write(
        folder.path().join("webhooks/latin.json"),
        b"{\"displayName\": \"caf\xe9\"}",
    )
    .unwrap();
    let loaded = load(folder.path()).unwrap();
    assert_eq!(loaded.agent.intents.keys().collect::<Vec<_>>(), ["good"]);
    let bad = loaded
        .warnings
        .iter()
        .find(|warning| {
            warning
                .labels
                .first()
                .is_some_and(|label| label.file.path.ends_with("bad.json"))
        })
        .unwrap();
    assert_eq!(bad.labels[0].file.line_of(bad.labels[0].span.start), 3);
    assert!(!bad.is_error());
    assert_eq!(loaded.warnings.len(), 5, "{:?}", messages(&loaded));
}

#[test]
fn an_agent_without_readable_settings_is_no_agent() {
    let folder = folder_of(&[("agent.json", "{"), FLOW]);
    let problems = load(folder.path()).unwrap_err();
    assert!(problems[0].is_error());
    assert_eq!(problems[0].code, "malformed-export");
}

#[test]
fn references_that_lead_nowhere_are_warnings_with_the_file() {
    let folder = folder_of(&[
        ("agent.json", r#"{"startFlow": "Nowhere"}"#),
        (
            "flows/Main/Main.json",
            r#"{"displayName": "Main", "transitionRouteGroups": ["gone"], "transitionRoutes": [
                {"intent": "book.fligth", "targetPage": "End Session"},
                {"condition": "true", "targetPage": "No Such Page"},
                {"condition": "true", "targetFlow": "No Such Flow", "triggerFulfillment": {"webhook": "nobody"}}
            ]}"#,
        ),
        (
            "flows/Main/pages/P.json",
            r#"{"displayName": "P", "form": {"parameters": [
                {"displayName": "x", "entityType": "@shape"},
                {"displayName": "y", "entityType": "@sys.date"}
            ]}}"#,
        ),
        (
            "intents/book.flight/book.flight.json",
            r#"{"displayName": "book.flight"}"#,
        ),
    ]);
    let loaded = load(folder.path()).unwrap();
    assert_eq!(
        messages(&loaded),
        [
            "agent.json: the agent starts in flow `Nowhere`, which the export does not hold",
            "Main.json: a route names intent `book.fligth`, which the export does not hold",
            "Main.json: the route on `true` leads to page `No Such Page`, which the export does not hold",
            "Main.json: the route on `true` calls webhook `nobody`, which the export does not hold",
            "Main.json: the route on `true` leads to flow `No Such Flow`, which the export does not hold",
            "Main.json: the list of groups names route group `gone`, which the export does not hold",
            "P.json: form parameter `x` has the entity type `shape`, which the export does not hold",
        ]
    );
    assert_eq!(loaded.warnings[1].help, ["did you mean `book.flight`?"]);
}

#[test]
fn the_hash_is_of_what_the_agent_does() {
    let base = folder_of(&[AGENT, FLOW]);
    let with_case = folder_of(&[AGENT, FLOW, ("testCases/t.json", "{}"), ("README.md", "hello")]);
    let changed = folder_of(&[AGENT, FLOW, ("intents/i/i.json", "{}")]);
    let hash = |folder: &TempDir| load(folder.path()).unwrap().hash;
    assert_eq!(hash(&base).len(), 64);
    assert_eq!(hash(&base), hash(&with_case));
    assert_eq!(hash(&base), load_runtime(with_case.path()).unwrap().hash);
    assert_ne!(hash(&base), hash(&changed));

    let zip = base.path().join("agent.zip");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&zip).unwrap());
    for (name, text) in [FLOW, AGENT] {
        writer
            .start_file(
                format!("wrapped/{name}"),
                zip::write::SimpleFileOptions::default(),
            )
            .unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(hash(&base), load(&zip).unwrap().hash);
}

#[test]
fn two_files_of_one_name_are_reported() {
    let folder = folder_of(&[
        AGENT,
        FLOW,
        ("intents/a/a.json", r#"{"name": "1", "displayName": "same"}"#),
        ("intents/b/b.json", r#"{"name": "2", "displayName": "same"}"#),
    ]);
    let loaded = load(folder.path()).unwrap();
    assert_eq!(loaded.agent.intents["same"].name, "1");
    assert_eq!(
        messages(&loaded),
        ["b.json: the name `same` is already taken by another file"]
    );
}

/// The recorded agents, where they are at hand.
fn shared_agents() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/agents");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: {} is absent", folder.display());
        return Vec::new();
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "zip"))
        .collect()
}

#[test]
fn every_recorded_agent_loads() {
    for path in shared_agents() {
        let loaded = load(&path).unwrap();
        assert!(!loaded.agent.flows.is_empty(), "{}", path.display());
        for warning in &loaded.warnings {
            assert_ne!(warning.code, "malformed-export", "{}", path.display());
        }
    }
}
