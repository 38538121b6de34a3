//! `turnproof coverage`: which parts of an exported agent a run touched, and which it did not.

use std::path::{Path, PathBuf};

use super::args::{CoverageArgs, CoverageFormat};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::surroundings::Surroundings;
use crate::coverage::json::{self, ExportName, Subject};
use crate::coverage::run_file::{self, RunFileError, RunHead};
use crate::coverage::terminal::{self, View};
use crate::coverage::{Coverage, Inventory, Since, Tally};
use crate::diagnostic::Diagnostic;
use crate::export::{self, Loaded};
use crate::redact::Redact as _;
use crate::report::Look;

use chosen::Chosen;

mod chosen;

/// Where `run` leaves its result.
const USUAL_RUN: &str = "reports/run.json";

pub(super) fn coverage(args: &CoverageArgs, here: &Surroundings, console: Console) -> Result<Exit, Failure> {
    let (runs, mut warnings) = each_once(runs(args)?);
    let chosen = Chosen::of(args, &runs, here)?;
    let new = load(&chosen.export, &mut warnings)?;
    let old = args
        .since
        .as_deref()
        .map(|path| load(path, &mut warnings))
        .transpose()?;
    warnings.extend(other_version(args, &runs, &chosen, &new)?);

    let inventory = Inventory::new(&new.agent);
    let mut tally = Tally::new(&inventory);
    let mut conversations = 0;
    for (path, _) in &runs {
        let counted = run_file::replies(path, |target, reply| {
            let counts = chosen.targets.iter().any(|name| name == target);
            if counts {
                tally.turn(reply);
            }
            counts
        });
        conversations += counted.map_err(|error| unreadable(path, &error))?;
    }
    let since = old
        .as_ref()
        .map(|old| Since::of(&new.agent, &inventory, &old.agent));
    let mut coverage = Coverage::new(&tally, since.as_ref());
    warnings.extend(since.as_ref().and_then(other_settings));
    warnings.extend(trustworthy(&coverage, &chosen)?);
    console.diagnostics(&warnings)?;
    coverage.redact(&chosen.redactor);
    let name = |path: &Path, loaded: &Loaded| ExportName {
        path: path.display().to_string(),
        hash: loaded.hash.clone(),
    };
    let subject = Subject {
        runs: runs.into_iter().map(|(_, head)| head).collect(),
        targets: chosen.targets.clone(),
        conversations,
        export: name(&chosen.export, &new),
        since: args
            .since
            .as_deref()
            .zip(old.as_ref())
            .map(|(path, old)| name(path, old)),
    };
    let text = match args.format {
        CoverageFormat::Terminal => terminal::render(&subject, &coverage, view(args, console)),
        CoverageFormat::Json => {
            json::document(&subject, &coverage, &args.min).map_err(std::io::Error::from)?
        }
    };
    console.print(&text)?;
    gate(args, &coverage)
}

/// The results that were asked for, with what is known of each run.
fn runs(args: &CoverageArgs) -> Result<Vec<(PathBuf, RunHead)>, Failure> {
    if args.run.is_empty() {
        let usual = Path::new(USUAL_RUN);
        return match run_file::head(usual) {
            Ok(head) => Ok(vec![(usual.to_owned(), head)]),
            Err(RunFileError::Missing) => Err(Failure::Nothing {
                message: format!("there is no run to look at: `{USUAL_RUN}` does not exist"),
                help: "play the suites first with `turnproof run`, in the same working directory, or name the result of \
                       a run with --run FILE"
                    .to_owned(),
            }),
            Err(error) => Err(unreadable(usual, &error)),
        };
    }
    let heads = args.run.iter().map(|path| match run_file::head(path) {
        Ok(head) => Ok((path.clone(), head)),
        Err(error) => Err(unreadable(path, &error)),
    });
    heads.collect()
}

/// Each run once, however often it was given: what it touched would count twice.
fn each_once(given: Vec<(PathBuf, RunHead)>) -> (Vec<(PathBuf, RunHead)>, Vec<Diagnostic>) {
    let mut runs: Vec<(PathBuf, RunHead)> = Vec::with_capacity(given.len());
    let mut warnings = Vec::new();
    for (path, head) in given {
        match runs.iter().find(|(_, other)| other.id == head.id) {
            Some((other, _)) => {
                let message = format!(
                    "this is the run of `{}` again: it is counted once",
                    other.display()
                );
                warnings.push(Diagnostic::warning("same-run", message).in_file(path));
            }
            None => runs.push((path, head)),
        }
    }
    (runs, warnings)
}

fn unreadable(path: &Path, error: &RunFileError) -> Failure {
    let problem =
        Diagnostic::error("malformed-run", format!("the run cannot be used: {error}")).in_file(path);
    Failure::usage(
        problem.help("give the file that `turnproof run --report json` writes, by default reports/run.json"),
    )
}

/// An export without its test cases; what is wrong with it but does not hinder is a warning.
fn load(path: &Path, warnings: &mut Vec<Diagnostic>) -> Result<Loaded, Failure> {
    let mut loaded = export::load_runtime(path)?;
    warnings.append(&mut loaded.warnings);
    Ok(loaded)
}

/// A warning when a run was played with another state of the export than the one looked at. A minimum of what changed
/// is refused then: what the run touched was not yet changed. Only an emulator is its export, though; of the real service
/// nothing tells which state was played.
fn other_version(
    args: &CoverageArgs,
    runs: &[(PathBuf, RunHead)],
    chosen: &Chosen,
    new: &Loaded,
) -> Result<Option<Diagnostic>, Failure> {
    let of_runs = runs.iter().flat_map(|(_, head)| &head.targets);
    let chosen_ones = of_runs.filter(|target| chosen.targets.contains(&target.name));
    let others =
        chosen_ones.filter(|target| target.export_hash.as_ref().is_some_and(|hash| *hash != new.hash));
    let others: Vec<_> = others.collect();
    if others.is_empty() {
        return Ok(None);
    }
    let message = format!(
        "the run was played with another version of `{}`",
        chosen.export.display()
    );
    let is_gate = args.since.is_some() && !args.min.is_empty();
    if is_gate && others.iter().any(|target| target.backend == "emulator") {
        let error = Diagnostic::error("other-export", message);
        return Err(Failure::usage(error.help(
            "it cannot show that what is new or changed was touched: play the suites again",
        )));
    }
    Ok(Some(Diagnostic::warning("other-export", message).help(
        "what the run touched is found by its ids as far as they still exist; play the suites again to be sure",
    )))
}

/// A warning when settings of the agent differ, which are no resource that a turn could touch.
fn other_settings(since: &Since) -> Option<Diagnostic> {
    let differ = since.settings();
    (!differ.is_empty()).then(|| {
        let message = format!(
            "the agent's settings differ ({}): everything counts, not only what is new or changed",
            differ.join(", ")
        );
        Diagnostic::warning("other-settings", message)
            .help("whatever the agent does may have changed with them: play all suites")
    })
}

/// Refuses figures that would say nothing, and warns of those that say too little.
fn trustworthy(coverage: &Coverage, chosen: &Chosen) -> Result<Vec<Diagnostic>, Failure> {
    let targets = chosen.targets.join("`, `");
    if coverage.turns == 0 {
        return Err(Failure::Nothing {
            message: format!("the run holds no answered turn of `{targets}`"),
            help: "play its suites first with `turnproof run`".to_owned(),
        });
    }
    if let (0, 1..) = coverage.ids {
        let message = format!(
            "nothing that the run touched is in `{}`: it is the export of another agent",
            chosen.export.display()
        );
        return Err(Failure::usage(Diagnostic::error("wrong-export", message).help(
            format!("give the export of the agent behind `{targets}` with --export"),
        )));
    }
    if coverage.untraced == coverage.turns {
        return Err(Failure::CouldNotTest(vec![(
            "none of the run's turns says where it went".to_owned(),
            "the service must give diagnostics, and the run must be played with this version of turnproof: play it \
             again"
                .to_owned(),
        )]));
    }
    let mut warnings = Vec::new();
    if coverage.untraced > 0 {
        let message = format!(
            "{} of {} turns do not say where they went: the service gave no diagnostics for them",
            coverage.untraced, coverage.turns
        );
        warnings.push(Diagnostic::warning("untraced-turns", message));
    }
    if let (known, unknown @ 1..) = coverage.ids {
        let message = format!(
            "{unknown} of {} pages and handlers that the run touched are not in `{}`",
            known + unknown,
            chosen.export.display()
        );
        warnings.push(Diagnostic::warning("unknown-ids", message).help("export the agent that was played"));
    }
    Ok(warnings)
}

fn view(args: &CoverageArgs, console: Console) -> View {
    let look = Look::of_stdout(console.colors_out());
    View {
        color: look.color,
        width: look.width,
        verbose: args.verbose,
    }
}

/// Whether every minimum is reached; which one is not.
fn gate(args: &CoverageArgs, coverage: &Coverage) -> Result<Exit, Failure> {
    let missed = coverage.missed(&args.min);
    for missed in &missed {
        Console::error(&missed.to_string(), None)?;
    }
    Ok(if missed.is_empty() {
        Exit::Success
    } else {
        Exit::Failed
    })
}
