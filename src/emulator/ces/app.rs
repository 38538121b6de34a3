//! A scripted CES app: the file `*.app.yaml`, read and checked.
//!
//! ```yaml
//! app: Parcel support
//! variables: { customer: guest, order_id: null }
//! tools:
//!   lookup_order: { run_by: client }            # the program at the other end runs it
//!   refund:                                     # the service runs it: the script answers
//!     answers:
//!       - when: { amount: { gt: 100 } }
//!         respond: { error: needs approval }
//!       - respond: { status: refunded }
//! agents:
//!   Front desk:                                 # the first agent answers first, unless `root:` names another
//!     rules:                                    # the first that fits is played
//!       - when: { event: welcome }
//!         do: [{ say: "Hello {{ customer }}, how can I help?" }]
//!       - when: { matches: "(?i)where is order (?<order_id>[A-Z]\\d+)" }
//!         do:
//!           - set: { order_id: "{{ order_id }}" }
//!           - { call: lookup_order, args: { order_id: "{{ order_id }}" } }
//!       - when: { result: lookup_order, response: { status: shipped } }
//!         do: [{ say: "{{ order_id }} is on its way." }]
//!       - when: { says: [money back, refund] }
//!         do: [{ transfer: Billing }]
//!       - when: { says: bye }
//!         do: [{ say: Goodbye. }, { end: { reason: done } }]
//!     otherwise: [{ say: Please tell me your order number. }]
//!   Billing:
//!     rules:
//!       - when: { transfer: true }
//!         do: [{ say: Billing speaking. }]
//! ```
//!
//! Every key of the format is in [`keys`], from which the reader, its messages and the reference are made.

use std::path::Path;
use std::sync::Arc;

use chrono_tz::Tz;
use regex::Regex;
use sha2::{Digest as _, Sha256};

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::model::suite::{AttachmentKind, Matcher};
use crate::model::{Map, Value};
use crate::yaml;

mod condition;
pub mod keys;
mod mention;
mod read;
mod rule;
mod source;

/// A scripted app.
#[derive(Debug, Clone)]
pub struct App {
    /// Its display name.
    pub name: String,
    /// Index of the agent that answers first.
    pub(super) root: usize,
    /// The time zone of `today` where a session names none.
    pub(super) time_zone: Option<Tz>,
    /// Variables and their values in a new session.
    pub(super) variables: Map,
    pub(super) tools: Vec<Tool>,
    pub(super) agents: Vec<Agent>,
    /// What every agent does when none of its rules fits and it has no `otherwise` of its own.
    pub(super) otherwise: Option<Steps>,
}

/// An app and what else came of reading its file.
#[derive(Debug)]
pub struct Loaded {
    /// The app.
    pub app: App,
    /// SHA-256 of the file, lower-case hex.
    pub hash: String,
    /// Probable mistakes that do not keep it from being played.
    pub warnings: Vec<Diagnostic>,
}

/// A tool.
#[derive(Debug, Clone)]
pub(super) struct Tool {
    /// Display name, or `toolset/tool`.
    pub(super) name: String,
    /// Id within the app, or within the tool set.
    pub(super) id: String,
    /// Id of the tool set it belongs to.
    pub(super) toolset: Option<String>,
    /// Whether the program at the other end runs it.
    pub(super) by_client: bool,
    /// Its answers when the service runs it; the first that fits.
    pub(super) answers: Vec<Answer>,
    /// Its answer when tool fakes are switched on.
    pub(super) fake: Option<Map>,
}

/// An answer of a tool.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// Conditions over the arguments.
    pub(super) when: Vec<(String, Matcher)>,
    /// The answer; may hold templates.
    pub(super) respond: Map,
}

/// An agent.
#[derive(Debug, Clone)]
pub(super) struct Agent {
    /// Display name.
    pub(super) name: String,
    /// Id within the app.
    pub(super) id: String,
    pub(super) rules: Vec<Rule>,
    pub(super) otherwise: Option<Steps>,
}

/// What an agent does, and when.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) trigger: Trigger,
    /// Conditions over the session's variables.
    pub(super) variables: Vec<(String, Matcher)>,
    pub(super) steps: Steps,
}

/// Steps that are played in order.
pub(super) type Steps = Arc<[Step]>;

/// What makes a rule fit.
#[derive(Debug, Clone)]
pub(super) enum Trigger {
    /// Anything that the user does.
    Anything,
    /// One of these texts; case, punctuation and white space do not count.
    Says(Vec<String>),
    /// A text in which the pattern is found.
    Matches(Regex),
    /// One of these events.
    Event(Vec<String>),
    /// One of these sequences of keys.
    Dtmf(Vec<String>),
    /// A file that the user hands over.
    File {
        /// What it is sent as.
        kind: AttachmentKind,
        /// MIME types and beginnings of SHA-256, lower case; any file without them.
        wanted: Vec<String>,
    },
    /// The answer of a tool.
    Result {
        /// The tool's index.
        tool: usize,
        /// What its answer must be like.
        response: Option<Matcher>,
    },
    /// The conversation has just been handed to this agent.
    Transfer,
}

/// One step.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Says all of these texts, one after the other.
    Say(Vec<String>),
    /// Says one of these texts.
    SayOneOf(Vec<String>),
    /// Sets variables.
    Set(Map),
    /// Calls a tool.
    Call(Call),
    /// Hands the conversation to another agent.
    Transfer(usize),
    /// Sends a payload.
    Payload(Map),
    /// Names sources of what was said.
    Cite(Vec<Map>),
    /// Proposes searches.
    Suggest(Vec<Map>),
    /// Ends the session.
    End(Map),
}

/// A call of a tool.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// The tool's index.
    pub(super) tool: usize,
    pub(super) args: Map,
    /// The answer to this very call, instead of the tool's own.
    pub(super) respond: Option<Map>,
    /// A callback makes the call: only the spans tell of it.
    pub(super) by_callback: bool,
}

impl App {
    /// Reads an app's file. `shown` is the path as the user would type it.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub fn load(path: &Path, shown: &Path) -> Result<Loaded, Vec<Diagnostic>> {
        let file = yaml::read(path, shown).map_err(|problem| vec![problem])?;
        Self::parse(&file)
    }

    /// Reads an app from its file's text.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(file: &Arc<SourceFile>) -> Result<Loaded, Vec<Diagnostic>> {
        let (app, problems) = read::app(file);
        match app {
            Some(app) if !problems.iter().any(Diagnostic::is_error) => {
                let digest = Sha256::digest(file.text.as_bytes());
                Ok(Loaded {
                    app,
                    hash: digest
                        .iter()
                        .map(|byte| format!("{byte:02x}"))
                        .collect::<Vec<_>>()
                        .concat(),
                    warnings: problems,
                })
            }
            _ => Err(problems),
        }
    }

    /// Display names of its agents, in order.
    pub fn agent_names(&self) -> impl Iterator<Item = &str> {
        self.agents.iter().map(|agent| agent.name.as_str())
    }

    /// Names of its tools, in order.
    pub fn tool_names(&self) -> impl Iterator<Item = &str> {
        self.tools.iter().map(|tool| tool.name.as_str())
    }

    /// The id of an agent, as resource names have it.
    pub fn agent_id(&self, display_name: &str) -> Option<&str> {
        let agent = self.agents.iter().find(|agent| agent.name == display_name)?;
        Some(&agent.id)
    }

    /// The agent of an id or display name.
    pub(super) fn agent_at(&self, id_or_name: &str) -> Option<usize> {
        let by_id = self.agents.iter().position(|agent| agent.id == id_or_name);
        by_id.or_else(|| self.agents.iter().position(|agent| agent.name == id_or_name))
    }
}

/// A text without what does not count when texts are compared: case, punctuation, white space.
pub(super) fn plain_words(text: &str) -> String {
    let words =
        text.split(|character: char| !character.is_alphanumeric() && character != '\'' && character != '’');
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join(" ").replace('’', "'")
}

/// An answer as later steps and conditions see it: what stands alone under `output` is the answer itself
/// (ces-api 1.3).
pub(super) fn seen_answer(answer: &Map) -> Value {
    match answer.get("output") {
        Some(output) if answer.len() == 1 => output.clone(),
        _ => Value::Object(answer.clone()),
    }
}

#[cfg(test)]
mod tests;
