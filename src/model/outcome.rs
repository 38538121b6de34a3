//! What came of checking: outcomes of expectations, turns and attempts, and the verdict derived from them.
//!
//! These types are the journal's lines and the `conversations` of the result file (`turnproof-run/1`); their
//! serialised names are a public interface.

use serde::{Deserialize, Serialize};

use super::suite::Channel;
use super::trace::Trace;
use super::transcript::{
    AgentReply, Citation, Match, Observed, Sentiment, Spoken, Suggestion, ToolCall, WebhookStatus,
};
use super::{Map, Value};

/// What came of one expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// The service did not give the data.
    Unobservable,
    /// Not asked: for another service, or not required and not observable.
    Skipped,
}

/// An expectation and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// The expectation's name: `intent`, `parameters`, …
    pub kind: String,
    /// The member looked at, such as `parameters.city` or `reply`; for people and for grouping.
    pub path: String,
    /// 1-based line of the expectation in the turn's file.
    pub line: u32,
    /// What came of it.
    pub outcome: Outcome,
    /// What was expected, as a person would say it: a value, or `contains "…"`.
    pub expected: Value,
    /// What was there; null when there was nothing.
    pub actual: Value,
    /// One lowercase fragment that says what differs; empty when it passed.
    #[serde(default)]
    pub message: String,
    /// How expected and actual differ, where a diff helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<Diff>,
    /// It failed because the expectation itself is wrong, whatever was there: nothing follows from that for a `when`.
    #[serde(skip)]
    pub is_mistake: bool,
}

/// A line-by-line difference; within changed lines the changed words are marked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// The lines in order.
    pub lines: Vec<DiffLine>,
}

/// One line of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Which side has it.
    pub side: DiffSide,
    /// The line's pieces in order.
    pub pieces: Vec<DiffPiece>,
}

/// Which side of a diff has a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiffSide {
    /// Both.
    Both,
    /// Expected, but not there.
    Expected,
    /// There, but not expected.
    Actual,
}

/// A piece of a diff's line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffPiece {
    /// The text.
    pub text: String,
    /// Whether just this piece differs from the other side.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
}

/// Whether a turn reached the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sent {
    /// It was answered, or refused by the service.
    Yes,
    /// It never left.
    No,
    /// It may have been applied.
    Unknown,
}

/// A reply as it is kept: plain values, redacted; what was not observed is missing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplyRecord {
    /// The texts, one per message.
    pub texts: Vec<String>,
    /// What the input was understood as.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub matched: Option<Match>,
    /// Page the turn ended on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Flow the turn ended in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// Agent that spoke last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Playbook that spoke last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// Pages, flows or agents passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visited: Option<Vec<String>>,
    /// Session parameters or variables after the turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map>,
    /// Agents that transfers went to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transfers: Vec<String>,
    /// The conversation ended here, with this metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Map>,
    /// A hand-off was signalled, with this metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handoff: Option<Map>,
    /// Custom payloads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payloads: Vec<Value>,
    /// What `MatchIntent` offered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Match>,
    /// Webhook calls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<WebhookStatus>,
    /// The sources that the answer refers to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
    /// The searches of the web that go with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<Suggestion>,
    /// What the user's words sound like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Sentiment>,
    /// What was heard of the user's speech.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transcript: Option<String>,
    /// What the agent spoke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<SpokenRecord>,
    /// The user interrupted the agent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// What the turn passed, by id: `coverage` counts it. Ids are not redacted, as session ids are not.
    #[serde(skip_serializing_if = "Trace::is_empty")]
    pub trace: Trace,
    /// Remarks, such as an unanswered webhook of the emulator.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl From<&AgentReply> for ReplyRecord {
    fn from(reply: &AgentReply) -> Self {
        fn kept<T: Clone>(observed: &Observed<T>) -> Option<T> {
            observed.seen().cloned()
        }
        Self {
            texts: reply.texts.clone(),
            matched: kept(&reply.matched),
            page: kept(&reply.page),
            flow: kept(&reply.flow),
            agent: kept(&reply.agent),
            playbook: kept(&reply.playbook),
            visited: kept(&reply.visited),
            parameters: kept(&reply.parameters),
            transfers: kept(&reply.transfers).unwrap_or_default(),
            ended: reply.ended.clone(),
            handoff: reply.handoff.clone(),
            payloads: reply.payloads.clone(),
            candidates: reply.candidates.seen().cloned().unwrap_or_default(),
            webhooks: kept(&reply.webhooks).unwrap_or_default(),
            citations: kept(&reply.citations).unwrap_or_default(),
            suggestions: reply.suggestions.clone(),
            sentiment: kept(&reply.sentiment),
            transcript: kept(&reply.transcript),
            audio: kept(&reply.audio).flatten().as_ref().map(SpokenRecord::from),
            interrupted: reply.interrupted,
            trace: reply.trace.clone(),
            notes: reply.notes.clone(),
        }
    }
}

/// A spoken answer as it is kept: what it was, and where it lies if it was kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SpokenRecord {
    /// The encoding, as suites name it.
    pub encoding: String,
    /// Samples per second.
    pub rate: u32,
    /// How long it is, in milliseconds.
    pub duration_ms: u64,
    /// The file that it was kept in, from the working directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

impl From<&Spoken> for SpokenRecord {
    fn from(spoken: &Spoken) -> Self {
        Self {
            encoding: spoken.format.encoding.name().to_owned(),
            rate: spoken.format.rate,
            duration_ms: u64::try_from(spoken.duration().as_millis()).unwrap_or(u64::MAX),
            file: None,
        }
    }
}

/// Milliseconds to the first and to the last part of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencyRecord {
    /// To the first part.
    pub first: f64,
    /// To the whole.
    pub total: f64,
}

/// One turn as it was played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlayedTurn {
    /// 1-based position within the conversation.
    pub index: u32,
    /// File the turn stands in.
    pub file: String,
    /// 1-based line of the turn.
    pub line: u32,
    /// `file:line` where the step was used, for a step's turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<String>,
    /// What the user did, as in the suite: `{"say": …}`, `{"event": …}`, …
    pub input: Value,
    /// Why the turn was not played (`when` did not hold), if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// Whether the turn reached the service.
    pub sent: Sent,
    /// The answer, if one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<ReplyRecord>,
    /// Tool calls of the turn.
    #[serde(default)]
    pub calls: Vec<ToolCall>,
    /// How long the answer took.
    pub latency_ms: LatencyRecord,
    /// Problems of the turn that are no expectation: the agent ended the conversation before it, a tool call that
    /// nothing answers. They make the turn failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
    /// Expectations and what came of them.
    pub expectations: Vec<Checked>,
}

/// What came of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptOutcome {
    /// Everything held.
    Passed,
    /// Something observed did not hold.
    Failed,
    /// We could not find out.
    Errored,
    /// Cancelled while it played.
    Cancelled,
}

/// Why an attempt's outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorRecord {
    /// Kind: `connect`, `auth`, `quota`, `timeout`, `service`, `request`, `protocol`, `cassette`, `unobservable`,
    /// `suite`, `cancelled`.
    pub kind: String,
    /// The service's status code by name (`UNAVAILABLE`), if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What happened.
    pub message: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// How a request differs from the recorded one (`expected`), for a `cassette`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<Box<Diff>>,
}

/// One attempt: the conversation played once, in a session of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The session id (the last one when a turn restarted the conversation).
    pub session: String,
    /// RFC 3339, UTC, milliseconds.
    pub started_at: String,
    /// How long it took.
    pub elapsed_ms: f64,
    /// Which play of a `repeat` it belongs to, from 1.
    pub play: u32,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// Why it is not known, for an errored or cancelled attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorRecord>,
    /// Expectations about the whole conversation.
    #[serde(default)]
    pub expectations: Vec<Checked>,
    /// The turns played (and skipped by `when`), in order.
    pub turns: Vec<PlayedTurn>,
    /// Turns that are only counted, because nobody shows them: [`ConversationResult::outline`].
    #[serde(skip)]
    pub outlined: Outlined,
}

/// What is counted of turns that are not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outlined {
    /// As [`Attempt::sent`].
    pub sent: usize,
    /// As [`Attempt::evaluated`].
    pub evaluated: usize,
}

impl Attempt {
    /// How many turns were sent, or may have been.
    pub fn sent(&self) -> usize {
        let sent = self.turns.iter().filter(|turn| turn.sent != Sent::No);
        sent.count() + self.outlined.sent
    }

    /// How many expectations were evaluated, of the turns and of the whole; those that were passed over are none.
    pub fn evaluated(&self) -> usize {
        let of_turns = self.turns.iter().flat_map(|turn| &turn.expectations);
        evaluated(of_turns.chain(&self.expectations)) + self.outlined.evaluated
    }
}

fn evaluated<'all>(expectations: impl Iterator<Item = &'all Checked>) -> usize {
    expectations
        .filter(|checked| checked.outcome != Outcome::Skipped)
        .count()
}

/// The verdict on a conversation; derived from its attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// An attempt passed, none failed before it.
    Passed,
    /// Failed, then passed.
    Flaky,
    /// An attempt failed and none passed; or a known issue passes now.
    Failed,
    /// Only errors.
    Errored,
    /// `skip`, `only_on` elsewhere, or a known issue that indeed fails.
    Skipped,
    /// Cancelled before or while it played.
    NotRun,
}

/// A conversation and what came of it: a line of the journal, an element of the result file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConversationResult {
    /// Suite: path from the root without extension.
    pub suite: String,
    /// The conversation's name.
    pub name: String,
    /// The row's name, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// File it stands in.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// Tags.
    pub tags: Vec<String>,
    /// Name of the target that played it.
    pub target: String,
    /// How the user spoke, for a conversation that says so (`channels`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What it and its twins of other channels are called without their channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<String>,
    /// The verdict, as derived by `runner`.
    pub verdict: Verdict,
    /// One line that says why, for every verdict but passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Passed after errors: how many attempts errored before.
    #[serde(default)]
    pub recovered: u32,
    /// Where the known problem is described, if it is marked as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_issue: Option<String>,
    /// All attempts, in order.
    pub attempts: Vec<Attempt>,
}

impl ConversationResult {
    /// Leaves of what simply passed what is told of it where no transcript is shown: its turns are only counted. What
    /// has a twin is compared with it turn by turn, and remarks of an emulator are told; those turns stay.
    pub fn outline(&mut self) {
        let [attempt] = self.attempts.as_mut_slice() else {
            return;
        };
        let mut replies = attempt.turns.iter().filter_map(|turn| turn.reply.as_ref());
        if self.verdict != Verdict::Passed
            || self.twin.is_some()
            || replies.any(|reply| !reply.notes.is_empty())
        {
            return;
        }
        attempt.outlined = Outlined {
            sent: attempt.sent(),
            evaluated: evaluated(attempt.turns.iter().flat_map(|turn| &turn.expectations)),
        };
        attempt.turns = Vec::new();
    }
}

/// A conversation that was played in writing and in recordings, and what came of both: an element of `twins` of the
/// result file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Twins {
    /// Suite: path from the root without extension.
    pub suite: String,
    /// What both are called without their channel.
    pub name: String,
    /// File they stand in.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// The verdict in writing.
    pub text: Verdict,
    /// The verdict in recordings.
    pub audio: Verdict,
    /// Where speech first changed what came of it; nothing where it did not, or where nobody can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<TwinDifference>,
}

/// The first turn whose outcome speech changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TwinDifference {
    /// 1-based position of the turn.
    pub turn: u32,
    /// File the turn stands in.
    pub file: String,
    /// 1-based line of the turn.
    pub line: u32,
    /// What differs: `intent`, `match`, `page`, `flow`, `agent`, `playbook`, `tool_calls`, `ended`, `reply`, `answer`
    /// (there was none), `played` (`when` held in one of them only), or the path of an expectation.
    pub kind: String,
    /// How it is in writing.
    pub text: Value,
    /// How it is in recordings.
    pub audio: Value,
    /// The last words said until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// What was heard of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<String>,
    /// The share of words that were heard wrongly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word_error_rate: Option<f64>,
}
