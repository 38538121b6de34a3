//! Texts that are alike, or alike but for their case, and what is not compared at all.

use super::matchers::{fails, passes, verdict};
use super::*;

#[test]
fn likeness() {
    let similar = |to: &str, at_least: f64| Matcher::Similar {
        to: json!(to),
        at_least: json!(at_least),
        algorithm: SimilarityAlgorithm::Levenshtein,
    };
    passes(&similar("I will connect you", 0.9), json!("I will connect you."));
    fails(
        &similar("kitten", 0.9),
        json!("sitting"),
        "similarity to \"kitten\" is 0.571 (levenshtein), not at least 0.9",
    );
    fails(
        &similar("kitten", 0.9),
        json!(1),
        "`similar` looks at text, was number 1",
    );
    let wer = |to: &str| Matcher::Wer {
        to: json!(to),
        at_most: json!(0.2),
    };
    passes(&wer("tomorrow morning"), json!("Tomorrow, morning!"));
    fails(
        &wer("tomorrow morning"),
        json!("tomorrow"),
        "word error rate is 0.500, not at most 0.2",
    );
    let no_words = "mistake: `wer` has no words to compare with in \"…\"";
    for value in [json!("x"), json!("…"), json!(1), json!(null)] {
        fails(&wer("…"), value.clone(), no_words);
        fails(&not(wer("…")), value, no_words);
    }
}

/// `not: { similar: … }` held of any long text, the very same one included.
#[test]
fn what_was_not_compared_is_neither_alike_nor_unlike() {
    let long = "word ".repeat(1_000);
    let similar = |to: &str| Matcher::Similar {
        to: json!(to),
        at_least: json!(0.9),
        algorithm: SimilarityAlgorithm::Levenshtein,
    };
    passes(&similar(&long), json!(long));
    fails(
        &not(similar(&long)),
        json!(long),
        &format!("should not be: {}", describe(&similar(&long))),
    );
    let too_long = "unobservable: texts of more than 4000 characters are compared by `words` only";
    for matcher in [similar("word"), not(similar("word"))] {
        fails(&matcher, json!(long), too_long);
    }
    let many = "w ".repeat(4_001);
    let wer = Matcher::Wer {
        to: json!(many),
        at_most: json!(0.2),
    };
    passes(&wer, json!(many));
    fails(
        &not(wer),
        json!("w"),
        "unobservable: more than 4000 words are not compared",
    );
}

/// What is looked for may end where the word of the text goes on.
#[test]
fn a_final_sigma_is_a_sigma() {
    passes(&Matcher::IContains(json!("ΟΔΟΣ")), json!("ΟΔΟΣΑ"));
    passes(&Matcher::IContains(json!("οδος")), json!(["ΟΔΟΣ"]));
    fails(
        &not(Matcher::IContains(json!("ΟΔΟΣ"))),
        json!("οδοσα"),
        "should not be: contains \"ΟΔΟΣ\" in any case",
    );
    fails(
        &is("οδοσ"),
        json!("ΟΔΟΣ"),
        "expected \"οδοσ\", was \"ΟΔΟΣ\" (only the case differs)",
    );
}

#[test]
fn nothing_but_white_space_is_not_looked_for_at_an_end() {
    for matcher in [Matcher::StartsWith(json!(" ")), Matcher::EndsWith(json!("\n"))] {
        let told = verdict(&not(matcher), Some(&json!("x"))).unwrap_err();
        assert!(told.starts_with("mistake: "), "{told}");
    }
}
