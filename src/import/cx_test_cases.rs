//! Test cases recorded by Dialogflow CX (cx-export-format 4.1, cx-runtime 17) ↔ suites on an emulator target.
//!
//! In: what was recorded becomes what is expected: the matched intent, page and flow, the texts (any variant of the
//! message they came from), and all session parameters where the case recorded any. Names that the agent does not
//! have stay, and are warnings.
//!
//! Out: suites hold less than test cases do, and more. What an export's cases would be as suites is compared with the
//! suites as they are (`again`, `case`, `identity`), and only the differences go into the cases (`merge`,
//! `write_back`).
//!
//! Nothing that exists is ever overwritten.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::export;

use conversation::{Composer, unique_names};
use export::agent::Agent;
use recording::TestCase;

pub use write_back::{Written, export_cx_tests};

mod again;
mod align;
mod case;
mod conversation;
mod folder;
mod group;
mod identity;
mod losses;
mod merge;
mod messages;
mod names;
mod recording;
mod templates;
mod unsaid;
mod webhooks;
mod write_back;

/// What an import wrote.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The export that was read.
    pub export: PathBuf,
    /// The folder that was written.
    pub folder: PathBuf,
    /// Its suites, in order of their paths.
    pub suites: Vec<SuiteFile>,
    /// What was found in the recordings.
    pub counts: Counts,
    /// Test cases that were left out, names that the agent does not have, and what could not be taken over.
    pub warnings: Vec<Diagnostic>,
}

/// A suite that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteFile {
    /// Path within the folder.
    pub path: PathBuf,
    /// Conversations in it.
    pub conversations: usize,
}

/// What was found in the recordings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Conversations written.
    pub conversations: usize,
    /// Turns of all of them.
    pub turns: usize,
    /// Texts that are expected as any variant of their message.
    pub texts_with_variants: usize,
    /// Conversations whose case recorded session parameters.
    pub with_parameters: usize,
    /// Turns that carry the effect of a webhook, read off the recorded parameters.
    pub webhook_turns: usize,
    /// Texts that the service marked as written by a language model.
    pub generated_texts: usize,
}

/// Imports the test cases of an export into a new folder.
///
/// # Errors
/// When the export cannot be loaded or has no test cases, or the folder is not empty or cannot be written.
pub fn cx_tests(export: &Path, out: &Path) -> Result<Imported, Vec<Diagnostic>> {
    folder::check_is_free(out).map_err(|problem| vec![problem])?;
    let loaded = export::load(export)?;
    let (cases, mut warnings) = recording::read_all(&loaded.agent.test_cases, export);
    if cases.is_empty() {
        let none = Diagnostic::error("no-test-cases", "the export holds no recorded test cases")
            .in_file(export)
            .help("in the console, record test cases and export the agent as a JSON package");
        warnings.push(none);
        return Err(warnings);
    }
    let target = group::slug(&folder::stem(export), "agent");
    let composed = Composed::of(&loaded.agent, &cases, &target, &folder::copy_name(export));
    folder::write(out, &composed.files, export).map_err(|problem| vec![problem])?;
    warnings.extend(losses::warnings(&cases, export));
    warnings.extend(names::unknown(&cases, &loaded.agent, export));
    warnings.extend(composed.composer.warnings(export));
    Ok(Imported {
        export: export.to_path_buf(),
        folder: out.to_path_buf(),
        suites: composed.suites,
        counts: composed.composer.counts(),
        warnings,
    })
}

/// The suites and settings that test cases become.
struct Composed {
    /// By path within the folder.
    files: BTreeMap<PathBuf, String>,
    /// The suites in order of their paths.
    suites: Vec<SuiteFile>,
    /// What each conversation was made of.
    origins: Vec<Origin>,
    composer: Composer,
}

/// What a conversation was made of.
struct Origin {
    /// Its suite's path within the folder.
    suite: PathBuf,
    /// Its name.
    name: String,
    /// Which test case.
    case: usize,
}

impl Composed {
    /// `copy` is what the agent is called in the folder of agents.
    fn of(agent: &Agent, cases: &[TestCase], target: &str, copy: &str) -> Self {
        let mut composer = Composer::new(agent, cases);
        let mut files = BTreeMap::new();
        let (mut suites, mut origins) = (Vec::new(), Vec::new());
        for suite in group::into_suites(cases, agent) {
            let members: Vec<&TestCase> = suite.cases.iter().map(|at| &cases[*at]).collect();
            let names = unique_names(&members);
            let text = composer.suite(&suite.title, target, &members, &names);
            files.insert(suite.path.clone(), text);
            suites.push(SuiteFile {
                path: suite.path.clone(),
                conversations: members.len(),
            });
            origins.extend(suite.cases.into_iter().zip(names).map(|(case, name)| Origin {
                suite: suite.path.clone(),
                name,
                case,
            }));
        }
        files.insert(PathBuf::from("turnproof.yaml"), composer.settings(target, copy));
        suites.sort_by(|left, right| left.path.cmp(&right.path));
        Self {
            files,
            suites,
            origins,
            composer,
        }
    }
}

/// Suites named in the summary.
const MOST_NAMED: usize = 12;

impl fmt::Display for Imported {
    /// A short summary for people.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        let (export, folder) = (self.export.display(), self.folder.display());
        let conversations = counted(counts.conversations, "conversation");
        let turns = counted(counts.turns, "turn");
        writeln!(
            formatter,
            "imported {conversations} ({turns}) from {export} into {folder}"
        )?;
        for suite in self.suites.iter().take(MOST_NAMED) {
            let path = self.folder.join(&suite.path);
            writeln!(formatter, "  {:>5}  {}", suite.conversations, path.display())?;
        }
        if self.suites.len() > MOST_NAMED {
            writeln!(
                formatter,
                "         and {} more",
                counted(self.suites.len() - MOST_NAMED, "suite")
            )?;
        }
        let rows = [
            (
                counts.texts_with_variants,
                "text",
                ["is", "are"],
                "expected as any variant of a message",
            ),
            (
                counts.with_parameters,
                "conversation",
                ["expects", "expect"],
                "session parameters (the others recorded none)",
            ),
            (
                counts.webhook_turns,
                "turn",
                ["has", "have"],
                "a webhook's answer, read off the recorded parameters",
            ),
        ];
        for (count, word, [one, several], what) in rows.into_iter().filter(|(count, ..)| *count > 0) {
            let verb = if count == 1 { one } else { several };
            writeln!(formatter, "{} {verb} {what}", counted(count, word))?;
        }
        writeln!(formatter, "play them: turnproof run {folder}")
    }
}

fn counted(count: usize, word: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {word}{ending}")
}
