//! `turnproof check`: reads and validates everything without playing it.

use super::args::{CheckArgs, Origins};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::prepare::{Demands, Prepared, per_file};
use super::surroundings::Surroundings;
use super::workplace::Workplace;
use crate::diagnostic::render::count_line;

pub(super) fn check(
    args: &CheckArgs,
    origins: &Origins,
    here: &Surroundings,
    console: Console,
) -> Result<Exit, Failure> {
    let args = &args.suites;
    let workplace = Workplace::open(args, here)?;
    let profile = workplace.profile(args)?;
    let roles = workplace.roles(args, profile, origins)?;
    let demands = Demands {
        strict: args.strict,
        usable_targets: true,
        emulators: true,
        ..Demands::default()
    };
    let prepared = Prepared::read(&workplace, profile, roles, demands)?;
    console.diagnostics(&prepared.warnings)?;
    let meant = prepared.select()?.len();
    console.print(&summary(&prepared, meant))?;
    Ok(Exit::Success)
}

fn summary(prepared: &Prepared<'_>, meant: usize) -> String {
    let files = match per_file(&prepared.entries).len() {
        1 => "1 suite".to_owned(),
        count => format!("{count} suites"),
    };
    let conversations = match meant {
        1 => "1 conversation".to_owned(),
        count => format!("{count} conversations"),
    };
    let warnings = match count_line(&prepared.warnings) {
        none if none.is_empty() => String::new(),
        some => format!(", with {some}"),
    };
    format!("{conversations} in {files}: valid{warnings}\n")
}
