//! `turnproof export`: suites → other tools' tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::args::{ExportCxTestsArgs, Origins, SuiteArgs};
use super::console::Console;
use super::exit::{Exit, exit_at_once};
use super::failure::Failure;
use super::prepare::{Demands, Prepared};
use super::surroundings::Surroundings;
use super::workplace::Workplace;
use crate::diagnostic::{Diagnostic, suggest};
use crate::import;
use crate::model::suite::{Channel, Conversation, Service};
use crate::runner;
use crate::suite::Entry;
use crate::suite::discover::{default_path, discover};
use crate::suite::select::PathArgument;

/// `export cx-tests`: says what became of every test case, and warns of what no test case can say.
pub(super) fn cx_tests(
    args: &ExportCxTestsArgs,
    origins: &Origins,
    here: &Surroundings,
    console: Console,
) -> Result<Exit, Failure> {
    let suites = SuiteArgs {
        paths: args.paths.clone(),
        target: Vec::new(),
        settings: args.settings.clone(),
        strict: false,
    };
    let workplace = Workplace::open(&suites, here)?;
    if let Some(name) = &args.target {
        must_exist(name, &workplace)?;
    }
    let profile = workplace.profile(&suites)?;
    let roles = workplace.roles(&suites, profile, origins)?;
    let prepared = Prepared::read(&workplace, profile, roles, Demands::default())?;
    let selected = prepared.select()?;
    let entries: Vec<&Entry> = selected.iter().map(|at| &prepared.entries[*at]).collect();
    let target = match &args.target {
        Some(name) => name.clone(),
        None => only_target(&entries)?,
    };
    let export = export_of(&target, &workplace)?;
    let conversations = conversations_of(&target, &entries)?;
    let elsewhere = if is_whole(&workplace) {
        Some(elsewhere(&target, &entries)?)
    } else {
        None
    };
    runner::listen_without_runtime(exit_at_once)?;
    let written = import::export_cx_tests(&export, &conversations, elsewhere.as_deref(), &args.out)?;
    console.diagnostics(&written.warnings)?;
    console.print(&crate::redact::clean_terminal(&written.to_string()))?;
    Ok(Exit::Success)
}

fn must_exist(name: &str, workplace: &Workplace) -> Result<(), Failure> {
    let settings = &workplace.settings;
    if settings.entry(name).is_some() {
        return Ok(());
    }
    let known: Vec<&str> = settings.targets.iter().map(|entry| entry.name.as_str()).collect();
    let mut problem = Diagnostic::error("unknown-target", format!("the settings have no target `{name}`"));
    problem.help.extend(suggest::help(name, &known));
    Err(Failure::usage(problem))
}

/// The target that plays all the conversations of CX agents.
fn only_target(entries: &[&Entry]) -> Result<String, Failure> {
    let of_cx = entries
        .iter()
        .filter(|entry| entry.service() == Some(Service::Cx));
    let targets: BTreeSet<&str> = of_cx.map(|entry| entry.target()).collect();
    let targets: Vec<&str> = targets.into_iter().collect();
    match targets.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => Err(Failure::Nothing {
            message: "no conversation here is played with a Dialogflow CX agent".to_owned(),
            help: "only those have test cases: `turnproof list` shows the target of each conversation"
                .to_owned(),
        }),
        several => Err(Failure::usage(
            Diagnostic::error(
                "several-targets",
                format!("the conversations are of several targets: {}", several.join(", ")),
            )
            .help("choose one with --target: its conversations are written into its agent's test cases"),
        )),
    }
}

/// The export of a target's agent.
fn export_of(name: &str, workplace: &Workplace) -> Result<PathBuf, Failure> {
    let settings = &workplace.settings;
    let entry = settings.entry(name);
    let target = entry.and_then(|entry| entry.target.as_ref());
    let Some(target) = target else {
        // What is wrong with it is known: where it cannot be used, suites can be read all the same.
        return Err(Failure::Invalid(
            entry.map(|entry| entry.unusable.clone()).unwrap_or_default(),
        ));
    };
    let place = settings.root.settings_file();
    if target.service() == Service::Ces {
        let problem = Diagnostic::error(
            "no-test-cases",
            format!("`{name}` is a CES app, which has no test cases"),
        )
        .in_file(place)
        .help("choose a target that is a Dialogflow CX agent with --target");
        return Err(Failure::usage(problem));
    }
    match target.export() {
        Some(file) => Ok(settings.root.shown(&file.path)),
        None => Err(Failure::usage(
            Diagnostic::error(
                "no-export",
                format!("the target `{name}` has no export of its agent"),
            )
            .in_file(place)
            .help("export the agent as a JSON package and name it there: `export: agents/my-agent.zip`"),
        )),
    }
}

fn conversations_of(target: &str, entries: &[&Entry]) -> Result<Vec<Arc<Conversation>>, Failure> {
    // Of twins the one that is written: test cases hold texts.
    let is_written = |entry: &Entry| entry.twin().is_none() || entry.channel() == Channel::Text;
    let of_target: Vec<&&Entry> = entries
        .iter()
        .filter(|entry| entry.target() == target && is_written(entry))
        .collect();
    if of_target.is_empty() {
        return Err(Failure::Nothing {
            message: format!("no conversation here is played with `{target}`"),
            help: "`turnproof list` shows the target of each conversation".to_owned(),
        });
    }
    of_target.into_iter().map(|entry| load(entry)).collect()
}

fn load(entry: &Entry) -> Result<Arc<Conversation>, Failure> {
    entry
        .load()
        .map_err(|error| Failure::usage(Diagnostic::error("unreadable", error.to_string())))
}

/// The conversations of each other target that is a CX agent: it may be the same agent.
fn elsewhere(target: &str, entries: &[&Entry]) -> Result<Vec<Vec<Arc<Conversation>>>, Failure> {
    let mut by_target: BTreeMap<&str, BTreeMap<_, Arc<Conversation>>> = BTreeMap::new();
    let of_others = entries
        .iter()
        .filter(|entry| entry.service() == Some(Service::Cx) && entry.target() != target);
    for entry in of_others {
        let conversation = load(entry)?;
        // Twins are one.
        let known = (conversation.suite.clone(), conversation.name.clone());
        by_target
            .entry(entry.target())
            .or_default()
            .insert(known, conversation);
    }
    let lists = by_target
        .into_values()
        .map(|of_target| of_target.into_values().collect());
    Ok(lists.collect())
}

/// Whether all suites are among those that were read: then a conversation that is not there is nowhere.
fn is_whole(workplace: &Workplace) -> bool {
    let root = &workplace.settings.root;
    let everything = PathArgument {
        path: default_path(root.directory()),
        line: None,
    };
    let is_read = |file: &str| {
        let mut read = workplace.files.iter();
        read.any(|known| known.file == file && known.lines.is_empty())
    };
    discover(&[everything], root.directory())
        .is_ok_and(|all| all.files.iter().all(|file| is_read(&file.file)))
}
