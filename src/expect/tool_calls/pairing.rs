//! Pairs expected calls with calls.

/// Pairs in order, as many as possible: (slot, call), both rising.
pub(super) fn in_order(
    slots: usize,
    calls: usize,
    fits: impl Fn(usize, usize) -> bool,
) -> Vec<(usize, usize)> {
    let width = calls + 1;
    let mut longest = vec![0_u32; (slots + 1) * width];
    for slot in (0..slots).rev() {
        for call in (0..calls).rev() {
            let here = slot * width + call;
            longest[here] = if fits(slot, call) {
                longest[here + width + 1] + 1
            } else {
                longest[here + width].max(longest[here + 1])
            };
        }
    }
    let mut pairs = Vec::new();
    let (mut slot, mut call) = (0, 0);
    while slot < slots && call < calls {
        let here = slot * width + call;
        if fits(slot, call) {
            pairs.push((slot, call));
            slot += 1;
            call += 1;
        } else if longest[here + 1] >= longest[here + width] {
            call += 1;
        } else {
            slot += 1;
        }
    }
    pairs
}

/// Pairs in any order, as many as possible: for each slot its call. Kuhn's augmenting paths, slots and calls taken in
/// order so that equal choices go to the earlier.
pub(super) fn as_many(slots: usize, calls: usize, fits: impl Fn(usize, usize) -> bool) -> Vec<Option<usize>> {
    let mut slot_of = vec![None; calls];
    for slot in 0..slots {
        let mut asked = vec![false; calls];
        augment(slot, calls, &fits, &mut asked, &mut slot_of);
    }
    let mut call_of = vec![None; slots];
    for (call, slot) in slot_of.iter().enumerate() {
        if let Some(slot) = slot {
            call_of[*slot] = Some(call);
        }
    }
    call_of
}

/// Finds a call for a slot, moving other slots if need be. An explicit stack keeps the depth bounded.
fn augment(
    slot: usize,
    calls: usize,
    fits: &impl Fn(usize, usize) -> bool,
    asked: &mut [bool],
    slot_of: &mut [Option<usize>],
) {
    // Each entry: a slot in search of a call, and the next call to ask; the call it asked last is `next - 1`.
    let mut searching: Vec<(usize, usize)> = vec![(slot, 0)];
    while let Some((slot, next)) = searching.last_mut() {
        let (slot, from) = (*slot, *next);
        let Some(call) = (from..calls).find(|call| !asked[*call] && fits(slot, *call)) else {
            searching.pop();
            continue;
        };
        *next = call + 1;
        asked[call] = true;
        if let Some(other) = slot_of[call] {
            searching.push((other, 0));
            continue;
        }
        for (slot, next) in &searching {
            slot_of[*next - 1] = Some(*slot);
        }
        return;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_order_finds_the_longest() {
        let (wanted, given) = ("abcd".as_bytes(), "bacxd".as_bytes());
        let pairs = in_order(4, 5, |slot, call| wanted[slot] == given[call]);
        assert_eq!(pairs.len(), 3);
        assert!(
            pairs
                .windows(2)
                .all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1)
        );
    }

    #[test]
    fn a_picky_slot_gets_its_call() {
        // Slot 0 takes either call, slot 1 only the first.
        let fits = |slot: usize, call: usize| slot == 0 || call == 0;
        assert_eq!(as_many(2, 2, fits), [Some(1), Some(0)]);
        // A chain of moves.
        let fits = |slot: usize, call: usize| call == slot || call + 1 == slot;
        assert_eq!(as_many(3, 3, fits).into_iter().flatten().count(), 3);
        let fits = |slot: usize, call: usize| call == slot || call == slot + 1;
        assert_eq!(as_many(3, 3, fits), [Some(0), Some(1), Some(2)]);
        assert_eq!(as_many(2, 1, |_, _| true), [Some(0), None]);
    }

    #[test]
    fn many_are_paired_quickly() {
        let fits = |slot: usize, call: usize| slot + call >= 999;
        assert_eq!(as_many(1_000, 1_000, fits).into_iter().flatten().count(), 1_000);
    }
}
