//! Trees → model: what each key of a suite means. Every mistake is reported at its place, and reading goes on.
//!
//! A [`Parser`] reads one file's trees, in which what is known has been filled in (`template::fill`). Which keys
//! there are, and which service knows them, is looked up in [`capability`](crate::model::capability), never listed
//! here a second time.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::mention::{Kind as Mentioned, Mention};
use super::sound::SoundPlace;
use super::template::text::{Piece, has_template, pieces, plain};
use crate::diagnostic::{SourceFile, suggest};
use crate::model::Value;
use crate::model::capability::{Group, Key};
use crate::model::suite::{Channel, Location, RunMethod, Service, With};
use crate::yaml::{self, Entry, Kind, Map, Node, Reader, comment_after, quoted};

mod attachment;
mod calls;
mod expect;
mod layer;
mod matcher;
mod misplaced;
mod operator;
mod shown;
mod sound;
mod streaming;
mod stubs;
mod turn;
mod with;

pub(super) use layer::Layer;
pub(super) use stubs::Called;
pub(super) use turn::{Use, is_use};

/// Reads the trees of one file.
pub(super) struct Parser {
    /// The file, and the problems found so far.
    pub(super) reader: Reader,
    /// The file's path as the user would type it.
    path: Arc<Path>,
    /// Whether to look for mistakes that cost time to find; off when a text was checked before.
    pub(super) thorough: bool,
    /// The service of the target, if the target is known.
    pub(super) service: Option<Service>,
    /// Keys that the service lacks are left out without a word: for the defaults of settings.
    pub(super) lenient: bool,
    /// Names of the agent's things, to be checked against its export.
    pub(super) mentions: Vec<Mention>,
    /// Parameters that the suite itself sets.
    pub(super) given: BTreeSet<String>,
    /// Where recordings are looked up; nowhere when nobody plays what is read.
    pub(super) sound: Option<SoundPlace>,
    /// How the user speaks: as it is written where that is not settled.
    pub(super) channel: Option<Channel>,
    /// Whether there is a turn that can be heard.
    pub(super) is_spoken: bool,
    /// Whether turns that do not say otherwise want texts in pieces.
    pub(super) in_pieces: Option<bool>,
    /// How turns stand to sessions: later ones may have to be told what is said in earlier ones.
    pub(super) run_method: RunMethod,
    /// The options of turns that have none of their own.
    no_options: Arc<With>,
}

/// A key as messages write it. There is one for each key that is read, needed or not.
fn ticked(key: &str) -> String {
    ["`", key, "`"].concat()
}

/// How freely a text is worded, which decides what may follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wording {
    /// A sentence or value, to which a `#` may well belong.
    Free,
    /// A name or keyword.
    Name,
}

impl Parser {
    /// A parser of a file's trees.
    pub(super) fn new(
        file: &Arc<SourceFile>,
        path: &Arc<Path>,
        thorough: bool,
        service: Option<Service>,
    ) -> Self {
        Self {
            reader: Reader::new(file),
            path: Arc::clone(path),
            thorough,
            service,
            lenient: false,
            mentions: Vec::new(),
            given: BTreeSet::new(),
            sound: None,
            channel: None,
            is_spoken: false,
            in_pieces: None,
            run_method: RunMethod::Naive,
            no_options: Arc::default(),
        }
    }

    /// A line of the file.
    pub(super) fn location(&self, line: u32) -> Location {
        Location {
            file: Arc::clone(&self.path),
            line,
        }
    }

    /// Remembers that a thing of the agent is named here.
    pub(super) fn mention(&mut self, kind: Mentioned, name: &str, span: &Range<usize>) {
        self.mention_sent(kind, name, span, false);
    }

    /// As `mention`, for a name that the service is sent.
    pub(super) fn mention_sent(&mut self, kind: Mentioned, name: &str, span: &Range<usize>, sent: bool) {
        if self.thorough && !has_template(name) {
            self.mentions.push(Mention {
                kind,
                name: plain(name).into_owned(),
                file: Arc::clone(&self.reader.file),
                span: span.clone(),
                sent,
            });
        }
    }

    // ---- mappings ----

    /// A mapping with the keys of a group: unknown keys, keys that the service lacks and missing keys are reported.
    pub(super) fn group<'node>(&mut self, node: &'node Node, group: Group) -> Option<&'node Map> {
        self.group_called(node, group, group.title())
    }

    /// As `group`, for one that can stand under several keys: `what` is the one at hand.
    pub(super) fn group_called<'node>(
        &mut self,
        node: &'node Node,
        group: Group,
        what: &str,
    ) -> Option<&'node Map> {
        let map = self.reader.map(node, what)?;
        for entry in &map.entries {
            match group.key(&entry.key.name) {
                Some(key) => self.check_support(entry, key),
                None => self.unknown_key(entry, group, what),
            }
        }
        for key in group
            .keys()
            .iter()
            .filter(|key| key.required && map.get(key.name).is_none())
        {
            self.missing_key(node, map, group, key);
        }
        Some(map)
    }

    /// Not reported when an unknown key was probably meant as this one.
    fn missing_key(&mut self, node: &Node, map: &Map, group: Group, key: &Key) {
        let names = group.names();
        let misspelt = map.entries.iter().any(|entry| {
            group.key(&entry.key.name).is_none()
                && suggest::nearest(&entry.key.name, names.iter().copied()) == Some(key.name)
        });
        if misspelt {
            return;
        }
        let start = node.span.start..node.span.start;
        self.reader
            .error(
                "missing-key",
                format!("{} needs `{}`", group.title(), key.name),
                start,
            )
            .help
            .push(format!("for example `{}: {}`", key.name, key.example));
    }

    fn unknown_key(&mut self, entry: &Entry, group: Group, what: &str) {
        let name = &entry.key.name;
        let elsewhere = misplaced::belongs(name, group);
        let message = format!("{what} has no key `{name}`");
        let help = elsewhere.or_else(|| suggest::help(name, &group.names()));
        let problem = self.reader.error("unknown-key", message, entry.key.span.clone());
        problem.help.extend(help);
    }

    /// Reports a key that the service lacks.
    pub(super) fn check_support(&mut self, entry: &Entry, key: &Key) {
        let Some(service) = self.service.filter(|service| !key.is_known_to(*service)) else {
            return;
        };
        if self.lenient {
            return;
        }
        let title = title(service);
        let message = format!("`{}` means nothing on {title}", key.name);
        let mut help = vec![match misplaced::counterpart(key.name, service) {
            Some(counterpart) => format!("on {title} the counterpart is `{counterpart}`"),
            None => format!("`{}` is known on {} only", key.name, self::title(other(service))),
        }];
        if Group::Expectation
            .key(&entry.key.name)
            .is_some_and(|known| std::ptr::eq(known, key))
        {
            let scope = other(service).name();
            help.push(format!(
                "for a suite that serves both, put it under `on: {{ {scope}: … }}`"
            ));
        }
        let problem = self.reader.error("unsupported", message, entry.key.span.clone());
        problem.help = help;
    }

    /// Whether an entry of a group applies to the service: false only where `lenient` lets it pass in silence.
    pub(super) fn applies(&self, key: &Key) -> bool {
        self.service.is_none_or(|service| key.is_known_to(service))
    }

    // ---- scalars ----

    /// A text.
    pub(super) fn text(&mut self, node: &Node, what: &str, wording: Wording) -> Option<String> {
        if let Kind::Bool(_) = node.kind {
            self.reader.wrong_type(node, what, "a text");
            self.last_help(self.quote_it(node));
            return None;
        }
        self.check_comment(node, wording);
        self.reader.text(node, what)
    }

    /// A text that is not blank.
    pub(super) fn filled_text(&mut self, node: &Node, what: &str, wording: Wording) -> Option<String> {
        let text = self.text(node, what, wording)?;
        if text.trim().is_empty() {
            self.reader
                .error("empty-value", format!("{what} is empty"), node.span.clone());
            return None;
        }
        Some(text)
    }

    /// A text that must be known before the conversation is played.
    pub(super) fn fixed_text(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = self.filled_text(node, what, Wording::Name)?;
        if has_template(&text) {
            self.late(node, what);
            return None;
        }
        Some(plain(&text).into_owned())
    }

    /// Texts that must be known before the conversation is played: a list, or one alone.
    pub(super) fn fixed_texts(&mut self, node: &Node, what: &str) -> Option<Vec<String>> {
        let Some(items) = node.as_list() else {
            return self.fixed_text(node, what).map(|text| vec![text]);
        };
        Some(
            items
                .iter()
                .filter_map(|item| self.fixed_text(item, what))
                .collect(),
        )
    }

    /// Reports a template where a value must be known before the conversation is played.
    fn late(&mut self, node: &Node, what: &str) {
        let message = format!("{what} must be known before the conversation is played");
        self.reader
            .error("late-template", message, node.span.clone())
            .help
            .push("arguments, row values and `vars` can stand here".to_owned());
    }

    /// Reports, for a value that is no text, a template that is filled in too late.
    fn is_late(&mut self, node: &Node, what: &str) -> bool {
        let late = node.as_text().is_some_and(has_template);
        if late {
            self.late(node, what);
        }
        late
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        if self.is_late(node, what) {
            return None;
        }
        self.reader.boolean(node, what)
    }

    /// `true`, and nothing else.
    pub(super) fn only_true(&mut self, node: &Node, what: &str, instead: &str) -> Option<()> {
        if matches!(node.kind, Kind::Bool(true)) {
            return Some(());
        }
        self.reader
            .error("wrong-type", format!("{what} must be `true`"), node.span.clone())
            .help
            .push(instead.to_owned());
        None
    }

    /// A duration.
    pub(super) fn duration(&mut self, node: &Node, what: &str) -> Option<std::time::Duration> {
        if self.is_late(node, what) {
            return None;
        }
        self.reader.duration(node, what)
    }

    /// One of a few words.
    pub(super) fn choice(&mut self, node: &Node, what: &str, words: &[&'static str]) -> Option<&'static str> {
        let text = self.fixed_text(node, what)?;
        let found = words.iter().copied().find(|word| *word == text);
        if found.is_none() {
            let complaint = format!("{what} cannot be");
            self.reader
                .unknown(&text, node.span.clone(), "unknown-value", &complaint, words);
        }
        found
    }

    /// A moment: RFC 3339.
    pub(super) fn moment(
        &mut self,
        node: &Node,
        what: &str,
    ) -> Option<chrono::DateTime<chrono::FixedOffset>> {
        let text = self.fixed_text(node, what)?;
        let moment = chrono::DateTime::parse_from_rfc3339(&text).ok();
        if moment.is_none() {
            let message = format!("{what} must be a date and time with an offset, not `{text}`");
            self.reader
                .error("bad-moment", message, node.span.clone())
                .help
                .push("for example `2026-03-01T09:00:00Z` or `2026-03-01T10:00:00+01:00`".to_owned());
        }
        moment
    }

    // ---- values ----

    /// Any value, with YAML's traps refused in all its texts and numbers.
    pub(super) fn value(&mut self, node: &Node) -> Value {
        self.check_value(node);
        node.to_value()
    }

    fn check_value(&mut self, node: &Node) {
        match &node.kind {
            Kind::Number(number) => self.reader.check_number(number, node),
            Kind::Text(_) => self.check_comment(node, Wording::Free),
            Kind::List(list) => list.items.iter().for_each(|item| self.check_value(item)),
            Kind::Map(map) => map
                .entries
                .iter()
                .for_each(|entry| self.check_value(&entry.value)),
            Kind::Null | Kind::Bool(_) => {}
        }
    }

    /// A mapping of any values.
    pub(super) fn values(&mut self, node: &Node, what: &str) -> Option<crate::model::Map> {
        let map = self.reader.map(node, what)?;
        self.check_value(node);
        Some(map.to_object())
    }

    /// A mapping of any values that become parameters of the session.
    pub(super) fn parameters(&mut self, node: &Node, what: &str) -> Option<crate::model::Map> {
        let values = self.values(node, what)?;
        self.given.extend(values.keys().cloned());
        Some(values)
    }

    /// A mapping of texts.
    pub(super) fn text_map(&mut self, node: &Node, what: &str) -> Option<Vec<(String, String)>> {
        let map = self.reader.map(node, what)?;
        let texts = map.entries.iter().filter_map(|entry| {
            let what = format!("`{}`", entry.key.name);
            Some((
                entry.key.name.clone(),
                self.text(&entry.value, &what, Wording::Free)?,
            ))
        });
        Some(texts.collect())
    }

    // ---- traps ----

    /// Refuses a comment right after unquoted text: `say: option #2`.
    ///
    /// A `#` that something follows without a blank is hardly ever a comment, and after free wording one that only
    /// one blank sets apart may well belong to the text.
    pub(super) fn check_comment(&mut self, node: &Node, wording: Wording) {
        if !self.thorough || !node.is_plain_text() {
            return;
        }
        let Some(comment) = comment_after(&self.reader.file, node) else {
            return;
        };
        let text = &self.reader.file.text;
        let close = comment.start - node.span.end == 1;
        let glued = text[comment.start + 1..].starts_with(|next: char| !next.is_whitespace() && next != '#');
        if !(glued || close && wording == Wording::Free) {
            return;
        }
        let whole = text[node.span.start..comment.end].trim_end().to_owned();
        let alone = self.source(node).to_owned();
        let remark = text[comment.start + 1..comment.end].trim().to_owned();
        let problem = self.reader.error(
            "comment-after-text",
            "the text ends where a comment begins",
            comment,
        );
        problem.help.push(format!(
            "if `#` belongs to the text, quote it: {}",
            quoted(&whole)
        ));
        problem.help.push(format!(
            "if it is a comment, set it apart: {}  # {remark}",
            quoted(&alone)
        ));
    }

    /// How to make a text of a value: where it comes from a template, where that has it from.
    pub(super) fn quote_it(&self, node: &Node) -> String {
        let written = self.source(node);
        let name = pieces(written).into_iter().find_map(|piece| match piece {
            Piece::Template(template) => Some(template.name),
            _ => None,
        });
        match name {
            Some(name) => format!("quote the value of `{name}`, where it is given"),
            None => format!("quote it: {}", quoted(written)),
        }
    }

    /// The source text of a node.
    pub(super) fn source(&self, node: &Node) -> &str {
        self.reader.file.text.get(node.span.clone()).unwrap_or_default()
    }

    /// The place of a character of a text; the whole node when the text stands there with escapes.
    pub(super) fn place_within(&self, node: &Node, text: &str, character: usize) -> Range<usize> {
        let Some(within) = self.source(node).find(text) else {
            return node.span.clone();
        };
        let before: usize = text.chars().take(character).map(char::len_utf8).sum();
        let at = node.span.start + within + before;
        at..at
    }

    /// Adds a help line to the problem reported last.
    pub(super) fn last_help(&mut self, help: String) {
        if let Some(problem) = self.reader.problems.last_mut() {
            problem.help.push(help);
        }
    }

    /// Reports a missing value: null where an input or a matcher must stand.
    pub(super) fn missing_value(&mut self, node: &Node, what: &str, help: &str) {
        let comment = comment_after(&self.reader.file, node);
        let text = comment
            .and_then(|comment| self.reader.file.text.get(comment))
            .map(quoted);
        let problem = self
            .reader
            .error("missing-value", format!("{what} has no value"), node.span.clone());
        if let Some(text) = text.filter(|_| node.span.is_empty()) {
            problem
                .help
                .push(format!("`#` begins a comment; quote it if it is text: {text}"));
        }
        problem.help.push(help.to_owned());
    }
}

/// A service's name for people.
pub(super) fn title(service: Service) -> &'static str {
    match service {
        Service::Cx => "Dialogflow CX",
        Service::Ces => "CES",
    }
}

fn other(service: Service) -> Service {
    match service {
        Service::Cx => Service::Ces,
        Service::Ces => Service::Cx,
    }
}

/// Entries in order with their key's name: what most readers of a mapping want.
pub(super) fn entries(map: &Map) -> impl Iterator<Item = (&str, &yaml::Node)> {
    map.entries
        .iter()
        .map(|entry| (entry.key.name.as_str(), &entry.value))
}
