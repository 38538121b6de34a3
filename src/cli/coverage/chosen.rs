//! Whose turns count, and of which export: what was typed, else what the settings say of the run's targets.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::cli::args::CoverageArgs;
use crate::cli::failure::Failure;
use crate::cli::surroundings::Surroundings;
use crate::coverage::run_file::RunHead;
use crate::diagnostic::{Diagnostic, suggest};
use crate::redact::Redactor;
use crate::settings::Settings;
use crate::settings::root::Root;
use crate::suite::discover::default_path;

/// Whose turns count, and of which export.
pub(super) struct Chosen {
    /// Names of targets.
    pub(super) targets: Vec<String>,
    /// The export, as the user would type it.
    pub(super) export: PathBuf,
    /// What the settings hide; without settings there is nothing to hide.
    pub(super) redactor: Redactor,
}

impl Chosen {
    pub(super) fn of(
        args: &CoverageArgs,
        runs: &[(PathBuf, RunHead)],
        here: &Surroundings,
    ) -> Result<Self, Failure> {
        let targets = targets(args, runs)?;
        let Some(export) = &args.export else {
            return of_settings(args, targets, here);
        };
        if let ([_, _, ..], true) = (targets.as_slice(), args.target.is_empty()) {
            return Err(several(&targets));
        }
        Ok(Self {
            targets,
            export: export.clone(),
            redactor: Redactor::new(),
        })
    }
}

/// The targets of the runs that are CX agents, or those of them that were asked for.
fn targets(args: &CoverageArgs, runs: &[(PathBuf, RunHead)]) -> Result<Vec<String>, Failure> {
    let played = runs.iter().flat_map(|(_, head)| &head.targets);
    let (agents, others): (Vec<_>, Vec<_>) = played.partition(|target| target.app.is_none());
    let names: BTreeSet<&str> = agents.iter().map(|target| target.name.as_str()).collect();
    if let Some(unknown) = args.target.iter().find(|name| !names.contains(name.as_str())) {
        let is_app = others.iter().any(|target| target.name == *unknown);
        let message = if is_app {
            format!("`{unknown}` is a CES app: coverage is counted from the export of a Dialogflow CX agent")
        } else {
            format!("the run has no target `{unknown}`")
        };
        let known: Vec<&str> = names.into_iter().collect();
        let mut problem = Diagnostic::error("unknown-target", message);
        problem.help.extend(suggest::help(unknown, &known));
        return Err(Failure::usage(problem));
    }
    if names.is_empty() {
        let message = "the run has no target that is a Dialogflow CX agent";
        return Err(Failure::Nothing {
            message: message.to_owned(),
            help: "coverage is counted from the export of such an agent; CES apps have none".to_owned(),
        });
    }
    let chosen = |name: &&str| args.target.is_empty() || args.target.iter().any(|wanted| wanted == name);
    Ok(names.into_iter().filter(chosen).map(str::to_owned).collect())
}

fn of_settings(args: &CoverageArgs, targets: Vec<String>, here: &Surroundings) -> Result<Chosen, Failure> {
    let directory = &here.working_directory;
    let path = args.path.clone().unwrap_or_else(|| default_path(directory));
    let root = Root::locate(&[path], directory).map_err(|mut problems| {
        for problem in &mut problems {
            problem
                .help
                .push("or name the agent's export with --export, then no settings are needed".to_owned());
        }
        problems
    })?;
    let (settings, problems) = Settings::load(&root, &here.environment(&[]));
    let Some(settings) = settings.filter(|_| !problems.iter().any(Diagnostic::is_error)) else {
        return Err(problems.into());
    };
    let mut exports = BTreeSet::new();
    for name in &targets {
        exports.insert(export_of(&settings, name)?);
    }
    match exports.pop_first() {
        Some(export) if exports.is_empty() => Ok(Chosen {
            targets,
            export: settings.root.shown(&export),
            redactor: settings.redactor,
        }),
        _ => Err(several(&targets)),
    }
}

fn export_of(settings: &Settings, name: &str) -> Result<PathBuf, Failure> {
    let target = settings.entry(name).and_then(|entry| entry.target.as_ref());
    let file = settings.root.settings_file();
    let (message, help) = match target {
        Some(target) => match target.export() {
            Some(export) => return Ok(export.path.clone()),
            None => (
                format!("target `{name}` has no export in the settings"),
                "export the agent from the console, and name it as `export:` of the target or with --export",
            ),
        },
        None => (
            format!("the run was played on `{name}`, which is no target of the settings"),
            "name the agent's export with --export",
        ),
    };
    Err(Failure::usage(
        Diagnostic::error("no-export", message).in_file(file).help(help),
    ))
}

/// The turns of different agents cannot be counted together.
fn several(targets: &[String]) -> Failure {
    let message = format!("the run has several agents: `{}`", targets.join("`, `"));
    let help = "choose one with --target; each has a coverage of its own";
    Failure::usage(Diagnostic::error("several-agents", message).help(help))
}
