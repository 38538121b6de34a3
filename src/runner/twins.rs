//! Twins: a conversation that was played in writing and in recordings, compared turn by turn. What is looked at is what
//! came of each turn, not how the words were: intent, page, tools, replies, and expectations that hold in one of both.

use std::sync::Arc;

use serde_json::json;

use crate::expect;
use crate::model::Value;
use crate::model::event::Recorded;
use crate::model::outcome::{
    Attempt, AttemptOutcome, ConversationResult, Outcome, PlayedTurn, ReplyRecord, Sent, TwinDifference,
    Twins,
};
use crate::model::suite::Channel;

/// Finds twins among results, which come in order: twins stand beside each other.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    /// The one before, if it may have a twin.
    before: Option<Arc<ConversationResult>>,
}

impl Pairing {
    /// Gives the second of each two its comparison.
    pub(super) fn compare(&mut self, results: &mut [Recorded]) {
        for recorded in results {
            if recorded.result.twin.is_none() {
                self.before = None;
                continue;
            }
            let this = Arc::clone(&recorded.result);
            let before = self.before.take();
            match before.and_then(|before| compare(&before, &this)) {
                Some(twins) => recorded.twins = Some(Arc::new(twins)),
                None => self.before = Some(this),
            }
        }
    }
}

/// Compares two results; nothing when they are no twins.
fn compare(one: &ConversationResult, other: &ConversationResult) -> Option<Twins> {
    let name = one.twin.clone()?;
    if (&one.suite, &one.twin) != (&other.suite, &other.twin) {
        return None;
    }
    let (text, audio) = match (one.channel?, other.channel?) {
        (Channel::Text, Channel::Audio) => (one, other),
        (Channel::Audio, Channel::Text) => (other, one),
        _ => return None,
    };
    Some(Twins {
        suite: one.suite.clone(),
        name,
        file: one.file.clone(),
        line: one.line,
        text: text.verdict,
        audio: audio.verdict,
        difference: attempt_of(text)
            .zip(attempt_of(audio))
            .and_then(|(text, audio)| first_difference(text, audio)),
    })
}

/// The attempt that stands for a conversation: the first that came to its end. One that was cut short shows nothing.
fn attempt_of(result: &ConversationResult) -> Option<&Attempt> {
    let ended =
        |attempt: &&Attempt| matches!(attempt.outcome, AttemptOutcome::Passed | AttemptOutcome::Failed);
    result.attempts.iter().find(ended)
}

fn first_difference(text: &Attempt, audio: &Attempt) -> Option<TwinDifference> {
    let mut words = Words::default();
    for (text, audio) in text.turns.iter().zip(&audio.turns) {
        if [text, audio].into_iter().any(was_not_reached) {
            return None;
        }
        words.follow(text, audio);
        if let Some((kind, of_text, of_audio)) = difference(text, audio) {
            return Some(TwinDifference {
                turn: audio.index,
                file: audio.file.clone(),
                line: audio.line,
                kind,
                text: of_text,
                audio: of_audio,
                word_error_rate: words.error_rate(),
                said: words.said,
                heard: words.heard,
            });
        }
    }
    None
}

/// Whether a conversation stopped before this turn.
fn was_not_reached(turn: &PlayedTurn) -> bool {
    turn.sent == Sent::No && turn.skipped.is_none()
}

/// What was said last, and what was heard of it: a turn that says nothing may still show what was misheard before.
#[derive(Debug, Default)]
struct Words {
    said: Option<String>,
    heard: Option<String>,
}

impl Words {
    fn follow(&mut self, text: &PlayedTurn, audio: &PlayedTurn) {
        let is_recording = audio.input.get("audio").is_some() && audio.skipped.is_none();
        let said = text.input.get("say").and_then(Value::as_str);
        if let Some(said) = said.filter(|_| is_recording) {
            self.said = Some(said.to_owned());
            self.heard = audio.reply.as_ref().and_then(|reply| reply.transcript.clone());
        }
    }

    /// To a thousandth.
    fn error_rate(&self) -> Option<f64> {
        let rate = expect::word_error_rate(self.said.as_deref()?, self.heard.as_deref()?)?;
        Some((rate * 1e3).round() / 1e3)
    }
}

/// What differs first between two turns, with both sides.
fn difference(text: &PlayedTurn, audio: &PlayedTurn) -> Option<(String, Value, Value)> {
    let sides =
        |kind: &str, text: Value, audio: Value| (text != audio).then(|| (kind.to_owned(), text, audio));
    let played = |turn: &PlayedTurn| json!(turn.skipped.is_none());
    if let Some(found) = sides("played", played(text), played(audio)) {
        return Some(found);
    }
    match (&text.reply, &audio.reply) {
        (Some(of_text), Some(of_audio)) => VIEWS
            .iter()
            .find_map(|(kind, view)| sides(kind, view(of_text, text), view(of_audio, audio)))
            .or_else(|| checked_differently(text, audio)),
        (of_text, of_audio) => sides("answer", json!(of_text.is_some()), json!(of_audio.is_some())),
    }
}

type View = fn(&ReplyRecord, &PlayedTurn) -> Value;

/// What is looked at, the most telling first. What was not observed is null on both sides.
const VIEWS: [(&str, View); 9] = [
    ("intent", |reply, _| {
        json!(reply.matched.as_ref().map(|found| &found.intent))
    }),
    ("match", |reply, _| {
        json!(reply.matched.as_ref().map(|found| &found.kind))
    }),
    ("page", |reply, _| json!(reply.page)),
    ("flow", |reply, _| json!(reply.flow)),
    ("agent", |reply, _| json!(reply.agent)),
    ("playbook", |reply, _| json!(reply.playbook)),
    ("tool_calls", |_, turn| {
        json!(
            turn.calls
                .iter()
                .map(|call| json!({ "tool": call.tool, "args": call.args }))
                .collect::<Vec<_>>()
        )
    }),
    ("ended", |reply, _| json!(reply.ended.is_some())),
    ("reply", |reply, _| json!(reply.texts.join("\n"))),
];

/// The first expectation that holds in one of both and not in the other.
fn checked_differently(text: &PlayedTurn, audio: &PlayedTurn) -> Option<(String, Value, Value)> {
    let failed = |turn: &PlayedTurn, path: &str| {
        let mut of_path = turn.expectations.iter().filter(|checked| checked.path == path);
        of_path.any(|checked| checked.outcome == Outcome::Failed)
    };
    let said = |failed: bool| json!(if failed { "failed" } else { "passed" });
    text.expectations
        .iter()
        .chain(&audio.expectations)
        .map(|checked| {
            (
                &checked.path,
                failed(text, &checked.path),
                failed(audio, &checked.path),
            )
        })
        .find(|(_, of_text, of_audio)| of_text != of_audio)
        .map(|(path, of_text, of_audio)| (path.clone(), said(of_text), said(of_audio)))
}

#[cfg(test)]
mod tests;
