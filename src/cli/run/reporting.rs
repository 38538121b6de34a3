//! What a run shows and writes: the reports that are wanted, and progress.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::cli::args::{RunArgs, When};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::options::RunOptions;
use crate::cli::surroundings::Surroundings;
use crate::model::event::{Reporter, RunEvent};
use crate::report::progress::{self, Progress};
use crate::report::{Detail, Format, Look, Options, ReportSpec};

/// Without events for so long, progress is told that time passes.
const TICK: Duration = Duration::from_secs(1);

/// The reports that are wanted, and how progress is shown.
pub(super) struct Reporting {
    specs: Vec<ReportSpec>,
    options: Options,
    progress: progress::When,
    color_progress: bool,
}

impl Reporting {
    pub(super) fn new(
        args: &RunArgs,
        options: &RunOptions,
        notices: Vec<String>,
        here: &Surroundings,
        console: Console,
    ) -> Self {
        // What cannot be read was refused where it stands.
        let mut specs: Vec<ReportSpec> = options
            .reports
            .value
            .iter()
            .filter_map(|text| text.parse().ok())
            .collect();
        if here.github_actions && !specs.iter().any(|spec| spec.format == Format::Github) {
            specs.push(ReportSpec::usual(Format::Github));
        }
        // Both show something, for which there must be a place.
        let is_shown = args.output.verbose || args.output.print_expect;
        if is_shown && !specs.iter().any(|spec| spec.format == Format::Terminal) {
            specs.push(ReportSpec::usual(Format::Terminal));
        }
        let detail = Detail {
            verbose: args.output.verbose,
            print_expect: args.output.print_expect,
            shuffled: options.shuffle.value,
            fail_on_flaky: options.fail_on_flaky.value,
            notices,
        };
        let folder_in_repository = here
            .github_workspace
            .as_ref()
            .and_then(|repository| here.working_directory.strip_prefix(repository).ok())
            .map_or_else(PathBuf::new, PathBuf::from);
        Self {
            specs,
            options: Options {
                look: Look::of_stdout(console.colors_out()),
                detail,
                folder_in_repository,
            },
            progress: match args.output.progress {
                When::Auto => progress::When::Auto,
                When::Always => progress::When::Always,
                When::Never => progress::When::Never,
            },
            color_progress: console.colors_err(),
        }
    }

    /// Opens every report, so that one that cannot be written is known before the first request.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub(super) fn open(&self) -> Result<Vec<Box<dyn Reporter>>, Failure> {
        let (reporters, problems) = crate::report::open(&self.specs, &self.options);
        if problems.is_empty() {
            return Ok(reporters);
        }
        Err(Failure::CouldNotTest(
            problems
                .iter()
                .map(|problem| {
                    (
                        problem.to_string(),
                        crate::report::hint(&problem.source).to_owned(),
                    )
                })
                .collect(),
        ))
    }

    /// Shows events until the last one has come.
    pub(super) fn show_progress(&self, mut events: mpsc::Receiver<RunEvent>) -> JoinHandle<()> {
        let mut progress = Progress::on_stderr(self.progress, self.color_progress);
        tokio::spawn(async move {
            loop {
                match timeout(TICK, events.recv()).await {
                    Ok(Some(event)) => progress.handle(&event),
                    Ok(None) => break,
                    Err(_) => progress.tick(),
                }
            }
            progress.finish();
        })
    }
}
