//! Times that are said by a part of an hour: `half past six`, `viertel vor acht`, `las cinco y media`.

use super::clock::{Clock, hour_of};
use super::day::Read;
use super::lexicon::{Grain, Sense};
use super::reader::Reader;

impl Reader<'_> {
    /// `half past six`, `quarter to six`, `ten past six`, `halb sechs`, `za kwadrans szósta`, `beşi çeyrek geçe`.
    pub(super) fn spoken_fraction(&self, at: usize) -> Read<Clock> {
        if let Some(found) = self.half_to(at) {
            return Some(found);
        }
        if let Some(next) = self.skip(at, Sense::ThreeQuarters) {
            let (next, clock) = self.bare_hour(next)?;
            return clock.moved(-15).map(|clock| (next, clock));
        }
        if let Some(found) = self.hour_then_minutes(at).or_else(|| self.minutes_less(at)) {
            return Some(found);
        }
        if let Some(next) = self.skip(at, Sense::Half) {
            let (next, clock) = self.bare_hour(self.skip_optional(next, Sense::Past))?;
            return clock.moved(30).map(|clock| (next, clock));
        }
        let (next, minutes) = self.minutes_of(at)?;
        // `Cinco e quinze` is a quarter past five: there the hour comes first.
        let past = self
            .skip(next, Sense::Past)
            .filter(|_| self.skip(next, Sense::And).is_none());
        let (next, sign) = match past {
            Some(next) => (next, 1),
            // `Cinco menos diez` is ten to five.
            None if matches!(self.text.word(next), "menos" | "moins") => return None,
            None => (self.skip(next, Sense::Before)?, -1),
        };
        let hour = || self.half_to(next).or_else(|| self.bare_hour(next));
        let (next, clock) = hour()?;
        clock.moved(sign * minutes).map(|clock| (next, clock))
    }

    /// `halb sechs`.
    fn half_to(&self, at: usize) -> Read<Clock> {
        let (next, clock) = self.bare_hour(self.skip(at, Sense::HalfTo)?)?;
        clock.moved(-30).map(|clock| (next, clock))
    }

    /// `a quarter`, `ten`, `seven minutes`.
    fn minutes_of(&self, at: usize) -> Read<i64> {
        if let Some(next) = self.skip(at, Sense::Quarter) {
            return Some((next, 15));
        }
        let (next, minutes) = self.number(at).filter(|(_, minutes)| (1..30).contains(minutes))?;
        let unit = self.skip(next, Sense::Grain(Grain::Minute));
        (unit.is_some() || minutes % 5 == 0).then_some((unit.unwrap_or(next), i64::from(minutes)))
    }

    /// `beşi çeyrek geçe`, `altıya on var`: the hour in a case that tells which.
    fn hour_then_minutes(&self, at: usize) -> Read<Clock> {
        let (next, (hour, sign)) = self.hour_in_case(at)?;
        let (next, minutes) = self.minutes_of(next)?;
        let word = if sign > 0 { Sense::Past } else { Sense::Before };
        let next = self.skip(next, word)?;
        Clock::at(hour, 0)?
            .moved(sign * minutes)
            .map(|clock| (next, clock))
    }

    fn hour_in_case(&self, at: usize) -> Read<(u32, i64)> {
        let named = self.take(at, |sense| match sense {
            Sense::PastHour(hour) => Some((hour, 1)),
            Sense::BeforeHour(hour) => Some((hour, -1)),
            _ => None,
        });
        let written = || {
            let (digits, suffix) = self.digits_with_suffix(at).filter(|_| self.language_is("tr"))?;
            let sign = match suffix {
                "i" | "u" | "ü" | "yi" | "yu" | "yü" => 1,
                "e" | "a" | "ye" | "ya" => -1,
                _ => return None,
            };
            (digits.length <= 2).then_some((at + 1, (digits.value, sign)))
        };
        named.or_else(written)
    }

    /// `za kwadrans szósta`.
    fn minutes_less(&self, at: usize) -> Read<Clock> {
        let (next, minutes) = self.minutes_of(self.skip(at, Sense::Less)?)?;
        let (next, clock) = self.bare_hour(next)?;
        clock.moved(-minutes).map(|clock| (next, clock))
    }

    /// `… y media`, `… menos cuarto`, `… et quart`, `… buçuk` after an hour.
    pub(super) fn fraction_after(&self, at: usize, hour: Clock) -> Read<Clock> {
        if self.lexicon.half_day_clock {
            // English puts the minutes first.
            return None;
        }
        let at = self.skip_optional(at, Sense::Clock);
        if let Some(found) = self.part_after(at, hour) {
            return Some(found);
        }
        let (next, sign) = match self.skip(at, Sense::Before) {
            Some(next) => (next, -1),
            None => (self.skip(at, Sense::Past)?, 1),
        };
        let plain = sign < 0 || self.skip(at, Sense::And).is_some();
        let (next, minutes) = self.number(next).filter(|_| plain)?;
        hour.moved(sign * i64::from(minutes)).map(|clock| (next, clock))
    }

    /// A half or a quarter after an hour, noon or midnight.
    pub(super) fn part_after(&self, at: usize, hour: Clock) -> Read<Clock> {
        if self.lexicon.half_day_clock {
            return None;
        }
        if let Some(next) = self.skip(at, Sense::Half) {
            return hour.moved(30).map(|clock| (next, clock));
        }
        let (next, sign) = match self.skip(at, Sense::Before) {
            Some(next) => (next, -1),
            None => (self.skip(at, Sense::Past)?, 1),
        };
        let next = self.skip(next, Sense::Quarter)?;
        hour.moved(sign * 15).map(|clock| (next, clock))
    }

    /// Minutes in words after an hour: `thirty`, `oh five`.
    pub(super) fn minutes_after(&self, at: usize) -> Read<u32> {
        let zero = || {
            let next = self.skip(at, Sense::Number(0))?;
            self.number(next).filter(|(_, minute)| (1..10).contains(minute))
        };
        let plain = self.number(at).filter(|(_, minute)| (10..60).contains(minute));
        plain.or_else(zero)
    }

    /// An hour with minutes said after it.
    pub(super) fn with_minutes(clock: Clock, minute: u32) -> Option<Clock> {
        Some(Clock {
            ambiguous: clock.ambiguous,
            ..Clock::at(hour_of(clock), minute)?
        })
    }
}
