//! Reads an app's file: the app, its variables, tools and agents. What agents do is in [`rule`](super::rule).

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono_tz::Tz;
use regex::{Regex, RegexBuilder};

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::model;
use crate::proto::json::json_to_struct;
use crate::yaml::{self, Kind, Node, Reader, comment_after, quoted};

use super::super::template;
use super::keys::{AGENT, ANSWER, APP, TOOL, Table};
use super::mention::Mentions;
use super::{Agent, Answer, App, Tool, condition};

/// Largest compiled pattern.
const PATTERN_LIMIT: usize = 4 << 20;

/// A script being read.
pub(super) struct Script {
    pub(super) reader: Reader,
    pub(super) mentions: Mentions,
    /// Tools by name, in order.
    pub(super) tools: Vec<Tool>,
    /// Indices of the tools that are wrong in themselves.
    pub(super) unsound: BTreeSet<usize>,
    /// Names of the agents, in order.
    pub(super) agents: Vec<String>,
}

/// Reads an app, and everything that is wrong with it.
pub(super) fn app(file: &Arc<SourceFile>) -> (Option<App>, Vec<Diagnostic>) {
    let parsed = yaml::parse(file);
    let mut script = Script {
        reader: Reader::new(file),
        mentions: Mentions::default(),
        tools: Vec::new(),
        unsound: BTreeSet::new(),
        agents: Vec::new(),
    };
    script.reader.problems = parsed.problems;
    let app = parsed.root.and_then(|root| script.app(&root));
    (app, script.reader.problems)
}

impl Script {
    fn app(&mut self, root: &Node) -> Option<App> {
        self.fields(root, &APP)?;
        let name = self
            .required(root, &APP, "app")
            .and_then(|node| self.reader.name(node, "`app`"));
        let time_zone = root.get("time_zone").and_then(|node| self.time_zone(node));
        let variables = root.get("variables").map(|node| self.values(node, "`variables`"));
        let variables = variables.unwrap_or_default();
        if let Some(tools) = root.get("tools") {
            self.tools(tools);
        }
        let agents = self.required(root, &APP, "agents");
        self.agents = agents.map(names_of).unwrap_or_default();
        let agents = agents.and_then(|node| self.agents(node)).unwrap_or_default();
        let first = root.get("root").map_or(Some(0), |node| {
            let name = self.reader.name(node, "`root`")?;
            self.agent(&name, node)
        });
        let otherwise = root.get("otherwise").map(|node| self.steps(node));
        let declared: Vec<&str> = variables.keys().map(String::as_str).collect();
        let tools: Vec<&str> = self.tools.iter().map(|tool| tool.name.as_str()).collect();
        self.mentions.check(&mut self.reader, &declared, &tools);
        Some(App {
            name: name?,
            root: first?,
            time_zone,
            variables,
            tools: std::mem::take(&mut self.tools),
            agents,
            otherwise,
        })
    }

    fn time_zone(&mut self, node: &Node) -> Option<Tz> {
        let name = self.reader.name(node, "`time_zone`")?;
        let zone = name.parse().ok();
        if zone.is_none() {
            let message = format!("there is no time zone `{name}`");
            self.reader
                .error("unknown-time-zone", message, node.span.clone())
                .help
                .push("write an IANA name such as `Europe/Paris`".to_owned());
        }
        zone
    }

    // ---- tools ----

    fn tools(&mut self, node: &Node) {
        let Some(map) = self.reader.map(node, "`tools`") else {
            return;
        };
        for entry in &map.entries {
            let name = &entry.key.name;
            let mut parts = name.split('/');
            let is_part = |part: Option<&str>| {
                let named = |byte: u8| byte.is_ascii_alphanumeric() || b"_- ".contains(&byte);
                part.is_some_and(|part| !part.is_empty() && part.bytes().all(named))
            };
            let (first, second, third) = (parts.next(), parts.next(), parts.next());
            if !is_part(first) || (second.is_some() && !is_part(second)) || third.is_some() {
                let message = format!("`{name}` cannot name a tool");
                self.reader
                    .error("bad-name", message, entry.key.span.clone())
                    .help
                    .push("use letters, digits, `_` and `-`; `toolset/tool` for a tool of a set".to_owned());
            }
            // Even a tool that is wrong is known, so that its calls are not reported too.
            let problems = self.reader.problems.len();
            let body = self.tool(&entry.value).unwrap_or_default();
            if self.reader.problems.len() > problems {
                self.unsound.insert(self.tools.len());
            }
            let (toolset, own) = match second {
                Some(tool) => (first.map(id_of), tool),
                None => (None, name.as_str()),
            };
            let id = unique(id_of(own), |id| {
                self.tools
                    .iter()
                    .any(|tool| tool.id == id && tool.toolset == toolset)
            });
            self.tools.push(Tool {
                name: name.clone(),
                id,
                toolset,
                ..body
            });
        }
    }

    fn tool(&mut self, node: &Node) -> Option<Tool> {
        self.fields(node, &TOOL)?;
        let by_client = match node.get("run_by") {
            None => false,
            Some(node) => {
                let who = self.reader.name(node, "`run_by`")?;
                if !["client", "server"].contains(&who.as_str()) {
                    let complaint = "a tool cannot be run by";
                    self.reader.unknown(
                        &who,
                        node.span.clone(),
                        "unknown-value",
                        complaint,
                        &["client", "server"],
                    );
                }
                who == "client"
            }
        };
        let answers = node
            .get("answers")
            .map(|node| self.answers(node))
            .unwrap_or_default();
        if let Some(answers) = node.get("answers").filter(|_| by_client) {
            let message = "a tool that the client runs is answered by the client";
            self.reader
                .error("useless-key", message, answers.span.clone())
                .help
                .push("for an answer while tool fakes are switched on, write `fake:`".to_owned());
        }
        let fake = node.get("fake").map(|node| self.answer_object(node, "`fake`"));
        Some(Tool {
            by_client,
            answers,
            fake,
            ..Tool::default()
        })
    }

    fn answers(&mut self, node: &Node) -> Vec<Answer> {
        let items = self.reader.list(node, "`answers`").unwrap_or_default();
        items.iter().filter_map(|item| self.answer(item)).collect()
    }

    fn answer(&mut self, node: &Node) -> Option<Answer> {
        self.fields(node, &ANSWER)?;
        let when = node
            .get("when")
            .map(|node| condition::members(&mut self.reader, node, "`when`"));
        let respond = self.required(node, &ANSWER, "respond")?;
        let respond = self.answer_object(respond, "`respond`");
        Some(Answer {
            when: when.unwrap_or(Some(Vec::new()))?,
            respond,
        })
    }

    /// An answer; anything but a mapping stands under `output` (ces-api 1.3).
    pub(super) fn answer_object(&mut self, node: &Node, what: &str) -> model::Map {
        if node.as_map().is_some() {
            return self.values(node, what);
        }
        if node.is_null() {
            self.reader.wrong_type(node, what, "an answer");
            return model::Map::new();
        }
        self.check_values(node);
        model::Map::from_iter([("output".to_owned(), node.to_value())])
    }

    // ---- agents ----

    fn agents(&mut self, node: &Node) -> Option<Vec<Agent>> {
        let map = self.reader.map(node, "`agents`")?;
        if map.entries.is_empty() {
            self.reader
                .error("missing-value", "an app needs an agent", node.span.clone());
            return None;
        }
        let mut agents: Vec<Agent> = Vec::new();
        for entry in &map.entries {
            let name = &entry.key.name;
            if name.trim().is_empty() || name == "user" {
                let message = format!("`{name}` cannot name an agent");
                self.reader.error("bad-name", message, entry.key.span.clone());
            }
            let id = unique(id_of(name), |id| agents.iter().any(|agent| agent.id == id));
            let (rules, otherwise) = self.agent_body(&entry.value);
            agents.push(Agent {
                name: name.clone(),
                id,
                rules,
                otherwise,
            });
        }
        Some(agents)
    }

    fn agent_body(&mut self, node: &Node) -> (Vec<super::Rule>, Option<super::Steps>) {
        if node.is_null() || self.fields(node, &AGENT).is_none() {
            if node.is_null() {
                self.reader
                    .wrong_type(node, "the agent", "a mapping with `rules` or `otherwise`");
            }
            return (Vec::new(), None);
        }
        let rules = node.get("rules").map(|node| self.rules(node)).unwrap_or_default();
        let otherwise = node.get("otherwise").map(|node| self.steps(node));
        (rules, otherwise)
    }

    /// The index of an agent that the script names.
    pub(super) fn agent(&mut self, name: &str, node: &Node) -> Option<usize> {
        let found = self.agents.iter().position(|known| known == name);
        if found.is_none() {
            let known: Vec<&str> = self.agents.iter().map(String::as_str).collect();
            let complaint = "there is no agent";
            self.reader
                .unknown(name, node.span.clone(), "unknown-agent", complaint, &known);
        }
        found
    }

    /// The index of a tool that the script names.
    pub(super) fn tool_named(&mut self, node: &Node, what: &str) -> Option<usize> {
        let name = self.reader.name(node, what)?;
        let found = self.tools.iter().position(|tool| tool.name == name);
        if found.is_none() {
            let known: Vec<&str> = self.tools.iter().map(|tool| tool.name.as_str()).collect();
            self.reader.unknown(
                &name,
                node.span.clone(),
                "unknown-tool",
                "there is no tool",
                &known,
            );
        }
        found
    }

    // ---- values ----

    /// A mapping with the keys of a table.
    pub(super) fn fields<'node>(&mut self, node: &'node Node, table: &Table) -> Option<&'node yaml::Map> {
        self.reader.fields(node, table.title, &table.names())
    }

    /// The value of a key that must be there.
    pub(super) fn required<'node>(
        &mut self,
        node: &'node Node,
        table: &Table,
        key: &str,
    ) -> Option<&'node Node> {
        let found = node.get(key);
        if found.is_none() {
            let message = format!("{} needs `{key}`", table.title);
            let start = node.span.start..node.span.start;
            self.reader.error("missing-key", message, start);
        }
        found
    }

    /// Texts that are said or compared: a list, or one alone.
    pub(super) fn texts(&mut self, node: &Node, what: &str) -> Vec<String> {
        let items = node.as_list().unwrap_or(std::slice::from_ref(node));
        if items.is_empty() {
            self.reader.error(
                "missing-value",
                format!("{what} lists nothing"),
                node.span.clone(),
            );
        }
        for item in items {
            self.check_comment(item);
        }
        items
            .iter()
            .filter_map(|item| self.reader.name(item, what))
            .collect()
    }

    /// A mapping of any values, with templates.
    pub(super) fn values(&mut self, node: &Node, what: &str) -> model::Map {
        let Some(map) = self.reader.map(node, what) else {
            return model::Map::new();
        };
        self.check_values(node);
        let values = map.to_object();
        if let Err(error) = json_to_struct(&values) {
            self.reader
                .error("too-deep", format!("{what} is {error}"), node.span.clone());
        }
        values
    }

    /// Checks texts and numbers anywhere in a value.
    pub(super) fn check_values(&mut self, node: &Node) {
        match &node.kind {
            Kind::Number(number) => self.reader.check_number(number, node),
            Kind::Text(text) => {
                self.check_comment(node);
                self.check_template(&text.value, node);
            }
            Kind::List(list) => list.items.iter().for_each(|item| self.check_values(item)),
            Kind::Map(map) => map
                .entries
                .iter()
                .for_each(|entry| self.check_values(&entry.value)),
            Kind::Null | Kind::Bool(_) => {}
        }
    }

    /// Remembers the names in a text's templates.
    pub(super) fn check_template(&mut self, text: &str, node: &Node) {
        for piece in template::pieces(text) {
            match piece {
                template::Piece::Literal(_) => {}
                template::Piece::Path(path) | template::Piece::Number(path) => {
                    let name = template::root(path).to_owned();
                    self.mentions.templates.push((name, node.span.clone()));
                }
                template::Piece::Malformed(written) => {
                    let message = format!("`{written}` is no template");
                    self.reader
                        .error("bad-template", message, node.span.clone())
                        .help
                        .push("write `{{ name }}` or `{{ name.member }}`".to_owned());
                }
            }
        }
    }

    /// Refuses a comment that may well belong to the text: `say: option #2`.
    fn check_comment(&mut self, node: &Node) {
        if !node.is_plain_text() {
            return;
        }
        let Some(comment) = comment_after(&self.reader.file, node) else {
            return;
        };
        let text = &self.reader.file.text;
        let is_close = comment.start - node.span.end == 1;
        let is_glued = text
            .get(comment.start + 1..)
            .is_some_and(|rest| rest.starts_with(|next: char| !next.is_whitespace() && next != '#'));
        if is_close || is_glued {
            let whole = text
                .get(node.span.start..comment.end)
                .unwrap_or_default()
                .trim_end();
            let help = format!("if `#` belongs to the text, quote it: {}", quoted(whole));
            self.reader
                .error(
                    "comment-after-text",
                    "the text ends where a comment begins",
                    comment,
                )
                .help
                .extend([help, "if it is a comment, set it further apart".to_owned()]);
        }
    }
}

impl Default for Tool {
    /// A tool of the server without a name.
    fn default() -> Self {
        Self {
            name: String::new(),
            id: String::new(),
            toolset: None,
            by_client: false,
            answers: Vec::new(),
            fake: None,
        }
    }
}

/// A regular expression.
pub(super) fn pattern(reader: &mut Reader, node: &Node) -> Option<Regex> {
    let text = reader.name(node, "`matches`")?;
    match RegexBuilder::new(&text).size_limit(PATTERN_LIMIT).build() {
        Ok(regex) => Some(regex),
        Err(error) => {
            let told = error.to_string();
            let last = told
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ")
                .to_owned();
            let message = format!("the regular expression is not valid: {last}");
            reader.error("bad-regex", message, node.span.clone());
            None
        }
    }
}

fn names_of(node: &Node) -> Vec<String> {
    let entries = node
        .as_map()
        .map(|map| map.entries.as_slice())
        .unwrap_or_default();
    entries.iter().map(|entry| entry.key.name.clone()).collect()
}

/// A name as the id of a resource: lower case, with dashes.
fn id_of(name: &str) -> String {
    let mut id = String::new();
    for character in name.chars() {
        if character.is_ascii_alphanumeric() || character == '_' {
            id.push(character.to_ascii_lowercase());
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    let id = id.trim_end_matches('-');
    if id.is_empty() {
        "x".to_owned()
    } else {
        id.to_owned()
    }
}

/// The id, with a number behind it when it is taken.
fn unique(id: String, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(&id) {
        return id;
    }
    let mut number = 2_u32;
    loop {
        let numbered = format!("{id}-{number}");
        if !is_taken(&numbered) {
            return numbered;
        }
        number = number.saturating_add(1);
    }
}
