//! The service's messages → a turn's request: names looked up, everything the emulator does not do refused or ignored
//! as the service would (cx-runtime 15).

use std::time::Duration;

use chrono::{DateTime, Utc};
use tonic::Status;
use uuid::Uuid;

use super::entities::SessionEntityType;
use super::names::SessionName;
use super::overrides::{Overrides, Start};
use super::program::{FlowIndex, Place, Program, START_PAGE};
use super::request::{Input, PinnedIntent, Request};
use super::understanding::{IntentValue, Meaning, Understood};
use crate::export::SymbolicTarget;
use crate::export::agent::Entity;
use crate::model::resource::last_id;
use crate::proto::cx_v3 as cx;
use crate::proto::json::struct_to_json;
use crate::proto::time::duration_from_proto;

use super::nlu::Filled;
use cx::r#match::MatchType;

/// Longest life of a session (cx-sessions-api 5.3).
const LONGEST_TTL: Duration = Duration::from_hours(24);

/// What came in a call, ready to be played.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) session: SessionName,
    pub(super) request: Request,
    pub(super) ttl: Option<Duration>,
    pub(super) overrides: Overrides,
}

impl Call {
    /// Reads the parts that all calls have.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for what makes no sense, `UNIMPLEMENTED` for what the emulator does not do.
    pub(super) fn read(
        program: &Program,
        name: &str,
        input: Option<cx::QueryInput>,
        params: Option<cx::QueryParameters>,
        overrides: Overrides,
        now: DateTime<Utc>,
    ) -> Result<Self, Status> {
        let session = SessionName::parse(name).map_err(Status::invalid_argument)?;
        let input = input.ok_or_else(|| Status::invalid_argument("query_input is missing"))?;
        let language = input.language_code.clone();
        let now = overrides.clock.map_or(now, |clock| clock.to_utc());
        let mut request = Request::new(read_input(program, input)?, now);
        request.language = language;
        name.clone_into(&mut request.session);
        request.response_id = Uuid::new_v4().to_string();
        request.pinned_intent.clone_from(&overrides.matched);
        request.sentiment = overrides.sentiment;
        if let Some(PinnedIntent::Named(intent)) = &overrides.matched
            && !program.intents_by_name.contains_key(intent)
        {
            return Err(Status::invalid_argument(format!(
                "x-turnproof-match names intent `{intent}`, which the agent does not have"
            )));
        }
        let mut ttl = None;
        if let Some(params) = params {
            ttl = read_ttl(params.session_ttl.as_ref())?;
            read_params(program, params, &mut request)?;
        }
        if let Some(start) = &overrides.start {
            request.start = Some(find_start(program, start)?);
        }
        Ok(Self {
            session,
            request,
            ttl,
            overrides,
        })
    }
}

fn read_input(program: &Program, input: cx::QueryInput) -> Result<Input, Status> {
    use cx::query_input::Input as Sent;
    match input.input {
        Some(Sent::Text(text)) => Ok(Input::Text(text.text)),
        Some(Sent::Event(event)) if !event.event.is_empty() => Ok(Input::Event(event.event)),
        Some(Sent::Event(_)) => Err(Status::invalid_argument("the event has no name")),
        Some(Sent::Intent(intent)) => {
            let id = last_id(&intent.intent);
            program
                .intents
                .iter()
                .find(|known| known.id == id || known.name == intent.intent)
                .map(|known| Input::Intent(known.name.clone()))
                .ok_or_else(|| {
                    Status::invalid_argument(format!("the agent has no intent `{}`", intent.intent))
                })
        }
        Some(Sent::Dtmf(dtmf)) => Ok(Input::Dtmf {
            digits: dtmf.digits,
            finish: dtmf.finish_digit,
        }),
        Some(Sent::Audio(_)) => Err(Status::unimplemented(
            "the emulator does not listen to audio in this call; send it by DetectIntent or StreamingDetectIntent",
        )),
        Some(Sent::ToolCallResult(_)) => Err(Status::failed_precondition("no tool call waits for a result")),
        None => Err(Status::invalid_argument("query_input holds no input")),
    }
}

fn read_ttl(ttl: Option<&prost_types::Duration>) -> Result<Option<Duration>, Status> {
    let Some(ttl) = ttl else { return Ok(None) };
    duration_from_proto(ttl)
        .filter(|ttl| *ttl <= LONGEST_TTL)
        .map(|ttl| Some(ttl).filter(|ttl| !ttl.is_zero()))
        .ok_or_else(|| Status::invalid_argument("session_ttl must lie between 0 and 24 hours"))
}

fn read_params(program: &Program, params: cx::QueryParameters, request: &mut Request) -> Result<(), Status> {
    if !params.time_zone.is_empty() {
        let zone = params
            .time_zone
            .parse()
            .map_err(|_| Status::invalid_argument(format!("there is no time zone `{}`", params.time_zone)))?;
        request.time_zone = Some(zone);
    }
    if let Some(parameters) = &params.parameters {
        request.parameters = struct_to_json(parameters);
    }
    if let Some(payload) = &params.payload {
        request.payload = struct_to_json(payload);
    }
    if !params.current_playbook.is_empty() {
        if !params.current_page.is_empty() {
            return Err(Status::invalid_argument(
                "current_page and current_playbook cannot both be the place to start",
            ));
        }
        request.start_playbook = Some(find_playbook(program, &params.current_playbook)?);
    }
    if !params.current_page.is_empty() {
        request.start = Some(find_page(program, &params.current_page)?);
    }
    request.session_entity_types = params
        .session_entity_types
        .into_iter()
        .map(|sent| read_entity_type(program, sent))
        .collect::<Result<_, _>>()?;
    request.webhook_headers = params.webhook_headers.into_iter().collect();
    request.parameter_scope = params.parameter_scope;
    request.disable_webhook = params.disable_webhook;
    request.channel = params.channel;
    request.analyze_sentiment = params.analyze_query_text_sentiment;
    Ok(())
}

fn read_entity_type(program: &Program, sent: cx::SessionEntityType) -> Result<SessionEntityType, Status> {
    use cx::session_entity_type::EntityOverrideMode as Mode;
    let id = last_id(&sent.name);
    let types = &program.agent().entity_types;
    let name = types
        .iter()
        .find(|(name, kind)| kind.name == id || *name == id)
        .map(|(name, _)| name.as_str())
        .or_else(|| id.starts_with("sys.").then_some(id))
        .ok_or_else(|| Status::invalid_argument(format!("the agent has no entity type `{}`", sent.name)))?;
    let supplement = match Mode::try_from(sent.entity_override_mode) {
        Ok(Mode::Supplement) => true,
        Ok(Mode::Override) => false,
        _ => return Err(Status::invalid_argument("entity_override_mode is missing")),
    };
    Ok(SessionEntityType {
        name: name.to_owned(),
        supplement,
        entities: sent
            .entities
            .into_iter()
            .map(|entity| Entity {
                value: entity.value,
                synonyms: entity.synonyms,
                ..Entity::default()
            })
            .collect(),
    })
}

/// `…/flows/F/pages/P`, by ids; `START_PAGE` is one.
fn find_page(program: &Program, name: &str) -> Result<Place, Status> {
    let unknown = || Status::invalid_argument(format!("the agent has no page `{name}`"));
    let (parent, page) = name.rsplit_once("/pages/").ok_or_else(unknown)?;
    let flow_id = last_id(parent);
    let flow = program
        .flows
        .iter()
        .position(|flow| flow.id == flow_id)
        .ok_or_else(unknown)?;
    if page == START_PAGE.0 {
        return Ok(Place { flow, page: None });
    }
    let index = program.flows[flow].pages.iter().position(|part| part.id == page);
    index
        .map(|index| Place {
            flow,
            page: Some(index),
        })
        .ok_or_else(unknown)
}

/// The display name of `…/playbooks/P`, by id or display name.
fn find_playbook(program: &Program, name: &str) -> Result<String, Status> {
    let id = last_id(name);
    let mut playbooks = program.agent().playbooks.iter();
    playbooks
        .find(|playbook| last_id(&playbook.name) == id || playbook.display_name == id)
        .map(|playbook| playbook.display_name.clone())
        .ok_or_else(|| Status::invalid_argument(format!("the agent has no playbook `{name}`")))
}

/// A place by display names; a page without a flow is looked for in the start flow.
fn find_start(program: &Program, start: &Start) -> Result<Place, Status> {
    let flow: FlowIndex = match &start.flow {
        None => program.start,
        Some(name) => *program
            .flows_by_name
            .get(name)
            .ok_or_else(|| Status::invalid_argument(format!("the agent has no flow `{name}`")))?,
    };
    let Some(page) = &start.page else {
        return Ok(Place { flow, page: None });
    };
    match SymbolicTarget::parse(page) {
        Some(SymbolicTarget::StartPage) => return Ok(Place { flow, page: None }),
        Some(_) => {
            return Err(Status::invalid_argument(format!(
                "a session cannot start on `{page}`"
            )));
        }
        None => {}
    }
    let part = &program.flows[flow];
    part.pages_by_name
        .get(page)
        .map(|index| Place {
            flow,
            page: Some(*index),
        })
        .ok_or_else(|| {
            Status::invalid_argument(format!("flow `{}` of the agent has no page `{page}`", part.name))
        })
}

/// What a match that a client hands back means: `FulfillIntent` goes on from there.
///
/// # Errors
/// `INVALID_ARGUMENT` for a match that this agent cannot have offered.
pub(super) fn read_match(program: &Program, found: &cx::Match) -> Result<Understood, Status> {
    let parameters = found.parameters.as_ref().map(struct_to_json).unwrap_or_default();
    let invalid = |what: &str| Status::invalid_argument(format!("the match {what}"));
    let kind = MatchType::try_from(found.match_type).unwrap_or(MatchType::Unspecified);
    let meaning = match kind {
        MatchType::Intent | MatchType::DirectIntent => {
            let intent = found.intent.as_ref().ok_or_else(|| invalid("names no intent"))?;
            let id = last_id(&intent.name);
            let index = program
                .intents
                .iter()
                .position(|known| known.id == id || known.name == intent.display_name)
                .ok_or_else(|| invalid("names an intent that the agent does not have"))?;
            Meaning::Intent {
                intent: index,
                parameters: parameters
                    .into_iter()
                    .map(|(id, resolved)| IntentValue {
                        original: super::render::text_of(&resolved),
                        id,
                        resolved,
                    })
                    .collect(),
                is_direct: kind == MatchType::DirectIntent,
            }
        }
        MatchType::ParameterFilling => Meaning::Fill(
            parameters
                .into_iter()
                .map(|(parameter, value)| Filled {
                    original: super::render::text_of(&value),
                    parameter,
                    value,
                })
                .collect(),
        ),
        MatchType::NoMatch if found.event == "sys.long-utterance" => Meaning::TooLong,
        MatchType::NoMatch => Meaning::NoMatch,
        MatchType::NoInput => Meaning::NoInput,
        MatchType::Playbook => Meaning::Playbook,
        MatchType::Event if !found.event.is_empty() => Meaning::Event(found.event.clone()),
        MatchType::Event => return Err(invalid("names no event")),
        _ => return Err(invalid("is of a type that the emulator does not offer")),
    };
    Ok(Understood {
        meaning,
        confidence: f64::from(found.confidence),
        resolved_input: found.resolved_input.clone(),
        alternatives: Vec::new(),
        reason: "given".to_owned(),
    })
}
