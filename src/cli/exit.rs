//! Exit codes: the one place that defines them. `--help` and README are made from this list, and a test compares.

use std::fmt::Write as _;

use crate::files;
use crate::model::event::CancelReason;

/// How the program ends, for the one who started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Everything that was asked held, or the command did what it is for.
    Success,
    /// A conversation failed.
    Failed,
    /// The command line, the settings or a suite cannot be used as they are.
    Invalid,
    /// It could not be found out whether the agent is good.
    CouldNotTest,
    /// There was nothing to find out.
    NothingRan,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl Exit {
    /// Every way to end, in order of the codes.
    pub const ALL: [Self; 7] = [
        Self::Success,
        Self::Failed,
        Self::Invalid,
        Self::CouldNotTest,
        Self::NothingRan,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// What a signal asks for.
    pub fn of_signal(reason: CancelReason) -> Self {
        match reason {
            CancelReason::Terminated => Self::Terminated,
            _ => Self::Interrupted,
        }
    }

    /// The code that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Invalid => 2,
            Self::CouldNotTest => 3,
            Self::NothingRan => 4,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// What the code means, in a line.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Success => "all conversations passed (flaky ones too, unless --fail-on-flaky)",
            Self::Failed => "a conversation failed, even if others are untested; coverage below --min",
            Self::Invalid => "the command line, the settings or a suite is invalid",
            Self::CouldNotTest => "could not test (credentials, quota, network, time), or not write a report",
            Self::NothingRan => "nothing was selected, or everything was skipped",
            Self::Interrupted => "interrupted (Ctrl-C); reports are still written",
            Self::Terminated => "terminated (SIGTERM); reports are still written",
        }
    }

    /// The list as the help shows it.
    pub fn help() -> String {
        let mut text = String::from("Exit codes:\n");
        for exit in Self::ALL {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {:>3}  {}", exit.code(), exit.meaning());
        }
        text
    }

    /// The list as a Markdown table, for the README.
    pub fn markdown() -> String {
        let mut text = String::from("| code | meaning |\n|---|---|\n");
        for exit in Self::ALL {
            let _ = writeln!(text, "| `{}` | {} |", exit.code(), exit.meaning());
        }
        text
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Ends the program for who will not wait: a second signal, or the first where there is nothing to report. Nothing
/// half-written stays behind.
pub fn exit_at_once(reason: CancelReason) {
    let _nothing_begins = files::abandon();
    std::process::exit(Exit::of_signal(reason).code().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_contract_and_in_order() {
        let codes: Vec<_> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 130, 143]);
    }

    #[test]
    fn help_and_table_name_every_code() {
        for exit in Exit::ALL {
            assert!(Exit::help().contains(&format!("{:>3}  {}", exit.code(), exit.meaning())));
            assert!(Exit::markdown().contains(&format!("| `{}` | {} |", exit.code(), exit.meaning())));
        }
    }
}
