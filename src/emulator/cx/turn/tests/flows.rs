//! Flows and symbolic targets: the stack, coming back, going back, ending (cx-runtime 1.3, 6).

use serde_json::json;

use crate::emulator::cx::fixture::*;

#[test]
fn end_flow_resumes_behind_the_route_that_called_without_entering_again() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("go", "", "P")] }))
        .page(
            START,
            "P",
            json!({
                "entryFulfillment": say("entry"),
                "form": { "parameters": [ask("a", "@size", "a?", &[])] },
                "transitionRoutes": [
                    when("true", "before", ""),
                    when("true", "call", "flow:F"),
                    when("true", "behind", ""),
                ],
            }),
        )
        .flow(
            "F",
            json!({ "transitionRoutes": [when("true", "in F", "END_FLOW")] }),
        )
        .intent("go")
        .entity("size", &[("L", &["large"])])
        .talk();
    let reply = talk.intent("go");
    assert_eq!(reply.texts, ["entry", "before", "call", "in F", "behind", "a?"]);
    assert_eq!((reply.flow.as_str(), reply.page.as_str()), (START, "P"));
}

#[test]
fn behind_an_intent_route_all_conditions_of_the_caller_are_left() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [
        when("$session.params.done = true", "welcome back", ""),
        on("go", "", "flow:F"),
        on("go", "never", ""),
    ]}))
    .flow("F", json!({ "transitionRoutes": [doing(when("true", "", "End Flow"), set(&json!({ "done": true }), "")) ] }))
    .intent("go")
    .talk();
    assert_eq!(talk.intent("go").texts, ["welcome back"]);
}

#[test]
fn behind_an_event_handler_nothing_is_left() {
    let mut talk = AgentBuilder::new(json!({
        "transitionRoutes": [when("true", "never", "")],
        "eventHandlers": [event("help", "", "flow:F")],
    }))
    .flow(
        "F",
        json!({ "transitionRoutes": [when("true", "in F", "END_FLOW")] }),
    )
    .talk();
    assert_eq!(talk.event("help").texts, ["in F"]);
}

#[test]
fn flows_return_through_each_other() {
    let mut talk = AgentBuilder::new(
        json!({ "transitionRoutes": [on("go", "", "flow:F"), when("true", "home", "")] }),
    )
    .flow(
        "F",
        json!({ "transitionRoutes": [when("true", "", "flow:G"), when("true", "F again", "END_FLOW")] }),
    )
    .flow(
        "G",
        json!({ "transitionRoutes": [when("true", "G", "END_FLOW")] }),
    )
    .intent("go")
    .talk();
    let reply = talk.intent("go");
    assert_eq!(reply.texts, ["G", "F again", "home"]);
    assert_eq!(reply.flow, START);
}

#[test]
fn end_flow_with_nobody_to_return_to_ends_the_session() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("bye", "bye", "End Flow")] }))
        .intent("bye")
        .talk();
    let reply = talk.intent("bye");
    assert_eq!((reply.flow.as_str(), reply.page.as_str()), (START, "End Session"));
}

#[test]
fn the_end_reports_the_parameters_and_the_next_turn_begins_anew() {
    use crate::emulator::cx::messages::SaidContent;
    let mut talk = AgentBuilder::new(json!({
        "transitionRoutes": [on("go", "", "flow:F"), on("hi", "$session.params.a", "")],
        "eventHandlers": [event("sys.no-match-1", "first", ""), event("sys.no-match-2", "second", "")],
    }))
    .flow(
        "F",
        json!({
            "transitionRoutes": [doing(on("bye", "", "End Session"), set(&json!({ "a": 1 }), "bye"))],
            "eventHandlers": [event("sys.no-match-1", "F", "")],
        }),
    )
    .intent("go")
    .intent("bye")
    .intent("hi")
    .talk();
    talk.intent("go");
    talk.other("x");
    let reply = talk.intent("bye");
    assert_eq!((reply.flow.as_str(), reply.page.as_str()), ("F", "End Session"));
    assert_eq!(reply.parameters, json!({ "a": 1 }));
    assert_eq!(
        reply.result.messages.last().unwrap().content,
        SaidContent::EndInteraction
    );
    let reply = talk.intent("hi");
    assert_eq!((reply.flow.as_str(), reply.page.as_str()), (START, "Start Page"));
    assert_eq!(reply.texts, ["$session.params.a"]);
    assert_eq!(
        talk.other("x").texts,
        ["first"],
        "the counters start anew as well"
    );
}

#[test]
fn previous_page_goes_on_behind_the_route_that_left_it() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [
        when("true", "start", "Side"), when("true", "behind", ""),
    ]}))
    .page(
        START,
        "Side",
        json!({ "entryFulfillment": say("side"), "transitionRoutes": [when("true", "", "Previous Page")] }),
    )
    .intent("x")
    .talk();
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["start", "side", "behind"]);
    assert_eq!(reply.page, "Start Page");
}

#[test]
fn previous_page_works_in_a_later_turn_and_does_not_enter_again() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("go", "", "P")] }))
        .page(
            START,
            "P",
            json!({
                "entryFulfillment": say("entry"),
                "transitionRoutes": [on("wait", "", "Wait"), when("true", "question", "")],
            }),
        )
        .page(START, "Wait", json!({ "entryFulfillment": say("waiting"), "transitionRoutes": [on("back", "ok", "PREVIOUS_PAGE")] }))
        .intent("go")
        .intent("wait")
        .intent("back")
        .talk();
    assert_eq!(talk.intent("go").texts, ["entry", "question"]);
    assert_eq!(talk.intent("wait").texts, ["waiting"]);
    let reply = talk.intent("back");
    assert_eq!(reply.texts, ["ok", "question"]);
    assert_eq!(reply.page, "P");
}

#[test]
fn without_a_previous_page_the_turn_stays_and_says_so() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("back", "", "Previous Page")] }))
        .intent("back")
        .talk();
    let reply = talk.intent("back");
    assert_eq!(reply.page, "Start Page");
    assert_eq!(reply.notes, ["there is no previous page to go back to"]);
}

#[test]
fn current_page_is_entered_again_with_all_its_conditions_and_its_prompt() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("go", "", "P")] }))
        .page(
            START,
            "P",
            json!({
                "entryFulfillment": say("entry"),
                "form": { "parameters": [ask("a", "@size", "a?", &[])] },
                "transitionRoutes": [on("repeat", "again", "Current Page"), when("true", "condition", "")],
            }),
        )
        .intent("go")
        .intent("repeat")
        .entity("size", &[("L", &["large"])])
        .talk();
    talk.intent("go");
    assert_eq!(talk.intent("repeat").texts, ["again", "entry", "condition", "a?"]);
}

#[test]
fn start_page_evaluates_its_conditions_in_the_same_turn() {
    let mut talk =
        AgentBuilder::new(json!({ "transitionRoutes": [on("go", "", "P"), when("true", "start", "")] }))
            .page(
                START,
                "P",
                json!({ "transitionRoutes": [on("home", "home", "START_PAGE")] }),
            )
            .intent("go")
            .intent("home")
            .talk();
    talk.intent("go");
    assert_eq!(talk.intent("home").texts, ["home", "start"]);
}

#[test]
fn a_page_that_names_itself_is_entered_again() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("go", "", "P")] }))
        .page(START, "P", json!({ "entryFulfillment": say("entry") }))
        .intent("go")
        .talk();
    talk.intent("go");
    assert_eq!(talk.intent("go").texts, ["entry"]);
}

#[test]
fn flow_parameters_live_with_their_flow_and_come_back_with_it() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [
        doing(on("go", "", "flow:F"), set(&json!({ "$flow.mine": "caller" }), "")),
        when("true", "back: $flow.mine $flow.theirs", ""),
    ]}))
    .flow("F", json!({ "transitionRoutes": [
        doing(when("true", "", ""), set(&json!({ "$flow.theirs": "callee" }), "in: $flow.mine $flow.theirs")),
        when("true", "", "END_FLOW"),
    ]}))
    .intent("go")
    .talk();
    let reply = talk.intent("go");
    assert_eq!(
        reply.texts,
        ["in: $flow.mine callee", "back: caller $flow.theirs"]
    );
    assert_eq!(reply.parameters, json!({}));
}

#[test]
fn a_flow_that_fails_raises_its_event_on_the_caller() {
    for (target, event_name) in [
        ("END_FLOW_WITH_FAILURE", "flow-failed"),
        ("END_FLOW_WITH_HUMAN_ESCALATION", "flow.failed.human-escalation"),
        ("END_FLOW_WITH_CANCELLATION", "flow.cancelled"),
    ] {
        let mut talk = AgentBuilder::new(json!({
            "transitionRoutes": [on("go", "", "flow:F"), when("true", "never", "")],
            "eventHandlers": [event(event_name, "handled", "")],
        }))
        .flow("F", json!({ "transitionRoutes": [when("true", "", target)] }))
        .intent("go")
        .talk();
        assert_eq!(talk.intent("go").texts, ["handled"], "{target}");
    }
}

#[test]
fn a_failure_that_nobody_handles_is_a_plain_return() {
    let mut talk =
        AgentBuilder::new(json!({ "transitionRoutes": [on("go", "", "flow:F"), when("true", "back", "")] }))
            .flow(
                "F",
                json!({ "transitionRoutes": [when("true", "", "END_FLOW_WITH_FAILURE")] }),
            )
            .intent("go")
            .talk();
    assert_eq!(talk.intent("go").texts, ["back"]);
}

#[test]
fn of_calls_deeper_than_the_stack_the_oldest_are_forgotten() {
    let mut talk =
        AgentBuilder::new(json!({ "transitionRoutes": [on("go", "", "flow:F"), on("up", "", "End Flow")] }))
            .flow(
                "F",
                json!({ "transitionRoutes": [on("go", "", "flow:G"), on("up", "", "End Flow")] }),
            )
            .flow(
                "G",
                json!({ "transitionRoutes": [on("go", "", "flow:F"), on("up", "", "End Flow")] }),
            )
            .intent("go")
            .intent("up")
            .talk();
    for _ in 0..40 {
        // The intent passes on from flow to flow until the turn is stopped.
        talk.intent("go");
    }
    let ends = (0..30).position(|_| talk.intent("up").page == "End Session");
    assert_eq!(ends, Some(25));
}
