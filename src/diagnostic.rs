//! Problems that have a place in a user's file: what is wrong, where, and what to do next.
//!
//! Loaders return all the problems they find, as plain data; rendering (source line, caret, help) is in
//! [`render`]. Operational failures (network, credentials) are not diagnostics: they are error enums of their
//! floor.

use std::num::NonZeroU32;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

pub mod render;
pub mod suggest;

/// A text file as the user wrote it, kept for showing source lines under a message.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as the user would type it (relative to the working directory where possible).
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

impl SourceFile {
    /// The 1-based line of a byte offset; offsets past the end belong to the last line.
    pub fn line_of(&self, offset: usize) -> u32 {
        let breaks = self
            .text
            .bytes()
            .take(offset)
            .filter(|byte| *byte == b'\n')
            .count();
        u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// Whether a problem stops the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file cannot be used as it is: exit code 2.
    Error,
    /// Probably a mistake; an error with `--strict`.
    Warning,
}

/// One marked place of a diagnostic.
#[derive(Debug, Clone)]
pub struct Label {
    /// The file the place is in.
    pub file: Arc<SourceFile>,
    /// Byte range within the file's text; may be empty (a point).
    pub span: Range<usize>,
    /// What to say under the place; empty for a bare caret.
    pub text: String,
}

/// A problem in a user's file.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// Whether it stops the work.
    pub severity: Severity,
    /// A stable, short, kebab-case identifier, such as `unknown-key`.
    pub code: &'static str,
    /// What is wrong: a lowercase fragment without a final stop.
    pub message: String,
    /// The file concerned, for problems without a span (an unreadable file, a missing folder).
    pub path: Option<PathBuf>,
    /// The line of that file, 1-based, where it is known although there is no span.
    pub line: Option<NonZeroU32>,
    /// Marked places; the first is the primary one.
    pub labels: Vec<Label>,
    /// What to do next: each a lowercase fragment, shown as a `help:` line.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A new error without a place; add one with [`Diagnostic::at`] or [`Diagnostic::in_file`].
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message.into())
    }

    /// A new warning without a place.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message.into())
    }

    fn new(severity: Severity, code: &'static str, message: String) -> Self {
        Self {
            severity,
            code,
            message,
            path: None,
            line: None,
            labels: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Marks a place; the first call marks the primary one.
    #[must_use]
    pub fn at(mut self, file: &Arc<SourceFile>, span: Range<usize>, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            file: Arc::clone(file),
            span,
            text: text.into(),
        });
        self
    }

    /// Names the file of a problem that has no span.
    #[must_use]
    pub fn in_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Names the line of that file.
    #[must_use]
    pub fn on_line(mut self, line: u32) -> Self {
        self.line = NonZeroU32::new(line);
        self
    }

    /// Adds a `help:` line.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// True for an error, false for a warning.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
