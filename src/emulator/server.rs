//! The server around the emulated services: one port, any of them on it, over gRPC and over HTTP/1.1, until it is told to
//! stop.

mod accept;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;
use tower::Layer;

use self::accept::Accepting;
use super::cx::service::CxService;
use super::fault::Rules;
use super::fault::layer::FaultLayer;
use super::http::Face;
use crate::model::suite::EmulatorStubs;
use crate::proto::{cx_v3, cx_v3beta1};

/// How often sessions whose time is over are swept away.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// How long an emulator that stops waits for requests under way.
const GRACE: Duration = Duration::from_secs(5);
/// Connections that wait to be served.
const CONNECTIONS: usize = 16;

/// What an emulator serves, and where.
#[derive(Debug)]
pub struct EmulatorOptions {
    /// The address; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// A CX agent.
    pub cx: Option<CxService>,
    /// Further services, such as a CES app's.
    pub others: Option<Routes>,
    /// What goes wrong on purpose.
    pub faults: Rules,
}

/// Why an emulator could not be started.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
}

/// Starts emulators.
#[derive(Debug)]
pub struct Emulator;

/// An emulator that answers. Dropping it stops it at once.
#[derive(Debug)]
pub struct RunningEmulator {
    address: SocketAddr,
    cx: Option<CxService>,
    faults: Arc<Rules>,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
}

impl Emulator {
    /// Starts an emulator within the current tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(options: EmulatorOptions) -> Result<RunningEmulator, EmulatorError> {
        let failed = |error| EmulatorError::Listen {
            address: options.listen,
            error,
        };
        let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let stop = CancellationToken::new();
        let mut routes = options.others.unwrap_or_default();
        if let Some(cx) = &options.cx {
            routes = routes
                .add_service(cx_v3::sessions_server::SessionsServer::new(cx.clone()))
                .add_service(cx_v3beta1::sessions_server::SessionsServer::new(cx.clone()));
            tokio::spawn(sweep(cx.clone(), stop.clone()));
        }
        let faults = Arc::new(options.faults);
        let layer = FaultLayer(Arc::clone(&faults));
        let (grpc, connections) = mpsc::channel(CONNECTIONS);
        let accepting = Accepting {
            faults: Arc::clone(&faults),
            face: Face {
                services: layer.layer(routes.clone().prepare()),
                stop: stop.clone(),
            },
            grpc,
        };
        let grpc = Server::builder()
            .layer(layer)
            .add_routes(routes)
            .serve_with_incoming_shutdown(ReceiverStream::new(connections), stop.clone().cancelled_owned());
        let server = async move {
            // What went wrong while serving is known to who was served.
            let _ = tokio::join!(accepting.run(listener), grpc);
        };
        Ok(RunningEmulator {
            address,
            cx: options.cx,
            faults,
            stop,
            server: Some(tokio::spawn(server)),
        })
    }
}

async fn sweep(cx: CxService, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => cx.sweep(),
        }
    }
}

impl RunningEmulator {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The CX agent it serves.
    pub fn cx(&self) -> Option<&CxService> {
        self.cx.as_ref()
    }

    /// What goes wrong on purpose, and what was counted.
    pub fn faults(&self) -> &Arc<Rules> {
        &self.faults
    }

    /// Webhook answers for one session of the CX agent, nearest first.
    pub fn register_stubs(&self, session_id: &str, stubs: Arc<EmulatorStubs>) {
        if let Some(cx) = &self.cx {
            cx.register_stubs(session_id, stubs);
        }
    }

    /// Forgets a session of the CX agent with its webhook answers.
    pub fn forget_session(&self, session_id: &str) {
        if let Some(cx) = &self.cx {
            cx.forget_session(session_id);
        }
    }

    /// Stops taking requests and waits until those under way are answered, though not for long: a live stream on
    /// which nobody says anything is under way, too.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(server) = &mut self.server {
            // What went wrong while stopping is of no interest to anybody any more.
            let _ = timeout(GRACE, server).await;
        }
    }

    /// Waits until the emulator stops by itself, which it does only when the port is taken from it.
    pub async fn wait(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.await;
        }
    }
}

impl Drop for RunningEmulator {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}
