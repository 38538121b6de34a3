//! One turn of the state machine: pure and synchronous (cx-runtime 2.1).
//!
//! The loop below follows the documented page life cycle with what the recordings add to it: a turn whose input
//! matched an intent or filled a parameter walks intent routes, then condition routes; a turn that is an event walks
//! event handlers only. Each part of the cycle has its file: fulfillments, webhooks, events, transitions.

use std::cell::RefCell;
use std::time::Duration;

use chrono::DateTime;
use chrono_tz::Tz;

use super::chance::Chance;
use super::engine::Engine;
use super::form::{self, Collected};
use super::generative::Answers;
use super::keys;
use super::messages::{ResponseKind, Said, SaidContent};
use super::parameters::Parameters;
use super::program::{IntentIndex, Place, Program, Scoped, Target, Test, canonical_event};
use super::request::{Input, Request};
use super::session::{LastIntent, Resume, Session};
use super::trace::{FunctionResult, HandlerCalled, PageStatus, Speaker, State, Step, Trace};
use super::understanding::{IntentValue, Meaning, Understood};
use super::webhook::WebhookFailure;
use crate::model::{Map, Value};

mod cycle;
mod events;
mod fulfill;
mod generative;
mod hooks;
mod http;
mod scope;
mod transitions;

use events::Pending;
use transitions::Origin;

/// Most transitions of one turn; the service's own limit is not known (cx-runtime 2.3).
const TRANSITION_LIMIT: usize = 50;

/// What a turn came to.
#[derive(Debug)]
pub(super) struct TurnResult {
    pub(super) understood: Understood,
    /// The event that was handled, or that the client sent.
    pub(super) event: Option<String>,
    /// The language of the answer.
    pub(super) language: String,
    pub(super) messages: Vec<Said>,
    /// How many of the messages were sent ahead before each slow webhook call (cx-runtime 5.1).
    pub(super) partials: Vec<usize>,
    /// Session parameters after the turn.
    pub(super) parameters: Map,
    pub(super) place: Place,
    /// The playbook that the turn ended in: the session is on no page then.
    pub(super) playbook: Option<String>,
    pub(super) ended: bool,
    pub(super) webhooks: Vec<WebhookCalled>,
    /// How long the answer has yet to wait for what webhooks took.
    pub(super) waited: Duration,
    pub(super) trace: Trace,
}

/// A webhook call and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WebhookCalled {
    pub(super) name: String,
    pub(super) tag: String,
    pub(super) failure: Option<WebhookFailure>,
    pub(super) payload: Map,
    pub(super) waited: Duration,
}

/// A turn while it is played.
pub(super) struct Turn<'a> {
    program: &'a Program,
    session: &'a mut Session,
    request: &'a Request,
    answers: &'a dyn Answers,
    language: &'a str,
    now: DateTime<Tz>,
    chance: Chance,
    transitions: usize,
    queue: Vec<Said>,
    /// Bytes of the messages queued so far.
    said_bytes: usize,
    partials: Vec<usize>,
    webhooks: Vec<WebhookCalled>,
    /// How long the answer has to wait for what webhooks took.
    waits: Duration,
    webhook_status: Option<u16>,
    /// Values of the intent matched in this turn.
    intent_values: Vec<IntentValue>,
    /// What generators wrote in this turn: `$request.generative.…`.
    generated: Parameters,
    collected: Collected,
    /// Parameters that a client sent with a scope of its own.
    custom: (String, Parameters),
    event_handled: Option<String>,
    /// What functions came to since the last step.
    functions: RefCell<Vec<FunctionResult>>,
    trace: Trace,
}

/// What a called handler, an entry or a prompt leads to.
enum Next {
    /// Nowhere: go on.
    Continue,
    /// Evaluation ends here; nothing more is said but the form's prompt.
    Stop,
    /// Elsewhere.
    Go(Target, Origin),
}

/// Plays a turn: the request has been applied to the session and understood.
pub(super) fn play(
    engine: &Engine,
    session: &mut Session,
    request: &Request,
    answers: &dyn Answers,
    language: &str,
    now: DateTime<Tz>,
    understood: Understood,
) -> TurnResult {
    let mut custom = Parameters::default();
    if !request.parameter_scope.is_empty() {
        for (name, value) in &request.parameters {
            custom.set(name, value.clone());
        }
    }
    let mut turn = Turn {
        program: engine.program(),
        chance: Chance::new(engine.seed(), session.turns),
        session,
        request,
        answers,
        language,
        now,
        transitions: 0,
        queue: Vec::new(),
        said_bytes: 0,
        partials: Vec::new(),
        webhooks: Vec::new(),
        waits: Duration::ZERO,
        webhook_status: None,
        intent_values: Vec::new(),
        generated: Parameters::default(),
        collected: Collected::default(),
        custom: (request.parameter_scope.clone(), custom),
        event_handled: None,
        functions: RefCell::default(),
        trace: Trace::default(),
    };
    turn.trace.parameters_before = turn.session.parameters.to_map();
    turn.run(&understood);
    let event = match &understood.meaning {
        Meaning::Event(name) => Some(name.clone()),
        Meaning::NoMatch => Some(
            turn.event_handled
                .take()
                .unwrap_or_else(|| "sys.no-match-default".to_owned()),
        ),
        Meaning::NoInput => Some(
            turn.event_handled
                .take()
                .unwrap_or_else(|| "sys.no-input-default".to_owned()),
        ),
        Meaning::TooLong => Some(
            turn.event_handled
                .take()
                .unwrap_or_else(|| "sys.long-utterance".to_owned()),
        ),
        _ => None,
    };
    TurnResult {
        understood,
        event,
        language: turn.language.to_owned(),
        partials: turn.partials,
        parameters: turn.session.parameters.to_map(),
        place: turn.session.place,
        playbook: turn.session.playbook.as_ref().map(|within| within.name.clone()),
        ended: turn.session.ended,
        waited: turn.waits,
        messages: turn.queue,
        webhooks: turn.webhooks,
        trace: turn.trace,
    }
}

impl Turn<'_> {
    /// From the meaning of the input to the last prompt.
    fn run(&mut self, understood: &Understood) {
        let initial = self.state(PageStatus::Routing);
        self.trace.steps.push(Step {
            state: initial,
            handler: None,
            target: None,
            responses: None,
            functions: Vec::new(),
        });
        self.note_what_cannot_be_done(understood);
        let (mut intent, mut event) = self.take_in(understood);
        let mut resume = 0;
        let mut entering = false;
        loop {
            let next = if self.session.playbook.is_some() {
                self.converse()
            } else {
                self.speaks(Speaker::Flow(self.session.place.flow));
                self.visit(entering, &mut intent, event.take(), resume)
            };
            let Next::Go(target, origin) = next else { break };
            self.transitions += 1;
            if self.transitions > TRANSITION_LIMIT {
                self.trace.note(format!(
                    "transition loop: the turn was stopped after {TRANSITION_LIMIT} transitions"
                ));
                break;
            }
            // An intent lives on only through an intent route into a flow (cx-runtime 3.5).
            if !(matches!(target, Target::Flow(_)) && matches!(origin, Origin::IntentRoute(_))) {
                intent = None;
            } else if let Origin::IntentRoute(matched) = origin {
                intent = Some(matched);
            }
            match self.transition(&target, origin) {
                Some(arrival) => {
                    self.open_step(
                        if arrival.entering {
                            PageStatus::Entering
                        } else {
                            PageStatus::Routing
                        },
                        None,
                    );
                    entering = arrival.entering;
                    resume = arrival.resume;
                    event = arrival.event.map(Pending::Raised);
                }
                None => break,
            }
        }
        if self.session.ended {
            self.queue.push(Said {
                kind: ResponseKind::Handler,
                channel: String::new(),
                content: SaidContent::EndInteraction,
            });
        }
        self.close_step();
    }

    /// Writes down what the input brought, counts what it did not, and says what is left to be routed.
    fn take_in(&mut self, understood: &Understood) -> (Option<IntentIndex>, Option<Pending>) {
        let session = &mut *self.session;
        match &understood.meaning {
            Meaning::Intent {
                intent, parameters, ..
            } => {
                (session.no_match, session.no_input) = (0, 0);
                for value in parameters {
                    session
                        .parameters
                        .set_understood(&value.id, value.resolved.clone());
                    self.collected.updated.push(value.id.clone());
                }
                self.intent_values.clone_from(parameters);
                session.last_intent = Some(LastIntent {
                    intent: *intent,
                    confidence: understood.confidence,
                });
                (Some(*intent), None)
            }
            Meaning::Fill(values) => {
                (session.no_match, session.no_input) = (0, 0);
                for filled in values {
                    let value = filled.value.clone();
                    match Scoped::parse(&filled.parameter) {
                        Scoped::Session(name) => session.parameters.set_understood(&name, value),
                        Scoped::Flow(name) => session.flow_parameters.set_understood(&name, value),
                    }
                    self.collected.updated.push(filled.parameter.clone());
                }
                (None, None)
            }
            Meaning::Playbook => {
                (session.no_match, session.no_input) = (0, 0);
                (None, None)
            }
            Meaning::Event(name) => {
                (session.no_match, session.no_input) = (0, 0);
                (None, Some(Pending::Sent(canonical_event(name))))
            }
            Meaning::NoMatch => {
                session.no_match += 1;
                (None, Some(Pending::NoMatch(session.no_match)))
            }
            Meaning::TooLong => {
                session.no_match += 1;
                (None, Some(Pending::TooLong(session.no_match)))
            }
            Meaning::NoInput => {
                session.no_input += 1;
                (None, Some(Pending::NoInput(session.no_input)))
            }
        }
    }

    fn passes(&self, test: Option<&Test>) -> bool {
        test.is_none_or(|test| {
            test.parsed
                .as_ref()
                .is_some_and(|condition| condition.holds(&self.scope()))
        })
    }

    /// Sets a parameter where it is kept; null removes it.
    fn set(&mut self, key: &Scoped, value: Value) {
        self.session.set(key, value);
    }

    /// Says at the start of the turn what would go another way on the service.
    fn note_what_cannot_be_done(&mut self, understood: &Understood) {
        if let Some(playbook) = &self.program.start_playbook
            && self.session.turns <= 1
            && self.request.start.is_none()
            && !self.is_playable(playbook)
        {
            self.trace.note(format!(
                "the agent starts in playbook `{playbook}`, but no stub answers it: its start flow answers instead"
            ));
        }
        if matches!(self.request.input, Input::Dtmf { .. })
            && understood.meaning == Meaning::NoMatch
            && let Some(parameter) = keys::turned_away(self.program, self.session)
        {
            self.trace.note(format!(
                "`{}` is asked for, but its DTMF settings take no keys: they are not enabled",
                parameter.name
            ));
        }
        if self.request.analyze_sentiment && self.request.sentiment.is_none() {
            let note = "sentiment was asked for, but is not analysed: `with: { emulator: { sentiment: … } }` tells it";
            self.trace.note(note.to_owned());
        }
    }

    fn state(&self, status: PageStatus) -> State {
        let page = self.program.page(self.session.place);
        State {
            place: self.session.place,
            status,
            active_parameter: form::active(self.session, page).map(|parameter| parameter.name.clone()),
        }
    }

    /// Begins a step of the trace; what functions came to before belongs to the step before.
    fn open_step(&mut self, status: PageStatus, handler: Option<HandlerCalled>) {
        self.close_step();
        let state = self.state(status);
        self.trace.steps.push(Step {
            state,
            handler,
            target: None,
            responses: None,
            functions: Vec::new(),
        });
    }

    fn close_step(&mut self) {
        let functions = self.functions.take();
        if let Some(step) = self.trace.steps.last_mut() {
            step.functions.extend(functions);
        }
    }
}

/// Whose fulfillment is run.
#[derive(Debug, Clone, Copy)]
enum Owner {
    /// A page that is entered.
    Entry,
    /// A route or event handler, and whether it leads somewhere.
    Handler(Origin, bool),
    /// A parameter that is asked for.
    Prompt,
    /// A handler of a webhook's failure, which calls no webhook itself.
    ErrorHandler,
}

/// Where an evaluation that left a page goes on.
fn resume_behind(origin: Origin, place: Place, conditions: usize) -> Resume {
    let next = match origin {
        Origin::Entry | Origin::IntentRoute(_) => 0,
        Origin::ConditionRoute(index) => index + 1,
        Origin::Event | Origin::Prompt | Origin::Playbook => conditions,
    };
    Resume { place, next }
}

#[cfg(test)]
mod tests;
