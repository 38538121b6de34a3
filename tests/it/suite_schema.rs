//! The capability table, the parser, the JSON Schema and README say the same: every key is read, means something,
//! and is described.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use regex::Regex;
use serde_json::{Value, json};
use turnproof::audio::as_wav;
use turnproof::diagnostic::SourceFile;
use turnproof::diagnostic::render::render;
use turnproof::model::capability::{Group, Key, Shape, Support};
use turnproof::model::suite::{AudioSettings, Service};
use turnproof::settings::play::PlayPatch;
use turnproof::settings::root::Root;
use turnproof::suite::discover::SuiteFile;
use turnproof::suite::schema::{reference_markdown, settings_schema, suite_schema};
use turnproof::suite::{Role, Surroundings, read};
use turnproof::{settings, yaml};

use crate::known_agents::KnownAgents;

pub(crate) use validator::refused;

mod validator;

pub(crate) fn tree(path: &Path, text: &str) -> yaml::Parsed {
    yaml::parse(&Arc::new(SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }))
}

fn json_of(path: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let parsed = tree(path, &text);
    parsed
        .root
        .filter(|_| parsed.problems.is_empty())
        .map(|root| root.to_value())
}

fn files_below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            into.push(path);
        }
    }
}

#[test]
fn the_schema_accepts_sound_suites_and_refuses_unknown_keys() {
    let schema = suite_schema();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    files_below(&manifest.join("tests/cases"), &mut files);
    files_below(&manifest.join("suites"), &mut files);
    let (mut sound, mut unsound) = (0, 0);
    for path in files {
        let shown = path.display();
        let text = path.to_string_lossy().into_owned();
        if ["/agents/", "/fixtures/", "/steps/", "turnproof.yaml"]
            .iter()
            .any(|other| text.contains(other))
        {
            continue;
        }
        let Some(value) = json_of(&path) else { continue };
        let messages = std::fs::read_to_string(path.with_extension("snap")).unwrap_or_default();
        let refused = refused(&schema, &value, &schema);
        let file = path.file_name().unwrap().to_string_lossy();
        let unknown_key = Regex::new(&format!(r"unknown-key\]: .*\n *--> {file}")).unwrap();
        if unknown_key.is_match(&messages) {
            assert!(refused.is_some(), "{shown} is accepted");
            unsound += 1;
        } else if !messages.contains("error[") {
            assert_eq!(refused, None, "{shown} is refused");
            sound += 1;
        }
    }
    assert!(sound > 10 && unsound > 10, "{sound} sound, {unsound} unsound");
}

#[test]
fn the_schema_of_settings_accepts_sound_settings() {
    let schema = settings_schema();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in ["suites/turnproof.yaml", "tests/cases/settings/turnproof.yaml"] {
        let value = json_of(&manifest.join(path)).unwrap();
        assert_eq!(refused(&schema, &value, &schema), None, "{path}");
    }
    let examples = [
        (
            json!({ "targets": { "a": { "backend": "cx", "agent": "x", "credentials": { "token_env": "T" } } } }),
            true,
        ),
        (
            json!({ "targets": { "a": { "backend": "ces", "app": "x", "via": "bidi" } } }),
            true,
        ),
        (
            json!({ "targets": { "a": { "backend": "cx", "agent": "x", "audio": {
                "encoding": "mulaw", "rate": 8000, "pace": 2.5, "output": { "rate": 16000 } } } } }),
            true,
        ),
        (
            json!({ "targets": { "a": { "backend": "cx", "agent": "x", "audio": { "encoding": "mp3" } } } }),
            false,
        ),
        (
            json!({ "targets": { "a": { "backend": "ces", "app": "x", "export": "y" } } }),
            false,
        ),
        (
            json!({ "targets": { "a": { "backend": "cx", "agent": "x", "via": "bidi" } } }),
            false,
        ),
        (
            json!({ "profiles": { "ci": { "jobs": 16, "repeat": 2, "targets": { "a": "b" } } } }),
            true,
        ),
        (json!({ "profiles": { "ci": { "job": 16 } } }), false),
        (json!({ "defaults": { "with": { "language": "de" } } }), true),
        (json!({ "redact": ["a", { "matches": "b" }] }), true),
        (
            json!({ "targets": { "a": { "backend": "cx", "agent": "x", "via": "${VIA}", "rate": "${RATE}" } } }),
            true,
        ),
    ];
    for (value, sound) in examples {
        assert_eq!(refused(&schema, &value, &schema).is_none(), sound, "{value}");
    }
}

#[test]
fn what_conversations_share_with_settings_has_one_name() {
    for key in settings::play::PLAY_KEYS {
        for group in [Group::Defaults, Group::Conversation, Group::Profile] {
            assert!(group.key(key).is_some(), "{group:?}.{key}");
        }
    }
}

// ---- every key is read ----

/// A folder with what suites of these tests mention.
pub(crate) fn furnished() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("steps")).unwrap();
    std::fs::write(folder.path().join("steps/log in.yaml"), "- say: bye\n").unwrap();
    std::fs::create_dir(folder.path().join("fixtures")).unwrap();
    let wav = as_wav(AudioSettings::USUAL, &[1; 320]).unwrap();
    std::fs::write(folder.path().join("fixtures/tomorrow.wav"), wav).unwrap();
    std::fs::write(folder.path().join("fixtures/lamp.png"), b"\x89PNG\r\n\x1a\n0000").unwrap();
    std::fs::write(folder.path().join("fixtures/invoice.pdf"), "%PDF").unwrap();
    folder
}

/// What suites in a folder are read with.
pub(crate) fn around(folder: &Path) -> Surroundings {
    let role = |target: &str, service| {
        let role = Role {
            target: target.to_owned(),
            service,
            sound: turnproof::suite::RoleSound::default(),
        };
        (target.to_owned(), role)
    };
    Surroundings {
        root: Root::new(folder, folder).unwrap(),
        roles: BTreeMap::from([
            role("flights", Service::Cx),
            role("support", Service::Ces),
            role("staging", Service::Cx),
        ]),
        layers: Vec::new(),
        overrides: PlayPatch::default(),
        variables: Vec::new(),
    }
}

/// A suite in a folder.
pub(crate) fn written(folder: &Path, name: &str, text: &str) -> SuiteFile {
    let file = format!("{name}.yaml");
    std::fs::write(folder.join(&file), text).unwrap();
    SuiteFile {
        path: folder.join(&file).canonicalize().unwrap(),
        shown: file.clone().into(),
        file,
        suite: name.to_owned(),
        lines: Vec::new(),
    }
}

/// What becomes of a suite: its messages, and its conversations with places left out.
pub(crate) fn outcome(text: &str) -> (String, String) {
    let folder = furnished();
    let file = written(folder.path(), "suite", text);
    let suites = read(&[file], around(folder.path()), &mut KnownAgents::default());
    let messages = render(&suites.problems, false);
    let conversations: Vec<String> = suites
        .entries
        .iter()
        .map(|entry| format!("{:?} {:?}", entry.title(), entry.load().unwrap()))
        .collect();
    let place = Regex::new(r"line: \d+").unwrap();
    (
        messages,
        place.replace_all(&conversations.join("\n"), "").into_owned(),
    )
}

/// What becomes of a sound suite.
fn meaning(text: &str) -> String {
    let (messages, conversations) = outcome(text);
    assert_eq!(messages, "", "{text}");
    conversations
}

/// Where a group's mapping stands in a suite: `{}` is the place of one of its keys.
pub(crate) fn context(group: Group, key: &Key) -> Option<&'static str> {
    Some(match group {
        Group::Suite if key.name == "conversations" => "{}",
        Group::Suite => "{}\nconversations: [{ name: a, turns: [{ use: log in }, { say: hi }] }]",
        Group::Defaults => "defaults: { {} }",
        Group::Conversation => "conversations:\n- {}",
        Group::Start => "defaults: { start: { {} } }",
        Group::Timeouts => "defaults: { timeouts: { {} } }",
        Group::Retries => "defaults: { retries: { {} } }",
        Group::Pass => "defaults: { repeat: 5, pass: { {} } }",
        Group::Turn if key.name == "history" => "defaults: { run_method: stable }\nTURN { {} }",
        Group::Turn => "TURN { {} }",
        Group::Use => "steps: { log in: [{ say: \"bye {{ user }}\" }] }\nvars: { user: Bob }\nTURN { {} }",
        Group::Id => {
            "TURN { say: hi, with: { session_entity_types: [{ entity_type: { {} }, entities: {} }] } }"
        }
        Group::Dtmf => "TURN { dtmf: { {} } }",
        Group::Audio => "TURN { audio: { {} } }",
        Group::AudioExpectation => "TURN { say: hi, expect: { audio: { {} } } }",
        Group::Attachment => "TURN { blob: { {} } }",
        Group::Feedback => "TURN { say: hi, feedback: { {} } }",
        Group::Capture => "TURN { say: hi, capture: { x: { {} } } }",
        Group::With if key.name == "text_streaming" => "TURN { say: hi, via: stream, with: { {} } }",
        Group::With => "TURN { say: hi, with: { {} } }",
        Group::SessionEntityType => "TURN { say: hi, with: { session_entity_types: [{ {} }] } }",
        Group::RemoteDialogflow => "TURN { say: hi, with: { remote_dialogflow: { {} } } }",
        Group::Emulator => "TURN { say: hi, with: { emulator: { {} } } }",
        Group::PinnedSentiment => "TURN { say: hi, with: { emulator: { sentiment: { {} } } } }",
        Group::Expectation => "TURN { say: hi, expect: { {} } }",
        Group::On => "TURN { say: hi, expect: { reply: hi, on: { {} } } }",
        Group::Raw => "TURN { say: hi, expect: { raw: { {} } } }",
        Group::Operator => "TURN { say: hi, expect: { parameters: { x: { {} } } } }",
        Group::Approx => "TURN { say: hi, expect: { parameters: { x: { approx: { {} } } } } }",
        Group::Similar => "TURN { say: hi, expect: { parameters: { x: { similar: { {} } } } } }",
        Group::Wer => "TURN { say: hi, expect: { parameters: { x: { wer: { {} } } } } }",
        Group::Date => "TURN { say: hi, expect: { parameters: { x: { date: { {} } } } } }",
        Group::ToolCalls => "TURN { say: hi, expect: { tool_calls: { {} } } }",
        Group::Call => "TURN { say: hi, expect: { tool_calls: [{ {} }] } }",
        Group::ToolRule => "tools: { t: [{ {} }] }",
        Group::ToolWhen => "tools: { t: [{ when: { {} }, respond: { a: 1 } }] }",
        Group::ToolRespond => "tools: { t: [{ respond: { {} } }] }",
        Group::WebhookRule => "webhooks: { w: [{ {} }] }",
        Group::WebhookWhen => "webhooks: { w: [{ when: { {} }, respond: { payload: { a: 1 } } }] }",
        Group::WebhookRespond => "webhooks: { w: [{ respond: { {} } }] }",
        Group::WebhookAnswer => "TURN { say: hi, with: { emulator: { webhook: { {} } } } }",
        Group::GeneratorRule => "generators: { g: [{ {} }] }",
        Group::GeneratorWhen => "generators: { g: [{ when: { {} }, respond: hi }] }",
        Group::GeneratorRespond => "generators: { g: [{ respond: { {} } }] }",
        Group::PlaybookRule => "playbooks: { p: [{ {} }] }",
        Group::PlaybookWhen => "playbooks: { p: [{ when: { {} }, respond: { messages: [hi] } }] }",
        Group::PlaybookRespond => "playbooks: { p: [{ respond: { {} } }] }",
        Group::Settings
        | Group::EmulatorTarget
        | Group::CxTarget
        | Group::CesTarget
        | Group::TargetAudio
        | Group::TargetSpeech
        | Group::Transcript
        | Group::Credentials
        | Group::Tls
        | Group::Profile
        | Group::Redact => return None,
    })
}

/// Keys that only stand beside another.
fn beside(group: Group, name: &str) -> &'static [(&'static str, &'static str)] {
    match (group, name) {
        (Group::Defaults | Group::Conversation, "pass") => &[("repeat", "5")],
        (Group::Date, "within") => &[("weekday", "friday")],
        (Group::Expectation | Group::On, "required") => &[("reply", "hi")],
        (Group::ToolCalls, "required") => &[("never", "[a]")],
        (Group::Raw, _) => &[("equals", "1")],
        (
            Group::Turn,
            "with" | "via" | "when" | "answers" | "capture" | "feedback" | "expect" | "history" | "then",
        ) => &[("say", "hi")],
        _ => &[],
    }
}

/// A suite in which a group's mapping has the key, or only what it cannot do without.
pub(crate) fn suite_with(group: Group, key: &Key, with_key: bool) -> String {
    let context = context(group, key).unwrap();
    let mut pairs: Vec<(&str, &str)> = group
        .keys()
        .iter()
        .filter(|other| {
            group != Group::Suite
                && other.required
                && (with_key || other.name != key.name || is_needed(group, other))
        })
        .map(|other| {
            (
                other.name,
                if other.name == key.name { key } else { other }.example,
            )
        })
        .collect();
    pairs.extend(
        beside(group, key.name)
            .iter()
            .filter(|(name, _)| *name != key.name),
    );
    if with_key && !pairs.iter().any(|(name, _)| *name == key.name) {
        pairs.push((key.name, key.example));
    }
    if !with_key && pairs.is_empty() {
        pairs.extend(filler(group, key.name));
    }
    let block = matches!(group, Group::Suite | Group::Conversation);
    let (between, indent) = match group {
        Group::Conversation => ("\n  ", ""),
        _ if block => ("\n", ""),
        _ => (", ", ""),
    };
    let lines: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{indent}{name}: {value}"))
        .collect();
    let text = context.replacen("{}", &lines.join(between), 1);
    let only_ces = matches!(
        key.support,
        Support::Services {
            cx: None,
            ces: Some(_),
            ..
        }
    ) || matches!(group, Group::RemoteDialogflow | Group::Attachment);
    let target = match key.name {
        "target" => "staging",
        _ if only_ces => "support",
        _ => "flights",
    };
    let via = if key.name == "candidates" {
        ", via: match"
    } else {
        ""
    };
    let text = match text.split_once("TURN ") {
        Some((before, turn)) => {
            let turn = turn.replacen("{ say: hi", &format!("{{ say: hi{via}"), 1);
            let first = if group == Group::Turn && key.name == "when" {
                "- say: first\n  "
            } else {
                ""
            };
            format!("{before}conversations:\n- name: a\n  turns:\n  {first}- {turn}\n")
        }
        None if text.contains("conversations:") => text,
        None => format!("{text}\nconversations: [{{ name: a, turns: [{{ say: hi }}] }}]"),
    };
    if text.contains("\ntarget:")
        || text.starts_with("target:")
        || group == Group::Defaults && key.name == "target"
    {
        return text;
    }
    let text = format!("target: {target}\n{text}");
    if key.name == "channels" {
        // There must be something to be heard.
        return text
            .replace("say: hi", "silence: 1s")
            .replace("say: hello", "silence: 1s");
    }
    text
}

fn is_needed(group: Group, key: &Key) -> bool {
    key.required && !matches!((group, key.name), (Group::Suite, _))
}

/// Something harmless for a mapping that cannot be empty.
fn filler(group: Group, name: &str) -> Option<(&'static str, &'static str)> {
    match group {
        Group::Defaults if name == "target" => Some(("target", "staging")),
        Group::Turn => Some(("say", "filler")),
        Group::AudioExpectation => Some(("present", "false")),
        Group::ToolCalls => Some(("never", "[filler]")),
        Group::Expectation => Some(("latency", "{ lt: 99s }")),
        Group::On => Some(("cx", "{ intent: filler }")),
        Group::Date => Some(("from_today", "99")),
        Group::Operator => Some(("equals", "filler")),
        Group::GeneratorRespond => Some(("text", "filler")),
        _ => None,
    }
}

#[test]
fn every_key_is_read_and_means_something() {
    let schema = suite_schema();
    let mut checked = 0;
    for group in Group::ALL {
        for key in group.keys().iter().filter(|key| context(*group, key).is_some()) {
            let text = suite_with(*group, key, true);
            let with = meaning(&text);
            let value = tree(Path::new("suite.yaml"), &text).root.unwrap().to_value();
            assert_eq!(
                refused(&schema, &value, &schema),
                None,
                "{group:?}.{}: {text}",
                key.name
            );
            if key.required && is_needed(*group, key) || (*group, key.name) == (Group::Suite, "conversations")
            {
                // Without it there is nothing to compare with: leaving it out is an error.
                checked += 1;
                continue;
            }
            let without = meaning(&suite_with(*group, key, false));
            assert!(with != without, "{group:?}.{} does nothing: {text}", key.name);
            checked += 1;
        }
    }
    assert!(checked > 150, "{checked}");
}

#[test]
fn required_keys_are_missed() {
    for group in Group::ALL {
        for key in group
            .keys()
            .iter()
            .filter(|key| key.required && context(*group, key).is_some())
        {
            if matches!(group, Group::Suite | Group::Use) {
                continue;
            }
            let text = suite_with(*group, key, true);
            let line = format!("{}: {}", key.name, key.example);
            let without = text.replacen(&format!("{line}, "), "", 1);
            let without = if without == text {
                text.replacen(&line, "", 1)
            } else {
                without
            };
            let without = without
                .replace("{ , ", "{ ")
                .replace(",  }", " }")
                .replace("- \n  ", "- ");
            let (messages, _) = outcome(&without);
            assert!(
                messages.contains(&format!("needs `{}`", key.name)),
                "{group:?}.{}: {without}\n{messages}",
                key.name
            );
        }
    }
}

#[test]
fn choices_of_the_table_are_those_of_the_parser() {
    for group in Group::ALL {
        for key in group.keys().iter().filter(|key| context(*group, key).is_some()) {
            let Shape::Choice(words) = key.shape else { continue };
            // An encoding must be that of the recording's header.
            let any = key.name != "via" && *group != Group::Audio;
            for word in words.iter().filter(|_| any) {
                let named = Key {
                    example: word,
                    ..*key
                };
                meaning(&suite_with(*group, &named, true));
            }
        }
    }
}

#[test]
fn the_reference_names_every_key() {
    let reference = reference_markdown();
    for group in Group::ALL {
        for key in group.keys() {
            assert!(
                reference.contains(&format!("| `{}` |", key.name)),
                "{group:?}.{}",
                key.name
            );
        }
    }
    assert!(
        reference
            .lines()
            .all(|line| !line.starts_with('|') || line.ends_with('|'))
    );
}
