//! What is read from the process' surroundings, once.

use std::env;
use std::io;
use std::path::PathBuf;

use crate::backend::way::Variables;
use crate::model::endpoint::DEFAULT_UNIVERSE;
use crate::settings::variables::Environment;

/// Where and under what circumstances the program runs.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    /// The working directory, with links resolved.
    pub(super) working_directory: PathBuf,
    /// `CI` is set: secrets are about, and suites may come from strangers.
    pub(super) ci: bool,
    /// No service will be asked.
    pub(super) offline: bool,
    /// `GITHUB_ACTIONS` is set: failures are annotated.
    pub(super) github_actions: bool,
    /// Where GitHub Actions has checked out the repository.
    pub(super) github_workspace: Option<PathBuf>,
    /// The domain whose hosts may get credentials: Google's, or that of another universe. It is read from the
    /// process and not from settings, which may come from a stranger.
    pub(super) universe: String,
    /// What else the environment says of the way to live services: the user's, not the settings'.
    pub(super) way: Variables,
}

impl Surroundings {
    pub(super) fn read() -> io::Result<Self> {
        Ok(Self {
            working_directory: env::current_dir()?.canonicalize()?,
            ci: is_set("CI"),
            offline: false,
            github_actions: is_set("GITHUB_ACTIONS"),
            github_workspace: env::var_os("GITHUB_WORKSPACE")
                .and_then(|path| PathBuf::from(path).canonicalize().ok()),
            universe: universe(env::var("GOOGLE_CLOUD_UNIVERSE_DOMAIN").ok()),
            way: Variables::read(|name| env::var_os(name)),
        })
    }

    /// What the settings may learn of the environment.
    pub(super) fn environment<'a>(&self, allowed: &'a [String]) -> Environment<'a> {
        Environment {
            lookup: &|name| env::var(name).ok(),
            ci: self.ci,
            allowed,
            offline: self.offline,
        }
    }
}

fn universe(configured: Option<String>) -> String {
    let configured = configured.map(|domain| domain.trim().to_ascii_lowercase());
    configured
        .filter(|domain| !domain.is_empty())
        .unwrap_or_else(|| DEFAULT_UNIVERSE.to_owned())
}

/// Whether a variable says yes: set, and neither empty nor `false` nor `0`.
fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !["", "0", "false"].iter().any(|no| value == *no))
}
