//! Which language's phrases, entries and tables serve a turn (nlu 1.5).

use std::collections::BTreeMap;

/// The entry for a language code: the code itself, its base language, or any variant of that; letter case and `_`
/// for `-` do not matter.
pub(crate) fn pick<'m, V>(by_language: &'m BTreeMap<String, V>, language: &str) -> Option<(&'m str, &'m V)> {
    let wanted = canonical(language);
    let base = base(&wanted).to_owned();
    let entries = || by_language.iter().map(|(code, value)| (code.as_str(), value));
    entries()
        .find(|(code, _)| canonical(code) == wanted)
        .or_else(|| entries().find(|(code, _)| canonical(code) == base))
        .or_else(|| entries().find(|(code, _)| self::base(&canonical(code)) == base))
}

/// The language of a code without region: `pt-BR` → `pt`.
pub(crate) fn base(code: &str) -> &str {
    code.split(['-', '_']).next().unwrap_or_default()
}

fn canonical(code: &str) -> String {
    code.to_ascii_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_language() {
        let map = |codes: &[&str]| {
            codes
                .iter()
                .map(|code| ((*code).to_owned(), code.len()))
                .collect::<BTreeMap<_, _>>()
        };
        for (codes, wanted, expected) in [
            (&["en", "en-us"][..], "en-US", Some("en-us")),
            (&["en", "en-us"], "en-gb", Some("en")),
            (&["es-419", "pt-br"], "es", Some("es-419")),
            (&["es-419", "pt-br"], "pt_PT", Some("pt-br")),
            (&["en"], "de", None),
        ] {
            assert_eq!(
                pick(&map(codes), wanted).map(|(code, _)| code),
                expected,
                "{wanted}"
            );
        }
    }
}
