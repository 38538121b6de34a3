//! What is hidden in the results of a run, and where. Redaction happens after evaluation and before a result
//! leaves the executor; suite and file paths stay, because they name files of the user's own.

use super::event::{RunInfo, TargetInfo};
use super::outcome::{
    Attempt, Checked, ConversationResult, Diff, DiffLine, DiffPiece, ErrorRecord, PlayedTurn, ReplyRecord,
};
use super::transcript::{Citation, Match, Suggestion, ToolCall, WebhookStatus};
use super::{Map, Value};
use crate::redact::{PLACEHOLDER, Redact, Redactor};

impl Redact for ConversationResult {
    fn redact(&mut self, redactor: &Redactor) {
        if redactor.is_empty() {
            return;
        }
        // What a hidden member held may stand in any text of the conversation.
        let wider = redactor.learning(values_of(self, redactor));
        let redactor = wider.as_ref().unwrap_or(redactor);
        self.name.redact(redactor);
        self.row.redact(redactor);
        self.twin.redact(redactor);
        self.reason.redact(redactor);
        self.attempts.redact(redactor);
    }
}

impl Redact for Attempt {
    fn redact(&mut self, redactor: &Redactor) {
        self.error.redact(redactor);
        self.expectations.redact(redactor);
        self.turns.redact(redactor);
    }
}

impl Redact for PlayedTurn {
    fn redact(&mut self, redactor: &Redactor) {
        self.input.redact(redactor);
        self.skipped.redact(redactor);
        self.reply.redact(redactor);
        self.calls.redact(redactor);
        self.failures.redact(redactor);
        self.expectations.redact(redactor);
    }
}

impl Redact for ReplyRecord {
    fn redact(&mut self, redactor: &Redactor) {
        self.texts.redact(redactor);
        self.matched.redact(redactor);
        for place in [
            &mut self.page,
            &mut self.flow,
            &mut self.agent,
            &mut self.playbook,
        ] {
            place.redact(redactor);
        }
        self.visited.redact(redactor);
        for values in [&mut self.parameters, &mut self.ended, &mut self.handoff] {
            values.redact(redactor);
        }
        self.transfers.redact(redactor);
        self.payloads.redact(redactor);
        self.candidates.redact(redactor);
        self.webhooks.redact(redactor);
        self.citations.redact(redactor);
        self.suggestions.redact(redactor);
        self.transcript.redact(redactor);
        self.trace.asked.redact(redactor);
        self.notes.redact(redactor);
    }
}

impl Redact for Citation {
    fn redact(&mut self, redactor: &Redactor) {
        for text in [&mut self.uri, &mut self.title, &mut self.text] {
            text.redact(redactor);
        }
    }
}

impl Redact for Suggestion {
    fn redact(&mut self, redactor: &Redactor) {
        self.query.redact(redactor);
        self.uri.redact(redactor);
    }
}

impl Redact for Match {
    fn redact(&mut self, redactor: &Redactor) {
        self.intent.redact(redactor);
        self.event.redact(redactor);
        self.parameters.redact(redactor);
    }
}

impl Redact for ToolCall {
    fn redact(&mut self, redactor: &Redactor) {
        self.id.redact(redactor);
        self.tool.redact(redactor);
        self.args.redact(redactor);
        self.response.redact(redactor);
        self.agent.redact(redactor);
    }
}

impl Redact for WebhookStatus {
    fn redact(&mut self, redactor: &Redactor) {
        self.name.redact(redactor);
        self.message.redact(redactor);
    }
}

impl Redact for ErrorRecord {
    fn redact(&mut self, redactor: &Redactor) {
        self.message.redact(redactor);
        self.hint.redact(redactor);
        if let Some(diff) = &mut self.diff {
            diff.redact(redactor);
        }
    }
}

impl Redact for Checked {
    fn redact(&mut self, redactor: &Redactor) {
        if redactor.hides_path(&self.path) {
            self.hide();
            return;
        }
        self.path.redact(redactor);
        self.expected.redact(redactor);
        self.actual.redact(redactor);
        self.message.redact(redactor);
        self.diff.redact(redactor);
    }
}

impl Checked {
    /// Leaves what was looked at and what came of it, without any value.
    fn hide(&mut self) {
        for value in [&mut self.expected, &mut self.actual] {
            if !value.is_null() {
                *value = Value::String(PLACEHOLDER.to_owned());
            }
        }
        if !self.message.is_empty() {
            PLACEHOLDER.clone_into(&mut self.message);
        }
        self.diff = None;
    }
}

impl Redact for Diff {
    fn redact(&mut self, redactor: &Redactor) {
        self.lines.redact(redactor);
    }
}

impl Redact for DiffLine {
    /// Pieces are redacted as the line they make: a secret may begin in one piece and end in the next.
    fn redact(&mut self, redactor: &Redactor) {
        let line: String = self.pieces.iter().map(|piece| piece.text.as_str()).collect();
        if let std::borrow::Cow::Owned(text) = redactor.text(&line) {
            let changed = self.pieces.iter().any(|piece| piece.changed);
            self.pieces = vec![DiffPiece { text, changed }];
        }
    }
}

impl Redact for RunInfo {
    fn redact(&mut self, redactor: &Redactor) {
        self.targets.redact(redactor);
    }
}

impl Redact for TargetInfo {
    fn redact(&mut self, redactor: &Redactor) {
        self.agent.redact(redactor);
        self.app.redact(redactor);
        self.environment.redact(redactor);
        self.versions.redact(redactor);
    }
}

/// Every value of a result that may have members with hidden names; with `true`, those that are hidden by the
/// path of an expectation.
fn values_of<'result>(
    result: &'result ConversationResult,
    redactor: &Redactor,
) -> Vec<(&'result Value, bool)> {
    let mut values = Vec::new();
    for attempt in &result.attempts {
        for turn in &attempt.turns {
            values.push((&turn.input, false));
            values.extend(turn.reply.iter().flat_map(|reply| reply_values(reply, redactor)));
            for call in &turn.calls {
                values.extend(members(&call.args, redactor));
                values.extend(call.response.iter().map(|response| (response, false)));
            }
        }
        let of_turns = attempt.turns.iter().flat_map(|turn| &turn.expectations);
        for checked in attempt.expectations.iter().chain(of_turns) {
            let hidden = redactor.hides_path(&checked.path);
            values.extend([(&checked.expected, hidden), (&checked.actual, hidden)]);
        }
    }
    values
}

fn reply_values<'reply>(
    reply: &'reply ReplyRecord,
    redactor: &Redactor,
) -> impl Iterator<Item = (&'reply Value, bool)> {
    let maps = [&reply.parameters, &reply.ended, &reply.handoff]
        .into_iter()
        .flatten();
    let matches = reply.matched.iter().chain(&reply.candidates);
    maps.chain(matches.map(|matched| &matched.parameters))
        .flat_map(|map| members(map, redactor))
        .chain(reply.payloads.iter().map(|payload| (payload, false)))
}

fn members<'map>(map: &'map Map, redactor: &Redactor) -> impl Iterator<Item = (&'map Value, bool)> {
    map.iter()
        .map(|(name, value)| (value, redactor.hides_member(name)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A result that repeats a card number in every place there is.
    fn leaky() -> ConversationResult {
        let checked = |path: &str, actual: Value| {
            json!({"kind": "parameters", "path": path, "line": 5, "outcome": "failed", "expected": "5500-0000",
                "actual": actual, "message": "is 4111-2222, not 5500-0000",
                "diff": {"lines": [{"side": "actual", "pieces": [{"text": "card 4111-"},
                    {"text": "2222 ok", "changed": true}]}]}})
        };
        serde_json::from_value(json!({
            "suite": "billing/pay", "name": "pays with 4111-2222", "file": "billing/pay.yaml", "line": 3, "tags": [],
            "target": "flights", "verdict": "failed", "reason": "4111-2222 is not 5500-0000",
            "attempts": [{
                "session": "s", "started_at": "2026-01-01T00:00:00Z", "elapsed_ms": 1.0, "play": 1,
                "outcome": "failed", "error": {"kind": "service", "message": "refused 4111-2222"},
                "turns": [{
                    "index": 1, "file": "billing/pay.yaml", "line": 4, "input": {"say": "it is 4111-2222"},
                    "sent": "yes", "latency_ms": {"first": 1.0, "total": 1.0},
                    "reply": {"texts": ["so 4111-2222"], "parameters": {"Card": "4111-2222", "city": "Paris"},
                        "match": {"kind": "intent", "intent": "pay", "event": null, "confidence": 1.0,
                            "parameters": {"card": "4111-2222"}},
                        "payloads": [{"said": "4111-2222"}]},
                    "calls": [{"tool": "charge", "args": {"number": "4111-2222"}, "source": "agent"}],
                    "failures": ["nothing answered charge(4111-2222)"],
                    "expectations": [checked("parameters.card", json!("4111-2222")),
                        checked("parameters", json!({"card": "4111-2222", "city": "Paris"}))]
                }]
            }]
        }))
        .unwrap()
    }

    #[test]
    fn a_hidden_member_is_hidden_wherever_its_value_is_repeated() {
        let mut redactor = Redactor::new();
        redactor.hide_member("card");
        let mut result = leaky();
        result.redact(&redactor);
        let shown = serde_json::to_string(&result).unwrap();
        for trace in ["4111", "2222", "5500"] {
            assert!(!shown.contains(trace), "{shown}");
        }
        assert!(
            shown.contains("Paris") && shown.contains("billing/pay.yaml"),
            "{shown}"
        );
        let turn = &result.attempts[0].turns[0];
        assert_eq!(turn.expectations[0].diff, None);
        let lines = &turn.expectations[1].diff.as_ref().unwrap().lines;
        assert_eq!(
            lines[0].pieces,
            [DiffPiece {
                text: "card [redacted] ok".to_owned(),
                changed: true
            }]
        );
    }

    #[test]
    fn nothing_to_hide_changes_nothing() {
        let mut result = leaky();
        result.redact(&Redactor::new());
        assert_eq!(result, leaky());
    }

    #[test]
    fn a_target_shows_no_value_of_the_environment() {
        let mut redactor = Redactor::new();
        redactor.hide_secret("acme-prod");
        let mut target = TargetInfo {
            agent: Some("projects/acme-prod/x".to_owned()),
            ..TargetInfo::default()
        };
        target.redact(&redactor);
        assert_eq!(target.agent.as_deref(), Some("projects/[redacted]/x"));
    }
}
