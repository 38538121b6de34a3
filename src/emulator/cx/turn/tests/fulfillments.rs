//! Fulfillments: order, presets, conditional responses, messages (cx-runtime 5, 10).

use serde_json::{Value, json};

use crate::emulator::cx::fixture::*;
use crate::emulator::cx::messages::SaidContent;
use crate::emulator::cx::request::PinnedIntent;

/// An agent that runs a fulfillment on the intent `x`.
fn running(fulfillment: Value) -> Talk {
    AgentBuilder::new(json!({ "transitionRoutes": [doing(on("x", "", ""), fulfillment)] }))
        .intent("x")
        .talk()
}

fn cases(cases: &Value) -> Value {
    json!({ "conditionalCases": [{ "cases": cases }] })
}

fn case(condition: &str, texts: &[&str]) -> Value {
    let content: Vec<Value> = texts
        .iter()
        .map(|text| json!({ "message": { "text": { "text": [text] } } }))
        .collect();
    json!({ "condition": condition, "caseContent": content })
}

#[test]
fn the_first_case_that_holds_is_said_in_order_and_no_condition_is_else() {
    let mut talk = running(cases(&json!([
        case("$session.params.n = 1", &["one"]),
        case("$session.params.n = 2", &["two", "more of two"]),
        case("", &["else"]),
    ])));
    assert_eq!(talk.intent("x").texts, ["else"]);
    let reply = talk.turn("x", |request| {
        with(request, json!({ "n": 2 }));
        request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
    });
    assert_eq!(reply.texts, ["two", "more of two"]);
}

#[test]
fn cases_nest() {
    let mut talk = running(cases(&json!([{
        "caseContent": [
            { "message": { "text": { "text": ["outer"] } } },
            { "additionalCases": { "cases": [case("false", &["never"]), case("true", &["inner"])] } },
        ],
    }])));
    assert_eq!(talk.intent("x").texts, ["outer", "inner"]);
}

#[test]
fn conditions_of_cases_are_decided_before_the_presets_and_texts_rendered_after() {
    let mut fulfillment = cases(&json!([
        case(
            "$session.params.visited = true",
            &["welcome back $session.params.n"]
        ),
        case("", &["welcome $session.params.n"]),
    ]));
    fulfillment["setParameterActions"] = json!([
        { "parameter": "visited", "value": true },
        { "parameter": "n", "value": "$sys.func.ADD($sys.func.COUNT($session.params.list), 1)" },
    ]);
    let mut talk = running(fulfillment);
    assert_eq!(talk.intent("x").texts, ["welcome 1"]);
    assert_eq!(talk.intent("x").texts, ["welcome back 1"]);
}

#[test]
fn messages_come_before_cases() {
    let mut fulfillment = cases(&json!([case("", &["case"])]));
    fulfillment["messages"] = say("message")["messages"].clone();
    assert_eq!(running(fulfillment).intent("x").texts, ["message", "case"]);
}

#[test]
fn presets_keep_types_see_each_other_and_clear_with_null() {
    let fulfillment = json!({ "setParameterActions": [
        { "parameter": "number", "value": 42 },
        { "parameter": "flag", "value": false },
        { "parameter": "list", "value": [1, "$session.params.number"] },
        { "parameter": "object", "value": { "a": "$session.params.flag" } },
        { "parameter": "copy", "value": "$session.params.number" },
        { "parameter": "typed", "value": "$sys.func.IDENTITY($session.params.number)" },
        { "parameter": "sum", "value": "$sys.func.ADD($session.params.number, 1)" },
        { "parameter": "$session.params.explicit", "value": "yes" },
        { "parameter": "empty", "value": "" },
        { "parameter": "flag", "value": null },
    ]});
    assert_eq!(
        running(fulfillment).intent("x").parameters,
        json!({
            "number": 42, "list": [1, "42"], "object": { "a": "false" }, "copy": "42", "typed": 42, "sum": 43,
            "explicit": "yes", "empty": "",
        })
    );
}

#[test]
fn an_unset_reference_stays_in_the_preset_and_is_never_expanded_again() {
    let fulfillment = json!({
        "setParameterActions": [
            { "parameter": "b", "value": "there" },
            { "parameter": "both", "value": "$session.params.a, $session.params.b" },
            { "parameter": "a", "value": "here" },
        ],
        "messages": [{ "text": { "text": ["$session.params.both"] } }],
    });
    assert_eq!(
        running(fulfillment).intent("x").texts,
        ["$session.params.a, there"]
    );
}

#[test]
fn a_preset_may_set_a_member_of_an_object() {
    let nested = "$sys.func.NESTED_FIELD(\"$session.params.address\", \"street\", \"number\")";
    let fulfillment = json!({ "setParameterActions": [
        { "parameter": nested, "value": 12 },
        { "parameter": "$sys.func.NESTED_FIELD(\"$session.params.address\", \"city\")", "value": "Rome" },
        { "parameter": "address.zip", "value": "00100" },
        { "parameter": "dotted.name", "value": "flat" },
    ]});
    assert_eq!(
        running(fulfillment).intent("x").parameters,
        json!({
            "address": { "street": { "number": 12 }, "city": "Rome", "zip": "00100" },
            "dotted.name": "flat",
        })
    );
}

#[test]
fn presets_of_a_route_are_seen_by_the_page_it_leads_to() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [
        doing(on("x", "", "P"), set(&json!({ "brand": "Acme" }), ""))
    ]}))
    .page(START, "P", json!({ "entryFulfillment": cases(&json!([case("$session.params.brand = Acme", &["$session.params.brand!"])])) }))
    .intent("x")
    .talk();
    assert_eq!(talk.intent("x").texts, ["Acme!"]);
}

#[test]
fn an_intents_parameter_shows_what_the_user_said_unless_it_is_resolved() {
    let mut talk = running(say(
        "$intent.params.size / $intent.params.size.resolved / $session.params.size / $intent.params.gone",
    ));
    let reply = talk.intent_with("x", &[("Size", "large", json!("L"))]);
    assert_eq!(reply.texts, ["large / L / L / $intent.params.gone"]);
    assert_eq!(reply.parameters, json!({ "size": "L" }));
}

#[test]
fn what_an_intent_did_not_bring_leaves_the_session_as_it_is() {
    let mut talk = running(json!({}));
    talk.intent_with("x", &[("size", "large", json!("L"))]);
    assert_eq!(talk.intent("x").parameters, json!({ "size": "L" }));
}

#[test]
fn messages_are_those_of_the_language_of_the_turn() {
    let fulfillment = json!({ "messages": [
        { "languageCode": "en", "text": { "text": ["hello"] } },
        { "languageCode": "de", "text": { "text": ["hallo"] } },
        { "languageCode": "en", "text": { "text": ["how are you"] } },
    ]});
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [doing(on("x", "", ""), fulfillment)] }))
        .intent("x")
        .settings(|agent| agent.settings.supported_language_codes = vec!["de".to_owned(), "pl".to_owned()])
        .talk();
    let mut said = |language: &str| {
        let reply = talk.turn("x", |request| {
            language.clone_into(&mut request.language);
            request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
        });
        (reply.texts, reply.result.language)
    };
    assert_eq!(said("").0, ["hello", "how are you"]);
    assert_eq!(said("de-AT"), (vec!["hallo".to_owned()], "de".to_owned()));
    assert_eq!(
        said("pl").0,
        Vec::<String>::new(),
        "there is no falling back to another language"
    );
}

#[test]
fn a_channel_gets_its_own_messages_or_else_those_for_all() {
    let fulfillment = json!({ "messages": [
        { "text": { "text": ["for all"] } },
        { "channel": "PHONE", "text": { "text": ["for phones"] } },
    ]});
    let mut talk = running(fulfillment);
    let mut said = |channel: &str| {
        let reply = talk.turn("x", |request| {
            channel.clone_into(&mut request.channel);
            request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
        });
        reply.texts
    };
    assert_eq!(said(""), ["for all"]);
    assert_eq!(said("PHONE"), ["for phones"]);
    assert_eq!(said("CHAT"), ["for all"]);
}

#[test]
fn one_variant_is_said_and_the_seed_decides_which() {
    let fulfillment = json!({ "messages": [{ "text": { "text": ["a", "b", "c", "d"] } }] });
    let said = |fulfillment: Value| {
        let mut talk = running(fulfillment);
        (0..12)
            .map(|_| talk.intent("x").texts.concat())
            .collect::<String>()
    };
    let first = said(fulfillment.clone());
    assert_eq!(first, said(fulfillment));
    assert_eq!(first.len(), 12);
    assert!(first.chars().collect::<std::collections::BTreeSet<_>>().len() > 1);
}

#[test]
fn signals_and_payloads_are_passed_on_with_their_references() {
    let fulfillment = json!({ "messages": [
        { "payload": { "card": ["$session.params.n"], "plain": 1 } },
        { "liveAgentHandoff": { "metadata": { "why": "$session.params.n" } } },
        { "conversationSuccess": { "metadata": { "score": 1 } } },
        { "outputAudioText": { "ssml": "<speak>$session.params.n</speak>" } },
        {},
    ]});
    let mut talk = running(fulfillment);
    let reply = talk.turn("x", |request| {
        with(request, json!({ "n": 5 }));
        request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
    });
    let contents: Vec<SaidContent> = reply
        .result
        .messages
        .into_iter()
        .map(|said| said.content)
        .collect();
    let object = |value: Value| value.as_object().cloned().unwrap();
    assert_eq!(
        contents,
        [
            SaidContent::Payload(object(json!({ "card": ["5"], "plain": 1 }))),
            SaidContent::LiveAgentHandoff(object(json!({ "why": "5" }))),
            SaidContent::ConversationSuccess(object(json!({ "score": 1 }))),
            SaidContent::OutputAudioText(json!({ "ssml": "<speak>5</speak>" })),
        ]
    );
}

#[test]
fn a_generative_fallback_is_not_asked_but_noted() {
    let mut fulfillment = say("said anyway $request.generative.answer");
    fulfillment["enableGenerativeFallback"] = true.into();
    let reply = running(fulfillment).intent("x");
    assert_eq!(reply.texts, ["said anyway $request.generative.answer"]);
    assert_eq!(
        reply.notes,
        ["a language model would speak here; models are not asked"]
    );
}

#[test]
fn a_parameter_that_feeds_on_itself_stops_growing() {
    for value in [
        json!("$session.params.x$session.params.x"),
        json!({ "a": "$sys.func.IDENTITY($session.params.x)", "b": "$sys.func.IDENTITY($session.params.x)" }),
        json!(["$sys.func.IDENTITY($session.params.x)"]),
        json!("$sys.func.APPEND($session.params.x, $session.params.x)"),
    ] {
        let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("x", "", "P")] }))
            .page(
                START,
                "P",
                json!({
                    "entryFulfillment": set(&json!({ "x": value }), "$session.params.x"),
                    "transitionRoutes": [when("true", "", "Current Page")],
                }),
            )
            .intent("x")
            .talk();
        let reply = talk.turn("x", |request| {
            with(request, json!({ "x": ["seed"] }));
            request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
        });
        assert!(reply.parameters.to_string().len() < 300_000);
        let said: usize = reply.texts.iter().map(String::len).sum();
        assert!(said < 4 << 20, "{said}");
    }
}
