//! The replies of one turn, joined: a client-side tool call parts an answer in several, the report shows one.

use crate::model::Value;
use crate::model::transcript::{AgentReply, CallSource, Observed, Spoken, ToolCall};

/// Adds a later part of the same turn. Texts, payloads, calls and places add up, calls merged by id; where the turn
/// ended is what the later part says, if it says so.
pub(super) fn append(whole: &mut AgentReply, part: AgentReply) {
    whole.texts.extend(part.texts);
    later(&mut whole.matched, part.matched);
    later(&mut whole.page, part.page);
    later(&mut whole.flow, part.flow);
    later(&mut whole.agent, part.agent);
    later(&mut whole.playbook, part.playbook);
    later(&mut whole.parameters, part.parameters);
    later(&mut whole.transcript, part.transcript);
    whole.interrupted |= part.interrupted;
    whole.audio = spoken(std::mem::take(&mut whole.audio), part.audio);
    join(&mut whole.visited, part.visited, |places, more| {
        for place in more {
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    });
    join(&mut whole.tool_calls, part.tool_calls, |calls, more| {
        merge_calls(calls, more, &part.pending);
    });
    join(&mut whole.transfers, part.transfers, Vec::extend);
    join(&mut whole.webhooks, part.webhooks, Vec::extend);
    join(&mut whole.citations, part.citations, Vec::extend);
    join(&mut whole.spans, part.spans, Vec::extend);
    whole.suggestions.extend(part.suggestions);
    later(&mut whole.sentiment, part.sentiment);
    whole.trace.extend(&part.trace);
    whole.ended = part.ended.or(whole.ended.take());
    whole.handoff = part.handoff.or(whole.handoff.take());
    whole.payloads.extend(part.payloads);
    if part.candidates.seen().is_some_and(|offered| !offered.is_empty()) {
        whole.candidates = part.candidates;
    }
    whole.pending = part.pending;
    whole.latency.total += part.latency.total;
    whole.notes.extend(part.notes);
    whole.raw = match (whole.raw.take(), part.raw) {
        (Some(first), Some(second)) => Some(Value::Array(listed(first).chain(listed(second)).collect())),
        (first, second) => second.or(first),
    };
}

/// Notes what a call was answered with, unless the service said so itself.
pub(super) fn answered(reply: &mut AgentReply, call: &ToolCall, response: &Value) {
    if let Observed::Seen(calls) = &mut reply.tool_calls {
        let known = calls.iter_mut().find(|known| {
            let waits = known.response.is_none();
            known.id == call.id && (!call.id.is_empty() || waits && is_alike(known, call))
        });
        if let Some(known) = known {
            known.response.get_or_insert_with(|| response.clone());
        } else {
            calls.push(ToolCall {
                response: Some(response.clone()),
                ..call.clone()
            });
        }
    }
}

/// Without ids, what is told again is what was left to the client: the same tool and arguments.
fn is_alike(one: &ToolCall, other: &ToolCall) -> bool {
    one.source == CallSource::Client
        && other.source == CallSource::Client
        && one.tool == other.tool
        && one.args == other.args
}

/// Adds calls that are not known yet. Without ids, one that was answered may be told again, once; one that waits is new.
fn merge_calls(calls: &mut Vec<ToolCall>, more: Vec<ToolCall>, waiting: &[ToolCall]) {
    let mut told_again = vec![false; calls.len()];
    for call in more {
        let waits = waiting.iter().any(|waiting| is_alike(waiting, &call));
        let known = calls.iter().zip(&told_again).position(|(known, told_again)| {
            let is_retold = !told_again && !waits && known.response.is_some() && is_alike(known, &call);
            known.id == call.id && (!call.id.is_empty() || is_retold)
        });
        let Some(position) = known else {
            calls.push(call);
            told_again.push(true);
            continue;
        };
        told_again[position] = true;
        let known = &mut calls[position];
        if call.response.is_some() {
            known.response = call.response;
        }
        if known.agent.is_none() {
            known.agent = call.agent;
        }
    }
}

/// One after the other, where both were spoken in the same way.
fn spoken(first: Observed<Option<Spoken>>, second: Observed<Option<Spoken>>) -> Observed<Option<Spoken>> {
    match (first, second) {
        (Observed::Seen(Some(mut first)), Observed::Seen(Some(second))) if first.format == second.format => {
            std::sync::Arc::make_mut(&mut first.bytes).extend_from_slice(&second.bytes);
            Observed::Seen(Some(first))
        }
        (first @ Observed::Seen(Some(_)), Observed::Seen(None))
        | (first @ Observed::Seen(_), Observed::Unseen(_)) => first,
        (_, second) => second,
    }
}

/// The later one, if it was observed.
fn later<T>(whole: &mut Observed<T>, part: Observed<T>) {
    if matches!(part, Observed::Seen(_)) {
        *whole = part;
    }
}

/// Both together, if both were observed: half a list would let `never` pass.
fn join<T>(whole: &mut Observed<Vec<T>>, part: Observed<Vec<T>>, join: impl FnOnce(&mut Vec<T>, Vec<T>)) {
    match (&mut *whole, part) {
        (Observed::Seen(list), Observed::Seen(more)) => join(list, more),
        (Observed::Seen(_), unseen @ Observed::Unseen(_)) => *whole = unseen,
        (Observed::Unseen(_), _) => {}
    }
}

fn listed(raw: Value) -> impl Iterator<Item = Value> {
    match raw {
        Value::Array(responses) => responses,
        response => vec![response],
    }
    .into_iter()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::model::transcript::{CallSource, Latency};

    fn call(id: &str, response: Option<Value>) -> ToolCall {
        ToolCall {
            id: id.to_owned(),
            tool: "lookup".to_owned(),
            args: crate::model::Map::new(),
            response,
            source: CallSource::Client,
            agent: None,
        }
    }

    fn seen(places: &[&str]) -> Observed<Vec<String>> {
        Observed::Seen(places.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn parts_add_up_and_the_later_place_counts() {
        let mut whole = AgentReply {
            texts: vec!["one".to_owned()],
            page: Observed::Seen("A".to_owned()),
            agent: Observed::Seen("root".to_owned()),
            visited: seen(&["A", "B"]),
            tool_calls: Observed::Seen(vec![call("1", None)]),
            transfers: seen(&[]),
            webhooks: Observed::Seen(Vec::new()),
            latency: Latency {
                first: Duration::from_millis(10),
                total: Duration::from_millis(30),
            },
            raw: Some(json!({"n": 1})),
            pending: vec![call("1", None)],
            ..AgentReply::default()
        };
        let part = AgentReply {
            texts: vec!["two".to_owned()],
            page: Observed::Seen("C".to_owned()),
            visited: seen(&["B", "C"]),
            tool_calls: Observed::Seen(vec![call("1", Some(json!("ok"))), call("2", None)]),
            ended: Some(crate::model::Map::new()),
            latency: Latency {
                first: Duration::from_millis(5),
                total: Duration::from_millis(7),
            },
            raw: Some(json!([{"n": 2}, {"n": 3}])),
            ..AgentReply::default()
        };
        append(&mut whole, part);
        assert_eq!(whole.texts, ["one", "two"]);
        assert_eq!(whole.page.seen().unwrap(), "C");
        assert_eq!(whole.agent.seen().unwrap(), "root");
        assert_eq!(whole.visited, seen(&["A", "B", "C"]));
        let calls = whole.tool_calls.seen().unwrap();
        assert_eq!(calls, &[call("1", Some(json!("ok"))), call("2", None)]);
        assert!(
            whole.transfers.seen().is_none(),
            "half of the transfers is not all of them"
        );
        assert!(whole.ended.is_some() && whole.pending.is_empty());
        assert_eq!(whole.latency.first, Duration::from_millis(10));
        assert_eq!(whole.latency.total, Duration::from_millis(37));
        assert_eq!(whole.raw, Some(json!([{"n": 1}, {"n": 2}, {"n": 3}])));
    }

    #[test]
    fn equal_calls_without_an_id_are_separate_calls() {
        let mut calls = vec![call("", None)];
        merge_calls(&mut calls, vec![call("", None)], &[]);
        assert_eq!(calls.len(), 2);
    }

    /// Two calls of the client's were told as six: when they were left to it, when it answered, and at the turn's end.
    #[test]
    fn answered_calls_without_an_id_may_be_told_again() {
        let ours = |response| ToolCall {
            source: CallSource::Client,
            ..call("", response)
        };
        let mut reply = AgentReply {
            tool_calls: Observed::Seen(vec![ours(None), ours(None)]),
            ..AgentReply::default()
        };
        for answer in ["first", "second"] {
            answered(&mut reply, &ours(None), &json!(answer));
        }
        let Observed::Seen(mut calls) = reply.tool_calls else {
            panic!("they are seen")
        };
        let both = [ours(Some(json!("first"))), ours(Some(json!("second")))];
        assert_eq!(calls, both);
        merge_calls(&mut calls, vec![ours(None), ours(None)], &[]);
        assert_eq!(calls, both);
        merge_calls(&mut calls, vec![ours(None)], &[ours(None)]);
        assert_eq!(calls.len(), 3, "one that waits is a new one");
    }

    #[test]
    fn an_answer_is_noted_at_its_call() {
        let mut reply = AgentReply {
            tool_calls: Observed::Seen(vec![call("1", None), call("2", Some(json!("seen")))]),
            ..AgentReply::default()
        };
        answered(&mut reply, &call("1", None), &json!("mine"));
        answered(&mut reply, &call("2", None), &json!("mine"));
        answered(&mut reply, &call("3", None), &json!("new"));
        let responses: Vec<_> = reply
            .tool_calls
            .seen()
            .unwrap()
            .iter()
            .map(|call| call.response.clone().unwrap())
            .collect();
        assert_eq!(responses, [json!("mine"), json!("seen"), json!("new")]);
    }
}
