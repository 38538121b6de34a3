//! Recordings → the YAML of suites and settings.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::Counts;
use super::messages::{Messages, collapse, text_matcher};
use super::recording::{Input, Output, TestCase, Turn, plain_name};
use super::templates;
use super::webhooks::{Settable, is_same};
use crate::diagnostic::Diagnostic;
use crate::export::agent::Agent;
use crate::model::{Map, Value};
use crate::yaml::write::{Node, Writer};

/// Members that get a line for each entry, so that a conversation reads from top to bottom.
const WRITER: Writer = Writer {
    open: &[
        "turns",
        "expect",
        "replies",
        "any_of",
        "all_parameters",
        "parameters",
        "defaults",
        "targets",
    ],
};

/// What stands before the tracked parameters in notes.
pub(super) const TRACKED: &str = "Tracked parameters: ";
/// What stands between them.
pub(super) const BETWEEN_TRACKED: &str = ", ";
/// The start page's name: a start there says nothing.
const START_PAGE: &str = "Start Page";
/// The flow that a session starts in when the agent names none.
const DEFAULT_START_FLOW: &str = "Default Start Flow";

/// Writes conversations, and remembers what a person should know about them.
pub(super) struct Composer {
    messages: Messages,
    settable: Settable,
    start_flow: String,
    /// The language of most turns.
    language: String,
    /// What a case is played in that names no language.
    default_language: String,
    counts: Counts,
    /// Expectations on parameters of a flow, which no client can see: `(file, name)`.
    unseen: Vec<(String, String)>,
    /// Texts that a suite would take for templates, and that were changed: `(file, text)`.
    changed: Vec<(String, String)>,
}

impl Composer {
    pub(super) fn new(agent: &Agent, cases: &[TestCase]) -> Self {
        let start_flow = start_flow(agent);
        let default_language = agent.settings.default_language_code.clone();
        let language = usual_language(cases).unwrap_or(&default_language).to_owned();
        Self {
            messages: Messages::of(agent),
            settable: Settable::of(agent),
            start_flow: start_flow.to_owned(),
            default_language: if default_language.is_empty() {
                language.clone()
            } else {
                default_language
            },
            language,
            counts: Counts::default(),
            unseen: Vec::new(),
            changed: Vec::new(),
        }
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// The settings file: one emulator target that plays every suite.
    pub(super) fn settings(&self, target: &str, agent: &str) -> String {
        let of_target = Node::Map(vec![
            ("backend".to_owned(), Node::text("emulator")),
            ("agent".to_owned(), Node::text(&format!("agents/{agent}"))),
        ]);
        let mut settings = vec![("targets".to_owned(), Node::member(target, of_target))];
        if !self.language.is_empty() {
            let with = Node::member("language", Node::text(&self.language));
            settings.push(("defaults".to_owned(), Node::member("with", with)));
        }
        let body = WRITER.block(&Node::Map(settings), 0);
        format!("# Imported from the agent's recorded test cases.\n{body}")
    }

    /// A suite file; the names are those of [`unique_names`].
    pub(super) fn suite(
        &mut self,
        title: &str,
        target: &str,
        cases: &[&TestCase],
        names: &[String],
    ) -> String {
        let mut conversations = Vec::new();
        for (case, name) in cases.iter().zip(names) {
            let conversation = Node::List(vec![self.conversation(case, name)]);
            conversations.push(WRITER.block(&conversation, 2));
        }
        let head = Node::Map(vec![
            ("suite".to_owned(), Node::text(&templates::apart(title))),
            ("target".to_owned(), Node::text(target)),
        ]);
        let head = WRITER.block(&head, 0);
        format!("{head}\nconversations:\n{}", conversations.join("\n"))
    }

    fn conversation(&mut self, case: &TestCase, name: &str) -> Node {
        self.counts.conversations += 1;
        self.counts.turns += case.turns.len();
        self.counts.with_parameters += usize::from(case.recorded_parameters());
        let mut members = vec![("name".to_owned(), Node::text(name))];
        let tags: Vec<Node> = tags(case).map(Node::text).collect();
        if !tags.is_empty() {
            members.push(("tags".to_owned(), self.plain(case, Node::List(tags))));
        }
        if let Some(notes) = notes(case) {
            members.push(("notes".to_owned(), Node::text(&notes)));
        }
        members.extend(case.clock().map(|clock| ("clock".to_owned(), Node::text(&clock))));
        if let Some(start) = self.start(case) {
            members.push(("start".to_owned(), self.plain(case, start)));
        }
        let language = self.language_of(case).to_owned();
        if language != self.language {
            members.push(("with".to_owned(), Node::member("language", Node::text(&language))));
        }
        let mut before = Map::new();
        let mut turns = Vec::new();
        let last = case.turns.len().saturating_sub(1);
        for (index, turn) in case.turns.iter().enumerate() {
            let turn_node = self.turn(case, turn, &before, &language, index < last);
            turns.push(self.plain(case, turn_node));
            match turn.output() {
                // The next session has none (cx-runtime 1.3): what it has again has been set again.
                Some(output) if output.ended() => before.clear(),
                Some(_) => turn.parameters().clone_into(&mut before),
                None => {}
            }
        }
        members.push(("turns".to_owned(), Node::List(turns)));
        Node::Map(members)
    }

    /// The node without templates.
    fn plain(&mut self, case: &TestCase, node: Node) -> Node {
        let mut changed = Vec::new();
        let plain = templates::without(node, &mut changed);
        self.changed
            .extend(changed.into_iter().map(|text| (case.file.clone(), text)));
        plain
    }

    /// The language of most of the case's turns; where none names one, that of the agent.
    fn language_of<'a>(&'a self, case: &'a TestCase) -> &'a str {
        usual_language(std::slice::from_ref(case)).unwrap_or(&self.default_language)
    }

    fn start(&self, case: &TestCase) -> Option<Node> {
        let config = &case.test_config;
        let is_usual_flow = config.flow.is_empty() || config.flow == self.start_flow;
        let is_usual_page = config.page.is_empty() || config.page == START_PAGE;
        if is_usual_flow && is_usual_page {
            return None;
        }
        let given = [("flow", &config.flow), ("page", &config.page)]
            .into_iter()
            .filter(|(_, name)| !name.is_empty());
        Some(Node::Map(
            given
                .map(|(key, name)| (key.to_owned(), Node::text(name)))
                .collect(),
        ))
    }

    fn turn(&mut self, case: &TestCase, turn: &Turn, before: &Map, language: &str, goes_on: bool) -> Node {
        let mut members = vec![Self::input(turn)];
        let with = self.with(case, turn, before, language);
        if !with.is_empty() {
            members.push(("with".to_owned(), Node::Map(with)));
        }
        let expect = self.expect(case, turn);
        if !expect.is_empty() {
            members.push(("expect".to_owned(), Node::Map(expect)));
        }
        // The service cleared the session and met the next input afresh (cx-runtime 1.3).
        if goes_on && turn.output().is_some_and(Output::ended) {
            members.push(("then".to_owned(), Node::text("restart")));
        }
        Node::Map(members)
    }

    fn input(turn: &Turn) -> (String, Node) {
        let (key, node) = match turn.input() {
            Input::Say(text) => ("say", Node::text(text)),
            Input::Event(event) => ("event", Node::text(event)),
            Input::Intent(intent) => ("intent", Node::text(intent)),
            // Suites want them quoted, letters too.
            Input::Dtmf { digits, finish: "" } => ("dtmf", Node::Quoted(digits.to_owned())),
            Input::Dtmf { digits, finish } => {
                let keys = [("digits", digits), ("finish", finish)];
                let keys = keys.map(|(key, value)| (key.to_owned(), Node::Quoted(value.to_owned())));
                ("dtmf", Node::Map(keys.to_vec()))
            }
            Input::Silence => ("silence", Node::Plain(Value::Bool(true))),
        };
        (key.to_owned(), node)
    }

    fn with(&mut self, case: &TestCase, turn: &Turn, before: &Map, language: &str) -> Vec<(String, Node)> {
        let mut with = Vec::new();
        if let Some(of_turn) = case.language(turn).filter(|of_turn| *of_turn != language) {
            with.push(("language".to_owned(), Node::text(of_turn)));
        }
        let injected = turn.injected();
        if !injected.is_empty() {
            with.push(("parameters".to_owned(), Node::Plain(Value::Object(injected))));
        }
        if let Some(user) = &turn.user_input {
            if !user.is_webhook_enabled {
                with.push(("disable_webhook".to_owned(), Node::Plain(Value::Bool(true))));
            }
            if user.enable_sentiment_analysis {
                with.push(("sentiment".to_owned(), Node::Plain(Value::Bool(true))));
            }
        }
        let answer = self.settable.answer(turn, before);
        if !answer.is_empty() {
            self.counts.webhook_turns += 1;
            let webhook = Node::member("parameters", Node::Plain(Value::Object(answer)));
            with.push(("emulator".to_owned(), Node::member("webhook", webhook)));
        }
        with
    }

    fn expect(&mut self, case: &TestCase, turn: &Turn) -> Vec<(String, Node)> {
        let mut expect = Vec::new();
        let Some(output) = turn.output() else {
            let asked_for = self.single_parameters(case, turn, false);
            expect.extend((!asked_for.is_empty()).then(|| ("parameters".to_owned(), Node::Map(asked_for))));
            return expect;
        };
        expect.push((
            "intent".to_owned(),
            output.intent().map_or_else(absent, text_matcher),
        ));
        let (page, flow) = output.place();
        expect.extend(page.map(|page| ("page".to_owned(), text_matcher(page))));
        expect.extend(flow.map(|flow| ("flow".to_owned(), text_matcher(flow))));
        expect.push(("replies".to_owned(), Node::List(self.replies(output))));
        let exactly = case.recorded_parameters();
        if exactly {
            let members = turn.parameters().iter().filter(|(_, value)| !value.is_null());
            let members = members
                .map(|(name, value)| (name.clone(), value_matcher(value)))
                .collect();
            expect.push(("all_parameters".to_owned(), Node::Map(members)));
        }
        let asked_for = self.single_parameters(case, turn, exactly);
        if !asked_for.is_empty() {
            expect.push(("parameters".to_owned(), Node::Map(asked_for)));
        }
        expect
    }

    fn replies(&mut self, output: &Output) -> Vec<Node> {
        let mut replies = Vec::new();
        for said in output.said() {
            let (matcher, has_variants) = self.messages.matcher(said.text);
            self.counts.texts_with_variants += usize::from(has_variants);
            self.counts.generated_texts += usize::from(said.generated);
            replies.push(matcher);
        }
        replies
    }

    /// Parameters that the author of the case named one by one, beyond those that are expected anyway.
    fn single_parameters(&mut self, case: &TestCase, turn: &Turn, exactly: bool) -> Vec<(String, Node)> {
        let mut members = Vec::new();
        for (key, value) in turn.expected_parameters() {
            let name = plain_name(key);
            if name.starts_with('$') {
                self.unseen.push((case.file.clone(), name.to_owned()));
                continue;
            }
            let is_there = turn
                .parameters()
                .get(name)
                .is_some_and(|recorded| is_same(recorded, value));
            let is_expected = (exactly && is_there) || members.iter().any(|(other, _)| other == name);
            if !is_expected {
                members.push((name.to_owned(), value_matcher(value)));
            }
        }
        members
    }

    /// What could not be taken over as it was.
    pub(super) fn warnings(&self, export: &Path) -> Vec<Diagnostic> {
        let unseen = self.unseen.iter().map(|(file, name)| {
            let message =
                format!("the test case expects `{name}`, a parameter of a flow, which no client sees");
            Diagnostic::warning("unobservable-parameter", message).in_file(export.join(file))
        });
        let changed = self.changed.iter().map(|(file, text)| {
            let message = format!(
                "`{}` would be a template: the braces were set apart",
                collapse(text)
            );
            Diagnostic::warning("template-in-text", message).in_file(export.join(file))
        });
        let generated = (self.counts.generated_texts > 0).then(|| {
            let message = format!(
                "{} texts were written by a language model",
                self.counts.generated_texts
            );
            Diagnostic::warning("generated-text", message)
                .in_file(export)
                .help("they will hardly be said again word by word: expect less of these replies")
        });
        unseen.chain(changed).chain(generated).collect()
    }
}

fn absent() -> Node {
    Node::member("absent", Node::Plain(Value::Bool(true)))
}

/// A matcher for exactly this value.
fn value_matcher(value: &Value) -> Node {
    match value {
        Value::Null => absent(),
        Value::String(text) => text_matcher(text),
        Value::Array(_) | Value::Object(_) => Node::member("equals", Node::Plain(value.clone())),
        other => Node::Plain(other.clone()),
    }
}

/// The flow that a session starts in.
pub(super) fn start_flow(agent: &Agent) -> &str {
    match agent.settings.start_flow.as_str() {
        "" => DEFAULT_START_FLOW,
        named => named,
    }
}

/// Tags without the sign that the console puts before them.
fn tags(case: &TestCase) -> impl Iterator<Item = &str> {
    case.tags
        .iter()
        .map(|tag| tag.trim().trim_start_matches('#'))
        .filter(|tag| !tag.is_empty())
}

/// Notes, and the parameters that the console's own comparison tracks.
fn notes(case: &TestCase) -> Option<String> {
    let tracked = &case.test_config.tracking_parameters;
    let tracked = (!tracked.is_empty()).then(|| format!("{TRACKED}{}", tracked.join(BETWEEN_TRACKED)));
    let notes = Some(case.notes.trim().to_owned()).filter(|notes| !notes.is_empty());
    let all: Vec<String> = notes.into_iter().chain(tracked).collect();
    (!all.is_empty()).then(|| templates::apart(&all.join("\n")))
}

/// Names as they are, but for equal ones, which get a number.
pub(super) fn unique_names(cases: &[&TestCase]) -> Vec<String> {
    let mut taken = HashSet::new();
    let name = |case: &&TestCase| {
        let name = templates::apart(&collapse(&case.display_name));
        let name = if name.is_empty() { case.file.clone() } else { name };
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        candidates
            .find(|candidate| taken.insert(candidate.clone()))
            .unwrap_or(name.clone())
    };
    cases.iter().map(name).collect()
}

/// The language that most turns name.
fn usual_language(cases: &[TestCase]) -> Option<&str> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for case in cases {
        for language in case.turns.iter().filter_map(|turn| case.language(turn)) {
            *counts.entry(language).or_default() += 1;
        }
    }
    // The name decides between equally many, so that an import can be repeated.
    counts
        .into_iter()
        .max_by(|left, right| (left.1, right.0).cmp(&(right.1, left.0)))
        .map(|(language, _)| language)
}
