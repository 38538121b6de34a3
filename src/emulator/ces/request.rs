//! Reads what a request asks, and refuses what the service would refuse.

use chrono_tz::Tz;
use sha2::{Digest as _, Sha256};
use tonic::Status;

use crate::audio::{Encoding, Format, RATES};
use crate::model::Map;
use crate::model::suite::{Attachment, AttachmentKind};
use crate::proto::ces_v1 as ces;
use crate::proto::ces_v1::chunk::Data;
use crate::proto::ces_v1::session_input::InputType;
use crate::proto::json::struct_to_json;

use super::app::App;
use super::session::{Session, Stimulus};
use super::trace::USER;
use super::turn::Inputs;

/// What the configuration of a request says.
#[derive(Debug, Clone)]
pub(super) struct Config {
    /// Resource name of the app, within the session's.
    pub(super) app_name: String,
    /// Id of the session.
    pub(super) session_id: String,
    /// Id of the deployment; empty for none.
    pub(super) deployment: String,
    pub(super) time_zone: Option<Tz>,
    pub(super) use_fakes: bool,
    /// Texts may come in fragments.
    pub(super) in_fragments: bool,
    /// The format of the user's sound, if there is to be any.
    pub(super) input_audio: Option<Format>,
    /// The format of spoken answers, if they are wanted.
    pub(super) output_audio: Option<Format>,
    /// The agent that answers first in a new session.
    entry_agent: Option<usize>,
    history: Vec<ces::Message>,
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for what is not well-formed, `NOT_FOUND` for an agent that the app does not have.
    pub(super) fn read(app: &App, config: ces::SessionConfig) -> Result<Self, Status> {
        let (app_name, session_id) = parts_of(&config.session)?;
        for message in &config.historical_contexts {
            if message.role != USER && app.agent_at(&message.role).is_none() {
                let message = format!(
                    "historical_contexts: the role `{}` is neither `user` nor an agent ({})",
                    message.role,
                    app.agent_names().collect::<Vec<_>>().join(", ")
                );
                return Err(Status::invalid_argument(message));
            }
        }
        Ok(Self {
            deployment: part_of(&config.deployment, &app_name, "deployments")?.unwrap_or_default(),
            time_zone: time_zone(&config.time_zone)?,
            use_fakes: config.use_tool_fakes,
            in_fragments: config.enable_text_streaming,
            input_audio: config
                .input_audio_config
                .map(|audio| {
                    format(
                        "input_audio_config",
                        audio.audio_encoding(),
                        audio.sample_rate_hertz,
                    )
                })
                .transpose()?,
            output_audio: config
                .output_audio_config
                .map(|audio| {
                    format(
                        "output_audio_config",
                        audio.audio_encoding(),
                        audio.sample_rate_hertz,
                    )
                })
                .transpose()?,
            entry_agent: entry_agent(app, &config.entry_agent, &app_name)?,
            history: config.historical_contexts,
            app_name,
            session_id,
        })
    }

    /// The session as it is before its first turn: at its entry agent, with its history.
    pub(super) fn new_session(&self, app: &App) -> Session {
        let mut session = Session::new(app);
        for message in &self.history {
            if let Some(agent) = app.agent_at(&message.role).filter(|_| message.role != USER) {
                session.agent = agent;
            }
            for chunk in &message.chunks {
                match &chunk.data {
                    Some(Data::UpdatedVariables(values) | Data::DefaultVariables(values)) => {
                        session.variables.extend(struct_to_json(values));
                    }
                    Some(Data::AgentTransfer(transfer)) => {
                        let id = transfer.target_agent.rsplit('/').next().unwrap_or_default();
                        let target = app.agent_at(&transfer.display_name).or_else(|| app.agent_at(id));
                        session.agent = target.unwrap_or(session.agent);
                    }
                    _ => {}
                }
            }
        }
        session.agent = self.entry_agent.unwrap_or(session.agent);
        session
    }
}

/// The format that a configuration names.
fn format(what: &str, encoding: ces::AudioEncoding, hertz: i32) -> Result<Format, Status> {
    let encoding = match encoding {
        ces::AudioEncoding::Linear16 => Encoding::Linear16,
        ces::AudioEncoding::Mulaw => Encoding::Mulaw,
        ces::AudioEncoding::Alaw => Encoding::Alaw,
        ces::AudioEncoding::Unspecified => {
            return Err(Status::invalid_argument(format!("{what} has no audio_encoding")));
        }
    };
    let rate = u32::try_from(hertz).unwrap_or_default();
    if !RATES.contains(&rate) {
        let message = format!("{what}: sample_rate_hertz must lie between 8000 and 48000, not {hertz}");
        return Err(Status::invalid_argument(message));
    }
    Ok(Format { encoding, rate })
}

/// The app's resource name and the session's id.
fn parts_of(session: &str) -> Result<(String, String), Status> {
    const SHAPE: &str = "projects/*/locations/*/apps/*/sessions/*";
    let wrong =
        |why: &str| Status::invalid_argument(format!("config.session `{}` {why}", shortened(session)));
    let parts: Vec<&str> = session.split('/').collect();
    let [projects, project, locations, location, apps, app, sessions, id] = parts.as_slice() else {
        return Err(wrong(&format!("must be {SHAPE}")));
    };
    if (*projects, *locations, *apps, *sessions) != ("projects", "locations", "apps", "sessions") {
        return Err(wrong(&format!("must be {SHAPE}")));
    }
    let is_part = |part: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        !part.is_empty() && part.len() <= 128 && part.bytes().all(known)
    };
    if ![project, location, app].into_iter().all(|part| is_part(part)) {
        return Err(wrong("has an empty or malformed part"));
    }
    if !is_session_id(id) {
        return Err(wrong(
            "must end with an id that matches [a-zA-Z0-9][a-zA-Z0-9-_]{4,62}",
        ));
    }
    let app_name = format!("projects/{project}/locations/{location}/apps/{app}");
    Ok((app_name, (*id).to_owned()))
}

/// `[a-zA-Z0-9][a-zA-Z0-9-_]{4,62}` (ces-api 1.5).
fn is_session_id(id: &str) -> bool {
    (5..=63).contains(&id.len())
        && id.starts_with(|first: char| first.is_ascii_alphanumeric())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The id at the end of a resource name below the app's; `None` when the name is empty.
fn part_of(name: &str, app_name: &str, collection: &str) -> Result<Option<String>, Status> {
    if name.is_empty() {
        return Ok(None);
    }
    let id = name
        .strip_prefix(app_name)
        .and_then(|rest| {
            rest.strip_prefix('/')?
                .strip_prefix(collection)?
                .strip_prefix('/')
        })
        .filter(|id| !id.is_empty() && !id.contains('/'));
    match id {
        Some(id) => Ok(Some(id.to_owned())),
        None => Err(Status::invalid_argument(format!(
            "`{}` must be {app_name}/{collection}/*",
            shortened(name)
        ))),
    }
}

fn entry_agent(app: &App, name: &str, app_name: &str) -> Result<Option<usize>, Status> {
    let Some(id) = part_of(name, app_name, "agents")? else {
        return Ok(None);
    };
    app.agent_at(&id).map(Some).ok_or_else(|| {
        let known: Vec<String> = app
            .agents
            .iter()
            .map(|agent| format!("{} ({})", agent.id, agent.name))
            .collect();
        Status::not_found(format!(
            "the app has no agent `{}`, but {}",
            shortened(&id),
            known.join(", ")
        ))
    })
}

fn time_zone(name: &str) -> Result<Option<Tz>, Status> {
    if name.is_empty() {
        return Ok(None);
    }
    let zone = name.parse().map_err(|_| {
        Status::invalid_argument(format!("time_zone `{}` is no IANA time zone", shortened(name)))
    })?;
    Ok(Some(zone))
}

/// Reads the inputs of one turn.
///
/// # Errors
/// `INVALID_ARGUMENT` when there are none or one is empty, `UNIMPLEMENTED` for audio.
pub(super) fn inputs(given: Vec<ces::SessionInput>) -> Result<Inputs, Status> {
    if given.is_empty() {
        return Err(Status::invalid_argument("inputs is empty"));
    }
    let mut inputs = Inputs::default();
    for input in given {
        match input.input_type {
            None => return Err(Status::invalid_argument("an input has no input_type")),
            Some(InputType::Text(text)) => inputs.add_text(text),
            Some(InputType::Event(event)) if event.event.is_empty() => {
                return Err(Status::invalid_argument("the event has no name"));
            }
            Some(InputType::Event(event)) => inputs.stimuli.push(Stimulus::Event(event.event)),
            Some(InputType::Dtmf(digits)) => {
                let is_key = |key: u8| key.is_ascii_digit() || b"*#ABCDabcd".contains(&key);
                if digits.is_empty() || !digits.bytes().all(is_key) {
                    let message = format!("dtmf `{}` must be digits, * and #", shortened(&digits));
                    return Err(Status::invalid_argument(message));
                }
                inputs.stimuli.push(Stimulus::Dtmf(digits));
            }
            Some(InputType::Variables(values)) => {
                let values: Map = struct_to_json(&values);
                inputs.variables.extend(values);
            }
            Some(InputType::ToolResponses(responses)) => {
                inputs
                    .responses
                    .get_or_insert_default()
                    .extend(responses.tool_responses);
            }
            Some(InputType::Audio(_)) => {
                return Err(Status::unimplemented(
                    "sound is heard over BidiRunSession only: send text",
                ));
            }
            Some(InputType::Image(image)) => {
                if !Attachment::IMAGES.contains(&image.mime_type.as_str()) {
                    let known = Attachment::IMAGES.join(", ");
                    let message = format!(
                        "the image's mime_type `{}` is none of {known}",
                        shortened(&image.mime_type)
                    );
                    return Err(Status::invalid_argument(message));
                }
                let shown = file(AttachmentKind::Image, image.mime_type, &image.data)?;
                inputs.stimuli.push(shown);
            }
            Some(InputType::Blob(blob)) => {
                let handed = file(AttachmentKind::Blob, blob.mime_type, &blob.data)?;
                inputs.stimuli.push(handed);
            }
        }
    }
    Ok(inputs)
}

/// A file that the user hands over.
fn file(kind: AttachmentKind, mime_type: String, data: &[u8]) -> Result<Stimulus, Status> {
    if mime_type.is_empty() || data.is_empty() {
        let message = format!("the {} has no mime_type or no data", kind.name());
        return Err(Status::invalid_argument(message));
    }
    let digest = Sha256::digest(data);
    let digits: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Stimulus::File {
        kind,
        mime_type,
        hash: digits.concat(),
    })
}

impl Inputs {
    /// Texts that follow each other are fragments of one.
    fn add_text(&mut self, text: String) {
        if let Some(Stimulus::Text(before)) = self.stimuli.last_mut() {
            before.push_str(&text);
        } else {
            self.stimuli.push(Stimulus::Text(text));
        }
    }
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 120;
    match text
        .char_indices()
        .nth(LONGEST)
        .and_then(|(end, _)| text.get(..end))
    {
        Some(start) => format!("{start}…"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_names_are_checked() {
        for id in [
            "abcde",
            "A-_00",
            &"a".repeat(63),
            "0e0f7f3c-8a43-4c1e-9d53-1f2b3c4d5e6f",
        ] {
            let name = format!("projects/p-1/locations/us/apps/my.app/sessions/{id}");
            assert_eq!(
                parts_of(&name).unwrap().0,
                "projects/p-1/locations/us/apps/my.app",
                "{id}"
            );
        }
        for name in [
            "",
            "projects/p/locations/us/apps/a/sessions/abcd",
            "projects/p/locations/us/apps/a/sessions/-abcd",
            "projects/p/locations/us/apps/a/sessions/abc de",
            "projects/p/locations/us/apps//sessions/abcde",
            "projects/p/locations/us/agents/a/sessions/abcde",
            "projects/p/locations/us/apps/a/sessions/abcde/x",
            &format!("projects/p/locations/us/apps/a/sessions/{}", "a".repeat(64)),
        ] {
            let status = parts_of(name).unwrap_err();
            assert_eq!(status.code(), tonic::Code::InvalidArgument, "{name}");
        }
    }

    #[test]
    fn inputs_are_checked() {
        let input = |kind: Option<InputType>| ces::SessionInput {
            will_continue: false,
            input_type: kind,
        };
        let code = |given: Vec<ces::SessionInput>| inputs(given).unwrap_err().code();
        assert_eq!(code(vec![]), tonic::Code::InvalidArgument);
        assert_eq!(code(vec![input(None)]), tonic::Code::InvalidArgument);
        assert_eq!(
            code(vec![input(Some(InputType::Dtmf("1 2".into())))]),
            tonic::Code::InvalidArgument
        );
        assert_eq!(
            code(vec![input(Some(InputType::Audio(vec![0])))]),
            tonic::Code::Unimplemented
        );
        let text = |text: &str| input(Some(InputType::Text(text.into())));
        assert_eq!(
            inputs(vec![
                text("he"),
                text("llo"),
                input(Some(InputType::Dtmf("12#".into())))
            ])
            .unwrap()
            .stimuli,
            [Stimulus::Text("hello".into()), Stimulus::Dtmf("12#".into())]
        );
    }
}
