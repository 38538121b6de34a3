//! Webhooks: answers, failures, targets (cx-runtime 8).

use serde_json::{Value, json};

use crate::emulator::cx::fixture::*;
use crate::emulator::cx::request::PinnedIntent;
use crate::emulator::cx::webhook::WebhookFailure;

/// An agent whose intent `x` says `before`, calls `W`, and has a condition route behind it.
fn calling(target: &str, handlers: &Value) -> AgentBuilder {
    AgentBuilder::new(json!({
        "transitionRoutes": [
            doing(on("x", "", target), call("W", "before")),
            when("$session.params.answer = yes", "it is yes", ""),
        ],
        "eventHandlers": handlers,
    }))
    .page(START, "P", json!({ "entryFulfillment": say("P") }))
    .page(START, "Q", json!({ "entryFulfillment": say("Q") }))
    .flow("F", json!({ "transitionRoutes": [when("true", "F", "")] }))
    .intent("x")
    .webhook("W", json!({ "uri": "https://w.example" }))
}

#[test]
fn an_answers_parameters_are_seen_by_the_next_condition() {
    let mut talk = calling("", &json!([])).talk();
    talk.answers("W", json!({ "parameters": { "answer": "yes", "gone": null } }));
    let reply = talk.turn("x", |request| {
        with(request, json!({ "gone": 1 }));
        request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
    });
    assert_eq!(reply.texts, ["before", "it is yes"]);
    assert_eq!(reply.parameters, json!({ "answer": "yes" }));
    let calls = talk.calls();
    assert_eq!(
        (calls[0].tag.as_str(), calls[0].situation.page.as_str()),
        ("t", "Start Page")
    );
    assert_eq!(calls[0].situation.intent.as_deref(), Some("x"));
}

#[test]
fn an_answers_messages_are_added_or_take_the_place_of_all_before() {
    let mut talk = calling("", &json!([])).talk();
    talk.answers(
        "W",
        json!({ "messages": ["literally $session.params.x", { "payload": { "a": 1 } }] }),
    );
    assert_eq!(talk.intent("x").texts, ["before", "literally $session.params.x"]);
    talk.answers(
        "W",
        json!({ "body": {
            "fulfillmentResponse": { "messages": [{ "text": { "text": ["instead"] } }], "mergeBehavior": "REPLACE" },
            "sessionInfo": { "parameters": { "answer": "yes" } },
        }}),
    );
    assert_eq!(talk.intent("x").texts, ["instead", "it is yes"]);
}

#[test]
fn an_answers_messages_are_for_their_channel() {
    let labelled = |channel: &str| json!({ "channel": channel, "text": { "text": [channel] } });
    let messages = json!(["for all", labelled("PHONE"), labelled("CHAT")]);
    for (channel, said) in [("", "for all"), ("phone", "PHONE"), ("SMS", "for all")] {
        let mut talk = calling("", &json!([])).talk();
        talk.answers("W", json!({ "messages": messages }));
        let reply = talk.turn("x", |request| {
            channel.clone_into(&mut request.channel);
            request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
        });
        assert_eq!(reply.texts, ["before", said], "{channel}");
    }
}

#[test]
fn an_answers_way_of_merging_may_be_a_number() {
    for (number, texts) in [(1, vec!["before", "more"]), (2, vec!["more"])] {
        let mut talk = calling("", &json!([])).talk();
        talk.answers(
            "W",
            json!({ "body": {
                "fulfillmentResponse": { "messages": [{ "text": { "text": ["more"] } }], "mergeBehavior": number },
            }}),
        );
        assert_eq!(talk.intent("x").texts, texts, "{number}");
    }
}

#[test]
fn an_answers_target_may_be_a_page_of_another_flow() {
    let flow = "projects/p/locations/l/agents/a/flows/id of F";
    for (page, texts) in [("START_PAGE", ["before", "F"]), ("id of R", ["before", "R"])] {
        let mut talk = calling("P", &json!([]))
            .page("F", "R", json!({ "entryFulfillment": say("R") }))
            .talk();
        talk.answers("W", json!({ "target_page": format!("{flow}/pages/{page}") }));
        assert_eq!(talk.intent("x").texts, texts, "{page}");
    }
    let mut talk = calling("P", &json!([])).talk();
    talk.answers(
        "W",
        json!({ "target_page": "projects/p/locations/l/agents/a/flows/gone/pages/START_PAGE" }),
    );
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["before", "P"]);
    assert!(reply.notes[0].contains("which the export does not hold"));
}

#[test]
fn an_answers_target_wins_over_the_handlers_own() {
    let mut talk = calling("P", &json!([])).talk();
    talk.answers("W", json!({ "target_page": "Q" }));
    assert_eq!(talk.intent("x").texts, ["before", "Q"]);
    let mut talk = calling("P", &json!([])).talk();
    talk.answers(
        "W",
        json!({ "target_flow": "projects/p/locations/l/agents/a/flows/id of F" }),
    );
    assert_eq!(talk.intent("x").texts, ["before", "F"]);
    let mut talk = calling("P", &json!([])).talk();
    talk.answers("W", json!({ "target_page": "Nowhere" }));
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["before", "P"]);
    assert!(reply.notes[0].contains("`Nowhere`"));
    // Webhooks leave members empty that they do not mean: the note named those.
    let mut talk = calling("P", &json!([])).talk();
    talk.answers("W", json!({ "target_page": "", "target_flow": "no flow" }));
    let reply = talk.intent("x");
    assert!(reply.notes[0].contains("`no flow`"), "{:?}", reply.notes);
}

#[test]
fn a_call_that_nothing_answers_fails_as_an_unreachable_one_and_is_noted() {
    let mut talk = calling(
        "",
        &json!([
            event("webhook.error", "general", ""),
            event("webhook.error.not-found", "unreachable", "")
        ]),
    )
    .talk();
    let reply = talk.intent("x");
    assert_eq!(
        reply.texts,
        ["before", "unreachable"],
        "the finest handler, and evaluation ends"
    );
    assert!(reply.notes[0].contains("webhook `W` (tag `t`)"));
    assert_eq!(reply.result.webhooks[0].failure, Some(WebhookFailure::Unanswered));
}

#[test]
fn a_call_of_a_webhook_that_the_export_does_not_hold_fails() {
    let handlers = json!([event("webhook.error", "it failed", "")]);
    let mut talk = calling("", &handlers)
        .settings(|agent| agent.webhooks.clear())
        .talk();
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["before", "it failed"]);
    assert!(reply.notes[0].contains("which the export does not hold"));
    assert_eq!(
        reply.result.webhooks[0].failure,
        Some(WebhookFailure::Unreachable)
    );
}

#[test]
fn failures_have_their_own_events_and_a_general_one() {
    for (failure, event_name) in [
        (WebhookFailure::Timeout, "webhook.error.timeout"),
        (WebhookFailure::Status(400), "webhook.error.bad-request"),
        (WebhookFailure::Status(403), "webhook.error.rejected"),
        (WebhookFailure::Status(503), "webhook.error.unavailable"),
        (WebhookFailure::Status(500), "webhook.error"),
        (WebhookFailure::Unreachable, "webhook.error"),
    ] {
        let mut talk = calling("", &json!([event(event_name, "handled", "P")])).talk();
        talk.fails("W", failure.clone());
        assert_eq!(talk.intent("x").texts, ["before", "handled", "P"], "{failure}");
    }
}

#[test]
fn a_failure_is_silent_where_nobody_handles_it_or_the_handler_leads_elsewhere() {
    let mut talk = calling("", &json!([])).talk();
    let reply = talk.turn("x", |request| {
        with(request, json!({ "answer": "yes" }));
        request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
    });
    assert_eq!(reply.texts, ["before", "it is yes"]);
    let mut talk = calling("P", &json!([event("webhook.error", "never", "")])).talk();
    assert_eq!(talk.intent("x").texts, ["before", "P"]);
}

#[test]
fn a_failure_in_an_entry_is_handled_before_the_pages_conditions() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("x", "", "P")] }))
        .page(
            START,
            "P",
            json!({
                "entryFulfillment": call("W", "entry"),
                "transitionRoutes": [when("true", "never", "")],
                "eventHandlers": [event("webhook.error", "handled", "Q")],
            }),
        )
        .page(START, "Q", json!({ "entryFulfillment": say("Q") }))
        .intent("x")
        .webhook("W", json!({}))
        .talk();
    assert_eq!(talk.intent("x").texts, ["entry", "handled", "Q"]);
}

#[test]
fn the_handler_of_a_failure_may_not_call_a_webhook() {
    let handler = doing(event("webhook.error", "", ""), call("W", "handled"));
    let mut talk = calling("", &json!([handler])).talk();
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["before", "handled"]);
    assert_eq!(talk.calls().len(), 1);
}

#[test]
fn a_webhook_that_is_switched_off_answers_with_nothing() {
    let mut talk = calling("", &json!([event("webhook.error", "never", "")])).talk();
    let reply = talk.turn("x", |request| {
        request.disable_webhook = true;
        request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
    });
    assert_eq!(reply.texts, ["before"]);
    assert!(talk.calls().is_empty());
    assert!(reply.notes.is_empty());
}

#[test]
fn a_refused_value_is_asked_for_again() {
    let ask_size = |reprompts: &[Value]| {
        AgentBuilder::new(json!({ "transitionRoutes": [on("go", "", "P")] }))
            .page(
                START,
                "P",
                json!({
                    "form": { "parameters": [ask("size", "@size", "which size?", reprompts)] },
                    "transitionRoutes": [doing(when("$page.params.status = FINAL", "", ""), call("W", ""))],
                }),
            )
            .intent("go")
            .entity("size", &[("L", &["large"])])
            .webhook("W", json!({}))
            .talk()
    };
    let mut talk = ask_size(&[event("sys.invalid-parameter", "we are out of that", "")]);
    talk.intent("go");
    talk.answers("W", json!({ "form": { "size": "invalid" } }));
    let reply = talk.other("large");
    assert_eq!(reply.texts, ["we are out of that"]);
    assert_eq!(reply.parameters, json!({}));
    let mut talk = ask_size(&[]);
    talk.intent("go");
    talk.answers("W", json!({ "form": { "size": "invalid" } }));
    assert_eq!(talk.other("large").texts, ["which size?"]);
}

#[test]
fn a_refused_value_is_seen_as_invalid_until_it_is_asked_for() {
    let page = json!({
        "entryFulfillment": call("W", ""),
        "form": { "parameters": [ask("a", "@sys.any", "a?", &[])] },
        "transitionRoutes": [when("$page.params.a.status = \"INVALID\"", "that cannot be", "")],
    });
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("go", "", "P")] }))
        .page(START, "P", page)
        .intent("go")
        .webhook("W", json!({ "uri": "https://w.example" }))
        .talk();
    talk.answers("W", json!({ "form": { "a": "invalid" } }));
    let reply = talk.turn("go", |request| {
        with(request, json!({ "a": "x" }));
        request.pinned_intent = Some(PinnedIntent::Named("go".to_owned()));
    });
    assert_eq!(reply.texts, ["that cannot be", "a?"]);
}

#[test]
fn a_flexible_webhooks_body_is_taken_apart_by_its_mapping() {
    let service = json!({
        "webhookType": "FLEXIBLE",
        "requestBody": "{\"city\": \"$session.params.city\"}",
        "parameterMapping": [
            { "key": "$flow.names", "value": "$.all[?(@.kind == 'name')].text" },
            { "key": "count", "value": "$.count" },
            { "key": "missing", "value": "$.nothing" },
        ],
    });
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [
        doing(on("x", "", ""), call("W", "")),
        when("true", "$flow.names[0], $session.params.count, $request.webhook_status_code", ""),
    ]}))
    .intent("x")
    .webhook("W", service)
    .talk();
    talk.answers(
        "W",
        json!({ "body": { "all": [{ "kind": "name", "text": "Ada" }, { "kind": "zip", "text": "1" }], "count": 2 } }),
    );
    let reply = talk.turn("x", |request| {
        with(request, json!({ "city": "Rome" }));
        request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
    });
    assert_eq!(reply.texts, ["Ada, 2, 200"]);
    assert_eq!(talk.calls()[0].body, json!({ "city": "Rome" }));
}

#[test]
fn in_a_flexible_webhooks_body_a_quoted_reference_may_be_an_object() {
    let body = json!({
        "object": "$session.params.object",
        "list": "$sys.func.APPEND(null, 1)",
        "text": "$session.params.said",
        "number": "$session.params.number",
        "both": "$session.params.number of $session.params.said",
        "unset": "$session.params.unset",
    });
    let service = json!({ "webhookType": "FLEXIBLE", "requestBody": body.to_string() });
    let mut talk = calling("", &json!([])).webhook("W", service).talk();
    talk.turn("x", |request| {
        with(
            request,
            json!({ "object": { "a": { "b": 1 } }, "said": "say \"hi\"\nto me", "number": 3 }),
        );
        request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
    });
    let expected = json!({
        "object": { "a": { "b": 1 } },
        "list": [1],
        "text": "say \"hi\"\nto me",
        "number": "3",
        "both": "3 of say \"hi\"\nto me",
        "unset": "$session.params.unset",
    });
    assert_eq!(talk.calls()[0].body, expected);
}

#[test]
fn what_was_said_before_a_slow_webhook_is_sent_ahead() {
    let mut fulfillment = call("W", "one moment");
    fulfillment["returnPartialResponses"] = true.into();
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [doing(on("x", "", ""), fulfillment)] }))
        .intent("x")
        .webhook("W", json!({}))
        .talk();
    talk.answers("W", json!({ "messages": ["found it"] }));
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["one moment", "found it"]);
    assert_eq!(reply.result.partials, [1]);
}

#[test]
fn an_answer_that_makes_no_sense_is_a_failure() {
    let mut talk = calling("", &json!([event("webhook.error", "handled", "")])).talk();
    talk.answers(
        "W",
        json!({ "body": { "fulfillmentResponse": { "mergeBehavior": "SHUFFLE" } } }),
    );
    assert_eq!(talk.intent("x").texts, ["before", "handled"]);
    talk.answers("W", json!({ "body": { "payload": { "x": "y".repeat(70_000) } } }));
    assert_eq!(talk.intent("x").texts, ["before", "handled"], "too large");
}

#[test]
fn the_clients_payload_is_handed_on_and_the_webhooks_handed_back() {
    let mut talk = calling("", &json!([])).talk();
    talk.answers("W", json!({ "payload": { "b": 2 } }));
    let reply = talk.turn("x", |request| {
        request.payload = json!({ "a": 1 }).as_object().cloned().unwrap();
        request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
    });
    assert_eq!(json!(talk.calls()[0].situation.payload), json!({ "a": 1 }));
    assert_eq!(json!(reply.result.webhooks[0].payload), json!({ "b": 2 }));
}
