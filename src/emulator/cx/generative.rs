//! Generators and playbooks without a language model: what they are asked, and what an author answers for them.
//!
//! The emulator has no model and invents nothing: a generator that nobody answers writes nothing, and a playbook that
//! nobody speaks for is not entered. [`stubs`](super::stubs) answers from what an author wrote.

use serde_json::json;

use super::stubs::{flag, messages, object, text};
use super::webhook::WebhookAnswers;
use crate::model::{Map, Value};

/// Where a conversation is when something is asked from outside the state machine.
#[derive(Debug, Clone, Default)]
pub struct Situation {
    /// Display name of the active flow; for a playbook, of the flow that the conversation came from.
    pub flow: String,
    /// Display name of the current page; for a playbook, of the page that the conversation came from.
    pub page: String,
    /// Display name of the intent matched last in the session.
    pub intent: Option<String>,
    /// What the user said, if it was text.
    pub text: Option<String>,
    /// The event sent, if one was.
    pub event: Option<String>,
    /// Language code of the turn.
    pub language: String,
    /// Session parameters.
    pub parameters: Map,
    /// The client's payload.
    pub payload: Map,
}

impl Situation {
    /// As an object that conditions of stubs look into. Parameters are in lower case, as the conditions have them.
    pub fn describe(&self) -> Value {
        let parameters = self.parameters.iter();
        let parameters: Map = parameters
            .map(|(name, value)| (name.to_lowercase(), value.clone()))
            .collect();
        let mut description = json!({
            "flow": self.flow,
            "page": self.page,
            "language": self.language,
            "parameters": parameters,
            "payload": self.payload,
        });
        for (key, value) in [
            ("intent", &self.intent),
            ("text", &self.text),
            ("event", &self.event),
        ] {
            if let Some(value) = value {
                description[key] = value.clone().into();
            }
        }
        description
    }
}

/// What a generator is asked.
#[derive(Debug, Clone, Default)]
pub struct GeneratorCall {
    /// Display name of the generator.
    pub generator: String,
    /// What its prompt's placeholders stand for.
    pub inputs: Map,
    /// Where the conversation is.
    pub situation: Situation,
}

impl GeneratorCall {
    /// The call as an object that conditions of stubs look into.
    pub fn describe(&self) -> Value {
        let mut description = self.situation.describe();
        description["generator"] = self.generator.clone().into();
        description["inputs"] = Value::Object(self.inputs.clone());
        description
    }
}

/// What a playbook is asked, once a turn.
#[derive(Debug, Clone, Default)]
pub struct PlaybookCall {
    /// Display name of the playbook.
    pub playbook: String,
    /// Where the conversation is.
    pub situation: Situation,
}

impl PlaybookCall {
    /// The call as an object that conditions of stubs look into.
    pub fn describe(&self) -> Value {
        let mut description = self.situation.describe();
        description["playbook"] = self.playbook.clone().into();
        description
    }
}

/// Why nothing is said in the place of a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Silence {
    /// There are no stubs of that name.
    #[error("no stub answers it")]
    NoStub,
    /// None of its stubs fits.
    #[error("none of its stubs fits")]
    NoneFits,
    /// The author says that it fails; why.
    #[error("it failed: {0}")]
    Failed(String),
    /// The stub's answer makes no sense; what is wrong with it.
    #[error("its stub's answer is malformed: {0}")]
    Malformed(String),
}

/// What a playbook does in a turn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlaybookAnswer {
    /// Messages to say, in the service's JSON.
    pub messages: Vec<Value>,
    /// Session parameters to set; null removes one.
    pub parameters: Map,
    /// Where the conversation goes on; `None` leaves it in the playbook.
    pub next: Option<PlaybookNext>,
}

/// Where a playbook leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaybookNext {
    /// A page of the flow from which the playbook took over, or a symbolic target.
    Page(String),
    /// A flow, behind which the playbook goes on.
    Flow(String),
    /// Another playbook.
    Playbook(String),
    /// The end.
    EndSession,
}

/// Answers in the place of a language model while a turn is played.
pub trait ModelAnswers {
    /// What a generator writes.
    ///
    /// # Errors
    /// Why it writes nothing.
    fn generate(&self, call: &GeneratorCall) -> Result<String, Silence>;

    /// What a playbook does.
    ///
    /// # Errors
    /// Why it does nothing.
    fn converse(&self, call: &PlaybookCall) -> Result<PlaybookAnswer, Silence>;

    /// Whether anybody speaks for a playbook.
    fn has_playbook(&self, playbook: &str) -> bool;
}

/// Nobody answers.
impl ModelAnswers for () {
    fn generate(&self, _: &GeneratorCall) -> Result<String, Silence> {
        Err(Silence::NoStub)
    }

    fn converse(&self, _: &PlaybookCall) -> Result<PlaybookAnswer, Silence> {
        Err(Silence::NoStub)
    }

    fn has_playbook(&self, _: &str) -> bool {
        false
    }
}

/// Answers all that a turn asks from outside.
pub trait Answers: WebhookAnswers + ModelAnswers {}

impl<A: WebhookAnswers + ModelAnswers> Answers for A {}

/// Reads what a generator's stub answers: `text`, or `error`.
///
/// # Errors
/// The failure that the author asks for, or what is wrong with the answer.
pub fn read_generated(answer: &Map) -> Result<String, Silence> {
    let malformed = |reason: &str| Err(Silence::Malformed(reason.to_owned()));
    match (answer.get("text"), answer.get("error")) {
        (Some(Value::String(text)), None) => Ok(text.clone()),
        // A template may have become a value of another type.
        (Some(value), None) if !value.is_null() => Ok(super::render::text_of(value)),
        (None, Some(Value::String(error))) => Err(Silence::Failed(error.clone())),
        _ => malformed("it is neither a `text` nor an `error`"),
    }
}

/// Reads what a playbook's stub answers.
///
/// # Errors
/// What is wrong, as a lowercase fragment.
pub fn read_playbook_answer(answer: &Map) -> Result<PlaybookAnswer, String> {
    let mut read = PlaybookAnswer::default();
    for (key, value) in answer {
        let next = match key.as_str() {
            "parameters" => {
                read.parameters = object(key, value)?;
                continue;
            }
            "messages" => {
                read.messages = messages(value)?;
                continue;
            }
            "target_page" => PlaybookNext::Page(text(key, value)?),
            "target_flow" => PlaybookNext::Flow(text(key, value)?),
            "target_playbook" => PlaybookNext::Playbook(text(key, value)?),
            "end_session" => {
                flag(key, value)?;
                PlaybookNext::EndSession
            }
            _ => return Err(format!("a playbook's answer has no key `{key}`")),
        };
        if read.next.replace(next).is_some() {
            return Err("a playbook leads to one place only".to_owned());
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(value: Value) -> Map {
        match value {
            Value::Object(members) => members,
            _ => unreachable!(),
        }
    }

    #[test]
    fn a_generator_writes_a_text_or_fails() {
        assert_eq!(read_generated(&members(json!({"text": "hi"}))).unwrap(), "hi");
        assert_eq!(read_generated(&members(json!({"text": 7}))).unwrap(), "7");
        assert_eq!(
            read_generated(&members(json!({"error": "quota"}))),
            Err(Silence::Failed("quota".to_owned()))
        );
        for wrong in [
            json!({}),
            json!({"text": null}),
            json!({"text": "a", "error": "b"}),
        ] {
            assert!(matches!(
                read_generated(&members(wrong)),
                Err(Silence::Malformed(_))
            ));
        }
    }

    #[test]
    fn a_playbook_leads_to_one_place() {
        let answer = read_playbook_answer(&members(json!({
            "messages": ["hi", {"payload": {"a": 1}}],
            "parameters": {"size": "L"},
            "target_flow": "Booking",
        })))
        .unwrap();
        assert_eq!(answer.messages.len(), 2);
        assert_eq!(answer.next, Some(PlaybookNext::Flow("Booking".to_owned())));
        for wrong in [
            json!({"target_flow": "a", "target_page": "b"}),
            json!({"end_session": false}),
            json!({"target_page": 3}),
            json!({"payload": {}}),
        ] {
            assert!(read_playbook_answer(&members(wrong)).is_err());
        }
    }
}
