//! German.

use super::Grain::{Day as Days, Hour, Minute, Month as Months, Second, Week, Year};
use super::Holiday::{Easter, Fixed};
use super::Part::{Afternoon, Evening, Morning, Night};
use super::Sense::{
    self, AfterDay, AgoBefore, Am, And, At, Before, BeforeDay, Between, Clock, Day, From, FromNow, Grain,
    HalfTo, Holiday, In, Last, Midnight, Month, Next, Noon, Now, Number, Of, On, Ordinal, Part, Past, Pm,
    Quarter, The, This, ThreeQuarters, To, Weekday, Weekend,
};

pub(super) const TABLE: &[(Sense, &str)] = &[
    (Month(1), "januar|jan|jänner"),
    (Month(2), "februar|feb|feber"),
    (Month(3), "märz|maerz|mär"),
    (Month(4), "april|apr"),
    (Month(5), "mai"),
    (Month(6), "juni|jun"),
    (Month(7), "juli|jul"),
    (Month(8), "august|aug"),
    (Month(9), "september|sep|sept"),
    (Month(10), "oktober|okt"),
    (Month(11), "november|nov"),
    (Month(12), "dezember|dez"),
    (Weekday(0), "montag|mo"),
    (Weekday(1), "dienstag|di"),
    (Weekday(2), "mittwoch|mi"),
    (Weekday(3), "donnerstag|do"),
    (Weekday(4), "freitag|fr"),
    (Weekday(5), "samstag|sonnabend|sa"),
    (Weekday(6), "sonntag|so"),
    (Day(0), "heute|heute abend|heute nacht"),
    (Part(Evening), "heute abend"),
    (Part(Night), "heute nacht"),
    (Day(1), "morgen"),
    (Day(2), "übermorgen|uebermorgen"),
    (Day(-1), "gestern"),
    (Day(-2), "vorgestern"),
    (Holiday(Fixed(12, 25)), "weihnachten|erster weihnachtstag"),
    (Holiday(Fixed(12, 24)), "heiligabend|heiliger abend"),
    (Holiday(Fixed(12, 31)), "silvester"),
    (Holiday(Fixed(1, 1)), "neujahr|neujahrstag"),
    (Holiday(Easter(0)), "ostern|ostersonntag"),
    (Holiday(Easter(1)), "ostermontag"),
    (Holiday(Easter(-2)), "karfreitag"),
    (Grain(Second), "sekunde|sekunden"),
    (Grain(Minute), "minute|minuten|min"),
    (Grain(Hour), "stunde|stunden|std"),
    (Grain(Days), "tag|tage|tagen"),
    (Grain(Week), "woche|wochen"),
    (Grain(Months), "monat|monate|monaten|monats"),
    (Grain(Year), "jahr|jahre|jahren|jahres"),
    (Weekend, "wochenende"),
    (
        Next,
        "nächster|nächste|nächsten|nächstes|nächstem|kommenden|kommende|kommender|kommendes",
    ),
    (This, "dieser|diese|diesen|dieses|diesem"),
    (Last, "letzter|letzte|letzten|letztes|vergangenen|vorigen|vorige"),
    (Of, "des|vom|im"),
    (The, "der|die|das|den|dem"),
    (On, "am|für den|zum"),
    (At, "um|gegen|ab"),
    (In, "in"),
    (AgoBefore, "vor"),
    (AfterDay, "nach|ab"),
    (BeforeDay, "vor"),
    (FromNow, "später"),
    (From, "von|vom|ab"),
    (To, "bis|bis zum"),
    (Between, "zwischen|zwischen dem"),
    (And, "und|und dem|bis"),
    (Am, "am|vormittags|morgens|früh|in der früh"),
    (Pm, "pm|nachmittags|abends"),
    (Clock, "uhr"),
    (HalfTo, "halb"),
    (ThreeQuarters, "dreiviertel|drei viertel"),
    (Quarter, "viertel"),
    (Past, "nach"),
    (Before, "vor"),
    (Noon, "mittag|mittags"),
    (Midnight, "mitternacht"),
    (
        Part(Morning),
        "morgen|vormittag|früh|morgens|vormittags|am vormittag",
    ),
    (Part(Afternoon), "nachmittag|nachmittags|am nachmittag"),
    (Part(Evening), "abend|abends|am abend"),
    (Part(Night), "nacht|nachts|in der nacht"),
    (Now, "jetzt|sofort"),
    (Number(0), "null"),
    (Number(1), "eins|ein|eine|einer|einem|einen"),
    (Number(2), "zwei|zwo"),
    (Number(3), "drei"),
    (Number(4), "vier"),
    (Number(5), "fünf"),
    (Number(6), "sechs"),
    (Number(7), "sieben"),
    (Number(8), "acht"),
    (Number(9), "neun"),
    (Number(10), "zehn"),
    (Number(11), "elf"),
    (Number(12), "zwölf"),
    (Number(13), "dreizehn"),
    (Number(14), "vierzehn"),
    (Number(15), "fünfzehn"),
    (Number(16), "sechzehn"),
    (Number(17), "siebzehn"),
    (Number(18), "achtzehn"),
    (Number(19), "neunzehn"),
    (Number(20), "zwanzig"),
    (Number(30), "dreißig|dreissig"),
    (Number(40), "vierzig"),
    (Number(50), "fünfzig|fuenfzig"),
    (Ordinal(1), "erster|ersten|erste"),
    (Ordinal(2), "zweiter|zweiten|zweite"),
    (Ordinal(3), "dritter|dritten|dritte"),
    (Ordinal(4), "vierter|vierten|vierte"),
    (Ordinal(5), "fünfter|fünften|fünfte"),
    (Ordinal(6), "sechster|sechsten|sechste"),
    (Ordinal(7), "siebter|siebten|siebte"),
    (Ordinal(8), "achter|achten|achte"),
    (Ordinal(9), "neunter|neunten|neunte"),
    (Ordinal(10), "zehnter|zehnten|zehnte"),
    (Ordinal(11), "elfter|elften|elfte"),
    (Ordinal(12), "zwölfter|zwölften|zwölfte"),
];

/// Numbers and ranks that are one word of several: `dreiundzwanzig`, `dreizehnter`, `einunddreißigsten`.
pub(super) fn compounds() -> Vec<(Sense, String)> {
    const UNITS: [&str; 9] = [
        "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun",
    ];
    const TENS: [(u32, &str); 5] = [
        (20, "zwanzig"),
        (30, "dreißig"),
        (30, "dreissig"),
        (40, "vierzig"),
        (50, "fünfzig"),
    ];
    const TEENS: [&str; 7] = ["drei", "vier", "fünf", "sech", "sieb", "acht", "neun"];
    let mut found = Vec::new();
    let mut rank = |number: u32, stem: String| {
        let endings = ["e", "en", "er"].map(|ending| (Ordinal(number), format!("{stem}{ending}")));
        found.extend(endings.into_iter().filter(|_| number <= 31));
    };
    for (number, unit) in (13..).zip(TEENS) {
        rank(number, format!("{unit}zehnt"));
    }
    for (ten, name) in TENS {
        rank(ten, format!("{name}st"));
        for (unit, before) in (1..).zip(UNITS) {
            rank(ten + unit, format!("{before}und{name}st"));
        }
    }
    for (ten, name) in TENS {
        let named = (1..)
            .zip(UNITS)
            .map(|(unit, before)| (Number(ten + unit), format!("{before}und{name}")));
        found.extend(named);
    }
    found
}
