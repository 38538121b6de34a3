//! An exported agent made ready to run: names resolved, conditions and templates parsed, the routes in scope of every
//! page listed in the order they are tried (cx-runtime 3.2, 3.3).
//!
//! A program never changes and is shared by all sessions. Making one from an export is in `compile.rs`.

use std::collections::HashMap;
use std::sync::Arc;

use chrono_tz::Tz;

use super::condition::Condition;
use super::template::{Template, ValueTemplate};
use crate::diagnostic::Diagnostic;
use crate::export::agent::{Agent, DtmfSettings};
use crate::model::Value;

mod compile;
mod content;
mod webhook;

pub(super) use compile::{Scoped, canonical_event, symbolic};

/// Id and display name of a page that every flow has.
pub(super) const START_PAGE: (&str, &str) = ("START_PAGE", "Start Page");
/// Id and display name of where a session ends.
pub(super) const END_SESSION: (&str, &str) = ("END_SESSION", "End Session");

/// A flow, by its place in [`Program::flows`].
pub(super) type FlowIndex = usize;
/// An intent, by its place in [`Program::intents`].
pub(super) type IntentIndex = usize;

/// A page of a flow; `None` is the start page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) flow: FlowIndex,
    pub(super) page: Option<usize>,
}

/// An agent ready to run.
#[derive(Debug)]
pub struct Program {
    agent: Arc<Agent>,
    pub(super) flows: Vec<FlowPart>,
    pub(super) flows_by_name: HashMap<String, FlowIndex>,
    pub(super) intents: Vec<IntentPart>,
    pub(super) intents_by_name: HashMap<String, IntentIndex>,
    pub(super) start: FlowIndex,
    /// Name of the playbook that sessions of this agent start in, where somebody speaks for it.
    pub(super) start_playbook: Option<String>,
    /// Lower-case language codes; the default comes first.
    pub(super) languages: Vec<String>,
    pub(super) time_zone: Tz,
    problems: Vec<Diagnostic>,
}

impl Program {
    /// Makes an agent ready. What cannot be read is left out and listed in [`Program::problems`].
    pub fn new(agent: Arc<Agent>) -> Self {
        compile::compile(agent)
    }

    /// The agent as it was exported.
    pub fn agent(&self) -> &Arc<Agent> {
        &self.agent
    }

    /// Warnings: conditions and function calls that cannot be read, targets that do not exist.
    pub fn problems(&self) -> &[Diagnostic] {
        &self.problems
    }

    pub(super) fn flow(&self, place: Place) -> &FlowPart {
        &self.flows[place.flow]
    }

    pub(super) fn page(&self, place: Place) -> &PagePart {
        let flow = &self.flows[place.flow];
        place.page.map_or(&flow.start, |page| &flow.pages[page])
    }

    /// The start page of the flow that sessions start in.
    pub(super) fn start_place(&self) -> Place {
        Place {
            flow: self.start,
            page: None,
        }
    }
}

/// A flow.
#[derive(Debug)]
pub(super) struct FlowPart {
    pub(super) id: String,
    pub(super) name: String,
    /// The start page.
    pub(super) start: PagePart,
    pub(super) pages: Vec<PagePart>,
    pub(super) pages_by_name: HashMap<String, usize>,
    pub(super) handlers: Vec<Handler>,
    /// Least confidence of a match; 0 for the default.
    pub(super) threshold: f64,
    /// Whether data stores may answer what no route does.
    pub(super) asks_data_stores: bool,
}

/// A page; the start page has neither entry nor form.
#[derive(Debug, Default)]
pub(super) struct PagePart {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) entry: Fulfillment,
    pub(super) form: Vec<FormParameter>,
    /// Routes with an intent that are in scope, in the order they are tried (phase 1).
    pub(super) intent_routes: Vec<Arc<Route>>,
    /// Routes with only a condition that are in scope, in the order they are tried (phase 2).
    pub(super) condition_routes: Vec<Arc<Route>>,
    /// The page's own event handlers.
    pub(super) handlers: Vec<Handler>,
    /// How keys are taken: the page's own settings, its flow's or the agent's.
    pub(super) keys: Option<DtmfSettings>,
    pub(super) asks_data_stores: bool,
}

impl PagePart {
    /// The intents that routes in scope name; some more than once.
    pub(super) fn scope(&self) -> impl Iterator<Item = IntentIndex> {
        self.intent_routes.iter().filter_map(|route| route.intent)
    }
}

/// A form parameter.
#[derive(Debug)]
pub(super) struct FormParameter {
    /// As the form spells it.
    pub(super) name: String,
    /// Where its value is kept.
    pub(super) key: Scoped,
    pub(super) required: bool,
    /// `@sys.…` or `@custom`.
    pub(super) entity_type: String,
    pub(super) is_list: bool,
    pub(super) default: Option<Value>,
    /// How keys are taken for it, where that is not the page's affair.
    pub(super) keys: Option<DtmfSettings>,
    pub(super) prompt: Fulfillment,
    pub(super) reprompts: Vec<Handler>,
}

/// A route.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) id: String,
    /// The intent it waits for; a route on an intent that does not exist is never in scope.
    pub(super) intent: Option<IntentIndex>,
    /// `None` when it has none.
    pub(super) condition: Option<Test>,
    pub(super) fulfillment: Fulfillment,
    pub(super) target: Option<Target>,
    /// Whether it belongs to the flow rather than to a page.
    pub(super) of_flow: bool,
}

/// A condition with its text.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) source: String,
    /// What cannot be read never holds (cx-runtime 9.3).
    pub(super) parsed: Option<Condition>,
}

/// An event handler.
#[derive(Debug)]
pub(super) struct Handler {
    pub(super) id: String,
    /// In lower case: names are compared without regard to it (cx-runtime 7.2).
    pub(super) event: String,
    pub(super) fulfillment: Fulfillment,
    pub(super) target: Option<Target>,
}

/// Where a route, a handler or a webhook leads (cx-runtime 6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A page of the active flow.
    Page(Place),
    /// The start page of the active flow.
    StartPage,
    /// The current page from its entry.
    CurrentPage,
    /// The page that led here, where it was left.
    PreviousPage,
    /// Back to the calling flow, with an event if one is named.
    EndFlow(Option<&'static str>),
    /// The end.
    EndSession,
    /// Another flow.
    Flow(FlowIndex),
    /// A playbook, where somebody speaks for it.
    Playbook(String),
    /// A page or flow that the export does not hold.
    Missing(String),
}

/// What happens when a handler is called, a page entered or a parameter asked for.
#[derive(Debug, Default)]
pub(super) struct Fulfillment {
    pub(super) presets: Vec<Preset>,
    pub(super) messages: Vec<Message>,
    pub(super) cases: Vec<Vec<Case>>,
    pub(super) webhook: Option<WebhookCallSite>,
    /// Whether what was said so far is sent before the webhook is called.
    pub(super) partial: bool,
    /// Called after the presets, before anything is said (cx-runtime 5.1).
    pub(super) generators: Vec<GeneratorSite>,
    /// Whether a model would be asked when nothing matches: a generative fallback.
    pub(super) asks_model: bool,
}

impl Fulfillment {
    /// Whether it does nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.presets.is_empty()
            && self.messages.is_empty()
            && self.cases.is_empty()
            && self.webhook.is_none()
            && self.generators.is_empty()
            && !self.asks_model
    }
}

/// Which generator is called with what.
#[derive(Debug)]
pub(super) struct GeneratorSite {
    /// Display name.
    pub(super) name: String,
    /// What the placeholders of its prompt stand for.
    pub(super) inputs: Vec<(String, ValueTemplate)>,
    pub(super) output: GeneratorOutput,
}

/// Where a generator's text goes.
#[derive(Debug)]
pub(super) enum GeneratorOutput {
    /// `$request.generative.NAME`, for the rest of the turn.
    Request(String),
    /// A parameter.
    Parameter(Scoped),
}

/// A parameter preset.
#[derive(Debug)]
pub(super) struct Preset {
    pub(super) parameter: PresetTarget,
    pub(super) value: ValueTemplate,
}

/// What a preset sets (cx-runtime 5.2).
#[derive(Debug)]
pub(super) enum PresetTarget {
    /// A parameter.
    Parameter(Scoped),
    /// A member within a parameter: `$sys.func.NESTED_FIELD("$session.params.address", "street")`.
    Member(Template),
}

/// A branch of a conditional response.
#[derive(Debug)]
pub(super) struct Case {
    /// `None` is the else branch.
    pub(super) condition: Option<Test>,
    pub(super) content: Vec<CaseContent>,
}

/// What a branch says.
#[derive(Debug)]
pub(super) enum CaseContent {
    /// A message.
    Message(Message),
    /// Branches within the branch.
    Cases(Vec<Case>),
}

/// A message in one language.
#[derive(Debug)]
pub(super) struct Message {
    /// Lower-case language code; empty for all.
    pub(super) language: String,
    /// Empty for all.
    pub(super) channel: String,
    pub(super) content: Content,
}

/// What a message says or signals (cx-runtime 5.3).
#[derive(Debug)]
pub(super) enum Content {
    Text {
        variants: Vec<Template>,
        allow_playback_interruption: bool,
    },
    Payload(ValueTemplate),
    OutputAudioText(ValueTemplate),
    LiveAgentHandoff(ValueTemplate),
    ConversationSuccess(ValueTemplate),
    PlayAudio(ValueTemplate),
    TelephonyTransferCall(ValueTemplate),
    /// A data store would answer.
    KnowledgeInfoCard,
}

/// Which webhook is called with which tag.
#[derive(Debug)]
pub(super) struct WebhookCallSite {
    pub(super) name: String,
    pub(super) tag: String,
    /// `None` when the export does not hold it.
    pub(super) webhook: Option<Arc<WebhookPart>>,
}

/// A webhook.
#[derive(Debug)]
pub(super) struct WebhookPart {
    pub(super) disabled: bool,
    /// How long an answer may take.
    pub(super) timeout: std::time::Duration,
    /// Where the parts of a flexible webhook's answer go; empty for a standard one.
    pub(super) mapping: Vec<(Scoped, String)>,
    pub(super) is_flexible: bool,
    /// The body a flexible webhook is sent.
    pub(super) body: Option<WebhookBody>,
    /// Where and how it is called over HTTP.
    pub(super) address: WebhookAddress,
}

/// A body with references in it (cx-runtime 8.4).
#[derive(Debug)]
pub(super) enum WebhookBody {
    /// JSON, in whose strings the references stand.
    Json(ValueTemplate),
    /// Anything else.
    Text(Template),
}

/// Where and how a webhook is called over HTTP.
#[derive(Debug)]
pub(super) struct WebhookAddress {
    pub(super) url: Template,
    /// `POST` and the like.
    pub(super) method: String,
    /// Names and values; values may hold references.
    pub(super) headers: Vec<(String, Template)>,
    /// User and password.
    pub(super) credentials: Option<(String, String)>,
    /// It wants a token of Google's, which nobody here can get.
    pub(super) wants_token: bool,
}

/// An intent.
#[derive(Debug)]
pub(super) struct IntentPart {
    pub(super) id: String,
    pub(super) name: String,
    /// The keys that trigger it.
    pub(super) keys: Option<Keys>,
}

/// Keys that trigger something: just these, or such as fit a pattern (cx-runtime 14.6).
#[derive(Debug)]
pub(super) struct Keys {
    /// As they are written.
    pub(super) source: String,
    /// What they mean as a regular expression, where they are one: `*` is not.
    pub(super) pattern: Option<regex::Regex>,
}

impl Keys {
    /// Whether these keys were meant.
    pub(super) fn fit(&self, pressed: &str) -> bool {
        self.source == pressed
            || self
                .pattern
                .as_ref()
                .is_some_and(|pattern| pattern.is_match(pressed))
    }
}
