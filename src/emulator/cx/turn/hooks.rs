//! Calling a webhook in the middle of a turn and applying what it wants (cx-runtime 8).

use std::time::Duration;

use serde_json::json;

use super::super::form;
use super::super::functions::{nodes, parse_path};
use super::super::messages::{ResponseKind, Said, SaidContent, of_channel};
use super::super::program::{Place, Target, WebhookBody, WebhookCallSite, WebhookPart, symbolic};
use super::super::webhook::{WebhookAnswer, WebhookCall, WebhookFailure, WebhookOutcome};
use super::transitions::Origin;
use super::{Next, Owner, Turn, WebhookCalled};
use crate::export::SymbolicTarget;
use crate::model::{Map, Value};

/// Bytes of an answer's body (cx-runtime 8.1).
const LARGEST_ANSWER: usize = 64 << 10;

impl Turn<'_> {
    pub(super) fn call_webhook(&mut self, site: &WebhookCallSite, owner: Owner) -> Next {
        if matches!(owner, Owner::ErrorHandler) {
            self.trace.note(format!(
                "the handler of a webhook's failure may not call `{}` itself",
                site.name
            ));
            return Next::Continue;
        }
        let Some(webhook) = &site.webhook else {
            self.trace.note(format!(
                "webhook `{}` is called, which the export does not hold: it failed",
                site.name
            ));
            return self.webhook_failed(site, &WebhookFailure::Unreachable, Duration::ZERO, owner);
        };
        // As if it had answered with nothing (cx-runtime 8.1).
        if webhook.disabled || self.request.disable_webhook {
            return Next::Continue;
        }
        let call = self.describe_call(site, webhook);
        let mut outcome = self.answers.answer(&call);
        if outcome.result == Err(WebhookFailure::Unanswered) {
            outcome = self
                .answers
                .call(&|| self.http_call(&call, webhook))
                .unwrap_or(outcome);
        }
        let WebhookOutcome { result, waited, .. } = outcome;
        if !outcome.has_passed {
            self.waits += waited;
        }
        match result.and_then(|answer| Self::check_answer(answer, webhook)) {
            Ok(answer) => {
                self.webhook_status = Some(200);
                self.webhooks
                    .push(called(site, None, answer.payload.clone(), waited));
                self.apply_answer(answer, webhook, owner)
            }
            Err(failure) => {
                if failure == WebhookFailure::Unanswered {
                    self.trace.note(format!(
                        "webhook `{}` (tag `{}`) was called, but no stub answers it: it failed",
                        site.name, site.tag
                    ));
                } else if outcome.has_passed {
                    let wants_token = if webhook.address.wants_token {
                        " (it wants a token of Google's, which the emulator does not have)"
                    } else {
                        ""
                    };
                    self.trace
                        .note(format!("webhook `{}` failed: {failure}{wants_token}", site.name));
                }
                self.webhook_failed(site, &failure, waited, owner)
            }
        }
    }

    fn webhook_failed(
        &mut self,
        site: &WebhookCallSite,
        failure: &WebhookFailure,
        waited: Duration,
        owner: Owner,
    ) -> Next {
        self.webhook_status = failure.http_status();
        self.webhooks
            .push(called(site, Some(failure.clone()), Map::new(), waited));
        match owner {
            // A failing webhook does not keep a handler from where it leads (cx-runtime 8.6).
            Owner::Handler(_, true) => Next::Continue,
            _ => self.handle_webhook_error(failure),
        }
    }

    fn describe_call(&self, site: &WebhookCallSite, webhook: &WebhookPart) -> WebhookCall {
        WebhookCall {
            webhook: site.name.clone(),
            tag: site.tag.clone(),
            situation: self.situation(self.session.place),
            body: match &webhook.body {
                None => Value::Null,
                Some(WebhookBody::Json(body)) => body.structure(&self.scope()),
                Some(WebhookBody::Text(body)) => {
                    let text = body.render(&self.scope());
                    serde_json::from_str(&text).unwrap_or(Value::String(text))
                }
            },
            timeout: webhook.timeout,
            is_flexible: webhook.is_flexible,
        }
    }

    /// A raw body is read as the kind of webhook says; one that is too large or malformed is a failure.
    fn check_answer(answer: WebhookAnswer, webhook: &WebhookPart) -> Result<WebhookAnswer, WebhookFailure> {
        let Some(body) = &answer.body else {
            return Ok(answer);
        };
        if body.to_string().len() > LARGEST_ANSWER {
            return Err(WebhookFailure::Malformed(format!(
                "it is larger than {LARGEST_ANSWER} bytes"
            )));
        }
        if webhook.is_flexible {
            return Ok(answer);
        }
        super::super::stubs::read_response(body).map_err(WebhookFailure::Malformed)
    }

    /// Messages, parameters, form, payload, and then where to go (cx-runtime 8.3).
    fn apply_answer(&mut self, answer: WebhookAnswer, webhook: &WebhookPart, owner: Owner) -> Next {
        if answer.replaces {
            self.queue.clear();
            self.partials.clear();
        }
        self.say_literally(&answer.messages);
        if let Some(body) = &answer.body {
            self.map_body(body, webhook);
        }
        self.set_parameters(answer.parameters);
        for parameter in answer.form {
            self.apply_form_answer(&parameter.name, parameter.is_invalid, parameter.value);
        }
        match self.outside_target(
            "a webhook",
            answer.target_page.as_deref(),
            answer.target_flow.as_deref(),
        ) {
            Some(target) => {
                let origin = match owner {
                    Owner::Handler(origin, _) => origin,
                    Owner::Entry => Origin::Entry,
                    Owner::Prompt | Owner::ErrorHandler => Origin::Prompt,
                };
                Next::Go(target, origin)
            }
            None => Next::Continue,
        }
    }

    /// Messages that come from outside are said as they are, those for the request's channel (cx-runtime 15).
    pub(super) fn say_literally(&mut self, messages: &[Value]) {
        let channel = |message: &Value| {
            let channel = message.get("channel").and_then(Value::as_str);
            channel.unwrap_or_default().to_owned()
        };
        let said = messages.iter().filter_map(|message| {
            Some(Said {
                kind: ResponseKind::Handler,
                channel: channel(message),
                content: read_message(message)?,
            })
        });
        let said = of_channel(said.collect(), |said| &said.channel, &self.request.channel);
        self.queue.extend(said);
        self.mark_said();
    }

    /// Session parameters that come from outside.
    pub(super) fn set_parameters(&mut self, parameters: Map) {
        for (name, value) in parameters {
            self.session
                .parameters
                .set(name.strip_prefix("$session.params.").unwrap_or(&name), value);
        }
    }

    /// The parts of a flexible webhook's answer become parameters (cx-runtime 8.4).
    fn map_body(&mut self, body: &Value, webhook: &WebhookPart) {
        for (key, path) in &webhook.mapping {
            let Ok(path) = parse_path(path) else {
                self.trace.note(format!(
                    "the webhook's mapping of `{}` is no JSONPath: `{path}`",
                    key.name()
                ));
                continue;
            };
            let found = match nodes(&path, body) {
                Ok(found) => found,
                Err(problem) => {
                    let name = key.name();
                    self.trace.note(format!(
                        "the webhook's mapping of `{name}` was left out: {problem}"
                    ));
                    continue;
                }
            };
            // A filter gives a list even of one; a plain path gives what it leads to.
            let value = match found.as_slice() {
                [] => continue,
                [single] if !has_filter(&path.to_string()) => (*single).clone(),
                several => several.iter().copied().cloned().collect(),
            };
            self.set(key, value);
        }
    }

    /// A value is taken over; a refused one is forgotten and asked for again (cx-runtime 8.5).
    fn apply_form_answer(&mut self, name: &str, is_invalid: bool, value: Option<Value>) {
        let program = self.program;
        let page = program.page(self.session.place);
        let parameter = page
            .form
            .iter()
            .find(|parameter| parameter.name.eq_ignore_ascii_case(name));
        let Some(parameter) = parameter else { return };
        if is_invalid {
            self.set(&parameter.key, Value::Null);
            self.collected.refused.push(parameter.name.clone());
        } else if let Some(value) = value
            && form::value(self.session, parameter) != Some(&value)
        {
            self.set(&parameter.key, value);
        }
    }

    /// A target by resource name or display name, as webhooks and playbooks name them.
    pub(super) fn outside_target(
        &mut self,
        who: &str,
        page: Option<&str>,
        flow: Option<&str>,
    ) -> Option<Target> {
        let [page, flow] = [page, flow].map(|name| name.filter(|name| !name.is_empty()));
        let target = match (page, flow) {
            (Some(page), _) => self.page_by_name(page),
            (None, Some(flow)) => {
                let id = flow.rsplit('/').next().unwrap_or(flow);
                let index = self
                    .program
                    .flows
                    .iter()
                    .position(|part| part.name == flow || part.id == id);
                index.map(Target::Flow)
            }
            (None, None) => return None,
        };
        if target.is_none() {
            self.trace.note(format!(
                "{who} leads to `{}`, which the export does not hold",
                page.or(flow).unwrap_or_default()
            ));
        }
        target
    }

    fn page_by_name(&self, page: &str) -> Option<Target> {
        let id = page.rsplit('/').next().unwrap_or(page);
        let own = self.session.place.flow;
        let named = match flow_id(page) {
            Some(flow) => Some(self.program.flows.iter().position(|part| part.id == flow)?),
            None => None,
        };
        if let Some(symbol) = SymbolicTarget::parse(page) {
            let elsewhere = named.filter(|flow| *flow != own && symbol == SymbolicTarget::StartPage);
            return Some(elsewhere.map_or_else(|| symbolic(symbol), Target::Flow));
        }
        let flows = match named {
            Some(flow) => vec![flow],
            None => std::iter::once(own).chain(0..self.program.flows.len()).collect(),
        };
        flows
            .into_iter()
            .find_map(|flow| {
                let pages = &self.program.flows[flow].pages;
                let index = pages
                    .iter()
                    .position(|part| part.id == id || (flow == own && part.name == page))?;
                Some(Place {
                    flow,
                    page: Some(index),
                })
            })
            .map(Target::Page)
    }
}

/// A call as it is told of.
fn called(
    site: &WebhookCallSite,
    failure: Option<WebhookFailure>,
    payload: Map,
    waited: Duration,
) -> WebhookCalled {
    WebhookCalled {
        name: site.name.clone(),
        tag: site.tag.clone(),
        failure,
        payload,
        waited,
    }
}

/// The flow that the resource name of a page names.
fn flow_id(page: &str) -> Option<&str> {
    let (_, within) = page.split_once("/flows/")?;
    within.split('/').next()
}

/// Whether a JSONPath can find several nodes.
fn has_filter(path: &str) -> bool {
    ["?", "*", "..", ":", ","].iter().any(|sign| path.contains(sign))
}

/// A message as the service's JSON writes it; what is said there is said literally (cx-runtime 8.3).
fn read_message(message: &Value) -> Option<SaidContent> {
    let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let metadata = |value: &Value| object(value.get("metadata").unwrap_or(&json!({})));
    let member = |camel: &str, snake: &str| message.get(camel).or_else(|| message.get(snake));
    if let Some(text) = message.get("text") {
        let text = text.get("text").unwrap_or(text);
        let text = text.as_str().or_else(|| text.get(0)?.as_str())?;
        return Some(SaidContent::Text {
            text: text.to_owned(),
            allow_playback_interruption: false,
        });
    }
    if let Some(payload) = message.get("payload") {
        return Some(SaidContent::Payload(object(payload)));
    }
    if let Some(handoff) = member("liveAgentHandoff", "live_agent_handoff") {
        return Some(SaidContent::LiveAgentHandoff(metadata(handoff)));
    }
    if let Some(success) = member("conversationSuccess", "conversation_success") {
        return Some(SaidContent::ConversationSuccess(metadata(success)));
    }
    if let Some(audio) = member("outputAudioText", "output_audio_text") {
        return Some(SaidContent::OutputAudioText(audio.clone()));
    }
    if let Some(audio) = member("playAudio", "play_audio") {
        return Some(SaidContent::PlayAudio(audio.clone()));
    }
    member("telephonyTransferCall", "telephony_transfer_call")
        .map(|call| SaidContent::TelephonyTransferCall(call.clone()))
}
