//! What goes along with an input (cx-runtime 15), and matching without a trace.

use serde_json::json;

use crate::emulator::cx::fixture::*;
use crate::emulator::cx::program::Place;
use crate::emulator::cx::request::{Input, PinnedIntent, Request};
use crate::emulator::cx::understanding::{IntentValue, Meaning, Understood};
use crate::export::agent::{IntentParameter, PhrasePart, TrainingPhrase};
use crate::model::transcript::Sentiment;

fn agent() -> AgentBuilder {
    AgentBuilder::new(json!({ "transitionRoutes": [on("x", "at $session.params.a", "")] }))
        .page(
            START,
            "P",
            json!({
                "entryFulfillment": say("entry"),
                "form": { "parameters": [ask("size", "@size", "size?", &[])] },
                "transitionRoutes": [on("x", "on P", "")],
            }),
        )
        .intent("x")
        .entity("size", &[("L", &["large"])])
}

#[test]
fn parameters_are_merged_with_their_types_and_null_removes() {
    let mut talk = agent().talk();
    talk.turn(" ", |request| {
        with(
            request,
            json!({ "a": true, "$session.params.b": [1], "member.name": "Ada" }),
        );
    });
    let reply = talk.turn(" ", |request| with(request, json!({ "a": null, "c": 2 })));
    assert_eq!(
        reply.parameters,
        json!({ "b": [1], "member.name": "Ada", "c": 2 })
    );
}

#[test]
fn parameters_of_another_scope_stay_out_of_the_session() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("x", "$game.params.score!", "")] }))
        .intent("x")
        .talk();
    let reply = talk.turn("x", |request| {
        with(request, json!({ "score": 3 }));
        "game".clone_into(&mut request.parameter_scope);
        request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
    });
    assert_eq!(reply.texts, ["3!"]);
    assert_eq!(reply.parameters, json!({}));
    assert_eq!(talk.intent("x").texts, ["$game.params.score!"]);
}

#[test]
fn a_session_may_start_on_a_page_which_is_not_entered_and_forgets_what_was() {
    let mut talk = agent().talk();
    talk.turn(" ", |request| with(request, json!({ "a": 1 })));
    let reply = talk.turn("x", |request| {
        request.start = Some(Place {
            flow: 0,
            page: Some(0),
        });
        with(request, json!({ "b": 2 }));
        request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
    });
    assert_eq!(reply.texts, ["on P", "size?"]);
    assert_eq!(reply.parameters, json!({ "b": 2 }));
    let mut talk = agent().talk();
    let reply = talk.turn("large", |request| {
        request.start = Some(Place {
            flow: 0,
            page: Some(0),
        });
        request.pinned_intent = Some(PinnedIntent::Nothing);
    });
    assert_eq!(reply.parameters, json!({ "size": "L" }), "the form is open");
}

#[test]
fn matching_tells_what_a_turn_would_do_and_leaves_no_trace() {
    let talk = agent().talk();
    let now = chrono::Utc::now();
    let request = Request::new(Input::Text("x".to_owned()), now);
    let mut copy = talk.session.clone();
    let understood = talk.engine.match_input(&mut copy, &request, &());
    assert!(understood.confidence > 0.99);
    assert_eq!(talk.session.turns, 0);
}

#[test]
fn session_entity_types_hold_from_then_on() {
    use crate::emulator::cx::entities::SessionEntityType;
    use crate::export::agent::Entity;
    let mut talk = agent().talk();
    talk.turn(" ", |request| {
        request.start = Some(Place {
            flow: 0,
            page: Some(0),
        });
        request.session_entity_types = vec![SessionEntityType {
            name: "size".to_owned(),
            supplement: true,
            entities: vec![Entity {
                value: "XXL".to_owned(),
                synonyms: vec!["huge".to_owned()],
                ..Entity::default()
            }],
        }];
    });
    assert_eq!(talk.other("a huge one").parameters, json!({ "size": "XXL" }));
}

#[test]
fn the_time_zone_of_the_turn_decides_what_now_is() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [
        on("x", "$sys.func.FORMAT_DATE($sys.func.NOW(), \"HH:mm\")", "")
    ]}))
    .intent("x")
    .settings(|agent| "America/New_York".clone_into(&mut agent.settings.time_zone))
    .talk();
    assert_eq!(talk.intent("x").texts, ["04:00"]);
    let reply = talk.turn("x", |request| {
        request.time_zone = Some(chrono_tz::Asia::Tokyo);
        request.pinned_intent = Some(PinnedIntent::Named("x".to_owned()));
    });
    assert_eq!(reply.texts, ["18:00"]);
}

#[test]
fn a_sentiment_that_the_client_tells_is_seen_when_it_was_asked_for() {
    let routes = json!({ "transitionRoutes": [
        on("x", "", ""),
        when("$request.sentiment.score <= -0.5 AND $request.sentiment.magnitude > 0.7", "I am sorry", ""),
        when("$request.sentiment.succeeded = false", "who knows", ""),
    ]});
    let told = Sentiment {
        score: -0.8,
        magnitude: 0.9,
    };
    for (asked, sentiment, texts) in [
        (true, Some(told), vec!["I am sorry"]),
        (true, None, vec!["who knows"]),
        (false, Some(told), vec![]),
    ] {
        let mut talk = AgentBuilder::new(routes.clone()).intent("x").talk();
        let reply = talk.turn("x", |request| {
            request.analyze_sentiment = asked;
            request.sentiment = sentiment;
        });
        assert_eq!(reply.texts, texts, "{asked} {sentiment:?}");
    }
}

#[test]
fn a_given_match_finds_the_words_of_its_values_again() {
    let size = [("L", &["large", "big"] as &[&str])];
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [
        on("x", "$intent.params.size.original, $intent.params.size.resolved", ""),
    ]}))
    .intent("x")
    .entity("size", &size)
    .settings(|agent| {
        let intent = agent.intents.get_mut("x").unwrap();
        intent.parameters.push(IntentParameter {
            id: "size".to_owned(),
            entity_type: "@size".to_owned(),
            is_list: false,
        });
        let part = |text: &str, parameter: &str| PhrasePart {
            text: text.to_owned(),
            parameter_id: parameter.to_owned(),
        };
        let phrases = intent.training_phrases.get_mut("en").unwrap();
        phrases.push(TrainingPhrase {
            parts: vec![part("a ", ""), part("large", "size"), part(" one", "")],
            repeat_count: 1,
        });
    })
    .talk();
    let given = |resolved: &str| {
        let meaning = Meaning::Intent {
            intent: 0,
            parameters: vec![IntentValue {
                id: "size".to_owned(),
                original: resolved.to_owned(),
                resolved: json!(resolved),
            }],
            is_direct: false,
        };
        Understood::of(meaning, 1.0, "", "given")
    };
    for (resolved, text) in [("L", "big, L"), ("XXL", "XXL, XXL")] {
        let reply = talk.turn("a big one", |request| request.understood = Some(given(resolved)));
        assert_eq!(reply.texts, [text]);
    }
}
