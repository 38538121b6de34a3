//! Text in columns.

use unicode_width::UnicodeWidthStr as _;

/// Lines whose columns start below each other; the last column is as wide as it is.
pub(super) fn aligned<Row: AsRef<[String]>>(rows: &[Row]) -> String {
    let mut widths = Vec::new();
    for row in rows {
        for (column, cell) in row.as_ref().iter().enumerate() {
            match widths.get_mut(column) {
                Some(width) => *width = cell.width().max(*width),
                None => widths.push(cell.width()),
            }
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut shown = String::new();
        for (cell, width) in row.as_ref().iter().zip(&widths) {
            shown.push_str(cell);
            shown.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}
