//! Words of an utterance, as matching sees them: NFKC, lower case, apostrophes deleted, everything else that is
//! no letter or digit a gap (nlu 1.3). Scripts written without blanks give one word per character.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word with its place in the text it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Bytes of the original text.
    pub(crate) range: Range<usize>,
    /// The normalised form.
    pub(crate) text: String,
}

/// The words of a text in order.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut start = None;
    for (position, character) in text.char_indices() {
        let inside = start.is_some();
        if is_word_character(character) || (inside && is_glue(character)) {
            let begin = *start.get_or_insert(position);
            if stands_alone(character) {
                push_run(text, begin..position, &mut found);
                push_run(text, position..position + character.len_utf8(), &mut found);
                start = None;
            }
        } else if let Some(begin) = start.take() {
            push_run(text, begin..position, &mut found);
        }
    }
    if let Some(begin) = start {
        push_run(text, begin..text.len(), &mut found);
    }
    found
}

/// The text in its normalised form: its words with one blank between them.
pub(crate) fn normalise(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for word in words(text) {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(&word.text);
    }
    joined
}

/// Folds a run of word characters and cuts it where NFKC put something else in between (`½`).
fn push_run(text: &str, range: Range<usize>, found: &mut Vec<Word>) {
    let Some(run) = text.get(range.clone()) else {
        return;
    };
    let plain = run.chars().filter(|character| !is_apostrophe(*character));
    let range = trimmed(text, range);
    if run.is_ascii() {
        // Nothing to normalise, and nothing that stands alone: a word as it is.
        let text: String = plain.map(|character| character.to_ascii_lowercase()).collect();
        found.extend((!text.is_empty()).then_some(Word { range, text }));
        return;
    }
    let folded: String = plain
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter_map(fold)
        .collect();
    for part in folded
        .split(|c: char| !is_word_character(c) && !is_combining_mark(c))
        .filter(|part| !part.is_empty())
    {
        for piece in pieces(part) {
            found.push(Word {
                range: range.clone(),
                text: piece.to_owned(),
            });
        }
    }
}

/// Cuts before and after each character that stands alone.
fn pieces(part: &str) -> impl Iterator<Item = &str> {
    part.split_inclusive(stands_alone).flat_map(|piece| {
        let last = piece
            .char_indices()
            .next_back()
            .filter(|(_, character)| stands_alone(*character));
        let (head, tail) = last
            .and_then(|(at, _)| piece.split_at_checked(at))
            .unwrap_or((piece, ""));
        [head, tail].into_iter().filter(|piece| !piece.is_empty())
    })
}

/// Without the apostrophes at its end, which belong to a quotation rather than to the word.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let run = text.get(range.clone()).unwrap_or_default();
    range.start..range.start + run.trim_end_matches(is_apostrophe).len()
}

/// The Turkish letters that lower-casing leaves apart from plain `i`.
fn fold(character: char) -> Option<char> {
    match character {
        '\u{307}' => None,
        'ı' => Some('i'),
        other => Some(other),
    }
}

/// Letters and digits.
fn is_word_character(character: char) -> bool {
    character.is_alphanumeric()
}

/// What does not end a word although it is no letter.
fn is_glue(character: char) -> bool {
    is_apostrophe(character) || is_combining_mark(character)
}

/// The signs people type for an apostrophe.
pub(crate) fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '’' | '‘' | '`' | '´')
}

/// Characters of scripts that put no blanks between words.
pub(crate) fn stands_alone(character: char) -> bool {
    !is_combining_mark(character)
        && matches!(u32::from(character),
        0x0E00..=0x0E7F | 0x0E80..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF
        | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x2FA1F)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn normalises_what_people_type() {
        for (text, expected) in [
            ("  What's  up?! ", "whats up"),
            ("Co-pay / CO_PAY", "co pay co pay"),
            ("I’d like 2 pizzas.", "id like 2 pizzas"),
            ("ＦＵＬＬ　width", "full width"),
            ("İSTANBUL Işık", "istanbul işik"),
            ("'quoted' word", "quoted word"),
            ("e\u{301}te\u{301}", "été"),
            ("½ cup", "1 2 cup"),
            ("\u{1F600}", ""),
            ("", ""),
            ("日本", "日 本"),
        ] {
            assert_eq!(normalise(text), expected, "{text:?}");
        }
    }

    #[test]
    fn ranges_point_at_the_words() {
        let text = "It's “5pm”, 'ok'";
        let slices: Vec<&str> = words(text).iter().map(|word| &text[word.range.clone()]).collect();
        assert_eq!(slices, ["It's", "5pm", "ok"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn words_lie_inside(text in "\\PC{0,60}") {
            for word in words(&text) {
                prop_assert!(text.get(word.range.clone()).is_some());
                prop_assert!(!word.text.is_empty());
            }
        }

        #[test]
        fn normalising_twice_changes_nothing(text in "[a-zA-Z0-9äöüßéñçİıŞğł'’ .,!?_-]{0,60}") {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once);
        }
    }
}
