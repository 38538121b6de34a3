//! For tests: a backend that answers as it is told and notes what it was sent, conversations to play against it, and
//! a run around both.

use std::collections::{BTreeMap, HashMap};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::journal::{Journal, JournalWriter};
use super::reports::Reports;
use super::source::{ConversationSource, Heading};
use super::{Allowance, Cancellation, Limit, Plan, Run, RunContext, RunOptions, RunTarget, play};
use crate::backend::error::BackendErrorKind;
use crate::backend::{Backend, BackendError, Session, SessionStart, TurnError, TurnInput, TurnRequest};
use crate::model::event::{RunEnd, RunEvent, RunInfo};
use crate::model::outcome::{Attempt, ConversationResult, ErrorRecord, Outcome, Sent};
use crate::model::suite::{
    Check, Conversation, EmulatorStubs, Expectation, Feedback, Input, Location, Matcher, Repeat, Retries,
    Service, Start, Timeouts, Turn, Via,
};
use crate::model::transcript::{AgentReply, Latency, Observed, ToolCall};
use crate::redact::Redactor;

impl RunInfo {
    /// A run that never was.
    pub(crate) fn fixture() -> Self {
        Self {
            id: "00000000-0000-4000-8000-000000000000".to_owned(),
            started_at: "2026-03-01T09:00:00.000Z".to_owned(),
            tool_version: "0.0.0".to_owned(),
            seed: 7,
            targets: Vec::new(),
        }
    }
}

/// What the fake answers to one request.
pub(super) enum Answer {
    Reply(AgentReply),
    Fails(BackendErrorKind, Sent),
    Never,
    Late(Duration, AgentReply),
}

/// What was sent to the fake.
#[derive(Debug, Clone)]
pub(super) struct Sending {
    pub(super) session: String,
    pub(super) input: String,
    pub(super) request: TurnRequest,
    pub(super) at: Instant,
}

type Script = dyn Fn(&Sending, usize) -> Answer + Send + Sync;

/// A backend that answers as `script` says, given what is sent and how many requests came before it in all.
pub(super) struct FakeBackend {
    script: Box<Script>,
    pub(super) sent: Mutex<Vec<Sending>>,
    pub(super) opened: Mutex<Vec<SessionStart>>,
    pub(super) rated: Mutex<Vec<Rated>>,
    /// So many sessions are refused, for want of a quota, before one is opened.
    pub(super) unopened: AtomicUsize,
    /// So many requests are said to be made for one turn.
    pub(super) requests: AtomicUsize,
    open_now: AtomicUsize,
    pub(super) most_open: AtomicUsize,
}

impl FakeBackend {
    pub(super) fn new(script: impl Fn(&Sending, usize) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            sent: Mutex::default(),
            opened: Mutex::default(),
            rated: Mutex::default(),
            unopened: AtomicUsize::new(0),
            requests: AtomicUsize::new(1),
            open_now: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
        })
    }

    /// Says back what it hears.
    pub(super) fn echo() -> Arc<Self> {
        Self::new(|sending, _| Answer::Reply(says(&sending.input)))
    }

    pub(super) fn inputs(&self) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        sent.iter().map(|sending| sending.input.clone()).collect()
    }

    pub(super) fn sessions(&self) -> Vec<String> {
        let opened = self.opened.lock().unwrap();
        opened.iter().map(|start| start.session_id.clone()).collect()
    }
}

/// A handle, because a session outlives the call that opens it.
pub(super) struct Handle(pub(super) Arc<FakeBackend>);

#[async_trait]
impl Backend for Handle {
    fn service(&self) -> Service {
        Service::Ces
    }

    async fn open(&self, start: SessionStart) -> Result<Box<dyn Session>, BackendError> {
        let less_one = |left: usize| left.checked_sub(1);
        let unopened = &self.0.unopened;
        if unopened
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less_one)
            .is_ok()
        {
            return Err(BackendError::new(
                BackendErrorKind::Quota,
                "the fake opens nothing",
            ));
        }
        let session = start.session_id.clone();
        self.0.opened.lock().unwrap().push(start);
        let open = self.0.open_now.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most_open.fetch_max(open, Ordering::SeqCst);
        Ok(Box::new(FakeSession {
            backend: Arc::clone(&self.0),
            session,
        }))
    }
}

/// In which session an answer was rated, and how.
pub(super) type Rated = (String, Feedback);

struct FakeSession {
    backend: Arc<FakeBackend>,
    session: String,
}

impl Drop for FakeSession {
    fn drop(&mut self) {
        self.backend.open_now.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Session for FakeSession {
    fn requests(&self, _: &TurnInput, _: Option<Via>) -> usize {
        self.backend.requests.load(Ordering::SeqCst)
    }

    async fn play(&mut self, request: TurnRequest) -> Result<Box<AgentReply>, TurnError> {
        let input = match &request.input {
            TurnInput::User(Input::Say(text)) => text.clone(),
            TurnInput::User(other) => format!("{other:?}"),
            TurnInput::Speech(speech) => format!("{:?}", speech.file),
            TurnInput::Attached { say, files } => format!("{say:?} with {files:?}"),
            TurnInput::ToolResults(results) => results
                .iter()
                .map(|result| match &result.result {
                    Ok(value) => format!("{} = {value}", result.tool),
                    Err(error) => format!("{} failed: {error}", result.tool),
                })
                .collect::<Vec<_>>()
                .join("; "),
        };
        let sending = Sending {
            session: self.session.clone(),
            input,
            request,
            at: Instant::now(),
        };
        let before = {
            let mut sent = self.backend.sent.lock().unwrap();
            sent.push(sending.clone());
            sent.len() - 1
        };
        match (self.backend.script)(&sending, before) {
            Answer::Reply(reply) => Ok(Box::new(reply)),
            Answer::Fails(kind, sent) => Err(TurnError {
                error: BackendError::new(kind, "the fake fails"),
                sent,
            }),
            Answer::Never => std::future::pending().await,
            Answer::Late(delay, reply) => {
                sleep(delay).await;
                Ok(Box::new(reply))
            }
        }
    }

    async fn rate(&mut self, feedback: &Feedback, _timeout: Duration) -> Result<(), TurnError> {
        let rated = (self.session.clone(), feedback.clone());
        self.backend.rated.lock().unwrap().push(rated);
        match feedback.reason.as_deref() {
            Some("refuse this") => refuses(BackendErrorKind::Request),
            Some("no quota") => refuses(BackendErrorKind::Quota),
            _ => Ok(()),
        }
    }
}

fn refuses(kind: BackendErrorKind) -> Result<(), TurnError> {
    Err(TurnError {
        error: BackendError::new(kind, "the fake refuses"),
        sent: Sent::Yes,
    })
}

/// A reply that says this.
pub(super) fn says(text: &str) -> AgentReply {
    AgentReply {
        texts: vec![text.to_owned()],
        tool_calls: Observed::Seen(Vec::new()),
        latency: Latency {
            first: Duration::from_millis(1),
            total: Duration::from_millis(2),
        },
        ..AgentReply::default()
    }
}

/// A reply that waits for a client-side tool.
pub(super) fn calls(call: ToolCall) -> AgentReply {
    AgentReply {
        tool_calls: Observed::Seen(vec![call.clone()]),
        pending: vec![call],
        ..AgentReply::default()
    }
}

/// A turn that says something and expects nothing.
pub(super) fn say(text: &str) -> Turn {
    Turn::new(location(5), Input::Say(text.to_owned()))
}

/// A turn that expects this reply.
pub(super) fn expects(text: &str, reply: &str) -> Turn {
    Turn {
        expect: vec![reply_is(reply)],
        ..say(text)
    }
}

/// The reply is this.
pub(super) fn reply_is(text: &str) -> Expectation {
    expectation(Check::Reply(Matcher::Is(text.into())))
}

pub(super) fn expectation(check: Check) -> Expectation {
    Expectation {
        line: 6,
        required: true,
        only_on: None,
        check,
    }
}

pub(super) fn location(line: u32) -> Location {
    Location {
        file: Arc::from(Path::new("suite.yaml")),
        line,
    }
}

/// A conversation without turns.
pub(super) fn conversation(name: &str) -> Conversation {
    Conversation {
        suite: "suite".to_owned(),
        name: name.to_owned(),
        row: None,
        location: location(3),
        tags: Vec::new(),
        notes: None,
        target: "fake".to_owned(),
        channels: Vec::new(),
        channel: crate::model::suite::Channel::Text,
        twin: None,
        skip: None,
        only_on: Vec::new(),
        known_issue: None,
        run_method: crate::model::suite::RunMethod::Naive,
        start: Start::default(),
        with: Arc::default(),
        timeouts: Timeouts {
            turn: Duration::from_secs(10),
            conversation: Duration::from_mins(1),
        },
        retries: Retries {
            errored: 1,
            failed: 0,
        },
        repeat: Repeat {
            times: 1,
            at_least: 1,
        },
        tools: Vec::new(),
        stubs: EmulatorStubs::default(),
        clock: None,
        bindings: crate::model::Map::new(),
        turns: Vec::new(),
        expect: Vec::new(),
    }
}

/// A conversation with these turns.
pub(super) fn with_turns(name: &str, turns: impl IntoIterator<Item = Turn>) -> Conversation {
    Conversation {
        turns: turns.into_iter().collect(),
        ..conversation(name)
    }
}

/// Conversations in memory.
pub(super) struct FakeSource(Vec<Conversation>);

impl FakeSource {
    pub(super) fn new(conversations: impl IntoIterator<Item = Conversation>) -> Self {
        Self(conversations.into_iter().collect())
    }
}

impl ConversationSource for FakeSource {
    fn heading(&self, position: usize) -> Heading {
        let conversation = &self.0[position];
        Heading {
            suite: conversation.suite.clone(),
            name: conversation.name.clone(),
            row: None,
            file: "suite.yaml".to_owned(),
            line: conversation.location.line,
            tags: Vec::new(),
            target: conversation.target.clone(),
            channel: None,
            twin: None,
        }
    }

    fn load(&self, position: usize) -> Result<Arc<Conversation>, ErrorRecord> {
        Ok(Arc::new(self.0[position].clone()))
    }
}

/// A run of conversations against a fake, and how it is played.
pub(super) struct FakeRun {
    pub(super) backend: Arc<FakeBackend>,
    pub(super) conversations: Vec<Conversation>,
    pub(super) options: RunOptions,
    pub(super) limit: Option<Limit>,
    pub(super) sessions: Option<NonZeroUsize>,
    pub(super) allowance: Allowance,
    pub(super) cancellation: Cancellation,
    pub(super) redactor: Redactor,
}

impl FakeRun {
    pub(super) fn new(
        backend: &Arc<FakeBackend>,
        conversations: impl IntoIterator<Item = Conversation>,
    ) -> Self {
        Self {
            backend: Arc::clone(backend),
            conversations: conversations.into_iter().collect(),
            options: RunOptions {
                jobs: NonZeroUsize::MIN,
                timeout: None,
                max_duration: None,
                max_failures: None,
                fail_on_flaky: false,
            },
            limit: None,
            sessions: None,
            allowance: Allowance::default(),
            cancellation: Cancellation::new(),
            redactor: Redactor::new(),
        }
    }

    pub(super) fn jobs(mut self, jobs: usize) -> Self {
        self.options.jobs = NonZeroUsize::new(jobs).unwrap();
        self
    }

    pub(super) fn max_failures(mut self, most: u64) -> Self {
        self.options.max_failures = NonZeroU64::new(most);
        self
    }

    pub(super) async fn play(self) -> Played {
        let (events, mut told) = mpsc::channel(16);
        let count = self.conversations.len();
        let target = RunTarget {
            backend: Ok(Arc::new(Handle(self.backend))),
            limit: self.limit,
            sessions: self.sessions,
            clock: None,
            audio: crate::model::suite::AudioSettings::default(),
        };
        let run = Run {
            info: Arc::new(RunInfo::fixture()),
            plan: Plan::new(0..count),
            context: RunContext {
                source: Arc::new(FakeSource(self.conversations)),
                targets: HashMap::from([("fake".to_owned(), target)]),
                redactor: self.redactor,
                variables: BTreeMap::new(),
                cassettes: None,
                events,
                cancellation: self.cancellation,
                allowance: self.allowance,
                seed: 7,
                keep_audio: None,
            },
            options: self.options,
        };
        let listening = tokio::spawn(async move {
            let mut events = Vec::new();
            while let Some(event) = told.recv().await {
                events.push(event);
            }
            events
        });
        let start = Instant::now();
        let journal =
            JournalWriter::create(None, &run.info, crate::runner::journal::RunKind::default()).unwrap();
        let reports = Reports::begin(Vec::new(), &run.plan).unwrap();
        let played = play(run, journal, reports).await.unwrap();
        Played {
            took: start.elapsed(),
            end: played.end,
            results: results(played.journal),
            events: listening.await.unwrap(),
        }
    }

    /// Plays a single conversation.
    pub(super) async fn one(backend: &Arc<FakeBackend>, conversation: Conversation) -> ConversationResult {
        let played = Self::new(backend, [conversation]).play().await;
        played.results.into_iter().next().unwrap()
    }
}

fn results(mut journal: Journal) -> Vec<ConversationResult> {
    journal.read_sorted().unwrap().map(Result::unwrap).collect()
}

/// A run that is over.
pub(super) struct Played {
    pub(super) took: Duration,
    pub(super) end: RunEnd,
    pub(super) results: Vec<ConversationResult>,
    pub(super) events: Vec<RunEvent>,
}

impl Played {
    /// The service refused once, and that halved the pace of 60 requests a minute.
    pub(super) fn was_slowed_once(&self) -> bool {
        let [slowed] = &self.end.slowed[..] else {
            return false;
        };
        let halved = (slowed.lowest_per_minute - 30.0).abs() < f64::EPSILON;
        (slowed.refused, slowed.times, halved) == (1, 1, true)
    }
}

/// What became of the first expectation of each turn.
pub(super) fn outcomes(attempt: &Attempt) -> Vec<Outcome> {
    let turns = attempt.turns.iter();
    turns.map(|turn| turn.expectations[0].outcome).collect()
}
