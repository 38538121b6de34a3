//! The conversations of a run as the runner asks for them: headings are kept, everything else is read again.

use crate::model::outcome::ErrorRecord;
use crate::model::suite::Conversation;
use crate::runner::{ConversationSource, Heading};
use crate::suite::Entry;

/// The conversations that were read, in order of file and position.
pub(super) struct Conversations {
    entries: Vec<Entry>,
}

impl Conversations {
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }
}

impl ConversationSource for Conversations {
    fn heading(&self, position: usize) -> Heading {
        let Some(entry) = self.entries.get(position) else { return Heading::default() };
        Heading {
            suite: entry.suite().to_owned(),
            name: entry.name().to_owned(),
            row: entry.row().map(str::to_owned),
            file: entry.path().display().to_string(),
            line: entry.lines().0,
            tags: entry.tags().to_vec(),
            target: entry.target().to_owned(),
        }
    }

    fn load(&self, position: usize) -> Result<Conversation, ErrorRecord> {
        let unreadable = |message: String, hint: &str| ErrorRecord {
            kind: "suite".to_owned(),
            code: None,
            message,
            hint: Some(hint.to_owned()),
        };
        let entry = self.entries.get(position).ok_or_else(|| unreadable("there is no such conversation".to_owned(), "run again"))?;
        entry.load().map_err(|error| unreadable(error.to_string(), "`turnproof check` shows what is wrong now"))
    }
}
