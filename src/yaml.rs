//! The only room that knows the YAML crate: text → a tree whose nodes know their place, within limits.
//!
//! It reports what is wrong with a file *as YAML* (syntax, duplicate keys, unquoted templates, sentences that
//! flow braces split, tags, several documents) and gives the facts on which the floors above refuse YAML's
//! other traps: how a number was written, whether a text was quoted, what comment follows it. What a key means
//! is not known here.
//!
//! The tree is built from the events of serde-saphyr's parser rather than through serde, because serde loses
//! what the messages need: quoting, the second place of a duplicate key, the end of a mapping.

use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, SourceFile};

pub use facts::{comment_after, quoted};
pub use node::{Entry, Key, Kind, List, Map, Node, Number, Style, Text, Written};
pub use packed::Packed;
pub use reader::{Reader, parse_duration, why_no_duration};
pub use syntax::opens_template;

mod build;
mod facts;
mod node;
mod packed;
mod reader;
mod scalar;
mod syntax;
pub mod write;

/// Largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 16 << 20;
/// Deepest nesting of lists and mappings.
pub const MAX_DEPTH: usize = 100;
/// Most nodes a file may write down.
pub const MAX_NODES: usize = 1_000_000;
/// Most nodes that aliases of a file may add.
pub const MAX_ALIAS_NODES: usize = 100_000;
/// Most problems that are collected for one file; a file with more is wrong as a whole.
const MAX_PROBLEMS: usize = 1_000;

/// What came of parsing a text.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The tree; `None` when the text is no YAML. With problems that leave a sound tree (a duplicate key, say),
    /// both are there, so that a caller can go on and report everything at once.
    pub root: Option<Node>,
    /// What is wrong with it.
    pub problems: Vec<Diagnostic>,
}

/// A file's frame with the items of one list left out, for files too large to keep as a tree.
#[derive(Debug, Clone)]
pub struct Outline {
    /// The tree, in which the list that was left out is empty.
    pub parsed: Parsed,
    /// The items left out, in order; `None` when the file uses anchors, so that an item cannot be read alone.
    pub items: Option<Vec<Slice>>,
}

/// Where an item of a list stands in its file, so that it can be parsed on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Bytes of the item.
    pub range: Range<usize>,
    /// 1-based line on which it starts.
    pub line: u32,
    /// Characters before it on that line.
    pub column: usize,
}

/// Reads a text file whole, within [`MAX_BYTES`].
///
/// `shown` is the path as the user would type it; messages name it.
///
/// # Errors
/// A diagnostic when the file cannot be read, is larger than the limit, is no regular file, or is not UTF-8.
pub fn read(path: &Path, shown: &Path) -> Result<Arc<SourceFile>, Diagnostic> {
    let unreadable = |error: &std::io::Error| {
        Diagnostic::error("unreadable-file", format!("cannot read the file: {error}")).in_file(shown)
    };
    let too_large = |length: u64| {
        let message = format!(
            "the file is too large: {}; at most {} are read",
            size(length),
            size(MAX_BYTES)
        );
        Diagnostic::error("file-too-large", message)
            .in_file(shown)
            .help("split it into several files")
    };
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        return Err(Diagnostic::error("unreadable-file", "this is not a regular file")
            .in_file(shown)
            .help("write what it gives into a file, and name that"));
    }
    if metadata.len() > MAX_BYTES {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    let file = std::fs::File::open(path).map_err(|error| unreadable(&error))?;
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(too_large(bytes.len() as u64));
    }
    facts::decode(bytes, shown)
}

/// Bytes as people say them.
fn size(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    if bytes.is_multiple_of(MIB) {
        return format!("{} MiB", bytes / MIB);
    }
    format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB)
}

/// Parses a whole file.
pub fn parse(file: &Arc<SourceFile>) -> Parsed {
    build::Builder::new(file, &file.text, build::Shift::NONE).parse()
}

/// Parses a file but for the items of the list under the top-level key `list`, which are only located.
///
/// The problems of the items are found when they are parsed, by [`parse_slice`].
pub fn outline(file: &Arc<SourceFile>, list: &'static str) -> Outline {
    build::Builder::new(file, &file.text, build::Shift::NONE).outline(list)
}

/// Parses one item that [`outline`] located; `text` is what stands in `slice.range` of the file.
///
/// Spans and lines of the tree are those of the whole file.
pub fn parse_slice(file: &Arc<SourceFile>, slice: &Slice, text: &str) -> Parsed {
    // Continuation lines keep their indentation, so the first line must get its own back.
    let mut padded = String::with_capacity(slice.column + text.len());
    padded.extend(std::iter::repeat_n(' ', slice.column));
    padded.push_str(text);
    build::Builder::new(file, &padded, build::Shift::to(slice)).parse()
}

#[cfg(test)]
mod tests;
