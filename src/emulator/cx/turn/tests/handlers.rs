//! Routes: scope, order, consumption, propagation (cx-runtime 2, 3).

use serde_json::json;

use crate::emulator::cx::fixture::*;
use crate::emulator::cx::request::PinnedIntent;

#[test]
fn the_first_turn_evaluates_the_start_pages_conditions_behind_its_intents() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [
        when("true", "condition", ""),
        on("hi", "intent", ""),
    ]}))
    .intent("hi")
    .talk();
    let reply = talk.intent("hi");
    assert_eq!(reply.texts, ["intent", "condition"]);
    assert_eq!(reply.called, ["on hi", "when true"]);
    assert_eq!((reply.flow.as_str(), reply.page.as_str()), (START, "Start Page"));
}

#[test]
fn entry_then_conditions_then_prompt() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("hi", "route", "P")] }))
        .page(
            START,
            "P",
            json!({
                "entryFulfillment": say("entry"),
                "form": { "parameters": [ask("x", "@sys.any", "prompt", &[])] },
                "transitionRoutes": [when("true", "condition", "")],
            }),
        )
        .intent("hi")
        .talk();
    let reply = talk.intent("hi");
    assert_eq!(reply.texts, ["route", "entry", "condition", "prompt"]);
}

#[test]
fn an_intent_route_without_target_goes_on_with_all_conditions_that_hold() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [
        on("hi", "intent", ""),
        when("false", "never", ""),
        when("true", "first", ""),
        when("true", "second", "P"),
        when("true", "behind the transition", ""),
    ]}))
    .page(START, "P", json!({ "entryFulfillment": say("entry") }))
    .intent("hi")
    .talk();
    let reply = talk.intent("hi");
    assert_eq!(reply.texts, ["intent", "first", "second", "entry"]);
    assert_eq!(reply.page, "P");
}

#[test]
fn a_target_less_true_route_repeats_itself_on_every_intent_turn() {
    let mut talk =
        AgentBuilder::new(json!({ "transitionRoutes": [on("go", "", "P"), on("ask", "answer", "")] }))
            .page(
                START,
                "P",
                json!({ "transitionRoutes": [when("true", "anything else?", "")] }),
            )
            .intent("go")
            .intent("ask")
            .talk();
    assert_eq!(talk.intent("go").texts, ["anything else?"]);
    assert_eq!(talk.intent("ask").texts, ["answer", "anything else?"]);
}

#[test]
fn page_routes_come_before_page_groups_before_flow_routes_before_flow_groups() {
    let routes = |text: &str| json!([on("x", text, ""), when("true", text, "")]);
    let build = |page: bool, page_group: bool, agent_group: bool, flow: bool| {
        let own = if page { routes("page") } else { json!([]) };
        let groups: Vec<&str> = if page_group { vec!["G"] } else { vec![] };
        let of_agent: Vec<&str> = if agent_group { vec!["A"] } else { vec![] };
        let mut of_flow = vec![on("go", "", "P")];
        if flow {
            of_flow.push(on("x", "flow", ""));
        }
        AgentBuilder::new(json!({ "transitionRoutes": of_flow, "transitionRouteGroups": ["F"] }))
            .page(
                START,
                "P",
                json!({
                    "transitionRoutes": own,
                    "transitionRouteGroups": groups,
                    "agentTransitionRouteGroups": of_agent,
                }),
            )
            .group(START, "G", routes("page group"))
            .group(
                START,
                "F",
                json!([
                    on("x", "flow group", ""),
                    when("true", "flow group condition", "")
                ]),
            )
            .agent_group("A", routes("agent group"))
            .intent("go")
            .intent("x")
            .talk()
    };
    let said = |page, page_group, agent_group, flow| {
        let mut talk = build(page, page_group, agent_group, flow);
        talk.intent("go");
        talk.intent("x").texts
    };
    assert_eq!(
        said(true, true, true, true),
        ["page", "page", "page group", "agent group"],
        "one intent route, then the conditions of page and groups, none of the flow's"
    );
    assert_eq!(
        said(false, true, true, true),
        ["page group", "page group", "agent group"]
    );
    assert_eq!(said(false, false, true, true), ["agent group", "agent group"]);
    assert_eq!(said(false, false, false, true), ["flow"]);
    assert_eq!(said(false, false, false, false), ["flow group"]);
}

#[test]
fn conditions_of_the_flow_are_in_scope_on_its_start_page_only() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [
        on("go", "", "P"), on("stay", "", ""), when("true", "flow", "")
    ]}))
    .page(START, "P", json!({}))
    .intent("go")
    .intent("stay")
    .talk();
    assert_eq!(talk.intent("stay").texts, ["flow"]);
    assert_eq!(talk.intent("go").texts, Vec::<String>::new());
    assert_eq!(talk.intent("stay").texts, Vec::<String>::new());
}

#[test]
fn an_intent_is_given_to_one_route_whether_it_leads_anywhere_or_not() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [
        on("x", "first", ""), on("x", "second", "End Session")
    ]}))
    .intent("x")
    .talk();
    assert_eq!(talk.intent("x").texts, ["first"]);
}

#[test]
fn a_false_condition_leaves_the_intent_to_the_next_route() {
    let mut route = on("x", "first", "");
    route["condition"] = "$session.params.vip = true".into();
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [route, on("x", "second", "")] }))
        .intent("x")
        .talk();
    assert_eq!(talk.intent("x").texts, ["second"]);
    let reply = talk.turn("x", |request| {
        with(request, json!({ "vip": true }));
        request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
    });
    assert_eq!(reply.texts, ["first"]);
}

#[test]
fn a_page_route_beats_a_flow_route_even_when_it_leads_to_the_flows_start_page() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [
        on("go", "", "P"), on("back", "flow route", "")
    ]}))
    .page(
        START,
        "P",
        json!({ "transitionRoutes": [on("back", "page route", "Start Page")] }),
    )
    .intent("go")
    .intent("back")
    .talk();
    talk.intent("go");
    let reply = talk.intent("back");
    assert_eq!(reply.texts, ["page route"]);
    assert_eq!(reply.page, "Start Page");
}

#[test]
fn an_intent_route_into_a_flow_lets_the_flow_answer_the_same_intent() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("x", "caller", "flow:F")] }))
        .flow("F", json!({ "transitionRoutes": [on("x", "callee", "P")] }))
        .page(
            "F",
            "P",
            json!({ "entryFulfillment": say("entry"), "transitionRoutes": [on("x", "too late", "")] }),
        )
        .intent("x")
        .talk();
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["caller", "callee", "entry"]);
    assert_eq!((reply.flow.as_str(), reply.page.as_str()), ("F", "P"));
}

#[test]
fn an_intent_passes_through_a_chain_of_flows() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("x", "1", "flow:F")] }))
        .flow("F", json!({ "transitionRoutes": [on("x", "2", "flow:G")] }))
        .flow("G", json!({ "transitionRoutes": [on("x", "3", "")] }))
        .intent("x")
        .talk();
    assert_eq!(talk.intent("x").texts, ["1", "2", "3"]);
}

#[test]
fn an_intent_does_not_pass_into_pages() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("x", "route", "P")] }))
        .page(START, "P", json!({ "transitionRoutes": [on("x", "again", "")] }))
        .intent("x")
        .talk();
    assert_eq!(talk.intent("x").texts, ["route"]);
}

#[test]
fn a_propagated_intent_dies_with_the_next_transition() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("x", "caller", "flow:F")] }))
        .flow("F", json!({ "transitionRoutes": [when("true", "", "P")] }))
        .page("F", "P", json!({ "transitionRoutes": [on("x", "too late", "")] }))
        .intent("x")
        .talk();
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["caller"]);
    assert_eq!(reply.page, "P");
}

#[test]
fn an_intent_does_not_pass_a_condition_route_into_a_flow() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [
        on("x", "consumed", ""), when("true", "", "flow:F")
    ]}))
    .flow("F", json!({ "transitionRoutes": [on("x", "never", "")] }))
    .intent("x")
    .talk();
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["consumed"]);
    assert_eq!(reply.flow, "F");
}

#[test]
fn a_flow_without_a_route_for_the_intent_goes_on_with_its_conditions() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("x", "", "flow:F")] }))
        .flow(
            "F",
            json!({ "transitionRoutes": [when("true", "condition", "")] }),
        )
        .intent("x")
        .talk();
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["condition"]);
    assert_eq!((reply.flow.as_str(), reply.page.as_str()), ("F", "Start Page"));
}

#[test]
fn a_direct_intent_needs_a_route_in_scope_and_extracts_nothing() {
    use crate::emulator::cx::request::Input;
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("x", "route", "")] }))
        .intent("x")
        .intent("elsewhere")
        .talk();
    let reply = talk.turn("", |request| request.input = Input::Intent("x".to_owned()));
    assert_eq!(reply.texts, ["route"]);
    assert_eq!(reply.parameters, json!({}));
    let reply = talk.turn("", |request| {
        request.input = Input::Intent("elsewhere".to_owned());
    });
    assert_eq!(reply.called, Vec::<String>::new());
}

#[test]
fn a_loop_of_transitions_is_stopped_and_reported() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("x", "", "A")] }))
        .page(START, "A", json!({ "transitionRoutes": [when("true", "", "B")] }))
        .page(START, "B", json!({ "transitionRoutes": [when("true", "", "A")] }))
        .intent("x")
        .talk();
    let reply = talk.intent("x");
    assert!(reply.notes[0].starts_with("transition loop"), "{:?}", reply.notes);
    assert_eq!(reply.result.trace.chain.len(), 50);
}

#[test]
fn a_target_that_does_not_exist_is_noted_and_evaluation_goes_on() {
    let mut talk =
        AgentBuilder::new(json!({ "transitionRoutes": [on("x", "a", "Nowhere"), when("true", "b", "")] }))
            .intent("x")
            .talk();
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["a", "b"]);
    assert!(reply.notes[0].contains("`Nowhere`"));
}
