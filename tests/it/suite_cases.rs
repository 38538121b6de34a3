//! Suites with a mistake each, and the message that each gets: `tests/cases/<topic>/<case>.yaml` with the expected
//! message beside it, as `<case>.snap`. A case without problems shows its conversations instead.
//!
//! Targets of the cases: `flights` (Dialogflow CX, no export), `workshop` (CX, with the export of this repository's
//! own agent), `guide` (CX, with the export of an agent that has generators and playbooks), `live` (CX, ids only), `support` (CES), `parcels` (CES, with a script),
//! `telephone` (an emulated CX agent that takes µ-law at 8 kHz), `by rest` and `app by rest` (CX and CES over REST),
//! `speaking` (CES, by a live stream, with an agent that is asked to speak).

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use regex::Regex;
use turnproof::audio::{Encoding, Format};
use turnproof::diagnostic::render::{count_line, render};
use turnproof::model::endpoint::Protocol;
use turnproof::model::suite::{AudioSettings, Conversation, Input, Service, Turn, Via};
use turnproof::settings::play::PlayPatch;
use turnproof::settings::root::Root;
use turnproof::suite::discover::SuiteFile;
use turnproof::suite::validate::{AppNames, ExportNames};
use turnproof::suite::{Entry, Names, Role, RoleSound, SettingsLayer, Suites, Surroundings, read};

use crate::known_agents::KnownAgents;

fn roles() -> BTreeMap<String, Role> {
    let role = |target: &str, service| {
        let target = target.to_owned();
        (
            target.clone(),
            Role {
                target,
                service,
                sound: turnproof::suite::RoleSound::default(),
            },
        )
    };
    [
        role("flights", Service::Cx),
        role("workshop", Service::Cx),
        role("guide", Service::Cx),
        role("live", Service::Cx),
        role("support", Service::Ces),
        role("parcels", Service::Ces),
        telephone(),
        by_rest("by rest", Service::Cx),
        by_rest("app by rest", Service::Ces),
        speaking(),
        sent_by("only matching", Via::Match),
        sent_by("matching first", Via::MatchThenFulfill),
    ]
    .into()
}

fn by_rest(target: &str, service: Service) -> (String, Role) {
    let sound = RoleSound {
        protocol: Protocol::Rest,
        ..RoleSound::default()
    };
    let role = Role {
        target: target.to_owned(),
        service,
        sound,
    };
    (role.target.clone(), role)
}

/// An agent whose turns go by this call unless they name another.
fn sent_by(target: &str, via: Via) -> (String, Role) {
    let sound = RoleSound {
        via: Some(via),
        ..RoleSound::default()
    };
    let role = Role {
        target: target.to_owned(),
        service: Service::Cx,
        sound,
    };
    (role.target.clone(), role)
}

/// An app that is asked to speak, over a live stream.
fn speaking() -> (String, Role) {
    let sound = RoleSound {
        settings: AudioSettings {
            output: Some(Format {
                encoding: Encoding::Linear16,
                rate: 16_000,
            }),
            ..AudioSettings::default()
        },
        via: Some(Via::Bidi),
        ..RoleSound::default()
    };
    let role = Role {
        target: "speaking".to_owned(),
        service: Service::Ces,
        sound,
    };
    (role.target.clone(), role)
}

/// An emulator that takes 8-bit samples.
fn telephone() -> (String, Role) {
    let sound = RoleSound {
        settings: AudioSettings {
            input: Some(Format {
                encoding: Encoding::Mulaw,
                rate: 8_000,
            }),
            ..AudioSettings::default()
        },
        emulated: true,
        ..RoleSound::default()
    };
    let role = Role {
        target: "telephone".to_owned(),
        service: Service::Cx,
        sound,
    };
    (role.target.clone(), role)
}

fn agents() -> KnownAgents {
    let export = |path: &str| {
        let agent = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let loaded = turnproof::export::load_runtime(&agent).unwrap();
        Names::Export(Arc::new(ExportNames::new(&loaded.agent)))
    };
    let workshop = export("suites/agents/bike-workshop");
    let guide = export("tests/agents/guide");
    let parcels = AppNames {
        agents: ["Front desk".to_owned(), "Billing".to_owned()].into(),
        tools: ["lookup_order".to_owned(), "payments/refund".to_owned()].into(),
    };
    let names = [
        ("workshop", workshop),
        ("guide", guide),
        ("live", Names::IdsOnly),
        ("parcels", Names::App(Arc::new(parcels))),
    ];
    KnownAgents(
        names
            .into_iter()
            .map(|(role, names)| (role.to_owned(), names))
            .collect(),
    )
}

/// The settings of a topic: `turnproof.yaml` in its folder, of which `defaults` and the stubs count.
fn layers(folder: &Path) -> Vec<SettingsLayer> {
    let path = folder.join("turnproof.yaml");
    let Ok(file) = turnproof::yaml::read(&path, Path::new("turnproof.yaml")) else {
        return Vec::new();
    };
    let root = turnproof::yaml::parse(&file).root.unwrap();
    let value = |key: &str| root.get(key).cloned();
    vec![SettingsLayer {
        defaults: value("defaults"),
        tools: value("tools"),
        webhooks: value("webhooks"),
        generators: value("generators"),
        playbooks: value("playbooks"),
        play: PlayPatch::default(),
        file,
    }]
}

fn read_cases(folder: &Path, cases: &[PathBuf]) -> Suites {
    let root = Root::new(folder, folder).unwrap();
    let files: Vec<SuiteFile> = cases
        .iter()
        .map(|path| {
            let file = path.file_name().unwrap().to_str().unwrap().to_owned();
            SuiteFile {
                path: path.canonicalize().unwrap(),
                shown: PathBuf::from(&file),
                suite: file.rsplit_once('.').unwrap().0.to_owned(),
                file,
                lines: Vec::new(),
            }
        })
        .collect();
    let surroundings = Surroundings {
        root,
        roles: roles(),
        layers: layers(folder),
        overrides: PlayPatch::default(),
        variables: vec!["PROJECT".to_owned()],
    };
    read(&files, surroundings, &mut agents())
}

/// The messages, or what came of a suite that has none; every conversation can be read again.
fn outcome(suites: &Suites) -> String {
    let mut shown = render(&suites.problems, false);
    if suites.problems.is_empty() {
        suites.entries.iter().for_each(|entry| sketch(entry, &mut shown));
    }
    shown.push_str(&count_line(&suites.problems));
    shown
}

/// A conversation in short: what is not as it would be without a word.
fn sketch(entry: &Entry, shown: &mut String) {
    let Conversation {
        suite,
        name,
        row,
        location,
        tags,
        turns,
        expect,
        ..
    } = Conversation::clone(&entry.load().unwrap());
    assert_eq!(
        (suite.as_str(), name.as_str(), tags.as_slice()),
        (entry.suite(), entry.name(), entry.tags())
    );
    assert_eq!((location.line, row.as_deref()), (entry.lines().0, entry.row()));
    let (first, last) = entry.lines();
    writeln!(
        shown,
        "{suite} / {name} (lines {first} to {last}) on {}",
        entry.role()
    )
    .unwrap();
    let rest = Conversation {
        suite: String::new(),
        name: String::new(),
        turns: Vec::new(),
        expect: Vec::new(),
        ..Conversation::clone(&entry.load().unwrap())
    };
    writeln!(shown, "  {}", short(&rest)).unwrap();
    for turn in turns {
        let used = turn
            .used_at
            .as_ref()
            .map(|at| format!(" from {at}"))
            .unwrap_or_default();
        let beside = Turn {
            input: Input::Silence,
            expect: Vec::new(),
            used_at: None,
            ..turn.clone()
        };
        writeln!(shown, "  {}{used}: {}", turn.location, short(&turn.input)).unwrap();
        let beside = short(&beside)
            .replace("input: Silence, ", "")
            .replace("input: Silence ", "");
        let beside = beside.trim_start_matches("Turn {").trim();
        let beside = beside.strip_suffix('}').unwrap_or_default().trim();
        if !beside.is_empty() {
            writeln!(shown, "    {beside}").unwrap();
        }
        for expectation in &turn.expect {
            writeln!(shown, "    {}", short(expectation)).unwrap();
        }
    }
    for expectation in expect {
        writeln!(shown, "  {}", short(&expectation)).unwrap();
    }
    shown.push('\n');
}

/// Without the members that say nothing.
fn short(value: &impl Debug) -> String {
    const BUILT_IN: [&str; 6] = [
        "run_method: Naive",
        "channel: Text",
        "timeouts: Timeouts { turn: 30s, conversation: 300s }",
        "retries: Retries { errored: 1, failed: 0 }",
        "repeat: Repeat { times: 1, at_least: 1 }",
        "required: true",
    ];
    const NOTHING: &str =
        r#"\b\w+: (None|\{\}|\[\]|""|EmulatorOverride|EmulatorStubs|Start|With|Location \{[^}]*\})(, | \})"#;
    let nothing = Regex::new(NOTHING).unwrap();
    let unset = Regex::new(r"\b(restart|supplement|has_templates): false(, | \})").unwrap();
    let empty = Regex::new(r"\b(EmulatorOverride|EmulatorStubs|Start|With) \{ *\}").unwrap();
    // Recordings lie somewhere else on every machine.
    let here = format!("{}/", env!("CARGO_MANIFEST_DIR"));
    let mut text = format!("{value:?}").replace(&here, "");
    for known in BUILT_IN {
        text = text.replace(&format!("{known}, "), "");
    }
    let end = |found: &regex::Captures<'_>| found[2].trim_start_matches(", ").to_owned();
    for _ in 0..4 {
        text = nothing.replace_all(&text, end).into_owned();
        text = unset.replace_all(&text, end).replace(",  }", " }");
        text = empty.replace_all(&text, "$1").into_owned();
    }
    text
}

#[test]
fn cases_get_their_messages() {
    insta::glob!("../cases", "*/*.yaml", |path| {
        if path.file_name().unwrap() == "turnproof.yaml" {
            return;
        }
        let folder = path.parent().unwrap();
        let suites = read_cases(folder, &[path.to_owned()]);
        let name = path.file_stem().unwrap().to_str().unwrap();
        insta::with_settings!({
            snapshot_path => folder,
            prepend_module_to_snapshot => false,
            snapshot_suffix => "",
            omit_expression => true,
            input_file => "",
        }, {
            insta::assert_snapshot!(name, outcome(&suites));
        });
    });
}
