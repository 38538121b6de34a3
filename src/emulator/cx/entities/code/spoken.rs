//! Digits as people say them, read word by word: parsers of numbers take `zero two` for one number, and a code has no
//! value that could be right or wrong.

use std::ops::Range;

use crate::emulator::cx::entities::external;
use crate::emulator::cx::entities::text::Text;
use crate::emulator::cx::language::base;

/// The words of a language.
struct Words {
    /// Words for each digit from zero on.
    digits: [&'static [&'static str]; 10],
    /// Words for digits that are something else, too: digits only beside others, or as all there is.
    beside: &'static [(&'static str, usize)],
    /// Words that say the digit after them twice.
    double: &'static [&'static str],
    /// Words that say the digit after them three times.
    triple: &'static [&'static str],
    /// Words for two zeros after a digit, and for three.
    round: [&'static [&'static str]; 2],
}

const ENGLISH: Words = Words {
    digits: [
        &["zero", "nought", "naught"],
        &["one"],
        &["two"],
        &["three"],
        &["four"],
        &["five"],
        &["six"],
        &["seven"],
        &["eight"],
        &["nine", "niner"],
    ],
    beside: &[("oh", 0), ("o", 0)],
    double: &["double"],
    triple: &["triple", "treble"],
    round: [&["hundred"], &["thousand"]],
};
const SPANISH: Words = Words {
    digits: [
        &["cero"],
        &["uno"],
        &["dos"],
        &["tres"],
        &["cuatro"],
        &["cinco"],
        &["seis"],
        &["siete"],
        &["ocho"],
        &["nueve"],
    ],
    beside: &[("una", 1), ("un", 1)],
    double: &["doble"],
    triple: &["triple"],
    round: [&["cientos"], &["mil"]],
};
/// `Meia` is said for six in numbers, as half a dozen.
const PORTUGUESE: Words = Words {
    digits: [
        &["zero"],
        &[],
        &["dois", "duas"],
        &["três", "tres"],
        &["quatro"],
        &["cinco"],
        &["seis"],
        &["sete"],
        &["oito"],
        &["nove"],
    ],
    beside: &[("meia", 6), ("um", 1), ("uma", 1)],
    double: &["duplo", "dobro"],
    triple: &["triplo"],
    round: [&["centos"], &["mil"]],
};
const FRENCH: Words = Words {
    digits: [
        &["zéro", "zero"],
        &[],
        &["deux"],
        &["trois"],
        &["quatre"],
        &["cinq"],
        &["six"],
        &["sept"],
        &["huit"],
        &["neuf"],
    ],
    beside: &[("un", 1), ("une", 1)],
    double: &["double"],
    triple: &["triple"],
    round: [&["cent", "cents"], &["mille"]],
};
const GERMAN: Words = Words {
    digits: [
        &["null"],
        &["eins"],
        &["zwei", "zwo"],
        &["drei"],
        &["vier"],
        &["fünf", "fuenf"],
        &["sechs"],
        &["sieben"],
        &["acht"],
        &["neun"],
    ],
    beside: &[("ein", 1), ("eine", 1)],
    double: &["doppel", "doppelt"],
    triple: &["dreifach"],
    round: [&["hundert"], &["tausend"]],
};
const ITALIAN: Words = Words {
    digits: [
        &["zero"],
        &["uno"],
        &["due"],
        &["tre"],
        &["quattro"],
        &["cinque"],
        &["sei"],
        &["sette"],
        &["otto"],
        &["nove"],
    ],
    beside: &[("una", 1), ("un", 1)],
    double: &["doppio"],
    triple: &["triplo"],
    round: [&["cento"], &["mila"]],
};
const DUTCH: Words = Words {
    digits: [
        &["nul"],
        &["één"],
        &["twee"],
        &["drie"],
        &["vier"],
        &["vijf"],
        &["zes"],
        &["zeven"],
        &["acht"],
        &["negen"],
    ],
    beside: &[("een", 1)],
    double: &["dubbel", "dubbele"],
    triple: &["driedubbel"],
    round: [&["honderd"], &["duizend"]],
};
const POLISH: Words = Words {
    digits: [
        &["zero"],
        &["jeden", "jedna", "jedynka"],
        &["dwa", "dwie", "dwójka"],
        &["trzy", "trójka"],
        &["cztery", "czwórka"],
        &["pięć", "piątka"],
        &["sześć", "szóstka"],
        &["siedem", "siódemka"],
        &["osiem", "ósemka"],
        &["dziewięć", "dziewiątka"],
    ],
    beside: &[],
    double: &["podwójne", "podwójny"],
    triple: &["potrójne", "potrójny"],
    round: [&["set"], &["tysięcy"]],
};
const TURKISH: Words = Words {
    digits: [
        &["sifir"],
        &["bir"],
        &["iki"],
        &["üç"],
        &["dört"],
        &["beş"],
        &["alti"],
        &["yedi"],
        &["sekiz"],
        &["dokuz"],
    ],
    beside: &[],
    double: &["çift"],
    triple: &[],
    round: [&["yüz"], &["bin"]],
};

/// Also of Japanese.
const CHINESE: Words = Words {
    digits: [
        &["〇", "零"],
        &["一", "幺"],
        &["二", "两"],
        &["三"],
        &["四"],
        &["五"],
        &["六"],
        &["七"],
        &["八"],
        &["九"],
    ],
    beside: &[],
    double: &[],
    triple: &[],
    round: [&["百"], &["千"]],
};

fn words_of(language: &str) -> Option<&'static Words> {
    Some(match base(language).to_ascii_lowercase().as_str() {
        "en" => &ENGLISH,
        "es" => &SPANISH,
        "pt" => &PORTUGUESE,
        "fr" => &FRENCH,
        "de" => &GERMAN,
        "it" => &ITALIAN,
        "nl" => &DUTCH,
        "pl" => &POLISH,
        "tr" => &TURKISH,
        "zh" | "ja" => &CHINESE,
        _ => return None,
    })
}

/// Whether a word is said for `+`.
pub(super) fn is_plus(word: &str) -> bool {
    matches!(word, "plus" | "más" | "mais" | "più" | "arti")
}

/// The digits that words of an utterance say.
pub(super) struct Spoken<'a> {
    text: &'a Text<'a>,
    words: Option<&'static Words>,
    /// Numbers of several digits, or digits in languages without a table: the words and what they say.
    numbers: Vec<(Range<usize>, String)>,
    /// Whether `eight hundred` is 800 rather than an 8 and a word.
    round: bool,
}

impl<'a> Spoken<'a> {
    /// Prepares an utterance; `round` says that round numbers are said in such codes.
    pub(super) fn new(text: &'a Text<'a>, language: &str, round: bool) -> Self {
        let words = words_of(language);
        let numbers = match words {
            Some(_) => tens(text, language),
            None => external::numbers(text, language)
                .into_iter()
                .filter(|number| !number.ordinal)
                .filter_map(|number| Some((text.words_in(&number.range), small(number.value, 0.0..100.0)?)))
                .collect(),
        };
        Self {
            text,
            words,
            numbers,
            round,
        }
    }

    /// The digits said from a word on: how many words say them, and which. `joins` tells that digits stand directly
    /// before.
    pub(super) fn digits(&self, at: usize, joins: bool) -> Option<(usize, String)> {
        let words = self.words;
        let number = || {
            let longest = self.numbers.iter().filter(|(range, _)| range.start == at);
            longest
                .max_by_key(|(range, _)| range.end)
                .map(|(range, said)| (range.len(), said.clone()))
        };
        let (length, digits) = self
            .repeated(at)
            .or_else(number)
            .or_else(|| Some((1, self.digit(at)?.to_string())))
            .or_else(|| Some((1, self.beside(at, joins)?.to_string())))?;
        let zeros = words
            .filter(|_| self.round && digits.len() <= 2)
            .and_then(|words| {
                let next = self.text.word(at + length);
                words.round.iter().position(|round| round.contains(&next))
            })
            .map(|kind| "0".repeat(kind + 2));
        Some(match zeros {
            Some(zeros) => (length + 1, digits + &zeros),
            None => (length, digits),
        })
    }

    /// The digit that one word says.
    fn digit(&self, at: usize) -> Option<usize> {
        let word = self.text.word(at);
        let digits = &self.words?.digits;
        digits.iter().position(|names| names.contains(&word))
    }

    /// `double five`, `triple zero`.
    fn repeated(&self, at: usize) -> Option<(usize, String)> {
        let words = self.words?;
        let times = [words.double, words.triple]
            .iter()
            .position(|times| times.contains(&self.text.word(at)))?
            + 2;
        let next = self.text.word(at + 1);
        let written = Some(next)
            .filter(|word| word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_digit()))
            .map(str::to_owned);
        let said = written
            .or_else(|| self.digit(at + 1).map(|digit| digit.to_string()))
            .or_else(|| self.unsure(at + 1).map(|digit| digit.to_string()))?;
        Some((2, said.repeat(times)))
    }

    /// The digit that a word says only beside others.
    fn unsure(&self, at: usize) -> Option<usize> {
        let word = self.text.word(at);
        let beside = self.words?.beside.iter();
        beside
            .clone()
            .find(|(name, _)| *name == word)
            .map(|(_, digit)| *digit)
    }

    /// The same where it does stand beside others, or alone.
    fn beside(&self, at: usize, joins: bool) -> Option<usize> {
        let digit = self.unsure(at)?;
        let len = self.text.words.len();
        let follows = || {
            let after = (at..len).find(|at| self.unsure(*at).is_none());
            after.is_some_and(|after| {
                self.digit(after).is_some()
                    || self.repeated(after).is_some()
                    || self.text.word(after).bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        (joins || len == 1 && digit > 0 || follows()).then_some(digit)
    }
}

/// Numbers from ten on in words, which stand for their two digits (`trente-quatre`).
fn tens(text: &Text<'_>, language: &str) -> Vec<(Range<usize>, String)> {
    /// Words of a number below a hundred at most (`quatre vingt dix neuf`).
    const LONGEST: usize = 4;
    let mut found = Vec::new();
    // Where no number is at all there is none from ten on: one look at the whole saves many at its parts.
    let near = external::numbers(text, language);
    let spoken = |at: usize| {
        near.iter()
            .any(|number| text.words_in(&number.range).contains(&at))
    };
    for start in (0..text.words.len()).filter(|at| spoken(*at)) {
        let ends = start + 1..=(start + LONGEST).min(text.words.len());
        let longest = ends.rev().find_map(|end| {
            let value = external::number_of(text.normal(start..end), language)?;
            Some((start..end, small(value, 10.0..100.0)?))
        });
        found.extend(longest);
    }
    found
}

/// A small whole number in digits.
fn small(value: f64, limits: Range<f64>) -> Option<String> {
    (limits.contains(&value) && value.fract() == 0.0).then(|| format!("{value:.0}"))
}
