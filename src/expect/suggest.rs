//! The `expect:` block that would have passed: shown under a failure, and by `--print-expect`.

use crate::model::capability::Group;
use crate::model::outcome::{Checked, Outcome, ReplyRecord};
use crate::model::transcript::ToolCall;
use crate::model::{Map, Value};
use crate::redact::PLACEHOLDER;
use crate::yaml::write::{Node, Writer};

use super::path::parameter;
use super::text::{collapse, single_blanks};

/// Longest text that is suggested whole; of longer ones the beginning is.
const LONGEST_TEXT: usize = 400;
/// The expectation about parameters, of which each stands for itself.
const PARAMETERS: &str = "parameters";
/// Parameters suggested when a turn has no expectations at all.
const MOST_PARAMETERS: usize = 20;

/// Keys that stand beside operators, or in their place.
const BESIDE_OPERATORS: [&str; 3] = ["required", "path", "none"];

/// Whether a key means itself where a member may stand, and not an operator.
fn is_member(name: &str) -> bool {
    Group::Operator.key(name).is_none() && !BESIDE_OPERATORS.contains(&name)
}

/// A name that a suite would take for a template cannot be written in one.
fn is_template(name: &str) -> bool {
    name.contains("{{")
}

/// What would have passed in place of the failed expectations; `None` when nothing failed that another expectation
/// could replace (a latency, a part of the raw response).
pub fn suggest_for_failures(reply: &ReplyRecord, calls: &[ToolCall], checked: &[Checked]) -> Option<String> {
    let mut block = Block::default();
    for row in checked.iter().filter(|row| row.outcome == Outcome::Failed) {
        block.add(row, reply, calls);
    }
    block.text()
}

/// What would have passed of everything a turn shows: for a turn without expectations. With the parameters before the
/// turn, only those that it changed.
pub fn suggest_all(
    reply: &ReplyRecord,
    calls: &[ToolCall],
    parameters_before: Option<&Map>,
) -> Option<String> {
    let mut block = Block::default();
    match &reply.matched {
        Some(matched) if matched.intent.is_some() && matched.kind.ends_with("intent") => {
            block.put("intent", intent(reply));
        }
        Some(matched) => block.put("match", Some(Node::text(&matched.kind))),
        None => {}
    }
    block.put("page", name(reply.page.as_ref()));
    block.put("agent", name(reply.agent.as_ref()));
    block.put("playbook", name(reply.playbook.as_ref()));
    let visible = visible(reply);
    match visible.as_slice() {
        [] => {}
        [_] => block.put("reply", Some(whole_text(reply))),
        several => block.put(
            "replies",
            Some(Node::List(several.iter().map(|text| text_node(text)).collect())),
        ),
    }
    if let Some(parameters) = &reply.parameters {
        let named = parameters.iter().filter(|(name, _)| !is_template(name));
        let changed = named.filter(|(name, value)| {
            let before = parameters_before.map(|before| before.get(*name).unwrap_or(&Value::Null));
            before.map_or(!value.is_null(), |before| before != *value)
        });
        let members: Vec<(String, Node)> = changed
            .take(MOST_PARAMETERS)
            .map(|(name, value)| (name.clone(), node(value)))
            .collect();
        if !members.is_empty() {
            block.put(PARAMETERS, Some(Node::Map(members)));
        }
    }
    if !calls.is_empty() {
        block.put("tool_calls", Some(tool_calls(calls)));
    }
    if !reply.transfers.is_empty() {
        block.put("transfer", Some(transfer(reply)));
    }
    if !reply.payloads.is_empty() {
        block.put("payload", Some(payload(reply)));
    }
    if reply.handoff.is_some() {
        block.put("handoff", Some(signal(reply.handoff.as_ref())));
    }
    if reply.ended.is_some() {
        block.put("ended", Some(Node::Plain(Value::Bool(true))));
    }
    block.text()
}

/// The block in the making: expectations by name, in the order they were put.
#[derive(Default)]
struct Block {
    entries: Vec<(String, Node)>,
}

impl Block {
    fn text(mut self) -> Option<String> {
        self.forget_hidden();
        if self.entries.is_empty() {
            return None;
        }
        Some(WRITER.block(&Node::member("expect", Node::Map(self.entries)), 0))
    }

    /// What was redacted is not what was there, and cannot be expected.
    fn forget_hidden(&mut self) {
        for (kind, node) in &mut self.entries {
            if let (PARAMETERS, Node::Map(members)) = (kind.as_str(), node) {
                members.retain(|(_, value)| !value.holds(PLACEHOLDER));
            }
        }
        self.entries.retain(|(_, node)| match node {
            Node::Map(members) if members.is_empty() => false,
            node => !node.holds(PLACEHOLDER),
        });
    }

    fn put(&mut self, kind: &str, node: Option<Node>) {
        if let Some(node) = node
            && !self.entries.iter().any(|(name, _)| name == kind)
        {
            self.entries.push((kind.to_owned(), node));
        }
    }

    fn add(&mut self, row: &Checked, reply: &ReplyRecord, calls: &[ToolCall]) {
        let kind = row.kind.as_str();
        let node = match kind {
            "reply" => Some(whole_text(reply)),
            "replies" => {
                let texts = visible(reply).into_iter().map(text_node).collect();
                Some(Node::List(texts))
            }
            "intent" => intent(reply),
            "confidence" => reply.matched.as_ref().map(|matched| at_least(matched.confidence)),
            "match" => reply.matched.as_ref().map(|matched| Node::text(&matched.kind)),
            "page" => name(reply.page.as_ref()),
            "flow" => name(reply.flow.as_ref()),
            "agent" => name(reply.agent.as_ref()),
            "playbook" => name(reply.playbook.as_ref()),
            "visited" => visited(reply),
            PARAMETERS => return self.add_parameter(row, reply),
            "all_parameters" => reply.parameters.as_ref().and_then(all_parameters),
            "tool_calls" => Some(tool_calls(calls)),
            "transfer" => Some(transfer(reply)),
            "ended" => Some(Node::Plain(Value::Bool(reply.ended.is_some()))),
            "handoff" => Some(signal(reply.handoff.as_ref())),
            "payload" => Some(payload(reply)),
            "citations" => Some(all_of(&reply.citations)),
            "suggestions" => Some(all_of(&reply.suggestions)),
            "candidates" => Some(candidates(reply)),
            "webhook" => Some(webhooks(reply)),
            _ => None,
        };
        self.put(kind, node);
    }

    fn add_parameter(&mut self, row: &Checked, reply: &ReplyRecord) {
        let Some(parameters) = &reply.parameters else {
            return;
        };
        let name = row.path.strip_prefix(PARAMETERS).unwrap_or(&row.path);
        let name = name.strip_prefix('.').unwrap_or(name);
        if is_template(name) {
            return;
        }
        let found = parameter(parameters, name, true);
        let member = (name.to_owned(), found.map_or_else(absent, node));
        if let Some((_, Node::Map(members))) = self.entries.iter_mut().find(|(kind, _)| kind == PARAMETERS) {
            members.push(member);
        } else {
            self.entries
                .push((PARAMETERS.to_owned(), Node::Map(vec![member])));
        }
    }
}

fn absent() -> Node {
    Node::Map(vec![("absent".to_owned(), Node::Plain(Value::Bool(true)))])
}

/// Members with a line for each entry: easier to copy one of them.
const WRITER: Writer = Writer {
    open: &["expect", PARAMETERS, "all_parameters", "tool_calls", "replies"],
};

/// A matcher that the value passes, as plain as it can be.
fn node(value: &Value) -> Node {
    match value {
        Value::Null => absent(),
        Value::String(text) => text_node(text),
        Value::Array(_) | Value::Object(_) if holds_template(value) => {
            Node::member("present", Node::Plain(Value::Bool(true)))
        }
        Value::Array(_) | Value::Object(_) if is_plain(value) => Node::Plain(value.clone()),
        Value::Array(_) | Value::Object(_) => Node::member("equals", Node::Plain(value.clone())),
        other => Node::Plain(other.clone()),
    }
}

/// Whether a value means itself when it is written as it is.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(members) => {
            !members.is_empty()
                && members
                    .iter()
                    .all(|(name, value)| is_member(name) && is_plain(value))
        }
        _ => true,
    }
}

fn holds_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Array(items) => items.iter().any(holds_template),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| is_template(name) || holds_template(value)),
        _ => false,
    }
}

/// A matcher that the text passes: the text itself, its beginning when it is long, a pattern when it would be taken
/// for a template.
fn text_node(text: &str) -> Node {
    // A pattern is held against the text as it is, letters put together as they are.
    let text = if text.contains("{{") {
        single_blanks(text.trim())
    } else {
        collapse(text)
    };
    let end = text.char_indices().nth(LONGEST_TEXT).map(|(end, _)| end);
    let Some(start) = end.and_then(|end| text.get(..end)) else {
        return whole_or_pattern(&text, "^", "$", Node::text);
    };
    let at_word = start.rfind(' ').and_then(|end| start.get(..end)).unwrap_or(start);
    whole_or_pattern(at_word, "^", "", |text| {
        Node::member("starts_with", Node::text(text))
    })
}

fn whole_or_pattern(text: &str, start: &str, end: &str, whole: impl Fn(&str) -> Node) -> Node {
    if !text.contains("{{") {
        return whole(text);
    }
    let words = text
        .split(' ')
        .map(regex::escape)
        .collect::<Vec<_>>()
        .join("\\s+");
    Node::member("matches", Node::text(&format!("{start}\\s*{words}\\s*{end}")))
}

fn visible(reply: &ReplyRecord) -> Vec<&str> {
    let texts = reply.texts.iter().map(String::as_str);
    texts.filter(|text| !text.trim().is_empty()).collect()
}

fn whole_text(reply: &ReplyRecord) -> Node {
    let text = reply.texts.join("\n");
    if text.trim().is_empty() {
        absent()
    } else {
        text_node(&text)
    }
}

fn intent(reply: &ReplyRecord) -> Option<Node> {
    let matched = reply.matched.as_ref()?;
    Some(matched.intent.as_deref().map_or_else(absent, text_node))
}

fn name(observed: Option<&String>) -> Option<Node> {
    observed.map(|name| {
        if name.is_empty() {
            absent()
        } else {
            text_node(name)
        }
    })
}

/// Rounded down to hundredths, so that a repetition that scores a little less still passes.
fn at_least(confidence: f64) -> Node {
    Node::member(
        "gte",
        Node::Plain(super::check::decimal((confidence * 100.0).floor() / 100.0)),
    )
}

fn visited(reply: &ReplyRecord) -> Option<Node> {
    let mut places = reply.visited.clone()?;
    places.dedup();
    let is_clear = !places.is_empty() && places.iter().all(|place| place != "..");
    is_clear.then(|| Node::List(places.iter().map(|place| text_node(place)).collect()))
}

/// None when one of them cannot be named: without it these are not all.
fn all_parameters(parameters: &Map) -> Option<Node> {
    let members = parameters.iter().filter(|(_, value)| !value.is_null());
    let member = |(name, value): (&String, &Value)| (!is_template(name)).then(|| (name.clone(), node(value)));
    members.map(member).collect::<Option<_>>().map(Node::Map)
}

fn tool_calls(calls: &[ToolCall]) -> Node {
    let call = |call: &ToolCall| {
        if call.args.is_empty() {
            return text_node(&call.tool);
        }
        let args = call
            .args
            .iter()
            .map(|(name, value)| (name.clone(), node(value)))
            .collect::<Vec<_>>();
        let is_plain = args.iter().all(|(name, _)| is_member(name) && !is_template(name));
        let whole = Value::Object(call.args.clone());
        let args = if is_plain {
            Node::Map(args)
        } else if holds_template(&whole) {
            return text_node(&call.tool);
        } else {
            Node::member("equals", Node::Plain(whole))
        };
        Node::Map(vec![
            ("tool".to_owned(), text_node(&call.tool)),
            ("args".to_owned(), args),
        ])
    };
    Node::List(calls.iter().map(call).collect())
}

fn transfer(reply: &ReplyRecord) -> Node {
    let last = reply.transfers.last();
    last.map_or_else(absent, |agent| text_node(agent))
}

fn signal(metadata: Option<&Map>) -> Node {
    match metadata {
        Some(members) if !members.is_empty() => node(&Value::Object(members.clone())),
        other => Node::Plain(Value::Bool(other.is_some())),
    }
}

fn payload(reply: &ReplyRecord) -> Node {
    match reply.payloads.as_slice() {
        [] => absent(),
        [only] => node(only),
        several => Node::List(several.iter().map(node).collect()),
    }
}

/// All of what a turn may have several of, as a list.
fn all_of(shown: &[impl serde::Serialize]) -> Node {
    match shown {
        [] => absent(),
        several => Node::List(
            several
                .iter()
                .map(|one| node(&super::check::evidence(one)))
                .collect(),
        ),
    }
}

fn candidates(reply: &ReplyRecord) -> Node {
    let candidate = |candidate: &crate::model::transcript::Match| match &candidate.intent {
        Some(intent) => Node::member("intent", text_node(intent)),
        None => Node::member("match", Node::text(&candidate.kind)),
    };
    Node::List(reply.candidates.iter().map(candidate).collect())
}

fn webhooks(reply: &ReplyRecord) -> Node {
    let call = |code: i32| Node::member("code", Node::Plain(Value::from(code)));
    Node::List(reply.webhooks.iter().map(|webhook| call(webhook.code)).collect())
}
