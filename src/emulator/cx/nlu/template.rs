//! The template of an utterance: its words with values replaced by the types they fit (nlu 3.1, block T).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::emulator::cx::entities::trie::WordTrie;
use crate::emulator::cx::language;
use crate::emulator::cx::words::{normalise, words};
use crate::export::agent::{Agent, Intent, TrainingPhrase};

/// System types whose values say what an utterance is about; names and free text do not.
const TELLING: &[&str] = &[
    "sys.date",
    "sys.date-time",
    "sys.date-period",
    "sys.time",
    "sys.time-period",
    "sys.duration",
    "sys.email",
    "sys.url",
    "sys.phone-number",
    "sys.zip-code",
    "sys.number-sequence",
    "sys.number",
    "sys.number-integer",
    "sys.cardinal",
    "sys.ordinal",
    "sys.percentage",
    "sys.unit-currency",
    "sys.currency-name",
    "sys.geo-city",
    "sys.geo-country",
    "sys.geo-state",
    "sys.color",
    "sys.language",
    "sys.temperature",
    "sys.age",
    "sys.unit-length",
    "sys.unit-weight",
    "sys.flight-number",
];

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
    /// System types of the intents' parameters, `@` included.
    system: BTreeSet<String>,
}

impl Templates {
    /// For the custom types that parameters of these intents have.
    pub(super) fn new<'a>(agent: &Agent, intents: impl Iterator<Item = &'a Intent>, language: &str) -> Self {
        let used: BTreeSet<&str> = intents
            .flat_map(|intent| &intent.parameters)
            .filter_map(|parameter| parameter.entity_type.strip_prefix('@'))
            .collect();
        let telling = used.iter().filter(|name| TELLING.contains(name));
        let system = telling.map(|name| format!("@{name}")).collect();
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
        let mut this = Self {
            system,
            ..Self::default()
        };
        for (phrase, types) in types_of {
            let payload = u32::try_from(this.types.len()).unwrap_or(u32::MAX);
            this.types
                .push(types.into_iter().map(|name| format!("@{name}")).collect());
            this.values
                .insert(phrase.split(' ').filter(|word| !word.is_empty()), payload);
        }
        this
    }

    /// The words of all values.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.values.vocabulary()
    }

    /// System types whose values are to be told to [`Templates::of`].
    pub(super) fn system_types(&self) -> impl Iterator<Item = &str> {
        self.system.iter().map(String::as_str)
    }

    /// The template of plain words: longest value first. `values` are values of system types, longest first.
    pub(super) fn of<'a>(&'a self, words: &[&'a str], values: &[(Range<usize>, String)]) -> Vec<Slot<'a>> {
        let mut slots = Vec::with_capacity(words.len());
        let mut at = 0;
        while let Some((first, _)) = words.get(at..).and_then(<[&str]>::split_first) {
            let own = self
                .values
                .prefixes(words.get(at..).unwrap_or_default().iter().copied())
                .pop();
            let system = values.iter().find(|(words, _)| words.start == at);
            let length = own.map_or(0, |(length, _)| length);
            if let Some((words, entity_type)) = system.filter(|(words, _)| words.len() > length) {
                slots.push(Slot {
                    names: vec![Cow::Owned(coarse(entity_type).to_owned())],
                });
                at = words.end;
            } else if let Some((length, payload)) = own {
                let types = self.types.get(payload as usize).map_or(&[][..], Vec::as_slice);
                slots.push(Slot {
                    names: types.iter().map(|name| Cow::Borrowed(name.as_str())).collect(),
                });
                at += length;
            } else {
                slots.push(Slot {
                    names: vec![Cow::Borrowed(shape(first).unwrap_or(first))],
                });
                at += 1;
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
        slots.extend(self.of(&found, &[]).into_iter().map(owned));
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
