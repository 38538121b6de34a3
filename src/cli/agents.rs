//! What suites may know of the agents behind the roles: the service, and the names of its export.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::diagnostic::Diagnostic;
use crate::emulator::ces::app::App;
use crate::export::{self, Loaded};
use crate::settings::roles::Roles;
use crate::settings::root::Root;
use crate::settings::target::{EmulatorTarget, Served, Target, TargetEntry, TargetKind};
use crate::suite::validate::ExportNames;
use crate::suite::{Entry, Names, Role};

/// The roles that something plays, and what was learnt of their agents on the way.
#[derive(Default)]
pub(super) struct Agents {
    /// The roles as suites want to know them.
    pub(super) roles: BTreeMap<String, Role>,
    /// The exports that were loaded, by resolved path.
    pub(super) exports: BTreeMap<PathBuf, Loaded>,
    /// What is wrong, by role.
    trouble: BTreeMap<String, Trouble>,
}

/// What is wrong with the agent behind a role. It concerns those who play it.
#[derive(Default)]
struct Trouble {
    /// Why the target cannot be used here and now.
    unusable: Vec<Diagnostic>,
    /// What is wrong with the agent's files.
    files: Vec<Diagnostic>,
}

impl Agents {
    /// Learns what can be learnt; every file is loaded once, all at the same time.
    pub(super) fn of(roles: &Roles<'_>, root: &Root) -> Self {
        let played = roles.all();
        let files = load(&played, root);
        let mut agents = Self::default();
        for (role, entry) in played {
            let Some(service) = entry.service else { continue };
            let usable = entry.target.as_ref().filter(|_| entry.unusable.is_empty());
            let file = usable.and_then(file_of).and_then(|path| files.get(path));
            let names = match file {
                Some(file) => file.names.clone(),
                None => names_without_export(usable),
            };
            let trouble = Trouble {
                unusable: entry.unusable.clone(),
                files: file.map(|file| file.problems.clone()).unwrap_or_default(),
            };
            agents.trouble.insert(role.clone(), trouble);
            agents.roles.insert(
                role,
                Role {
                    target: entry.name.clone(),
                    service,
                    names,
                },
            );
        }
        agents.exports = files
            .into_iter()
            .filter_map(|(path, file)| Some((path.to_owned(), file.export?)))
            .collect();
        agents
    }

    /// What is wrong with the agents that conversations are played with; with `unusable` also that they cannot be
    /// used here and now.
    pub(super) fn problems_of_used(&self, entries: &[Entry], unusable: bool) -> Vec<Diagnostic> {
        let used: BTreeSet<&str> = entries.iter().map(Entry::role).collect();
        let mut all = Vec::new();
        for trouble in used.iter().filter_map(|role| self.trouble.get(*role)) {
            all.extend_from_slice(&trouble.files);
            if unusable {
                all.extend_from_slice(&trouble.unusable);
            }
        }
        all
    }
}

/// What an agent's file told.
struct AgentFile {
    names: Names,
    export: Option<Loaded>,
    problems: Vec<Diagnostic>,
}

/// The file that an agent is known from: its export, or the script of an emulated app.
fn file_of(target: &Target) -> Option<&Path> {
    match &target.kind {
        TargetKind::Emulator(EmulatorTarget {
            served: Served::App(app),
            ..
        }) => Some(&app.path),
        _ => target.export().map(|file| file.path.as_path()),
    }
}

fn names_without_export(target: Option<&Target>) -> Names {
    match target.map(|target| &target.kind) {
        Some(TargetKind::Cx(cx)) if cx.export.is_none() => Names::IdsOnly,
        _ => Names::Unchecked,
    }
}

/// Loads the file of every target that can be used.
fn load<'a>(played: &[(String, &'a TargetEntry)], root: &Root) -> BTreeMap<&'a Path, AgentFile> {
    let usable = played.iter().filter(|(_, entry)| entry.unusable.is_empty());
    let targets: BTreeMap<&'a Path, &'a Target> = usable
        .filter_map(|(_, entry)| {
            let target = entry.target.as_ref()?;
            Some((file_of(target)?, target))
        })
        .collect();
    targets
        .into_par_iter()
        .map(|(path, target)| (path, load_one(path, target, root)))
        .collect()
}

fn load_one(path: &Path, target: &Target, root: &Root) -> AgentFile {
    let shown = root.shown(path);
    let unchecked = |problems| AgentFile {
        names: Names::Unchecked,
        export: None,
        problems,
    };
    if target.export().is_none() {
        return unchecked(App::load(path, &shown).map_or_else(|problems| problems, |loaded| loaded.warnings));
    }
    match export::load_runtime(&shown) {
        Ok(mut loaded) => AgentFile {
            names: Names::Export(Arc::new(ExportNames::new(&loaded.agent))),
            problems: std::mem::take(&mut loaded.warnings),
            export: Some(loaded),
        },
        Err(problems) => unchecked(problems),
    }
}
