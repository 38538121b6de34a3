//! Utterances on the pages of a small agent.

use std::collections::BTreeMap;

use chrono::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::export::agent::{
    Entity, EntityType, Flow, Intent, IntentParameter, PhrasePart, Route, TrainingPhrase,
};

/// A phrase; `[text|parameter]` annotates.
fn phrase(text: &str) -> TrainingPhrase {
    let mut parts = Vec::new();
    for (number, piece) in text.split(['[', ']']).enumerate() {
        let (text, parameter) = if number % 2 == 1 {
            piece.split_once('|').unwrap()
        } else {
            (piece, "")
        };
        if !text.is_empty() {
            parts.push(PhrasePart {
                text: text.to_owned(),
                parameter_id: parameter.to_owned(),
            });
        }
    }
    TrainingPhrase {
        parts,
        repeat_count: 1,
    }
}

fn intent(name: &str, parameters: &[(&str, &str)], phrases: &[&str]) -> (String, Intent) {
    let parameters = parameters.iter().map(|(id, entity_type)| IntentParameter {
        id: (*id).to_owned(),
        entity_type: (*entity_type).to_owned(),
        is_list: false,
    });
    let intent = Intent {
        display_name: name.to_owned(),
        parameters: parameters.collect(),
        training_phrases: BTreeMap::from([("en".to_owned(), phrases.iter().copied().map(phrase).collect())]),
        ..Intent::default()
    };
    (name.to_owned(), intent)
}

fn agent() -> Agent {
    let (fallback, mut negative) = intent("nothing", &[], &["what is the meaning of life", "sing a song"]);
    negative.is_fallback = true;
    let intents = [
        (fallback, negative),
        intent(
            "order",
            &[("size", "@size")],
            &[
                "I want a [large|size] pizza",
                "order a pizza",
                "a [small|size] pizza please",
                "get me some food",
            ],
        ),
        intent(
            "visit",
            &[("day", "@sys.date")],
            &[
                "book a table for [tomorrow|day]",
                "reserve a table",
                "[next friday|day]",
                "table on [monday|day]",
            ],
        ),
        intent(
            "travel",
            &[("from", "@sys.geo-city"), ("to", "@sys.geo-city")],
            &[
                "fly from [Paris|from] to [Rome|to]",
                "a flight to [Madrid|to]",
                "I need a flight",
            ],
        ),
        intent("yes", &[], &["yes", "sure", "ok", "of course", "yes please"]),
        intent("thanks", &[], &["ok", "thank you"]),
        intent("elsewhere", &[], &["open the window", "it is too warm in here"]),
    ];
    let route = |name: &str| Route {
        intent: name.to_owned(),
        ..Route::default()
    };
    let flow = Flow {
        display_name: "Main".to_owned(),
        transition_routes: ["order", "visit", "travel", "yes", "thanks"].map(route).to_vec(),
        ..Flow::default()
    };
    let entity = |value: &str| Entity {
        value: value.to_owned(),
        synonyms: vec![value.to_owned()],
        ..Entity::default()
    };
    let size = EntityType {
        display_name: "size".to_owned(),
        kind: "KIND_MAP".to_owned(),
        entities: BTreeMap::from([("en".to_owned(), ["small", "medium", "large"].map(entity).to_vec())]),
        ..EntityType::default()
    };
    let mut agent = Agent {
        flows: BTreeMap::from([("Main".to_owned(), flow)]),
        intents: BTreeMap::from(intents),
        entity_types: BTreeMap::from([("size".to_owned(), size)]),
        ..Agent::default()
    };
    agent.settings.enable_spell_correction = true;
    agent
}

mod small_models;

const SCOPE: &[&str] = &["order", "visit", "travel", "yes", "thanks"];

fn question<'a>(text: &'a str, active: Option<&'a str>) -> Question<'a> {
    Question {
        flow: "Main",
        scope: SCOPE,
        language: "en-US",
        text,
        active: active.map(|entity_type| FormSlot {
            name: "slot",
            entity_type,
            is_list: false,
        }),
        others: &[],
        now: chrono_tz::UTC.with_ymd_and_hms(2020, 12, 4, 10, 30, 0).unwrap(),
        session_entities: &[],
        threshold: 0.3,
        forced: None,
    }
}

/// The decision in short: the intent with its parameters, `slot=value`, or `-`.
fn short(understanding: &Understanding) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match &understanding.decision {
        Decision::Intent { name, parameters, .. } => {
            let parameters = parameters
                .iter()
                .map(|(id, found)| format!(" {id}={}", text(&found.value)));
            name.clone() + &parameters.collect::<String>()
        }
        Decision::Fill { values } => values
            .iter()
            .map(|filled| format!("{}={}", filled.parameter, text(&filled.value)))
            .collect::<Vec<_>>()
            .join(" "),
        Decision::NoMatch { .. } => "-".to_owned(),
    }
}

#[test]
fn a_negative_phrase_means_nothing_to_any_other_intent() {
    let (name, rival) = intent(
        "songs",
        &[],
        &["sing a song for me", "sing me a song", "a song please"],
    );
    let mut agent = agent();
    agent.intents.insert(name, rival);
    let flow = agent.flows.get_mut("Main").unwrap();
    flow.transition_routes.push(Route {
        intent: "songs".to_owned(),
        ..Route::default()
    });
    let nlu = Nlu::new(Arc::new(agent));
    let ask = |text: &str| {
        nlu.understand(&Question {
            scope: &["songs"],
            ..question(text, None)
        })
    };
    assert_eq!(short(&ask("a song please")), "songs");
    let refused = ask("Sing a song!");
    assert_eq!(refused.decision, Decision::NoMatch { best: 0.0 });
    assert_eq!(refused.reason, "negative");
}

#[test]
fn of_intents_with_one_phrase_the_higher_priority_wins() {
    let (few, mut low) = intent("few", &[], &["do it"]);
    let (many, mut high) = intent("many", &[], &["do it", "please do it", "just do it now"]);
    (low.priority, high.priority) = (250_000, 0);
    let agent = Agent {
        intents: BTreeMap::from([(few, low), (many, high)]),
        ..Agent::default()
    };
    let phrases = Phrases::new(&agent);
    let exact = phrases.exact(&agent, "en", "do it", |_| true).unwrap();
    assert_eq!(exact.intent.display_name, "many");
}

#[test]
fn utterances_on_pages() {
    let nlu = Nlu::new(Arc::new(agent()));
    for (text, active, expected, reason) in [
        ("I want a LARGE pizza!", None, "order size=large", "exact"),
        (
            "could I have a medium pizza",
            None,
            "order size=medium",
            "classifier",
        ),
        ("ok", None, "thanks", "exact"),
        (
            "fly from Berlin to Oslo",
            None,
            "travel from=Berlin to=Oslo",
            "classifier",
        ),
        (
            "is there a flight to Lisbon",
            None,
            "travel to=Lisbon",
            "classifier",
        ),
        ("reservve a tabel", None, "visit", "classifier"),
        ("sdkfjh qwoeiu", None, "-", "below-threshold"),
        ("open the window", None, "-", "below-threshold"),
        ("large", Some("@size"), "slot=large", "slot-full"),
        ("the large one I guess", Some("@size"), "slot=large", "slot-part"),
        ("yes please", Some("@size"), "yes", "exact"),
        (
            "anything at all",
            Some("@sys.any"),
            "slot=anything at all",
            "slot-text",
        ),
        ("qwoeiu", Some("@size"), "-", "below-threshold"),
        ("12", Some("@sys.number"), "slot=12.0", "slot-full"),
    ] {
        let understanding = nlu.understand(&question(text, active));
        assert_eq!(
            short(&understanding),
            expected,
            "{text} ({})",
            understanding.reason
        );
        assert!(
            understanding.reason.starts_with(reason),
            "{text}: {}",
            understanding.reason
        );
    }
}

#[test]
fn a_value_alone_can_be_a_phrase() {
    let nlu = Nlu::new(Arc::new(agent()));
    let understanding = nlu.understand(&question("december 24", None));
    assert!(
        matches!(&understanding.decision, Decision::Intent { name, parameters, .. } if name == "visit" && parameters.len() == 1)
    );
}

#[test]
fn forced_answers() {
    let nlu = Nlu::new(Arc::new(agent()));
    let forced = |text, active, intent| {
        nlu.understand(&Question {
            forced: Some(intent),
            ..question(text, active)
        })
    };
    assert_eq!(
        short(&forced("a small pizza please", None, Some("order"))),
        "order size=small"
    );
    assert_eq!(short(&forced("large", Some("@size"), Some("yes"))), "yes");
    assert_eq!(short(&forced("yes", None, None)), "-");
    assert_eq!(short(&forced("yes, large", Some("@size"), None)), "slot=large");
    assert_eq!(
        short(&forced("whatever", Some("@sys.any"), None)),
        "slot=whatever"
    );
}

#[test]
fn one_utterance_fills_several_parameters() {
    let nlu = Nlu::new(Arc::new(agent()));
    let others = [
        FormSlot {
            name: "day",
            entity_type: "@sys.date",
            is_list: false,
        },
        FormSlot {
            name: "note",
            entity_type: "@sys.any",
            is_list: false,
        },
    ];
    let understanding = nlu.understand(&Question {
        others: &others,
        ..question("large, for tomorrow", Some("@size"))
    });
    let Decision::Fill { values } = understanding.decision else {
        panic!("{}", understanding.reason)
    };
    let names: Vec<&str> = values.iter().map(|filled| filled.parameter.as_str()).collect();
    assert_eq!(names, ["slot", "day"]);
}

#[test]
fn what_was_weighed_is_told() {
    let nlu = Nlu::new(Arc::new(agent()));
    let narrow = Question {
        scope: &["yes"],
        ..question("give me a pizza", None)
    };
    let understanding = nlu.understand(&narrow);
    assert_eq!(short(&understanding), "-");
    let first = &understanding.alternatives[0];
    assert!(
        first.intent == "order" && !first.in_scope && first.score > 0.3,
        "{first:?}"
    );
    let repaired = nlu.understand(&question("I need a fligth", None));
    assert_eq!(repaired.resolved_input, "I need a flight");
    assert_eq!(short(&repaired), "travel");
}

#[test]
fn unknown_places_and_languages_match_nothing() {
    let nlu = Nlu::new(Arc::new(agent()));
    for question in [
        Question {
            language: "de",
            ..question("yes", None)
        },
        Question {
            flow: "Nowhere",
            ..question("give me a pizza", None)
        },
        Question {
            scope: &[],
            ..question("yes", None)
        },
    ] {
        assert_eq!(short(&nlu.understand(&question)), "-");
    }
    assert_eq!(
        short(&Nlu::new(Arc::new(Agent::default())).understand(&question("yes", None))),
        "-"
    );
}

#[test]
fn the_same_everywhere() {
    let texts = [
        "could I have a pizza",
        "is it warm",
        "a flight for friday",
        "thanks a lot",
    ];
    let answers = || {
        let nlu = Nlu::new(Arc::new(agent()));
        texts.map(|text| nlu.understand(&question(text, None)))
    };
    assert_eq!(answers(), answers());
}

#[test]
fn phrases_that_ignore_a_value_keep_it_out() {
    let mut agent = agent();
    agent.intents.extend([intent(
        "bill",
        &[("day", "@sys.date")],
        &[
            "why is my bill so high [today|day]",
            "my bill went up today",
            "my bill is wrong today",
            "a higher bill today",
            "is the bill due today",
        ],
    )]);
    agent
        .flows
        .get_mut("Main")
        .unwrap()
        .transition_routes
        .push(Route {
            intent: "bill".to_owned(),
            ..Route::default()
        });
    let nlu = Nlu::new(Arc::new(agent));
    let ask = |text| {
        short(&nlu.understand(&Question {
            scope: &["bill"],
            ..question(text, None)
        }))
    };
    assert!(ask("why is my bill so high today").starts_with("bill day="));
    assert_eq!(ask("my bill went up so much today"), "bill");
}

#[test]
fn phrases_that_are_divided_over_a_value_let_it_in() {
    let mut agent = agent();
    agent.intents.extend([intent(
        "table",
        &[("size", "@size")],
        &[
            "[large|size]",
            "a [small|size] table",
            "the [large|size] table please",
            "just a [medium|size]",
            "large table",
            "one medium table",
            "small table",
        ],
    )]);
    let nlu = Nlu::new(Arc::new(agent));
    let ask = |text| {
        short(&nlu.understand(&Question {
            forced: Some(Some("table")),
            ..question(text, None)
        }))
    };
    assert_eq!(ask("medium only"), "table size=medium");
    assert_eq!(
        ask("now one medium table"),
        "table",
        "so phrases say it without the value"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]
    #[test]
    fn any_text_is_answered(text in "\\PC{1,80}") {
        let nlu = Nlu::new(Arc::new(agent()));
        for active in [None, Some("@size"), Some("@sys.date"), Some("@sys.any"), Some("@nothing")] {
            let answer = nlu.understand(&question(&text, active));
            prop_assert!(!answer.reason.is_empty());
        }
    }
}
