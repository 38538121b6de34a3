//! System functions, each with what the reference says it answers.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use serde_json::json;

use super::*;
use crate::emulator::cx::parameters::Parameters;

struct Fixture {
    session: Parameters,
    random: Cell<u64>,
    records: RefCell<Vec<(String, Result<Value, String>)>>,
}

impl Environment for Fixture {
    fn lookup(&self, reference: &Reference) -> Option<Cow<'_, Value>> {
        self.session.resolve(&reference.path)
    }

    fn now(&self) -> DateTime<Tz> {
        chrono_tz::Europe::Berlin
            .with_ymd_and_hms(2026, 3, 2, 10, 30, 0)
            .unwrap()
    }

    fn random(&self) -> u64 {
        self.random
            .set(self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        self.random.get()
    }

    fn record(&self, call: &str, result: Result<&Value, &str>) {
        self.records
            .borrow_mut()
            .push((call.to_owned(), result.cloned().map_err(str::to_owned)));
    }
}

fn fixture() -> Fixture {
    let mut session = Parameters::default();
    for (name, value) in [
        ("n", json!(2.0)),
        ("city", json!("Rome")),
        ("list", json!(["a", "b", "a"])),
        ("numbers", json!([1, 2.0])),
        ("date", json!({"year": 2024, "month": 2, "day": 29})),
        (
            "time",
            json!({"hours": 16, "minutes": 0, "seconds": 0, "nanos": 0}),
        ),
        (
            "address",
            json!({"city": ["Rome", "Roma"], "inner": {"zip": "00100"}, "original": "in Rome"}),
        ),
        (
            "parts",
            json!({"all": [{"kind": "route", "text": "Via Appia"}, {"kind": "city", "text": "Rome"}]}),
        ),
    ] {
        session.set(name, value);
    }
    Fixture {
        session,
        random: Cell::new(0),
        records: RefCell::default(),
    }
}

fn call(text: &str) -> Value {
    let mut cursor = Cursor::new(text);
    let call = Call::read(&mut cursor, 0)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .unwrap();
    assert!(cursor.is_at_end(), "{text}: {}", cursor.rest());
    call.evaluate(&fixture())
}

fn check(cases: &[(&str, Value)]) {
    for (text, expected) in cases {
        let text = format!("$sys.func.{text}");
        assert_eq!(call(&text), *expected, "{text}");
    }
}

#[test]
fn numbers_are_calculated() {
    check(&[
        ("ADD($session.params.n, 1)", json!(3)),
        ("ADD(1,2, 3.5)", json!(6.5)),
        ("ADD(\"1\", 2)", json!(3)),
        ("ADD($session.params.gone, 1)", json!(null)),
        ("MINUS(1, 3)", json!(-2)),
        ("MULTIPLY(2, 3, 4)", json!(24)),
        ("DIVIDE(10, 3)", json!(3.333)),
        ("DIVIDE(10, 3, 1)", json!(3.3)),
        ("DIVIDE(1, 0)", json!(null)),
        ("ROUND(2.5)", json!(3)),
        ("ROUND(2.345, 2)", json!(2.35)),
        ("TO_NUMBER(\" 42 \")", json!(42)),
        ("TO_NUMBER(\"4x\")", json!(null)),
        ("MULTIPLY(1e300, 1e300)", json!(null)),
    ]);
    let random = call("$sys.func.RAND()").as_f64().unwrap();
    assert!((0.0..1.0).contains(&random));
    assert_eq!(call("$sys.func.rand()"), call("$sys.func.RAND()"), "seeded");
}

#[test]
fn lists_are_looked_into_and_changed() {
    check(&[
        ("COUNT($session.params.list)", json!(3)),
        ("COUNT($session.params.gone)", json!(0)),
        ("COUNT([1, [2, 3]])", json!(2)),
        ("GET($session.params.list, 1)", json!("b")),
        ("GET($session.params.list, 9)", json!(null)),
        ("GET($session.params.list, -1)", json!(null)),
        ("CONTAIN($session.params.list, b)", json!(true)),
        ("CONTAIN($session.params.numbers, 2)", json!(true)),
        ("CONTAIN($session.params.numbers, \"2\")", json!(true)),
        ("CONTAIN($session.params.gone, \"x\")", json!(false)),
        ("MATCH($session.params.list, \"b\")", json!(1)),
        ("MATCH($session.params.list, \"z\")", json!(-1)),
        ("APPEND($session.params.gone, \"x\")", json!(["x"])),
        ("APPEND([1], 2, [3, 4])", json!([1, 2, 3, 4])),
        ("REMOVE($session.params.list, [\"a\"])", json!(["b"])),
        ("REMOVE($session.params.list, b)", json!(["a", "a"])),
        ("UNIQUE($session.params.list)", json!(["a", "b"])),
        (
            "JOIN(\", \", $session.params.list, \" and \")",
            json!("a, b and a"),
        ),
        ("JOIN(\"\", $session.params.numbers)", json!("12")),
        ("JOIN(\"-\", $session.params.gone)", json!("")),
        ("SPLIT(\"a, b,c\", \",\\s*\")", json!(["a", "b", "c"])),
    ]);
}

#[test]
fn texts_are_taken_apart_and_put_together() {
    check(&[
        (
            "CONCATENATE(\"+\", $session.params.n, $session.params.city)",
            json!("+2Rome"),
        ),
        (
            "CONCATENATE(\"in $session.params.city, \", now)",
            json!("in Rome, now"),
        ),
        ("SUBSTITUTE(\"good\", \"d\", \"gle\")", json!("google")),
        ("SUBSTITUTE(\"1 2 3\", \" \", \"\")", json!("123")),
        ("SUBSTITUTE(\"a\", \"(\", \"\")", json!(null)),
        ("SUBSTITUTE(\"a.b\", \"\\.\", \"$1\")", json!("a$1b")),
        ("MID(\"google\", 4, 2)", json!("gl")),
        ("MID(\"google\", 0, 2)", json!(null)),
        ("LEN(\"café\")", json!(4)),
        ("LEN($session.params.gone)", json!(null)),
        ("LOWER(\"ÀB\")", json!("àb")),
        ("UPPER(word)", json!("WORD")),
        ("URL_ENCODE(\"a+b=c d*\")", json!("a%2Bb%3Dc+d*")),
        ("TO_TEXT($session.params.n)", json!("2")),
        ("TO_TEXT($session.params.date)", json!("2024-02-29")),
    ]);
    let id = call("$sys.func.UUID()");
    assert_eq!(id.as_str().unwrap().len(), 36);
}

#[test]
fn objects_are_read() {
    check(&[
        ("IDENTITY($session.params.numbers)", json!([1, 2.0])),
        ("IDENTITY(\"$session.params.n\")", json!("2")),
        (
            "TO_OBJECT(\"{'a': [1, 'it\\\\'s'], \\\"b\\\": 'c'}\")",
            json!(null),
        ),
        (
            "TO_OBJECT(\"{'day': $session.params.n, 'x': 'y'}\")",
            json!({"day": 2, "x": "y"}),
        ),
        ("TO_OBJECT(\"{'day': $session.params.gone}\")", json!(null)),
        (
            "GET_FIELD($session.params.address, inner)",
            json!({"zip": "00100"}),
        ),
        ("GET_FIELD($session.params.address, area-code)", json!(null)),
        ("GET_FIELD($session.params, \"city\")", json!("Rome")),
        (
            "NESTED_FIELD(\"$session.params.address\", \"inner\", \"zip\")",
            json!("00100"),
        ),
        (
            "NESTED_FIELD(\"$session.params.address\", \"city[1]\")",
            json!("Roma"),
        ),
        (
            "NESTED_FIELD(\"$session.params.address\", \"city[9]\")",
            json!(null),
        ),
        (
            "FILTER(\"$session.params.parts\", \"$.all[?(@.kind == 'route')].text\")",
            json!(["Via Appia"]),
        ),
        ("FILTER($session.params.parts, \"$.all[\")", json!(null)),
    ]);
}

#[test]
fn dates_are_moved_shown_and_judged() {
    check(&[
        (
            "NOW()",
            json!({"year": 2026, "month": 3, "day": 2, "hours": 10, "minutes": 30, "seconds": 0, "nanos": 0}),
        ),
        (
            "ADD_DATE($session.params.date, 1, \"YEARS\")",
            json!({"year": 2025, "month": 2, "day": 28}),
        ),
        ("ADD_DATE(\"2024-02-29\", -1, DAYS)", json!("2024-02-28")),
        (
            "ADD_DATE(\"2024-02-29\", 36, HOURS)",
            json!("2024-03-01T12:00:00"),
        ),
        ("ADD_DATE(\"2024-02-29\", 1, FORTNIGHTS)", json!(null)),
        ("ADD_DATE(\"2024-02-29\", 999999999999, YEARS)", json!(null)),
        (
            "FORMAT_DATE($session.params.date, \"EEEE\", \"en\")",
            json!("Thursday"),
        ),
        (
            "FORMAT_DATE($session.params.date, yyyy-MM-dd)",
            json!("2024-02-29"),
        ),
        (
            "FORMAT_DATE($session.params.time, \"hh:mm a\", \"en\")",
            json!("04:00 PM"),
        ),
        ("FORMAT_DATE(\"gibberish\", \"yyyy\")", json!(null)),
        ("IS_DATE(\"2024-02-30\", \"uuuu-MM-dd\")", json!(false)),
        ("IS_DATE(\"2024-02-29\", \"uuuu-MM-dd\")", json!(true)),
        ("IS_FUTURE_DATE(\"2026-03-03\")", json!(true)),
        ("IS_FUTURE_DATE(\"2026-03-02\")", json!(false)),
        ("IS_PAST_DATE(\"2026-03-01\")", json!(true)),
        ("IS_PAST_DATE(\"2026-03-02T10:29:00\")", json!(true)),
        ("IS_PAST_DATE($session.params.gone)", json!(null)),
    ]);
}

#[test]
fn phone_and_card_numbers_are_judged() {
    check(&[
        ("IS_PHONE_NUMBER(\"+1 (650) 253-0000\")", json!(true)),
        ("IS_PHONE_NUMBER(\"650 253 0000\")", json!(true)),
        ("IS_PHONE_NUMBER(\"050 253 0000\")", json!(false)),
        ("IS_PHONE_NUMBER(\"030 123456\", \"DE\")", json!(true)),
        ("IS_PHONE_NUMBER(\"+12\")", json!(false)),
        ("IS_PHONE_NUMBER(\"call me\")", json!(false)),
        (
            "TO_PHONE_NUMBER(\"+16502530000\")",
            json!({"country-code": "1", "number": "2530000", "area-code": "650"}),
        ),
        (
            "TO_PHONE_NUMBER(\"+49 30 123456\")",
            json!({"country-code": "49", "number": "30123456"}),
        ),
        (
            "TO_PHONE_NUMBER(\"+37112345678\")",
            json!({"country-code": "371", "number": "12345678"}),
        ),
        ("IS_CREDIT_CARD_NUMBER(\"4111 1111 1111 1111\")", json!(true)),
        ("IS_CREDIT_CARD_NUMBER(\"4111 1111 1111 1112\")", json!(false)),
        ("IS_CREDIT_CARD_NUMBER(\"0\")", json!(false)),
    ]);
}

#[test]
fn a_national_number_is_not_taken_for_one_from_abroad() {
    check(&[
        ("TO_PHONE_NUMBER(\"5551234567\")", json!(null)),
        ("IS_PHONE_NUMBER(\"5551234567\")", json!(false)),
        ("IS_PHONE_NUMBER(\"4915112345678\")", json!(false)),
        (
            "TO_PHONE_NUMBER(\"1 650 253 0000\")",
            json!({"country-code": "1", "number": "2530000", "area-code": "650"}),
        ),
        (
            "TO_PHONE_NUMBER(\"011 49 30 123456\")",
            json!({"country-code": "49", "number": "30123456"}),
        ),
        (
            "TO_PHONE_NUMBER(\"0049 30 123456\", \"GB\")",
            json!({"country-code": "49", "number": "30123456"}),
        ),
        (
            "TO_PHONE_NUMBER(\"020 7946 0000\", \"GB\")",
            json!({"country-code": "44", "number": "2079460000"}),
        ),
    ]);
}

#[test]
fn deeply_nested_comparisons_are_read_at_once() {
    let nested = |tail: &str| {
        const DEPTH: usize = 20;
        let end = format!("{tail}, 1, 0)").repeat(DEPTH);
        format!("{}1{end}", "$sys.func.IF(".repeat(DEPTH))
    };
    assert_eq!(call(&nested(" = 1")), json!(1));
    assert_eq!(call(&nested("=2")), json!(0));
    // What is no comparison in the end is read no slower.
    let wordy = nested(" is one");
    assert!(Call::read(&mut Cursor::new(&wordy), 0).is_ok_and(|call| call.is_some()));
    check(&[
        (
            "IF($session.params.city = \"Rome\" AND $session.params.n = 2, a, b)",
            json!("a"),
        ),
        ("IF(\"Rome\" = $session.params.city, a, b)", json!("a")),
        (
            "IF($sys.func.LEN($session.params.city) > 3 OR false, a, b)",
            json!("a"),
        ),
    ]);
}

/// Fuzzing found it: calls that cannot be read were read again for each of the texts around them, which doubled at
/// every level.
#[test]
fn what_cannot_be_read_is_not_read_again_at_every_level() {
    let texts = [
        "$sys.func.UPPER(u",
        "$sys.func.IF(a = ",
        "$sys.func.IF(",
        "$sys.func.JOIN(u $sys.func.",
    ];
    for text in texts.map(|text| text.repeat(60)) {
        let problem = Call::read(&mut Cursor::new(&text), 0);
        assert!(problem.is_err(), "{text}");
        assert!(!Template::parse(&text).problems().is_empty(), "{text}");
        assert!(Condition::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn what_a_call_takes_is_bounded() {
    let many = |count: usize| vec!["1"; count].join(",");
    assert_eq!(call(&format!("$sys.func.ADD({})", many(256))), json!(256));
    let text = format!("$sys.func.ADD({})", many(257));
    let error = Call::read(&mut Cursor::new(&text), 0).unwrap_err();
    assert!(error.message.contains("256"), "{error}");
    let mut environment = fixture();
    environment.session.set("large", json!("x".repeat(60_000)));
    for function in ["APPEND", "CONCATENATE", "COUNT", "REMOVE"] {
        let references = vec!["$session.params.large"; 100].join(", ");
        let text = if function == "COUNT" {
            format!("$sys.func.COUNT([{references}])")
        } else {
            format!("$sys.func.{function}({references})")
        };
        let read = Call::read(&mut Cursor::new(&text), 0).unwrap().unwrap();
        assert_eq!(read.evaluate(&environment), Value::Null, "{function}");
        let records = environment.records.borrow();
        let error = records.last().unwrap().1.as_ref().unwrap_err();
        assert!(error.contains("bytes together"), "{function}: {error}");
    }
}

#[test]
fn a_filter_goes_to_no_more_places_than_there_is_room_for() {
    check(&[
        (
            "COUNT($sys.func.FILTER($session.params.address, \"$..zip\"))",
            json!(1),
        ),
        ("FILTER($session.params.address, \"$..*..*..*\")", json!(null)),
    ]);
}

#[test]
fn only_the_branch_taken_is_evaluated() {
    check(&[
        ("IF(\"$session.params.n = 2\", yes, no)", json!("yes")),
        (
            "IF(\"$session.params.gone != null\", $session.params.gone, null)",
            json!(null),
        ),
        (
            "IF(\"$session.params.city = \\\"Rome\\\" AND $session.params.n > 1\", 1, 2)",
            json!(1),
        ),
        (
            "IF($sys.func.CONTAIN($session.params.list, \"a\"), \"$session.params.city\", 2)",
            json!("Rome"),
        ),
        (
            "IF(\"$sys.func.LEN($sys.func.TO_TEXT($session.params.n)) = 1 \", \"0$session.params.n\", x)",
            json!("02"),
        ),
        ("IF($session.params.n = 3, a, b)", json!("b")),
        (
            "IF($sys.func.COUNT($session.params.list) > 2, \"some\", \"none\")",
            json!("some"),
        ),
        ("IF($session.params.city = \"Rome\", \"y\", \"n\")", json!("y")),
        (
            "IF($session.params.city != \"New, York\" AND $session.params.n < 2, y, n)",
            json!("n"),
        ),
        ("IF(($session.params.n = 2), y, n)", json!("y")),
        ("IF(\"Rome\" = $session.params.city, y, n)", json!("y")),
        ("IF(\"nonsense =\", a, b)", json!(null)),
    ]);
    let fixture = fixture();
    let text = "$sys.func.IF(\"true\", 1, $sys.func.DIVIDE(1, 0))";
    Call::read(&mut Cursor::new(text), 0)
        .unwrap()
        .unwrap()
        .evaluate(&fixture);
    assert_eq!(*fixture.records.borrow(), [(text.to_owned(), Ok(json!(1)))]);
}

#[test]
fn errors_are_recorded_with_the_call_and_give_null() {
    let fixture = fixture();
    let text = "$sys.func.ADD($sys.func.NOPE(1), 1)";
    let value = Call::read(&mut Cursor::new(text), 0)
        .unwrap()
        .unwrap()
        .evaluate(&fixture);
    assert_eq!(value, Value::Null);
    let records = fixture.records.borrow();
    assert_eq!(
        records[0],
        (
            "$sys.func.NOPE(1)".to_owned(),
            Err("there is no function `NOPE`".to_owned())
        )
    );
    assert_eq!(records[1].0, text);
    assert!(records[1].1.is_err());
    drop(records);
    let too_many = call("$sys.func.GET(1, 2, 3)");
    assert_eq!(too_many, Value::Null);
}

#[test]
fn monstrous_paths_and_lists_are_refused() {
    let deep = format!(
        "$sys.func.FILTER($session.params.parts, \"$[?{}@.a{}]\")",
        "(".repeat(400),
        ")".repeat(400)
    );
    assert_eq!(call(&deep), Value::Null);
    let many = vec!["1"; 5000].join(",");
    assert_eq!(call(&format!("$sys.func.UNIQUE([{many}])")), Value::Null);
    let delimiter = "x".repeat(2000);
    assert_eq!(
        call(&format!("$sys.func.JOIN(\"{delimiter}\", [{many}])")),
        Value::Null
    );
}

#[test]
fn a_text_that_grows_without_end_is_refused() {
    let long = "x".repeat(2000);
    assert_eq!(
        call(&format!("$sys.func.SUBSTITUTE(\"{long}\", \"x\", \"{long}\")")),
        Value::Null
    );
}
