//! Which element of a list is which of another version of it, so that what was inserted or taken out does not make
//! all that follows look changed.

use std::ops::Range;

use similar::{Algorithm, DiffOp};

use crate::model::Value;

/// Pairs that are compared one by one; in larger stretches of changes the order decides.
const MOST_COMPARED: usize = 100_000;
/// What makes a pair better than none.
const ANY_PAIR: f64 = 0.01;

/// An element of the newer list, in its order, or one that is no longer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The same as this one before.
    Same(usize),
    /// What has become of one before: `(before, after)`.
    Changed(usize, usize),
    /// No longer there.
    Removed(usize),
    /// New.
    Added(usize),
}

/// Aligns two lists. `similarity` says of two elements how likely one has become the other: 0 for not at all.
pub(super) fn align(
    before: &[Value],
    after: &[Value],
    similarity: impl Fn(&Value, &Value) -> f64,
) -> Vec<Step> {
    let texts = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>();
    let operations = similar::capture_diff_slices(Algorithm::Myers, &texts(before), &texts(after));
    let mut steps = Vec::new();
    let (mut next_before, mut next_after) = (0, 0);
    let end = DiffOp::Equal {
        old_index: before.len(),
        new_index: after.len(),
        len: 0,
    };
    for operation in operations.into_iter().chain([end]) {
        let DiffOp::Equal {
            old_index,
            new_index,
            len,
        } = operation
        else {
            continue;
        };
        let (old, new) = (next_before..old_index, next_after..new_index);
        steps.extend(changes(before, after, old, new, &similarity));
        steps.extend((old_index..old_index + len).map(Step::Same));
        (next_before, next_after) = (old_index + len, new_index + len);
    }
    steps
}

/// A stretch in which nothing is the same.
fn changes(
    before: &[Value],
    after: &[Value],
    old: Range<usize>,
    new: Range<usize>,
    similarity: &impl Fn(&Value, &Value) -> f64,
) -> Vec<Step> {
    if old.len().saturating_mul(new.len()) > MOST_COMPARED {
        let pairs = old.len().min(new.len());
        let changed = old
            .clone()
            .zip(new.clone())
            .map(|(old, new)| Step::Changed(old, new));
        let removed = old.clone().skip(pairs).map(Step::Removed);
        let added = new.clone().skip(pairs).map(Step::Added);
        return changed.chain(removed).chain(added).collect();
    }
    let (rows, columns) = (old.len(), new.len());
    let alike: Vec<Vec<f64>> = old
        .clone()
        .map(|old| {
            let of_old = new
                .clone()
                .map(|new| ANY_PAIR + similarity(&before[old], &after[new]));
            of_old.collect()
        })
        .collect();
    // The best sum of what comes from a row and column on.
    let mut best = vec![vec![0.0_f64; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let paired = alike[row][column] + best[row + 1][column + 1];
            best[row][column] = paired.max(best[row + 1][column]).max(best[row][column + 1]);
        }
    }
    let mut steps = Vec::new();
    let (mut row, mut column) = (0, 0);
    while row < rows && column < columns {
        if alike[row][column] + best[row + 1][column + 1] >= best[row][column] {
            steps.push(Step::Changed(old.start + row, new.start + column));
            row += 1;
            column += 1;
        } else if best[row + 1][column] >= best[row][column + 1] {
            steps.push(Step::Removed(old.start + row));
            row += 1;
        } else {
            steps.push(Step::Added(new.start + column));
            column += 1;
        }
    }
    steps.extend((old.start + row..old.end).map(Step::Removed));
    steps.extend((new.start + column..new.end).map(Step::Added));
    steps
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Step::{Added, Changed, Removed, Same};
    use super::*;

    /// Texts of which the first letter tells what they are about.
    fn aligned(before: &[&str], after: &[&str]) -> Vec<Step> {
        let values = |texts: &[&str]| texts.iter().map(|text| json!(text)).collect::<Vec<_>>();
        let first = |value: &Value| value.as_str().and_then(|text| text.chars().next());
        align(&values(before), &values(after), |old, new| {
            f64::from(u8::from(first(old) == first(new)))
        })
    }

    #[test]
    fn lists_are_aligned() {
        for (before, after, wanted) in [
            (vec!["a", "b"], vec!["a", "b"], vec![Same(0), Same(1)]),
            (vec![], vec![], vec![]),
            (vec![], vec!["a"], vec![Added(0)]),
            (vec!["a"], vec![], vec![Removed(0)]),
            (
                vec!["a", "b"],
                vec!["a", "x", "b"],
                vec![Same(0), Added(1), Same(1)],
            ),
            (
                vec!["a", "x", "b"],
                vec!["a", "b"],
                vec![Same(0), Removed(1), Same(2)],
            ),
            (vec!["a", "b"], vec!["a", "b2"], vec![Same(0), Changed(1, 1)]),
            // Inserted before one that changed, too.
            (
                vec!["a", "b", "c"],
                vec!["a", "x", "b2", "c"],
                vec![Same(0), Added(1), Changed(1, 2), Same(2)],
            ),
            // Taken out before one that changed, too.
            (vec!["x", "b"], vec!["b2"], vec![Removed(0), Changed(1, 0)]),
            // Nothing alike: the order decides.
            (vec!["a", "b"], vec!["x", "y"], vec![Changed(0, 0), Changed(1, 1)]),
            // Said again and again.
            (
                vec!["s", "s"],
                vec!["s", "s", "s"],
                vec![Same(0), Same(1), Added(2)],
            ),
        ] {
            assert_eq!(aligned(&before, &after), wanted, "{before:?} {after:?}");
        }
    }

    #[test]
    fn a_large_stretch_is_aligned_in_order() {
        let numbered = |letter: &str| {
            (0..500)
                .map(|number| json!(format!("{letter}{number}")))
                .collect()
        };
        let (before, after): (Vec<Value>, Vec<Value>) = (numbered("a"), numbered("b"));
        let steps = align(&before, &after, |_, _| 0.0);
        assert!(
            steps
                .iter()
                .enumerate()
                .all(|(at, step)| *step == Changed(at, at))
        );
    }
}
