//! Records: a transport in front of another one that listens in. What was said in a conversation is written when the
//! conversation is over; one that was cut short leaves the cassette that is there as it is.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use prost::bytes::Bytes;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::blobs;
use super::shelf::Shelf;
use super::tape::{Failed, Said, SessionTape, What, develop};
use crate::backend::transport::{
    Call, Heard, Hears, Lasts, Line, LiveStream, Outgoing, Part, Transport, Waiting,
};
use crate::backend::{BackendError, SessionStart, Title, TurnError};
use crate::diagnostic::Diagnostic;
use crate::files::{self, Unfinished};

/// Keeps what is said, and writes it.
pub(super) struct Recorder {
    shelf: Arc<Shelf>,
    /// The sessions of conversations that are not over.
    tapes: Mutex<HashMap<Title, Vec<Arc<SessionTape>>>>,
    problems: Mutex<Vec<Diagnostic>>,
}

impl Recorder {
    /// Makes the folder ready, so that one that cannot be written to is known before the first request.
    ///
    /// # Errors
    /// When it cannot be created or written to.
    pub(super) fn new(shelf: Shelf) -> io::Result<Self> {
        fs_err::create_dir_all(shelf.folder())?;
        Unfinished::create("turnproof", shelf.folder())?;
        Ok(Self {
            shelf: Arc::new(shelf),
            tapes: Mutex::default(),
            problems: Mutex::default(),
        })
    }

    /// What went wrong so far.
    pub(super) fn problems(&self) -> Vec<Diagnostic> {
        self.problems
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The conversation is over: its cassette is written.
    pub(super) async fn finish(&self, title: &Title) {
        let tapes = self
            .tapes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(title);
        let Some(tapes) = tapes else { return };
        let (place, conversation) = (Arc::clone(&self.shelf), title.clone());
        let written = spawn_blocking(move || write(&place, &conversation, &tapes)).await;
        let problem = match written {
            Ok(problem) => problem,
            Err(error) => Some(Diagnostic::error("cassette-not-written", error.to_string())),
        };
        if let Some(problem) = problem {
            let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
            problems.push(problem);
        }
    }

    fn begin(&self, start: &SessionStart) -> Arc<SessionTape> {
        let tape = Arc::new(SessionTape::new(start.take.clone(), start.session_id.clone()));
        self.tapes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(tape.title().clone())
            .or_default()
            .push(Arc::clone(&tape));
        tape
    }
}

/// Writes a conversation's cassette, or says why not.
fn write(shelf: &Shelf, title: &Title, tapes: &[Arc<SessionTape>]) -> Option<Diagnostic> {
    let path = shelf.path(title);
    if path.exists() && !tapes.iter().any(|tape| tape.left()) {
        let message = "nothing was recorded over this: the service could not be reached";
        return Some(Diagnostic::warning("cassette-kept", message).in_file(shelf.shown(title)));
    }
    let developed = develop(shelf.shown_title(title), tapes, shelf.redactor());
    let written = write_files(shelf.folder(), &path, &developed);
    written.err().map(|error| {
        Diagnostic::error(
            "cassette-not-written",
            format!("the recording was not written: {error}"),
        )
        .in_file(shelf.shown(title))
        .help("is the disk full, or the folder not yours? the report of this run holds all the same")
    })
}

fn write_files(folder: &Path, path: &Path, developed: &super::tape::Developed) -> io::Result<()> {
    blobs::write(folder, &developed.files)?;
    files::write_whole(path, developed.recording.to_text()?.as_bytes())
}

/// The way to a service, with somebody who listens in.
pub(super) struct RecordingTransport {
    inner: Arc<dyn Transport>,
    recorder: Arc<Recorder>,
}

impl RecordingTransport {
    pub(super) fn new(inner: Arc<dyn Transport>, recorder: Arc<Recorder>) -> Self {
        Self { inner, recorder }
    }
}

#[async_trait]
impl Transport for RecordingTransport {
    async fn line(self: Arc<Self>, session: &SessionStart) -> Result<Arc<dyn Line>, BackendError> {
        Ok(Arc::new(RecordingLine {
            inner: Arc::clone(&self.inner).line(session).await?,
            tape: self.recorder.begin(session),
        }))
    }
}

struct RecordingLine {
    inner: Arc<dyn Line>,
    tape: Arc<SessionTape>,
}

#[async_trait]
impl Line for RecordingLine {
    async fn stream(
        &self,
        call: &Call,
        sent: BoxStream<'static, Outgoing>,
        lasts: Lasts,
    ) -> Result<Box<dyn LiveStream>, TurnError> {
        let opening = self.opening(call, &[]);
        let (tape, place, waiting) = (Arc::clone(&self.tape), opening.place, opening.waiting.clone());
        let sent = sent.inspect(move |outgoing| {
            waiting.note(outgoing);
            tape.sends(place, outgoing);
        });
        self.opened(opening, self.inner.stream(call, sent.boxed(), lasts).await)
    }

    fn hears(&self) -> Hears {
        self.inner.hears()
    }

    async fn ask(&self, call: &Call, message: Bytes) -> Result<Vec<Part>, TurnError> {
        let place = self.tape.asked(call, message.clone());
        let asked_at = Instant::now();
        let answered = self.inner.ask(call, message).await;
        let kept = answered.clone().map_err(|error| Failed {
            error,
            at: asked_at.elapsed(),
        });
        self.tape.answered(place, kept);
        answered
    }

    async fn open(&self, call: &Call, first: Vec<Bytes>) -> Result<Box<dyn LiveStream>, TurnError> {
        let opening = self.opening(call, &first);
        self.opened(opening, self.inner.open(call, first).await)
    }
}

/// A stream on its way.
struct Opening {
    place: usize,
    asked_at: Instant,
    waiting: Waiting,
}

impl RecordingLine {
    fn opening(&self, call: &Call, first: &[Bytes]) -> Opening {
        Opening {
            place: self.tape.opened(call, first),
            asked_at: Instant::now(),
            waiting: Waiting::begin(),
        }
    }

    fn opened(
        &self,
        opening: Opening,
        opened: Result<Box<dyn LiveStream>, TurnError>,
    ) -> Result<Box<dyn LiveStream>, TurnError> {
        match opened {
            Ok(inner) => Ok(Box::new(RecordingStream {
                inner,
                tape: Arc::clone(&self.tape),
                place: opening.place,
                waiting: opening.waiting,
                is_finished: false,
            })),
            Err(error) => {
                let failed = Failed {
                    error: error.clone(),
                    at: opening.asked_at.elapsed(),
                };
                self.tape.not_opened(opening.place, failed);
                Err(error)
            }
        }
    }
}

struct RecordingStream {
    inner: Box<dyn LiveStream>,
    tape: Arc<SessionTape>,
    place: usize,
    waiting: Waiting,
    /// What comes after its end belongs to no turn.
    is_finished: bool,
}

#[async_trait]
impl LiveStream for RecordingStream {
    fn finish(&mut self) {
        self.is_finished = true;
        self.inner.finish();
    }

    async fn send(&mut self, messages: Vec<Bytes>) -> Result<(), TurnError> {
        self.waiting.restart();
        self.tape
            .said(self.place, messages.iter().cloned().map(Said::sent));
        let sent = self.inner.send(messages).await;
        if let Err(error) = &sent {
            self.keep(What::Failed(self.failed(error)), true);
        }
        sent
    }

    async fn next(&mut self, until: Instant) -> Result<Heard, TurnError> {
        let heard = self.inner.next(until).await;
        self.keep_heard(&heard, false);
        heard
    }

    fn unasked(&mut self) -> Result<Heard, TurnError> {
        let heard = self.inner.unasked();
        self.keep_heard(&heard, true);
        heard
    }
}

impl RecordingStream {
    fn keep_heard(&self, heard: &Result<Heard, TurnError>, unasked: bool) {
        match heard {
            _ if self.is_finished => {}
            Ok(Heard::Silence) => {}
            Ok(Heard::Message(part)) => self.keep(What::Heard(part.clone()), unasked),
            Ok(Heard::End) => self.keep(What::Ended(self.waited()), unasked),
            Err(error) => self.keep(What::Failed(self.failed(error)), unasked),
        }
    }

    fn keep(&self, what: What, unasked: bool) {
        let waited = match &what {
            What::Heard(part) => part.at,
            _ => Duration::ZERO,
        };
        let speaking = self.waiting.had_spoken(waited);
        let said = Said {
            what,
            unasked,
            speaking,
        };
        self.tape.said(self.place, [said]);
    }

    fn waited(&self) -> Duration {
        self.waiting.until(Instant::now())
    }

    fn failed(&self, error: &TurnError) -> Failed {
        Failed {
            error: error.clone(),
            at: self.waited(),
        }
    }
}
