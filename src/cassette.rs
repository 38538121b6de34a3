//! Cassettes: what is said to a service and what it says, recorded once and played again without it.
//!
//! A cassette stands around the wire, not around the model: it listens in on a [`Transport`], or takes its place. So the
//! clients do all they do otherwise, and a client that understands an answer better next month understands a recording
//! better, too. There is one file for each conversation, in the order of its calls and independent of how many
//! conversations are played at once; `format` says what stands in it, `shelf` what it is called.
//!
//! What takes part when a request is compared with the recorded one: the method, the metadata that a turn gives to an
//! emulator, and the message. What does not: the session's id, times, and whatever is hidden by the rules of redaction.
//! Credentials never come near a cassette: they are added below the transport that is recorded.
//!
//! Not here: which sessions there are and what they are for (`runner`), and how a message gets its meaning (`backend`).

use std::io;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use crate::backend::transport::Transport;
use crate::backend::{BackendError, Title};
use crate::diagnostic::Diagnostic;
use crate::redact::Redactor;

use record::{Recorder, RecordingTransport};
use replay::{ReplayTransport, Replayer};
use shelf::Shelf;

mod blobs;
mod compare;
mod format;
mod hide;
mod pretty;
mod record;
mod replay;
mod shelf;
mod tape;
#[cfg(test)]
mod tests;
mod trouble;

/// A folder of cassettes, to be recorded or to be played. Clones are the same one.
#[derive(Clone)]
pub struct Cassettes {
    mode: Mode,
}

#[derive(Clone)]
enum Mode {
    Record(Arc<Recorder>),
    Replay(Arc<Replayer>),
}

/// How fast recordings are played. Either way a turn's latency is the one that was recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Speed {
    /// Without waiting.
    #[default]
    Fast,
    /// In the time that it took.
    Recorded,
}

/// Where cassettes are and what they must not hold.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// The folder as the user typed it.
    pub shown: &'a Path,
    /// What must not be written.
    pub redactor: &'a Redactor,
    /// All conversations of the suites in their order, played or not.
    pub titles: Vec<Title>,
}

impl Place<'_> {
    fn shelf(self) -> Shelf {
        Shelf::new(self.folder, self.shown, self.redactor, self.titles)
    }
}

impl Cassettes {
    /// Records into a folder, which is created if need be.
    ///
    /// # Errors
    /// When it cannot be created or written to.
    pub fn record(place: Place<'_>) -> io::Result<Self> {
        Ok(Self {
            mode: Mode::Record(Arc::new(Recorder::new(place.shelf())?)),
        })
    }

    /// Plays what a folder has.
    ///
    /// # Errors
    /// When there is no such folder. Cassettes are read one by one, when their conversation is played.
    pub fn replay(place: Place<'_>, speed: Speed) -> Result<Self, Box<Diagnostic>> {
        if !place.folder.is_dir() {
            let message = "there is no folder of cassettes here";
            let problem = Diagnostic::error("no-cassettes", message).in_file(place.shown);
            let help = format!("record some first: --record {}", place.shown.display());
            return Err(Box::new(problem.help(help)));
        }
        Ok(Self {
            mode: Mode::Replay(Arc::new(Replayer::new(place.shelf(), speed))),
        })
    }

    /// Whether no service is asked.
    pub fn is_replay(&self) -> bool {
        matches!(self.mode, Mode::Replay(_))
    }

    /// Whether nothing is waited for that has been waited for already.
    pub fn is_hurried(&self) -> bool {
        match &self.mode {
            Mode::Record(_) => false,
            Mode::Replay(replayer) => replayer.speed() == Speed::Fast,
        }
    }

    /// The way to a service that is recorded; or, where recordings are played, none at all: `live` is not called then.
    ///
    /// # Errors
    /// As `live`.
    pub fn transport(
        &self,
        live: impl FnOnce() -> Result<Arc<dyn Transport>, BackendError>,
    ) -> Result<Arc<dyn Transport>, BackendError> {
        Ok(match &self.mode {
            Mode::Record(recorder) => Arc::new(RecordingTransport::new(live()?, Arc::clone(recorder))),
            Mode::Replay(replayer) => Arc::new(ReplayTransport(Arc::clone(replayer))),
        })
    }

    /// The time at which an attempt of a conversation was recorded: dates in it are told from there.
    pub async fn clock(&self, title: &Title, attempt: u32) -> Option<DateTime<FixedOffset>> {
        match &self.mode {
            Mode::Record(_) => None,
            Mode::Replay(replayer) => replayer.clock(title, attempt).await,
        }
    }

    /// A conversation has been played to its end: it is written, or what was not asked for is noted.
    pub async fn finish(&self, title: &Title) {
        match &self.mode {
            Mode::Record(recorder) => recorder.finish(title).await,
            Mode::Replay(replayer) => replayer.finish(title),
        }
    }

    /// What went wrong, sorted by file: recordings that could not be written are errors, those that were not asked for
    /// warnings, and so are cassettes that belong to none of these conversations, which are all of their suites.
    pub fn problems<'t>(&self, titles: impl IntoIterator<Item = &'t Title>) -> Vec<Diagnostic> {
        let mut problems = match &self.mode {
            Mode::Record(recorder) => recorder.problems(),
            Mode::Replay(replayer) => replayer.problems(titles),
        };
        problems.sort_by(|one, other| one.path.cmp(&other.path));
        problems
    }
}

impl std::fmt::Debug for Cassettes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self.mode {
            Mode::Record(_) => "Cassettes(record)",
            Mode::Replay(_) => "Cassettes(replay)",
        })
    }
}
