//! The report for people: every conversation that did not pass, as a conversation, and the summary at the end.
//! Written once the run is over; what is shown while it goes on is in [`progress`](super::progress).

use std::io::{self, Write};

use super::dialogue::{self, Extent};
use super::headline;
use super::output::Destination;
use super::style::{Canvas, Look, Piece, duration, inline, millis, one_line};
use super::summary::Tally;
use super::{Detail, Ledger};
use crate::model::event::{Recorded, Reporter, RunEnd, RunInfo};
use crate::model::outcome::{Attempt, AttemptOutcome, ConversationResult, Outcome, Verdict};

/// Conversations shown in full; those after them are listed in one line each, so that a run in which everything
/// fails stays readable. `-v` lifts the limit.
const MOST_IN_FULL: usize = 50;

/// Writes to a terminal, or a file that looks like one.
pub struct Terminal {
    output: Destination,
    look: Look,
    detail: Detail,
    ledger: Ledger,
    tally: Tally,
    in_full: usize,
}

impl Terminal {
    /// A report on any output.
    pub fn new(output: Destination, look: Look, detail: Detail, ledger: Ledger) -> Self {
        Self {
            output,
            look,
            detail,
            ledger,
            tally: Tally::default(),
            in_full: 0,
        }
    }

    fn is_shown(&self, result: &ConversationResult) -> bool {
        match result.verdict {
            Verdict::Failed | Verdict::Errored | Verdict::Flaky => true,
            Verdict::Passed => self.detail.verbose || self.has_missing_expectations(result),
            Verdict::Skipped | Verdict::NotRun => self.detail.verbose,
        }
    }

    fn has_missing_expectations(&self, result: &ConversationResult) -> bool {
        let bare = |attempt: &Attempt| {
            attempt
                .turns
                .iter()
                .any(|turn| turn.reply.is_some() && turn.expectations.is_empty())
        };
        self.detail.print_expect && headline::decisive(result).is_some_and(bare)
    }

    fn extent(&self, result: &ConversationResult) -> Extent {
        let of_interest = !matches!(result.verdict, Verdict::Passed);
        Extent {
            differences: true,
            shortened: of_interest && !self.detail.verbose,
            every_match: self.detail.verbose,
            suggest_missing: self.detail.print_expect,
        }
    }
}

impl Reporter for Terminal {
    fn describe(&self) -> String {
        "terminal".to_owned()
    }

    fn shows_passed(&self) -> bool {
        self.detail.verbose || self.detail.print_expect
    }

    fn conversation(&mut self, recorded: &Recorded) -> io::Result<()> {
        let result = &recorded.result;
        self.tally.add(result);
        self.tally.add_twins(recorded.twins.as_deref());
        if !self.is_shown(result) {
            return Ok(());
        }
        let mut canvas = Canvas::new(self.look);
        if self.in_full >= MOST_IN_FULL && !self.detail.verbose {
            write_brief(&mut canvas, result);
        } else {
            self.in_full += 1;
            write_conversation(&mut canvas, result, self.extent(result));
        }
        self.output.write_all(canvas.into_text().as_bytes())
    }

    fn finish(mut self: Box<Self>, run: &RunInfo, end: &RunEnd) -> io::Result<()> {
        let mut canvas = Canvas::new(self.look);
        self.tally
            .write(&mut canvas, run, end, &self.detail, &self.ledger.paths());
        self.output.write_all(canvas.into_text().as_bytes())?;
        self.output.finish()
    }
}

/// The verdict as a label, with its style.
pub(super) fn label(canvas: &Canvas, verdict: Verdict) -> Piece<'static> {
    let palette = canvas.palette;
    match verdict {
        Verdict::Passed => Piece::new("PASSED", palette.good),
        Verdict::Flaky => Piece::new("FLAKY", palette.odd),
        Verdict::Failed => Piece::new("FAILED", palette.bad),
        Verdict::Errored => Piece::new("ERRORED", palette.bad),
        Verdict::Skipped => Piece::new("SKIPPED", palette.faint),
        Verdict::NotRun => Piece::new("NOT RUN", palette.odd),
    }
}

fn write_conversation(canvas: &mut Canvas, result: &ConversationResult, extent: Extent) {
    write_title(canvas, result);
    let was_played = !matches!(result.verdict, Verdict::Skipped | Verdict::NotRun);
    if let Some(attempt) = headline::decisive(result).filter(|_| was_played) {
        write_attempts(canvas, result);
        canvas.blank();
        write_legend(canvas, attempt);
        dialogue::write(canvas, attempt, &result.file, extent);
    }
    canvas.blank();
}

fn write_title(canvas: &mut Canvas, result: &ConversationResult) {
    let palette = canvas.palette;
    let name = inline(&headline::title(result));
    let place = Piece::new(format!("{}:{}", inline(&result.file), result.line), palette.faint);
    let pieces = [
        label(canvas, result.verdict),
        Piece::plain("  "),
        Piece::new(name, palette.strong),
    ];
    canvas.line_with_edge(&pieces, &place, &[Piece::plain("    ")]);
    let elapsed: f64 = result.attempts.iter().map(|attempt| attempt.elapsed_ms).sum();
    let mut facts = vec![format!("target {}", inline(&result.target))];
    if !result.attempts.is_empty() {
        facts.push(duration(millis(elapsed)));
    }
    if !result.tags.is_empty() {
        facts.push(format!("tags {}", inline(&result.tags.join(", "))));
    }
    if let Some(attempt) = headline::decisive(result) {
        facts.push(format!("session {}", inline(&attempt.session)));
    }
    let margin = [Piece::plain("    ")];
    canvas.flow(&margin, &margin, &[Piece::new(facts.join(" · "), palette.faint)]);
    let decided_by_attempt = matches!(
        result.verdict,
        Verdict::Failed | Verdict::Errored | Verdict::Flaky
    ) && headline::decisive(result)
        .is_some_and(|attempt| attempt.outcome != AttemptOutcome::Passed);
    if let Some(reason) = result.reason.as_ref().filter(|_| !decided_by_attempt) {
        canvas.flow(&margin, &margin, &[Piece::plain(inline(reason))]);
    }
}

/// One line for each attempt, where there was more than one.
fn write_attempts(canvas: &mut Canvas, result: &ConversationResult) {
    if result.attempts.len() < 2 {
        return;
    }
    let palette = canvas.palette;
    let repeated = result.attempts.iter().any(|attempt| attempt.play > 1);
    for (at, attempt) in result.attempts.iter().enumerate() {
        let (word, style) = match attempt.outcome {
            AttemptOutcome::Passed => ("passed", palette.good),
            AttemptOutcome::Failed => ("failed", palette.bad),
            AttemptOutcome::Errored => ("errored", palette.bad),
            AttemptOutcome::Cancelled => ("cancelled", palette.odd),
        };
        let play = if repeated {
            format!("play {}, ", attempt.play)
        } else {
            String::new()
        };
        let lead = [
            Piece::plain("    "),
            Piece::new(format!("{play}attempt {} ", at + 1), palette.faint),
            Piece::new(format!("{word:<10}"), style),
        ];
        let what = headline::of_attempt(result, attempt)
            .map(|found| one_line(&found.text, 160))
            .unwrap_or_default();
        canvas.flow(&lead, &[Piece::plain(" ".repeat(8))], &[Piece::plain(what)]);
    }
}

/// What the signs of a diff mean, said once for each conversation that shows one.
fn write_legend(canvas: &mut Canvas, attempt: &Attempt) {
    let of_turns = attempt.turns.iter().flat_map(|turn| &turn.expectations);
    if of_turns
        .chain(&attempt.expectations)
        .any(|checked| checked.outcome == Outcome::Failed)
    {
        let palette = canvas.palette;
        canvas.line(&[
            Piece::plain("       "),
            Piece::new("- expected", palette.expected),
            Piece::plain("  "),
            Piece::new("+ actual", palette.actual),
        ]);
    }
}

/// A conversation in two lines.
fn write_brief(canvas: &mut Canvas, result: &ConversationResult) {
    let palette = canvas.palette;
    let name = inline(&headline::title(result));
    let place = Piece::new(format!("{}:{}", inline(&result.file), result.line), palette.faint);
    let pieces = [
        label(canvas, result.verdict),
        Piece::plain("  "),
        Piece::plain(name),
    ];
    canvas.line_with_edge(&pieces, &place, &[Piece::plain("    ")]);
    let margin = [Piece::plain("    ")];
    canvas.flow(
        &margin,
        &margin,
        &[Piece::new(
            one_line(&headline::of(result).text, 160),
            palette.faint,
        )],
    );
}
