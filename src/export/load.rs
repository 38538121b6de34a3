//! An export's files → [`Agent`]: what is sound is loaded, what is not is reported with its file.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::agent::{
    Agent, AgentSettings, Entity, EntityType, Flow, Intent, Named, Page, RouteGroup, TrainingPhrase, Webhook,
};
use super::archive::{Limits, Package};
use super::layout::Part;
use super::{assemble, check};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::model::Value;

/// An agent that could be loaded.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The agent.
    pub agent: Agent,
    /// SHA-256 over the names and contents of the files that decide what the agent does, in lower-case hex. The
    /// same for a folder and its zip; test cases do not count.
    pub hash: String,
    /// What is not as it should be: files that could not be read and were left out, and references to things
    /// that do not exist.
    pub warnings: Vec<Diagnostic>,
}

/// Loads an agent with its recorded test cases from a folder or a zip.
///
/// # Errors
/// When there is no agent, its settings cannot be read, or the archive holds something that is refused.
pub fn load(path: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    load_parts(path, true)
}

/// Loads an agent as [`load`] does, but leaves its test cases unread, which for recorded agents is most of the
/// export.
///
/// # Errors
/// As [`load`].
pub fn load_runtime(path: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    load_parts(path, false)
}

fn load_parts(path: &Path, with_test_cases: bool) -> Result<Loaded, Vec<Diagnostic>> {
    let package = Package::open(path, Limits::EXPORT)?;
    let wanted = |name: &str| match Part::of(name) {
        Some(Part::TestCase) => with_test_cases,
        Some(_) => true,
        None => false,
    };
    let files = package.read(wanted, |name, bytes| read_part(&package, name, &bytes));
    let mut settings = None;
    let mut parts = Vec::new();
    let mut problems = Vec::new();
    let mut hash = Sha256::new();
    for file in files {
        let file = match file {
            Ok(file) => file,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        if !matches!(file.part, Part::TestCase) {
            hash.update(u64::try_from(file.name.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(&file.name);
            hash.update(file.digest);
        }
        match (file.part, file.content) {
            (_, Err(problem)) => problems.push(problem),
            (Part::Settings, Ok(Content::Settings(read))) => settings = Some(*read),
            (part, Ok(content)) => parts.push((file.name, part, content)),
        }
    }
    let (true, Some(settings)) = (problems.iter().all(is_survived), settings) else {
        // Without settings there is no agent; the reason is among the problems.
        return Err(problems);
    };
    let mut agent = Agent {
        settings,
        ..Agent::default()
    };
    problems.extend(assemble::assemble(&mut agent, &package, parts));
    problems.extend(check::references(&agent, &package));
    let warnings = problems.into_iter().map(left_out).collect();
    Ok(Loaded {
        agent,
        hash: hex(&hash.finalize()),
        warnings,
    })
}

/// Whether an agent can do without the file. One that was made to do harm is not worked with.
fn is_survived(problem: &Diagnostic) -> bool {
    !["too-large", "unsafe-archive"].contains(&problem.code)
}

/// A problem of one file that the rest of the agent survives.
fn left_out(mut problem: Diagnostic) -> Diagnostic {
    if problem.is_error() {
        problem.severity = crate::diagnostic::Severity::Warning;
        problem.help.push("the file was left out".to_owned());
    }
    problem
}

/// A file that was read, and what it holds.
struct ReadFile {
    name: String,
    part: Part,
    digest: [u8; 32],
    content: Result<Content, Diagnostic>,
}

/// What one file says.
#[derive(Debug)]
pub(super) enum Content {
    /// `agent.json`.
    Settings(Box<AgentSettings>),
    /// A flow without pages.
    Flow(Box<Flow>),
    /// A page.
    Page(Box<Page>),
    /// A route group.
    RouteGroup(RouteGroup),
    /// An intent without phrases.
    Intent(Intent),
    /// Training phrases of one language.
    Phrases(Vec<TrainingPhrase>),
    /// An entity type without entries.
    EntityType(EntityType),
    /// Entries of one language.
    Entities(Vec<Entity>),
    /// Phrases that never match, of one language.
    Excluded(Vec<String>),
    /// A webhook.
    Webhook(Webhook),
    /// Only the name of a playbook, tool or generator matters.
    Named(Named),
    /// A recorded test case.
    TestCase(Value),
}

fn read_part(package: &Package, name: &str, bytes: &[u8]) -> ReadFile {
    let part = Part::of(name).unwrap_or(Part::TestCase);
    let content = parse(&part, bytes).map_err(|error| error.describe(package, name, bytes));
    ReadFile {
        name: name.to_owned(),
        digest: Sha256::digest(bytes).into(),
        part,
        content,
    }
}

fn parse(part: &Part, bytes: &[u8]) -> Result<Content, Malformed> {
    Ok(match part {
        Part::Settings => Content::Settings(Box::new(json(bytes)?)),
        Part::Flow { .. } => Content::Flow(Box::new(json(bytes)?)),
        Part::Page { .. } => Content::Page(Box::new(json(bytes)?)),
        Part::FlowRouteGroup { .. } | Part::AgentRouteGroup => Content::RouteGroup(json(bytes)?),
        Part::Intent { .. } => Content::Intent(json(bytes)?),
        Part::TrainingPhrases { .. } => Content::Phrases(json::<PhrasesFile>(bytes)?.training_phrases),
        Part::EntityType { .. } => Content::EntityType(json(bytes)?),
        Part::Entities { .. } => Content::Entities(json::<EntitiesFile>(bytes)?.entities),
        Part::ExcludedPhrases { .. } => {
            let file: ExcludedFile = json(bytes)?;
            Content::Excluded(
                file.excluded_phrases
                    .into_iter()
                    .map(|phrase| phrase.value)
                    .collect(),
            )
        }
        Part::Webhook => Content::Webhook(json(bytes)?),
        Part::TestCase => Content::TestCase(json(bytes)?),
        Part::Playbook | Part::Tool | Part::Generator => Content::Named(json(bytes)?),
    })
}

/// What to do about a file that is not what it should be.
const MEND: &str = "mend the file, or export the agent from the console again";

/// Why a file is not what it should be.
enum Malformed {
    Encoding,
    Json(serde_json::Error),
}

impl Malformed {
    fn describe(&self, package: &Package, name: &str, bytes: &[u8]) -> Diagnostic {
        let path = package.path_of(name);
        match self {
            Self::Encoding => Diagnostic::error("malformed-export", "the file is not UTF-8")
                .in_file(path)
                .help(MEND),
            Self::Json(error) => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                let offset = offset_of(&text, error.line(), error.column());
                let file = Arc::new(SourceFile { path, text });
                // The position is shown as a place, so it is cut from the sentence.
                let message = error.to_string();
                let message = message
                    .rsplit_once(" at line ")
                    .map_or(message.as_str(), |(reason, _)| reason);
                Diagnostic::error("malformed-export", format!("the file cannot be read: {message}"))
                    .at(&file, offset..offset, "")
                    .help(MEND)
            }
        }
    }
}

/// The byte that a 1-based line and column (in bytes) mean, on a character boundary.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let mut offset = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| Malformed::Encoding)?;
    serde_json::from_str(text).map_err(Malformed::Json)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhrasesFile {
    #[serde(default)]
    training_phrases: Vec<TrainingPhrase>,
}

#[derive(Deserialize)]
struct EntitiesFile {
    #[serde(default)]
    entities: Vec<Entity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExcludedFile {
    #[serde(default)]
    excluded_phrases: Vec<ExcludedPhrase>,
}

#[derive(Deserialize)]
struct ExcludedPhrase {
    #[serde(default)]
    value: String,
}

#[cfg(test)]
mod tests;
