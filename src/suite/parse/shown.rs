//! What the RPC of a turn can never show, so that an expectation of it would hold or fail whatever the agent does.

use std::ops::Range;

use super::Parser;
use crate::model::suite::{Input, Service, Turn, Via};
use crate::yaml::{Map, Node};

/// What a reply to `via: match` never has: nothing is executed.
const NEEDS_EXECUTION: [&str; 17] = [
    "all_parameters",
    "audio",
    "citations",
    "ended",
    "flow",
    "handoff",
    "parameters",
    "payload",
    "playbook",
    "replies",
    "reply",
    "sentiment",
    "spans",
    "tool_calls",
    "transfer",
    "visited",
    "webhook",
];

/// What replies can show.
#[derive(Debug, Clone, Copy)]
pub(in crate::suite) struct Shown {
    /// What the agent might have understood.
    candidates: bool,
    /// What comes of running something.
    execution: bool,
    /// Where a `via` would show it.
    place: &'static str,
}

impl Shown {
    /// What a reply to this call shows.
    fn by(via: Option<Via>) -> Self {
        Self {
            candidates: matches!(via, Some(Via::Match | Via::MatchThenFulfill)),
            execution: via != Some(Via::Match),
            place: "in this turn",
        }
    }

    /// Whether an expectation of this name can be observed.
    pub(in crate::suite) fn has(self, name: &str) -> bool {
        match name {
            "candidates" => self.candidates,
            name => self.execution || !NEEDS_EXECUTION.contains(&name),
        }
    }
}

impl Parser {
    /// What the reply of a turn shows: it goes by the call that it names, else by the target's. Sound has its own.
    pub(in crate::suite) fn shown(&self, via: Option<Via>, input: Option<&Input>) -> Shown {
        let is_spoken = matches!(input, Some(Input::Audio(_) | Input::SilentAudio(_)));
        let of_target = self.sound.as_ref().and_then(|place| place.role.via);
        Shown::by(via.or(of_target.filter(|_| !is_spoken)))
    }

    /// What the reply of a turn that was read shows.
    pub(in crate::suite) fn shown_in_turn(&self, turn: &Turn) -> Shown {
        self.shown(turn.via, Some(&turn.input))
    }

    /// What the reply shows that the `when` of the turn after it looks at.
    pub(in crate::suite) fn shown_before(&self, turn: &Turn) -> Shown {
        Shown {
            place: "in the turn before",
            ..self.shown_in_turn(turn)
        }
    }

    /// What a whole conversation shows.
    pub(in crate::suite) fn shown_in_conversation(&self, turns: &[Turn]) -> Shown {
        let any = |is_shown: fn(Shown) -> bool| turns.iter().any(|turn| is_shown(self.shown_in_turn(turn)));
        Shown {
            candidates: any(|shown| shown.candidates),
            execution: any(|shown| shown.execution),
            place: "in a turn",
        }
    }

    /// Reports expectations of Dialogflow CX that can never be observed, those under `on` included.
    pub(in crate::suite) fn check_shown(&mut self, expect: &Node, shown: Shown) {
        if self.service == Some(Service::Ces) {
            return;
        }
        let Some(map) = expect.as_map() else { return };
        self.check_all_shown(map, shown);
        let of_cx = map.get("on").and_then(|on| on.get("cx")).and_then(Node::as_map);
        if let Some(map) = of_cx {
            self.check_all_shown(map, shown);
        }
    }

    fn check_all_shown(&mut self, map: &Map, shown: Shown) {
        for key in map.entries.iter().map(|entry| &entry.key) {
            if !shown.has(&key.name) {
                self.not_shown(&key.name, key.span.clone(), shown);
            }
        }
    }

    /// Reports something that replies of this kind never show.
    pub(super) fn not_shown(&mut self, name: &str, span: Range<usize>, shown: Shown) {
        if name == "candidates" {
            let place = shown.place;
            let message = format!("`candidates` needs `via: match` or `via: match_then_fulfill` {place}");
            self.reader.error("unobservable", message, span);
        } else {
            let message = format!("`{name}` is never known after `via: match`, which runs nothing");
            self.reader
                .error("unobservable", message, span)
                .help
                .push("look at `candidates`, or use `via: match_then_fulfill`".to_owned());
        }
    }
}
