//! Every expectation: where it looks, its rows, and what came of it.

use super::*;

pub(super) fn reply() -> AgentReply {
    AgentReply {
        texts: vec!["Good news.".into(), "  ".into(), "Anything else?".into()],
        matched: Observed::Seen(Match {
            kind: "intent".into(),
            intent: Some("book.flight".into()),
            event: None,
            confidence: 0.87,
            parameters: Map::new(),
        }),
        page: Observed::Seen("Collect Date".into()),
        flow: Observed::Seen("Booking".into()),
        visited: Observed::Seen(vec!["Booking".into(), "Collect Date".into()]),
        parameters: Observed::Seen(map(json!({
            "city": "Paris", "bookingref": "X1", "party": 2.0, "gone": null,
            "address": {"city": "Lyon"}, "member.firstName": "Ada"
        }))),
        tool_calls: Observed::Seen(vec![call("lookup", json!({"id": "A1"}))]),
        transfers: Observed::Seen(vec!["Billing".into()]),
        handoff: Some(map(json!({"queue": "mechanics"}))),
        candidates: Observed::Seen(vec![]),
        payloads: vec![json!({"a": 1}), json!({"card": {"title": "T"}})],
        webhooks: Observed::Seen(vec![WebhookStatus {
            name: Some("Orders".into()),
            code: 14,
            message: "down".into(),
        }]),
        latency: Latency {
            first: Duration::from_millis(100),
            total: Duration::from_millis(4_213),
        },
        raw: Some(json!({"queryResult": {"match": {"confidence": 0.87}}})),
        ..AgentReply::default()
    }
}

fn rows(check: Check) -> Vec<Checked> {
    evaluate_turn(&[expectation(check)], &reply(), &context())
}

#[track_caller]
fn passes(check: Check) {
    for row in rows(check) {
        assert_eq!(
            (row.outcome, row.message.as_str()),
            (Outcome::Passed, ""),
            "{row:?}"
        );
        assert_eq!(row.line, 7);
    }
}

#[track_caller]
fn fails(check: Check, message: &str) -> Checked {
    let rows = rows(check);
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].outcome, rows[0].message.as_str()),
        (Outcome::Failed, message)
    );
    rows.into_iter().next().unwrap()
}

#[test]
fn every_expectation_finds_what_it_looks_at() {
    passes(Check::Reply(is("Good news. Anything else?")));
    passes(Check::Replies(Matcher::List(vec![
        is("Good news."),
        Matcher::EndsWith(json!("?")),
    ])));
    passes(Check::Intent(is("book.flight")));
    passes(Check::Confidence(Matcher::Between(json!(0.8), json!(0.9))));
    passes(Check::Match(is("intent")));
    passes(Check::Page(is("Collect Date")));
    passes(Check::Flow(Matcher::StartsWith(json!("Book"))));
    passes(Check::Visited(vec![
        VisitedStep::Place(is("Booking")),
        VisitedStep::Anything,
    ]));
    passes(Check::Transfer(is("Billing")));
    passes(Check::Ended(is(false)));
    passes(Check::Handoff(subset([("queue", is("mechanics"))])));
    passes(Check::Handoff(is(true)));
    passes(Check::Handoff(Matcher::Present));
    passes(Check::Ended(Matcher::Absent));
    passes(Check::Payload(subset([("card", subset([("title", is("T"))]))])));
    passes(Check::Webhook(Matcher::List(vec![subset([
        ("status", is("UNAVAILABLE")),
        ("code", not(is(0))),
    ])])));
    passes(Check::Candidates(Matcher::Absent));
    passes(Check::Latency(Matcher::Compare(Comparison::Less, json!(5))));
    passes(Check::Raw {
        path: "$.queryResult.match.confidence".into(),
        matcher: is(0.87),
    });
}

/// What is compared is what was measured, and what is shown is as fine as it takes to see why.
#[test]
fn a_latency_near_its_bound_is_shown_as_fine_as_it_takes() {
    let took = |micros: u64, comparison: Comparison, bound: f64| {
        let reply = AgentReply {
            latency: Latency {
                total: Duration::from_micros(micros),
                ..Latency::default()
            },
            ..AgentReply::default()
        };
        let matcher = Matcher::Compare(comparison, json!(bound));
        let rows = evaluate_turn(&[expectation(Check::Latency(matcher))], &reply, &context());
        (rows[0].outcome == Outcome::Passed, rows[0].message.clone())
    };
    let (holds, message) = took(3_214, Comparison::Less, 0.003);
    assert!(!holds);
    assert_eq!(message, "is 0.0032 s, not less than 0.003 s");
    let (holds, message) = took(3_004, Comparison::LessOrEqual, 0.003);
    assert!(!holds);
    assert_eq!(message, "is 0.003004 s, not at most 0.003 s");
    assert!(took(2_996, Comparison::Less, 0.003).0);
    let (_, message) = took(3_000, Comparison::Less, 0.003);
    assert_eq!(message, "is 0.003 s, not less than 0.003 s");
    let (_, message) = took(5_213_456, Comparison::Less, 4.0);
    assert_eq!(message, "is 5.213 s, not less than 4 s");
}

#[test]
fn failures_are_told() {
    let row = fails(
        Check::Page(is("Confirm")),
        "expected \"Confirm\", was \"Collect Date\"",
    );
    assert_eq!((row.kind.as_str(), row.path.as_str()), ("page", "page"));
    assert_eq!(
        (row.expected, row.actual),
        (json!("Confirm"), json!("Collect Date"))
    );
    let row = fails(
        Check::Confidence(Matcher::Compare(Comparison::GreaterOrEqual, json!(0.9))),
        "is 0.87, not at least 0.9",
    );
    assert_eq!(row.expected, json!("at least 0.9"));
    let row = fails(
        Check::Latency(Matcher::Compare(Comparison::Less, json!(4.0))),
        "is 4.213 s, not less than 4 s",
    );
    assert_eq!(
        (row.expected, row.actual),
        (json!("less than 4 s"), json!("4.213 s"))
    );
    fails(
        Check::Ended(is(true)),
        "the conversation goes on, should have ended",
    );
    fails(Check::Handoff(is(false)), "there was a hand-off, should be none");
    fails(
        Check::Handoff(subset([("queue", is("sales"))])),
        "queue: expected \"sales\", was \"mechanics\"",
    );
    fails(
        Check::Ended(subset([("reason", is("done"))])),
        "the conversation goes on, should have ended",
    );
    fails(
        Check::Transfer(is("Sales")),
        "expected \"Sales\", was \"Billing\"",
    );
    fails(
        Check::Visited(vec![VisitedStep::Place(is("Confirm"))]),
        "Confirm was not visited",
    );
    fails(
        Check::Replies(Matcher::HasLength(Box::new(is(3)))),
        "has length 2, not 3",
    );
    let row = fails(
        Check::Raw {
            path: "$.queryResult.match.matchType".into(),
            matcher: is("INTENT"),
        },
        "expected \"INTENT\", was absent",
    );
    assert_eq!(row.path, "raw $.queryResult.match.matchType");
}

/// What came of an expectation about a hand-off for the reason `other`.
fn handed_off(matcher: Matcher) -> Result<(), String> {
    let reply = AgentReply {
        handoff: Some(map(json!({"reason": "other"}))),
        ..AgentReply::default()
    };
    let rows = evaluate_turn(&[expectation(Check::Handoff(matcher))], &reply, &context());
    match rows[0].outcome {
        Outcome::Passed => Ok(()),
        _ => Err(rows[0].message.clone()),
    }
}

/// A `true` below two levels of alternatives was compared with the metadata, and `not: true` always held.
#[test]
fn whether_it_happened_may_be_asked_at_any_depth() {
    let any_of = |parts: &[Matcher]| Matcher::AnyOf(parts.to_vec());
    let all_of = |parts: &[Matcher]| Matcher::AllOf(parts.to_vec());
    let reason = |reason: &str| subset([("reason", is(reason))]);
    let never = not(is(true));
    assert_eq!(
        handed_off(any_of(&[never.clone(), reason("x")])).unwrap_err(),
        "expected any of not true, {reason: \"x\"}, was {reason: \"other\"}"
    );
    assert!(handed_off(all_of(&[any_of(std::slice::from_ref(&never))])).is_err());
    assert!(handed_off(any_of(&[all_of(&[never, reason("other")]), reason("x")])).is_err());
    assert_eq!(
        handed_off(any_of(&[all_of(&[is(true), reason("other")]), reason("x")])),
        Ok(())
    );
    assert_eq!(handed_off(any_of(&[reason("other"), reason("x")])), Ok(()));
    assert_eq!(handed_off(not(any_of(&[not(is(true)), reason("x")]))), Ok(()));
}

/// `ended: { reason: { not: error } }` passed in a conversation that went on.
#[test]
fn members_of_what_did_not_happen_differ() {
    let not_x = || subset([("k", not(is("x")))]);
    let absent = || subset([("k", Matcher::Absent)]);
    let either = || Matcher::AnyOf(vec![not_x(), absent()]);
    let none = Observed::Seen(Vec::new());
    let nothing = AgentReply {
        citations: none,
        ..AgentReply::default()
    };
    let rows = |check: Check| evaluate_turn(&[expectation(check)], &nothing, &context());
    for matcher in [
        not_x(),
        absent(),
        either(),
        Matcher::AllOf(vec![not_x(), absent()]),
    ] {
        for (check, told) in [
            (Check::Ended(matcher.clone()), "the conversation goes on"),
            (Check::Handoff(matcher.clone()), "there was no hand-off"),
            (Check::Payload(matcher.clone()), "there was no payload; expected "),
            (
                Check::Citations(matcher.clone()),
                "there was no citation; expected ",
            ),
        ] {
            let row = rows(check).remove(0);
            assert_eq!(row.outcome, Outcome::Failed, "{row:?}");
            let is_any = matches!(matcher, Matcher::AnyOf(_));
            assert!(row.message.starts_with(told) || is_any, "{row:?}");
        }
    }
    let goes_on = Check::Ended(not(not_x()));
    assert_eq!(rows(goes_on)[0].outcome, Outcome::Passed);
    let mistaken = Check::Payload(subset([("k", not(Matcher::Contains(json!(""))))]));
    assert!(rows(mistaken)[0].is_mistake);
}

#[test]
fn a_latency_is_told_with_its_unit() {
    fails(Check::Latency(is(4.0)), "expected 4 s, was 4.213 s");
    let approx = Matcher::Approx {
        to: json!(1.0),
        within: json!(0.5),
    };
    fails(
        Check::Latency(approx),
        "is 4.213 s, more than 0.5 s away from 1 s",
    );
}

#[test]
fn parameters_give_a_row_each() {
    let members = |pairs: Vec<(&str, Matcher)>| -> Vec<(String, Matcher)> {
        pairs
            .into_iter()
            .map(|(name, matcher)| (name.to_owned(), matcher))
            .collect()
    };
    let rows = rows(Check::Parameters(members(vec![
        ("city", is("Paris")),
        ("bookingRef", is("X2")),
        ("address.city", is("Paris")),
        ("member.firstName", is("Ada")),
        ("gone", Matcher::Absent),
        ("nothing", is(1)),
        ("party", is(2)),
    ])));
    let told: Vec<(&str, Outcome, &str)> = rows
        .iter()
        .map(|row| (row.path.as_str(), row.outcome, row.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("parameters.city", Outcome::Passed, ""),
            (
                "parameters.bookingRef",
                Outcome::Failed,
                "expected \"X2\", was \"X1\""
            ),
            (
                "parameters.address.city",
                Outcome::Failed,
                "expected \"Paris\", was \"Lyon\""
            ),
            ("parameters.member.firstName", Outcome::Passed, ""),
            ("parameters.gone", Outcome::Passed, ""),
            ("parameters.nothing", Outcome::Failed, "expected 1, was absent"),
            ("parameters.party", Outcome::Passed, ""),
        ]
    );
    assert_eq!(rows[5].actual, Value::Null);
    let unfolded = TurnContext::new(Service::Ces, now());
    let check = Check::Parameters(members(vec![("bookingRef", is("X1"))]));
    assert_eq!(
        evaluate_turn(&[expectation(check)], &reply(), &unfolded)[0].outcome,
        Outcome::Failed
    );
}

#[test]
fn all_parameters_tells_the_extra_ones() {
    let members =
        ["city", "bookingRef", "party", "address.city"].map(|name| (name.to_owned(), Matcher::Present));
    let rows = rows(Check::AllParameters(members.to_vec()));
    let wrong: Vec<(&str, &str)> = rows
        .iter()
        .filter(|row| row.outcome == Outcome::Failed)
        .map(|row| (row.path.as_str(), row.message.as_str()))
        .collect();
    assert_eq!(
        wrong,
        [("all_parameters.member.firstName", "is not expected, was \"Ada\"")]
    );
    assert_eq!(rows.len(), 5);
    let nothing = AgentReply {
        parameters: Observed::Seen(Map::new()),
        ..AgentReply::default()
    };
    let checked = evaluate_turn(&[expectation(Check::AllParameters(vec![]))], &nothing, &context());
    assert_eq!((checked.len(), checked[0].outcome), (1, Outcome::Passed));
}

#[test]
fn what_was_not_observed_is_told_apart() {
    let blind = AgentReply {
        parameters: Observed::Unseen("diagnostics are switched off".into()),
        tool_calls: Observed::Unseen("diagnostics are switched off".into()),
        ..AgentReply::default()
    };
    let checks = vec![
        Check::Page(is("A")),
        Check::Intent(Matcher::Absent),
        Check::Parameters(vec![("a".into(), is(1))]),
        Check::AllParameters(vec![]),
        Check::ToolCalls(ToolCallsCheck::Exactly(vec![])),
        Check::Visited(vec![VisitedStep::Anything]),
        Check::Transfer(not(is("A"))),
        Check::Raw {
            path: "$".into(),
            matcher: Matcher::Present,
        },
    ];
    for check in checks {
        let mut wanted = expectation(check);
        let rows = evaluate_turn(std::slice::from_ref(&wanted), &blind, &context());
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].outcome, Outcome::Unobservable, "{:?}", rows[0]);
        assert!(!rows[0].message.is_empty());
        wanted.required = false;
        let rows = evaluate_turn(&[wanted], &blind, &context());
        assert_eq!(rows[0].outcome, Outcome::Skipped);
        assert!(
            rows[0].message.starts_with("is not required, and "),
            "{}",
            rows[0].message
        );
    }
}

#[test]
fn a_failed_expectation_fails_even_when_it_is_not_required() {
    let wanted = Expectation {
        required: false,
        ..expectation(Check::Page(is("Confirm")))
    };
    assert_eq!(
        evaluate_turn(&[wanted], &reply(), &context())[0].outcome,
        Outcome::Failed
    );
}

#[test]
fn other_services_expectations_are_skipped() {
    let wanted = Expectation {
        only_on: Some(Service::Ces),
        ..expectation(Check::Agent(is("Root")))
    };
    let rows = evaluate_turn(&[wanted], &reply(), &context());
    assert_eq!(
        (rows[0].outcome, rows[0].message.as_str()),
        (Outcome::Skipped, "is for ces only")
    );
}

#[test]
fn a_turn_without_text() {
    let silent = AgentReply::default();
    let outcome = |matcher: Matcher| {
        evaluate_turn(&[expectation(Check::Reply(matcher))], &silent, &context())[0].outcome
    };
    assert_eq!(outcome(Matcher::Absent), Outcome::Passed);
    assert_eq!(outcome(not(Matcher::Present)), Outcome::Passed);
    assert_eq!(outcome(Matcher::HasLength(Box::new(is(0)))), Outcome::Passed);
    assert_eq!(outcome(not(Matcher::Contains(json!("x")))), Outcome::Passed);
    assert_eq!(outcome(Matcher::Present), Outcome::Failed);
}

#[test]
fn unchanged_looks_at_the_turn_before() {
    use Outcome::{Failed, Passed, Unobservable};
    let before = AgentReply {
        page: Observed::Seen("Start Page".into()),
        parameters: Observed::Seen(map(json!({"city": "Paris"}))),
        ..AgentReply::default()
    };
    let wanted = [
        expectation(Check::Page(Matcher::Unchanged)),
        expectation(Check::Parameters(vec![
            ("City".into(), Matcher::Unchanged),
            ("party".into(), Matcher::Unchanged),
        ])),
    ];
    let outcomes = |context: &TurnContext<'_>| -> Vec<Outcome> {
        evaluate_turn(&wanted, &reply(), context)
            .iter()
            .map(|row| row.outcome)
            .collect()
    };
    assert_eq!(outcomes(&context()), [Unobservable, Unobservable, Unobservable]);
    assert_eq!(
        outcomes(&context().after(Some(&before))),
        [Failed, Passed, Failed]
    );
    let started = map(json!({"city": "Lyon", "party": 2}));
    let with = context()
        .after(Some(&before))
        .with_parameters_before(Some(&started));
    assert_eq!(outcomes(&with), [Failed, Failed, Passed]);
}

#[test]
fn diffs_come_where_they_help() {
    let row = fails(
        Check::Reply(is("Good news. Something else?")),
        "expected \"Good news. Something else?\", was \"Good news.\\n  \\nAnything else?\"",
    );
    let sides: Vec<DiffSide> = row.diff.unwrap().lines.iter().map(|line| line.side).collect();
    assert_eq!(sides, [DiffSide::Expected, DiffSide::Actual]);
    let alternatives = Matcher::AnyOf(vec![is("Bad weather"), is("Good news. Is there anything else?")]);
    let row = rows(Check::Reply(alternatives)).remove(0);
    let diff = row.diff.unwrap();
    let expected: String = diff.lines[0]
        .pieces
        .iter()
        .map(|piece| piece.text.as_str())
        .collect();
    assert_eq!(expected, "Good news. Is there anything else?");
    let row = rows(Check::Parameters(vec![(
        "address".into(),
        subset([("city", is("Paris")), ("zip", is(1))]),
    )]))
    .remove(0);
    let lines: Vec<String> = row
        .diff
        .unwrap()
        .lines
        .iter()
        .map(|line| line.pieces.iter().map(|piece| piece.text.as_str()).collect())
        .collect();
    assert_eq!(lines, ["city: \"Paris\"", "city: \"Lyon\"", "zip: 1"]);
    let row = fails(
        Check::Page(is("Confirm")),
        "expected \"Confirm\", was \"Collect Date\"",
    );
    assert!(row.diff.is_some());
    assert!(rows(Check::Intent(is("x")))[0].diff.is_none());
    // A description is not what the agent should have said.
    let starts = Matcher::StartsWith(json!("Sorry, something went wrong"));
    assert!(rows(Check::Reply(starts))[0].diff.is_none());
}

#[test]
fn conditions() {
    let when = [expectation(Check::Reply(Matcher::Contains(json!(
        "Anything else"
    ))))];
    assert_eq!(holds(&when, Some(&reply()), &context()), Condition::Holds);
    assert_eq!(holds(&[], None, &context()), Condition::Holds);
    assert_eq!(
        holds(&when, None, &context()),
        Condition::Fails("there is no reply before this turn".into())
    );
    let other = [
        expectation(Check::Page(is("Confirm"))),
        expectation(Check::Agent(is("A"))),
    ];
    assert_eq!(
        holds(&other, Some(&reply()), &context()),
        Condition::Fails("page: expected \"Confirm\", was \"Collect Date\"".into())
    );
    assert_eq!(
        holds(&other[1..], Some(&reply()), &context()),
        Condition::Unknown("agent: the service did not report it".into())
    );
}

#[test]
fn a_condition_that_is_wrong_in_itself_says_nothing_about_the_turn() {
    let wrong = expectation(Check::Confidence(Matcher::Compare(
        Comparison::GreaterOrEqual,
        json!("0.9"),
    )));
    let empty = expectation(Check::Reply(not(Matcher::Contains(json!("")))));
    let fails = expectation(Check::Page(is("Confirm")));
    for (mistake, told) in [
        (
            wrong,
            "confidence: `gte` needs a number, got text \"0.9\"; `| number` in a template makes it one",
        ),
        (
            empty,
            "reply: `contains` has an empty text to look for, which is everywhere",
        ),
    ] {
        for when in [vec![mistake.clone()], vec![fails.clone(), mistake]] {
            let condition = holds(&when, Some(&reply()), &context());
            assert_eq!(condition, Condition::Mistaken(told.into()));
        }
    }
}

/// An empty list was what other calls than `MatchIntent` had, and `candidates: []` held after each of them.
#[test]
fn candidates_are_seen_where_they_are_asked_for_only() {
    let none = [expectation(Check::Candidates(Matcher::List(vec![])))];
    let outcome = |replies: &[AgentReply]| evaluate_conversation(&none, replies, &context())[0].outcome;
    let unasked = AgentReply {
        candidates: Observed::default(),
        ..reply()
    };
    assert_eq!(
        evaluate_turn(&none, &unasked, &context())[0].outcome,
        Outcome::Unobservable
    );
    assert_eq!(outcome(std::slice::from_ref(&unasked)), Outcome::Unobservable);
    assert_eq!(outcome(&[reply(), unasked.clone()]), Outcome::Passed);
    let offered = AgentReply {
        candidates: Observed::Seen(vec![reply().matched.seen().unwrap().clone()]),
        ..reply()
    };
    assert_eq!(outcome(&[offered, reply(), unasked]), Outcome::Failed);
}

/// It was left out of the turns of what is written, and failed for the whole conversation.
#[test]
fn who_writes_is_not_asked_whether_they_interrupted() {
    let interrupted = [expectation(Check::Interrupted(true))];
    let written = context().in_writing(true);
    let rows = [
        evaluate_turn(&interrupted, &reply(), &written),
        evaluate_conversation(&interrupted, &[reply()], &written),
    ];
    for row in rows.concat() {
        assert_eq!(
            (row.outcome, row.message.as_str()),
            (Outcome::Skipped, "cannot be seen in writing")
        );
    }
    let spoken = evaluate_turn(&interrupted, &reply(), &context());
    assert_eq!(spoken[0].outcome, Outcome::Failed);
}

#[test]
fn time_zones() {
    let utc = DateTime::parse_from_rfc3339("2026-03-01T23:30:00Z").unwrap();
    assert_eq!(
        clock_in_zone(utc, Some("Europe/Paris")).to_rfc3339(),
        "2026-03-02T00:30:00+01:00"
    );
    assert_eq!(clock_in_zone(utc, Some("Nowhere/Land")), utc);
    assert_eq!(clock_in_zone(utc, None), utc);
}
