//! Expectations of whole conversations.

use super::turns::reply;
use super::*;

#[test]
fn a_whole_conversation() {
    let second = AgentReply {
        texts: vec!["Bye".into()],
        visited: Observed::Seen(vec!["Collect Date".into(), "Confirm".into()]),
        page: Observed::Seen("Confirm".into()),
        parameters: Observed::Seen(map(json!({"city": "Rome"}))),
        tool_calls: Observed::Seen(vec![call("charge", json!({}))]),
        ended: Some(Map::new()),
        latency: Latency {
            first: Duration::ZERO,
            total: Duration::from_secs(1),
        },
        transfers: Observed::Seen(vec![]),
        ..AgentReply::default()
    };
    let replies = [reply(), second];
    let expected = |tool: &str| ExpectedCall {
        line: 9,
        tool: is(tool),
        args: None,
        all_args: None,
        times: None,
        response: None,
        source: None,
        agent: None,
    };
    let checks = [
        Check::Reply(Matcher::Contains(json!("Anything else? Bye"))),
        Check::Visited(vec![
            VisitedStep::Place(is("Booking")),
            VisitedStep::Place(is("Collect Date")),
            VisitedStep::Place(is("Confirm")),
        ]),
        Check::ToolCalls(ToolCallsCheck::Exactly(vec![
            expected("lookup"),
            expected("charge"),
        ])),
        Check::Parameters(vec![("city".into(), is("Rome"))]),
        Check::Page(is("Confirm")),
        Check::Ended(is(true)),
        Check::Handoff(Matcher::Present),
        Check::Transfer(is("Billing")),
        Check::Latency(is(5.213)),
    ];
    let wanted: Vec<Expectation> = checks.into_iter().map(expectation).collect();
    for row in evaluate_conversation(&wanted, &replies, &context()) {
        assert_eq!(row.outcome, Outcome::Passed, "{row:?}");
    }
    for row in evaluate_conversation(&wanted, &[], &context()) {
        assert_eq!(row.outcome, Outcome::Unobservable);
    }
}

#[test]
fn a_conversation_of_which_one_turn_was_not_observed() {
    let blind = AgentReply {
        tool_calls: Observed::Unseen("no diagnostics".into()),
        ..AgentReply::default()
    };
    let replies = [reply(), blind];
    let expected = |tool: &str| ExpectedCall {
        line: 9,
        tool: is(tool),
        args: None,
        all_args: None,
        times: None,
        response: None,
        source: None,
        agent: None,
    };
    let outcome = |check: ToolCallsCheck| {
        evaluate_conversation(&[expectation(Check::ToolCalls(check))], &replies, &context())[0].outcome
    };
    assert_eq!(
        outcome(ToolCallsCheck::Never(vec![expected("lookup")])),
        Outcome::Failed
    );
    assert_eq!(
        outcome(ToolCallsCheck::Never(vec![expected("charge")])),
        Outcome::Unobservable
    );
    assert_eq!(
        outcome(ToolCallsCheck::Include(vec![expected("lookup")])),
        Outcome::Passed
    );
    assert_eq!(
        outcome(ToolCallsCheck::Include(vec![expected("charge")])),
        Outcome::Unobservable
    );
    assert_eq!(
        outcome(ToolCallsCheck::Exactly(vec![expected("lookup")])),
        Outcome::Unobservable
    );
}
