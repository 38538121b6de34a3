//! Dates and times (cx-runtime 13): one grammar over per-language tables of words. Rules as recorded of the
//! service: a date needs its day and must exist, days without a year lie ahead, a weekday may be today, hours
//! without `am` or `pm` mean the next such time, and a bare number is a time only as the whole utterance.

use std::ops::Range;

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};

use self::clock::{Clock, Times};
use self::day::Days;
use self::iso::Stamp;
use self::lexicon::{Grain, Part, Sense, lexicon};
use self::reader::Reader;
use super::EntityContext;
use super::system::SystemType;
use super::text::{Candidate, Text};
use crate::model::{Map, Value};

mod calendar;
mod clock;
mod day;
mod foreign;
mod fraction;
mod iso;
mod lexicon;
mod offset;
mod range;
mod reader;
mod weekday;

/// Dates and times of a kind in the text.
pub(super) fn find(kind: SystemType, text: &Text<'_>, context: &EntityContext<'_>) -> Vec<Candidate> {
    let stamps = iso::stamps(text, context.now.timezone());
    let written: Vec<Candidate> = stamps
        .iter()
        .filter_map(|stamp| stamped(kind, text, stamp))
        .collect();
    let Some(lexicon) = lexicon(context.language) else {
        let apart = |found: &Candidate| {
            let words = text.words_in(&found.range);
            !stamps
                .iter()
                .any(|stamp| stamp.words.start < words.end && words.start < stamp.words.end)
        };
        let others = foreign::find(kind, text, context).into_iter().filter(apart);
        return written.into_iter().chain(others).collect();
    };
    let reader = Reader::new(text, lexicon, context);
    let mut found = written;
    let mut at = 0;
    while at < reader.len() {
        if let Some(stamp) = stamps.iter().find(|stamp| stamp.words.contains(&at)) {
            at = stamp.words.end;
            continue;
        }
        if let Some(next) = without_day(&reader, kind, at) {
            at = next;
            continue;
        }
        let Some((next, value)) = read(&reader, kind, at) else {
            at += 1;
            continue;
        };
        found.extend(value.and_then(|value| candidate(text, at..next, value)));
        at = next.max(at + 1);
    }
    if found.is_empty() && matches!(kind, SystemType::Time | SystemType::DateTime) {
        found.extend(lone_hour(&reader, kind));
    }
    found
}

/// The place after a day that the calendar does not have, where days are looked for; with the time beside it where that
/// belongs to it.
fn without_day(reader: &Reader<'_>, kind: SystemType, at: usize) -> Option<usize> {
    let day = |at: usize| reader.impossible_day(at);
    let time = |at: usize, beside_day| reader.times(at, beside_day).map(|(next, _)| next);
    match kind {
        SystemType::Date | SystemType::DatePeriod => day(at),
        SystemType::DateTime => match day(at) {
            Some(next) => Some(time(next, true).unwrap_or(next)),
            None => day(over_prepositions(reader, time(at, false)?)),
        },
        _ => None,
    }
}

/// The place after words that join a time to the day behind it.
fn over_prepositions(reader: &Reader<'_>, at: usize) -> usize {
    [Sense::Of, Sense::On, Sense::The]
        .into_iter()
        .fold(at, |at, sense| reader.skip_optional(at, sense))
}

/// A moment in the notation of machines as a value of the kind.
fn stamped(kind: SystemType, text: &Text<'_>, stamp: &Stamp) -> Option<Candidate> {
    let date = || date_members(stamp.at.date());
    let time = || time_members(stamp.at.time());
    let members = match kind {
        SystemType::Date => date(),
        SystemType::Time => time(),
        SystemType::DateTime => date().into_iter().chain(time()).collect(),
        _ => return None,
    };
    candidate(text, stamp.words.clone(), Value::Object(members))
}

/// Whether every word is one of dates and times or a number, and one of them names a day, a month or a unit of days.
/// `One second` and the like ask for patience.
pub(super) fn speaks_of_days_only(text: &Text<'_>, context: &EntityContext<'_>) -> bool {
    let Some(lexicon) = lexicon(context.language) else {
        return false;
    };
    let reader = Reader::new(text, lexicon, context);
    let short = |sense: Sense| matches!(sense, Sense::Grain(Grain::Second | Grain::Minute | Grain::Hour));
    let telling = |sense: Sense| {
        let days = matches!(sense, Sense::Grain(_)) && !short(sense);
        days || matches!(sense, Sense::Month(_) | Sense::Weekday(_) | Sense::Weekend)
    };
    let mut at = 0;
    let mut told = false;
    while at < reader.len() {
        let number = reader.digits(at).is_some() || reader.digits_with_suffix(at).is_some();
        let known = reader.take(at, |sense| (!short(sense)).then_some(()));
        let Some((next, ())) = known.or_else(|| number.then_some((at + 1, ()))) else {
            return false;
        };
        told |= reader.take(at, |sense| telling(sense).then_some(())).is_some();
        at = next;
    }
    told
}

fn candidate(text: &Text<'_>, words: Range<usize>, value: Value) -> Option<Candidate> {
    let range = text.bytes(words)?;
    Some(Candidate {
        tell_original: false,
        ..Candidate::exact(range, value)
    })
}

/// What stands at a word: the place after it, and the value if it is of the kind.
fn read(reader: &Reader<'_>, kind: SystemType, at: usize) -> Option<(usize, Option<Value>)> {
    let now = reader.now.time();
    let time = |clock: Clock| clock.resolve(now, reader.lexicon.half_day_clock);
    match kind {
        SystemType::Date => reader.days(at).map(|(next, days)| match days {
            Days::One(date) => (next, Some(Value::Object(date_members(date)))),
            Days::Span(..) => (next, None),
        }),
        SystemType::DatePeriod => reader
            .days_or_range(at)
            .or_else(|| reader.year(at))
            .map(|(next, days)| match days {
                Days::Span(first, last) => {
                    (next, Some(span("Date", date_members(first), date_members(last))))
                }
                Days::One(_) => (next, None),
            }),
        SystemType::Time => reader
            .times(at, beside_day(reader, at))
            .map(|(next, times)| match times {
                Times::One(clock) => (next, Some(Value::Object(time_members(time(clock))))),
                Times::Moment(moment) => (next, Some(Value::Object(time_members(moment.time())))),
                Times::Span(..) | Times::Part(_) => (next, None),
            }),
        SystemType::TimePeriod => reader.times(at, beside_day(reader, at)).map(|(next, times)| {
            let ends = time_ends(times, reader);
            (
                next,
                ends.map(|(from, to)| span("Time", time_members(from), time_members(to))),
            )
        }),
        _ => date_time(reader, at).map(|(next, value)| (next, Some(value))),
    }
}

/// A day with or without a time, in either order; or a time alone, of the day it comes next.
fn date_time(reader: &Reader<'_>, at: usize) -> Option<(usize, Value)> {
    let day_first = reader.days_or_range(at).map(|(next, days)| {
        let time = reader
            .times(next, true)
            .map(|(after, times)| (after, Some(in_part_of(times, at..next, reader))));
        // `Tonight` is a part of its day.
        let part = later_part(at..next, reader).map(Times::Part);
        let (next, times) = time.unwrap_or((next, part));
        (next, Some(days), times)
    });
    let time_first =
        reader.times(at, false).map(
            |(next, times)| match reader.days(over_prepositions(reader, next)) {
                Some((next, days)) => (next, Some(days), Some(times)),
                None => (next, None, Some(times)),
            },
        );
    let readings = [day_first, time_first];
    let (next, days, times) = readings
        .into_iter()
        .flatten()
        .rev()
        .max_by_key(|(next, ..)| *next)?;
    Some((next, combine(reader, days, times)?))
}

/// A time after a day that names its later part, too: `tonight at 8`.
fn in_part_of(times: Times, day: Range<usize>, reader: &Reader<'_>) -> Times {
    match (times, later_part(day, reader)) {
        (Times::One(clock), Some(part)) => Times::One(clock.in_part(part)),
        (Times::Span(from, to), Some(part)) => Times::Span(from.in_part(part), to.in_part(part)),
        _ => times,
    }
}

/// The part of a day that words for the day name, unless it is the morning: `mañana` and `morgen` are days first.
fn later_part(day: Range<usize>, reader: &Reader<'_>) -> Option<Part> {
    let (next, part) = reader.take(day.start, clock::part_sense)?;
    (next == day.end && part != Part::Morning).then_some(part)
}

fn combine(reader: &Reader<'_>, days: Option<Days>, times: Option<Times>) -> Option<Value> {
    let both = |date: NaiveDate, time: NaiveTime| {
        let mut members = date_members(date);
        members.extend(time_members(time));
        members
    };
    match (days, times) {
        (Some(Days::One(date)), None) => Some(Value::Object(date_members(date))),
        (Some(Days::Span(first, last)), _) => Some(span("Date", date_members(first), date_members(last))),
        (_, Some(Times::Moment(moment))) => Some(Value::Object(both(moment.date(), moment.time()))),
        (Some(Days::One(date)), Some(Times::One(clock))) => Some(Value::Object(both(date, clock.time))),
        (Some(Days::One(date)), Some(times)) => {
            let (from, to) = plain_ends(times)?;
            Some(span("DateTime", both(date, from), both(date, to)))
        }
        (None, Some(Times::One(clock))) => {
            let time = clock.resolve(reader.now.time(), reader.lexicon.half_day_clock);
            Some(Value::Object(both(coming(reader, time), time)))
        }
        (None, Some(times)) => {
            let (from, to) = time_ends(times, reader)?;
            let date = coming(reader, to);
            Some(span("DateTime", both(date, from), both(date, to)))
        }
        (None, None) => None,
    }
}

/// Today, or tomorrow when the time is over.
fn coming(reader: &Reader<'_>, time: NaiveTime) -> NaiveDate {
    let today = reader.now.date();
    if time < reader.now.time() {
        today.succ_opt().unwrap_or(today)
    } else {
        today
    }
}

/// The ends of a span of times, ambiguous ones resolved from now on.
fn time_ends(times: Times, reader: &Reader<'_>) -> Option<(NaiveTime, NaiveTime)> {
    if let Times::Span(from, to) = times {
        let half_day_clock = reader.lexicon.half_day_clock;
        let start = from.resolve(reader.now.time(), half_day_clock);
        let end = to.resolve(start, half_day_clock);
        let within_day = (end <= start).then(|| clock::within_day(from, to)).flatten();
        return Some(within_day.unwrap_or((start, end)));
    }
    plain_ends(times)
}

/// The ends of a span of times as they were said.
fn plain_ends(times: Times) -> Option<(NaiveTime, NaiveTime)> {
    let hour = |hour: u32| NaiveTime::from_hms_opt(hour, 0, 0);
    match times {
        Times::Span(from, to) => {
            let within_day = (to.time <= from.time)
                .then(|| clock::within_day(from, to))
                .flatten();
            Some(within_day.unwrap_or((from.time, to.time)))
        }
        Times::Part(part) => {
            let (from, to) = match part {
                Part::Morning => (8, 12),
                Part::Afternoon => (12, 16),
                Part::Evening => (16, 20),
                Part::Night => (20, 23),
            };
            let end = if to == 23 {
                NaiveTime::from_hms_opt(23, 59, 59)
            } else {
                hour(to)
            };
            Some((hour(from)?, end?))
        }
        Times::One(_) | Times::Moment(_) => None,
    }
}

fn lone_hour(reader: &Reader<'_>, kind: SystemType) -> Option<Candidate> {
    let clock = reader.lone_hour()?;
    let time = clock.resolve(reader.now.time(), reader.lexicon.half_day_clock);
    if kind == SystemType::DateTime {
        return None;
    }
    candidate(reader.text, 0..reader.len(), Value::Object(time_members(time)))
}

/// Whether a day ends directly before the word.
fn beside_day(reader: &Reader<'_>, at: usize) -> bool {
    (at.saturating_sub(4)..at).any(|start| reader.days(start).is_some_and(|(next, _)| next == at))
}

fn date_members(date: NaiveDate) -> Map {
    [
        ("year", f64::from(date.year())),
        ("month", f64::from(date.month())),
        ("day", f64::from(date.day())),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), Value::from(value)))
    .collect()
}

fn time_members(time: NaiveTime) -> Map {
    [
        ("hours", time.hour()),
        ("minutes", time.minute()),
        ("seconds", time.second()),
        ("nanos", 0),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), Value::from(f64::from(value))))
    .collect()
}

fn span(unit: &str, start: Map, end: Map) -> Value {
    let mut members = Map::new();
    members.insert(format!("start{unit}"), Value::Object(start));
    members.insert(format!("end{unit}"), Value::Object(end));
    Value::Object(members)
}

#[cfg(test)]
mod tests;
