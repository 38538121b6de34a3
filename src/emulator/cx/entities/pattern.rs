//! Entries that refer to other types: `@sys.number:amount dollars` (cx-runtime 12.1 and 12.2).

use crate::emulator::cx::words::normalise;

/// Elements of one entry that are used.
const ELEMENT_LIMIT: usize = 32;

/// A piece of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Element {
    /// A normalised word.
    Word(String),
    /// A value of another type.
    Reference {
        /// The type's name without `@`.
        entity_type: String,
        /// The name its value gets in the result.
        alias: Option<String>,
    },
}

/// Reads an entry; `None` when it refers to nothing and is plain words.
pub(super) fn parse(entry: &str, is_type: impl Fn(&str) -> bool) -> Option<Vec<Element>> {
    let mut elements = Vec::new();
    let mut rest = entry;
    let mut refers = false;
    let mut before: Option<char> = None;
    while let Some(at) = rest.find('@') {
        let (head, tail) = (
            rest.get(..at).unwrap_or_default(),
            rest.get(at + 1..).unwrap_or_default(),
        );
        let previous = head.chars().next_back().or(before);
        let name = type_name(tail);
        if name.is_empty() || previous.is_some_and(char::is_alphanumeric) || !is_type(name) {
            push_words(head, &mut elements);
            before = Some('@');
            rest = tail;
            continue;
        }
        push_words(head, &mut elements);
        rest = tail.get(name.len()..).unwrap_or_default();
        let alias = rest
            .strip_prefix(':')
            .map(alias_name)
            .filter(|alias| !alias.is_empty());
        if let Some(alias) = alias {
            rest = rest.get(1 + alias.len()..).unwrap_or_default();
        }
        elements.push(Element::Reference {
            entity_type: name.to_owned(),
            alias: alias.map(str::to_owned),
        });
        refers = true;
        before = None;
    }
    push_words(rest, &mut elements);
    elements.truncate(ELEMENT_LIMIT);
    refers.then_some(elements)
}

fn push_words(text: &str, elements: &mut Vec<Element>) {
    elements.extend(
        normalise(text)
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| Element::Word(word.to_owned())),
    );
}

/// The longest start of the text that can name a type.
fn type_name(text: &str) -> &str {
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .unwrap_or(text.len());
    text.get(..end).unwrap_or_default().trim_end_matches(['.', '-'])
}

fn alias_name(text: &str) -> &str {
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
        .unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Element {
        Element::Word(text.to_owned())
    }

    fn reference(entity_type: &str, alias: Option<&str>) -> Element {
        Element::Reference {
            entity_type: entity_type.to_owned(),
            alias: alias.map(str::to_owned),
        }
    }

    #[test]
    fn reads_words_and_references() {
        let parse = |entry| parse(entry, |name| name.starts_with("sys.") || name == "size");
        for (entry, expected) in [
            (
                "@sys.number:amount Dollars",
                Some(vec![reference("sys.number", Some("amount")), word("dollars")]),
            ),
            (
                "a @size pizza",
                Some(vec![word("a"), reference("size", None), word("pizza")]),
            ),
            (
                "KEY_@sys.number:digits",
                Some(vec![word("key"), reference("sys.number", Some("digits"))]),
            ),
            (
                "@size:a@size:b",
                Some(vec![reference("size", Some("a")), reference("size", Some("b"))]),
            ),
            ("someone@size.example", None),
            ("@unknown thing", None),
            ("plain", None),
            ("", None),
        ] {
            assert_eq!(parse(entry), expected, "{entry}");
        }
    }
}
