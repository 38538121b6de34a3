//! What the service leaves to chance, made repeatable: the same seed and the same turn give the same choices in every
//! session, so that a recorded run can be played again.

use std::cell::RefCell;

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

/// The random choices of one turn.
#[derive(Debug)]
pub(super) struct Chance {
    seed: u64,
    /// Made when first needed: most turns choose nothing.
    generator: RefCell<Option<StdRng>>,
}

impl Chance {
    /// For the turn of this number in its session.
    pub(super) fn new(seed: u64, turn: u64) -> Self {
        /// An odd constant without pattern, so that neighbouring turns start far apart.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        Self {
            seed: seed.wrapping_add(turn.wrapping_mul(SPREAD)),
            generator: RefCell::new(None),
        }
    }

    /// The next random bits.
    pub(super) fn bits(&self) -> u64 {
        self.generator
            .borrow_mut()
            .get_or_insert_with(|| StdRng::seed_from_u64(self.seed))
            .next_u64()
    }

    /// One of so many; 0 when there is no choice.
    pub(super) fn pick(&self, count: usize) -> usize {
        if count < 2 {
            return 0;
        }
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        usize::try_from(self.bits() % count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_turn_makes_the_same_choices() {
        let choices = |seed, turn| {
            let chance = Chance::new(seed, turn);
            (0..8).map(|_| chance.pick(10)).collect::<Vec<_>>()
        };
        assert_eq!(choices(7, 1), choices(7, 1));
        assert_ne!(choices(7, 1), choices(7, 2));
        assert_ne!(choices(7, 1), choices(8, 1));
    }

    #[test]
    fn every_choice_is_made_sooner_or_later() {
        let chance = Chance::new(1, 1);
        let mut seen = [false; 3];
        for _ in 0..100 {
            seen[chance.pick(3)] = true;
        }
        assert_eq!(seen, [true; 3]);
        assert_eq!(chance.pick(1), 0);
        assert_eq!(chance.pick(0), 0);
    }
}
