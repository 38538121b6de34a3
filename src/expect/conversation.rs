//! Expectations about a whole conversation: the replies are made one, then looked at like a turn's.

use std::time::Duration;

use crate::model::outcome::{Checked, Outcome};
use crate::model::suite::{Check, Expectation};
use crate::model::transcript::{AgentReply, Latency, Match, Observed};

use super::{TurnContext, check, evaluate_turn, tool_calls};

/// Evaluates expectations over all replies.
pub(super) fn evaluate(
    expectations: &[Expectation],
    replies: &[AgentReply],
    context: &TurnContext<'_>,
) -> Vec<Checked> {
    if expectations.is_empty() {
        return Vec::new();
    }
    let Some(whole) = whole(replies) else {
        return expectations.iter().map(nothing_answered).collect();
    };
    expectations
        .iter()
        .flat_map(|expectation| {
            if let (Check::ToolCalls(wanted), Observed::Unseen(reason)) =
                (&expectation.check, &whole.tool_calls)
            {
                let seen = replies
                    .iter()
                    .filter_map(|reply| reply.tool_calls.seen())
                    .flatten();
                let seen: Vec<_> = seen.cloned().collect();
                return tool_calls::rows_of_some(expectation, wanted, &seen, reason, context);
            }
            evaluate_turn(std::slice::from_ref(expectation), &whole, context)
        })
        .collect()
}

fn nothing_answered(expectation: &Expectation) -> Checked {
    let kind = check::kind(&expectation.check);
    Checked {
        kind: kind.to_owned(),
        path: kind.to_owned(),
        line: expectation.line,
        outcome: if expectation.required {
            Outcome::Unobservable
        } else {
            Outcome::Skipped
        },
        expected: serde_json::Value::Null,
        actual: serde_json::Value::Null,
        message: "no turn was answered".to_owned(),
        diff: None,
        is_mistake: false,
    }
}

/// The conversation as one reply; `None` when nothing was answered.
fn whole(replies: &[AgentReply]) -> Option<AgentReply> {
    let last = replies.last()?;
    Some(AgentReply {
        texts: replies
            .iter()
            .flat_map(|reply| reply.texts.iter().cloned())
            .collect(),
        visited: joined(replies, |reply| &reply.visited),
        tool_calls: joined(replies, |reply| &reply.tool_calls),
        transfers: joined(replies, |reply| &reply.transfers),
        webhooks: joined(replies, |reply| &reply.webhooks),
        citations: joined(replies, |reply| &reply.citations),
        spans: joined(replies, |reply| &reply.spans),
        suggestions: replies
            .iter()
            .flat_map(|reply| reply.suggestions.iter().cloned())
            .collect(),
        ended: replies.iter().rev().find_map(|reply| reply.ended.clone()),
        handoff: replies.iter().rev().find_map(|reply| reply.handoff.clone()),
        payloads: replies
            .iter()
            .flat_map(|reply| reply.payloads.iter().cloned())
            .collect(),
        candidates: candidates(replies).unwrap_or_else(|| last.candidates.clone()),
        latency: Latency {
            first: replies
                .first()
                .map(|reply| reply.latency.first)
                .unwrap_or_default(),
            total: replies.iter().fold(Duration::ZERO, |sum, reply| {
                sum.saturating_add(reply.latency.total)
            }),
        },
        ..last.clone()
    })
}

/// What all turns offered that could: the others were not asked. Nothing when none could.
fn candidates(replies: &[AgentReply]) -> Option<Observed<Vec<Match>>> {
    let mut offered = replies
        .iter()
        .filter_map(|reply| reply.candidates.seen())
        .peekable();
    offered.peek()?;
    Some(Observed::Seen(offered.flatten().cloned().collect()))
}

/// All items in order; when a turn did not show its items, none are known for certain.
fn joined<T: Clone>(
    replies: &[AgentReply],
    find: impl Fn(&AgentReply) -> &Observed<Vec<T>>,
) -> Observed<Vec<T>> {
    let mut all = Vec::new();
    for (index, reply) in replies.iter().enumerate() {
        match find(reply) {
            Observed::Seen(items) => all.extend(items.iter().cloned()),
            Observed::Unseen(reason) => {
                return Observed::Unseen(format!("turn {}: {reason}", index + 1).into());
            }
        }
    }
    Observed::Seen(all)
}
