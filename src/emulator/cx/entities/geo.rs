//! Places with a name: cities, states and countries from own lists (cx-runtime 13). Results carry the usual English
//! name, however it was spelt.

use std::sync::OnceLock;

use strsim::osa_distance;

use super::system::SystemType;
use super::text::{Candidate, Quality, Text};
use super::trie::WordTrie;
use crate::emulator::cx::words::{normalise, words};

mod cities;
mod countries;
mod states;

/// Shortest name that is recognised misspelt.
const SHORTEST_MISSPELT: usize = 5;

/// A list of places.
#[derive(Debug)]
struct Gazetteer {
    names: WordTrie,
    canonical: Vec<&'static str>,
    /// Normalised names with their places, for misspelt ones.
    spellings: Vec<(String, u32)>,
}

impl Gazetteer {
    /// From a list of places, each a list of names of which the first is the result.
    fn new(places: impl Iterator<Item = &'static str>) -> Self {
        let mut this = Self {
            names: WordTrie::default(),
            canonical: Vec::new(),
            spellings: Vec::new(),
        };
        for place in places {
            let Ok(payload) = u32::try_from(this.canonical.len()) else {
                break;
            };
            for name in place.split('|') {
                let found = words(name);
                this.names
                    .insert(found.iter().map(|word| word.text.as_str()), payload);
                this.spellings.push((normalise(name), payload));
            }
            this.canonical.extend(place.split('|').next());
        }
        this
    }

    fn find(&self, text: &Text<'_>) -> Vec<Candidate> {
        let mut found = Vec::new();
        let mut start = 0;
        while start < text.words.len() {
            let hit = self.names.prefixes(text.normal(start..text.words.len())).pop();
            let hit = hit.filter(|(length, _)| *length > 1 || is_name(text, start));
            let hit = hit.or_else(|| self.dotted(text, start));
            let Some((length, payload)) = hit.or_else(|| self.plural(text, start)) else {
                start += 1;
                continue;
            };
            found.extend(self.candidate(text, start..start + length, payload, Quality::Exact));
            start += length;
        }
        if found.is_empty() {
            found.extend(self.misspelt(text));
        }
        found
    }

    /// An abbreviation with dots: `N.Y.`.
    fn dotted(&self, text: &Text<'_>, start: usize) -> Option<(usize, u32)> {
        let (first, second) = (text.word(start), text.word(start + 1));
        let letters = first.len() == 1 && second.len() == 1 && text.gap_before(start + 1) == ".";
        let said = letters.then(|| format!("{first}{second}"))?;
        let found = self.names.prefixes([said.as_str()]).pop();
        found.map(|(_, payload)| (2, payload))
    }

    /// A name with an `s` too many, as in a slip of the tongue.
    fn plural(&self, text: &Text<'_>, start: usize) -> Option<(usize, u32)> {
        let rest = text.normal(start..text.words.len()).map(|word| {
            word.strip_suffix('s')
                .filter(|base| base.len() > 2)
                .unwrap_or(word)
        });
        self.names.prefixes(rest).pop().filter(|(length, _)| *length > 1)
    }

    /// A whole utterance that is one slip away from a name.
    fn misspelt(&self, text: &Text<'_>) -> Option<Candidate> {
        let said = text.normal(0..text.words.len()).collect::<Vec<_>>().join(" ");
        let length = said.chars().count();
        if length < SHORTEST_MISSPELT || text.words.len() > 3 {
            return None;
        }
        let near = self.spellings.iter().filter(|(name, _)| {
            let other = name.chars().count();
            other >= SHORTEST_MISSPELT
                && other.abs_diff(length) <= 1
                && name.chars().next() == said.chars().next()
        });
        let (_, payload) = near.clone().find(|(name, _)| osa_distance(name, &said) == 1)?;
        self.candidate(text, 0..text.words.len(), *payload, Quality::Fuzzy)
    }

    fn candidate(
        &self,
        text: &Text<'_>,
        words: std::ops::Range<usize>,
        payload: u32,
        quality: Quality,
    ) -> Option<Candidate> {
        let value = *self.canonical.get(payload as usize)?;
        Some(Candidate {
            quality,
            ..Candidate::exact(text.bytes(words)?, value)
        })
    }
}

/// Whether a single word can be meant as a name: one that is an everyday word only where it is written as a name or
/// is the whole utterance.
fn is_name(text: &Text<'_>, at: usize) -> bool {
    let Some(word) = text.words.get(at) else {
        return false;
    };
    let everyday = word.text.len() <= 2 || EVERYDAY.contains(&word.text.as_str());
    let written = text.raw.get(word.range.clone()).unwrap_or_default();
    let upper = written.chars().any(char::is_alphabetic) && !written.chars().any(char::is_lowercase);
    let capital = written.chars().next().is_some_and(char::is_uppercase);
    // What is said to anything is no state unless it is written as one.
    let answer = matches!(word.text.as_str(), "hi" | "ok" | "oh" | "or" | "in" | "me");
    !everyday
        || (text.words.len() == 1 && !answer)
        || if word.text.len() <= 2 {
            upper
        } else {
            capital && at > 0
        }
}

/// Names of places that are everyday words, too.
const EVERYDAY: &[&str] = &[
    "nice",
    "reading",
    "mobile",
    "essen",
    "split",
    "bath",
    "mesa",
    "jackson",
    "lincoln",
    "madison",
    "victoria",
    "santos",
    "natal",
    "salvador",
    "sucre",
    "cork",
    "hull",
    "derby",
    "faro",
    "tours",
    "leon",
    "cali",
    "rio",
    "regina",
    "surrey",
    "us",
    "turkey",
    "chad",
    "jordan",
    "island",
    "polish",
    "mass",
    "america",
    "queens",
    "columbia",
    "aurora",
    "florence",
    "charlotte",
    "austin",
    "phoenix",
    "orlando",
    "lima",
    "male",
    "malé",
    "perm",
    "van",
    "york",
    "bergen",
    "bremen",
    "male",
];

/// Places of a kind in the text.
pub(super) fn find(kind: SystemType, text: &Text<'_>) -> Vec<Candidate> {
    gazetteer(kind)
        .map(|gazetteer| gazetteer.find(text))
        .unwrap_or_default()
}

/// Whether the text names some place.
pub(super) fn names_place(text: &Text<'_>) -> bool {
    [SystemType::City, SystemType::State, SystemType::Country]
        .into_iter()
        .any(|kind| {
            find(kind, text)
                .iter()
                .any(|found| found.quality == Quality::Exact)
        })
}

fn gazetteer(kind: SystemType) -> Option<&'static Gazetteer> {
    static CITIES: OnceLock<Gazetteer> = OnceLock::new();
    static STATES: OnceLock<Gazetteer> = OnceLock::new();
    static COUNTRIES: OnceLock<Gazetteer> = OnceLock::new();
    Some(match kind {
        SystemType::City => CITIES.get_or_init(|| Gazetteer::new(cities::CITIES.split(';').map(str::trim))),
        SystemType::State => STATES.get_or_init(|| Gazetteer::new(states::STATES.lines())),
        SystemType::Country => COUNTRIES.get_or_init(|| Gazetteer::new(countries::COUNTRIES.lines())),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(kind: SystemType, text: &str) -> Vec<String> {
        find(kind, &Text::new(text))
            .into_iter()
            .map(|found| found.value.as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn places_by_any_spelling() {
        for (kind, text, expected) in [
            (SystemType::City, "delhi", &["Delhi"][..]),
            (
                SystemType::City,
                "from Austin to new york city",
                &["Austin", "New York"],
            ),
            (SystemType::City, "munchen", &["Munich"]),
            (SystemType::City, "münchen", &["Munich"]),
            (SystemType::City, "mubai", &["Mumbai"]),
            (SystemType::City, "that is nice", &[]),
            (SystemType::City, "nice", &["Nice"]),
            (SystemType::City, "I live in Nice", &["Nice"]),
            (SystemType::City, "kjhkjh", &[]),
            (SystemType::Country, "the bahamas", &["The Bahamas"]),
            (SystemType::Country, "costa ricas", &["Costa Rica"]),
            (SystemType::Country, "tell us more", &[]),
            (SystemType::Country, "the USA", &["United States"]),
            (SystemType::State, "CA", &["California"]),
            (SystemType::State, "tx", &["Texas"]),
            (SystemType::State, "N.Y.", &["New York"]),
            (SystemType::State, "hi", &[]),
            (SystemType::State, "ok", &[]),
            (SystemType::State, "OK", &["Oklahoma"]),
            (SystemType::State, "ok I am in TX", &["Texas"]),
        ] {
            assert_eq!(names(kind, text), expected, "{text}");
        }
    }

    #[test]
    fn lists_are_well_formed() {
        for kind in [SystemType::City, SystemType::State, SystemType::Country] {
            let gazetteer = gazetteer(kind).unwrap();
            assert!(gazetteer.canonical.len() > 100);
            assert!(
                gazetteer
                    .canonical
                    .iter()
                    .all(|name| !name.is_empty() && *name == name.trim())
            );
        }
    }
}
