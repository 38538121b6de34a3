//! An agent that can be talked to: its program, its language understanding, and the session's turn from request to
//! result. Synchronous; the server around it is in [`service`](super::service).

use std::sync::Arc;

use super::form;
use super::generative::Answers;
use super::messages::answer_language;
use super::nlu::Nlu;
use super::program::Program;
use super::request::Request;
use super::session::Session;
use super::turn::{self, TurnResult};
use super::understanding::Understood;
use crate::diagnostic::Diagnostic;
use crate::export::agent::Agent;

/// An agent that plays turns. Shared by all sessions; it keeps nothing of them.
#[derive(Debug)]
pub struct Engine {
    program: Program,
    nlu: Nlu,
    seed: u64,
}

impl Engine {
    /// For an agent, with a seed for what is left to chance.
    pub fn new(agent: impl Into<Arc<Agent>>, seed: u64) -> Self {
        let agent = agent.into();
        Self {
            program: Program::new(Arc::clone(&agent)),
            nlu: Nlu::new(agent),
            seed,
        }
    }

    /// What of the agent cannot be played as it was meant, as warnings.
    pub fn problems(&self) -> Vec<Diagnostic> {
        let mut problems = self.program.problems().to_vec();
        let broken = self.nlu.recogniser().broken_patterns();
        problems.extend(broken.into_iter().map(|broken| {
            let message = format!(
                "a pattern of entity type `{}` ({}) cannot be read: `{}`: {}",
                broken.entity_type, broken.language, broken.pattern, broken.message
            );
            Diagnostic::warning("invalid-pattern", message)
        }));
        let too_deep = self.nlu.recogniser().too_deep();
        problems.extend(too_deep.into_iter().map(|deep| {
            let message = format!(
                "entity type `{}` ({}) refers to others through more than {} levels: `{}` and what is below it are not \
                 looked for",
                deep.entity_type, deep.language, deep.levels, deep.lost
            );
            Diagnostic::warning("deep-entity-type", message)
        }));
        problems
    }

    /// The agent made ready.
    pub fn program(&self) -> &Program {
        &self.program
    }

    pub(super) fn nlu(&self) -> &Nlu {
        &self.nlu
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Plays a turn.
    pub(super) fn turn(&self, session: &mut Session, request: &Request, answers: &dyn Answers) -> TurnResult {
        let (language, now) = self.prepare(session, request, answers);
        let understood = match &request.understood {
            Some(given) if session.playbook.is_none() => {
                self.with_originals(given.clone(), session, request, language, now)
            }
            _ => self.understand(session, request, language, now),
        };
        session.turns += 1;
        turn::play(self, session, request, answers, language, now, understood)
    }

    /// What the input would be understood as. The session is changed only as the request's parameters say.
    pub(super) fn match_input(
        &self,
        session: &mut Session,
        request: &Request,
        answers: &dyn Answers,
    ) -> Understood {
        let (language, now) = self.prepare(session, request, answers);
        self.understand(session, request, language, now)
    }

    /// Applies what goes along with the input to the session (cx-runtime 1.3, 15).
    fn prepare(
        &self,
        session: &mut Session,
        request: &Request,
        answers: &dyn Answers,
    ) -> (&str, chrono::DateTime<chrono_tz::Tz>) {
        if let Some(place) = request.start {
            session.restart_at(place);
        } else if let Some(playbook) = &request.start_playbook {
            session.restart_at(self.program.start_place());
            session.enter_playbook(playbook);
        } else if session.ended || session.turns == 0 {
            if session.ended {
                session.restart_at(self.program.start_place());
            }
            // Without anybody to speak for the playbook, the start flow answers.
            let playbook = self.program.start_playbook.as_ref();
            if let Some(playbook) = playbook.filter(|playbook| answers.has_playbook(playbook)) {
                session.enter_playbook(playbook);
            }
        }
        if request.parameter_scope.is_empty() {
            for (name, value) in &request.parameters {
                let name = name.strip_prefix("$session.params.").unwrap_or(name);
                session.parameters.set(name, value.clone());
            }
        }
        if let Some(place) = request.start {
            // Its entry is not run, but its form begins here (cx-runtime 4.7, 15).
            form::begin(session, self.program.page(place));
        }
        for entity_type in &request.session_entity_types {
            session
                .entity_types
                .retain(|known| known.name != entity_type.name);
            session.entity_types.push(entity_type.clone());
        }
        let zone = request.time_zone.unwrap_or(self.program.time_zone);
        let language = answer_language(&self.program.languages, &request.language);
        (language, request.now.with_timezone(&zone))
    }
}
