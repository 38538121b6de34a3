//! Whether it can be told what was said in each turn of a conversation, before any of them is played.

use std::ops::Range;
use std::sync::Arc;

use super::{History, Untold};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::model::suite::{RunMethod, Start, Turn};

/// Where a turn is written.
#[derive(Debug, Clone)]
pub(in crate::suite) struct Place {
    /// The file.
    pub(in crate::suite) file: Arc<SourceFile>,
    /// Its first character.
    pub(in crate::suite) span: Range<usize>,
    /// Where the step is used that it stands in.
    pub(in crate::suite) used_at: Option<(Arc<SourceFile>, Range<usize>)>,
}

/// Finds turns of which later ones could not be told, each with its place.
pub(in crate::suite) fn check<'a>(
    method: RunMethod,
    turns: impl Iterator<Item = (&'a Turn, &'a Place)>,
    start: &Start,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut history = History::new(start);
    // Nobody needs to know what was said in the last turn of a session.
    let mut before: Option<(&Turn, &Place)> = None;
    for (turn, place) in turns {
        if method == RunMethod::Naive {
            problems.extend(unused(turn, place));
            continue;
        }
        if let Some((turn, place)) = before.replace((turn, place)) {
            if turn.restart {
                history = History::new(start);
            } else if let Err(untold) = history.add(turn, Vec::new()) {
                if untold == Untold::Speaker {
                    // Once is enough.
                    history.speaker = Some(String::new());
                }
                problems.push(told(&untold, place));
            }
        }
    }
    problems
}

fn told(untold: &Untold, place: &Place) -> Diagnostic {
    let message = format!("later turns cannot be told what was said here (`run_method: stable`): {untold}");
    at(Diagnostic::error("untold", message), place).help(untold.help())
}

/// A turn's `history` where nobody is told. Steps may be used either way.
fn unused(turn: &Turn, place: &Place) -> Option<Diagnostic> {
    let told = turn.history.is_some() && place.used_at.is_none();
    told.then(|| {
        let message =
            "`history` of a turn is for conversations with `run_method: stable`, where later turns are told";
        at(Diagnostic::error("conflicting-keys", message), place)
            .help("write `run_method: stable` in the conversation, or leave `history` out")
    })
}

fn at(problem: Diagnostic, place: &Place) -> Diagnostic {
    let problem = problem.at(&place.file, place.span.clone(), "");
    match &place.used_at {
        Some((file, span)) => problem.at(file, span.clone(), "used here"),
        None => problem,
    }
}
