//! Reads what agents do: rules, what makes them fit, and their steps.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::model;
use crate::model::suite::AttachmentKind;
use crate::yaml::{Kind, Node};

use super::keys::{ONE_OF, RULE, STEP, WHEN};
use super::read::{Script, pattern};
use super::{Call, Rule, Step, Steps, Trigger, condition, plain_words};

/// Keys of a rule's `when` of which one may stand.
const TRIGGERS: [&str; 8] = [
    "says", "matches", "event", "dtmf", "image", "blob", "result", "transfer",
];
/// Keys of a step of which one must stand.
const ACTIONS: [&str; 8] = [
    "say", "set", "call", "transfer", "payload", "cite", "suggest", "end",
];

impl Script {
    /// The rules of an agent.
    pub(super) fn rules(&mut self, node: &Node) -> Vec<Rule> {
        let Some(items) = self.reader.list(node, "`rules`") else {
            return Vec::new();
        };
        let mut rules = Vec::new();
        let mut catch_all: Option<&Node> = None;
        for item in items {
            let Some(rule) = self.rule(item) else { continue };
            let is_reaction = matches!(rule.trigger, Trigger::Result { .. } | Trigger::Transfer);
            if let Some(before) = catch_all.filter(|_| !is_reaction) {
                let problem = Diagnostic::warning("unreachable-rule", "this rule is never played")
                    .at(&self.reader.file, item.span.start..item.span.start, "")
                    .at(
                        &self.reader.file,
                        before.span.start..before.span.start,
                        "this one fits everything",
                    )
                    .help("put the rule that fits everything last, or its steps under `otherwise`");
                self.reader.push(problem);
            }
            if matches!(rule.trigger, Trigger::Anything) && rule.variables.is_empty() {
                catch_all = catch_all.or(Some(item));
            }
            rules.push(rule);
        }
        rules
    }

    fn rule(&mut self, node: &Node) -> Option<Rule> {
        self.fields(node, &RULE)?;
        let (trigger, variables) = match node.get("when") {
            Some(when) => self.when(when).unzip(),
            None => (Some(Trigger::Anything), Some(Vec::new())),
        };
        let steps = self.required(node, &RULE, "do").map(|steps| self.steps(steps));
        Some(Rule {
            trigger: trigger?,
            variables: variables?,
            steps: steps?,
        })
    }

    fn when(&mut self, node: &Node) -> Option<(Trigger, Vec<(String, model::suite::Matcher)>)> {
        let map = self.fields(node, &WHEN)?;
        let variables = node.get("variables").map(|node| {
            for entry in node.as_map().iter().flat_map(|map| &map.entries) {
                let mention = (entry.key.name.clone(), entry.key.span.clone());
                self.mentions.variables.push(mention);
            }
            condition::members(&mut self.reader, node, "`variables`")
        });
        let is_trigger = |name: &str| TRIGGERS.contains(&name);
        let mut triggers = map.entries.iter().filter(|entry| is_trigger(&entry.key.name));
        let first = triggers.next();
        if let (Some(first), Some(second)) = (first, triggers.next()) {
            let message = format!("`{}` and `{}` cannot both be", first.key.name, second.key.name);
            self.reader
                .error("two-triggers", message, second.key.span.clone())
                .help
                .push("write a rule for each".to_owned());
        }
        let trigger = match first {
            Some(entry) => self.trigger(&entry.key.name, &entry.value, node),
            None => Some(Trigger::Anything),
        };
        if let Some(response) = node.get("response").filter(|_| node.get("result").is_none()) {
            let message = "`response` is about the answer of the tool that `result` names";
            self.reader.error("useless-key", message, response.span.clone());
        }
        Some((trigger?, variables.unwrap_or(Some(Vec::new()))?))
    }

    fn trigger(&mut self, name: &str, node: &Node, when: &Node) -> Option<Trigger> {
        let what = format!("`{name}`");
        match name {
            "says" => {
                let texts = self.texts(node, &what);
                condition::check_plain(&mut self.reader, node, texts.iter().map(String::as_str));
                let texts: Vec<String> = texts.iter().map(|text| plain_words(text)).collect();
                if texts.iter().any(String::is_empty) {
                    let message = "`says` compares words; there are none";
                    self.reader.error("empty-value", message, node.span.clone());
                }
                Some(Trigger::Says(texts))
            }
            "matches" => {
                let regex = pattern(&mut self.reader, node)?;
                let groups = regex.capture_names().flatten().map(str::to_owned);
                self.mentions.groups.extend(groups);
                Some(Trigger::Matches(regex))
            }
            "event" => {
                let texts = self.texts(node, &what);
                condition::check_plain(&mut self.reader, node, texts.iter().map(String::as_str));
                Some(Trigger::Event(texts))
            }
            "dtmf" => Some(Trigger::Dtmf(self.keys(node, &what))),
            "image" => self.file(node, AttachmentKind::Image),
            "blob" => self.file(node, AttachmentKind::Blob),
            "result" => {
                let tool = self.tool_named(node, &what);
                let response = when.get("response");
                let response = response.map(|node| condition::condition(&mut self.reader, node, "response"));
                Some(Trigger::Result {
                    tool: tool?,
                    response: response.map_or(Some(None), |response| response.map(Some))?,
                })
            }
            _ => condition::only_true(&mut self.reader, node, name).map(|()| Trigger::Transfer),
        }
    }

    /// Keys of a telephone: nobody presses others.
    fn keys(&mut self, node: &Node, what: &str) -> Vec<String> {
        let texts = self.texts(node, what);
        let is_key = |key: char| key.is_ascii_digit() || matches!(key, '*' | '#' | 'A'..='D');
        if let Some(wrong) = texts
            .iter()
            .flat_map(|text| text.chars())
            .find(|key| !is_key(*key))
        {
            self.reader
                .error("bad-dtmf", format!("`{wrong}` is no key"), node.span.clone())
                .help
                .push("the keys are 0 to 9, `*`, `#` and A to D".to_owned());
        }
        texts
    }

    /// A list of steps.
    pub(super) fn steps(&mut self, node: &Node) -> Steps {
        let items = self.reader.list(node, "the steps").unwrap_or_default();
        let steps: Vec<Step> = items.iter().filter_map(|item| self.step(item)).collect();
        if let Some(after) = steps.iter().position(|step| matches!(step, Step::End(_)))
            && let Some(never) = items.get(after + 1).filter(|_| steps.len() == items.len())
        {
            let message = "this step is never played: the session has ended";
            self.reader
                .warning("unreachable-step", message, never.span.start..never.span.start);
        }
        Arc::from(steps)
    }

    fn step(&mut self, node: &Node) -> Option<Step> {
        let map = self.fields(node, &STEP)?;
        let actions: Vec<_> = map
            .entries
            .iter()
            .filter(|entry| ACTIONS.contains(&entry.key.name.as_str()))
            .collect();
        let entry = match actions.as_slice() {
            [only] => *only,
            [] => {
                let message = format!("a step needs one of {}", listed(&ACTIONS));
                self.reader
                    .error("missing-key", message, node.span.start..node.span.start);
                return None;
            }
            [first, second, ..] => {
                let message = format!(
                    "a step does one thing, not both `{}` and `{}`",
                    first.key.name, second.key.name
                );
                self.reader
                    .error("two-actions", message, second.key.span.clone())
                    .help
                    .push("write a step for each, in their order".to_owned());
                return None;
            }
        };
        for key in ["args", "respond", "by_callback"] {
            if let Some(beside) = map.entry(key).filter(|_| entry.key.name != "call") {
                let message = format!("`{key}` stands beside `call` only");
                self.reader.error("useless-key", message, beside.key.span.clone());
            }
        }
        self.action(&entry.key.name, &entry.value, node)
    }

    fn action(&mut self, name: &str, node: &Node, step: &Node) -> Option<Step> {
        match name {
            "say" => self.say(node),
            "set" => {
                let values = self.values(node, "`set`");
                self.mentions.set.extend(values.keys().cloned());
                Some(Step::Set(values))
            }
            "call" => self.call(node, step).map(Step::Call),
            "transfer" => {
                let name = self.reader.name(node, "`transfer`")?;
                self.agent(&name, node).map(Step::Transfer)
            }
            "payload" => Some(Step::Payload(self.values(node, "`payload`"))),
            "cite" => Some(self.cite(node)),
            "suggest" => Some(self.suggest(node)),
            _ => match node.kind {
                Kind::Bool(true) => Some(Step::End(model::Map::new())),
                Kind::Map(_) => Some(Step::End(self.values(node, "`end`"))),
                _ => {
                    self.reader
                        .wrong_type(node, "`end`", "`true` or a mapping of metadata");
                    None
                }
            },
        }
    }

    fn say(&mut self, node: &Node) -> Option<Step> {
        if node.as_map().is_none() {
            return Some(Step::Say(self.said(node)));
        }
        self.fields(node, &ONE_OF)?;
        let texts = self.required(node, &ONE_OF, "one_of")?;
        Some(Step::SayOneOf(self.said(texts)))
    }

    fn said(&mut self, node: &Node) -> Vec<String> {
        let texts = self.texts(node, "`say`");
        for item in node.as_list().unwrap_or(std::slice::from_ref(node)) {
            if let Some(text) = item.as_text() {
                self.check_template(text, item);
            }
        }
        texts
    }

    fn call(&mut self, node: &Node, step: &Node) -> Option<Call> {
        let tool = self.tool_named(node, "`call`");
        let args = step.get("args").map(|node| self.values(node, "`args`"));
        let respond = step
            .get("respond")
            .map(|node| (node, self.answer_object(node, "`respond`")));
        let by_callback = match step.get("by_callback") {
            Some(node) => self.reader.boolean(node, "`by_callback`")?,
            None => false,
        };
        let tool = tool?;
        let known = self.tools.get(tool)?;
        let by_client = known.by_client;
        if let Some((respond, _)) = respond.as_ref().filter(|_| by_client) {
            let message = "a tool that the client runs is answered by the client";
            self.reader.error("useless-key", message, respond.span.clone());
        }
        if by_client && by_callback {
            let message = "a callback cannot call a tool that the client runs";
            self.reader.error("useless-key", message, node.span.clone());
        }
        Some(Call {
            tool,
            args: args.unwrap_or_default(),
            respond: respond.map(|(_, respond)| respond),
            by_callback,
        })
    }
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
