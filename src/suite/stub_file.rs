//! A file of stubs on its own, in the shape of the settings' `webhooks:`, `generators:` or `playbooks:`.

use std::path::Path;
use std::sync::Arc;

use super::parse::{Called, Parser};
use super::template::fill::{Names as Fixed, fill};
use crate::diagnostic::Diagnostic;
use crate::model::suite::{Service, Stubs};
use crate::yaml;

/// Reads a file of webhook answers; an empty file has none. `shown` is the path as the user would type it.
///
/// # Errors
/// All that is wrong with it; warnings are not told.
pub fn read_webhooks(path: &Path, shown: &Path) -> Result<Stubs, Vec<Diagnostic>> {
    read(path, shown, Called::Webhook)
}

/// Reads a file of what generators write, as [`read_webhooks`].
///
/// # Errors
/// As [`read_webhooks`].
pub fn read_generators(path: &Path, shown: &Path) -> Result<Stubs, Vec<Diagnostic>> {
    read(path, shown, Called::Generator)
}

/// Reads a file of what playbooks do, as [`read_webhooks`].
///
/// # Errors
/// As [`read_webhooks`].
pub fn read_playbooks(path: &Path, shown: &Path) -> Result<Stubs, Vec<Diagnostic>> {
    read(path, shown, Called::Playbook)
}

fn read(path: &Path, shown: &Path, called: Called) -> Result<Stubs, Vec<Diagnostic>> {
    let file = yaml::read(path, shown).map_err(|problem| vec![problem])?;
    let parsed = yaml::parse(&file);
    let mut parser = Parser::new(&file, &Arc::from(shown), true, Some(Service::Cx));
    parser.reader.problems = parsed.problems;
    let node = parsed.root.filter(|node| !node.is_null());
    let stubs = node.and_then(|node| {
        let node = fill(&node, &Fixed::fixed(&[], &[]), &mut parser.reader);
        parser.stubs(&node, called, "the file")
    });
    let problems = parser.reader.problems;
    if problems.iter().any(Diagnostic::is_error) {
        Err(problems)
    } else {
        Ok(stubs.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Stubs, Vec<String>> {
        read_by(read_webhooks, text)
    }

    type Reader = fn(&Path, &Path) -> Result<Stubs, Vec<Diagnostic>>;

    fn read_by(reader: Reader, text: &str) -> Result<Stubs, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stubs.yaml");
        std::fs::write(&path, text).unwrap();
        reader(&path, Path::new("stubs.yaml"))
            .map_err(|problems| problems.into_iter().map(|problem| problem.message).collect())
    }

    #[test]
    fn answers_are_read_by_webhook() {
        let stubs = read(
            "Order lookup:\n  - when: { tag: find }\n    respond: { parameters: { status: shipped } }\n",
        );
        let stubs = stubs.unwrap();
        assert_eq!(stubs.by_name.len(), 1);
        assert_eq!(
            (stubs.by_name[0].0.as_str(), stubs.by_name[0].1.len()),
            ("Order lookup", 1)
        );
        assert!(read("").unwrap().by_name.is_empty());
    }

    #[test]
    fn generators_and_playbooks_have_files_of_their_own() {
        let written = read_by(read_generators, "Summary: [{ respond: All is well. }]").unwrap();
        assert_eq!(written.by_name[0].0, "Summary");
        let done = "Concierge: [{ respond: { messages: [Hi.], target_page: Menu } }]";
        assert_eq!(read_by(read_playbooks, done).unwrap().by_name[0].1.len(), 1);
        assert!(read_by(read_generators, done).unwrap_err()[0].contains("`messages`"));
    }

    #[test]
    fn mistakes_are_told() {
        assert_eq!(read("[1]").unwrap_err().len(), 1);
        let problems = read("A: [{ respnd: {} }]").unwrap_err();
        assert!(problems[0].contains("`respnd`"), "{problems:?}");
    }
}
