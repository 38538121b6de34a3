//! Dates and times in languages without tables here, as the general parser reads them.

use chrono::TimeDelta;

use super::{date_members, span, time_members};
use crate::emulator::cx::entities::EntityContext;
use crate::emulator::cx::entities::external::{Foreign, Moment, moments};
use crate::emulator::cx::entities::system::SystemType;
use crate::emulator::cx::entities::text::{Candidate, Text};
use crate::model::{Map, Value};

/// Dates and times of a kind.
pub(super) fn find(kind: SystemType, text: &Text<'_>, context: &EntityContext<'_>) -> Vec<Candidate> {
    let found = moments(text, context.language, context.now)
        .into_iter()
        .filter(|found| keeps_digits(text, found));
    found
        .filter_map(|found| {
            let value = value(kind, &found)?;
            Some(Candidate {
                tell_original: false,
                ..Candidate::exact(found.range, value)
            })
        })
        .collect()
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
