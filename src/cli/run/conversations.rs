//! The suites' conversations as the runner wants them.

use std::sync::Arc;

use crate::backend::Title;
use crate::model::outcome::ErrorRecord;
use crate::model::suite::Conversation;
use crate::runner::{ConversationSource, Heading};
use crate::suite::Entry;

/// All conversations that were read, in order of file and position.
pub(super) struct Conversations {
    entries: Vec<Entry>,
}

impl Conversations {
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// What each is called.
    pub(super) fn titles(&self) -> impl Iterator<Item = Title> {
        self.entries.iter().map(|entry| Title {
            suite: entry.suite().to_owned(),
            name: entry.name().to_owned(),
        })
    }
}

impl ConversationSource for Conversations {
    fn heading(&self, position: usize) -> Heading {
        self.entries
            .get(position)
            .map_or_else(Heading::default, |entry| Heading {
                suite: entry.suite().to_owned(),
                name: entry.name().to_owned(),
                row: entry.row().map(str::to_owned),
                file: entry.path().display().to_string(),
                line: entry.lines().0,
                tags: entry.tags().to_vec(),
                target: entry.target().to_owned(),
            })
    }

    fn load(&self, position: usize) -> Result<Arc<Conversation>, ErrorRecord> {
        let record = |message: String| ErrorRecord {
            kind: "suite".to_owned(),
            code: None,
            message,
            hint: None,
            diff: None,
        };
        let entry = self
            .entries
            .get(position)
            .ok_or_else(|| record("there is no such conversation".to_owned()))?;
        entry.load().map_err(|error| record(error.to_string()))
    }
}
