//! `run --plan`: what a run will take, as a table or as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

use super::conversations::Conversations;
use crate::cli::args::ListFormat;
use crate::cli::columns::aligned;
use crate::cli::failure::Failure;
use crate::cli::options::RunOptions;
use crate::redact::{Redactor, clean_terminal_line};
use crate::runner::{self, Forecast, Plan, PlannedTarget, Previous, TargetForecast, Turns};
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
        audio: target.audio,
    }
}

fn table(forecast: &Forecast, options: &RunOptions, previous: Option<&Previous>) -> String {
    let head = [
        "target",
        "conversations",
        "turns",
        "with all retries",
        "characters",
        "audio",
        "tokens",
        "requests",
        "at once",
        "at least",
    ]
    .map(str::to_owned);
    let rows = forecast.targets.iter().map(row);
    let mut rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    if forecast.targets.len() > 1 {
        rows.push(sum(forecast));
    }
    let mut text = aligned(&without_empty_columns(&rows));
    text.push('\n');
    for (label, said) in remarks(forecast, options, previous) {
        // Writing to a text does not fail.
        let _ = writeln!(text, "{label:<6}  {said}");
    }
    text
}

/// Columns that may be left out.
const OPTIONAL: Range<usize> = 4..9;
/// Cells that say nothing.
const NOTHING: [&str; 6] = ["", "0", "-", "?", "no limit", "all"];

/// What says nothing in any row takes room that terminals do not have.
fn without_empty_columns(rows: &[[String; 10]]) -> Vec<Vec<String>> {
    let says = |column: usize| {
        !OPTIONAL.contains(&column)
            || rows
                .iter()
                .skip(1)
                .any(|row| !NOTHING.contains(&row[column].as_str()))
    };
    let columns: Vec<usize> = (0..10).filter(|column| says(*column)).collect();
    rows.iter()
        .map(|row| columns.iter().map(|column| row[*column].clone()).collect())
        .collect()
}

fn row(target: &TargetForecast) -> [String; 10] {
    let repeated = if target.plays == target.conversations {
        String::new()
    } else {
        format!(", {} plays", target.plays)
    };
    let jobs = || "all".to_owned();
    [
        clean_terminal_line(&target.target).into_owned(),
        format!("{}{repeated}", target.conversations),
        turns(target.turns, target.tools, target.ratings),
        target.turns.with_retries.to_string(),
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

fn sum(forecast: &Forecast) -> [String; 10] {
    let targets = || forecast.targets.iter();
    let nothing = String::new;
    [
        "all".to_owned(),
        forecast.conversations.to_string(),
        turns(
            forecast.turns,
            targets().any(|target| target.tools),
            targets().map(|target| target.ratings).sum(),
        ),
        forecast.turns.with_retries.to_string(),
        targets().map(|target| target.characters).sum::<u64>().to_string(),
        sound(targets().map(|target| target.audio_seconds).sum()),
        nothing(),
        nothing(),
        forecast.jobs.to_string(),
        time(forecast.least_seconds),
    ]
}

/// `35`, `35 to 40`, `40 + tool calls`, `40 + 3 ratings`.
fn turns(turns: Turns, tools: bool, ratings: u64) -> String {
    let mut said = if turns.least == turns.most {
        turns.most.to_string()
    } else {
        format!("{} to {}", turns.least, turns.most)
    };
    if tools {
        said.push_str(" + tool calls");
    }
    match ratings {
        0 => {}
        1 => said.push_str(" + 1 rating"),
        several => said = format!("{said} + {several} ratings"),
    }
    said
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
            return format!("about {time}, by how long things took in the run before");
        }
        (None, Some(previous)) if previous.is_replay() => {
            "the run before was a replay, which takes less time than agents do"
        }
        (None, Some(_)) => "in the run before, not every target answered that this one plays with",
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
        format!(
            "{}; {} at least",
            likely(forecast.likely_seconds, previous),
            time(forecast.least_seconds)
        )
    };
    remarks.push(("time", takes));
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
        let head: [String; 10] = std::array::from_fn(|column| format!("head {column}"));
        let shown =
            |target: &TargetForecast| without_empty_columns(&[head.clone(), row(target)])[0].join(", ");
        assert_eq!(shown(&target), "head 0, head 1, head 2, head 3, head 9");
        let limited = TargetForecast {
            characters: 7,
            sessions: Some(2),
            ..target
        };
        assert_eq!(
            shown(&limited),
            "head 0, head 1, head 2, head 3, head 4, head 8, head 9"
        );
    }

    #[test]
    fn turns_are_told_as_a_range_where_they_are_one() {
        let of = |least, most, tools, ratings| {
            turns(
                Turns {
                    least,
                    most,
                    with_retries: 9,
                },
                tools,
                ratings,
            )
        };
        assert_eq!(of(4, 4, false, 0), "4");
        assert_eq!(of(3, 4, true, 0), "3 to 4 + tool calls");
        assert_eq!(of(4, 4, false, 1), "4 + 1 rating");
        assert_eq!(of(4, 4, true, 2), "4 + tool calls + 2 ratings");
    }
}
