//! Texts: white space, similarity and word error rate.

use std::borrow::Cow;
use std::collections::HashMap;

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::model::suite::SimilarityAlgorithm;

/// Texts (in characters) and word lists longer than this are not compared by edit distance, which takes time with
/// the product of the lengths.
const LONGEST_COMPARED: usize = 4_000;

/// As [`squeeze`], and no blanks at the ends.
pub(super) fn collapse(text: &str) -> Cow<'_, str> {
    let squeezed = squeeze(text);
    match squeezed {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// The text with every run of white space made one blank, at the ends too, and accents joined to their letters (NFC). No
/// reference decides the latter: nobody sees how a letter is put together, and editors and services differ in it.
pub(super) fn squeeze(text: &str) -> Cow<'_, str> {
    let composed: Cow<'_, str> = if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    };
    match composed {
        Cow::Borrowed(text) => single_blanks(text),
        Cow::Owned(text) => Cow::Owned(single_blanks(&text).into_owned()),
    }
}

/// The text with every run of white space made one blank, and nothing else changed.
pub(super) fn single_blanks(text: &str) -> Cow<'_, str> {
    let mut after_blank = false;
    let is_squeezed = text.chars().all(|character| {
        let blank = character.is_whitespace();
        let fine = !blank || (character == ' ' && !after_blank);
        after_blank = blank;
        fine
    });
    if is_squeezed {
        return Cow::Borrowed(text);
    }
    let mut squeezed = String::with_capacity(text.len());
    for character in text.chars() {
        if !character.is_whitespace() {
            squeezed.push(character);
        } else if !squeezed.ends_with(' ') {
            squeezed.push(' ');
        }
    }
    Cow::Owned(squeezed)
}

/// The text in lower case, for comparing without regard to case. A sigma at the end of a word is one like any other: what
/// is looked for may end where the text's own word goes on.
pub(super) fn fold(text: &str) -> String {
    text.to_lowercase().replace('ς', "σ")
}

/// Whether two texts are equal when [collapsed](collapse).
pub(super) fn alike(one: &str, other: &str) -> bool {
    one == other || collapse(one) == collapse(other)
}

/// How alike two texts are, from 0 to 1, by the given algorithm; white space collapsed.
///
/// # Errors
/// When the texts are too long for the algorithm.
pub(super) fn similarity(one: &str, other: &str, algorithm: SimilarityAlgorithm) -> Result<f64, String> {
    let (one, other) = (collapse(one), collapse(other));
    if one == other {
        return Ok(1.0);
    }
    if algorithm == SimilarityAlgorithm::Words {
        return Ok(dice(&words(&one), &words(&other)));
    }
    if one.chars().count().max(other.chars().count()) > LONGEST_COMPARED {
        return Err(format!(
            "texts of more than {LONGEST_COMPARED} characters are compared by `words` only"
        ));
    }
    Ok(match algorithm {
        SimilarityAlgorithm::JaroWinkler => strsim::jaro_winkler(&one, &other),
        _ => strsim::normalized_levenshtein(&one, &other),
    })
}

/// Word error rate: the words to insert, delete or replace, per word of the reference. Case and punctuation do not
/// count.
///
/// # Errors
/// When the reference has no words, or there are too many to compare.
pub(super) fn word_error_rate(reference: &str, heard: &str) -> Result<f64, String> {
    let (reference, heard) = (words(reference), words(heard));
    if reference.is_empty() {
        return Err("the text to compare with has no words".to_owned());
    }
    if reference == heard {
        return Ok(0.0);
    }
    if reference.len().max(heard.len()) > LONGEST_COMPARED {
        return Err(format!("more than {LONGEST_COMPARED} words are not compared"));
    }
    let distance = strsim::generic_levenshtein(&reference, &heard);
    Ok(ratio(distance, reference.len()))
}

/// The words of a text in lower case, without punctuation. Vowel signs and accents belong to their words, and it makes no
/// difference whether an accent is a character of its own.
pub(super) fn words(text: &str) -> Vec<String> {
    let text: String = text.nfc().collect();
    let is_part = |character: char| {
        character.is_alphanumeric() || is_combining_mark(character) || matches!(character, '\'' | '’')
    };
    text.split(|character| !is_part(character))
        .map(|word| word.trim_matches(['\'', '’']).to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Dice coefficient of two bags of words.
fn dice(one: &[String], other: &[String]) -> f64 {
    if one.is_empty() && other.is_empty() {
        return 1.0;
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in one {
        *counts.entry(word).or_default() += 1;
    }
    let mut common = 0;
    for word in other {
        if let Some(count) = counts.get_mut(word.as_str()).filter(|count| **count > 0) {
            *count -= 1;
            common += 1;
        }
    }
    ratio(2 * common, one.len() + other.len())
}

#[expect(clippy::cast_precision_loss, reason = "counts of words are far below 2^52")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_collapses() {
        assert_eq!(collapse("  a \n\t b\u{a0}c "), "a b c");
        assert!(matches!(collapse("a b"), Cow::Borrowed("a b")));
        assert_eq!(squeeze(" a  b "), " a b ");
        assert!(alike("a\nb", " a b"));
        assert!(!alike("a b", "ab"));
    }

    /// A file written on one system and an answer from another were told as different, and looked the same.
    #[test]
    fn letters_are_alike_however_they_are_put_together() {
        assert!(alike("Caf\u{e9} ouvert", "Cafe\u{301}  ouvert"));
        assert!(alike("\u{ac00}", "\u{1100}\u{1161}"));
        assert!(!alike("Café", "Cafe"));
        assert_eq!(squeeze(" e\u{301}  e"), " \u{e9} e");
    }

    #[test]
    fn similarity_goes_from_nothing_to_equal() {
        use SimilarityAlgorithm::{JaroWinkler, Levenshtein, Words};
        for algorithm in [Levenshtein, JaroWinkler, Words] {
            assert!((similarity("same text", "same  text", algorithm).unwrap() - 1.0).abs() < 1e-9);
            assert!(similarity("abc", "xyz", algorithm).unwrap().abs() < 1e-9);
        }
        assert!((similarity("kitten", "sitting", Levenshtein).unwrap() - (1.0 - 3.0 / 7.0)).abs() < 1e-9);
        assert!((similarity("B a", "a, b!", Words).unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn long_texts_are_refused_where_time_would_run_away() {
        let long = "word ".repeat(2_000);
        assert!(similarity(&long, "x", SimilarityAlgorithm::Levenshtein).is_err());
        assert!(similarity(&long, "x", SimilarityAlgorithm::Words).is_ok());
        assert!(word_error_rate(&"w ".repeat(5_000), "w").is_err());
        // Nothing is to be computed where both are the same.
        let same = similarity(&long, &format!(" {long}"), SimilarityAlgorithm::Levenshtein);
        assert!((same.unwrap() - 1.0).abs() < 1e-9);
        assert!(
            word_error_rate(&"w ".repeat(5_000), &"W, ".repeat(5_000))
                .unwrap()
                .abs()
                < 1e-9
        );
    }

    #[test]
    fn word_error_rate_counts_words() {
        assert!(
            word_error_rate("Tomorrow morning.", "tomorrow morning")
                .unwrap()
                .abs()
                < 1e-9
        );
        assert!((word_error_rate("tomorrow morning", "tomorrow").unwrap() - 0.5).abs() < 1e-9);
        assert!((word_error_rate("one", "two three").unwrap() - 2.0).abs() < 1e-9);
        assert!(word_error_rate("…", "x").is_err());
    }

    /// Hindi greetings were cut up at their vowel signs, and one wrong word of one counted as a third.
    #[test]
    fn marks_belong_to_their_words() {
        assert!((word_error_rate("नमस्ते", "नमस्कार").unwrap() - 1.0).abs() < 1e-9);
        assert!(word_error_rate("Cafe\u{301} noir", "café noir").unwrap().abs() < 1e-9);
    }
}
