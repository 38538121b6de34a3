//! Which conversations are played, and in what order.
//!
//! A plan holds positions, not conversations: what is played is read again when its turn comes.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use uuid::Uuid;

use super::previous::Previous;
use super::source::ConversationSource;

/// Positions in a [`ConversationSource`], in the order of playing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    order: Vec<usize>,
}

impl Plan {
    /// These conversations in this order; a position given twice is kept once.
    pub fn new(positions: impl IntoIterator<Item = usize>) -> Self {
        let mut seen = std::collections::HashSet::new();
        let order = positions
            .into_iter()
            .filter(|position| seen.insert(*position))
            .collect();
        Self { order }
    }

    /// Keeps what did not pass in an earlier run.
    #[must_use]
    pub fn only_last_failed(mut self, source: &dyn ConversationSource, previous: &Previous) -> Self {
        self.order.retain(|position| {
            let heading = source.heading(*position);
            previous.contains(&heading.suite, &heading.name)
        });
        self
    }

    /// Shuffles; the same seed gives the same order for the same conversations.
    #[must_use]
    pub fn shuffled(mut self, seed: u64) -> Self {
        self.order.shuffle(&mut StdRng::seed_from_u64(seed));
        self
    }

    /// Nothing was selected: an outcome of its own.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// How many conversations there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// The positions in the order of playing.
    pub fn positions(&self) -> &[usize] {
        &self.order
    }

    pub(super) fn into_positions(self) -> Vec<usize> {
        self.order
    }
}

/// A seed nobody chose. It fits 32 bits, so that it is easy to type and exact in every JSON reader.
pub fn fresh_seed() -> u64 {
    Uuid::new_v4().as_u64_pair().1 & u64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::fake::{FakeSource, conversation};

    #[test]
    fn the_same_seed_gives_the_same_order_and_loses_nothing() {
        let plan = || Plan::new(0..100);
        let shuffled = plan().shuffled(7);
        assert_eq!(shuffled, plan().shuffled(7));
        assert_ne!(shuffled, plan().shuffled(8));
        assert_ne!(shuffled, plan());
        let mut sorted = shuffled.into_positions();
        sorted.sort_unstable();
        assert_eq!(sorted, plan().positions());
    }

    #[test]
    fn nothing_is_played_twice() {
        assert_eq!(Plan::new([3, 1, 3]).positions(), [3, 1]);
        assert!(Plan::default().is_empty());
    }

    #[test]
    fn what_did_not_pass_is_found_by_the_name_it_was_written_with() {
        let folder = tempfile::tempdir().unwrap();
        let lines = [
            r#"{"format":"turnproof-journal/1"}"#,
            r#"{"suite":"suite","name":"pays with [redacted]","verdict":"failed"}"#,
        ];
        std::fs::write(folder.path().join("journal.jsonl"), lines.join("\n")).unwrap();
        let previous = Previous::read(folder.path()).unwrap().unwrap();
        let names = ["greets", "pays with 4111", "pays in cash", "pays with a cheque"];
        let source = FakeSource::new(names.map(conversation));
        let plan = Plan::new(0..4).only_last_failed(&source, &previous);
        // What was hidden cannot tell which of them it was.
        assert_eq!(plan.positions(), [1, 3]);
    }

    #[test]
    fn a_fresh_seed_is_easy_to_type() {
        assert!(u32::try_from(fresh_seed()).is_ok());
        assert_ne!(fresh_seed(), fresh_seed());
    }
}
