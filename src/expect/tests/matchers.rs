//! Every matcher: what passes, what fails, and how it is told.

use super::*;
use crate::expect::matcher::{Before, Scope, Subject, Verdict, evaluate};

/// What came of a matcher: nothing, or the message; mistakes of the author are marked.
pub(super) fn verdict(matcher: &Matcher, value: Option<&Value>) -> Result<(), String> {
    let subject = Subject {
        value,
        before: Before::Unknown("there is no turn before"),
    };
    match evaluate(matcher, subject, &Scope::new(now())) {
        Verdict::Holds => Ok(()),
        Verdict::Differs(differences) => Err(differences
            .iter()
            .map(super::super::matcher::Difference::told)
            .collect::<Vec<_>>()
            .join("; ")),
        Verdict::Invalid(message) => Err(format!("mistake: {message}")),
        Verdict::Unobservable(reason) => Err(format!("unobservable: {reason}")),
    }
}

#[track_caller]
pub(super) fn passes(matcher: &Matcher, value: impl Into<Value>) {
    let value = value.into();
    assert_eq!(
        verdict(matcher, Some(&value)),
        Ok(()),
        "{matcher:?} against {value}"
    );
}

#[track_caller]
pub(super) fn fails(matcher: &Matcher, value: impl Into<Value>, message: &str) {
    let value = value.into();
    assert_eq!(
        verdict(matcher, Some(&value)),
        Err(message.to_owned()),
        "{matcher:?} against {value}"
    );
}

#[track_caller]
fn fails_without_value(matcher: &Matcher, message: &str) {
    assert_eq!(
        verdict(matcher, None),
        Err(message.to_owned()),
        "{matcher:?} against nothing"
    );
}

#[test]
fn plain_values() {
    passes(&is("Paris"), json!("Paris"));
    passes(&is("When would\nyou like "), json!(" When  would you\tlike"));
    passes(&is(1), json!(1.0));
    passes(&is(1.0), json!(1));
    passes(&is(true), json!(true));
    passes(&is(json!({"a": [1, "x y"]})), json!({"a": [1.0, "x  y"], "b": 2}));
    passes(&is(Value::Null), json!(null));
    fails(&is("Paris"), json!("Lyon"), "expected \"Paris\", was \"Lyon\"");
    fails(
        &is("Paris"),
        json!("paris"),
        "expected \"Paris\", was \"paris\" (only the case differs)",
    );
    fails(&is("5"), json!(5), "expected text \"5\", was number 5");
    fails(&is(5), json!("5"), "expected number 5, was text \"5\"");
    fails(&is(5), json!([5]), "expected number 5, was list [5]");
    fails(
        &is(json!([1, 2])),
        json!([1, 3, 4]),
        "[1]: expected 2, was 3; [2]: is not expected, was 4",
    );
    fails(&is(json!([1, 2])), json!([1]), "[1]: expected 2, was absent");
    // A null from a template takes a place, too.
    fails(
        &is(json!([1, null])),
        json!([1]),
        "[1]: expected null, was absent",
    );
    passes(&is(json!([1, null])), json!([1, null]));
    fails(
        &is(json!({"a": {"b": 1}})),
        json!({"a": {}}),
        "a.b: expected 1, was absent",
    );
    fails_without_value(&is("Paris"), "expected \"Paris\", was absent");
    assert_eq!(verdict(&is(Value::Null), None), Ok(()));
}

#[test]
fn lists_and_subsets() {
    let list = Matcher::List(vec![is(1), Matcher::Present]);
    passes(&list, json!([1, "x"]));
    fails(
        &list,
        json!([2, null]),
        "[0]: expected 1, was 2; [1]: is null, should be present",
    );
    fails(&list, json!([1, 2, 3]), "[2]: is not expected, was 3");
    fails(&list, json!({"a": 1}), "expected a list, was object {a: 1}");
    fails_without_value(&list, "expected a list, was absent");
    for item in [
        not(is(2)),
        is(Value::Null),
        Matcher::Unchanged,
        subset([("k", not(is(1)))]),
    ] {
        let words = describe(&item);
        let longer = Matcher::List(vec![is(1), item]);
        fails(&longer, json!([1]), &format!("[1]: expected {words}, was absent"));
    }
    let mistaken = Matcher::List(vec![is(1), not(Matcher::Contains(json!("")))]);
    fails(
        &mistaken,
        json!([1]),
        "mistake: `contains` has an empty text to look for, which is everywhere",
    );
    for item in [
        Matcher::Absent,
        Matcher::AnyOf(vec![Matcher::Absent, is(2)]),
        not(Matcher::Present),
    ] {
        passes(&Matcher::List(vec![is(1), item]), json!([1]));
    }
    let nested = subset([("city", is("Paris")), ("at", subset([("zip", Matcher::Absent)]))]);
    passes(&nested, json!({"city": "Paris", "at": {}, "more": 1}));
    passes(&nested, json!({"city": "Paris", "at": {"zip": null}}));
    passes(&nested, json!({"city": "Paris"}));
    fails(
        &nested,
        json!({"city": "Lyon", "at": {"zip": 1}}),
        "city: expected \"Paris\", was \"Lyon\"; at.zip: is 1, should be absent",
    );
    fails(&nested, json!("Paris"), "expected an object, was text \"Paris\"");
    fails_without_value(&nested, "city: expected \"Paris\", was absent");
    passes(&Matcher::Subset(vec![]), json!({"a": 1}));
    fails_without_value(&Matcher::Subset(vec![]), "expected an object, was absent");
}

#[test]
fn equals_is_exact() {
    let equals = |value: Value| Matcher::Equals(value);
    passes(&equals(json!({"a": 1})), json!({"a": 1.0}));
    passes(&equals(json!(null)), json!(null));
    fails(
        &equals(json!({"a": 1})),
        json!({"a": 1, "b": 2}),
        "b: is not expected, was 2",
    );
    fails(
        &equals(json!("a b")),
        json!("a  b"),
        "expected \"a b\", was \"a  b\" (only white space differs)",
    );
    fails_without_value(&equals(json!(null)), "expected null, was absent");
}

#[test]
fn texts_within_texts() {
    let contains = |text: &str| Matcher::Contains(json!(text));
    passes(&contains("would you"), json!("When would\n  you like"));
    passes(&Matcher::Contains(json!(2)), json!("2 more days"));
    passes(&contains(" a "), json!("is a thing"));
    passes(&contains("\n"), json!("a\nb"));
    fails(&contains(" a "), json!("a thing"), "does not contain \" a \"");
    fails(&contains("\n"), json!("a b"), "does not contain \"\\n\"");
    fails(
        &contains("Would"),
        json!("when would"),
        "does not contain \"Would\", only in other case",
    );
    fails(
        &contains("x"),
        json!(5),
        "`contains` looks at text or a list, was number 5",
    );
    fails(
        &contains("x"),
        json!(null),
        "`contains` looks at text or a list, was null",
    );
    fails(
        &contains(""),
        json!("x"),
        "mistake: `contains` has an empty text to look for, which is everywhere",
    );
    fails_without_value(&contains("x"), "expected contains \"x\", was absent");
    fails_without_value(
        &contains(""),
        "mistake: `contains` has an empty text to look for, which is everywhere",
    );
    passes(&contains("b c"), json!(["a", "b  c"]));
    passes(&Matcher::Contains(json!({"a": 1})), json!([{"a": 1, "b": 2}]));
    fails(&contains("c"), json!(["a", "b"]), "no item of 2 is \"c\"");
    fails(
        &Matcher::Contains(json!(["a"])),
        json!("a"),
        "mistake: `contains` needs text, got list [\"a\"]",
    );
    passes(&Matcher::IContains(json!("ÄRGER")), json!("kein ärger"));
    passes(&Matcher::IContains(json!("B")), json!(["a", "b"]));
    fails(
        &Matcher::IContains(json!("x")),
        json!("y"),
        "does not contain \"x\" in any case",
    );
    passes(
        &Matcher::StartsWith(json!("Hello there")),
        json!("  Hello\nthere, you"),
    );
    fails(
        &Matcher::StartsWith(json!("Hello")),
        json!("Oh, Hello"),
        "does not start with \"Hello\"",
    );
    fails(
        &Matcher::StartsWith(json!("Hello")),
        json!([]),
        "`starts_with` looks at text, was list []",
    );
    fails(
        &Matcher::StartsWith(json!("  ")),
        json!("  x"),
        "mistake: `starts_with` has only white space to look for, which does not count at the ends of a text",
    );
    passes(&Matcher::EndsWith(json!("until 14.")), json!("open\nuntil  14. "));
    fails(
        &Matcher::EndsWith(json!("14")),
        json!("14."),
        "does not end with \"14\"",
    );
}

#[test]
fn patterns() {
    let matches = |pattern: &str| Matcher::Matches(pattern.to_owned());
    passes(&matches("(?i)come again"), json!("Please Come Again"));
    passes(&matches("^b$|x"), json!("axb"));
    fails(&matches("^b"), json!("ab"), "does not match /^b/");
    fails(&matches("\\d"), json!(5), "`matches` looks at text, was number 5");
    fails(
        &matches("a("),
        json!("a("),
        "mistake: the regular expression is not valid: unclosed group",
    );
    fails(
        &matches(""),
        json!("a"),
        "mistake: `matches` has an empty pattern, which is everywhere",
    );
    fails_without_value(
        &matches("a("),
        "mistake: the regular expression is not valid: unclosed group",
    );
}

#[test]
fn combinations() {
    let any = Matcher::AnyOf(vec![is("Sorry?"), Matcher::Matches("(?i)again".into())]);
    passes(&any, json!("Once AGAIN please"));
    fails(
        &any,
        json!("Hm"),
        "is \"Hm\", none of \"Sorry?\", matches /(?i)again/",
    );
    fails_without_value(&any, "is absent, none of \"Sorry?\", matches /(?i)again/");
    let all = Matcher::AllOf(vec![Matcher::Contains(json!("a")), Matcher::Contains(json!("b"))]);
    passes(&all, json!("ab"));
    fails(&all, json!("a"), "does not contain \"b\"");
    passes(&not(is("a")), json!("b"));
    passes(&not(Matcher::Contains(json!("a"))), json!(5));
    fails(
        &not(Matcher::Contains(json!("a"))),
        json!("cab"),
        "should not be: contains \"a\"",
    );
    assert_eq!(verdict(&not(is("a")), None), Ok(()));
    fails(
        &Matcher::AnyOf(vec![]),
        json!(1),
        "mistake: `any_of` lists nothing",
    );
    fails(
        &Matcher::AllOf(vec![]),
        json!(1),
        "mistake: `all_of` lists nothing",
    );
}

#[test]
fn mistakes_do_not_hide_below_not_and_any_of() {
    let wrong = Matcher::Matches("(".into());
    let message = "mistake: the regular expression is not valid: unclosed group";
    fails(&not(wrong.clone()), json!("x"), message);
    fails(&Matcher::AnyOf(vec![is("x"), wrong.clone()]), json!("x"), message);
    fails(&Matcher::AllOf(vec![is("y"), wrong.clone()]), json!("x"), message);
    fails(&subset([("a", is(1)), ("b", wrong.clone())]), json!({}), message);
    fails(&Matcher::Each(Box::new(wrong.clone())), json!([]), message);
    fails(
        &not(Matcher::HasItem(Box::new(wrong.clone()))),
        json!([]),
        message,
    );
    fails(&Matcher::HasItem(Box::new(wrong)), json!("no list"), message);
}

#[test]
fn numbers() {
    let compare = |comparison, operand: Value| Matcher::Compare(comparison, operand);
    passes(&compare(Comparison::Greater, json!(1)), json!(1.5));
    passes(&compare(Comparison::GreaterOrEqual, json!(1)), json!(1));
    passes(&compare(Comparison::Less, json!(1)), json!(-1));
    passes(&compare(Comparison::LessOrEqual, json!(1.0)), json!(1));
    fails(
        &compare(Comparison::GreaterOrEqual, json!(0.6)),
        json!(0.4),
        "is 0.4, not at least 0.6",
    );
    fails(
        &compare(Comparison::Less, json!(1)),
        json!(1),
        "is 1, not less than 1",
    );
    fails(
        &compare(Comparison::Less, json!(1)),
        json!("0"),
        "`lt` looks at a number, was text \"0\"",
    );
    fails(
        &compare(Comparison::Less, json!("5")),
        json!(1),
        "mistake: `lt` needs a number, got text \"5\"; `| number` in a template makes it one",
    );
    fails(
        &compare(Comparison::Less, json!("soon")),
        json!(1),
        "mistake: `lt` needs a number, an ISO date or a time, got \"soon\"",
    );
    passes(&Matcher::Between(json!(1), json!(2)), json!(2));
    fails(
        &Matcher::Between(json!(1), json!(2)),
        json!(2.5),
        "is 2.5, not between 1 and 2",
    );
    fails(
        &Matcher::Between(json!(2), json!(1)),
        json!(1.5),
        "mistake: `between` has its ends swapped: 2 is more than 1",
    );
    let approx = |to: f64, within: f64| Matcher::Approx {
        to: json!(to),
        within: json!(within),
    };
    passes(&approx(0.3, 0.1), json!(0.4));
    fails(&approx(2.0, 0.5), json!(2.6), "is 2.6, more than 0.5 away from 2");
    fails(
        &approx(2.0, -1.0),
        json!(2),
        "mistake: `within` must not be negative, got -1",
    );
    fails(
        &approx(2.0, 1.0),
        json!("2"),
        "`approx` looks at a number, was text \"2\"",
    );
}

#[test]
fn dates_and_times_are_ordered_too() {
    let after = Matcher::Compare(Comparison::Greater, json!("2026-03-01"));
    passes(&after, json!("2026-03-02"));
    passes(&after, json!({"year": 2026.0, "month": 3.0, "day": 2.0}));
    fails(
        &after,
        json!("2026-03-01"),
        "is \"2026-03-01\", not more than \"2026-03-01\"",
    );
    fails(&after, json!("later"), "`gt` looks at a date, was text \"later\"");
    fails(&after, json!("10:00"), "`gt` looks at a date, was text \"10:00\"");
    passes(
        &Matcher::Between(json!("09:00"), json!("17:00")),
        json!({"hours": 12.0, "minutes": 30.0}),
    );
}

#[test]
fn lengths_and_types() {
    let length = |matcher: Matcher| Matcher::HasLength(Box::new(matcher));
    passes(&length(is(3)), json!("äöü"));
    passes(&length(is(2)), json!([1, 2]));
    passes(
        &length(Matcher::Compare(Comparison::Greater, json!(0))),
        json!({"a": 1}),
    );
    fails(&length(is(3)), json!("ab"), "has length 2, not 3");
    fails(
        &length(is(3)),
        json!(3),
        "`has_length` looks at text, a list or an object, was number 3",
    );
    fails_without_value(&length(is(3)), "expected length 3, was absent");
    for (kind, value) in [
        (ValueType::Text, json!("a")),
        (ValueType::Number, json!(1.5)),
        (ValueType::Integer, json!(2.0)),
        (ValueType::Boolean, json!(false)),
        (ValueType::List, json!([])),
        (ValueType::Object, json!({})),
        (ValueType::Null, json!(null)),
    ] {
        passes(&Matcher::IsType(kind), value);
    }
    fails(
        &Matcher::IsType(ValueType::Integer),
        json!(1.5),
        "is number 1.5, not a whole number",
    );
    fails(
        &Matcher::IsType(ValueType::Text),
        json!(null),
        "is null, not a text",
    );
    fails_without_value(&Matcher::IsType(ValueType::Null), "expected null, was absent");
}

#[test]
fn presence() {
    assert_eq!(verdict(&Matcher::Absent, None), Ok(()));
    passes(&Matcher::Absent, json!(null));
    passes(&Matcher::Present, json!(""));
    fails(&Matcher::Absent, json!(false), "is false, should be absent");
    fails(&Matcher::Present, json!(null), "is null, should be present");
    fails_without_value(&Matcher::Present, "is absent, should be present");
}

#[test]
fn items() {
    let each = Matcher::Each(Box::new(Matcher::Compare(Comparison::Greater, json!(0))));
    passes(&each, json!([1, 2]));
    passes(&each, json!([]));
    fails(
        &each,
        json!([1, 0, -1]),
        "[1]: is 0, not more than 0; [2]: is -1, not more than 0",
    );
    fails(&each, json!(1), "expected a list, was number 1");
    let has = Matcher::HasItem(Box::new(is("a")));
    passes(&has, json!(["b", "a"]));
    fails(&has, json!(["b", "c"]), "none of 2 items is \"a\"");
    fails(&has, json!(["b"]), "the one item is not \"a\"");
    fails(&has, json!([]), "the list is empty; no item \"a\"");
    fails_without_value(&has, "expected a list, was absent");
}

#[test]
fn what_was_before_the_turn() {
    let judged = |value: Option<&Value>, before: Before<'_>| {
        let subject = Subject { value, before };
        evaluate(&Matcher::Unchanged, subject, &Scope::new(now()))
    };
    let (one, two) = (json!(1), json!(2));
    assert_eq!(
        judged(Some(&one), Before::Known(Some(&json!(1.0)))),
        Verdict::Holds
    );
    assert_eq!(judged(None, Before::Known(None)), Verdict::Holds);
    let Verdict::Differs(differences) = judged(Some(&two), Before::Known(Some(&one))) else {
        panic!("2 is not 1");
    };
    assert_eq!(differences[0].message, "was 1 before the turn, is 2 now");
    let Verdict::Differs(differences) = judged(Some(&two), Before::Known(None)) else {
        panic!("2 was absent");
    };
    assert_eq!(differences[0].message, "was absent before the turn, is 2 now");
    assert!(matches!(
        judged(Some(&one), Before::Unknown("x")),
        Verdict::Unobservable(_)
    ));
    // Not known stays not known under `not`.
    let subject = Subject {
        value: Some(&one),
        before: Before::Unknown("x"),
    };
    assert!(matches!(
        evaluate(&not(Matcher::Unchanged), subject, &Scope::new(now())),
        Verdict::Unobservable(_)
    ));
    // Members are compared with members.
    let (then, then_changed) = (json!({"a": 1, "b": 2}), json!({"a": 1, "b": 3}));
    let subject = Subject {
        value: Some(&then_changed),
        before: Before::Known(Some(&then)),
    };
    let matcher = subset([("a", Matcher::Unchanged)]);
    assert_eq!(evaluate(&matcher, subject, &Scope::new(now())), Verdict::Holds);
}

#[test]
fn outside_a_turn() {
    assert_eq!(
        matches(&subset([("a", is(1))]), &json!({"a": 1}), now()),
        Ok(true)
    );
    assert_eq!(
        matches(&subset([("a", is(1))]), &json!({"a": 2}), now()),
        Ok(false)
    );
    assert!(matches(&Matcher::Matches("(".into()), &json!("x"), now()).is_err());
    assert!(matches(&Matcher::Unchanged, &json!("x"), now()).is_err());
}

#[test]
fn dates() {
    let tomorrow = Matcher::Date(DateMatcher::FromToday(json!(1)));
    passes(&tomorrow, json!({"year": 2026.0, "month": 3.0, "day": 3.0}));
    fails(
        &tomorrow,
        json!("2026-03-04"),
        "is wednesday 2026-03-04, not tuesday 2026-03-03",
    );
    fails_without_value(&tomorrow, "expected tomorrow, was absent");
    fails_without_value(
        &Matcher::Date(DateMatcher::On(json!("soon"))),
        "mistake: `date` needs an ISO date such as 2026-03-01, got \"soon\"",
    );
    let friday = Matcher::Date(DateMatcher::Weekday {
        weekday: chrono::Weekday::Fri,
        within: Duration::from_hours(8 * 24),
    });
    passes(&friday, json!("2026-03-06"));
}
