//! Which message a recorded text came from. A message has variants, one of which is said; a recording of one is
//! met by any. A variant with references is known by what stands between them.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;

use super::templates;
use crate::export::agent::{Agent, CaseContent, ConditionalCases, EventHandler, Fulfillment, Message, Route};
use crate::yaml::write::Node;

/// Variants written out for one text.
const MOST_VARIANTS: usize = 100;

/// What a variant's literal text must amount to, in characters of its pattern, before it is taken for the origin of
/// a text: less than this fits too much.
const LEAST_PATTERN: usize = 12;

/// References in texts: system functions with their arguments, and parameters.
static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let function = r"sys\.func\.[A-Z_]+\((?:[^()]|\([^()]*\))*\)";
    let parameter = r"[A-Za-z][A-Za-z0-9_.\-]*(?:\[\d+\])?";
    Regex::new(&format!(r"\$(?:{function}|{parameter})")).ok()
});

/// The messages of an agent, by their texts.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// The variants of each message.
    variants: Vec<Vec<Variant>>,
    /// Messages by a variant without references, white space collapsed.
    fixed: HashMap<String, Vec<usize>>,
    /// Messages by a variant with references.
    patterns: Vec<(usize, Pattern)>,
    /// Texts looked up before.
    known: HashMap<String, Vec<usize>>,
}

/// One variant of a message.
#[derive(Debug, Clone)]
enum Variant {
    /// Said as it is (white space collapsed).
    Fixed(String),
    /// With references.
    Templated(Pattern),
}

/// What stands between the references of a text.
#[derive(Debug, Clone)]
struct Pattern {
    /// White space collapsed.
    literals: Vec<String>,
    /// The same for a suite, each a regular expression.
    written: Vec<String>,
}

impl Pattern {
    fn of(text: &str) -> Self {
        let literals: Vec<&str> = match &*REFERENCE {
            Some(reference) => reference.split(text).collect(),
            None => vec![text],
        };
        Self {
            written: literals.iter().copied().map(readable).collect(),
            literals: literals.iter().copied().map(collapse).collect(),
        }
    }

    /// Whether a text (white space collapsed) may be a rendering; white space between words counts for nothing.
    fn fits(&self, text: &str) -> bool {
        self.may_fit(text) && Regex::new(&self.loose()).is_ok_and(|regex| regex.is_match(text))
    }

    /// A cheap test that every fitting text passes.
    fn may_fit(&self, text: &str) -> bool {
        let squeezed = |text: &str| text.replace(' ', "");
        let text = squeezed(text);
        let (Some(first), Some(last)) = (self.literals.first(), self.literals.last()) else {
            return false;
        };
        text.starts_with(&squeezed(first)) && text.ends_with(&squeezed(last))
    }

    /// The pattern that decides where a text came from.
    fn loose(&self) -> String {
        let literal = |literal: &String| {
            literal
                .split(' ')
                .map(regex::escape)
                .collect::<Vec<_>>()
                .join(r"\s*")
        };
        format!(
            "(?s)^{}$",
            self.literals.iter().map(literal).collect::<Vec<_>>().join(".*?")
        )
    }

    /// A matcher for a suite: as readable as it can be.
    fn node(&self) -> Node {
        match self.literals.as_slice() {
            [only] => text_matcher(only),
            _ => Node::member(
                "matches",
                Node::text(&format!(r"(?s)^\s*{}\s*$", self.written.join(".*?"))),
            ),
        }
    }

    /// How much literal text there is: the length of the pattern in its usual spelling.
    fn weight(&self) -> usize {
        let of_character = |character: char| match character {
            ' ' => 3,
            '&' | '~' | '#' => 2,
            other if regex::escape(other.encode_utf8(&mut [0; 4])).len() > other.len_utf8() => 2,
            _ => 1,
        };
        let literals: usize = self
            .literals
            .iter()
            .flat_map(|literal| literal.chars())
            .map(of_character)
            .sum();
        literals + 3 * self.literals.len().saturating_sub(1) + 2
    }
}

/// The text as a regular expression, with escapes only where they are needed; white space other than single blanks
/// may be any white space, and none counts at the ends.
fn readable(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut blanks = String::new();
    for character in text.trim().chars() {
        if character.is_whitespace() {
            blanks.push(character);
            continue;
        }
        match std::mem::take(&mut blanks).as_str() {
            "" => {}
            " " => escaped.push(' '),
            _ => escaped.push_str(r"\s+"),
        }
        if r"\.+*?()|[]{}^$".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Every run of white space made one blank, none at the ends.
pub(super) fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Messages {
    /// Collects the messages of every fulfillment, in all languages.
    pub(super) fn of(agent: &Agent) -> Self {
        let mut messages = Self::default();
        for_each_fulfillment(agent, &mut |fulfillment| messages.add_fulfillment(fulfillment));
        messages
    }

    fn add_fulfillment(&mut self, fulfillment: &Fulfillment) {
        for message in &fulfillment.messages {
            self.add(message);
        }
        for cases in &fulfillment.conditional_cases {
            self.add_cases(cases);
        }
    }

    fn add_cases(&mut self, cases: &ConditionalCases) {
        for content in cases.cases.iter().flat_map(|case| &case.case_content) {
            let CaseContent {
                message,
                additional_cases,
            } = content;
            if let Some(message) = message {
                self.add(message);
            }
            if let Some(inner) = additional_cases {
                self.add_cases(inner);
            }
        }
    }

    fn add(&mut self, message: &Message) {
        let Some(text) = &message.text else { return };
        let number = self.variants.len();
        let mut variants = Vec::new();
        for variant in &text.text {
            if variant.contains('$') {
                let pattern = Pattern::of(variant);
                if pattern.weight() > LEAST_PATTERN {
                    self.patterns.push((number, pattern.clone()));
                }
                variants.push(Variant::Templated(pattern));
            } else {
                let fixed = collapse(variant);
                self.fixed.entry(fixed.clone()).or_default().push(number);
                variants.push(Variant::Fixed(fixed));
            }
        }
        self.variants.push(variants);
    }

    /// The messages that a text (white space collapsed) may have come from.
    fn origins(&mut self, text: &str) -> Vec<usize> {
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let mut found = self.fixed.get(text).cloned().unwrap_or_default();
        found.extend(
            self.patterns
                .iter()
                .filter(|(_, pattern)| pattern.fits(text))
                .map(|(number, _)| *number),
        );
        found.sort_unstable();
        found.dedup();
        self.known.insert(text.to_owned(), found.clone());
        found
    }

    /// A matcher for a recorded text: the text itself, or any variant of a message it came from; and whether there
    /// are others than the text itself. Of a message without references only those recorded word by word count; a
    /// message of one variant says nothing beyond the recording.
    pub(super) fn matcher(&mut self, text: &str) -> (Node, bool) {
        let said = collapse(text);
        let mut options = vec![text_matcher(text)];
        let mut seen = HashSet::from([said.clone()]);
        for number in self.origins(&said) {
            let variants = &self.variants[number];
            if variants.len() < 2 {
                continue;
            }
            for variant in variants {
                let (key, node) = match variant {
                    Variant::Fixed(fixed) if fixed.is_empty() => continue,
                    Variant::Fixed(fixed) => (fixed.clone(), text_matcher(fixed)),
                    Variant::Templated(pattern) if pattern.weight() <= LEAST_PATTERN => continue,
                    Variant::Templated(pattern) => (pattern.written.join(".*?"), pattern.node()),
                };
                if options.len() < MOST_VARIANTS && seen.insert(key) {
                    options.push(node);
                }
            }
        }
        if options.len() == 1 {
            return (options.remove(0), false);
        }
        (Node::member("any_of", Node::List(options)), true)
    }
}

/// A matcher for one text. What a suite would take for a template is written as a pattern.
pub(super) fn text_matcher(text: &str) -> Node {
    if !templates::is_template(text) {
        return Node::text(text);
    }
    Node::member("matches", Node::text(&format!(r"^\s*{}\s*$", readable(text))))
}

/// Calls `work` for every fulfillment of the agent.
pub(super) fn for_each_fulfillment(agent: &Agent, work: &mut impl FnMut(&Fulfillment)) {
    for flow in agent.flows.values() {
        of_routes(&flow.transition_routes, work);
        of_handlers(&flow.event_handlers, work);
        for group in flow.groups.values() {
            of_routes(&group.transition_routes, work);
        }
        for page in flow.pages.values() {
            work(&page.entry_fulfillment);
            of_routes(&page.transition_routes, work);
            of_handlers(&page.event_handlers, work);
            for parameter in &page.form.parameters {
                work(&parameter.fill_behavior.initial_prompt_fulfillment);
                of_handlers(&parameter.fill_behavior.reprompt_event_handlers, work);
            }
        }
    }
    for group in agent.route_groups.values() {
        of_routes(&group.transition_routes, work);
    }
}

fn of_routes(routes: &[Route], work: &mut impl FnMut(&Fulfillment)) {
    for route in routes {
        work(&route.trigger_fulfillment);
    }
}

fn of_handlers(handlers: &[EventHandler], work: &mut impl FnMut(&Fulfillment)) {
    for handler in handlers {
        work(&handler.trigger_fulfillment);
    }
}
