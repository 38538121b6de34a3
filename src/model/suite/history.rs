//! How the turns of a conversation stand to sessions, and what a session is told of what was said before it (CES).

use std::fmt;
use std::sync::Arc;

use super::AttachmentKind;

/// How the turns of a conversation stand to sessions (ces-api 3.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum RunMethod {
    /// `naive`: all of them in one session, in which each builds on what the agent really said.
    #[default]
    Naive,
    /// `stable`: each in a session of its own, which is told what should have been said before.
    Stable,
}

impl RunMethod {
    /// The names, as suites write them.
    pub const NAMES: [&'static str; 2] = ["naive", "stable"];

    /// The method of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Naive, Self::Stable]
            .into_iter()
            .zip(Self::NAMES)
            .find_map(|(method, known)| (known == name).then_some(method))
    }
}

/// Something that was said before a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryMessage {
    /// By whom: [`HistoryMessage::USER`], or an agent's display name.
    pub role: String,
    /// What, in order.
    pub chunks: Vec<HistoryChunk>,
}

impl HistoryMessage {
    /// The role of the user (ces-api 1.3).
    pub const USER: &'static str = "user";

    /// A message of one text.
    pub fn text(role: String, text: String) -> Self {
        Self {
            role,
            chunks: vec![HistoryChunk::Text(text)],
        }
    }
}

/// A part of a message.
#[derive(Clone, PartialEq, Eq)]
pub enum HistoryChunk {
    /// What was written.
    Text(String),
    /// What was heard.
    Transcript(String),
    /// What was shown or handed over.
    File {
        /// What it is sent as.
        kind: AttachmentKind,
        /// Its MIME type.
        mime_type: String,
        /// What is in it.
        bytes: Arc<[u8]>,
    },
}

impl fmt::Debug for HistoryChunk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "Text({text:?})"),
            Self::Transcript(text) => write!(formatter, "Transcript({text:?})"),
            Self::File {
                kind,
                mime_type,
                bytes,
            } => {
                let (kind, size) = (kind.name(), bytes.len());
                write!(formatter, "File({kind}, {mime_type}, {size} bytes)")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_have_their_names() {
        let named = RunMethod::NAMES.map(RunMethod::named);
        assert_eq!(named, [Some(RunMethod::Naive), Some(RunMethod::Stable)]);
        assert_eq!(RunMethod::named("golden"), None);
    }
}
