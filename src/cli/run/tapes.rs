//! The cassettes of a run: recorded into, or played from; and what there is to say of them afterwards.

use crate::backend::Title;
use crate::cassette::{Cassettes, Place, Speed};
use crate::cli::args::{CassetteArgs, ReplaySpeed};
use crate::cli::console::{Console, be_strict};
use crate::cli::failure::Failure;
use crate::cli::surroundings::Surroundings;
use crate::diagnostic::Diagnostic;
use crate::redact::Redactor;

/// The cassettes that are asked for, if any. `titles` are all conversations of the suites.
///
/// # Errors
/// When the folder is not there, or cannot be written to.
pub(super) fn open(
    args: &CassetteArgs,
    titles: impl Iterator<Item = Title>,
    redactor: &Redactor,
    here: &Surroundings,
) -> Result<Option<Cassettes>, Failure> {
    let Some(shown) = args.record.as_ref().or(args.replay.as_ref()) else {
        return Ok(None);
    };
    let folder = here.working_directory.join(shown);
    let place = Place {
        folder: &folder,
        shown,
        redactor,
        titles: titles.collect(),
    };
    let cassettes = if args.replay.is_some() {
        let speed = match args.replay_speed.unwrap_or_default() {
            ReplaySpeed::Fast => Speed::Fast,
            ReplaySpeed::Recorded => Speed::Recorded,
        };
        Cassettes::replay(place, speed)?
    } else {
        Cassettes::record(place).map_err(|error| {
            let message = format!("cannot record into {}: {error}", shown.display());
            let help = "name a folder that can be written to".to_owned();
            Failure::CouldNotTest(vec![(message, help)])
        })?
    };
    Ok(Some(cassettes))
}

/// What the report says of it.
pub(super) fn notice(args: &CassetteArgs) -> Option<String> {
    let recorded = args
        .record
        .as_ref()
        .map(|folder| format!("recorded into {}", folder.display()));
    let replayed = args
        .replay
        .as_ref()
        .map(|folder| format!("replayed from {}: no agent was asked", folder.display()));
    recorded.or(replayed)
}

/// Tells what is to be said afterwards, and counts what went wrong.
///
/// # Errors
/// When it cannot be printed.
pub(super) fn tell(
    cassettes: &Cassettes,
    titles: &[Title],
    strict: bool,
    console: Console,
) -> Result<usize, Failure> {
    let mut problems = cassettes.problems(titles);
    be_strict(&mut problems, strict);
    console.diagnostics(&problems)?;
    Ok(problems
        .iter()
        .filter(|problem| Diagnostic::is_error(problem))
        .count())
}
