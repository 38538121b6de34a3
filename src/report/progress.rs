//! What is shown while a run goes on: a bar on a terminal, now and then a line in a log. It is the only thing that
//! writes to standard error meanwhile, so that nothing tears; lines about failures go above the bar.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::headline;
use super::style::{Canvas, Look, Piece, duration, grouped, inline, one_line};
use super::terminal::label;
use crate::model::event::{CancelReason, RunEvent};
use crate::model::outcome::{ConversationResult, Verdict};

/// Whether progress is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum When {
    /// A bar on a terminal; elsewhere a line at every tenth of the run.
    #[default]
    Auto,
    /// A bar on a terminal; elsewhere a line at every hundredth of the run.
    Always,
    /// Only notices.
    Never,
}

/// Lines about failures shown above the bar; the report has them all.
const MOST_FAILURES: u64 = 20;
/// Columns of the first line that the spinner, the bar and the position take.
const BESIDE_COUNTS: usize = 40;
/// An estimate from less than this is a guess.
const BEFORE_ESTIMATING: Duration = Duration::from_secs(2);
/// Without a line for so long, a log's reader (or a CI system that stops silent jobs) might think the run hangs.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// Shows the events of one run.
pub struct Progress {
    screen: Screen,
    look: Look,
    begun: Instant,
    total: u64,
    counts: Counts,
    running: Vec<String>,
}

/// Where it is shown.
enum Screen {
    Bar(ProgressBar),
    Lines {
        output: Box<dyn Write + Send>,
        pace: Pace,
        last: Duration,
        shown: u64,
    },
    Notices(Box<dyn Write + Send>),
}

/// How often a line is written.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Parts of the run after which there may be one.
    parts: u64,
    /// But never sooner after the last one.
    apart: Duration,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    passed: u64,
    failed: u64,
    errored: u64,
    flaky: u64,
    other: u64,
}

impl Counts {
    fn add(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Passed => &mut self.passed,
            Verdict::Failed => &mut self.failed,
            Verdict::Errored => &mut self.errored,
            Verdict::Flaky => &mut self.flaky,
            Verdict::Skipped | Verdict::NotRun => &mut self.other,
        } += 1;
    }

    fn done(self) -> u64 {
        self.passed + self.failed + self.errored + self.flaky + self.other
    }

    /// The counts worth a word, as `(count, word)`.
    fn said(self) -> Vec<(u64, &'static str)> {
        [
            (self.failed, "failed"),
            (self.errored, "errored"),
            (self.flaky, "flaky"),
            (self.passed, "passed"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .collect()
    }
}

impl Progress {
    /// Progress on standard error: a bar if that is a terminal.
    pub fn on_stderr(when: When, color: bool) -> Self {
        let choice = if color {
            anstream::ColorChoice::Always
        } else {
            anstream::ColorChoice::Never
        };
        let stderr = || Box::new(anstream::AutoStream::new(io::stderr(), choice));
        match when {
            When::Never => Self::new(Screen::Notices(stderr()), color),
            _ if io::stderr().is_terminal() => Self::new(Screen::Bar(bar(color)), color),
            When::Auto => Self::in_lines(stderr(), 10, Duration::from_secs(5), color),
            When::Always => Self::in_lines(stderr(), 100, Duration::from_secs(1), color),
        }
    }

    fn in_lines(output: Box<dyn Write + Send>, parts: u64, apart: Duration, color: bool) -> Self {
        let pace = Pace { parts, apart };
        Self::new(
            Screen::Lines {
                output,
                pace,
                last: Duration::ZERO,
                shown: 0,
            },
            color,
        )
    }

    fn new(screen: Screen, color: bool) -> Self {
        let look = Look::of_stderr(color);
        Self {
            screen,
            look,
            begun: Instant::now(),
            total: 0,
            counts: Counts::default(),
            running: Vec::new(),
        }
    }

    /// Takes the next event.
    pub fn handle(&mut self, event: &RunEvent) {
        self.handle_after(event, self.begun.elapsed());
    }

    /// Takes note that time passes. Call it every now and then, also when nothing happens.
    pub fn tick(&mut self) {
        self.show(self.begun.elapsed());
    }

    /// Takes an event that happened so long after the start.
    fn handle_after(&mut self, event: &RunEvent, elapsed: Duration) {
        match event {
            RunEvent::Started { total, .. } => self.start(*total),
            RunEvent::ConversationStarted { title } => self.running.push(inline(title)),
            RunEvent::ConversationFinished(result) => self.finished(result),
            RunEvent::Notice(text) => self.say(&format!("note: {}\n", inline(text))),
            RunEvent::Cancelled(reason) => self.say(&format!("{}\n", stopping(*reason))),
        }
        self.show(elapsed);
    }

    /// Takes the bar off the screen. Call it before anything else is written there.
    pub fn finish(&mut self) {
        let Screen::Bar(bar) = &self.screen else { return };
        if !bar.is_finished() && self.counts.failed + self.counts.errored > 0 {
            // The report begins below the lines about failures.
            bar.println("");
        }
        bar.finish_and_clear();
    }

    fn start(&mut self, total: u64) {
        self.total = total;
        if let Screen::Bar(bar) = &self.screen {
            bar.set_length(total);
            bar.enable_steady_tick(Duration::from_millis(150));
        }
    }

    fn finished(&mut self, result: &ConversationResult) {
        let title = inline(&headline::title(result));
        if let Some(at) = self.running.iter().position(|running| *running == title) {
            self.running.remove(at);
        }
        self.counts.add(result.verdict);
        let is_bad = matches!(result.verdict, Verdict::Failed | Verdict::Errored);
        let bad = self.counts.failed + self.counts.errored;
        if !is_bad || bad > MOST_FAILURES || !matches!(self.screen, Screen::Bar(_)) {
            return;
        }
        let mut canvas = Canvas::new(self.look);
        let head = [
            label(&canvas, result.verdict),
            Piece::plain("  "),
            Piece::plain(title),
        ];
        canvas.flow(&[], &[Piece::plain("    ")], &head);
        let what = Piece::new(one_line(&headline::of(result).text, 160), canvas.palette.faint);
        let margin = [Piece::plain("    ")];
        canvas.flow(&margin, &margin, &[what]);
        if bad == MOST_FAILURES {
            canvas.line(&[Piece::new(
                "    (further failures are in the report at the end)",
                canvas.palette.faint,
            )]);
        }
        self.say(&canvas.into_text());
    }

    /// Writes lines above the bar. An output that is gone is no reason to stop testing.
    fn say(&mut self, text: &str) {
        match &mut self.screen {
            Screen::Bar(bar) => bar.println(text.trim_end_matches('\n')),
            Screen::Lines { output, .. } | Screen::Notices(output) => {
                let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
            }
        }
    }

    fn show(&mut self, elapsed: Duration) {
        let done = self.counts.done();
        let (counts, total) = (self.counts, self.total);
        match &mut self.screen {
            Screen::Bar(bar) => {
                bar.set_position(done);
                let estimate = estimate(done, self.total, elapsed);
                let counted = counted(self.counts, self.running.len(), estimate);
                bar.set_prefix(one_line(&counted, self.look.width.saturating_sub(BESIDE_COUNTS)));
                bar.set_message(self.running.join(", "));
            }
            Screen::Lines {
                output,
                pace,
                last,
                shown,
            } => {
                let part = (done * pace.parts).checked_div(self.total).unwrap_or(0);
                let silence = elapsed.saturating_sub(*last);
                let due = part > *shown && done < self.total && silence >= pace.apart;
                if due || silence >= LONGEST_SILENCE {
                    (*shown, *last) = (part, elapsed);
                    let line = line(counts, total, elapsed);
                    let _ = output.write_all(line.as_bytes()).and_then(|()| output.flush());
                }
            }
            Screen::Notices(_) => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

fn bar(color: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(12));
    let template = if color {
        "{spinner:.cyan} {bar:20.cyan/dim} {pos}/{len}  {prefix}\n  {wide_msg:.dim}"
    } else {
        "{spinner} {bar:20} {pos}/{len}  {prefix}\n  {wide_msg}"
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("━╸─").tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
    bar
}

/// `[ 40 %] 120 of 300 conversations: 2 failed, 118 passed, 12.3 s`.
fn line(counts: Counts, total: u64, elapsed: Duration) -> String {
    let done = counts.done();
    let percent = (done * 100).checked_div(total).unwrap_or(0);
    let mut said: Vec<String> = counts
        .said()
        .into_iter()
        .map(|(count, word)| format!("{} {word}", grouped(count)))
        .collect();
    said.push(duration(elapsed));
    format!(
        "[{percent:>3} %] {} of {} conversations: {}\n",
        grouped(done),
        grouped(total),
        said.join(", ")
    )
}

/// `2 failed · 118 passed · 8 running · 12 s left`.
fn counted(counts: Counts, running: usize, estimate: Option<Duration>) -> String {
    let mut parts: Vec<String> = counts
        .said()
        .into_iter()
        .map(|(count, word)| format!("{} {word}", grouped(count)))
        .collect();
    if running > 0 {
        parts.push(format!("{running} running"));
    }
    parts.extend(estimate.map(|left| format!("{} left", coarse(left))));
    parts.join(" · ")
}

/// How much longer it takes if it goes on as before.
fn estimate(done: u64, total: u64, elapsed: Duration) -> Option<Duration> {
    if done == 0 || done >= total || elapsed < BEFORE_ESTIMATING {
        return None;
    }
    let left = elapsed.as_millis() * u128::from(total - done) / u128::from(done);
    Some(Duration::from_millis(u64::try_from(left).ok()?))
}

/// Whole seconds, or minutes: an estimate is no measurement.
fn coarse(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..=89 => format!("{} s", seconds.max(1)),
        _ => format!("{} min", (seconds + 30) / 60),
    }
}

fn stopping(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::MaxTurns => {
            "stopping: the turns that the run may take are used up; what has begun is played to its end"
        }
        CancelReason::MaxDuration => {
            "stopping: the time in which conversations may begin is over; what has begun is played to its end"
        }
        CancelReason::Failures => "stopping: as many failures as were allowed; the reports are still written",
        CancelReason::Timeout => "stopping: the time of the run is over; the reports are still written",
        CancelReason::Terminated => "stopping: terminated; the reports are still written",
        CancelReason::Interrupted => "stopping: interrupted; the reports are still written",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::report::tests::sample;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn finished(name: &str, verdict: Verdict) -> RunEvent {
        RunEvent::ConversationFinished(Arc::new(sample::conversation(name, verdict)))
    }

    #[test]
    fn a_log_gets_a_line_for_each_tenth_but_not_too_often() {
        let log = Log::default();
        let mut progress = Progress::in_lines(Box::new(log.clone()), 10, Duration::from_secs(5), false);
        progress.handle_after(
            &RunEvent::Started {
                run: Arc::new(sample::run()),
                total: 100,
            },
            Duration::ZERO,
        );
        for second in 1..=40 {
            let verdict = if second == 3 {
                Verdict::Failed
            } else {
                Verdict::Passed
            };
            progress.handle_after(&finished("x", verdict), Duration::from_millis(second * 400));
        }
        progress.handle_after(
            &RunEvent::Notice("odd\u{1b}[2J".to_owned()),
            Duration::from_secs(17),
        );
        progress.show(Duration::from_secs(61));
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            text,
            "[ 13 %] 13 of 100 conversations: 1 failed, 12 passed, 5.20 s\n\
             [ 26 %] 26 of 100 conversations: 1 failed, 25 passed, 10.4 s\n\
             [ 39 %] 39 of 100 conversations: 1 failed, 38 passed, 15.6 s\n\
             note: odd\\u{1b}[2J\n\
             [ 40 %] 40 of 100 conversations: 1 failed, 39 passed, 1 min 01 s\n"
        );
    }

    #[test]
    fn without_progress_only_notices_are_written() {
        let log = Log::default();
        let mut progress = Progress::new(Screen::Notices(Box::new(log.clone())), false);
        progress.handle(&RunEvent::Started {
            run: Arc::new(sample::run()),
            total: 1,
        });
        progress.handle(&finished("x", Verdict::Failed));
        progress.handle(&RunEvent::Cancelled(CancelReason::Timeout));
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            text,
            "stopping: the time of the run is over; the reports are still written\n"
        );
    }

    #[test]
    fn the_bar_says_what_runs_and_how_long_it_may_take() {
        let counts = Counts {
            passed: 1_200,
            failed: 2,
            ..Counts::default()
        };
        let left = estimate(1_202, 2_404, Duration::from_secs(30));
        assert_eq!(
            counted(counts, 8, left),
            "2 failed · 1,200 passed · 8 running · 30 s left"
        );
        assert_eq!(estimate(1, 10, Duration::from_millis(10)), None);
        assert_eq!(estimate(0, 10, Duration::from_secs(10)), None);
        assert_eq!(coarse(Duration::from_secs(200)), "3 min");
    }
}
