//! The contract between running and reporting: what a run is, what it tells while it goes on, and what a
//! reporter is.

use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::outcome::{ConversationResult, Twins, Verdict};

/// What is known of a run when it starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// A UUID.
    pub id: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// Version of this program.
    pub tool_version: String,
    /// Seed of the order, when shuffled, and of the emulator's choices.
    pub seed: u64,
    /// The targets used.
    pub targets: Vec<TargetInfo>,
}

/// A target as reports name it; never holds credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetInfo {
    /// Its name in the settings.
    pub name: String,
    /// `cx`, `ces` or `emulator`.
    pub backend: String,
    /// CX agent resource name, or the emulated export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// CES app resource name, or the emulated app file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// CX environment id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Flow versions, if pinned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// SHA-256 of the export that was used, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export_hash: Option<String>,
}

/// Counts of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Conversations by verdict.
    pub passed: u64,
    /// See [`Verdict::Failed`].
    pub failed: u64,
    /// See [`Verdict::Errored`].
    pub errored: u64,
    /// See [`Verdict::Flaky`].
    pub flaky: u64,
    /// See [`Verdict::Skipped`].
    pub skipped: u64,
    /// See [`Verdict::NotRun`].
    pub not_run: u64,
    /// Passed conversations that had errors before (counted in `passed` too).
    pub recovered: u64,
    /// Turns played, all attempts: those that were sent, or may have been.
    pub turns: u64,
    /// Expectations evaluated, all attempts.
    pub expectations: u64,
}

impl Summary {
    /// Adds one conversation.
    pub fn add(&mut self, result: &ConversationResult) {
        *match result.verdict {
            Verdict::Passed => &mut self.passed,
            Verdict::Flaky => &mut self.flaky,
            Verdict::Failed => &mut self.failed,
            Verdict::Errored => &mut self.errored,
            Verdict::Skipped => &mut self.skipped,
            Verdict::NotRun => &mut self.not_run,
        } += 1;
        self.recovered += u64::from(result.recovered > 0);
        for attempt in &result.attempts {
            self.turns += attempt.sent() as u64;
            self.expectations += attempt.evaluated() as u64;
        }
    }

    /// All conversations counted.
    pub fn conversations(&self) -> u64 {
        self.passed + self.failed + self.errored + self.flaky + self.skipped + self.not_run
    }
}

/// A target whose service said that a quota was used up, and what that did to the run's pace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlowedTarget {
    /// Its name.
    pub target: String,
    /// Requests that were refused.
    pub refused: u64,
    /// How often the pace was lowered.
    pub times: u64,
    /// How long it was lower than allowed.
    pub elapsed_ms: f64,
    /// Requests per minute when it was lowest.
    pub lowest_per_minute: f64,
    /// How long requests waited until they might leave, all together.
    pub waited_ms: f64,
}

/// Why a run stopped early; the greatest reason wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancelReason {
    /// `--max-turns`: no conversation begins any more.
    MaxTurns,
    /// `--max-duration`: no conversation begins any more.
    MaxDuration,
    /// `--fail-fast` or `--max-failures`.
    Failures,
    /// `--timeout` of the run.
    Timeout,
    /// SIGTERM.
    Terminated,
    /// Ctrl-C.
    Interrupted,
}

impl CancelReason {
    /// Whether what is being played is played to its end.
    pub fn is_gentle(self) -> bool {
        matches!(self, Self::MaxTurns | Self::MaxDuration)
    }
}

/// What a run tells while it goes on.
#[derive(Debug, Clone)]
pub enum RunEvent {
    /// The run starts: so many conversations.
    Started {
        /// What is known of it.
        run: Arc<RunInfo>,
        /// Conversations that will be played or skipped.
        total: u64,
    },
    /// A conversation starts.
    ConversationStarted {
        /// `suite / name`.
        title: String,
    },
    /// A conversation is over.
    ConversationFinished(Arc<ConversationResult>),
    /// Something worth a line that belongs to no conversation.
    Notice(String),
    /// The run stops early.
    Cancelled(CancelReason),
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct RunEnd {
    /// How long it took.
    pub elapsed: std::time::Duration,
    /// The counts.
    pub summary: Summary,
    /// Why it stopped early, if it did.
    pub cancelled: Option<CancelReason>,
    /// The targets whose services wanted it slower.
    pub slowed: Vec<SlowedTarget>,
}

/// A conversation's result as the journal has it.
#[derive(Debug)]
pub struct Recorded {
    /// The result.
    pub result: Arc<ConversationResult>,
    /// The same as JSON, in one line.
    pub json: Arc<Vec<u8>>,
    /// How it compares with its twin, with the second one of both.
    pub twins: Option<Arc<Twins>>,
}

/// Writes one report. Results come one at a time, in order of file and position, while the run goes on: nobody must see
/// anything of the report before it is complete.
pub trait Reporter: Send {
    /// What it writes and where, for messages: `junit (reports/junit.xml)`.
    fn describe(&self) -> String;

    /// Whether it shows the turns of conversations that simply passed. Where no reporter does, these may be missing:
    /// [`ConversationResult::outline`].
    fn shows_passed(&self) -> bool;

    /// Takes the next conversation.
    ///
    /// # Errors
    /// When the report cannot be written; the others go on.
    fn conversation(&mut self, recorded: &Recorded) -> io::Result<()>;

    /// Completes the report: only now does it appear under its name.
    ///
    /// # Errors
    /// When the report cannot be written.
    fn finish(self: Box<Self>, run: &RunInfo, end: &RunEnd) -> io::Result<()>;
}
