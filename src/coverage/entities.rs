//! Which entries of entity types a parameter's value shows (cx-runtime 12).

use std::collections::HashMap;

use regex::{Regex, RegexBuilder};

use crate::model::Value;

/// How deep composite values are looked into.
const DEEPEST: u8 = 8;
/// How often a value is looked at before the rest of it is left alone: types may refer to each other in circles.
const MOST_LOOKS: u32 = 10_000;
/// Patterns of all types that are used, and bytes each may take: exports are untrusted.
const MOST_PATTERNS: usize = 500;
const LARGEST_PATTERN: usize = 1 << 18;

/// The entries of all custom types.
#[derive(Debug, Default)]
pub(super) struct EntityValues<'a> {
    types: HashMap<&'a str, Entries<'a>>,
    /// How many were met in all.
    patterns: usize,
}

/// The entries of a type, by their resource.
#[derive(Debug, Default)]
struct Entries<'a> {
    /// By canonical value.
    values: HashMap<&'a str, usize>,
    /// Of a regexp type; what cannot be read fits nothing.
    patterns: Vec<(usize, Regex)>,
    /// Entries that refer to other types: the types with their aliases.
    composites: Vec<(usize, Vec<(&'a str, &'a str)>)>,
}

/// A value being looked at.
struct Look {
    left: u32,
    shown: Vec<usize>,
}

impl<'a> EntityValues<'a> {
    pub(super) fn add(&mut self, name: &'a str, kind: &str, value: &'a str, resource: usize) {
        let entries = self.types.entry(name).or_default();
        if kind == "KIND_REGEXP" {
            self.patterns += 1;
            if self.patterns <= MOST_PATTERNS {
                entries
                    .patterns
                    .extend(whole(value).map(|regex| (resource, regex)));
            }
            return;
        }
        let references: Vec<_> = references(value).collect();
        if !references.is_empty() {
            entries.composites.push((resource, references));
        }
        entries.values.insert(value, resource);
    }

    /// The entries that a value of a type (`@name`) shows; one may come more than once.
    pub(super) fn shown(&self, entity_type: &str, value: &Value) -> Vec<usize> {
        let mut look = Look {
            left: MOST_LOOKS,
            shown: Vec::new(),
        };
        self.look(entity_type.trim_start_matches('@'), value, DEEPEST, &mut look);
        look.shown
    }

    /// Whether the value is one of the type.
    fn look(&self, entity_type: &str, value: &Value, deepest: u8, look: &mut Look) -> bool {
        let (Some(entries), Some(deeper)) = (self.types.get(entity_type), deepest.checked_sub(1)) else {
            return false;
        };
        let Some(left) = look.left.checked_sub(1) else {
            return false;
        };
        look.left = left;
        match value {
            Value::Array(elements) => {
                let mut any = false;
                for element in elements {
                    any |= self.look(entity_type, element, deeper, look);
                }
                any
            }
            Value::Object(members) => {
                let has_all = |references: &[(&str, &str)]| {
                    references.iter().all(|(_, alias)| members.contains_key(*alias))
                };
                let fitting = entries
                    .composites
                    .iter()
                    .filter(|(_, references)| has_all(references));
                // Of two entries the one that says more was meant.
                let Some((resource, references)) = fitting.max_by_key(|(_, references)| references.len())
                else {
                    return false;
                };
                look.shown.push(*resource);
                for (name, alias) in references {
                    if let Some(member) = members.get(*alias) {
                        self.look(name, member, deeper, look);
                    }
                }
                true
            }
            Value::String(text) => self.look_text(entries, text, value, deeper, look),
            Value::Number(number) => self.look_text(entries, &number.to_string(), value, deeper, look),
            Value::Null | Value::Bool(_) => false,
        }
    }

    fn look_text(
        &self,
        entries: &Entries<'_>,
        text: &str,
        value: &Value,
        deeper: u8,
        look: &mut Look,
    ) -> bool {
        let before = look.shown.len();
        look.shown.extend(entries.values.get(text));
        let fitting = entries
            .patterns
            .iter()
            .filter(|(_, pattern)| pattern.is_match(text));
        look.shown.extend(fitting.map(|(resource, _)| *resource));
        if look.shown.len() == before {
            // `@other` alone gives the other type's value as it is.
            for (resource, references) in &entries.composites {
                if let [(name, _)] = references.as_slice()
                    && self.look(name, value, deeper, look)
                {
                    look.shown.push(*resource);
                }
            }
        }
        look.shown.len() > before
    }
}

/// A pattern that must match a whole text; `None` when it cannot be read.
fn whole(pattern: &str) -> Option<Regex> {
    let compiled = RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(LARGEST_PATTERN)
        .dfa_size_limit(LARGEST_PATTERN)
        .build();
    compiled.ok()
}

/// The types that an entry refers to, with their aliases: `@size:s`, `@sys.number`.
pub(super) fn references(value: &str) -> impl Iterator<Item = (&str, &str)> {
    let words = value.split_whitespace().filter_map(|word| word.strip_prefix('@'));
    words.map(|word| word.split_once(':').unwrap_or((word, word)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// There was a bound for each type alone: four small files of patterns took minutes and gigabytes.
    #[test]
    fn patterns_are_bounded_in_size_and_over_all_types() {
        let mut entities = EntityValues::default();
        for (resource, name) in (0..MOST_PATTERNS).zip(["a", "b"].into_iter().cycle()) {
            entities.add(name, "KIND_REGEXP", "x+", resource);
        }
        entities.add("c", "KIND_REGEXP", "x+", MOST_PATTERNS);
        let shown = |name: &str| entities.shown(name, &json!("xx")).len();
        assert_eq!(
            ["@a", "@b", "@c"].map(shown),
            [MOST_PATTERNS / 2, MOST_PATTERNS / 2, 0]
        );
        assert!(whole(r"\w+@\w+\.[a-z]{2,}").is_some());
        assert!(whole(r"\w{20}x").is_none());
    }
}
