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

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::yaml::{self, Node};

use discover::SuiteFile;
use entry::{Place, hash_of};
use expand::{Expanded, Shared, Source, expand};
use frame::{Found, Frame, Framed};
use mention::Mention;
use rows::{Row, RowSource, cross, rows};
use steps::Folders;
use template::fill::Names as Known;

pub use entry::{Entry, LoadError};
pub use surroundings::{Names, Role, SettingsLayer, Surroundings};

pub mod discover;
mod entry;
mod expand;
mod frame;
mod layers;
mod mention;
mod parse;
mod rows;
pub mod schema;
pub mod select;
mod steps;
mod surroundings;
pub mod template;
mod turns;
pub mod validate;

/// What came of reading suites.
#[derive(Debug, Default)]
pub struct Suites {
    /// The conversations, in order of file and position; rows in their order.
    pub entries: Vec<Entry>,
    /// Everything that is wrong, warnings included; unsorted. With an error among them nothing should be played.
    pub problems: Vec<Diagnostic>,
}

/// Reads suites: every file once, all problems of all files.
pub fn read(files: &[SuiteFile], surroundings: Surroundings) -> Suites {
    let (inherited, problems) = surroundings::Inherited::read(&surroundings);
    let shared = Arc::new(Shared {
        surroundings,
        inherited,
    });
    let folders = Folders::default();
    let read: Vec<OneFile> = files
        .par_iter()
        .map(|file| read_file(file, &shared, &folders))
        .collect();
    let mut collected = Collected::default();
    collected.report(problems);
    for file in read {
        collected.add(file);
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
    entries: Vec<(Entry, NamePlace)>,
    problems: Vec<Diagnostic>,
}

/// Where a conversation's name stands, for messages about names that are not unique.
#[derive(Clone)]
struct NamePlace {
    file: Arc<SourceFile>,
    span: std::ops::Range<usize>,
}

/// What came of all files so far.
#[derive(Default)]
struct Collected {
    suites: Suites,
    /// Rows, steps and `every_turn` make the same problem many times.
    reported: HashSet<(String, usize, usize, &'static str, String)>,
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
        for (entry, place) in file.entries {
            let identity = (entry.suite().to_owned(), entry.name().to_owned());
            if let Some(first) = self.names.get(&identity) {
                let problem = duplicate(&entry, &place, first);
                self.report(vec![problem]);
                continue;
            }
            self.names.insert(identity, place);
            self.suites.entries.push(entry);
        }
    }
}

fn duplicate(entry: &Entry, place: &NamePlace, first: &NamePlace) -> Diagnostic {
    let message = format!("two conversations of this suite are called `{}`", entry.name());
    let problem =
        Diagnostic::error("duplicate-name", message).at(&place.file, place.span.clone(), "again here");
    if place.span == first.span && Arc::ptr_eq(&place.file, &first.file) {
        let help = "two rows have one name: give them a `name`, or use what tells them apart in the conversation's name";
        return problem.help(help);
    }
    let problem = problem.at(&first.file, first.span.clone(), "first here");
    if first.file.path == place.file.path {
        return problem;
    }
    problem.help("a suite's identity is its path without extension: rename one of the files")
}

fn read_file(suite: &SuiteFile, shared: &Arc<Shared>, folders: &Folders) -> OneFile {
    let surroundings = &shared.surroundings;
    let framed = match frame::read(suite, &surroundings.root, folders, &surroundings.variables) {
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
        mentions,
        problems,
    } = framed;
    let frame = Arc::new(frame);
    let mut reading = Reading {
        shared,
        file,
        frame,
        out: OneFile {
            problems,
            ..OneFile::default()
        },
        mentions: mentions.into_iter().map(|mention| (None, mention)).collect(),
        given: BTreeSet::new(),
    };
    for found in conversations {
        reading.conversation(found);
    }
    reading.finish()
}

/// The reading of one file's conversations.
struct Reading<'a> {
    shared: &'a Arc<Shared>,
    file: Arc<SourceFile>,
    frame: Arc<Frame>,
    out: OneFile,
    /// Names to be checked, with the role whose agent must have them.
    mentions: Vec<(Option<String>, Mention)>,
    /// Parameters that conversations of this file set.
    given: BTreeSet<String>,
}

impl Reading<'_> {
    fn conversation(&mut self, found: Found) {
        let (place, node, last_line) = match found {
            Found::Tree(node) => {
                let last_line = self.line_of(node.span.end);
                (Place::Tree(Arc::clone(&node)), Some(node), last_line)
            }
            Found::Slice(slice) => {
                let text = self.file.text.get(slice.range.clone()).unwrap_or_default();
                let last_line = self.line_of(slice.range.start + text.trim_end().len());
                let parsed = yaml::parse_slice(&self.file, &slice, text);
                self.out.problems.extend(parsed.problems);
                let hash = hash_of(text.as_bytes());
                (Place::Slice(slice, hash), parsed.root.map(Arc::new), last_line)
            }
        };
        let Some(node) = node else { return };
        match self.rows_of(&node) {
            Err(()) => {}
            Ok(None) => self.case(&node, &place, None, last_line),
            Ok(Some(rows)) => {
                for index in 0..rows.len() {
                    self.case(&node, &place, Some((&rows, index)), last_line);
                }
            }
        }
    }

    fn line_of(&self, offset: usize) -> u32 {
        self.file.line_of(offset.saturating_sub(1))
    }

    /// The conversation's rows crossed with the suite's.
    fn rows_of(&mut self, node: &Node) -> Result<Option<Arc<Vec<Row>>>, ()> {
        let own = node
            .as_map()
            .filter(|map| map.get("examples").or_else(|| map.get("matrix")).is_some());
        let suite = self.frame.rows.as_ref();
        let Some(map) = own else {
            return Ok(suite.map(|rows| Arc::new(rows.clone())));
        };
        let mut reader = yaml::Reader::new(&self.file);
        let known = [&self.frame.vars];
        let source = RowSource {
            root: &self.shared.surroundings.root,
            beside: &self.frame.on_disk,
            names: Known::fixed(&known, &self.shared.surroundings.variables),
        };
        let rows = rows(map, &source, &mut reader);
        let crossed = rows.map(|rows| match suite {
            Some(suite) => cross(&rows, suite),
            None => rows,
        });
        self.out.problems.append(&mut reader.problems);
        crossed.map(|rows| Some(Arc::new(rows))).ok_or(())
    }

    /// One conversation for one row.
    fn case(&mut self, node: &Node, place: &Place, row: Option<(&Arc<Vec<Row>>, usize)>, last_line: u32) {
        let source = Source {
            shared: self.shared,
            frame: &self.frame,
            file: &self.file,
            row: row.and_then(|(rows, index)| rows.get(index)),
            thorough: true,
        };
        let Expanded {
            conversation,
            problems,
            mentions,
            given,
        } = expand(node, source);
        self.out.problems.extend(problems);
        self.given.extend(given);
        let Some(conversation) = conversation else { return };
        let role = conversation.target;
        self.mentions
            .extend(mentions.into_iter().map(|mention| (Some(role.clone()), mention)));
        let name_span = node
            .get("name")
            .map_or(node.span.clone(), |name| name.span.clone());
        let name_place = NamePlace {
            file: Arc::clone(&self.file),
            span: name_span,
        };
        let entry = Entry {
            shared: Arc::clone(self.shared),
            frame: Arc::clone(&self.frame),
            place: place.clone(),
            rows: row.map(|(rows, _)| Arc::clone(rows)),
            row_index: row.map_or(0, |(_, index)| index),
            name: conversation.name,
            row: conversation.row,
            lines: (node.line, last_line.max(node.line)),
            tags: conversation.tags.into(),
            role,
        };
        self.out.entries.push((entry, name_place));
    }

    /// Names are compared with the export last: any conversation of the file may set a parameter.
    fn finish(mut self) -> OneFile {
        for (name, role) in &self.shared.surroundings.roles {
            let of_role = self.mentions.iter().filter(|(of, _)| of.as_ref() == Some(name));
            let mentions: Vec<Mention> = of_role.map(|(_, mention)| mention.clone()).collect();
            self.out
                .problems
                .extend(validate::check(&mentions, &self.given, role));
        }
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
