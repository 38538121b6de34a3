//! The end of the terminal report: what came of the run, what to look at, where the reports are.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use super::Detail;
use super::headline;
use super::style::{Canvas, Piece, counted, duration, grouped, inline, millis, one_line};
use super::terminal::label;
use super::twins;
use crate::model::event::{CancelReason, RunEnd, RunInfo, Summary};
use crate::model::outcome::{ConversationResult, Twins, Verdict};

/// Conversations listed at the end.
const MOST_LISTED: usize = 30;
/// Slowest conversations named.
const MOST_SLOW: usize = 3;
/// Fewer conversations than this have no slowest worth naming.
const WORTH_COMPARING: u64 = 10;
/// Different remarks kept; a remark that repeats is counted.
const MOST_NOTES: usize = 20;

/// What the summary needs to remember of the conversations: bounded, however many there are.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Conversations that did not pass, as `(verdict, title, place, what happened)`.
    listed: Vec<(Verdict, String, String, String)>,
    not_listed: u64,
    slowest: Vec<(Duration, String)>,
    played: u64,
    notes: BTreeMap<String, u64>,
    has_more_notes: bool,
    twins: twins::Tally,
}

impl Tally {
    pub(super) fn add(&mut self, result: &ConversationResult) {
        if matches!(
            result.verdict,
            Verdict::Failed | Verdict::Errored | Verdict::Flaky
        ) {
            self.list(result);
        }
        if !result.attempts.is_empty() {
            self.played += 1;
            let longest = result
                .attempts
                .iter()
                .map(|attempt| attempt.elapsed_ms)
                .fold(0.0, f64::max);
            self.slowest.push((millis(longest), headline::title(result)));
            self.slowest
                .sort_by_key(|(elapsed, _)| std::cmp::Reverse(*elapsed));
            self.slowest.truncate(MOST_SLOW);
        }
        let replies = result
            .attempts
            .iter()
            .flat_map(|attempt| &attempt.turns)
            .filter_map(|turn| turn.reply.as_ref());
        for note in replies.flat_map(|reply| &reply.notes) {
            self.note(note);
        }
    }

    pub(super) fn add_twins(&mut self, twins: Option<&Twins>) {
        if let Some(twins) = twins {
            self.twins.add(twins);
        }
    }

    fn list(&mut self, result: &ConversationResult) {
        if self.listed.len() >= MOST_LISTED {
            self.not_listed += 1;
            return;
        }
        let place = format!("{}:{}", result.file, result.line);
        let what = one_line(&headline::of(result).text, 160);
        self.listed.push((
            result.verdict,
            inline(&headline::title(result)),
            inline(&place),
            what,
        ));
    }

    fn note(&mut self, note: &str) {
        if let Some(count) = self.notes.get_mut(note) {
            *count += 1;
        } else if self.notes.len() < MOST_NOTES {
            self.notes.insert(note.to_owned(), 1);
        } else {
            self.has_more_notes = true;
        }
    }

    pub(super) fn write(
        &self,
        canvas: &mut Canvas,
        run: &RunInfo,
        end: &RunEnd,
        detail: &Detail,
        written: &[PathBuf],
    ) {
        write_rule(canvas);
        write_counts(canvas, end);
        write_measures(canvas, run, end, detail);
        self.write_list(canvas);
        self.twins.write(canvas);
        let mut facts = Facts::new(canvas);
        self.write_slowest(&mut facts, &end.summary);
        write_slowed(&mut facts, end);
        self.write_notes(&mut facts, detail);
        for path in written {
            facts.row("report", &path.display().to_string());
        }
        write_exit(&mut facts, end, detail);
    }

    fn write_list(&self, canvas: &mut Canvas) {
        if self.listed.len() < 2 {
            return;
        }
        canvas.blank();
        let faint = canvas.palette.faint;
        for (verdict, title, place, what) in &self.listed {
            let label = label(canvas, *verdict);
            let padding = " ".repeat(8_usize.saturating_sub(label.text.len()));
            let pieces = [
                Piece::plain("  "),
                label,
                Piece::plain(padding),
                Piece::plain(title.as_str()),
            ];
            let below = [Piece::plain(" ".repeat(10))];
            canvas.line_with_edge(&pieces, &Piece::new(place.as_str(), faint), &below);
            canvas.flow(&below, &below, &[Piece::new(what.as_str(), faint)]);
        }
        if self.not_listed > 0 {
            let text = format!("  and {} more", grouped(self.not_listed));
            canvas.line(&[Piece::new(text, faint)]);
        }
    }

    fn write_slowest(&self, facts: &mut Facts<'_>, summary: &Summary) {
        if self.played < WORTH_COMPARING || summary.conversations() < WORTH_COMPARING {
            return;
        }
        for (elapsed, title) in &self.slowest {
            facts.row("slowest", &format!("{}  {}", duration(*elapsed), inline(title)));
        }
    }

    fn write_notes(&self, facts: &mut Facts<'_>, detail: &Detail) {
        for notice in &detail.notices {
            facts.row("note", notice);
        }
        for (note, count) in &self.notes {
            facts.row("note", &format!("{note} ({})", counted(*count, "turn")));
        }
        if self.has_more_notes {
            facts.row(
                "note",
                "there were more remarks of other kinds; -v shows them in their turns",
            );
        }
    }
}

/// Rows of a label and a text, set apart from what comes before by one blank line.
struct Facts<'a> {
    canvas: &'a mut Canvas,
    begun: bool,
}

impl<'a> Facts<'a> {
    fn new(canvas: &'a mut Canvas) -> Self {
        Self { canvas, begun: false }
    }

    fn row(&mut self, label: &str, text: &str) {
        if !std::mem::replace(&mut self.begun, true) {
            self.canvas.blank();
        }
        let first = [Piece::new(format!("  {label:<8}"), self.canvas.palette.faint)];
        self.canvas.flow(
            &first,
            &[Piece::plain(" ".repeat(10))],
            &[Piece::plain(inline(text))],
        );
    }
}

fn write_rule(canvas: &mut Canvas) {
    let width = canvas.look().width.min(100);
    canvas.line(&[Piece::new("─".repeat(width), canvas.palette.faint)]);
}

/// `2 failed · 1 errored · 291 passed (2 after errors) · 4 skipped`.
fn write_counts(canvas: &mut Canvas, end: &RunEnd) {
    let palette = canvas.palette;
    let summary = &end.summary;
    let counts = [
        (summary.failed, "failed", palette.bad),
        (summary.errored, "errored", palette.bad),
        (summary.flaky, "flaky", palette.odd),
        (summary.passed, "passed", palette.good),
        (summary.skipped, "skipped", palette.faint),
        (summary.not_run, "not run", palette.odd),
    ];
    let mut pieces = Vec::new();
    for (count, word, style) in counts.into_iter().filter(|(count, ..)| *count > 0) {
        if !pieces.is_empty() {
            pieces.push(Piece::new(" · ", palette.faint));
        }
        pieces.push(Piece::new(format!("{} {word}", grouped(count)), style));
        if word == "passed" && summary.recovered > 0 {
            pieces.push(Piece::new(
                format!(" ({} after errors)", grouped(summary.recovered)),
                palette.faint,
            ));
        }
    }
    if pieces.is_empty() {
        pieces.push(Piece::new("no conversation was selected", palette.odd));
    }
    canvas.flow(&[], &[Piece::plain("  ")], &pieces);
}

/// `303 conversations, 1,455 turns, 4,210 expectations in 12.3 s · seed 42`.
fn write_measures(canvas: &mut Canvas, run: &RunInfo, end: &RunEnd, detail: &Detail) {
    let summary = &end.summary;
    let mut text = format!(
        "{}, {}, {} in {}",
        counted(summary.conversations(), "conversation"),
        counted(summary.turns, "turn"),
        counted(summary.expectations, "expectation"),
        duration(end.elapsed)
    );
    if detail.shuffled {
        // Writing to a text does not fail.
        let _ = write!(text, " · shuffled with --seed {}", run.seed);
    }
    canvas.flow(
        &[],
        &[Piece::plain("  ")],
        &[Piece::new(text, canvas.palette.faint)],
    );
}

/// Which services wanted it slower.
fn write_slowed(facts: &mut Facts<'_>, end: &RunEnd) {
    for slowed in &end.slowed {
        let text = format!(
            "{}: {} refused because a quota was used up; slowed {} for {} in all, down to {} requests a minute",
            slowed.target,
            counted(slowed.refused, "request"),
            counted(slowed.times, "time"),
            duration(millis(slowed.elapsed_ms)),
            slowed.lowest_per_minute,
        );
        facts.row("slowed", &text);
    }
}

/// Why the run ended early, and which exit code wins where two would be right.
fn write_exit(facts: &mut Facts<'_>, end: &RunEnd, detail: &Detail) {
    let summary = &end.summary;
    if let Some(reason) = end.cancelled {
        facts.row("stopped", cancelled(reason));
    }
    let failed = summary.failed > 0 || (detail.fail_on_flaky && summary.flaky > 0);
    let out_of_budget = matches!(
        end.cancelled,
        Some(CancelReason::MaxTurns | CancelReason::MaxDuration | CancelReason::Timeout)
    );
    let could_not_test = summary.errored > 0 || out_of_budget;
    let signalled = matches!(
        end.cancelled,
        Some(CancelReason::Terminated | CancelReason::Interrupted)
    );
    if failed && could_not_test && !signalled {
        facts.row(
            "exit",
            "1, because conversations failed; others could not be tested, which alone would be exit code 3",
        );
    } else if detail.fail_on_flaky && summary.flaky > 0 && summary.failed == 0 && !signalled {
        facts.row(
            "exit",
            "1, because of --fail-on-flaky: conversations failed before they passed",
        );
    } else if summary.skipped > 0 && summary.skipped == summary.conversations() {
        facts.row(
            "exit",
            "4, because nothing was played: every conversation was skipped",
        );
    }
}

fn cancelled(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::MaxTurns => "early: the turns that the run may take were used up (--max-turns)",
        CancelReason::MaxDuration => {
            "early: the time in which conversations may begin was over (--max-duration)"
        }
        CancelReason::Failures => {
            "early, after as many failures as were allowed (--fail-fast, --max-failures)"
        }
        CancelReason::Timeout => "early: the time of the run was over (--timeout)",
        CancelReason::Terminated => "early: terminated",
        CancelReason::Interrupted => "early: interrupted",
    }
}
