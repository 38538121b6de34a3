//! What a webhook is sent over HTTP (cx-runtime 8.1, 8.2, 8.4).

use serde_json::json;

use super::super::diagnostics::response;
use super::super::form;
use super::super::program::{IntentIndex, WebhookBody, WebhookPart};
use super::super::request::Input;
use super::super::session::LastIntent;
use super::super::webhook::{HttpCall, WebhookCall};
use super::Turn;
use crate::model::transcript::Sentiment;
use crate::model::{Map, Value};
use crate::proto::Struct;

impl Turn<'_> {
    /// The call of a webhook; a standard one is sent the service's request, a flexible one its own body.
    pub(super) fn http_call(&self, call: &WebhookCall, webhook: &WebhookPart) -> HttpCall {
        let address = &webhook.address;
        let scope = self.scope();
        let body = if webhook.is_flexible {
            webhook.body.as_ref().map(|body| match body {
                WebhookBody::Json(_) => call.body.to_string(),
                WebhookBody::Text(body) => body.render(&scope),
            })
        } else {
            Some(self.webhook_request(call).to_string())
        };
        let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        let own = address.headers.iter();
        headers.extend(own.map(|(name, value)| (name.clone(), value.render(&scope))));
        headers.extend(self.request.webhook_headers.clone());
        HttpCall {
            method: address.method.clone(),
            url: address.url.render(&scope),
            headers: last_of_each(headers),
            credentials: address.credentials.clone(),
            body,
            timeout: webhook.timeout,
        }
    }

    /// The service's `WebhookRequest`.
    fn webhook_request(&self, call: &WebhookCall) -> Value {
        let agent = self.agent_name();
        let place = self.session.place;
        let flow = &self.program.flow(place).id;
        let page = self.program.page(place);
        let mut request = json!({
            "detectIntentResponseId": self.request.response_id,
            "languageCode": self.language,
            "fulfillmentInfo": { "tag": call.tag },
            "pageInfo": {
                "currentPage": format!("{agent}/flows/{flow}/pages/{}", page.id),
                "displayName": page.name,
                "formInfo": { "parameterInfo": self.form_info() },
            },
            "sessionInfo": { "session": self.request.session, "parameters": call.situation.parameters },
            "messages": self.messages_so_far(),
            "payload": call.situation.payload,
            "languageInfo": {
                "inputLanguageCode": self.language,
                "resolvedLanguageCode": self.language,
                "confidenceScore": 1,
            },
        });
        let (key, value) = match &self.request.input {
            Input::Text(text) if self.request.is_spoken => ("transcript", text.clone()),
            Input::Text(text) => ("text", text.clone()),
            Input::Event(event) => ("triggerEvent", event.clone()),
            Input::Dtmf { digits, .. } => ("dtmfDigits", digits.clone()),
            Input::Intent(name) => {
                let known = self.program.intents_by_name.get(name);
                (
                    "triggerIntent",
                    known.map_or_else(|| name.clone(), |index| self.intent_name(*index)),
                )
            }
        };
        request[key] = value.into();
        if let Some(Sentiment { score, magnitude }) = self.request.known_sentiment() {
            request["sentimentAnalysisResult"] = json!({ "score": score, "magnitude": magnitude });
        }
        if let Some(LastIntent { intent, confidence }) = self.session.last_intent {
            request["intentInfo"] = json!({
                "lastMatchedIntent": self.intent_name(intent),
                "displayName": self.program.intents[intent].name,
                "confidence": confidence,
                "parameters": self.intent_parameters(),
            });
        }
        request
    }

    fn agent_name(&self) -> &str {
        let session = self.request.session.as_str();
        let parent = session
            .split_once("/sessions/")
            .map_or(session, |(parent, _)| parent);
        parent
            .split_once("/environments/")
            .map_or(parent, |(agent, _)| agent)
    }

    fn intent_name(&self, intent: IntentIndex) -> String {
        format!(
            "{}/intents/{}",
            self.agent_name(),
            self.program.intents[intent].id
        )
    }

    /// Values of the intent matched in this turn.
    fn intent_parameters(&self) -> Map {
        let values = self.intent_values.iter();
        values
            .map(|value| {
                let both = json!({ "originalValue": value.original, "resolvedValue": value.resolved });
                (value.id.clone(), both)
            })
            .collect()
    }

    /// The parameters of the current page's form.
    fn form_info(&self) -> Vec<Value> {
        let page = self.program.page(self.session.place);
        let parameters = page.form.iter().map(|parameter| {
            let value = form::value(self.session, parameter);
            let mut info = json!({
                "displayName": parameter.name,
                "required": parameter.required,
                "state": match value {
                    Some(_) => "FILLED",
                    None if self.collected.is_refused(&parameter.name) => "INVALID",
                    None => "EMPTY",
                },
            });
            if let Some(value) = value {
                info["value"] = value.clone();
                info["justCollected"] = self.collected.is_updated(&parameter.name).into();
            }
            info
        });
        parameters.collect()
    }

    /// What is waiting to be said.
    fn messages_so_far(&self) -> Vec<Value> {
        let messages = self.queue.iter().map(|said| {
            let written = Struct::write(|message| response(message, said));
            Value::Object(written.object().to_json())
        });
        messages.collect()
    }
}

/// Headers by name, whatever its case; the last one counts.
fn last_of_each(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String)> = Vec::new();
    for (name, value) in headers {
        kept.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        kept.push((name, value));
    }
    kept
}
