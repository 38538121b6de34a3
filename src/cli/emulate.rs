//! `turnproof emulate`: an emulator for any client, until it is told to stop.

use std::path::Path;
use std::sync::Arc;

use tonic::service::Routes;

use super::args::EmulateArgs;
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use crate::diagnostic::Diagnostic;
use crate::emulator::ces::{self, CesEmulator};
use crate::emulator::cx::engine::Engine;
use crate::emulator::cx::service::{CxOptions, CxService};
use crate::emulator::fault::Faults;
use crate::emulator::{Emulator, EmulatorOptions};
use crate::model::suite::Stubs;
use crate::redact::clean_terminal_line;
use crate::runner::{Cancellation, fresh_seed, listen_to_signals};
use crate::{export, suite, yaml};

pub(super) fn emulate(args: &EmulateArgs, console: Console) -> Result<Exit, Failure> {
    if !args.listen.ip().is_loopback() && !args.allow_remote {
        let message = format!("{} can be reached by other machines", args.listen);
        let problem = Diagnostic::error("remote-address", message);
        let help = "listen on 127.0.0.1, or add --allow-remote: whoever reaches it can talk to the agent";
        return Err(Failure::usage(problem.help(help)));
    }
    let options = options(args, console)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(args, options, console))
}

/// Loads what is served.
fn options(args: &EmulateArgs, console: Console) -> Result<EmulatorOptions, Failure> {
    let seed = args.seed.unwrap_or_else(fresh_seed);
    let cx = args.agent.as_deref().map(|agent| cx_service(agent, args, seed, console)).transpose()?;
    let ces = args.app.as_deref().map(|app| ces_emulator(app, args, seed, console)).transpose()?;
    Ok(EmulatorOptions {
        listen: args.listen,
        cx,
        others: ces.map(|ces| Routes::new(ces.into_service())),
    })
}

fn cx_service(agent: &Path, args: &EmulateArgs, seed: u64, console: Console) -> Result<CxService, Failure> {
    let loaded = export::load_runtime(agent)?;
    console.diagnostics(&loaded.warnings)?;
    let webhooks = args.webhooks.as_deref().map(webhooks).transpose()?.into_iter().collect();
    let options = CxOptions {
        clock: args.clock.into(),
        faults: faults(args),
        webhooks: Arc::new(webhooks),
    };
    Ok(CxService::new(Engine::new(loaded.agent, seed), options))
}

fn webhooks(path: &Path) -> Result<Stubs, Failure> {
    let file = yaml::read(path, path).map_err(Failure::usage)?;
    Ok(suite::read_webhooks(&file)?)
}

fn ces_emulator(app: &Path, args: &EmulateArgs, seed: u64, console: Console) -> Result<CesEmulator, Failure> {
    let loaded = ces::app::App::load(app, app)?;
    console.diagnostics(&loaded.warnings)?;
    let options = ces::Options { clock: args.clock, seed, latency: faults(args).latency };
    Ok(CesEmulator::from_app(loaded.app, options))
}

fn faults(args: &EmulateArgs) -> Faults {
    Faults { latency: args.latency.unwrap_or_default() }
}

async fn serve(args: &EmulateArgs, options: EmulatorOptions, console: Console) -> Result<Exit, Failure> {
    let emulator = Emulator::start(options).await.map_err(|error| {
        let problem = Diagnostic::error("cannot-listen", error.to_string());
        Failure::usage(problem.help("choose another address with --listen; port 0 takes any free one"))
    })?;
    console.print(&greeting(args, &emulator.address().to_string()))?;
    let cancellation = Cancellation::new();
    let signals = listen_to_signals(cancellation.clone(), |reason| {
        std::process::exit(i32::from(Exit::from(reason).code()));
    })?;
    cancellation.cancelled().await;
    emulator.shutdown().await;
    signals.abort();
    // Being stopped is how this command ends.
    Ok(Exit::Success)
}

fn greeting(args: &EmulateArgs, address: &str) -> String {
    let served = [&args.agent, &args.app].into_iter().flatten();
    let served: Vec<String> = served.map(|path| clean_terminal_line(&path.display().to_string()).into_owned()).collect();
    format!("emulating {}\nlistening on http://{address}\n", served.join(" and "))
}
