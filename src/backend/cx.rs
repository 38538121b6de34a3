//! The Dialogflow CX client: `v3` and `v3beta1`, live or emulated.
//!
//! The two versions have one wire format, and `v3beta1` knows every field that matters here (cx-sessions-api 6.3):
//! messages are built and read as `v3beta1`, and the version only decides the method's path.

mod client;
mod convert;
mod request;
mod speech;

use std::sync::Arc;

use async_trait::async_trait;

use self::client::CxSession;
use super::call::{self, Connection};
use super::error::BackendError;
use super::names::Names;
use super::transport::Transport;
use super::{Backend, Session, SessionStart};
use crate::model::resource::AgentName;
use crate::model::suite::{ApiVersion, AudioSettings, Service, Via};

/// A Dialogflow CX agent as a target describes it.
#[derive(Clone)]
pub struct CxTarget {
    /// The agent.
    pub agent: AgentName,
    /// Id of an environment; the draft answers without one.
    pub environment: Option<String>,
    /// Versions of single flows, by full name or as `flow/version` ids; a turn may name others.
    pub flow_versions: Vec<String>,
    /// Version of the API.
    pub api_version: ApiVersion,
    /// The RPC for turns that do not name one.
    pub via: Via,
    /// Language of turns that do not name one.
    pub language: String,
    /// How it is sent sound, and whether it is asked to speak.
    pub audio: AudioSettings,
    /// From display names to ids.
    pub names: Arc<dyn Names>,
    /// Whether an emulator answers, which takes overrides.
    pub emulator: bool,
}

/// The client for one agent.
pub struct CxBackend {
    shared: Arc<Shared>,
}

/// What all sessions of a target share.
struct Shared {
    target: CxTarget,
    transport: Arc<dyn Transport>,
}

impl CxBackend {
    /// A client over gRPC; nothing is connected yet. Must be made within a tokio runtime.
    ///
    /// # Errors
    /// When a name is none, or credentials may not go to the endpoint.
    pub fn new(target: CxTarget, connection: Connection) -> Result<Self, BackendError> {
        Self::over(target, call::grpc(connection)?)
    }

    /// A client over any transport.
    ///
    /// # Errors
    /// When a name is none.
    pub fn over(target: CxTarget, transport: Arc<dyn Transport>) -> Result<Self, BackendError> {
        for version in &target.flow_versions {
            target.agent.flow_version(version)?;
        }
        target.agent.session(target.environment.as_deref(), "check")?;
        Ok(Self {
            shared: Arc::new(Shared { target, transport }),
        })
    }
}

#[async_trait]
impl Backend for CxBackend {
    fn service(&self) -> Service {
        Service::Cx
    }

    async fn open(&self, session: SessionStart) -> Result<Box<dyn Session>, BackendError> {
        Ok(Box::new(
            CxSession::new(Arc::clone(&self.shared), &session).await?,
        ))
    }
}
