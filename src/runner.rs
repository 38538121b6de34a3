//! Playing conversations, many at once: plan, dispatcher, executors, journal.
//!
//! A [`Run`] is given a [`Plan`] over a [`ConversationSource`] and the targets that play it. The dispatcher starts
//! conversations as there is room; an executor reads one, plays it in as many attempts as it takes, each in a session
//! of its own, and gives back its result, redacted. Results are lines of the [`Journal`], and [`Reports`] bring them to
//! the reporters in order. Progress goes up one channel as [`RunEvent`]s; [`Cancellation`] goes down.
//!
//! Not here: what is expected of a reply (`expect`), how a service is reached (`backend`), which target a role means
//! (`settings`), and what reports look like (`report`).

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::backend::{Backend, BackendError};
use crate::cassette::Cassettes;
use crate::model::event::{RunEnd, RunEvent, RunInfo};
use crate::model::suite::AudioSettings;
use crate::redact::Redactor;

pub use allowance::Allowance;
pub use cancel::Cancellation;
pub use forecast::{FORECAST_FORMAT, Forecast, PlannedTarget, Requests, TargetForecast, Turns, forecast};
pub use journal::{JOURNAL_FILE, JOURNAL_FOLDER, Journal, JournalWriter, RunKind};
pub use keep::KeepAudio;
pub use limit::{Limit, TokenQuota};
pub use plan::{Plan, fresh_seed};
pub use previous::Previous;
pub use reports::{ReportFailure, Reports};
pub use signal::{listen as listen_to_signals, listen_without_runtime};
pub use source::{ConversationSource, Heading};
pub use status::{RunStatus, run_status};

mod allowance;
mod attachment;
mod attempt;
mod budget;
mod cancel;
mod dispatcher;
mod executor;
#[cfg(test)]
mod fake;
mod forecast;
mod journal;
mod keep;
mod limit;
mod merge;
mod pace;
mod plan;
mod previous;
mod reason;
mod record;
mod reports;
mod retry;
mod script;
mod signal;
mod source;
mod speech;
mod status;
mod stubs;
mod tool_loop;
mod turn;
mod twins;
mod unknown;
mod verdict;
mod waiting;

/// A run, ready to be played.
#[derive(Debug)]
pub struct Run {
    /// What is known of it.
    pub info: Arc<RunInfo>,
    /// What is played, in which order.
    pub plan: Plan,
    /// What all its conversations share.
    pub context: RunContext,
    /// How it is played.
    pub options: RunOptions,
}

/// What all conversations of a run share.
pub struct RunContext {
    /// The conversations.
    pub source: Arc<dyn ConversationSource>,
    /// The targets by name; all that the plan's headings name.
    pub targets: HashMap<String, RunTarget>,
    /// What must not leave an executor.
    pub redactor: Redactor,
    /// The environment variables that conversations may read: `{{ env.NAME }}`.
    pub variables: BTreeMap<String, String>,
    /// Where what is said is recorded, or played from.
    pub cassettes: Option<Cassettes>,
    /// Where progress is told. When nobody listens any more, the run goes on.
    pub events: mpsc::Sender<RunEvent>,
    /// How it is stopped.
    pub cancellation: Cancellation,
    /// How many turns may be sent.
    pub allowance: Allowance,
    /// The run's seed: it decides how long retries wait.
    pub seed: u64,
    /// Where spoken answers are kept, if they are.
    pub keep_audio: Option<KeepAudio>,
}

/// What plays the other side.
pub struct RunTarget {
    /// The service, or why it cannot be used: then its conversations are errored.
    pub backend: Result<Arc<dyn Backend>, BackendError>,
    /// The pace at which it is asked; none where nobody minds.
    pub limit: Option<Limit>,
    /// How many conversations it holds at once, if fewer than are played.
    pub sessions: Option<NonZeroUsize>,
    /// The time it lives at, if not now: that of an emulator.
    pub clock: Option<DateTime<FixedOffset>>,
    /// How it is sent sound.
    pub audio: AudioSettings,
}

/// How a run is played.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// Conversations played at once.
    pub jobs: NonZeroUsize,
    /// How long the run may take; then what is being played is cut short.
    pub timeout: Option<Duration>,
    /// How long conversations may begin; what is being played then is played to its end.
    pub max_duration: Option<Duration>,
    /// The run is stopped after so many failed conversations; `--fail-fast` is 1.
    pub max_failures: Option<NonZeroU64>,
    /// Flaky conversations count as failed.
    pub fail_on_flaky: bool,
}

impl RunContext {
    /// Whether nobody is to be waited for: recordings are played as fast as they can be.
    fn is_hurried(&self) -> bool {
        self.cassettes.as_ref().is_some_and(Cassettes::is_hurried)
    }

    /// Tells whoever listens; waits when they cannot keep up, so that memory stays bounded.
    async fn tell(&self, event: RunEvent) {
        // Nobody listening is no reason to stop.
        let _ = self.events.send(event).await;
    }
}

impl std::fmt::Debug for RunContext {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RunContext")
            .field("targets", &self.targets)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for RunTarget {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let service = self.backend.as_ref().map(|backend| backend.service());
        formatter
            .debug_struct("RunTarget")
            .field("service", &service)
            .field("limit", &self.limit)
            .field("sessions", &self.sessions)
            .field("clock", &self.clock)
            .field("audio", &self.audio)
            .finish()
    }
}

/// A run that is over.
#[derive(Debug)]
pub struct Played {
    /// How it ended.
    pub end: RunEnd,
    /// A result for every conversation of the plan.
    pub journal: Journal,
    /// To be completed.
    pub reports: Reports,
}

/// Plays a run to its end, or until it is stopped; either way there is a result for every conversation of the plan.
///
/// # Errors
/// When the journal cannot be written: without it there are no reports.
pub async fn play(run: Run, journal: JournalWriter, reports: Reports) -> io::Result<Played> {
    // Among the conversations, so that each that ends wakes no thread but the one that played it.
    let playing = AbortOnDropHandle::new(tokio::spawn(dispatcher::dispatch(run, journal, reports)));
    playing.await.map_err(io::Error::other)?
}
