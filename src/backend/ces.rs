//! The CES client: `RunSession`, `StreamRunSession`, and text and sound over `BidiRunSession`; live or emulated.

mod client;
mod convert;
mod live;
mod request;

use std::sync::Arc;

use async_trait::async_trait;

use self::client::CesSession;
use super::call::{self, Connection};
use super::error::BackendError;
use super::names::Names;
use super::transport::Transport;
use super::{Backend, Session, SessionStart};
use crate::model::resource::AppName;
use crate::model::suite::{AudioSettings, Service, Via};

/// A CES app as a target describes it.
#[derive(Clone)]
pub struct CesTarget {
    /// The app.
    pub app: AppName,
    /// Deployment, by full name or id; the draft answers without one. A turn may name another.
    pub deployment: Option<String>,
    /// The RPC for turns that do not name one.
    pub via: Via,
    /// How it is sent sound, and whether it is asked to speak.
    pub audio: AudioSettings,
    /// From display names to ids.
    pub names: Arc<dyn Names>,
    /// Whether an emulator answers, which takes overrides.
    pub emulator: bool,
}

/// The client for one app.
pub struct CesBackend {
    shared: Arc<Shared>,
}

/// What all sessions of a target share.
struct Shared {
    target: CesTarget,
    transport: Arc<dyn Transport>,
}

impl CesBackend {
    /// A client over gRPC; nothing is connected yet. Must be made within a tokio runtime.
    ///
    /// # Errors
    /// When a name is none, or credentials may not go to the endpoint.
    pub fn new(target: CesTarget, connection: Connection) -> Result<Self, BackendError> {
        Self::over(target, call::grpc(connection)?)
    }

    /// A client over any transport.
    ///
    /// # Errors
    /// When a name is none.
    pub fn over(target: CesTarget, transport: Arc<dyn Transport>) -> Result<Self, BackendError> {
        if let Some(deployment) = &target.deployment {
            target.app.deployment(deployment)?;
        }
        Ok(Self {
            shared: Arc::new(Shared { target, transport }),
        })
    }
}

#[async_trait]
impl Backend for CesBackend {
    fn service(&self) -> Service {
        Service::Ces
    }

    async fn open(&self, session: SessionStart) -> Result<Box<dyn Session>, BackendError> {
        Ok(Box::new(
            CesSession::new(Arc::clone(&self.shared), &session).await?,
        ))
    }
}
