//! The reports that are wanted, and how they look.

use crate::cli::args::{RunArgs, When};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::options::RunOptions;
use crate::cli::surroundings::Surroundings;
use crate::diagnostic::Diagnostic;
use crate::model::event::Reporter;
use crate::report::progress::When as Progress;
use crate::report::{self, Detail, Format, Look, ReportError, ReportSpec};

/// What is shown and written.
pub(super) struct Wanted {
    specs: Vec<ReportSpec>,
    options: report::Options,
    /// Whether progress is shown.
    pub(super) progress: Progress,
}

impl Wanted {
    pub(super) fn new(
        options: &RunOptions,
        args: &RunArgs,
        here: &Surroundings,
        console: Console,
        notices: Vec<String>,
    ) -> Result<Self, Failure> {
        let mut specs = Vec::new();
        for text in &options.reports.value {
            let spec = text.parse().map_err(|message: String| Diagnostic::error("unknown-report", message));
            specs.push(spec.map_err(Failure::usage)?);
        }
        if here.github_actions && !specs.iter().any(|spec: &ReportSpec| spec.format == Format::Github) {
            specs.push(ReportSpec::usual(Format::Github));
        }
        let detail = Detail {
            verbose: args.output.verbose,
            print_expect: args.output.print_expect,
            shuffled: options.shuffle.value,
            fail_on_flaky: options.fail_on_flaky.value,
            notices,
        };
        Ok(Self {
            specs,
            options: report::Options {
                look: Look::of_stdout(console.colors_stdout()),
                detail,
                folder_in_repository: here.folder_in_repository.clone(),
            },
            progress: match args.output.progress {
                When::Auto => Progress::Auto,
                When::Always => Progress::Always,
                When::Never => Progress::Never,
            },
        })
    }

    /// Opens the reports; those that cannot be opened are told before anything is played.
    pub(super) fn open(&self) -> (Vec<Box<dyn Reporter>>, Vec<ReportError>) {
        report::open(&self.specs, &self.options)
    }
}
