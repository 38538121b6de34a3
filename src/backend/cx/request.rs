//! From a turn as an author wrote it to the messages that say it to Dialogflow CX.

use crate::audio::Format;
use crate::backend::error::{BackendError, BackendErrorKind};
use crate::backend::names::{self, Names};
use crate::backend::{SessionStart, ToolResult};
use crate::model::Map;
use crate::model::resource::AgentName;
use crate::model::suite::{Feedback, Input, Name, Rating, SessionEntityType, Start, With};
use crate::proto::Struct;
use crate::proto::cx_v3beta1 as cx;
use crate::proto::cx_v3beta1::query_input::Input as CxInput;
use crate::proto::cx_v3beta1::session_entity_type::EntityOverrideMode;
use crate::proto::json::json_to_struct;
use crate::proto::time::duration_to_proto;

use super::{CxTarget, speech};

/// Where a conversation starts, in the service's own terms.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Opening {
    current_page: String,
    current_playbook: String,
    parameters: Map,
}

impl Opening {
    /// Resolves the names of a start.
    ///
    /// # Errors
    /// When one is not known, or the start is one of another service.
    pub(super) fn new(target: &CxTarget, session: &SessionStart) -> Result<Self, BackendError> {
        let Start {
            flow,
            page,
            playbook,
            agent,
            parameters,
            history,
        } = &session.start;
        if agent.is_some() || !history.is_empty() {
            return Err(wrong(
                "Dialogflow CX starts at a flow, page or playbook; agent and history are of CES",
            ));
        }
        let names = &*target.names;
        let current_playbook = match playbook {
            Some(playbook) => target
                .agent
                .playbook(&names::id("playbook", playbook, |name| names.playbook(name))?)?,
            None => String::new(),
        };
        Ok(Self {
            current_page: start_page(&target.agent, names, flow.as_ref(), page.as_ref())?,
            current_playbook,
            parameters: parameters.clone(),
        })
    }
}

/// The page of a start; a flow alone means its start page.
fn start_page(
    agent: &AgentName,
    names: &dyn Names,
    flow: Option<&Name>,
    page: Option<&Name>,
) -> Result<String, BackendError> {
    let flow = match (flow, page) {
        (None, None) => return Ok(String::new()),
        (Some(flow), _) => names::id("flow", flow, |name| names.flow(name))?,
        (None, Some(_)) => names
            .start_flow()
            .ok_or_else(|| wrong("the agent's start flow is not known: name the page's flow"))?,
    };
    let start = Name::Id("START_PAGE".to_owned());
    let page = names::id("page", page.unwrap_or(&start), |name| match name {
        "Start Page" => Some("START_PAGE".to_owned()),
        name => names.page(&flow, name),
    })?;
    Ok(agent.page(&flow, &page)?)
}

/// The parameters of a query; `opening` goes with the first turn only.
///
/// # Errors
/// When a name is not known, or a value too deep to be sent.
pub(super) fn query_params(
    target: &CxTarget,
    session: &str,
    with: &With,
    opening: Option<&Opening>,
) -> Result<cx::QueryParameters, BackendError> {
    let mut parameters = opening
        .map(|opening| opening.parameters.clone())
        .unwrap_or_default();
    parameters.extend(with.parameters.clone());
    let flow_versions = if with.flow_versions.is_empty() {
        &target.flow_versions
    } else {
        &with.flow_versions
    };
    let entity_types = with
        .session_entity_types
        .iter()
        .map(|kind| session_entity_type(target, session, kind));
    Ok(cx::QueryParameters {
        time_zone: with.time_zone.clone().unwrap_or_default(),
        session_entity_types: entity_types.collect::<Result<_, _>>()?,
        payload: with
            .payload
            .as_ref()
            .map(|payload| fields("payload", payload))
            .transpose()?,
        parameters: (!parameters.is_empty())
            .then(|| fields("parameters", &parameters))
            .transpose()?,
        current_page: opening
            .map(|opening| opening.current_page.clone())
            .unwrap_or_default(),
        current_playbook: opening
            .map(|opening| opening.current_playbook.clone())
            .unwrap_or_default(),
        disable_webhook: with.disable_webhook.unwrap_or_default(),
        analyze_query_text_sentiment: with.sentiment.unwrap_or_default(),
        webhook_headers: with.webhook_headers.iter().cloned().collect(),
        flow_versions: flow_versions
            .iter()
            .map(|version| target.agent.flow_version(version))
            .collect::<Result<_, _>>()?,
        populate_data_store_connection_signals: with.data_store_signals.unwrap_or_default(),
        channel: with.channel.clone().unwrap_or_default(),
        session_ttl: with.session_ttl.map(duration_to_proto),
        ..Default::default()
    })
}

fn session_entity_type(
    target: &CxTarget,
    session: &str,
    kind: &SessionEntityType,
) -> Result<cx::SessionEntityType, BackendError> {
    let id = names::id("entity type", &kind.entity_type, |name| {
        target.names.entity_type(name)
    })?;
    let mode = if kind.supplement {
        EntityOverrideMode::Supplement
    } else {
        EntityOverrideMode::Override
    };
    let entities = kind
        .entities
        .iter()
        .map(|(value, synonyms)| cx::entity_type::Entity {
            value: value.clone(),
            synonyms: synonyms.clone(),
        });
    Ok(cx::SessionEntityType {
        name: format!("{session}/entityTypes/{id}"),
        entity_override_mode: mode.into(),
        entities: entities.collect(),
    })
}

/// What the user does. Silence is an empty text.
///
/// # Errors
/// When an intent is not known, or the input is one of another service.
pub(super) fn query_input(
    target: &CxTarget,
    input: &Input,
    with: &With,
) -> Result<cx::QueryInput, BackendError> {
    let input = match input {
        Input::Say(text) => CxInput::Text(cx::TextInput { text: text.clone() }),
        Input::Silence => CxInput::Text(cx::TextInput::default()),
        Input::Event(event) => CxInput::Event(cx::EventInput { event: event.clone() }),
        Input::Dtmf { digits, finish } => CxInput::Dtmf(cx::DtmfInput {
            digits: digits.clone(),
            finish_digit: finish.clone().unwrap_or_default(),
        }),
        Input::Intent(intent) => {
            let id = names::id("intent", intent, |name| target.names.intent(name))?;
            CxInput::Intent(cx::IntentInput {
                intent: target.agent.intent(&id)?,
            })
        }
        Input::Audio(_) | Input::SilentAudio(_) => {
            return Err(wrong("sound is sent as speech, once it was read"));
        }
        Input::Attached { .. } => {
            return Err(wrong("Dialogflow CX takes no images and no other files"));
        }
        Input::Variables(_) => {
            return Err(wrong(
                "Dialogflow CX has no turn that only sets variables: use with.parameters",
            ));
        }
    };
    Ok(with_language(target, with, input))
}

/// The answer to a tool call that the service left to us.
///
/// # Errors
/// When the answer is no object, or too deep to be sent.
pub(super) fn tool_result(
    target: &CxTarget,
    with: &With,
    call: &cx::ToolCall,
    result: &ToolResult,
) -> Result<cx::QueryInput, BackendError> {
    use cx::tool_call_result::{Error, Result as Outcome};
    let outcome = match &result.result {
        Ok(serde_json::Value::Object(object)) => Outcome::OutputParameters(fields("tool result", object)?),
        Ok(_) => return Err(wrong(&format!("the result of `{}` is no object", result.tool))),
        Err(message) => Outcome::Error(Error {
            message: message.clone(),
        }),
    };
    let input = CxInput::ToolCallResult(cx::ToolCallResult {
        tool: call.tool.clone(),
        action: call.action.clone(),
        result: Some(outcome),
    });
    Ok(with_language(target, with, input))
}

/// What the user thinks of an answer.
pub(super) fn feedback(
    session: &str,
    response_id: &str,
    feedback: &Feedback,
) -> cx::SubmitAnswerFeedbackRequest {
    let Feedback {
        rating,
        reason,
        labels,
    } = feedback;
    let rating = match rating {
        Rating::ThumbsUp => cx::answer_feedback::Rating::ThumbsUp,
        Rating::ThumbsDown => cx::answer_feedback::Rating::ThumbsDown,
    };
    let has_reason = reason.is_some() || !labels.is_empty();
    let rating_reason = has_reason.then(|| cx::answer_feedback::RatingReason {
        feedback: reason.clone().unwrap_or_default(),
        reason_labels: labels.clone(),
    });
    cx::SubmitAnswerFeedbackRequest {
        session: session.to_owned(),
        response_id: response_id.to_owned(),
        answer_feedback: Some(cx::AnswerFeedback {
            rating: rating.into(),
            rating_reason,
            custom_rating: String::new(),
        }),
        // All of it.
        update_mask: None,
    }
}

/// The announcement of sound.
pub(super) fn speech_input(target: &CxTarget, format: Format, with: &With) -> cx::QueryInput {
    let input = CxInput::Audio(cx::AudioInput {
        config: Some(speech::input_config(format, &target.audio)),
        audio: Vec::new(),
    });
    with_language(target, with, input)
}

fn with_language(target: &CxTarget, with: &With, input: CxInput) -> cx::QueryInput {
    cx::QueryInput {
        language_code: with.language.clone().unwrap_or_else(|| target.language.clone()),
        input: Some(input),
    }
}

fn fields(what: &str, object: &Map) -> Result<Struct, BackendError> {
    json_to_struct(object).map_err(|error| wrong(&format!("{what}: {error}")))
}

fn wrong(message: &str) -> BackendError {
    BackendError::new(BackendErrorKind::Request, message)
}
