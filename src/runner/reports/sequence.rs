//! Brings what comes in any order into the order of positions.

use std::collections::BTreeMap;

/// Holds what has come until everything before it has. It knows which positions will come.
///
/// Only so much may wait. When it is too much, those that are furthest from their turn are let go, and from the first of
/// them on nothing is given any more: who wants them must have them elsewhere.
#[derive(Debug)]
pub(super) struct Sequence<T> {
    /// All positions, in order.
    positions: Vec<usize>,
    /// How many of them were given.
    given: usize,
    /// What has come before its turn, with its size.
    waiting: BTreeMap<usize, (T, usize)>,
    size: usize,
    most: usize,
    /// The first position that was let go.
    end: usize,
}

impl<T> Sequence<T> {
    /// Of these positions; no more than `most` may wait, in the measure of [`Sequence::add`].
    pub(super) fn new(mut positions: Vec<usize>, most: usize) -> Self {
        positions.sort_unstable();
        Self {
            positions,
            given: 0,
            waiting: BTreeMap::new(),
            size: 0,
            most,
            end: usize::MAX,
        }
    }

    /// Takes what has come.
    pub(super) fn add(&mut self, position: usize, item: T, size: usize) {
        if position >= self.end {
            return;
        }
        self.waiting.insert(position, (item, size));
        self.size += size;
        let due = self.due();
        while self.size > self.most
            && let Some(last) = self.waiting.last_entry().filter(|last| Some(*last.key()) != due)
        {
            let (position, (_, size)) = last.remove_entry();
            self.size -= size;
            self.end = position;
        }
    }

    /// The next in order, if it has come.
    pub(super) fn next(&mut self) -> Option<T> {
        let (item, size) = self.waiting.remove(&self.due()?)?;
        self.size -= size;
        self.given += 1;
        Some(item)
    }

    /// How many were given, all of them before those that were not.
    pub(super) fn given(&self) -> usize {
        self.given
    }

    fn due(&self) -> Option<usize> {
        self.positions.get(self.given).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drain<T>(sequence: &mut Sequence<T>) -> Vec<T> {
        std::iter::from_fn(|| sequence.next()).collect()
    }

    #[test]
    fn what_comes_early_waits() {
        let mut sequence = Sequence::new(vec![9, 2, 5], 100);
        sequence.add(9, "c", 1);
        assert_eq!(drain(&mut sequence), [""; 0]);
        sequence.add(2, "a", 1);
        assert_eq!(drain(&mut sequence), ["a"]);
        sequence.add(5, "b", 1);
        assert_eq!(drain(&mut sequence), ["b", "c"]);
        assert_eq!(sequence.given(), 3);
    }

    #[test]
    fn of_too_much_the_furthest_are_let_go_and_nothing_follows_them() {
        let mut sequence = Sequence::new((0..6).collect(), 3);
        for position in [5, 3, 2, 4, 1, 0] {
            sequence.add(position, position, 1);
        }
        assert_eq!(drain(&mut sequence), [0, 1, 2]);
        assert_eq!(sequence.given(), 3);
    }

    #[test]
    fn what_is_due_is_given_however_large() {
        let mut sequence = Sequence::new(vec![0, 1], 2);
        sequence.add(0, "a", 10);
        assert_eq!(drain(&mut sequence), ["a"]);
        sequence.add(1, "b", 10);
        assert_eq!(drain(&mut sequence), ["b"]);
    }

    proptest! {
        #[test]
        fn what_is_given_is_a_beginning_of_all_in_order_and_little_waits(
            order in Just((0..40_usize).map(|position| position * 3).collect::<Vec<_>>()).prop_shuffle(),
            sizes in prop::collection::vec(0..5_usize, 40),
            most in 0..60_usize,
        ) {
            let mut sequence = Sequence::new(order.clone(), most);
            let mut given = Vec::new();
            for (position, size) in order.into_iter().zip(sizes) {
                sequence.add(position, position, size);
                given.extend(drain(&mut sequence));
                prop_assert!(sequence.size <= most);
                prop_assert_eq!(sequence.size, sequence.waiting.values().map(|(_, size)| size).sum::<usize>());
            }
            prop_assert_eq!(given.len(), sequence.given());
            let expected: Vec<usize> = (0..given.len()).map(|number| number * 3).collect();
            prop_assert_eq!(given, expected);
            prop_assert!(sequence.given() == 40 || sequence.end < usize::MAX, "stopped without need");
        }
    }
}
