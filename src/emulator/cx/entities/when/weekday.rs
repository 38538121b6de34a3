//! Days of the week, alone and with what else is said about the day.

use chrono::{Datelike, NaiveDate};

use super::calendar;
use super::day::{Days, Direction, Read, direction, direction_after, grain_sense, weekday_sense};
use super::lexicon::{Grain, Sense};
use super::reader::Reader;

impl Reader<'_> {
    /// `friday`, `next friday`, `last friday`, `viernes próximo`, `friday next week`, `next week friday`.
    pub(super) fn weekday(&self, at: usize) -> Read<NaiveDate> {
        if let Some((next, (first, _))) = self.week(at)
            && let Some((next, weekday)) = self.take(self.skip_optional(next, Sense::On), weekday_sense)
        {
            return calendar::shift(first, i64::from(weekday)).map(|date| (next, date));
        }
        let (next, weekday) = self.directed(at)?;
        if let Some((next, (first, _))) = self.week(self.skip_optional(next, Sense::Of)) {
            return calendar::shift(first, i64::from(weekday.day)).map(|date| (next, date));
        }
        let (after, date) = self.lone_weekday(at)?;
        if self.counted_in_month(at, after) {
            return None;
        }
        // `Friday week` is the one after the coming.
        match self.skip(after, Sense::Grain(Grain::Week)) {
            Some(end) if self.lexicon.half_day_clock => calendar::shift(date, 7).map(|date| (end, date)),
            _ => Some((after, date)),
        }
    }

    /// Whether a weekday is one of a month by a rank, as in `fifth friday of february`.
    fn counted_in_month(&self, at: usize, after: usize) -> bool {
        let rank = |sense: Sense| matches!(sense, Sense::Ordinal(_) | Sense::Nth(_)).then_some(());
        let ranked = at
            .checked_sub(1)
            .is_some_and(|before| self.take(before, rank).is_some() || self.ranked_day(before).is_some());
        let of = self.skip(after, Sense::Of);
        ranked && of.is_some_and(|of| self.take(of, super::day::month_sense).is_some())
    }

    /// A weekday with no more than a direction.
    pub(super) fn lone_weekday(&self, at: usize) -> Read<NaiveDate> {
        let (next, said) = self.directed(at)?;
        let (next, direction) = match self.take(next, direction_after) {
            Some(after) => after,
            None => (next, said.direction),
        };
        // A bare weekday said on that day means today: one recording, none against it.
        let date = match direction.0 {
            0 => self
                .today()
                .pred_opt()
                .and_then(|before| calendar::weekday_after(before, said.day)),
            1.. => calendar::weekday_after(self.today(), said.day),
            _ => calendar::weekday_before(self.today(), said.day),
        };
        date.map(|date| (next, date))
    }

    fn directed(&self, at: usize) -> Read<Weekday> {
        let (next, direction) = self.take(at, direction).unwrap_or((at, Direction(0)));
        let (next, day) = self.take(next, weekday_sense)?;
        Some((next, Weekday { day, direction }))
    }

    /// `next week` as its first and last day.
    fn week(&self, at: usize) -> Read<(NaiveDate, NaiveDate)> {
        let (next, days) = self.unit_of_days(at)?;
        match days {
            Days::Span(first, last) if (last - first).num_days() == 6 => Some((next, (first, last))),
            _ => None,
        }
    }

    /// `friday the 13th`, `viernes 13`, `monday 3/16`: the date said; the weekday only tells which month is meant.
    pub(super) fn weekday_with_date(&self, at: usize) -> Read<NaiveDate> {
        let (next, said) = self.directed(self.skip_optional(at, Sense::The))?;
        let next = self.skip_optional(self.skip_optional(next, Sense::On), Sense::The);
        if let Some(read) = self.numeric_date(next) {
            return Some(read);
        }
        let ranked = self.ranked_day(next);
        let (next, day) = ranked.or_else(|| self.plain_day_of(next, said.day))?;
        let date = calendar::day_on_weekday(day, said.day, self.today(), said.direction.0 < 0)?;
        Some((next, date))
    }

    /// A number after a weekday that is no time, no amount and no start of a span of times.
    fn plain_day_of(&self, at: usize, weekday: u32) -> Read<u32> {
        let written = self.digits(at).filter(|digits| digits.length <= 2);
        let (next, day) = match written {
            Some(digits) => (at + 1, digits.value),
            None => self.number(at)?,
        };
        let number_follows = |at: usize| self.number(at).is_some() || self.digits_with_suffix(at).is_some();
        let joined = self.joined_by(next, &[':', '.', '/', ',']) && number_follows(next);
        let counts = |sense: Sense| {
            let counts = matches!(sense, Sense::Grain(_) | Sense::Half | Sense::Past);
            (counts || counts_hours(sense).is_some()).then_some(())
        };
        // `Sábado 14 por la noche`: past noon no hour needs to be told from those before it.
        let part = |sense: Sense| matches!(sense, Sense::Part(_)).then_some(());
        let part = self.take(next, part).is_some() && day > 12;
        let marked = self.take(next, counts).is_some() && !part;
        // `A las` and `às 17h` say when, `a` and `às` may say until when.
        let called = self.skip(next, Sense::At).is_some_and(|after| {
            let marked = self.digits_with_suffix(after).is_some()
                || self.joined_by(after + 1, &[':'])
                || self.take(after + 1, counts_hours).is_some();
            after > next + 1 || marked
        });
        let spans = self
            .until(next)
            .filter(|_| !called)
            .is_some_and(|end| number_follows(end) && self.take(end + 1, super::day::month_sense).is_none());
        let gap = self.gap_after(next.saturating_sub(1)).trim_start();
        let closes = next >= self.len()
            || self.means_something(next)
            || gap.starts_with([',', ';', '.', '!', '?', ')'])
            || matches!(
                self.text.word(next),
                "please" | "pls" | "thanks" | "por" | "bitte" | "proszę"
            );
        let coming = calendar::day_of_month(day, self.today())?;
        let fits = coming.weekday().num_days_from_monday() == weekday;
        // An hour is meant as often in English: `friday 5`.
        let sure = fits || day > 12 || !self.lexicon.half_day_clock;
        (closes && sure && !joined && !marked && !spans).then_some((next, day))
    }

    /// The place after a weekday that a date is said to be.
    pub(super) fn confirmed(&self, at: usize, date: NaiveDate) -> usize {
        let article = self.skip_optional(at, Sense::Single);
        let weekday = date.weekday().num_days_from_monday();
        self.take(article, weekday_sense)
            .filter(|(_, said)| *said == weekday)
            .map_or(at, |(next, _)| next)
    }

    /// `first monday of april`, `the last friday of the month`, `last day of next month`.
    pub(super) fn nth_day(&self, at: usize) -> Read<NaiveDate> {
        let start = self.skip_optional(at, Sense::The);
        let rank = |sense: Sense| match sense {
            Sense::Ordinal(rank) | Sense::Nth(rank) => Some(Some(rank)),
            Sense::Last => Some(None),
            _ => None,
        };
        let written = || {
            let (next, rank) = self.ranked_day(start)?;
            Some((next, Some(rank)))
        };
        let kind = |sense: Sense| match sense {
            Sense::Weekday(day) => Some(Some(day)),
            Sense::Grain(Grain::Day) => Some(None),
            _ => None,
        };
        let (next, rank) = self.take(start, rank).or_else(written)?;
        let (next, weekday) = self.take(next, kind)?;
        let after = self.skip_optional(self.skip_optional(next, Sense::Of), Sense::In);
        let after = self.skip_optional(after, Sense::The);
        // Cases, and the `d'` that is part of a month's word, stand for `of`.
        let linked = after > next || ["fr", "pl", "tr"].iter().any(|code| self.language_is(code));
        let (next, first, last) = self.whole_unit(after).filter(|_| linked)?;
        let nth = |first, last| nth_day(first, last, rank, weekday);
        let date = nth(first, last)?;
        // A month without a year lies ahead, as far as the day is concerned.
        let yearless = first.day() == 1 && self.take(next - 1, super::day::month_sense).is_some();
        if yearless && date < self.today() {
            let first = calendar::add(first, 1, Grain::Year)?;
            let (first, last) = calendar::unit(first, 0, Grain::Month)?;
            return nth(first, last).map(|date| (next, date));
        }
        Some((next, date))
    }

    /// `april`, `next month`, or `month` for the current one.
    fn whole_unit(&self, at: usize) -> Option<(usize, NaiveDate, NaiveDate)> {
        if let Some((next, Days::Span(first, last))) = self.month(at).or_else(|| self.unit_of_days(at)) {
            return Some((next, first, last));
        }
        let (next, grain) = self.take(at, grain_sense)?;
        let long = matches!(grain, Grain::Month | Grain::Year);
        let (first, last) = calendar::unit(self.today(), 0, grain).filter(|_| long)?;
        Some((next, first, last))
    }
}

/// What makes a number before it an hour.
fn counts_hours(sense: Sense) -> Option<()> {
    matches!(sense, Sense::Am | Sense::Pm | Sense::Clock).then_some(())
}

/// A weekday, and `next` or `last` before it.
struct Weekday {
    day: u32,
    direction: Direction,
}

/// A day of a span by its rank, or the last one (`None`); of all days, or of those of a weekday.
fn nth_day(first: NaiveDate, last: NaiveDate, rank: Option<u32>, weekday: Option<u32>) -> Option<NaiveDate> {
    let date = match (rank, weekday) {
        (None, None) => Some(last),
        (None, Some(weekday)) => calendar::weekday_before(last.succ_opt()?, weekday),
        (Some(rank), None) => calendar::shift(first, i64::from(rank) - 1),
        (Some(rank), Some(weekday)) => calendar::shift(
            calendar::weekday_after(first.pred_opt()?, weekday)?,
            7 * (i64::from(rank) - 1),
        ),
    };
    date.filter(|date| (first..=last).contains(date))
}
