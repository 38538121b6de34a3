//! What is read from the process' surroundings, once.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use crate::settings::variables::Environment;

/// Where and under what circumstances the program runs.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    /// The working directory, with links resolved.
    pub(super) working_directory: PathBuf,
    /// `CI` is set: secrets are about, and suites may come from strangers.
    pub(super) ci: bool,
    /// This runs in GitHub Actions, which shows annotations.
    pub(super) github_actions: bool,
    /// The working directory as seen from the checked-out repository, for annotations.
    pub(super) folder_in_repository: PathBuf,
}

impl Surroundings {
    pub(super) fn read() -> io::Result<Self> {
        let working_directory = env::current_dir()?.canonicalize()?;
        Ok(Self {
            ci: is_set("CI"),
            github_actions: is_set("GITHUB_ACTIONS"),
            folder_in_repository: folder_in_repository(&working_directory),
            working_directory,
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

/// GitHub names the folder of the checked-out repository.
fn folder_in_repository(working_directory: &Path) -> PathBuf {
    let repository = env::var_os("GITHUB_WORKSPACE").and_then(|path| PathBuf::from(path).canonicalize().ok());
    let inside = repository.and_then(|repository| Some(working_directory.strip_prefix(repository).ok()?.to_path_buf()));
    inside.unwrap_or_default()
}
