use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::suite::{Check, Input, Matcher};

fn scope() -> Scope {
    let now = DateTime::parse_from_rfc3339("2026-02-28T23:30:00+01:00").unwrap();
    let names = json!({"city": "Paris", "party": 4, "text": "12.5", "list": ["a", 1], "empty": ""});
    Scope::new(names.as_object().unwrap().clone(), now)
}

#[test]
fn texts_are_filled() {
    let cases = [
        ("plain", json!("plain")),
        ("to {{ city }}!", json!("to Paris!")),
        ("{{city}}", json!("Paris")),
        ("{{ party }}", json!(4)),
        ("for {{ party }}", json!("for 4")),
        ("{{ text | number }}", json!(12.5)),
        ("{{ list }}", json!(["a", 1])),
        ("{{ list }}.", json!("[\"a\",1].")),
        ("{{ today }}", json!("2026-02-28")),
        ("{{ tomorrow }}", json!("2026-03-01")),
        ("{{ now }}", json!("2026-02-28T23:30:00+01:00")),
        ("{ not one }", json!("{ not one }")),
    ];
    for (text, expected) in cases {
        assert_eq!(fill(text, &scope()).unwrap(), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_filled_says_why_and_where() {
    let cases = [
        ("x {{ town }}", "nothing is called `town` here", 2..12),
        ("{{ city", "`{{` is never closed by `}}`", 0..7),
        (
            "{{ city | upper }}",
            "there is no conversion `upper`; the only one is `number`",
            0..18,
        ),
        (
            "{{ city | number }}",
            "`city` is Paris, which is no number",
            0..19,
        ),
        (
            "{{ 1 + 1 }}",
            "`1 + 1` is no name; between `{{` and `}}` stands a name, nothing else",
            0..11,
        ),
    ];
    for (text, message, range) in cases {
        let error = fill(text, &scope()).unwrap_err();
        assert_eq!((error.message.as_str(), error.range), (message, range), "{text}");
    }
    assert_eq!(
        fill("{{ town }}", &scope()).unwrap_err().unknown.as_deref(),
        Some("town")
    );
}

#[test]
fn captures_stay_for_later() {
    let later = |name: &str| name == "code";
    let half = fill_known("{{ city }} {{ code }}", &scope(), &later).unwrap();
    assert_eq!(half, json!("Paris {{ code }}"));
    assert_eq!(
        fill_known("{{ code }}", &scope(), &later).unwrap(),
        json!("{{ code }}")
    );
    assert!(fill_known("{{ town }}", &scope(), &later).is_err());
}

#[test]
fn things_without_templates_are_lent() {
    let input = Input::Say("hello".to_owned());
    assert!(matches!(filled(&input, &scope()).unwrap(), Cow::Borrowed(_)));
    let input = Input::Say("to {{ city }}".to_owned());
    assert_eq!(
        *filled(&input, &scope()).unwrap(),
        Input::Say("to Paris".to_owned())
    );
}

#[test]
fn matchers_are_filled_wherever_they_nest() {
    let inner = Matcher::Subset(vec![("a".to_owned(), Matcher::Is(json!("{{ party }}")))]);
    let check = Check::Reply(Matcher::Not(Box::new(Matcher::AnyOf(vec![inner]))));
    assert!(!check.is_final());
    let filled = format!("{:?}", filled(&check, &scope()).unwrap());
    assert!(filled.contains("Number(4)"), "{filled}");
}

#[test]
fn an_operand_that_comes_out_empty_is_refused() {
    let matcher = Matcher::Contains(json!("{{ empty }}"));
    let error = filled(&matcher, &scope()).unwrap_err();
    assert!(error.message.contains("`contains` is empty"), "{error}");
}

#[test]
fn values_in_patterns_stand_for_themselves() {
    let matcher = Matcher::Matches("^{{ text }}$".to_owned());
    let filled = filled(&matcher, &scope()).unwrap();
    assert!(matches!(&*filled, Matcher::Matches(pattern) if pattern == "^12\\.5$"));
}

proptest! {
    #[test]
    fn any_text_is_filled_or_refused(text in "\\PC*") {
        let _ = fill(&text, &scope());
    }

    #[test]
    fn a_text_without_braces_stays(text in "[^{}]*") {
        prop_assert_eq!(fill(&text, &scope()).unwrap(), Value::String(text));
    }

    #[test]
    fn a_value_comes_back_as_it_went_in(text in "\\PC*") {
        let mut scope = scope();
        scope.bind("x", Value::String(text.clone()));
        prop_assert_eq!(fill("{{ x }}", &scope).unwrap(), Value::String(text.clone()));
        prop_assert_eq!(fill("<{{ x }}>", &scope).unwrap(), Value::String(format!("<{text}>")));
    }
}
