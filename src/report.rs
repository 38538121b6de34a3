//! Writing what a run found: terminal, progress, JUnit, JSON, GitHub annotations.
//!
//! Each report is a projection of results that come from the journal one at a time, in order of file and position;
//! none holds them all. [`open`] opens every report before the first request is sent, so that one which cannot be
//! written is known before an hour of testing. Who runs the conversations drives the reporters.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::event::{Recorded, Reporter, RunEnd, RunInfo};

use output::{Destination, Output, Standard};
pub use style::Look;

mod dialogue;
mod difference;
pub mod examination;
pub mod github;
mod headline;
mod held;
pub mod json;
pub mod junit;
pub mod output;
pub mod progress;
mod style;
mod summary;
pub mod terminal;
mod twins;

/// A kind of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people.
    Terminal,
    /// JUnit XML, for CI systems.
    Junit,
    /// The result file `turnproof-run/1`.
    Json,
    /// Annotations in GitHub Actions.
    Github,
}

impl Format {
    /// Every format, in the order in which reports are completed: the terminal comes last and names the others.
    pub const ALL: [Self; 4] = [Self::Junit, Self::Json, Self::Github, Self::Terminal];

    /// As it is written on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Junit => "junit",
            Self::Json => "json",
            Self::Github => "github",
        }
    }

    /// Where it goes unless told otherwise; standard output for those without a file of their own.
    pub fn default_path(self) -> Option<&'static Path> {
        match self {
            Self::Terminal | Self::Github => None,
            Self::Junit => Some(Path::new("reports/junit.xml")),
            Self::Json => Some(Path::new("reports/run.json")),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A report that is wanted: `junit`, or `junit=PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSpec {
    /// What is written.
    pub format: Format,
    /// Where; the format's own place when there is none.
    pub path: Option<PathBuf>,
}

impl ReportSpec {
    /// A report in its usual place.
    pub fn usual(format: Format) -> Self {
        Self { format, path: None }
    }

    /// The file it goes to, or standard output.
    pub fn target(&self) -> Option<&Path> {
        self.path.as_deref().or_else(|| self.format.default_path())
    }
}

impl fmt::Display for ReportSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.target() {
            Some(path) => write!(formatter, "{} ({})", self.format, path.display()),
            None => write!(formatter, "{}", self.format),
        }
    }
}

impl FromStr for ReportSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, path) = match text.split_once('=') {
            Some((_, "")) => return Err(format!("`{text}` names no file after `=`")),
            Some((name, path)) => (name, Some(PathBuf::from(path))),
            None => (text, None),
        };
        let format = Format::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| {
                let known: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
                format!("unknown report `{name}`: use one of {}", known.join(", "))
            })?;
        Ok(Self { format, path })
    }
}

/// How much the reports for people say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub struct Detail {
    /// `-v`: conversations that passed, were skipped or not run, too; nothing shortened.
    pub verbose: bool,
    /// `--print-expect`: the expectations that would hold, for turns that have none.
    pub print_expect: bool,
    /// The order was shuffled: the seed is named.
    pub shuffled: bool,
    /// `--fail-on-flaky`: a flaky conversation decides the exit code.
    pub fail_on_flaky: bool,
    /// Remarks on the run as a whole, such as which suites kept their own target.
    pub notices: Vec<String>,
}

/// What [`open`] needs beside the wanted reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How standard output looks.
    pub look: Look,
    /// How much is said.
    pub detail: Detail,
    /// The working directory as seen from the repository's root, for annotations; empty where they are the same.
    pub folder_in_repository: PathBuf,
}

impl Options {
    fn prefix(&self) -> PathBuf {
        self.folder_in_repository.clone()
    }
}

/// A report that could not be opened: exit code 3, once the run is over. [`hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{report} could not be opened: {source}")]
pub struct ReportError {
    /// Which report: `junit (reports/junit.xml)`.
    pub report: String,
    /// What happened.
    pub source: io::Error,
}

/// What to do about a report that could not be written.
pub fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "make the folder writable, or choose another place with --report FORMAT=PATH"
        }
        io::ErrorKind::IsADirectory => "name a file in it: --report FORMAT=PATH/FILE",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a part of the path is a file, not a folder: choose another place with --report FORMAT=PATH"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room, or choose another disk with --report FORMAT=PATH"
        }
        io::ErrorKind::InvalidInput => "give each report a file of its own with --report FORMAT=PATH",
        _ => "choose another place with --report FORMAT=PATH",
    }
}

/// Opens every wanted report. The reports that could not be opened are errors; the others are complete without
/// them. Those for people come last, because they name the files that were written; what others read as it is written
/// comes after files, because they may let it wait.
pub fn open(specs: &[ReportSpec], options: &Options) -> (Vec<Box<dyn Reporter>>, Vec<ReportError>) {
    let ledger = Ledger::default();
    let (mut opened_reports, mut errors) = (Vec::new(), Vec::new());
    for format in Format::ALL {
        for (at, spec) in specs.iter().enumerate().filter(|(_, spec)| spec.format == format) {
            if specs[..at].contains(spec) {
                continue;
            }
            let taken = spec.target().map(place).is_some_and(|path| {
                specs[..at]
                    .iter()
                    .any(|other| other.format != format && other.target().map(place).as_ref() == Some(&path))
            });
            let opened = if taken {
                Err(same_file())
            } else {
                open_one(spec, options, &ledger)
            };
            match opened {
                Ok(reporter) => {
                    let waits = spec.target().is_none_or(output::is_stream);
                    opened_reports.push(((format == Format::Terminal, waits), reporter));
                }
                Err(source) => errors.push(ReportError {
                    report: spec.to_string(),
                    source,
                }),
            }
        }
    }
    opened_reports.sort_by_key(|(rank, _)| *rank);
    (
        opened_reports.into_iter().map(|(_, reporter)| reporter).collect(),
        errors,
    )
}

/// Where a file is, however it is written: `out.xml`, `./out.xml` and a link to it are one.
fn place(path: &Path) -> PathBuf {
    if let Some(standard) = Standard::at(path) {
        return standard.path().to_path_buf();
    }
    if let Ok(real) = fs_err::canonicalize(path) {
        return real;
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // A folder that is not there yet has no other name.
    let folder = fs_err::canonicalize(folder).or_else(|_| std::path::absolute(folder));
    match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

fn same_file() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "another report goes to the same file",
    )
}

fn open_one(spec: &ReportSpec, options: &Options, ledger: &Ledger) -> io::Result<Box<dyn Reporter>> {
    let Some(path) = spec.target() else {
        return Ok(on_stdout(spec.format, options, ledger));
    };
    let output = Output::open(path)?;
    let inner: Box<dyn Reporter> = match spec.format {
        Format::Junit => Box::new(junit::Junit::new(output)?),
        Format::Json => Box::new(json::Json::new(output)?),
        Format::Github => Box::new(github::Github::new(Destination::File(output), options.prefix())),
        Format::Terminal => {
            let (look, detail) = (Look::plain(), options.detail.clone());
            Box::new(terminal::Terminal::new(
                Destination::File(output),
                look,
                detail,
                ledger.clone(),
            ))
        }
    };
    ledger.add(path);
    Ok(Box::new(Filed {
        inner,
        report: spec.to_string(),
        path: path.to_path_buf(),
        ledger: ledger.clone(),
    }))
}

fn on_stdout(format: Format, options: &Options, ledger: &Ledger) -> Box<dyn Reporter> {
    // Without colours nothing is to be stripped, and a text goes out in one piece.
    let stream: Box<dyn Write + Send> = if options.look.color {
        Box::new(anstream::AutoStream::always(io::stdout()))
    } else {
        Box::new(io::stdout())
    };
    let stdout = Destination::stream(QuietPipe { stream, gone: false });
    match format {
        Format::Github => Box::new(github::Github::new(stdout, options.prefix())),
        Format::Terminal | Format::Junit | Format::Json => {
            let detail = options.detail.clone();
            Box::new(terminal::Terminal::new(
                stdout,
                options.look,
                detail,
                ledger.clone(),
            ))
        }
    }
}

/// Standard output that may go away: a reader that has seen enough (`| head`) is no failure of the run.
struct QuietPipe {
    stream: Box<dyn Write + Send>,
    gone: bool,
}

impl QuietPipe {
    fn unless_gone<T>(&mut self, outcome: io::Result<T>, otherwise: T) -> io::Result<T> {
        match outcome {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(otherwise)
            }
            other => other,
        }
    }
}

impl Write for QuietPipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.gone {
            return Ok(bytes.len());
        }
        let written = self.stream.write(bytes);
        self.unless_gone(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gone {
            return Ok(());
        }
        let flushed = self.stream.flush();
        self.unless_gone(flushed, ())
    }
}

/// The files that reports go to, for the report that names them; those that failed are left out.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<Vec<PathBuf>>>);

impl Ledger {
    fn files(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, path: &Path) {
        self.files().push(path.to_path_buf());
    }

    fn remove(&self, path: &Path) {
        self.files().retain(|file| file != path);
    }

    fn paths(&self) -> Vec<PathBuf> {
        self.files().clone()
    }
}

/// A reporter with a file: it knows the file's name, and strikes it off the ledger when something fails.
struct Filed {
    inner: Box<dyn Reporter>,
    report: String,
    path: PathBuf,
    ledger: Ledger,
}

impl Reporter for Filed {
    fn describe(&self) -> String {
        self.report.clone()
    }

    fn shows_passed(&self) -> bool {
        self.inner.shows_passed()
    }

    fn conversation(&mut self, recorded: &Recorded) -> io::Result<()> {
        self.inner
            .conversation(recorded)
            .inspect_err(|_| self.ledger.remove(&self.path))
    }

    fn finish(self: Box<Self>, run: &RunInfo, end: &RunEnd) -> io::Result<()> {
        self.inner
            .finish(run, end)
            .inspect_err(|_| self.ledger.remove(&self.path))
    }
}

#[cfg(test)]
mod tests;
