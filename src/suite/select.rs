//! Which conversations are meant: filter expressions (`--filter`) and `PATH:LINE`. Pure; reading files is
//! elsewhere.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use regex::Regex;

use crate::diagnostic::Diagnostic;

mod parse;

/// What a filter looks at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Path of the suite from the root, without extension.
    pub suite: &'a str,
    /// The conversation's name.
    pub name: &'a str,
    /// Path of the file from the root.
    pub file: &'a str,
    /// Path of the file as it is shown: from the working directory.
    pub shown: &'a str,
    /// Tags of suite and conversation.
    pub tags: &'a [String],
    /// The role, and the target that plays it.
    pub targets: [&'a str; 2],
    /// How the user speaks: `text` or `audio`.
    pub channel: &'a str,
}

/// A filter expression, ready to be asked.
#[derive(Debug, Clone)]
pub enum Filter {
    /// All of them hold.
    And(Vec<Filter>),
    /// At least one holds.
    Or(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// A pattern about one property.
    Term(Field, Pattern),
}

/// The property that a term looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// A bare word: `suite / conversation`.
    Title,
    /// `name:` the conversation's name.
    Name,
    /// `tag:` any of its tags.
    Tag,
    /// `file:` the file's path as it is shown or from the root, or its end from a `/` on.
    File,
    /// `target:` its role or target.
    Target,
    /// `channel:` how the user speaks.
    Channel,
}

/// How a term compares.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// The text stands somewhere within; case is ignored (bare words).
    Contains(String),
    /// The whole text is this.
    Exactly(String),
    /// A regular expression: one of the user's own, or made from a glob.
    Regex(Regex),
}

impl Filter {
    /// Reads a filter expression.
    ///
    /// # Errors
    /// One diagnostic, with its place within the expression.
    pub fn parse(expression: &str) -> Result<Self, Box<Diagnostic>> {
        parse::filter(expression).map_err(Box::new)
    }

    /// Whether the conversation is meant.
    pub fn selects(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::And(filters) => filters.iter().all(|filter| filter.selects(subject)),
            Self::Or(filters) => filters.iter().any(|filter| filter.selects(subject)),
            Self::Not(filter) => !filter.selects(subject),
            Self::Term(field, pattern) => field.matches(pattern, subject),
        }
    }
}

impl Field {
    /// The fields that can be named, with their names.
    const NAMED: [(&'static str, Self); 5] = [
        ("name", Self::Name),
        ("tag", Self::Tag),
        ("file", Self::File),
        ("target", Self::Target),
        ("channel", Self::Channel),
    ];

    fn matches(self, pattern: &Pattern, subject: &Subject<'_>) -> bool {
        match self {
            Self::Title => pattern.matches(&format!("{} / {}", subject.suite, subject.name)),
            Self::Name => pattern.matches(subject.name),
            Self::Tag => subject.tags.iter().any(|tag| pattern.matches(tag)),
            Self::Channel => pattern.matches(subject.channel),
            Self::Target => subject.targets.iter().any(|target| pattern.matches(target)),
            Self::File => [subject.file, subject.shown].into_iter().any(|file| {
                let mut ends = file.match_indices('/').map(|(slash, _)| &file[slash + 1..]);
                pattern.matches(file) || ends.any(|end| pattern.matches(end))
            }),
        }
    }
}

impl Pattern {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Contains(part) => text.to_lowercase().contains(part),
            Self::Exactly(whole) => text == whole,
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// A path of the command line, with the line of a conversation if one was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathArgument {
    /// The path.
    pub path: PathBuf,
    /// `PATH:LINE`: only the conversation at this line, 1-based.
    pub line: Option<u32>,
}

impl PathArgument {
    /// Reads `PATH` or `PATH:LINE`. `exists` tells whether a path is there as it was typed: a file whose name
    /// really ends in a colon and a number stays a file.
    pub fn parse(argument: &Path, exists: impl Fn(&Path) -> bool) -> Self {
        let whole = || Self {
            path: argument.to_owned(),
            line: None,
        };
        let Some((path, line)) = argument.to_str().and_then(|text| text.rsplit_once(':')) else {
            return whole();
        };
        match line.parse::<u32>() {
            Ok(line) if !path.is_empty() && !exists(argument) => Self {
                path: path.into(),
                line: Some(line),
            },
            _ => whole(),
        }
    }
}

/// The conversation that a line belongs to: the last one that starts at or above the line, unless it has ended
/// before. `spans` are the first and last lines of conversations, in order; the answer is a position in it.
pub fn conversation_at(line: u32, spans: &[(u32, u32)]) -> Option<usize> {
    let after = spans.partition_point(|(first, _)| *first <= line);
    let position = after.checked_sub(1)?;
    (line <= spans[position].1).then_some(position)
}

/// The problem of a line at which no conversation is, with the nearest ones as help.
pub fn no_conversation_at(file: &Path, line: u32, spans: &[(u32, u32)]) -> Diagnostic {
    let message = format!("no conversation is at line {line} of `{}`", file.display());
    let nearest = spans.iter().min_by_key(|(first, last)| {
        if line < *first {
            first - line
        } else {
            line.saturating_sub(*last)
        }
    });
    let help = nearest.map_or_else(
        || "the file has no conversations".to_owned(),
        |(first, last)| format!("the nearest one is at lines {first} to {last}"),
    );
    Diagnostic::error("no-such-line", message).help(help)
}

/// Shows a filter expression as the source of a diagnostic.
fn source(expression: &str) -> Arc<crate::diagnostic::SourceFile> {
    Arc::new(crate::diagnostic::SourceFile {
        path: PathBuf::from("--filter"),
        text: expression.to_owned(),
    })
}

#[cfg(test)]
mod tests;
