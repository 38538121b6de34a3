//! A folder of its own for a test, and the program run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A temporary folder in which the program is run.
pub(crate) struct Place {
    folder: TempDir,
}

/// What the program said, and its exit code.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A folder with a copy of this repository's suites.
    pub(crate) fn with_suites() -> Self {
        let place = Self::new();
        let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites");
        let copied = Command::new("cp")
            .arg("-r")
            .arg(suites)
            .arg(place.path())
            .status();
        assert!(copied.unwrap().success());
        place
    }

    /// A folder that `turnproof init` has filled.
    pub(crate) fn initialised() -> Self {
        let place = Self::new();
        let said = place.run(&["init"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).unwrap()
    }

    /// Every file below, from the folder, sorted.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path.strip_prefix(self.folder.path()).unwrap().to_owned());
                }
            }
        }
        files.sort();
        files
    }

    /// The program, in the folder, without what the machine's environment would change.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_turnproof"));
        command.args(arguments).current_dir(self.folder.path());
        for (name, _) in std::env::vars_os() {
            let shown = name.to_string_lossy();
            let way = ["GOOGLE_", "GCE_", "CLOUDSDK_"]
                .iter()
                .any(|start| shown.starts_with(start))
                || shown.to_ascii_lowercase().ends_with("_proxy");
            if way
                || shown.starts_with("TURNPROOF_")
                || ["CI", "GITHUB_ACTIONS", "CLICOLOR_FORCE"].contains(&&*shown)
            {
                command.env_remove(&name);
            }
        }
        command.env("NO_COLOR", "1");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        Said::from(self.command(arguments).output().unwrap())
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
