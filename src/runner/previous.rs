//! The run before this one: what did not pass, for `--last-failed`, and how long things took, for `--plan`.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::journal::{FORMAT, JOURNAL_FILE, RunKind};
use crate::model::outcome::{Sent, Verdict};
use crate::redact::{PLACEHOLDER, may_be_shown_as};

/// The conversations of the last run, by suite and name.
#[derive(Debug, Default)]
pub struct Previous {
    /// Those that failed, errored or were flaky.
    names: HashSet<(String, String)>,
    /// Those of them in whose names something was hidden, which a name of today may be or not.
    hidden: Vec<(String, String)>,
    /// How many were not run, and do not count for that.
    not_run: usize,
    /// What was played was a recording, which tells nothing of how long agents take.
    replay: bool,
    /// How long things took, by target: another one takes its own time.
    paces: HashMap<String, Pace>,
}

/// How long a target took.
#[derive(Debug, Default)]
struct Pace {
    /// For each conversation that was played to its end, by suite and name.
    took: HashMap<(String, String), Duration>,
    /// For all of them together.
    whole: Duration,
    /// Turns that were sent.
    turns: u32,
}

impl Pace {
    fn add(&mut self, name: (String, String), elapsed: Duration, turns: u32) {
        self.took.insert(name, elapsed);
        self.whole += elapsed;
        self.turns = self.turns.saturating_add(turns);
    }
}

#[derive(Deserialize)]
struct Header {
    format: String,
    #[serde(flatten)]
    kind: RunKind,
}

/// As much of a [`ConversationResult`](crate::model::outcome::ConversationResult) as matters here.
#[derive(Deserialize)]
struct Line {
    suite: String,
    name: String,
    #[serde(default)]
    target: String,
    verdict: Verdict,
    #[serde(default)]
    attempts: Vec<LineAttempt>,
}

#[derive(Deserialize)]
struct LineAttempt {
    #[serde(default)]
    elapsed_ms: f64,
    #[serde(default)]
    turns: Vec<LineTurn>,
}

#[derive(Deserialize)]
struct LineTurn {
    sent: Sent,
}

impl Line {
    fn elapsed(&self) -> Duration {
        let millis: f64 = self.attempts.iter().map(|attempt| attempt.elapsed_ms).sum();
        Duration::try_from_secs_f64(millis / 1e3).unwrap_or_default()
    }

    fn turns(&self) -> u32 {
        let turns = self.attempts.iter().flat_map(|attempt| &attempt.turns);
        u32::try_from(turns.filter(|turn| turn.sent != Sent::No).count()).unwrap_or(u32::MAX)
    }
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
        let mut previous = Self {
            replay: header.kind.replay,
            ..Self::default()
        };
        for number in 2_u64.. {
            line.clear();
            if lines.read_line(&mut line)? == 0 {
                break;
            }
            let result: Line = serde_json::from_str(&line).map_err(|error| broken(number, &error))?;
            let (elapsed, turns) = (result.elapsed(), result.turns());
            if turns > 0 && result.verdict != Verdict::NotRun && !previous.replay {
                let name = (result.suite.clone(), result.name.clone());
                let pace = previous.paces.entry(result.target).or_default();
                pace.add(name, elapsed, turns);
            }
            let is_open = match result.verdict {
                Verdict::Failed | Verdict::Errored | Verdict::Flaky => true,
                // It had failed before, and nobody has looked again.
                Verdict::NotRun => header.kind.last_failed,
                Verdict::Passed | Verdict::Skipped => false,
            };
            previous.not_run += usize::from(result.verdict == Verdict::NotRun && !is_open);
            if is_open && result.name.contains(PLACEHOLDER) {
                previous.hidden.push((result.suite, result.name));
            } else if is_open {
                previous.names.insert((result.suite, result.name));
            }
        }
        Ok(previous)
    }

    /// How long this conversation took with this target, all attempts.
    pub(super) fn took(&self, target: &str, suite: &str, name: &str) -> Option<Duration> {
        let pace = self.paces.get(target)?;
        pace.took.get(&(suite.to_owned(), name.to_owned())).copied()
    }

    /// How long a turn took with this target on average.
    pub(super) fn per_turn(&self, target: &str) -> Option<Duration> {
        let pace = self.paces.get(target)?;
        pace.whole.checked_div(pace.turns)
    }

    /// Whether it played recordings.
    pub fn is_replay(&self) -> bool {
        self.replay
    }

    /// How many conversations were not run, of which nobody knows whether they would have failed.
    pub fn not_run(&self) -> usize {
        self.not_run
    }

    /// Whether this conversation did not pass, or is one of those of which the report does not tell which did not.
    pub fn contains(&self, suite: &str, name: &str) -> bool {
        let may_be = |(of, shown): &(String, String)| of == suite && may_be_shown_as(name, shown);
        // A lookup by borrowed parts would need a key type of its own; this runs once per conversation.
        self.names.contains(&(suite.to_owned(), name.to_owned())) || self.hidden.iter().any(may_be)
    }

    /// Nothing failed.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.hidden.is_empty()
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

    /// With `--fail-fast`, a run of what had failed stops at the first that fails again: the others were forgotten.
    #[test]
    fn what_had_failed_before_and_was_not_played_again_is_remembered() {
        let line = r#"{"suite":"a","name":"waits","verdict":"not-run","attempts":[]}"#;
        let text = format!("{{\"format\":\"{FORMAT}\",\"last_failed\":true}}\n{line}\n");
        assert!(read(&text).unwrap().contains("a", "waits"));
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
    fn it_is_known_how_long_things_took_with_which_target() {
        let attempt = r#"{"elapsed_ms":1500.5,"turns":[{"sent":"yes"},{"sent":"no"},{"sent":"unknown"}]}"#;
        let line = |name: &str, verdict: &str| {
            format!(
                r#"{{"suite":"a","name":"{name}","target":"t","verdict":"{verdict}","attempts":[{attempt},{attempt}]}}"#
            )
        };
        let journal = |kind: &str| {
            format!(
                "{{\"format\":\"{FORMAT}\"{kind}}}\n{}\n{}\n",
                line("one", "passed"),
                line("cut short", "not-run")
            )
        };
        let previous = read(&journal("")).unwrap();
        assert_eq!(previous.took("t", "a", "one"), Some(Duration::from_millis(3001)));
        assert_eq!(previous.took("t", "a", "cut short"), None);
        assert_eq!(previous.per_turn("t"), Some(Duration::from_micros(750_250)));
        assert_eq!(
            (previous.took("other", "a", "one"), previous.per_turn("other")),
            (None, None)
        );
        assert_eq!(previous.not_run(), 1);
        let replay = read(&journal(",\"replay\":true")).unwrap();
        assert!(replay.is_replay());
        assert_eq!((replay.took("t", "a", "one"), replay.per_turn("t")), (None, None));
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
