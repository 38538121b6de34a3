//! The agent as the export spells it: camel-case JSON, references by display name, unknown keys ignored, absent
//! keys at their defaults (cx-export-format 4).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::Value;

/// A whole agent. Maps are keyed by display name.
#[derive(Debug, Clone, Default)]
pub struct Agent {
    /// `agent.json`.
    pub settings: AgentSettings,
    /// The flows.
    pub flows: BTreeMap<String, Flow>,
    /// Route groups of the agent.
    pub route_groups: BTreeMap<String, RouteGroup>,
    /// The intents.
    pub intents: BTreeMap<String, Intent>,
    /// Custom entity types and extensions of system ones (`sys.color`).
    pub entity_types: BTreeMap<String, EntityType>,
    /// The webhooks.
    pub webhooks: BTreeMap<String, Webhook>,
    /// The playbooks: present, never executed.
    pub playbooks: Vec<Named>,
    /// The generators: present, never executed.
    pub generators: Vec<Named>,
    /// The tools of playbooks: present, never executed.
    pub tools: Vec<Named>,
    /// Recorded test cases as raw JSON, keyed by file path within the export.
    pub test_cases: BTreeMap<String, Value>,
}

/// A thing of which no more than its name matters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Named {
    /// Id.
    pub name: String,
    /// Display name.
    pub display_name: String,
}

/// `agent.json`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AgentSettings {
    /// The agent's name; often missing in exports.
    pub display_name: String,
    /// Language of requests that name none.
    pub default_language_code: String,
    /// Other languages.
    pub supported_language_codes: Vec<String>,
    /// IANA time zone.
    pub time_zone: String,
    /// Display name of the flow a session starts in; empty means `Default Start Flow`.
    pub start_flow: String,
    /// Display name of the playbook a session starts in, for playbook agents.
    pub start_playbook: String,
    /// Whether misspelt input is corrected.
    pub enable_spell_correction: bool,
    /// Holds the DTMF settings of all flows that have none of their own.
    pub advanced_settings: AdvancedSettings,
}

/// A flow with its pages and route groups.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Flow {
    /// Id.
    pub name: String,
    /// Display name.
    pub display_name: String,
    /// Routes of the flow.
    pub transition_routes: Vec<Route>,
    /// Event handlers of the flow.
    pub event_handlers: Vec<EventHandler>,
    /// Names of the flow's own route groups.
    pub transition_route_groups: Vec<String>,
    /// Names of the agent's route groups.
    pub agent_transition_route_groups: Vec<String>,
    /// NLU settings.
    pub nlu_settings: NluSettings,
    /// Holds the DTMF settings of all pages that have none of their own.
    pub advanced_settings: AdvancedSettings,
    /// Data stores that may answer what no route does (never asked).
    pub knowledge_connector_settings: KnowledgeConnectorSettings,
    /// Pages by display name; filled by the loader.
    #[serde(skip)]
    pub pages: BTreeMap<String, Page>,
    /// Route groups by display name; filled by the loader.
    #[serde(skip)]
    pub groups: BTreeMap<String, RouteGroup>,
}

/// NLU settings of a flow.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NluSettings {
    /// Least confidence of a match; 0 means unset (the service's default is 0.3).
    pub classification_threshold: f64,
}

/// A page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Page {
    /// Id.
    pub name: String,
    /// Display name.
    pub display_name: String,
    /// What happens on entering it.
    pub entry_fulfillment: Fulfillment,
    /// The form.
    pub form: Form,
    /// Routes.
    pub transition_routes: Vec<Route>,
    /// Event handlers.
    pub event_handlers: Vec<EventHandler>,
    /// Names of route groups of the page's flow.
    pub transition_route_groups: Vec<String>,
    /// Names of route groups of the agent.
    pub agent_transition_route_groups: Vec<String>,
    /// Holds the DTMF settings of all form parameters that have none of their own.
    pub advanced_settings: AdvancedSettings,
    /// Data stores that may answer what no route does (never asked).
    pub knowledge_connector_settings: KnowledgeConnectorSettings,
}

/// Data stores of a flow or page.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KnowledgeConnectorSettings {
    /// Whether they are asked.
    pub enabled: bool,
    /// The stores, as the export spells them.
    pub data_store_connections: Vec<Value>,
}

/// A reusable list of routes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteGroup {
    /// Id.
    pub name: String,
    /// Display name.
    pub display_name: String,
    /// Its routes.
    pub transition_routes: Vec<Route>,
}

/// A form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Form {
    /// Its parameters in order.
    pub parameters: Vec<FormParameter>,
}

/// A form parameter.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FormParameter {
    /// Name; may carry a scope (`$flow.x`).
    pub display_name: String,
    /// Whether it is asked for.
    pub required: bool,
    /// `@sys.…` or `@custom`.
    pub entity_type: String,
    /// Whether it takes a list.
    pub is_list: bool,
    /// Value of an optional parameter that nobody gave.
    pub default_value: Option<Value>,
    /// Prompt and reprompt handlers.
    pub fill_behavior: FillBehavior,
    /// Holds the DTMF settings.
    pub advanced_settings: AdvancedSettings,
}

/// How a form parameter is asked for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FillBehavior {
    /// The question.
    pub initial_prompt_fulfillment: Fulfillment,
    /// What to say when the answer does not fit.
    pub reprompt_event_handlers: Vec<EventHandler>,
}

/// Settings of an agent, a flow, a page or a form parameter that matter at run time.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AdvancedSettings {
    /// DTMF settings; `None` leaves them to what the part belongs to.
    pub dtmf_settings: Option<DtmfSettings>,
}

/// DTMF settings.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DtmfSettings {
    /// Whether keys are accepted.
    pub enabled: bool,
    /// Most keys taken; 0 or less for any number.
    pub max_digits: i64,
    /// Key that ends the input; empty for none.
    pub finish_digit: String,
}

/// A route: an intent, a condition, or both.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Route {
    /// Id.
    pub name: String,
    /// Display name of the intent; empty for none.
    pub intent: String,
    /// Condition; empty for none.
    pub condition: String,
    /// What happens when it is called.
    pub trigger_fulfillment: Fulfillment,
    /// Display name of a page of the same flow, or a symbolic target.
    pub target_page: String,
    /// Display name of a flow.
    pub target_flow: String,
    /// Display name of a playbook (never executed).
    pub target_playbook: String,
}

/// An event handler.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventHandler {
    /// Id.
    pub name: String,
    /// Event name.
    pub event: String,
    /// What happens when it is called.
    pub trigger_fulfillment: Fulfillment,
    /// Page of the same flow, or a symbolic target.
    pub target_page: String,
    /// A flow.
    pub target_flow: String,
    /// A playbook (never executed).
    pub target_playbook: String,
}

/// What an agent does when a handler is called or a page is entered.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Fulfillment {
    /// What is said.
    pub messages: Vec<Message>,
    /// Display name of the webhook called; empty for none.
    pub webhook: String,
    /// The tag sent to the webhook.
    pub tag: String,
    /// Whether messages so far are sent before the webhook is called.
    pub return_partial_responses: bool,
    /// Parameters set.
    pub set_parameter_actions: Vec<SetParameter>,
    /// What is said under conditions.
    pub conditional_cases: Vec<ConditionalCases>,
    /// Generators called, in this order (never executed).
    pub generators: Vec<GeneratorUse>,
    /// Whether a language model may answer instead (never does).
    pub enable_generative_fallback: bool,
}

/// A generator that a fulfillment calls.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GeneratorUse {
    /// Its resource name, or its display name (cx-runtime 18).
    pub generator: String,
    /// What its prompt's placeholders stand for: a list of `{key, value}`.
    pub input_parameters: Value,
    /// Where its text goes: `$request.generative.NAME`, or a parameter as presets name them.
    pub output_parameter: String,
}

/// A message: the content is one of the optional members, kept as JSON where the runtime only passes it through.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Message {
    /// Language it is for.
    pub language_code: String,
    /// Channel it is for; empty for all.
    pub channel: String,
    /// Text variants, one of which is said.
    pub text: Option<TextMessage>,
    /// Custom payload.
    pub payload: Option<Value>,
    /// Speech or SSML.
    pub output_audio_text: Option<Value>,
    /// Hand-off to a person: `{metadata}`.
    pub live_agent_handoff: Option<Value>,
    /// Conversation success: `{metadata}`.
    pub conversation_success: Option<Value>,
    /// A recording to play: `{audioUri}`.
    pub play_audio: Option<Value>,
    /// A call transfer: `{phoneNumber}`.
    pub telephony_transfer_call: Option<Value>,
    /// A data store's answer (never executed).
    pub knowledge_info_card: Option<Value>,
    /// Sound that the service puts together (never executed): `{segments}`.
    pub mixed_audio: Option<Value>,
}

/// Text variants.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TextMessage {
    /// The variants.
    pub text: Vec<String>,
    /// Passed through.
    pub allow_playback_interruption: bool,
}

/// A parameter preset.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SetParameter {
    /// What is set.
    pub parameter: String,
    /// To what; null clears.
    pub value: Value,
}

/// An if / else-if / else.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConditionalCases {
    /// The branches in order.
    pub cases: Vec<ConditionalCase>,
}

/// One branch.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConditionalCase {
    /// Empty means else.
    pub condition: String,
    /// What is said.
    pub case_content: Vec<CaseContent>,
}

/// A message, or nested branches.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CaseContent {
    /// A message.
    pub message: Option<Message>,
    /// Nested branches.
    pub additional_cases: Option<ConditionalCases>,
}

/// An intent with its training phrases.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Intent {
    /// Id.
    pub name: String,
    /// Display name.
    pub display_name: String,
    /// 500000 is normal, 0 or absent too; negative means ignored.
    pub priority: i64,
    /// The default negative intent.
    pub is_fallback: bool,
    /// Keys that trigger it.
    pub dtmf_pattern: String,
    /// Its parameters.
    pub parameters: Vec<IntentParameter>,
    /// Training phrases by language code; filled by the loader.
    #[serde(skip)]
    pub training_phrases: BTreeMap<String, Vec<TrainingPhrase>>,
}

/// A parameter of an intent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IntentParameter {
    /// Its name.
    pub id: String,
    /// `@sys.…` or `@custom`.
    pub entity_type: String,
    /// Whether it takes a list.
    pub is_list: bool,
}

/// A training phrase.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TrainingPhrase {
    /// Its pieces in order; their texts joined are the phrase.
    pub parts: Vec<PhrasePart>,
    /// How often it counts; 0 means 1.
    pub repeat_count: i64,
}

/// A piece of a training phrase.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PhrasePart {
    /// The text.
    pub text: String,
    /// The intent parameter it is an example of; empty for none.
    pub parameter_id: String,
}

/// An entity type.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EntityType {
    /// Id.
    pub name: String,
    /// Display name.
    pub display_name: String,
    /// `KIND_MAP`, `KIND_LIST` or `KIND_REGEXP`.
    pub kind: String,
    /// `AUTO_EXPANSION_MODE_DEFAULT` when values not listed may match.
    pub auto_expansion_mode: String,
    /// Whether misspelt values match.
    pub enable_fuzzy_extraction: bool,
    /// Entries by language code; filled by the loader.
    #[serde(skip)]
    pub entities: BTreeMap<String, Vec<Entity>>,
    /// Phrases that never match, by language code; filled by the loader.
    #[serde(skip)]
    pub excluded_phrases: BTreeMap<String, Vec<String>>,
}

/// An entry of an entity type.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Entity {
    /// The canonical value, or the pattern of a regexp type.
    pub value: String,
    /// What matches; may refer to other types (`@type:alias`).
    pub synonyms: Vec<String>,
    /// Keys that mean it; empty for none.
    pub dtmf_pattern: String,
}

/// A webhook.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Webhook {
    /// Id.
    pub name: String,
    /// Display name.
    pub display_name: String,
    /// Never called when set.
    pub disabled: bool,
    /// How it is called, as the export spells it.
    pub generic_web_service: Value,
    /// How it is called by way of a service directory.
    pub service_directory: ServiceDirectory,
    /// How long its answer may take.
    pub timeout: ExportedDuration,
}

/// A webhook's service directory.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceDirectory {
    /// As [`Webhook::generic_web_service`].
    pub generic_web_service: Value,
}

impl Webhook {
    /// How it is called, whichever way its service is found.
    pub fn service(&self) -> &Value {
        if self.generic_web_service.is_null() {
            &self.service_directory.generic_web_service
        } else {
            &self.generic_web_service
        }
    }
}

/// A duration as exports write it, `{"seconds": 5}`, or as the API does, `"5s"`; all zero where none is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WrittenDuration")]
pub struct ExportedDuration {
    /// Whole seconds.
    pub seconds: i64,
    /// The rest.
    pub nanos: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenDuration {
    Parts {
        #[serde(default)]
        seconds: i64,
        #[serde(default)]
        nanos: i64,
    },
    Text(String),
}

impl From<WrittenDuration> for ExportedDuration {
    /// A text that is no duration is none.
    fn from(written: WrittenDuration) -> Self {
        match written {
            WrittenDuration::Parts { seconds, nanos } => Self { seconds, nanos },
            WrittenDuration::Text(text) => Self::of_text(&text).unwrap_or_default(),
        }
    }
}

impl ExportedDuration {
    fn of_text(text: &str) -> Option<Self> {
        let seconds: f64 = text.trim().strip_suffix('s')?.parse().ok()?;
        let duration = std::time::Duration::try_from_secs_f64(seconds).ok()?;
        Some(Self {
            seconds: i64::try_from(duration.as_secs()).ok()?,
            nanos: i64::from(duration.subsec_nanos()),
        })
    }
}
