//! `turnproof import`: other tools' recordings → suites.

use super::args::ImportCxTestsArgs;
use super::console::Console;
use super::exit::{Exit, exit_at_once};
use super::failure::Failure;
use crate::{import, runner};

/// `import cx-tests`: says what was written, and warns of what could not be taken over as it was.
pub(super) fn cx_tests(args: &ImportCxTestsArgs, console: Console) -> Result<Exit, Failure> {
    runner::listen_without_runtime(exit_at_once)?;
    let imported = import::cx_tests(&args.export, &args.out)?;
    console.diagnostics(&imported.warnings)?;
    console.print(&crate::redact::clean_terminal(&imported.to_string()))?;
    Ok(Exit::Success)
}
