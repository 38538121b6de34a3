//! Generators and playbooks in the middle of a turn. The emulator has no model: what an author wrote for them is taken,
//! and where there is nothing the turn goes on without, and says so.

use super::super::generative::{
    GeneratorCall, PlaybookAnswer, PlaybookCall, PlaybookNext, Silence, Situation,
};
use super::super::program::{GeneratorOutput, GeneratorSite, Place, Target};
use super::super::request::Input;
use super::super::trace::{Block, Speaker};
use super::transitions::Origin;
use super::{Next, Turn};
use crate::export::SymbolicTarget;
use crate::model::Map;

impl Turn<'_> {
    /// Where the conversation is, for those that are asked from outside.
    pub(super) fn situation(&self, place: Place) -> Situation {
        let program = self.program;
        let (text, event) = match &self.request.input {
            Input::Text(text) => (Some(text.clone()), None),
            Input::Event(event) => (None, Some(event.clone())),
            _ => (None, None),
        };
        let intent = self.session.last_intent;
        Situation {
            flow: program.flow(place).name.clone(),
            page: program.page(place).name.clone(),
            intent: intent.map(|last| program.intents[last.intent].name.clone()),
            text,
            event,
            language: self.language.to_owned(),
            parameters: self.session.parameters.to_map(),
            payload: self.request.payload.clone(),
        }
    }

    /// Puts a generator's text where it goes. Without one that place stays as it is: unset, unless it was set before.
    pub(super) fn generate(&mut self, site: &GeneratorSite) {
        let scope = self.scope();
        let inputs = site
            .inputs
            .iter()
            .map(|(name, value)| (name.clone(), value.resolve(&scope)));
        let call = GeneratorCall {
            generator: site.name.clone(),
            inputs: inputs.collect::<Map>(),
            situation: self.situation(self.session.place),
        };
        match self.answers.generate(&call) {
            Ok(text) => match &site.output {
                GeneratorOutput::Request(name) => self.generated.set(name, text.into()),
                GeneratorOutput::Parameter(key) => self.set(key, text.into()),
            },
            Err(silence) => {
                let output = match &site.output {
                    GeneratorOutput::Request(name) => format!("$request.generative.{name}"),
                    GeneratorOutput::Parameter(key) => key.name().to_owned(),
                };
                self.trace.note(format!(
                    "generator `{}` was called, but {silence}: it writes nothing into `{output}`",
                    site.name
                ));
            }
        }
    }

    /// A turn of the playbook that the session is in.
    pub(super) fn converse(&mut self) -> Next {
        let Some(within) = self.session.playbook.clone() else {
            return Next::Continue;
        };
        let call = PlaybookCall {
            playbook: within.name,
            situation: self.situation(within.from),
        };
        self.speaks(Speaker::Playbook(call.playbook.clone()));
        match self.answers.converse(&call) {
            Ok(answer) => self.apply_playbook_answer(answer),
            Err(silence) => {
                self.note_silence(&call.playbook, &silence);
                Next::Stop
            }
        }
    }

    fn note_silence(&mut self, playbook: &str, silence: &Silence) {
        self.trace.note(format!(
            "playbook `{playbook}` speaks here, but {silence}: it says nothing and stays"
        ));
    }

    /// Messages, parameters, and then where to go. Nothing documents how a playbook's decisions reach the flows; the
    /// author names the page or flow, as webhooks do, and a flow that is called comes back to the playbook.
    fn apply_playbook_answer(&mut self, answer: PlaybookAnswer) -> Next {
        self.say_literally(&answer.messages);
        self.set_parameters(answer.parameters);
        let target = match answer.next {
            None => None,
            Some(PlaybookNext::Page(page)) => self.outside_target("a playbook", Some(&page), None),
            Some(PlaybookNext::Flow(flow)) => self.outside_target("a playbook", None, Some(&flow)),
            Some(PlaybookNext::Playbook(playbook)) => Some(Target::Playbook(playbook)),
            Some(PlaybookNext::EndSession) => {
                Some(super::super::program::symbolic(SymbolicTarget::EndSession))
            }
        };
        let reached = self.reachable(target.as_ref()).cloned();
        match reached {
            Some(target) => Next::Go(target, Origin::Playbook),
            None => Next::Stop,
        }
    }

    /// Whether anybody speaks for a playbook; where nobody does it is not entered.
    pub(super) fn is_playable(&self, playbook: &str) -> bool {
        self.answers.has_playbook(playbook)
    }

    /// Who speaks from here on.
    pub(super) fn speaks(&mut self, speaker: Speaker) {
        let blocks = &mut self.trace.blocks;
        if blocks.last().is_none_or(|last| last.speaker != speaker) {
            blocks.push(Block {
                speaker,
                from: self.queue.len(),
            });
        }
    }
}
