//! The parser's complaints in words an author can act on.

use std::ops::Range;
use std::sync::Arc;

use serde_saphyr::granit_parser::ErrorKind;

use super::MAX_DEPTH;
use super::facts::quoted;
use crate::diagnostic::{Diagnostic, SourceFile};

/// A syntax error at an offset of the file.
pub(super) fn problem(kind: &ErrorKind, file: &Arc<SourceFile>, offset: usize) -> Diagnostic {
    if *kind == ErrorKind::RecursionLimitExceeded {
        return too_deep(file, offset);
    }
    let offset = nearby(file, offset);
    if let Some(problem) = template_on_line(file, offset) {
        return problem;
    }
    let (message, help) = match kind {
        ErrorKind::MappingValueNotAllowed if is_first_colon(&file.text, offset) => (
            "a key cannot stand here: the line continues the text above it".to_owned(),
            Some("check the indentation: the keys of one mapping stand in one column"),
        ),
        _ => words(kind),
    };
    let mut diagnostic = Diagnostic::error("yaml-syntax", message).at(file, offset..offset, "");
    if let Some(quote) = open_quote(kind, &file.text, offset) {
        diagnostic = diagnostic.at(file, quote..quote + 1, "opened here?");
    }
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// Lists and mappings in one another beyond the limit.
pub(super) fn too_deep(file: &Arc<SourceFile>, at: usize) -> Diagnostic {
    let message = format!("nested too deeply: more than {MAX_DEPTH} lists and mappings in one another");
    Diagnostic::error("nested-too-deeply", message).at(file, at..at, "one more opens here")
}

/// Whether a template may begin in a text. Most have no brace at all, which is seen sooner.
pub fn opens_template(text: &str) -> bool {
    text.contains('{') && text.contains("{{")
}

/// `{{ name }}` without quotes.
pub(super) fn unquoted_template(file: &Arc<SourceFile>, range: Range<usize>, text: &str) -> Diagnostic {
    let at_start = file
        .text
        .get(range.clone())
        .is_some_and(|source| source.starts_with('{'));
    let why = if at_start {
        "YAML reads `{` as the start of a mapping"
    } else {
        ""
    };
    Diagnostic::error("unquoted-template", "a text with a template needs quotes")
        .at(file, range, why)
        .help(format!("quote it: {}", quoted(text)))
}

/// The end of the file is noticed after its last line break; the place to look at is the last text.
fn nearby(file: &SourceFile, offset: usize) -> usize {
    let offset = offset.min(file.text.len());
    let after = file.text.get(offset..).unwrap_or_default();
    if after.trim().is_empty() {
        return file.text.trim_end().len();
    }
    offset
}

/// Whether the colon at an offset is the first one of its line that could end a key.
fn is_first_colon(text: &str, offset: usize) -> bool {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    !line.contains(": ")
}

/// For text in quotes that runs on where it cannot: the last quote before with no partner on its line.
fn open_quote(kind: &ErrorKind, text: &str, offset: usize) -> Option<usize> {
    if *kind != ErrorKind::InvalidQuotedScalarIndent {
        return None;
    }
    let before = text.get(..offset)?;
    let mut end = before.len();
    for line in before.split_inclusive('\n').rev() {
        let start = end - line.len();
        end = start;
        for quote in ['"', '\''] {
            if line.matches(quote).count() % 2 == 1 {
                return line.find(quote).map(|at| start + at);
            }
        }
    }
    None
}

/// An unquoted template on the line of a syntax error is nearly always its cause.
fn template_on_line(file: &Arc<SourceFile>, offset: usize) -> Option<Diagnostic> {
    let text = &file.text;
    let before = text.get(..offset)?;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(start..)?.lines().next()?;
    let opening = line.find("{{")?;
    let quotes = line[..opening].matches(['"', '\'']).count();
    if quotes % 2 == 1 {
        return None;
    }
    // The value starts after the last indicator before the template.
    let value = line[..opening]
        .rfind(": ")
        .map(|at| at + 2)
        .or_else(|| line[..opening].rfind("- ").map(|at| at + 2))
        .unwrap_or(opening);
    let value = value + line[value..].len() - line[value..].trim_start().len();
    let end = line
        .rfind("}}")
        .map_or(line.trim_end().len(), |at| at + 2)
        .max(value);
    let written = line[value..].trim_end();
    // Within braces the sentence ends where the braces do; else it is the rest of the line.
    let in_flow = line[..value].contains(['{', '[']);
    let sentence = if in_flow { &line[value..end] } else { written };
    Some(unquoted_template(
        file,
        start + value..start + value + sentence.len(),
        sentence,
    ))
}

fn words(kind: &ErrorKind) -> (String, Option<&'static str>) {
    use ErrorKind as Kind;
    let fixed = |message: &str, help| (message.to_owned(), help);
    match kind {
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabInIndentation
        | Kind::TabInPlainScalar
        | Kind::TabAtBlockScalarStart
        | Kind::InvalidBlockEntryWhitespace
        | Kind::InvalidMappingValueWhitespace => {
            fixed("a tab stands where YAML wants spaces", Some("indent with spaces"))
        }
        Kind::MappingValueNotAllowed => fixed(
            "a second `: ` cannot stand here",
            Some("put text that has `: ` in it in quotes, or check the indentation"),
        ),
        Kind::UnexpectedCharacter { character } => (
            format!("unquoted text cannot begin with `{character}`"),
            Some("put the text in quotes"),
        ),
        Kind::UnclosedQuotedScalar | Kind::DocumentIndicatorInQuotedScalar => fixed(
            "a quote is opened here but never closed",
            Some("close it, or put text that has a quote in it in the other kind of quotes"),
        ),
        Kind::InvalidQuotedScalarIndent => fixed(
            "a text in quotes runs on to here",
            Some("close its quote, or indent the lines that belong to it"),
        ),
        Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar => fixed(
            "text goes on after the closing quote",
            Some(
                "put the whole value in quotes; in single quotes write a quote as `''`, in double quotes as `\\\"`",
            ),
        ),
        Kind::UnknownQuotedScalarEscape | Kind::InvalidQuotedScalarHexEscape => fixed(
            "double quotes do not know this escape",
            Some("use single quotes, which keep every backslash: matches: '\\d+'"),
        ),
        Kind::UnclosedFlowCollection { open } => (format!("`{open}` is opened here but never closed"), None),
        Kind::MismatchedFlowCollectionEnd { open, close } => {
            (format!("`{close}` does not close the `{open}` before it"), None)
        }
        Kind::MisplacedFlowCollectionEnd => fixed(
            "a closing brace or bracket without an opening one",
            Some("put text that has braces or brackets in it in quotes"),
        ),
        Kind::ExpectedFlowMappingSeparator
        | Kind::UnexpectedEofFlowMapping
        | Kind::UnexpectedEofImplicitFlowMapping => fixed(
            "expected `,` or `}`",
            Some("put text that has `: ` or braces in it in quotes"),
        ),
        Kind::ExpectedFlowSequenceSeparator | Kind::UnexpectedEofFlowSequence => fixed(
            "expected `,` or `]`",
            Some("put text that has `: ` or brackets in it in quotes"),
        ),
        Kind::InvalidIndentation
        | Kind::ExpectedBlockMappingKey
        | Kind::ExpectedBlockSequenceEntry
        | Kind::BlockSequenceEntryNotAllowed
        | Kind::MappingKeyNotAllowed
        | Kind::InvalidFlowScalarIndent
        | Kind::InvalidBlockScalarIndent => fixed(
            "this line does not fit the lines above it",
            Some("keys of one mapping, and dashes of one list, stand in one column"),
        ),
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => fixed(
            "this line is neither `key: value` nor the end of the text above",
            Some("is a `:` missing after the key?"),
        ),
        Kind::CommentNotSeparated | Kind::CommentInterceptedScalar => fixed(
            "a comment interrupts the text",
            Some("put text that has `#` in it in quotes"),
        ),
        Kind::ExpectedDocumentStart => fixed(
            "the file goes on after its end",
            Some("is the indentation of this line right?"),
        ),
        Kind::MissingAnchorOrAliasName => fixed(
            "unquoted text cannot begin with `*` or `&`",
            Some("put the text in quotes"),
        ),
        other => (format!("this is not YAML: {other}"), None),
    }
}
