//! Parser events → tree: anchors, merge keys, limits, duplicate keys, and what flow braces do to sentences.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle, Tag};

use super::facts::quoted;
use super::node::{Entry, Key, Kind, List, Map, Node, Style, Text};
use super::{MAX_ALIAS_NODES, MAX_DEPTH, MAX_NODES, MAX_PROBLEMS, Outline, Parsed, Slice, scalar, syntax};
use crate::diagnostic::{Diagnostic, SourceFile};

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

/// The list whose items an outline leaves out.
struct LeftOut {
    key: &'static str,
    items: Vec<Slice>,
    /// Whether we are inside the list.
    inside: bool,
    /// The collections of the item that are open, and whether each is written with braces or brackets.
    open: Vec<bool>,
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

/// What an anchor stands for.
#[derive(Clone)]
struct Anchor {
    node: Node,
    size: usize,
    height: usize,
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
        let empty = || Node {
            span: 0..0,
            line: 1,
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
                if value.contains("{{") {
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

    fn mapping(&mut self, entries: Vec<Entry>, flow: bool, span: &Range<usize>) -> Kind {
        let source = self.source(span);
        if flow && source.starts_with("{{") {
            // An unquoted template, reported by `report_compound_key`.
            return Kind::Text(Text {
                value: source.to_owned(),
                style: Style::Quoted,
            });
        }
        let entries = if flow {
            self.joined_sentences(entries)
        } else {
            entries
        };
        let entries = self.without_duplicates(entries);
        Kind::Map(Map {
            entries: self.merged(entries),
            flow,
        })
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

    /// `{ say: Hello, world }` is two entries to YAML, the second without a value. Entries that are pieces of a
    /// sentence are reported and left out.
    fn joined_sentences(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
        let mut split: Option<Range<usize>> = None;
        for entry in entries {
            let follows_text = kept.last().is_some_and(|before| is_bare_scalar(&before.value));
            if follows_text && self.is_bare(&entry) {
                let start = split.map_or(entry.key.span.start, |split| split.start);
                split = Some(start..entry.key.span.end);
                continue;
            }
            self.report_split(kept.last(), split.take());
            kept.push(entry);
        }
        self.report_split(kept.last(), split);
        kept
    }

    /// A key within braces that no colon follows.
    fn is_bare(&self, entry: &Entry) -> bool {
        let after = self.source_from(entry.key.span.end).trim_start();
        entry.value.is_null() && entry.value.span.is_empty() && after.starts_with([',', '}'])
    }

    fn report_split(&mut self, before: Option<&Entry>, split: Option<Range<usize>>) {
        let (Some(before), Some(split)) = (before, split) else {
            return;
        };
        let sentence = self.source(&(before.value.span.start..split.end));
        let help = format!("quote the text: `{}: {}`", before.key.name, quoted(sentence));
        let problem = Diagnostic::error("split-sentence", "a comma within braces splits unquoted text")
            .at(self.file, split, "taken for a key of its own")
            .at(self.file, before.value.span.clone(), "the text ends here")
            .help(help);
        self.report(problem);
    }

    fn without_duplicates(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut first_places: HashMap<String, Range<usize>> = HashMap::with_capacity(entries.len());
        let mut unique = Vec::with_capacity(entries.len());
        for entry in entries {
            if let Some(first) = first_places.get(&entry.key.name) {
                let problem = Diagnostic::error(
                    "duplicate-key",
                    format!("the key `{}` is given twice", entry.key.name),
                )
                .at(self.file, entry.key.span.clone(), "again here")
                .at(self.file, first.clone(), "first here");
                self.report(problem);
                continue;
            }
            first_places.insert(entry.key.name.clone(), entry.key.span.clone());
            unique.push(entry);
        }
        unique
    }

    /// Applies `<<: *base`: entries of the base that the mapping does not have itself.
    fn merged(&mut self, mut entries: Vec<Entry>) -> Vec<Entry> {
        let Some(position) = entries
            .iter()
            .position(|entry| entry.key.name == "<<" && self.source(&entry.key.span) == "<<")
        else {
            return entries;
        };
        let merge = entries.remove(position);
        let bases = match merge.value.kind {
            Kind::List(list) => list.items,
            _ => vec![merge.value],
        };
        for base in bases {
            let Kind::Map(map) = base.kind else {
                let message = format!("`<<` merges mappings, but this is {}", base.describe());
                self.report(Diagnostic::error("yaml-syntax", message).at(self.file, base.span, ""));
                continue;
            };
            for entry in map.entries {
                if !entries.iter().any(|own| own.key.name == entry.key.name) {
                    entries.push(entry);
                }
            }
        }
        entries
    }

    // ---- limits ----

    fn count(&mut self, span: Span, added: usize) -> Result<(), Stop> {
        self.nodes += added;
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        let message = format!("the file is too large: more than {MAX_NODES} values");
        let at = self.range(span);
        self.report(
            Diagnostic::error("file-too-large", message)
                .at(self.file, at.start..at.start, "one more here")
                .help("split it into several files"),
        );
        Err(Stop)
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Stop> {
        let range = self.range(span);
        let Some(Some(anchor)) = self.anchors.get(&id) else {
            let message = format!("the alias `{}` holds itself", self.source(&range));
            self.report(Diagnostic::error("yaml-alias", message).at(self.file, range, ""));
            return Err(Stop);
        };
        let (size, height) = (anchor.size, anchor.height);
        if self.frames.len() + height > MAX_DEPTH {
            return self.too_deep(range);
        }
        self.alias_nodes += size;
        if self.alias_nodes > MAX_ALIAS_NODES {
            let message = format!("aliases add more than {MAX_ALIAS_NODES} values to the file");
            self.report(
                Diagnostic::error("yaml-alias", message)
                    .at(self.file, range.clone(), "with this one")
                    .help("use steps, defaults or examples for what repeats"),
            );
            return Err(Stop);
        }
        if let Some(Some(anchor)) = self.anchors.get(&id) {
            let node = anchor.node.clone();
            self.attach(node);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.end = frame.end.max(range.end);
        }
        Ok(())
    }

    // ---- the list that an outline leaves out ----

    fn begins_left_out(&mut self, frame: &Frame) {
        let [
            Frame {
                content: Content::Map { key: Some(key), .. },
                ..
            },
        ] = self.frames.as_slice()
        else {
            return;
        };
        if let Some(left_out) = &mut self.left_out
            && matches!(frame.content, Content::List(_))
            && key.name == left_out.key
            && left_out.items.is_empty()
        {
            left_out.inside = true;
        }
    }

    /// Whether a scalar, or the opening of a collection, lies in the list left out; notes where items lie.
    fn passes_left_out(&mut self, span: Span, opens_flow: Option<bool>, end: usize) -> bool {
        let line = self.line(span);
        let start = self.range(span).start;
        let Some(left_out) = self.left_out.as_mut().filter(|left_out| left_out.inside) else {
            return false;
        };
        if left_out.open.is_empty() {
            left_out.items.push(Slice {
                range: start..end,
                line,
                column: span.start.col(),
            });
        }
        left_out.extend(end);
        left_out.open.extend(opens_flow);
        true
    }

    /// Whether the closing of a collection lies in the list left out; the list's own closing leaves it.
    fn closes_left_out(&mut self, end: usize) -> bool {
        let Some(left_out) = self.left_out.as_mut().filter(|left_out| left_out.inside) else {
            return false;
        };
        match left_out.open.pop() {
            // The end of a block collection is where the next token begins.
            Some(false) => true,
            Some(true) => {
                left_out.extend(end);
                true
            }
            None => {
                left_out.inside = false;
                false
            }
        }
    }
}

impl LeftOut {
    fn extend(&mut self, end: usize) {
        if let Some(item) = self.items.last_mut() {
            item.range.end = item.range.end.max(end);
        }
    }
}

/// Number of nodes in a tree, and its height.
fn measure(node: &Node) -> (usize, usize) {
    let add = |(size, height): (usize, usize), (inner_size, inner_height): (usize, usize)| {
        (size + inner_size, height.max(inner_height + 1))
    };
    match &node.kind {
        Kind::List(list) => list.items.iter().map(measure).fold((1, 1), add),
        Kind::Map(map) => map
            .entries
            .iter()
            .map(|entry| measure(&entry.value))
            .fold((1, 1), add),
        _ => (1, 0),
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

/// Values other than text that a sentence may begin with: `{ say: 2, please }`.
fn is_bare_scalar(node: &Node) -> bool {
    node.is_plain_text() || matches!(node.kind, Kind::Number(_) | Kind::Bool(_))
}
