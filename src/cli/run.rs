//! `turnproof run`: suites and settings → targets, plan and reports → the runner → exit code.

use std::collections::{BTreeMap, HashMap};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::Path;
use std::sync::Arc;

use super::args::{Origins, RunArgs};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::options::RunOptions;
use super::prepare::{Demands, Prepared};
use super::show_settings::{rows_of_run, table};
use super::surroundings::Surroundings;
use super::workplace::Workplace;
use crate::backend::auth::CredentialPolicy;
use crate::diagnostic::Diagnostic;
use crate::model::event::{RunEnd, RunInfo};
use crate::report::{self, ReportError};
use crate::runner::{
    self, Cancellation, Journal, JournalWriter, Limit, Plan, Previous, ReportFailure, Run, RunContext, RunStatus,
    RunTarget, fresh_seed, run_status, write_reports,
};
use crate::settings::roles::{Assigned, RoleError};
use crate::settings::target::{Target, TargetKind};
use crate::target::{Means, ReadyTarget, make_ready};

use conversations::Conversations;
use wanted::Wanted;

mod conversations;
mod screen;
mod wanted;

/// Where the journal of the last run is kept, for `--last-failed`.
const KEPT_IN: &str = "reports";
/// Events that wait for the screen; when it cannot keep up, the run waits for it.
const WAITING_EVENTS: usize = 1_024;

pub(super) fn run(
    args: &RunArgs,
    origins: &Origins,
    here: &Surroundings,
    console: Console,
) -> Result<Exit, Failure> {
    let workplace = Workplace::open(&args.suites, here)?;
    let profile = workplace.profile(&args.suites)?;
    let options = RunOptions::resolve(args, origins, profile);
    let roles = workplace.roles(&args.suites, profile, origins)?;
    if args.output.show_settings {
        console.print(&table(&rows_of_run(&options), &workplace.settings.redactor))?;
        return Ok(Exit::Success);
    }
    let demands = Demands { strict: args.suites.strict, overrides: options.overrides(), ..Demands::default() };
    let prepared = Prepared::read(&workplace, profile, roles, demands)?;
    console.diagnostics(&prepared.warnings)?;
    let selected = prepared.select(args.filter.filter.as_deref())?;
    let targets = targets_of(&prepared, &selected)?;
    let seed = options.seed.value.unwrap_or_else(fresh_seed);
    let previous = args.last_failed.then(what_failed_before).transpose()?;
    let redactor = workplace.settings.redactor.clone();
    let conversations = Arc::new(Conversations::new(prepared.entries));
    let plan = Plan::new(selected);
    let plan = match &previous {
        Some(previous) => plan.only_last_failed(&*conversations, previous, |name| redactor.text(name)),
        None => plan,
    };
    if plan.is_empty() {
        return Err(nothing_failed_before());
    }
    let means = Means {
        policy: CredentialPolicy { allowed_hosts: args.play.allow_credentials_to.clone(), ..CredentialPolicy::default() },
        seed,
        exports: prepared.exports,
    };
    let session = Playing {
        conversations,
        plan: if options.shuffle.value { plan.shuffled(seed) } else { plan },
        wanted: Wanted::new(&options, args, here, console, kept_notices(&targets))?,
        targets,
        means,
        redactor,
        variables: workplace.settings.variables.readable(),
        options: &options,
        seed,
        console,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(session.play());
    // An answer that nobody waits for any more does not keep the program from ending.
    runtime.shutdown_background();
    exit
}

/// What the selected conversations are played against, by role.
fn targets_of<'w>(
    prepared: &Prepared<'w>,
    selected: &[usize],
) -> Result<BTreeMap<String, Assigned<'w>>, Failure> {
    let mut targets = BTreeMap::new();
    let mut problems = Vec::new();
    for position in selected {
        let role = prepared.entries[*position].role();
        if targets.contains_key(role) {
            continue;
        }
        match prepared.roles.assign(Some(role)) {
            Ok(assigned) => {
                targets.insert(role.to_owned(), assigned);
            }
            Err(RoleError::Unusable { problems: of_target, .. }) => problems.extend(of_target),
            Err(error @ RoleError::Unknown { .. }) => problems.push(Diagnostic::error("no-target", error.message())),
        }
    }
    if problems.is_empty() { Ok(targets) } else { Err(Failure::Invalid(problems)) }
}

/// Which suites kept their target although another one was named on the command line.
fn kept_notices(targets: &BTreeMap<String, Assigned<'_>>) -> Vec<String> {
    let kept = targets.iter().filter(|(_, assigned)| assigned.kept);
    kept.map(|(role, assigned)| {
        let service = assigned.target.service().name();
        format!("suites for `{role}` kept the target `{}`: it speaks {service}", assigned.target.name)
    })
    .collect()
}

fn what_failed_before() -> Result<Previous, Failure> {
    let folder = Path::new(KEPT_IN).join(runner::JOURNAL_FOLDER);
    Previous::read(&folder)?.ok_or_else(|| Failure::Nothing {
        message: "there is no run before this one in this folder".to_owned(),
        help: "run once without --last-failed".to_owned(),
    })
}

fn nothing_failed_before() -> Failure {
    Failure::Nothing {
        message: "nothing is selected: all that was selected passed in the run before".to_owned(),
        help: "leave --last-failed out to play everything".to_owned(),
    }
}

/// A run whose every choice is made.
struct Playing<'w> {
    conversations: Arc<Conversations>,
    plan: Plan,
    wanted: Wanted,
    targets: BTreeMap<String, Assigned<'w>>,
    means: Means,
    redactor: crate::redact::Redactor,
    variables: BTreeMap<String, String>,
    options: &'w RunOptions,
    seed: u64,
    console: Console,
}

impl Playing<'_> {
    async fn play(self) -> Result<Exit, Failure> {
        let targets = distinct(&self.targets);
        let ready = make_ready(&targets, &self.means).await;
        let info = Arc::new(self.info(&ready));
        let (reporters, unopened) = self.wanted.open();
        for error in &unopened {
            Console::error(&error.to_string(), Some(report::hint(&error.source)))?;
        }
        let journal = journal(&info)?;
        let cancellation = Cancellation::new();
        let (events, screen) = screen::start(self.wanted.progress, self.console.colors_stderr());
        let signals = runner::listen_to_signals(cancellation.clone(), |reason| {
            std::process::exit(i32::from(Exit::from(reason).code()));
        })?;
        let run = Run {
            info: Arc::clone(&info),
            plan: self.plan,
            context: RunContext {
                source: self.conversations,
                targets: run_targets(&targets, ready, self.options),
                redactor: self.redactor,
                variables: self.variables,
                events,
                cancellation: cancellation.clone(),
            },
            options: runner_options(self.options),
        };
        let (end, journal) = runner::play(run, journal).await?;
        screen.finished().await;
        let (end, failures) = write(journal, reporters, info, end).await?;
        for failure in &failures {
            Console::error(&failure.to_string(), Some(report::hint(&failure.error)))?;
        }
        signals.abort();
        Ok(exit(&end, &cancellation, &unopened, &failures, self.options.fail_on_flaky.value))
    }

    fn info(&self, ready: &[ReadyTarget]) -> RunInfo {
        RunInfo {
            id: uuid::Uuid::new_v4().to_string(),
            started_at: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: self.seed,
            targets: ready.iter().map(|target| target.info.clone()).collect(),
        }
    }
}

/// Several roles may have one target.
fn distinct<'t>(targets: &BTreeMap<String, Assigned<'t>>) -> Vec<&'t Target> {
    let by_name: BTreeMap<&str, &Target> =
        targets.values().map(|assigned| (assigned.target.name.as_str(), assigned.target)).collect();
    by_name.into_values().collect()
}

fn run_targets(
    targets: &[&Target],
    ready: Vec<ReadyTarget>,
    options: &RunOptions,
) -> HashMap<String, RunTarget> {
    let limited = |target: &Target| options.rate.value.or(target.rate).map(|rate| Limit::per_minute(rate.per_minute()));
    let clock = |target: &Target| match &target.kind {
        TargetKind::Emulator(emulator) => emulator.clock,
        TargetKind::Cx(_) | TargetKind::Ces(_) => None,
    };
    let one = |(target, ready): (&&Target, ReadyTarget)| {
        let target_of_run = RunTarget { backend: ready.backend, limit: limited(target), clock: clock(target) };
        (target.name.clone(), target_of_run)
    };
    targets.iter().zip(ready).map(one).collect()
}

fn runner_options(options: &RunOptions) -> runner::RunOptions {
    runner::RunOptions {
        jobs: NonZeroUsize::new(options.jobs.value as usize).unwrap_or(NonZeroUsize::MIN),
        timeout: options.timeout.value,
        max_failures: options.max_failures.value.and_then(|most| NonZeroU64::new(most.into())),
        fail_on_flaky: options.fail_on_flaky.value,
    }
}

/// The journal is kept for `--last-failed`; where that cannot be, the run goes on without.
fn journal(info: &RunInfo) -> Result<JournalWriter, Failure> {
    let folder = Path::new(KEPT_IN).join(runner::JOURNAL_FOLDER);
    match JournalWriter::create(Some(&folder), info) {
        Ok(journal) => Ok(journal),
        Err(error) => {
            Console::note(&format!("--last-failed will not know of this run: {error}"))?;
            Ok(JournalWriter::create(None, info)?)
        }
    }
}

/// Reports are written where waiting does no harm.
async fn write(
    mut journal: Journal,
    reporters: Vec<Box<dyn crate::model::event::Reporter>>,
    info: Arc<RunInfo>,
    end: RunEnd,
) -> Result<(RunEnd, Vec<ReportFailure>), Failure> {
    let writing = tokio::task::spawn_blocking(move || {
        let failures = write_reports(&mut journal, reporters, &info, &end);
        (end, failures)
    });
    writing.await.map_err(|error| Failure::Io(std::io::Error::other(error)))
}

fn exit(
    end: &RunEnd,
    cancellation: &Cancellation,
    unopened: &[ReportError],
    failures: &[ReportFailure],
    fail_on_flaky: bool,
) -> Exit {
    let reports_failed = unopened.len() + failures.len();
    match run_status(&end.summary, cancellation.reason(), reports_failed, fail_on_flaky) {
        RunStatus::Passed => Exit::Success,
        RunStatus::Failed => Exit::Failed,
        RunStatus::CouldNotTest => Exit::CouldNotTest,
        RunStatus::NothingRan => Exit::NothingRan,
        RunStatus::Interrupted => Exit::Interrupted,
        RunStatus::Terminated => Exit::Terminated,
    }
}
