//! What was recorded and is not in the suites: each is a warning.

use std::path::Path;

use super::recording::{TestCase, Turn};
use crate::diagnostic::Diagnostic;

/// One warning for each thing, in the order of the cases and turns.
pub(super) fn warnings(cases: &[TestCase], export: &Path) -> Vec<Diagnostic> {
    let of_case = |case: &TestCase| {
        let clock = case.has_odd_time().then(|| {
            let message = "it was created at a time that no clock can be set to: none is set";
            Diagnostic::warning("clock-left-out", message)
        });
        let turns = case.turns.iter().enumerate();
        let turns = turns.flat_map(|(index, turn)| of_turn(index + 1, turn));
        let all: Vec<Diagnostic> = clock.into_iter().chain(turns).collect();
        let file = export.join(&case.file);
        all.into_iter()
            .map(move |warning| warning.in_file(file.clone()))
            .collect::<Vec<_>>()
    };
    cases.iter().flat_map(of_case).collect()
}

fn of_turn(number: usize, turn: &Turn) -> Vec<Diagnostic> {
    let unplayed = turn.unplayed().into_iter();
    let unplayed =
        unplayed.map(|what| Diagnostic::warning("input-left-out", format!("in turn {number} {what}")));
    let missing = turn.output().is_none().then(|| {
        let message = format!("of turn {number} no answer was recorded: nothing of one is expected");
        Diagnostic::warning("no-answer-recorded", message)
            .help("say in its `expect:` what should come: `turnproof run --print-expect` prints what does")
    });
    unplayed.chain(missing).collect()
}
