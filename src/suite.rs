//! Suite files → conversations: discovery, parsing with positions, validation, expansion, selection, schema.
//!
//! [`read`] reads every file once, finds everything that is wrong with any of them, and keeps of each conversation
//! only an [`Entry`]: its name and place. [`Entry::load`] reads a conversation again when it is about to be played,
//! with its row, its steps and everything it inherits. What only a running conversation knows (captures, dates,
//! environment variables) is filled in by [`template`].
//!
//! Within: `frame` is a file without its conversations, `rows` and `steps` are what multiplies and what is reused,
//! `expand` makes a conversation of a tree, `parse` knows what each key means, `layers` what outweighs what, and
//! `validate` compares names with the agent's export. Which keys there are is said once, in
//! [`capability`](crate::model::capability).

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use rayon::prelude::*;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::model::suite::{Channel, EmulatorStubs};
use crate::yaml::{self, Node, Packed};

use discover::SuiteFile;
use entry::{Place, hash_of};
use expand::{Expanded, Shared, Source, expand};
use frame::{Found, Frame, Framed};
use mention::Mention;
use rows::{Row, RowSource, cross_of, rows};
use sound::Sounds;
use steps::Folders;
use template::fill::Names as Known;

pub use entry::{Entry, LoadError};
pub use stub_file::{read_generators, read_playbooks, read_webhooks};
pub use surroundings::{Agents, Names, Role, RoleSound, SettingsLayer, Surroundings};
pub use transcripts::{TRANSCRIPTS_FILE, Transcript, read_transcripts};

pub mod attachment;
pub mod discover;
mod entry;
mod expand;
mod frame;
pub mod history;
mod layers;
mod mention;
mod parse;
mod rows;
pub mod schema;
pub mod select;
mod sound;
mod steps;
mod stub_file;
mod surroundings;
pub mod template;
mod transcripts;
mod turns;
mod unasked;
pub mod validate;

/// What came of reading suites.
#[derive(Debug, Default)]
pub struct Suites {
    /// The conversations, in order of file and position; rows in their order.
    pub entries: Vec<Entry>,
    /// For which generators and playbooks the conversations that a role plays have stubs.
    pub stubbed: BTreeMap<String, Stubbed>,
    /// Everything that is wrong, warnings included; unsorted. With an error among them nothing should be played.
    pub problems: Vec<Diagnostic>,
}

/// The generators and playbooks that have stubs, by display name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stubbed {
    /// Generators.
    pub generators: BTreeSet<String>,
    /// Playbooks.
    pub playbooks: BTreeSet<String>,
}

impl Stubbed {
    /// Adds what conversations have stubs for.
    fn add(&mut self, stubs: &EmulatorStubs) {
        for (names, levels) in [
            (&mut self.generators, &stubs.generators),
            (&mut self.playbooks, &stubs.playbooks),
        ] {
            for (name, _) in levels.iter().flat_map(|level| level.by_name.iter()) {
                if !names.contains(name) {
                    names.insert(name.clone());
                }
            }
        }
    }

    /// Joins both.
    pub fn extend(&mut self, other: Self) {
        self.generators.extend(other.generators);
        self.playbooks.extend(other.playbooks);
    }
}

/// So many files are read before their names are checked: each keeps its text and all its names until then.
const FILES_AT_ONCE: usize = 16;

/// Bytes of text whose trees are kept, packed, until they are played; what is beyond is read again then.
const TEXT_KEPT: usize = 8 << 20;
/// Bytes of text whose conversations are kept as they are played: some ten times as large, and not made twice.
const TEXT_KEPT_READY: usize = 256 << 10;

/// Reads suites: every file once, all problems of all files.
pub fn read(files: &[SuiteFile], surroundings: Surroundings, agents: &mut dyn Agents) -> Suites {
    let (inherited, problems) = surroundings::Inherited::read(&surroundings);
    let root = surroundings.root.clone();
    let shared = Arc::new(Shared {
        surroundings,
        inherited,
        room: AtomicUsize::new(TEXT_KEPT),
        room_ready: AtomicUsize::new(TEXT_KEPT_READY),
        sounds: Arc::new(Sounds::new(root)),
    });
    let folders = Folders::default();
    let mut with_identity: HashMap<&str, usize> = HashMap::new();
    for file in files {
        *with_identity.entry(&file.suite).or_default() += 1;
    }
    let shares_identity = |file: &SuiteFile| {
        with_identity
            .get(file.suite.as_str())
            .is_some_and(|count| *count > 1)
    };
    let mut collected = Collected::default();
    collected.report(problems);
    let mut known = BTreeMap::new();
    for files in files.chunks(FILES_AT_ONCE) {
        let asked: &dyn Agents = agents;
        let mut read: Vec<OneFile> = files
            .par_iter()
            .map(|file| {
                let mut read = read_file(file, shares_identity(file), &shared, &folders);
                let matter = asked.matter(file, &read.entries);
                read.mentions.retain(|role, _| matter.contains(role));
                read.stubbed.retain(|role, _| matter.contains(role));
                read
            })
            .collect();
        let mentioned = read.iter().flat_map(|file| file.mentions.keys());
        let new: BTreeSet<String> = mentioned
            .filter(|role| !known.contains_key(*role))
            .cloned()
            .collect();
        if !new.is_empty() {
            known.extend(agents.names(&new));
        }
        read.par_iter_mut()
            .for_each(|file| file.check_names(&shared.surroundings.roles, &known));
        for file in read {
            collected.add(file);
        }
    }
    let (problems, steps) = folders.finish();
    collected.report(problems);
    for step in steps.iter().filter(|step| !step.is_used()) {
        if let Some(file) = &step.file {
            let path: Arc<Path> = Arc::from(file.path.as_path());
            collected.report(turns::check_unused(step, file, &path));
        }
    }
    collected.suites
}

/// What came of one file.
#[derive(Default)]
struct OneFile {
    entries: Vec<Entry>,
    /// Where each entry's name stands, when another file has the same identity; else nothing keeps the text.
    names: Vec<NamePlace>,
    problems: Vec<Diagnostic>,
    /// What the conversations that a role plays name of its agent; a role without any is there all the same.
    mentions: BTreeMap<String, BTreeSet<Mention>>,
    /// As [`Suites::stubbed`].
    stubbed: BTreeMap<String, Stubbed>,
    /// Parameters that conversations of this file set.
    given: BTreeSet<String>,
}

impl OneFile {
    /// Names are compared with the agent's last: any conversation of the file may set a parameter.
    fn check_names(&mut self, roles: &BTreeMap<String, Role>, known: &BTreeMap<String, surroundings::Names>) {
        for (name, mentions) in std::mem::take(&mut self.mentions) {
            if let (Some(role), Some(names)) = (roles.get(&name), known.get(&name)) {
                let problems = validate::check(mentions.iter(), &self.given, role, names);
                self.problems.extend(problems);
            }
        }
    }
}

/// Where a conversation's name stands, for messages about names that are not unique.
#[derive(Clone)]
struct NamePlace {
    file: Arc<SourceFile>,
    span: Range<usize>,
}

/// What came of all files so far.
#[derive(Default)]
struct Collected {
    suites: Suites,
    /// Rows, steps and `every_turn` make the same problem many times.
    reported: HashSet<(String, usize, usize, &'static str, String)>,
    /// The conversations of files that share their identity with another.
    names: BTreeMap<(String, String), NamePlace>,
}

impl Collected {
    fn report(&mut self, problems: Vec<Diagnostic>) {
        for problem in problems {
            let place = problem
                .labels
                .first()
                .map(|label| (label.file.path.clone(), label.span.clone()));
            let (path, span) = place
                .or_else(|| Some((problem.path.clone()?, 0..0)))
                .unwrap_or_default();
            let path = path.to_string_lossy().into_owned();
            let key = (path, span.start, span.end, problem.code, problem.message.clone());
            if self.reported.insert(key) {
                self.suites.problems.push(problem);
            }
        }
    }

    fn add(&mut self, file: OneFile) {
        self.report(file.problems);
        for (entry, place) in file.entries.iter().zip(file.names) {
            let identity = (entry.suite().to_owned(), entry.name().to_owned());
            match self.names.get(&identity) {
                Some(first) => {
                    let problem = duplicate(entry.name(), &place, first)
                        .help("a suite's identity is its path without extension: rename one of the files");
                    self.report(vec![problem]);
                }
                None => drop(self.names.insert(identity, place)),
            }
        }
        self.suites.entries.extend(file.entries);
        for (role, stubbed) in file.stubbed {
            self.suites.stubbed.entry(role).or_default().extend(stubbed);
        }
    }
}

/// Line breaks within a text, trailing ones left out.
fn lines_within(text: Option<&str>) -> u32 {
    let breaks = text.unwrap_or_default().trim_end().matches('\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX)
}

fn duplicate(name: &str, place: &NamePlace, first: &NamePlace) -> Diagnostic {
    let message = format!("two conversations of this suite are called `{name}`");
    let problem =
        Diagnostic::error("duplicate-name", message).at(&place.file, place.span.clone(), "again here");
    problem.at(&first.file, first.span.clone(), "first here")
}

fn read_file(suite: &SuiteFile, shares_identity: bool, shared: &Arc<Shared>, folders: &Folders) -> OneFile {
    let framed = match frame::read(suite, shared, folders) {
        Ok(framed) => framed,
        Err(problems) => {
            return OneFile {
                problems,
                ..OneFile::default()
            };
        }
    };
    let Framed {
        file,
        frame,
        conversations,
        problems,
    } = framed;
    let mut reading = Reading {
        shared,
        file,
        frame: Arc::new(frame),
        shares_identity,
        out: OneFile {
            problems,
            ..OneFile::default()
        },
        names: HashMap::new(),
        inherited: 0,
    };
    let own: usize = conversations.iter().map(Found::size).sum();
    reading.inherited = reading.file.text.len().saturating_sub(own);
    for found in conversations {
        reading.conversation(found);
    }
    reading.finish()
}

/// Where a conversation can be read again, should it not be kept as it is.
type LazyPlace<F> = LazyCell<Place, F>;

/// The reading of one file's conversations.
struct Reading<'a> {
    shared: &'a Arc<Shared>,
    file: Arc<SourceFile>,
    frame: Arc<Frame>,
    shares_identity: bool,
    out: OneFile,
    /// The conversations so far, and where their names stand.
    names: HashMap<String, Range<usize>>,
    /// Bytes of text around the conversations: what each may have taken over.
    inherited: usize,
}

impl Reading<'_> {
    fn conversation(&mut self, found: Found) {
        match found {
            Found::Tree(node) => {
                let lines = lines_within(self.file.text.get(node.span.clone()));
                let last_line = node.line.saturating_add(lines);
                let place = LazyCell::new(|| Place::Tree(Packed::of(&node)));
                self.cases(&node, &place, last_line);
            }
            Found::Slice(slice) => {
                let file = Arc::clone(&self.file);
                let text = file.text.get(slice.range.clone()).unwrap_or_default();
                let last_line = slice.line.saturating_add(lines_within(Some(text)));
                let parsed = yaml::parse_slice(&file, &slice, text);
                self.out.problems.extend(parsed.problems);
                let place = LazyCell::new(|| Place::Slice(slice, hash_of(text.as_bytes())));
                if let Some(node) = parsed.root {
                    self.cases(&node, &place, last_line);
                }
            }
        }
    }

    /// One conversation, for each of its rows.
    fn cases(&mut self, node: &Node, place: &LazyPlace<impl FnOnce() -> Place>, last_line: u32) {
        match self.rows_of(node) {
            Err(()) => {}
            Ok(None) => self.case(node, place, None, last_line),
            Ok(Some(rows)) => {
                for index in 0..rows.len() {
                    self.case(node, place, Some((&rows, index)), last_line);
                }
            }
        }
    }

    /// The conversation's rows crossed with the suite's.
    fn rows_of(&mut self, node: &Node) -> Result<Option<Arc<Vec<Row>>>, ()> {
        let own = node
            .as_map()
            .filter(|map| map.get("examples").or_else(|| map.get("matrix")).is_some());
        let suite = self.frame.rows.as_ref();
        let Some(map) = own else {
            return Ok(suite.map(Arc::clone));
        };
        let mut reader = yaml::Reader::new(&self.file);
        let known = [&self.frame.vars];
        let source = RowSource {
            root: &self.shared.surroundings.root,
            beside: &self.frame.on_disk,
            names: Known::fixed(&known, &self.shared.surroundings.variables),
        };
        let rows = rows(map, &source, &mut reader);
        let crossed = rows.and_then(|rows| match suite {
            Some(suite) => cross_of(map, &rows, suite, &mut reader),
            None => Some(rows),
        });
        self.out.problems.append(&mut reader.problems);
        crossed.map(|rows| Some(Arc::new(rows))).ok_or(())
    }

    /// One conversation for one row, in each of its channels.
    fn case(
        &mut self,
        node: &Node,
        place: &LazyPlace<impl FnOnce() -> Place>,
        row: Option<(&Arc<Vec<Row>>, usize)>,
        last_line: u32,
    ) {
        let first = self.played(node, row, None);
        let conversation = first.conversation.as_ref();
        let channels = conversation.map(|conversation| conversation.channels.clone());
        self.keep(first, node, place, row, last_line);
        for channel in channels.into_iter().flatten().skip(1) {
            let twin = self.played(node, row, Some(channel));
            self.keep(twin, node, place, row, last_line);
        }
    }

    fn played(
        &self,
        node: &Node,
        row: Option<(&Arc<Vec<Row>>, usize)>,
        channel: Option<Channel>,
    ) -> Expanded {
        let source = Source {
            shared: self.shared,
            frame: &self.frame,
            file: &self.file,
            row: row.and_then(|(rows, index)| rows.get(index)),
            thorough: true,
            channel,
        };
        expand(node, source)
    }

    fn keep(
        &mut self,
        expanded: Expanded,
        node: &Node,
        place: &LazyPlace<impl FnOnce() -> Place>,
        row: Option<(&Arc<Vec<Row>>, usize)>,
        last_line: u32,
    ) {
        let Expanded {
            conversation,
            problems,
            mentions,
            given,
        } = expanded;
        self.out.problems.extend(problems);
        self.out.given.extend(given);
        let Some(conversation) = conversation else { return };
        let role = conversation.target.clone();
        let stubbed = self.out.stubbed.entry(role.clone()).or_default();
        stubbed.add(&conversation.stubs);
        // Rows mention the same names at the same places over and over.
        match self.out.mentions.get_mut(&role) {
            Some(known) => known.extend(mentions),
            None => drop(
                self.out
                    .mentions
                    .insert(role.clone(), mentions.into_iter().collect()),
            ),
        }
        let span = node
            .get("name")
            .map_or(node.span.clone(), |name| name.span.clone());
        if !self.is_new(&conversation.name, &span) {
            return;
        }
        let service = self
            .shared
            .surroundings
            .roles
            .get(&role)
            .map(|role| (&*role.target, role.service));
        let unasked = service.and_then(|(target, service)| unasked::check(&conversation, target, service));
        self.out
            .problems
            .extend(unasked.map(|problem| problem.at(&self.file, span.clone(), "")));
        let size = node.span.len().saturating_add(self.inherited);
        self.out.entries.push(Entry {
            shared: Arc::clone(self.shared),
            frame: Arc::clone(&self.frame),
            rows: row.map(|(rows, _)| Arc::clone(rows)),
            row_index: row.map_or(0, |(_, index)| index),
            name: conversation.name.clone(),
            row: conversation.row.clone(),
            lines: (node.line, last_line.max(node.line)),
            tags: self.frame.shared_tags(&conversation.tags),
            role: role.into(),
            channel: conversation.channel,
            has_channels: !conversation.channels.is_empty(),
            twin: conversation.twin.clone(),
            place: if self.shared.has_room_ready_for(size) {
                Place::Ready(Arc::new(conversation))
            } else {
                Place::clone(place)
            },
        });
    }

    /// Notes a conversation's name; reports it when there is one of that name already.
    fn is_new(&mut self, name: &str, span: &Range<usize>) -> bool {
        let place = |span: &Range<usize>| NamePlace {
            file: Arc::clone(&self.file),
            span: span.clone(),
        };
        let Some(first) = self.names.get(name) else {
            if self.shares_identity {
                self.out.names.push(place(span));
            }
            self.names.insert(name.to_owned(), span.clone());
            return true;
        };
        let problem = if first == span {
            let message = format!("two rows make a conversation called `{name}`");
            let help = "give the rows a `name`, or use what tells them apart in the conversation's name";
            Diagnostic::error("duplicate-name", message)
                .at(&self.file, span.clone(), "")
                .help(help)
        } else {
            duplicate(name, &place(span), &place(first))
        };
        self.out.problems.push(problem);
        false
    }

    fn finish(mut self) -> OneFile {
        for step in self.frame.steps.own.values().filter(|step| !step.is_used()) {
            self.out
                .problems
                .extend(turns::check_unused(step, &self.file, &self.frame.path));
        }
        self.out
    }
}

#[cfg(test)]
mod tests;
