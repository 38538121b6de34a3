//! Tool calls: what is missing, extra, reordered or wrongly called.

use super::*;

fn expected(text: &str) -> ExpectedCall {
    let (tool, args) = text
        .split_once('(')
        .map_or((text, None), |(tool, args)| (tool, Some(args)));
    let args = args.map(|args| {
        let args: Value = serde_json::from_str(&format!("{{{}}}", args.trim_end_matches(')'))).unwrap();
        Matcher::Subset(
            map(args)
                .into_iter()
                .map(|(name, value)| (name, Matcher::Is(value)))
                .collect(),
        )
    });
    ExpectedCall {
        line: 9,
        tool: is(tool),
        args,
        all_args: None,
        times: None,
        response: None,
        source: None,
        agent: None,
    }
}

fn times(text: &str, times: Matcher) -> ExpectedCall {
    ExpectedCall {
        times: Some(times),
        ..expected(text)
    }
}

fn at_least(count: u32) -> Matcher {
    Matcher::Compare(Comparison::GreaterOrEqual, json!(count))
}

fn made(text: &str) -> ToolCall {
    let (tool, args) = text.split_once('(').unwrap_or((text, ")"));
    call(
        tool,
        serde_json::from_str(&format!("{{{}}}", args.trim_end_matches(')'))).unwrap(),
    )
}

fn checked(check: ToolCallsCheck, calls: &[&str]) -> Checked {
    let reply = AgentReply {
        tool_calls: Observed::Seen(calls.iter().map(|call| made(call)).collect()),
        ..AgentReply::default()
    };
    let mut rows = evaluate_turn(&[expectation(Check::ToolCalls(check))], &reply, &context());
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

#[track_caller]
fn passes(check: ToolCallsCheck, calls: &[&str]) {
    let row = checked(check, calls);
    assert_eq!((row.outcome, row.message.as_str()), (Outcome::Passed, ""));
}

#[track_caller]
fn fails(check: ToolCallsCheck, calls: &[&str], message: &str) -> Checked {
    let row = checked(check, calls);
    assert_eq!((row.outcome, row.message.as_str()), (Outcome::Failed, message));
    row
}

fn list(calls: &[&str]) -> Vec<ExpectedCall> {
    calls.iter().map(|call| expected(call)).collect()
}

fn exactly(calls: &[&str]) -> ToolCallsCheck {
    ToolCallsCheck::Exactly(list(calls))
}

#[test]
fn an_exact_sequence() {
    passes(exactly(&[]), &[]);
    passes(exactly(&["a", "b"]), &["a(\"x\": 1)", "b"]);
    passes(exactly(&["a(\"x\": 1)"]), &["a(\"x\": 1.0, \"y\": 2)"]);
    let row = fails(
        exactly(&["a", "lookup(\"id\": \"A1\")"]),
        &["a"],
        "missing: lookup(id: \"A1\")",
    );
    assert_eq!(row.line, 9);
    assert_eq!(row.expected, json!(["a", "lookup(id: \"A1\")"]));
    assert_eq!(row.actual, json!(["a"]));
    fails(exactly(&["a"]), &["a", "b(\"x\": 1)"], "extra: b(x: 1)");
    fails(exactly(&[]), &["a"], "extra: a");
    fails(exactly(&["a", "b"]), &["b", "a"], "out of order: b came before a");
    fails(
        exactly(&["charge(\"amount\": 10)"]),
        &["charge(\"amount\": 12)"],
        "wrong argument: charge amount: expected 10, was 12",
    );
    fails(
        exactly(&["charge(\"amount\": 10, \"to\": \"x\")", "b"]),
        &["charge(\"amount\": 12)", "c"],
        "wrong argument: charge amount: expected 10, was 12, to: expected \"x\", was absent; missing: b; extra: c",
    );
}

#[test]
fn calls_are_paired_with_the_closest() {
    let row = fails(
        exactly(&["a(\"x\": 1, \"y\": 1)", "a(\"x\": 2, \"y\": 2)"]),
        &["a(\"x\": 2, \"y\": 3)", "a(\"x\": 1, \"y\": 1)"],
        "wrong argument: a y: expected 2, was 3",
    );
    let lines: Vec<(DiffSide, &str)> = row
        .diff
        .as_ref()
        .unwrap()
        .lines
        .iter()
        .map(|line| (line.side, line.pieces[0].text.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            (DiffSide::Both, "a(x: 1, y: 1)"),
            (DiffSide::Expected, "a(x: 2, y: 2)"),
            (DiffSide::Actual, "a(x: 2, y: 3)"),
        ]
    );
    // A call that fits both is left to the pickier one.
    passes(
        ToolCallsCheck::AnyOrder(list(&["a", "a(\"x\": 1)"])),
        &["a(\"x\": 1)", "a(\"x\": 2)"],
    );
    passes(
        ToolCallsCheck::Include(list(&["a", "a(\"x\": 1)"])),
        &["b", "a(\"x\": 1)", "a"],
    );
    fails(
        ToolCallsCheck::Include(list(&["a", "a(\"x\": 1)"])),
        &["a(\"x\": 1)"],
        "missing: a(x: 1)",
    );
}

#[test]
fn other_modes() {
    passes(
        ToolCallsCheck::Ordered(list(&["a", "b"])),
        &["x", "a", "y", "a", "b", "z"],
    );
    fails(
        ToolCallsCheck::Ordered(list(&["a", "b"])),
        &["b", "x", "a"],
        "out of order: b came before a",
    );
    fails(
        ToolCallsCheck::Ordered(list(&["a", "b"])),
        &["x", "a"],
        "missing: b",
    );
    passes(ToolCallsCheck::AnyOrder(list(&["a", "b"])), &["b", "a"]);
    fails(
        ToolCallsCheck::AnyOrder(list(&["a", "b"])),
        &["b", "a", "a"],
        "extra: a",
    );
    fails(ToolCallsCheck::AnyOrder(list(&["a", "b"])), &["b"], "missing: a");
    passes(ToolCallsCheck::Include(list(&["b"])), &["a", "b", "b"]);
    fails(ToolCallsCheck::Include(list(&["c"])), &["a", "b"], "missing: c");
    passes(ToolCallsCheck::Never(list(&["c"])), &["a"]);
    passes(ToolCallsCheck::Never(list(&["a(\"x\": 1)"])), &["a(\"x\": 2)"]);
    let row = fails(
        ToolCallsCheck::Never(list(&["charge"])),
        &["a", "charge(\"amount\": 12)"],
        "must not be called: charge(amount: 12)",
    );
    assert_eq!(
        (row.path.as_str(), row.expected),
        ("tool_calls.never", json!({"never": ["charge"]}))
    );
}

#[test]
fn repetitions() {
    let with = |times: ExpectedCall| ToolCallsCheck::Exactly(vec![times, expected("b")]);
    passes(with(times("a", is(2))), &["a", "a", "b"]);
    passes(with(times("a", at_least(1))), &["a", "a", "a", "b"]);
    passes(with(times("a", is(0))), &["b"]);
    fails(with(times("a", is(2))), &["a", "b"], "missing: a × 2");
    fails(with(times("a", is(2))), &["a", "a", "a", "b"], "extra: a");
    fails(
        with(times("a", at_least(2))),
        &["a", "b"],
        "wrong count: a: expected at least 2, was 1 call",
    );
    fails(
        with(times("a", is(0))),
        &["a", "b"],
        "wrong count: a: expected 0, was 1 call",
    );
    fails(
        with(times("a", at_least(1))),
        &["a", "b", "a"],
        "the calls came in another order",
    );
    let include = |call: ExpectedCall| ToolCallsCheck::Include(vec![call]);
    passes(include(times("a", is(2))), &["a", "x", "a"]);
    fails(
        include(times("a", is(2))),
        &["a", "a", "a"],
        "wrong count: a: expected 2, was 3 calls",
    );
    let ordered = |call: ExpectedCall| ToolCallsCheck::Ordered(vec![call, expected("b")]);
    passes(ordered(times("a", is(1))), &["x", "a", "b"]);
    fails(
        ordered(times("a", is(1))),
        &["a", "a", "b"],
        "wrong count: a: expected 1, was 2 calls",
    );
    fails(
        ordered(times("a", is(1))),
        &["a", "b", "a"],
        "wrong count: a: expected 1, was 2 calls",
    );
    passes(ToolCallsCheck::Never(vec![times("a", at_least(3))]), &["a", "a"]);
    fails(
        ToolCallsCheck::Never(vec![times("a", at_least(2))]),
        &["a", "a"],
        "must not be called: a; must not be called: a",
    );
}

/// A counted call beside one that any call will do for: each call counts where it is needed.
#[test]
fn counts_and_single_calls_share_what_there_is() {
    let one = "a(\"x\": 1)";
    let two = "a(\"x\": 2)";
    let any_order = |counted| ToolCallsCheck::AnyOrder(vec![expected("a"), counted]);
    passes(any_order(times(one, at_least(1))), &[one, two]);
    passes(any_order(times(two, at_least(1))), &[one, two]);
    passes(any_order(times(one, is(0))), &[two]);
    fails(
        any_order(times(one, is(0))),
        &[one],
        "wrong count: a(x: 1): expected 0, was 1 call",
    );
    let include = |counted| ToolCallsCheck::Include(vec![expected("a"), counted]);
    passes(include(times(one, is(2))), &[one, one, two]);
    fails(
        include(times(one, is(0))),
        &[one, two],
        "wrong count: a(x: 1): expected 0, was 1 call",
    );
}

#[test]
fn everything_about_a_call() {
    let with = |change: fn(&mut ExpectedCall)| {
        let mut wanted = expected("a");
        change(&mut wanted);
        ToolCallsCheck::Exactly(vec![wanted])
    };
    let mut answered = made("a(\"x\": 1)");
    answered.response = Some(json!({"status": "shipped"}));
    answered.agent = Some("Root".into());
    answered.source = CallSource::Client;
    let judged = |check: ToolCallsCheck| {
        let reply = AgentReply {
            tool_calls: Observed::Seen(vec![answered.clone()]),
            ..AgentReply::default()
        };
        evaluate_turn(&[expectation(Check::ToolCalls(check))], &reply, &context())
            .remove(0)
            .message
    };
    assert_eq!(
        judged(with(|call| call.all_args = Some(subset([("x", is(1))])))),
        ""
    );
    assert_eq!(
        judged(with(|call| call.all_args = Some(subset([("y", is(1))])))),
        "wrong argument: a y: expected 1, was absent, x: is not expected, was 1"
    );
    assert_eq!(
        judged(with(
            |call| call.response = Some(subset([("status", is("shipped"))]))
        )),
        ""
    );
    assert_eq!(
        judged(with(|call| call.response = Some(subset([("status", is("lost"))])))),
        "wrong response: a status: expected \"lost\", was \"shipped\""
    );
    assert_eq!(
        judged(with(|call| call.agent = Some(is("Sales")))),
        "wrong agent: a expected \"Sales\", was \"Root\""
    );
    assert_eq!(
        judged(with(|call| call.source = Some(CallSource::Nested))),
        "wrong source: a expected nested, was client"
    );
    assert_eq!(
        judged(with(
            |call| call.args = Some(subset([("x", Matcher::Matches("(".into()))]))
        )),
        "the regular expression is not valid: unclosed group"
    );
    assert_eq!(
        judged(with(|call| call.tool = Matcher::Matches("^[ab]$".into()))),
        ""
    );
}

#[test]
fn a_cx_tool_stands_for_all_its_actions() {
    passes(exactly(&["orders"]), &["orders/find"]);
    passes(exactly(&["orders/find"]), &["orders/find"]);
    fails(
        exactly(&["orders/cancel"]),
        &["orders/find"],
        "missing: orders/cancel; extra: orders/find",
    );
    let reply = AgentReply {
        tool_calls: Observed::Seen(vec![made("orders/find")]),
        ..AgentReply::default()
    };
    let ces = TurnContext::new(Service::Ces, now());
    let rows = evaluate_turn(
        &[expectation(Check::ToolCalls(exactly(&["orders"])))],
        &reply,
        &ces,
    );
    assert_eq!(rows[0].outcome, Outcome::Failed);
}

#[test]
fn combined_checks_give_a_row_each() {
    let check = ToolCallsCheck::All(vec![
        ToolCallsCheck::Include(list(&["a"])),
        ToolCallsCheck::Never(list(&["b"])),
    ]);
    let reply = AgentReply {
        tool_calls: Observed::Seen(vec![made("a"), made("b")]),
        ..AgentReply::default()
    };
    let rows = evaluate_turn(&[expectation(Check::ToolCalls(check))], &reply, &context());
    let told: Vec<(&str, Outcome)> = rows.iter().map(|row| (row.path.as_str(), row.outcome)).collect();
    assert_eq!(
        told,
        [
            ("tool_calls.include", Outcome::Passed),
            ("tool_calls.never", Outcome::Failed)
        ]
    );
}

#[test]
fn very_many_calls_take_bounded_time() {
    let many: Vec<String> = (0..400).map(|number| format!("a(\"x\": {number})")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let reversed: Vec<&str> = many.iter().rev().copied().collect();
    let row = checked(exactly(&reversed), &many);
    assert_eq!(row.outcome, Outcome::Failed);
    assert!(row.diff.unwrap().lines.len() <= 201);
    passes(ToolCallsCheck::AnyOrder(list(&reversed)), &many);
    let too_many: Vec<&str> = vec!["a"; 501];
    fails(
        exactly(&["a"]),
        &too_many,
        "more than 500 tool calls are not compared",
    );
}

/// `any_of` below `all_args` let any other argument through.
#[test]
fn all_args_lets_no_others_through_whatever_stands_below_it() {
    let args = |text: &str| {
        let args: Value = serde_json::from_str(text).unwrap();
        subset_of(map(args))
    };
    let any_of = |parts: &[&str]| Matcher::AnyOf(parts.iter().map(|part| args(part)).collect());
    let all_of = |parts: &[Matcher]| Matcher::AllOf(parts.to_vec());
    let include = |all_args: Matcher| {
        ToolCallsCheck::Include(vec![ExpectedCall {
            all_args: Some(all_args),
            ..expected("u")
        }])
    };
    let (x, y) = (r#"{"x": 2}"#, r#"{"y": 3}"#);
    let (one, both) = (["u(\"x\": 2)"], ["u(\"x\": 2, \"y\": 3)"]);
    for matcher in [
        any_of(&[x, r#"{"x": 9}"#]),
        any_of(&[x, y]),
        all_of(&[args(x)]),
        all_of(&[args(x), any_of(&[x])]),
        Matcher::Equals(json!({"x": 2})),
        Matcher::Present,
    ] {
        assert_eq!(
            checked(include(matcher.clone()), &both).outcome,
            Outcome::Failed,
            "{matcher:?}"
        );
        if !matches!(matcher, Matcher::Present) {
            passes(include(matcher), &one);
        }
    }
    for matcher in [
        all_of(&[args(x), args(y)]),
        all_of(&[args(x), any_of(&[y, r#"{"z": 1}"#])]),
        any_of(&[x, r#"{"x": 2, "y": 3}"#]),
        Matcher::AnyOf(vec![all_of(&[args(x), args(y)]), args(x)]),
        Matcher::Equals(json!({"x": 2, "y": 3})),
    ] {
        passes(include(matcher), &both);
    }
}

fn subset_of(members: Map) -> Matcher {
    let members = members
        .into_iter()
        .map(|(name, value)| (name, Matcher::Is(value)));
    Matcher::Subset(members.collect())
}
