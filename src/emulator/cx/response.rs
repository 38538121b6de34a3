//! A turn's result → the service's messages, in the shape of `v3`; `v3beta1` is the same on the wire (cx-runtime 16.1).

use super::blocks::trace_blocks;
use super::diagnostics::diagnostics;
use super::messages::{ResponseKind, Said, SaidContent};
use super::names::SessionName;
use super::program::{END_SESSION, Place, Program};
use super::request::Input;
use super::turn::{TurnResult, WebhookCalled};
use super::understanding::{Meaning, Understood};
use crate::model::Value;
use crate::proto::Struct;
use crate::proto::cx_v3 as cx;
use crate::proto::rpc;

use cx::r#match::MatchType;
use cx::response_message::Message as Content;

/// What to leave out of a result (cx-sessions-api 6.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct View {
    pub(super) diagnostics: bool,
    /// Who spoke, for agents with playbooks.
    pub(super) trace_blocks: bool,
}

/// The result of a turn.
pub(super) fn query_result(
    program: &Program,
    session: &SessionName,
    response_id: &str,
    input: &Input,
    result: &TurnResult,
    view: View,
) -> cx::QueryResult {
    // In a playbook a session is on no page of any flow.
    let is_in_flow = result.playbook.is_none();
    let page = is_in_flow.then(|| page_of(program, session, result.place, result.ended));
    let flow = program.flow(result.place);
    let found = matched(program, session, &result.understood, result.event.as_deref());
    let diagnostics = view
        .diagnostics
        .then(|| diagnostics(program, &session.id, response_id, result));
    cx::QueryResult {
        query: Some(echo(session, program, input)),
        language_code: result.language.clone(),
        parameters: (!result.parameters.is_empty()).then(|| Struct::from(&result.parameters)),
        response_messages: result.messages.iter().map(message).collect(),
        webhook_statuses: result.webhooks.iter().map(webhook_status).collect(),
        webhook_payloads: result
            .webhooks
            .iter()
            .map(|called| Struct::from(&called.payload))
            .collect(),
        current_page: page,
        current_flow: is_in_flow.then(|| cx::Flow {
            name: session.flow(&flow.id),
            display_name: flow.name.clone(),
            ..cx::Flow::default()
        }),
        intent: found.intent.clone(),
        intent_detection_confidence: if found.intent.is_some() {
            found.confidence
        } else {
            0.0
        },
        r#match: Some(found),
        diagnostic_info: diagnostics,
        trace_blocks: if view.trace_blocks {
            trace_blocks(program, session, input, result)
        } else {
            Vec::new()
        },
        ..cx::QueryResult::default()
    }
}

/// A partial response: what was said between two points of the turn, and nothing about its outcome.
pub(super) fn partial_result(language: &str, messages: &[Said]) -> cx::QueryResult {
    cx::QueryResult {
        language_code: language.to_owned(),
        response_messages: messages.iter().map(message).collect(),
        ..cx::QueryResult::default()
    }
}

/// The input as it is repeated in the result.
pub(super) fn echo(session: &SessionName, program: &Program, input: &Input) -> cx::query_result::Query {
    use cx::query_result::Query;
    match input {
        Input::Text(text) => Query::Text(text.clone()),
        Input::Event(event) => Query::TriggerEvent(event.clone()),
        Input::Intent(name) => Query::TriggerIntent(intent_name(session, program, name)),
        Input::Dtmf { digits, finish } => Query::Dtmf(cx::DtmfInput {
            digits: digits.clone(),
            finish_digit: finish.clone(),
        }),
    }
}

fn intent_name(session: &SessionName, program: &Program, name: &str) -> String {
    let index = program.intents_by_name.get(name);
    index.map_or_else(
        || name.to_owned(),
        |index| session.intent(&program.intents[*index].id),
    )
}

/// The page a session is on.
pub(super) fn page_of(program: &Program, session: &SessionName, place: Place, ended: bool) -> cx::Page {
    let flow = program.flow(place);
    let page = program.page(place);
    let (id, name) = if ended {
        END_SESSION
    } else {
        (page.id.as_str(), page.name.as_str())
    };
    cx::Page {
        name: session.page(&flow.id, id),
        display_name: name.to_owned(),
        ..cx::Page::default()
    }
}

/// What an input was understood as (cx-runtime 14.7).
pub(super) fn matched(
    program: &Program,
    session: &SessionName,
    understood: &Understood,
    event: Option<&str>,
) -> cx::Match {
    let (kind, intent) = match &understood.meaning {
        Meaning::Intent {
            intent, is_direct, ..
        } => {
            let kind = if *is_direct {
                MatchType::DirectIntent
            } else {
                MatchType::Intent
            };
            (kind, Some(*intent))
        }
        Meaning::Fill(_) => (MatchType::ParameterFilling, None),
        Meaning::Event(_) => (MatchType::Event, None),
        Meaning::NoMatch | Meaning::TooLong => (MatchType::NoMatch, None),
        Meaning::NoInput => (MatchType::NoInput, None),
        Meaning::Playbook => (MatchType::Playbook, None),
    };
    let parameters = understood.parameters();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the service has confidences as floats"
    )]
    let confidence = understood.confidence as f32;
    cx::Match {
        intent: intent.map(|index| {
            let intent = &program.intents[index];
            cx::Intent {
                name: session.intent(&intent.id),
                display_name: intent.name.clone(),
                ..cx::Intent::default()
            }
        }),
        event: event.unwrap_or_default().to_owned(),
        parameters: (!parameters.is_empty()).then(|| Struct::from(&parameters)),
        resolved_input: understood.resolved_input.clone(),
        match_type: kind.into(),
        confidence,
    }
}

fn webhook_status(called: &WebhookCalled) -> rpc::Status {
    called
        .failure
        .as_ref()
        .map_or_else(rpc::Status::default, |failure| rpc::Status {
            code: failure.code().into(),
            message: failure.to_string(),
            details: Vec::new(),
        })
}

fn message(said: &Said) -> cx::ResponseMessage {
    use cx::response_message as part;
    let kind = match said.kind {
        ResponseKind::Entry => part::ResponseType::EntryPrompt,
        ResponseKind::Prompt => part::ResponseType::ParameterPrompt,
        ResponseKind::Handler => part::ResponseType::HandlerPrompt,
    };
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let flag = |value: &Value| {
        value
            .get("allowPlaybackInterruption")
            .and_then(Value::as_bool)
            .unwrap_or_default()
    };
    let content = match &said.content {
        SaidContent::Text {
            text,
            allow_playback_interruption,
        } => Content::Text(part::Text {
            text: vec![text.clone()],
            allow_playback_interruption: *allow_playback_interruption,
        }),
        SaidContent::Payload(payload) => Content::Payload(Struct::from(payload)),
        SaidContent::OutputAudioText(value) => Content::OutputAudioText(part::OutputAudioText {
            allow_playback_interruption: flag(value),
            source: text(value, "ssml")
                .map(part::output_audio_text::Source::Ssml)
                .or_else(|| text(value, "text").map(part::output_audio_text::Source::Text)),
        }),
        SaidContent::LiveAgentHandoff(metadata) => Content::LiveAgentHandoff(part::LiveAgentHandoff {
            metadata: Some(Struct::from(metadata)),
        }),
        SaidContent::ConversationSuccess(metadata) => {
            Content::ConversationSuccess(part::ConversationSuccess {
                metadata: Some(Struct::from(metadata)),
            })
        }
        SaidContent::PlayAudio(value) => Content::PlayAudio(part::PlayAudio {
            audio_uri: text(value, "audioUri").unwrap_or_default(),
            allow_playback_interruption: flag(value),
        }),
        SaidContent::TelephonyTransferCall(value) => {
            Content::TelephonyTransferCall(part::TelephonyTransferCall {
                endpoint: text(value, "phoneNumber")
                    .map(part::telephony_transfer_call::Endpoint::PhoneNumber),
            })
        }
        SaidContent::EndInteraction => Content::EndInteraction(part::EndInteraction {}),
    };
    cx::ResponseMessage {
        response_type: kind.into(),
        channel: said.channel.clone(),
        message: Some(content),
    }
}
