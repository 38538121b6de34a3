//! Dates and times in languages without tables here, as the general parser reads them.

use chrono::{NaiveTime, TimeDelta};

use super::{calendar, date_members, span, time_members};
use crate::emulator::cx::entities::EntityContext;
use crate::emulator::cx::entities::external::{Foreign, Moment, moments};
use crate::emulator::cx::entities::system::SystemType;
use crate::emulator::cx::entities::text::{Candidate, Text};
use crate::emulator::cx::language::base;
use crate::model::{Map, Value};

/// Dates and times of a kind.
pub(super) fn find(kind: SystemType, text: &Text<'_>, context: &EntityContext<'_>) -> Vec<Candidate> {
    let known = known_days(text, context);
    let apart = |found: &Foreign| {
        let overlaps =
            |other: &Foreign| other.range.start < found.range.end && found.range.start < other.range.end;
        !known.iter().any(overlaps)
    };
    let found = moments(text, context.language, context.now)
        .into_iter()
        .filter(|found| keeps_digits(text, found) && keeps_words(text, found) && apart(found))
        .collect::<Vec<_>>();
    known
        .clone()
        .into_iter()
        .chain(found)
        .filter_map(|found| {
            let value = value(kind, &found)?;
            Some(Candidate {
                tell_original: false,
                ..Candidate::exact(found.range, value)
            })
        })
        .collect()
}

/// Days that the general parser takes for others, as it finds `domani` in `dopodomani`: languages, words, and days from
/// today.
const DAYS: &[(&str, &[&str], i64)] = &[
    ("it", &["dopodomani"], 2),
    ("it", &["laltro", "ieri"], -2),
    ("nl", &["overmorgen"], 2),
    ("nl", &["eergisteren"], -2),
    ("sv", &["i", "övermorgon"], 2),
    ("sv", &["i", "förrgår"], -2),
    ("da", &["i", "overmorgen"], 2),
    ("nb", &["i", "overmorgen"], 2),
    ("no", &["i", "overmorgen"], 2),
    ("ru", &["послезавтра"], 2),
    ("ru", &["позавчера"], -2),
    ("uk", &["післязавтра"], 2),
    ("cs", &["pozítří"], 2),
    ("cs", &["předevčírem"], -2),
    ("sk", &["pozajtra"], 2),
];

/// Days of that list in the text.
fn known_days(text: &Text<'_>, context: &EntityContext<'_>) -> Vec<Foreign> {
    let today = context.now.date_naive();
    let of = |language: &str, words: &[&str], days: i64, at: usize| {
        let end = (at + words.len()).min(text.words.len());
        let said = base(context.language).eq_ignore_ascii_case(language)
            && text.normal(at..end).eq(words.iter().copied());
        let day = calendar::shift(today, days).filter(|_| said)?;
        Some(Foreign {
            range: text.bytes(at..end)?,
            from: Moment {
                at: day.and_time(NaiveTime::MIN),
                is_day: true,
                is_time: false,
            },
            to: None,
        })
    };
    let places = 0..text.words.len();
    places
        .flat_map(|at| {
            DAYS.iter()
                .filter_map(move |(language, words, days)| of(language, words, *days, at))
        })
        .collect()
}

/// Whether what was found starts and ends with words of the text rather than within them.
fn keeps_words(text: &Text<'_>, found: &Foreign) -> bool {
    let words = text.bytes(text.words_in(&found.range));
    words.is_some_and(|words| words.start >= found.range.start && words.end <= found.range.end)
}

/// Whether no number directly beside was left out, as of a day that does not exist.
fn keeps_digits(text: &Text<'_>, found: &Foreign) -> bool {
    let words = text.words_in(&found.range);
    let is_number =
        |at: usize| !text.word(at).is_empty() && text.word(at).bytes().all(|byte| byte.is_ascii_digit());
    !is_number(words.end) && !words.start.checked_sub(1).is_some_and(is_number)
}

fn value(kind: SystemType, found: &Foreign) -> Option<Value> {
    let from = found.from;
    match (kind, found.to) {
        (SystemType::Date, None) if from.is_day => Some(Value::Object(date_members(from.at.date()))),
        (SystemType::Time, None) if from.is_time => Some(Value::Object(time_members(from.at.time()))),
        (SystemType::DateTime, None) => Some(Value::Object(members(from))),
        (SystemType::DateTime, Some(to)) if from.is_time => {
            Some(span("DateTime", members(from), members(to)))
        }
        (SystemType::DateTime | SystemType::DatePeriod, Some(to)) if !from.is_time => {
            let last = to.at.checked_sub_signed(TimeDelta::try_days(1)?)?;
            Some(span(
                "Date",
                date_members(from.at.date()),
                date_members(last.date()),
            ))
        }
        (SystemType::TimePeriod, Some(to)) if from.is_time => Some(span(
            "Time",
            time_members(from.at.time()),
            time_members(to.at.time()),
        )),
        _ => None,
    }
}

/// The date, and the time where one was said.
fn members(moment: Moment) -> Map {
    let mut members = date_members(moment.at.date());
    if moment.is_time {
        members.extend(time_members(moment.at.time()));
    }
    members
}
