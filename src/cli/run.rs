//! `turnproof run`: plays suites and writes reports.
//!
//! What is played is settled here, step by step; playing itself is the runner's, writing the reports'.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::args::{ListFormat, Origins, RunArgs};
use super::console::Console;
use super::exit::{Exit, exit_at_once};
use super::failure::Failure;
use super::options::RunOptions;
use super::prepare::{Demands, Prepared};
use super::show_settings;
use super::surroundings::Surroundings;
use super::workplace::Workplace;
use crate::cassette::Cassettes;
use crate::model::endpoint::CredentialPolicy;
use crate::model::event::{RunEnd, RunInfo};
use crate::redact::Redact as _;
use crate::runner::{
    self, Allowance, Cancellation, JOURNAL_FOLDER, Journal, JournalWriter, KeepAudio, Limit, Plan, Played,
    Reports, Run, RunContext, RunKind, RunStatus, RunTarget, TokenQuota,
};
use crate::settings::target::Target;
use crate::target::{self, AgentFiles, Means, ReadyTarget};

use chosen::Chosen;
use conversations::Conversations;
use reporting::Reporting;

mod chosen;
mod conversations;
mod planned;
mod reporting;
mod tapes;

/// The folder of the journal's folder, in the working directory.
const REPORTS_FOLDER: &str = "reports";
/// The folder of spoken answers, in the folder of the reports.
const AUDIO_FOLDER: &str = "audio";
/// Events that wait to be shown.
const WAITING_EVENTS: usize = 1024;

pub(super) fn run(
    args: &RunArgs,
    origins: &Origins,
    here: &Surroundings,
    console: Console,
) -> Result<Exit, Failure> {
    let offline = args.cassettes.replay.is_some();
    let here = &Surroundings {
        offline,
        ..here.clone()
    };
    let workplace = Workplace::open(&args.suites, here)?;
    let profile = workplace.profile(&args.suites)?;
    let roles = workplace.roles(&args.suites, profile, origins)?;
    let options = RunOptions::resolve(args, origins, profile);
    let demands = Demands {
        strict: args.suites.strict,
        usable_targets: !args.output.show_settings && args.output.plan.is_none(),
        overrides: options.overrides(),
        filter: args.filter.filter.as_deref(),
        ..Demands::default()
    };
    let prepared = Prepared::read(&workplace, profile, roles, demands)?;
    console.diagnostics(&prepared.warnings)?;
    let selected = prepared.select()?;
    if args.output.show_settings {
        let profile = profile.map(|profile| (profile, origins.of("--profile")));
        console.print(&show_settings::show(&prepared, &selected, &options, profile))?;
        return Ok(Exit::Success);
    }
    let policy = CredentialPolicy {
        universe: here.universe.clone(),
        allowed_hosts: args.play.allow_credentials_to.clone(),
    };
    let sends = !offline && args.output.plan.is_none();
    let mut chosen = Chosen::of(&prepared, &selected, sends.then_some(&policy))?;
    chosen.notices.extend(tapes::notice(&args.cassettes));
    if let Some(seed) = options.seed.value {
        chosen.reseed(seed);
    }
    let reporting = Reporting::new(args, &options, chosen.notices.clone(), here, console);
    let job = Job {
        plan: Plan::new(selected),
        conversations: Arc::new(Conversations::new(prepared.entries)),
        agent_files: prepared.agent_files,
        workplace: &workplace,
        chosen,
        policy,
        options,
        args,
        here,
    };
    if let Some(format) = args.output.plan {
        let foreseen = job.foresee(format)?;
        console.print(&foreseen.text)?;
        let is_nothing = foreseen.conversations == 0;
        return Ok(if is_nothing {
            Exit::NothingRan
        } else {
            Exit::Success
        });
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(job.play(reporting, console));
    // Nothing that still waits (an idle connection, a late answer) may hold up the end.
    runtime.shutdown_background();
    exit
}

/// Everything that is settled before the first request.
struct Job<'a> {
    plan: Plan,
    conversations: Arc<Conversations>,
    agent_files: AgentFiles,
    workplace: &'a Workplace,
    chosen: Chosen,
    policy: CredentialPolicy,
    options: RunOptions,
    args: &'a RunArgs,
    here: &'a Surroundings,
}

impl Job<'_> {
    async fn play(mut self, reporting: Reporting, console: Console) -> Result<Exit, Failure> {
        let seed = self.options.seed.value.unwrap_or_else(runner::fresh_seed);
        self.order(seed)?;
        let redactor = &self.workplace.settings.redactor;
        let titles = self.conversations.titles();
        let cassettes = tapes::open(&self.args.cassettes, titles, redactor, self.here)?;
        let cancellation = Cancellation::new();
        let signals = runner::listen_to_signals(cancellation.clone(), exit_at_once)?;
        let reporters = reporting.open()?;
        let (info, targets) = self.make_ready(seed, cassettes.clone()).await?;
        let journal = self.journal(&info)?;
        let (events, shown) = mpsc::channel(WAITING_EVENTS);
        let progress = reporting.show_progress(shown);
        let (conversations, strict) = (Arc::clone(&self.conversations), self.args.suites.strict);
        let run = self.into_run(&info, targets, cassettes.clone(), events, &cancellation);
        let fail_on_flaky = run.options.fail_on_flaky;
        let reports = Reports::begin(reporters, &run.plan)?;
        let played = runner::play(run, journal, reports).await;
        // The last event has been sent; the bar leaves the screen before reports are written to it.
        let _ = progress.await;
        let Played {
            end,
            journal,
            reports,
        } = played?;
        let mut not_written = complete(reports, journal, &info, &end).await?;
        if let Some(cassettes) = cassettes {
            let titles: Vec<_> = conversations.titles().collect();
            not_written += tapes::tell(&cassettes, &titles, strict, console)?;
        }
        signals.abort();
        let status = runner::run_status(&end.summary, cancellation.reason(), not_written, fail_on_flaky);
        Ok(exit_of(status))
    }

    /// Says what the run would take.
    fn foresee(mut self, format: ListFormat) -> Result<planned::Foreseen, Failure> {
        self.order(0)?;
        let redactor = &self.workplace.settings.redactor;
        // Without a run before this one, or with one that another version left, nothing is known of the time.
        let previous = runner::Previous::read(&self.journal_folder()).ok().flatten();
        planned::show(
            &self.plan,
            &self.conversations,
            &self.workplace.settings.targets,
            &self.options,
            previous.as_ref(),
            redactor,
            format,
        )
    }

    /// Settles what is played, in which order.
    fn order(&mut self, seed: u64) -> Result<(), Failure> {
        if self.args.last_failed {
            let plan = std::mem::take(&mut self.plan);
            let previous = runner::Previous::read(&self.journal_folder())?.ok_or_else(no_run_before)?;
            self.plan = plan.only_last_failed(&*self.conversations, &previous);
            if self.plan.is_empty() {
                return Err(Failure::Nothing {
                    message: nothing_failed(previous.not_run()),
                    help: "run without --last-failed to play them all".to_owned(),
                });
            }
        }
        if self.options.shuffle.value {
            self.plan = std::mem::take(&mut self.plan).shuffled(seed);
        }
        Ok(())
    }

    /// Starts emulators, and says of each target what reports will.
    async fn make_ready(
        &mut self,
        seed: u64,
        cassettes: Option<Cassettes>,
    ) -> Result<(Arc<RunInfo>, Vec<ReadyTarget>), Failure> {
        let means = Means {
            policy: self.policy.clone(),
            variables: self.here.way.clone(),
            seed,
            live_webhooks: super::emulate::live(self.args.play.live_webhooks.as_ref())?,
            cassettes,
            files: std::mem::take(&mut self.agent_files),
        };
        let chosen: Vec<&Target> = self.chosen.targets.iter().collect();
        let targets = target::make_ready(&chosen, &means).await;
        let mut info = RunInfo {
            id: uuid::Uuid::new_v4().to_string(),
            started_at: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            seed,
            targets: targets.iter().map(|target| target.info.clone()).collect(),
        };
        info.redact(&self.workplace.settings.redactor);
        Ok((Arc::new(info), targets))
    }

    fn into_run(
        self,
        info: &Arc<RunInfo>,
        ready: Vec<ReadyTarget>,
        cassettes: Option<Cassettes>,
        events: mpsc::Sender<crate::model::event::RunEvent>,
        cancellation: &Cancellation,
    ) -> Run {
        let rate = self.options.rate.value;
        // Nobody minds how often a recording is asked.
        let is_replay = cassettes.as_ref().is_some_and(Cassettes::is_replay);
        let targets = ready
            .into_iter()
            .zip(&self.chosen.targets)
            .map(|(ready, target)| {
                let per_minute = rate.or(target.rate).map(|rate| f64::from(rate.per_minute()));
                let tokens = target.quota.tokens.map(|tokens| TokenQuota {
                    per_minute: f64::from(tokens.allowed.per_minute()),
                    per_request: f64::from(tokens.per_turn),
                });
                let limit = || Limit::new(&target.name, per_minute, info.seed).with_tokens(tokens);
                let limit = (!is_replay).then(limit);
                (
                    target.name.clone(),
                    RunTarget {
                        backend: ready.backend,
                        limit,
                        sessions: target.quota.sessions.filter(|_| !is_replay),
                        clock: target.clock(),
                        audio: target.audio,
                    },
                )
            });
        Run {
            info: Arc::clone(info),
            context: RunContext {
                cassettes,
                source: self.conversations,
                targets: targets.collect(),
                redactor: self.workplace.settings.redactor.clone(),
                variables: self.workplace.settings.variables.readable(),
                events,
                cancellation: cancellation.clone(),
                allowance: Allowance::new(self.options.max_turns.value.map(u64::from)),
                seed: info.seed,
                keep_audio: self.args.output.keep_audio.then(|| {
                    let shown = Path::new(REPORTS_FOLDER).join(AUDIO_FOLDER);
                    KeepAudio {
                        folder: self.here.working_directory.join(&shown),
                        shown,
                    }
                }),
            },
            options: self.options.for_runner(),
            plan: self.plan,
        }
    }

    fn journal(&self, info: &RunInfo) -> Result<JournalWriter, Failure> {
        let kind = RunKind {
            last_failed: self.args.last_failed,
            replay: self.args.cassettes.replay.is_some(),
        };
        Ok(JournalWriter::create(Some(&self.journal_folder()), info, kind)?)
    }

    fn journal_folder(&self) -> PathBuf {
        self.here
            .working_directory
            .join(Path::new(REPORTS_FOLDER).join(JOURNAL_FOLDER))
    }
}

/// Completes the reports, and says how many could not be written.
async fn complete(
    reports: Reports,
    journal: Journal,
    info: &Arc<RunInfo>,
    end: &RunEnd,
) -> Result<usize, Failure> {
    let (info, end) = (Arc::clone(info), end.clone());
    let completed = tokio::task::spawn_blocking(move || reports.complete(journal, &info, &end)).await;
    let failures = completed.map_err(std::io::Error::other)??;
    for failure in &failures {
        let hint = crate::report::hint(&failure.error);
        // Who reads a pipe no further has seen enough of that report.
        if failure.error.kind() != std::io::ErrorKind::BrokenPipe {
            Console::error(&failure.to_string(), Some(hint))?;
        }
    }
    Ok(failures
        .iter()
        .filter(|failure| failure.error.kind() != std::io::ErrorKind::BrokenPipe)
        .count())
}

fn nothing_failed(not_run: usize) -> String {
    let message = "nothing is selected: none of these conversations failed in the run before";
    match not_run {
        0 => message.to_owned(),
        1 => format!("{message}; 1 was not run in it, which does not count"),
        many => format!("{message}; {many} were not run in it, which does not count"),
    }
}

fn no_run_before() -> Failure {
    Failure::Nothing {
        message: "there is no run before this one whose failures could be played".to_owned(),
        help: "run without --last-failed first, in the same working directory".to_owned(),
    }
}

fn exit_of(status: RunStatus) -> Exit {
    match status {
        RunStatus::Passed => Exit::Success,
        RunStatus::Failed => Exit::Failed,
        RunStatus::CouldNotTest => Exit::CouldNotTest,
        RunStatus::NothingRan => Exit::NothingRan,
        RunStatus::Interrupted => Exit::Interrupted,
        RunStatus::Terminated => Exit::Terminated,
    }
}
