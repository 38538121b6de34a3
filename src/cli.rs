//! The command line: what the user typed → resolved settings → one short function per command.
//!
//! This is the only room that reads the environment (arguments, variables, the working directory) and decides exit
//! codes. Nothing heavy happens before the arguments are understood.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::panic::AssertUnwindSafe;

use args::{Command, ExportTo, ImportFrom, Typed};
use console::Console;
use exit::Exit;
use failure::Failure;
use surroundings::Surroundings;

pub mod args;
pub mod exit;
pub mod options;

mod agents;
mod check;
mod columns;
mod completions;
mod console;
mod coverage;
mod crash;
mod doctor;
mod emulate;
mod export;
mod failure;
mod import;
mod init;
mod list;
mod prepare;
mod run;
mod schema;
mod show_settings;
mod surroundings;
mod values;
mod workplace;

/// Runs the program as the command line says.
pub fn main() -> std::process::ExitCode {
    crash::install_report();
    let exit = std::panic::catch_unwind(AssertUnwindSafe(|| run(std::env::args_os())));
    exit.unwrap_or(Exit::CouldNotTest).into()
}

/// Understands the arguments and runs the command.
fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let typed = match Typed::parse(arguments) {
        Ok(typed) => typed,
        Err(problem) => {
            // Help, the version, or what is wrong; a reader who has gone away needs none of them.
            let _ = problem.print();
            return if problem.use_stderr() {
                Exit::Invalid
            } else {
                Exit::Success
            };
        }
    };
    let console = Console::new(typed.line.color);
    match dispatch(&typed, console) {
        Ok(exit) => exit,
        Err(failure) => report(&failure, console),
    }
}

fn dispatch(typed: &Typed, console: Console) -> Result<Exit, Failure> {
    let here = Surroundings::read()?;
    match &typed.line.command {
        Command::Init(args) => init::init(args, &here, console),
        Command::Emulate(args) => emulate::emulate(args, &here, console),
        Command::Schema(args) => schema::schema(args, console),
        Command::Completions(args) => completions::completions(args, console),
        Command::Run(args) => run::run(args, &typed.origins, &here, console),
        Command::Check(args) => check::check(args, &typed.origins, &here, console),
        Command::List(args) => list::list(args, &typed.origins, &here, console),
        Command::Coverage(args) => coverage::coverage(args, &here, console),
        Command::Doctor(args) => doctor::doctor(args, &here, console),
        Command::Import(args) => match &args.from {
            ImportFrom::CxTests(args) => import::cx_tests(args, console),
        },
        Command::Export(args) => match &args.to {
            ExportTo::CxTests(args) => export::cx_tests(args, &typed.origins, &here, console),
        },
    }
}

/// Tells why a command could not do its work.
fn report(failure: &Failure, console: Console) -> Exit {
    // When even that cannot be told, the exit code still does.
    let _ = failure.tell(console);
    let _ = io::stderr().flush();
    failure.exit()
}
