//! Calendar expectations, over CX date, time and date-time objects (`{year, month, day, hours, …}`, numbers as
//! doubles) and ISO 8601 text.
//!
//! The date of a text is the one written in it, whatever its offset; moments are compared as instants, and one
//! without an offset is taken to be in the conversation's time zone.

use std::cmp::Ordering;
use std::time::Duration;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};

use crate::model::suite::DateMatcher;
use crate::model::{Map, Value};

use super::describe::show;
use super::json::number;
use super::matcher::Verdict;

/// A date, a time, or both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Moment {
    Date(NaiveDate),
    Time(NaiveTime),
    DateTime(NaiveDateTime, Option<FixedOffset>),
}

impl Moment {
    /// Reads a value; `None` when it is neither a date nor a time.
    pub(super) fn read(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => from_text(text.trim()),
            Value::Object(members) => from_members(members),
            _ => None,
        }
    }

    /// The date as it is written; a bare time has none.
    pub(super) fn date(self) -> Option<NaiveDate> {
        match self {
            Self::Date(date) => Some(date),
            Self::DateTime(moment, _) => Some(moment.date()),
            Self::Time(_) => None,
        }
    }

    /// Which comes first; `None` between a time and a date. A date and a date-time are compared as dates.
    pub(super) fn compare(self, other: Self, zone: FixedOffset) -> Option<Ordering> {
        match (self, other) {
            (Self::Time(one), Self::Time(other)) => Some(one.cmp(&other)),
            (Self::DateTime(one, None), Self::DateTime(other, None)) => Some(one.cmp(&other)),
            (Self::DateTime(one, its), Self::DateTime(other, others)) => {
                let one = instant(one, its.unwrap_or(zone))?;
                Some(one.cmp(&instant(other, others.unwrap_or(zone))?))
            }
            (one, other) => Some(one.date()?.cmp(&other.date()?)),
        }
    }
}

fn instant(local: NaiveDateTime, offset: FixedOffset) -> Option<DateTime<FixedOffset>> {
    local.and_local_timezone(offset).single()
}

fn from_text(text: &str) -> Option<Moment> {
    if text.len() > 40 || !text.is_ascii() {
        return None;
    }
    let digits = |range: std::ops::Range<usize>| {
        text.get(range)
            .is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if digits(0..2) && text.as_bytes().get(2) == Some(&b':') {
        return clock_time(text).map(Moment::Time);
    }
    if !(digits(0..4) && digits(5..7) && digits(8..10)) {
        return None;
    }
    let date = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()?;
    let rest = text.get(10..)?;
    if rest.is_empty() {
        return Some(Moment::Date(date));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset) = split_offset(rest)?;
    Some(Moment::DateTime(date.and_time(clock_time(clock)?), offset))
}

fn clock_time(text: &str) -> Option<NaiveTime> {
    ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .find_map(|format| NaiveTime::parse_from_str(text, format).ok())
}

/// Splits `10:00:00+01:00` into its time and its offset. `None` when the offset is no offset.
fn split_offset(text: &str) -> Option<(&str, Option<FixedOffset>)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, FixedOffset::east_opt(0)));
    }
    let Some(sign) = text.find(['+', '-']) else {
        return Some((text, None));
    };
    let (clock, offset) = text.split_at(sign);
    let offset: FixedOffset = offset.parse().ok()?;
    Some((clock, Some(offset)))
}

fn from_members(members: &Map) -> Option<Moment> {
    let whole = |name: &str| {
        let value = members.get(name).and_then(number)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and within the range of an i32"
        )]
        (value.fract() == 0.0 && value.abs() < 1e9).then_some(value as i32)
    };
    let part = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Some(0),
        Some(_) => whole(name).and_then(|value| u32::try_from(value).ok()),
    };
    let has_time = members.contains_key("hours");
    let time =
        || NaiveTime::from_hms_nano_opt(part("hours")?, part("minutes")?, part("seconds")?, part("nanos")?);
    if !members.contains_key("year") {
        return (has_time && !members.contains_key("month"))
            .then(time)?
            .map(Moment::Time);
    }
    let date = NaiveDate::from_ymd_opt(whole("year")?, part("month")?, part("day")?)?;
    if has_time {
        return Some(Moment::DateTime(date.and_time(time()?), None));
    }
    Some(Moment::Date(date))
}

/// Evaluates `date` for a value that is there.
pub(super) fn evaluate(matcher: &DateMatcher, value: &Value, now: DateTime<FixedOffset>) -> Verdict {
    let wanted = match Wanted::new(matcher, now) {
        Ok(wanted) => wanted,
        Err(message) => return Verdict::Invalid(message),
    };
    match Moment::read(value).and_then(Moment::date) {
        Some(date) if wanted.accepts(date) => Verdict::Holds,
        Some(date) => Verdict::differs(
            format!("is {}, not {wanted}", named(date)),
            wanted.to_string(),
            value,
        ),
        None => Verdict::differs(
            format!("is {}, which is no date; expected {wanted}", show(value)),
            wanted.to_string(),
            value,
        ),
    }
}

/// A date expectation whose operands have been read.
enum Wanted {
    Exactly(NaiveDate),
    Weekday {
        weekday: Weekday,
        after: NaiveDate,
        days: i64,
    },
}

impl Wanted {
    fn new(matcher: &DateMatcher, now: DateTime<FixedOffset>) -> Result<Self, String> {
        let today = now.date_naive();
        match matcher {
            DateMatcher::On(operand) => Moment::read(operand)
                .and_then(Moment::date)
                .map(Self::Exactly)
                .ok_or_else(|| {
                    format!(
                        "`date` needs an ISO date such as 2026-03-01, got {}",
                        show(operand)
                    )
                }),
            DateMatcher::FromToday(operand) => days_from(today, operand)
                .map(Self::Exactly)
                .ok_or_else(|| format!("`from_today` needs a whole number of days, got {}", show(operand))),
            DateMatcher::Weekday { weekday, within } => Ok(Self::Weekday {
                weekday: *weekday,
                after: today,
                days: whole_days(*within),
            }),
        }
    }

    fn accepts(&self, date: NaiveDate) -> bool {
        match self {
            Self::Exactly(wanted) => date == *wanted,
            Self::Weekday { weekday, after, days } => {
                let ahead = date.signed_duration_since(*after).num_days();
                date.weekday() == *weekday && ahead > 0 && ahead <= *days
            }
        }
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(date) => write!(formatter, "{}", named(*date)),
            Self::Weekday { weekday, after, days } => write!(
                formatter,
                "a {} at most {days} days after {}",
                weekday_name(*weekday),
                named(*after)
            ),
        }
    }
}

/// Days of a duration, rounded down: `36h` reaches tomorrow.
pub(super) fn whole_days(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs() / 86_400).unwrap_or(i64::MAX)
}

fn days_from(today: NaiveDate, operand: &Value) -> Option<NaiveDate> {
    let days = number(operand).filter(|days| days.fract() == 0.0 && days.abs() <= 1e6)?;
    #[expect(clippy::cast_possible_truncation, reason = "whole and at most a million")]
    today.checked_add_signed(TimeDelta::days(days as i64))
}

fn named(date: NaiveDate) -> String {
    format!("{} {date}", weekday_name(date.weekday()))
}

/// The weekday in lower case, as suites write it.
pub(super) fn weekday_name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "monday",
        Weekday::Tue => "tuesday",
        Weekday::Wed => "wednesday",
        Weekday::Thu => "thursday",
        Weekday::Fri => "friday",
        Weekday::Sat => "saturday",
        Weekday::Sun => "sunday",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> DateTime<FixedOffset> {
        // A Monday; already Monday in this zone, still Sunday in UTC.
        DateTime::parse_from_rfc3339("2026-03-02T00:30:00+01:00").unwrap()
    }

    fn verdict(matcher: &DateMatcher, value: &Value) -> Result<(), String> {
        match evaluate(matcher, value, now()) {
            Verdict::Holds => Ok(()),
            Verdict::Differs(differences) => Err(differences[0].message.clone()),
            Verdict::Invalid(message) => Err(format!("invalid: {message}")),
            Verdict::Unobservable(message) => Err(format!("unobservable: {message}")),
        }
    }

    #[test]
    fn reads_objects_and_text() {
        let date = NaiveDate::from_ymd_opt(2026, 3, 6).unwrap();
        for value in [
            json!({"year": 2026.0, "month": 3.0, "day": 6.0}),
            json!({"year": 2026, "month": 3, "day": 6, "hours": 14.0, "minutes": 0.0, "seconds": 0.0, "nanos": 0.0}),
            json!("2026-03-06"),
            json!(" 2026-03-06T23:30:00Z"),
            json!("2026-03-06T23:30:00.5+02:00"),
            json!("2026-03-06 23:30"),
        ] {
            assert_eq!(Moment::read(&value).and_then(Moment::date), Some(date), "{value}");
        }
        for value in [
            json!("next friday"),
            json!("2026-02-30"),
            json!("2026-3-6"),
            json!("2026-03-06x"),
            json!("2026-03-06T25:00"),
            json!({"month": 3, "day": 6}),
            json!({"year": 2026.5, "month": 3, "day": 6}),
            json!({"year": 1e300, "month": 3, "day": 6}),
            json!({"year": 2026, "month": -3, "day": 6}),
            json!(20_260_306),
            json!(null),
            json!("１２３４-０３-０６"),
        ] {
            assert_eq!(Moment::read(&value), None, "{value}");
        }
        assert!(matches!(Moment::read(&json!("14:30")), Some(Moment::Time(_))));
        assert!(matches!(
            Moment::read(&json!({"hours": 14.0, "minutes": 30.0})),
            Some(Moment::Time(_))
        ));
    }

    #[test]
    fn dates_relative_to_today() {
        let tomorrow = json!({"year": 2026.0, "month": 3.0, "day": 3.0});
        assert_eq!(verdict(&DateMatcher::FromToday(json!(1)), &tomorrow), Ok(()));
        assert_eq!(
            verdict(&DateMatcher::FromToday(json!(-1)), &json!("2026-03-01")),
            Ok(())
        );
        assert_eq!(
            verdict(&DateMatcher::FromToday(json!(2)), &tomorrow).unwrap_err(),
            "is tuesday 2026-03-03, not wednesday 2026-03-04"
        );
        assert_eq!(
            verdict(&DateMatcher::FromToday(json!("1")), &tomorrow).unwrap_err(),
            "invalid: `from_today` needs a whole number of days, got \"1\""
        );
        assert!(verdict(&DateMatcher::FromToday(json!(1e300)), &tomorrow).is_err());
    }

    #[test]
    fn weekdays_lie_ahead() {
        let friday = |days: u64| DateMatcher::Weekday {
            weekday: Weekday::Fri,
            within: Duration::from_hours(days * 24),
        };
        assert_eq!(verdict(&friday(8), &json!("2026-03-06")), Ok(()));
        assert!(verdict(&friday(8), &json!("2026-03-13")).is_err());
        assert_eq!(verdict(&friday(11), &json!("2026-03-13")), Ok(()));
        assert!(verdict(&friday(8), &json!("2026-02-27")).is_err());
        let monday = DateMatcher::Weekday {
            weekday: Weekday::Mon,
            within: Duration::from_hours(7 * 24),
        };
        assert_eq!(
            verdict(&monday, &json!("2026-03-02")).unwrap_err(),
            "is monday 2026-03-02, not a monday at most 7 days after monday 2026-03-02"
        );
        assert_eq!(verdict(&monday, &json!("2026-03-09")), Ok(()));
    }

    #[test]
    fn a_date_expected_by_name() {
        assert_eq!(
            verdict(&DateMatcher::On(json!("2026-03-06")), &json!("2026-03-06T10:00")),
            Ok(())
        );
        assert!(
            verdict(&DateMatcher::On(json!("friday")), &json!("2026-03-06"))
                .unwrap_err()
                .starts_with("invalid")
        );
        assert_eq!(
            verdict(&DateMatcher::On(json!("2026-03-06")), &json!("soon")).unwrap_err(),
            "is \"soon\", which is no date; expected friday 2026-03-06"
        );
    }

    #[test]
    fn moments_are_ordered() {
        let zone = *now().offset();
        let compare = |one: &str, other: &str| {
            Moment::read(&json!(one))
                .unwrap()
                .compare(Moment::read(&json!(other)).unwrap(), zone)
        };
        assert_eq!(compare("2026-03-01", "2026-03-02"), Some(Ordering::Less));
        assert_eq!(
            compare("2026-03-02T10:00:00+01:00", "2026-03-02T09:00:00Z"),
            Some(Ordering::Equal)
        );
        assert_eq!(
            compare("2026-03-02T10:00", "2026-03-02T09:00:00Z"),
            Some(Ordering::Equal)
        );
        assert_eq!(compare("2026-03-02T10:00", "2026-03-02"), Some(Ordering::Equal));
        assert_eq!(compare("10:00", "09:59"), Some(Ordering::Greater));
        assert_eq!(compare("10:00", "2026-03-02"), None);
    }
}
