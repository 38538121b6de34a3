//! From a target of the settings to something that can be played against: a client of the live service, or an
//! emulator of our own with the very same client in front of it.
//!
//! Here the settings' words meet the backends'. What a target is asked is the runner's business.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use futures::future::join_all;
use tokio::task::spawn_blocking;

use crate::backend::error::BackendErrorKind;
use crate::backend::transport::Transport;
use crate::backend::way::Variables;
use crate::backend::{Backend, BackendError};
use crate::cassette::Cassettes;
use crate::diagnostic::Diagnostic;
use crate::emulator::ces::app::App;
use crate::emulator::cx::live::LiveWebhooks;
use crate::export::agent::Agent;
use crate::export::{Loaded, load_runtime};
use crate::model::endpoint::CredentialPolicy;
use crate::model::event::TargetInfo;
use crate::settings::target::{CxRevision, FileName, Served, Target, TargetKind};

mod access;
pub mod doctor;
mod ears;
mod emulated;
mod live;

pub use ears::recordings;

/// A target that is ready, or the reason why it is not.
pub struct ReadyTarget {
    /// As reports name it.
    pub info: TargetInfo,
    /// What plays; an error makes the conversations of the target errored.
    pub backend: Result<Arc<dyn Backend>, BackendError>,
}

/// What targets are made with.
#[derive(Debug, Clone, Default)]
pub struct Means {
    /// Where credentials may go; from the command line alone.
    pub policy: CredentialPolicy,
    /// What the environment says of the way to live services.
    pub variables: Variables,
    /// The seed of emulators whose settings name none.
    pub seed: u64,
    /// Calls webhooks of emulated agents; from the command line alone.
    pub live_webhooks: Option<LiveWebhooks>,
    /// Where what is said is recorded, or played from.
    pub cassettes: Option<Cassettes>,
    /// Files that were loaded already; others are loaded when they are needed.
    pub files: AgentFiles,
}

impl Means {
    /// The way to a service: its own, with somebody who listens in, or none at all where recordings are played.
    fn transport(
        &self,
        live: impl FnOnce() -> Result<Arc<dyn Transport>, BackendError>,
    ) -> Result<Arc<dyn Transport>, BackendError> {
        match &self.cassettes {
            Some(cassettes) => cassettes.transport(live),
            None => live(),
        }
    }

    /// Whether recordings are played: no service is asked, and no emulator started.
    fn is_replay(&self) -> bool {
        self.cassettes.as_ref().is_some_and(Cassettes::is_replay)
    }
}

/// The files that agents are known from, by resolved path.
pub type AgentFiles = HashMap<PathBuf, AgentFile>;

/// A file that an agent is known from, as far as targets need it.
#[derive(Debug, Clone)]
pub enum AgentFile {
    /// An export.
    Export {
        /// The agent.
        agent: Arc<Agent>,
        /// SHA-256 of what decides what the agent does, hex.
        hash: String,
    },
    /// The script of an app.
    App(Arc<App>),
}

/// Makes targets ready, all at the same time; the order stays. Live ones connect with their first turn, emulators
/// listen when this returns; where recordings are played neither happens. Must run within a tokio runtime.
pub async fn make_ready(targets: &[&Target], means: &Means) -> Vec<ReadyTarget> {
    join_all(targets.iter().map(|target| make_one_ready(target, means))).await
}

async fn make_one_ready(target: &Target, means: &Means) -> ReadyTarget {
    let file = match target.agent_file() {
        None => Ok(None),
        Some(file) => load(file, target.export().is_some(), means).await.map(Some),
    };
    let info = info(target, file.as_ref().ok().and_then(Option::as_ref));
    let backend = match file {
        Ok(file) => backend(target, file.as_ref(), means).await,
        Err(error) => Err(error),
    };
    ReadyTarget { info, backend }
}

async fn backend(
    target: &Target,
    file: Option<&AgentFile>,
    means: &Means,
) -> Result<Arc<dyn Backend>, BackendError> {
    let connection = if means.is_replay() {
        None
    } else {
        access::connection(target, means).await?
    };
    match &target.kind {
        TargetKind::Cx(cx) => live::cx(target, cx, file.and_then(AgentFile::agent), connection, means),
        TargetKind::Ces(ces) => live::ces(target, ces, connection, means),
        TargetKind::Emulator(emulator) => emulated::start(target, emulator, file, means).await,
    }
}

impl AgentFile {
    /// The exported agent.
    pub fn agent(&self) -> Option<&Arc<Agent>> {
        match self {
            Self::Export { agent, .. } => Some(agent),
            Self::App(_) => None,
        }
    }
}

async fn load(file: &FileName, is_export: bool, means: &Means) -> Result<AgentFile, BackendError> {
    if let Some(loaded) = means.files.get(&file.path) {
        return Ok(loaded.clone());
    }
    let path = file.path.clone();
    let shown = PathBuf::from(&file.written);
    let loaded = spawn_blocking(move || {
        if is_export {
            load_runtime(&path).map(AgentFile::from)
        } else {
            App::load(&path, &shown).map(|loaded| AgentFile::App(Arc::new(loaded.app)))
        }
    });
    match loaded.await {
        Ok(Ok(loaded)) => Ok(loaded),
        Ok(Err(problems)) => Err(unreadable(&file.written, &problems)),
        Err(error) => Err(BackendError::new(BackendErrorKind::Service, error.to_string())),
    }
}

impl From<Loaded> for AgentFile {
    fn from(loaded: Loaded) -> Self {
        Self::Export {
            agent: Arc::new(loaded.agent),
            hash: loaded.hash,
        }
    }
}

/// A file of the target that cannot be used, by its first problem.
fn unreadable(written: &str, problems: &[Diagnostic]) -> BackendError {
    let first = problems
        .iter()
        .find(|problem| problem.is_error())
        .map_or("it cannot be read", |problem| problem.message.as_str());
    BackendError::new(BackendErrorKind::Request, format!("`{written}`: {first}"))
        .hint("`turnproof check` shows all that is wrong")
}

/// What reports say of a target.
fn info(target: &Target, file: Option<&AgentFile>) -> TargetInfo {
    let export_hash = match file {
        Some(AgentFile::Export { hash, .. }) => Some(hash.clone()),
        _ => None,
    };
    let mut info = TargetInfo {
        name: target.name.clone(),
        backend: target.backend().to_owned(),
        export_hash,
        ..TargetInfo::default()
    };
    match &target.kind {
        TargetKind::Cx(cx) => {
            info.agent = Some(cx.agent.to_string());
            match &cx.revision {
                CxRevision::Draft => {}
                CxRevision::Environment(id) => info.environment = Some(id.clone()),
                CxRevision::FlowVersions(versions) => info.versions.clone_from(versions),
            }
        }
        TargetKind::Ces(ces) => info.app = Some(ces.app.to_string()),
        TargetKind::Emulator(emulator) => match &emulator.served {
            Served::Agent(file) => info.agent = Some(file.written.clone()),
            Served::App(file) => info.app = Some(file.written.clone()),
        },
    }
    info
}

impl std::fmt::Debug for ReadyTarget {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let backend = self.backend.as_ref().map(|backend| backend.service());
        formatter
            .debug_struct("ReadyTarget")
            .field("info", &self.info)
            .field("backend", &backend)
            .finish()
    }
}
