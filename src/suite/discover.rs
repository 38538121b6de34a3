//! Which files are suites: what the command line names, and what lies below the folders it names. Files are only
//! found here, not read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder};

use super::select::PathArgument;
use crate::diagnostic::Diagnostic;
use crate::settings::root::{Root, SETTINGS_FILE};

/// Folders that hold other things than suites, at any depth.
pub const RESERVED_FOLDERS: [&str; 5] = ["agents", "fixtures", "steps", "cassettes", "snapshots"];

/// A suite file, not yet read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteFile {
    /// Absolute, with links resolved.
    pub path: PathBuf,
    /// As the user would type it; for messages.
    pub shown: PathBuf,
    /// From the root, with `/` between folders.
    pub file: String,
    /// As `file`, without extension: the suite's identity.
    pub suite: String,
    /// The lines whose conversations are meant; empty means all.
    pub lines: Vec<u32>,
}

/// The suites of a run, and the root they belong to.
#[derive(Debug, Clone)]
pub struct Discovered {
    /// The root.
    pub root: Root,
    /// The suites in order of their path from the root; may be empty.
    pub files: Vec<SuiteFile>,
}

/// Finds the suites that the paths mean, and their root. Without paths: `suites/` if there is one, else the
/// working directory.
///
/// # Errors
/// All problems: a path that is not there, no settings file or two, links that lead outside the root, folders
/// that cannot be read.
pub fn discover(arguments: &[PathArgument], working_directory: &Path) -> Result<Discovered, Vec<Diagnostic>> {
    let default = [PathArgument {
        path: default_path(working_directory),
        line: None,
    }];
    let arguments = if arguments.is_empty() { &default } else { arguments };
    let mut problems: Vec<_> = arguments
        .iter()
        .filter_map(|argument| missing(argument, working_directory))
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let paths: Vec<_> = arguments.iter().map(|argument| argument.path.clone()).collect();
    let root = Root::locate(&paths, working_directory)?;
    let mut found = Found {
        root: &root,
        files: BTreeMap::new(),
    };
    for argument in arguments {
        if let Err(more) = found.add(argument, &working_directory.join(&argument.path)) {
            problems.extend(more);
        }
    }
    let files = found.files.into_values().collect();
    if problems.is_empty() {
        Ok(Discovered { root, files })
    } else {
        Err(problems)
    }
}

/// Where suites are when no path is given.
pub fn default_path(working_directory: &Path) -> PathBuf {
    let suites = Path::new("suites");
    if working_directory.join(suites).is_dir() {
        suites
    } else {
        Path::new(".")
    }
    .to_owned()
}

/// What has been found so far, by path from the root.
struct Found<'a> {
    root: &'a Root,
    files: BTreeMap<String, SuiteFile>,
}

impl Found<'_> {
    fn add(&mut self, argument: &PathArgument, path: &Path) -> Result<(), Vec<Diagnostic>> {
        let path = path
            .canonicalize()
            .map_err(|error| vec![unreadable(&argument.path, &error)])?;
        if path.is_dir() {
            return self.add_folder(argument, &path);
        }
        if path.file_name().is_some_and(|name| name == SETTINGS_FILE) {
            let message = format!("`{}` is the settings file, not a suite", argument.path.display());
            return Err(vec![
                Diagnostic::error("not-a-suite", message).help("give its folder instead"),
            ]);
        }
        self.insert(&path, argument.line).map_err(|problem| vec![problem])
    }

    fn add_folder(&mut self, argument: &PathArgument, path: &Path) -> Result<(), Vec<Diagnostic>> {
        if let Some(line) = argument.line {
            let message = format!("`{}` is a folder and has no line {line}", argument.path.display());
            return Err(vec![
                Diagnostic::error("no-such-line", message).help("name the file: `FILE.yaml:LINE`"),
            ]);
        }
        // A path above the root holds other things, too: only what is below the root can be a suite.
        let start = if self.root.directory().starts_with(path) {
            self.root.directory()
        } else {
            path
        };
        let (files, mut problems) = walk(start, self.root);
        for file in files {
            problems.extend(self.insert(&file, None).err());
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    /// Adds a file once, whatever ways lead to it; the whole file outweighs a line of it.
    fn insert(&mut self, path: &Path, line: Option<u32>) -> Result<(), Diagnostic> {
        let Some(file) = self.root.name_of(path) else {
            return Err(outside(&self.root.shown(path)));
        };
        let suite = file
            .rsplit_once('.')
            .map_or(file.as_str(), |(stem, _)| stem)
            .to_owned();
        let new = SuiteFile {
            path: path.to_owned(),
            shown: self.root.shown(path),
            file: file.clone(),
            suite,
            lines: line.into_iter().collect(),
        };
        self.files
            .entry(file)
            .and_modify(|known| match line {
                Some(line) if !known.lines.is_empty() => known.lines.push(line),
                _ => known.lines.clear(),
            })
            .or_insert(new);
        Ok(())
    }
}

/// All suites below a folder, links resolved, and what is wrong there.
fn walk(start: &Path, root: &Root) -> (Vec<PathBuf>, Vec<Diagnostic>) {
    if root
        .name_of(start)
        .is_some_and(|name| name.split('/').any(is_reserved))
    {
        return (Vec::new(), Vec::new());
    }
    let outside_links = Arc::new(Mutex::new(Vec::new()));
    let walk = WalkBuilder::new(start)
        .follow_links(true)
        .require_git(false)
        // What a machine's own git settings say must not change what is tested.
        .git_global(false)
        .git_exclude(false)
        .ignore(false)
        .filter_entry(enter(root.clone(), Arc::clone(&outside_links)))
        .build();
    let mut files = Vec::new();
    let mut problems = Vec::new();
    for entry in walk {
        match entry {
            Ok(entry) => match suite_or_problem(&entry, root) {
                Ok(file) => files.extend(file),
                Err(problem) => problems.push(problem),
            },
            // A link to a folder above itself adds nothing that is not found anyway.
            Err(error) if is_loop(&error) => {}
            Err(error) => problems.push(Diagnostic::error("unreadable-file", error.to_string())),
        }
    }
    let links = std::mem::take(&mut *outside_links.lock().unwrap_or_else(PoisonError::into_inner));
    problems.extend(links.iter().map(|link| outside(link)));
    (files, problems)
}

/// Decides whether the walk enters a folder or looks at a file.
fn enter(root: Root, outside_links: Arc<Mutex<Vec<PathBuf>>>) -> impl Fn(&DirEntry) -> bool {
    move |entry| {
        if entry.depth() == 0 {
            return true;
        }
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        if is_folder && is_reserved(&entry.file_name().to_string_lossy()) {
            return false;
        }
        if !entry.path_is_symlink() || !(is_folder || is_yaml(entry.path())) {
            return true;
        }
        let inside = entry
            .path()
            .canonicalize()
            .is_ok_and(|target| target.starts_with(root.directory()));
        if !inside {
            let link = root.shown(entry.path());
            outside_links
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(link);
        }
        inside
    }
}

fn suite_or_problem(entry: &DirEntry, root: &Root) -> Result<Option<PathBuf>, Diagnostic> {
    if entry.file_type().is_none_or(|kind| !kind.is_file()) || !is_yaml(entry.path()) {
        return Ok(None);
    }
    let path = entry
        .path()
        .canonicalize()
        .map_err(|error| unreadable(&root.shown(entry.path()), &error))?;
    let name = entry.file_name();
    if name == "turnproof.yml" {
        let message = format!("`{}` is not read as settings", root.shown(entry.path()).display());
        return Err(Diagnostic::error("two-settings", message).help(format!("call it {SETTINGS_FILE}")));
    }
    if name != SETTINGS_FILE {
        return Ok(Some(path));
    }
    if path.parent() == Some(root.directory()) {
        return Ok(None);
    }
    let own = root.settings_file();
    let message = format!(
        "two settings files: `{}` and `{}`",
        own.display(),
        root.shown(entry.path()).display()
    );
    let help = "a run has one settings file: give paths that belong to one of them";
    Err(Diagnostic::error("two-settings", message).help(help))
}

fn is_reserved(folder: &str) -> bool {
    RESERVED_FOLDERS.contains(&folder)
}

fn is_yaml(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        ["yaml", "yml"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

fn is_loop(error: &ignore::Error) -> bool {
    match error {
        ignore::Error::Loop { .. } => true,
        ignore::Error::WithPath { err, .. } | ignore::Error::WithDepth { err, .. } => is_loop(err),
        _ => false,
    }
}

/// The problem of a path that is not there, with the name that was perhaps meant.
fn missing(argument: &PathArgument, working_directory: &Path) -> Option<Diagnostic> {
    let path = working_directory.join(&argument.path);
    let error = path.metadata().err()?;
    let shown = argument.path.display();
    if error.kind() != std::io::ErrorKind::NotFound {
        return Some(unreadable(&argument.path, &error));
    }
    let problem = Diagnostic::error("missing-path", format!("there is no file or folder `{shown}`"));
    Some(match sibling_like(&path) {
        Some(name) => {
            let meant = argument.path.with_file_name(name);
            problem.help(format!("did you mean `{}`?", meant.display()))
        }
        None => problem.help("paths are relative to the working directory"),
    })
}

fn sibling_like(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_string_lossy().into_owned();
    let names = path
        .parent()?
        .read_dir()
        .ok()?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .map(|name| (strsim::normalized_damerau_levenshtein(&name, &wanted), name))
        .filter(|(likeness, _)| *likeness >= 0.7)
        .max_by(|left, right| left.0.total_cmp(&right.0).then_with(|| right.1.cmp(&left.1)))
        .map(|(_, name)| name)
}

fn outside(path: &Path) -> Diagnostic {
    let message = format!("`{}` leads outside the root", path.display());
    Diagnostic::error("outside-root", message).help("suites lie below the folder of the settings file")
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(
        "unreadable-file",
        format!("`{}` cannot be read: {error}", path.display()),
    )
}

#[cfg(test)]
mod tests;
