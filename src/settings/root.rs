//! The root: the folder of the settings file, from which suites are named and below which every file of a run
//! lies. Finding it, naming paths from it, and looking up the files that suites and settings mention.

use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::diagnostic::Diagnostic;

/// Name of the settings file.
pub const SETTINGS_FILE: &str = "turnproof.yaml";

/// The folder of the settings file. All paths are absolute, with symbolic links resolved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root {
    directory: PathBuf,
    working_directory: PathBuf,
}

/// Why a file that is mentioned cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// There is no such file or folder, neither beside the mentioning file nor at the root.
    #[error("`{0}` is neither beside this file nor at the root")]
    Missing(String),
    /// It is there, but not below the root.
    #[error("`{0}` leads outside the root")]
    Outside(String),
}

impl Root {
    /// The root that this folder is, as seen from a working directory. Both must exist.
    ///
    /// # Errors
    /// When a folder cannot be resolved.
    pub fn new(directory: &Path, working_directory: &Path) -> io::Result<Self> {
        Ok(Self {
            directory: directory.canonicalize()?,
            working_directory: working_directory.canonicalize()?,
        })
    }

    /// Finds the one root of the given paths: the folder of the nearest settings file at or above each path, else
    /// of the only one directly inside it. The paths must exist; relative ones start at `working_directory`.
    ///
    /// # Errors
    /// When there is no settings file, or more than one.
    pub fn locate(paths: &[PathBuf], working_directory: &Path) -> Result<Self, Vec<Diagnostic>> {
        let mut found = BTreeSet::new();
        let mut problems = Vec::new();
        for path in paths {
            match settings_folder(&working_directory.join(path)) {
                Ok(folders) if folders.is_empty() => problems.push(no_settings(path)),
                Ok(folders) => found.extend(folders),
                Err(error) => problems.push(unreadable(path, &error)),
            }
        }
        let shown = |folder: &PathBuf| shorten(&folder.join(SETTINGS_FILE), working_directory);
        if let [first, second, ..] = found.iter().collect::<Vec<_>>()[..] {
            let message = format!(
                "two settings files: `{}` and `{}`",
                shown(first).display(),
                shown(second).display()
            );
            let help = "a run has one settings file: give paths that belong to one of them";
            problems.push(Diagnostic::error("two-settings", message).help(help));
        }
        match found.pop_first() {
            Some(directory) if problems.is_empty() => {
                Self::new(&directory, working_directory).map_err(|error| vec![unreadable(&directory, &error)])
            }
            _ => Err(problems),
        }
    }

    /// The root's folder.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The settings file, as the user would type it.
    pub fn settings_file(&self) -> PathBuf {
        self.shown(&self.directory.join(SETTINGS_FILE))
    }

    /// The path from the root with `/` between folders, or `None` when it is not below the root. The path must be
    /// absolute, with links resolved.
    pub fn name_of(&self, path: &Path) -> Option<String> {
        let relative = path.strip_prefix(&self.directory).ok()?;
        let parts: Vec<_> = relative
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        Some(parts.join("/"))
    }

    /// A path as the user would type it: from the working directory where possible.
    pub fn shown(&self, path: &Path) -> PathBuf {
        shorten(path, &self.working_directory)
    }

    /// Looks up a file or folder that the file `beside` mentions: first beside that file, then at the root, and
    /// never outside the root, whatever `..` and symbolic links say. Returns an absolute path.
    ///
    /// # Errors
    /// [`LookupError`]; of two places, the one that exists decides.
    pub fn find(&self, beside: &Path, mentioned: &str) -> Result<PathBuf, LookupError> {
        let beside = self.working_directory.join(beside);
        let folder = beside.parent().unwrap_or(&self.directory);
        let mut outside = false;
        for start in [folder, &self.directory] {
            if let Ok(path) = start.join(mentioned).canonicalize() {
                if path.starts_with(&self.directory) {
                    return Ok(path);
                }
                outside = true;
            }
        }
        let mentioned = mentioned.to_owned();
        Err(if outside {
            LookupError::Outside(mentioned)
        } else {
            LookupError::Missing(mentioned)
        })
    }
}

/// The settings file nearest at or above the path, else those directly inside it.
fn settings_folder(path: &Path) -> io::Result<Vec<PathBuf>> {
    let path = path.canonicalize()?;
    let start = if path.is_dir() {
        path.as_path()
    } else {
        path.parent().unwrap_or(&path)
    };
    if let Some(folder) = start.ancestors().find(|folder| holds_settings(folder)) {
        return Ok(vec![folder.to_owned()]);
    }
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let mut inside = Vec::new();
    for entry in path.read_dir()? {
        let entry = entry?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && holds_settings(&entry.path()) {
            inside.push(entry.path().canonicalize()?);
        }
    }
    inside.sort();
    Ok(inside)
}

fn holds_settings(folder: &Path) -> bool {
    folder.join(SETTINGS_FILE).is_file()
}

fn no_settings(path: &Path) -> Diagnostic {
    let message = format!(
        "no {SETTINGS_FILE} at, above or directly inside `{}`",
        path.display()
    );
    Diagnostic::error("no-settings", message)
        .help("the settings say which agent plays the suites")
        .help("`turnproof init` writes a small set of suite, settings and agent to start from")
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(
        "unreadable-file",
        format!("`{}` cannot be read: {error}", path.display()),
    )
}

/// The path as seen from a folder: below it, or up and down again unless the two share nothing.
fn shorten(path: &Path, from: &Path) -> PathBuf {
    let shared = path
        .components()
        .zip(from.components())
        .take_while(|(left, right)| left == right)
        .count();
    // One shared component is the file system's root.
    if shared <= 1 {
        return path.to_owned();
    }
    let ups = from.components().skip(shared).map(|_| Component::ParentDir);
    let short: PathBuf = ups.chain(path.components().skip(shared)).collect();
    if short.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        folder
    }

    fn locate(folder: &tempfile::TempDir, paths: &[&str]) -> Result<String, String> {
        let base = folder.path().canonicalize().unwrap();
        let paths: Vec<_> = paths.iter().map(PathBuf::from).collect();
        match Root::locate(&paths, &base) {
            Ok(root) => Ok(root.settings_file().display().to_string()),
            Err(problems) => Err(problems
                .iter()
                .map(|problem| problem.code)
                .collect::<Vec<_>>()
                .join(",")),
        }
    }

    #[test]
    fn the_nearest_settings_file_decides() {
        let folder = tree(&[
            "a/turnproof.yaml",
            "a/b/c/x.yaml",
            "a/b/turnproof.yaml",
            "d/x.yaml",
        ]);
        assert_eq!(
            locate(&folder, &["a/b/c/x.yaml"]),
            Ok("a/b/turnproof.yaml".to_owned())
        );
        assert_eq!(
            locate(&folder, &["a/b/c", "a/b"]),
            Ok("a/b/turnproof.yaml".to_owned())
        );
        assert_eq!(locate(&folder, &["a"]), Ok("a/turnproof.yaml".to_owned()));
        assert_eq!(
            locate(&folder, &["."]),
            Ok("a/turnproof.yaml".to_owned()),
            "directly inside"
        );
        assert_eq!(locate(&folder, &["a/b", "a"]), Err("two-settings".to_owned()));
        assert_eq!(locate(&folder, &["d"]), Err("no-settings".to_owned()));
        assert_eq!(locate(&folder, &["d/x.yaml"]), Err("no-settings".to_owned()));
    }

    #[test]
    fn two_settings_files_inside_are_refused() {
        let folder = tree(&["a/turnproof.yaml", "b/turnproof.yaml", ".c/turnproof.yaml"]);
        assert_eq!(locate(&folder, &["."]), Err("two-settings".to_owned()));
    }

    #[test]
    fn files_are_looked_up_beside_and_at_the_root() {
        let folder = tree(&[
            "r/turnproof.yaml",
            "r/rows.csv",
            "r/s/rows.csv",
            "r/s/only.csv",
            "r/top.csv",
            "out.csv",
        ]);
        let base = folder.path().canonicalize().unwrap();
        let root = Root::new(&base.join("r"), &base).unwrap();
        let find = |mentioned| {
            root.find(Path::new("r/s/x.yaml"), mentioned)
                .map(|path| root.name_of(&path).unwrap())
        };
        assert_eq!(find("rows.csv"), Ok("s/rows.csv".to_owned()));
        assert_eq!(find("top.csv"), Ok("top.csv".to_owned()));
        assert_eq!(find("../rows.csv"), Ok("rows.csv".to_owned()));
        assert_eq!(
            find("../../out.csv"),
            Err(LookupError::Outside("../../out.csv".to_owned()))
        );
        assert_eq!(find("none.csv"), Err(LookupError::Missing("none.csv".to_owned())));
        let absolute = base.join("out.csv").display().to_string();
        assert_eq!(find(&absolute), Err(LookupError::Outside(absolute.clone())));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_lead_outside() {
        let folder = tree(&["r/turnproof.yaml", "out/secret.csv", "r/in.csv"]);
        let base = folder.path().canonicalize().unwrap();
        std::os::unix::fs::symlink(base.join("out/secret.csv"), base.join("r/link.csv")).unwrap();
        std::os::unix::fs::symlink(base.join("r/in.csv"), base.join("r/good.csv")).unwrap();
        let root = Root::new(&base.join("r"), &base).unwrap();
        let beside = Path::new("r/x.yaml");
        assert_eq!(
            root.find(beside, "link.csv"),
            Err(LookupError::Outside("link.csv".to_owned()))
        );
        assert_eq!(root.find(beside, "good.csv"), Ok(base.join("r/in.csv")));
    }

    #[test]
    fn paths_are_shown_as_a_user_would_type_them() {
        for (path, from, shown) in [
            ("/home/u/p/a.yaml", "/home/u/p", "a.yaml"),
            ("/home/u/p", "/home/u/p", "."),
            ("/home/u/q/a.yaml", "/home/u/p/sub", "../../q/a.yaml"),
            ("/tmp/a.yaml", "/home/u", "/tmp/a.yaml"),
        ] {
            assert_eq!(shorten(Path::new(path), Path::new(from)), Path::new(shown));
        }
    }
}
