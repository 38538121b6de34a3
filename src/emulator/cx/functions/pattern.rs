//! Date patterns as Java's `DateTimeFormatter` writes them, which `FORMAT_DATE` and `IS_DATE` take (cx-runtime 11.2).

use std::fmt::Write;

use chrono::{Datelike, Locale, NaiveDate, NaiveTime, Timelike};

use super::moment::Moment;
use crate::emulator::cx::bounds::excerpt;
use crate::emulator::cx::cursor::Cursor;

/// A pattern that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// What is shown, and how many letters stand for it.
    Field(Field, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Year,
    /// The year that the week belongs to.
    WeekYear,
    Quarter,
    Month,
    /// Of the year.
    Week,
    Day,
    DayOfYear,
    Weekday,
    /// As the language counts the days of a week, from 1.
    WeekdayNumber,
    HalfDay,
    /// 1 to 12.
    Hour12,
    /// 0 to 11.
    HourOfHalfDay,
    /// 0 to 23.
    Hour24,
    /// 1 to 24.
    HourOfDay,
    Minute,
    Second,
    Fraction,
}

impl Field {
    fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'y' | 'u' => Self::Year,
            'Y' => Self::WeekYear,
            'Q' | 'q' => Self::Quarter,
            'M' | 'L' => Self::Month,
            'w' => Self::Week,
            'd' => Self::Day,
            'D' => Self::DayOfYear,
            'E' => Self::Weekday,
            'e' | 'c' => Self::WeekdayNumber,
            'a' => Self::HalfDay,
            'h' => Self::Hour12,
            'K' => Self::HourOfHalfDay,
            'H' => Self::Hour24,
            'k' => Self::HourOfDay,
            'm' => Self::Minute,
            's' => Self::Second,
            'S' => Self::Fraction,
            _ => return None,
        })
    }
}

/// Most letters in a row, as in Java.
const WIDEST: usize = 19;

impl Pattern {
    /// Reads a pattern. The error says which letter means nothing here.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut cursor = Cursor::new(text);
        let mut pieces: Vec<Piece> = Vec::new();
        while let Some(character) = cursor.next() {
            if character == '\'' {
                pieces.push(Piece::Text(quoted(&mut cursor)));
            } else if character.is_ascii_alphabetic() {
                let field = Field::of(character).ok_or_else(|| {
                    let pattern = excerpt(text, 200);
                    format!("the letter `{character}` of the pattern `{pattern}` is not supported")
                })?;
                let width = 1 + cursor.eat_while(|next| next == character).len();
                if width > WIDEST {
                    return Err(format!(
                        "the pattern has the letter `{character}` {width} times in a row; {WIDEST} are the most"
                    ));
                }
                pieces.push(Piece::Field(field, width));
            } else {
                pieces.push(Piece::Text(character.to_string()));
            }
        }
        Ok(Self { pieces })
    }

    /// Writes a moment. The error says what the moment lacks.
    pub(super) fn format(&self, moment: Moment, language: &str) -> Result<String, String> {
        let locale = locale_of(language);
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Field(field, width) => write_field(&mut text, *field, *width, moment, locale)?,
            }
        }
        Ok(text)
    }

    /// Whether a text follows the pattern to the letter and means a day that exists.
    pub(super) fn matches(&self, text: &str, language: &str) -> bool {
        let locale = locale_of(language);
        let mut cursor = Cursor::new(text);
        let mut found = Found::default();
        let fits = self.pieces.iter().all(|piece| match piece {
            Piece::Text(plain) => cursor.eat(plain),
            Piece::Field(field, width) => found.read(&mut cursor, *field, *width, locale).is_some(),
        });
        fits && cursor.is_at_end() && found.exists()
    }
}

/// A text in quotes, the opening one being behind; two quotes are one.
fn quoted(cursor: &mut Cursor<'_>) -> String {
    let mut text = cursor.eat_while(|character| character != '\'').to_owned();
    cursor.next();
    if text.is_empty() {
        text.push('\'');
    }
    text
}

fn write_field(
    text: &mut String,
    field: Field,
    width: usize,
    moment: Moment,
    locale: Locale,
) -> Result<(), String> {
    let date = || moment.date.ok_or("there is no date in it");
    let time = || moment.time.ok_or("there is no time of day in it");
    // Writing to a string cannot fail.
    let mut number = |number: u32| {
        let _ = write!(text, "{number:0width$}");
    };
    match (field, width) {
        (Field::Year, 2) => number(date()?.year().rem_euclid(100).unsigned_abs()),
        (Field::Year, _) => number(date()?.year().unsigned_abs()),
        (Field::WeekYear, 2) => number(week_of(date()?, locale).0.rem_euclid(100).unsigned_abs()),
        (Field::WeekYear, _) => number(week_of(date()?, locale).0.unsigned_abs()),
        (Field::Week, _) => number(week_of(date()?, locale).1),
        (Field::Quarter, 1 | 2) => number(date()?.month0() / 3 + 1),
        (Field::Quarter, 3) => {
            let _ = write!(text, "Q{}", date()?.month0() / 3 + 1);
        }
        (Field::Quarter, _) => return Err("the names of quarters are not supported".to_owned()),
        (Field::Month, 1 | 2) => number(date()?.month()),
        (Field::Month, 3) => push_name(text, date()?, "%b", locale),
        (Field::Month, _) => push_name(text, date()?, "%B", locale),
        (Field::Day, _) => number(date()?.day()),
        (Field::DayOfYear, _) => number(date()?.ordinal()),
        (Field::WeekdayNumber, 1 | 2) => number(day_of_week(date()?, locale) + 1),
        (Field::Weekday, 1..=3) | (Field::WeekdayNumber, 3) => push_name(text, date()?, "%a", locale),
        (Field::Weekday | Field::WeekdayNumber, _) => push_name(text, date()?, "%A", locale),
        (Field::HalfDay, _) => text.push_str(if time()?.hour12().0 { "PM" } else { "AM" }),
        (Field::Hour12, _) => number(time()?.hour12().1),
        (Field::HourOfHalfDay, _) => number(time()?.hour() % 12),
        (Field::Hour24, _) => number(time()?.hour()),
        (Field::HourOfDay, _) => number(match time()?.hour() {
            0 => 24,
            hour => hour,
        }),
        (Field::Minute, _) => number(time()?.minute()),
        (Field::Second, _) => number(time()?.second()),
        (Field::Fraction, _) => {
            let digits = format!("{:09}", time()?.nanosecond());
            text.push_str(&digits[..width.min(9)]);
        }
    }
    Ok(())
}

/// Days since the week began: on Sunday where English and the like is spoken in America, on Monday elsewhere.
fn day_of_week(date: NaiveDate, locale: Locale) -> u32 {
    if begins_on_sunday(locale) {
        date.weekday().num_days_from_sunday()
    } else {
        date.weekday().num_days_from_monday()
    }
}

fn begins_on_sunday(locale: Locale) -> bool {
    matches!(
        locale,
        Locale::en_US
            | Locale::en_CA
            | Locale::fr_CA
            | Locale::es_MX
            | Locale::pt_BR
            | Locale::ja_JP
            | Locale::ko_KR
    )
}

/// The year that a date's week belongs to, and the number of the week in it. Where weeks begin on Sunday the first is
/// that of the first of January; elsewhere the first with four days of the year, as in ISO 8601.
fn week_of(date: NaiveDate, locale: Locale) -> (i32, u32) {
    if !begins_on_sunday(locale) {
        let week = date.iso_week();
        return (week.year(), week.week());
    }
    let days_left = 6 - day_of_week(date, locale);
    let last = date
        .checked_add_days(chrono::Days::new(days_left.into()))
        .unwrap_or(date);
    if last.year() > date.year() {
        return (last.year(), 1);
    }
    (date.year(), (last.ordinal() - 1) / 7 + 1)
}

fn push_name(text: &mut String, date: NaiveDate, format: &str, locale: Locale) {
    let _ = write!(text, "{}", date.format_localized(format, locale));
}

/// What was read from a text.
#[derive(Debug, Default)]
struct Found {
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
    hour: Option<u32>,
    minute: Option<u32>,
    second: Option<u32>,
}

impl Found {
    fn read(&mut self, cursor: &mut Cursor<'_>, field: Field, width: usize, locale: Locale) -> Option<()> {
        match (field, width) {
            // Two digits are a year of this century, as Java has it.
            (Field::Year, 2) => self.year = Some(2000 + digits(cursor, 2, 2)?),
            (Field::Year, _) => self.year = Some(digits(cursor, width, width.max(4))?),
            (Field::Month, 1 | 2) => self.month = Some(digits(cursor, width, 2)?),
            (Field::Month, _) => {
                let format = if width == 3 { "%b" } else { "%B" };
                self.month = (1..=12).find(|month| {
                    NaiveDate::from_ymd_opt(2024, *month, 1)
                        .is_some_and(|date| cursor.eat(&date.format_localized(format, locale).to_string()))
                });
                self.month?;
            }
            (Field::Day, _) => self.day = Some(digits(cursor, width, 2)?),
            (Field::WeekYear, _) => {
                digits(cursor, width, if width == 2 { 2 } else { width.max(4) })?;
            }
            (Field::Quarter | Field::Week | Field::WeekdayNumber, _) => {
                digits(cursor, width, 2)?;
            }
            (Field::DayOfYear, _) => {
                digits(cursor, width, 3)?;
            }
            (Field::Weekday, _) => {
                let format = if width <= 3 { "%a" } else { "%A" };
                // The first week of 2024 begins on a Monday.
                (1..=7).find(|day| {
                    NaiveDate::from_ymd_opt(2024, 1, *day)
                        .is_some_and(|date| cursor.eat(&date.format_localized(format, locale).to_string()))
                })?;
            }
            (Field::HalfDay, _) => {
                ["AM", "PM"].into_iter().find(|half| cursor.eat(half))?;
            }
            (Field::Hour12, _) => {
                let hour = digits(cursor, width, 2)?;
                self.hour = (1..=12).contains(&hour).then_some(hour % 12);
                self.hour?;
            }
            (Field::HourOfHalfDay, _) => {
                let hour = digits(cursor, width, 2)?;
                self.hour = (hour < 12).then_some(hour);
                self.hour?;
            }
            (Field::Hour24, _) => self.hour = Some(digits(cursor, width, 2)?),
            (Field::HourOfDay, _) => {
                let hour = digits(cursor, width, 2)?;
                self.hour = (1..=24).contains(&hour).then_some(hour % 24);
                self.hour?;
            }
            (Field::Minute, _) => self.minute = Some(digits(cursor, width, 2)?),
            (Field::Second, _) => self.second = Some(digits(cursor, width, 2)?),
            (Field::Fraction, _) => {
                digits(cursor, width, width)?;
            }
        }
        Some(())
    }

    fn exists(&self) -> bool {
        // The year of a day without one may be a leap year.
        let year = i32::try_from(self.year.unwrap_or(2024)).unwrap_or(i32::MAX);
        NaiveDate::from_ymd_opt(year, self.month.unwrap_or(1), self.day.unwrap_or(1)).is_some()
            && NaiveTime::from_hms_opt(
                self.hour.unwrap_or_default(),
                self.minute.unwrap_or_default(),
                self.second.unwrap_or_default(),
            )
            .is_some()
    }
}

/// A number of at least and at most so many digits.
fn digits(cursor: &mut Cursor<'_>, least: usize, most: usize) -> Option<u32> {
    let mut taken = 0;
    let digits = cursor.eat_while(|character| {
        taken += 1;
        taken <= most && character.is_ascii_digit()
    });
    if digits.len() < least {
        return None;
    }
    digits.parse().ok()
}

/// The names of months and days for a language code; English where the language is not known.
fn locale_of(language: &str) -> Locale {
    let (language, region) = language.split_once(['-', '_']).unwrap_or((language, ""));
    let language = language.to_ascii_lowercase();
    let region = match (language.as_str(), region) {
        ("en", "") => "US".to_owned(),
        ("ja", "") => "JP".to_owned(),
        ("ko", "") => "KR".to_owned(),
        ("zh", "") => "CN".to_owned(),
        ("da", "") => "DK".to_owned(),
        ("sv", "") => "SE".to_owned(),
        ("uk", "") => "UA".to_owned(),
        ("cs", "") => "CZ".to_owned(),
        ("el", "") => "GR".to_owned(),
        ("hi", "") => "IN".to_owned(),
        (language, "") => language.to_ascii_uppercase(),
        (_, region) => region.to_ascii_uppercase(),
    };
    Locale::try_from(format!("{language}_{region}").as_str()).unwrap_or(Locale::en_US)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn format(pattern: &str, language: &str) -> Result<String, String> {
        let value =
            json!({"year": 2021, "month": 9, "day": 6, "hours": 16, "minutes": 5, "seconds": 9, "nanos": 0});
        let moment = Moment::read(&value).unwrap();
        Pattern::parse(pattern)?.format(moment, language)
    }

    #[test]
    fn patterns_write_moments() {
        let cases = [
            ("yyyy-MM-dd", "en", "2021-09-06"),
            ("uuuu/M/d", "en", "2021/9/6"),
            ("EEEE, MMMM d", "en", "Monday, September 6"),
            ("EEE d MMM yy", "en", "Mon 6 Sep 21"),
            ("EEEE d MMMM", "es", "lunes 6 septiembre"),
            ("EEEE", "de-AT", "Montag"),
            ("MMMM", "xx", "September"),
            ("hh:mm a", "en", "04:05 PM"),
            ("H'h'mm ''ss''", "en", "16h05 '09'"),
            ("HH:mm:ss.SSS", "en", "16:05:09.000"),
            ("MM/dd/YYYY", "en", "09/06/2021"),
            ("D", "en", "249"),
            ("K 'or' kk", "en", "4 or 16"),
            ("Q, QQ, QQQ", "en", "3, 03, Q3"),
            ("e w", "en", "2 37"),
            ("e w", "de", "1 36"),
            ("eeee", "en", "Monday"),
        ];
        for (pattern, language, expected) in cases {
            assert_eq!(format(pattern, language).unwrap(), expected, "{pattern}");
        }
        assert!(format("VV", "en").is_err());
        assert_eq!(format(&"d".repeat(WIDEST), "en").unwrap(), "0000000000000000006");
        let error = format(&"d".repeat(70_000), "en").unwrap_err();
        assert!(error.contains("70000 times"), "{error}");
        assert!(format(&"x".repeat(70_000), "en").unwrap_err().len() < 1000);
    }

    #[test]
    fn weeks_at_the_turn_of_a_year() {
        let week = |text: &str, locale| week_of(text.parse().unwrap(), locale);
        assert_eq!(week("2021-12-26", Locale::en_US), (2022, 1));
        assert_eq!(week("2021-12-25", Locale::en_US), (2021, 52));
        assert_eq!(week("2022-01-02", Locale::en_US), (2022, 2));
        assert_eq!(week("2021-01-03", Locale::de_DE), (2020, 53));
        assert_eq!(week("2021-01-04", Locale::de_DE), (2021, 1));
    }

    #[test]
    fn a_moment_must_have_what_the_pattern_shows() {
        let date = Moment::read(&json!("2021-09-06")).unwrap();
        assert!(Pattern::parse("HH:mm").unwrap().format(date, "en").is_err());
        let time = Moment::read(&json!("16:00:00")).unwrap();
        assert!(Pattern::parse("yyyy").unwrap().format(time, "en").is_err());
    }

    #[test]
    fn texts_follow_patterns_strictly() {
        let cases = [
            ("2020-02-29", "uuuu-MM-dd", true),
            ("2021-02-29", "uuuu-MM-dd", false),
            ("2021-2-9", "uuuu-MM-dd", false),
            ("2021-02-09 ", "uuuu-MM-dd", false),
            ("2021-13-01", "yyyy-MM-dd", false),
            ("9/6/2021", "M/d/yyyy", true),
            ("09/06/21", "MM/dd/yy", true),
            ("09/06/2021", "MM/dd/yy", false),
            ("29/02/24", "dd/MM/uu", true),
            ("29/02/23", "dd/MM/uu", false),
            ("6 September 2021", "d MMMM yyyy", true),
            ("6 Septober 2021", "d MMMM yyyy", false),
            ("04:05 PM", "hh:mm a", true),
            ("14:05 PM", "hh:mm a", false),
            ("25:00", "HH:mm", false),
            ("", "yyyy", false),
        ];
        for (text, pattern, expected) in cases {
            assert_eq!(
                Pattern::parse(pattern).unwrap().matches(text, "en"),
                expected,
                "{text} as {pattern}"
            );
        }
    }
}
