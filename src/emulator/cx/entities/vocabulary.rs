//! System types whose values are a list of words: colours and languages (cx-runtime 13). An agent may add entries of
//! its own.

use std::sync::OnceLock;

use super::system::SystemType;
use super::text::{Candidate, Text};
use super::trie::WordTrie;
use crate::emulator::cx::words::words;

/// A list of names: what results carry, then other names.
#[derive(Debug)]
struct Names {
    trie: WordTrie,
    canonical: Vec<&'static str>,
}

impl Names {
    fn new(list: &'static str) -> Self {
        let mut this = Self {
            trie: WordTrie::default(),
            canonical: Vec::new(),
        };
        for entry in list.split(';').map(str::trim) {
            let Ok(payload) = u32::try_from(this.canonical.len()) else {
                break;
            };
            for name in entry.split('|') {
                let found = words(name);
                this.trie
                    .insert(found.iter().map(|word| word.text.as_str()), payload);
            }
            this.canonical.extend(entry.split('|').next());
        }
        this
    }
}

/// Values of a kind in the text.
pub(super) fn find(kind: SystemType, text: &Text<'_>) -> Vec<Candidate> {
    static COLOURS: OnceLock<Names> = OnceLock::new();
    static LANGUAGES: OnceLock<Names> = OnceLock::new();
    let names = match kind {
        SystemType::Color => COLOURS.get_or_init(|| Names::new(COLOUR_NAMES)),
        _ => LANGUAGES.get_or_init(|| Names::new(LANGUAGE_NAMES)),
    };
    let starts = 0..text.words.len();
    let longest = starts.filter_map(|start| {
        let (length, payload) = names.trie.prefixes(text.normal(start..text.words.len())).pop()?;
        let value = *names.canonical.get(payload as usize)?;
        Some(Candidate::exact(text.bytes(start..start + length)?, value))
    });
    longest.collect()
}

const COLOUR_NAMES: &str = "\
amber;aqua;aquamarine;azure;beige|beż|bej;black|negro|preto|noir|noire|schwarz|czarny|czarna|siyah;\
blue|azul|bleu|bleue|blau|niebieski|niebieska|mavi;bronze;brown|marrón|café|castanho|marrom|brun|marron|braun|brązowy|kahverengi;\
burgundy;charcoal;chartreuse;chocolate;copper;coral;cream;crimson;cyan;dark blue;dark green;dark red;fuchsia;\
gold|dorado|dourado|doré|golden|złoty|altin;gray|grey|gris|cinza|grau|szary|gri;\
green|verde|vert|verte|grün|zielony|zielona|yeşil;indigo;ivory;jade;khaki;lavender;light blue|celeste;light green;lilac;lime;magenta;maroon;\
mauve;mint;mustard;navy|navy blue;olive;orange|naranja|laranja|orangé|pomarańczowy|turuncu;peach;pink|rosa|rose|różowy|pembe;plum;\
purple|morado|roxo|pourpre|lila|fioletowy|mor;red|rojo|roja|vermelho|rouge|rot|czerwony|czerwona|kirmizi;rust;salmon;sand;scarlet;\
silver|plateado|prateado|argenté|silbern|srebrny|gümüş;sky blue;tan;taupe;teal;terracotta;turquoise|turquesa|türkis|turkusowy|turkuaz;\
violet|violeta|violett|violette;white|blanco|blanca|branco|blanc|blanche|weiß|weiss|biały|biała|beyaz;\
yellow|amarillo|amarelo|jaune|gelb|żółty|żółta|sari";

const LANGUAGE_NAMES: &str = "\
Afrikaans;Albanian;Amharic;Arabic|árabe|arabe|arabisch|arabski|arapça;Armenian;Azerbaijani;Basque;Belarusian;Bengali|bangla;Bosnian;\
Bulgarian;Burmese;Catalan|catalán;Cantonese;Chinese|mandarin|chino|chinês|chinois|chinesisch|chiński|çince;Croatian;\
Czech|checo|tchèque|tschechisch|czeski;Danish|danés;Dutch|holandés|néerlandais|niederländisch|flemish;\
English|inglés|ingles|inglês|anglais|englisch|angielski|ingilizce;Esperanto;Estonian;Filipino|tagalog;Finnish|finlandés;\
French|francés|frances|francês|français|französisch|francuski|fransizca;Galician;Georgian;\
German|alemán|aleman|alemão|allemand|deutsch|niemiecki|almanca;Greek|griego|grego|grec|griechisch;Gujarati;Haitian Creole;Hausa;Hebrew|hebreo;\
Hindi|hindí;Hungarian|húngaro;Icelandic;Igbo;Indonesian|bahasa;Irish|gaelic;Italian|italiano|italien|italienisch|włoski|italyanca;\
Japanese|japonés|japonês|japonais|japanisch|japoński|japonca;Javanese;Kannada;Kazakh;Khmer;Korean|coreano|coréen|koreanisch|korece;Kurdish;\
Lao;Latin;Latvian;Lithuanian;Macedonian;Malay;Malayalam;Maltese;Maori;Marathi;Mongolian;Nepali;Norwegian|noruego;Pashto;Persian|farsi;\
Polish|polaco|polonais|polnisch|polski|lehçe;Portuguese|portugués|português|portugais|portugiesisch|portugalski|portekizce;Punjabi;\
Romanian|rumano;Russian|ruso|russo|russe|russisch|rosyjski|rusça;Serbian;Sinhala;Slovak;Slovenian;Somali;\
Spanish|español|espanol|espanhol|espagnol|spanisch|hiszpański|ispanyolca|castellano;Swahili;Swedish|sueco|suédois|schwedisch;Tamil;Telugu;\
Thai;Tibetan;Turkish|turco|turc|türkisch|turecki|türkçe;Ukrainian|ucraniano|ukrainisch|ukraiński;Urdu;Uzbek;Vietnamese;Welsh;Xhosa;\
Yiddish;Yoruba;Zulu";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_any_spelling() {
        for (kind, text, expected) in [
            (
                SystemType::Color,
                "the dark blue one or rojo",
                &["dark blue", "blue", "red"][..],
            ),
            (SystemType::Language, "do you speak Deutsch", &["German"]),
            (SystemType::Language, "hsldjf", &[]),
        ] {
            let values: Vec<String> = find(kind, &Text::new(text))
                .into_iter()
                .map(|found| found.value.as_str().unwrap().to_owned())
                .collect();
            assert_eq!(values, expected, "{text}");
        }
    }
}
