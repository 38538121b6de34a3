//! CES: a scripted app played offline, as the service's own gRPC API.
//!
//! [`app`] reads and checks the script; a turn is played without any protocol around it, and the service answers
//! `RunSession`, `StreamRunSession`, and text and sound over `BidiRunSession` with turn indices, completion, diagnostics and
//! spans as the service does (ces-api 1 and 2). The app answers under any well-formed app name.
//!
//! Where the service's behaviour is not known the emulator is strict rather than helpful: a request that makes no
//! sense is refused with the reason.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;
use tonic::Status;

use super::clock::Clock;
use super::fault::Faults;
use super::hearing::Hearing;
use crate::backend::names::Names;
use crate::proto::ces_v1 as ces;
use crate::proto::ces_v1::session_service_server::SessionServiceServer;

use app::App;
use request::Config;
use sessions::Sessions;
use turn::{Inputs, Surroundings};

pub mod app;
mod request;
mod service;
mod session;
mod sessions;
mod template;
mod trace;
mod turn;

/// Largest request that is read, in bytes.
const LARGEST_REQUEST: usize = 16 << 20;

/// How an app is played.
#[derive(Debug, Clone, Copy, Default)]
pub struct CesOptions {
    /// The time of turns that bring none.
    pub clock: Clock,
    /// What is done to answers on purpose.
    pub faults: Faults,
    /// The seed of what is left to chance.
    pub seed: u64,
}

/// A scripted app behind the service's API. Clones share their sessions.
#[derive(Debug, Clone)]
pub struct CesEmulator {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    app: Arc<App>,
    options: CesOptions,
    sessions: Sessions,
    /// The recordings that are understood.
    hearing: Arc<Hearing>,
}

impl CesEmulator {
    /// An emulator of an app, without any session.
    pub fn from_app(app: impl Into<Arc<App>>, options: CesOptions) -> Self {
        Self::listening(app, options, Arc::default())
    }

    /// The same, understanding the recordings that `hearing` knows.
    pub fn listening(app: impl Into<Arc<App>>, options: CesOptions, hearing: Arc<Hearing>) -> Self {
        let sessions = Sessions::default();
        let shared = Arc::new(Shared {
            app: app.into(),
            options,
            sessions,
            hearing,
        });
        Self { shared }
    }

    /// The app.
    pub fn app(&self) -> &App {
        &self.shared.app
    }

    /// Forgets a session, under whatever app's name.
    pub fn forget_session(&self, session_id: &str) {
        self.shared.sessions.forget(session_id);
    }

    /// How many sessions are remembered.
    pub fn sessions(&self) -> usize {
        self.shared.sessions.len()
    }

    /// The service for a tonic server.
    pub fn into_service(self) -> SessionServiceServer<Self> {
        SessionServiceServer::new(self).max_decoding_message_size(LARGEST_REQUEST)
    }

    /// Plays one request of a session and waits as long as an answer takes.
    async fn play(
        &self,
        config: &Config,
        inputs: Inputs,
        call: CallOptions,
    ) -> Result<Vec<ces::SessionOutput>, Status> {
        let Shared {
            app,
            options,
            sessions,
            ..
        } = self.shared.as_ref();
        let surroundings = Surroundings {
            app_name: config.app_name.clone(),
            now: call.now(options.clock, config.time_zone.or(app.time_zone)),
            use_fakes: config.use_fakes,
            seed: options.seed,
            deployment: config.deployment.clone(),
        };
        let outputs = {
            let slot = sessions.slot(&config.app_name, &config.session_id);
            let mut session = slot.lock().await;
            let played = match session.as_ref() {
                Some(before) => turn::play(app, before, inputs, &surroundings),
                None => turn::play(app, &config.new_session(app), inputs, &surroundings),
            };
            // What is refused leaves the session as it was: there or not.
            played.map(|(after, outputs)| {
                *session = Some(after);
                outputs
            })
        };
        options.faults.delay(Duration::ZERO).await;
        outputs
    }
}

/// What a single call says beside its message.
#[derive(Debug, Clone, Copy, Default)]
struct CallOptions {
    /// The time at which the turn happens.
    clock: Option<DateTime<FixedOffset>>,
}

impl CallOptions {
    fn now(self, clock: Clock, time_zone: Option<Tz>) -> DateTime<FixedOffset> {
        let pinned = self.clock.or(match clock {
            Clock::Fixed(moment) => Some(moment),
            Clock::System => None,
        });
        let now = pinned.unwrap_or_else(|| clock.now().fixed_offset());
        match time_zone {
            Some(zone) => now.with_timezone(&zone).fixed_offset(),
            None => now,
        }
    }
}

/// Agents by the names people see; an app has nothing else that is asked for by name.
impl Names for CesEmulator {
    fn agent(&self, name: &str) -> Option<String> {
        self.app().agent_id(name).map(str::to_owned)
    }
}
