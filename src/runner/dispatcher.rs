//! One actor that starts conversations as there is room and owns every count of the run.
//!
//! Executors give back finished conversations; events go up one channel; "stop" goes down one [`Cancellation`](super::Cancellation). After
//! that nothing new starts; unless it was a gentle stop, what runs is cut short by its executor.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::executor::{self, Finished};
use super::journal::JournalWriter;
use super::reports::Reports;
use super::waiting::Waiting;
use super::{Limit, Played, Run, RunContext, RunOptions};
use crate::model::event::{CancelReason, RunEnd, RunEvent, SlowedTarget, Summary};
use crate::model::outcome::{ConversationResult, Verdict};

/// Plays a whole run. Returns when everything that was started is over and the journal is complete.
pub(super) async fn dispatch(run: Run, journal: JournalWriter, reports: Reports) -> io::Result<Played> {
    let start = Instant::now();
    let Run {
        info,
        plan,
        context,
        options,
    } = run;
    let total = plan.len() as u64;
    let mut dispatcher = Dispatcher {
        waiting: Waiting::new(plan.into_positions(), &context.targets),
        running: JoinSet::new(),
        positions: HashMap::new(),
        context: Arc::new(context),
        deadline: options.timeout.map(|timeout| start + timeout),
        closing: options.max_duration.map(|duration| start + duration),
        options,
        summary: Summary::default(),
        journal,
        unwritten: None,
        reports,
        told_of: None,
    };
    dispatcher
        .context
        .tell(RunEvent::Started { run: info, total })
        .await;
    dispatcher.play().await;
    dispatcher.give_up_waiting().await;
    let end = RunEnd {
        elapsed: start.elapsed(),
        summary: dispatcher.summary,
        cancelled: dispatcher.stopped_for(),
        slowed: dispatcher.slowed(),
    };
    let Dispatcher {
        journal,
        unwritten,
        reports,
        ..
    } = dispatcher;
    if let Some(unwritten) = unwritten {
        return Err(unwritten.reason(journal));
    }
    Ok(Played {
        end,
        journal: journal.finish(),
        reports,
    })
}

struct Dispatcher {
    /// Conversations that have not been started.
    waiting: Waiting,
    running: JoinSet<Finished>,
    /// Which conversation a task plays, for one that panics.
    positions: HashMap<task::Id, usize>,
    context: Arc<RunContext>,
    deadline: Option<Instant>,
    /// When nothing begins any more.
    closing: Option<Instant>,
    options: RunOptions,
    summary: Summary,
    journal: JournalWriter,
    /// The disk is full, say: what finishes cannot be kept, so nothing more is played.
    unwritten: Option<Unwritten>,
    reports: Reports,
    /// Which stop was told of last.
    told_of: Option<CancelReason>,
}

impl Dispatcher {
    async fn play(&mut self) {
        loop {
            self.fill();
            if self.running.is_empty() || self.unwritten.is_some() {
                return;
            }
            let cancellation = self.context.cancellation.clone();
            let timed_out = sleep_until(self.deadline.unwrap_or_else(Instant::now));
            let closing = sleep_until(self.closing.unwrap_or_else(Instant::now));
            let told_of_end = self.told_of.is_some_and(|reason| !reason.is_gentle());
            tokio::select! {
                biased;
                () = cancellation.cancelled(), if !told_of_end => self.tell_of_stop().await,
                () = cancellation.stopping(), if self.told_of.is_none() => self.tell_of_stop().await,
                () = timed_out, if self.deadline.is_some() && !cancellation.is_cancelled() => {
                    cancellation.cancel(CancelReason::Timeout);
                }
                () = closing, if self.closing.is_some() && !cancellation.is_stopping() => {
                    cancellation.cancel(CancelReason::MaxDuration);
                }
                Some(joined) = self.running.join_next_with_id() => self.take(joined).await,
            }
        }
    }

    /// Starts conversations while there is room.
    fn fill(&mut self) {
        while self.running.len() < self.options.jobs.get() && !self.context.cancellation.is_stopping() {
            let Some(position) = self.waiting.next(&*self.context.source) else {
                return;
            };
            let context = Arc::clone(&self.context);
            let shows_passed = self.reports.shows_passed();
            // In a box, because the runtime moves what it is given a few times.
            let task = self.running.spawn(Box::pin(async move {
                let finished = executor::play(&context, position).await;
                if shows_passed {
                    finished
                } else {
                    finished.outlined()
                }
            }));
            self.positions.insert(task.id(), position);
        }
    }

    async fn tell_of_stop(&mut self) {
        self.told_of = self.context.cancellation.reason();
        if let Some(reason) = self.told_of {
            self.context.tell(RunEvent::Cancelled(reason)).await;
        }
    }

    /// Why the run ended before its time. A gentle stop that left nothing out was none.
    fn stopped_for(&self) -> Option<CancelReason> {
        let reason = self.context.cancellation.reason()?;
        (!reason.is_gentle() || self.summary.not_run > 0).then_some(reason)
    }

    /// The targets that wanted it slower, by name.
    fn slowed(&self) -> Vec<SlowedTarget> {
        let limits = self
            .context
            .targets
            .values()
            .filter_map(|target| target.limit.as_ref());
        let mut slowed: Vec<SlowedTarget> = limits.filter_map(Limit::told).collect();
        for target in &mut slowed {
            target.target = self.context.redactor.text(&target.target).into_owned();
        }
        slowed.sort_by(|one, other| one.target.cmp(&other.target));
        slowed
    }

    async fn take(&mut self, joined: Result<(task::Id, Finished), JoinError>) {
        match joined {
            Ok((task, finished)) => {
                self.positions.remove(&task);
                self.keep(finished).await;
            }
            Err(error) => {
                if let Some(position) = self.positions.remove(&error.id()) {
                    let reason = "this program failed while it played the conversation; please report it";
                    self.keep_unplayed(position, Verdict::Errored, reason).await;
                }
            }
        }
    }

    async fn keep(&mut self, finished: Finished) {
        let Finished {
            position,
            result,
            line,
        } = finished;
        self.waiting.is_over(position);
        self.summary.add(&result);
        let result = Arc::new(result);
        match line.map(Arc::new) {
            Ok(line) if self.journal.append(position, Arc::clone(&line)).await => {
                self.reports.add(position, Arc::clone(&result), line).await;
            }
            Ok(_) => self.unwritten = Some(Unwritten::Journal),
            Err(error) => self.unwritten = Some(Unwritten::Result(error)),
        }
        self.context.tell(RunEvent::ConversationFinished(result)).await;
        self.stop_after_failures();
    }

    /// Counts what makes the run red.
    fn stop_after_failures(&self) {
        let flaky = if self.options.fail_on_flaky {
            self.summary.flaky
        } else {
            0
        };
        let too_many = self
            .options
            .max_failures
            .is_some_and(|most| self.summary.failed + flaky >= most.get());
        if too_many {
            self.context.cancellation.cancel(CancelReason::Failures);
        }
    }

    /// Conversations that were never started are part of the result.
    async fn give_up_waiting(&mut self) {
        if let Some(reason) = self.context.cancellation.reason() {
            for position in self.waiting.rest() {
                if self.told_of.is_none() {
                    self.tell_of_stop().await;
                }
                self.keep_unplayed(position, Verdict::NotRun, stop_reason(reason))
                    .await;
            }
        }
    }

    async fn keep_unplayed(&mut self, position: usize, verdict: Verdict, reason: &str) {
        let heading = self.context.source.heading(position);
        let result: ConversationResult = heading.result(verdict, Some(reason.to_owned()));
        let finished = Finished::new(position, result, &self.context.redactor);
        self.keep(finished).await;
    }
}

/// Why a result is not in the journal.
enum Unwritten {
    /// The journal takes no more lines.
    Journal,
    /// It cannot be made a line.
    Result(io::Error),
}

impl Unwritten {
    /// Blocks only until the journal has told what happened to it.
    fn reason(self, journal: JournalWriter) -> io::Error {
        let error = match self {
            Self::Journal => journal.finish().close().err(),
            Self::Result(error) => Some(error),
        };
        let error = error.unwrap_or_else(|| io::ErrorKind::Other.into());
        io::Error::new(
            error.kind(),
            format!("the run's journal could not be written: {error}"),
        )
    }
}

/// Why a conversation was not played, or not to its end.
pub(super) fn stop_reason(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::MaxTurns => "the turns that the run may take were used up",
        CancelReason::MaxDuration => "the time in which conversations may begin was over",
        CancelReason::Failures => "the run was stopped after too many failures",
        CancelReason::Timeout => "the time of the run was up",
        CancelReason::Terminated => "the run was terminated",
        CancelReason::Interrupted => "the run was interrupted",
    }
}

#[cfg(test)]
mod tests;
