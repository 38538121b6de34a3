//! `turnproof.yaml` → typed settings with places; which target plays which role; which layer decides a value.
//!
//! Everything here is pure but for reading the file and looking up the files it mentions. `defaults:` and the
//! stubs have the shape that suites give them: they are kept as trees, and read with the suites.

use std::sync::Arc;

use regex::Regex;

use crate::diagnostic::{Diagnostic, SourceFile, suggest};
use crate::model::capability::Group;
use crate::model::pattern;
use crate::redact::Redactor;
use crate::yaml::{self, Map, Node, Reader};

use keys::fields;
use profile::{Profile, read_profiles};
use root::Root;
use target::{TargetEntry, read_targets};
use variables::{Environment, Variables};

pub use variables::is_variable_name;

mod keys;
pub mod layers;
pub mod pace;
pub mod play;
pub mod profile;
pub mod rate;
pub mod roles;
pub mod root;
pub mod target;
pub mod variables;

/// The formats of reports.
pub const REPORT_FORMATS: [&str; 4] = ["terminal", "junit", "json", "github"];

/// The settings of a run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder that everything is named from.
    pub root: Root,
    /// The settings file.
    pub file: Arc<SourceFile>,
    /// The variables that may be read.
    pub variables: Variables,
    /// The targets in the order of the file.
    pub targets: Vec<TargetEntry>,
    /// The profiles in the order of the file.
    pub profiles: Vec<Profile>,
    /// `defaults:` in the shape of a suite's.
    pub defaults: Option<Node>,
    /// `tools:` in the shape of a suite's.
    pub tools: Option<Node>,
    /// `webhooks:` in the shape of a suite's.
    pub webhooks: Option<Node>,
    /// `generators:` in the shape of a suite's.
    pub generators: Option<Node>,
    /// `playbooks:` in the shape of a suite's.
    pub playbooks: Option<Node>,
    /// What no report shows.
    pub redactor: Redactor,
}

impl Settings {
    /// Reads the settings file of a root.
    ///
    /// The settings are `None` when the file cannot be read at all; with errors among the problems they serve only
    /// to find more problems. What hinders the use of a single target (a variable that is not set, a file that is
    /// not there) is kept with the target.
    pub fn load(root: &Root, environment: &Environment<'_>) -> (Option<Self>, Vec<Diagnostic>) {
        let shown = root.settings_file();
        let file = match yaml::read(&root.directory().join(root::SETTINGS_FILE), &shown) {
            Ok(file) => file,
            Err(problem) => return (None, vec![problem]),
        };
        Self::read(&file, root, environment)
    }

    /// Reads settings from a text; paths in it are looked up at the root.
    pub fn read(
        file: &Arc<SourceFile>,
        root: &Root,
        environment: &Environment<'_>,
    ) -> (Option<Self>, Vec<Diagnostic>) {
        let parsed = yaml::parse(file);
        let mut reader = Reader::new(file);
        reader.problems = parsed.problems;
        let Some(node) = parsed.root else {
            return (None, reader.problems);
        };
        let empty = Map {
            entries: Vec::new(),
            flow: false,
        };
        let map = if node.is_null() {
            Some(&empty)
        } else {
            fields(&mut reader, &node, Group::Settings)
        };
        let Some(map) = map else {
            return (None, reader.problems);
        };
        let variables = read_variables(&mut reader, map, environment);
        let targets = map
            .get("targets")
            .map(|node| read_targets(&mut reader, node, root, &variables));
        let profiles = map.get("profiles").map(|node| read_profiles(&mut reader, node));
        let redactor = read_redactor(&mut reader, map, &variables);
        let settings = Self {
            root: root.clone(),
            file: Arc::clone(file),
            variables,
            targets: targets.unwrap_or_default(),
            profiles: profiles.unwrap_or_default(),
            defaults: map.get("defaults").cloned(),
            tools: map.get("tools").cloned(),
            webhooks: map.get("webhooks").cloned(),
            generators: map.get("generators").cloned(),
            playbooks: map.get("playbooks").cloned(),
            redactor,
        };
        settings.check_profiles(&mut reader);
        (Some(settings), reader.problems)
    }

    /// A target by its name.
    pub fn entry(&self, name: &str) -> Option<&TargetEntry> {
        self.targets.iter().find(|entry| entry.name == name)
    }

    /// A profile by its name.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn profile(&self, name: &str) -> Result<&Profile, Box<Diagnostic>> {
        self.profiles
            .iter()
            .find(|profile| profile.name == name)
            .ok_or_else(|| {
                let known: Vec<&str> = self
                    .profiles
                    .iter()
                    .map(|profile| profile.name.as_str())
                    .collect();
                let mut problem = Diagnostic::error(
                    "unknown-profile",
                    format!("the settings have no profile `{name}`"),
                );
                problem.help.extend(suggest::help(name, &known));
                Box::new(problem)
            })
    }

    /// Problems of the variables named on the command line: a name that the settings do not list does nothing.
    pub fn unlisted(&self, allowed: &[String]) -> Vec<Diagnostic> {
        let listed: Vec<&str> = self.variables.listed().collect();
        let unlisted = allowed.iter().filter(|name| !listed.contains(&name.as_str()));
        unlisted
            .map(|name| {
                let message =
                    format!("`--env {name}` allows a variable that the settings do not list under `env:`");
                let mut problem = Diagnostic::error("variable", message);
                problem.help.extend(suggest::help(name, &listed));
                problem
            })
            .collect()
    }

    fn check_profiles(&self, reader: &mut Reader) {
        let known = names(&self.targets);
        for (_, target, span) in self.profiles.iter().flat_map(|profile| &profile.targets) {
            if !known.contains(&target.as_str()) {
                reader.unknown(
                    target,
                    span.clone(),
                    "unknown-target",
                    "the settings have no target",
                    &known,
                );
            }
        }
    }
}

/// Whether a text is a format of a report, with `=PATH` or without.
///
/// # Errors
/// What is wrong with it.
pub fn check_report(text: &str) -> Result<(), String> {
    let (format, path) = text
        .split_once('=')
        .map_or((text, None), |(format, path)| (format, Some(path)));
    if !REPORT_FORMATS.contains(&format) {
        return Err(format!("there is no report `{format}`"));
    }
    if path.is_some_and(|path| path.trim().is_empty()) {
        return Err("the path after `=` is missing".to_owned());
    }
    Ok(())
}

/// The names of targets.
fn names(targets: &[TargetEntry]) -> Vec<&str> {
    targets.iter().map(|entry| entry.name.as_str()).collect()
}

fn read_variables(reader: &mut Reader, map: &Map, environment: &Environment<'_>) -> Variables {
    let mut listed = Vec::new();
    let items = map
        .get("env")
        .and_then(|node| reader.list(node, "`env`"))
        .unwrap_or_default();
    for item in items {
        let Some(name) = reader.name(item, "a variable's name") else {
            continue;
        };
        if is_variable_name(&name) {
            listed.push(name);
        } else {
            let message = format!("`{name}` is no name of an environment variable");
            reader.error("bad-name", message, item.span.clone());
        }
    }
    Variables::read(listed, environment)
}

fn read_redactor(reader: &mut Reader, map: &Map, variables: &Variables) -> Redactor {
    let mut redactor = Redactor::new();
    variables
        .secrets()
        .for_each(|secret| redactor.hide_secret(secret));
    let items = map
        .get("redact")
        .and_then(|node| reader.list(node, "`redact`"))
        .unwrap_or_default();
    for item in items {
        if item.as_map().is_none() {
            if let Some(name) = reader.name(item, "a parameter's name") {
                redactor.hide_member(&name);
            }
            continue;
        }
        let Some(rule) = fields(reader, item, Group::Redact) else {
            continue;
        };
        let Some(pattern) = rule.get("matches") else {
            reader.error(
                "missing-key",
                "an item of `redact` is a name or has `matches`",
                item.span.clone(),
            );
            continue;
        };
        if let Some(regex) = read_regex(reader, pattern) {
            redactor.hide_pattern(regex);
        }
    }
    redactor
}

fn read_regex(reader: &mut Reader, node: &Node) -> Option<Regex> {
    let text = reader.name(node, "`matches`")?;
    match pattern::compile(&text) {
        Ok(regex) => Some(Regex::clone(&regex)),
        Err(error) => {
            reader.error("bad-regex", pattern::why(&error), node.span.clone());
            None
        }
    }
}

#[cfg(test)]
mod tests;
