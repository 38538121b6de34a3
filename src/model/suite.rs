//! A conversation as an author wrote it, after rows, steps, defaults and static templates were applied.
//!
//! Text in these types may still hold `{{ capture }}` templates, which only the running conversation can fill
//! (`suite::template` does); everything else is final.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::transcript::Sentiment;
use super::{Map, Value};

mod attachment;
mod calls;
mod feedback;
mod history;
mod sound;
mod stubs;

pub use attachment::{Attachment, AttachmentKind};
pub use calls::{ExpectedCall, ToolCallsCheck};
pub use feedback::{Feedback, Rating};
pub use history::{HistoryChunk, HistoryMessage, RunMethod};
pub use sound::{AudioCheck, AudioInput, AudioSettings};
pub use stubs::{EmulatorStubs, StubResponse, StubRule, Stubs};

/// A line of a user's file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// The file, as the user would type it.
    pub file: Arc<Path>,
    /// 1-based.
    pub line: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file.display(), self.line)
    }
}

/// The service an agent speaks. An emulator target speaks the service of the agent it serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Dialogflow CX.
    Cx,
    /// Customer Engagement Suite conversational agents.
    Ces,
}

impl Service {
    /// `cx` or `ces`, as written in suites.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cx => "cx",
            Self::Ces => "ces",
        }
    }
}

/// How the user speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// In writing.
    Text,
    /// In recordings.
    Audio,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Text, Self::Audio];

    /// As it is written in suites.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Audio => "audio",
        }
    }
}

/// One conversation, ready to be played.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Path of the suite file from the root, without extension, with `/` between folders.
    pub suite: String,
    /// The conversation's name, with the row's name in it where there are rows.
    pub name: String,
    /// The row's name, for a conversation made from `examples` or `matrix`.
    pub row: Option<String>,
    /// Where the conversation starts in its file.
    pub location: Location,
    /// Tags of suite and conversation.
    pub tags: Vec<String>,
    /// Free text for people.
    pub notes: Option<String>,
    /// The role whose target plays it.
    pub target: String,
    /// The ways in which it is to be played, each for itself; empty where it is played as it is written.
    pub channels: Vec<Channel>,
    /// The way in which this one is played.
    pub channel: Channel,
    /// What it and its twins of other channels are called without their channel.
    pub twin: Option<String>,
    /// Why it is not played at all.
    pub skip: Option<String>,
    /// The targets it is meant for; empty means all.
    pub only_on: Vec<String>,
    /// Where the known problem is described; the conversation is expected to fail.
    pub known_issue: Option<String>,
    /// How its turns stand to sessions.
    pub run_method: RunMethod,
    /// Where the conversation starts in the agent; goes with the first turn of each session only.
    pub start: Start,
    /// Options that go along with every turn (already merged over settings, suite and conversation).
    pub with: With,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How often the whole conversation is tried again in a new session.
    pub retries: Retries,
    /// How often it is played, and how often it must pass.
    pub repeat: Repeat,
    /// Answers for client-side tool calls, nearest first.
    pub tools: Vec<Stubs>,
    /// What answers in the place of what an emulated agent asks.
    pub stubs: EmulatorStubs,
    /// The time at which the emulator plays it.
    pub clock: Option<DateTime<FixedOffset>>,
    /// Names bound before the first turn: `vars` and row values, for `{{ … }}`.
    pub bindings: Map,
    /// The turns, with steps and `before:` expanded.
    pub turns: Vec<Turn>,
    /// Expectations about the whole conversation.
    pub expect: Vec<Expectation>,
}

/// Where a conversation starts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Start {
    /// CX flow.
    pub flow: Option<Name>,
    /// CX page of that flow (of the start flow when no flow is given).
    pub page: Option<Name>,
    /// CX playbook.
    pub playbook: Option<Name>,
    /// CES entry agent.
    pub agent: Option<Name>,
    /// CX session parameters or CES variables sent with the first turn.
    pub parameters: Map,
    /// CES: messages that came before.
    pub history: Vec<HistoryMessage>,
}

/// A thing of the agent, by the name people see or by its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// A display name, to be mapped to an id by the target's export.
    Display(String),
    /// A resource id, sent as it is.
    Id(String),
}

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Timeouts {
    /// One turn, client-side tool calls included.
    pub turn: Duration,
    /// One attempt of a conversation.
    pub conversation: Duration,
}

/// How often a whole conversation is tried again, in a new session each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Retries {
    /// After an attempt whose outcome is unknown.
    pub errored: u32,
    /// After an attempt that failed.
    pub failed: u32,
}

/// How often a conversation is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Repeat {
    /// Plays, at least 1.
    pub times: u32,
    /// Plays that must pass, between 1 and `times`.
    pub at_least: u32,
}

/// One turn: what the user does, and what is expected of the answer.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Where the turn stands (in a step's file for a step's turn).
    pub location: Location,
    /// Where the step was used, for a step's turn.
    pub used_at: Option<Location>,
    /// What the user does.
    pub input: Input,
    /// Options of this turn, already merged over the conversation's.
    pub with: With,
    /// The RPC, when it matters; otherwise the target decides.
    pub via: Option<Via>,
    /// Conditions on the previous reply; when one does not hold the turn is skipped.
    pub when: Vec<Expectation>,
    /// Answers for this turn's client-side tool calls; they come before the conversation's.
    pub answers: Option<Stubs>,
    /// What to remember from the reply.
    pub capture: Vec<Capture>,
    /// What the user thinks of the answer, told to the service when it has come (CX).
    pub feedback: Option<Feedback>,
    /// What the reply must be like; holds `every_turn` too.
    pub expect: Vec<Expectation>,
    /// What later turns are told of this one, where that is not what it says and expects ([`RunMethod::Stable`]).
    pub history: Option<Vec<HistoryMessage>>,
    /// `then: restart`: the conversation goes on in a new session after this turn.
    pub restart: bool,
}

impl Turn {
    /// A turn of which nothing is asked but what the user does.
    pub fn new(location: Location, input: Input) -> Self {
        Self {
            location,
            used_at: None,
            input,
            with: With::default(),
            via: None,
            when: Vec::new(),
            answers: None,
            capture: Vec::new(),
            feedback: None,
            expect: Vec::new(),
            history: None,
            restart: false,
        }
    }
}

/// What the user does in a turn.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Says a text.
    Say(String),
    /// Sends a named event.
    Event(String),
    /// Triggers an intent directly (CX).
    Intent(Name),
    /// Presses keys.
    Dtmf {
        /// The keys pressed, such as `12#`.
        digits: String,
        /// The key that ends the input, if any.
        finish: Option<String>,
    },
    /// Stays silent.
    Silence,
    /// Stays silent for a while, where silence can be heard.
    SilentAudio(Duration),
    /// Plays a recording.
    Audio(AudioInput),
    /// Hands over files, and may say something with them (CES).
    Attached {
        /// What is said.
        say: Option<String>,
        /// The files, at least one, in their order.
        files: Vec<Attachment>,
    },
    /// Sets variables without saying anything (CES).
    Variables(Map),
}

/// Version of the Dialogflow CX API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ApiVersion {
    /// `v3`.
    #[default]
    V3,
    /// `v3beta1`.
    V3Beta1,
}

impl ApiVersion {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::V3 => "v3",
            Self::V3Beta1 => "v3beta1",
        }
    }
}

/// The RPC that carries a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// CX `DetectIntent`.
    Detect,
    /// CX `ServerStreamingDetectIntent`.
    ServerStream,
    /// CX `MatchIntent`: changes no session state.
    Match,
    /// CX `MatchIntent`, then `FulfillIntent` with its best match.
    MatchThenFulfill,
    /// CES `RunSession`.
    Run,
    /// CES `StreamRunSession`, CX `StreamingDetectIntent`.
    Stream,
    /// CES `BidiRunSession`.
    Bidi,
}

/// What goes along with a turn. Which service knows which key: `model::capability`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct With {
    /// CX: session parameters merged in before the turn; null deletes.
    pub parameters: Map,
    /// CES: session variables sent before the turn's input.
    pub variables: Map,
    /// CX: language code of the turn.
    pub language: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// CX: payload handed to webhooks.
    pub payload: Option<Map>,
    /// CX: switches webhook calls off.
    pub disable_webhook: Option<bool>,
    /// CX: headers added to webhook calls.
    pub webhook_headers: Vec<(String, String)>,
    /// CX: only messages of this channel.
    pub channel: Option<String>,
    /// CX: entity types of this session.
    pub session_entity_types: Vec<SessionEntityType>,
    /// CX: asks for sentiment analysis.
    pub sentiment: Option<bool>,
    /// CX: asks for what data stores found, cited and judged.
    pub data_store_signals: Option<bool>,
    /// CX: how long the session is kept.
    pub session_ttl: Option<Duration>,
    /// CX: flow versions to use, by resource name or `flow/version` ids.
    pub flow_versions: Vec<String>,
    /// CES: deployment id.
    pub deployment: Option<String>,
    /// CES: agent that answers first.
    pub entry_agent: Option<Name>,
    /// CES: tools with a configured fake use it.
    pub use_tool_fakes: Option<bool>,
    /// CES: texts come in pieces, as soon as there are any.
    pub text_streaming: Option<bool>,
    /// CES: query parameters for a remote Dialogflow agent: `webhook_headers`, `payload`, `end_user_metadata`.
    pub remote_dialogflow: Option<Map>,
    /// Pins what an emulator does; other targets ignore it.
    pub emulator: EmulatorOverride,
}

/// Overrides one turn of an emulator; sent as `x-turnproof-*` metadata, to emulator targets only.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmulatorOverride {
    /// The time at which the turn happens.
    pub clock: Option<DateTime<FixedOffset>>,
    /// What the NLU answers: `Some(None)` means that no intent matches.
    pub matched: Option<Option<String>>,
    /// The answer to every webhook call of the turn.
    pub webhook: Option<Map>,
    /// What the user's words sound like.
    pub sentiment: Option<Sentiment>,
}

/// An entity type that only this session knows (CX).
#[derive(Debug, Clone, PartialEq)]
pub struct SessionEntityType {
    /// Which entity type it changes.
    pub entity_type: Name,
    /// True: added to the agent's entries. False: instead of them.
    pub supplement: bool,
    /// Each entry's value and its synonyms.
    pub entities: Vec<(String, Vec<String>)>,
}

/// Something to remember from a reply, for later templates.
#[derive(Debug, Clone)]
pub struct Capture {
    /// The name it is bound to.
    pub name: String,
    /// Where it stands.
    pub line: u32,
    /// Where it comes from: a path such as `parameters.booking_ref`, `reply`, `replies[0]`, `page`, `intent`.
    pub from: String,
    /// A regular expression over the text found there; its first group (or the whole match) is kept.
    pub matches: Option<String>,
}

/// One expectation.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// 1-based line in the turn's file.
    pub line: u32,
    /// `required: false`: when the service does not give the data, it is skipped instead of erroring the turn.
    pub required: bool,
    /// `on: {cx: …}`: applies to targets of this service only.
    pub only_on: Option<Service>,
    /// What is expected.
    pub check: Check,
}

/// What is expected, by what it looks at. The names are those of the suite language.
#[derive(Debug, Clone)]
pub enum Check {
    /// All text of the turn, joined by newlines.
    Reply(Matcher),
    /// The texts one by one: a list matcher.
    Replies(Matcher),
    /// Display name of the matched intent.
    Intent(Matcher),
    /// Confidence of the match.
    Confidence(Matcher),
    /// Type of the match, lower case.
    Match(Matcher),
    /// Display name of the current page.
    Page(Matcher),
    /// Display name of the current flow.
    Flow(Matcher),
    /// The CES agent that answered, or (as `playbook`) the CX playbook.
    Agent(Matcher),
    /// The CX playbook that answered.
    Playbook(Matcher),
    /// Pages, flows and agents passed.
    Visited(Vec<VisitedStep>),
    /// Session parameters or variables: these, others ignored.
    Parameters(Vec<(String, Matcher)>),
    /// Exactly these parameters.
    AllParameters(Vec<(String, Matcher)>),
    /// Tool calls.
    ToolCalls(ToolCallsCheck),
    /// Display name of the agent a transfer went to.
    Transfer(Matcher),
    /// Whether (or with what metadata) the conversation ended.
    Ended(Matcher),
    /// Metadata of a hand-off to a person.
    Handoff(Matcher),
    /// Any of the turn's payloads.
    Payload(Matcher),
    /// What `MatchIntent` offered: a list matcher over `{intent, match, confidence, parameters}`.
    Candidates(Matcher),
    /// Webhook calls: a list matcher over `{name?, code, message, status}`.
    Webhook(Matcher),
    /// Sources: a matcher over `{uri, title, text, requires_attribution?}`.
    Citations(Matcher),
    /// Searches of the web: a matcher over `{query, uri}` (CES).
    Suggestions(Matcher),
    /// Steps of the trace: a matcher over `{kind, name, agent?, within, duration?, attributes}`.
    Spans(Matcher),
    /// What the user's words sound like: a matcher over `{score, magnitude}` (CX).
    Sentiment(Matcher),
    /// What was heard of the user's speech.
    Transcript(Matcher),
    /// The spoken answer.
    Audio(AudioCheck),
    /// Whether the user interrupted the agent (CES).
    Interrupted(bool),
    /// Time to the whole answer, in seconds (durations in operands were turned into seconds).
    Latency(Matcher),
    /// The raw response as proto3 JSON.
    Raw {
        /// A JSONPath (RFC 9535).
        path: String,
        /// Matches the node found; a list of nodes when there are several, absent when there are none.
        matcher: Matcher,
    },
}

/// One step of a `visited` expectation.
#[derive(Debug, Clone)]
pub enum VisitedStep {
    /// `..`: anything, also nothing.
    Anything,
    /// A page, flow or agent.
    Place(Matcher),
}

/// What is expected of a value. Operands may hold templates until the turn is played.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// A plain value: numbers by value, text after collapsing white space on both sides.
    Is(Value),
    /// A plain list: as many elements, each matching in its place.
    List(Vec<Matcher>),
    /// A mapping of members: these members, others ignored.
    Subset(Vec<(String, Matcher)>),
    /// `equals`: exactly this JSON value (numbers by value; no white space collapsed, no members ignored).
    Equals(Value),
    /// `contains`: a text within the text, or an equal element within a list.
    Contains(Value),
    /// `icontains`: as `contains`, ignoring case.
    IContains(Value),
    /// `starts_with`.
    StartsWith(Value),
    /// `ends_with`.
    EndsWith(Value),
    /// `matches`: a regular expression, searched.
    Matches(String),
    /// `any_of`.
    AnyOf(Vec<Matcher>),
    /// `all_of`.
    AllOf(Vec<Matcher>),
    /// `not`.
    Not(Box<Matcher>),
    /// `gt`, `gte`, `lt`, `lte`.
    Compare(Comparison, Value),
    /// `between`: both ends included.
    Between(Value, Value),
    /// `approx: {to, within}`.
    Approx {
        /// The number expected.
        to: Value,
        /// The largest difference allowed.
        within: Value,
    },
    /// `has_length`: of a text (characters), list or object.
    HasLength(Box<Matcher>),
    /// `is_type`.
    IsType(ValueType),
    /// `absent: true`.
    Absent,
    /// `present: true`.
    Present,
    /// `unchanged: true`: as before the turn.
    Unchanged,
    /// `each`: every element.
    Each(Box<Matcher>),
    /// `has_item`: at least one element.
    HasItem(Box<Matcher>),
    /// `similar: {to, at_least}`.
    Similar {
        /// The text expected.
        to: Value,
        /// Least similarity, 0 to 1.
        at_least: Value,
        /// How similarity is measured.
        algorithm: SimilarityAlgorithm,
    },
    /// `wer: {to, at_most}`: word error rate.
    Wer {
        /// The text expected.
        to: Value,
        /// Largest word error rate.
        at_most: Value,
    },
    /// `date`.
    Date(DateMatcher),
}

/// An ordering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `gt`.
    Greater,
    /// `gte`.
    GreaterOrEqual,
    /// `lt`.
    Less,
    /// `lte`.
    LessOrEqual,
}

/// A JSON type, as `is_type` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// `text`.
    Text,
    /// `number`.
    Number,
    /// `integer`: a number without a fraction.
    Integer,
    /// `boolean`.
    Boolean,
    /// `list`.
    List,
    /// `object`.
    Object,
    /// `null`.
    Null,
}

/// How the similarity of two texts is measured; each gives 0 (nothing in common) to 1 (equal).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SimilarityAlgorithm {
    /// `levenshtein`: 1 - edit distance / longer length, over characters.
    Levenshtein,
    /// `jaro_winkler`.
    JaroWinkler,
    /// `words`: Dice coefficient over the words, order ignored.
    Words,
}

/// A calendar expectation over CX date and date-time objects and ISO 8601 text.
#[derive(Debug, Clone, PartialEq)]
pub enum DateMatcher {
    /// Exactly this date (ISO text, possibly from a template).
    On(Value),
    /// This many days from the conversation's today; negative is past.
    FromToday(Value),
    /// This weekday, at most `within` from today (7 days unless set), today excluded.
    Weekday {
        /// The weekday.
        weekday: chrono::Weekday,
        /// How far ahead at most.
        within: Duration,
    },
}
