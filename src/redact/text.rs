//! Characters that must not reach a terminal or an XML file, and what is shown in their place. Every report uses
//! these functions and no others. Nothing vanishes: what is replaced stays visible, so that a reply full of
//! control characters looks like one.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Text that is safe to print on a terminal: control characters and bidirectional formatting become visible.
/// Newlines and tabs stay.
pub fn clean_terminal(text: &str) -> Cow<'_, str> {
    replace(text, |character| {
        !matches!(character, '\n' | '\t') && is_unsafe(character)
    })
}

/// As [`clean_terminal`], for text that must stay on one line: newlines and tabs become visible, too.
pub fn clean_terminal_line(text: &str) -> Cow<'_, str> {
    replace(text, is_unsafe)
}

/// Text that an XML 1.0 document may hold (XML 1.0 section 2.2), without the control and bidirectional
/// characters that a terminal showing the file would obey, and without U+FFFE and U+FFFF. Escaping markup is the
/// XML writer's.
pub fn xml_text(text: &str) -> Cow<'_, str> {
    replace(text, |character| match character {
        '\n' | '\t' => false,
        '\u{FFFE}' | '\u{FFFF}' => true,
        other => is_unsafe(other),
    })
}

/// Control characters, line separators that are none to most tools, and what changes the direction of the text
/// after it (marks such as U+200F only place a neutral character and are part of honest text).
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{E0000}'..='\u{E007F}')
}

fn replace(text: &str, refused: impl Fn(char) -> bool) -> Cow<'_, str> {
    let Some(first) = text.find(&refused) else {
        return Cow::Borrowed(text);
    };
    let mut clean = String::with_capacity(text.len() + 8);
    clean.push_str(&text[..first]);
    for character in text[first..].chars() {
        if refused(character) {
            push_visible(character, &mut clean);
        } else {
            clean.push(character);
        }
    }
    Cow::Owned(clean)
}

/// C0 characters and delete have pictures of their own; the rest is shown by number.
fn push_visible(character: char, clean: &mut String) {
    let code = u32::from(character);
    let picture = match code {
        0..=0x1F => char::from_u32(0x2400 + code),
        0x7F => Some('\u{2421}'),
        _ => None,
    };
    if let Some(picture) = picture {
        clean.push(picture);
    } else {
        // Writing to a string does not fail.
        let _ = write!(clean, "<U+{code:04X}>");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shows_what_it_replaces() {
        assert_eq!(clean_terminal("\u{1b}[31mred\u{7f}\r\n\tx"), "␛[31mred␡␍\n\tx");
        assert_eq!(
            clean_terminal("abc\u{202e}cba\u{2066}\u{9b}"),
            "abc<U+202E>cba<U+2066><U+009B>"
        );
        assert_eq!(clean_terminal_line("one\ntwo\tthree"), "one␊two␉three");
        assert_eq!(
            xml_text("a\u{0}b\u{fffe}c\u{ffff}d\u{b}"),
            "a␀b<U+FFFE>c<U+FFFF>d␋"
        );
    }

    #[test]
    fn leaves_honest_text_alone() {
        let text = "çağrı שלום\u{200f} مرحبا 👩\u{200d}🚀 ]]> & <b>\n";
        for clean in [clean_terminal(text), xml_text(text)] {
            assert!(matches!(clean, Cow::Borrowed(same) if same == text));
        }
    }

    fn any_text() -> impl Strategy<Value = String> {
        let nasty = prop_oneof![
            any::<char>(),
            (0_u32..0xA0).prop_filter_map("char", char::from_u32),
            (0x2028_u32..0x206F).prop_filter_map("char", char::from_u32),
            (0xFFF0_u32..=0xFFFF).prop_filter_map("char", char::from_u32),
        ];
        prop::collection::vec(nasty, 0..40).prop_map(|characters| characters.into_iter().collect())
    }

    fn takes_over(character: char) -> bool {
        let control = character.is_control() && character != '\n' && character != '\t';
        control
            || ('\u{202A}'..='\u{202E}').contains(&character)
            || ('\u{2066}'..='\u{2069}').contains(&character)
    }

    fn is_xml_character(character: char) -> bool {
        matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
    }

    proptest! {
        #[test]
        fn nothing_unsafe_is_left(text in any_text()) {
            let clean = clean_terminal(&text);
            prop_assert!(!clean.chars().any(takes_over));
            prop_assert!(!clean_terminal_line(&text).chars().any(char::is_control));
            prop_assert!(xml_text(&text).chars().all(is_xml_character));
        }

        #[test]
        fn cleaning_again_changes_nothing(text in any_text()) {
            for clean in [clean_terminal, clean_terminal_line, xml_text] {
                let once = clean(&text).into_owned();
                prop_assert_eq!(clean(&once), once.as_str());
            }
        }
    }
}
