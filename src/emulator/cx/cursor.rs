//! A place in a text that is being parsed. Shared by the parsers of references, templates and conditions.

/// How deep expressions may nest: parentheses, `NOT`s, calls and lists together. An agent stays far below; deeper
/// ones are refused, so that no expression can exhaust the stack.
pub(super) const DEEPEST: usize = 48;

/// A byte position in a text, always on a character boundary.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    position: usize,
}

/// Why an expression could not be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {}", .position + 1)]
pub struct SyntaxError {
    /// A lowercase fragment.
    pub message: String,
    /// Byte offset in the expression.
    pub position: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    /// The text between an earlier position and this one.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.position).unwrap_or_default()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.position >= self.text.len()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.position += character.len_utf8();
        Some(character)
    }

    /// Steps over the text if it stands here.
    pub(super) fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.position += expected.len();
        }
        found
    }

    /// Steps over characters while they fit, and returns them.
    pub(super) fn eat_while(&mut self, mut fits: impl FnMut(char) -> bool) -> &'a str {
        let start = self.position;
        while self.peek().is_some_and(&mut fits) {
            self.next();
        }
        self.since(start)
    }

    pub(super) fn skip_blanks(&mut self) {
        self.eat_while(char::is_whitespace);
    }

    pub(super) fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            message: message.into(),
            position: self.position,
        }
    }

    /// A text in quotes, the opening one being next. A backslash keeps the quote, a comma or a backslash after it
    /// from meaning anything; before other characters it stays, as patterns need it (cx-runtime 9.1, 9.2).
    pub(super) fn quoted(&mut self) -> Result<String, SyntaxError> {
        let start = self.clone();
        let Some(quote) = self.next() else {
            return Err(self.error("a quoted text was expected"));
        };
        let mut content = String::new();
        while let Some(character) = self.next() {
            if character == quote {
                return Ok(content);
            }
            if character != '\\' {
                content.push(character);
                continue;
            }
            match self.peek() {
                Some(escaped @ ('"' | '\'' | ',' | '\\')) => {
                    content.push(escaped);
                    self.next();
                }
                _ => content.push('\\'),
            }
        }
        Err(start.error("the quoted text has no end"))
    }
}
