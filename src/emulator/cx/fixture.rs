//! Small agents of our own, and conversations with them, for tests of the state machine.
#![expect(
    clippy::needless_pass_by_value,
    reason = "JSON written in place reads better without a borrow"
)]

use std::sync::Mutex;

use chrono::{TimeZone, Utc};
use serde_json::json;

use super::engine::Engine;
use super::generative::{
    GeneratorCall, ModelAnswers, PlaybookAnswer, PlaybookCall, Silence, read_generated, read_playbook_answer,
};
use super::messages::SaidContent;
use super::program::END_SESSION;
use super::request::{Input, PinnedIntent, Request};
use super::session::Session;
use super::stubs::read_answer;
use super::turn::TurnResult;
use super::understanding::{IntentValue, Meaning, Understood};
use super::webhook::{WebhookAnswers, WebhookCall, WebhookFailure, WebhookOutcome};
use crate::export::agent::{Agent, Entity, EntityType, Flow, Intent, Page, PhrasePart, TrainingPhrase};
use crate::model::{Map, Value};

/// The flow that sessions start in.
pub(super) const START: &str = "Default Start Flow";

/// An agent in the making. Flows, pages and routes are written as exports write them.
pub(super) struct AgentBuilder(Agent);

impl AgentBuilder {
    /// An agent with this start flow.
    pub(super) fn new(start_flow: Value) -> Self {
        let mut agent = Agent::default();
        agent.settings.default_language_code = "en".to_owned();
        Self(agent).flow(START, start_flow)
    }

    pub(super) fn settings(mut self, change: impl FnOnce(&mut Agent)) -> Self {
        change(&mut self.0);
        self
    }

    pub(super) fn flow(mut self, name: &str, flow: Value) -> Self {
        let mut flow: Flow = serde_json::from_value(flow).unwrap();
        flow.name = format!("id of {name}");
        flow.display_name = name.to_owned();
        self.0.flows.insert(name.to_owned(), flow);
        self
    }

    pub(super) fn page(mut self, flow: &str, name: &str, page: Value) -> Self {
        let mut page: Page = serde_json::from_value(page).unwrap();
        page.name = format!("id of {name}");
        page.display_name = name.to_owned();
        let flow = self.0.flows.get_mut(flow).unwrap();
        flow.pages.insert(name.to_owned(), page);
        self
    }

    pub(super) fn group(mut self, flow: &str, name: &str, routes: Value) -> Self {
        let group =
            serde_json::from_value(json!({ "displayName": name, "transitionRoutes": routes })).unwrap();
        let flow = self.0.flows.get_mut(flow).unwrap();
        flow.groups.insert(name.to_owned(), group);
        self
    }

    pub(super) fn agent_group(mut self, name: &str, routes: Value) -> Self {
        let group =
            serde_json::from_value(json!({ "displayName": name, "transitionRoutes": routes })).unwrap();
        self.0.route_groups.insert(name.to_owned(), group);
        self
    }

    /// An intent whose only phrase is its name.
    pub(super) fn intent(mut self, name: &str) -> Self {
        let phrase = TrainingPhrase {
            parts: vec![PhrasePart {
                text: name.to_owned(),
                ..PhrasePart::default()
            }],
            repeat_count: 1,
        };
        let intent = Intent {
            name: format!("id of {name}"),
            display_name: name.to_owned(),
            training_phrases: [("en".to_owned(), vec![phrase])].into(),
            ..Intent::default()
        };
        self.0.intents.insert(name.to_owned(), intent);
        self
    }

    /// A map entity type: values and their synonyms.
    pub(super) fn entity(mut self, name: &str, entries: &[(&str, &[&str])]) -> Self {
        let entities = entries
            .iter()
            .map(|(value, synonyms)| Entity {
                value: (*value).to_owned(),
                synonyms: synonyms.iter().map(|synonym| (*synonym).to_owned()).collect(),
                ..Entity::default()
            })
            .collect();
        let entity_type = EntityType {
            name: format!("id of {name}"),
            display_name: name.to_owned(),
            kind: "KIND_MAP".to_owned(),
            entities: [("en".to_owned(), entities)].into(),
            ..EntityType::default()
        };
        self.0.entity_types.insert(name.to_owned(), entity_type);
        self
    }

    pub(super) fn webhook(mut self, name: &str, service: Value) -> Self {
        let webhook = serde_json::from_value(json!({
            "name": format!("id of {name}"),
            "displayName": name,
            "genericWebService": service,
        }))
        .unwrap();
        self.0.webhooks.insert(name.to_owned(), webhook);
        self
    }

    pub(super) fn talk(self) -> Talk {
        let engine = Engine::new(self.0, 7);
        let session = Session::new(engine.program());
        Talk {
            engine,
            session,
            answers: Answers::default(),
        }
    }
}

/// A fulfillment that says one text.
pub(super) fn say(text: &str) -> Value {
    json!({ "messages": [{ "text": { "text": [text] } }] })
}

/// A fulfillment that sets parameters and then says a text.
pub(super) fn set(parameters: &Value, text: &str) -> Value {
    let actions: Vec<Value> = parameters
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| json!({ "parameter": name, "value": value }))
        .collect();
    let mut fulfillment = json!({ "setParameterActions": actions });
    if !text.is_empty() {
        fulfillment["messages"] = say(text)["messages"].clone();
    }
    fulfillment
}

/// A fulfillment that says a text and then calls a webhook.
pub(super) fn call(webhook: &str, text: &str) -> Value {
    let mut fulfillment = json!({ "webhook": webhook, "tag": "t" });
    if !text.is_empty() {
        fulfillment["messages"] = say(text)["messages"].clone();
    }
    fulfillment
}

/// A route on an intent (named by its `name`), with what it says and where it leads.
pub(super) fn on(intent: &str, text: &str, target: &str) -> Value {
    route(
        json!({ "name": format!("on {intent}"), "intent": intent }),
        text,
        target,
    )
}

/// A route on a condition.
pub(super) fn when(condition: &str, text: &str, target: &str) -> Value {
    route(
        json!({ "name": format!("when {condition}"), "condition": condition }),
        text,
        target,
    )
}

/// An event handler.
pub(super) fn event(name: &str, text: &str, target: &str) -> Value {
    route(
        json!({ "name": format!("event {name}"), "event": name }),
        text,
        target,
    )
}

/// `target`: a page, `flow:NAME`, or nothing.
fn route(mut route: Value, text: &str, target: &str) -> Value {
    if !text.is_empty() {
        route["triggerFulfillment"] = say(text);
    }
    match target.strip_prefix("flow:") {
        Some(flow) => route["targetFlow"] = flow.into(),
        None if !target.is_empty() => route["targetPage"] = target.into(),
        None => {}
    }
    route
}

/// A route with another fulfillment.
pub(super) fn doing(mut route: Value, fulfillment: Value) -> Value {
    route["triggerFulfillment"] = fulfillment;
    route
}

/// A required form parameter with a prompt and reprompt handlers.
pub(super) fn ask(name: &str, entity_type: &str, prompt: &str, reprompts: &[Value]) -> Value {
    json!({
        "displayName": name,
        "required": true,
        "entityType": entity_type,
        "fillBehavior": { "initialPromptFulfillment": say(prompt), "repromptEventHandlers": reprompts },
    })
}

/// Answers to webhook calls, by webhook; each call takes the next. A webhook without an answer is unanswered.
#[derive(Default)]
struct Answers {
    waiting: Mutex<Vec<(String, WebhookOutcome)>>,
    calls: Mutex<Vec<WebhookCall>>,
    /// What generators and playbooks answer next, by name, with the keys that stubs have.
    of_models: Mutex<Vec<(String, Map)>>,
    /// What generators and playbooks were asked, as stubs see it.
    asked: Mutex<Vec<Value>>,
    /// The playbooks that somebody speaks for.
    playbooks: Vec<String>,
}

impl Answers {
    fn next_of_model(&self, name: &str, asked: Value) -> Result<Map, Silence> {
        self.asked.lock().unwrap().push(asked);
        let mut waiting = self.of_models.lock().unwrap();
        match waiting.iter().position(|(waiting, _)| waiting == name) {
            Some(position) => Ok(waiting.remove(position).1),
            None => Err(Silence::NoneFits),
        }
    }
}

impl ModelAnswers for Answers {
    fn generate(&self, call: &GeneratorCall) -> Result<String, Silence> {
        read_generated(&self.next_of_model(&call.generator, call.describe())?)
    }

    fn converse(&self, call: &PlaybookCall) -> Result<PlaybookAnswer, Silence> {
        let answer = self.next_of_model(&call.playbook, call.describe())?;
        read_playbook_answer(&answer).map_err(Silence::Malformed)
    }

    fn has_playbook(&self, playbook: &str) -> bool {
        self.playbooks.iter().any(|known| known == playbook)
    }
}

impl WebhookAnswers for Answers {
    fn answer(&self, call: &WebhookCall) -> WebhookOutcome {
        self.calls.lock().unwrap().push(call.clone());
        let mut waiting = self.waiting.lock().unwrap();
        match waiting.iter().position(|(name, _)| *name == call.webhook) {
            Some(position) => waiting.remove(position).1,
            None => WebhookOutcome::unanswered(),
        }
    }
}

/// A conversation.
pub(super) struct Talk {
    pub(super) engine: Engine,
    pub(super) session: Session,
    answers: Answers,
}

/// What a turn came to, in names.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) texts: Vec<String>,
    pub(super) page: String,
    pub(super) flow: String,
    pub(super) parameters: Value,
    /// Ids of the handlers called.
    pub(super) called: Vec<String>,
    /// `intent`, `fill`, `event`, `no match`, `no input`.
    pub(super) matched: &'static str,
    pub(super) event: Option<String>,
    pub(super) notes: Vec<String>,
    pub(super) result: TurnResult,
}

impl Talk {
    /// The webhook's next answer, with the keys that stubs have.
    pub(super) fn answers(&mut self, webhook: &str, answer: Value) {
        let Value::Object(answer) = answer else {
            panic!("an answer is an object")
        };
        let outcome = WebhookOutcome::answered(read_answer(&answer).unwrap());
        self.answers
            .waiting
            .lock()
            .unwrap()
            .push((webhook.to_owned(), outcome));
    }

    /// What a generator writes next, or a playbook does, with the keys that stubs have.
    pub(super) fn models(&mut self, name: &str, answer: Value) {
        let Value::Object(answer) = answer else {
            panic!("an answer is an object")
        };
        self.answers
            .of_models
            .lock()
            .unwrap()
            .push((name.to_owned(), answer));
    }

    /// Somebody speaks for this playbook.
    pub(super) fn plays(&mut self, playbook: &str) {
        self.answers.playbooks.push(playbook.to_owned());
    }

    /// What generators and playbooks were asked so far.
    pub(super) fn asked(&self) -> Vec<Value> {
        self.answers.asked.lock().unwrap().clone()
    }

    /// The webhook's next failure.
    pub(super) fn fails(&mut self, webhook: &str, failure: WebhookFailure) {
        let outcome = WebhookOutcome::failed(failure);
        self.answers
            .waiting
            .lock()
            .unwrap()
            .push((webhook.to_owned(), outcome));
    }

    /// The webhook calls so far.
    pub(super) fn calls(&self) -> Vec<WebhookCall> {
        self.answers.calls.lock().unwrap().clone()
    }

    /// The text is understood as this intent.
    pub(super) fn intent(&mut self, name: &str) -> Reply {
        self.turn(name, |request| {
            request.pinned_intent = Some(PinnedIntent::Named(name.to_owned()));
        })
    }

    /// The text is understood as this intent, with these values: `(parameter, words, value)`.
    pub(super) fn intent_with(&mut self, name: &str, values: &[(&str, &str, Value)]) -> Reply {
        let meaning = Meaning::Intent {
            intent: self.engine.program().intents_by_name[name],
            parameters: values
                .iter()
                .map(|(id, original, resolved)| IntentValue {
                    id: (*id).to_owned(),
                    original: (*original).to_owned(),
                    resolved: resolved.clone(),
                })
                .collect(),
            is_direct: false,
        };
        let understood = Understood::of(meaning, 1.0, name, "test");
        self.turn(name, |request| request.understood = Some(understood))
    }

    /// No intent matches the text: it fills the form or nothing.
    pub(super) fn other(&mut self, text: &str) -> Reply {
        self.turn(text, |request| {
            request.pinned_intent = Some(PinnedIntent::Nothing);
        })
    }

    pub(super) fn silence(&mut self) -> Reply {
        self.turn(" ", |_| {})
    }

    pub(super) fn event(&mut self, name: &str) -> Reply {
        self.turn("", |request| request.input = Input::Event(name.to_owned()))
    }

    pub(super) fn keys(&mut self, digits: &str) -> Reply {
        self.turn("", |request| {
            request.input = Input::Dtmf {
                digits: digits.to_owned(),
                finish: "#".to_owned(),
            };
        })
    }

    /// A turn with something set beside the text.
    pub(super) fn turn(&mut self, text: &str, change: impl FnOnce(&mut Request)) -> Reply {
        let now = Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap();
        let mut request = Request::new(Input::Text(text.to_owned()), now);
        change(&mut request);
        let result = self.engine.turn(&mut self.session, &request, &self.answers);
        self.reply(result)
    }

    fn reply(&self, result: TurnResult) -> Reply {
        let program = self.engine.program();
        let page = program.page(result.place);
        let texts = result.messages.iter().filter_map(|said| match &said.content {
            SaidContent::Text { text, .. } => Some(text.clone()),
            _ => None,
        });
        Reply {
            texts: texts.collect(),
            page: if result.ended {
                END_SESSION.1.to_owned()
            } else {
                page.name.clone()
            },
            flow: program.flow(result.place).name.clone(),
            parameters: Value::Object(result.parameters.clone()),
            called: result.trace.called.clone(),
            matched: match result.understood.meaning {
                Meaning::Intent { .. } => "intent",
                Meaning::Fill(_) => "fill",
                Meaning::Event(_) => "event",
                Meaning::NoMatch | Meaning::TooLong => "no match",
                Meaning::NoInput => "no input",
                Meaning::Playbook => "playbook",
            },
            event: result.event.clone(),
            notes: result.trace.notes.clone(),
            result,
        }
    }
}

/// Sets a session parameter together with the next request.
pub(super) fn with(request: &mut Request, parameters: Value) {
    let Value::Object(parameters) = parameters else {
        panic!("parameters are an object")
    };
    request.parameters = Map::from_iter(parameters);
}
