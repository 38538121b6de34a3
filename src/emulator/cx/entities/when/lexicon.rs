//! Words of dates and times, by language. A phrase may have several senses; the grammar picks.

use std::sync::OnceLock;

use crate::emulator::cx::entities::trie::WordTrie;
use crate::emulator::cx::language::base;
use crate::emulator::cx::words::normalise;

mod english;
mod french;
mod german;
mod polish;
mod portuguese;
mod spanish;
mod turkish;

/// What a phrase can mean in a date or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sense {
    /// A month, 1 to 12.
    Month(u32),
    /// A day of the week, 0 = Monday.
    Weekday(u32),
    /// A day counted from today.
    Day(i64),
    /// A number in words: those below 60 that hours, minutes and days need, and the tens.
    Number(u32),
    /// A rank below 32 in words.
    Ordinal(u32),
    /// A rank that counts weekdays only, for words that are something else, too.
    Nth(u32),
    /// A day of the year with a name.
    Holiday(Holiday),
    /// A unit of time.
    Grain(Grain),
    /// Saturday and Sunday.
    Weekend,
    /// The coming one.
    Next,
    /// The current one.
    This,
    /// The one before.
    Last,
    /// `of`, between a day and its month or year.
    Of,
    /// An article.
    The,
    /// `on`, before a day.
    On,
    /// `at`, before a time.
    At,
    /// `in`, before an amount of time.
    In,
    /// `a`, before a unit of time.
    Single,
    /// `ago`, after an amount of time.
    Ago,
    /// The same before it (`hace`, `il y a`, `vor`).
    AgoBefore,
    /// `from now`, after an amount of time.
    FromNow,
    /// `from`, before the start of a span.
    From,
    /// `to`, before the end of a span.
    To,
    /// `between`.
    Between,
    /// `and`.
    And,
    /// Before noon.
    Am,
    /// After noon.
    Pm,
    /// `o'clock`, after an hour.
    Clock,
    /// Thirty minutes after the hour named (`half past six`, `y media`).
    Half,
    /// Thirty minutes before the hour named (`halb sechs`).
    HalfTo,
    /// Fifteen minutes.
    Quarter,
    /// After the hour.
    Past,
    /// Before the hour.
    Before,
    /// Fifteen minutes before the hour named (`dreiviertel sechs`).
    ThreeQuarters,
    /// Before minutes that are taken off the hour after them (`za pięć szósta`).
    Less,
    /// An hour in the case for minutes past it (`beşi`).
    PastHour(u32),
    /// An hour in the case for minutes before it (`beşe`).
    BeforeHour(u32),
    /// After the day named (`a week from friday`).
    AfterDay,
    /// Before the day named.
    BeforeDay,
    /// Twelve at noon.
    Noon,
    /// Twelve at night.
    Midnight,
    /// A part of the day.
    Part(Part),
    /// This moment.
    Now,
}

/// Units of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grain {
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Two weeks.
    Fortnight,
    /// Months.
    Month,
    /// Years.
    Year,
}

/// Parts of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Before noon.
    Morning,
    /// After noon.
    Afternoon,
    /// After work.
    Evening,
    /// After the evening.
    Night,
}

/// Days with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holiday {
    /// The same date every year: month and day.
    Fixed(u32, u32),
    /// The nth weekday of a month: month, weekday, n.
    Nth(u32, u32, u32),
    /// Days from Easter Sunday.
    Easter(i64),
}

/// The words of a language.
#[derive(Debug)]
pub(super) struct Lexicon {
    phrases: WordTrie,
    senses: Vec<Vec<Sense>>,
    /// Whether `3/4` is the fourth of March.
    pub(super) month_first: bool,
    /// Whether hours up to twelve without `am` or `pm` mean the next such time.
    pub(super) half_day_clock: bool,
}

/// A table of senses, each with its phrases separated by `|`.
type Table = &'static [(Sense, &'static str)];

/// The words of a turn's language; `None` for languages without a table.
pub(super) fn lexicon(language: &str) -> Option<&'static Lexicon> {
    static ENGLISH: OnceLock<Lexicon> = OnceLock::new();
    static SPANISH: OnceLock<Lexicon> = OnceLock::new();
    static PORTUGUESE: OnceLock<Lexicon> = OnceLock::new();
    static FRENCH: OnceLock<Lexicon> = OnceLock::new();
    static GERMAN: OnceLock<Lexicon> = OnceLock::new();
    static POLISH: OnceLock<Lexicon> = OnceLock::new();
    static TURKISH: OnceLock<Lexicon> = OnceLock::new();
    let (cell, table): (&OnceLock<Lexicon>, Table) = match base(language).to_ascii_lowercase().as_str() {
        "en" => (&ENGLISH, english::TABLE),
        "es" => (&SPANISH, spanish::TABLE),
        "pt" => (&PORTUGUESE, portuguese::TABLE),
        "fr" => (&FRENCH, french::TABLE),
        "de" => (&GERMAN, german::TABLE),
        "pl" => (&POLISH, polish::TABLE),
        "tr" => (&TURKISH, turkish::TABLE),
        _ => return None,
    };
    let english = base(language).eq_ignore_ascii_case("en");
    let british = ["en-gb", "en-au", "en-nz", "en-in", "en-ie", "en-za"]
        .contains(&language.to_ascii_lowercase().as_str());
    let lexicon = cell.get_or_init(|| {
        let compounds = if base(language).eq_ignore_ascii_case("de") {
            german::compounds()
        } else {
            Vec::new()
        };
        Lexicon::new(table, &compounds, english)
    });
    if english && british {
        Some(british_english(table))
    } else {
        Some(lexicon)
    }
}

/// English with the day before the month.
fn british_english(table: Table) -> &'static Lexicon {
    static BRITISH: OnceLock<Lexicon> = OnceLock::new();
    BRITISH.get_or_init(|| Lexicon {
        month_first: false,
        ..Lexicon::new(table, &[], true)
    })
}

impl Lexicon {
    /// From a table, and words that are put together.
    fn new(table: Table, compounds: &[(Sense, String)], english: bool) -> Self {
        let mut this = Self {
            phrases: WordTrie::default(),
            senses: Vec::new(),
            month_first: english,
            half_day_clock: english,
        };
        let mut known: std::collections::BTreeMap<String, Vec<Sense>> = std::collections::BTreeMap::new();
        for (sense, phrases) in table {
            for phrase in phrases.split('|') {
                known.entry(normalise(phrase)).or_default().push(*sense);
            }
        }
        for (sense, phrase) in compounds {
            known.entry(normalise(phrase)).or_default().push(*sense);
        }
        for (phrase, senses) in known {
            let payload = u32::try_from(this.senses.len()).unwrap_or(u32::MAX);
            this.phrases
                .insert(phrase.split(' ').filter(|word| !word.is_empty()), payload);
            this.senses.push(senses);
        }
        this
    }

    /// Phrases that begin these words: their lengths and senses, longest first.
    pub(super) fn senses<'w>(&self, words: impl IntoIterator<Item = &'w str>) -> Vec<(usize, Sense)> {
        let mut found: Vec<(usize, Sense)> = self
            .phrases
            .prefixes(words)
            .into_iter()
            .flat_map(|(length, payload)| {
                let senses = self.senses.get(payload as usize).map_or(&[][..], Vec::as_slice);
                senses.iter().map(move |sense| (length, *sense))
            })
            .collect();
        found.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_knows_its_calendar() {
        for language in ["en", "en-GB", "es-419", "pt-br", "fr", "de", "pl", "tr"] {
            let lexicon = lexicon(language).unwrap();
            let all: Vec<Sense> = lexicon.senses.iter().flatten().copied().collect();
            for month in 1..=12 {
                assert!(all.contains(&Sense::Month(month)), "{language} month {month}");
            }
            for day in 0..7 {
                assert!(all.contains(&Sense::Weekday(day)), "{language} weekday {day}");
            }
            for day in -1..=2 {
                assert!(all.contains(&Sense::Day(day)), "{language} day {day}");
            }
            for number in 1..=12 {
                assert!(all.contains(&Sense::Number(number)), "{language} number {number}");
            }
        }
        assert!(lexicon("xx").is_none());
    }
}
