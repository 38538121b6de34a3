//! Days and times of which more than one part is said. Still Friday 4 December 2020, 10:30.

use super::*;

#[test]
fn weekdays_with_a_day() {
    for (language, text, expected) in [
        ("en", "friday the 11th", "2020-12-11"),
        ("en", "friday 11th", "2020-12-11"),
        ("en", "Friday, the 11th", "2020-12-11"),
        ("en", "friday the eleventh", "2020-12-11"),
        ("en", "next friday the 11th", "2020-12-11"),
        ("en", "this friday the 11th", "2020-12-11"),
        ("en", "last friday the 13th", "2020-11-13"),
        ("en", "friday 18", "2020-12-18"),
        ("en", "friday the 18th at 5pm", "2020-12-18"),
        ("en", "monday 12/14", "2020-12-14"),
        ("en-gb", "monday 14/12", "2020-12-14"),
        ("en", "mon 12/14/2020", "2020-12-14"),
        ("en", "the 14th, a monday", "2020-12-14"),
        ("en", "14 december monday", "2020-12-14"),
        ("en", "tomorrow (saturday)", "2020-12-05"),
        ("en", "the 14th and friday", "2020-12-14, 2020-12-04"),
        // The month in which the day is such a weekday, if one is near.
        ("en", "monday the 11th", "2021-01-11"),
        ("en", "monday the 10th", "2020-12-10"),
        ("en", "friday the 32nd", "2020-12-04"),
        // A number that may be an hour, an amount or the start of a span.
        ("en", "friday 5", "2020-12-04"),
        ("en", "friday 11", "2020-12-11"),
        ("en", "friday 18:30", "2020-12-04"),
        ("en", "friday 11 am", "2020-12-04"),
        ("en", "friday 15 people", "2020-12-04"),
        ("en", "friday 11 to 12", "2020-12-04"),
        ("es", "el viernes 11", "2020-12-11"),
        ("es", "viernes once", "2020-12-11"),
        ("es", "el viernes 18 a las 5", "2020-12-18"),
        ("es", "viernes 5 personas", "2020-12-04"),
        ("pt", "sexta-feira, 11", "2020-12-11"),
        ("fr", "le vendredi 11", "2020-12-11"),
        ("de", "am Freitag, den 11.", "2020-12-11"),
        ("de", "Freitag der elfte", "2020-12-11"),
        ("de", "Fr 11.12.", "2020-12-11"),
        ("pl", "w piątek jedenastego", "2020-12-11"),
        ("tr", "11 aralık cuma", "2020-12-11"),
    ] {
        check(SystemType::Date, language, &[(text, expected)]);
    }
    for (language, text, expected) in [
        ("fr", "vendredi 18 à 17h", "2020-12-18 17:00"),
        ("fr", "vendredi 9 à 11", "2020-12-04 09:00..2020-12-04 11:00"),
        ("pt", "sexta-feira 18 às 17:00", "2020-12-18 17:00"),
        ("de", "Freitag 13 Uhr", "2020-12-04 13:00"),
        ("pl", "w piątek o 13", "2020-12-04 13:00"),
        ("es", "el 15 a las 10", "2020-12-15 10:00"),
        ("es", "el quince a las cinco", "2020-12-15 05:00"),
        ("pt", "dia 15 às 10h", "2020-12-15 10:00"),
        (
            "es",
            "el viernes 18 por la noche",
            "2020-12-18 20:00..2020-12-18 23:59",
        ),
    ] {
        check(SystemType::DateTime, language, &[(text, expected)]);
    }
    for (text, expected) in [
        ("friday the 18th at 5pm", "2020-12-18 17:00"),
        ("friday 18th from 2 to 4 pm", "2020-12-18 14:00..2020-12-18 16:00"),
        ("friday 11 to 12", "2020-12-04 11:00..2020-12-04 12:00"),
        ("friday 5", "2020-12-04 05:00"),
        ("monday 9-5", "2020-12-07 09:00..2020-12-07 17:00"),
    ] {
        check(SystemType::DateTime, "en", &[(text, expected)]);
    }
}

#[test]
fn days_by_other_days() {
    for (language, text, expected) in [
        ("en", "a week from friday", "2020-12-11"),
        ("en", "two weeks from monday", "2020-12-21"),
        ("en", "week from today", "2020-12-11"),
        ("en", "a week from tomorrow", "2020-12-12"),
        ("en", "a week on monday", "2020-12-14"),
        ("en", "monday week", "2020-12-14"),
        ("en", "2 days after tomorrow", "2020-12-07"),
        ("en", "the day after christmas", "2020-12-26"),
        ("en", "two days before christmas", "2020-12-23"),
        ("en", "in a couple of days", "2020-12-06"),
        ("en", "friday in two weeks", "2020-12-18"),
        ("es", "dos días después de mañana", "2020-12-07"),
        ("es", "el viernes en dos semanas", "2020-12-18"),
        ("de", "heute in einer Woche", "2020-12-11"),
        ("de", "Montag in einer Woche", "2020-12-14"),
        ("de", "zwei Tage vor Weihnachten", "2020-12-23"),
        ("pt", "dois dias antes do natal", "2020-12-23"),
        ("fr", "deux jours après noël", "2020-12-27"),
        ("en", "first monday of april", "2021-04-05"),
        ("en", "the first tuesday in december", "2021-12-07"),
        ("en", "the last friday of the month", "2020-12-25"),
        ("en", "2nd tuesday of next month", "2021-01-12"),
        ("en", "the last day of february", "2021-02-28"),
        ("en", "fifth friday of february 2021", ""),
        ("en", "last monday may I come", "2020-11-30"),
        ("es", "el primer lunes de abril", "2021-04-05"),
        ("es", "el último día del mes", "2020-12-31"),
        ("fr", "le premier lundi d'avril", "2021-04-05"),
        ("de", "der erste Montag im April", "2021-04-05"),
        ("pt", "a primeira segunda de abril", "2021-04-05"),
        ("pl", "pierwszy poniedziałek kwietnia", "2021-04-05"),
    ] {
        check(SystemType::Date, language, &[(text, expected)]);
    }
    for text in ["16.-20. März", "vom 16. bis zum 20. März", "16.03. - 20.03.2021"] {
        check(SystemType::DatePeriod, "de", &[(text, "2021-03-16..2021-03-20")]);
    }
    for (text, expected) in [
        ("the week of march 9", "2021-03-08..2021-03-14"),
        ("weekend of the 12th", "2020-12-12..2020-12-13"),
    ] {
        check(SystemType::DatePeriod, "en", &[(text, expected)]);
    }
}

#[test]
fn days_and_years_in_words() {
    for (language, text, expected) in [
        ("en", "december twenty fifth nineteen ninety", "1990-12-25"),
        ("en", "january first nineteen eighty five", "1985-01-01"),
        ("en", "June fifth twenty oh six", "2006-06-05"),
        ("en", "june fifth two thousand and one", "2001-06-05"),
        ("en", "june fifth twenty twenty one", "2021-06-05"),
        ("en", "the twentieth at noon", "2020-12-20"),
        ("es", "el quince de marzo de dos mil veintiséis", "2026-03-15"),
        ("es", "el quince", "2020-12-15"),
        ("es", "la una", ""),
        ("fr", "le 3 avril deux mille vingt-six", "2026-04-03"),
        ("pt", "dia quinze", "2020-12-15"),
        ("de", "am dreizehnten", "2020-12-13"),
        ("de", "am einundzwanzigsten März", "2021-03-21"),
        ("pl", "piętnastego", "2020-12-15"),
        ("tr", "ayın 15'i", "2020-12-15"),
        ("tr", "ayın on beşi", "2020-12-15"),
    ] {
        check(SystemType::Date, language, &[(text, expected)]);
    }
}

#[test]
fn moments_of_machines() {
    for language in ["en", "de", "pl", "it", "xx"] {
        for (text, expected) in [
            ("2021-03-15T10:00:00", "2021-03-15 10:00"),
            ("2021-03-15t10:00", "2021-03-15 10:00"),
            ("20210315T100000", "2021-03-15 10:00"),
            // Daylight saving has begun by then: seven hours behind Greenwich.
            ("2021-03-15T10:00:00Z", "2021-03-15 03:00"),
            ("2021-03-15T10:00:00.5+02:00", "2021-03-15 01:00"),
            ("2021-03-15 10:00:00-0700", "2021-03-15 10:00"),
            (
                "2021-03-15T10:00 2021-03-16T11:30",
                "2021-03-15 10:00, 2021-03-16 11:30",
            ),
        ] {
            check(SystemType::DateTime, language, &[(text, expected)]);
        }
        check(
            SystemType::Date,
            language,
            &[("2021-03-15T10:00:00", "2021-03-15")],
        );
        check(SystemType::Time, language, &[("2021-03-15T10:00:00", "10:00")]);
        check(SystemType::DatePeriod, language, &[("2021-03-15T10:00:00", "")]);
    }
    check(
        SystemType::DateTime,
        "en",
        &[("2021-03-15 10:00", "2021-03-15 10:00")],
    );
    check(
        SystemType::DateTime,
        "en",
        &[("2021-03-15 10:00 pm", "2021-03-15 22:00")],
    );
    check(SystemType::Date, "en", &[("2021-02-30T10:00:00", "")]);
}

#[test]
fn parts_of_a_day_are_spans() {
    for (language, text, expected) in [
        ("en", "this evening", "2020-12-04 16:00..2020-12-04 20:00"),
        ("en", "tonight", "2020-12-04 20:00..2020-12-04 23:59"),
        ("en", "last night", "2020-12-03 20:00..2020-12-03 23:59"),
        ("en", "tomorrow night", "2020-12-05 20:00..2020-12-05 23:59"),
        ("en", "tonight at 8", "2020-12-04 20:00"),
        (
            "en",
            "tonight between 7 and 8",
            "2020-12-04 19:00..2020-12-04 20:00",
        ),
        (
            "en",
            "the morning of december 9",
            "2020-12-09 08:00..2020-12-09 12:00",
        ),
        ("es", "esta noche", "2020-12-04 20:00..2020-12-04 23:59"),
        ("es", "mañana", "2020-12-05"),
        ("de", "heute Abend", "2020-12-04 16:00..2020-12-04 20:00"),
        ("de", "morgen", "2020-12-05"),
        ("fr", "ce soir", "2020-12-04 16:00..2020-12-04 20:00"),
        ("pt", "hoje à noite", "2020-12-04 20:00..2020-12-04 23:59"),
        ("pl", "dziś wieczorem", "2020-12-04 16:00..2020-12-04 20:00"),
        ("tr", "bu akşam", "2020-12-04 16:00..2020-12-04 20:00"),
    ] {
        check(SystemType::DateTime, language, &[(text, expected)]);
    }
    check(SystemType::Date, "en", &[("tonight", "2020-12-04")]);
    check(SystemType::TimePeriod, "en", &[("from 9 to 5", "09:00..17:00")]);
    check(
        SystemType::TimePeriod,
        "es",
        &[("entre las 5 y 6", "05:00..06:00")],
    );
}

#[test]
fn times_by_their_minutes() {
    for (language, text, expected) in [
        ("en", "five oh five", "17:05"),
        ("en", "five thirty two pm", "17:32"),
        ("en", "2 thirty", "14:30"),
        ("en", "2 thirty dollar bills", ""),
        ("en", "5ish", "17:00"),
        ("en", "around 5 ish", "17:00"),
        ("en", "9.15", "21:15"),
        ("en", "twenty to five", "16:40"),
        ("en", "6 this evening", "18:00"),
        ("en", "in half an hour", "11:00"),
        ("en", "in an hour and a half", "12:00"),
        ("en", "in 1 hour and 15 minutes", "11:45"),
        ("en", "45 minutes ago", "09:45"),
        ("de", "fünf nach halb sechs", "05:35"),
        ("de", "fünf vor halb sechs", "05:25"),
        ("de", "dreiviertel sechs", "05:45"),
        ("de", "in anderthalb Stunden", "12:00"),
        ("es", "quince para las seis", "05:45"),
        ("es", "un cuarto para las ocho", "07:45"),
        ("es", "ocho y treinta y cinco", "08:35"),
        ("es", "dentro de media hora", "11:00"),
        ("es", "cinco menos diez", "04:50"),
        ("es", "las 12 de la noche", "00:00"),
        ("es", "las 10 de la noche", "22:00"),
        ("en", "12 at night", "00:00"),
        ("en", "9 at night", "21:00"),
        ("pt", "quinze para as seis", "05:45"),
        ("fr", "midi et demi", "12:30"),
        ("fr", "minuit et quart", "00:15"),
        ("pl", "za kwadrans szósta", "05:45"),
        ("pl", "za dziesięć ósma", "07:50"),
        ("pl", "za pół godziny", "11:00"),
        ("tr", "beşi çeyrek geçe", "05:15"),
        ("tr", "altıya on var", "05:50"),
        ("tr", "8'e çeyrek kala", "07:45"),
        ("tr", "saat 8'de", "08:00"),
    ] {
        check(SystemType::Time, language, &[(text, expected)]);
    }
}

#[test]
fn days_that_the_calendar_does_not_have() {
    for (language, text, expected) in [
        ("en", "june 31st", ""),
        ("en", "June 31st 2027", ""),
        ("en", "the 31st of june", ""),
        ("en", "the thirty first of november", ""),
        ("en", "november thirty first", ""),
        ("en", "monday, june 31st", ""),
        ("en", "feb 30th", ""),
        ("en", "february 30, 2021", ""),
        ("en", "september 31st please", ""),
        ("en", "I come on june 31st or on friday", "2020-12-04"),
        ("en", "may thirty first", "2021-05-31"),
        ("en", "feb 29", "2024-02-29"),
        ("en", "the 31st", "2020-12-31"),
        ("de", "am 31. Juni", ""),
        ("de", "31.Juni", ""),
        ("de", "der 30. Februar", ""),
        ("de", "am 31.6.", ""),
        ("de", "am 31.06.2027", ""),
        ("de", "am 31. Mai", "2021-05-31"),
        ("de", "am 31.", "2020-12-31"),
        ("es", "el 31 de junio", ""),
        ("es", "el 31 de junio del 2027", ""),
        ("fr", "le 31 juin", ""),
        ("pt", "31 de junho", ""),
        ("pl", "31 czerwca", ""),
        ("pl", "30 lutego", ""),
    ] {
        check(SystemType::Date, language, &[(text, expected)]);
    }
    check(
        SystemType::Date,
        "en",
        &[("the 31st of next month", "2021-01-31")],
    );
    check(
        SystemType::DateTime,
        "en",
        &[
            ("june 31st at 5pm", ""),
            ("5pm on june 31st", ""),
            ("june 30th at 5pm", "2021-06-30 17:00"),
            ("at 5pm", "2020-12-04 17:00"),
        ],
    );
    check(SystemType::Time, "en", &[("june 31st at 5pm", "17:00")]);
    check(
        SystemType::DatePeriod,
        "en",
        &[
            ("from june 30 to july 4", "2021-06-30..2021-07-04"),
            ("june 31 until", ""),
        ],
    );
}

#[test]
fn spans_of_times_after_from() {
    check(
        SystemType::TimePeriod,
        "en",
        &[
            ("from 5 to 6 pm", "17:00..18:00"),
            ("from 10 to 6 pm", "10:00..18:00"),
            ("from 9 until 17", "09:00..17:00"),
            ("from 9 to 17", "09:00..17:00"),
            ("between 9 and 17", "09:00..17:00"),
            ("from 10 to 11", "22:00..23:00"),
            ("from ten to six to seven", "17:50..19:00"),
            ("from five to six am", "05:00..06:00"),
        ],
    );
    check(
        SystemType::Time,
        "en",
        &[("five to six", "17:55"), ("from 5 to 6 pm", "")],
    );
    check(
        SystemType::TimePeriod,
        "de",
        &[("von 9 bis 17 Uhr", "09:00..17:00")],
    );
    check(SystemType::TimePeriod, "es", &[("de 9 a 17", "09:00..17:00")]);
}
