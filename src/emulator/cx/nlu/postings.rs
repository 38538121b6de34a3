//! The phrases of a model, by feature: an utterance is compared only with what shares a feature with it.

use super::features::Vector;
use super::svm::Rows;

/// For each column the rows that have it, in one contiguous block.
#[derive(Debug, Default)]
pub(super) struct Postings {
    /// Where each column begins; one more than there are columns.
    starts: Vec<u32>,
    rows: Vec<u32>,
    values: Vec<f32>,
    /// How many rows there are.
    count: usize,
}

impl Postings {
    /// Sorts rows of `width` columns by column.
    pub(super) fn of(rows: &Rows, width: usize) -> Self {
        let mut starts = vec![0_u32; width + 1];
        for column in rows.columns() {
            if let Some(next) = starts.get_mut(*column as usize + 1) {
                *next += 1;
            }
        }
        let mut entries = 0;
        for start in &mut starts {
            entries += *start;
            *start = entries;
        }
        let entries = entries as usize;
        let mut this = Self {
            rows: vec![0; entries],
            values: vec![0.0; entries],
            count: rows.len(),
            starts: Vec::new(),
        };
        let mut free = starts.clone();
        for (row, number) in (0..rows.len()).zip(0_u32..) {
            let (columns, values) = rows.row(row);
            for (column, value) in columns.iter().zip(values) {
                let Some(place) = free.get_mut(*column as usize) else {
                    continue;
                };
                let at = *place as usize;
                *place += 1;
                if let (Some(row), Some(kept)) = (this.rows.get_mut(at), this.values.get_mut(at)) {
                    (*row, *kept) = (number, *value);
                }
            }
        }
        this.starts = starts;
        this
    }

    /// The product of the vector with each row.
    pub(super) fn products(&self, vector: &Vector) -> Vec<f32> {
        let mut products = vec![0.0_f32; self.count];
        for (column, value) in vector.columns.iter().zip(&vector.values) {
            let (rows, values) = self.column(*column as usize);
            for (row, of_row) in rows.iter().zip(values) {
                if let Some(product) = products.get_mut(*row as usize) {
                    *product += value * of_row;
                }
            }
        }
        products
    }

    /// The rows that have a column, and their values there.
    fn column(&self, column: usize) -> (&[u32], &[f32]) {
        let bound = |at: usize| self.starts.get(at).map_or(0, |start| *start as usize);
        let range = bound(column)..bound(column + 1).max(bound(column));
        let rows = self.rows.get(range.clone()).unwrap_or_default();
        (rows, self.values.get(range).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COLUMNS: u32 = 12;
    const WIDTH: usize = COLUMNS as usize;

    fn vectors() -> impl Strategy<Value = Vec<Vector>> {
        let vector =
            proptest::collection::btree_map(0..COLUMNS, -2.0_f32..2.0, 0..WIDTH).prop_map(|entries| {
                let (columns, values) = entries.into_iter().unzip();
                Vector { columns, values }
            });
        proptest::collection::vec(vector, 1..20)
    }

    proptest! {
        #[test]
        fn the_products_are_those_of_the_rows(vectors in vectors()) {
            let mut rows = Rows::default();
            for vector in &vectors {
                rows.push(vector);
            }
            let postings = Postings::of(&rows, WIDTH);
            for vector in &vectors {
                let mut dense = vec![0.0; WIDTH];
                for (column, value) in vector.columns.iter().zip(&vector.values) {
                    dense[*column as usize] = *value;
                }
                let products = postings.products(vector);
                prop_assert_eq!(products.len(), vectors.len());
                for (row, product) in products.into_iter().enumerate() {
                    prop_assert!((product - rows.dot(row, &dense)).abs() < 1e-4);
                }
            }
        }
    }

    #[test]
    fn nothing_is_like_what_a_model_without_phrases_has() {
        let postings = Postings::of(&Rows::default(), 0);
        let vector = Vector {
            columns: vec![3],
            values: vec![1.0],
        };
        assert!(postings.products(&vector).is_empty());
    }
}
