//! Moments as machines write them (ISO 8601): `2026-03-15T10:00:00Z`. They mean the same in every language.

use std::ops::Range;
use std::sync::OnceLock;

use chrono::{FixedOffset, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use regex::{Captures, Regex};

use crate::emulator::cx::entities::text::Text;

/// A moment found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Its words.
    pub(super) words: Range<usize>,
    /// Local time of the session.
    pub(super) at: NaiveDateTime,
}

/// A date, a time, and what may follow: seconds and a zone.
const PATTERN: &str = r"(?x)
    \b (?P<year>\d{4}) (?:-(?P<month>\d{2})-(?P<day>\d{2}) | (?P<short_month>\d{2})(?P<short_day>\d{2}))
    (?P<sign>[Tt\x20]) (?P<hour>\d{2}) :? (?P<minute>\d{2}) (?: :? (?P<second>\d{2}) (?:[.,]\d{1,9})? )?
    (?: \x20? (?P<zone> [Zz] | [+-]\d{2} (?: :? \d{2} )? ) )? \b";

/// All such moments; one with a zone of its own is told in the session's.
pub(super) fn stamps(text: &Text<'_>, zone: Tz) -> Vec<Stamp> {
    static ISO: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = ISO.get_or_init(|| Regex::new(PATTERN).ok());
    let found = pattern.iter().flat_map(|pattern| pattern.captures_iter(text.raw));
    found
        .filter_map(|captures| {
            let range = captures.get(0)?.range();
            Some(Stamp {
                words: text.words_in(&range),
                at: moment(&captures, zone)?,
            })
        })
        .collect()
}

fn moment(captures: &Captures<'_>, zone: Tz) -> Option<NaiveDateTime> {
    let number = |name: &str| {
        captures
            .name(name)
            .and_then(|part| part.as_str().parse::<u32>().ok())
    };
    let year = i32::try_from(number("year")?).ok()?;
    let month = number("month").or_else(|| number("short_month"))?;
    let day = number("day").or_else(|| number("short_day"))?;
    let date = NaiveDate::from_ymd_opt(year, month, day)?;
    let local = date.and_hms_opt(number("hour")?, number("minute")?, number("second").unwrap_or(0))?;
    let written = captures.name("zone").map(|zone| zone.as_str());
    // A date and a time with a blank between are words like others, unless a zone marks them.
    if captures.name("sign")?.as_str() == " " && written.is_none() {
        return None;
    }
    match written {
        None => Some(local),
        Some(written) => {
            let instant = offset(written)?.from_local_datetime(&local).single()?;
            Some(instant.with_timezone(&zone).naive_local())
        }
    }
}

/// `Z`, `+02:00`, `-0500`, `+01`.
fn offset(zone: &str) -> Option<FixedOffset> {
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let hours: i32 = digits.get(..2).map_or(Some(0), |hours| hours.parse().ok())?;
    let minutes: i32 = digits.get(2..4).map_or(Some(0), |minutes| minutes.parse().ok())?;
    let seconds = hours * 3600 + minutes * 60;
    FixedOffset::east_opt(if zone.starts_with('-') { -seconds } else { seconds })
}
