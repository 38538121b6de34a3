//! Grammatical forms that a listed value is recognised in: plurals, and in English regular verb endings.
//! Deliberately light; the agents list what matters to them.

/// The form that inflected variants of a word share. Short words and other languages are left alone.
pub(crate) fn stem<'w>(word: &'w str, language: &str) -> &'w str {
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
    let plural = match word.strip_suffix("es") {
        Some(base) if base.ends_with(['s', 'x', 'z']) || base.ends_with("ch") || base.ends_with("sh") => base,
        _ => strip(word, &["s"]),
    };
    let base = strip(plural, &["ings", "ing", "ed"]);
    match base.char_indices().next_back() {
        // `invoice` and `invoiced` meet; `cane` and `can` must not.
        Some((end, 'e')) if end >= 4 => &base[..end],
        Some((end, 'y')) if end >= 3 => &base[..end],
        _ => base,
    }
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
            ("invoice", "invoiced"),
            ("plan", "plans"),
            ("care", "cares"),
            ("city", "cities"),
        ] {
            assert_eq!(stem(one, "en"), stem(other, "en"), "{one} {other}");
        }
        assert_ne!(
            stem("cane", "en"),
            stem("can", "en"),
            "a word is not another word"
        );
        assert_eq!(stem("glass", "en"), "glass");
        assert_eq!(stem("one", "en"), "one");
        assert_eq!(stem("vuelos", "es"), stem("vuelo", "es"));
        assert_eq!(stem("kartes", "pl"), "kartes");
    }
}
