//! What is read from the process' surroundings, once.

use std::env;
use std::io;
use std::path::PathBuf;

use crate::settings::variables::Environment;

/// Where and under what circumstances the program runs.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    /// The working directory, with links resolved.
    pub(super) working_directory: PathBuf,
    /// `CI` is set: secrets are about, and suites may come from strangers.
    pub(super) ci: bool,
}

impl Surroundings {
    pub(super) fn read() -> io::Result<Self> {
        Ok(Self {
            working_directory: env::current_dir()?.canonicalize()?,
            ci: is_set("CI"),
        })
    }

    /// What the settings may learn of the environment.
    pub(super) fn environment<'a>(&self, allowed: &'a [String]) -> Environment<'a> {
        Environment {
            lookup: &|name| env::var(name).ok(),
            ci: self.ci,
            allowed,
        }
    }
}

/// Whether a variable says yes: set, and neither empty nor `false` nor `0`.
fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !["", "0", "false"].iter().any(|no| value == *no))
}
