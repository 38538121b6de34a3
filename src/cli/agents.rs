//! What suites may know of the agents behind the roles: the service, and the names of its export.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::diagnostic::Diagnostic;
use crate::emulator::ces::app::App;
use crate::export::{self, Loaded};
use crate::settings::roles::Roles;
use crate::settings::target::{FileName, Served, Target, TargetEntry, TargetKind};
use crate::suite::validate::ExportNames;
use crate::suite::{Entry, Names, Role};

/// The roles that something plays, and what was learnt of their agents on the way.
#[derive(Default)]
pub(super) struct Agents {
    /// The roles as suites want to know them.
    pub(super) roles: BTreeMap<String, Role>,
    /// The exports that were loaded, by resolved path.
    pub(super) exports: BTreeMap<PathBuf, Loaded>,
    /// Why a role's target cannot be used here and now.
    unusable: BTreeMap<String, Vec<Diagnostic>>,
    /// What is wrong with the export of a role's target.
    of_exports: BTreeMap<String, Vec<Diagnostic>>,
}

impl Agents {
    /// Learns what can be learnt; every export is loaded once, all at the same time.
    pub(super) fn of(roles: &Roles<'_>) -> Self {
        let played: Vec<(String, &TargetEntry)> = roles.all();
        let (exports, refused) = load_exports(&played);
        let names: BTreeMap<&PathBuf, Names> = exports
            .iter()
            .map(|(path, loaded)| (path, Names::Export(Arc::new(ExportNames::new(&loaded.agent)))))
            .collect();
        let mut agents = Self::default();
        for (role, entry) in played {
            let Some(service) = entry.service else { continue };
            let usable = entry.target.as_ref().filter(|_| entry.unusable.is_empty());
            let path = usable.and_then(Target::export).map(|file| &file.path);
            if usable.is_none() {
                agents.unusable.insert(role.clone(), entry.unusable.clone());
            }
            if let Some(path) = path {
                let warnings = exports.get(path).map(|loaded| &loaded.warnings);
                let problems = warnings.or(refused.get(path)).cloned();
                agents
                    .of_exports
                    .insert(role.clone(), problems.unwrap_or_default());
            }
            if let Some(app) = usable.and_then(served_app) {
                agents.of_exports.insert(role.clone(), problems_of_app(app));
            }
            let names = path.and_then(|path| names.get(path)).cloned();
            let names = names.unwrap_or_else(|| names_without_export(usable));
            agents.roles.insert(
                role,
                Role {
                    target: entry.name.clone(),
                    service,
                    names,
                },
            );
        }
        drop(names);
        agents.exports = exports;
        agents
    }

    /// What is wrong with the agents that conversations are played with; with `unusable` also that they cannot be
    /// used here and now.
    pub(super) fn problems_of_used(&self, entries: &[Entry], unusable: bool) -> Vec<Diagnostic> {
        let used: BTreeSet<&str> = entries.iter().map(Entry::role).collect();
        let of = |problems: &BTreeMap<String, Vec<Diagnostic>>| {
            let problems = used.iter().filter_map(|role| problems.get(*role));
            problems.flatten().cloned().collect::<Vec<_>>()
        };
        let mut all = of(&self.of_exports);
        if unusable {
            all.extend(of(&self.unusable));
        }
        all
    }
}

/// The scripted app that a target serves.
fn served_app(target: &Target) -> Option<&FileName> {
    match &target.kind {
        TargetKind::Emulator(emulator) => match &emulator.served {
            Served::App(app) => Some(app),
            Served::Agent(_) => None,
        },
        TargetKind::Cx(_) | TargetKind::Ces(_) => None,
    }
}

/// Everything that is wrong with an app's file.
fn problems_of_app(app: &FileName) -> Vec<Diagnostic> {
    match App::load(&app.path, Path::new(&app.written)) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    }
}

fn names_without_export(target: Option<&Target>) -> Names {
    match target.map(|target| &target.kind) {
        Some(TargetKind::Cx(cx)) if cx.export.is_none() => Names::IdsOnly,
        _ => Names::Unchecked,
    }
}

/// Exports that could be loaded, and what is wrong with those that could not.
type Exports = (BTreeMap<PathBuf, Loaded>, BTreeMap<PathBuf, Vec<Diagnostic>>);

fn load_exports(played: &[(String, &TargetEntry)]) -> Exports {
    let usable = played.iter().filter(|(_, entry)| entry.unusable.is_empty());
    let paths: BTreeSet<&PathBuf> = usable
        .filter_map(|(_, entry)| Some(&entry.target.as_ref()?.export()?.path))
        .collect();
    let paths: Vec<&PathBuf> = paths.into_iter().collect();
    paths
        .into_par_iter()
        .partition_map(|path| match export::load_runtime(path) {
            Ok(loaded) => rayon::iter::Either::Left((path.clone(), loaded)),
            Err(problems) => rayon::iter::Either::Right((path.clone(), problems)),
        })
}
