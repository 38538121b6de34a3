//! Why a command could not do its work, and what the shell is told.

use std::io;

use super::console::Console;
use super::exit::Exit;
use crate::diagnostic::Diagnostic;

/// Why a command could not do its work.
#[derive(Debug)]
pub(super) enum Failure {
    /// The command line, settings or suites are wrong, here and there.
    Invalid(Vec<Diagnostic>),
    /// There is nothing to do.
    Nothing {
        /// What there is nothing of.
        message: String,
        /// What to do next.
        help: String,
    },
    /// It could not be found out whether the agent is good; messages with what to do next.
    CouldNotTest(Vec<(String, String)>),
    /// Output could not be written, or something on this machine not be read.
    Io(io::Error),
}

impl Failure {
    /// One problem of the command line.
    pub(super) fn usage(problem: Diagnostic) -> Self {
        Self::Invalid(vec![problem])
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Invalid(_) => Exit::Invalid,
            Self::Nothing { .. } => Exit::NothingRan,
            Self::CouldNotTest(_) | Self::Io(_) => Exit::CouldNotTest,
        }
    }

    pub(super) fn tell(&self, console: Console) -> io::Result<()> {
        match self {
            Self::Invalid(problems) => console.diagnostics(problems),
            Self::Nothing { message, help } => Console::error(message, Some(help)),
            Self::CouldNotTest(reasons) => reasons
                .iter()
                .try_for_each(|(message, help)| Console::error(message, Some(help))),
            Self::Io(error) => Console::error(&error.to_string(), None),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Self::Invalid(problems)
    }
}

impl From<Box<Diagnostic>> for Failure {
    fn from(problem: Box<Diagnostic>) -> Self {
        Self::usage(*problem)
    }
}
