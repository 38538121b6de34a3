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

/// Letters and digits that must stand between a variant's references before it is taken for the origin of a text:
/// fewer are in too many texts.
const FEWEST_LETTERS: usize = 8;

/// What one of its words must have.
const SHORTEST_WORD: usize = 3;

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
    /// Without white space.
    literals: Vec<String>,
    /// The same for a suite, each a regular expression.
    written: Vec<String>,
    /// Whether there is enough of it to tell where a text came from.
    is_telling: bool,
}

impl Pattern {
    /// The pattern of a text; nothing if it has no references.
    fn of(text: &str) -> Option<Self> {
        let literals: Vec<&str> = REFERENCE.as_ref()?.split(text).collect();
        (literals.len() > 1).then(|| Self {
            literals: literals.iter().copied().map(squeeze).collect(),
            written: literals.iter().copied().map(readable).collect(),
            is_telling: is_telling(&literals),
        })
    }

    /// Whether a text (without white space) may be a rendering: its literals stand in it one after another, the first
    /// at its beginning and the last at its end.
    fn fits(&self, text: &str) -> bool {
        let [first, between @ .., last] = self.literals.as_slice() else {
            return false;
        };
        let inner = text.strip_prefix(first.as_str());
        let Some(mut rest) = inner.and_then(|inner| inner.strip_suffix(last.as_str())) else {
            return false;
        };
        between
            .iter()
            .all(|literal| match rest.split_once(literal.as_str()) {
                Some((_, after)) => {
                    rest = after;
                    true
                }
                None => false,
            })
    }

    /// A matcher for a suite: as readable as it can be.
    fn node(&self) -> Node {
        Node::member(
            "matches",
            Node::text(&format!(r"(?s)^\s*{}\s*$", self.written.join(".*?"))),
        )
    }
}

/// Whether literals say enough to tell a text by them. References say nothing: any text may stand for them.
fn is_telling(literals: &[&str]) -> bool {
    let letters = |text: &str| {
        text.chars()
            .filter(|character| character.is_alphanumeric())
            .count()
    };
    let mut words = literals
        .iter()
        .flat_map(|literal| literal.split(|character: char| !character.is_alphanumeric()));
    literals.iter().map(|literal| letters(literal)).sum::<usize>() >= FEWEST_LETTERS
        && words.any(|word| letters(word) >= SHORTEST_WORD)
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

/// The text without white space: between words it counts for nothing.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect()
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
            if let Some(pattern) = Pattern::of(variant) {
                if pattern.is_telling {
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
        let squeezed = squeeze(text);
        found.extend(
            self.patterns
                .iter()
                .filter(|(_, pattern)| pattern.fits(&squeezed))
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
                    Variant::Templated(pattern) if !pattern.is_telling => continue,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_known_by_what_stands_between_references() {
        for (variant, text, fits) in [
            ("Your order $id is ready", "Your order 12 is ready", true),
            ("Your order $id is ready", "Your order 12  is\nready", true),
            ("Your order $id is ready", "Your order 12 is late", false),
            ("Your order $id is ready", "So your order 12 is ready", false),
            ("$name ordered $tea today", "Ann ordered tea today", true),
            ("$name ordered $tea today", "Ann drank tea today", false),
            // The beginning and the end do not overlap.
            ("It is tea $x tea it is", "It is tea it is", false),
            ("$a, then $b, then $c, then $d", "1, then 2, then 3, then 4", true),
            ("$a, then $b, then $c, then $d", "1, then 2, then 3", false),
        ] {
            let pattern = Pattern::of(variant).unwrap();
            assert!(pattern.is_telling, "{variant}");
            assert_eq!(pattern.fits(&squeeze(text)), fits, "{variant}: {text}");
        }
    }

    #[test]
    fn references_tell_nothing() {
        for (variant, is_telling) in [
            ("$session.params.a $session.params.b $session.params.c", false),
            ("$a: $b, $c", false),
            ("$a is a $b, or a $c or $d, or $e", false),
            ("Great, $name!", false),
            ("Thank you, $name!", true),
        ] {
            assert_eq!(Pattern::of(variant).unwrap().is_telling, is_telling, "{variant}");
        }
        assert!(Pattern::of("That is $ 5, or 5$.").is_none());
    }

    #[test]
    fn a_variant_that_any_text_fits_is_the_origin_of_none() {
        let mut messages = Messages::default();
        for variants in [
            json!([
                "$session.params.a $session.params.b $session.params.c",
                "Nothing."
            ]),
            json!(["That is five.", "$a: $b, $c"]),
        ] {
            let message = json!({ "text": { "text": variants } });
            messages.add(&serde_json::from_value(message).unwrap());
        }
        let (matcher, has_variants) = messages.matcher("Good morning: rain, again");
        assert_eq!(
            (matcher, has_variants),
            (Node::text("Good morning: rain, again"), false)
        );
        let (matcher, has_variants) = messages.matcher("That is five.");
        assert_eq!((matcher, has_variants), (Node::text("That is five."), false));
    }
}
