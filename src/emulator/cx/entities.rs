//! Values in utterances: the agent's own entity types and the system ones (cx-runtime 12 and 13).
//!
//! [`Recogniser`] is the room's face. It is pure: the same text, context and agent give the same spans.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use chrono::DateTime;
use chrono_tz::Tz;

use self::custom::{CustomType, Definition};
use self::misspelling::KnownWords;
use self::search::Search;
use self::system::SystemType;
use self::text::{Candidate, Quality, Text};
use super::{language, patterns};
use crate::export::agent::{Agent, Entity, EntityType};
use crate::model::Value;

pub use self::depth::TooDeep;

mod code;
mod composite;
mod contact;
mod custom;
mod depth;
mod external;
mod fuzzy;
mod geo;
pub(super) mod inflection;
mod measure;
mod misspelling;
mod number;
mod openended;
mod pattern;
mod regexp;
mod search;
mod system;
mod text;
pub(super) mod trie;
mod vocabulary;
mod when;
mod written;

/// What recognition depends on besides the text.
#[derive(Debug, Clone, Copy)]
pub struct EntityContext<'a> {
    /// Language code of the turn (`en`, `pt-br`).
    pub language: &'a str,
    /// The moment relative dates count from, in the session's time zone.
    pub now: DateTime<Tz>,
    /// Entity types that the session brought along (cx-runtime 12.7).
    pub session_entities: &'a [SessionEntityType],
}

/// An entity type set for one session; valid in every language.
#[derive(Debug, Clone)]
pub struct SessionEntityType {
    /// Display name of the type it changes, without `@`.
    pub name: String,
    /// Whether its entries are added to the type's own (`SUPPLEMENT`) or replace them (`OVERRIDE`).
    pub supplement: bool,
    /// The entries.
    pub entities: Vec<Entity>,
}

/// A value found in an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Bytes of the utterance it stands in; on character boundaries.
    pub range: Range<usize>,
    /// The value as the service stores it.
    pub value: Value,
    /// The words it was found in, as the user wrote them.
    pub original: String,
    /// Whether the utterance is nothing but this value (punctuation aside).
    pub full: bool,
    /// Whether the value was recognised, rather than guessed from the words being no other thing (nlu 3.4).
    pub genuine: bool,
}

/// A resolved value with the words it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Extracted {
    /// The words.
    pub original: String,
    /// The value as the service stores it: a list for list parameters.
    pub value: Value,
}

/// Finds values of an agent's entity types. Cheap to create; what is expensive is built at first use.
#[derive(Debug)]
pub struct Recogniser {
    agent: Arc<Agent>,
    /// Custom types and extensions of system ones, by name and language.
    types: BTreeMap<String, BTreeMap<String, OnceLock<CustomType>>>,
    known_words: KnownWords,
}

/// A regular expression of the export that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenPattern {
    /// Display name of the entity type.
    pub entity_type: String,
    /// Language of the entry.
    pub language: String,
    /// The expression.
    pub pattern: String,
    /// What is wrong with it.
    pub message: String,
}

impl Recogniser {
    /// A recogniser for the types of this agent.
    pub fn new(agent: Arc<Agent>) -> Self {
        let languages = |entity_type: &EntityType| {
            let codes = entity_type
                .entities
                .keys()
                .chain(entity_type.excluded_phrases.keys());
            codes.map(|code| (code.clone(), OnceLock::new())).collect()
        };
        let types = agent
            .entity_types
            .iter()
            .map(|(name, entity_type)| (name.clone(), languages(entity_type)));
        Self {
            types: types.collect(),
            known_words: KnownWords::new(&agent),
            agent,
        }
    }

    /// All values of a type (`@sys.date`, `@size`) in the text, left to right, none overlapping another.
    /// Unknown types have none.
    pub fn find(&self, entity_type: &str, text: &str, context: &EntityContext<'_>) -> Vec<Span> {
        let name = bare(entity_type);
        let prepared = Text::new(text);
        let spans = Search::new(self, &prepared, context).spans(name);
        spans
            .into_iter()
            .map(|candidate| span(candidate, &prepared))
            .collect()
    }

    /// Whether the text is nothing but an attempt at a value of a type of days, which it fails to be: a month
    /// without a day, a day that does not exist. Rejected values matched an intent in none of the recorded turns
    /// (nlu 5), however alike a phrase was.
    pub fn failed(&self, entity_type: &str, text: &str, context: &EntityContext<'_>) -> bool {
        let moment = matches!(
            SystemType::named(bare(entity_type)),
            Some(SystemType::Date | SystemType::Time | SystemType::DateTime)
        );
        moment && when::speaks_of_days_only(&Text::new(text), context)
    }

    /// The value that a parameter of this type takes from the text: the first one, or for a list all of them.
    pub fn extract(
        &self,
        entity_type: &str,
        is_list: bool,
        text: &str,
        context: &EntityContext<'_>,
    ) -> Option<Extracted> {
        gather(self.find(entity_type, text, context), is_list, text)
    }

    /// The value of keys pressed for a parameter of this type: that of the entry whose `dtmfPattern` they fit, the
    /// canonical one where the type lists the keys (`0000` → `0`), else what the type makes of the digits; `None` when
    /// they are no value of it.
    pub fn digits(&self, entity_type: &str, digits: &str, context: &EntityContext<'_>) -> Option<Extracted> {
        if let Some(value) = self.keyed(bare(entity_type), digits, context) {
            let original = digits.to_owned();
            return Some(Extracted { original, value });
        }
        let whole = |text: &str| {
            self.find(entity_type, text, context)
                .into_iter()
                .find(|span| span.full)
        };
        let span = whole(digits).or_else(|| whole(&format!("DTMF_{digits}")))?;
        Some(Extracted {
            original: digits.to_owned(),
            value: span.value,
        })
    }

    /// The value whose keys the agent names; a session that replaces the type's entries replaces these too.
    fn keyed(&self, name: &str, digits: &str, context: &EntityContext<'_>) -> Option<Value> {
        let mut sessions = context.session_entities.iter();
        if sessions.any(|session| session.name == name && !session.supplement) {
            return None;
        }
        let entities = &self.agent.entity_types.get(name)?.entities;
        let (_, entities) = language::pick(entities, context.language)?;
        let fits = |entity: &&Entity| {
            let pattern = entity.dtmf_pattern.as_str();
            // Keys such as `*` alone are no expression, but themselves.
            pattern == digits
                || !pattern.is_empty() && patterns::whole(pattern).is_ok_and(|whole| whole.is_match(digits))
        };
        let found = entities.iter().find(fits)?;
        Some(Value::from(found.value.as_str()))
    }

    /// The regular expressions of the agent that cannot be used.
    pub fn broken_patterns(&self) -> Vec<BrokenPattern> {
        let mut broken = Vec::new();
        let with_patterns = |(name, _): &(&String, _)| {
            let entity_type = self.agent.entity_types.get(*name);
            entity_type.is_some_and(|entity_type| entity_type.kind == "KIND_REGEXP")
        };
        for (name, languages) in self.types.iter().filter(with_patterns) {
            for language in languages.keys() {
                self.with_compiled(name, language, |compiled| {
                    broken.extend(
                        compiled
                            .broken_patterns
                            .iter()
                            .map(|(pattern, message)| BrokenPattern {
                                entity_type: name.clone(),
                                language: language.clone(),
                                pattern: pattern.clone(),
                                message: message.clone(),
                            }),
                    );
                });
            }
        }
        broken
    }

    /// Hands over the agent's or the session's definition of a type in the turn's language, if there is one.
    fn with_type(&self, name: &str, context: &EntityContext<'_>, mut use_it: impl FnMut(&CustomType)) {
        let session = context
            .session_entities
            .iter()
            .find(|session| session.name == name);
        let language = self
            .types
            .get(name)
            .and_then(|languages| language::pick(languages, context.language));
        let Some(session) = session else {
            if let Some((language, _)) = language {
                self.with_compiled(name, language, use_it);
            }
            return;
        };
        let none = EntityType::default();
        let entity_type = self.agent.entity_types.get(name).unwrap_or(&none);
        let own = language
            .and_then(|(language, _)| entity_type.entities.get(language))
            .filter(|_| session.supplement);
        let definition = Definition {
            entity_type,
            entities: own.into_iter().flatten().chain(&session.entities).collect(),
            excluded: &[],
            language: context.language,
        };
        use_it(&CustomType::compile(&definition, &|name| self.is_type(name)));
    }

    fn with_compiled(&self, name: &str, language: &str, mut use_it: impl FnMut(&CustomType)) {
        let Some(slot) = self.types.get(name).and_then(|languages| languages.get(language)) else {
            return;
        };
        let Some(entity_type) = self.agent.entity_types.get(name) else {
            return;
        };
        use_it(slot.get_or_init(|| {
            let definition = Definition {
                entity_type,
                entities: entity_type.entities.get(language).into_iter().flatten().collect(),
                excluded: entity_type
                    .excluded_phrases
                    .get(language)
                    .map_or(&[], Vec::as_slice),
                language,
            };
            CustomType::compile(&definition, &|name| self.is_type(name))
        }));
    }

    /// Words that need no correction; `None` where spelling is not corrected.
    fn known_words(&self, language: &str) -> Option<&HashSet<String>> {
        self.known_words.of(&self.agent, language)
    }

    fn is_type(&self, name: &str) -> bool {
        SystemType::named(name).is_some() || self.agent.entity_types.contains_key(name)
    }
}

/// The value a parameter takes from the spans found: the first one, or for a list all of them.
pub(super) fn gather(spans: Vec<Span>, is_list: bool, text: &str) -> Option<Extracted> {
    if !is_list {
        return spans.into_iter().next().map(|span| Extracted {
            original: span.original,
            value: span.value,
        });
    }
    let range = spans.first()?.range.start..spans.last()?.range.end;
    let original = text.get(range).unwrap_or_default().to_owned();
    Some(Extracted {
        original,
        value: spans.into_iter().map(|span| span.value).collect(),
    })
}

/// A type's name without `@`.
fn bare(entity_type: &str) -> &str {
    entity_type.strip_prefix('@').unwrap_or(entity_type)
}

fn span(candidate: Candidate, text: &Text<'_>) -> Span {
    let original = text
        .raw
        .get(candidate.range.clone())
        .unwrap_or_default()
        .to_owned();
    let mut value = candidate.value;
    if candidate.tell_original
        && let Value::Object(members) = &mut value
    {
        members.insert("original".to_owned(), Value::from(original.as_str()));
    }
    let words = text.words_in(&candidate.range);
    let full = if text.words.is_empty() {
        original == text.raw.trim()
    } else {
        words == (0..text.words.len())
    };
    let genuine = candidate.quality > Quality::Guessed;
    Span {
        range: candidate.range,
        value,
        original,
        full,
        genuine,
    }
}

#[cfg(test)]
mod tests;
