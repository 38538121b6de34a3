//! `text_streaming` beside the call that is to carry it: texts come in pieces over streams only, and not where the agent
//! is heard (ces-api 1.3).

use super::Parser;
use crate::model::suite::{Input, Service, Turn, Via};
use crate::yaml::{Map, Node};

impl Parser {
    /// Texts that are wanted in pieces over a call that has no pieces. What the turn inherits is told once.
    pub(super) fn check_text_streaming(&mut self, node: &Node, map: &Map, turn: &Turn) {
        let own = turn.with.text_streaming;
        if self.service != Some(Service::Ces) || !own.or(self.in_pieces).unwrap_or_default() {
            return;
        }
        let Some(role) = self.sound.as_ref().map(|place| place.role) else {
            return;
        };
        if map.get("via").is_some() && turn.via.is_none() {
            // That is wrong itself.
            return;
        }
        let is_spoken = matches!(turn.input, Input::Audio(_) | Input::SilentAudio(_));
        let (message, help) = match turn.via.or(role.via) {
            _ if is_spoken => (
                "texts do not come in pieces (`text_streaming`) where sound is sent",
                None,
            ),
            None | Some(Via::Run) => (
                "`RunSession`, by which this turn is sent, cannot carry texts in pieces (`text_streaming`)",
                Some(
                    "write `via: stream` or `via: bidi` in the turn, or as the target's `via` in the settings",
                ),
            ),
            Some(Via::Bidi) if role.settings.output.is_some() => (
                "texts do not come in pieces (`text_streaming`) over `via: bidi` while the agent is asked to speak",
                Some("write `via: stream`, or leave `output` out of the target's `audio` in the settings"),
            ),
            Some(_) => return,
        };
        let of_turn = map.get("with").and_then(|with| with.get("text_streaming"));
        let (span, otherwise) = match (of_turn, map.get("via")) {
            (Some(option), _) => (option.span.clone(), "leave `text_streaming` out"),
            (None, via) => {
                self.in_pieces = None;
                let span = via.map_or_else(|| node.span.start..node.span.start, |via| via.span.clone());
                let inherited =
                    "the turn inherits it; to do without, write `with: { text_streaming: false }` here";
                (span, inherited)
            }
        };
        let problem = self.reader.error("unsupported", message, span);
        problem
            .help
            .extend(help.into_iter().chain([otherwise]).map(str::to_owned));
    }
}
