//! Parser events → tree: what is open, what an anchor stands for, where everything lies in the file.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle, Tag};

use self::left_out::LeftOut;
use self::limits::{Anchor, measure};
use super::facts::quoted;
use super::node::{Entry, Key, Kind, List, Node, Style, Text};
use super::{MAX_DEPTH, MAX_PROBLEMS, Outline, Parsed, Slice, scalar, syntax};
use crate::diagnostic::{Diagnostic, SourceFile};

mod left_out;
mod limits;
mod mapping;

/// How places in the parsed text become places in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shift {
    /// Padding before the text, in bytes.
    padding: usize,
    /// Where the text starts in the file, in bytes.
    start: usize,
    /// Lines before the text.
    lines: u32,
}

impl Shift {
    /// The text is the file.
    pub(super) const NONE: Self = Self {
        padding: 0,
        start: 0,
        lines: 0,
    };

    /// The text is a padded slice of the file.
    pub(super) fn to(slice: &Slice) -> Self {
        Self {
            padding: slice.column,
            start: slice.range.start,
            lines: slice.line.saturating_sub(1),
        }
    }

    fn offset(self, offset: usize) -> usize {
        offset.saturating_sub(self.padding) + self.start
    }
}

/// Builds the tree of one text.
pub(super) struct Builder<'text> {
    file: &'text Arc<SourceFile>,
    text: &'text str,
    shift: Shift,
    frames: Vec<Frame>,
    root: Option<Node>,
    anchors: HashMap<usize, Option<Anchor>>,
    nodes: usize,
    alias_nodes: usize,
    problems: Vec<Diagnostic>,
    documents: usize,
    uses_anchors: bool,
    left_out: Option<LeftOut>,
}

/// A collection that is not complete yet.
struct Frame {
    start: usize,
    line: u32,
    /// End of the last thing in it.
    end: usize,
    anchor: usize,
    flow: bool,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<Key> },
}

/// Parsing cannot go on.
struct Stop;

impl<'text> Builder<'text> {
    pub(super) fn new(file: &'text Arc<SourceFile>, text: &'text str, shift: Shift) -> Self {
        Self {
            file,
            text,
            shift,
            frames: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            nodes: 0,
            alias_nodes: 0,
            problems: Vec::new(),
            documents: 0,
            uses_anchors: false,
            left_out: None,
        }
    }

    /// Builds the whole tree.
    pub(super) fn parse(mut self) -> Parsed {
        let sound = self.run().is_ok();
        self.parsed(sound)
    }

    /// Builds the tree but for the items of the top-level list `key`.
    pub(super) fn outline(mut self, key: &'static str) -> Outline {
        let whole = Builder::new(self.file, self.text, self.shift);
        self.left_out = Some(LeftOut {
            key,
            items: Vec::new(),
            inside: false,
            open: Vec::new(),
        });
        let sound = self.run().is_ok();
        if !sound {
            // Nothing will be parsed again, so the problems of the items must be found now.
            return Outline {
                parsed: whole.parse(),
                items: None,
            };
        }
        let items = self.left_out.take().map(|left_out| left_out.items);
        let items = items.map(|items| items.into_iter().map(|item| self.with_colon(item)).collect());
        let uses_anchors = self.uses_anchors;
        Outline {
            parsed: self.parsed(sound),
            items: items.filter(|_| !uses_anchors),
        }
    }

    /// The place of an empty last value (`key:`) ends before the colon, which the item cannot do without.
    fn with_colon(&self, mut item: Slice) -> Slice {
        let after = self.source_from(item.range.end);
        let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
        if after[blanks..].starts_with(':') {
            item.range.end += blanks + 1;
        }
        item
    }

    fn parsed(self, sound: bool) -> Parsed {
        let start = self.shift.offset(0);
        let empty = || Node {
            span: start..start,
            line: self.shift.lines.saturating_add(1),
            kind: Kind::Null,
        };
        Parsed {
            root: sound.then(|| self.root.unwrap_or_else(empty)),
            problems: self.problems,
        }
    }

    fn run(&mut self) -> Result<(), Stop> {
        let mut options = Options::default();
        options.emit_unresolved_aliases = true;
        options.set_emit_comments(false);
        options.flow_nesting_limit = MAX_DEPTH;
        options.block_nesting_limit = MAX_DEPTH;
        for next in Parser::new_from_str_with_options(self.text, options) {
            match next {
                Ok((event, span)) => self.event(event, span)?,
                Err(error) => {
                    let at = error.marker().byte_offset().unwrap_or_default();
                    let problem = syntax::problem(error.kind(), self.file, self.shift.offset(at));
                    self.report_syntax(problem);
                    return Err(Stop);
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        let range = self.range(span);
        match event {
            Event::DocumentStart(..) => self.document(range),
            Event::Scalar(value, style, anchor, tag) => {
                self.uses_anchors |= anchor != 0 || tag.is_some();
                if self.passes_left_out(span, None, range.end) {
                    return Ok(());
                }
                let kind = self.scalar(&value, style, tag.as_deref(), &range);
                let node = self.node(span, range, kind);
                self.complete(node, anchor, span)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.uses_anchors |= anchor != 0 || tag.is_some();
                self.check_tag(tag.as_deref(), "seq", &range);
                self.open(span, style, anchor, Content::List(Vec::new()))
            }
            Event::MappingStart(style, anchor, tag) => {
                self.uses_anchors |= anchor != 0 || tag.is_some();
                self.check_tag(tag.as_deref(), "map", &range);
                let entries = Vec::new();
                self.open(span, style, anchor, Content::Map { entries, key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => {
                self.uses_anchors = true;
                self.alias(id, span)
            }
            Event::UnresolvedAlias(name) => {
                self.uses_anchors = true;
                let message = format!("unquoted text cannot begin with `*`: there is no anchor `&{name}`");
                let help = format!("quote it: {}", quoted(self.source(&range)));
                self.report(
                    Diagnostic::error("yaml-syntax", message)
                        .at(self.file, range.clone(), "")
                        .help(help),
                );
                let kind = Kind::Text(Text {
                    value: format!("*{name}"),
                    style: Style::Quoted,
                });
                let node = self.node(span, range, kind);
                self.complete(node, 0, span)
            }
            _ => Ok(()),
        }
    }

    fn document(&mut self, range: Range<usize>) -> Result<(), Stop> {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        self.report(
            Diagnostic::error(
                "several-documents",
                "a second document begins here; a file holds one",
            )
            .at(self.file, range, "")
            .help("move it into a file of its own"),
        );
        Err(Stop)
    }

    // ---- places ----

    fn range(&self, span: Span) -> Range<usize> {
        let local = span.byte_range().unwrap_or_default();
        self.shift.offset(local.start)..self.shift.offset(local.end)
    }

    fn line(&self, span: Span) -> u32 {
        u32::try_from(span.start.line())
            .unwrap_or(u32::MAX)
            .saturating_add(self.shift.lines)
    }

    fn node(&self, span: Span, range: Range<usize>, kind: Kind) -> Node {
        Node {
            span: range,
            line: self.line(span),
            kind,
        }
    }

    /// The source text of a range of the file.
    fn source(&self, range: &Range<usize>) -> &'text str {
        let local = |offset: usize| (offset.saturating_sub(self.shift.start)) + self.shift.padding;
        self.text
            .get(local(range.start)..local(range.end))
            .unwrap_or_default()
    }

    /// The source text from an offset of the file on.
    fn source_from(&self, offset: usize) -> &'text str {
        self.source(&(offset..self.shift.offset(self.text.len())))
    }

    /// A template that breaks the syntax may have been reported before, but not with all of its sentence.
    fn report_syntax(&mut self, problem: Diagnostic) {
        let place = |problem: &Diagnostic| problem.labels.first().map(|label| label.span.start);
        self.problems
            .retain(|earlier| earlier.code != problem.code || place(earlier) != place(&problem));
        self.problems.push(problem);
    }

    fn report(&mut self, problem: Diagnostic) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    // ---- scalars ----

    fn scalar(&mut self, value: &str, style: ScalarStyle, tag: Option<&Tag>, range: &Range<usize>) -> Kind {
        let text = |style| {
            Kind::Text(Text {
                value: value.to_owned(),
                style,
            })
        };
        if let Some(tag) = tag {
            return match tag.core_suffix() {
                Some("str") => text(Style::Quoted),
                Some("int" | "float" | "bool" | "null") => scalar::resolve(value),
                _ => {
                    self.report_tag(range);
                    text(Style::Quoted)
                }
            };
        }
        match style {
            ScalarStyle::Plain => {
                if syntax::opens_template(value) {
                    self.report_template(range.clone(), value);
                }
                scalar::resolve(value)
            }
            ScalarStyle::Literal | ScalarStyle::Folded => text(Style::Block),
            _ => text(Style::Quoted),
        }
    }

    fn report_template(&mut self, range: Range<usize>, text: &str) {
        self.report(syntax::unquoted_template(self.file, range, text));
    }

    fn check_tag(&mut self, tag: Option<&Tag>, expected: &str, range: &Range<usize>) {
        if tag.is_some_and(|tag| tag.core_suffix() != Some(expected)) {
            self.report_tag(range);
        }
    }

    fn report_tag(&mut self, range: &Range<usize>) {
        let at = range.start..range.start;
        self.report(
            Diagnostic::error("yaml-tag", "YAML tags (`!…`) mean nothing here")
                .at(self.file, at, "the tag stands before this")
                .help("remove the tag, or quote the text if `!` belongs to it"),
        );
    }

    // ---- collections ----

    fn open(
        &mut self,
        span: Span,
        style: StructureStyle,
        anchor: usize,
        content: Content,
    ) -> Result<(), Stop> {
        let range = self.range(span);
        let outside = self.left_out.as_ref().map_or(0, |left_out| left_out.open.len());
        if self.frames.len() + outside >= MAX_DEPTH {
            return self.too_deep(range);
        }
        if self.passes_left_out(span, Some(style == StructureStyle::Flow), range.end) {
            return Ok(());
        }
        if anchor != 0 {
            // Known, but not complete: an alias to it would hold itself.
            self.anchors.insert(anchor, None);
        }
        let frame = Frame {
            start: range.start,
            line: self.line(span),
            end: range.end,
            anchor,
            flow: style == StructureStyle::Flow,
            content,
        };
        self.begins_left_out(&frame);
        self.frames.push(frame);
        Ok(())
    }

    fn too_deep(&mut self, range: Range<usize>) -> Result<(), Stop> {
        self.report(syntax::too_deep(self.file, range.start));
        Err(Stop)
    }

    fn close(&mut self, span: Span) -> Result<(), Stop> {
        let range = self.range(span);
        if self.closes_left_out(range.end) {
            return Ok(());
        }
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let end = if frame.flow { range.end } else { frame.end };
        let place = frame.start..end.max(frame.start);
        let kind = match frame.content {
            Content::List(items) => Kind::List(List {
                items,
                flow: frame.flow,
            }),
            Content::Map { entries, .. } => self.mapping(entries, frame.flow, &place),
        };
        let node = Node {
            span: place,
            line: frame.line,
            kind,
        };
        self.complete(node, frame.anchor, span)
    }

    /// Puts a complete node where it belongs.
    fn complete(&mut self, node: Node, anchor: usize, span: Span) -> Result<(), Stop> {
        self.count(span, 1)?;
        if anchor != 0 {
            let (size, height) = measure(&node);
            let node = node.clone();
            self.anchors.insert(anchor, Some(Anchor { node, size, height }));
        }
        self.attach(node);
        Ok(())
    }

    fn attach(&mut self, node: Node) {
        let key_ends = match self.frames.last() {
            Some(Frame {
                content: Content::Map { key: Some(key), .. },
                ..
            }) => Some(key.span.end),
            _ => None,
        };
        let colon = key_ends.is_some_and(|end| self.source_from(end).starts_with(':'));
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut frame.content {
            Content::List(items) => {
                frame.end = frame.end.max(node.span.end);
                items.push(node);
            }
            Content::Map { entries, key } => match key.take() {
                Some(key) => {
                    let value = placed(node, &key, colon);
                    frame.end = frame.end.max(key.span.end).max(value.span.end);
                    entries.push(Entry { key, value });
                }
                None => self.attach_key(node),
            },
        }
    }

    fn attach_key(&mut self, node: Node) {
        let span = node.span.clone();
        let line = node.line;
        let name = match node.kind {
            Kind::Text(text) => text.value,
            Kind::Number(number) => number.written,
            Kind::Bool(_) => self.source(&span).to_owned(),
            Kind::Null => {
                self.report(Diagnostic::error("yaml-syntax", "a key is missing here").at(
                    self.file,
                    span.clone(),
                    "",
                ));
                String::new()
            }
            Kind::List(_) | Kind::Map(_) => {
                self.report_compound_key(&span);
                self.source(&span).to_owned()
            }
        };
        if let Some(Frame {
            content: Content::Map { key, .. },
            ..
        }) = self.frames.last_mut()
        {
            *key = Some(Key { name, span, line });
        }
    }

    /// A mapping as a key is nearly always `key: {{ name }}`.
    fn report_compound_key(&mut self, span: &Range<usize>) {
        let outer = self
            .frames
            .last()
            .filter(|frame| frame.flow)
            .map(|frame| frame.start);
        let from = outer.unwrap_or(span.start);
        let source = self.source_from(from);
        match source.find("}}") {
            Some(end) if source.starts_with("{{") => {
                let template = from..from + end + 2;
                let text = self.source(&template);
                self.report_template(template, text);
            }
            _ => self.report(
                Diagnostic::error("yaml-syntax", "a key must be text, not a list or mapping").at(
                    self.file,
                    span.clone(),
                    "",
                ),
            ),
        }
    }
}

/// An empty value stands after its key's colon, wherever the parser noticed that there is none.
fn placed(mut value: Node, key: &Key, colon: bool) -> Node {
    if value.is_null() && value.span.is_empty() {
        let at = key.span.end + usize::from(colon);
        value.span = at..at;
        value.line = key.line;
    }
    value
}
