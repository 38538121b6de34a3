//! Properties: nothing panics, equality is equality, `not` turns round.

use proptest::prelude::*;

use super::*;

pub(super) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ a-c\\n]{0,8}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "20[0-9]{2}-[01][0-9]-[0-3][0-9]".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("year|month|day|[a-c.]{0,3}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn matcher() -> impl Strategy<Value = Matcher> {
    let leaf = prop_oneof![
        value().prop_map(Matcher::Is),
        value().prop_map(Matcher::Equals),
        value().prop_map(Matcher::Contains),
        value().prop_map(Matcher::IContains),
        value().prop_map(Matcher::StartsWith),
        value().prop_map(Matcher::EndsWith),
        any::<String>().prop_map(Matcher::Matches),
        (value()).prop_map(|operand| Matcher::Compare(Comparison::Less, operand)),
        (value(), value()).prop_map(|(low, high)| Matcher::Between(low, high)),
        (value(), value()).prop_map(|(to, within)| Matcher::Approx { to, within }),
        Just(Matcher::Absent),
        Just(Matcher::Present),
        Just(Matcher::Unchanged),
        Just(Matcher::IsType(ValueType::Integer)),
        (value(), value()).prop_map(|(to, at_least)| Matcher::Similar {
            to,
            at_least,
            algorithm: SimilarityAlgorithm::JaroWinkler,
        }),
        (value(), value()).prop_map(|(to, at_most)| Matcher::Wer { to, at_most }),
        value().prop_map(|operand| Matcher::Date(DateMatcher::On(operand))),
        value().prop_map(|operand| Matcher::Date(DateMatcher::FromToday(operand))),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Matcher::List),
            prop::collection::vec(("[a-c.]{0,3}", inner.clone()), 0..3).prop_map(Matcher::Subset),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Matcher::AnyOf),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Matcher::AllOf),
            inner.clone().prop_map(not),
            inner
                .clone()
                .prop_map(|inner| Matcher::HasLength(Box::new(inner))),
            inner.clone().prop_map(|inner| Matcher::Each(Box::new(inner))),
            inner.prop_map(|inner| Matcher::HasItem(Box::new(inner))),
        ]
    })
}

proptest! {
    #[test]
    fn a_value_is_itself(value in value()) {
        prop_assert_eq!(matches(&Matcher::Is(value.clone()), &value, now()), Ok(true));
        prop_assert_eq!(matches(&Matcher::Equals(value.clone()), &value, now()), Ok(true));
    }

    #[test]
    fn not_turns_round(matcher in matcher(), value in value()) {
        let straight = matches(&matcher, &value, now());
        let turned = matches(&not(matcher), &value, now());
        match (straight, turned) {
            (Ok(one), Ok(other)) => prop_assert_ne!(one, other),
            (one, other) => prop_assert_eq!(one.is_err(), other.is_err()),
        }
    }

    #[test]
    fn nothing_panics_and_failures_are_told(matcher in matcher(), parameters in value()) {
        let reply = AgentReply {
            texts: vec![parameters.to_string()],
            parameters: match parameters.clone() {
                Value::Object(members) => Observed::Seen(members),
                _ => Observed::default(),
            },
            payloads: vec![parameters.clone()],
            raw: Some(parameters),
            ..AgentReply::default()
        };
        let checks = [
            Check::Reply(matcher.clone()),
            Check::Replies(matcher.clone()),
            Check::Parameters(vec![("a.b".into(), matcher.clone()), ("a".into(), matcher.clone())]),
            Check::AllParameters(vec![("a".into(), matcher.clone())]),
            Check::Payload(matcher.clone()),
            Check::Ended(matcher.clone()),
            Check::Latency(matcher.clone()),
            Check::Visited(vec![VisitedStep::Place(matcher.clone())]),
            Check::Raw { path: "$..*".into(), matcher },
        ];
        for check in checks {
            for row in evaluate_turn(&[expectation(check)], &reply, &context()) {
                prop_assert_eq!(row.outcome == Outcome::Passed, row.message.is_empty());
            }
        }
    }

    #[test]
    fn exact_calls_pass_and_any_order_ignores_order(tools in prop::collection::vec("[ab]", 0..6)) {
        let calls: Vec<ToolCall> = tools.iter().map(|tool| call(tool, json!({}))).collect();
        let expected: Vec<ExpectedCall> = tools
            .iter()
            .map(|tool| ExpectedCall {
                line: 1,
                tool: is(tool.as_str()),
                args: None,
                all_args: None,
                times: None,
                response: None,
                source: None,
                agent: None,
            })
            .collect();
        let reversed: Vec<ExpectedCall> = expected.iter().rev().cloned().collect();
        let is_palindrome = tools.iter().eq(tools.iter().rev());
        let reply = AgentReply { tool_calls: Observed::Seen(calls), ..AgentReply::default() };
        let outcome = |check: ToolCallsCheck| {
            evaluate_turn(&[expectation(Check::ToolCalls(check))], &reply, &context())[0].outcome == Outcome::Passed
        };
        prop_assert!(outcome(ToolCallsCheck::Exactly(expected.clone())));
        prop_assert!(outcome(ToolCallsCheck::Ordered(expected)));
        prop_assert_eq!(outcome(ToolCallsCheck::Exactly(reversed.clone())), is_palindrome);
        prop_assert!(outcome(ToolCallsCheck::AnyOrder(reversed.clone())));
        prop_assert!(outcome(ToolCallsCheck::Include(reversed)));
    }
}
