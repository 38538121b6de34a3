//! The JSON Schema and the parser refuse the same suites, as far as a schema can tell.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use turnproof::diagnostic::{Diagnostic, SourceFile};
use turnproof::model::capability::{Group, Key};
use turnproof::settings::Settings;
use turnproof::settings::root::Root;
use turnproof::settings::variables::Environment;
use turnproof::suite::read;
use turnproof::suite::schema::{settings_schema, suite_schema};

use crate::known_agents::KnownAgents;
use crate::suite_schema::{around, context, furnished, outcome, refused, suite_with, tree, written};

/// What an editor underlines, and what `check` refuses.
#[test]
fn schema_and_parser_refuse_the_same() {
    let turn =
        |rest: &str| format!("target: flights\nconversations: [{{ name: a, turns: [{{ say: hi{rest} }}] }}]");
    let expect = |expect: &str| turn(&format!(", expect: {expect}"));
    let parameter = |matcher: &str| expect(&format!("{{ parameters: {{ x: {matcher} }} }}"));
    let beside = |rest: &str| format!("{}\n{rest}", turn(""));
    let conversation = |rest: &str| turn("").replace("name: a", &format!("name: a, {rest}"));
    let good = [
        parameter("{ contains: true }"),
        parameter("{ contains: { a: 1 } }"),
        parameter("{ icontains: 5 }"),
        expect("{ payload: { k: { contains: { a: 1 } } } }"),
        expect("{ payload: { k: { contains: false } } }"),
        parameter("{ between: [1, 2] }"),
        expect("{ latency: { between: [1s, 2s] } }"),
        expect("{ tool_calls: [] }"),
        expect(
            "{ tool_calls: [{ tool: t, all_args: { any_of: [{ a: { not: 1 } }, { equals: { b: 1 } }] } }] }",
        ),
        expect("{ tool_calls: [{ tool: t, args: { not: { a: 1 } } }] }"),
        expect("{ reply: \"\" }"),
        expect("{ ended: { equals: { reason: soon } } }"),
        expect("{ all_parameters: {} }"),
        parameter("{ contains: \" \" }"),
        parameter("{ gt: \"09:30\" }"),
        parameter("{ lt: 2026-03-01T09:00:00Z }"),
        parameter("{ date: { weekday: friday } }"),
        turn("").replace("say: hi", "dtmf: { digits: \"12\", finish: \"#\" }"),
    ];
    let bad = [
        expect("{ latency: { contains: true } }"),
        parameter("{ contains: { starts_with: a } }"),
        parameter("{ contains: [a] }"),
        parameter("{ starts_with: { a: 1 } }"),
        parameter("{ ends_with: true }"),
        parameter("{ between: [1] }"),
        parameter("{ between: [1, 2, 3] }"),
        expect("{ latency: { between: [1s] } }"),
        expect("{ tool_calls: { never: [] } }"),
        expect("{ tool_calls: { include: [] } }"),
        expect("{ tool_calls: {} }"),
        expect("{ visited: [] }"),
        expect("{ raw: [] }"),
        expect("{ on: {} }"),
        expect("{ audio: {} }"),
        expect("{}"),
        turn(", when: {}"),
        conversation("channels: []"),
        conversation("only_on: []"),
        conversation("matrix: { n: [] }"),
        conversation("matrix: {}"),
        conversation("timeouts: { turn: 0s }"),
        conversation("start: { history: [{ user: hi, Desk: Hello! }] }").replace("flights", "support"),
        turn("").replace("say: hi", "say: \"\""),
        turn("").replace("say: hi", "dtmf: 12"),
        turn("").replace("say: hi", "dtmf: \"1x\""),
        expect("{ tool_calls: [{ tool: t, all_args: { not: { a: 1 } } }] }"),
        expect("{ tool_calls: [{ tool: t, all_args: { any_of: [{ absent: true }] } }] }"),
        expect("{ tool_calls: [{ tool: t, args: { contains: \"\" } }] }"),
        expect("{ ended: { equals: soon } }"),
        parameter("{ matches: \"\" }"),
        parameter("{ gt: soon }"),
        parameter("{ date: { from_today: 1, within: 2d } }"),
        parameter("{ similar: { to: hi, at_least: 0 } }"),
        parameter("{ wer: { to: hi, at_most: -0.1 } }"),
        expect("{ tool_calls: { never: [\"\"] } }"),
        expect("{ tool_calls: { never: [{ tool: \" \" }] } }"),
        expect("{ parameters: {} }"),
        beside("webhooks: { w: [{ respond: { status: \"503\" } }] }"),
        conversation("examples: []"),
        conversation("tools: { t: [] }"),
        beside("webhooks: { w: [] }"),
        beside("steps: { s: [] }"),
        beside("every_turn: {}"),
        "target: flights\nconversations: []".to_owned(),
        "target: flights\nconversations: [{ name: a, turns: [] }]".to_owned(),
    ];
    let schema = suite_schema();
    for (texts, is_good) in [(good.as_slice(), true), (bad.as_slice(), false)] {
        for text in texts {
            let value = tree(Path::new("suite.yaml"), text).root.unwrap().to_value();
            let by_schema = refused(&schema, &value, &schema);
            assert_eq!(by_schema.is_none(), is_good, "{text}\n{by_schema:?}");
            let (told, _) = outcome(text);
            assert_eq!(!told.contains("error["), is_good, "{text}\n{told}");
        }
    }
}

/// Values that one key or another cannot have.
const PROBES: [&str; 31] = [
    "\"\"",
    "\" \"",
    "{}",
    "[]",
    "null",
    "0",
    "-1",
    "1",
    "1.5",
    "9",
    "600",
    "true",
    "false",
    "text",
    "[text]",
    "[null]",
    "[\"\"]",
    "[{}]",
    "[[]]",
    "{ a: 1 }",
    "{ a: null }",
    "{ a: [] }",
    "{ a: {} }",
    "{ not: x }",
    "{ equals: \"\" }",
    "0s",
    "4s",
    "1000000",
    "2026-01-01",
    "[true]",
    "[1]",
];

/// Where a parser knows more than a schema can: what targets, steps and files there are, what else the suite says,
/// and the lists that are too long for a schema.
const KNOWS_MORE: [(Group, &[&str]); 13] = [
    (Group::Suite, &["target", "examples"]),
    (Group::Defaults, &["target"]),
    (Group::Conversation, &["target", "only_on", "examples"]),
    (Group::Turn, &["audio", "image", "blob", "capture", "dtmf"]),
    (Group::Use, &["use", "args"]),
    (Group::Pass, &["at_least"]),
    (Group::Audio, &["file", "rate"]),
    (Group::Attachment, &["file"]),
    (Group::Capture, &["from"]),
    (Group::With, &["time_zone"]),
    (Group::Expectation, &["match"]),
    (Group::Raw, &["path"]),
    // A tool answers with any mapping.
    (Group::ToolRespond, &["error"]),
];

fn knows_more(group: Group, key: &Key) -> bool {
    KNOWS_MORE
        .iter()
        .any(|(known, names)| *known == group && names.contains(&key.name))
}

/// Which of many suites the parser refuses, with its first message.
fn refused_by_parser(texts: &[String]) -> BTreeMap<PathBuf, String> {
    let folder = furnished();
    let files: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| written(folder.path(), &number.to_string(), text))
        .collect();
    let suites = read(&files, around(folder.path()), &mut KnownAgents::default());
    let errors = suites.problems.iter().filter(|problem| problem.is_error()).rev();
    let place = |problem: &Diagnostic| {
        let label = problem.labels.first().map(|label| label.file.path.clone());
        label.or_else(|| problem.path.clone()).unwrap_or_default()
    };
    errors
        .map(|problem| (place(problem), format!("{}: {}", problem.code, problem.message)))
        .collect()
}

/// Each key of the language with each of the values above: `say: ""` and `timeouts: { turn: 0s }` were sound to editors.
#[test]
fn no_key_takes_a_value_that_the_other_refuses() {
    let schema = suite_schema();
    let mut probes = Vec::new();
    for group in Group::ALL {
        for key in group.keys().iter().filter(|key| context(*group, key).is_some()) {
            for example in PROBES {
                let text = suite_with(*group, &Key { example, ..*key }, true);
                if let Some(root) = tree(Path::new("suite.yaml"), &text).root {
                    probes.push((*group, *key, text, root.to_value()));
                }
            }
        }
    }
    let texts: Vec<String> = probes.iter().map(|(_, _, text, _)| text.clone()).collect();
    let by_parser = refused_by_parser(&texts);
    let mut disagreements = Vec::new();
    for (number, (group, key, text, value)) in probes.iter().enumerate() {
        let by_schema = refused(&schema, value, &schema);
        let by_parser = by_parser.get(Path::new(&format!("{number}.yaml")));
        let only_parser = by_schema.is_none() && by_parser.is_some() && !knows_more(*group, key);
        if only_parser || by_schema.is_some() && by_parser.is_none() {
            disagreements.push(format!(
                "{group:?}.{}: {by_parser:?} {by_schema:?}\n{text}",
                key.name
            ));
        }
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n\n"));
}

// ---- settings ----

/// Where a mapping of the settings stands: `{}` is the place of its keys.
fn place_in_settings(group: Group) -> Option<&'static str> {
    Some(match group {
        Group::Settings => "{ {} }",
        Group::EmulatorTarget | Group::CxTarget | Group::CesTarget => "env: [TOKEN]\ntargets: { a: { {} } }",
        Group::TargetAudio => "targets: { a: { backend: cx, agent: AGENT, audio: { {} } } }",
        Group::TargetSpeech => "targets: { a: { backend: cx, agent: AGENT, audio: { output: { {} } } } }",
        Group::Credentials => {
            "env: [TOKEN, KEY]\ntargets: { a: { backend: cx, agent: AGENT, credentials: { {} } } }"
        }
        Group::Tls => "targets: { a: { backend: cx, agent: AGENT, tls: { {} } } }",
        Group::Profile => "profiles: { ci: { {} } }",
        Group::Redact => "redact: [{ {} }]",
        _ => return None,
    })
}

/// What a mapping of the settings needs beside a key.
fn beside_in_settings(group: Group, name: &str) -> Vec<(&'static str, &'static str)> {
    let required = group.keys().iter().filter(|key| key.required && key.name != name);
    let mut pairs: Vec<_> = required.map(|key| (key.name, key.example)).collect();
    pairs.extend(match (group, name) {
        (Group::EmulatorTarget, name) if !["agent", "app"].contains(&name) => {
            Some(("agent", "agents/flights"))
        }
        (Group::Profile, "pass") => Some(("repeat", "5")),
        (Group::Tls, "certificate") => Some(("key", "key.pem")),
        (Group::Tls, "key") => Some(("certificate", "client.pem")),
        _ => None,
    });
    pairs.extend(match name {
        "tokens" => Some(("tokens_per_turn", "5000")),
        "tokens_per_turn" => Some(("tokens", "600000/min")),
        _ => None,
    });
    pairs
}

/// What is read with the suites, and what a schema cannot know: see `KNOWS_MORE`.
fn is_probed_in_settings(group: Group, key: &Key) -> bool {
    let elsewhere = ["defaults", "tools", "webhooks", "generators", "playbooks"];
    let notations = [
        "backend",
        "agent",
        "app",
        "endpoint",
        "universe_domain",
        "quota_project",
        "proxy",
        "environment",
        "flow_versions",
        "deployment",
        "export",
        "pass",
        "token_env",
        "json_env",
        "chunk",
        "transport",
    ];
    !(group == Group::Profile && key.name == "targets"
        || group == Group::Settings && elsewhere.contains(&key.name)
        || notations.contains(&key.name))
}

#[test]
fn no_setting_takes_a_value_that_the_other_refuses() {
    let schema = settings_schema();
    let folder = furnished();
    std::fs::create_dir_all(folder.path().join("agents/flights")).unwrap();
    let root = Root::new(folder.path(), folder.path()).unwrap();
    let lookup = |_: &str| Some("value".to_owned());
    let environment = Environment {
        lookup: &lookup,
        ci: false,
        allowed: &[],
        offline: false,
    };
    let refused_by_parser = |text: &str| {
        let file = Arc::new(SourceFile {
            path: "turnproof.yaml".into(),
            text: text.to_owned(),
        });
        let (_, problems) = Settings::read(&file, &root, &environment);
        problems
            .iter()
            .find(|problem| problem.is_error())
            .map(|problem| problem.message.clone())
    };
    let mut disagreements = Vec::new();
    for group in Group::ALL {
        let Some(place) = place_in_settings(*group) else {
            continue;
        };
        for key in group
            .keys()
            .iter()
            .filter(|key| is_probed_in_settings(*group, key))
        {
            for example in PROBES.iter().chain([&key.example]) {
                let mut pairs = beside_in_settings(*group, key.name);
                pairs.push((key.name, example));
                let lines: Vec<String> = pairs
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}"))
                    .collect();
                let text = place
                    .replacen("{}", &lines.join(", "), 1)
                    .replace("AGENT", "projects/p/locations/global/agents/a");
                let Some(root) = tree(Path::new("turnproof.yaml"), &text).root else {
                    continue;
                };
                let value: Value = root.to_value();
                let (by_schema, by_parser) = (refused(&schema, &value, &schema), refused_by_parser(&text));
                if by_schema.is_some() != by_parser.is_some() {
                    disagreements.push(format!(
                        "{group:?}.{}: {by_parser:?} {by_schema:?}\n{text}",
                        key.name
                    ));
                }
            }
        }
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n\n"));
}
