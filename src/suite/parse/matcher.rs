//! Matchers: plain values, members, and mappings of operators.

use super::super::mention::Kind as Mentioned;
use super::super::template::text::has_template;
use super::{Parser, Wording, ticked};
use crate::diagnostic::suggest;
use crate::model::Value;
use crate::model::capability::{Group, MATCH_TYPES, Subject};
use crate::model::suite::Matcher;
use crate::yaml::{Entry, Kind, List, Map, Node, parse_duration};

/// What a matcher looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looked<'a> {
    /// What it is called in messages: `` `reply` ``.
    pub(super) what: &'a str,
    /// What kind of value it is.
    pub(super) subject: Subject,
    /// What a plain text names, if it names a thing of the agent.
    pub(super) names: Option<&'a Mentioned>,
}

impl<'a> Looked<'a> {
    /// A value that names nothing.
    pub(super) fn new(what: &'a str, subject: Subject) -> Self {
        let names = None;
        Self { what, subject, names }
    }

    /// The items of what is looked at.
    pub(super) fn items(self) -> Self {
        let subject = match self.subject {
            Subject::Texts => Subject::Text,
            _ => Subject::Any,
        };
        Self { subject, ..self }
    }

    /// Whether a mapping of members can match.
    fn has_members(self) -> bool {
        matches!(self.subject, Subject::Any | Subject::Objects | Subject::Signal)
    }

    fn has_items(self) -> bool {
        matches!(self.subject, Subject::Any | Subject::Objects | Subject::Texts)
    }
}

impl Parser {
    /// A matcher.
    pub(super) fn matcher(&mut self, node: &Node, looked: Looked<'_>) -> Option<Matcher> {
        match &node.kind {
            Kind::Null => {
                let help = "for nothing there, write `{ absent: true }`; for a null, `{ equals: null }`";
                self.missing_value(node, looked.what, help);
                None
            }
            Kind::List(List { items, .. }) => self.list(node, items, looked),
            Kind::Map(map) => self.mapping(node, map, looked),
            _ => self.plain(node, looked).map(Matcher::Is),
        }
    }

    fn list(&mut self, node: &Node, items: &[Node], looked: Looked<'_>) -> Option<Matcher> {
        if !looked.has_items() {
            let message = format!("{} is one value and cannot match a list", looked.what);
            let help = match looked.subject {
                Subject::Text => {
                    "for one of several texts write `{ any_of: […] }`, for all of them `{ all_of: […] }`"
                }
                _ => "for one of several values write `{ any_of: […] }`",
            };
            self.reader
                .error("wrong-type", message, node.span.clone())
                .help
                .push(help.to_owned());
            return None;
        }
        let matchers: Vec<Matcher> = items
            .iter()
            .filter_map(|item| self.matcher(item, looked.items()))
            .collect();
        (matchers.len() == items.len()).then_some(Matcher::List(matchers))
    }

    /// A plain value that suits what is looked at.
    pub(super) fn plain(&mut self, node: &Node, looked: Looked<'_>) -> Option<Value> {
        match looked.subject {
            Subject::Text => {
                let text = self.text(node, looked.what, Wording::Free)?;
                match looked.names {
                    Some(Mentioned::MatchType) => self.check_match_type(&text, node),
                    Some(kind) => self.mention(kind.clone(), &text, &node.span),
                    None => {}
                }
                Some(Value::String(text))
            }
            Subject::Number => self.number(node, looked.what),
            Subject::Duration => self.seconds(node, looked.what),
            Subject::Texts | Subject::Objects if !node.as_text().is_some_and(has_template) => {
                self.not_a_list(node, looked);
                None
            }
            Subject::Signal => self.signal(node, looked),
            _ => Some(self.value(node)),
        }
    }

    /// `yes` is a text (YAML 1.2), and what comes with an end or a handoff is never one, nor a number.
    pub(super) fn signal(&mut self, node: &Node, looked: Looked<'_>) -> Option<Value> {
        let is_scalar = matches!(&node.kind, Kind::Text(_) | Kind::Number(_));
        if is_scalar && !node.as_text().is_some_and(has_template) {
            let message = format!("{} must be `true`, `false` or a mapping", looked.what);
            self.reader.error("wrong-type", message, node.span.clone());
            return None;
        }
        Some(self.value(node))
    }

    /// Several things are looked at; one plain value says nothing about them.
    fn not_a_list(&mut self, node: &Node, looked: Looked<'_>) {
        let (wanted, help) = if looked.subject == Subject::Texts {
            (
                "a list of texts",
                "for one of them write `{ has_item: … }`; `reply` is all text of the turn",
            )
        } else {
            (
                "a mapping or a list of mappings",
                "a mapping matches any of them, a list all in their order",
            )
        };
        self.reader.wrong_type(node, looked.what, wanted);
        self.last_help(help.to_owned());
    }

    fn check_match_type(&mut self, text: &str, node: &Node) {
        let known = MATCH_TYPES.contains(&text) || text.starts_with("unknown_") || has_template(text);
        if !known {
            let complaint = "there is no match of type";
            self.reader
                .unknown(text, node.span.clone(), "unknown-value", complaint, MATCH_TYPES);
        }
    }

    /// A number, or a template that becomes one.
    pub(super) fn number(&mut self, node: &Node, what: &str) -> Option<Value> {
        match &node.kind {
            Kind::Number(number) => {
                self.reader.check_number(number, node);
                Some(Value::Number(number.value.clone()))
            }
            Kind::Text(text) if has_template(&text.value) => Some(Value::String(text.value.clone())),
            Kind::Text(text) if text.value.parse::<f64>().is_ok_and(f64::is_finite) => {
                self.reader.wrong_type(node, what, "a number");
                self.last_help("write it without quotes; from a template, `{{ name | number }}`".to_owned());
                None
            }
            _ => {
                self.reader.wrong_type(node, what, "a number");
                None
            }
        }
    }

    /// A duration in seconds, or a template that becomes one.
    fn seconds(&mut self, node: &Node, what: &str) -> Option<Value> {
        match &node.kind {
            Kind::Text(text) if has_template(&text.value) => Some(Value::String(text.value.clone())),
            Kind::Text(text) if parse_duration(&text.value).is_some() => {
                let seconds = parse_duration(&text.value)?.as_secs_f64();
                serde_json::Number::from_f64(seconds).map(Value::Number)
            }
            _ => {
                self.duration(node, what);
                None
            }
        }
    }

    /// Members, or operators, but not both.
    fn mapping(&mut self, node: &Node, map: &Map, looked: Looked<'_>) -> Option<Matcher> {
        let is_operator = |entry: &&Entry| Group::Operator.key(&entry.key.name).is_some();
        let operators: Vec<&Entry> = map.entries.iter().filter(is_operator).collect();
        if operators.is_empty() {
            return self.members(node, map, looked);
        }
        if operators.len() < map.entries.len() {
            let member = map.entries.iter().find(|entry| !is_operator(entry))?;
            self.mixed(operators.first()?, member, looked);
            return None;
        }
        let matchers: Vec<Matcher> = operators
            .iter()
            .filter_map(|entry| self.operator(entry, looked))
            .collect();
        if matchers.len() < operators.len() {
            return None;
        }
        let mut matchers = matchers.into_iter();
        match (matchers.next(), matchers.len()) {
            (Some(only), 0) => Some(only),
            (first, _) => Some(Matcher::AllOf(first.into_iter().chain(matchers).collect())),
        }
    }

    fn mixed(&mut self, operator: &Entry, member: &Entry, looked: Looked<'_>) {
        let (operator_name, member_name) = (&operator.key.name, &member.key.name);
        let known = Group::Operator.names();
        let meant = suggest::nearest(member_name, known.iter().copied());
        let file = std::sync::Arc::clone(&self.reader.file);
        let message = format!(
            "`{operator_name}` is an operator, `{member_name}` is not: they cannot stand side by side"
        );
        let mut problem = crate::diagnostic::Diagnostic::error("mixed-matcher", message)
            .at(&file, member.key.span.clone(), "taken for a member of the value")
            .at(&file, operator.key.span.clone(), "an operator");
        if let Some(meant) = meant {
            problem = problem.help(format!("did you mean the operator `{meant}`?"));
        } else if looked.has_members() {
            let parts = format!("{{ {operator_name}: … }}, {{ {member_name}: … }}");
            problem = problem.help(format!("to ask for both, write `all_of: [{parts}]`"));
        } else {
            problem.help.extend(suggest::help(member_name, &known));
        }
        self.reader.push(problem);
    }

    fn members(&mut self, node: &Node, map: &Map, looked: Looked<'_>) -> Option<Matcher> {
        if !looked.has_members() {
            self.no_members(node, map, looked);
            return None;
        }
        self.check_misspelt_operators(map);
        self.subset(map, Subject::Any).map(Matcher::Subset)
    }

    /// A text or number has no members, so these must be operators.
    fn no_members(&mut self, node: &Node, map: &Map, looked: Looked<'_>) {
        let known = Group::Operator.names();
        if map.entries.is_empty() {
            let message = format!("{} is compared with nothing", looked.what);
            self.reader.error("missing-value", message, node.span.clone());
        }
        for entry in &map.entries {
            let complaint = format!("{} has no members, and there is no operator", looked.what);
            let span = entry.key.span.clone();
            self.reader
                .unknown(&entry.key.name, span, "unknown-operator", &complaint, &known);
        }
    }

    /// Members that are nearly operators are reported, because they would never match.
    fn check_misspelt_operators(&mut self, map: &Map) {
        const LONG_ENOUGH: usize = 6;
        for entry in &map.entries {
            let name = &entry.key.name;
            let nearest = suggest::nearest(name, Group::Operator.names());
            let Some(operator) = nearest.filter(|_| name.len() >= LONG_ENOUGH) else {
                continue;
            };
            if strsim::damerau_levenshtein(name, operator) > 2 || operator.len() < LONG_ENOUGH {
                continue;
            }
            let message = format!("`{name}` is taken for a member of the value");
            self.reader
                .warning("like-an-operator", message, entry.key.span.clone())
                .help
                .push(format!("did you mean the operator `{operator}`?"));
        }
    }

    /// Members with their matchers.
    pub(super) fn subset(&mut self, map: &Map, subject: Subject) -> Option<Vec<(String, Matcher)>> {
        let members: Vec<(String, Matcher)> = map
            .entries
            .iter()
            .filter_map(|entry| {
                let what = ticked(&entry.key.name);
                let matcher = self.matcher(&entry.value, Looked::new(&what, subject))?;
                Some((entry.key.name.clone(), matcher))
            })
            .collect();
        (members.len() == map.entries.len()).then_some(members)
    }

    /// Members of parameters: their names are parameters of the agent.
    pub(super) fn parameter_matchers(&mut self, node: &Node, what: &str) -> Option<Vec<(String, Matcher)>> {
        let map = self.reader.map(node, what)?;
        for entry in &map.entries {
            let name = &entry.key.name;
            self.mention(Mentioned::Parameter, name, &entry.key.span);
            for inner in entry.value.as_map().iter().flat_map(|map| &map.entries) {
                let operator = Mentioned::Operator {
                    parameter: name.clone(),
                };
                self.mention(operator, &inner.key.name, &inner.key.span);
            }
        }
        self.subset(map, Subject::Any)
    }
}
