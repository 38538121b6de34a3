//! Values that nobody can list: names, addresses, places without a gazetteer entry (nlu 3.4). What is found here is
//! mostly a guess: an utterance, without the words that carry it, that does not read like anything else.

use std::ops::Range;
use std::sync::OnceLock;

use super::code;
use super::geo;
use super::system::SystemType;
use super::text::{Candidate, Quality, Text};
use super::trie::WordTrie;
use crate::model::{Map, Value};

mod common;

pub(super) use common::is_common;
use common::{CARRIERS, COURTESIES, NAME_CARRIERS, PARTICLES, STREETS, TAILS};

/// Words of a guessed name or place at most.
const NAME_WORDS: usize = 4;

/// Values of an open-ended type in the text.
pub(super) fn find(kind: SystemType, text: &Text<'_>, language: &str) -> Vec<Candidate> {
    let found = match kind {
        SystemType::City => return cities(text),
        SystemType::Address => address(text).or_else(|| guessed_address(text)),
        SystemType::Location => location(text, Some(language)),
        SystemType::Attraction => location(text, None),
        _ => name(kind, text),
    };
    found.into_iter().collect()
}

/// The whole utterance without its carrier words, when it reads like a value nobody listed.
pub(super) fn unlisted(text: &Text<'_>) -> Option<Candidate> {
    let words = without_carriers(text, CARRIERS);
    let short = (1..=NAME_WORDS).contains(&words.len()) && !text.normal(words.clone()).all(is_common);
    let range = text.bytes(words.clone()).filter(|_| short)?;
    Some(guess(range, Value::from(text.slice(words))))
}

fn guess(range: Range<usize>, value: Value) -> Candidate {
    Candidate {
        quality: Quality::Guessed,
        ..Candidate::exact(range, value)
    }
}

/// The words that remain when phrases that carry a value are cut off at the start, and courtesies at the end.
fn without_carriers(text: &Text<'_>, carriers: &'static str) -> Range<usize> {
    let trie = carrier_trie(carriers);
    let mut words = 0..text.words.len();
    while let Some((length, _)) = trie.prefixes(text.normal(words.clone())).pop() {
        words.start += length;
    }
    while words.end > words.start && COURTESIES.contains(&text.word(words.end - 1)) {
        words.end -= 1;
    }
    words
}

fn carrier_trie(carriers: &'static str) -> &'static WordTrie {
    static NAMES: OnceLock<WordTrie> = OnceLock::new();
    static OTHERS: OnceLock<WordTrie> = OnceLock::new();
    let cell = if std::ptr::eq(carriers, NAME_CARRIERS) {
        &NAMES
    } else {
        &OTHERS
    };
    cell.get_or_init(|| {
        let mut trie = WordTrie::default();
        for phrase in carriers.split('|') {
            trie.insert(phrase.split(' '), 0);
        }
        trie
    })
}

/// A person's name.
fn name(kind: SystemType, text: &Text<'_>) -> Option<Candidate> {
    let words = name_words(text);
    let carried = words.start > 0;
    // `Van der Berg`, `de la Cruz`.
    let particle = |at: usize| PARTICLES.contains(&text.word(at)) && at + 1 < words.end;
    let first = (text.word(words.start), text.word(words.start + 1));
    let opening = matches!(first, ("de", "la" | "las" | "los" | "le"));
    let fits = |at: usize| {
        let word = text.word(at);
        let inside = at > words.start || opening;
        word.chars().all(char::is_alphabetic) && (!is_common(word) || (inside && particle(at)))
    };
    // Words that a hyphen joins are one name.
    let parts = words
        .clone()
        .filter(|at| !particle(*at) && (*at == words.start || text.gap_before(*at) != "-"));
    let parts = parts.count();
    if words.is_empty() || parts > NAME_WORDS || words.len() > NAME_WORDS + 2 || !words.clone().all(fits) {
        return None;
    }
    let said_so = |which: &[&str]| text.normal(0..words.start).any(|word| which.contains(&word));
    let joined = |at: usize| at < words.end && text.gap_before(at) == "-";
    let picked = match kind {
        SystemType::GivenName if said_so(&["first", "given", "prénom", "vorname"]) => words.clone(),
        SystemType::GivenName => {
            let after = words.clone().skip(1).find(|at| !joined(*at));
            words.start..after.unwrap_or(words.end)
        }
        SystemType::LastName
            if said_so(&["last", "surname", "family", "apellido", "nachname", "sobrenome"]) =>
        {
            words.clone()
        }
        SystemType::LastName => {
            let mut start = words.end - 1;
            while start > words.start && (joined(start) || particle(start - 1)) {
                start -= 1;
            }
            start..words.end
        }
        _ => words.clone(),
    };
    let said = text.slice(picked.clone());
    let value = if kind == SystemType::Person {
        Value::Object(Map::from_iter([("name".to_owned(), Value::from(said))]))
    } else {
        Value::from(capitalised_name(said))
    };
    let quality = if carried && names_itself(text, words.start) {
        Quality::Fuzzy
    } else {
        Quality::Guessed
    };
    Some(Candidate {
        quality,
        ..Candidate::exact(text.bytes(picked)?, value)
    })
}

/// The words that may be a name: without answers before what carries it, and without what callers add behind it.
fn name_words(text: &Text<'_>) -> Range<usize> {
    let trie = carrier_trie(NAME_CARRIERS);
    let opened = (0..text.words.len())
        .take_while(|at| is_common(text.word(*at)))
        .map(|at| at + 1)
        .find(|at| {
            let carrier = trie.prefixes(text.normal(*at..text.words.len())).pop();
            carrier.is_some_and(|(length, _)| names_itself_in(text, *at..at + length))
        });
    let mut words = match opened {
        Some(at) => at..text.words.len(),
        None => 0..text.words.len(),
    };
    while let Some((length, _)) = trie.prefixes(text.normal(words.clone())).pop() {
        words.start += length;
    }
    while words.len() > 1 && TAILS.contains(&text.word(words.end - 1)) {
        words.end -= 1;
    }
    words.end = words.end.max(words.start);
    words
}

/// Whether the words before a name say that it is one.
fn names_itself(text: &Text<'_>, end: usize) -> bool {
    names_itself_in(text, 0..end)
}

fn names_itself_in(text: &Text<'_>, words: Range<usize>) -> bool {
    text.normal(words).any(|word| {
        matches!(
            word,
            "name"
                | "surname"
                | "apellido"
                | "nachname"
                | "sobrenome"
                | "nazwisko"
                | "llamo"
                | "nombre"
                | "mappelle"
                | "nom"
                | "heiße"
                | "heisse"
                | "nome"
                | "chamo"
                | "nazywam"
                | "imię"
                | "adim"
                | "named"
                | "call"
        )
    })
}

/// Each part of a name with a capital, particles as they were said.
fn capitalised_name(name: &str) -> String {
    let part = |part: &str| {
        if PARTICLES.contains(&part) {
            part.to_owned()
        } else {
            capitalised(part)
        }
    };
    name.split_inclusive([' ', '-'])
        .map(|said| {
            let plain = said.trim_end_matches([' ', '-']);
            part(plain) + said.get(plain.len()..).unwrap_or_default()
        })
        .collect()
}

fn capitalised(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

/// Cities of the list; without one the utterance as a city.
fn cities(text: &Text<'_>) -> Vec<Candidate> {
    let known = geo::find(SystemType::City, text);
    if !known.is_empty() {
        return known;
    }
    let words = without_carriers(text, CARRIERS);
    let plain = text
        .normal(words.clone())
        .all(|word| word.chars().all(char::is_alphabetic) && !is_common(word));
    let elsewhere = [SystemType::Country, SystemType::State]
        .into_iter()
        .any(|kind| !geo::find(kind, text).is_empty());
    if words.is_empty() || words.len() >= NAME_WORDS || !plain || elsewhere {
        return Vec::new();
    }
    let said = text.slice(words.clone());
    let value: Vec<String> = said.split(' ').map(capitalised).collect();
    text.bytes(words)
        .map(|range| guess(range, Value::from(value.join(" "))))
        .into_iter()
        .collect()
}

/// A house number and a street, to the end of the utterance.
fn address(text: &Text<'_>) -> Option<Candidate> {
    let words = without_carriers(text, CARRIERS);
    let has_digits = |at: usize| text.word(at).bytes().any(|byte| byte.is_ascii_digit());
    let start = words.clone().find(|at| {
        let near = at + 1..(at + 6).min(words.end);
        (has_digits(*at) && near.clone().any(|at| is_street(text.word(at))))
            || (is_street(text.word(*at)) && near.into_iter().any(has_digits))
    })?;
    // A street's name stands before its kind where the number comes last: `Haupt Straße 5`.
    let mut start = if has_digits(start) { start } else { words.start };
    // `Apartment 5, 12 Oak Lane`.
    while start > words.start && ROOMS.contains(&text.word(start - 1)) {
        start -= 1;
    }
    let value = text.slice(start..words.end);
    Some(Candidate::exact(text.bytes(start..words.end)?, value))
}

fn guessed_address(text: &Text<'_>) -> Option<Candidate> {
    let words = without_carriers(text, CARRIERS);
    let number = text
        .normal(words.clone())
        .any(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let street = text.normal(words.clone()).any(is_street);
    if words.is_empty()
        || text.normal(words.clone()).all(is_common)
        || !(number || street || geo::names_place(text))
    {
        return None;
    }
    text.bytes(words.clone())
        .map(|range| guess(range, Value::from(text.slice(words))))
}

fn is_street(word: &str) -> bool {
    STREETS.contains(&word)
        || ["straße", "strasse", "gasse", "platz", "weg", "allee"]
            .iter()
            .any(|end| word.len() > end.len() && word.ends_with(end))
}

/// The known parts of a place, of which a postal code alone is one where a language is given to read it in.
fn location(text: &Text<'_>, language: Option<&str>) -> Option<Candidate> {
    let words = without_carriers(text, CARRIERS);
    let mut members = Map::new();
    let mut covered: Option<Range<usize>> = None;
    let parts = [
        (SystemType::City, "city"),
        (SystemType::State, "admin-area"),
        (SystemType::Country, "country"),
    ];
    let street = address(text);
    let named = parts.iter().filter_map(|(kind, key)| {
        geo::find(*kind, text)
            .into_iter()
            .find(|found| found.quality > Quality::Guessed)
            .map(|found| (*key, found))
    });
    let zip = language
        .map(|language| code::find(SystemType::ZipCode, text, language))
        .into_iter()
        .flatten()
        .find(|found| is_zip(&found.value))
        .map(|found| ("zip-code", found));
    let street = street.map(|found| ("street-address", found));
    for (key, found) in street.into_iter().chain(named).chain(zip) {
        let inside = covered
            .as_ref()
            .is_some_and(|known| known.start <= found.range.start && found.range.end <= known.end);
        // A postal code within the address said is part of it already.
        let repeated = key != "street-address"
            && inside
            && (key == "zip-code" || members.values().any(|value| *value == found.value));
        if repeated {
            continue;
        }
        let begin = covered
            .as_ref()
            .map_or(found.range.start, |known| known.start.min(found.range.start));
        let end = covered
            .as_ref()
            .map_or(found.range.end, |known| known.end.max(found.range.end));
        covered = Some(begin..end);
        members.insert(key.to_owned(), found.value);
    }
    if let Some(range) = covered {
        return Some(Candidate::exact(range, Value::Object(members)));
    }
    // Numbers alone are no place; `of` and its like stand inside of names.
    let letters = text
        .normal(words.clone())
        .any(|word| word.chars().any(char::is_alphabetic));
    let inside = |at: usize| at > words.start && at + 1 < words.end && LINKS.contains(&text.word(at));
    let fits = |at: usize| {
        let word = text.word(at);
        word.chars().all(char::is_alphanumeric) && (!is_common(word) || inside(at))
    };
    if words.is_empty() || words.len() > NAME_WORDS || !letters || !words.clone().all(fits) {
        return None;
    }
    members.insert("business-name".to_owned(), Value::from(text.slice(words.clone())));
    text.bytes(words)
        .map(|range| guess(range, Value::Object(members)))
}

/// Whether a postal code is long enough not to be the number of something else.
fn is_zip(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|code| code.chars().filter(|c| c.is_alphanumeric()).count() >= 5)
}

/// Words before the number of a part of a house.
const ROOMS: &[&str] = &[
    "apt",
    "apartment",
    "suite",
    "unit",
    "flat",
    "floor",
    "room",
    "no",
    "number",
    "piso",
    "apto",
    "wohnung",
];

/// Common words inside the names of places.
const LINKS: &[&str] = &[
    "of", "the", "de", "del", "la", "le", "der", "and", "on", "in", "du", "do",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn values(kind: SystemType, text: &str) -> Vec<String> {
        find(kind, &Text::new(text), "en")
            .into_iter()
            .map(|found| match &found.value {
                Value::Object(members) => members
                    .iter()
                    .map(|(key, value)| format!("{key}={}", value.as_str().unwrap()))
                    .collect::<Vec<_>>()
                    .join(" "),
                other => other.as_str().unwrap().to_owned(),
            })
            .collect()
    }

    #[test]
    fn names_and_places() {
        use SystemType::{Address, Attraction, City, GivenName, LastName, Location, Person};
        for (kind, text, expected) in [
            (Person, "my name is Ann Lee", &["name=Ann Lee"][..]),
            (Person, "Ann ", &["name=Ann"]),
            (Person, "yes", &[]),
            (Person, "what do you mean", &[]),
            (Person, "1234", &[]),
            (GivenName, "I'm jack sparrow", &["Jack"]),
            (LastName, "nowak", &["Nowak"]),
            (City, "delhi", &["Delhi"]),
            (City, "smallville", &["Smallville"]),
            (City, "no thanks", &[]),
            (
                Address,
                "The address is: 12 Main Street, Springfield 12345",
                &["12 Main Street, Springfield 12345"],
            ),
            (Address, "Hauptstraße 5, Berlin", &["Hauptstraße 5, Berlin"]),
            (Address, "94043", &["94043"]),
            (Address, "Apartment 5, 12 Oak Lane", &["Apartment 5, 12 Oak Lane"]),
            (Address, "ok", &[]),
            (Address, "that’s right", &[]),
            (Address, "ghg$%^$", &[]),
            (Location, "in delhi", &["city=Delhi"]),
            (
                Location,
                "12 Main Street Boston",
                &["street-address=12 Main Street Boston city=Boston"],
            ),
            (Location, "yes please", &[]),
            (Location, "5", &[]),
            (Location, "12 12", &[]),
            (Location, "room 5", &["business-name=room 5"]),
            (Location, "94043", &["zip-code=94043"]),
            (Attraction, "94043", &[]),
            (Location, "Paris, France", &["city=Paris country=France"]),
            (
                Location,
                "the statue of liberty",
                &["business-name=statue of liberty"],
            ),
            (Location, "out of it", &[]),
            (Person, "Hans von der Leyen", &["name=Hans von der Leyen"]),
            (Person, "Juan de la Cruz", &["name=Juan de la Cruz"]),
            (Person, "sure, my name is Ann", &["name=Ann"]),
            (Person, "this is Ann speaking", &["name=Ann"]),
            (Person, "Ann here", &["name=Ann"]),
            (Person, "the name's Bond, James Bond", &["name=Bond, James Bond"]),
            (Person, "for John Smith please", &["name=John Smith"]),
            (Person, "de nada", &[]),
            (Person, "it is what it is", &[]),
            (GivenName, "my first name is Mary Jane", &["Mary Jane"]),
            (GivenName, "jean-luc picard", &["Jean-Luc"]),
            (LastName, "van der berg", &["van der Berg"]),
            (LastName, "smith-jones", &["Smith-Jones"]),
            (LastName, "my surname is Garcia Lopez", &["Garcia Lopez"]),
            (LastName, "john smith", &["Smith"]),
        ] {
            assert_eq!(values(kind, text), expected, "{kind:?} {text}");
        }
    }
}
