//! Forms: filling, prefilling, prompting, statuses (cx-runtime 4).

use serde_json::{Value, json};

use crate::emulator::cx::fixture::*;
use crate::emulator::cx::program::Place;
use crate::emulator::cx::request::PinnedIntent;

fn sizes() -> AgentBuilder {
    form(
        &json!({ "form": { "parameters": [ask("First", "@size", "first?", &[]), ask("second", "@size", "second?", &[])] } }),
    )
}

/// An agent that goes to page `P` on the intent `go`.
fn form(page: &Value) -> AgentBuilder {
    AgentBuilder::new(json!({ "transitionRoutes": [on("go", "", "P"), on("aside", "aside", "")] }))
        .page(START, "P", page.clone())
        .page(START, "Q", json!({}))
        .intent("go")
        .intent("aside")
        .entity(
            "size",
            &[
                ("L", &["large", "big"]),
                ("S", &["small"]),
                ("0", &["0", "00", "0000"]),
            ],
        )
}

#[test]
fn parameters_are_asked_for_in_order_and_reported_at_once_in_lower_case() {
    let mut talk = sizes().talk();
    assert_eq!(talk.intent("go").texts, ["first?"]);
    let reply = talk.other("a big one");
    assert_eq!(reply.texts, ["second?"]);
    assert_eq!(reply.matched, "fill");
    assert_eq!(reply.parameters, json!({ "first": "L" }));
    let reply = talk.other("small");
    assert_eq!(
        reply.texts,
        Vec::<String>::new(),
        "nothing left to ask, and no route"
    );
    assert_eq!(reply.parameters, json!({ "first": "L", "second": "S" }));
}

#[test]
fn filling_evaluates_conditions_but_does_not_enter_again() {
    let mut talk = form(&json!({
        "entryFulfillment": say("entry"),
        "form": { "parameters": [ask("a", "@size", "a?", &[])] },
        "transitionRoutes": [
            when("$page.params.a.status = \"UPDATED\"", "updated", ""),
            when("$page.params.status = \"FINAL\"", "final", "Q"),
        ],
    }))
    .talk();
    assert_eq!(talk.intent("go").texts, ["entry", "a?"]);
    let reply = talk.other("large");
    assert_eq!(reply.texts, ["updated", "final"]);
    assert_eq!(reply.page, "Q");
}

#[test]
fn a_value_is_updated_in_the_turn_that_brought_it_only() {
    let mut talk = form(&json!({
        "form": { "parameters": [ask("a", "@size", "a?", &[])] },
        "transitionRoutes": [
            when("$page.params.a.status = UPDATED", "updated", ""),
            when("$page.params.a.status = FILLED", "filled", ""),
            when("$page.params.a.status = EMPTY", "empty", ""),
        ],
    }))
    .talk();
    assert_eq!(talk.intent("go").texts, ["empty", "a?"]);
    assert_eq!(talk.other("large").texts, ["updated"]);
    assert_eq!(talk.intent("aside").texts, ["aside", "filled"]);
}

#[test]
fn a_page_without_required_parameters_is_final() {
    let mut talk =
        form(&json!({ "transitionRoutes": [when("$page.params.status = FINAL", "final", "")] })).talk();
    assert_eq!(talk.intent("go").texts, ["final"]);
}

#[test]
fn what_the_session_knows_is_not_asked_for() {
    let mut talk = sizes().talk();
    let reply = talk.turn("go", |request| {
        with(request, json!({ "first": "XL" }));
        request.pinned_intent = Some(PinnedIntent::Named("go".to_owned()));
    });
    assert_eq!(reply.texts, ["second?"]);
}

#[test]
fn an_empty_text_is_a_value_and_null_is_none() {
    let mut talk = form(&json!({
        "entryFulfillment": set(&json!({ "a": "" }), ""),
        "form": { "parameters": [ask("a", "@size", "a?", &[])] },
    }))
    .talk();
    let reply = talk.intent("go");
    assert_eq!(reply.texts, Vec::<String>::new());
    assert_eq!(reply.parameters, json!({ "a": "" }));
    let mut talk = form(&json!({
        "entryFulfillment": set(&json!({ "a": null }), "entry"),
        "form": { "parameters": [ask("a", "@size", "a?", &[])] },
    }))
    .talk();
    talk.turn("go", |request| with(request, json!({ "a": "L" })));
    assert_eq!(
        talk.intent("go").texts,
        ["entry", "a?"],
        "entry presets come before prefilling"
    );
}

#[test]
fn a_route_in_the_middle_of_a_form_is_followed_by_the_prompt() {
    let mut talk = sizes().talk();
    talk.intent("go");
    let reply = talk.intent("aside");
    assert_eq!(reply.texts, ["aside", "first?"]);
    assert_eq!(reply.matched, "intent");
}

#[test]
fn a_value_may_be_thrown_away_by_going_to_the_current_page() {
    let mut talk = form(&json!({
        "entryFulfillment": say("entry"),
        "form": { "parameters": [ask("a", "@size", "a?", &[])] },
        "transitionRoutes": [doing(
            when("$session.params.a = S", "", "Current Page"),
            set(&json!({ "a": null }), "no small ones"),
        )],
    }))
    .talk();
    talk.intent("go");
    let reply = talk.other("small");
    assert_eq!(reply.texts, ["no small ones", "entry", "a?"]);
    assert_eq!(reply.parameters, json!({}));
    assert_eq!(reply.matched, "fill");
}

#[test]
fn optional_parameters_have_defaults_and_no_prompt() {
    let mut talk = form(&json!({ "form": { "parameters": [
        { "displayName": "a", "entityType": "@size", "defaultValue": "M" },
        { "displayName": "b", "entityType": "@size", "required": true, "defaultValue": "M",
          "fillBehavior": { "initialPromptFulfillment": say("b?") } },
        { "displayName": "c", "entityType": "@size", "fillBehavior": { "initialPromptFulfillment": say("c?") } },
    ]}}))
    .talk();
    let reply = talk.intent("go");
    assert_eq!(reply.texts, ["b?"]);
    assert_eq!(reply.parameters, json!({ "a": "M" }));
}

/// A turn that starts on a page found its optional parameters without their defaults: only an entry had set them, and
/// such a turn has none.
#[test]
fn a_form_has_its_defaults_where_a_turn_starts_too() {
    let mut talk = form(&json!({
        "entryFulfillment": say("entry"),
        "form": { "parameters": [
            { "displayName": "a", "entityType": "@size", "defaultValue": "M" },
            { "displayName": "$flow.b", "entityType": "@size", "defaultValue": "S" },
            { "displayName": "c", "entityType": "@size", "defaultValue": "M" },
            ask("d", "@size", "d?", &[]),
        ]},
        "transitionRoutes": [when("$session.params.a = M AND $flow.b = S", "defaults", "")],
    }))
    .talk();
    let place = talk.engine.program().flows[0].pages_by_name["P"];
    let reply = talk.turn("large", |request| {
        request.start = Some(Place {
            flow: 0,
            page: Some(place),
        });
        with(request, json!({ "c": "XL" }));
        request.pinned_intent = Some(PinnedIntent::Nothing);
    });
    assert_eq!(reply.texts, ["defaults"]);
    assert_eq!(reply.parameters, json!({ "a": "M", "c": "XL", "d": "L" }));
}

/// A default is no value that somebody gave: what the user says of it while another is asked for counts.
#[test]
fn what_is_said_outweighs_a_default() {
    let mut talk = form(&json!({ "form": { "parameters": [
        { "displayName": "a", "entityType": "@size", "defaultValue": "M" },
        { "displayName": "b", "entityType": "@sys.number", "required": true,
          "fillBehavior": { "initialPromptFulfillment": say("b?") } },
    ]}}))
    .talk();
    assert_eq!(talk.intent("go").parameters, json!({ "a": "M" }));
    let reply = talk.other("3 large");
    assert_eq!(reply.matched, "fill");
    assert_eq!(reply.parameters, json!({ "a": "L", "b": 3.0 }));
}

#[test]
fn list_parameters_take_all_values_and_are_lists_even_of_one() {
    let mut parameter = ask("a", "@size", "a?", &[]);
    parameter["isList"] = true.into();
    let page = json!({ "form": { "parameters": [parameter] } });
    let mut talk = form(&page).talk();
    talk.intent("go");
    assert_eq!(
        talk.other("a big and a small one").parameters,
        json!({ "a": ["L", "S"] })
    );
    let mut talk = form(&page).talk();
    talk.intent("go");
    assert_eq!(talk.other("big").parameters, json!({ "a": ["L"] }));
}

#[test]
fn anything_at_all_fills_an_any_parameter_trimmed() {
    let mut talk = form(&json!({ "form": { "parameters": [ask("a", "@sys.any", "a?", &[])] } })).talk();
    talk.intent("go");
    let reply = talk.other(" my old bike ");
    assert_eq!(reply.parameters, json!({ "a": "my old bike" }));
    assert_eq!(reply.matched, "fill");
}

#[test]
fn keys_fill_the_open_parameter_with_its_canonical_value() {
    let mut talk = form(&json!({
        "form": { "parameters": [ask("a", "@size", "a?", &[])] },
        "transitionRoutes": [when("$session.params.a = 0", "operator", "")],
    }))
    .talk();
    talk.intent("go");
    let reply = talk.keys("0000#");
    assert_eq!(reply.parameters, json!({ "a": "0" }));
    assert_eq!(reply.texts, ["operator"]);
    assert_eq!(reply.matched, "fill");
}

#[test]
fn keys_fill_the_open_parameter_with_the_value_whose_pattern_they_fit() {
    let agent = || form(&json!({ "form": { "parameters": [ask("a", "@size", "a?", &[])] } }));
    let keyed = || {
        agent().settings(|agent| {
            let entities = &mut agent.entity_types.get_mut("size").unwrap().entities;
            for entity in entities.values_mut().flatten() {
                match entity.value.as_str() {
                    "L" => "3+".clone_into(&mut entity.dtmf_pattern),
                    "S" => "*".clone_into(&mut entity.dtmf_pattern),
                    _ => {}
                }
            }
        })
    };
    for (agent, keys, value) in [
        (keyed(), "33#", json!({ "a": "L" })),
        (keyed(), "*", json!({ "a": "S" })),
        (agent(), "33#", json!({})),
    ] {
        let mut talk = agent.talk();
        talk.intent("go");
        assert_eq!(talk.keys(keys).parameters, value, "{keys}");
    }
}

/// Keys filled whatever was asked for, as many as came: what the agent says of them was not looked at.
#[test]
fn the_nearest_dtmf_settings_say_which_keys_are_taken() {
    let off = json!({ "dtmfSettings": { "useSystemEntityRule": false } });
    let on = json!({ "dtmfSettings": { "enabled": true } });
    let limited = json!({ "dtmfSettings": { "enabled": true, "maxDigits": 2, "finishDigit": "*" } });
    let none = json!({});
    for (of_parameter, of_page, of_flow, keys, parameters, matched) in [
        (&none, &none, &none, "12345", json!({ "a": "12345" }), "fill"),
        (&off, &on, &on, "12", json!({}), "no match"),
        (&none, &off, &on, "12", json!({}), "no match"),
        (&none, &none, &off, "12", json!({}), "no match"),
        (&on, &off, &off, "12*#", json!({ "a": "12" }), "fill"),
        (&limited, &none, &none, "12345#", json!({ "a": "12" }), "fill"),
        (&none, &limited, &none, "1*2", json!({ "a": "1" }), "fill"),
        (&none, &none, &limited, "*2", json!({}), "no input"),
        (&off, &none, &none, "99", json!({}), "intent"),
    ] {
        let mut parameter = ask("a", "@sys.number-sequence", "a?", &[]);
        parameter["advancedSettings"] = of_parameter.clone();
        let page = json!({ "form": { "parameters": [parameter] }, "advancedSettings": of_page });
        let flow_settings = serde_json::from_value(of_flow.clone()).unwrap();
        let mut talk = form(&page)
            .settings(|agent| {
                agent.flows.get_mut(START).unwrap().advanced_settings = flow_settings;
                "99".clone_into(&mut agent.intents.get_mut("aside").unwrap().dtmf_pattern);
            })
            .talk();
        talk.intent("go");
        let reply = talk.keys(keys);
        let case = format!("{of_parameter} {of_page} {of_flow} {keys}");
        assert_eq!(
            (&reply.parameters, reply.matched),
            (&parameters, matched),
            "{case}"
        );
        let is_told = reply.notes.iter().any(|note| note.contains("DTMF settings"));
        assert_eq!(is_told, matched == "no match", "{case}");
    }
}

#[test]
fn keys_may_trigger_an_intent_by_its_pattern_and_no_keys_are_silence() {
    let mut talk = AgentBuilder::new(json!({
        "transitionRoutes": [on("operator", "one moment", "")],
        "eventHandlers": [event("sys.no-input-default", "silence", ""), event("sys.no-match-default", "sorry", "")],
    }))
    .intent("operator")
    .settings(|agent| "0+".clone_into(&mut agent.intents.get_mut("operator").unwrap().dtmf_pattern))
    .talk();
    assert_eq!(talk.keys("00").texts, ["one moment"]);
    assert_eq!(talk.keys("90").texts, ["sorry"]);
    assert_eq!(talk.keys("#").texts, ["silence"]);
}

#[test]
fn keys_that_are_no_pattern_mean_themselves() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("back", "back again", "")] }))
        .intent("back")
        .settings(|agent| "*9".clone_into(&mut agent.intents.get_mut("back").unwrap().dtmf_pattern))
        .talk();
    assert!(talk.engine.problems().is_empty());
    assert_eq!(talk.keys("*9").texts, ["back again"]);
    assert!(talk.keys("9").texts.is_empty());
}

#[test]
fn a_scoped_form_parameter_lives_in_its_flow_and_is_not_reported() {
    let mut talk = form(&json!({
        "form": { "parameters": [ask("$flow.zip", "@size", "zip?", &[])] },
        "transitionRoutes": [when("$flow.zip = L AND $page.params.status = FINAL", "got $flow.zip", "")],
    }))
    .talk();
    assert_eq!(talk.intent("go").texts, ["zip?"]);
    let reply = talk.other("large");
    assert_eq!(reply.texts, ["got L"]);
    assert_eq!(reply.parameters, json!({}));
}

#[test]
fn an_intents_parameter_of_the_same_name_fills_the_form_too() {
    let mut talk = form(&json!({
        "form": { "parameters": [ask("a", "@size", "a?", &[])] },
        "transitionRoutes": [on("resize", "", "")],
    }))
    .intent("resize")
    .talk();
    talk.intent("go");
    talk.other("large");
    let reply = talk.intent_with("resize", &[("A", "small", json!("S"))]);
    assert_eq!(reply.parameters, json!({ "a": "S" }));
}
