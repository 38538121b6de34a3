//! Which entries of entity types a parameter's value shows (cx-runtime 12).

use std::collections::HashMap;

use crate::model::{Value, pattern};

/// How deep composite values are looked into.
const DEEPEST: u8 = 8;

/// The entries of all custom types.
#[derive(Debug, Default)]
pub(super) struct EntityValues<'a> {
    types: HashMap<&'a str, Entries<'a>>,
}

/// The entries of a type, by their resource.
#[derive(Debug, Default)]
struct Entries<'a> {
    /// By canonical value.
    values: HashMap<&'a str, usize>,
    /// Of a regexp type: the patterns.
    patterns: Vec<(usize, &'a str)>,
    /// Entries that refer to other types: the types with their aliases.
    composites: Vec<(usize, Vec<(&'a str, &'a str)>)>,
}

impl<'a> EntityValues<'a> {
    pub(super) fn add(&mut self, name: &'a str, kind: &str, value: &'a str, resource: usize) {
        let entries = self.types.entry(name).or_default();
        if kind == "KIND_REGEXP" {
            entries.patterns.push((resource, value));
            return;
        }
        let references: Vec<_> = references(value).collect();
        if !references.is_empty() {
            entries.composites.push((resource, references));
        }
        entries.values.insert(value, resource);
    }

    /// The entries that a value of a type (`@name`) shows. An element may come more than once.
    pub(super) fn shown(&self, entity_type: &str, value: &Value) -> Vec<usize> {
        let mut shown = Vec::new();
        self.look(entity_type.trim_start_matches('@'), value, DEEPEST, &mut shown);
        shown
    }

    /// Whether the value is one of the type.
    fn look(&self, entity_type: &str, value: &Value, deepest: u8, shown: &mut Vec<usize>) -> bool {
        let (Some(entries), Some(deeper)) = (self.types.get(entity_type), deepest.checked_sub(1)) else {
            return false;
        };
        match value {
            Value::Array(elements) => {
                let mut any = false;
                for element in elements {
                    any |= self.look(entity_type, element, deeper, shown);
                }
                any
            }
            Value::Object(members) => {
                let whole = entries
                    .composites
                    .iter()
                    .find(|(_, references)| references.iter().all(|(_, alias)| members.contains_key(*alias)));
                let Some((resource, references)) = whole else {
                    return false;
                };
                shown.push(*resource);
                for (name, alias) in references {
                    if let Some(member) = members.get(*alias) {
                        self.look(name, member, deeper, shown);
                    }
                }
                true
            }
            Value::String(text) => self.look_text(entries, text, value, deeper, shown),
            Value::Number(number) => self.look_text(entries, &number.to_string(), value, deeper, shown),
            Value::Null | Value::Bool(_) => false,
        }
    }

    fn look_text(
        &self,
        entries: &Entries<'_>,
        text: &str,
        value: &Value,
        deeper: u8,
        shown: &mut Vec<usize>,
    ) -> bool {
        let before = shown.len();
        shown.extend(entries.values.get(text));
        let fitting = entries.patterns.iter().filter(|(_, pattern)| fits(pattern, text));
        shown.extend(fitting.map(|(resource, _)| *resource));
        if shown.len() == before {
            // `@other` alone gives the other type's value as it is.
            for (resource, references) in &entries.composites {
                if let [(name, _)] = references.as_slice()
                    && self.look(name, value, deeper, shown)
                {
                    shown.push(*resource);
                }
            }
        }
        shown.len() > before
    }
}

/// Whether a pattern finds the whole text. One that cannot be read fits nothing.
fn fits(entry: &str, text: &str) -> bool {
    pattern::compile(&format!("(?i)^(?:{entry})$")).is_ok_and(|regex| regex.is_match(text))
}

/// The types that an entry refers to, with their aliases: `@size:s`, `@sys.number`.
pub(super) fn references(value: &str) -> impl Iterator<Item = (&str, &str)> {
    let words = value.split_whitespace().filter_map(|word| word.strip_prefix('@'));
    words.map(|word| word.split_once(':').unwrap_or((word, word)))
}
