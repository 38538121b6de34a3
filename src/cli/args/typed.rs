//! Parsing, and remembering which values came from the environment.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{ArgMatches, ColorChoice, CommandFactory as _, FromArgMatches as _};

use super::CommandLine;
use crate::settings::layers::Origin;

/// What was typed, and where each value came from.
#[derive(Debug)]
pub struct Typed {
    /// The command line.
    pub line: CommandLine,
    /// Where its values came from.
    pub origins: Origins,
}

/// The arguments that have a variable, by their identifier, flag and variable.
pub(super) const VARIABLES: [(&str, &str, &str); 8] = [
    ("target", "--target", "TURNPROOF_TARGET"),
    ("profile", "--profile", "TURNPROOF_PROFILE"),
    ("jobs", "--jobs", "TURNPROOF_JOBS"),
    ("rate", "--rate", "TURNPROOF_RATE"),
    ("retries", "--retries", "TURNPROOF_RETRIES"),
    ("timeout", "--timeout", "TURNPROOF_TIMEOUT"),
    ("max_duration", "--max-duration", "TURNPROOF_MAX_DURATION"),
    ("max_turns", "--max-turns", "TURNPROOF_MAX_TURNS"),
];

/// Which arguments took their value from the environment.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    from_environment: BTreeSet<&'static str>,
}

impl Origins {
    /// Where the value of an argument came from, given that it has one. `flag` as it is typed: `--jobs`.
    pub fn of(&self, flag: &'static str) -> Origin {
        let variable = VARIABLES.iter().find(|(_, known, _)| *known == flag);
        match variable {
            Some((id, _, variable)) if self.from_environment.contains(id) => Origin::Environment(variable),
            _ => Origin::Flag(flag),
        }
    }

    fn read(matches: &ArgMatches) -> Self {
        let Some((_, matches)) = matches.subcommand() else {
            return Self::default();
        };
        let from_environment = VARIABLES.iter().map(|(id, ..)| *id).filter(|id| {
            let known = matches.try_contains_id(id).is_ok();
            known && matches.value_source(id) == Some(ValueSource::EnvVariable)
        });
        Self {
            from_environment: from_environment.collect(),
        }
    }
}

impl Typed {
    /// Understands arguments; the first is the program's name.
    ///
    /// # Errors
    /// What is wrong with them; also when help or the version is asked for.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let mut command = CommandLine::command().color(color_of(&arguments));
        let matches = command
            .try_get_matches_from_mut(&arguments)
            .map_err(|problem| with_variable(problem, &arguments))?;
        let origins = Origins::read(&matches);
        let line = CommandLine::from_arg_matches(&matches).map_err(|problem| problem.format(&mut command))?;
        Ok(Self { line, origins })
    }
}

/// A value that nobody typed comes from the environment: the variable is named.
fn with_variable(mut problem: clap::Error, arguments: &[OsString]) -> clap::Error {
    let Some(ContextValue::String(argument)) = problem.get(ContextKind::InvalidArg) else {
        return problem;
    };
    let flag = argument.split(' ').next();
    let is_typed = |word: &OsString| word.to_str().is_some_and(|word| word.split('=').next() == flag);
    let variable = VARIABLES.iter().find(|(_, known, _)| Some(*known) == flag);
    let variable = variable.filter(|(.., variable)| std::env::var_os(variable).is_some());
    if let Some((.., variable)) = variable.filter(|_| !arguments.iter().any(is_typed)) {
        let tip = format!("the value is that of the environment variable {variable}");
        problem.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    problem
}

/// What `--color` says, looked for before anything is understood: help and mistakes are coloured, too.
fn color_of(arguments: &[OsString]) -> ColorChoice {
    let mut words = arguments
        .iter()
        .filter_map(|word| word.to_str())
        .take_while(|word| *word != "--");
    let mut choice = ColorChoice::Auto;
    while let Some(word) = words.next() {
        let when = match word.strip_prefix("--color") {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        choice = match when {
            Some("always") => ColorChoice::Always,
            Some("never") => ColorChoice::Never,
            Some("auto") => ColorChoice::Auto,
            _ => choice,
        };
    }
    choice
}
