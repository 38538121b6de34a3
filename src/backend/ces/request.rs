//! From a turn as an author wrote it to the messages that say it to CES.

use crate::audio::{Encoding, Format};
use crate::backend::error::{BackendError, BackendErrorKind};
use crate::backend::names;
use crate::backend::{Handed, SessionStart, ToolResult, TurnInput};
use crate::model::suite::{AttachmentKind, HistoryChunk, HistoryMessage, Input, Start, With};
use crate::model::{Map, Value};
use crate::proto::Struct;
use crate::proto::ces_v1 as ces;
use crate::proto::ces_v1::session_input::InputType;
use crate::proto::json::json_to_struct;

use super::CesTarget;

/// Where a conversation starts: goes with the first turn only.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Opening {
    entry_agent: String,
    history: Vec<ces::Message>,
    /// Variables of the session.
    variables: Map,
}

impl Opening {
    /// Resolves the names of a start.
    ///
    /// # Errors
    /// When one is not known, or the start is one of another service.
    pub(super) fn new(target: &CesTarget, session: &SessionStart) -> Result<Self, BackendError> {
        let Start {
            flow,
            page,
            playbook,
            agent,
            parameters,
            history,
        } = &session.start;
        if flow.is_some() || page.is_some() || playbook.is_some() {
            return Err(wrong(
                "CES starts at an agent; flow, page and playbook are of Dialogflow CX",
            ));
        }
        Ok(Self {
            entry_agent: agent
                .as_ref()
                .map(|agent| entry_agent(target, agent))
                .transpose()?
                .unwrap_or_default(),
            history: history.iter().map(said).collect(),
            variables: parameters.clone(),
        })
    }
}

/// Something that was said before, as the service is told.
fn said(message: &HistoryMessage) -> ces::Message {
    use ces::chunk::Data;
    let chunks = message.chunks.iter().map(|chunk| match chunk {
        HistoryChunk::Text(text) => Data::Text(text.clone()),
        HistoryChunk::Transcript(text) => Data::Transcript(text.clone()),
        HistoryChunk::File {
            kind,
            mime_type,
            bytes,
        } => {
            let (mime_type, data) = (mime_type.clone(), bytes.to_vec());
            match kind {
                AttachmentKind::Image => Data::Image(ces::Image { mime_type, data }),
                AttachmentKind::Blob => Data::Blob(ces::Blob { mime_type, data }),
            }
        }
    });
    ces::Message {
        role: message.role.clone(),
        chunks: chunks.map(|data| ces::Chunk { data: Some(data) }).collect(),
        event_time: None,
    }
}

/// The configuration that goes with every turn, and what goes with the first one only; `sound` is the format of what the
/// user lets be heard, on a live stream that has sound.
///
/// # Errors
/// When a name is not known, or a value too deep to be sent.
pub(super) fn config(
    target: &CesTarget,
    session: &str,
    with: &With,
    opening: Option<&Opening>,
    sound: Option<Format>,
) -> Result<ces::SessionConfig, BackendError> {
    let deployment = with.deployment.as_ref().or(target.deployment.as_ref());
    let agent = with
        .entry_agent
        .as_ref()
        .map(|agent| entry_agent(target, agent))
        .transpose()?;
    Ok(ces::SessionConfig {
        session: session.to_owned(),
        historical_contexts: opening.map(|opening| opening.history.clone()).unwrap_or_default(),
        deployment: deployment
            .map(|name| target.app.deployment(name))
            .transpose()?
            .unwrap_or_default(),
        time_zone: with.time_zone.clone().unwrap_or_default(),
        entry_agent: agent
            .or_else(|| opening.map(|opening| opening.entry_agent.clone()))
            .unwrap_or_default(),
        use_tool_fakes: with.use_tool_fakes.unwrap_or_default(),
        remote_dialogflow_query_parameters: with
            .remote_dialogflow
            .as_ref()
            .map(remote_dialogflow)
            .transpose()?,
        // Whole sentences unless asked for: where pieces end is up to chance.
        enable_text_streaming: with.text_streaming.unwrap_or_default(),
        input_audio_config: sound.map(|format| ces::InputAudioConfig {
            audio_encoding: encoding(format).into(),
            sample_rate_hertz: hertz(format),
            ..Default::default()
        }),
        output_audio_config: target.audio.output.filter(|_| sound.is_some()).map(|format| {
            ces::OutputAudioConfig {
                audio_encoding: encoding(format).into(),
                sample_rate_hertz: hertz(format),
            }
        }),
    })
}

fn encoding(format: Format) -> ces::AudioEncoding {
    match format.encoding {
        Encoding::Linear16 => ces::AudioEncoding::Linear16,
        Encoding::Mulaw => ces::AudioEncoding::Mulaw,
        Encoding::Alaw => ces::AudioEncoding::Alaw,
        Encoding::Flac | Encoding::OggOpus => ces::AudioEncoding::Unspecified,
    }
}

fn hertz(format: Format) -> i32 {
    i32::try_from(format.rate).unwrap_or(i32::MAX)
}

/// The variables that a turn sets: those of the start under those of the turn.
pub(super) fn variables(with: &With, opening: Option<&Opening>, input: &TurnInput) -> Map {
    let mut variables = opening
        .map(|opening| opening.variables.clone())
        .unwrap_or_default();
    // Answers to tool calls belong to a turn that has set its variables already.
    if !matches!(input, TurnInput::ToolResults(_)) {
        variables.extend(with.variables.clone());
    }
    if let TurnInput::User(Input::Variables(own)) = input {
        variables.extend(own.clone());
    }
    variables
}

/// The inputs of a turn: variables first, then files, then what the user does or what the tools answered.
///
/// # Errors
/// When the input is one of another service, or a value too deep to be sent.
pub(super) fn inputs(
    variables: &Map,
    input: &TurnInput,
    calls: &[ces::ToolCall],
) -> Result<Vec<ces::SessionInput>, BackendError> {
    let own = match input {
        TurnInput::ToolResults(results) => Some(InputType::ToolResponses(tool_responses(results, calls)?)),
        // Sound goes its own way, in its own time.
        TurnInput::Speech(_) => None,
        TurnInput::Attached { say, .. } => say.clone().map(InputType::Text),
        TurnInput::User(input) => user_input(input)?,
    };
    let files = match input {
        TurnInput::Attached { files, .. } => files.as_slice(),
        _ => &[],
    };
    let variables = (!variables.is_empty()).then(|| fields("variables", variables).map(InputType::Variables));
    // What is looked at comes before what is said of it.
    let inputs = variables
        .transpose()?
        .into_iter()
        .chain(files.iter().map(attached))
        .chain(own);
    Ok(inputs
        .map(|input| ces::SessionInput {
            will_continue: false,
            input_type: Some(input),
        })
        .collect())
}

fn attached(file: &Handed) -> InputType {
    let (mime_type, data) = (file.mime_type.clone(), file.bytes.to_vec());
    match file.kind {
        AttachmentKind::Image => InputType::Image(ces::Image { mime_type, data }),
        AttachmentKind::Blob => InputType::Blob(ces::Blob { mime_type, data }),
    }
}

fn user_input(input: &Input) -> Result<Option<InputType>, BackendError> {
    Ok(match input {
        Input::Say(text) => Some(InputType::Text(text.clone())),
        Input::Event(event) => Some(InputType::Event(ces::Event { event: event.clone() })),
        Input::Dtmf { digits, finish } => Some(InputType::Dtmf(format!(
            "{digits}{}",
            finish.as_deref().unwrap_or_default()
        ))),
        // A turn that sets no variables at all still sends them: there is nothing else to send.
        Input::Variables(own) if own.is_empty() => Some(InputType::Variables(Struct::default())),
        Input::Variables(_) => None,
        Input::Intent(_) => return Err(wrong("CES has no intents: use say or event")),
        Input::Audio(_) | Input::SilentAudio(_) => {
            return Err(wrong("sound is sent as speech, once it was read"));
        }
        Input::Attached { .. } => return Err(wrong("files are sent once they were read")),
        Input::Silence => return Err(wrong("silence can only be heard: CES has no silent text")),
    })
}

fn tool_responses(
    results: &[ToolResult],
    calls: &[ces::ToolCall],
) -> Result<ces::ToolResponses, BackendError> {
    let responses = results.iter().map(|result| {
        let call = calls.iter().find(|call| call.id == result.id).ok_or_else(|| {
            wrong(&format!(
                "no call `{}` of `{}` waits for an answer",
                result.id, result.tool
            ))
        })?;
        Ok(ces::ToolResponse {
            id: call.id.clone(),
            display_name: call.display_name.clone(),
            response: Some(response(result)?),
            tool_identifier: call.tool_identifier.as_ref().map(identifier),
        })
    });
    Ok(ces::ToolResponses {
        tool_responses: responses.collect::<Result<_, BackendError>>()?,
    })
}

/// An object is the result itself; anything else stands under `output`, and an error under `error` (ces-api 1.3).
fn response(result: &ToolResult) -> Result<Struct, BackendError> {
    let object = match &result.result {
        Ok(Value::Object(object)) => object.clone(),
        Ok(value) => Map::from_iter([("output".to_owned(), value.clone())]),
        Err(message) => Map::from_iter([("error".to_owned(), Value::from(message.as_str()))]),
    };
    fields("tool result", &object)
}

fn identifier(of_call: &ces::tool_call::ToolIdentifier) -> ces::tool_response::ToolIdentifier {
    match of_call {
        ces::tool_call::ToolIdentifier::Tool(tool) => ces::tool_response::ToolIdentifier::Tool(tool.clone()),
        ces::tool_call::ToolIdentifier::ToolsetTool(tool) => {
            ces::tool_response::ToolIdentifier::ToolsetTool(tool.clone())
        }
    }
}

fn entry_agent(target: &CesTarget, agent: &crate::model::suite::Name) -> Result<String, BackendError> {
    let id = names::id("agent", agent, |name| target.names.agent(name))?;
    Ok(target.app.agent(&id)?)
}

/// The three members that a remote Dialogflow agent can be given.
fn remote_dialogflow(
    wanted: &Map,
) -> Result<ces::session_config::RemoteDialogflowQueryParameters, BackendError> {
    let mut made = ces::session_config::RemoteDialogflowQueryParameters::default();
    for (key, value) in wanted {
        match (key.as_str(), value) {
            ("webhook_headers", Value::Object(headers)) => {
                made.webhook_headers = headers
                    .iter()
                    .map(|(name, value)| (name.clone(), plain(value)))
                    .collect();
            }
            ("payload", Value::Object(payload)) => made.payload = Some(fields("payload", payload)?),
            ("end_user_metadata", Value::Object(facts)) => {
                made.end_user_metadata = Some(fields("end_user_metadata", facts)?);
            }
            _ => {
                return Err(wrong(&format!(
                    "remote_dialogflow: `{key}` is none of the objects it takes"
                ))
                .hint("it takes webhook_headers, payload and end_user_metadata"));
            }
        }
    }
    Ok(made)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn fields(what: &str, object: &Map) -> Result<Struct, BackendError> {
    json_to_struct(object).map_err(|error| wrong(&format!("{what}: {error}")))
}

fn wrong(message: &str) -> BackendError {
    BackendError::new(BackendErrorKind::Request, message)
}
