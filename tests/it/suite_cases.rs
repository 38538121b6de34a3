//! Suites with a mistake each, and the message that each gets: `tests/cases/<topic>/<case>.yaml` with the expected
//! message beside it, as `<case>.snap`. A case without problems shows its conversations instead.
//!
//! Targets of the cases: `flights` (Dialogflow CX, no export), `workshop` (CX, with the export of this repository's
//! own agent), `live` (CX, ids only), `support` (CES).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use turnproof::diagnostic::render::{count_line, render};
use turnproof::model::suite::Service;
use turnproof::settings::play::PlayPatch;
use turnproof::settings::root::Root;
use turnproof::suite::discover::SuiteFile;
use turnproof::suite::validate::ExportNames;
use turnproof::suite::{Names, Role, SettingsLayer, Suites, Surroundings, read};

fn role(target: &str, service: Service, names: Names) -> (String, Role) {
    let target = target.to_owned();
    (
        target.clone(),
        Role {
            target,
            service,
            names,
        },
    )
}

fn roles() -> BTreeMap<String, Role> {
    let agent = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites/agents/bike-workshop");
    let loaded = turnproof::export::load_runtime(&agent).unwrap();
    let workshop = Names::Export(Arc::new(ExportNames::new(&loaded.agent)));
    [
        role("flights", Service::Cx, Names::Unchecked),
        role("workshop", Service::Cx, workshop),
        role("live", Service::Cx, Names::IdsOnly),
        role("support", Service::Ces, Names::Unchecked),
    ]
    .into()
}

/// The settings of a topic: `turnproof.yaml` in its folder, of which `defaults`, `tools` and `webhooks` count.
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
    read(&files, surroundings)
}

/// The messages, or what came of a suite that has none; every conversation can be read again.
fn outcome(suites: &Suites) -> String {
    let mut shown = render(&suites.problems, false);
    if suites.problems.is_empty() {
        for entry in &suites.entries {
            let conversation = entry.load().unwrap();
            assert_eq!(
                (conversation.name.as_str(), conversation.tags.as_slice()),
                (entry.name(), entry.tags())
            );
            let (first, last) = entry.lines();
            writeln!(shown, "{} / {} ({first} to {last})", entry.suite(), entry.name()).unwrap();
            writeln!(shown, "{conversation:#?}").unwrap();
        }
    }
    shown.push_str(&count_line(&suites.problems));
    shown
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
