//! `run --plan`: what a run will take, as a table or as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use super::conversations::Conversations;
use crate::cli::args::ListFormat;
use crate::cli::columns::aligned;
use crate::cli::failure::Failure;
use crate::cli::options::RunOptions;
use crate::redact::{Redactor, clean_terminal_line};
use crate::runner::{self, Forecast, Plan, PlannedTarget, Previous, Requests, TargetForecast};
use crate::settings::rate::Rate;
use crate::settings::target::{Target, TargetEntry};

/// What a run will take.
pub(super) struct Foreseen {
    /// In words, or as JSON.
    pub(super) text: String,
    /// Conversations that are not skipped.
    pub(super) conversations: u64,
}

/// Looks ahead and says what is seen.
pub(super) fn show(
    plan: &Plan,
    conversations: &Conversations,
    targets: &[TargetEntry],
    options: &RunOptions,
    previous: Option<&Previous>,
    redactor: &Redactor,
    format: ListFormat,
) -> Result<Foreseen, Failure> {
    let rate = options.rate.value;
    // Those, too, that could not be used here and now.
    let targets = targets.iter().filter_map(|entry| entry.target.as_ref());
    let targets: BTreeMap<String, PlannedTarget> = targets
        .map(|target| (target.name.clone(), planned(target, rate)))
        .collect();
    let jobs = options.for_runner().jobs;
    let mut forecast = runner::forecast(plan, conversations, &targets, jobs, previous, |name| {
        redactor.text(name).into_owned()
    });
    for target in &mut forecast.targets {
        target.target = redactor.text(&target.target).into_owned();
    }
    let text = match format {
        ListFormat::Table => table(&forecast, options, previous),
        ListFormat::Json => {
            let mut text = serde_json::to_string_pretty(&forecast).map_err(std::io::Error::from)?;
            text.push('\n');
            text
        }
    };
    Ok(Foreseen {
        text,
        conversations: forecast.conversations + forecast.unreadable,
    })
}

fn planned(target: &Target, rate: Option<Rate>) -> PlannedTarget {
    PlannedTarget {
        requests_per_minute: target.quota.requests_per_minute(rate.or(target.rate)),
        sessions: target.quota.sessions,
        tokens_per_turn: target.quota.tokens.map(|tokens| tokens.per_turn),
        via: target.via,
        audio: target.audio,
    }
}

fn table(forecast: &Forecast, options: &RunOptions, previous: Option<&Previous>) -> String {
    let head = [
        "target",
        "conversations",
        "turns",
        "with retries",
        "requests",
        "characters",
        "audio",
        "tokens",
        "pace",
        "at once",
        "at least",
    ]
    .map(str::to_owned);
    let rows = forecast.targets.iter().map(row);
    let mut rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    if forecast.targets.len() > 1 {
        rows.push(sum(forecast));
    }
    let mut text = fitting(&without_empty_columns(&rows));
    text.push('\n');
    for (label, said) in remarks(forecast, options, previous) {
        // Writing to a text does not fail.
        let _ = writeln!(text, "{label:<6}  {said}");
    }
    text
}

/// Columns of the table.
const COLUMNS: usize = 11;
/// Those that may be left out.
const OPTIONAL: Range<usize> = 5..10;
/// What every terminal has room for.
const TERMINAL: usize = 80;
/// Cells that say nothing.
const NOTHING: [&str; 6] = ["", "0", "-", "?", "no limit", "all"];

/// What says nothing in any row takes room that terminals do not have.
fn without_empty_columns(rows: &[[String; COLUMNS]]) -> Vec<Vec<String>> {
    let says = |column: usize| {
        !OPTIONAL.contains(&column)
            || rows
                .iter()
                .skip(1)
                .any(|row| !NOTHING.contains(&row[column].as_str()))
    };
    let columns: Vec<usize> = (0..COLUMNS).filter(|column| says(*column)).collect();
    rows.iter()
        .map(|row| columns.iter().map(|column| row[*column].clone()).collect())
        .collect()
}

/// A table; several below each other, each with the names, where one would be too wide.
fn fitting(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let mut tables = Vec::new();
    let mut shown = vec![0];
    for column in 1..columns {
        shown.push(column);
        if shown.len() > 2 && !fits(&table_of(rows, &shown)) {
            shown.pop();
            tables.push(table_of(rows, &shown));
            shown = vec![0, column];
        }
    }
    tables.push(table_of(rows, &shown));
    tables.join("\n")
}

fn table_of(rows: &[Vec<String>], columns: &[usize]) -> String {
    let pick = |row: &Vec<String>| {
        columns
            .iter()
            .filter_map(|column| row.get(*column).cloned())
            .collect()
    };
    let picked: Vec<Vec<String>> = rows.iter().map(pick).collect();
    aligned(&picked)
}

fn fits(table: &str) -> bool {
    table.lines().all(|line| line.width() <= TERMINAL)
}

fn row(target: &TargetForecast) -> [String; COLUMNS] {
    let repeated = if target.plays == target.conversations {
        String::new()
    } else {
        format!(", {} plays", target.plays)
    };
    let jobs = || "all".to_owned();
    [
        clean_terminal_line(&target.target).into_owned(),
        format!("{}{repeated}", target.conversations),
        range(target.turns.least, target.turns.most),
        target.turns.with_retries.to_string(),
        requests(target.requests, target.tools),
        target.characters.to_string(),
        sound(target.audio_seconds),
        target
            .tokens
            .map_or_else(|| "?".to_owned(), |tokens| tokens.to_string()),
        target.requests_per_minute.map_or_else(
            || "no limit".to_owned(),
            |rate| format!("{}/min", (rate * 10.0).round() / 10.0),
        ),
        target.sessions.map_or_else(jobs, |sessions| sessions.to_string()),
        time(target.least_seconds),
    ]
}

fn sum(forecast: &Forecast) -> [String; COLUMNS] {
    let targets = || forecast.targets.iter();
    let nothing = String::new;
    [
        "all".to_owned(),
        forecast.conversations.to_string(),
        range(forecast.turns.least, forecast.turns.most),
        forecast.turns.with_retries.to_string(),
        requests(
            Requests {
                least: targets().map(|target| target.requests.least).sum(),
                most: targets().map(|target| target.requests.most).sum(),
            },
            targets().any(|target| target.tools),
        ),
        targets().map(|target| target.characters).sum::<u64>().to_string(),
        sound(targets().map(|target| target.audio_seconds).sum()),
        nothing(),
        nothing(),
        forecast.jobs.to_string(),
        time(forecast.least_seconds),
    ]
}

/// `35`, `35 to 40`.
fn range(least: u64, most: u64) -> String {
    if least == most {
        most.to_string()
    } else {
        format!("{least} to {most}")
    }
}

/// `35 to 40`, `40+` where tool calls may come on top.
fn requests(requests: Requests, tools: bool) -> String {
    let more = if tools { "+" } else { "" };
    format!("{}{more}", range(requests.least, requests.most))
}

fn sound(seconds: f64) -> String {
    if seconds > 0.0 {
        time(seconds)
    } else {
        "-".to_owned()
    }
}

/// What the run before says of the time, or why it says nothing.
fn likely(seconds: Option<f64>, previous: Option<&Previous>) -> String {
    let why_not = match (seconds, previous) {
        (Some(seconds), _) => {
            let time = time(seconds);
            return format!("about {time}, as in the run before");
        }
        (None, Some(previous)) if previous.is_replay() => {
            "the run before was a replay, which is quicker than agents are"
        }
        (None, Some(_)) => "not every target answered in the run before",
        (None, None) => "no run before this one tells how long agents take to answer",
    };
    format!("not known: {why_not}")
}

/// What a table does not say, each with its label.
fn remarks(
    forecast: &Forecast,
    options: &RunOptions,
    previous: Option<&Previous>,
) -> Vec<(&'static str, String)> {
    let mut remarks = Vec::new();
    let takes = if forecast.targets.is_empty() {
        "none: nothing is played".to_owned()
    } else {
        likely(forecast.likely_seconds, previous)
    };
    remarks.push(("time", takes));
    if !forecast.targets.is_empty() {
        remarks.push(("", format!("{} at least", time(forecast.least_seconds))));
    }
    if forecast.targets.iter().any(|target| target.tools) {
        let tools = "+: at least one request more for each round of client-side tool calls";
        remarks.push(("note", tools.to_owned()));
    }
    let ratings: u64 = forecast.targets.iter().map(|target| target.ratings).sum();
    if ratings > 0 {
        let are = if ratings == 1 {
            "is a rating"
        } else {
            "are ratings"
        };
        remarks.push(("note", format!("{ratings} of the requests {are}")));
    }
    let not_played = [(forecast.skipped, "skipped"), (forecast.unreadable, "unreadable")];
    for (count, word) in not_played.into_iter().filter(|(count, _)| *count > 0) {
        remarks.push((
            "note",
            format!("{count} more {} {word}", if count == 1 { "is" } else { "are" }),
        ));
    }
    let most = options.max_turns.value.map(u64::from);
    if let Some(most) = most.filter(|most| *most < forecast.turns.with_retries) {
        let surely = if most < forecast.turns.least {
            "stops"
        } else {
            "may stop"
        };
        remarks.push((
            "limit",
            format!("the run {surely} after {most} turns (max_turns)"),
        ));
    }
    for (limit, name) in [
        (options.max_duration.value, "max_duration"),
        (options.timeout.value, "timeout"),
    ] {
        let Some(limit) = limit.map(|limit| limit.as_secs_f64()) else {
            continue;
        };
        let likely = forecast.likely_seconds.is_some_and(|likely| likely > limit);
        if forecast.least_seconds > limit || likely {
            let surely = if forecast.least_seconds > limit {
                "takes"
            } else {
                "may take"
            };
            remarks.push((
                "limit",
                format!("the run {surely} longer than the {} of {name}", time(limit)),
            ));
        }
    }
    remarks
}

/// `350 ms`, `12.3 s`, `4 min 10 s`, `2 h 05 min`.
fn time(seconds: f64) -> String {
    let time = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    match time.as_secs() {
        0 if time.is_zero() => "0 s".to_owned(),
        0 => format!("{} ms", time.as_millis()),
        1..60 => format!("{:.1} s", time.as_secs_f64()),
        whole @ 60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        whole => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_say_them() {
        let told = [0.0, 0.35, 12.34, 250.0, 7500.0].map(time);
        assert_eq!(told, ["0 s", "350 ms", "12.3 s", "4 min 10 s", "2 h 05 min"]);
    }

    #[test]
    fn columns_that_say_nothing_are_left_out() {
        let target = TargetForecast {
            target: "coffee".to_owned(),
            conversations: 3,
            plays: 3,
            ..TargetForecast::default()
        };
        let head: [String; COLUMNS] = std::array::from_fn(|column| format!("head {column}"));
        let shown =
            |target: &TargetForecast| without_empty_columns(&[head.clone(), row(target)])[0].join(", ");
        assert_eq!(shown(&target), "head 0, head 1, head 2, head 3, head 4, head 10");
        let limited = TargetForecast {
            characters: 7,
            sessions: Some(2),
            ..target
        };
        assert_eq!(
            shown(&limited),
            "head 0, head 1, head 2, head 3, head 4, head 5, head 9, head 10"
        );
    }

    #[test]
    fn requests_are_told_as_a_range_that_tool_calls_leave_open() {
        let of = |least, most, tools| requests(Requests { least, most }, tools);
        assert_eq!(of(4, 4, false), "4");
        assert_eq!(of(3, 4, true), "3 to 4+");
    }

    /// Lines of a table that is too wide are broken anywhere by a terminal.
    #[test]
    fn what_is_too_wide_for_a_terminal_is_several_tables() {
        let rows = |name: &str| {
            [["target", "turns", "audio"], [name, "4", "1 s"], ["all", "4", ""]]
                .map(|row| row.map(str::to_owned).to_vec())
        };
        assert_eq!(
            fitting(&rows("coffee")),
            "target  turns  audio\ncoffee  4      1 s\nall     4\n"
        );
        let name = "c".repeat(TERMINAL - 10);
        let wide = fitting(&rows(&name));
        assert!(fits(&wide), "{wide}");
        let tables: Vec<&str> = wide.split("\n\n").collect();
        assert_eq!(tables.len(), 2, "{wide}");
        assert!(tables.iter().all(|table| table.contains(&name)), "{wide}");
    }
}
