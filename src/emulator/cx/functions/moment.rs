//! Dates and times as parameters hold them: objects of numbers, or ISO text (cx-runtime 13).

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use serde_json::json;

use crate::model::{Map, Value};

/// A date, a time of day, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) date: Option<NaiveDate>,
    pub(super) time: Option<NaiveTime>,
}

impl Moment {
    /// Reads an object such as `{"year": 2021, "month": 9, "day": 6}` or `{"hours": 16, …}`, or ISO text.
    pub(super) fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Object(members) => Self::from_members(members),
            Value::String(text) => Self::from_text(text.trim()),
            _ => None,
        }
    }

    fn from_members(members: &Map) -> Option<Self> {
        let number = |name: &str| -> Option<u32> {
            let number = members.get(name)?.as_f64()?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole and between the bounds"
            )]
            (number.fract() == 0.0 && (0.0..1e9).contains(&number)).then_some(number as u32)
        };
        let date = match (number("year"), number("month"), number("day")) {
            (Some(year), Some(month), Some(day)) => {
                Some(NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?)
            }
            _ => None,
        };
        let time = match number("hours") {
            Some(hours) => Some(NaiveTime::from_hms_nano_opt(
                hours,
                number("minutes").unwrap_or_default(),
                number("seconds").unwrap_or_default(),
                number("nanos").unwrap_or_default(),
            )?),
            None => None,
        };
        (date.is_some() || time.is_some()).then_some(Self { date, time })
    }

    fn from_text(text: &str) -> Option<Self> {
        if let Ok(date) = text.parse::<NaiveDate>() {
            return Some(Self {
                date: Some(date),
                time: None,
            });
        }
        if let Ok(time) = text.parse::<NaiveTime>() {
            return Some(Self {
                date: None,
                time: Some(time),
            });
        }
        let both = text
            .parse::<NaiveDateTime>()
            .or_else(|_| chrono::DateTime::parse_from_rfc3339(text).map(|moment| moment.naive_local()))
            .or_else(|_| NaiveDateTime::parse_from_str(&text.replacen('T', " ", 1), "%Y-%m-%d %H:%M"))
            .ok()?;
        Some(Self::from(both))
    }

    /// The moment in the shape the original value had.
    pub(super) fn write_like(self, original: &Value) -> Value {
        if original.is_string() {
            return match (self.date, self.time) {
                (Some(date), Some(time)) => {
                    date.and_time(time).format("%Y-%m-%dT%H:%M:%S").to_string().into()
                }
                (Some(date), None) => date.to_string().into(),
                (None, Some(time)) => time.format("%H:%M:%S").to_string().into(),
                (None, None) => Value::Null,
            };
        }
        self.write()
    }

    /// The moment as an object.
    pub(super) fn write(self) -> Value {
        let mut members = Map::new();
        if let Some(date) = self.date {
            members.insert("year".to_owned(), json!(date.year()));
            members.insert("month".to_owned(), json!(date.month()));
            members.insert("day".to_owned(), json!(date.day()));
        }
        if let Some(time) = self.time {
            members.insert("hours".to_owned(), json!(time.hour()));
            members.insert("minutes".to_owned(), json!(time.minute()));
            members.insert("seconds".to_owned(), json!(time.second()));
            members.insert("nanos".to_owned(), json!(time.nanosecond()));
        }
        Value::Object(members)
    }
}

impl From<NaiveDateTime> for Moment {
    fn from(moment: NaiveDateTime) -> Self {
        Self {
            date: Some(moment.date()),
            time: Some(moment.time()),
        }
    }
}
