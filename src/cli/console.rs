//! What commands print: results to standard output, everything else to standard error. Reports of a run have their
//! own room.
//!
//! Who closes a pipe has read enough. That stops nothing and changes no exit code: what was found out stays true.

use std::io::{self, IsTerminal, StdoutLock, Write};

use anstream::AutoStream;
use anstream::ColorChoice;

use super::args::When;
use crate::diagnostic::render::{count_line, render};
use crate::diagnostic::{Diagnostic, Severity};
use crate::redact::clean_terminal;

/// Standard output and standard error, with or without colour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Console {
    color: When,
}

impl Console {
    pub(super) fn new(color: When) -> Self {
        Self { color }
    }

    /// Standard output, for a command's result. Everything from outside must be cleaned before.
    pub(super) fn out(self) -> AutoStream<StdoutLock<'static>> {
        AutoStream::new(io::stdout().lock(), self.choice(&io::stdout()))
    }

    /// Prints a text as the command's result.
    pub(super) fn print(self, text: &str) -> io::Result<()> {
        let mut out = self.out();
        heard(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Whether standard output is coloured.
    pub(super) fn colors_out(self) -> bool {
        self.choice(&io::stdout()) != ColorChoice::Never
    }

    /// Whether standard error is coloured.
    pub(super) fn colors_err(self) -> bool {
        self.choice(&io::stderr()) != ColorChoice::Never
    }

    /// Prints problems, and how many there are, to standard error.
    pub(super) fn diagnostics(self, problems: &[Diagnostic]) -> io::Result<()> {
        if problems.is_empty() {
            return Ok(());
        }
        let colored = self.colors_err();
        let mut stderr = io::stderr().lock();
        let text = render(problems, colored);
        heard(writeln!(stderr, "{text}{}", count_line(problems)))
    }

    /// Prints a problem that has no place in a file.
    pub(super) fn error(message: &str, help: Option<&str>) -> io::Result<()> {
        let mut stderr = io::stderr().lock();
        heard(writeln!(stderr, "error: {}", clean_terminal(message)))?;
        match help {
            Some(help) => heard(writeln!(stderr, "  help: {}", clean_terminal(help))),
            None => Ok(()),
        }
    }

    fn choice(self, stream: &(impl IsTerminal + anstream::stream::RawStream)) -> ColorChoice {
        match self.color {
            When::Auto => AutoStream::choice(stream),
            When::Always => ColorChoice::Always,
            When::Never => ColorChoice::Never,
        }
    }
}

/// What became of printing; nobody listening any more is no failure.
fn heard(printed: io::Result<()>) -> io::Result<()> {
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// Makes errors of warnings, for `--strict`.
pub(super) fn be_strict(problems: &mut [Diagnostic], strict: bool) {
    if strict {
        for problem in problems {
            problem.severity = Severity::Error;
        }
    }
}
