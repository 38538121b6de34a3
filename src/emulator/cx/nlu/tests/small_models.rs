//! Flows of a few intents: what shares nothing with their phrases matches none of them.

use super::*;

const WELCOME: &[&str] = &[
    "hi",
    "hello",
    "hey there",
    "good morning",
    "howdy",
    "greetings",
    "hi there",
    "hello there",
    "hey",
    "good evening",
    "just going to say hi",
    "heya",
];
const PIZZA: &[&str] = &[
    "order a pizza",
    "i want pizza",
    "can i get a pizza",
    "i would like to order a pizza",
    "pizza please",
];
const HOURS: &[&str] = &["opening hours", "when are you open", "are you open on sunday"];
const BYE: &[&str] = &["bye", "goodbye", "see you"];
const YES: &[&str] = &[
    "yes",
    "yeah",
    "sure",
    "ok",
    "of course",
    "yes please",
    "yep",
    "right",
    "correct",
    "absolutely",
];
const NO: &[&str] = &["no", "nope"];

/// What these utterances mean in a flow of these intents.
fn check(intents: &[(&str, &[&str])], active: Option<&str>, utterances: &[(&str, &str)]) {
    let names: Vec<&str> = intents.iter().map(|(name, _)| *name).collect();
    let mut agent = agent();
    agent.intents = intents
        .iter()
        .map(|(name, phrases)| intent(name, &[], phrases))
        .collect();
    let routes = names.iter().map(|name| Route {
        intent: (*name).to_owned(),
        ..Route::default()
    });
    agent.flows.get_mut("Main").unwrap().transition_routes = routes.collect();
    let nlu = Nlu::new(Arc::new(agent));
    for (text, expected) in utterances {
        let understanding = nlu.understand(&Question {
            scope: &names,
            ..question(text, active)
        });
        let reason = &understanding.reason;
        assert_eq!(short(&understanding), *expected, "{names:?} {text:?}: {reason}");
    }
}

const STRANGE: [(&str, &str); 10] = [
    ("asdf", "-"),
    ("hsldjf", "-"),
    ("banana", "-"),
    ("x", "-"),
    ("1234", "-"),
    ("???", "-"),
    ("tell me a joke", "-"),
    ("my cat is ill", "-"),
    ("purple elephants dance", "-"),
    ("how tall is kilimanjaro", "-"),
];

#[test]
fn strange_words_match_none_of_a_few_intents() {
    let sets: [&[(&str, &[&str])]; 6] = [
        &[("hours", HOURS)],
        &[("welcome", WELCOME), ("pizza", PIZZA)],
        &[("pizza", PIZZA), ("hours", HOURS)],
        &[("yes", YES), ("no", NO)],
        &[("pizza", PIZZA), ("hours", HOURS), ("bye", BYE)],
        &[
            ("welcome", WELCOME),
            ("pizza", PIZZA),
            ("hours", HOURS),
            ("bye", BYE),
        ],
    ];
    for intents in sets {
        check(intents, None, &STRANGE);
        check(intents, Some("@size"), &STRANGE);
    }
}

#[test]
fn what_is_like_a_phrase_still_matches_one_of_a_few_intents() {
    check(
        &[("welcome", WELCOME), ("pizza", PIZZA)],
        None,
        &[
            ("hello my friend", "welcome"),
            ("good morning to you", "welcome"),
            ("hi bot", "welcome"),
            ("i'd like a pizza", "pizza"),
            ("a big pizza for me", "pizza"),
            ("I am hungry, pizza now", "pizza"),
            ("order", "pizza"),
            ("what's the weather like", "-"),
        ],
    );
    check(
        &[("yes", YES), ("no", NO)],
        None,
        &[
            ("yes thanks", "yes"),
            ("yes I do", "yes"),
            ("that's right", "yes"),
            ("sure thing", "yes"),
            ("no thanks", "no"),
            ("no way", "no"),
            ("nope not now", "no"),
        ],
    );
    check(
        &[("pizza", PIZZA), ("hours", HOURS), ("bye", BYE)],
        None,
        &[
            ("when do you open", "hours"),
            ("sunday", "hours"),
            ("ok bye now", "bye"),
            ("I want two pizzas", "pizza"),
        ],
    );
}
