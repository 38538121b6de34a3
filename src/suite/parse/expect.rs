//! `expect`, `when` and `every_turn`: what is expected of a reply or a conversation.

use std::borrow::Cow;

use super::super::mention::Kind as Mentioned;
use super::super::template::text::{has_template, plain};
use super::matcher::Looked;
use super::{Parser, Wording, entries, ticked};
use crate::model::capability::{Group, Shape, Subject};
use crate::model::suite::{Check, Expectation, Matcher, Service, VisitedStep};
use crate::yaml::{Entry, Kind, List, Map, Node};

/// What comes from the mapping around an expectation.
#[derive(Debug, Clone, Copy)]
struct Around {
    required: bool,
    only_on: Option<Service>,
}

impl Parser {
    /// A mapping of expectations, by the name of its key.
    pub(in crate::suite) fn expectations(&mut self, node: &Node, what: &str) -> Vec<Expectation> {
        let around = Around {
            required: true,
            only_on: None,
        };
        let mut found = Vec::new();
        self.expectations_around(node, what, around, &mut found);
        found
    }

    fn expectations_around(&mut self, node: &Node, what: &str, around: Around, found: &mut Vec<Expectation>) {
        let Some(map) = self.group_called(node, Group::Expectation, what) else {
            return;
        };
        self.check_says_something(node, map, what);
        let required = map
            .get("required")
            .and_then(|node| self.boolean(node, "`required`"));
        let around = Around {
            required: required.unwrap_or(around.required),
            ..around
        };
        for entry in &map.entries {
            match entry.key.name.as_str() {
                "required" => {}
                "on" if around.only_on.is_some() => {
                    let message = "`on` cannot stand within `on`";
                    self.reader.error("unknown-key", message, entry.key.span.clone());
                }
                "on" => self.by_service(&entry.value, around, found),
                _ => self.expectation(entry, around, found),
            }
        }
    }

    /// A mapping without expectations holds whatever happens.
    fn check_says_something(&mut self, node: &Node, map: &Map, what: &str) {
        if map.entries.iter().all(|entry| entry.key.name == "required") {
            let message = format!("{what} says nothing, which always holds");
            self.reader.error("empty-operand", message, node.span.clone());
        }
    }

    fn by_service(&mut self, node: &Node, around: Around, found: &mut Vec<Expectation>) {
        let Some(map) = self.group(node, Group::On) else {
            return;
        };
        self.check_says_something(node, map, "`on`");
        let of_target = self.service;
        for (name, node) in entries(map) {
            let service = match name {
                "cx" => Service::Cx,
                "ces" => Service::Ces,
                _ => continue,
            };
            self.service = Some(service);
            let only_on = Some(service);
            let what = format!("`{name}` of `on`");
            self.expectations_around(node, &what, Around { only_on, ..around }, found);
        }
        self.service = of_target;
    }

    fn expectation(&mut self, entry: &Entry, around: Around, found: &mut Vec<Expectation>) {
        let Some(key) = Group::Expectation.key(&entry.key.name) else {
            return;
        };
        if !self.applies(key) {
            return;
        }
        let (node, required) = self.without_required(&entry.value, key.shape);
        let required = required.unwrap_or(around.required);
        let mut add = |check| {
            found.push(Expectation {
                line: entry.key.line,
                required,
                only_on: around.only_on,
                check,
            });
        };
        match key.shape {
            Shape::Matcher(subject) => {
                if let Some(check) = self.check_of_matcher(key.name, subject, &node) {
                    add(check);
                }
            }
            _ => self.checks(key.name, &node).into_iter().for_each(add),
        }
    }

    /// `required` beside operators belongs to the expectation, not to the value.
    fn without_required<'node>(
        &mut self,
        node: &'node Node,
        shape: Shape,
    ) -> (Cow<'node, Node>, Option<bool>) {
        let beside = match shape {
            Shape::Matcher(_) => Group::Operator,
            Shape::OneOf([Shape::Group(group), ..]) => *group,
            _ => return (Cow::Borrowed(node), None),
        };
        let Some((map, required)) = node.as_map().and_then(|map| Some((map, map.get("required")?))) else {
            return (Cow::Borrowed(node), None);
        };
        let mut others = map
            .entries
            .iter()
            .filter(|entry| entry.key.name != "required")
            .peekable();
        let own = others.peek().is_some()
            && (beside == Group::Raw || others.all(|entry| beside.key(&entry.key.name).is_some()));
        if !own {
            return (Cow::Borrowed(node), None);
        }
        let required = self.boolean(required, "`required`");
        (Cow::Owned(without(node, map, &["required"])), required)
    }

    /// Of an expectation that is no matcher; `raw` may hold several.
    fn checks(&mut self, name: &str, node: &Node) -> Vec<Check> {
        if node.is_null() {
            let example = Group::Expectation.key(name).map_or("", |key| key.example);
            self.missing_value(
                node,
                &format!("`{name}`"),
                &format!("for example `{name}: {example}`"),
            );
            return Vec::new();
        }
        let check = match name {
            "visited" => self.visited(node).map(Check::Visited),
            "parameters" => self.some_parameters(node).map(Check::Parameters),
            "all_parameters" => self
                .parameter_matchers(node, "`all_parameters`")
                .map(Check::AllParameters),
            "tool_calls" => self.tool_calls(node).map(Check::ToolCalls),
            "audio" => self.spoken(node).map(Box::new).map(Check::Audio),
            "interrupted" => self.boolean(node, "`interrupted`").map(Check::Interrupted),
            "raw" => return self.raws(node),
            _ => None,
        };
        check.into_iter().collect()
    }

    /// Some parameters, others ignored: without any, this would always hold.
    fn some_parameters(&mut self, node: &Node) -> Option<Vec<(String, Matcher)>> {
        if node.as_map().is_some_and(|map| map.entries.is_empty()) {
            let message = "`parameters` names nothing, which always holds";
            self.reader
                .error("empty-operand", message, node.span.clone())
                .help
                .push("for no parameters at all, write `all_parameters: {}`".to_owned());
            return None;
        }
        self.parameter_matchers(node, "`parameters`")
    }

    fn check_of_matcher(&mut self, name: &str, subject: Subject, node: &Node) -> Option<Check> {
        let what = ticked(name);
        let page = Mentioned::Page { flow: None };
        let names = match name {
            "intent" => Some(&Mentioned::Intent),
            "page" => Some(&page),
            "flow" => Some(&Mentioned::Flow),
            "playbook" => Some(&Mentioned::Playbook),
            "agent" | "transfer" => Some(&Mentioned::Agent),
            "match" => Some(&Mentioned::MatchType),
            _ => None,
        };
        let what = what.as_str();
        let matcher = self.matcher(node, Looked { what, subject, names })?;
        let check: fn(Matcher) -> Check = match name {
            "reply" => Check::Reply,
            "replies" => Check::Replies,
            "intent" => Check::Intent,
            "confidence" => Check::Confidence,
            "match" => Check::Match,
            "page" => Check::Page,
            "flow" => Check::Flow,
            "agent" => Check::Agent,
            "playbook" => Check::Playbook,
            "transfer" => Check::Transfer,
            "ended" => Check::Ended,
            "handoff" => Check::Handoff,
            "payload" => Check::Payload,
            "candidates" => Check::Candidates,
            "webhook" => Check::Webhook,
            "citations" => Check::Citations,
            "suggestions" => Check::Suggestions,
            "spans" => Check::Spans,
            "sentiment" => Check::Sentiment,
            "transcript" => Check::Transcript,
            "latency" => Check::Latency,
            _ => return None,
        };
        Some(check(matcher))
    }

    fn visited(&mut self, node: &Node) -> Option<Vec<VisitedStep>> {
        let items = self.reader.list(node, "`visited`")?;
        if items.is_empty() {
            let message = "`visited` lists nothing, which always holds";
            self.reader.error("empty-operand", message, node.span.clone());
            return None;
        }
        if items.iter().all(|item| item.as_text() == Some("..")) {
            let message = "`visited` names no place, which always holds";
            self.reader.error("empty-operand", message, node.span.clone());
            return None;
        }
        let steps: Vec<VisitedStep> = items.iter().filter_map(|item| self.visited_step(item)).collect();
        (steps.len() == items.len()).then_some(steps)
    }

    fn visited_step(&mut self, node: &Node) -> Option<VisitedStep> {
        if node.as_text() == Some("..") {
            return Some(VisitedStep::Anything);
        }
        let names = Some(&Mentioned::Place);
        let looked = Looked {
            what: "a place in `visited`",
            subject: Subject::Text,
            names,
        };
        self.matcher(node, looked).map(VisitedStep::Place)
    }

    fn raws(&mut self, node: &Node) -> Vec<Check> {
        match &node.kind {
            Kind::List(List { items, .. }) if items.is_empty() => {
                let message = "`raw` lists nothing, which always holds";
                self.reader.error("empty-operand", message, node.span.clone());
                Vec::new()
            }
            Kind::List(List { items, .. }) => items.iter().filter_map(|item| self.raw(item)).collect(),
            _ => self.raw(node).into_iter().collect(),
        }
    }

    /// `{path: …}` with operators (or members) beside it.
    fn raw(&mut self, node: &Node) -> Option<Check> {
        let map = self.reader.map(node, "`raw`")?;
        let Some(path_node) = map.get("path") else {
            let help = "for example `path: \"$.queryResult.languageCode\"`";
            self.reader
                .error(
                    "missing-key",
                    "`raw` needs `path`",
                    node.span.start..node.span.start,
                )
                .help
                .push(help.to_owned());
            return None;
        };
        let path = self.json_path(path_node);
        let matcher = without(node, map, &["path", "required"]);
        if matcher.as_map().is_some_and(|map| map.entries.is_empty()) {
            self.reader
                .error(
                    "missing-key",
                    "`raw` says nothing about what is at its path",
                    node.span.clone(),
                )
                .help
                .push("for example `present: true` or `equals: …` beside `path`".to_owned());
            return None;
        }
        let matcher = self.matcher(&matcher, Looked::new("`raw`", Subject::Any))?;
        Some(Check::Raw { path: path?, matcher })
    }

    fn json_path(&mut self, node: &Node) -> Option<String> {
        let path = self.filled_text(node, "`path`", Wording::Free)?;
        if !self.thorough || has_template(&path) {
            return Some(path);
        }
        match serde_json_path::JsonPath::parse(&plain(&path)) {
            Ok(_) => Some(path),
            Err(error) => {
                let position = error.position();
                let message = format!("not a JSONPath: it goes wrong at character {position}");
                let span = self.place_within(node, &path, position.saturating_sub(1));
                self.reader
                    .error("bad-json-path", message, span)
                    .help
                    .push("for example `$.queryResult.match.confidence` or `$.outputs[0].text`".to_owned());
                None
            }
        }
    }
}

/// A mapping without some of its keys.
fn without(node: &Node, map: &Map, keys: &[&str]) -> Node {
    let entries = map
        .entries
        .iter()
        .filter(|entry| !keys.contains(&entry.key.name.as_str()));
    Node {
        span: node.span.clone(),
        line: node.line,
        kind: Kind::Map(Map {
            entries: entries.cloned().collect(),
            flow: map.flow,
        }),
    }
}
