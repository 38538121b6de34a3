//! Text in columns.

use unicode_width::UnicodeWidthStr as _;

/// Lines whose columns start below each other; the last column is as wide as it is.
pub(super) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: Vec<usize> = (0..N)
        .map(|column| {
            rows.iter()
                .map(|row| row[column].width())
                .max()
                .unwrap_or_default()
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut shown = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            shown.push_str(cell);
            shown.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}
