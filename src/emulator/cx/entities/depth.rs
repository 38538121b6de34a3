//! Types that refer to others through more levels than a search goes down, told before anybody misses their values.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::custom::sources;
use super::pattern::{self, Element};
use super::search::DEEPEST;
use super::{Recogniser, language};

/// A type whose values lie deeper than they are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooDeep {
    /// Display name of the entity type.
    pub entity_type: String,
    /// Language of its entries.
    pub language: String,
    /// The first type below it that is not looked for.
    pub lost: String,
    /// How many levels are looked at.
    pub levels: usize,
}

/// Which types each type refers to, in the order of its entries.
type References = BTreeMap<String, Vec<String>>;

impl Recogniser {
    /// The types that refer to others too deep. A type is looked at once in each language: by itself, or below the first
    /// that refers to it.
    pub fn too_deep(&self) -> Vec<TooDeep> {
        let languages: BTreeSet<&str> = self
            .types
            .values()
            .flat_map(BTreeMap::keys)
            .map(String::as_str)
            .collect();
        let of_language = |language| self.too_deep_in(language);
        languages.into_iter().flat_map(of_language).collect()
    }

    fn too_deep_in(&self, language: &str) -> Vec<TooDeep> {
        let references = self.references(language);
        let below: HashSet<&str> = references.values().flatten().map(String::as_str).collect();
        let is_below = |name: &&String| below.contains(name.as_str());
        let tops = references.keys().filter(|name| !is_below(name));
        let mut walk = Walk {
            references: &references,
            seen: HashSet::new(),
            lost: None,
        };
        let mut found = Vec::new();
        // Types in a circle have nobody above them.
        for name in tops.chain(references.keys().filter(is_below)) {
            walk.down(name, 0);
            if let Some(lost) = walk.lost.take() {
                found.push(TooDeep {
                    entity_type: name.clone(),
                    language: language.to_owned(),
                    lost: lost.to_owned(),
                    levels: DEEPEST,
                });
            }
        }
        found
    }

    fn references(&self, wanted: &str) -> References {
        let mut references = References::new();
        for (name, languages) in &self.types {
            let Some((language, _)) = language::pick(languages, wanted) else {
                continue;
            };
            let entity_type = self.agent.entity_types.get(name);
            let entity_type = entity_type.filter(|entity_type| entity_type.kind != "KIND_REGEXP");
            let entities = entity_type.and_then(|entity_type| entity_type.entities.get(language));
            let phrases = entities.into_iter().flatten().flat_map(sources);
            let others: Vec<String> = phrases
                .filter(|phrase| phrase.contains('@'))
                .filter_map(|phrase| pattern::parse(phrase, |name| self.is_type(name)))
                .flatten()
                .filter_map(|element| match element {
                    Element::Reference { entity_type, .. } => Some(entity_type),
                    Element::Word(_) => None,
                })
                .collect();
            if !others.is_empty() {
                references.insert(name.clone(), others);
            }
        }
        references
    }
}

/// Goes down from type to type as a search does.
struct Walk<'r> {
    references: &'r References,
    seen: HashSet<&'r str>,
    lost: Option<&'r str>,
}

impl<'r> Walk<'r> {
    fn down(&mut self, name: &'r str, depth: usize) {
        if self.seen.contains(name) {
            return;
        }
        if depth >= DEEPEST {
            self.lost.get_or_insert(name);
            return;
        }
        self.seen.insert(name);
        let references = self.references;
        for other in references.get(name).into_iter().flatten() {
            self.down(other, depth + 1);
        }
    }
}
