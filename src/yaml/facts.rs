//! What can be read off the source text: its encoding, the comment after a text, the quoted form of a text.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::node::Node;
use crate::diagnostic::{Diagnostic, SourceFile};

/// Bytes → text, or where they are no text.
pub(super) fn decode(bytes: Vec<u8>, shown: &Path) -> Result<Arc<SourceFile>, Diagnostic> {
    let file = |text: String| {
        Arc::new(SourceFile {
            path: shown.to_owned(),
            text,
        })
    };
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(Diagnostic::error("not-utf8", "the file is UTF-16, not UTF-8")
            .in_file(shown)
            .help("save it as UTF-8"));
    }
    let error = match String::from_utf8(bytes) {
        Ok(text) => return Ok(file(text)),
        Err(error) => error,
    };
    let at = error.utf8_error().valid_up_to();
    let byte = error.as_bytes().get(at).copied().unwrap_or_default();
    // Up to the first bad byte the lossy text has the same offsets as the file.
    let source = file(String::from_utf8_lossy(error.as_bytes()).into_owned());
    let message = format!("the file is not UTF-8 text: byte 0x{byte:02X} is no character");
    Err(Diagnostic::error("not-utf8", message)
        .at(&source, at..at + char::REPLACEMENT_CHARACTER.len_utf8(), "")
        .help("save it as UTF-8"))
}

/// The comment that follows a value on its last line: its range, from `#` to the end of the line.
///
/// The white space before it is not part of it: `range.start - node.span.end` characters separate the two.
pub fn comment_after(file: &SourceFile, node: &Node) -> Option<Range<usize>> {
    let rest = file.text.get(node.span.end..)?;
    let line = rest.split(['\n', '\r']).next().unwrap_or_default();
    let comment = line.trim_start_matches([' ', '\t']);
    let start = node.span.end + (line.len() - comment.len());
    (comment.starts_with('#') && start > node.span.end).then_some(start..node.span.end + line.len())
}

/// The text in quotes, as a help message would show it: double quotes unless single ones read better.
pub fn quoted(text: &str) -> String {
    let needs_escapes = text.chars().any(char::is_control);
    if !needs_escapes && text.contains(['"', '\\']) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            control if control.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_suit_the_text() {
        assert_eq!(quoted("12#"), "\"12#\"");
        assert_eq!(quoted(r#"say "hi""#), r#"'say "hi"'"#);
        assert_eq!(quoted(r"it's \d"), r"'it''s \d'");
        assert_eq!(quoted("a\nb\u{1}\""), r#""a\nb\u0001\"""#);
    }
}
