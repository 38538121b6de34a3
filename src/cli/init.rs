//! `turnproof init`: a first suite, settings and a small agent, ready to run. Nothing that exists is changed.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::args::InitArgs;
use super::columns::aligned;
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::surroundings::Surroundings;
use crate::diagnostic::Diagnostic;
use crate::redact::clean_terminal_line;
use crate::settings::root::SETTINGS_FILE;

/// A file of the template, by its path below the new folder.
macro_rules! file {
    ($path:literal) => {
        ($path, include_str!(concat!("init/template/", $path)))
    };
}

const FILES: [(&str, &str); 17] = [
    file!("turnproof.yaml"),
    file!("order.yaml"),
    file!("agents/coffee-bar/agent.json"),
    file!("agents/coffee-bar/flows/Default Start Flow/Default Start Flow.json"),
    file!("agents/coffee-bar/flows/Default Start Flow/pages/Order.json"),
    file!("agents/coffee-bar/intents/Default Welcome Intent/Default Welcome Intent.json"),
    file!("agents/coffee-bar/intents/Default Welcome Intent/trainingPhrases/en.json"),
    file!("agents/coffee-bar/intents/Default Negative Intent/Default Negative Intent.json"),
    file!("agents/coffee-bar/intents/Default Negative Intent/trainingPhrases/en.json"),
    file!("agents/coffee-bar/intents/opening.hours/opening.hours.json"),
    file!("agents/coffee-bar/intents/opening.hours/trainingPhrases/en.json"),
    file!("agents/coffee-bar/intents/order.drink/order.drink.json"),
    file!("agents/coffee-bar/intents/order.drink/trainingPhrases/en.json"),
    file!("agents/coffee-bar/entityTypes/drink/drink.json"),
    file!("agents/coffee-bar/entityTypes/drink/entities/en.json"),
    file!("agents/coffee-bar/entityTypes/size/size.json"),
    file!("agents/coffee-bar/entityTypes/size/entities/en.json"),
];

/// Keeps reports out of git; left alone where there is one already.
const GITIGNORE: &str = include_str!("init/template/gitignore");

pub(super) fn init(args: &InitArgs, here: &Surroundings, console: Console) -> Result<Exit, Failure> {
    let folder = args.folder.clone().unwrap_or_else(|| PathBuf::from("."));
    let target = here.working_directory.join(&folder);
    let in_the_way = in_the_way(&target);
    if !in_the_way.is_empty() {
        let problems = in_the_way.iter().map(|path| occupied(&shown(&folder, path)));
        return Err(Failure::Invalid(problems.collect()));
    }
    write_all(&target).map_err(|error| named(&error, &folder))?;
    console.print(&report(&folder))?;
    Ok(Exit::Success)
}

/// What exists already of what would be written; an agent folder of the same name counts as a whole.
fn in_the_way(target: &Path) -> Vec<&'static str> {
    if target.is_file() {
        return vec![""];
    }
    let tops = [SETTINGS_FILE, "order.yaml", "agents/coffee-bar"];
    tops.into_iter()
        .filter(|path| target.join(path).symlink_metadata().is_ok())
        .collect()
}

/// A file of the folder, as it would be typed.
fn shown(folder: &Path, file: &str) -> String {
    let path = if folder == Path::new(".") {
        PathBuf::from(file)
    } else {
        folder.join(file)
    };
    clean_terminal_line(path.display().to_string().trim_end_matches('/')).into_owned()
}

fn occupied(path: &str) -> Diagnostic {
    Diagnostic::error(
        "exists",
        format!("`{path}` exists already, and nothing is written over it"),
    )
    .help("give another folder: `turnproof init DIR`")
}

fn write_all(target: &Path) -> io::Result<()> {
    for (path, text) in FILES {
        write_new(&target.join(path), text)?;
    }
    match write_new(&target.join(".gitignore"), GITIGNORE) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Writes a file that must not exist.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)?
        .write_all(text.as_bytes())
}

fn named(error: &io::Error, folder: &Path) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("cannot write to `{}`: {error}", folder.display()),
    )
}

fn report(folder: &Path) -> String {
    let go_there = if folder == Path::new(".") {
        String::new()
    } else {
        format!("cd {} && ", quoted(&shown(folder, "")))
    };
    let written = [
        (SETTINGS_FILE, "the settings"),
        ("order.yaml", "a suite of three conversations"),
        ("agents/coffee-bar", "a small agent to play them against"),
    ];
    let rows = written.map(|(path, what)| [shown(folder, path), what.to_owned()]);
    format!("{}\nNext: {go_there}turnproof run\n", aligned(&rows))
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = path.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
    if plain {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_template_is_written() {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/init/template");
        let mut found = Vec::new();
        let mut folders = vec![template.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(
                        path.strip_prefix(&template)
                            .unwrap()
                            .to_string_lossy()
                            .into_owned(),
                    );
                }
            }
        }
        let mut listed: Vec<_> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        listed.push("gitignore".to_owned());
        found.sort();
        listed.sort();
        assert_eq!(found, listed);
    }

    #[test]
    fn what_exists_is_in_the_way_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        assert!(in_the_way(folder.path()).is_empty());
        fs::write(folder.path().join("order.yaml"), "mine").unwrap();
        assert_eq!(in_the_way(folder.path()), ["order.yaml"]);
        assert!(write_new(&folder.path().join("order.yaml"), "theirs").is_err());
        assert_eq!(
            fs::read_to_string(folder.path().join("order.yaml")).unwrap(),
            "mine"
        );
    }

    #[test]
    fn an_ignore_file_of_ones_own_stays() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".gitignore"), "mine").unwrap();
        write_all(folder.path()).unwrap();
        assert_eq!(
            fs::read_to_string(folder.path().join(".gitignore")).unwrap(),
            "mine"
        );
    }
}
