//! What did not pass in the run before this one, for `--last-failed`.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;

use super::journal::{FORMAT, JOURNAL_FILE};
use crate::model::outcome::Verdict;

/// The conversations of the last run that failed, errored or were flaky, by suite and name.
#[derive(Debug, Default)]
pub struct Previous {
    names: HashSet<(String, String)>,
}

#[derive(Deserialize)]
struct Header {
    format: String,
}

/// As much of a [`ConversationResult`](crate::model::outcome::ConversationResult) as matters here.
#[derive(Deserialize)]
struct Line {
    suite: String,
    name: String,
    verdict: Verdict,
}

impl Previous {
    /// Reads the journal that the last finished run left in `folder`; `None` when there is none.
    ///
    /// # Errors
    /// When there is one that cannot be read, or that another version of this program wrote.
    pub fn read(folder: &Path) -> io::Result<Option<Self>> {
        let path = folder.join(JOURNAL_FILE);
        match File::open(&path) {
            Ok(file) => Self::from_lines(BufReader::new(file))
                .map(Some)
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io::Error::new(
                error.kind(),
                format!("{}: {error}", path.display()),
            )),
        }
    }

    fn from_lines(mut lines: impl BufRead) -> io::Result<Self> {
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let header: Header = serde_json::from_str(&line).map_err(|error| broken(1, &error))?;
        if header.format != FORMAT {
            let message = format!("format is `{}`, this version reads `{FORMAT}`", header.format);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let mut names = HashSet::new();
        for number in 2_u64.. {
            line.clear();
            if lines.read_line(&mut line)? == 0 {
                break;
            }
            let result: Line = serde_json::from_str(&line).map_err(|error| broken(number, &error))?;
            if matches!(
                result.verdict,
                Verdict::Failed | Verdict::Errored | Verdict::Flaky
            ) {
                names.insert((result.suite, result.name));
            }
        }
        Ok(Self { names })
    }

    /// Whether this conversation did not pass.
    pub fn contains(&self, suite: &str, name: &str) -> bool {
        // A lookup by borrowed parts would need a key type of its own; this runs once per conversation.
        self.names.contains(&(suite.to_owned(), name.to_owned()))
    }

    /// Nothing failed.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

fn broken(line: u64, error: &serde_json::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("line {line}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> io::Result<Previous> {
        Previous::from_lines(text.as_bytes())
    }

    #[test]
    fn what_did_not_pass_is_remembered_and_what_was_not_run_is_not() {
        let mut lines = vec![format!("{{\"format\":\"{FORMAT}\"}}")];
        for verdict in ["passed", "failed", "errored", "flaky", "skipped", "not-run"] {
            let name = verdict;
            lines.push(format!(
                r#"{{"suite":"a","name":"{name}","verdict":"{verdict}","attempts":[{{}}]}}"#
            ));
        }
        let text = lines.join("\n");
        let previous = read(&text).unwrap();
        let kept = |name| previous.contains("a", name);
        assert!(kept("failed") && kept("errored") && kept("flaky"));
        assert!(!kept("passed") && !kept("skipped") && !kept("not-run"));
        assert!(!previous.contains("b", "failed"));
    }

    #[test]
    fn a_journal_that_is_none_is_an_error_with_its_line() {
        assert!(read("").unwrap_err().to_string().starts_with("line 1:"));
        assert!(
            read("{\"format\":\"other/9\"}\n")
                .unwrap_err()
                .to_string()
                .contains("other/9")
        );
        let torn = format!("{{\"format\":\"{FORMAT}\"}}\n{{\"suite\":\"a\",\"na");
        assert!(read(&torn).unwrap_err().to_string().starts_with("line 2:"));
    }

    #[test]
    fn no_earlier_run_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Previous::read(folder.path()).unwrap().is_none());
    }
}
