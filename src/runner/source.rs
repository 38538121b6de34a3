//! Where the runner gets its conversations: a list that keeps little of each, and reads one when it is to be played.

use std::sync::Arc;

use crate::model::outcome::{ConversationResult, ErrorRecord, Verdict};
use crate::model::suite::Conversation;

/// A list of conversations, in order of file and position. Memory follows what is running, so it keeps headings and
/// reads a conversation again when it is played.
pub trait ConversationSource: Send + Sync {
    /// What is known without reading the conversation. Asked for positions of the plan only.
    fn heading(&self, position: usize) -> Heading;

    /// Reads a conversation. Quick: a piece of one file.
    ///
    /// # Errors
    /// When the file cannot be read any more, or was changed and is invalid now.
    fn load(&self, position: usize) -> Result<Arc<Conversation>, ErrorRecord>;
}

/// A conversation's identity and place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heading {
    /// Path of the suite file from the root, without extension.
    pub suite: String,
    /// The conversation's name.
    pub name: String,
    /// The row's name, if any.
    pub row: Option<String>,
    /// The file, as results name it.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// Tags of suite and conversation.
    pub tags: Vec<String>,
    /// Name of the target (not the role) that plays it.
    pub target: String,
}

impl Heading {
    /// `suite / name`.
    pub fn title(&self) -> String {
        format!("{} / {}", self.suite, self.name)
    }

    /// A result without attempts.
    pub(super) fn result(self, verdict: Verdict, reason: Option<String>) -> ConversationResult {
        ConversationResult {
            suite: self.suite,
            name: self.name,
            row: self.row,
            file: self.file,
            line: self.line,
            tags: self.tags,
            target: self.target,
            verdict,
            reason,
            recovered: 0,
            known_issue: None,
            attempts: Vec::new(),
        }
    }
}
