//! Dates and times, by language. The moment of every test is Friday 4 December 2020, 10:30.

use chrono::TimeZone;
use proptest::prelude::*;

use super::*;

mod combined;

fn values(kind: SystemType, language: &str, text: &str) -> Vec<String> {
    let now = chrono_tz::America::Los_Angeles
        .with_ymd_and_hms(2020, 12, 4, 10, 30, 0)
        .unwrap();
    let context = EntityContext {
        language,
        now,
        session_entities: &[],
    };
    let text = Text::new(text);
    find(kind, &text, &context)
        .into_iter()
        .map(|candidate| render(&candidate.value))
        .collect()
}

/// `2020-12-04`, `10:30`, both, or two of them with `..` between.
fn render(value: &Value) -> String {
    let number = |name: &str| {
        value
            .get(name)
            .and_then(Value::as_f64)
            .map(|number| format!("{number:02}"))
    };
    for unit in ["Date", "Time", "DateTime"] {
        if let (Some(start), Some(end)) = (value.get(format!("start{unit}")), value.get(format!("end{unit}")))
        {
            return format!("{}..{}", render(start), render(end));
        }
    }
    let date =
        number("year").map(|year| format!("{year}-{}-{}", number("month").unwrap(), number("day").unwrap()));
    let time = number("hours").map(|hours| format!("{hours}:{}", number("minutes").unwrap()));
    [date, time].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn check(kind: SystemType, language: &str, table: &[(&str, &str)]) {
    for (text, expected) in table {
        let found = values(kind, language, text).join(", ");
        assert_eq!(found, *expected, "{language} {kind:?} {text:?}");
    }
}

#[test]
fn english_days() {
    check(
        SystemType::Date,
        "en",
        &[
            ("today", "2020-12-04"),
            ("tomorrow!", "2020-12-05"),
            ("the day after tomorrow", "2020-12-06"),
            ("yesterday", "2020-12-03"),
            ("Mar 5", "2021-03-05"),
            ("Dec 24", "2020-12-24"),
            ("26th dec", "2020-12-26"),
            ("December 4th", "2020-12-04"),
            ("My birthday is October 22 1982.", "1982-10-22"),
            ("Oct 22 1887", "1887-10-22"),
            ("22nd of october, 2023", "2023-10-22"),
            ("the twenty second of October", "2021-10-22"),
            ("october twenty-second", "2021-10-22"),
            ("10/22/1998", "1998-10-22"),
            ("22/10/1998", "1998-10-22"),
            ("10/22/98", "1998-10-22"),
            ("2020-10-22", "2020-10-22"),
            ("12/5", "2020-12-05"),
            ("Friday", "2020-12-04"),
            ("on friday", "2020-12-04"),
            ("next friday", "2020-12-11"),
            ("Thursday", "2020-12-10"),
            ("this Saturday", "2020-12-05"),
            ("on monday please", "2020-12-07"),
            ("next sunday", "2020-12-06"),
            ("last friday", "2020-11-27"),
            ("tuesday next week", "2020-12-08"),
            ("next week tuesday", "2020-12-08"),
            ("in two weeks", "2020-12-18"),
            ("3 days from now", "2020-12-07"),
            ("a week ago", "2020-11-27"),
            ("next month 10th", "2021-01-10"),
            ("next to next month 15th", "2021-01-15"),
            ("the 10th of next month", "2021-01-10"),
            ("the 22nd", "2020-12-22"),
            ("christmas eve", "2020-12-24"),
            ("Christmas day", "2020-12-25"),
            ("thanksgiving", "2021-11-25"),
            ("easter 2021", "2021-04-04"),
            ("tomorrow at 5pm", "2020-12-05"),
            ("from June 5 to June 10", "2021-06-05, 2021-06-10"),
            ("friday, dec 11th", "2020-12-11"),
        ],
    );
}

#[test]
fn days_as_other_languages_say_them() {
    for (language, text, expected) in [
        ("es", "el 25", "2020-12-25"),
        ("es", "el 25 por ciento", ""),
        ("pt", "dia 25", "2020-12-25"),
        ("fr", "le 25", "2020-12-25"),
        ("de", "am 25.", "2020-12-25"),
        ("de", "25.12.", "2020-12-25"),
        ("pl", "25.12", "2020-12-25"),
        ("pl", "za tydzień", "2020-12-11"),
        ("tr", "25.12", "2020-12-25"),
        ("en", "3.5", ""),
    ] {
        check(SystemType::Date, language, &[(text, expected)]);
    }
}

#[test]
fn the_part_of_the_day_before_the_time() {
    for (language, text, expected) in [
        ("en", "in the evening at 8", "20:00"),
        ("en", "tonight at 8", "20:00"),
        ("de", "abends um 8", "20:00"),
        ("pl", "wieczorem o 8", "20:00"),
        ("pl", "o 17.30", "17:30"),
        ("tr", "akşam 5", "17:00"),
        ("tr", "sabah 9", "09:00"),
        ("tr", "akşam 8 buçuk", "20:30"),
        ("tr", "gece 2", "02:00"),
        ("tr", "öğleden sonra 3", "15:00"),
        ("pt", "cinco e quinze", "05:15"),
    ] {
        check(SystemType::Time, language, &[(text, expected)]);
    }
    for (language, text, expected) in [
        ("en", "tonight at 8", "2020-12-04 20:00"),
        ("en", "next friday at noon", "2020-12-11 12:00"),
        ("en", "tomorrow evening at 8", "2020-12-05 20:00"),
        ("es", "mañana a las 5", "2020-12-05 05:00"),
        ("de", "morgen um 9", "2020-12-05 09:00"),
    ] {
        check(SystemType::DateTime, language, &[(text, expected)]);
    }
}

#[test]
fn what_is_no_day() {
    let texts = [
        "10",
        "oct 32 2020",
        "32nd october",
        "november 31 2020",
        "sept 33 1998",
        "October 1982",
        "next month",
        "next week",
        "next year",
        "may",
        "I may come",
        "sund",
        "5pm",
        "1234567",
        "my id is 123456",
        "3.5",
        "one second",
        "the second one",
        "",
    ];
    for text in texts {
        assert_eq!(
            values(SystemType::Date, "en", text),
            Vec::<String>::new(),
            "{text}"
        );
    }
}

#[test]
fn english_times() {
    check(
        SystemType::Time,
        "en",
        &[
            ("2pm", "14:00"),
            ("I would like to leave at 5pm", "17:00"),
            ("5 p.m.", "17:00"),
            ("12 am", "00:00"),
            ("9:30", "21:30"),
            ("11:45", "11:45"),
            ("9:30 am", "09:30"),
            ("5:30pm", "17:30"),
            ("16:30", "16:30"),
            ("09:15", "09:15"),
            ("1400", "14:00"),
            ("09", "09:00"),
            ("15", "15:00"),
            ("at 9", "21:00"),
            ("3 o'clock", "15:00"),
            ("half past six", "18:30"),
            ("quarter to five in the afternoon", "16:45"),
            ("ten past 11", "11:10"),
            ("six thirty pm", "18:30"),
            ("noon", "12:00"),
            ("tomorrow at 3 o clock", "15:00"),
            ("in 2 hours", "12:30"),
            ("9m", ""),
            ("1m", ""),
            ("25:00", ""),
            ("99", ""),
            ("for 2 people", ""),
            ("I have 2 bags", ""),
            ("any airport works", ""),
        ],
    );
}

#[test]
fn english_moments_and_spans() {
    check(
        SystemType::DateTime,
        "en",
        &[
            ("I am free tomorrow at 2pm", "2020-12-05 14:00"),
            ("free tomo at 5pm", "2020-12-05 17:00"),
            ("tomo at 3 o clock", "2020-12-05 03:00"),
            ("5pm on friday", "2020-12-04 17:00"),
            ("tomorrow", "2020-12-05"),
            ("tomorrow 3 to 4", "2020-12-05 03:00..2020-12-05 04:00"),
            ("tomorrow between 2 and 3", "2020-12-05 02:00..2020-12-05 03:00"),
            (
                "tomorrow between 2pm to 3pm",
                "2020-12-05 14:00..2020-12-05 15:00",
            ),
            ("next year", "2021-01-01..2021-12-31"),
            ("available on Tuesday?", "2020-12-08"),
            ("at 4pm", "2020-12-04 16:00"),
            ("9am", "2020-12-05 09:00"),
            ("in 3 hours", "2020-12-04 13:30"),
        ],
    );
    check(
        SystemType::DatePeriod,
        "en",
        &[
            ("from June 5 to June 10", "2021-06-05..2021-06-10"),
            ("June 5th - 10th", "2021-06-05..2021-06-10"),
            ("5 to 10 June 2022", "2022-06-05..2022-06-10"),
            ("Dec 24th to Jan 3rd", "2020-12-24..2021-01-03"),
            ("between monday and wednesday", "2020-12-07..2020-12-09"),
            ("from sunday to tuesday", "2020-12-06..2020-12-08"),
            ("next week", "2020-12-07..2020-12-13"),
            ("this month", "2020-12-01..2020-12-31"),
            ("October 2020", "2020-10-01..2020-10-31"),
            ("the next two weeks", "2020-12-04..2020-12-18"),
            ("next weekend", "2020-12-05..2020-12-06"),
            ("2019", "2019-01-01..2019-12-31"),
            ("it was in 2019", "2019-01-01..2019-12-31"),
            ("room 2019", ""),
            ("tomorrow", ""),
        ],
    );
    check(
        SystemType::TimePeriod,
        "en",
        &[
            ("from 2 to 4 pm", "14:00..16:00"),
            ("9am-5pm", "09:00..17:00"),
            ("in the morning", "08:00..12:00"),
            ("2pm", ""),
        ],
    );
}

#[test]
fn other_languages() {
    check(
        SystemType::Date,
        "es",
        &[
            ("hoy", "2020-12-04"),
            ("Pasado mañana", "2020-12-06"),
            ("el próximo viernes", "2020-12-11"),
            ("el viernes que viene", "2020-12-11"),
            ("el 3 de mayo", "2021-05-03"),
            ("3 de mayo de 1990", "1990-05-03"),
            ("veintitrés de abril", "2021-04-23"),
            ("hace dos semanas", "2020-11-20"),
            ("5/12/2020", "2020-12-05"),
            ("la semana que viene", ""),
        ],
    );
    check(
        SystemType::DateTime,
        "es",
        &[("mañana a las 5 de la tarde", "2020-12-05 17:00")],
    );
    check(
        SystemType::Time,
        "es",
        &[
            ("a las cinco y media", "05:30"),
            ("las 8 menos cuarto", "07:45"),
            ("a las 20:15", "20:15"),
        ],
    );
    check(
        SystemType::Date,
        "pl",
        &[
            ("24 grudnia", "2020-12-24"),
            ("24 grudnia 2021", "2021-12-24"),
            ("jutro", "2020-12-05"),
            ("w piątek", "2020-12-04"),
            ("za dwa tygodnie", "2020-12-18"),
        ],
    );
    check(
        SystemType::Time,
        "pl",
        &[
            ("osiemnasta zero zero", "18:00"),
            ("o osiemnastej", "18:00"),
            ("9:30", "09:30"),
            ("9", "09:00"),
        ],
    );
    check(
        SystemType::Date,
        "tr",
        &[
            ("yarın", "2020-12-05"),
            ("15 Ağustos 2021", "2021-08-15"),
            ("bugün", "2020-12-04"),
            ("gelecek cuma", "2020-12-11"),
            ("iki hafta sonra", "2020-12-18"),
        ],
    );
    check(
        SystemType::Time,
        "tr",
        &[("saat 3", "03:00"), ("saat on dört buçuk", "14:30")],
    );
}

#[test]
fn more_languages() {
    check(
        SystemType::Date,
        "fr",
        &[
            ("après-demain", "2020-12-06"),
            ("le 14 juillet 2021", "2021-07-14"),
            ("vendredi prochain", "2020-12-11"),
            ("le 1er mai", "2021-05-01"),
            ("dans deux semaines", "2020-12-18"),
            ("il y a trois jours", "2020-12-01"),
        ],
    );
    check(
        SystemType::Time,
        "fr",
        &[
            ("à 15h30", "15:30"),
            ("à 8 heures du soir", "20:00"),
            ("midi", "12:00"),
            ("six heures et quart", "06:15"),
        ],
    );
    check(
        SystemType::Date,
        "de",
        &[
            ("übermorgen", "2020-12-06"),
            ("am 3. Mai 2021", "2021-05-03"),
            ("nächsten Freitag", "2020-12-11"),
            ("3.5.2021", "2021-05-03"),
            ("vor zwei Wochen", "2020-11-20"),
            ("Heiligabend", "2020-12-24"),
        ],
    );
    check(
        SystemType::Time,
        "de",
        &[
            ("um 15 Uhr", "15:00"),
            ("halb sechs", "05:30"),
            ("um 8 Uhr abends", "20:00"),
            ("Viertel nach 6", "06:15"),
        ],
    );
    check(
        SystemType::Date,
        "pt-br",
        &[
            ("amanhã", "2020-12-05"),
            ("depois de amanhã", "2020-12-06"),
            ("5 de maio de 2021", "2021-05-05"),
            ("próxima sexta", "2020-12-11"),
            ("vinte e três de abril", "2021-04-23"),
        ],
    );
    check(
        SystemType::Time,
        "pt-br",
        &[
            ("às 15h", "15:00"),
            ("às 3 da tarde", "15:00"),
            ("meio-dia", "12:00"),
        ],
    );
}

#[test]
fn languages_without_tables() {
    check(
        SystemType::Date,
        "it",
        &[
            ("domani", "2020-12-05"),
            ("dopodomani", "2020-12-06"),
            ("il 3 maggio 2021", "2021-05-03"),
            ("32 maggio", ""),
        ],
    );
    check(SystemType::Date, "xx", &[("tomorrow", "")]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn never_panics(text in "(next |last |to |half |[0-9]{1,5}|[:/.-]|pm|th|may |friday|of |week |morning |\\PC| ){0,14}") {
        for language in ["en", "es", "fr", "de", "pt", "pl", "tr"] {
            for kind in [SystemType::Date, SystemType::Time, SystemType::DateTime, SystemType::DatePeriod, SystemType::TimePeriod] {
                values(kind, language, &text);
            }
        }
    }
}
