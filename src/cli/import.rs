//! `turnproof import`: other tools' recordings become suites.

use super::args::{ImportCxTestsArgs, ImportFrom};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use crate::import::cx_test_cases;
use crate::redact::clean_terminal;

pub(super) fn import(from: &ImportFrom, console: Console) -> Result<Exit, Failure> {
    match from {
        ImportFrom::CxTests(args) => cx_tests(args, console),
    }
}

fn cx_tests(args: &ImportCxTestsArgs, console: Console) -> Result<Exit, Failure> {
    let imported = cx_test_cases::cx_tests(&args.export, &args.out)?;
    console.diagnostics(&imported.warnings)?;
    console.print(&clean_terminal(&imported.to_string()))?;
    Ok(Exit::Success)
}
