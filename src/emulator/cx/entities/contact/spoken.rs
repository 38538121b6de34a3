//! Mail and web addresses as people say them: `john dot smith at gmail dot com`.

use std::ops::Range;

use crate::emulator::cx::entities::openended::is_common;
use crate::emulator::cx::entities::text::{Candidate, Text};

/// Words for `@`. Those of several words come first.
const AT: &[&[&str]] = &[
    &["at", "sign"],
    &["kuyruklu", "a"],
    &["at"],
    &["arroba"],
    &["arobase"],
    &["chiocciola"],
    &["małpa"],
    &["apenstaartje"],
    &["klammeraffe"],
    &["ät"],
    &["et"],
];
/// Words for the dot.
const DOTS: &[&str] = &[
    "dot", "punto", "ponto", "point", "punkt", "kropka", "nokta", "punt",
];
/// Words for other signs of a mailbox.
const SIGNS: &[(&[&str], &str)] = &[
    (&["underscore"], "_"),
    (&["under", "score"], "_"),
    (&["guion", "bajo"], "_"),
    (&["guión", "bajo"], "_"),
    (&["tiret", "bas"], "_"),
    (&["unterstrich"], "_"),
    (&["podkreślnik"], "_"),
    (&["alt", "çizgi"], "_"),
    (&["dash"], "-"),
    (&["hyphen"], "-"),
    (&["minus"], "-"),
    (&["guion"], "-"),
    (&["guión"], "-"),
    (&["tiret"], "-"),
    (&["bindestrich"], "-"),
    (&["plus"], "+"),
];
/// What may be said before a mailbox.
const CARRIERS: &[&str] = &[
    "my", "email", "mail", "e", "address", "is", "its", "it", "the", "sure", "yes", "yeah", "ok", "okay",
    "mi", "correo", "es", "el", "meu", "é", "o", "mon", "adresse", "est", "meine", "ist", "send", "to",
    "you", "can", "use", "mój", "to",
];
/// The most words of a name that are run together before the `at`.
const NAME_WORDS: usize = 3;
/// Endings of web addresses that are said.
const ENDINGS: &[&str] = &[
    "com", "org", "net", "edu", "gov", "info", "io", "ai", "app", "dev", "biz", "co", "uk", "us", "de", "fr",
    "es", "it", "nl", "pl", "tr", "br", "pt", "mx", "ar", "ca", "au", "in", "ch", "at", "be", "eu", "me",
    "tv", "online", "shop",
];

/// Mail addresses said word by word.
pub(super) fn emails(text: &Text<'_>) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for at in 1..text.words.len() {
        let Some(domain) = at_sign(text, at) else {
            continue;
        };
        let Some((end, domain)) = host(text, domain, false) else {
            continue;
        };
        let Some((start, mailbox)) = mailbox(text, at) else {
            continue;
        };
        if let Some(range) = text.bytes(start..end) {
            found.push(Candidate::exact(range, format!("{mailbox}@{domain}")));
        }
    }
    found
}

/// Web addresses whose dots are said.
pub(super) fn urls(text: &Text<'_>) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.words.len() {
        let mailbox = at
            .checked_sub(1)
            .is_some_and(|before| at_sign(text, before) == Some(at));
        let said = host(text, at, true).filter(|_| !mailbox && is_label(text.word(at)));
        let Some((end, host)) = said else {
            at += 1;
            continue;
        };
        found.extend(text.bytes(at..end).map(|range| Candidate::exact(range, host)));
        at = end;
    }
    found
}

/// The place after a word or a sign for `@` that stands at a word, or before it.
fn at_sign(text: &Text<'_>, at: usize) -> Option<usize> {
    if text.gap_before(at).trim() == "@" {
        return Some(at);
    }
    let said = AT.iter().find(|words| {
        let end = (at + words.len()).min(text.words.len());
        text.normal(at..end).eq(words.iter().copied())
    })?;
    Some(at + said.len())
}

/// Labels with dots between them, the last one an ending: the place after them, and the host. With `said`, one of
/// the dots must be a word.
fn host(text: &Text<'_>, at: usize, said: bool) -> Option<(usize, String)> {
    let mut host = String::new();
    let mut next = at;
    let mut in_words = false;
    let mut best = None;
    loop {
        let label = Some(text.word(next)).filter(|word| is_label(word))?;
        host.push_str(label);
        next += 1;
        if host.contains('.') && ENDINGS.contains(&label) && (in_words || !said) {
            best = Some((next, host.clone()));
        }
        let dotted = next < text.words.len() && text.gap_before(next).trim_start() == ".";
        let spoken = DOTS.contains(&text.word(next)) && text.gap_before(next).trim().is_empty();
        if dotted {
            host.push('.');
        } else if spoken && next + 1 < text.words.len() {
            host.push('.');
            in_words = true;
            next += 1;
        } else {
            return best;
        }
        if !is_label(text.word(next)) {
            return best;
        }
    }
}

fn is_label(word: &str) -> bool {
    !word.is_empty() && word.len() <= 63 && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What stands before the `at`: names and signs between them, back to what carries the address.
fn mailbox(text: &Text<'_>, at: usize) -> Option<(usize, String)> {
    let mut parts: Vec<String> = Vec::new();
    let mut start = at;
    // Whether the word before must belong to the mailbox, as after a sign.
    let mut names = 0;
    let mut open = true;
    while start > 0 {
        if let Some((length, sign)) = sign_before(text, start).filter(|_| !open) {
            parts.push(sign.to_owned());
            start -= length;
            open = true;
            continue;
        }
        let word = text.word(start - 1);
        let gap = if start < at { text.gap_before(start) } else { "" };
        let written = matches!(gap, "." | "_" | "-" | "+");
        let single = word.len() == 1 && parts.last().is_some_and(|part| part.len() == 1);
        let plain = is_label(word) && (gap.trim().is_empty() || written);
        let carries = CARRIERS.contains(&word) || is_common(word);
        // `Meet me at …` names no mailbox; a common word may be part of one after a sign.
        let ends = start == at || !(open || written);
        if !plain || (ends && carries && !single && word.len() > 1) {
            break;
        }
        if written {
            parts.push(gap.to_owned());
        }
        parts.push(word.to_owned());
        names += usize::from(!open && !single && !written);
        open = false;
        start -= 1;
    }
    let whole = names < NAME_WORDS && (start == 0 || carried(text, start));
    if !whole && names > 0 || open {
        return None;
    }
    let said: String = parts.iter().rev().map(String::as_str).collect();
    let sound = said.starts_with(|c: char| c.is_ascii_alphanumeric());
    sound.then_some((start, said))
}

/// Whether the words before a mailbox are there to carry it.
fn carried(text: &Text<'_>, start: usize) -> bool {
    let before = start.checked_sub(1).map_or("", |before| text.word(before));
    CARRIERS.contains(&before) || is_common(before)
}

/// A word for a sign directly before a place: how many words, and the sign.
fn sign_before(text: &Text<'_>, end: usize) -> Option<(usize, &'static str)> {
    let last = text.word(end - 1);
    if DOTS.contains(&last) {
        return Some((1, "."));
    }
    let found = SIGNS.iter().filter_map(|(words, sign)| {
        let start = end.checked_sub(words.len())?;
        text.normal(start..end)
            .eq(words.iter().copied())
            .then_some((words.len(), *sign))
    });
    found.max_by_key(|(length, _)| *length)
}

/// The bytes of candidates, to see what stands apart from them.
pub(super) fn overlaps(found: &[Candidate], range: &Range<usize>) -> bool {
    found
        .iter()
        .any(|known| known.range.start < range.end && range.start < known.range.end)
}
