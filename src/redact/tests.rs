//! Tests of the room above: tables and properties.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn redactor(names: &[&str], patterns: &[&str], secrets: &[&str]) -> Redactor {
    let mut redactor = Redactor::new();
    for name in names {
        redactor.hide_member(name);
    }
    for pattern in patterns {
        redactor.hide_pattern(Regex::new(pattern).unwrap());
    }
    for secret in secrets {
        redactor.hide_secret(secret);
    }
    redactor
}

fn redacted(redactor: &Redactor, mut value: Value) -> Value {
    value.redact(redactor);
    value
}

#[test]
fn members_are_hidden_at_any_depth_and_in_any_case() {
    let redactor = redactor(&["Card_Number"], &[], &[]);
    let value = json!({"a": [{"card_number": {"deep": 1}}, {"CARD_NUMBER": "4111"}], "card": "4111"});
    let expected =
        json!({"a": [{"card_number": "[redacted]"}, {"CARD_NUMBER": "[redacted]"}], "card": "4111"});
    assert_eq!(redacted(&redactor, value), expected);
}

#[test]
fn patterns_find_texts_keys_and_numbers() {
    let redactor = redactor(&[], &[r"\b\d{13,16}\b"], &[]);
    let value =
        json!({"4111111111111111": "paid with 4111111111111111.", "n": 4_111_111_111_111_111_u64, "m": 12});
    let expected = json!({"[redacted]": "paid with [redacted].", "n": "[redacted]", "m": 12});
    assert_eq!(redacted(&redactor, value), expected);
}

#[test]
fn overlapping_hits_become_one_placeholder() {
    let redactor = redactor(&[], &["bcd", "x*"], &["abcdef", "cdefgh"]);
    assert_eq!(redactor.text("-abcdefgh-bcd-"), "-[redacted]-[redacted]-");
}

#[test]
fn a_placeholder_is_never_broken() {
    let redactor = redactor(&[], &["e", r"\w+"], &["redacted"]);
    assert_eq!(
        redactor.text("[redacted] e [redacted]"),
        "[redacted] [redacted] [redacted]"
    );
}

#[test]
fn a_short_secret_is_hidden_only_as_a_word() {
    let redactor = redactor(&[], &[], &["7", "eu1", "  \n"]);
    let text = "room 7 of 17, eu1, neu1, eu12: 7.";
    assert_eq!(
        redactor.text(text),
        "room [redacted] of 17, [redacted], neu1, eu12: [redacted]."
    );
}

#[test]
fn a_secret_of_several_lines_is_hidden_in_every_form() {
    let secret = "-----BEGIN KEY-----\nabcdefghijkl\nmnop\"qrstuvwx\n";
    let redactor = redactor(&[], &[], &[secret]);
    for text in [
        secret.to_owned(),
        json!({ "key": secret.trim() }).to_string(),
        collapsed(secret),
        "a diff's line: abcdefghijkl".to_owned(),
    ] {
        let clean = redactor.text(&text);
        assert!(
            !clean.contains("ghijkl") && clean.contains(PLACEHOLDER),
            "{clean}"
        );
    }
}

#[test]
fn paths_are_compared_step_by_step() {
    let redactor = redactor(&["pin", "member.code"], &[], &[]);
    for path in [
        "parameters.PIN",
        "pin",
        "$['pin'].x",
        "parameters[\"member.code\"]",
        "tool_calls[0].args.pin",
    ] {
        assert!(redactor.hides_path(path), "{path}");
    }
    for path in ["parameters.pinned", "shopping", "parameters.member_code", ""] {
        assert!(!redactor.hides_path(path), "{path}");
    }
}

#[test]
fn values_of_hidden_members_are_learnt() {
    let redactor = redactor(&["card"], &[], &[]);
    let card = json!({"number": 41_112_222, "last": "2222 X", "cvc": "123", "kind": "gpc", "uses": 12});
    let values = [json!({"card": card, "city": "Paris"})];
    let wider = redactor
        .learning(values.iter().map(|value| (value, false)))
        .unwrap();
    let text = "Paris: card 41112222, 2222 X, 123, 1234, gpc, 12, 411122229";
    assert_eq!(
        wider.text(text),
        "Paris: card [redacted], [redacted], [redacted], 1234, gpc, 12, 411122229"
    );
    assert!(redactor.learning([(&json!({"city": "Paris"}), false)]).is_none());
    let hidden = json!("4111 2222");
    assert_eq!(
        redactor
            .learning([(&hidden, true)])
            .unwrap()
            .text("is 4111 2222."),
        "is [redacted]."
    );
}

#[test]
fn debug_output_tells_nothing() {
    let shown = format!("{:?}", redactor(&["pin"], &["x"], &["hunter2hunter2"]));
    assert_eq!(shown, "Redactor(1 names, 1 patterns, 1 secrets)");
}

fn any_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z ]{0,12}",
        Just("s3cret-token".to_owned()),
        Just("Bearer s3cret-token!".to_owned())
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from)
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let name = prop_oneof![
            "[a-z]{1,6}",
            Just("Pin".to_owned()),
            Just("s3cret-token".to_owned())
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Every member called `pin`, whatever its case.
fn pins(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| {
                if name.eq_ignore_ascii_case("pin") {
                    vec![value]
                } else {
                    pins(value)
                }
            })
            .collect(),
        Value::Array(elements) => elements.iter().flat_map(pins).collect(),
        _ => Vec::new(),
    }
}

proptest! {
    #[test]
    fn no_secret_survives(value in any_value()) {
        let redactor = redactor(&["pin"], &[], &["s3cret-token"]);
        let clean = redacted(&redactor, value);
        prop_assert!(!clean.to_string().contains("s3cret-token"));
        prop_assert!(pins(&clean).iter().all(|pin| **pin == json!(PLACEHOLDER)));
        prop_assert_eq!(redacted(&redactor, clean.clone()), clean);
    }

    #[test]
    fn text_without_secrets_is_left_alone(text in "[a-c]{0,20}") {
        let redactor = redactor(&["pin"], &["xyz"], &["s3cret-token"]);
        prop_assert_eq!(redactor.text(&text), text.as_str());
    }

    #[test]
    fn any_text_and_any_secret_leave_no_trace(text in "\\PC{0,30}", secret in "\\PC{4,8}") {
        let redactor = redactor(&[], &[], &[&secret]);
        let around = format!("{text}{secret}{text}");
        prop_assume!(!secret.trim().is_empty() && !PLACEHOLDER.contains(secret.trim()));
        let clean = redactor.text(&around).replace(PLACEHOLDER, "\u{0}");
        prop_assert!(secret.trim().chars().count() < SHORT || !clean.contains(secret.trim()));
    }
}

#[test]
fn what_is_shown_may_be_any_text_with_something_in_its_place() {
    for (text, shown, may_be) in [
        ("pays", "pays", true),
        ("pays", "pay", false),
        ("pays with 4111", "pays with [redacted]", true),
        ("pays without", "pays with [redacted]", false),
        ("4111 by Ann, twice", "[redacted] by [redacted], twice", true),
        ("4111 by Ann, once", "[redacted] by [redacted], twice", false),
        ("by, twice", "[redacted] by [redacted], twice", false),
        ("aXa", "a[redacted]a", true),
        ("a", "a[redacted]a", false),
        ("anything", "[redacted]", true),
    ] {
        assert_eq!(may_be_shown_as(text, shown), may_be, "{text} as {shown}");
    }
}
