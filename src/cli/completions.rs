//! `turnproof completions`: a script that lets a shell complete commands and flags.

use clap::CommandFactory as _;

use super::args::{CommandLine, CompletionsArgs};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;

pub(super) fn completions(args: &CompletionsArgs, console: Console) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut CommandLine::command(), "turnproof", &mut script);
    console.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
