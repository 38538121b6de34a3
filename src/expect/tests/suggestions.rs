//! The suggested `expect:` block.

use super::*;

fn record() -> ReplyRecord {
    ReplyRecord {
        texts: vec!["Where to?".into()],
        matched: Some(Match {
            kind: "intent".into(),
            intent: Some("book.flight".into()),
            event: None,
            confidence: 0.876,
            parameters: Map::new(),
        }),
        page: Some("Collect Date".into()),
        parameters: Some(map(json!({
            "city": "Paris", "zip": "02139", "gone": null, "flag": "no", "odd": {"contains": 1}, "hole": {"a": null}
        }))),
        ..ReplyRecord::default()
    }
}

fn failed(kind: &str, path: &str) -> Checked {
    Checked {
        kind: kind.into(),
        path: path.into(),
        line: 1,
        outcome: Outcome::Failed,
        expected: Value::Null,
        actual: Value::Null,
        message: String::new(),
        diff: None,
        is_mistake: false,
    }
}

#[test]
fn everything_of_a_turn() {
    let suggested = suggest_all(&record(), &[call("lookup", json!({"id": "A1", "not": 1}))], None).unwrap();
    assert_eq!(
        suggested,
        "expect:\n  intent: book.flight\n  page: Collect Date\n  reply: Where to?\n  parameters:\n    city: Paris\n    \
         zip: \"02139\"\n    flag: \"no\"\n    odd: { equals: { contains: 1 } }\n    hole: { equals: { a: null } }\n  \
         tool_calls:\n    - { tool: lookup, args: { equals: { id: A1, not: 1 } } }\n"
    );
    let before =
        map(json!({"city": "Paris", "zip": "02139", "flag": "no", "odd": 1, "hole": {"a": null}, "was": 1}));
    let suggested = suggest_all(&record(), &[], Some(&before)).unwrap();
    assert!(
        suggested.ends_with("  parameters:\n    odd: { equals: { contains: 1 } }\n"),
        "{suggested}"
    );
    assert_eq!(suggest_all(&ReplyRecord::default(), &[], None), None);
}

#[test]
fn only_what_failed() {
    let checked = [
        failed("parameters", "parameters.city"),
        failed("parameters", "parameters.nothing"),
        failed("parameters", "parameters[\"gone\"]"),
        failed("confidence", "confidence"),
        failed("reply", "reply"),
        failed("tool_calls", "tool_calls"),
        failed("ended", "ended"),
        failed("latency", "latency"),
    ];
    assert_eq!(
        suggest_for_failures(&record(), &[], &checked).unwrap(),
        "expect:\n  parameters:\n    city: Paris\n    nothing: { absent: true }\n    '[\"gone\"]': { absent: true }\n  \
         confidence: { gte: 0.87 }\n  reply: Where to?\n  tool_calls: []\n  ended: false\n"
    );
    assert_eq!(suggest_for_failures(&record(), &[], &checked[7..]), None);
    let passed = Checked {
        outcome: Outcome::Passed,
        ..failed("page", "page")
    };
    assert_eq!(suggest_for_failures(&record(), &[], &[passed]), None);
}

#[test]
fn what_was_redacted_is_not_suggested() {
    let mut redactor = crate::redact::Redactor::new();
    redactor.hide_member("city");
    redactor.hide_pattern(regex::Regex::new("[A-Z]{2}[0-9]").unwrap());
    let redacted = |mut record: ReplyRecord| {
        crate::redact::Redact::redact(&mut record, &redactor);
        record
    };
    let mut known = record();
    known.texts = vec!["Your booking is AB1.".to_owned()];
    let suggested = suggest_all(&redacted(known.clone()), &[], None).unwrap();
    assert!(
        !suggested.contains("redacted") && !suggested.contains("city"),
        "{suggested}"
    );
    assert!(
        suggested.contains("parameters:"),
        "what is not hidden stays: {suggested}"
    );
    known.parameters = None;
    assert_eq!(
        suggest_for_failures(&redacted(known), &[], &[failed("reply", "reply")]),
        None
    );
}

/// `check` refused the names as templates that nothing fills in.
#[test]
fn names_that_would_be_templates_are_not_suggested() {
    let mut known = record();
    known.parameters = Some(map(json!({"city": "Paris", "{{ x }}": 1})));
    let calls = [
        call("lookup", json!({"{{ x }}": 1, "id": 2})),
        call("find", json!({"not": "{{ x }}"})),
    ];
    let suggested = suggest_all(&known, &calls, None).unwrap();
    assert!(
        suggested.ends_with("  parameters:\n    city: Paris\n  tool_calls:\n    - lookup\n    - find\n"),
        "{suggested}"
    );
    let all = failed("all_parameters", "all_parameters.city");
    assert_eq!(
        suggest_for_failures(&known, &[], std::slice::from_ref(&all)),
        None
    );
    let one = failed("parameters", "parameters.{{ x }}");
    assert_eq!(suggest_for_failures(&known, &[], &[one]), None);
    known.parameters = Some(map(json!({"city": "Paris"})));
    let suggested = suggest_for_failures(&known, &[], &[all]).unwrap();
    assert!(suggested.contains("city: Paris"), "{suggested}");
}

#[test]
fn texts_that_would_be_templates_or_too_long() {
    let with = |text: String| {
        let record = ReplyRecord {
            texts: vec![text],
            ..ReplyRecord::default()
        };
        suggest_for_failures(&record, &[], &[failed("reply", "reply")]).unwrap()
    };
    assert_eq!(
        with("Hello {{ name }}!".into()),
        "expect:\n  reply: { matches: '^\\s*Hello\\s+\\{\\{\\s+name\\s+\\}\\}!\\s*$' }\n"
    );
    // A pattern is held against the letters as they were put together.
    assert!(with("{{ cafe\u{301} }}".into()).contains("cafe\u{301}"));
    let long = with("Some words. ".repeat(100));
    assert!(
        long.starts_with("expect:\n  reply:\n    starts_with: Some words. Some"),
        "{long}"
    );
    assert!(long.len() < 500);
    assert_eq!(with("  ".into()), "expect:\n  reply: { absent: true }\n");
}

/// The matcher that a suggested value spells, of the few operators that suggestions use.
fn matcher(value: &Value) -> Matcher {
    let operator = value
        .as_object()
        .filter(|members| members.len() == 1)
        .and_then(|members| members.iter().next());
    match (operator.map(|(name, operand)| (name.as_str(), operand)), value) {
        (Some(("absent", _)), _) => Matcher::Absent,
        (Some(("present", _)), _) => Matcher::Present,
        (Some(("equals", operand)), _) => Matcher::Equals(operand.clone()),
        (Some(("starts_with", operand)), _) => Matcher::StartsWith(operand.clone()),
        (Some(("matches", Value::String(pattern))), _) => Matcher::Matches(pattern.clone()),
        (_, Value::Array(items)) => Matcher::List(items.iter().map(matcher).collect()),
        _ => Matcher::Is(value.clone()),
    }
}

proptest::proptest! {
    #[test]
    fn what_is_suggested_is_yaml_and_holds(
        text in proptest::prelude::any::<String>(),
        place in "[a-z :#{}]{1,6}",
        value in super::properties::value(),
    ) {
        let parameters = Map::from_iter([("x".to_owned(), value.clone()), (place.clone(), value)]);
        let reply = AgentReply {
            texts: vec![text],
            page: Observed::Seen(place),
            parameters: Observed::Seen(parameters),
            ..AgentReply::default()
        };
        let suggested = suggest_all(&ReplyRecord::from(&reply), &[], None).unwrap();
        let file = crate::diagnostic::SourceFile { path: "suggested.yaml".into(), text: suggested.clone() };
        let parsed = crate::yaml::parse(&std::sync::Arc::new(file));
        proptest::prop_assert!(parsed.problems.is_empty(), "{suggested}\n{:?}", parsed.problems);
        let block = parsed.root.unwrap().to_value();
        for (kind, wanted) in block["expect"].as_object().unwrap() {
            let check = match kind.as_str() {
                "reply" => Check::Reply(matcher(wanted)),
                "page" => Check::Page(matcher(wanted)),
                "parameters" => {
                    let members = wanted.as_object().unwrap().iter();
                    Check::Parameters(members.map(|(name, wanted)| (name.clone(), matcher(wanted))).collect())
                }
                other => panic!("{other} was not there to be suggested"),
            };
            for row in evaluate_turn(&[expectation(check)], &reply, &context()) {
                proptest::prop_assert_eq!(row.outcome, Outcome::Passed, "{}\n{:?}", suggested, row);
            }
        }
    }
}
