//! Annotations for GitHub Actions: workflow commands that mark a file's line in the changes and in the run's page.
//! The texts are untrusted and the syntax has no quoting, so every byte that could end a command is escaped.

use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use super::headline::{self, Headline};
use super::output::Destination;
use super::style::{inline, one_line};
use super::twins;
use crate::model::event::{Recorded, Reporter, RunEnd, RunInfo};
use crate::model::outcome::{ConversationResult, Twins, Verdict};

/// GitHub shows no more errors, and no more warnings, of one step.
const MOST_SHOWN: usize = 10;
/// Columns of one annotation's text.
const MOST_COLUMNS: usize = 1_000;

/// Writes one annotation for each conversation that failed, errored or was flaky, which has its channel in its name where
/// it was played both ways; and one for each of those in which speech changed what came of it.
pub struct Github {
    output: Destination,
    folder: PathBuf,
    errors: Kept,
    warnings: Kept,
}

/// Annotations of one level: those that will be shown, and how many there are.
#[derive(Debug, Default)]
struct Kept {
    lines: Vec<String>,
    count: usize,
}

impl Kept {
    fn add(&mut self, line: String) {
        self.count += 1;
        if self.lines.len() < MOST_SHOWN {
            self.lines.push(line);
        }
    }
}

impl Github {
    /// Annotations whose files are looked for in `folder` of the repository.
    pub fn new(output: Destination, folder: PathBuf) -> Self {
        Self {
            output,
            folder,
            errors: Kept::default(),
            warnings: Kept::default(),
        }
    }

    fn annotation(&self, level: &str, title: &str, (file, line): (&str, u32), text: &str) -> String {
        let file = in_repository(&self.folder, file);
        format!(
            "::{level} file={},line={},title={}::{}",
            property(&file),
            line.max(1),
            property(&inline(title)),
            data(&one_line(text, MOST_COLUMNS))
        )
    }

    fn of_result(&self, level: &str, result: &ConversationResult) -> String {
        let Headline { text, file, line, .. } = headline::of(result);
        self.annotation(level, &headline::title(result), (&file, line), &text)
    }

    fn of_twins(&self, twins: &Twins) -> String {
        let title = format!("{} / {}", twins.suite, twins.name);
        let text = format!("speech changed the outcome: {}", twins::line(twins));
        self.annotation("warning", &title, twins::place(twins), &text)
    }
}

impl Reporter for Github {
    fn describe(&self) -> String {
        "github".to_owned()
    }

    fn shows_passed(&self) -> bool {
        false
    }

    fn conversation(&mut self, recorded: &Recorded) -> io::Result<()> {
        let result = &recorded.result;
        match result.verdict {
            Verdict::Failed | Verdict::Errored => {
                let line = self.of_result("error", result);
                self.errors.add(line);
            }
            Verdict::Flaky => {
                let line = self.of_result("warning", result);
                self.warnings.add(line);
            }
            Verdict::Passed | Verdict::Skipped | Verdict::NotRun => {}
        }
        if let Some(twins) = recorded.twins.as_ref().filter(|twins| twins::is_changed(twins)) {
            let line = self.of_twins(twins);
            self.warnings.add(line);
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, _run: &RunInfo, _end: &RunEnd) -> io::Result<()> {
        // In one piece: another report may be writing to the same stream.
        let text = lines(&self.errors, "error") + &lines(&self.warnings, "warning");
        self.output.write_all(text.as_bytes())?;
        self.output.finish()
    }
}

/// The annotations of a level; where there are more than GitHub shows, the last one says how many.
fn lines(kept: &Kept, level: &str) -> String {
    let shown = if kept.count > MOST_SHOWN {
        MOST_SHOWN - 1
    } else {
        kept.lines.len()
    };
    let mut text = String::new();
    for line in &kept.lines[..shown] {
        text.push_str(line);
        text.push('\n');
    }
    if kept.count > shown {
        let more = kept.count - shown;
        let what = format!("{more} more like these; GitHub shows {MOST_SHOWN} annotations of a step");
        let command = format!("::{level} title=turnproof::{}\n", data(&what));
        text.push_str(&command);
    }
    text
}

/// The text of a command: a line break would end it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command: a colon or comma would end it, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A path as GitHub wants it: from the repository's root, with slashes.
fn in_repository(folder: &Path, file: &str) -> String {
    let path = Path::new(file);
    if path.is_absolute() {
        return file.to_owned();
    }
    let mut parts: Vec<String> = Vec::new();
    for component in folder.join(path).components() {
        match component {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::ParentDir if !parts.is_empty() => {
                parts.pop();
            }
            Component::ParentDir => parts.push("..".to_owned()),
            _ => {}
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::outcome::TwinDifference;

    fn twins(audio: Verdict, difference: Option<TwinDifference>) -> Twins {
        Twins {
            suite: "orders".to_owned(),
            name: "greets".to_owned(),
            file: "orders.yaml".to_owned(),
            line: 3,
            text: Verdict::Passed,
            audio,
            difference,
        }
    }

    #[test]
    fn what_speech_changed_is_told_with_both_channels() {
        let github = Github::new(Destination::stream(io::sink()), PathBuf::from("bots"));
        let difference = TwinDifference {
            turn: 2,
            file: "steps/order.yaml".to_owned(),
            line: 7,
            kind: "intent".to_owned(),
            text: json!("order.drink"),
            audio: json!(null),
            said: Some("a coffee, please".to_owned()),
            heard: Some("a copy".to_owned()),
            word_error_rate: Some(0.5),
        };
        assert_eq!(
            github.of_twins(&twins(Verdict::Failed, Some(difference))),
            "::warning file=bots/steps/order.yaml,line=7,title=orders / greets::speech changed the outcome: in writing \
             passed, by voice failed; turn 2: intent: order.drink in writing, nothing by voice (heard “a copy”, word \
             error rate 0.5)"
        );
        assert_eq!(
            github.of_twins(&twins(Verdict::Flaky, None)),
            "::warning file=bots/orders.yaml,line=3,title=orders / greets::speech changed the outcome: in writing passed, \
             by voice flaky"
        );
    }

    #[test]
    fn no_text_ends_a_command_early() {
        assert_eq!(data("100 %\r\n::set-env"), "100 %25%0D%0A::set-env");
        assert_eq!(property("a:b,c\n%"), "a%3Ab%2Cc%0A%25");
    }

    #[test]
    fn paths_are_given_from_the_root_of_the_repository() {
        let from = |folder: &str, file: &str| in_repository(Path::new(folder), file);
        assert_eq!(from("", "suites/a.yaml"), "suites/a.yaml");
        assert_eq!(
            from("bots/flights", "./suites/a.yaml"),
            "bots/flights/suites/a.yaml"
        );
        assert_eq!(from("bots/flights", "../shared/a.yaml"), "bots/shared/a.yaml");
        assert_eq!(from("x", "/abs/a.yaml"), "/abs/a.yaml");
    }
}
