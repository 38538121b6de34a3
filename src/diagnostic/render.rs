//! Diagnostics as text for people: message, `path:line:column`, the source line with carets, help.
//!
//! Characters that could drive a terminal or reorder text are shown, not sent; very long lines are cut around
//! the place; only ASCII is drawn.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Label, Severity, SourceFile};

/// Width that source lines are cut to.
const WIDTH: usize = 120;
/// Longest piece of a source line that is handed to the renderer, in bytes.
const LONGEST_LINE: usize = 2_000;
/// Places of one file that are at most so many lines apart are shown in one piece.
const SAME_PIECE: usize = 12;
/// Nobody reads more diagnostics than so many, and showing them takes time and room.
const MOST_SHOWN: usize = 1_000;

/// Diagnostics, sorted by file and place, a blank line after each; of more than a thousand the first thousand, and how
/// many there are besides.
///
/// `color`: with ANSI colours. The text ends with a line break unless there are no diagnostics.
pub fn render(diagnostics: &[Diagnostic], color: bool) -> String {
    let renderer = if color {
        Renderer::styled().hyperlink(false)
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(WIDTH);
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_cached_key(|diagnostic| sort_key(diagnostic));
    let mut output = String::new();
    let mut lines = Lines::default();
    for diagnostic in sorted.iter().take(MOST_SHOWN) {
        output.push_str(&without_empty_origin(&one(diagnostic, &renderer, &mut lines)));
        output.push_str("\n\n");
    }
    if sorted.len() > MOST_SHOWN {
        let _ = writeln!(output, "… and {} more, not shown\n", sorted.len() - MOST_SHOWN);
    }
    output
}

/// The last line under diagnostics: `2 errors and 1 warning in 2 files`; empty when there are none.
pub fn count_line(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .count();
    let warnings = diagnostics.len() - errors;
    let files: BTreeSet<&Path> = diagnostics.iter().filter_map(path_of).collect();
    let count = |number: usize, name: &str| match number {
        0 => None,
        1 => Some(format!("1 {name}")),
        _ => Some(format!("{number} {name}s")),
    };
    let kinds: Vec<String> = [count(errors, "error"), count(warnings, "warning")]
        .into_iter()
        .flatten()
        .collect();
    match count(files.len(), "file") {
        Some(files) if !kinds.is_empty() => format!("{} in {files}", kinds.join(" and ")),
        _ => kinds.join(" and "),
    }
}

/// Text of users or services with everything replaced that could drive a terminal or reorder text: control
/// characters become their pictures, direction and invisible format characters a replacement character. Line
/// breaks and tabs become their pictures too: the result is one line.
pub fn visible(text: &str) -> String {
    text.chars().map(visible_character).collect()
}

fn visible_character(character: char) -> char {
    match character {
        '\0'..='\x1F' => char::from_u32(0x2400 + u32::from(character)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\x7F' => '\u{2421}',
        '\u{80}'..='\u{9F}'
        | '\u{61C}'
        | '\u{200B}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}' => char::REPLACEMENT_CHARACTER,
        _ => character,
    }
}

fn path_of(diagnostic: &Diagnostic) -> Option<&Path> {
    let labelled = diagnostic.labels.first().map(|label| label.file.path.as_path());
    labelled.or(diagnostic.path.as_deref())
}

/// Problems without a file first, then by path, then by place.
fn sort_key(diagnostic: &Diagnostic) -> (Option<&Path>, usize, Reverse<bool>) {
    let line = diagnostic.line.map_or(0, |line| line.get() as usize);
    let place = diagnostic.labels.first().map_or(line, |label| label.span.start);
    (path_of(diagnostic), place, Reverse(diagnostic.is_error()))
}

fn one(diagnostic: &Diagnostic, renderer: &Renderer, lines: &mut Lines) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(visible(&diagnostic.message))
        .id(diagnostic.code);
    let mut group = Group::with_title(title);
    if diagnostic.labels.is_empty() {
        if let Some(path) = &diagnostic.path {
            let place = match diagnostic.line {
                Some(line) => format!("{}:{line}", shown(path)),
                None => shown(path),
            };
            group = group.element(Origin::path(place));
        }
    } else {
        group = group.elements(pieces(&diagnostic.labels, lines));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    renderer.render(&[group])
}

/// A cut line's snippet has no path of its own, for which the renderer draws `:::` and nothing after it.
fn without_empty_origin(rendered: &str) -> String {
    let kept: Vec<&str> = rendered.lines().filter(|line| bare(line) != ":::").collect();
    kept.join("\n")
}

/// A rendered line without colours and surrounding blanks.
fn bare(line: &str) -> String {
    let mut pieces = line.split("\u{1b}[");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(piece.split_once('m').map_or("", |(_, after)| after));
    }
    text.trim().to_owned()
}

fn shown(path: &Path) -> String {
    visible(&path.display().to_string())
}

/// A label with the line it is on.
struct Marked<'label> {
    label: &'label Label,
    primary: bool,
    line: Line<'label>,
    /// Byte range within the line.
    start: usize,
    end: usize,
}

/// A line of a file.
#[derive(Clone, Copy)]
struct Line<'file> {
    /// From 0.
    index: usize,
    text: &'file str,
}

/// Where the lines of files begin; each file is looked through once.
#[derive(Default)]
struct Lines {
    starts: HashMap<*const SourceFile, Vec<usize>>,
}

impl Lines {
    fn starts(&mut self, file: &Arc<SourceFile>) -> &[usize] {
        self.starts.entry(Arc::as_ptr(file)).or_insert_with(|| {
            let breaks = file.text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(breaks).collect()
        })
    }

    /// The line that holds an offset, and where it begins.
    fn line_at<'file>(&mut self, file: &'file Arc<SourceFile>, offset: usize) -> (Line<'file>, usize) {
        let starts = self.starts(file);
        let index = starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = starts.get(index).copied().unwrap_or_default();
        let line = file.text[start..].split('\n').next().unwrap_or_default();
        let text = line.strip_suffix('\r').unwrap_or(line);
        (Line { index, text }, start)
    }

    /// The line of an index.
    fn line<'file>(&mut self, file: &'file Arc<SourceFile>, index: usize) -> &'file str {
        let start = self.starts(file).get(index).copied().unwrap_or(file.text.len());
        self.line_at(file, start).0.text
    }
}

/// The places grouped by file and nearness, the primary one's group first.
fn pieces(labels: &[Label], lines: &mut Lines) -> Vec<Element<'static>> {
    let mut groups: Vec<Vec<Marked<'_>>> = Vec::new();
    for (position, label) in labels.iter().enumerate() {
        let marked = mark(label, position == 0, lines);
        let near = groups.iter_mut().find(|group| {
            group.iter().any(|other| {
                Arc::ptr_eq(&other.label.file, &marked.label.file)
                    && other.line.index.abs_diff(marked.line.index) <= SAME_PIECE
            })
        });
        match near {
            Some(group) => group.push(marked),
            None => groups.push(vec![marked]),
        }
    }
    groups.iter().flat_map(|group| piece(group, lines)).collect()
}

fn mark<'label>(label: &'label Label, primary: bool, lines: &mut Lines) -> Marked<'label> {
    let text = &label.file.text;
    let start = floor(text, label.span.start);
    let end = floor(text, label.span.end).max(start);
    let (line, line_start) = lines.line_at(&label.file, start);
    let within = |offset: usize| (offset - line_start).min(line.text.len());
    Marked {
        label,
        primary,
        line,
        start: within(start),
        end: within(end),
    }
}

/// The nearest character boundary at or before an offset.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// One piece of source with its annotations.
fn piece(group: &[Marked<'_>], lines: &mut Lines) -> Vec<Element<'static>> {
    let Some(head) = group
        .iter()
        .find(|marked| marked.primary)
        .or_else(|| group.first())
    else {
        return Vec::new();
    };
    let path = shown(&head.label.file.path);
    let column = head.line.text[..head.start].chars().count() + 1;
    let first = group
        .iter()
        .map(|marked| marked.line.index)
        .min()
        .unwrap_or_default();
    let last = group
        .iter()
        .map(|marked| marked.line.index)
        .max()
        .unwrap_or_default();
    let mut source = String::new();
    let mut annotations = Vec::new();
    let mut is_cut = false;
    for index in first..=last {
        let line = lines.line(&head.label.file, index);
        let here: Vec<&Marked<'_>> = group.iter().filter(|marked| marked.line.index == index).collect();
        let cut = Cut::of(line, &here);
        is_cut |= cut.start > 0;
        annotations.extend(
            here.into_iter()
                .map(|marked| cut.annotation(marked, source.len())),
        );
        source.push_str(&cut.shown);
        source.push('\n');
    }
    let snippet = Snippet::source(source)
        .line_start(first + 1)
        .annotations(annotations);
    if is_cut {
        // The renderer would count the column from the cut.
        let origin = Origin::path(path).line(head.line.index + 1).char_column(column);
        return vec![origin.into(), snippet.into()];
    }
    vec![snippet.path(path).into()]
}

/// A source line as it is shown: made harmless, and cut around its places when it is very long.
struct Cut {
    start: usize,
    end: usize,
    shown: String,
}

impl Cut {
    fn of(line: &str, places: &[&Marked<'_>]) -> Self {
        let (start, end) = if line.len() <= LONGEST_LINE {
            (0, line.len())
        } else {
            let first = places.iter().map(|marked| marked.start).min().unwrap_or_default();
            let start = floor(line, first.saturating_sub(LONGEST_LINE / 4));
            (start, floor(line, start + LONGEST_LINE))
        };
        Self {
            start,
            end,
            shown: harmless(&line[start..end]),
        }
    }

    /// The annotation of a place, for a line that starts at `base` in the source shown.
    fn annotation(&self, marked: &Marked<'_>, base: usize) -> Annotation<'static> {
        let place = |offset: usize| {
            let before = &marked.line.text[self.start..offset.clamp(self.start, self.end)];
            base + harmless(before).len()
        };
        let kind = if marked.primary {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let text = visible(&marked.label.text);
        kind.span(place(marked.start)..place(marked.end))
            .label((!text.is_empty()).then_some(text))
    }
}

/// As [`visible`], but tabs stay: the renderer keeps columns right across them.
fn harmless(text: &str) -> String {
    text.chars()
        .filter(|character| *character != '\u{FEFF}')
        .map(|character| {
            if character == '\t' {
                '\t'
            } else {
                visible_character(character)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
