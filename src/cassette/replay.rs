//! Replays: a transport that never connects. Calls are answered from the conversation's cassette, in the order in which
//! they were recorded and in no other: what an agent says depends on what was said before.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, FixedOffset};
use futures::stream::BoxStream;
use prost::bytes::Bytes;
use serde_json::Value;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::blobs;
use super::compare::{Place, compare, described, metadata, names_session, nearest, replaced};
use super::format::{Answer, Failure, Interaction, RecordedSession, SESSION, Written, duration};
use super::hide::{Known, has_hidden, is_hidden_in};
use super::shelf::Shelf;
use super::{Speed, trouble};
use crate::backend::error::code;
use crate::backend::transport::{Call, Hears, Lasts, Line, LiveStream, Outgoing, Part, Transport};
use crate::backend::{BackendError, SessionStart, Title, TurnError};
use crate::diagnostic::Diagnostic;
use crate::proto::json::read::{Reading, json_to_bytes};
use crate::proto::json::table::{Table, tables_of};
use crate::proto::json::text::{Blob, text_to_bytes};
use crate::redact::PLACEHOLDER;
use loaded::Loaded;
use stream::ReplayStream;
use today::Today;

mod loaded;
mod sound;
mod stream;
mod today;

/// Gives out recordings and counts what of them is used.
pub(super) struct Replayer {
    shelf: Arc<Shelf>,
    speed: Speed,
    /// The cassettes of conversations that are not over.
    loaded: Mutex<HashMap<Title, Arc<Loaded>>>,
    problems: Mutex<Vec<Diagnostic>>,
}

impl Replayer {
    pub(super) fn new(shelf: Shelf, speed: Speed) -> Self {
        Self {
            shelf: Arc::new(shelf),
            speed,
            loaded: Mutex::default(),
            problems: Mutex::default(),
        }
    }

    /// Whether nobody waits for anything.
    pub(super) fn speed(&self) -> Speed {
        self.speed
    }

    /// What was noticed so far, and cassettes beside those of these conversations.
    pub(super) fn problems<'t>(&self, titles: impl IntoIterator<Item = &'t Title>) -> Vec<Diagnostic> {
        let mut problems = self
            .problems
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        problems.extend(self.shelf.strays(titles).into_iter().map(|stray| {
            let message = "no conversation of its suite has this cassette";
            let problem = Diagnostic::warning("unused-cassette", message).in_file(stray);
            problem.help("delete it if its conversation is gone or has another name now")
        }));
        problems
    }

    /// The time at which an attempt was recorded.
    pub(super) async fn clock(&self, title: &Title, attempt: u32) -> Option<DateTime<FixedOffset>> {
        let loaded = self.load(title).await.ok()?;
        let of_attempt = |session: &&RecordedSession<Written>| session.attempt == attempt;
        let session = loaded.recording.sessions.iter().find(of_attempt)?;
        Some(session.clock)
    }

    /// The conversation is over: what of its recording was not asked for is noted.
    pub(super) fn finish(&self, title: &Title) {
        let loaded = self
            .loaded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(title);
        if let Some(problem) = loaded.and_then(|loaded| loaded.unused()) {
            let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
            problems.push(problem);
        }
    }

    async fn load(&self, title: &Title) -> Result<Arc<Loaded>, BackendError> {
        let there = |loaded: &HashMap<Title, Arc<Loaded>>| loaded.get(title).map(Arc::clone);
        if let Some(loaded) = there(&self.loaded.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(loaded);
        }
        let (place, conversation) = (Arc::clone(&self.shelf), title.clone());
        let read = spawn_blocking(move || Loaded::read(place, &conversation)).await;
        let read = read.map_err(|error| trouble::unreadable(&self.shelf.shown(title), &error.to_string()))?;
        let loaded = Arc::new(read?);
        // The attempts of a conversation follow each other, so nobody else has read it meanwhile.
        self.loaded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(title.clone(), Arc::clone(&loaded));
        Ok(loaded)
    }
}

/// How recorded requests are read: as they stand there.
const SENT: Reading<'static> = Reading {
    blob: &|_| None,
    hidden: None,
    newer: false,
};

/// No way to any service.
pub(super) struct ReplayTransport(pub(super) Arc<Replayer>);

#[async_trait]
impl Transport for ReplayTransport {
    async fn line(self: Arc<Self>, start: &SessionStart) -> Result<Arc<dyn Line>, BackendError> {
        let take = &start.take;
        let loaded = self.0.load(&take.conversation).await?;
        let same = |session: &RecordedSession<Written>| {
            session.attempt == take.attempt && session.session == take.session
        };
        let Some(session) = loaded.recording.sessions.iter().position(same) else {
            loaded.lost.store(true, Ordering::Relaxed);
            return Err(trouble::no_session(&loaded.file, take.attempt, take.session));
        };
        Ok(Arc::new(ReplayLine(Arc::new(Played {
            loaded,
            session,
            id: start.session_id.clone(),
            known: Mutex::default(),
            speed: self.0.speed,
        }))))
    }
}

/// A session that is played from its recording.
struct Played {
    loaded: Arc<Loaded>,
    /// Its place in the recording.
    session: usize,
    /// The id of today.
    id: String,
    /// What is hidden in the recording and was said today.
    known: Mutex<Known>,
    speed: Speed,
}

struct ReplayLine(Arc<Played>);

#[async_trait]
impl Line for ReplayLine {
    async fn stream(
        &self,
        call: &Call,
        sent: BoxStream<'static, Outgoing>,
        _lasts: Lasts,
    ) -> Result<Box<dyn LiveStream>, TurnError> {
        let (place, interaction) = self.0.due()?;
        let mut stream = ReplayStream::new(Arc::clone(&self.0), place, call);
        stream.listen(sent, interaction.failure.is_some()).await?;
        self.opened(stream, interaction).await
    }

    fn hears(&self) -> Hears {
        match self.0.speed {
            Speed::Fast => Hears::AtOnce,
            Speed::Recorded => Hears::InTime,
        }
    }

    async fn ask(&self, call: &Call, message: Bytes) -> Result<Vec<Part>, TurnError> {
        let played = &*self.0;
        let (place, interaction) = played.due()?;
        let fits = match &interaction.request {
            Some(request) => played.fits(call, interaction, request, &message),
            None => false,
        };
        if !fits {
            return Err(played.differs(place, call, &message));
        }
        played.take();
        if let Some(failure) = &interaction.failure {
            played.wait(failure.at_ms).await;
            return Err(played.failure(failure));
        }
        let blob = played.blob();
        let answer = |answer: &Answer<Written>| {
            Ok(Part {
                bytes: played.answer(call, place, &answer.message, &blob)?,
                at: duration(answer.at_ms),
            })
        };
        let parts = interaction
            .answers
            .iter()
            .map(answer)
            .collect::<Result<Vec<_>, _>>();
        if let Some(last) = interaction.answers.last() {
            played.wait(last.at_ms).await;
        }
        parts
    }

    async fn open(&self, call: &Call, first: Vec<Bytes>) -> Result<Box<dyn LiveStream>, TurnError> {
        let (place, interaction) = self.0.due()?;
        let mut stream = ReplayStream::new(Arc::clone(&self.0), place, call);
        stream.say(&first)?;
        self.opened(stream, interaction).await
    }
}

impl ReplayLine {
    async fn opened(
        &self,
        stream: ReplayStream,
        interaction: &Interaction<Written>,
    ) -> Result<Box<dyn LiveStream>, TurnError> {
        self.0.take();
        match &interaction.failure {
            Some(failure) => {
                self.0.wait(failure.at_ms).await;
                Err(self.0.failure(failure))
            }
            None => Ok(Box::new(stream)),
        }
    }
}

impl Played {
    /// The interaction whose turn it is.
    fn due(&self) -> Result<(Place, &Interaction<Written>), TurnError> {
        let place = Place {
            session: self.session,
            interaction: self.used().load(Ordering::Relaxed),
        };
        match self.loaded.interaction(place) {
            Some(interaction) => Ok((place, interaction)),
            None => Err(self.lost(trouble::at_the_end(
                &self.loaded.file,
                &self.loaded.recording,
                place,
            ))),
        }
    }

    /// The interaction that was due is played.
    fn take(&self) {
        self.used().fetch_add(1, Ordering::Relaxed);
    }

    fn used(&self) -> &AtomicUsize {
        // A session is only ever played from a place that the recording has.
        &self.loaded.used[self.session]
    }

    /// Whether a message of today is the recorded one. Mostly the bytes say so; where something was hidden, or fields
    /// stand in another order, its members do.
    fn fits(
        &self,
        call: &Call,
        interaction: &Interaction<Written>,
        recorded: &Written,
        message: &Bytes,
    ) -> bool {
        if interaction.method != call.path {
            return false;
        }
        let Some((input, _)) = tables_of(call.path) else {
            return false;
        };
        let headers = metadata(&call.headers, &self.id);
        if headers == interaction.metadata
            && self
                .at_once(input, recorded, &|_| None)
                .is_some_and(|bytes| bytes == *message)
        {
            return true;
        }
        let recorded = recorded.value();
        if headers == interaction.metadata
            && json_to_bytes(input.full_name(), &self.today(&recorded), SENT)
                .is_ok_and(|bytes| bytes == *message)
        {
            return true;
        }
        let then = described(&interaction.method, &interaction.metadata, None, &recorded);
        let now = self.described(call, None, Today::from(message));
        let same = compare(&then, &now, self.loaded.shelf.redactor()).is_empty();
        if same {
            self.known().learn(&then, &now);
        }
        same
    }

    /// The bytes of a recorded message, where nothing in it was hidden and nothing is odd.
    fn at_once(&self, table: &'static Table, recorded: &Written, blob: Blob<'_>) -> Option<Vec<u8>> {
        let text = recorded.text();
        if is_hidden_in(text) {
            return None;
        }
        if !text.contains(SESSION) {
            return text_to_bytes(table, text, blob);
        }
        let quoted = Value::from(self.id.as_str()).to_string();
        let id = quoted.strip_prefix('"')?.strip_suffix('"')?;
        text_to_bytes(table, &text.replace(SESSION, id), blob)
    }

    /// What is told of a call that was not recorded like this.
    fn differs(&self, due: Place, call: &Call, message: &Bytes) -> TurnError {
        let now = self.described(call, None, Today::from(message));
        let Loaded {
            recording,
            shelf,
            file,
            ..
        } = &*self.loaded;
        let error = match nearest(recording, due, &now, shelf.redactor()) {
            Some(nearest) => trouble::differs(file, recording, due, nearest),
            None => trouble::at_the_end(file, recording, due),
        };
        self.lost(error)
    }

    /// From here on nothing is as it was recorded.
    fn lost(&self, error: BackendError) -> TurnError {
        self.loaded.lost.store(true, Ordering::Relaxed);
        TurnError::unsent(error)
    }

    /// A recorded message with the session's id of today, and what is known of what was hidden.
    fn today<'v>(&self, recorded: &'v Value) -> Cow<'v, Value> {
        let (names_session, has_hidden) = (names_session(recorded), has_hidden(recorded));
        if !names_session && !has_hidden {
            return Cow::Borrowed(recorded);
        }
        let mut today = replaced(recorded.clone(), SESSION, &self.id);
        if has_hidden {
            self.known().restore(&mut today);
        }
        Cow::Owned(today)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes that a text of the recording leads to.
    fn blob(&self) -> impl Fn(&str) -> Option<Vec<u8>> {
        |text| blobs::read(self.loaded.shelf.folder(), text)
    }

    /// The bytes of a recorded answer.
    fn answer(
        &self,
        call: &Call,
        place: Place,
        message: &Written,
        blob: Blob<'_>,
    ) -> Result<Bytes, TurnError> {
        let Loaded { recording, file, .. } = &*self.loaded;
        let output = tables_of(call.path).map(|(_, output)| output);
        let at_once = output.and_then(|output| self.at_once(output, message, blob));
        if let Some(bytes) = at_once {
            return Ok(bytes.into());
        }
        let reading = Reading {
            blob,
            hidden: Some(PLACEHOLDER),
            newer: false,
        };
        let kind = output.map_or("", Table::full_name);
        json_to_bytes(kind, &self.today(&message.value()), reading)
            .map(Bytes::from)
            .map_err(|error| self.lost(trouble::garbled(file, recording, place, &error.to_string())))
    }

    fn failure(&self, failure: &Failure) -> TurnError {
        TurnError {
            error: BackendError {
                kind: failure.kind.into(),
                code: failure.code.as_deref().and_then(code),
                message: self.text_of_today(&failure.message),
                hint: failure.hint.clone(),
                diff: None,
                retry_after: None,
            },
            sent: failure.sent,
        }
    }

    fn text_of_today(&self, recorded: &str) -> String {
        match &*self.today(&Value::from(recorded)) {
            Value::String(text) => text.clone(),
            _ => recorded.to_owned(),
        }
    }

    /// Waits as long as it took, if that is wanted.
    async fn wait(&self, at_ms: f64) {
        if self.speed == Speed::Recorded {
            sleep(duration(at_ms)).await;
        }
    }
}
