//! The tree of spans: which tools ran. Names and attribute keys are not documented (ces-api 2.2), so they are
//! matched without regard to case, and anything else is passed over.

use crate::model::{Map, Value};
use crate::proto::ces_v1 as ces;
use crate::proto::json::struct_to_json;

/// Deeper spans are not looked at; a decoder would not let them in anyway.
const DEEPEST: usize = 64;

/// A tool as its span tells it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ToolSpan {
    /// Id of the call, if told.
    pub(super) id: String,
    /// The tool's name.
    pub(super) tool: String,
    /// The arguments.
    pub(super) args: Map,
    /// The answer, if told.
    pub(super) response: Option<Value>,
    /// The agent that called it.
    pub(super) agent: Option<String>,
}

/// The tools of a tree, in the order in which they began.
pub(super) fn tools(root: &ces::Span) -> Vec<ToolSpan> {
    let mut found = Vec::new();
    collect(root, 0, &mut found);
    found
}

fn collect(span: &ces::Span, depth: usize, found: &mut Vec<ToolSpan>) {
    found.extend(tool(span));
    if depth < DEEPEST {
        for child in &span.child_spans {
            collect(child, depth + 1, found);
        }
    }
}

/// `Tool: find` is a tool called `find`; a name without a colon is the kind alone.
pub(super) fn kind_and_name(name: &str) -> (&str, &str) {
    let (kind, name) = name.split_once(':').unwrap_or((name, ""));
    (kind.trim(), name.trim())
}

fn tool(span: &ces::Span) -> Option<ToolSpan> {
    let (kind, name) = kind_and_name(&span.name);
    let kind: String = kind
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_ascii_lowercase();
    if kind != "tool" && kind != "faketool" {
        return None;
    }
    let attributes = span.attributes.as_ref().map(struct_to_json).unwrap_or_default();
    let text = |key: &str| {
        attribute(&attributes, key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    // A transfer is told by a chunk of its own.
    if text("type").is_some_and(|kind| kind.eq_ignore_ascii_case("TransferToAgentTool")) {
        return None;
    }
    let named = text("toolDisplayName").or_else(|| text("name")).unwrap_or(name);
    Some(ToolSpan {
        id: text("tool call id").unwrap_or_default().to_owned(),
        tool: named.to_owned(),
        args: attribute(&attributes, "args")
            .and_then(object)
            .unwrap_or_default(),
        response: attribute(&attributes, "response")
            .map(|value| object(value).map_or_else(|| value.clone(), Value::Object)),
        agent: text("agent").map(str::to_owned),
    })
}

/// An attribute by its name, however it is written.
pub(super) fn attribute<'a>(attributes: &'a Map, key: &str) -> Option<&'a Value> {
    attributes
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key))
        .map(|(_, value)| value)
}

/// An object, or the text of one.
fn object(value: &Value) -> Option<Map> {
    match value {
        Value::Object(object) => Some(object.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}
