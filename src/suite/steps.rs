//! Steps: named turn sequences of a suite file, or of the files in `steps/` folders beside it and at the root.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnostic::{Diagnostic, SourceFile, suggest};
use crate::settings::root::Root;
use crate::yaml::{self, Kind, Node, Reader};

/// Name of the folders that hold files of steps.
const FOLDER: &str = "steps";

/// A named turn sequence.
#[derive(Debug)]
pub(super) struct Step {
    /// Its name.
    pub(super) name: String,
    /// The file it stands in; `None` for the suite file itself.
    pub(super) file: Option<Arc<SourceFile>>,
    /// Its turns, with their templates.
    pub(super) turns: Vec<Node>,
    /// Where its name stands.
    pub(super) span: Range<usize>,
    used: AtomicBool,
}

impl Step {
    /// Notes that it is used.
    pub(super) fn mark_used(&self) {
        self.used.store(true, Ordering::Relaxed);
    }

    /// Whether any conversation uses it.
    pub(super) fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }
}

/// Steps by name.
pub(super) type Steps = BTreeMap<String, Arc<Step>>;

/// The steps that a suite file can use, nearest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Library {
    /// The file's own.
    pub(super) own: Arc<Steps>,
    /// Those of the `steps/` folder beside it.
    pub(super) beside: Arc<Steps>,
    /// Those of the `steps/` folder at the root.
    pub(super) at_root: Arc<Steps>,
}

impl Library {
    /// The step of this name.
    pub(super) fn find(&self, name: &str) -> Option<&Arc<Step>> {
        [&self.own, &self.beside, &self.at_root]
            .into_iter()
            .find_map(|steps| steps.get(name))
    }

    /// What to say about a step that is not there.
    pub(super) fn help(&self, name: &str) -> Option<String> {
        let known: Vec<&str> = [&self.own, &self.beside, &self.at_root]
            .into_iter()
            .flat_map(|steps| steps.keys())
            .map(String::as_str)
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        if known.is_empty() {
            let help = "steps stand under `steps:` in this file, or in files of a `steps/` folder";
            return Some(help.to_owned());
        }
        suggest::help(name, &known)
    }
}

/// The steps under `steps:` of a mapping, by name.
pub(super) fn of_mapping(node: &Node, file: Option<&Arc<SourceFile>>, reader: &mut Reader) -> Steps {
    let Some(map) = reader.map(node, "`steps`") else {
        return Steps::new();
    };
    let mut steps = Steps::new();
    for entry in &map.entries {
        let what = format!("the step `{}`", entry.key.name);
        if let Some(turns) = turns(&entry.value, &what, reader) {
            let step = step(&entry.key.name, file, turns, entry.key.span.clone());
            steps.insert(entry.key.name.clone(), step);
        }
    }
    steps
}

fn step(name: &str, file: Option<&Arc<SourceFile>>, turns: Vec<Node>, span: Range<usize>) -> Arc<Step> {
    Arc::new(Step {
        name: name.to_owned(),
        file: file.cloned(),
        turns,
        span,
        used: AtomicBool::new(false),
    })
}

fn turns(node: &Node, what: &str, reader: &mut Reader) -> Option<Vec<Node>> {
    let items = reader.list(node, what)?;
    if items.is_empty() {
        reader.error("no-turns", format!("{what} has no turns"), node.span.clone());
        return None;
    }
    Some(items.to_vec())
}

/// The steps of `steps/` folders; each folder is read once.
#[derive(Debug, Default)]
pub(super) struct Folders {
    read: Mutex<HashMap<PathBuf, Arc<Steps>>>,
    problems: Mutex<Vec<Diagnostic>>,
}

impl Folders {
    /// The steps of the `steps/` folder in a folder; none when there is no such folder.
    pub(super) fn of(&self, folder: &Path, root: &Root) -> Arc<Steps> {
        let folder = folder.join(FOLDER);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(&folder) {
            return Arc::clone(known);
        }
        let mut problems = Vec::new();
        let steps = Arc::new(read_folder(&folder, root, &mut problems));
        self.problems
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(problems);
        read.insert(folder, Arc::clone(&steps));
        steps
    }

    /// What was found wrong with the folders' files, and all their steps.
    pub(super) fn finish(self) -> (Vec<Diagnostic>, Vec<Arc<Step>>) {
        let read = self.read.into_inner().unwrap_or_else(PoisonError::into_inner);
        let steps = read.values().flat_map(|steps| steps.values().cloned()).collect();
        (
            self.problems.into_inner().unwrap_or_else(PoisonError::into_inner),
            steps,
        )
    }
}

fn read_folder(folder: &Path, root: &Root, problems: &mut Vec<Diagnostic>) -> Steps {
    let mut steps = Steps::new();
    if !folder.is_dir() {
        return steps;
    }
    let mut files = match yaml_files(folder) {
        Ok(files) => files,
        Err(error) => {
            let message = format!("cannot read the folder: {error}");
            problems.push(Diagnostic::error("unreadable-file", message).in_file(root.shown(folder)));
            return steps;
        }
    };
    files.sort();
    for path in files {
        read_file(&path, root, &mut steps, problems);
    }
    steps
}

fn yaml_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && ["yaml", "yml"].contains(&extension.to_lowercase().as_str()) {
            files.push(path);
        }
    }
    Ok(files)
}

/// A list is one step, called as the file; a mapping has its steps under `steps:`.
fn read_file(path: &Path, root: &Root, steps: &mut Steps, problems: &mut Vec<Diagnostic>) {
    let shown = root.shown(path);
    let inside = path
        .canonicalize()
        .is_ok_and(|target| target.starts_with(root.directory()));
    if !inside {
        let message = "the file leads outside the root";
        problems.push(Diagnostic::error("outside-root", message).in_file(shown));
        return;
    }
    let file = match yaml::read(path, &shown) {
        Ok(file) => file,
        Err(problem) => return problems.push(problem),
    };
    let parsed = yaml::parse(&file);
    let mut reader = Reader::new(&file);
    reader.problems = parsed.problems;
    let found = parsed
        .root
        .map(|node| of_file(&node, path, &file, &mut reader))
        .unwrap_or_default();
    for (name, step) in found {
        if let Some(other) = steps.get(&name) {
            reader.push(duplicate(&step, other));
            continue;
        }
        steps.insert(name, step);
    }
    problems.append(&mut reader.problems);
}

fn of_file(root: &Node, path: &Path, file: &Arc<SourceFile>, reader: &mut Reader) -> Steps {
    match &root.kind {
        Kind::List(_) => {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let what = format!("the step `{name}`");
            let turns = turns(root, &what, reader).map(|turns| step(&name, Some(file), turns, 0..0));
            turns.map(|step| (name, step)).into_iter().collect()
        }
        Kind::Map(_) => {
            let known = ["steps"];
            let map = reader.fields(root, "a file of steps", &known);
            if let Some(node) = map.and_then(|map| map.get("steps")) {
                return of_mapping(node, Some(file), reader);
            }
            if reader.problems.is_empty() {
                reader.error("missing-key", "a file of steps needs `steps`", 0..0);
            }
            Steps::new()
        }
        _ => {
            reader.wrong_type(
                root,
                "a file of steps",
                "a list of turns, or a mapping with `steps`",
            );
            Steps::new()
        }
    }
}

fn duplicate(step: &Step, other: &Step) -> Diagnostic {
    let message = format!("two steps are called `{}`", step.name);
    let mut problem = Diagnostic::error("duplicate-name", message);
    for (step, text) in [(step, "again here"), (other, "first here")] {
        if let Some(file) = &step.file {
            problem = problem.at(file, step.span.clone(), text);
        }
    }
    problem
}
