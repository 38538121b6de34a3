//! Clients of the live services, as a target of the settings describes them.

use std::sync::Arc;

use super::Means;
use crate::backend::call::{Connection, grpc};
use crate::backend::ces::{self, CesBackend};
use crate::backend::cx::{self, CxBackend};
use crate::backend::error::BackendErrorKind;
use crate::backend::names::{ExportNames, Names, NoNames};
use crate::backend::transport::Transport;
use crate::backend::{Backend, BackendError};
use crate::export::agent::Agent;
use crate::model::suite::Via;
use crate::settings::target::{CesTarget, CxRevision, CxTarget, Target};

/// Language of turns that name none, for an agent whose own default language is not known.
const DEFAULT_LANGUAGE: &str = "en";

/// The client of a CX agent.
pub(super) fn cx(
    target: &Target,
    cx: &CxTarget,
    export: Option<&Arc<Agent>>,
    connection: Option<Connection>,
    means: &Means,
) -> Result<Arc<dyn Backend>, BackendError> {
    let (environment, flow_versions) = match &cx.revision {
        CxRevision::Draft => (None, Vec::new()),
        CxRevision::Environment(id) => (Some(id.clone()), Vec::new()),
        CxRevision::FlowVersions(versions) => (None, versions.clone()),
    };
    let client = cx::CxTarget {
        agent: cx.agent.clone(),
        environment,
        flow_versions,
        api_version: cx.api_version,
        via: target.via.unwrap_or(Via::Detect),
        language: language(export),
        audio: target.audio,
        names: names(export),
        emulator: false,
    };
    let transport = means.transport(|| carried(connection))?;
    Ok(Arc::new(CxBackend::over(client, transport)?))
}

/// The client of a CES app.
pub(super) fn ces(
    target: &Target,
    ces: &CesTarget,
    connection: Option<Connection>,
    means: &Means,
) -> Result<Arc<dyn Backend>, BackendError> {
    let client = ces::CesTarget {
        app: ces.app.clone(),
        deployment: ces.deployment.clone(),
        via: target.via.unwrap_or(Via::Run),
        audio: target.audio,
        names: Arc::new(NoNames),
        emulator: false,
    };
    let transport = means.transport(|| carried(connection))?;
    Ok(Arc::new(CesBackend::over(client, transport)?))
}

/// The way that a connection describes; there is none where recordings are played, and nobody asks for it.
fn carried(connection: Option<Connection>) -> Result<Arc<dyn Transport>, BackendError> {
    match connection {
        Some(connection) => grpc(connection),
        None => Err(BackendError::new(
            BackendErrorKind::Connect,
            "no way leads to the service",
        )),
    }
}

/// The names an export knows.
pub(super) fn names(export: Option<&Arc<Agent>>) -> Arc<dyn Names> {
    match export {
        Some(agent) => Arc::new(ExportNames::new(agent)),
        None => Arc::new(NoNames),
    }
}

/// The agent's default language.
pub(super) fn language(export: Option<&Arc<Agent>>) -> String {
    let known = export.map(|agent| agent.settings.default_language_code.as_str());
    known
        .filter(|language| !language.is_empty())
        .unwrap_or(DEFAULT_LANGUAGE)
        .to_owned()
}
