//! Texts with parameters and function calls in them, filled.

use std::borrow::Cow;

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::emulator::cx::parameters::Parameters;
use crate::emulator::cx::reference::Scope;

struct Fixture(Parameters);

impl Environment for Fixture {
    fn lookup(&self, reference: &Reference) -> Option<Cow<'_, Value>> {
        (reference.scope == Scope::Session)
            .then(|| self.0.resolve(&reference.path))
            .flatten()
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
    let mut parameters = Parameters::default();
    for (name, value) in [
        ("name", json!({"name": "Ada", "original": "Ada"})),
        ("amount", json!(75.27)),
        ("count", json!(42.0)),
        ("list", json!(["a", "b"])),
        ("empty", json!("")),
    ] {
        parameters.set(name, value);
    }
    Fixture(parameters)
}

fn render(text: &str) -> String {
    Template::parse(text).render(&fixture())
}

#[test]
fn references_are_replaced_and_everything_else_stays() {
    let cases = [
        ("", ""),
        ("plain  text \n", "plain  text \n"),
        ("Hi $session.params.name! Ok.", "Hi Ada! Ok."),
        ("pay $$session.params.amount.", "pay $75.27."),
        ("$session.params.count", "42"),
        ("[$session.params.empty]", "[]"),
        ("$session.params.list: both", "a, b: both"),
        ("costs $15 or $[XX]", "costs $15 or $[XX]"),
        ("$sys.func.ADD($session.params.count, 1)!", "43!"),
        ("$sys.func.GET($session.params.list, 9).", "."),
        ("été $session.params.name", "été Ada"),
    ];
    for (text, expected) in cases {
        assert_eq!(render(text), expected, "{text}");
    }
}

#[test]
fn an_unset_reference_is_printed_as_it_stands() {
    assert_eq!(
        render("$session.params.gone, $sesión.params.x and $flow.y."),
        "$session.params.gone, $sesión.params.x and $flow.y."
    );
}

#[test]
fn a_call_that_cannot_be_read_stays_in_the_text() {
    let template = Template::parse("a $sys.func.ADD($session.params.count, b $session.params.count");
    assert_eq!(template.problems().len(), 1);
    assert_eq!(template.render(&fixture()), "a $sys.func.ADD(42, b 42");
}

#[test]
fn a_lone_call_keeps_its_type_and_a_lone_reference_does_not() {
    let value = |text: &str| Template::parse(text).value(&fixture());
    assert_eq!(value("$sys.func.ADD($session.params.count, 1)"), json!(43));
    assert_eq!(value("$session.params.count"), json!("42"));
    assert_eq!(value("$session.params.gone"), json!("$session.params.gone"));
    assert_eq!(value("x$sys.func.ADD(1, 1)"), json!("x2"));
}

#[test]
fn values_hold_templates_at_any_depth() {
    let value = json!({"a": ["$session.params.count", {"b": "$sys.func.ADD(1, 1)"}], "c": 1, "d": "x"});
    let template = ValueTemplate::parse(&value);
    assert_eq!(
        template.resolve(&fixture()),
        json!({"a": ["42", {"b": 2}], "c": 1, "d": "x"})
    );
    assert_eq!(
        template.render(&fixture()),
        json!({"a": ["42", {"b": "2"}], "c": 1, "d": "x"})
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC*") {
        render(&text);
    }

    #[test]
    fn no_near_template_makes_it_panic(
        text in "(\\$session\\.params\\.|\\$sys\\.func\\.[A-Z_]{2,8}|\\$|[a-z]|[0-9]|é|[ ()\"',.\\[\\]\\-\\\\]){0,40}"
    ) {
        render(&text);
    }

    #[test]
    fn texts_without_dollars_are_unchanged(text in "[^$]*") {
        prop_assert_eq!(render(&text), text);
    }
}
