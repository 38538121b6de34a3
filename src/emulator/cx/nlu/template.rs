//! The template of an utterance: its words with values replaced by the types they fit (nlu 3.1, block T).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::emulator::cx::entities::trie::WordTrie;
use crate::emulator::cx::language;
use crate::emulator::cx::words::{normalise, words};
use crate::export::agent::{Agent, Intent, TrainingPhrase};

/// One place of a template: a word, or the types a value fits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Slot<'a> {
    /// The word, or the types each with `@`.
    pub(super) names: Vec<Cow<'a, str>>,
}

impl Slot<'_> {
    /// What each of the names counts.
    pub(super) fn share(&self) -> f32 {
        f32::from(u16::try_from(self.names.len()).unwrap_or(u16::MAX)).recip()
    }
}

/// Values of the custom types that a model's intents use.
#[derive(Debug, Default)]
pub(super) struct Templates {
    values: WordTrie,
    /// Sets of types, `@` included; the trie's payloads point here.
    types: Vec<Vec<String>>,
}

impl Templates {
    /// For the custom types that parameters of these intents have.
    pub(super) fn new<'a>(agent: &Agent, intents: impl Iterator<Item = &'a Intent>, language: &str) -> Self {
        let used: BTreeSet<&str> = intents
            .flat_map(|intent| &intent.parameters)
            .filter_map(|parameter| parameter.entity_type.strip_prefix('@'))
            .collect();
        let mut types_of: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for name in used {
            let Some(entity_type) = agent
                .entity_types
                .get(name)
                .filter(|known| known.kind != "KIND_REGEXP")
            else {
                continue;
            };
            let entries =
                language::pick(&entity_type.entities, language).map_or(&[][..], |(_, entries)| entries);
            for phrase in entries
                .iter()
                .flat_map(|entry| entry.synonyms.iter().chain([&entry.value]))
            {
                types_of.entry(normalise(phrase)).or_default().insert(name);
            }
        }
        let mut this = Self::default();
        for (phrase, types) in types_of {
            let payload = u32::try_from(this.types.len()).unwrap_or(u32::MAX);
            this.types
                .push(types.into_iter().map(|name| format!("@{name}")).collect());
            this.values
                .insert(phrase.split(' ').filter(|word| !word.is_empty()), payload);
        }
        this
    }

    /// The template of plain words: longest value first.
    pub(super) fn of<'a>(&'a self, words: &[&'a str]) -> Vec<Slot<'a>> {
        let mut slots = Vec::with_capacity(words.len());
        let mut rest = words;
        while let Some((first, tail)) = rest.split_first() {
            if let Some((length, payload)) = self.values.prefixes(rest.iter().copied()).pop() {
                let types = self.types.get(payload as usize).map_or(&[][..], Vec::as_slice);
                slots.push(Slot {
                    names: types.iter().map(|name| Cow::Borrowed(name.as_str())).collect(),
                });
                rest = rest.get(length..).unwrap_or_default();
            } else {
                slots.push(Slot {
                    names: vec![Cow::Borrowed(shape(first).unwrap_or(first))],
                });
                rest = tail;
            }
        }
        slots
    }

    /// The template of a training phrase: its annotated parts are values of their parameters' types.
    pub(super) fn of_phrase(&self, phrase: &TrainingPhrase, intent: &Intent) -> Vec<Slot<'static>> {
        let mut slots = Vec::new();
        let mut plain = String::new();
        for part in &phrase.parts {
            match intent
                .parameters
                .iter()
                .find(|parameter| parameter.id == part.parameter_id)
            {
                Some(parameter) if !part.text.trim().is_empty() => {
                    self.push_plain(&mut plain, &mut slots);
                    slots.push(Slot {
                        names: vec![Cow::Owned(coarse(&parameter.entity_type).to_owned())],
                    });
                }
                _ => plain.push_str(&part.text),
            }
        }
        self.push_plain(&mut plain, &mut slots);
        slots
    }

    fn push_plain(&self, plain: &mut String, slots: &mut Vec<Slot<'static>>) {
        let found = words(plain);
        let found: Vec<&str> = found.iter().map(|word| word.text.as_str()).collect();
        let owned = |slot: Slot<'_>| Slot {
            names: slot
                .names
                .into_iter()
                .map(|name| Cow::Owned(name.into_owned()))
                .collect(),
        };
        slots.extend(self.of(&found).into_iter().map(owned));
        plain.clear();
    }
}

/// The class that values of a type show in templates: system types by what their values look like.
fn coarse(entity_type: &str) -> &str {
    let Some(system) = entity_type.strip_prefix("@sys.") else {
        return entity_type;
    };
    match system {
        "number" | "number-integer" | "cardinal" | "ordinal" | "zip-code" | "phone-number"
        | "number-sequence" => "@num",
        "date" | "date-time" | "date-period" => "@date",
        "time" | "time-period" => "@time",
        "flight-number" => "@alnum",
        _ => entity_type,
    }
}

/// The class of a word by its looks.
fn shape(word: &str) -> Option<&'static str> {
    if word.bytes().any(|byte| byte.is_ascii_digit()) {
        let letters = word.trim_start_matches(|c: char| c.is_ascii_digit());
        return Some(match letters {
            "" => "@num",
            "am" | "pm" | "h" | "hs" | "uhr" => "@time",
            "st" | "nd" | "rd" | "th" => "@date",
            _ => "@alnum",
        });
    }
    if NUMBER_WORDS.contains(&word) {
        return Some("@num");
    }
    DATE_WORDS.contains(&word).then_some("@date")
}

const NUMBER_WORDS: &[&str] = &[
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
    "thousand",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "sept",
    "huit",
    "neuf",
    "dix",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "dois",
    "quatro",
    "sete",
    "oito",
    "nove",
    "dez",
    "dwa",
    "trzy",
    "cztery",
    "pięć",
    "sześć",
    "siedem",
    "osiem",
    "dziewięć",
    "dziesięć",
    "bir",
    "iki",
    "üç",
    "dört",
    "beş",
    "alti",
    "yedi",
    "sekiz",
    "dokuz",
    "on",
];

const DATE_WORDS: &[&str] = &[
    "today",
    "tomorrow",
    "yesterday",
    "tonight",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sep",
    "sept",
    "oct",
    "nov",
    "dec",
    "hoy",
    "mañana",
    "ayer",
    "lunes",
    "martes",
    "miércoles",
    "jueves",
    "viernes",
    "sábado",
    "domingo",
    "heute",
    "morgen",
    "gestern",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
    "demain",
    "hier",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "hoje",
    "amanhã",
    "ontem",
    "dzisiaj",
    "jutro",
    "wczoraj",
    "bugün",
    "yarin",
    "dün",
];
