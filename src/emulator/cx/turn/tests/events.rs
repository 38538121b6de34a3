//! Events: built-in and custom, levels, numbers, counters (cx-runtime 3.7, 4.8, 7).

use serde_json::json;

use crate::emulator::cx::fixture::*;

fn flow_handlers() -> serde_json::Value {
    json!([
        event("sys.no-match-1", "flow no-match 1", ""),
        event("sys.no-match-2", "flow no-match 2", ""),
        event("sys.no-match-3", "flow no-match 3", ""),
        event("sys.no-match-default", "flow no-match", ""),
        event("sys.no-input-1", "flow no-input 1", ""),
        event("sys.no-input-default", "flow no-input", ""),
    ])
}

#[test]
fn a_no_match_turn_evaluates_no_condition_routes() {
    let mut talk = AgentBuilder::new(json!({
        "transitionRoutes": [when("true", "condition", "P")],
        "eventHandlers": flow_handlers(),
    }))
    .page(START, "P", json!({}))
    .talk();
    let reply = talk.other("gibberish");
    assert_eq!(reply.texts, ["flow no-match 1"]);
    assert_eq!(reply.page, "Start Page");
    assert_eq!(
        (reply.matched, reply.event.as_deref()),
        ("no match", Some("sys.no-match-1"))
    );
    assert_eq!(talk.silence().texts, ["flow no-input 1"]);
    assert_eq!(talk.event("unheard of").texts, Vec::<String>::new());
}

/// What a sub-flow's handler raises on its caller is not what the input came to.
#[test]
fn the_event_of_a_turn_is_that_of_its_input() {
    let mut talk = AgentBuilder::new(json!({
        "transitionRoutes": [on("go", "", "flow:F")],
        "eventHandlers": [event("flow.failed", "it failed", "")],
    }))
    .flow(
        "F",
        json!({ "eventHandlers": [event("sys.no-match-default", "pardon?", "END_FLOW_WITH_FAILURE")] }),
    )
    .intent("go")
    .talk();
    talk.intent("go");
    let reply = talk.other("gibberish");
    assert_eq!(reply.texts, ["pardon?", "it failed"]);
    assert_eq!(reply.event.as_deref(), Some("sys.no-match-default"));
}

/// Clients send names in capitals whose handlers have them in lower case; the match tells what was sent.
#[test]
fn an_event_is_told_as_it_was_sent() {
    let handlers = json!([event("order-status", "on its way", "")]);
    let mut talk = AgentBuilder::new(json!({ "eventHandlers": handlers })).talk();
    let reply = talk.event("ORDER-STATUS");
    assert_eq!(reply.texts, ["on its way"]);
    assert_eq!(reply.event.as_deref(), Some("ORDER-STATUS"));
}

#[test]
fn a_handler_with_a_target_leads_to_a_page_that_is_processed_as_any() {
    let mut talk = AgentBuilder::new(
        json!({ "eventHandlers": [event("sys.no-match-default", "sorry", "P")] }),
    )
    .page(
        START,
        "P",
        json!({ "entryFulfillment": say("entry"), "transitionRoutes": [when("true", "condition", "")] }),
    )
    .talk();
    assert_eq!(talk.other("gibberish").texts, ["sorry", "entry", "condition"]);
}

#[test]
fn numbered_handlers_come_in_turn_and_then_the_default() {
    let mut talk = AgentBuilder::new(json!({ "eventHandlers": flow_handlers() })).talk();
    let said: Vec<String> = (0..5).flat_map(|_| talk.other("gibberish").texts).collect();
    assert_eq!(
        said,
        [
            "flow no-match 1",
            "flow no-match 2",
            "flow no-match 3",
            "flow no-match",
            "flow no-match"
        ]
    );
}

#[test]
fn the_two_counters_are_independent_of_each_other() {
    let mut talk = AgentBuilder::new(json!({ "eventHandlers": flow_handlers() })).talk();
    assert_eq!(talk.other("a").texts, ["flow no-match 1"]);
    assert_eq!(talk.silence().texts, ["flow no-input 1"]);
    assert_eq!(talk.other("b").texts, ["flow no-match 2"]);
    assert_eq!(talk.silence().texts, ["flow no-input"]);
}

#[test]
fn an_intent_resets_both_counters_and_a_page_change_by_itself_does_not() {
    let mut talk = AgentBuilder::new(json!({
        "transitionRoutes": [on("x", "", "")],
        "eventHandlers": flow_handlers(),
    }))
    .intent("x")
    .talk();
    talk.other("a");
    talk.silence();
    talk.intent("x");
    assert_eq!(talk.other("b").texts, ["flow no-match 1"]);
    assert_eq!(talk.silence().texts, ["flow no-input 1"]);

    let mut talk = AgentBuilder::new(json!({ "eventHandlers": [
        event("sys.no-match-1", "1", "P"), event("sys.no-match-2", "2", ""),
    ]}))
    .page(START, "P", json!({}))
    .talk();
    assert_eq!(talk.other("a").page, "P");
    assert_eq!(talk.other("b").texts, ["2"], "the count is shared by all pages");
}

#[test]
fn a_filled_parameter_resets_the_counters() {
    let reprompts = [
        event("sys.no-match-1", "once", ""),
        event("sys.no-match-2", "twice", ""),
    ];
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("go", "", "P")] }))
        .page(
            START,
            "P",
            json!({ "form": { "parameters": [
                ask("a", "@size", "a?", &reprompts), ask("b", "@size", "b?", &reprompts),
            ]}}),
        )
        .intent("go")
        .entity("size", &[("L", &["large"])])
        .talk();
    talk.intent("go");
    assert_eq!(talk.other("what").texts, ["once"]);
    assert_eq!(talk.other("large").texts, ["b?"]);
    assert_eq!(talk.other("what").texts, ["once"]);
}

#[test]
fn levels_go_from_parameter_to_page_to_flow_and_a_page_lets_other_numbers_through() {
    let mut talk = AgentBuilder::new(json!({
        "transitionRoutes": [on("go", "", "P"), on("ask", "", "Q")],
        "eventHandlers": flow_handlers(),
    }))
    .page(
        START,
        "P",
        json!({ "eventHandlers": [event("sys.no-match-1", "page 1", ""), event("sys.no-match-2", "page 2", "")] }),
    )
    .page(
        START,
        "Q",
        json!({
            "form": { "parameters": [ask("a", "@size", "a?", &[event("sys.no-match-default", "parameter", "")])] },
            "eventHandlers": [event("sys.no-match-1", "page 1", "")],
        }),
    )
    .intent("go")
    .intent("ask")
    .entity("size", &[("L", &["large"])])
    .talk();
    talk.intent("go");
    assert_eq!(talk.other("x").texts, ["page 1"]);
    assert_eq!(talk.other("x").texts, ["page 2"]);
    assert_eq!(talk.other("x").texts, ["flow no-match 3"]);
    talk.intent("ask");
    assert_eq!(talk.other("x").texts, ["parameter"]);
}

#[test]
fn an_open_parameter_without_a_fitting_reprompt_repeats_its_prompt_alone() {
    let mut talk = AgentBuilder::new(json!({
        "transitionRoutes": [on("go", "", "P")],
        "eventHandlers": flow_handlers(),
    }))
    .page(
        START,
        "P",
        json!({
            "entryFulfillment": say("entry"),
            "form": { "parameters": [ask("a", "@size", "a?", &[event("sys.no-match-1", "reprompt", "")])] },
            "transitionRoutes": [when("true", "condition", "")],
            "eventHandlers": [event("sys.no-input-default", "page", "")],
        }),
    )
    .intent("go")
    .entity("size", &[("L", &["large"])])
    .talk();
    talk.intent("go");
    assert_eq!(
        talk.other("x").texts,
        ["reprompt"],
        "no prompt behind a reprompt handler"
    );
    assert_eq!(talk.other("x").texts, ["a?"]);
    assert_eq!(talk.silence().texts, ["a?"]);
    assert_eq!(
        talk.event("sys.no-match-default").texts,
        ["a?"],
        "also when the client sends the event"
    );
    assert_eq!(talk.event("SYS.no-match-1").texts, ["reprompt"]);
    assert_eq!(talk.other("large").texts, ["condition"]);
    assert_eq!(talk.silence().texts, ["page"], "nothing is open any more");
}

#[test]
fn a_reprompt_handler_may_leave_the_page() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("go", "", "P")] }))
        .page(
            START,
            "P",
            json!({ "form": { "parameters": [ask("a", "@size", "a?", &[event("sys.no-match-1", "enough", "Q")])] } }),
        )
        .page(START, "Q", json!({ "entryFulfillment": say("entry") }))
        .intent("go")
        .entity("size", &[("L", &["large"])])
        .talk();
    talk.intent("go");
    let reply = talk.other("x");
    assert_eq!(reply.texts, ["enough", "entry"]);
    assert_eq!(reply.called, ["event sys.no-match-1"]);
}

#[test]
fn built_in_events_sent_by_name_call_exactly_that_handler() {
    let mut talk = AgentBuilder::new(json!({ "eventHandlers": flow_handlers() })).talk();
    let reply = talk.event("sys.no-match-2");
    assert_eq!(reply.texts, ["flow no-match 2"]);
    assert_eq!(
        (reply.matched, reply.event.as_deref()),
        ("event", Some("sys.no-match-2"))
    );
}

#[test]
fn custom_events_are_compared_without_regard_to_case_and_page_comes_before_flow() {
    let mut talk = AgentBuilder::new(json!({
        "transitionRoutes": [on("go", "", "P"), when("true", "never", "")],
        "eventHandlers": [event("welcome", "flow", ""), event("other", "flow other", "")],
    }))
    .page(
        START,
        "P",
        json!({ "eventHandlers": [event("Welcome", "page", "")] }),
    )
    .intent("go")
    .talk();
    assert_eq!(talk.event("WELCOME").texts, ["flow"]);
    talk.intent("go");
    assert_eq!(talk.event("welcome").texts, ["page"]);
    assert_eq!(talk.event("OTHER").texts, ["flow other"]);
}

#[test]
fn a_custom_event_leaves_an_open_parameter_to_be_asked_again() {
    let mut talk = AgentBuilder::new(json!({
        "transitionRoutes": [on("go", "", "P")],
        "eventHandlers": [event("tick", "tock", "")],
    }))
    .page(
        START,
        "P",
        json!({ "form": { "parameters": [ask("a", "@size", "a?", &[])] } }),
    )
    .intent("go")
    .entity("size", &[("L", &["large"])])
    .talk();
    talk.intent("go");
    assert_eq!(talk.event("tick").texts, ["tock", "a?"]);
    assert_eq!(talk.event("unheard of").texts, ["a?"]);
}

#[test]
fn a_long_utterance_has_its_own_event_and_else_matches_nothing() {
    let long = "word ".repeat(60);
    let mut talk = AgentBuilder::new(json!({ "eventHandlers": flow_handlers() })).talk();
    let reply = talk.turn(&long, |_| {});
    assert_eq!(reply.texts, ["flow no-match 1"]);
    let mut talk = AgentBuilder::new(json!({ "eventHandlers": [
        event("sys.no-match-default", "no match", ""), event("sys.long-utterance", "shorter, please", ""),
    ]}))
    .talk();
    let reply = talk.turn(&long, |_| {});
    assert_eq!(reply.texts, ["shorter, please"]);
    assert_eq!(
        (reply.matched, reply.event.as_deref()),
        ("no match", Some("sys.long-utterance"))
    );
}

#[test]
fn a_long_utterance_belongs_to_the_flow_that_has_a_handler_for_it() {
    let long = "word ".repeat(60);
    let page = json!({
        "form": { "parameters": [ask("a", "@sys.number", "a?", &[])] },
        "eventHandlers": [event("sys.no-match-default", "of the page", "")],
    });
    let mut talk = AgentBuilder::new(json!({
        "transitionRoutes": [on("go", "", "P")],
        "eventHandlers": [event("sys.long-utterance", "shorter, please", "")],
    }))
    .page(START, "P", page)
    .intent("go")
    .talk();
    talk.intent("go");
    assert_eq!(talk.turn(&long, |_| {}).texts, ["shorter, please", "a?"]);
}
