//! The two parsers of others that are used, each behind a guard: a panic in them finds nothing, and long texts are
//! not handed over. `text2num` reads number words in seven languages; `duckling` reads numbers, ranks, dates and
//! times in the languages that have no tables here. duckling builds a language's rules at its first use (about
//! 0.1 s for times), so it is asked only then.

use std::borrow::Cow;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, NaiveDateTime};
use chrono_tz::Tz;
use duckling::{
    Context, DimensionKind, DimensionValue, Entity, Grain, Lang, Locale, Options, TimePoint, TimeValue,
};
use text2num::{Language, Token, find_numbers};

use super::text::Text;
use crate::emulator::cx::language::base;
use crate::emulator::cx::words::Word;

/// Longest text in bytes that is handed over.
const LENGTH_LIMIT: usize = 300;

/// A number in words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spoken {
    /// Bytes of the text.
    pub(super) range: Range<usize>,
    /// Its value.
    pub(super) value: f64,
    /// Whether it is a rank.
    pub(super) ordinal: bool,
}

/// A moment, with how exact it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// Local time.
    pub(super) at: NaiveDateTime,
    /// Whether a day is meant without a time.
    pub(super) is_day: bool,
    /// Whether a time of day is meant.
    pub(super) is_time: bool,
}

/// A moment or a span found in the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Foreign {
    /// Bytes of the text.
    pub(super) range: Range<usize>,
    /// The moment, or the start of the span.
    pub(super) from: Moment,
    /// The end of the span, which it does not contain.
    pub(super) to: Option<Moment>,
}

/// Numbers in words; digits are left to the caller.
pub(super) fn numbers(text: &Text<'_>, language: &str) -> Vec<Spoken> {
    if text.raw.len() > LENGTH_LIMIT
        || text
            .words
            .iter()
            .all(|word| word.text.chars().any(|c| c.is_ascii_digit()))
    {
        return Vec::new();
    }
    match interpreter(language) {
        Some(interpreter) => with_text2num(text, &interpreter),
        None => with_duckling(
            text.raw,
            language,
            &[DimensionKind::Numeral, DimensionKind::Ordinal],
            None,
        )
        .into_iter()
        .filter_map(|entity| spoken(&entity))
        .filter(|number| is_of_words(text, &number.range))
        .chain(single_words(text, language))
        .collect(),
    }
}

/// The value of words that are one number and no rank; `None` in languages whose number words have no parser of
/// their own.
pub(super) fn number_of<'w>(words: impl Iterator<Item = &'w str>, language: &str) -> Option<f64> {
    let interpreter = interpreter(language)?;
    let words: Vec<&str> = words.collect();
    if words
        .iter()
        .any(|word| word.bytes().any(|byte| byte.is_ascii_digit()))
    {
        return None;
    }
    let said = words.join(" ");
    let digits = catch_unwind(AssertUnwindSafe(|| text2num::text2digits(&said, &interpreter))).ok()?;
    // `zero two` is no number, but two of them.
    let digits = digits
        .ok()
        .filter(|digits| digits == "0" || !digits.starts_with('0'))?;
    digits.parse().ok()
}

/// Whether a number stands for whole words; `duckling` also takes the beginnings of words for numbers.
fn is_of_words(text: &Text<'_>, range: &Range<usize>) -> bool {
    text.bytes(text.words_in(range))
        .is_some_and(|words| words == *range)
}

/// Numbers that are one word each: what is left where `duckling` runs a number into the word behind it.
fn single_words(text: &Text<'_>, language: &str) -> Vec<Spoken> {
    let kinds = &[DimensionKind::Numeral, DimensionKind::Ordinal];
    let spelt = |word: &&Word| word.text.chars().all(char::is_alphabetic) && word.text.len() > 1;
    let of_word = |word: &Word| {
        let found = with_duckling(&word.text, language, kinds, None).into_iter();
        let whole = found
            .filter_map(|entity| spoken(&entity))
            .find(|number| number.range == (0..word.text.len()));
        whole.map(|number| Spoken {
            range: word.range.clone(),
            ..number
        })
    };
    text.words.iter().filter(spelt).filter_map(of_word).collect()
}

/// Dates and times in a language without tables here.
pub(super) fn moments(text: &Text<'_>, language: &str, now: DateTime<Tz>) -> Vec<Foreign> {
    with_duckling(text.raw, language, &[DimensionKind::Time], Some(now))
        .into_iter()
        .filter_map(|entity| foreign(&entity, now.naive_local()))
        .collect()
}

fn interpreter(language: &str) -> Option<Language> {
    Some(match base(language).to_ascii_lowercase().as_str() {
        "en" => Language::english(),
        "es" => Language::spanish(),
        "fr" => Language::french(),
        "de" => Language::german(),
        "it" => Language::italian(),
        "nl" => Language::dutch(),
        "pt" => Language::portugese(),
        _ => return None,
    })
}

/// A word as `text2num` wants it.
struct SpokenWord<'a> {
    text: &'a str,
    /// Whether punctuation separates it from the word before.
    apart: bool,
}

impl Token for SpokenWord<'_> {
    fn text(&self) -> Cow<'_, str> {
        self.text.into()
    }

    fn text_lowercase(&self) -> Cow<'_, str> {
        self.text.into()
    }

    fn nt_separated(&self, _previous: &Self) -> bool {
        self.apart
    }

    fn not_a_number_part(&self) -> bool {
        self.text.chars().any(|character| character.is_ascii_digit())
    }
}

fn with_text2num(text: &Text<'_>, interpreter: &Language) -> Vec<Spoken> {
    let tokens: Vec<SpokenWord<'_>> = (0..text.words.len())
        .map(|at| SpokenWord {
            text: text.word(at),
            apart: text.gap_before(at).contains([',', ';', '.', '?', '!', '/', ':']),
        })
        .collect();
    let found = catch_unwind(AssertUnwindSafe(|| {
        find_numbers(tokens.into_iter(), interpreter, 0.0)
    }))
    .unwrap_or_default();
    found
        .into_iter()
        .filter_map(|number| {
            let range = text.bytes(number.start..number.end)?;
            Some(Spoken {
                range,
                value: number.value,
                ordinal: number.is_ordinal,
            })
        })
        .collect()
}

fn with_duckling(
    text: &str,
    language: &str,
    kinds: &[DimensionKind],
    now: Option<DateTime<Tz>>,
) -> Vec<Entity> {
    let Some(lang) = duckling_language(language).filter(|_| text.len() <= LENGTH_LIMIT) else {
        return Vec::new();
    };
    let locale = Locale::new(lang, None);
    let now = now.map_or_else(|| DateTime::UNIX_EPOCH.fixed_offset(), |now| now.fixed_offset());
    let context = Context::new(now, locale);
    let options = Options { with_latent: false };
    let found = catch_unwind(AssertUnwindSafe(|| {
        duckling::parse(text, &locale, kinds, &context, &options)
    }));
    let sound = |entity: &Entity| text.get(entity.start..entity.end).is_some();
    found.unwrap_or_default().into_iter().filter(sound).collect()
}

fn spoken(entity: &Entity) -> Option<Spoken> {
    let range = entity.start..entity.end;
    match &entity.value {
        DimensionValue::Numeral(value) => Some(Spoken {
            range,
            value: *value,
            ordinal: false,
        }),
        #[expect(clippy::cast_precision_loss, reason = "ranks are small")]
        DimensionValue::Ordinal(value) => Some(Spoken {
            range,
            value: *value as f64,
            ordinal: true,
        }),
        _ => None,
    }
}

fn foreign(entity: &Entity, now: NaiveDateTime) -> Option<Foreign> {
    let range = entity.start..entity.end;
    match &entity.value {
        // Of the coming occurrences the first after now is meant, also of `next friday`.
        DimensionValue::Time(TimeValue::Single { value, values, .. }) => {
            let coming = values
                .iter()
                .filter(|other| other.grain() == value.grain())
                .map(moment);
            let from = coming
                .filter(|other| other.at > now)
                .min_by_key(|other| other.at)
                .unwrap_or(moment(value));
            let end = span_end(value);
            Some(Foreign { range, from, to: end })
        }
        DimensionValue::Time(TimeValue::Interval { from, to, .. }) => Some(Foreign {
            range,
            from: moment(from.as_ref()?),
            to: Some(moment(to.as_ref()?)),
        }),
        _ => None,
    }
}

fn moment(point: &TimePoint) -> Moment {
    let (at, grain) = match point {
        TimePoint::Instant { value, grain } => (value.naive_local(), *grain),
        TimePoint::Naive { value, grain } => (*value, *grain),
    };
    Moment {
        at,
        is_day: grain == Grain::Day,
        is_time: grain < Grain::Day,
    }
}

/// The end of a week, month or year.
fn span_end(point: &TimePoint) -> Option<Moment> {
    let start = moment(point);
    let months = match point.grain() {
        Grain::Week => {
            return Some(Moment {
                at: start.at.checked_add_days(chrono::Days::new(7))?,
                ..start
            });
        }
        Grain::Month => 1,
        Grain::Quarter => 3,
        Grain::Year => 12,
        _ => return None,
    };
    Some(Moment {
        at: start.at.checked_add_months(chrono::Months::new(months))?,
        ..start
    })
}

fn duckling_language(language: &str) -> Option<Lang> {
    Some(match base(language).to_ascii_lowercase().as_str() {
        "ar" => Lang::AR,
        "bg" => Lang::BG,
        "ca" => Lang::CA,
        "cs" => Lang::CS,
        "da" => Lang::DA,
        "de" => Lang::DE,
        "el" => Lang::EL,
        "en" => Lang::EN,
        "es" => Lang::ES,
        "et" => Lang::ET,
        "fi" => Lang::FI,
        "fr" => Lang::FR,
        "he" | "iw" => Lang::HE,
        "hi" => Lang::HI,
        "hr" => Lang::HR,
        "hu" => Lang::HU,
        "id" => Lang::ID,
        "it" => Lang::IT,
        "ja" => Lang::JA,
        "ko" => Lang::KO,
        "nb" | "no" => Lang::NB,
        "nl" => Lang::NL,
        "pl" => Lang::PL,
        "pt" => Lang::PT,
        "ro" => Lang::RO,
        "ru" => Lang::RU,
        "sk" => Lang::SK,
        "sv" => Lang::SV,
        "ta" => Lang::TA,
        "th" => Lang::TH,
        "tr" => Lang::TR,
        "uk" => Lang::UK,
        "vi" => Lang::VI,
        "zh" => Lang::ZH,
        _ => return None,
    })
}
