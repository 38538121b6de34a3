//! `tools`, `webhooks`, `generators`, `playbooks` and `answers`: what stubs answer, and when.

use std::collections::BTreeSet;

use super::super::mention::Kind as Mentioned;
use super::matcher::Looked;
use super::{Parser, entries, ticked};
use crate::model::capability::{Group, Shape, Subject};
use crate::model::suite::{Matcher, StubResponse, StubRule, Stubs};
use crate::model::{Map as Object, Value};
use crate::yaml::{Kind, List, Map, Node, parse_duration};

/// What a stub stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::suite) enum Called {
    /// A client-side tool.
    Tool,
    /// A webhook of an emulator.
    Webhook,
    /// A generator of an emulator.
    Generator,
    /// A playbook of an emulator.
    Playbook,
}

/// What a mapping says about an answer that does not come as one.
enum NoAnswer {
    /// Nothing: it is an answer.
    Unsaid,
    /// What happens instead.
    Said(StubResponse),
    /// Something that cannot be; it has been reported.
    Wrong,
}

impl NoAnswer {
    fn or_wrong(response: Option<StubResponse>) -> Self {
        response.map_or(Self::Wrong, Self::Said)
    }
}

impl Called {
    /// The keys of a rule, and of its conditions.
    fn groups(self) -> (Group, Group) {
        match self {
            Self::Tool => (Group::ToolRule, Group::ToolWhen),
            Self::Webhook => (Group::WebhookRule, Group::WebhookWhen),
            Self::Generator => (Group::GeneratorRule, Group::GeneratorWhen),
            Self::Playbook => (Group::PlaybookRule, Group::PlaybookWhen),
        }
    }

    /// What the names above its rules name.
    fn mentioned(self) -> Mentioned {
        match self {
            Self::Tool => Mentioned::Tool,
            Self::Webhook => Mentioned::Webhook,
            Self::Generator => Mentioned::Generator,
            Self::Playbook => Mentioned::Playbook,
        }
    }

    /// The statuses that are failures: a tool's answer may well have a member called `status`.
    fn is_failure(self, status: u64) -> bool {
        match self {
            Self::Tool => (400..600).contains(&status),
            _ => (100..600).contains(&status),
        }
    }
}

impl Parser {
    /// Rules by tool, webhook, generator or playbook.
    pub(in crate::suite) fn stubs(&mut self, node: &Node, called: Called, what: &str) -> Option<Stubs> {
        let map = self.reader.map(node, what)?;
        let by_name = map.entries.iter().map(|entry| {
            let name = &entry.key.name;
            self.mention(called.mentioned(), name, &entry.key.span);
            (name.clone(), self.rules(&entry.value, called, name))
        });
        Some(Stubs {
            by_name: by_name.collect(),
        })
    }

    fn rules(&mut self, node: &Node, called: Called, name: &str) -> Vec<StubRule> {
        let what = format!("the stub of `{name}`");
        let Kind::List(List { items, .. }) = &node.kind else {
            self.reader.wrong_type(node, &what, "a list of rules");
            let rule = called.groups().0.key("respond").map_or("", |key| key.example);
            self.last_help(format!("for example `{name}: [{{ respond: {rule} }}]`"));
            return Vec::new();
        };
        if items.is_empty() {
            self.reader
                .error("empty-operand", format!("{what} has no rules"), node.span.clone());
        }
        items.iter().filter_map(|item| self.rule(item, called)).collect()
    }

    fn rule(&mut self, node: &Node, called: Called) -> Option<StubRule> {
        let map = self.group(node, called.groups().0)?;
        let when = match map.get("when") {
            None => None,
            Some(node) => Some(self.conditions(node, called)?),
        };
        let respond = self.respond(map.get("respond")?, called)?;
        Some(StubRule {
            location: self.location(node.line),
            when,
            respond,
        })
    }

    fn conditions(&mut self, node: &Node, called: Called) -> Option<Matcher> {
        let (_, group) = called.groups();
        let map = self.group(node, group)?;
        let mut members = Vec::new();
        for (name, node) in entries(map) {
            let subject = match group.key(name).map(|key| key.shape) {
                Some(Shape::Matcher(subject)) => subject,
                _ => Subject::Any,
            };
            let what = ticked(name);
            let names = match name {
                "flow" => Some(&Mentioned::Flow),
                "intent" => Some(&Mentioned::Intent),
                _ => None,
            };
            let looked = Looked {
                what: &what,
                subject,
                names,
            };
            let mut matcher = self.matcher(node, looked)?;
            if let ("parameters", Matcher::Subset(parameters)) = (name, &mut matcher) {
                // The service knows its parameters in lower case.
                for (name, _) in parameters.iter_mut() {
                    *name = name.to_lowercase();
                }
            }
            members.push((name.to_owned(), matcher));
        }
        Some(Matcher::Subset(members))
    }

    fn respond(&mut self, node: &Node, called: Called) -> Option<StubResponse> {
        match called {
            Called::Tool | Called::Webhook => self.call_respond(node, called),
            Called::Generator => self.generated(node).map(StubResponse::Answer),
            Called::Playbook => self
                .answer_members(node, Group::PlaybookRespond)
                .map(StubResponse::Answer),
        }
    }

    /// What a generator writes: a text alone, or one of its keys.
    fn generated(&mut self, node: &Node) -> Option<Object> {
        let Kind::Map(map) = &node.kind else {
            let text = self.text(node, "`respond`", super::Wording::Free)?;
            return Some(Object::from_iter([("text".to_owned(), text.into())]));
        };
        let problems = self.reader.problems.len();
        self.group(node, Group::GeneratorRespond)?;
        for (name, node) in entries(map) {
            let what = ticked(name);
            match name {
                "text" => drop(self.text(node, &what, super::Wording::Free)),
                "error" => drop(self.filled_text(node, &what, super::Wording::Free)),
                _ => {}
            }
        }
        if map.entries.len() != 1 && self.reader.problems.len() == problems {
            let message = "a generator either writes a `text` or has an `error`";
            self.reader.error("two-of-one", message, node.span.clone());
        }
        (self.reader.problems.len() == problems).then(|| map.to_object())
    }

    /// An answer to a call, or one of the ways not to answer.
    fn call_respond(&mut self, node: &Node, called: Called) -> Option<StubResponse> {
        let map = self.reader.map(node, "`respond`")?;
        match self.no_answer(node, map, called) {
            NoAnswer::Said(response) => return Some(response),
            NoAnswer::Wrong => return None,
            NoAnswer::Unsaid => {}
        }
        match called {
            Called::Tool => {
                let answer = self.values(node, "`respond`")?;
                self.check_tool_error(node, &answer);
                Some(StubResponse::Answer(answer))
            }
            _ => self
                .answer_members(node, Group::WebhookRespond)
                .map(StubResponse::Answer),
        }
    }

    /// Whether the mapping says that no answer comes, or a late one.
    fn no_answer(&mut self, node: &Node, map: &Map, called: Called) -> NoAnswer {
        let is_meant = |delay: &&Node| called == Called::Webhook || is_duration(delay);
        if let Some(delay) = map.get("delay").filter(is_meant) {
            return NoAnswer::or_wrong(self.delayed(node, map, delay, called));
        }
        let [entry] = map.entries.as_slice() else {
            return self.beside_no_answer(map, called);
        };
        match (entry.key.name.as_str(), &entry.value.kind) {
            ("timeout", Kind::Bool(true)) => NoAnswer::Said(StubResponse::Timeout),
            ("unreachable", Kind::Bool(true)) => NoAnswer::Said(StubResponse::Unreachable),
            ("status", Kind::Number(number)) => self.status(&entry.value, number.value.as_u64(), called),
            ("status", _) => self.status(&entry.value, None, called),
            ("timeout" | "unreachable", _) if called == Called::Webhook => {
                let what = ticked(&entry.key.name);
                self.only_true(&entry.value, &what, "for an answer, leave it out");
                NoAnswer::Wrong
            }
            ("error", _) if called == Called::Webhook => {
                let message = "`error` is an answer of tools; a webhook fails with a status";
                self.reader
                    .error("unknown-key", message, entry.key.span.clone())
                    .help
                    .push("for example `respond: { status: 500 }`".to_owned());
                NoAnswer::Wrong
            }
            _ => NoAnswer::Unsaid,
        }
    }

    fn status(&mut self, node: &Node, status: Option<u64>, called: Called) -> NoAnswer {
        let failure = status.filter(|status| called.is_failure(*status));
        match (failure.and_then(|status| u16::try_from(status).ok()), called) {
            (Some(status), _) => NoAnswer::Said(StubResponse::Status(status)),
            // A tool may well answer with a member called `status`.
            (None, Called::Tool) => NoAnswer::Unsaid,
            (None, _) => {
                let message = "`status` must be an HTTP status from 100 to 599";
                self.reader.error("out-of-range", message, node.span.clone());
                NoAnswer::Wrong
            }
        }
    }

    /// A webhook that does not answer cannot also say something.
    fn beside_no_answer(&mut self, map: &Map, called: Called) -> NoAnswer {
        let alone = ["timeout", "unreachable", "status", "error"];
        let entry = map
            .entries
            .iter()
            .find(|entry| alone.contains(&entry.key.name.as_str()));
        let Some(entry) = entry.filter(|_| called == Called::Webhook) else {
            return NoAnswer::Unsaid;
        };
        let message = format!("`{}` stands alone: nothing else is answered then", entry.key.name);
        self.reader.error("two-of-one", message, entry.key.span.clone());
        NoAnswer::Wrong
    }

    fn delayed(&mut self, node: &Node, map: &Map, delay: &Node, called: Called) -> Option<StubResponse> {
        let delay = self.duration(delay, "`delay`")?;
        let rest = Node {
            kind: Kind::Map(Map {
                entries: map
                    .entries
                    .iter()
                    .filter(|entry| entry.key.name != "delay")
                    .cloned()
                    .collect(),
                flow: map.flow,
            }),
            ..node.clone()
        };
        let then = Box::new(self.respond(&rest, called)?);
        Some(StubResponse::Delayed { delay, then })
    }

    /// An error result has nothing beside its message.
    fn check_tool_error(&mut self, node: &Node, answer: &Object) {
        if let Some(Value::String(text)) = answer.get("error").filter(|_| answer.len() == 1)
            && text.trim().is_empty()
        {
            self.reader
                .error("empty-value", "`error` is empty", node.span.clone());
        }
    }

    /// A webhook's answer: parameters, messages, where to go on.
    pub(super) fn webhook_answer(&mut self, node: &Node) -> Option<Object> {
        self.answer_members(node, Group::WebhookAnswer)
    }

    /// What a webhook answers or a playbook does.
    fn answer_members(&mut self, node: &Node, group: Group) -> Option<Object> {
        let map = self.group(node, group)?;
        let problems = self.reader.problems.len();
        if let Some(body) = map.entry("body").filter(|_| map.entries.len() > 1) {
            let message = "`body` is the whole answer: nothing can stand beside it";
            self.reader.error("two-of-one", message, body.key.span.clone());
        }
        let ways = ["target_page", "target_flow", "target_playbook", "end_session"];
        let mut led = ways.iter().filter_map(|way| map.entry(way));
        if let (Some(first), Some(second)) = (led.next(), led.next()) {
            let message = format!(
                "an answer leads to one place: `{}` or `{}`, not both",
                first.key.name, second.key.name
            );
            self.reader.error("two-of-one", message, first.key.span.clone());
        }
        for (name, node) in entries(map) {
            self.answer_member(name, node);
        }
        (self.reader.problems.len() == problems).then(|| map.to_object())
    }

    fn answer_member(&mut self, name: &str, node: &Node) {
        let what = ticked(name);
        match name {
            "parameters" => {
                self.parameters(node, &what);
            }
            "target_page" => self.target(node, &what, Mentioned::Page { flow: None }),
            "target_flow" => self.target(node, &what, Mentioned::Flow),
            "target_playbook" => self.target(node, &what, Mentioned::Playbook),
            "end_session" => drop(self.only_true(node, &what, "to go on, leave it out")),
            "messages" => {
                for item in self.reader.list(node, &what).unwrap_or_default() {
                    match &item.kind {
                        Kind::Map(_) => drop(self.values(item, "a message")),
                        _ => drop(self.text(item, "a message", super::Wording::Free)),
                    }
                }
            }
            "payload" => drop(self.values(node, &what)),
            "body" => self.body(node),
            "form" => {
                for (parameter, node) in self.reader.map(node, &what).into_iter().flat_map(entries) {
                    self.choice(node, &format!("`{parameter}`"), &["invalid"]);
                }
            }
            _ => {}
        }
    }

    fn target(&mut self, node: &Node, what: &str, kind: Mentioned) {
        if let Some(name) = self.filled_text(node, what, super::Wording::Name) {
            self.mention(kind, &name, &node.span);
        }
    }

    /// The parameters of a raw body are set by the suite as well.
    fn body(&mut self, node: &Node) {
        let Some(body) = self.values(node, "`body`") else {
            return;
        };
        let parameters = body.get("sessionInfo").and_then(|info| info.get("parameters"));
        let names: BTreeSet<String> = parameters
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|parameters| parameters.keys().cloned())
            .collect();
        self.given.extend(names);
    }
}

fn is_duration(node: &Node) -> bool {
    node.as_text().is_some_and(|text| parse_duration(text).is_some())
}
