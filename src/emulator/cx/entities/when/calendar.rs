//! Calendar arithmetic: which day a way of speaking means.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::lexicon::{Grain, Holiday};

/// The weekday strictly after a day.
pub(super) fn weekday_after(day: NaiveDate, weekday: u32) -> Option<NaiveDate> {
    let ahead = (weekday + 6 - day.weekday().num_days_from_monday()) % 7 + 1;
    day.checked_add_days(Days::new(u64::from(ahead)))
}

/// The weekday strictly before a day.
pub(super) fn weekday_before(day: NaiveDate, weekday: u32) -> Option<NaiveDate> {
    let back = (day.weekday().num_days_from_monday() + 6 - weekday) % 7 + 1;
    day.checked_sub_days(Days::new(u64::from(back)))
}

/// A month and day in the year said, or else the next such day, today included.
pub(super) fn month_day(month: u32, day: u32, year: Option<i32>, today: NaiveDate) -> Option<NaiveDate> {
    if let Some(year) = year {
        return NaiveDate::from_ymd_opt(year, month, day);
    }
    // 29 February comes within eight years.
    (0..=8)
        .filter_map(|ahead| NaiveDate::from_ymd_opt(today.year() + ahead, month, day))
        .find(|date| *date >= today)
}

/// The next day with this number, today included.
pub(super) fn day_of_month(day: u32, today: NaiveDate) -> Option<NaiveDate> {
    let months = (0..=12).filter_map(|ahead| today.with_day(1)?.checked_add_months(Months::new(ahead)));
    months
        .filter_map(|first| first.with_day(day))
        .find(|date| *date >= today)
}

/// The day with this number that is such a weekday, in one of the three months to come or past; the nearest day with
/// the number where none is.
pub(super) fn day_on_weekday(day: u32, weekday: u32, today: NaiveDate, back: bool) -> Option<NaiveDate> {
    let month = |distance: u32| {
        let (first, distance) = (today.with_day(1)?, Months::new(distance));
        let first = if back {
            first.checked_sub_months(distance)
        } else {
            first.checked_add_months(distance)
        };
        first?.with_day(day)
    };
    let reached = |date: &NaiveDate| if back { *date < today } else { *date >= today };
    let near: Vec<NaiveDate> = (0..=12).filter_map(month).filter(reached).take(3).collect();
    let fits = |date: &&NaiveDate| date.weekday().num_days_from_monday() == weekday;
    near.iter().find(fits).or(near.first()).copied()
}

/// A named day in the year said, or else the next one, today included.
pub(super) fn holiday(holiday: Holiday, year: Option<i32>, today: NaiveDate) -> Option<NaiveDate> {
    let in_year = |year: i32| match holiday {
        Holiday::Fixed(month, day) => NaiveDate::from_ymd_opt(year, month, day),
        Holiday::Nth(month, weekday, nth) => {
            let before = NaiveDate::from_ymd_opt(year, month, 1)?.pred_opt()?;
            weekday_after(before, weekday)?.checked_add_days(Days::new(u64::from(nth.saturating_sub(1)) * 7))
        }
        Holiday::Easter(offset) => shift(easter(year)?, offset),
    };
    match year {
        Some(year) => in_year(year),
        None => [today.year(), today.year() + 1]
            .into_iter()
            .filter_map(in_year)
            .find(|date| *date >= today),
    }
}

/// A day so many days later, or earlier.
pub(super) fn shift(day: NaiveDate, days: i64) -> Option<NaiveDate> {
    day.checked_add_signed(chrono::TimeDelta::try_days(days)?)
}

/// A day so many units later, or earlier; `None` for units below a day.
pub(super) fn add(day: NaiveDate, amount: i64, grain: Grain) -> Option<NaiveDate> {
    let months = |count: i64| {
        let count = i32::try_from(count).ok()?;
        let size = Months::new(count.unsigned_abs());
        if count < 0 {
            day.checked_sub_months(size)
        } else {
            day.checked_add_months(size)
        }
    };
    match grain {
        Grain::Day => shift(day, amount),
        Grain::Week => shift(day, amount.checked_mul(7)?),
        Grain::Fortnight => shift(day, amount.checked_mul(14)?),
        Grain::Month => months(amount),
        Grain::Year => months(amount.checked_mul(12)?),
        Grain::Second | Grain::Minute | Grain::Hour => None,
    }
}

/// First and last day of the unit so many units away from the one that holds the day.
pub(super) fn unit(day: NaiveDate, offset: i64, grain: Grain) -> Option<(NaiveDate, NaiveDate)> {
    let first = match grain {
        Grain::Week | Grain::Fortnight => shift(day, -i64::from(day.weekday().num_days_from_monday()))?,
        Grain::Month => day.with_day(1)?,
        Grain::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1)?,
        Grain::Day => day,
        Grain::Second | Grain::Minute | Grain::Hour => return None,
    };
    let start = add(first, offset, grain)?;
    Some((start, add(start, 1, grain)?.pred_opt()?))
}

/// Easter Sunday of the Gregorian calendar.
fn easter(year: i32) -> Option<NaiveDate> {
    let (golden, century) = (year % 19, year / 100);
    let moon = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let week = (32 + 2 * (century % 4) + 2 * (year % 100 / 4) - moon - year % 100 % 4) % 7;
    let late = (golden + 11 * moon + 22 * week) / 451;
    let sum = moon + week - 7 * late + 114;
    NaiveDate::from_ymd_opt(
        year,
        u32::try_from(sum / 31).ok()?,
        u32::try_from(sum % 31 + 1).ok()?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn weekdays_are_never_today() {
        let friday = date(2020, 12, 4);
        assert_eq!(weekday_after(friday, 4), Some(date(2020, 12, 11)));
        assert_eq!(weekday_after(friday, 5), Some(date(2020, 12, 5)));
        assert_eq!(weekday_after(friday, 0), Some(date(2020, 12, 7)));
        assert_eq!(weekday_before(friday, 4), Some(date(2020, 11, 27)));
        assert_eq!(weekday_before(friday, 3), Some(date(2020, 12, 3)));
    }

    #[test]
    fn days_of_the_year() {
        let today = date(2020, 12, 4);
        assert_eq!(month_day(3, 5, None, today), Some(date(2021, 3, 5)));
        assert_eq!(month_day(12, 4, None, today), Some(today));
        assert_eq!(month_day(2, 29, None, today), Some(date(2024, 2, 29)));
        assert_eq!(month_day(11, 31, None, today), None);
        assert_eq!(day_of_month(31, date(2021, 2, 1)), Some(date(2021, 3, 31)));
        assert_eq!(day_on_weekday(11, 4, today, false), Some(date(2020, 12, 11)));
        assert_eq!(day_on_weekday(11, 0, today, false), Some(date(2021, 1, 11)));
        assert_eq!(day_on_weekday(11, 1, today, false), Some(date(2020, 12, 11)));
        assert_eq!(day_on_weekday(4, 4, today, false), Some(today));
        assert_eq!(day_on_weekday(13, 4, today, true), Some(date(2020, 11, 13)));
        assert_eq!(day_on_weekday(32, 4, today, true), None);
        assert_eq!(
            holiday(Holiday::Easter(0), Some(2021), today),
            Some(date(2021, 4, 4))
        );
        assert_eq!(
            holiday(Holiday::Easter(1), Some(2024), today),
            Some(date(2024, 4, 1))
        );
        assert_eq!(
            holiday(Holiday::Nth(11, 3, 4), None, today),
            Some(date(2021, 11, 25))
        );
    }

    #[test]
    fn units_around_a_day() {
        let today = date(2020, 12, 4);
        assert_eq!(
            unit(today, 1, Grain::Week),
            Some((date(2020, 12, 7), date(2020, 12, 13)))
        );
        assert_eq!(
            unit(today, 1, Grain::Month),
            Some((date(2021, 1, 1), date(2021, 1, 31)))
        );
        assert_eq!(
            unit(today, 1, Grain::Year),
            Some((date(2021, 1, 1), date(2021, 12, 31)))
        );
        assert_eq!(add(date(2021, 1, 31), 1, Grain::Month), Some(date(2021, 2, 28)));
        assert_eq!(add(today, i64::MAX, Grain::Week), None);
    }
}
