//! One search of one utterance: candidates of each type are found once, also where types refer to each other.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use super::composite::{Walk, starting_at};
use super::custom::CustomType;
use super::system::SystemType;
use super::text::{Candidate, Quality, Text, without_overlaps};
use super::{EntityContext, Recogniser, openended, system};

/// A search under way.
pub(super) struct Search<'a> {
    recogniser: &'a Recogniser,
    text: &'a Text<'a>,
    context: &'a EntityContext<'a>,
    /// Finished types; a type without candidates yet is under way, so one that refers to itself finds nothing new.
    known: RefCell<BTreeMap<String, Rc<[Candidate]>>>,
    /// How many types are under way.
    depth: Cell<usize>,
}

/// How far types may refer to types that refer to others. What lies deeper is not looked for, of
/// which [`depth`](super::depth) tells.
pub(super) const DEEPEST: usize = 20;

impl<'a> Search<'a> {
    /// A search through this utterance.
    pub(super) fn new(
        recogniser: &'a Recogniser,
        text: &'a Text<'a>,
        context: &'a EntityContext<'a>,
    ) -> Self {
        Self {
            recogniser,
            text,
            context,
            known: RefCell::default(),
            depth: Cell::new(0),
        }
    }

    /// All candidates of a type (without `@`), overlapping ones included.
    pub(super) fn candidates(&self, name: &str) -> Rc<[Candidate]> {
        if let Some(known) = self.known.borrow().get(name) {
            return Rc::clone(known);
        }
        let depth = self.depth.get();
        if depth >= DEEPEST {
            return Rc::from([]);
        }
        self.depth.set(depth + 1);
        self.known.borrow_mut().insert(name.to_owned(), Rc::from([]));
        let found: Rc<[Candidate]> = self.find(name).into();
        self.known.borrow_mut().insert(name.to_owned(), Rc::clone(&found));
        self.depth.set(depth);
        found
    }

    fn find(&self, name: &str) -> Vec<Candidate> {
        let mut found = match SystemType::named(name) {
            Some(kind) => system::find(kind, self.text, self.context),
            None => Vec::new(),
        };
        self.recogniser.with_type(name, self.context, |custom| {
            found.extend(custom.find(self.text));
            found.extend(self.composites(custom));
            if found.is_empty()
                && let Some(known) = self.recogniser.known_words(self.context.language)
            {
                found.extend(custom.find_misspelt(self.text, known));
            }
            if found.is_empty() && custom.expands() {
                found.extend(openended::unlisted(self.text));
            }
            let excluded = custom.excluded(self.text);
            found.retain(|candidate| {
                let inside = |place: &Range<usize>| {
                    place.start <= candidate.range.start && candidate.range.end <= place.end
                };
                !excluded.iter().any(inside)
            });
        });
        found
    }

    fn composites(&self, custom: &CustomType) -> Vec<Candidate> {
        let values_at = |name: &str, at: usize| starting_at(&self.candidates(name), self.text, at);
        let mut walk = Walk::new(self.text, &values_at);
        let mut found = Vec::new();
        for composite in custom.composites() {
            for hit in composite.find(&mut walk) {
                let Some(range) = self.text.bytes(hit.words.clone()) else {
                    continue;
                };
                let said = self.text.slice(hit.words.clone());
                let is_named = hit.is_named();
                let value = if custom.is_canonical() {
                    custom.value(composite.payload, said)
                } else {
                    hit.value(said)
                };
                found.push(Candidate {
                    // The date or time of a single reference carries none; what has names of its own does (12.2).
                    tell_original: is_named || !is_moment(&value),
                    ..Candidate::exact(range, value)
                });
            }
        }
        found
    }

    /// The candidates of a type that stand beside each other, in the order of the text.
    pub(super) fn spans(&self, name: &str) -> Vec<Candidate> {
        let all = self.candidates(name);
        let sure: Vec<Candidate> = all
            .iter()
            .filter(|found| found.quality > Quality::Guessed)
            .cloned()
            .collect();
        without_overlaps(if sure.is_empty() { all.to_vec() } else { sure })
    }
}

/// Whether an object is a date or a time, which carry no `original`.
fn is_moment(value: &crate::model::Value) -> bool {
    ["year", "hours", "startDate", "startTime", "startDateTime"]
        .iter()
        .any(|key| value.get(key).is_some())
}
