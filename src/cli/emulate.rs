//! `turnproof emulate`: serves an exported agent until it is told to stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tonic::service::Routes;

use super::args::EmulateArgs;
use super::console::Console;
use super::exit::{Exit, exit_at_once};
use super::failure::Failure;
use super::surroundings::Surroundings;
use crate::audio::AudioError;
use crate::diagnostic::Diagnostic;
use crate::emulator::ces::app::App;
use crate::emulator::ces::{CesEmulator, CesOptions};
use crate::emulator::cx::engine::Engine;
use crate::emulator::cx::live::{LiveHosts, LiveWebhooks};
use crate::emulator::cx::service::{CxOptions, CxService};
use crate::emulator::fault::{Counts, Faults, Rules};
use crate::emulator::hearing::Hearing;
use crate::emulator::{Emulator, EmulatorOptions};
use crate::export;
use crate::model::event::CancelReason;
use crate::model::suite::{EmulatorStubs, Stubs};
use crate::runner::{Cancellation, fresh_seed, listen_to_signals};
use crate::suite::{read_generators, read_playbooks, read_transcripts, read_webhooks};
use crate::target::recordings;

pub(super) fn emulate(args: &EmulateArgs, here: &Surroundings, console: Console) -> Result<Exit, Failure> {
    check_address(args)?;
    let hearing = hearing(args, here, console)?;
    let cx = args
        .agent
        .as_deref()
        .map(|agent| cx_service(args, agent, &hearing, here, console))
        .transpose()?;
    let ces = args
        .app
        .as_deref()
        .map(|app| ces_emulator(args, app, &hearing, console))
        .transpose()?;
    let options = EmulatorOptions {
        listen: args.listen,
        cx,
        others: ces.map(|ces| Routes::new(ces.into_service())),
        faults: Rules::new(args.faults.clone(), seed(args)),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(options, console))
}

/// Other machines reach the agent only when that was asked for.
fn check_address(args: &EmulateArgs) -> Result<(), Failure> {
    if args.allow_remote || args.listen.ip().is_loopback() {
        return Ok(());
    }
    let message = format!("other machines could reach {} and talk to the agent", args.listen);
    let problem = Diagnostic::error("remote", message)
        .help("listen on 127.0.0.1")
        .help("if they are meant to, add `--allow-remote`");
    Err(Failure::usage(problem))
}

fn cx_service(
    args: &EmulateArgs,
    agent: &Path,
    hearing: &Arc<Hearing>,
    here: &Surroundings,
    console: Console,
) -> Result<CxService, Failure> {
    let stubs = EmulatorStubs {
        webhooks: level(args.webhooks.as_deref(), read_webhooks, here)?,
        generators: level(args.generators.as_deref(), read_generators, here)?,
        playbooks: level(args.playbooks.as_deref(), read_playbooks, here)?,
    };
    let loaded =
        export::load_runtime(agent).map_err(|problems| with_help(problems, is_yaml(agent), AN_APP))?;
    console.diagnostics(&loaded.warnings)?;
    let engine = Engine::new(Arc::new(loaded.agent), seed(args));
    console.diagnostics(&engine.problems())?;
    let options = CxOptions {
        clock: args.clock.into(),
        faults: faults(args),
        stubs: Arc::new(stubs),
        live: live(args.live_webhooks.as_ref())?,
        hearing: Arc::clone(hearing),
    };
    Ok(CxService::new(engine, options))
}

fn ces_emulator(
    args: &EmulateArgs,
    app: &Path,
    hearing: &Arc<Hearing>,
    console: Console,
) -> Result<CesEmulator, Failure> {
    if app.is_dir() {
        let problem = Diagnostic::error("not-an-app", "an app is one YAML file, and this is a folder");
        return Err(Failure::usage(problem.in_file(app).help(AN_AGENT)));
    }
    let loaded = App::load(app, app).map_err(|problems| with_help(problems, is_zip(app), AN_AGENT))?;
    console.diagnostics(&loaded.warnings)?;
    let options = CesOptions {
        clock: args.clock.into(),
        faults: faults(args),
        seed: seed(args),
    };
    Ok(CesEmulator::listening(loaded.app, options, Arc::clone(hearing)))
}

const AN_APP: &str = "a scripted CES app, one YAML file, is served with `--app`";
const AN_AGENT: &str = "the export of a Dialogflow CX agent, a folder or a zip, is served with `--agent`";

fn is_yaml(path: &Path) -> bool {
    path.is_file() && has_extension(path, &["yaml", "yml"])
}

fn is_zip(path: &Path) -> bool {
    path.is_file() && has_extension(path, &["zip"])
}

fn has_extension(path: &Path, wanted: &[&str]) -> bool {
    path.extension()
        .is_some_and(|extension| wanted.iter().any(|wanted| extension.eq_ignore_ascii_case(wanted)))
}

/// What cannot be read as one kind may be the other.
fn with_help(mut problems: Vec<Diagnostic>, applies: bool, help: &str) -> Vec<Diagnostic> {
    if let Some(first) = problems.first_mut().filter(|_| applies) {
        first.help.insert(0, help.to_owned());
    }
    problems
}

/// The recordings that are understood.
fn hearing(args: &EmulateArgs, here: &Surroundings, console: Console) -> Result<Arc<Hearing>, Failure> {
    let hearing = Arc::new(Hearing::default());
    let Some(file) = &args.transcripts else {
        return Ok(hearing);
    };
    let (transcripts, problems) = read_transcripts(&here.working_directory.join(file), file);
    if problems.iter().any(Diagnostic::is_error) {
        return Err(Failure::Invalid(problems));
    }
    console.diagnostics(&problems)?;
    let unusable = |(path, error): (PathBuf, AudioError)| {
        let message = format!("`{}` cannot be understood: {error}", path.display());
        Diagnostic::error("bad-audio", message).in_file(file.clone())
    };
    match hearing.learn(recordings(transcripts)) {
        Ok(()) => Ok(hearing),
        Err(problems) => Err(Failure::Invalid(problems.into_iter().map(unusable).collect())),
    }
}

fn seed(args: &EmulateArgs) -> u64 {
    args.seed.unwrap_or_else(fresh_seed)
}

fn faults(args: &EmulateArgs) -> Faults {
    Faults {
        latency: args.latency.unwrap_or_default(),
    }
}

/// What calls webhooks, where that was asked for.
pub(super) fn live(hosts: Option<&Vec<String>>) -> Result<Option<LiveWebhooks>, Failure> {
    let named = hosts.map(|hosts| LiveHosts {
        named: hosts.iter().cloned().collect(),
    });
    Ok(named.map(LiveWebhooks::new).transpose()?)
}

/// The stubs of a file, if one is named.
fn level(
    path: Option<&Path>,
    read: fn(&Path, &Path) -> Result<Stubs, Vec<Diagnostic>>,
    here: &Surroundings,
) -> Result<Vec<Stubs>, Failure> {
    let stubs = path.map(|path| read(&here.working_directory.join(path), path));
    Ok(stubs.transpose()?.into_iter().collect())
}

async fn serve(options: EmulatorOptions, console: Console) -> Result<Exit, Failure> {
    let stop = Cancellation::new();
    let signals = listen_to_signals(stop.clone(), exit_at_once)?;
    let mut emulator = Emulator::start(options).await.map_err(|error| {
        let help = "another program may listen there: port 0 takes any that is free".to_owned();
        Failure::CouldNotTest(vec![(error.to_string(), help)])
    })?;
    // One line, so that a program which started the emulator can read where it is.
    console.print(&format!("listening on http://{}\n", emulator.address()))?;
    let faults = Arc::clone(emulator.faults());
    tokio::select! {
        () = stop.cancelled() => emulator.shutdown().await,
        () = emulator.wait() => {}
    }
    signals.abort();
    if !faults.is_empty() {
        let Counts { calls, struck } = faults.counts();
        console.print(&format!(
            "{calls} calls, {struck} of them went wrong on purpose\n"
        ))?;
    }
    Ok(Exit::of_signal(stop.reason().unwrap_or(CancelReason::Terminated)))
}
