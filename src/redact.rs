//! What must not be printed: secrets and configured personal data, taken out before anything leaves the executor.

use std::borrow::Cow;

/// Text from outside as a terminal may show it: control and bidirectional override characters become visible
/// escapes (`\u{1b}`); line breaks stay.
pub fn clean_terminal(text: &str) -> Cow<'_, str> {
    clean(text, |character| {
        character != '\n' && (character.is_control() || is_bidirectional_control(character))
    })
}

/// Text as an XML 1.0 document may hold it: characters that XML does not know, and those that change how text is
/// read, become visible escapes; tabs and line breaks stay.
pub fn xml_text(text: &str) -> Cow<'_, str> {
    clean(text, |character| {
        !matches!(character, '\n' | '\t')
            && (character.is_control()
                || is_bidirectional_control(character)
                || matches!(character, '\u{fffe}' | '\u{ffff}'))
    })
}

fn is_bidirectional_control(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn clean(text: &str, refused: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&refused) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if refused(character) {
            cleaned.extend(character.escape_unicode());
        } else {
            cleaned.push(character);
        }
    }
    Cow::Owned(cleaned)
}
