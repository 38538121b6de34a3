//! Days counted from now or from another day.

use chrono::NaiveDate;

use super::calendar;
use super::day::{Days, Read, grain_sense};
use super::lexicon::{Grain, Sense};
use super::reader::Reader;

impl Reader<'_> {
    /// `in two weeks`, `three days ago`, `hace dos días`, `a week from today`.
    pub(super) fn counted_day(&self, at: usize) -> Read<NaiveDate> {
        let ahead = self.skip(at, Sense::In);
        let back = self.skip(at, Sense::AgoBefore);
        let (next, amount, grain) = self.amount(ahead.or(back).unwrap_or(at))?;
        let (next, sign) = if back.is_some() {
            (next, -1)
        } else if ahead.is_some() {
            (next, 1)
        } else if let Some(next) = self.skip(next, Sense::Ago) {
            (next, -1)
        } else {
            (self.skip(next, Sense::FromNow)?, 1)
        };
        calendar::add(self.today(), sign * amount, grain).map(|date| (next, date))
    }

    /// `a week from friday`, `two days after christmas`, `the day before easter`.
    pub(super) fn day_beside(&self, at: usize) -> Read<NaiveDate> {
        let start = self.skip_optional(self.skip_optional(at, Sense::In), Sense::The);
        let one = || {
            let (next, grain) = self.take(start, grain_sense)?;
            Some((next, 1, grain))
        };
        let (next, amount, grain) = self.amount(start).or_else(one)?;
        // `A week on friday` is one after the coming.
        let on = || {
            let after = self
                .skip(next, Sense::On)
                .filter(|_| self.lexicon.half_day_clock)?;
            matches!(grain, Grain::Week | Grain::Fortnight).then_some((after, 1))
        };
        let (next, sign) = self
            .take(next, |sense| match sense {
                Sense::AfterDay => Some(1),
                Sense::BeforeDay => Some(-1),
                _ => None,
            })
            .or_else(on)?;
        let (next, day) = self.lone_day(self.skip_optional(next, Sense::The))?;
        calendar::add(day, sign * amount, grain).map(|date| (next, date))
    }

    /// `friday in two weeks`, `heute in einer Woche`.
    pub(super) fn day_then_later(&self, at: usize) -> Read<NaiveDate> {
        let (next, day) = self.relative_day(at).or_else(|| self.lone_weekday(at))?;
        let (next, amount, grain) = self.amount(self.skip(next, Sense::In)?)?;
        calendar::add(day, amount, grain).map(|date| (next, date))
    }

    /// A day that is not counted from another one.
    pub(super) fn lone_day(&self, at: usize) -> Read<NaiveDate> {
        let readings = [
            self.numeric_date(at),
            self.named_date(at),
            self.weekday_with_date(at),
            self.relative_day(at),
            self.lone_weekday(at),
            self.holiday(at),
            self.bare_day(at),
        ];
        readings.into_iter().flatten().rev().max_by_key(|(next, _)| *next)
    }

    /// `two weeks`, `a month`; after a word for when also `tydzień` (one week).
    pub(super) fn amount(&self, at: usize) -> Option<(usize, i64, Grain)> {
        let told = at
            .checked_sub(1)
            .is_some_and(|before| self.skip(before, Sense::In) == Some(at));
        let single = || self.skip(at, Sense::Single).map(|next| (next, 1));
        let (next, amount) = match self.number(at).or_else(single) {
            Some(amount) => amount,
            None => told.then_some((at, 1))?,
        };
        let (next, grain) = self.take(next, grain_sense)?;
        Some((next, i64::from(amount), grain))
    }

    /// `the week of march 9`, `weekend of the 14th`.
    pub(super) fn week_around(&self, at: usize) -> Read<Days> {
        let start = self.skip_optional(at, Sense::The);
        let weekend = self.skip(start, Sense::Weekend);
        let next = weekend.or_else(|| self.skip(start, Sense::Grain(Grain::Week)))?;
        let of = self.skip(next, Sense::Of)?;
        let (next, day) = self.lone_day(self.skip_optional(of, Sense::The))?;
        let (first, last) = calendar::unit(day, 0, Grain::Week)?;
        let first = if weekend.is_some() {
            calendar::shift(first, 5)?
        } else {
            first
        };
        Some((next, Days::Span(first, last)))
    }
}
