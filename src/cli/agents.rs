//! What suites may know of the agents behind the roles: the names of their exports and scripts, loaded for those that
//! the conversations in question are played with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::workplace::Workplace;
use crate::diagnostic::Diagnostic;
use crate::emulator::ces::app::App;
use crate::emulator::cx::engine::Engine;
use crate::export;
use crate::settings::roles::Roles;
use crate::settings::root::Root;
use crate::settings::target::{Target, TargetEntry, TargetKind};
use crate::suite::discover::SuiteFile;
use crate::suite::select::Filter;
use crate::suite::validate::{AppNames, ExportNames};
use crate::suite::{self, Entry, Names, Role, RoleSound, Stubbed};
use crate::target::{AgentFile, AgentFiles};

use super::prepare::{at_lines, selects};

mod unanswered;

/// The agents that play roles, and what was learnt of them.
pub(super) struct Agents<'w> {
    root: &'w Root,
    /// By role.
    played: BTreeMap<String, &'w TargetEntry>,
    /// Conversations that it leaves out need nobody to play them.
    filter: Option<&'w Filter>,
    /// The files that were loaded.
    pub(super) files: AgentFiles,
    /// What is wrong with the agents that were asked for: that they cannot be used here and now.
    pub(super) unusable: Vec<Diagnostic>,
    /// What is wrong with their files.
    pub(super) problems: Vec<Diagnostic>,
    /// The files of agents that emulators play.
    emulated: BTreeSet<&'w Path>,
    /// The names of each file's agent.
    names: BTreeMap<&'w Path, Names>,
}

impl<'w> Agents<'w> {
    /// Nothing is loaded yet.
    pub(super) fn new(roles: &Roles<'w>, workplace: &'w Workplace, filter: Option<&'w Filter>) -> Self {
        Self {
            root: &workplace.settings.root,
            played: roles.all().into_iter().collect(),
            filter,
            files: AgentFiles::new(),
            unusable: Vec::new(),
            problems: Vec::new(),
            emulated: BTreeSet::new(),
            names: BTreeMap::new(),
        }
    }

    /// The roles as suites want to know them.
    pub(super) fn roles(&self) -> BTreeMap<String, Role> {
        let role = |(role, entry): (&String, &&TargetEntry)| {
            let target = entry.name.clone();
            let service = entry.service?;
            let sound = entry.target.as_ref().map(|target| RoleSound {
                settings: target.audio,
                emulated: matches!(target.kind, TargetKind::Emulator(_)),
                protocol: target.protocol,
                via: target.via,
            });
            let sound = sound.unwrap_or_default();
            let role_of = Role {
                target,
                service,
                sound,
            };
            Some((role.clone(), role_of))
        };
        self.played.iter().filter_map(role).collect()
    }

    /// What emulators cannot play of the agents that were asked for as it was meant.
    pub(super) fn problems_of_emulators(&self) -> Vec<Diagnostic> {
        let problems = |path: &&Path| {
            let agent = self.files.get(*path)?.agent()?;
            let file = self.root.shown(path);
            let problems = Engine::new(Arc::clone(agent), 0).problems();
            Some(
                problems
                    .into_iter()
                    .map(move |problem| problem.in_file(file.clone())),
            )
        };
        let all: Vec<_> = self.emulated.par_iter().filter_map(problems).collect();
        all.into_iter().flatten().collect()
    }

    /// What of the agents that emulators play needs a language model and is not answered by stubs.
    pub(super) fn unanswered_models(&self, stubbed: &BTreeMap<String, Stubbed>) -> Vec<Diagnostic> {
        let mut by_target: BTreeMap<&str, (&Path, Stubbed)> = BTreeMap::new();
        for (role, stubs) in stubbed {
            let target = self.usable(role);
            let emulated = target.filter(|target| matches!(target.kind, TargetKind::Emulator(_)));
            let Some((target, file)) = emulated.and_then(|target| Some((target, target.agent_file()?)))
            else {
                continue;
            };
            let known = by_target
                .entry(&target.name)
                .or_insert((&file.path, Stubbed::default()));
            known.1.extend(stubs.clone());
        }
        let mut problems = Vec::new();
        for (target, (path, stubbed)) in by_target {
            if let Some(agent) = self.files.get(path).and_then(AgentFile::agent) {
                let found = unanswered::problems(target, agent, &stubbed);
                let file = self.root.shown(path);
                problems.extend(found.into_iter().map(|problem| problem.in_file(file.clone())));
            }
        }
        problems
    }

    /// The target of a role, if it can be used.
    fn usable(&self, role: &str) -> Option<&'w Target> {
        let entry = self.played.get(role)?;
        entry.target.as_ref().filter(|_| entry.unusable.is_empty())
    }

    /// Loads what is not loaded yet, all at the same time.
    fn load(&mut self, targets: &[&'w Target]) {
        let new: BTreeSet<(&Path, bool)> = targets
            .iter()
            .filter_map(|target| Some((target.agent_file()?.path.as_path(), target.export().is_some())))
            .filter(|(path, _)| !self.names.contains_key(path))
            .collect();
        let root = self.root;
        let loaded: Vec<_> = new
            .into_par_iter()
            .map(|(path, is_export)| (path, load(path, is_export, root)))
            .collect();
        for (path, loaded) in loaded {
            self.names.insert(path, loaded.names);
            self.problems.extend(loaded.problems);
            if let Some(file) = loaded.file {
                self.files.insert(path.to_owned(), file);
            }
        }
    }
}

impl suite::Agents for Agents<'_> {
    fn matter(&self, file: &SuiteFile, entries: &[Entry]) -> BTreeSet<String> {
        let (at_lines, _) = at_lines(file, entries);
        let meant = entries.iter().zip(at_lines).filter(|(_, meant)| *meant);
        meant
            .filter(|(entry, _)| selects(self.filter, entry))
            .map(|(entry, _)| entry.role().to_owned())
            .collect()
    }

    fn names(&mut self, roles: &BTreeSet<String>) -> BTreeMap<String, Names> {
        let targets: Vec<_> = roles.iter().filter_map(|role| self.usable(role)).collect();
        self.load(&targets);
        let emulated = targets
            .iter()
            .filter(|target| matches!(target.kind, TargetKind::Emulator(_)))
            .filter_map(|target| target.agent_file());
        self.emulated.extend(emulated.map(|file| file.path.as_path()));
        for entry in roles.iter().filter_map(|role| self.played.get(role)) {
            self.unusable.extend_from_slice(&entry.unusable);
        }
        let names = |role: &String| {
            let target = self.usable(role);
            let file = target.and_then(Target::agent_file);
            let known = file.and_then(|file| self.names.get(file.path.as_path()).cloned());
            let names = known.unwrap_or_else(|| names_without_export(target));
            (role.clone(), names)
        };
        roles.iter().map(names).collect()
    }
}

fn names_without_export(target: Option<&Target>) -> Names {
    match target.map(|target| &target.kind) {
        Some(TargetKind::Cx(cx)) if cx.export.is_none() => Names::IdsOnly,
        _ => Names::Unchecked,
    }
}

/// What an agent's file told.
struct Loaded {
    names: Names,
    file: Option<AgentFile>,
    problems: Vec<Diagnostic>,
}

fn load(path: &Path, is_export: bool, root: &Root) -> Loaded {
    let shown = root.shown(path);
    let loaded = if is_export {
        export::load_runtime(&shown).map(|mut loaded| {
            let names = Names::Export(Arc::new(ExportNames::new(&loaded.agent)));
            let warnings = std::mem::take(&mut loaded.warnings);
            (names, AgentFile::from(loaded), warnings)
        })
    } else {
        App::load(path, &shown).map(|loaded| {
            let names = AppNames {
                agents: loaded.app.agent_names().map(str::to_owned).collect(),
                tools: loaded.app.tool_names().map(str::to_owned).collect(),
            };
            let app = AgentFile::App(Arc::new(loaded.app));
            (Names::App(Arc::new(names)), app, loaded.warnings)
        })
    };
    match loaded {
        Ok((names, file, problems)) => Loaded {
            names,
            file: Some(file),
            problems,
        },
        Err(problems) => Loaded {
            names: Names::Unchecked,
            file: None,
            problems,
        },
    }
}
