//! The turns of a conversation in order: steps inserted, names filled in, captures followed from turn to turn.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::expand::Source;
use super::history::Place;
use super::parse::{Parser, Use, is_use};
use super::steps::Step;
use super::template::fill::{Names, fill, names_used};
use crate::diagnostic::{Diagnostic, Label, SourceFile};
use crate::model::Map as Object;
use crate::model::suite::{RunMethod, Service, Turn};
use crate::yaml::{Node, Reader};

/// More turns than this come of steps that use each other again and again.
const MOST_TURNS: usize = 1_000;
/// Items of steps that are looked at for one conversation, those included that make no turn.
const MOST_ITEMS: usize = 10 * MOST_TURNS;
/// Steps that use each other, one within the other; more are hardly meant, and each takes room on the stack.
const MOST_STEPS: usize = 100;

/// Collects the turns of a conversation.
pub(super) struct Turns<'a, 'p> {
    source: Source<'a>,
    /// Row values and `vars`.
    known: &'a [&'a Object],
    /// Reads the suite file; problems of steps are put there as well.
    parser: &'p mut Parser,
    done: Vec<Turn>,
    /// Where each of them is written.
    places: Vec<Place>,
    captured: BTreeSet<String>,
    captured_later: BTreeSet<String>,
    /// The steps whose turns are being inserted, outermost first.
    inside: Vec<Arc<Step>>,
    /// Items of steps that were looked at.
    items: usize,
    overflown: bool,
}

impl<'a, 'p> Turns<'a, 'p> {
    pub(super) fn new(source: Source<'a>, known: &'a [&'a Object], parser: &'p mut Parser) -> Self {
        Self {
            source,
            known,
            parser,
            done: Vec::new(),
            places: Vec::new(),
            captured: BTreeSet::new(),
            captured_later: BTreeSet::new(),
            inside: Vec::new(),
            items: 0,
            overflown: false,
        }
    }

    /// Notes what the conversation's own turns will capture, for messages.
    pub(super) fn announce(&mut self, items: &[Node]) {
        let captures = items.iter().filter_map(|item| item.get("capture")?.as_map());
        self.captured_later
            .extend(captures.flat_map(|map| map.entries.iter().map(|entry| entry.key.name.clone())));
    }

    /// The turns with their places, and everything they capture.
    pub(super) fn finish(self) -> (Vec<Turn>, Vec<Place>, BTreeSet<String>) {
        (self.done, self.places, self.captured)
    }

    fn names<'n>(&'n self, known: &'n [&'n Object]) -> Names<'n> {
        Names {
            known,
            captured: &self.captured,
            captured_later: &self.captured_later,
            variables: &self.source.shared.surroundings.variables,
            lenient: false,
        }
    }

    /// One item of `turns`.
    pub(super) fn add(&mut self, item: &Node) {
        let filled = {
            let names = Names {
                known: self.known,
                captured: &self.captured,
                captured_later: &self.captured_later,
                variables: &self.source.shared.surroundings.variables,
                lenient: false,
            };
            fill(item, &names, &mut self.parser.reader)
        };
        if is_use(&filled) {
            if let Some(step) = self.parser.use_of_step(&filled) {
                self.use_step(&step);
            }
            return;
        }
        check_when(&filled, &self.done, self.parser);
        check_entry_agent(&filled, &self.done, self.parser);
        check_captures(&filled, self.known, &mut self.parser.reader);
        if let Some(turn) = self.parser.turn(&filled) {
            let place = place(&filled, &self.parser.reader.file);
            self.push(turn, place);
        }
    }

    fn push(&mut self, turn: Turn, place: Place) {
        self.places.push(place);
        self.captured
            .extend(turn.capture.iter().map(|capture| capture.name.clone()));
        self.done.push(turn);
    }

    /// Inserts the turns of a step.
    pub(super) fn use_step(&mut self, used: &Use) {
        let Some(step) = self.source.frame.steps.find(&used.step).cloned() else {
            let help = self.source.frame.steps.help(&used.step);
            let mut problem = Diagnostic::error("unknown-step", format!("there is no step `{}`", used.step));
            problem = problem.at(&used.file, used.span.clone(), "");
            problem.help.extend(help);
            self.parser.reader.push(problem);
            return;
        };
        step.mark_used();
        if self.inside.iter().any(|outer| Arc::ptr_eq(outer, &step)) {
            let message = format!("the step `{}` uses itself", step.name);
            let problem = Diagnostic::error("recursive-step", message).at(
                &used.file,
                used.span.clone(),
                "used again here",
            );
            self.parser.reader.push(problem);
            return;
        }
        if self.inside.len() >= MOST_STEPS {
            let message = format!("more than {MOST_STEPS} steps use each other, one within the other");
            let problem = Diagnostic::error("deep-steps", message).at(&used.file, used.span.clone(), "");
            self.parser.reader.push(problem);
            return;
        }
        self.check_arguments(used, &step);
        self.insert(used, &step);
    }

    /// An argument that no template of the step names would do nothing.
    fn check_arguments(&mut self, used: &Use, step: &Step) {
        if !self.source.thorough || used.args.is_empty() {
            return;
        }
        let mut names = BTreeSet::new();
        step.turns.iter().for_each(|turn| names_used(turn, &mut names));
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        for (name, span) in &used.argument_spans {
            if names.contains(name) {
                continue;
            }
            let message = format!("the step `{}` has no use for the argument `{name}`", step.name);
            let mut problem = Diagnostic::error("unknown-argument", message).at(&used.file, span.clone(), "");
            problem
                .help
                .extend(crate::diagnostic::suggest::help(name, &known));
            self.parser.reader.push(problem);
        }
    }

    fn insert(&mut self, used: &Use, step: &Arc<Step>) {
        let file = step.file.as_ref().unwrap_or(self.source.file);
        let path: Arc<Path> = match &step.file {
            Some(file) => Arc::from(file.path.as_path()),
            None => Arc::clone(&self.source.frame.path),
        };
        let mut parser = Parser::new(file, &path, self.source.thorough, self.parser.service);
        parser.sound = self.parser.sound.as_ref().map(|place| place.beside(&path));
        parser.channel = self.parser.channel;
        parser.in_pieces = self.parser.in_pieces;
        parser.run_method = self.parser.run_method;
        let known: Vec<&Object> = std::iter::once(&used.args)
            .chain(self.known.iter().copied())
            .collect();
        self.inside.push(Arc::clone(step));
        for item in &step.turns {
            if self.overflown {
                break;
            }
            self.insert_one(item, used, &known, &mut parser);
        }
        self.inside.pop();
        self.take_over(parser, used);
    }

    fn insert_one(&mut self, item: &Node, used: &Use, known: &[&Object], parser: &mut Parser) {
        self.items += 1;
        if self.items > MOST_ITEMS {
            self.overflow(
                used,
                format!("these steps use each other more than {MOST_ITEMS} times"),
            );
            return;
        }
        // All steps fill the same conversation.
        parser.reader.filled = self.parser.reader.filled;
        let filled = fill(item, &self.names(known), &mut parser.reader).into_owned();
        self.parser.reader.filled = parser.reader.filled;
        if is_use(&filled) {
            if let Some(mut inner) = parser.use_of_step(&filled) {
                // Failures name the place in the conversation, not the one in between.
                inner.location = used.location.clone();
                self.use_step(&inner);
            }
            return;
        }
        if self.done.len() >= MOST_TURNS {
            self.overflow(used, format!("more than {MOST_TURNS} turns come of these steps"));
            return;
        }
        check_when(&filled, &self.done, parser);
        check_entry_agent(&filled, &self.done, parser);
        check_captures(&filled, known, &mut parser.reader);
        if let Some(mut turn) = parser.turn(&filled) {
            turn.used_at = Some(used.location.clone());
            let place = Place {
                used_at: Some((Arc::clone(&used.file), used.span.clone())),
                ..place(&filled, &parser.reader.file)
            };
            self.push(turn, place);
        }
    }

    fn overflow(&mut self, used: &Use, message: String) {
        self.overflown = true;
        let problem = Diagnostic::error("too-many-turns", message).at(&used.file, used.span.clone(), "");
        self.parser.reader.push(problem);
    }

    /// Problems of a step also show where it was used: the arguments may be to blame.
    fn take_over(&mut self, mut parser: Parser, used: &Use) {
        for problem in &mut parser.reader.problems {
            if problem.code == "unknown-name" {
                problem.help.insert(
                    0,
                    "arguments are given where the step is used: `args: { … }`".to_owned(),
                );
            }
            problem.labels.push(Label {
                file: Arc::clone(&used.file),
                span: used.span.clone(),
                text: "used here".to_owned(),
            });
        }
        self.parser.reader.problems.append(&mut parser.reader.problems);
        self.parser.mentions.append(&mut parser.mentions);
        self.parser.given.append(&mut parser.given);
        self.parser.is_spoken |= parser.is_spoken;
        self.parser.in_pieces = parser.in_pieces;
    }
}

/// A capture under a name that is known already would never be seen: what is known outweighs it.
fn check_captures(turn: &Node, known: &[&Object], reader: &mut Reader) {
    let captures = turn.get("capture").and_then(Node::as_map);
    for entry in captures.into_iter().flat_map(|map| &map.entries) {
        let name = &entry.key.name;
        if known.iter().any(|values| values.contains_key(name)) {
            let message = format!(
                "`{name}` is already the name of a variable, a row's value or an argument, and would stay that"
            );
            reader
                .error("bad-name", message, entry.key.span.clone())
                .help
                .push("give the capture another name".to_owned());
        }
    }
}

/// The first turn has no previous reply; that of a turn which is always played is known to lack some things.
fn check_when(item: &Node, before: &[Turn], parser: &mut Parser) {
    let Some(when) = item.as_map().and_then(|map| map.entry("when")) else {
        return;
    };
    match before.last() {
        None => {
            let message = "`when` looks at the previous reply, which the first turn does not have";
            parser
                .reader
                .error("unobservable", message, when.key.span.clone());
        }
        Some(turn) if turn.when.is_empty() => {
            let shown = parser.shown_before(turn);
            parser.check_shown(&when.value, shown);
        }
        Some(_) => {}
    }
}

/// A session starts at its entry agent (ces-api 1.3): in a turn that goes on with one, the option would do nothing.
fn check_entry_agent(item: &Node, before: &[Turn], parser: &mut Parser) {
    if parser.service != Some(Service::Ces) || parser.run_method == RunMethod::Stable || may_begin(before) {
        return;
    }
    let with = item.get("with").and_then(Node::as_map);
    let Some(entry) = with.and_then(|with| with.entry("entry_agent")) else {
        return;
    };
    let message =
        "`entry_agent` is where a session starts: in this turn, which goes on with one, it means nothing";
    let problem = parser.reader.error("no-effect", message, entry.key.span.clone());
    problem.help.extend([
        "write it in the first turn, or `start: { agent: … }` in the conversation".to_owned(),
        "for a session that begins here, write `then: restart` in the turn before".to_owned(),
    ]);
}

/// Whether a turn after these may be the first of a session: turns with `when` may be skipped.
fn may_begin(before: &[Turn]) -> bool {
    let last_played = before
        .iter()
        .rev()
        .find(|turn| turn.restart || turn.when.is_empty());
    last_played.is_none_or(|turn| turn.restart)
}

fn place(turn: &Node, file: &Arc<SourceFile>) -> Place {
    Place {
        file: Arc::clone(file),
        span: turn.span.start..turn.span.start,
        used_at: None,
    }
}

/// What is wrong with a step that nothing uses, whatever its arguments would be.
pub(super) fn check_unused(step: &Step, file: &Arc<SourceFile>, path: &Arc<Path>) -> Vec<Diagnostic> {
    let mut parser = Parser::new(file, path, true, None);
    let names = Names {
        lenient: true,
        ..Names::fixed(&[], &[])
    };
    for item in &step.turns {
        let filled = fill(item, &names, &mut parser.reader);
        if is_use(&filled) {
            parser.use_of_step(&filled);
        } else {
            parser.turn(&filled);
        }
    }
    parser.reader.problems
}
