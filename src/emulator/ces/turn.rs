//! Plays one turn of a scripted app: rules and their steps, until the turn is complete, the client must run a tool,
//! or the session has ended.

use std::collections::VecDeque;

use chrono::{DateTime, FixedOffset, Utc};
use prost::Message as _;
use tonic::Status;

use crate::expect;
use crate::model::suite::Matcher;
use crate::model::{Map, Value};
use crate::proto::ces_v1 as ces;
use crate::proto::ces_v1::chunk::Data;
use crate::proto::ces_v1::session_output::OutputType;
use crate::proto::json::struct_to_json;

use super::app::{App, Rule, Step, Steps, Trigger, plain_words, seen_answer};
use super::session::{Pending, PendingCall, Session, Stimulus, TurnState};
use super::template;
use super::trace::{self, ToolSpan, Trace, USER};

mod sources;
mod tools;

/// Steps and reactions of one turn: a script that needs more goes round in circles.
const MOST_PLAYED: u32 = 500;
/// Bytes of texts and payloads in one turn.
const MOST_TOLD: usize = 4 << 20;

/// What a turn is played in.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    /// Resource name of the app, as the caller has it.
    pub(super) app_name: String,
    /// The time, in the session's time zone.
    pub(super) now: DateTime<FixedOffset>,
    /// Tools with a fake use it.
    pub(super) use_fakes: bool,
    pub(super) seed: u64,
    /// Id of the deployment; empty for none.
    pub(super) deployment: String,
}

/// What comes in with a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Inputs {
    pub(super) variables: Map,
    pub(super) stimuli: Vec<Stimulus>,
    /// Answers of the client's tools; `None` when there are none in the request.
    pub(super) responses: Option<Vec<ces::ToolResponse>>,
    /// Whether the texts were spoken.
    pub(super) is_spoken: bool,
    /// Why something was not understood.
    pub(super) note: Option<String>,
}

/// Plays a request: the session as it is then, and the outputs.
///
/// # Errors
/// When the request does not suit the session, or the script goes round in circles; the session stays as it was.
pub(super) fn play(
    app: &App,
    session: &Session,
    inputs: Inputs,
    surroundings: &Surroundings,
) -> Result<(Session, Vec<ces::SessionOutput>), Status> {
    if session.ended {
        return Err(Status::failed_precondition("the session has ended"));
    }
    let mut session = session.clone();
    let pending = session.pending.take();
    let (state, resumed) = match (inputs.responses, pending) {
        (Some(responses), Some(pending)) => {
            let answers = answers(&pending, &responses)?;
            let Pending { calls, rest, state } = *pending;
            (state, Some((calls, answers, rest)))
        }
        (Some(_), None) => return Err(Status::invalid_argument("no tool call waits for an answer")),
        // The user goes on without having answered: the turn that waited is given up.
        (None, _) => {
            session.turns = session.turns.saturating_add(1);
            (TurnState::new(surroundings.now.to_utc()), None)
        }
    };
    let mut turn = Turn {
        app,
        session,
        surroundings,
        state,
        outputs: Vec::new(),
    };
    if turn.session.turns == 1 && resumed.is_none() && !app.variables.is_empty() {
        turn.state.trace.add(USER, trace::defaults(app)?, turn.utc());
    }
    turn.take_variables(inputs.variables)?;
    turn.take_stimuli(inputs.stimuli, inputs.is_spoken);
    if let Some(note) = inputs.note {
        turn.state.trace.note(note);
    }
    let progress = match resumed {
        Some((calls, answers, (steps, next))) => {
            turn.take_answers(&calls, answers)?;
            turn.steps(&steps, next)?
        }
        None => Progress::Done,
    };
    turn.go_on(progress)
}

impl TurnState {
    fn new(started: DateTime<Utc>) -> Self {
        Self {
            trace: Trace::new(started),
            locals: Map::new(),
            queue: VecDeque::new(),
            caused: Vec::new(),
            calls: 0,
            played: 0,
            choices: 0,
            told: 0,
        }
    }
}

/// The answers in the order of the calls.
fn answers(pending: &Pending, responses: &[ces::ToolResponse]) -> Result<Vec<Map>, Status> {
    for response in responses {
        if !pending.calls.iter().any(|call| call.id == response.id) {
            let waiting: Vec<&str> = pending.calls.iter().map(|call| call.id.as_str()).collect();
            let message = format!(
                "no tool call `{}` waits for an answer, but {}",
                response.id,
                waiting.join(", ")
            );
            return Err(Status::invalid_argument(message));
        }
    }
    let of = |call: &PendingCall| {
        let mut of_call = responses.iter().filter(|response| response.id == call.id);
        match (of_call.next(), of_call.next()) {
            (Some(response), None) => Ok(response.response.as_ref().map(struct_to_json).unwrap_or_default()),
            (Some(_), Some(_)) => Err(Status::invalid_argument(format!(
                "the tool call `{}` is answered twice",
                call.id
            ))),
            (None, _) => Err(Status::invalid_argument(format!(
                "the tool call `{}` is not answered",
                call.id
            ))),
        }
    };
    pending.calls.iter().map(of).collect()
}

/// How far some steps came.
enum Progress {
    Done,
    /// The client must run tools first.
    Waits(Box<Pending>),
    Ended,
}

struct Turn<'a> {
    app: &'a App,
    session: Session,
    surroundings: &'a Surroundings,
    state: TurnState,
    outputs: Vec<OutputType>,
}

impl Turn<'_> {
    fn utc(&self) -> DateTime<Utc> {
        self.surroundings.now.to_utc()
    }

    fn agent_name(&self) -> String {
        self.app
            .agents
            .get(self.session.agent)
            .map(|agent| agent.name.clone())
            .unwrap_or_default()
    }

    fn told(&mut self, data: Data) {
        let (agent, now) = (self.agent_name(), self.utc());
        self.state.trace.add(&agent, data, now);
    }

    /// Counts against the bound of a turn.
    fn count(&mut self) -> Result<(), Status> {
        self.state.played += 1;
        if self.state.played > MOST_PLAYED {
            let message =
                format!("the script goes round in circles: more than {MOST_PLAYED} steps in one turn");
            return Err(Status::internal(message));
        }
        Ok(())
    }

    /// Each of what is told has its own bound; all of it has one, too.
    fn tell(&mut self, bytes: usize) -> Result<(), Status> {
        self.state.told += bytes;
        if self.state.told > MOST_TOLD {
            return Err(Status::internal("the script tells more than 4 MiB in one turn"));
        }
        Ok(())
    }

    // ---- what comes in ----

    fn take_variables(&mut self, variables: Map) -> Result<(), Status> {
        if variables.is_empty() {
            return Ok(());
        }
        self.state.trace.input("variables");
        let now = self.utc();
        let told = Data::UpdatedVariables(trace::fields(&variables)?);
        self.state.trace.add(USER, told, now);
        self.session.variables.extend(variables);
        trace::check_size(&self.session.variables)
    }

    fn take_stimuli(&mut self, stimuli: Vec<Stimulus>, is_spoken: bool) {
        let now = self.utc();
        for stimulus in stimuli {
            let (kind, data) = match &stimulus {
                Stimulus::Text(text) if is_spoken => ("audio", Data::Transcript(text.clone())),
                Stimulus::Text(text) => ("text", Data::Text(text.clone())),
                Stimulus::Event(event) => ("event", Data::Text(format!("<event>{event}</event>"))),
                Stimulus::Dtmf(digits) => ("dtmf", Data::Text(digits.clone())),
                Stimulus::File { kind, mime_type, .. } => (kind.name(), trace::file(*kind, mime_type)),
                Stimulus::Result { .. } | Stimulus::Transfer => continue,
            };
            self.state.trace.input(kind);
            self.state.trace.add(USER, data, now);
            self.state.queue.push_back(stimulus);
        }
    }

    /// Takes the answers of the client's tools.
    fn take_answers(&mut self, calls: &[PendingCall], answers: Vec<Map>) -> Result<(), Status> {
        let (app, agent, now) = (self.app, self.agent_name(), self.utc());
        for (call, answer) in calls.iter().zip(answers) {
            let Some(tool) = app.tools.get(call.tool) else {
                continue;
            };
            let response = trace::tool_response(&self.surroundings.app_name, tool, &call.id, &answer)?;
            self.told(Data::ToolResponse(response));
            let span = ToolSpan {
                tool: &tool.name,
                agent: &agent,
                kind: "ClientFunctionTool",
                id: &call.id,
                args: &call.args,
                response: Some(&answer),
                started: call.made_at,
            };
            self.state.trace.tool(&span, now)?;
            self.state.locals.insert(tool.name.clone(), seen_answer(&answer));
            self.state.caused.push(Stimulus::Result {
                tool: call.tool,
                answer,
            });
        }
        Ok(())
    }

    // ---- what is done ----

    /// Plays on until nothing is left to react to.
    fn go_on(mut self, mut progress: Progress) -> Result<(Session, Vec<ces::SessionOutput>), Status> {
        loop {
            match progress {
                Progress::Done => {}
                Progress::Waits(mut pending) => {
                    pending.state = self.state;
                    self.session.pending = Some(pending);
                    let outputs = numbered(self.outputs, self.session.turns);
                    return Ok((self.session, outputs));
                }
                Progress::Ended => {
                    self.session.ended = true;
                    return self.complete();
                }
            }
            let Some(stimulus) = self.state.queue.pop_front() else {
                return self.complete();
            };
            self.count()?;
            progress = self.react(&stimulus)?;
        }
    }

    fn complete(self) -> Result<(Session, Vec<ces::SessionOutput>), Status> {
        let now = self.utc();
        let mut outputs = numbered(self.outputs, self.session.turns);
        if outputs.is_empty() {
            outputs.push(ces::SessionOutput {
                turn_index: self.session.turns,
                ..Default::default()
            });
        }
        let diagnostics = self.state.trace.finish(&self.surroundings.deployment, now)?;
        if let Some(last) = outputs.last_mut() {
            last.turn_completed = true;
            last.diagnostic_info = Some(diagnostics);
        }
        Ok((self.session, outputs))
    }

    /// Finds the rule that fits and plays it.
    fn react(&mut self, stimulus: &Stimulus) -> Result<Progress, Status> {
        let (agent, now) = (self.agent_name(), self.utc());
        if let Some(input) = stimulus.input() {
            self.state.locals.insert("input".to_owned(), Value::from(input));
        }
        let app = self.app;
        let Some(current) = app.agents.get(self.session.agent) else {
            return Err(Status::internal("the session is at an agent that does not exist"));
        };
        let found = current
            .rules
            .iter()
            .find_map(|rule| Some((rule, self.fits(rule, stimulus)?)));
        let steps = match found {
            Some((rule, groups)) => {
                self.state.locals.extend(groups);
                Some(&rule.steps)
            }
            // Nothing need come of what the script itself has caused.
            None if stimulus.input().is_none() => return Ok(Progress::Done),
            // What the user says of a file may be all that matters.
            None if matches!(stimulus, Stimulus::File { .. }) && !self.state.queue.is_empty() => {
                return Ok(Progress::Done);
            }
            None => current.otherwise.as_ref().or(app.otherwise.as_ref()),
        };
        self.state.trace.decision(&agent, now)?;
        self.state.trace.message(&agent, now);
        match steps {
            Some(steps) => self.steps(&Steps::clone(steps), 0),
            None => Ok(Progress::Done),
        }
    }

    /// The named groups that a rule found, when it fits.
    fn fits(&self, rule: &Rule, stimulus: &Stimulus) -> Option<Map> {
        let holds = |matcher: &Matcher, value: &Value| {
            expect::matches(matcher, value, self.surroundings.now).unwrap_or(false)
        };
        let is_one_of =
            |texts: &[String], text: &str| texts.iter().any(|known| known.eq_ignore_ascii_case(text));
        let mut groups = Map::new();
        let fits = match (&rule.trigger, stimulus) {
            (Trigger::Anything, stimulus) => stimulus.input().is_some(),
            (Trigger::Says(texts), Stimulus::Text(text)) => texts.contains(&plain_words(text)),
            (Trigger::Matches(regex), Stimulus::Text(text)) => match regex.captures(text) {
                Some(found) => {
                    for name in regex.capture_names().flatten() {
                        let group = found.name(name).map(|group| Value::from(group.as_str()));
                        groups.insert(name.to_owned(), group.unwrap_or_default());
                    }
                    true
                }
                None => false,
            },
            (Trigger::Event(events), Stimulus::Event(event)) => is_one_of(events, event),
            (Trigger::Dtmf(keys), Stimulus::Dtmf(digits)) => {
                is_one_of(keys, digits) || is_one_of(keys, digits.trim_end_matches('#'))
            }
            (
                Trigger::File { kind, wanted },
                Stimulus::File {
                    kind: shown,
                    mime_type,
                    hash,
                },
            ) => {
                let is_it = |known: &String| known == mime_type || hash.starts_with(known.as_str());
                kind == shown && (wanted.is_empty() || wanted.iter().any(is_it))
            }
            (Trigger::Result { tool, response }, Stimulus::Result { tool: called, answer }) => {
                let answer = seen_answer(answer);
                tool == called && response.as_ref().is_none_or(|matcher| holds(matcher, &answer))
            }
            (Trigger::Transfer, Stimulus::Transfer) => true,
            _ => false,
        };
        let variables = &self.session.variables;
        let conditions_hold = || {
            rule.variables
                .iter()
                .all(|(name, matcher)| holds(matcher, variables.get(name).unwrap_or(&Value::Null)))
        };
        (fits && conditions_hold()).then_some(groups)
    }

    /// Plays steps from one of them on.
    fn steps(&mut self, steps: &Steps, from: usize) -> Result<Progress, Status> {
        let mut next = from;
        while let Some(step) = steps.get(next) {
            self.count()?;
            next += 1;
            match step {
                Step::Say(texts) => {
                    for text in texts {
                        self.count()?;
                        self.say(text)?;
                    }
                }
                Step::SayOneOf(texts) => {
                    let index = self.choose(texts.len());
                    if let Some(text) = texts.get(index) {
                        self.say(text)?;
                    }
                }
                Step::Set(values) => {
                    let values = template::fill_members(values, &|name| self.find(name));
                    self.told(Data::UpdatedVariables(trace::fields(&values)?));
                    // What a group of the rule was called is the variable from now on.
                    self.state.locals.retain(|name, _| !values.contains_key(name));
                    self.session.variables.extend(values);
                    trace::check_size(&self.session.variables)?;
                }
                Step::Payload(payload) => {
                    let payload = template::fill_members(payload, &|name| self.find(name));
                    let payload = trace::fields(&payload)?;
                    self.tell(payload.encoded_len())?;
                    self.told(Data::Payload(payload.clone()));
                    self.outputs.push(OutputType::Payload(payload));
                }
                Step::Cite(citations) => self.cite(citations),
                Step::Suggest(searches) => self.suggest(searches),
                Step::Transfer(agent) => self.transfer(*agent),
                Step::End(metadata) => return self.end(metadata),
                Step::Call(call) if self.is_for_client(call) => return self.ask_client(steps, next - 1),
                Step::Call(call) => self.call(call)?,
            }
        }
        for stimulus in std::mem::take(&mut self.state.caused).into_iter().rev() {
            self.state.queue.push_front(stimulus);
        }
        Ok(Progress::Done)
    }

    fn say(&mut self, text: &str) -> Result<(), Status> {
        let text = template::fill_text(text, &|name| self.find(name));
        trace::check_length(&text)?;
        self.tell(text.len())?;
        self.told(Data::Text(text.clone()));
        self.outputs.push(OutputType::Text(text));
        Ok(())
    }

    /// One of so many: the same seed and turn choose the same in every session.
    fn choose(&mut self, count: usize) -> usize {
        use rand::rngs::StdRng;
        use rand::{RngCore as _, SeedableRng as _};
        let turn = u64::from(self.session.turns.unsigned_abs());
        let mut seed = [0_u8; 32];
        for (place, part) in seed
            .chunks_mut(8)
            .zip([self.surroundings.seed, turn, self.state.choices, 0])
        {
            place.copy_from_slice(&part.to_le_bytes());
        }
        self.state.choices += 1;
        let bits = StdRng::from_seed(seed).next_u64();
        let count = u64::try_from(count.max(1)).unwrap_or(1);
        usize::try_from(bits % count).unwrap_or_default()
    }

    fn transfer(&mut self, agent: usize) {
        let app = self.app;
        let Some(target) = app.agents.get(agent) else {
            return;
        };
        let (from, now) = (self.agent_name(), self.utc());
        self.told(Data::AgentTransfer(trace::transfer(
            &self.surroundings.app_name,
            target,
        )));
        let args = Map::from_iter([("agent".to_owned(), Value::from(target.name.as_str()))]);
        let span = ToolSpan {
            tool: "transfer_to_agent",
            agent: &from,
            kind: "TransferToAgentTool",
            id: "",
            args: &args,
            response: None,
            started: now,
        };
        // A name and a few words are never too deep.
        let _ = self.state.trace.tool(&span, now);
        self.session.agent = agent;
        self.state.trace.message(&target.name, now);
        self.state.caused.push(Stimulus::Transfer);
    }

    fn end(&mut self, metadata: &Map) -> Result<Progress, Status> {
        let metadata = template::fill_members(metadata, &|name| self.find(name));
        let id = self.call_id();
        self.told(Data::ToolCall(trace::end_call(&id, &metadata)?));
        let (agent, now) = (self.agent_name(), self.utc());
        let span = ToolSpan {
            tool: "end_session",
            agent: &agent,
            kind: "EndSessionTool",
            id: &id,
            args: &metadata,
            response: None,
            started: now,
        };
        self.state.trace.tool(&span, now)?;
        let metadata = (!metadata.is_empty())
            .then(|| trace::fields(&metadata))
            .transpose()?;
        self.outputs
            .push(OutputType::EndSession(ces::EndSession { metadata }));
        Ok(Progress::Ended)
    }

    /// The value of a name in a template.
    fn find(&self, name: &str) -> Option<Value> {
        let known = self
            .state
            .locals
            .get(name)
            .or_else(|| self.session.variables.get(name));
        if let Some(value) = known {
            return Some(value.clone());
        }
        let today = self.surroundings.now.date_naive();
        match name {
            "today" => Some(Value::from(today.to_string())),
            "tomorrow" => today.succ_opt().map(|day| Value::from(day.to_string())),
            "now" => Some(Value::from(self.surroundings.now.to_rfc3339())),
            _ => None,
        }
    }
}

impl Stimulus {
    /// What the user did, in words; nothing when it was not the user.
    fn input(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Event(text) | Self::Dtmf(text) => Some(text),
            Self::File { mime_type, .. } => Some(mime_type),
            Self::Result { .. } | Self::Transfer => None,
        }
    }
}

fn numbered(outputs: Vec<OutputType>, turn: i32) -> Vec<ces::SessionOutput> {
    outputs
        .into_iter()
        .map(|output| ces::SessionOutput {
            turn_index: turn,
            output_type: Some(output),
            ..Default::default()
        })
        .collect()
}
