//! A linear support vector machine for sparse rows: L2-regularised squared hinge loss, solved by dual coordinate
//! descent with shrinking (nlu 3.2). Deterministic: the order of coordinates comes from a seeded generator.

use super::features::Vector;

/// Passes over the rows at most.
const PASSES: usize = 15;
/// The spread of projected gradients at which a solution is good enough.
const TOLERANCE: f32 = 0.5;

/// Rows in one contiguous block.
#[derive(Debug, Default)]
pub(super) struct Rows {
    starts: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl Rows {
    /// Adds a row.
    pub(super) fn push(&mut self, row: &Vector) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        self.columns.extend_from_slice(&row.columns);
        self.values.extend_from_slice(&row.values);
        self.starts
            .push(u32::try_from(self.columns.len()).unwrap_or(u32::MAX));
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The columns of all rows, one row after the other.
    pub(super) fn columns(&self) -> &[u32] {
        &self.columns
    }

    /// Columns and values of a row; empty past the end.
    pub(super) fn row(&self, index: usize) -> (&[u32], &[f32]) {
        let bound = |at: usize| self.starts.get(at).map_or(0, |start| *start as usize);
        let range = bound(index)..bound(index + 1).max(bound(index));
        let columns = self.columns.get(range.clone()).unwrap_or_default();
        (columns, self.values.get(range).unwrap_or_default())
    }

    /// The product of a row with a dense vector. Four sums run side by side, in the same order everywhere.
    pub(super) fn dot(&self, index: usize, dense: &[f32]) -> f32 {
        let (columns, values) = self.row(index);
        let at = |column: &u32| dense.get(*column as usize).copied().unwrap_or_default();
        let mut sums = [0.0_f32; 4];
        let mut columns = columns.chunks_exact(4);
        let mut values = values.chunks_exact(4);
        for (columns, values) in columns.by_ref().zip(values.by_ref()) {
            for ((sum, column), value) in sums.iter_mut().zip(columns).zip(values) {
                *sum += at(column) * value;
            }
        }
        let rest = columns.remainder().iter().zip(values.remainder());
        sums.iter().sum::<f32>() + rest.map(|(column, value)| at(column) * value).sum::<f32>()
    }
}

/// Trains one class against the rest: `positive[i]` tells whether row i belongs to the class. Both sides weigh the
/// same in total. Returns the weights of the columns, and the intercept (a regularised feature of value 1) last.
pub(super) fn train(rows: &Rows, positive: &[bool], width: usize) -> Vec<f32> {
    Problem::new(rows, positive, width).solve()
}

struct Problem<'a> {
    rows: &'a Rows,
    signs: Vec<f32>,
    /// 1 / 2C of each row.
    slack: Vec<f32>,
    /// Squared length of each row, intercept and slack included.
    diagonal: Vec<f32>,
    alpha: Vec<f32>,
    weights: Vec<f32>,
    width: usize,
}

impl<'a> Problem<'a> {
    fn new(rows: &'a Rows, positive: &[bool], width: usize) -> Self {
        let count = positive.iter().filter(|positive| **positive).count();
        #[expect(clippy::cast_precision_loss, reason = "counts of phrases")]
        let slack_of = |members: usize| members as f32 / rows.len().max(1) as f32;
        let (inside, outside) = (slack_of(count), slack_of(rows.len().saturating_sub(count)));
        let slack: Vec<f32> = positive
            .iter()
            .map(|positive| if *positive { inside } else { outside })
            .collect();
        let length = |index: usize| rows.row(index).1.iter().map(|value| value * value).sum::<f32>() + 1.0;
        Self {
            rows,
            signs: positive
                .iter()
                .map(|positive| if *positive { 1.0 } else { -1.0 })
                .collect(),
            diagonal: slack
                .iter()
                .enumerate()
                .map(|(index, slack)| length(index) + slack)
                .collect(),
            slack,
            alpha: vec![0.0; positive.len()],
            weights: vec![0.0; width + 1],
            width,
        }
    }

    fn solve(mut self) -> Vec<f32> {
        let mut active: Vec<usize> = (0..self.signs.len()).collect();
        let mut order = Order(0x2545_F491_4F6C_DD1D);
        let mut limit = f32::INFINITY;
        for _ in 0..PASSES {
            order.shuffle(&mut active);
            let (mut largest, mut smallest) = (f32::NEG_INFINITY, f32::INFINITY);
            active.retain(|row| {
                let Some(projected) = self.step(*row, limit) else {
                    return false;
                };
                largest = largest.max(projected);
                smallest = smallest.min(projected);
                true
            });
            if active.is_empty() || largest - smallest <= TOLERANCE {
                if active.len() == self.signs.len() {
                    break;
                }
                active = (0..self.signs.len()).collect();
                limit = f32::INFINITY;
                continue;
            }
            limit = if largest > 0.0 { largest } else { f32::INFINITY };
        }
        self.weights
    }

    /// Optimises one coordinate; its projected gradient, or `None` when it can rest.
    fn step(&mut self, row: usize, limit: f32) -> Option<f32> {
        let sign = *self.signs.get(row)?;
        let slack = *self.slack.get(row)?;
        let alpha = *self.alpha.get(row)?;
        let bias = self.weights.get(self.width).copied().unwrap_or_default();
        let gradient = sign * (self.rows.dot(row, &self.weights) + bias) - 1.0 + alpha * slack;
        let projected = if alpha > 0.0 { gradient } else { gradient.min(0.0) };
        if alpha <= 0.0 && gradient > limit {
            return None;
        }
        if projected.abs() > 1e-12 {
            let next = (alpha - gradient / self.diagonal.get(row)?).max(0.0);
            *self.alpha.get_mut(row)? = next;
            self.add((next - alpha) * sign, row);
        }
        Some(projected)
    }

    fn add(&mut self, amount: f32, row: usize) {
        let (columns, values) = self.rows.row(row);
        for (column, value) in columns.iter().zip(values) {
            if let Some(weight) = self.weights.get_mut(*column as usize) {
                *weight += amount * value;
            }
        }
        if let Some(bias) = self.weights.get_mut(self.width) {
            *bias += amount;
        }
    }
}

/// A small generator for the order of coordinates.
struct Order(u64);

impl Order {
    fn shuffle(&mut self, items: &mut [usize]) {
        for last in (1..items.len()).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            let pick = usize::try_from(self.0 % (last as u64 + 1)).unwrap_or_default();
            items.swap(last, pick);
        }
    }
}
