//! A cassette that is being played: what it says, and how much of that was asked for.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::backend::{BackendError, Title};
use crate::cassette::compare::Place;
use crate::cassette::format::{Interaction, Recording, Written};
use crate::cassette::shelf::Shelf;
use crate::cassette::trouble;
use crate::diagnostic::Diagnostic;

/// The largest cassette that is read, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// A cassette that is being played.
pub(super) struct Loaded {
    pub(super) shelf: Arc<Shelf>,
    /// As messages name it.
    pub(super) file: PathBuf,
    pub(super) recording: Recording<Written>,
    /// How many interactions of each session were played.
    pub(super) used: Vec<AtomicUsize>,
    /// How many messages of a stream were not sent, and on which that was first.
    unsaid: Mutex<Option<(Place, usize)>>,
    /// Something was asked that was not recorded: what comes after it is not asked for, and no wonder.
    pub(super) lost: AtomicBool,
}

impl Loaded {
    pub(super) fn read(shelf: Arc<Shelf>, title: &Title) -> Result<Self, BackendError> {
        let (path, file) = (shelf.path(title), shelf.shown(title));
        let unreadable = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => trouble::missing(&file),
            _ => trouble::unreadable(&file, &error.to_string()),
        };
        let found = std::fs::metadata(&path).map_err(unreadable)?;
        if !found.is_file() {
            return Err(trouble::unreadable(&file, "this is not a regular file"));
        }
        if found.len() > LARGEST {
            return Err(trouble::unreadable(&file, "it is larger than 64 MiB"));
        }
        let text = std::fs::read_to_string(&path).map_err(unreadable)?;
        let recording = Recording::parse(&text).map_err(|damage| trouble::damaged(&file, &damage))?;
        let used = recording.sessions.iter().map(|_| AtomicUsize::new(0)).collect();
        Ok(Self {
            shelf,
            file,
            recording,
            used,
            unsaid: Mutex::default(),
            lost: AtomicBool::new(false),
        })
    }

    pub(super) fn interaction(&self, place: Place) -> Option<&Interaction<Written>> {
        self.recording
            .sessions
            .get(place.session)?
            .interactions
            .get(place.interaction)
    }

    /// A stream is over, and so many of its recorded messages were not sent.
    pub(super) fn left_unsaid(&self, place: Place, count: usize) {
        if count > 0 {
            let mut unsaid = self.unsaid.lock().unwrap_or_else(PoisonError::into_inner);
            unsaid.get_or_insert((place, 0)).1 += count;
        }
    }

    /// What was not asked for, in words.
    pub(super) fn unused(&self) -> Option<Diagnostic> {
        if self.lost.load(Ordering::Relaxed) {
            return None;
        }
        let message = self.unused_interactions().or_else(|| self.unused_messages())?;
        let problem = Diagnostic::warning("unused-recording", message).in_file(&self.file);
        Some(problem.help("if the conversation is meant to be shorter now, record it again"))
    }

    fn unused_messages(&self) -> Option<String> {
        let unsaid = *self.unsaid.lock().unwrap_or_else(PoisonError::into_inner);
        let (place, count) = unsaid?;
        let place = trouble::named(&self.recording, place);
        Some(match count {
            1 => format!("a recorded message was not sent on the stream that is {place}"),
            count => format!("{count} recorded messages were not sent on the stream that is {place}"),
        })
    }

    fn unused_interactions(&self) -> Option<String> {
        let (mut count, mut first) = (0, None);
        for (session, (of, used)) in self.recording.sessions.iter().zip(&self.used).enumerate() {
            let used = used.load(Ordering::Relaxed);
            if used < of.interactions.len() {
                count += of.interactions.len() - used;
                first = first.or(Some(Place {
                    session,
                    interaction: used,
                }));
            }
        }
        let place = trouble::named(&self.recording, first?);
        Some(match count {
            1 => format!("a recorded interaction was not asked for: {place}"),
            count => format!("{count} recorded interactions were not asked for, from {place} on"),
        })
    }
}
