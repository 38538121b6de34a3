//! Mail and web addresses (cx-runtime 13), as written or as said.

use std::sync::OnceLock;

use regex::Regex;

use super::system::SystemType;
use super::text::{Candidate, Text};

mod spoken;

/// Addresses of a kind in the text, those that are said where none is written at the same place.
pub(super) fn find(kind: SystemType, text: &Text<'_>) -> Vec<Candidate> {
    let mut found = written(kind, text);
    let said = match kind {
        SystemType::Email => spoken::emails(text),
        _ => spoken::urls(text),
    };
    for candidate in said {
        if !spoken::overlaps(&found, &candidate.range) {
            found.push(candidate);
        }
    }
    found.sort_by_key(|candidate| candidate.range.start);
    found
}

/// Addresses written out.
fn written(kind: SystemType, text: &Text<'_>) -> Vec<Candidate> {
    static EMAIL: OnceLock<Option<Regex>> = OnceLock::new();
    static URL: OnceLock<Option<Regex>> = OnceLock::new();
    const EMAIL_PATTERN: &str =
        r"[A-Za-z0-9][A-Za-z0-9._%+\-]*@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,24}";
    const URL_PATTERN: &str = r#"(?i)\b(?:(?:https?|ftp)://[^\s<>"]+|(?:www\.|[a-z0-9][a-z0-9\-]*\.)+(?:com|org|net|io|dev|app|gov|edu|info|co|[a-z]{2})\b(?:/[^\s<>"]*)?)"#;
    let pattern = match kind {
        SystemType::Email => EMAIL.get_or_init(|| Regex::new(EMAIL_PATTERN).ok()),
        _ => URL.get_or_init(|| Regex::new(URL_PATTERN).ok()),
    };
    let Some(pattern) = pattern else { return Vec::new() };
    let found = pattern.find_iter(text.raw).map(|found| found.range());
    found
        .filter_map(|range| {
            let written = text.raw.get(range.clone())?;
            let value = written.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"', '\'']);
            let mailbox = text.raw.get(..range.start)?.ends_with('@') && kind == SystemType::Url;
            (!mailbox).then(|| Candidate::exact(range.start..range.start + value.len(), value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_written() {
        for (kind, text, expected) in [
            (
                SystemType::Email,
                "it's Jane.Doe+x@mail.example.com.",
                &["Jane.Doe+x@mail.example.com"][..],
            ),
            (SystemType::Email, "jane@example", &[]),
            (SystemType::Email, "a@b.co, c@d.org", &["a@b.co", "c@d.org"]),
            (
                SystemType::Url,
                "see https://example.com/a?b=1, or www.example.org!",
                &["https://example.com/a?b=1", "www.example.org"],
            ),
            (SystemType::Url, "example.com", &["example.com"]),
            (SystemType::Url, "hello there. ok", &[]),
            (SystemType::Url, "jane@example.com", &[]),
            (SystemType::Url, "ftp://example.org", &["ftp://example.org"]),
            (
                SystemType::Email,
                "john dot smith at example dot com",
                &["john.smith@example.com"],
            ),
            (
                SystemType::Email,
                "My email is john underscore smith at example dot co dot uk, thanks",
                &["john_smith@example.co.uk"],
            ),
            (
                SystemType::Email,
                "it's john smith at example.com",
                &["johnsmith@example.com"],
            ),
            (
                SystemType::Email,
                "j o e 4 2 at example dot com",
                &["joe42@example.com"],
            ),
            (
                SystemType::Email,
                "juan punto perez arroba example punto com",
                &["juan.perez@example.com"],
            ),
            (
                SystemType::Email,
                "jean.dupont arobase example point fr",
                &["jean.dupont@example.fr"],
            ),
            (SystemType::Email, "john @ example.com", &["john@example.com"]),
            (SystemType::Email, "foo [at] example [dot] com", &[]),
            (SystemType::Email, "meet me at example dot com", &[]),
            (SystemType::Email, "see you at five", &[]),
            (SystemType::Email, "jane@example. Thanks", &[]),
            (SystemType::Url, "go to example dot com", &["example.com"]),
            (
                SystemType::Url,
                "www dot example dot co dot uk please",
                &["www.example.co.uk"],
            ),
            (SystemType::Url, "john at example dot com", &[]),
            (SystemType::Url, "polka dot dress", &[]),
        ] {
            let values: Vec<String> = find(kind, &Text::new(text))
                .into_iter()
                .map(|found| found.value.as_str().unwrap().to_owned())
                .collect();
            assert_eq!(values, expected, "{text}");
        }
    }
}
