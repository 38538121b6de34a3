//! Times of day and spans of them, as people say them.

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};

use super::lexicon::{Grain, Part, Sense};
use super::reader::{Digits, Reader};

/// A time of day as said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    /// Hours, minutes and seconds.
    pub(super) time: NaiveTime,
    /// Whether it could be meant before or after noon.
    pub(super) ambiguous: bool,
}

/// What a phrase about times means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    /// A time of day.
    One(Clock),
    /// From one to another.
    Span(Clock, Clock),
    /// A part of the day.
    Part(Part),
    /// A moment counted from now.
    Moment(NaiveDateTime),
}

/// What was read, and the place after it.
type Read<T> = Option<(usize, T)>;

/// Half of the day that a word after an hour tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Am,
    Pm,
}

impl Reader<'_> {
    /// The longest phrase about times that starts here. `beside_day` tells that a day stands directly before, which
    /// lets bare numbers be hours.
    pub(super) fn times(&self, at: usize, beside_day: bool) -> Read<Times> {
        let one = |read: Read<Clock>| read.map(|(next, clock)| (next, Times::One(clock)));
        let readings = [
            self.time_span(at, beside_day),
            one(self.clock(at, beside_day)),
            self.moment(at),
            self.take(at, part_sense)
                .map(|(next, part)| (next, Times::Part(part))),
        ];
        readings.into_iter().flatten().rev().max_by_key(|(next, _)| *next)
    }

    /// The number that is the whole utterance, as an hour: `9`, `15`, `1400`, `09`.
    pub(super) fn lone_hour(&self) -> Option<Clock> {
        let mut clock = match self.digits(0) {
            Some(digits) if self.len() == 1 => digits_clock(digits)?,
            _ => {
                let (next, hour) = self.spoken_hour(0)?;
                (next == self.len()).then_some(Clock::at(hour, 0)?)?
            }
        };
        clock.ambiguous &= self.lexicon.half_day_clock;
        Some(clock)
    }

    /// `between 2 and 3`, `from 2pm to 3pm`, `2-3 pm`.
    fn time_span(&self, at: usize, beside_day: bool) -> Read<Times> {
        let opened = self
            .skip(at, Sense::Between)
            .or_else(|| self.skip(at, Sense::From));
        let start = opened.unwrap_or(at);
        // `Entre 5 y 6` is no five past six, `from 5 to 6` no five minutes to six.
        let plain = || {
            opened?;
            let (next, clock) = self.bare_hour(self.skip_optional(start, Sense::At))?;
            let between = self.skip(at, Sense::Between);
            let joined = between.and_then(|_| self.skip(next, Sense::And));
            let end = joined.or_else(|| self.skip(next, Sense::To))?;
            let closed = self.clock(end, true).or_else(|| self.bare_hour(end))?.0;
            self.until(closed).is_none().then_some((next, clock))
        };
        let from = plain().or_else(|| self.clock(start, beside_day));
        let (next, mut from) = from.or_else(|| self.bare_hour(start))?;
        let next = self.until(next)?;
        let (end, to, said) = match self.clock(next, beside_day) {
            Some((end, to)) => (end, to, true),
            None => self.bare_hour(next).map(|(end, to)| (end, to, false))?,
        };
        if from.ambiguous && !to.ambiguous {
            let later = from.in_half(Half::Pm);
            from = if to.time >= NaiveTime::from_hms_opt(12, 0, 0)? && later.time < to.time {
                later
            } else {
                from.in_half(Half::Am)
            };
        }
        let sure = opened.is_some() || beside_day || (said && !to.ambiguous);
        sure.then_some((end, Times::Span(from, to)))
    }

    /// A time of day; the part of the day may stand before it.
    pub(super) fn clock(&self, at: usize, beside_day: bool) -> Read<Clock> {
        if let Some((next, part)) = self.take(at, part_sense)
            && let Some((next, clock)) = self.plain_clock(next, true)
        {
            return Some((next, clock.in_part(part)));
        }
        self.plain_clock(at, beside_day)
    }

    fn plain_clock(&self, at: usize, beside_day: bool) -> Read<Clock> {
        let called = self.skip(at, Sense::At);
        let start = called.unwrap_or(at);
        let noon = |sense| matches!(sense, Sense::Noon | Sense::Midnight).then_some(sense);
        if let Some((next, sense)) = self.take(at, noon).or_else(|| self.take(start, noon)) {
            let clock = Clock::sure(if sense == Sense::Noon { 12 } else { 0 }, 0)?;
            return Some(self.part_after(next, clock).unwrap_or((next, clock)));
        }
        let read = self
            .spoken_fraction(start)
            .or_else(|| self.colon_time(start))
            .or_else(|| self.hour(start, called.is_some(), beside_day));
        let (next, clock) = read?;
        let night = self
            .take(next, part_sense)
            .filter(|(_, part)| *part == Part::Night);
        Some(match self.take(next, half_sense) {
            // Midnight and the hours after it: `12 at night`.
            Some((end, Half::Pm)) if night == Some((end, Part::Night)) => (end, clock.in_part(Part::Night)),
            Some((next, half)) => (next, clock.in_half(half)),
            None => (next, clock),
        })
    }

    /// `10:30`, `10:30:15`, `5.30 pm`, `14h30`, `5:30pm`.
    fn colon_time(&self, at: usize) -> Read<Clock> {
        if let Some((hours, minutes)) = self.text.word(at).split_once(['h', 'u'])
            && let (Ok(hour), Ok(minute), 2) = (hours.parse(), minutes.parse(), minutes.len())
        {
            return Some((at + 1, Clock::sure(hour, minute)?));
        }
        let hour = self.digits(at).filter(|digits| digits.length <= 2)?;
        let minute = self.digits(at + 1).map(|digits| (digits, None));
        let attached = || {
            self.digits_with_suffix(at + 1)
                .and_then(|(digits, suffix)| Some((digits, Some(half_of(suffix)?))))
        };
        let (minute, half) = minute
            .or_else(attached)
            .filter(|(minute, _)| minute.length == 2)?;
        let colon = self.joined_by(at + 1, &[':']);
        let told = || {
            let called = at
                .checked_sub(1)
                .is_some_and(|before| self.skip(before, Sense::At) == Some(at));
            (called && !self.lexicon.half_day_clock) || self.len() == 2
        };
        let dot = self.joined_by(at + 1, &['.'])
            && (half.is_some() || self.take(at + 2, clock_sense).is_some() || told());
        if !(colon || dot) {
            return None;
        }
        let mut clock = Clock {
            ambiguous: !hour.padded && (1..=12).contains(&hour.value),
            ..Clock::at(hour.value, minute.value)?
        };
        if let Some(half) = half {
            clock = clock.in_half(half);
        }
        let mut next = at + 2;
        if self.joined_by(next, &[':'])
            && let Some(second) = self.digits(next).filter(|digits| digits.length == 2)
        {
            clock.time = clock
                .time
                .overflowing_add_signed(TimeDelta::seconds(i64::from(second.value.min(59))))
                .0;
            next += 1;
        }
        Some((self.skip_optional(next, Sense::Clock), clock))
    }

    /// `5pm`, `5 o'clock`, `at 5`, `six thirty`, `15 Uhr 30`, `las 5 y media`.
    fn hour(&self, at: usize, called: bool, beside_day: bool) -> Read<Clock> {
        if let Some((digits, suffix)) = self.digits_with_suffix(at) {
            let clock = digits_clock(digits)?;
            return match suffix {
                "ish" => Some((at + 1, clock)),
                "de" | "da" | "te" | "ta" if self.language_is("tr") => Some((at + 1, clock)),
                "h" | "hs" | "hrs" | "uhr" => Some((
                    at + 1,
                    Clock {
                        ambiguous: false,
                        ..clock
                    },
                )),
                _ => Some((at + 1, clock.in_half(half_of(suffix)?))),
            };
        }
        let (next, clock) = self.bare_hour(at)?;
        if let Some(fraction) = self.fraction_after(next, clock) {
            return Some(fraction);
        }
        let marked = self.skip(next, Sense::Clock);
        let after = marked.unwrap_or(next);
        let told_half = self.take(after, half_sense).is_some();
        if let Some((end, minute)) = self.minutes_in_words(at, after, marked.is_some())
            && (called
                || beside_day
                || marked.is_some()
                || end == self.len()
                || self.take(end, half_sense).is_some())
        {
            return Some((end, Self::with_minutes(clock, minute)?));
        }
        let closes = after >= self.len() || self.means_something(after);
        let told = marked.is_some() || told_half || ((called || beside_day) && closes);
        told.then_some((after, clock))
    }

    /// Minutes after an hour, which are no digits where the hour is some: `six thirty`, `2 fifteen`, `15 Uhr 30`.
    fn minutes_in_words(&self, hour: usize, at: usize, marked: bool) -> Read<u32> {
        let written = self.digits(hour);
        let long = written.is_some_and(|digits| digits.length > 2);
        let plain = marked || written.is_none() || self.digits(at).is_none();
        self.minutes_after(at).filter(|_| plain && !long)
    }

    /// An hour, only as a number: `5`, `five`, `1400`.
    pub(super) fn bare_hour(&self, at: usize) -> Read<Clock> {
        if let Some(digits) = self.digits(at) {
            let fraction = self.joined_by(at + 1, &['.', ',', '/']) && self.digits(at + 1).is_some();
            return if fraction {
                None
            } else {
                digits_clock(digits).map(|clock| (at + 1, clock))
            };
        }
        let (next, hour) = self.spoken_hour(at)?;
        Clock::at(hour, 0).map(|clock| (next, clock))
    }

    fn spoken_hour(&self, at: usize) -> Read<u32> {
        self.take(at, |sense| {
            if let Sense::Number(hour @ 0..=24) = sense {
                Some(hour)
            } else {
                None
            }
        })
    }

    /// `now`, `in two hours`, `half an hour ago`.
    fn moment(&self, at: usize) -> Read<Times> {
        if let Some(next) = self.skip(at, Sense::Now) {
            return Some((next, Times::Moment(self.now)));
        }
        let ahead = self.skip(at, Sense::In);
        let back = self.skip(at, Sense::AgoBefore);
        let (next, length) = self.short_amount(ahead.or(back).unwrap_or(at), ahead.or(back).is_some())?;
        let (next, moment) = if ahead.is_some() {
            (next, self.now.checked_add_signed(length)?)
        } else if back.is_some() {
            (next, self.now.checked_sub_signed(length)?)
        } else if let Some(next) = self.skip(next, Sense::Ago) {
            (next, self.now.checked_sub_signed(length)?)
        } else {
            (
                self.skip(next, Sense::FromNow)?,
                self.now.checked_add_signed(length)?,
            )
        };
        Some((next, Times::Moment(moment)))
    }

    /// An amount of hours, minutes or seconds, which some word says is counted from now.
    fn short_amount(&self, at: usize, told: bool) -> Read<TimeDelta> {
        let plain = || {
            let (next, amount, grain) = self.amount(at)?;
            let unit = match grain {
                Grain::Second => TimeDelta::try_seconds(amount),
                Grain::Minute => TimeDelta::try_minutes(amount),
                Grain::Hour => TimeDelta::try_hours(amount),
                _ => None,
            };
            Some((next, unit?))
        };
        let counted = |sense: Sense| matches!(sense, Sense::Ago | Sense::FromNow).then_some(());
        let told = told || (at..self.len()).any(|at| self.take(at, counted).is_some());
        let readings = [plain(), told.then(|| self.length(at)).flatten()];
        readings.into_iter().flatten().rev().max_by_key(|(next, _)| *next)
    }
}

impl Clock {
    /// A time that may mean either half of the day.
    pub(super) fn at(hour: u32, minute: u32) -> Option<Self> {
        let time = NaiveTime::from_hms_opt(if hour == 24 { 0 } else { hour }, minute, 0)?;
        Some(Self {
            time,
            ambiguous: (1..=12).contains(&hour),
        })
    }

    /// A time that means what it says.
    fn sure(hour: u32, minute: u32) -> Option<Self> {
        Some(Self {
            ambiguous: false,
            ..Self::at(hour, minute)?
        })
    }

    fn in_half(self, half: Half) -> Self {
        let hour = chrono::Timelike::hour(&self.time);
        let shifted = match half {
            Half::Am if hour == 12 => 0,
            Half::Pm if hour < 12 => hour + 12,
            _ => hour,
        };
        Self {
            time: chrono::Timelike::with_hour(&self.time, shifted).unwrap_or(self.time),
            ambiguous: false,
        }
    }

    /// In a part of the day: `evening at 8`.
    pub(super) fn in_part(self, part: Part) -> Self {
        let hour = hour_of(self);
        match part {
            _ if !self.ambiguous => self,
            Part::Morning => self.in_half(Half::Am),
            // Midnight and the hours after it.
            Part::Night if hour == 12 || hour < 5 => self.in_half(Half::Am),
            Part::Afternoon | Part::Evening | Part::Night => self.in_half(Half::Pm),
        }
    }

    pub(super) fn moved(self, minutes: i64) -> Option<Self> {
        Some(Self {
            time: self
                .time
                .overflowing_add_signed(TimeDelta::try_minutes(minutes)?)
                .0,
            ..self
        })
    }

    /// The time meant: of a time that could be either half of the day the next one, on a clock of twelve hours.
    pub(super) fn resolve(self, now: NaiveTime, half_day_clock: bool) -> NaiveTime {
        if !self.ambiguous || !half_day_clock {
            return self.time;
        }
        let (morning, evening) = (self.in_half(Half::Am).time, self.in_half(Half::Pm).time);
        if now < morning || now >= evening {
            morning
        } else {
            evening
        }
    }
}

/// A span of hours that would cross midnight as one of a single day: `9 to 5`.
pub(super) fn within_day(from: Clock, to: Clock) -> Option<(NaiveTime, NaiveTime)> {
    let ends = (from.in_part(Part::Morning).time, to.in_part(Part::Afternoon).time);
    (to.ambiguous && ends.0 < ends.1).then_some(ends)
}

pub(super) fn hour_of(clock: Clock) -> u32 {
    chrono::Timelike::hour(&clock.time)
}

/// `9`, `09`, `930`, `1400` as a time.
fn digits_clock(digits: Digits) -> Option<Clock> {
    let (hour, minute) = if digits.length <= 2 {
        (digits.value, 0)
    } else {
        (digits.value / 100, digits.value % 100)
    };
    let clock = Clock::at(hour, minute)?;
    Some(Clock {
        ambiguous: clock.ambiguous && !digits.padded && digits.length < 4,
        ..clock
    })
}

fn half_of(suffix: &str) -> Option<Half> {
    match suffix {
        "am" | "a" => Some(Half::Am),
        "pm" | "p" => Some(Half::Pm),
        _ => None,
    }
}

fn half_sense(sense: Sense) -> Option<Half> {
    match sense {
        Sense::Am => Some(Half::Am),
        Sense::Pm => Some(Half::Pm),
        _ => None,
    }
}

fn clock_sense(sense: Sense) -> Option<()> {
    matches!(sense, Sense::Am | Sense::Pm | Sense::Clock).then_some(())
}

pub(super) fn part_sense(sense: Sense) -> Option<Part> {
    if let Sense::Part(part) = sense {
        Some(part)
    } else {
        None
    }
}
