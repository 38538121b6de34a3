//! Spans of days that are said by their ends.

use chrono::NaiveDate;

use super::calendar;
use super::day::Days;
use super::lexicon::{Grain, Sense};
use super::reader::Reader;

impl Reader<'_> {
    /// The longest phrase about days that starts here, spans from one day to another included.
    pub(super) fn days_or_range(&self, at: usize) -> Option<(usize, Days)> {
        let readings = [self.range(at), self.days(at)];
        readings.into_iter().flatten().rev().max_by_key(|(next, _)| *next)
    }

    /// `from June 5 to June 10`, `June 5 - 10`, `5 to 10 June`, `between Monday and Friday`.
    fn range(&self, at: usize) -> Option<(usize, Days)> {
        let opened = self
            .skip(at, Sense::Between)
            .or_else(|| self.skip(at, Sense::From));
        let start = self.skip_optional(opened.unwrap_or(at), Sense::The);
        let readings = [self.shared_month(start), self.two_dates(start)];
        let (next, first, last) = readings
            .into_iter()
            .flatten()
            .rev()
            .max_by_key(|(next, ..)| *next)?;
        let last = if last < first {
            calendar::add(last, 1, Grain::Year)?
        } else {
            last
        };
        Some((next, Days::Span(first, last)))
    }

    /// Two whole dates.
    fn two_dates(&self, at: usize) -> Option<(usize, NaiveDate, NaiveDate)> {
        let (next, first) = self.days(at)?;
        let second = self.skip_optional(self.until(next)?, Sense::The);
        let (mut next, mut last) = self.days(second)?;
        if let Days::One(start) = first
            && matches!(last, Days::One(end) if end <= start)
        {
            (next, last) = self.from(start).days(second)?;
        }
        match (first, last) {
            (Days::One(first), Days::One(last)) | (Days::Span(first, _), Days::Span(_, last)) => {
                Some((next, first, last))
            }
            _ => None,
        }
    }

    /// Two days of one month, which is named before or after them.
    fn shared_month(&self, at: usize) -> Option<(usize, NaiveDate, NaiveDate)> {
        let month_first = || {
            let (next, month) = self.take(at, month)?;
            let (next, first) = self.plain_day(next)?;
            let (next, last) = self.plain_day(self.until(next)?)?;
            Some((next, month, first, last))
        };
        let month_last = || {
            let (next, first) = self.plain_day(at)?;
            let (next, last) = self.plain_day(self.skip_optional(self.until(next)?, Sense::The))?;
            let (next, month) = self.take(self.skip_optional(next, Sense::Of), month)?;
            Some((next, month, first, last))
        };
        let (next, month, first, last) = month_first().or_else(month_last)?;
        let (next, year) = match self.digits(next).filter(|digits| digits.length == 4) {
            Some(digits) => (next + 1, i32::try_from(digits.value).ok()),
            None => (next, None),
        };
        let first = calendar::month_day(month, first, year, self.now.date())?;
        let last = calendar::month_day(month, last, year, first)?;
        Some((next, first, last))
    }

    /// A day's number within a month that is named elsewhere.
    fn plain_day(&self, at: usize) -> Option<(usize, u32)> {
        let plain = self
            .digits(at)
            .filter(|digits| digits.length <= 2)
            .map(|digits| digits.value);
        let suffixed = || self.digits_with_suffix(at).map(|(digits, _)| digits.value);
        plain.or_else(suffixed).map(|day| (at + 1, day))
    }

    /// The place after `to` or a dash.
    pub(super) fn until(&self, at: usize) -> Option<usize> {
        let said = self.skip(at, Sense::To).or_else(|| self.skip(at, Sense::And));
        said.or_else(|| self.dashed(at).then_some(at))
    }
}

fn month(sense: Sense) -> Option<u32> {
    if let Sense::Month(month) = sense {
        Some(month)
    } else {
        None
    }
}
