//! `--show-settings`: every choice of a run with its value and where it comes from, as a table.

use std::fmt::Write as _;
use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use super::options::RunOptions;
use crate::redact::{Redactor, clean_terminal_line};
use crate::settings::layers::Layered;

/// One line of the table: name, value, origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    name: String,
    value: String,
    origin: String,
}

impl Row {
    pub(super) fn new(name: impl Into<String>, value: impl Into<String>, origin: &impl ToString) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            origin: origin.to_string(),
        }
    }

    fn of<T>(name: &str, layered: &Layered<T>, show: impl Fn(&T) -> String) -> Self {
        Self::new(name, show(&layered.value), &layered.origin)
    }
}

/// The choices of the run itself.
pub(super) fn rows_of_run(options: &RunOptions) -> Vec<Row> {
    vec![
        Row::of("jobs", &options.jobs, ToString::to_string),
        Row::of("rate", &options.rate, |rate| {
            or(rate.as_ref(), "each target's own")
        }),
        Row::of("timeout", &options.timeout, |timeout| {
            or(timeout.map(show_duration).as_ref(), "none")
        }),
        Row::of("max_failures", &options.max_failures, |most| {
            or(most.as_ref(), "none")
        }),
        Row::of("fail_on_flaky", &options.fail_on_flaky, ToString::to_string),
        Row::of("shuffle", &options.shuffle, ToString::to_string),
        Row::of("seed", &options.seed, |seed| or(seed.as_ref(), "a fresh one")),
        Row::of("reports", &options.reports, |reports| reports.join(", ")),
    ]
}

/// The table as text; what may not be shown is redacted.
pub(super) fn table(rows: &[Row], redactor: &Redactor) -> String {
    let clean = |text: &str| clean_terminal_line(&redactor.text(text)).into_owned();
    let rows: Vec<[String; 3]> = rows
        .iter()
        .map(|row| [clean(&row.name), clean(&row.value), clean(&row.origin)])
        .collect();
    aligned(&["setting", "value", "from"].map(str::to_owned), &rows)
}

/// Lines whose columns start below each other; the last column is as wide as it is.
pub(super) fn aligned<const N: usize>(head: &[String; N], rows: &[[String; N]]) -> String {
    let lines = || std::iter::once(head).chain(rows);
    let widths: Vec<usize> = (0..N)
        .map(|column| lines().map(|line| line[column].width()).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for line in lines() {
        let mut shown = String::new();
        for (column, cell) in line.iter().enumerate() {
            shown.push_str(cell);
            shown.extend(std::iter::repeat_n(' ', widths[column] - cell.width() + 2));
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

/// A duration as it would be typed: `1m30s`, `250ms`.
pub(super) fn show_duration(duration: Duration) -> String {
    let mut text = String::new();
    let mut rest = duration.as_millis();
    for (unit, size) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ] {
        if rest >= size {
            let _ = write!(text, "{}{unit}", rest / size);
            rest %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

fn or<T: ToString>(value: Option<&T>, otherwise: &str) -> String {
    value.map_or_else(|| otherwise.to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_shown_as_they_are_typed() {
        for text in ["4s", "250ms", "1m30s", "2h", "8d", "1d1h1m1s1ms", "0s"] {
            let duration = crate::yaml::parse_duration(text).unwrap();
            assert_eq!(show_duration(duration), text);
        }
    }

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        let mut redactor = Redactor::new();
        redactor.hide_secret("s3cret");
        let rows = [
            Row::new("a", "日本", &"built-in"),
            Row::new("long name", "s3cret\u{1b}", &"--x"),
        ];
        assert_eq!(
            table(&rows, &redactor),
            "setting    value             from\n\
             a          日本              built-in\n\
             long name  [redacted]\\u{1b}  --x\n"
        );
    }
}
