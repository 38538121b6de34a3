//! An emulator started for a target, on a loopback port, and the service's own client in front of it. Where recordings
//! are played the client is all there is.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::spawn_blocking;
use tonic::service::Routes;

use super::ears::Ears;
use super::live::{language, names};
use super::{AgentFile, Means};
use crate::backend::auth::Credentials;
use crate::backend::call::Connection;
use crate::backend::ces::{CesBackend, CesTarget};
use crate::backend::cx::{CxBackend, CxTarget};
use crate::backend::error::BackendErrorKind;
use crate::backend::transport::Transport;
use crate::backend::way::Way;
use crate::backend::{
    Backend, BackendError, Session, SessionStart, Speech, TurnError, TurnInput, TurnRequest, reach,
};
use crate::emulator::ces::app::App;
use crate::emulator::ces::{CesEmulator, CesOptions};
use crate::emulator::cx::engine::Engine;
use crate::emulator::cx::service::{CxOptions, CxService};
use crate::emulator::fault::{Faults, Rules};
use crate::emulator::hearing::Hearing;
use crate::emulator::{Emulator, EmulatorOptions, RunningEmulator};
use crate::export::agent::Agent;
use crate::model::endpoint::{CredentialPolicy, Endpoint, Protocol};
use crate::model::suite::{Feedback, Service, Via};
use crate::model::transcript::AgentReply;
use crate::settings::target::{EmulatorTarget, Target};

/// Agents and apps are served under every well-formed name; this is what ours are called.
const AGENT: &str = "projects/turnproof/locations/global/agents/emulated";
/// See [`AGENT`].
const APP: &str = "projects/turnproof/locations/us/apps/emulated";

/// Starts the emulator, unless recordings are played, and connects nothing yet.
pub(super) async fn start(
    target: &Target,
    emulator: &EmulatorTarget,
    file: Option<&AgentFile>,
    means: &Means,
) -> Result<Arc<dyn Backend>, BackendError> {
    let seed = emulator.seed.unwrap_or(means.seed);
    match file {
        Some(AgentFile::App(app)) => start_ces(target, emulator, app, seed, means).await,
        Some(AgentFile::Export { agent, .. }) => start_cx(target, emulator, agent, seed, means).await,
        None => {
            let message = format!("the agent of `{}` was not loaded", target.name);
            Err(BackendError::new(BackendErrorKind::Request, message))
        }
    }
}

async fn start_cx(
    target: &Target,
    emulator: &EmulatorTarget,
    agent: &Arc<Agent>,
    seed: u64,
    means: &Means,
) -> Result<Arc<dyn Backend>, BackendError> {
    let hearing = Arc::new(Hearing::default());
    let running = if means.is_replay() {
        None
    } else {
        let service = cx_service(emulator, Arc::clone(agent), seed, means, &hearing).await?;
        Some(listen(Some(service), None).await?)
    };
    let client = CxTarget {
        agent: AGENT.parse()?,
        environment: None,
        flow_versions: Vec::new(),
        api_version: emulator.api_version,
        via: target.via.unwrap_or(Via::Detect),
        language: language(Some(agent)),
        audio: target.audio,
        names: names(Some(agent)),
        emulator: true,
    };
    let transport = means.transport(|| way_to(running.as_ref(), target.protocol))?;
    Ok(with_emulator(
        CxBackend::over(client, transport)?,
        running,
        hearing,
    ))
}

async fn start_ces(
    target: &Target,
    emulator: &EmulatorTarget,
    app: &Arc<App>,
    seed: u64,
    means: &Means,
) -> Result<Arc<dyn Backend>, BackendError> {
    let options = CesOptions {
        clock: emulator.clock.into(),
        faults: faults(emulator),
        seed,
    };
    let hearing = Arc::new(Hearing::default());
    let served = CesEmulator::listening(Arc::clone(app), options, Arc::clone(&hearing));
    let running = if means.is_replay() {
        None
    } else {
        let routes = Routes::new(served.clone().into_service());
        Some(listen(None, Some(routes)).await?)
    };
    let client = CesTarget {
        app: APP.parse()?,
        deployment: None,
        via: target.via.unwrap_or(Via::Run),
        audio: target.audio,
        names: Arc::new(served),
        emulator: true,
    };
    let transport = means.transport(|| way_to(running.as_ref(), target.protocol))?;
    Ok(with_emulator(
        CesBackend::over(client, transport)?,
        running,
        hearing,
    ))
}

async fn cx_service(
    emulator: &EmulatorTarget,
    agent: Arc<Agent>,
    seed: u64,
    means: &Means,
    hearing: &Arc<Hearing>,
) -> Result<CxService, BackendError> {
    let options = CxOptions {
        clock: emulator.clock.into(),
        faults: faults(emulator),
        live: means.live_webhooks.clone(),
        hearing: Arc::clone(hearing),
        ..CxOptions::default()
    };
    // Making a large agent ready takes a while.
    spawn_blocking(move || CxService::new(Engine::new(agent, seed), options))
        .await
        .map_err(|error| BackendError::new(BackendErrorKind::Service, error.to_string()))
}

fn faults(emulator: &EmulatorTarget) -> Faults {
    Faults {
        latency: emulator.latency.unwrap_or_default(),
    }
}

/// On a loopback port that is free.
async fn listen(cx: Option<CxService>, others: Option<Routes>) -> Result<RunningEmulator, BackendError> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Emulator::start(EmulatorOptions {
        listen,
        cx,
        others,
        faults: Rules::default(),
    })
    .await
    .map_err(|error| BackendError::new(BackendErrorKind::Connect, error.to_string()))
}

/// The way to the emulator.
fn way_to(
    emulator: Option<&RunningEmulator>,
    protocol: Protocol,
) -> Result<Arc<dyn Transport>, BackendError> {
    let Some(emulator) = emulator else {
        let message = "the emulator was not started";
        return Err(BackendError::new(BackendErrorKind::Connect, message));
    };
    let connection = Connection {
        endpoint: Endpoint::parse(&format!("http://{}", emulator.address()))?,
        credentials: Credentials::None,
        policy: CredentialPolicy::default(),
        way: Way::default(),
        user_project: None,
    };
    reach(protocol, connection)
}

/// The client, and with it the emulator, if there is one.
fn with_emulator(
    client: impl Backend + 'static,
    emulator: Option<RunningEmulator>,
    hearing: Arc<Hearing>,
) -> Arc<dyn Backend> {
    match emulator {
        None => Arc::new(client),
        Some(emulator) => Arc::new(Emulated {
            client: Arc::new(client),
            emulator: Arc::new(emulator),
            ears: Arc::new(Ears::new(hearing)),
        }),
    }
}

/// A client and the emulator it talks to, which lives as long as anybody plays.
struct Emulated {
    client: Arc<dyn Backend>,
    emulator: Arc<RunningEmulator>,
    ears: Arc<Ears>,
}

#[async_trait]
impl Backend for Emulated {
    fn service(&self) -> Service {
        self.client.service()
    }

    async fn open(&self, start: SessionStart) -> Result<Box<dyn Session>, BackendError> {
        if !start.stubs.is_empty() {
            self.emulator
                .register_stubs(&start.session_id, Arc::clone(&start.stubs));
        }
        let memory = Memory {
            emulator: Arc::clone(&self.emulator),
            session_id: start.session_id.clone(),
        };
        Ok(Box::new(EmulatedSession {
            session: self.client.open(start).await?,
            ears: Arc::clone(&self.ears),
            _memory: memory,
        }))
    }
}

struct EmulatedSession {
    session: Box<dyn Session>,
    ears: Arc<Ears>,
    /// After the session, so that nobody is asked about a forgotten one.
    _memory: Memory,
}

#[async_trait]
impl Session for EmulatedSession {
    fn says_for(&self) -> Duration {
        self.session.says_for()
    }

    async fn play(&mut self, turn: TurnRequest) -> Result<Box<AgentReply>, TurnError> {
        if let TurnInput::Speech(Speech { file: Some(file), .. }) = &turn.input {
            self.ears.learn_beside(file).await;
        }
        self.session.play(turn).await
    }

    fn requests(&self, input: &TurnInput, via: Option<Via>) -> usize {
        self.session.requests(input, via)
    }

    async fn rate(&mut self, feedback: &Feedback, timeout: Duration) -> Result<(), TurnError> {
        self.session.rate(feedback, timeout).await
    }
}

/// What the emulator remembers of a session; forgotten with it.
struct Memory {
    emulator: Arc<RunningEmulator>,
    session_id: String,
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.emulator.forget_session(&self.session_id);
    }
}
