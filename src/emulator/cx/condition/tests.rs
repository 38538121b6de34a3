//! Conditions: how they are read, what they hold for, where a mistake is shown.

use std::borrow::Cow;

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::emulator::cx::environment::Environment;
use crate::emulator::cx::parameters::Parameters;
use crate::emulator::cx::reference::Scope;
use crate::model::Value;

/// Session and flow parameters; `$page.params.status` is FINAL.
struct Fixture {
    session: Parameters,
    flow: Parameters,
}

impl Environment for Fixture {
    fn lookup(&self, reference: &Reference) -> Option<Cow<'_, Value>> {
        match reference.scope {
            Scope::Session => self.session.resolve(&reference.path),
            Scope::Flow => self.flow.resolve(&reference.path),
            Scope::Page => Some(Cow::Owned(json!("FINAL"))),
            _ => None,
        }
    }

    fn now(&self) -> DateTime<Tz> {
        chrono_tz::UTC.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap()
    }

    fn random(&self) -> u64 {
        0
    }

    fn record(&self, _: &str, _: Result<&Value, &str>) {}
}

fn fixture() -> Fixture {
    let mut session = Parameters::default();
    for (name, value) in [
        ("n", json!(2.0)),
        ("ten", json!(10)),
        ("two", json!("2")),
        ("empty", json!("")),
        ("yes", json!(true)),
        ("words", json!("true")),
        ("City", json!("Paris")),
        ("list", json!(["a", 1])),
        ("nothing", json!([])),
        ("date", json!({"year": 2021, "month": 9, "day": 6})),
        ("address", json!({"city": ["Rome"], "zip": "02139"})),
        ("member.firstName", json!("Ada")),
        ("zip", json!("94043")),
    ] {
        session.set(name, value);
    }
    let mut flow = Parameters::default();
    flow.set("retry", json!(2));
    flow.set("limit", json!("2"));
    flow.set("city", json!("rome"));
    Fixture { session, flow }
}

fn holds(condition: &str) -> bool {
    Condition::parse(condition)
        .unwrap_or_else(|error| panic!("{condition}: {error}"))
        .holds(&fixture())
}

fn check(cases: &[(&str, bool)]) {
    for (condition, expected) in cases {
        assert_eq!(holds(condition), *expected, "{condition}");
    }
}

#[test]
fn the_right_side_is_cast_to_the_type_of_the_left() {
    check(&[
        ("$session.params.n = 2", true),
        ("$session.params.n = \"2\"", true),
        ("$session.params.n > 1.5", true),
        ("$session.params.n >= 2.0", true),
        ("$session.params.n = two", false),
        ("$session.params.n != two", true),
        ("$session.params.n < 10", true),
        ("$session.params.two = 2", true),
        ("$session.params.two = 2.0", false),
        ("$session.params.yes = true", true),
        ("$session.params.yes = \"true\"", true),
        ("$session.params.yes = 1", false),
        ("$session.params.words = true", true),
        ("$session.params.words = TRUE", true),
        ("$session.params.words != \"false\"", true),
        ("$session.params.ten > 9", true),
        ("$flow.retry = $flow.limit", true),
        ("$flow.limit = $flow.retry", true),
    ]);
}

#[test]
fn texts_are_compared_exactly_and_ordered_letter_by_letter() {
    check(&[
        ("$session.params.city = \"Paris\"", true),
        ("$session.params.city = Paris", true),
        ("$session.params.city = \"paris\"", false),
        ("$session.params.city : \"ari\"", true),
        ("$session.params.city:ARI", false),
        ("$session.params.zip > 5000", true),
        ("$session.params.zip <= 5000", false),
        ("$session.params.empty = \"\"", true),
        ("$session.params.city != \"\"", true),
    ]);
}

#[test]
fn null_means_not_set_in_any_case_and_even_in_quotes() {
    check(&[
        ("$session.params.gone = null", true),
        ("$session.params.gone = NULL", true),
        ("$session.params.gone = \"null\"", true),
        ("$session.params.gone != null", false),
        ("$session.params.gone != \"null\"", false),
        ("$session.params.n != null", true),
        ("$session.params.empty != null", true),
        ("$session.params.empty = null", false),
    ]);
}

#[test]
fn only_unequal_holds_for_an_unset_left_side() {
    check(&[
        ("$session.params.gone != true", true),
        ("$session.params.gone != \"x\"", true),
        ("$session.params.gone = \"\"", false),
        ("$session.params.gone = 1", false),
        ("$session.params.gone < 1", false),
        ("$session.params.gone >= 0", false),
        ("$session.params.gone : x", false),
        ("$session.params.gone = $session.params.missing", false),
        ("$session.params.gone != $session.params.missing", true),
    ]);
}

#[test]
fn constants_hold_in_any_case() {
    check(&[
        ("true", true),
        ("TRUE", true),
        ("True", true),
        ("false", false),
        ("$session.params.yes", true),
        ("$session.params.words", true),
        ("$session.params.city", false),
        ("soru", false),
    ]);
}

#[test]
fn connectives_join_from_the_left_and_parentheses_group() {
    check(&[
        ("$session.params.n = 2 AND $session.params.two = 2", true),
        ("$session.params.n = 3 OR $session.params.two = 2", true),
        (
            "($session.params.n = 3 OR $session.params.two = 2) AND true",
            true,
        ),
        ("NOT $session.params.n <= 0", true),
        ("-$session.params.n = 2", false),
        ("NOT (true AND false)", true),
        ("NOT NOT true", true),
        ("$session.params.n=2 AND($session.params.two=2)", true),
        ("  $page.params.status  =\n FINAL ", true),
        ("$session.params.gone != null AND && AND true", false),
    ]);
}

#[test]
fn lists_and_objects_are_compared_as_json() {
    check(&[
        ("$session.params.list = '[\"a\",1.0]'", true),
        ("$session.params.list : a", true),
        ("$session.params.list : 1", true),
        ("$session.params.list : b", false),
        ("$session.params.list[0] = a", true),
        ("$session.params.list[7] = null", true),
        ("$session.params.nothing = \"\"", false),
        ("$session.params.nothing != \"\"", true),
        ("$session.params.address.city[0] = Rome", true),
        ("$session.params.date = \"2021-09-06\"", true),
        ("$session.params.date > \"2021-01-01\"", true),
        ("$session.params.date.year > 2020", true),
        ("$session.params.member.firstName = Ada", true),
    ]);
}

#[test]
fn functions_stand_on_either_side() {
    check(&[
        ("$sys.func.COUNT($session.params.list) = 2", true),
        ("$sys.func.CONTAIN($session.params.list, a) = true", true),
        (
            "$sys.func.LOWER($session.params.address.city[0]) = $sys.func.LOWER($flow.city)",
            true,
        ),
        ("$sys.func.LEN(\"a, (b\") = 5 AND true", true),
        ("$sys.func.NO_SUCH(1) = null", true),
        ("$sys.func.RAND() < 0.1", true),
    ]);
}

#[test]
fn commas_in_quotes_may_be_escaped() {
    let mut fixture = fixture();
    fixture.session.set("address", json!("Hosier Ln, Melbourne"));
    let condition = Condition::parse("$session.params.address = \"Hosier Ln\\, Melbourne\"").unwrap();
    assert!(condition.holds(&fixture));
    fixture.session.set("address", json!("say \"hi\""));
    let condition = Condition::parse("$session.params.address = \"say \\\"hi\\\"\"").unwrap();
    assert!(condition.holds(&fixture));
}

#[test]
fn what_breaks_the_grammar_has_a_place() {
    let cases = [
        ("", 0),
        ("$session.params.a =", 19),
        ("$session.params.a = \"x", 20),
        ("($session.params.a = 1", 22),
        ("a = 1 OR b = 2 AND c = 3", 15),
        ("a = 1 b = 2", 6),
        ("$sys.func.COUNT(", 16),
        ("a = 1)", 5),
    ];
    for (text, position) in cases {
        let error = Condition::parse(text).unwrap_err();
        assert_eq!(error.position, position, "{text}: {error}");
    }
}

#[test]
fn nesting_is_bounded() {
    for text in [
        format!("{}true{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("{}true", "NOT ".repeat(100_000)),
        format!("{}$flow.x", "-".repeat(100_000)),
        format!("{} = 1", "$sys.func.LEN(".repeat(100_000)),
        "$sys.func.IF(\"".repeat(10_000),
        format!("$sys.func.COUNT({})", "[".repeat(100_000)),
    ] {
        let _ = Condition::parse(&text);
    }
    let deep = format!("{}true{}", "(".repeat(30), ")".repeat(30));
    assert!(holds(&deep));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC*") {
        if let Ok(condition) = Condition::parse(&text) {
            condition.holds(&fixture());
        }
    }

    #[test]
    fn no_near_condition_makes_it_panic(
        text in "(\\$session\\.params\\.|\\$flow\\.|\\$sys\\.func\\.[A-Z]{2,8}|[a-z]|[0-9]|AND|OR|NOT|[ ()=<>!:\"',.\\[\\]\\-\\\\]){0,40}"
    ) {
        if let Ok(condition) = Condition::parse(&text) {
            condition.holds(&fixture());
        }
    }
}
