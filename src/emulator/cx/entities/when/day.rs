//! Days and spans of days, as people say them.

use chrono::{Datelike, NaiveDate};

use super::calendar;
use super::lexicon::{Grain, Sense};
use super::reader::Reader;
use crate::emulator::cx::entities::external;

/// What a phrase about days means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Days {
    /// One day.
    One(NaiveDate),
    /// From the first to the last of several.
    Span(NaiveDate, NaiveDate),
}

/// What was read, and the place after it.
pub(super) type Read<T> = Option<(usize, T)>;

/// Direction of `next`, `this` and `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Direction(pub(super) i64);

impl Reader<'_> {
    /// The longest phrase about days that starts here.
    pub(super) fn days(&self, at: usize) -> Read<Days> {
        let one = |read: Read<NaiveDate>| read.map(|(next, date)| (next, Days::One(date)));
        // A weekday after a date only confirms it.
        let told =
            |read: Read<NaiveDate>| read.map(|(next, date)| (self.confirmed(next, date), Days::One(date)));
        let readings = [
            told(self.numeric_date(at)),
            told(self.named_date(at)),
            one(self.weekday_with_date(at)),
            one(self.day_of_unit(at)),
            one(self.nth_day(at)),
            told(self.relative_day(at)),
            one(self.weekday(at)),
            one(self.holiday(at)),
            one(self.counted_day(at)),
            one(self.day_beside(at)),
            one(self.day_then_later(at)),
            self.unit_of_days(at),
            self.week_around(at),
            self.month(at),
            told(self.bare_day(at)),
        ];
        // The first of the longest.
        readings.into_iter().flatten().rev().max_by_key(|(next, _)| *next)
    }

    pub(super) fn today(&self) -> NaiveDate {
        self.now.date()
    }

    /// `10/22/1998`, `22.10.98`, `2020-10-22`, `10/22`.
    pub(super) fn numeric_date(&self, at: usize) -> Read<NaiveDate> {
        let (first, second) = (self.digits(at)?, self.digits(at + 1)?);
        let signs = ['/', '-', '.'];
        let sign = *signs.iter().find(|sign| self.joined_by(at + 1, &[**sign]))?;
        let third = self.digits(at + 2).filter(|_| self.joined_by(at + 2, &[sign]));
        if first.length == 4 {
            return Some((
                at + 3,
                NaiveDate::from_ymd_opt(i32::try_from(first.value).ok()?, second.value, third?.value)?,
            ));
        }
        if first.length > 2 || second.length > 2 {
            return None;
        }
        let (month, day) = match (self.lexicon.month_first, first.value > 12, second.value > 12) {
            (true, false, _) | (false, false, true) => (first.value, second.value),
            _ => (second.value, first.value),
        };
        let Some(third) = third else {
            // `25.12.`, and `25.12` in languages whose decimals have a comma.
            let dot =
                sign == '.' && (self.gap_after(at + 1).starts_with('.') || !self.lexicon.half_day_clock);
            let plain = sign == '/' || dot;
            let date = calendar::month_day(month, day, None, self.today())?;
            return plain.then_some((at + 2, date));
        };
        let year = self.full_year(third.value, third.length)?;
        NaiveDate::from_ymd_opt(year, month, day).map(|date| (at + 3, date))
    }

    /// A year of two or four digits.
    fn full_year(&self, value: u32, length: usize) -> Option<i32> {
        let value = i32::try_from(value).ok()?;
        match length {
            4 if value >= 1000 => Some(value),
            2 => {
                let century = self.today().year() / 100 * 100;
                let near = century + value;
                Some(if near > self.today().year() + 20 {
                    near - 100
                } else {
                    near
                })
            }
            _ => None,
        }
    }

    /// `October 22 1998`, `22nd of October`, `Friday, Oct 22`, `el 3 de mayo de 1990`.
    pub(super) fn named_date(&self, at: usize) -> Read<NaiveDate> {
        let (next, month, day, year) = self.day_beside_month(at)?;
        calendar::month_day(month, day, year, self.today()).map(|date| (next, date))
    }

    /// The place after a day and a month that do not go together, as `June 31st` and, in January, `the 31st of next
    /// month`. Neither of the two means anything then (nlu 5).
    pub(super) fn impossible_day(&self, at: usize) -> Option<usize> {
        if let Some((next, month, day, year)) = self.day_beside_month(at) {
            let date = calendar::month_day(month, day, year, self.today());
            return date.is_none().then_some(next);
        }
        let (next, day, first) = self.day_beside_unit(at)?;
        first.with_day(day).is_none().then_some(next)
    }

    /// A day's number and a month beside each other, and the year where it is said.
    fn day_beside_month(&self, at: usize) -> Option<(usize, u32, u32, Option<i32>)> {
        let at = self
            .take(at, weekday_sense)
            .map_or(at, |(next, _)| self.skip_optional(next, Sense::The));
        let at = self.skip_optional(self.skip_optional(at, Sense::On), Sense::The);
        let month_first = || {
            let (next, month) = self.take(at, month_sense)?;
            let next = self.skip_optional(next, Sense::The);
            let (next, day) = self.day_number(next)?;
            Some((next, month, day))
        };
        let day_first = || {
            let (next, day) = self.day_number(at)?;
            let next = self.skip_optional(self.skip_optional(next, Sense::Of), Sense::The);
            let (next, month) = self.take(next, month_sense)?;
            Some((next, month, day))
        };
        let (next, month, day) = day_first().or_else(month_first)?;
        let (next, year) = match self.year_after(next) {
            Some((next, year)) => (next, Some(year)),
            None => (next, None),
        };
        Some((next, month, day, year))
    }

    /// A day's number: `22`, `22nd`, `twenty-second`.
    fn day_number(&self, at: usize) -> Read<u32> {
        if self.joined_by(at + 1, &[':']) {
            return None;
        }
        let digits = self
            .digits(at)
            .filter(|digits| digits.length <= 2)
            .map(|digits| (at + 1, digits.value));
        digits.or_else(|| self.ranked_day(at)).or_else(|| {
            self.take(at, |sense| {
                if let Sense::Number(number @ 1..=31) = sense {
                    Some(number)
                } else {
                    None
                }
            })
        })
    }

    /// A day's number that is said as a rank: `22nd`, `first`.
    pub(super) fn ranked_day(&self, at: usize) -> Read<u32> {
        let suffixed = self.digits_with_suffix(at).filter(|(digits, suffix)| {
            digits.length <= 2 && matches!(*suffix, "st" | "nd" | "rd" | "th" | "er" | "º" | "ª" | "o")
        });
        let dotted = || {
            let digits = self.digits(at).filter(|digits| digits.length <= 2)?;
            let after = self.gap_after(at);
            // With another number behind the dot it is a date in numbers, or none: `31.6.`
            let closes = after == "." && self.digits(at + 1).is_none();
            (!self.lexicon.month_first && (after.starts_with(". ") || closes))
                .then_some((at + 1, digits.value))
        };
        let named = || {
            self.take(at, |sense| {
                if let Sense::Ordinal(number) = sense {
                    Some(number)
                } else {
                    None
                }
            })
        };
        suffixed
            .map(|(digits, _)| (at + 1, digits.value))
            .or_else(named)
            .or_else(dotted)
    }

    /// A year that belongs to the date before it.
    fn year_after(&self, at: usize) -> Read<i32> {
        let at = self.skip_optional(at, Sense::Of);
        let Some(digits) = self.digits(at) else {
            return self.year_in_words(at);
        };
        let time = self.joined_by(at + 1, &[':']) || self.take(at + 1, clock_mark).is_some();
        let short =
            digits.length == 2 && (digits.value > 31 || self.text.gap_before(at).contains(['\'', '’']));
        if time || !(digits.length == 4 || short) {
            return None;
        }
        self.full_year(digits.value, digits.length)
            .map(|year| (at + 1, year))
    }

    /// `nineteen eighty five`, `twenty oh six`, `dos mil veintiséis`.
    fn year_in_words(&self, at: usize) -> Read<i32> {
        /// Words of a year at most (`mil novecientos ochenta y cinco`).
        const LONGEST: usize = 6;
        let pair = || {
            let (next, century) = self
                .number_word(at)
                .filter(|(_, century)| matches!(century, 19 | 20))?;
            let (next, year) = self
                .number(next)
                .filter(|(_, year)| (10..100).contains(year))
                .or_else(|| self.minutes_after(next))?;
            Some((next, i32::try_from(century * 100 + year).ok()?))
        };
        if let Some(found) = pair().filter(|_| self.language_is("en")) {
            return Some(found);
        }
        let ends = at + 1..=(at + LONGEST).min(self.len());
        let mut years = ends.rev().filter_map(|end| {
            let value = external::number_of(self.text.normal(at..end), self.language)?;
            let year = (1900..2100).find(|year| (f64::from(*year) - value).abs() < 0.5)?;
            Some((end, year))
        });
        years.next()
    }

    /// `next month 10th`, `the 10th of next month`.
    fn day_of_unit(&self, at: usize) -> Read<NaiveDate> {
        let (next, day, first) = self.day_beside_unit(at)?;
        first.with_day(day).map(|date| (next, date))
    }

    /// A day's number and the first day of a month beside each other.
    fn day_beside_unit(&self, at: usize) -> Option<(usize, u32, NaiveDate)> {
        let ranked_first = || {
            let (next, day) = self.ranked_day(self.skip_optional(at, Sense::The))?;
            let (next, unit) = self.unit_of_days(self.skip_optional(next, Sense::Of))?;
            Some((next, day, unit))
        };
        let unit_first = || {
            let (next, unit) = self.unit_of_days(at)?;
            let next = self.skip_optional(self.skip_optional(next, Sense::On), Sense::The);
            let (next, day) = self.ranked_day(next)?;
            Some((next, day, unit))
        };
        let (next, day, unit) = ranked_first().or_else(unit_first)?;
        let Days::Span(first, last) = unit else {
            return None;
        };
        let is_month = first.day() == 1 && first.month() == last.month() && first.year() == last.year();
        is_month.then_some((next, day, first))
    }

    /// `today`, `day after tomorrow`.
    pub(super) fn relative_day(&self, at: usize) -> Read<NaiveDate> {
        let (next, days) = self.take(at, |sense| {
            if let Sense::Day(days) = sense {
                Some(days)
            } else {
                None
            }
        })?;
        calendar::shift(self.today(), days).map(|date| (next, date))
    }

    /// `christmas eve`, `next easter`, `christmas 2021`.
    pub(super) fn holiday(&self, at: usize) -> Read<NaiveDate> {
        let start = self.take(at, direction).map_or(at, |(next, _)| next);
        let (next, holiday) = self.take(start, |sense| {
            if let Sense::Holiday(day) = sense {
                Some(day)
            } else {
                None
            }
        })?;
        let year = self.year_after(next);
        let next = year.map_or(next, |(next, _)| next);
        calendar::holiday(holiday, year.map(|(_, year)| year), self.today()).map(|date| (next, date))
    }

    /// `next week`, `this month`, `la semana que viene`, `the next two weeks`, `next weekend`.
    pub(super) fn unit_of_days(&self, at: usize) -> Read<Days> {
        let (next, direction) = self
            .take(self.skip_optional(at, Sense::The), direction)
            .unwrap_or((at, Direction(0)));
        let prefixed = next > at;
        if let Some((next, amount, grain)) = self.amount(next).filter(|_| prefixed) {
            return self
                .counted_span(direction, amount, grain)
                .map(|days| (next, days));
        }
        if let Some(next) = self.skip(next, Sense::Weekend) {
            let saturday = calendar::shift(calendar::unit(self.today(), 0, Grain::Week)?.0, 5)?;
            let weeks = if direction.0 > 0 && self.today() >= saturday {
                1
            } else {
                direction.0.min(0)
            };
            let first = calendar::shift(saturday, 7 * weeks)?;
            return Some((next, Days::Span(first, calendar::shift(first, 1)?)));
        }
        let (next, grain) = self.take(next, grain_sense)?;
        let (next, direction) = match self.take(next, direction_after) {
            Some((next, direction)) if !prefixed => (next, direction),
            _ if prefixed => (next, direction),
            _ => return None,
        };
        if grain == Grain::Day {
            return calendar::shift(self.today(), direction.0).map(|date| (next, Days::One(date)));
        }
        calendar::unit(self.today(), direction.0, grain).map(|(first, last)| (next, Days::Span(first, last)))
    }

    /// The coming or the past so many units.
    fn counted_span(&self, direction: Direction, amount: i64, grain: Grain) -> Option<Days> {
        let today = self.today();
        match direction.0 {
            0 => None,
            1.. => Some(Days::Span(today, calendar::add(today, amount, grain)?)),
            _ => Some(Days::Span(calendar::add(today, -amount, grain)?, today)),
        }
    }

    /// `October`, `October 2020`: the whole month, unless some number beside it was meant as a day.
    pub(super) fn month(&self, at: usize) -> Read<Days> {
        let (next, month) = self.take(at, month_sense)?;
        let (next, year) = match self.year_after(next) {
            Some((next, year)) => (next, Some(year)),
            None => (next, None),
        };
        let beside = |at: usize| self.digits(at).is_some() || self.ranked_day(at).is_some();
        if (year.is_none() && beside(next)) || at.checked_sub(1).is_some_and(beside) {
            return None;
        }
        let mut first = NaiveDate::from_ymd_opt(year.unwrap_or(self.today().year()), month, 1)?;
        if year.is_none() && month < self.today().month() {
            first = calendar::add(first, 1, Grain::Year)?;
        }
        Some((next, Days::Span(first, calendar::unit(first, 0, Grain::Month)?.1)))
    }

    /// `2020`, `in 2020`.
    pub(super) fn year(&self, at: usize) -> Read<Days> {
        let digits = self.digits(at).filter(|digits| digits.length == 4)?;
        let year = i32::try_from(digits.value)
            .ok()
            .filter(|year| (1900..2100).contains(year))?;
        let told = at
            .checked_sub(1)
            .is_some_and(|before| self.skip(before, Sense::In) == Some(at));
        let first = NaiveDate::from_ymd_opt(year, 1, 1).filter(|_| told || self.len() == 1)?;
        let last = NaiveDate::from_ymd_opt(year, 12, 31)?;
        Some((at + 1, Days::Span(first, last)))
    }

    /// `the 22nd`, `22nd`; `el 22` and `dia 22` at the end where the language says it so.
    pub(super) fn bare_day(&self, at: usize) -> Read<NaiveDate> {
        let coming =
            |day: u32, next: usize| calendar::day_of_month(day, self.today()).map(|date| (next, date));
        let named = self
            .skip(at, Sense::The)
            .or_else(|| self.skip(at, Sense::Grain(Grain::Day)))
            .filter(|_| !self.lexicon.half_day_clock);
        if let Some((next, day)) = named.and_then(|start| self.plain_day_after(at, start)) {
            return coming(day, next);
        }
        let start = self.skip_optional(at, Sense::The);
        let (next, day) = self.ranked_day(start)?;
        let on = at
            .checked_sub(1)
            .is_some_and(|before| self.skip(before, Sense::On) == Some(at));
        let dotted = self.digits(start).is_some() && (self.len() == 1 || on);
        let in_digits = self.digits_with_suffix(start).is_some() || dotted;
        // A rank in words is a day where something says so, and nothing comes after that it could count.
        let article = start > at || self.language_is("pl") || (on && !self.lexicon.half_day_clock);
        let closes = next >= self.len() || self.skip(next, Sense::At).is_some();
        if !(in_digits || article && closes) {
            return None;
        }
        coming(day, next)
    }

    /// A number after an article or a word for a day: `el 22`, `dia quinze`, `ayın 15'i`.
    fn plain_day_after(&self, at: usize, start: usize) -> Read<u32> {
        // Feminine and plural articles stand before hours: `las 5`.
        let article = self.text.word(at);
        if matches!(article, "la" | "las" | "los" | "les" | "a" | "as" | "os") {
            return None;
        }
        let written = self.digits(start).filter(|digits| digits.length <= 2);
        let possessed = || {
            let (digits, suffix) = self
                .digits_with_suffix(start)
                .filter(|_| self.language_is("tr"))?;
            matches!(
                suffix,
                "i" | "u" | "ü" | "si" | "sinda" | "inda" | "unda" | "ünde" | "inde"
            )
            .then_some(digits.value)
        };
        let in_words = || {
            let article = matches!(self.text.word(at), "el" | "le" | "dia" | "día");
            self.number(start)
                .filter(|(_, day)| article && (1..=31).contains(day))
        };
        let written = written.map(|digits| digits.value).or_else(possessed);
        let (next, day) = written.map(|day| (start + 1, day)).or_else(in_words)?;
        (next == self.len() || self.skip(next, Sense::At).is_some()).then_some((next, day))
    }
}

pub(super) fn month_sense(sense: Sense) -> Option<u32> {
    if let Sense::Month(month) = sense {
        Some(month)
    } else {
        None
    }
}

pub(super) fn weekday_sense(sense: Sense) -> Option<u32> {
    if let Sense::Weekday(weekday) = sense {
        Some(weekday)
    } else {
        None
    }
}

pub(super) fn grain_sense(sense: Sense) -> Option<Grain> {
    if let Sense::Grain(grain) = sense {
        Some(grain)
    } else {
        None
    }
}

pub(super) fn direction(sense: Sense) -> Option<Direction> {
    match sense {
        Sense::Next => Some(Direction(1)),
        Sense::This => Some(Direction(0)),
        Sense::Last => Some(Direction(-1)),
        _ => None,
    }
}

/// A direction said after the unit.
pub(super) fn direction_after(sense: Sense) -> Option<Direction> {
    direction(sense).filter(|direction| direction.0 != 0)
}

/// What makes a number before it an hour.
fn clock_mark(sense: Sense) -> Option<()> {
    matches!(sense, Sense::Am | Sense::Pm | Sense::Clock).then_some(())
}
