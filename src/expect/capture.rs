//! Captures: a value of a reply, remembered for later templates.

use crate::model::suite::{Capture, Service};
use crate::model::transcript::{AgentReply, Match, Observed, ToolCall};
use crate::model::{Value, pattern};

use super::check::{candidate, decimal, evidence, visible_texts, webhook};
use super::describe;
use super::path::{Step, parameter, parse, walk};

/// What a capture looks at, and how it is written, for messages.
const ROOTS: &str = "reply, replies, intent, confidence, match, page, flow, agent, playbook, visited, parameters, \
                     tool_calls, transfer, ended, handoff, payload, candidates, webhook, citations, suggestions, spans, sentiment, transcript, raw";

/// Why there is nothing to capture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaptureError {
    /// The service did not show what is to be captured: nobody knows whether it is there.
    #[error("{0}")]
    Unobserved(String),
    /// It is not there, or the path or the pattern is wrong.
    #[error("{0}")]
    Absent(String),
}

impl From<String> for CaptureError {
    fn from(message: String) -> Self {
        Self::Absent(message)
    }
}

/// The value that a capture takes from a reply.
///
/// `from` starts with an expectation's name, and goes on as a path: `parameters.booking_ref`, `replies[0]`,
/// `tool_calls[0].args.order_id`, `payload.card.title` (of the first payload that has it; `payload[1]` is the second
/// payload), `ended.reason`. With `matches`, the first group of the pattern, or all it found, in the text there.
///
/// # Errors
/// As a lowercase fragment: there is no such value, it was not observed, the path or the pattern is wrong.
pub fn capture(capture: &Capture, reply: &AgentReply, service: Service) -> Result<Value, CaptureError> {
    let value = find(&capture.from, reply, service)?;
    let Some(expression) = &capture.matches else {
        return Ok(value);
    };
    let text = match &value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => describe::show(&value),
        other => {
            let given = describe::show(other);
            let message = format!("`{}` is {given}; a pattern looks at text", capture.from);
            return Err(message.into());
        }
    };
    let regex = pattern::compile(expression).map_err(|error| pattern::why(&error))?;
    let found = regex
        .captures(&text)
        .ok_or_else(|| format!("/{expression}/ was not found in {}", describe::quote(&text)))?;
    let group = found.get(1).or_else(|| found.get(0));
    Ok(Value::from(group.map_or("", |group| group.as_str())))
}

/// Whether what a capture comes from is a path.
///
/// # Errors
/// What is wrong with it, as a lowercase fragment.
pub fn check_path(from: &str) -> Result<(), String> {
    parse(from).map(drop)
}

fn find(from: &str, reply: &AgentReply, service: Service) -> Result<Value, CaptureError> {
    let steps = parse(from)?;
    let Some((Step::Member(root), below)) = steps.split_first() else {
        return Err(format!("`{from}` must start with one of {ROOTS}").into());
    };
    let absent = || CaptureError::Absent(format!("there is no {from} in the reply"));
    if root == "parameters" {
        let parameters = seen(&reply.parameters, "parameters")?;
        let name = from.strip_prefix("parameters").unwrap_or_default();
        let name = name.strip_prefix('.').unwrap_or(name);
        if name.is_empty() {
            return Ok(Value::Object(parameters.clone()));
        }
        let found = parameter(parameters, name, service == Service::Cx);
        return found.filter(|value| !value.is_null()).cloned().ok_or_else(absent);
    }
    if root == "payload" {
        let of_one = reply.payloads.iter().find_map(|payload| walk(payload, below));
        let all = Value::Array(reply.payloads.clone());
        return of_one.or_else(|| walk(&all, below)).cloned().ok_or_else(absent);
    }
    let value = root_value(root, reply)?.ok_or_else(absent)?;
    walk(&value, below)
        .filter(|value| !value.is_null())
        .cloned()
        .ok_or_else(absent)
}

fn seen<'a, T>(observed: &'a Observed<T>, name: &str) -> Result<&'a T, CaptureError> {
    match observed {
        Observed::Seen(value) => Ok(value),
        Observed::Unseen(reason) => Err(CaptureError::Unobserved(format!(
            "{name} cannot be captured: {reason}"
        ))),
    }
}

fn root_value(root: &str, reply: &AgentReply) -> Result<Option<Value>, CaptureError> {
    let place = |observed| seen::<String>(observed, root).map(|name| Some(Value::String(name.clone())));
    let matched = |find: fn(&Match) -> Option<Value>| seen(&reply.matched, root).map(find);
    let several = |values: Vec<Value>| Ok(Some(Value::Array(values)));
    match root {
        "reply" => Ok(Some(Value::String(reply.texts.join("\n")))),
        "replies" => Ok(Some(visible_texts(reply))),
        "intent" => matched(|matched| matched.intent.clone().map(Value::String)),
        "confidence" => matched(|matched| Some(decimal(matched.confidence))),
        "match" => matched(|matched| Some(Value::String(matched.kind.clone()))),
        "page" => place(&reply.page),
        "flow" => place(&reply.flow),
        "agent" => place(&reply.agent),
        "playbook" => place(&reply.playbook),
        "visited" => Ok(Some(Value::from(seen(&reply.visited, root)?.clone()))),
        "tool_calls" => several(seen(&reply.tool_calls, root)?.iter().map(call).collect()),
        "transfer" => Ok(seen(&reply.transfers, root)?.last().cloned().map(Value::String)),
        "ended" => Ok(reply.ended.clone().map(Value::Object)),
        "handoff" => Ok(reply.handoff.clone().map(Value::Object)),
        "candidates" => several(seen(&reply.candidates, root)?.iter().map(candidate).collect()),
        "webhook" => several(seen(&reply.webhooks, root)?.iter().map(webhook).collect()),
        "citations" => several(seen(&reply.citations, root)?.iter().map(evidence).collect()),
        "suggestions" => several(reply.suggestions.iter().map(evidence).collect()),
        "spans" => several(seen(&reply.spans, root)?.iter().map(evidence).collect()),
        "sentiment" => Ok(Some(evidence(seen(&reply.sentiment, root)?))),
        "transcript" => Ok(Some(Value::String(seen(&reply.transcript, root)?.clone()))),
        "raw" => Ok(reply.raw.clone()),
        other => Err(format!("`{other}` cannot be captured; one of {ROOTS} can").into()),
    }
}

fn call(call: &ToolCall) -> Value {
    serde_json::to_value(call).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::model::transcript::CallSource;

    use super::*;

    fn reply() -> AgentReply {
        let object = |value: Value| match value {
            Value::Object(members) => members,
            _ => unreachable!(),
        };
        AgentReply {
            texts: vec!["Your code is".into(), " ".into(), "BK-7Q2M.".into()],
            parameters: Observed::Seen(object(json!({"bookingref": "X1", "party": 4, "gone": null}))),
            tool_calls: Observed::Seen(vec![ToolCall {
                id: "1".into(),
                tool: "lookup".into(),
                args: object(json!({"order_id": "A1"})),
                response: None,
                source: CallSource::Client,
                agent: None,
            }]),
            payloads: vec![json!({"a": 1}), json!({"card": {"title": "T"}})],
            ended: Some(object(json!({"reason": "done"}))),
            ..AgentReply::default()
        }
    }

    fn captured(from: &str, matches: Option<&str>) -> Result<Value, String> {
        let wanted = Capture {
            name: "x".into(),
            line: 1,
            from: from.into(),
            matches: matches.map(str::to_owned),
        };
        capture(&wanted, &reply(), Service::Cx).map_err(|error| error.to_string())
    }

    #[test]
    fn what_was_not_shown_is_told_from_what_is_not_there() {
        let from = |from: &str| {
            let (name, from) = ("x".to_owned(), from.to_owned());
            let wanted = Capture {
                name,
                line: 1,
                from,
                matches: None,
            };
            capture(&wanted, &AgentReply::default(), Service::Ces).unwrap_err()
        };
        for unseen in ["parameters.a", "page", "intent", "tool_calls[0].tool", "transfer"] {
            assert!(matches!(from(unseen), CaptureError::Unobserved(_)), "{unseen}");
        }
        for absent in ["ended.reason", "payload.a", "replies[3]", "nonsense"] {
            assert!(matches!(from(absent), CaptureError::Absent(_)), "{absent}");
        }
    }

    #[test]
    fn values_are_found() {
        for (from, matches, value) in [
            ("parameters.bookingRef", None, json!("X1")),
            ("parameters[\"bookingref\"]", None, json!("X1")),
            ("parameters.party", None, json!(4)),
            ("parameters.party", Some("\\d"), json!("4")),
            ("reply", Some("code is\\s+([A-Z0-9-]+)"), json!("BK-7Q2M")),
            ("reply", Some("BK-\\w+"), json!("BK-7Q2M")),
            ("replies[1]", None, json!("BK-7Q2M.")),
            ("tool_calls[0].args.order_id", None, json!("A1")),
            ("payload.card.title", None, json!("T")),
            ("payload[0].a", None, json!(1)),
            ("ended.reason", None, json!("done")),
        ] {
            assert_eq!(captured(from, matches), Ok(value), "{from}");
        }
    }

    #[test]
    fn what_cannot_be_captured_is_told() {
        for (from, matches, message) in [
            (
                "parameters.nothing",
                None,
                "there is no parameters.nothing in the reply",
            ),
            (
                "parameters.gone",
                None,
                "there is no parameters.gone in the reply",
            ),
            (
                "page",
                None,
                "page cannot be captured: the service did not report it",
            ),
            (
                "reply",
                Some("xyz"),
                "/xyz/ was not found in \"Your code is\\n \\nBK-7Q2M.\"",
            ),
            (
                "reply",
                Some("("),
                "the regular expression is not valid: unclosed group",
            ),
            (
                "ended",
                Some("x"),
                "`ended` is {reason: \"done\"}; a pattern looks at text",
            ),
            ("handoff", None, "there is no handoff in the reply"),
        ] {
            assert_eq!(captured(from, matches), Err(message.to_owned()), "{from}");
        }
        assert!(
            captured("repyl", None)
                .unwrap_err()
                .starts_with("`repyl` cannot be captured")
        );
        assert!(captured("[0]", None).unwrap_err().contains("must start with"));
    }
}
