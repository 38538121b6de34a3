//! Grammatical forms that a listed value is recognised in: plurals, and in English regular verb endings.
//! Deliberately light; the agents list what matters to them.

/// The form that inflected variants of a word share. Short words and other languages are left alone.
pub(super) fn stem<'w>(word: &'w str, language: &str) -> &'w str {
    if word.chars().count() < 4 || word.chars().any(|character| character.is_ascii_digit()) {
        return word;
    }
    match language.split('-').next().unwrap_or_default() {
        "en" => english(word),
        "es" | "pt" => strip(word, &["es", "s"]),
        "fr" => strip(word, &["s", "x"]),
        _ => word,
    }
}

fn english(word: &str) -> &str {
    if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        return word;
    }
    if let Some(base) = word.strip_suffix("ies") {
        return base;
    }
    let base = strip(word, &["ings", "ing", "ed", "es", "s"]);
    base.strip_suffix(['e', 'y'])
        .filter(|base| base.len() >= 3)
        .unwrap_or(base)
}

/// Cuts the first suffix that leaves at least three letters.
fn strip<'w>(word: &'w str, suffixes: &[&str]) -> &'w str {
    suffixes
        .iter()
        .find_map(|suffix| word.strip_suffix(suffix).filter(|base| base.chars().count() >= 3))
        .unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_meet() {
        for (one, other) in [
            ("discount", "discounted"),
            ("company", "companies"),
            ("box", "boxes"),
            ("invoice", "invoices"),
            ("plan", "plans"),
        ] {
            assert_eq!(stem(one, "en"), stem(other, "en"), "{one} {other}");
        }
        assert_eq!(stem("glass", "en"), "glass");
        assert_eq!(stem("one", "en"), "one");
        assert_eq!(stem("vuelos", "es"), stem("vuelo", "es"));
        assert_eq!(stem("kartes", "pl"), "kartes");
    }
}
