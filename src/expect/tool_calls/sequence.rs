//! Whether the calls come in the expected order.

use super::fit::{Table, Times};

/// Whether the calls are exactly the expected ones, in their order: each expected call takes as many calls running as
/// its `times` allows.
pub(super) fn exactly(table: &Table<'_>) -> bool {
    let calls = table.calls.len();
    let mut reached = vec![false; calls + 1];
    reached[0] = true;
    for (index, times) in table.times.iter().enumerate() {
        let mut next = vec![false; calls + 1];
        for start in (0..=calls).filter(|start| reached[*start]) {
            let fitting = (start..calls)
                .take_while(|call| table.is_full(index, *call))
                .count();
            for count in (0..=fitting).filter(|count| times.accepts(*count)) {
                next[start + count] = true;
            }
        }
        reached = next;
    }
    reached[calls]
}

/// Whether the calls can be cut into stretches, one for each expected call in order, with the right number of such
/// calls in each; other calls may lie in between.
pub(super) fn ordered(table: &Table<'_>) -> bool {
    let calls = table.calls.len();
    let mut reached = vec![false; calls + 1];
    reached[0] = true;
    for (index, times) in table.times.iter().enumerate() {
        let mut next = vec![false; calls + 1];
        // Only the first place with a given count matters: later ones leave fewer calls.
        for start in (0..=calls).filter(|start| reached[*start]) {
            let mut count = 0;
            for (end, reached) in next.iter_mut().enumerate().skip(start) {
                let is_right = match times {
                    Times::Once => count >= 1,
                    counted @ Times::Counted { .. } => counted.accepts(count),
                };
                *reached |= is_right;
                count += usize::from(end < calls && table.is_full(index, end));
            }
        }
        reached = next;
    }
    reached.contains(&true)
}
