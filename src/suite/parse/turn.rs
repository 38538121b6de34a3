//! A turn: what the user does, what goes along, what is remembered and expected.

use std::ops::Range;
use std::sync::Arc;

use super::super::mention::Kind as Mentioned;
use super::shown::Shown;
use super::stubs::Called;
use super::{Parser, Wording, entries, ticked};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::expect;
use crate::model::Map as Object;
use crate::model::capability::{Group, INPUTS, VIA, VIA_NAMES};
use crate::model::suite::{Capture, Feedback, Input, Location, Name, Rating, Service, Turn, Via};
use crate::suite::template::fill::has_templates;
use crate::yaml::{Entry, Kind, Map, Node, opens_template};

/// The use of a step.
#[derive(Debug, Clone)]
pub(in crate::suite) struct Use {
    /// The step's name.
    pub(in crate::suite) step: String,
    /// Where the name stands.
    pub(in crate::suite) span: Range<usize>,
    /// Names for its templates, with their places.
    pub(in crate::suite) args: Object,
    /// Where each argument's name stands.
    pub(in crate::suite) argument_spans: Vec<(String, Range<usize>)>,
    /// Where it is used.
    pub(in crate::suite) location: Location,
    /// The file it is used in.
    pub(in crate::suite) file: Arc<SourceFile>,
}

/// Whether a turn's node is the use of a step.
pub(in crate::suite) fn is_use(node: &Node) -> bool {
    node.get("use").is_some()
}

impl Parser {
    /// The use of a step.
    pub(in crate::suite) fn use_of_step(&mut self, node: &Node) -> Option<Use> {
        let map = self.group(node, Group::Use)?;
        let name = map.get("use")?;
        let step = self.fixed_text(name, "`use`")?;
        let args = map.entry("args");
        let values = match args {
            None => Object::new(),
            Some(entry) => {
                self.reader.check_said(&entry.value);
                self.values(&entry.value, "`args`")?
            }
        };
        let spans = args
            .and_then(|entry| entry.value.as_map())
            .into_iter()
            .flat_map(|map| &map.entries);
        Some(Use {
            step,
            span: name.span.clone(),
            args: values,
            argument_spans: spans
                .map(|entry| (entry.key.name.clone(), entry.key.span.clone()))
                .collect(),
            location: self.location(node.line),
            file: Arc::clone(&self.reader.file),
        })
    }

    /// A turn; its options are its own only, not yet laid over the conversation's.
    pub(in crate::suite) fn turn(&mut self, node: &Node) -> Option<Turn> {
        if node.is_null() {
            let problem = self
                .reader
                .error("missing-value", "this turn is empty", node.span.clone());
            problem.help.push("for example `- say: hello`".to_owned());
            return None;
        }
        let map = self.group(node, Group::Turn)?;
        let input = self.input(node, map);
        let via = map.get("via").and_then(|node| self.via(node));
        self.check_via_of_sound(map, input.as_ref(), via);
        self.check_protocol(node, map, input.as_ref(), via);
        let mut turn = Turn {
            location: self.location(node.line),
            used_at: None,
            input: Input::Silence,
            with: match map.get("with") {
                Some(node) => Arc::new(self.with(node)),
                None => Arc::clone(&self.no_options),
            },
            via,
            when: map
                .get("when")
                .map(|node| self.expectations(node, "`when`"))
                .unwrap_or_default(),
            answers: map
                .get("answers")
                .and_then(|node| self.stubs(node, Called::Tool, "`answers`")),
            capture: map
                .get("capture")
                .map(|node| self.captures(node))
                .unwrap_or_default(),
            feedback: map.get("feedback").and_then(|node| self.feedback(node, via)),
            expect: map
                .get("expect")
                .map(|node| self.expectations(node, "`expect`"))
                .unwrap_or_default(),
            history: map
                .get("history")
                .filter(|_| self.service != Some(Service::Cx))
                .map(|node| self.history(node)),
            restart: map
                .get("then")
                .is_some_and(|node| self.choice(node, "`then`", &["restart"]).is_some()),
            has_templates: has_templates(node),
        };
        let shown = self.shown(via, input.as_ref());
        if let Some(expect) = map.get("expect") {
            self.check_shown(expect, shown);
        }
        self.check_captured(map, shown);
        self.check_captured_parameters(map);
        turn.input = input?;
        // What is said may be written elsewhere, as the transcript of a recording.
        turn.has_templates |= matches!(&turn.input, Input::Say(text) if opens_template(text));
        self.check_text_streaming(node, map, &turn);
        Some(turn)
    }

    // ---- what the user does ----

    fn input(&mut self, node: &Node, map: &Map) -> Option<Input> {
        let inputs: Vec<&Entry> = map
            .entries
            .iter()
            .filter(|entry| INPUTS.contains(&entry.key.name.as_str()))
            .collect();
        let (files, others): (Vec<&Entry>, Vec<&Entry>) =
            inputs.iter().partition(|entry| Self::is_attachment(entry));
        match (files.as_slice(), others.as_slice()) {
            ([_, ..], []) => return self.attached(&files, None),
            ([_, ..], [say]) if say.key.name == "say" => return self.attached(&files, Some(say)),
            _ => {}
        }
        match inputs.as_slice() {
            [] => {
                self.no_input(node, map);
                None
            }
            [entry] => self.one_input(&entry.key.name, &entry.value),
            [first, second, ..] => {
                let message = format!(
                    "a turn has one input, this has two: `{}` and `{}`",
                    first.key.name, second.key.name
                );
                let file = Arc::clone(&self.reader.file);
                let problem = Diagnostic::error("two-inputs", message)
                    .at(&file, second.key.span.clone(), "a second input")
                    .at(&file, first.key.span.clone(), "the first input")
                    .help("make two turns of it");
                self.reader.push(problem);
                None
            }
        }
    }

    /// Not reported when an unknown key was probably meant as the input.
    fn no_input(&mut self, node: &Node, map: &Map) {
        if map
            .entries
            .iter()
            .any(|entry| Group::Turn.key(&entry.key.name).is_none())
        {
            return;
        }
        let names: Vec<String> = INPUTS.iter().map(|name| format!("`{name}`")).collect();
        let start = node.span.start..node.span.start;
        self.reader
            .error(
                "no-input",
                "this turn has no input: nothing is said or done",
                start,
            )
            .help
            .push(format!("a turn has one of {}", names.join(", ")));
    }

    pub(super) fn one_input(&mut self, name: &str, node: &Node) -> Option<Input> {
        let what = ticked(name);
        if node.is_null() && name != "silence" {
            let help = if name == "say" {
                "to say nothing, write `silence: true`".to_owned()
            } else {
                let example = Group::Turn.key(name).map_or("", |key| key.example);
                format!("for example `{name}: {example}`")
            };
            self.missing_value(node, &what, &help);
            return None;
        }
        match name {
            "say" => self.say(node).map(Input::Say),
            "event" => self.filled_text(node, &what, Wording::Name).map(Input::Event),
            "intent" => self.name(node, &what, Mentioned::Intent).map(Input::Intent),
            "dtmf" => self.dtmf(node),
            "silence" => self.silence(node),
            "audio" => self.audio(node),
            "variables" => self.parameters(node, &what).map(Input::Variables),
            _ => None,
        }
    }

    fn say(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node, "`say`", Wording::Free)?;
        if text.trim().is_empty() {
            self.reader
                .error("empty-value", "`say` is empty", node.span.clone())
                .help
                .push("to say nothing, write `silence: true`".to_owned());
            return None;
        }
        Some(text)
    }

    /// A display name, or `{id: …}`.
    pub(super) fn name(&mut self, node: &Node, what: &str, kind: Mentioned) -> Option<Name> {
        if node.as_map().is_some() {
            let map = self.group(node, Group::Id)?;
            let id = self.filled_text(map.get("id")?, "`id`", Wording::Name)?;
            return Some(Name::Id(id));
        }
        let name = self.filled_text(node, what, Wording::Name)?;
        self.mention_sent(kind, &name, &node.span, true);
        Some(Name::Display(name))
    }

    fn dtmf(&mut self, node: &Node) -> Option<Input> {
        if node.as_map().is_none() {
            let digits = self.keys(node, "`dtmf`")?;
            return Some(Input::Dtmf { digits, finish: None });
        }
        let map = self.group(node, Group::Dtmf)?;
        let digits = self.keys(map.get("digits")?, "`digits`")?;
        let finish = match map.get("finish") {
            None => None,
            Some(node) => Some(self.one_key(node)?),
        };
        Some(Input::Dtmf { digits, finish })
    }

    fn one_key(&mut self, node: &Node) -> Option<String> {
        let key = self.keys(node, "`finish`")?;
        if key.chars().count() > 1 && !super::has_template(&key) {
            self.reader
                .error("bad-dtmf", "`finish` is one key", node.span.clone());
            return None;
        }
        Some(key)
    }

    /// Keys of a telephone, in quotes: unquoted, YAML makes comments, aliases and numbers of them.
    fn keys(&mut self, node: &Node, what: &str) -> Option<String> {
        let unquoted = matches!(node.kind, Kind::Number(_)) || node.is_plain_text();
        if unquoted {
            let help = self.quote_it(node);
            self.reader
                .error("unquoted-dtmf", format!("{what} needs quotes"), node.span.clone())
                .help
                .push(help);
            return None;
        }
        if node.is_null() {
            self.missing_value(
                node,
                what,
                "put the keys in quotes; a `#` without them begins a comment",
            );
            return None;
        }
        let keys = self.filled_text(node, what, Wording::Name)?;
        let is_key = |key: char| key.is_ascii_digit() || matches!(key, '*' | '#' | 'A'..='D');
        if !super::has_template(&keys)
            && let Some(wrong) = keys.chars().find(|key| !is_key(*key))
        {
            self.reader
                .error("bad-dtmf", format!("`{wrong}` is no key"), node.span.clone())
                .help
                .push("the keys are 0 to 9, `*`, `#` and A to D".to_owned());
            return None;
        }
        Some(keys)
    }

    // ---- what stands beside it ----

    fn via(&mut self, node: &Node) -> Option<Via> {
        let name = self.choice(node, "`via`", VIA_NAMES)?;
        let key = VIA.iter().find(|key| key.name == name)?;
        if let Some(service) = self.service.filter(|service| !key.is_known_to(*service)) {
            let known: Vec<&str> = VIA
                .iter()
                .filter(|via| via.is_known_to(service))
                .map(|via| via.name)
                .collect();
            let message = format!("{} has no RPC for `via: {name}`", super::title(service));
            self.reader
                .error("unsupported", message, node.span.clone())
                .help
                .push(format!("it has `{}`", known.join("`, `")));
            return None;
        }
        Some(match name {
            "detect" => Via::Detect,
            "server_stream" => Via::ServerStream,
            "match" => Via::Match,
            "match_then_fulfill" => Via::MatchThenFulfill,
            "run" => Via::Run,
            "stream" => Via::Stream,
            _ => Via::Bidi,
        })
    }

    /// What the user thinks of the answer: a rating, or a mapping.
    fn feedback(&mut self, node: &Node, via: Option<Via>) -> Option<Feedback> {
        if via == Some(Via::Match) {
            let message = "after `via: match` there is no answer to be rated";
            self.reader.error("unsupported", message, node.span.clone());
        }
        let map = match node.as_map() {
            Some(_) => Some(self.group(node, Group::Feedback)?),
            None => None,
        };
        let rating = map.map_or(Some(node), |map| map.get("rating"))?;
        let rating = self.choice(rating, "`rating`", &Rating::NAMES)?;
        let reason = match map.and_then(|map| map.get("reason")) {
            None => None,
            Some(node) => Some(self.filled_text(node, "`reason`", Wording::Free)?),
        };
        let labels = map.and_then(|map| map.get("labels"));
        Some(Feedback {
            rating: Rating::named(rating)?,
            reason,
            labels: labels
                .map(|node| self.texts(node, "`labels`"))
                .unwrap_or_default(),
        })
    }

    fn captures(&mut self, node: &Node) -> Vec<Capture> {
        let map = self.reader.map(node, "`capture`");
        let entries = map.into_iter().flat_map(|map| &map.entries);
        entries.filter_map(|entry| self.capture(entry)).collect()
    }

    fn capture(&mut self, entry: &Entry) -> Option<Capture> {
        let name = &entry.key.name;
        self.check_capture_name(entry);
        let (from, matches) = if entry.value.as_map().is_some() {
            let map = self.group(&entry.value, Group::Capture)?;
            let matches = match map.get("matches") {
                None => None,
                Some(node) => Some(self.fixed_pattern(node, "`matches`")?),
            };
            (map.get("from")?, matches)
        } else {
            (&entry.value, None)
        };
        if from.is_null() {
            let help = format!("for example `{name}: parameters.{name}`");
            self.missing_value(from, &format!("`{name}`"), &help);
            return None;
        }
        let path = self.fixed_text(from, &format!("`{name}`"))?;
        self.check_capture_path(&path, from)?;
        Some(Capture {
            name: name.clone(),
            line: entry.key.line,
            from: path,
            matches,
        })
    }

    fn check_capture_name(&mut self, entry: &Entry) {
        let name = &entry.key.name;
        let sound = !name.trim().is_empty() && !name.contains(['{', '}', '|']) && !name.starts_with("env.");
        if !sound || super::super::template::DATES.contains(&name.as_str()) {
            let message = format!("`{name}` cannot be the name of a capture");
            self.reader
                .error("bad-name", message, entry.key.span.clone())
                .help
                .push(
                    "it would be written `{{ name }}`; `today`, `tomorrow`, `now` and `env.…` have a meaning"
                        .to_owned(),
                );
        }
    }

    /// A path begins with an expectation's name.
    fn check_capture_path(&mut self, path: &str, node: &Node) -> Option<()> {
        let root = path.split(['.', '[']).next().unwrap_or_default();
        let known: Vec<&str> = Group::Expectation
            .names()
            .into_iter()
            .filter(|name| {
                !matches!(
                    *name,
                    "on" | "required" | "all_parameters" | "latency" | "audio" | "interrupted"
                )
            })
            .collect();
        if !known.contains(&root) {
            let complaint = "a capture cannot come from";
            self.reader
                .unknown(root, node.span.clone(), "unknown-value", complaint, &known);
            return None;
        }
        if let Err(problem) = expect::check_path(path) {
            self.reader
                .error("bad-path", problem, node.span.clone())
                .help
                .push("for example `parameters.city`, `replies[0]` or `payload[\"a name\"]`".to_owned());
            return None;
        }
        let key = Group::Expectation.key(root)?;
        if !self.applies(key) {
            let title = self.service.map_or("", super::title);
            let message = format!("`{root}` means nothing on {title}");
            self.reader.error("unsupported", message, node.span.clone());
            return None;
        }
        Some(())
    }

    /// What the turn never shows cannot be captured.
    fn check_captured(&mut self, map: &Map, shown: Shown) {
        if self.service == Some(Service::Ces) {
            return;
        }
        let captures = map.get("capture").and_then(Node::as_map);
        for (_, node) in captures.into_iter().flat_map(entries) {
            let from = node.get("from").unwrap_or(node);
            let root = from.as_text().and_then(|path| path.split(['.', '[']).next());
            if let Some(root) = root.filter(|root| !shown.has(root)) {
                self.not_shown(root, from.span.clone(), shown);
            }
        }
    }

    /// Parameters that are captured are names of the agent, too.
    fn check_captured_parameters(&mut self, map: &Map) {
        for (_, node) in map
            .get("capture")
            .and_then(Node::as_map)
            .into_iter()
            .flat_map(entries)
        {
            let from = node.get("from").unwrap_or(node);
            let path = from.as_text().and_then(|path| path.strip_prefix("parameters."));
            if let Some(path) = path {
                let path = path.to_owned();
                self.mention(Mentioned::Parameter, &path, &from.span);
            }
        }
    }
}
