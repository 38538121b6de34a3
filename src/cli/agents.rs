//! What suites may know of the agents behind the roles: the service, and the names of its export.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use crate::diagnostic::Diagnostic;
use crate::export;
use crate::settings::roles::Roles;
use crate::settings::target::{Target, TargetEntry, TargetKind};
use crate::suite::validate::ExportNames;
use crate::suite::{Entry, Names, Role};
use crate::target::Export;

/// What is wrong with a role's target; it concerns those who use it.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// Why the target cannot be used here and now, by role.
    unusable: BTreeMap<String, Vec<Diagnostic>>,
    /// What is wrong with its export, by role.
    exports: BTreeMap<String, Vec<Diagnostic>>,
}

impl Trouble {
    /// The problems of the roles that conversations have.
    pub(super) fn of_used(&self, entries: &[Entry], unusable: bool) -> Vec<Diagnostic> {
        let used: BTreeSet<&str> = entries.iter().map(Entry::role).collect();
        let of = |problems: &BTreeMap<String, Vec<Diagnostic>>| {
            let problems = used.iter().filter_map(|role| problems.get(*role));
            problems.flatten().cloned().collect::<Vec<_>>()
        };
        let mut all = of(&self.exports);
        if unusable {
            all.extend(of(&self.unusable));
        }
        all
    }
}

/// Every role that something plays, as suites want to know it.
pub(super) fn known_roles(roles: &Roles<'_>) -> (BTreeMap<String, Role>, Trouble, Exports) {
    let played: Vec<(String, &TargetEntry)> = roles.all();
    let exports = load_exports(&played);
    let mut known = BTreeMap::new();
    let mut trouble = Trouble::default();
    for (role, entry) in played {
        let Some(service) = entry.service else { continue };
        if !entry.unusable.is_empty() {
            trouble.unusable.insert(role.clone(), entry.unusable.clone());
        }
        let names = match entry.target.as_ref().filter(|_| entry.unusable.is_empty()) {
            Some(target) => match target.export().and_then(|file| exports.get(&file.path)) {
                Some(read) => {
                    trouble.exports.insert(role.clone(), read.problems.clone());
                    read.names.clone()
                }
                None => names_without_export(target),
            },
            None => Names::Unchecked,
        };
        known.insert(role, Role { target: entry.name.clone(), service, names });
    }
    let loaded = exports.into_iter().filter_map(|(path, read)| Some((path, read.export?)));
    (known, trouble, loaded.collect())
}

fn names_without_export(target: &Target) -> Names {
    match target.kind {
        TargetKind::Cx(_) => Names::IdsOnly,
        TargetKind::Emulator(_) | TargetKind::Ces(_) => Names::Unchecked,
    }
}

/// Exports that could be loaded, by path.
pub(super) type Exports = HashMap<PathBuf, Export>;

/// What an export says, for those who read suites.
struct Read {
    names: Names,
    problems: Vec<Diagnostic>,
    export: Option<Export>,
}

/// Every export that a usable target has, each loaded once, all at the same time.
fn load_exports(played: &[(String, &TargetEntry)]) -> BTreeMap<PathBuf, Read> {
    let usable = played.iter().filter(|(_, entry)| entry.unusable.is_empty());
    let paths: BTreeSet<&PathBuf> =
        usable.filter_map(|(_, entry)| Some(&entry.target.as_ref()?.export()?.path)).collect();
    let paths: Vec<&PathBuf> = paths.into_iter().collect();
    paths
        .into_par_iter()
        .map(|path| match export::load_runtime(path) {
            Ok(mut loaded) => {
                let names = Names::Export(Arc::new(ExportNames::new(&loaded.agent)));
                let problems = std::mem::take(&mut loaded.warnings);
                (path.clone(), Read { names, problems, export: Some(loaded.into()) })
            }
            Err(problems) => (path.clone(), Read { names: Names::Unchecked, problems, export: None }),
        })
        .collect()
}
