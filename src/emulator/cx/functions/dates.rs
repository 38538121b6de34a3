//! Functions on dates and times (cx-runtime 11.2).

use chrono::{Months, NaiveDateTime, NaiveTime, TimeDelta};

use super::moment::Moment;
use super::numbers::whole;
use super::pattern::Pattern;
use super::{Answer, FunctionError};
use crate::emulator::cx::environment::Environment;
use crate::emulator::cx::render::text_of;
use crate::model::Value;

/// The present moment in the session's time zone.
pub(super) fn now(environment: &dyn Environment) -> Value {
    Moment::from(environment.now().naive_local()).write()
}

fn moment(value: &Value) -> Result<Moment, FunctionError> {
    Moment::read(value)
        .ok_or_else(|| FunctionError::new(format_args!("`{}` is neither a date nor a time", text_of(value))))
}

/// `ADD_DATE(moment, amount, unit)`; the result has the shape of the moment.
pub(super) fn add_date(values: &[Value]) -> Answer {
    /// More than any calendar holds, in the smallest unit.
    const MOST: i64 = 1_000_000_000_000;
    let before = moment(&values[0])?;
    let amount = whole(&values[1], -MOST, MOST)?;
    let unit = text_of(&values[2]).to_ascii_uppercase();
    let date = before.date.unwrap_or_default();
    let start = date.and_time(before.time.unwrap_or_default());
    let after = shifted(start, amount, &unit)
        .ok_or_else(|| FunctionError::new(format_args!("there is no date {amount} {unit} from there")))?;
    let result = Moment {
        date: before.date.map(|_| after.date()),
        // A date that was moved by hours has a time from then on.
        time: (before.time.is_some() || after.time() != NaiveTime::default()).then(|| after.time()),
    };
    Ok(result.write_like(&values[0]))
}

fn shifted(start: NaiveDateTime, amount: i64, unit: &str) -> Option<NaiveDateTime> {
    let months = |amount: i64| {
        let count = Months::new(u32::try_from(amount.unsigned_abs()).ok()?);
        if amount < 0 {
            start.checked_sub_months(count)
        } else {
            start.checked_add_months(count)
        }
    };
    let delta = match unit.trim_end_matches('S') {
        "YEAR" => return months(amount.checked_mul(12)?),
        "MONTH" => return months(amount),
        "WEEK" => TimeDelta::try_weeks(amount)?,
        "DAY" => TimeDelta::try_days(amount)?,
        "HOUR" => TimeDelta::try_hours(amount)?,
        "MINUTE" => TimeDelta::try_minutes(amount)?,
        "SECOND" => TimeDelta::try_seconds(amount)?,
        _ => return None,
    };
    start.checked_add_signed(delta)
}

/// `FORMAT_DATE(moment, pattern, language?)`.
pub(super) fn format_date(values: &[Value]) -> Answer {
    let moment = moment(&values[0])?;
    let pattern = Pattern::parse(&text_of(&values[1])).map_err(FunctionError::new)?;
    let language = values.get(2).map_or_else(|| "en".to_owned(), text_of);
    pattern
        .format(moment, &language)
        .map(Value::from)
        .map_err(FunctionError::new)
}

/// `IS_DATE(text, pattern, language?)`: whether the text follows the pattern and the day exists.
pub(super) fn is_date(values: &[Value]) -> Answer {
    let pattern = Pattern::parse(&text_of(&values[1])).map_err(FunctionError::new)?;
    let language = values.get(2).map_or_else(|| "en".to_owned(), text_of);
    Ok(pattern.matches(&text_of(&values[0]), &language).into())
}

pub(super) fn is_future_date(values: &[Value], environment: &dyn Environment) -> Answer {
    Ok(distance_from_now(&values[0], environment)?.is_gt().into())
}

pub(super) fn is_past_date(values: &[Value], environment: &dyn Environment) -> Answer {
    Ok(distance_from_now(&values[0], environment)?.is_lt().into())
}

/// How a moment compares with the present one: dates by day, times by the clock.
fn distance_from_now(
    value: &Value,
    environment: &dyn Environment,
) -> Result<std::cmp::Ordering, FunctionError> {
    let now = environment.now().naive_local();
    let moment = moment(value)?;
    Ok(match (moment.date, moment.time) {
        (Some(date), Some(time)) => date.and_time(time).cmp(&now),
        (Some(date), None) => date.cmp(&now.date()),
        (None, time) => time.unwrap_or_default().cmp(&now.time()),
    })
}
