//! The command line of `coverage`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::values;
use crate::coverage::Minimum;

pub(super) const EXAMPLES: &str = "Examples:
  turnproof run && turnproof coverage
  turnproof coverage --min 80 --min routes=70
  turnproof coverage --since agents/released.zip --min 100
  turnproof coverage --run reports/run.json --export agent.zip --format json

Exits with 1 when a --min is not reached, with 2 when the run or an export cannot be read or do not belong together, with 3 when the run does not say where its turns went, with 4 when there is no run.
";

/// `coverage`.
#[derive(Debug, Args)]
pub struct CoverageArgs {
    /// Where the settings are looked for: a suite or a folder of suites [default: suites if it exists, else the working
    /// directory]
    ///
    /// They are read only to learn the export of the run's target; with --export they are not needed.
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,

    /// The result of a run (repeatable: parts of a suite that were played apart count together) [default:
    /// reports/run.json]
    ///
    /// What counts is what the service said of each turn, so a run on the real service is as good as one on the emulator.
    /// All attempts count, whether they passed or not.
    #[arg(long, value_name = "FILE", help_heading = "Selection")]
    pub run: Vec<PathBuf>,

    /// The agent's export: a folder or zip [default: that of the run's target in turnproof.yaml]
    #[arg(long, value_name = "EXPORT", help_heading = "Selection")]
    pub export: Option<PathBuf>,

    /// The target of the run whose turns count (repeatable); must be given when the run's targets are different agents
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Selection")]
    pub target: Vec<String>,

    /// Count only what is new or changed since this older export
    ///
    /// Resources are compared by content, whatever their order. A page or flow that only got another route is not changed;
    /// the route is new. When settings of the agent differ, which no turn can be known to touch, everything counts.
    #[arg(long, value_name = "EXPORT", help_heading = "Selection")]
    pub since: Option<PathBuf>,

    /// Fail when less is touched, in total or of one kind, such as 80 or routes=70 (repeatable)
    ///
    /// The kinds are flows, pages, routes, route-groups, event-handlers, intents, form-parameters, webhooks and
    /// entity-values. Entity values are not in the total. With --since it is the share of what changed, and a run that an
    /// emulator played with another version of the export is refused. Where there is nothing to touch, every minimum is
    /// reached.
    #[arg(long, value_name = "PERCENT|KIND=PERCENT", value_parser = values::minimum)]
    pub min: Vec<Minimum>,

    /// How to show it
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        help_heading = "Output"
    )]
    pub format: CoverageFormat,

    /// Shorten nothing: what is in flows and pages that were never entered, long conditions, every entity value
    #[arg(long, short, help_heading = "Output")]
    pub verbose: bool,
}

/// How `coverage` shows what it found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum CoverageFormat {
    /// Figures, and what is left to test, for people
    #[default]
    Terminal,
    /// One JSON document for programs, with every resource
    Json,
}
