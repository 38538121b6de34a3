//! What an author wrote as answers: the stubs of suites and settings, and the override of one turn's webhooks.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};

use super::generative::{
    GeneratorCall, ModelAnswers, PlaybookAnswer, PlaybookCall, Silence, read_generated, read_playbook_answer,
};
use super::live::LiveWebhooks;
use super::render::text_of;
use super::webhook::{
    FormAnswer, HttpCall, WebhookAnswer, WebhookAnswers, WebhookCall, WebhookFailure, WebhookOutcome,
};
use crate::expect;
use crate::model::suite::{EmulatorStubs, StubResponse, StubRule, Stubs};
use crate::model::{Map, Value};

/// Stubs in the order they are asked.
#[derive(Debug, Clone)]
pub struct StubAnswers {
    /// The answer to every call of the turn, if one was sent with it.
    pub for_turn: Option<WebhookAnswer>,
    /// The stubs of each level, nearest first.
    pub levels: Vec<Arc<EmulatorStubs>>,
    /// The time of the turn, for conditions on dates.
    pub now: DateTime<FixedOffset>,
    /// Calls what no stub answers.
    pub live: Option<LiveWebhooks>,
}

impl StubAnswers {
    /// The answer of the first rule that fits, nearest first.
    fn find<'s>(
        &'s self,
        kind: fn(&EmulatorStubs) -> &Vec<Stubs>,
        name: &'s str,
        describe: impl Fn() -> Value,
    ) -> Result<&'s StubResponse, Silence> {
        let mut rules = self.rules(kind, name).peekable();
        if rules.peek().is_none() {
            return Err(Silence::NoStub);
        }
        let mut description = None;
        for rule in rules {
            let fits = match &rule.when {
                None => true,
                Some(when) => {
                    let description = description.get_or_insert_with(&describe);
                    expect::matches(when, description, self.now).map_err(|mistake| {
                        let place = &rule.location;
                        Silence::Malformed(format!("the stub at {place} cannot be used: {mistake}"))
                    })?
                }
            };
            if fits {
                return Ok(&rule.respond);
            }
        }
        Err(Silence::NoneFits)
    }

    fn rules<'s>(
        &'s self,
        kind: fn(&EmulatorStubs) -> &Vec<Stubs>,
        name: &'s str,
    ) -> impl Iterator<Item = &'s StubRule> {
        self.levels
            .iter()
            .flat_map(move |level| kind(level))
            .flat_map(|stubs| stubs.by_name.iter())
            .filter(move |(named, _)| named == name)
            .flat_map(|(_, rules)| rules)
    }
}

impl ModelAnswers for StubAnswers {
    fn generate(&self, call: &GeneratorCall) -> Result<String, Silence> {
        let found = self.find(|stubs| &stubs.generators, &call.generator, || call.describe())?;
        read_generated(answer_of(found)?)
    }

    fn converse(&self, call: &PlaybookCall) -> Result<PlaybookAnswer, Silence> {
        let found = self.find(|stubs| &stubs.playbooks, &call.playbook, || call.describe())?;
        read_playbook_answer(answer_of(found)?).map_err(Silence::Malformed)
    }

    fn has_playbook(&self, playbook: &str) -> bool {
        self.rules(|stubs| &stubs.playbooks, playbook).next().is_some()
    }
}

/// A model answers or does not; there is no status and no waiting.
fn answer_of(response: &StubResponse) -> Result<&Map, Silence> {
    match response {
        StubResponse::Answer(answer) => Ok(answer),
        _ => Err(Silence::Malformed("it is no answer".to_owned())),
    }
}

impl WebhookAnswers for StubAnswers {
    fn answer(&self, call: &WebhookCall) -> WebhookOutcome {
        if let Some(answer) = &self.for_turn {
            return WebhookOutcome::answered(answer.clone());
        }
        match self.find(|stubs| &stubs.webhooks, &call.webhook, || call.describe()) {
            Ok(response) => respond(response, call.timeout),
            Err(Silence::Malformed(reason)) => WebhookOutcome::failed(WebhookFailure::Malformed(reason)),
            Err(_) => WebhookOutcome::unanswered(),
        }
    }

    fn call(&self, call: &dyn Fn() -> HttpCall) -> Option<WebhookOutcome> {
        self.live.as_ref().map(|live| live.call(call()))
    }
}

fn respond(response: &StubResponse, timeout: Duration) -> WebhookOutcome {
    match response {
        StubResponse::Answer(answer) => match read_answer(answer) {
            Ok(answer) => WebhookOutcome::answered(answer),
            Err(reason) => WebhookOutcome::failed(WebhookFailure::Malformed(reason)),
        },
        StubResponse::Status(status) if (200..300).contains(status) => {
            WebhookOutcome::answered(WebhookAnswer::default())
        }
        StubResponse::Status(status) => WebhookOutcome::failed(WebhookFailure::Status(*status)),
        StubResponse::Timeout => WebhookOutcome::failed(WebhookFailure::Timeout),
        StubResponse::Unreachable => WebhookOutcome::failed(WebhookFailure::Unreachable),
        StubResponse::Delayed { delay, .. } if *delay > timeout => WebhookOutcome {
            result: Err(WebhookFailure::Timeout),
            waited: timeout,
            has_passed: false,
        },
        StubResponse::Delayed { delay, then } => {
            let outcome = respond(then, timeout.saturating_sub(*delay));
            WebhookOutcome {
                waited: *delay + outcome.waited,
                ..outcome
            }
        }
    }
}

/// Reads the keys that a stub's answer may have: `parameters`, `messages`, `target_page`, `target_flow`, `payload`,
/// `form`, or `body`, the whole answer.
///
/// # Errors
/// What is wrong, as a lowercase fragment.
pub fn read_answer(answer: &Map) -> Result<WebhookAnswer, String> {
    let mut read = WebhookAnswer::default();
    for (key, value) in answer {
        match key.as_str() {
            "parameters" => read.parameters = object(key, value)?,
            "payload" => read.payload = object(key, value)?,
            "messages" => read.messages = messages(value)?,
            "target_page" => read.target_page = Some(text(key, value)?),
            "target_flow" => read.target_flow = Some(text(key, value)?),
            "form" => {
                read.form = object(key, value)?
                    .into_iter()
                    .map(|(name, state)| form_answer(name, &state))
                    .collect::<Result<_, _>>()?;
            }
            "body" => read.body = Some(value.clone()),
            _ => {
                return Err(format!(
                    "a webhook's answer has no key `{key}`; it may have parameters, messages, target_page, target_flow, \
                     payload, form and body"
                ));
            }
        }
    }
    Ok(read)
}

pub(super) fn object(key: &str, value: &Value) -> Result<Map, String> {
    value
        .as_object()
        .cloned()
        .ok_or_else(|| format!("`{key}` must be a mapping"))
}

pub(super) fn text(key: &str, value: &Value) -> Result<String, String> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("`{key}` must be text"))
}

pub(super) fn flag(key: &str, value: &Value) -> Result<(), String> {
    match value {
        Value::Bool(true) => Ok(()),
        _ => Err(format!("`{key}` must be true")),
    }
}

/// A message is a text, `{text: …}`, or any message of the service; one or a list of them.
pub(super) fn messages(value: &Value) -> Result<Vec<Value>, String> {
    match value {
        Value::Array(messages) => messages.iter().map(message).collect(),
        single => Ok(vec![message(single)?]),
    }
}

fn message(value: &Value) -> Result<Value, String> {
    let said = |text: &Value| serde_json::json!({ "text": { "text": [text] } });
    match value {
        Value::String(_) => Ok(said(value)),
        Value::Object(members) => Ok(match members.get("text") {
            Some(text @ Value::String(_)) => said(text),
            _ => value.clone(),
        }),
        _ => Err("a message must be text or a mapping".to_owned()),
    }
}

/// What is said about a form parameter: only that its value is refused.
fn form_answer(name: String, state: &Value) -> Result<FormAnswer, String> {
    if state
        .as_str()
        .is_some_and(|state| state.eq_ignore_ascii_case("invalid"))
    {
        return Ok(FormAnswer {
            name,
            is_invalid: true,
            value: None,
        });
    }
    Err(format!("the state of `{name}` can only be `invalid`"))
}

/// Reads a `WebhookResponse` of the service as JSON, in either spelling of its keys (cx-runtime 8.3).
///
/// # Errors
/// What is wrong, as a lowercase fragment.
pub fn read_response(response: &Value) -> Result<WebhookAnswer, String> {
    let member = |value: &Value, camel: &str, snake: &str| {
        value
            .get(camel)
            .or_else(|| value.get(snake))
            .cloned()
            .unwrap_or_default()
    };
    let response = response
        .as_object()
        .map(|_| response)
        .ok_or("it is no JSON object")?;
    let fulfillment = member(response, "fulfillmentResponse", "fulfillment_response");
    let session = member(response, "sessionInfo", "session_info");
    let page = member(response, "pageInfo", "page_info");
    let form = member(&page, "formInfo", "form_info");
    let merge = member(&fulfillment, "mergeBehavior", "merge_behavior");
    let parameters = member(&form, "parameterInfo", "parameter_info");
    let mut answer = WebhookAnswer {
        parameters: session
            .get("parameters")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default(),
        payload: response
            .get("payload")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default(),
        target_page: member(response, "targetPage", "target_page")
            .as_str()
            .map(str::to_owned),
        target_flow: member(response, "targetFlow", "target_flow")
            .as_str()
            .map(str::to_owned),
        ..WebhookAnswer::default()
    };
    // Enumerations travel by name or by number.
    answer.replaces = match (merge.as_str(), merge.as_i64()) {
        (Some("" | "MERGE_BEHAVIOR_UNSPECIFIED" | "APPEND"), _) | (_, Some(0 | 1)) => false,
        (Some("REPLACE"), _) | (_, Some(2)) => true,
        _ if merge.is_null() => false,
        _ => return Err(format!("there is no merge behaviour `{}`", text_of(&merge))),
    };
    if let Some(messages) = fulfillment.get("messages").and_then(Value::as_array) {
        answer.messages.clone_from(messages);
    }
    for parameter in parameters.as_array().into_iter().flatten() {
        answer.form.push(FormAnswer {
            name: member(parameter, "displayName", "display_name")
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            is_invalid: parameter.get("state").and_then(Value::as_str) == Some("INVALID"),
            value: parameter.get("value").cloned(),
        });
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::model::suite::{Location, Matcher};

    /// It was passed over, and the next rule answered in its place.
    #[test]
    fn a_rule_that_is_wrong_in_itself_is_told() {
        let rule = |line, when| StubRule {
            location: Location {
                file: Arc::from(Path::new("a.yaml")),
                line,
            },
            when,
            respond: StubResponse::Status(200),
        };
        let wrong = Matcher::Subset(vec![("tag".to_owned(), Matcher::Contains(json!("")))]);
        let stubs = Stubs {
            by_name: Arc::new([("orders".to_owned(), vec![rule(4, Some(wrong)), rule(5, None)])]),
        };
        let answers = StubAnswers {
            for_turn: None,
            levels: vec![Arc::new(EmulatorStubs {
                webhooks: vec![stubs],
                ..EmulatorStubs::default()
            })],
            now: DateTime::parse_from_rfc3339("2026-03-02T10:00:00Z").unwrap(),
            live: None,
        };
        let call = WebhookCall {
            webhook: "orders".to_owned(),
            tag: "find".to_owned(),
            situation: super::super::generative::Situation::default(),
            body: Value::Null,
            timeout: Duration::from_secs(5),
            is_flexible: false,
        };
        let told = "the stub at a.yaml:4 cannot be used: `contains` has an empty text to look for, which is everywhere";
        match answers.answer(&call).result {
            Err(WebhookFailure::Malformed(reason)) => assert_eq!(reason, told),
            other => panic!("{other:?}"),
        }
    }
}
