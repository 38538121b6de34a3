//! Characters that must not reach a terminal or an XML file, and what is shown in their place. Every report uses
//! these functions and no others. Nothing vanishes: what is replaced stays visible as an escape (`\u{1b}`), so
//! that a reply full of control characters looks like one.

use std::borrow::Cow;

/// Text that is safe to print on a terminal: control characters and those that change the direction of text become
/// visible. Line breaks stay.
pub fn clean_terminal(text: &str) -> Cow<'_, str> {
    replace(text, |character| character != '\n' && is_unsafe(character))
}

/// As [`clean_terminal`], for text that must stay on one line: line breaks become visible, too.
pub fn clean_terminal_line(text: &str) -> Cow<'_, str> {
    replace(text, is_unsafe)
}

/// Text that an XML 1.0 document may hold (XML 1.0 section 2.2), without the control and bidirectional
/// characters that a terminal showing the file would obey, and without U+FFFE and U+FFFF. Tabs and line breaks
/// stay. Escaping markup is the XML writer's.
pub fn xml_text(text: &str) -> Cow<'_, str> {
    replace(text, |character| match character {
        '\n' | '\t' => false,
        '\u{FFFE}' | '\u{FFFF}' => true,
        other => is_unsafe(other),
    })
}

/// Control characters, line separators that are none to most tools, what changes the direction of text, and the
/// invisible tag characters.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
        )
        || matches!(character, '\u{2066}'..='\u{2069}' | '\u{E0000}'..='\u{E007F}')
}

fn replace(text: &str, refused: impl Fn(char) -> bool) -> Cow<'_, str> {
    let Some(first) = text.find(&refused) else {
        return Cow::Borrowed(text);
    };
    let mut clean = String::with_capacity(text.len() + 16);
    clean.push_str(&text[..first]);
    for character in text[first..].chars() {
        if refused(character) {
            clean.extend(character.escape_unicode());
        } else {
            clean.push(character);
        }
    }
    Cow::Owned(clean)
}

/// The text up to so many characters. Only what was redacted is cut: part of a secret is not known as one.
pub fn shorten(text: &mut String, most: usize) {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shows_what_it_replaces() {
        assert_eq!(
            clean_terminal("\u{1b}[31mred\u{7f}\r\n\tx"),
            "\\u{1b}[31mred\\u{7f}\\u{d}\n\\u{9}x"
        );
        assert_eq!(
            clean_terminal("abc\u{202e}cba\u{2066}\u{9b}"),
            r"abc\u{202e}cba\u{2066}\u{9b}"
        );
        assert_eq!(clean_terminal_line("one\ntwo\tthree"), r"one\u{a}two\u{9}three");
        assert_eq!(
            xml_text("a\u{0}b\u{fffe}c\u{ffff}d\u{b}\t\n"),
            "a\\u{0}b\\u{fffe}c\\u{ffff}d\\u{b}\t\n"
        );
    }

    #[test]
    fn leaves_honest_text_alone() {
        let text = "çağrı שלום مرحبا 👩\u{200d}🚀 ]]> & <b>\n";
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
        let control = character.is_control() && character != '\n';
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
