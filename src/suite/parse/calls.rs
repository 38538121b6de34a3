//! `tool_calls`: what is expected of the tool calls of a turn or conversation.

use super::super::mention::Kind as Mentioned;
use super::matcher::Looked;
use super::{Parser, entries, ticked};
use crate::model::capability::{Group, Subject};
use crate::model::suite::{ExpectedCall, Matcher, ToolCallsCheck};
use crate::model::transcript::CallSource;
use crate::yaml::{Kind, List, Node};

/// A text that names a thing of the agent.
fn naming<'a>(what: &'a str, kind: &'a Mentioned) -> Looked<'a> {
    Looked {
        what,
        subject: Subject::Text,
        names: Some(kind),
    }
}

impl Parser {
    /// A list of calls, or a mapping that says how strictly they are meant.
    pub(super) fn tool_calls(&mut self, node: &Node) -> Option<ToolCallsCheck> {
        if let Kind::List(List { items, .. }) = &node.kind {
            return self.calls(items).map(ToolCallsCheck::Exactly);
        }
        let map = self.group(node, Group::ToolCalls)?;
        let mut checks = Vec::new();
        for (name, node) in entries(map) {
            if let Some(check) = self.calls_check(name, node) {
                checks.push(check);
            }
        }
        if map.entries.iter().all(|entry| entry.key.name == "required") {
            let help = "for no calls at all, write `tool_calls: []`";
            self.missing_value(node, "`tool_calls`", help);
        }
        match checks.len() {
            0 => None,
            1 => checks.pop(),
            _ => Some(ToolCallsCheck::All(checks)),
        }
    }

    fn calls_check(&mut self, name: &str, node: &Node) -> Option<ToolCallsCheck> {
        let check: fn(Vec<ExpectedCall>) -> ToolCallsCheck = match name {
            "none" => {
                self.only_true(node, "`none`", "to say nothing about calls, leave it out")?;
                return Some(ToolCallsCheck::Exactly(Vec::new()));
            }
            "ordered" => ToolCallsCheck::Ordered,
            "any_order" => ToolCallsCheck::AnyOrder,
            "include" => ToolCallsCheck::Include,
            "never" => ToolCallsCheck::Never,
            _ => return None,
        };
        let what = ticked(name);
        let items = self.reader.list(node, &what)?;
        if items.is_empty() {
            self.reader
                .error(
                    "empty-operand",
                    format!("{what} lists nothing"),
                    node.span.clone(),
                )
                .help
                .push("for no calls at all, write `tool_calls: []`".to_owned());
            return None;
        }
        self.calls(items).map(check)
    }

    fn calls(&mut self, items: &[Node]) -> Option<Vec<ExpectedCall>> {
        let calls: Vec<ExpectedCall> = items.iter().filter_map(|item| self.call(item)).collect();
        (calls.len() == items.len()).then_some(calls)
    }

    /// A tool's name, or a mapping.
    fn call(&mut self, node: &Node) -> Option<ExpectedCall> {
        if node.is_null() {
            self.missing_value(node, "a tool call", "name the tool");
            return None;
        }
        let mut call = ExpectedCall {
            line: node.line,
            tool: Matcher::Present,
            args: None,
            all_args: None,
            times: None,
            response: None,
            source: None,
            agent: None,
        };
        if node.as_map().is_none() {
            call.tool = self.tool_named(node, "a tool's name")?;
            return Some(call);
        }
        let map = self.group(node, Group::Call)?;
        let problems = self.reader.problems.len();
        if let (Some(args), Some(_)) = (map.entry("args"), map.entry("all_args")) {
            let message = "a call has either `args` or `all_args`, not both";
            self.reader.error("two-of-one", message, args.key.span.clone());
        }
        for (name, node) in entries(map) {
            match name {
                "tool" => call.tool = self.tool_named(node, "`tool`")?,
                "args" => call.args = self.arguments(node, "`args`"),
                "all_args" => call.all_args = self.all_arguments(node),
                "times" => call.times = self.matcher(node, Looked::new("`times`", Subject::Number)),
                "response" => call.response = self.matcher(node, Looked::new("`response`", Subject::Any)),
                "source" => call.source = self.call_source(node),
                "agent" => call.agent = self.matcher(node, naming("`agent`", &Mentioned::Agent)),
                _ => {}
            }
        }
        (self.reader.problems.len() == problems && map.get("tool").is_some()).then_some(call)
    }

    /// A tool's name or a matcher over it. No tool is called nothing: below `never` that would always hold.
    fn tool_named(&mut self, node: &Node, what: &str) -> Option<Matcher> {
        if node.as_text().is_some_and(|name| name.trim().is_empty()) {
            self.reader
                .error("empty-value", format!("{what} is empty"), node.span.clone());
            return None;
        }
        self.matcher(node, naming(what, &Mentioned::Tool))
    }

    /// A matcher over the arguments; a plain mapping is a subset.
    fn arguments(&mut self, node: &Node, what: &str) -> Option<Matcher> {
        if node.as_map().is_none() {
            self.reader.wrong_type(node, what, "a mapping");
            return None;
        }
        self.matcher(node, Looked::new(what, Subject::Any))
    }

    /// A matcher that says which arguments there are, so that all others can be refused.
    fn all_arguments(&mut self, node: &Node) -> Option<Matcher> {
        let matcher = self.arguments(node, "`all_args`")?;
        if !names_arguments(&matcher) {
            let message = "`all_args` names every argument, which of the operators only `equals`, `any_of` and `all_of` can";
            self.reader
                .error("wrong-type", message, node.span.clone())
                .help
                .push("an operator stands below an argument's name, or below `args`".to_owned());
            return None;
        }
        Some(matcher)
    }

    fn call_source(&mut self, node: &Node) -> Option<CallSource> {
        const SOURCES: [(&str, CallSource); 3] = [
            ("client", CallSource::Client),
            ("agent", CallSource::Agent),
            ("nested", CallSource::Nested),
        ];
        let found = self.choice(node, "`source`", &SOURCES.map(|(name, _)| name))?;
        SOURCES
            .iter()
            .find(|(name, _)| *name == found)
            .map(|(_, source)| *source)
    }
}

/// Whether a matcher over arguments names them. What a template makes of a text is not known yet.
fn names_arguments(matcher: &Matcher) -> bool {
    match matcher {
        Matcher::Subset(_) | Matcher::Is(_) | Matcher::Equals(_) => true,
        Matcher::AnyOf(parts) | Matcher::AllOf(parts) => parts.iter().all(names_arguments),
        _ => false,
    }
}
