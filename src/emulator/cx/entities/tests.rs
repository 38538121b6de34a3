//! Custom types of every kind, and what holds for all types.

use chrono::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::export::agent::{Intent, PhrasePart, TrainingPhrase};

fn entity(value: &str, synonyms: &[&str]) -> Entity {
    Entity {
        value: value.to_owned(),
        synonyms: synonyms.iter().map(|text| (*text).to_owned()).collect(),
        ..Entity::default()
    }
}

fn entity_type(kind: &str, entities: Vec<Entity>) -> EntityType {
    EntityType {
        kind: kind.to_owned(),
        entities: BTreeMap::from([("en".to_owned(), entities)]),
        ..EntityType::default()
    }
}

fn agent() -> Agent {
    let map = |entities| entity_type("KIND_MAP", entities);
    let list = |entities| entity_type("KIND_LIST", entities);
    let mut fuzzy = map(vec![
        entity("veggie", &["garden vegetable pizza"]),
        entity("hawaii", &["ham and pineapple"]),
    ]);
    fuzzy.enable_fuzzy_extraction = true;
    let mut open = map(vec![entity("salami", &["salami"])]);
    open.auto_expansion_mode = "AUTO_EXPANSION_MODE_DEFAULT".to_owned();
    let mut picky = map(vec![entity("big", &["big", "very big"])]);
    picky.excluded_phrases = BTreeMap::from([("en".to_owned(), vec!["Very BIG".to_owned()])]);
    let types = [
        (
            "size",
            map(vec![
                entity("S", &["small", "little one"]),
                entity("L", &["large", "company"]),
                entity("XL", &["large"]),
            ]),
        ),
        (
            "keys",
            map(vec![entity("0", &["0", "00", "0000"]), entity("star", &["*"])]),
        ),
        ("topping", list(vec![entity("Extra Cheese", &["Extra Cheese"])])),
        (
            "code",
            entity_type(
                "KIND_REGEXP",
                vec![entity("x", &[r"[A-Z]{2}\d{3}"]), entity("(", &["("])],
            ),
        ),
        ("price", list(vec![entity("x", &["@sys.number:dollars bucks"])])),
        ("shift", list(vec![entity("x", &["@sys.number:hours hours"])])),
        (
            "place",
            list(vec![entity("x", &["@sys.geo-country"]), entity("y", &["@size"])]),
        ),
        ("raw", map(vec![entity("@size", &["@size"])])),
        (
            "blood",
            map(vec![
                entity("A+", &["A+"]),
                entity("A-", &["A-"]),
                entity("O+", &["O+"]),
            ]),
        ),
        (
            "tongue",
            list(vec![
                entity("C", &["C"]),
                entity("C++", &["C++"]),
                entity("C#", &["C#"]),
            ]),
        ),
        (
            "loop",
            list(vec![entity("x", &["@loop again"]), entity("y", &["once"])]),
        ),
        ("fuzzy", fuzzy),
        ("open", open),
        ("picky", picky),
        ("sys.color", map(vec![entity("midnight", &["midnight sky"])])),
    ];
    Agent {
        entity_types: types
            .into_iter()
            .map(|(name, kind)| (name.to_owned(), kind))
            .collect(),
        ..Agent::default()
    }
}

fn context(session_entities: &[SessionEntityType]) -> EntityContext<'_> {
    let now = chrono_tz::UTC.with_ymd_and_hms(2020, 12, 4, 10, 30, 0).unwrap();
    EntityContext {
        language: "en",
        now,
        session_entities,
    }
}

fn values(entity_type: &str, text: &str) -> Vec<String> {
    let found = Recogniser::new(Arc::new(agent())).find(entity_type, text, &context(&[]));
    found
        .into_iter()
        .map(|span| {
            span.value
                .as_str()
                .map_or_else(|| span.value.to_string(), str::to_owned)
        })
        .collect()
}

#[test]
fn types_that_refer_to_each_other_without_end_are_looked_into_so_far() {
    let chain = |length: usize| {
        let refer = |number: usize| {
            let entity = match number + 1 {
                next if next < length => entity("x", &[&format!("@t{next}")]),
                _ => entity("red", &["red"]),
            };
            (format!("t{number}"), entity_type("KIND_LIST", vec![entity]))
        };
        let agent = Agent {
            entity_types: (0..length).map(refer).collect(),
            ..Agent::default()
        };
        let recogniser = Recogniser::new(Arc::new(agent));
        recogniser.find("@t0", "red", &context(&[])).len()
    };
    assert_eq!(chain(20), 1);
    assert_eq!(chain(21), 0);
    assert_eq!(chain(5000), 0);
}

#[test]
fn custom_kinds() {
    for (entity_type, text, expected) in [
        ("@size", "A small, please", &["S"][..]),
        ("@size", "the little one or the LARGE", &["S", "XL"]),
        ("@size", "two companies", &["L"]),
        ("@size", "smallish", &[]),
        ("@keys", "0000", &["0"]),
        ("@keys", "*", &["star"]),
        ("@topping", "with EXTRA cheese", &["EXTRA cheese"]),
        ("@code", "it is AB123 or XAB1234", &["AB123"]),
        (
            "@price",
            "two bucks",
            &["{\"dollars\":2.0,\"original\":\"two bucks\"}"],
        ),
        // Its member is called as that of a time is; it is none.
        (
            "@shift",
            "two hours",
            &["{\"hours\":2.0,\"original\":\"two hours\"}"],
        ),
        ("@place", "from sweden", &["Sweden"]),
        ("@place", "a small one", &["S"]),
        ("@raw", "small", &["@size"]),
        ("@blood", "A+", &["A+"]),
        ("@blood", "it is a-, I think", &["A-"]),
        ("@blood", "O", &["O+"]),
        ("@tongue", "C", &["C"]),
        ("@tongue", "I write C++ and c#.", &["C++", "c#"]),
        ("@loop", "once again", &["once"]),
        ("@fuzzy", "vegetable gardn pizza", &["veggie"]),
        ("@fuzzy", "pineapple and ham", &["hawaii"]),
        ("@fuzzy", "nothing of it", &[]),
        ("@picky", "very big", &[]),
        ("@picky", "big", &["big"]),
        ("@sys.color", "midnight sky or red", &["midnight", "red"]),
        ("@sys.any", "  all of it ", &["all of it"]),
        ("@unknown", "small", &[]),
    ] {
        assert_eq!(values(entity_type, text), expected, "{entity_type} {text}");
    }
}

#[test]
fn misspelt_values_of_agents_that_correct_spelling() {
    let phrase = |text: &str| TrainingPhrase {
        parts: vec![PhrasePart {
            text: text.to_owned(),
            ..PhrasePart::default()
        }],
        repeat_count: 1,
    };
    let mut agent = agent();
    let intent = Intent {
        training_phrases: BTreeMap::from([("en".to_owned(), vec![phrase("the smal print")])]),
        ..Intent::default()
    };
    agent.intents.insert("print".to_owned(), intent);
    let first = |agent: &Agent, text: &str| {
        Recogniser::new(Arc::new(agent.clone()))
            .find("@size", text, &context(&[]))
            .into_iter()
            .next()
            .map(|span| (span.value, span.original, span.genuine))
    };
    for text in ["a lagre one", "the lar ge one"] {
        assert_eq!(first(&agent, text), None, "{text}");
    }
    agent.settings.enable_spell_correction = true;
    let found = |original: &str| Some((Value::from("XL"), original.to_owned(), true));
    assert_eq!(first(&agent, "a lagre one"), found("lagre"));
    assert_eq!(first(&agent, "the lar ge one"), found("lar ge"));
    for text in ["smal", "a lagrre1 one", "hello there", "great"] {
        assert_eq!(first(&agent, text), None, "{text}");
    }
    assert_eq!(
        first(&agent, "a lagre one or a small one").map(|(value, ..)| value),
        Some(Value::from("S")),
        "nothing is corrected beside a value that is spelt right"
    );
}

#[test]
fn unlisted_values_are_guesses() {
    let recogniser = Recogniser::new(Arc::new(agent()));
    let genuine = |text| {
        recogniser
            .find("@open", text, &context(&[]))
            .first()
            .map(|span| (span.value.clone(), span.genuine))
    };
    assert_eq!(genuine("salami"), Some((Value::from("salami"), true)));
    assert_eq!(genuine("mushrooms"), Some((Value::from("mushrooms"), false)));
    assert_eq!(genuine("yes"), None);
}

#[test]
fn session_entities_add_or_replace() {
    let recogniser = Recogniser::new(Arc::new(agent()));
    let with = |supplement, text| {
        let session = [SessionEntityType {
            name: "size".to_owned(),
            supplement,
            entities: vec![entity("H", &["huge"])],
        }];
        recogniser
            .find("@size", text, &context(&session))
            .into_iter()
            .map(|span| span.original)
            .collect::<Vec<_>>()
    };
    assert_eq!(with(true, "huge or small"), ["huge", "small"]);
    assert_eq!(with(false, "huge or small"), ["huge"]);
}

#[test]
fn attempts_at_a_day_that_fail() {
    let recogniser = Recogniser::new(Arc::new(agent()));
    let failed = |kind, text| recogniser.failed(kind, text, &context(&[]));
    for text in [
        "next month",
        "october 2020",
        "oct 32",
        "in the next week",
        "the 32nd of may",
    ] {
        assert!(failed("@sys.date", text), "{text}");
    }
    for text in [
        "one second",
        "just a minute",
        "book a table next month",
        "next",
        "12",
        "no",
        "",
    ] {
        assert!(!failed("@sys.date", text), "{text}");
    }
    assert!(!failed("@size", "next month"));
}

#[test]
fn lists_keys_and_places() {
    let recogniser = Recogniser::new(Arc::new(agent()));
    let extract = |kind, is_list, text| recogniser.extract(kind, is_list, text, &context(&[]));
    let all = extract("@size", true, "small and large").unwrap();
    assert_eq!(
        (all.value, all.original.as_str()),
        (serde_json::json!(["S", "XL"]), "small and large")
    );
    assert_eq!(
        extract("@size", true, "small").unwrap().value,
        serde_json::json!(["S"])
    );
    assert_eq!(
        extract("@size", false, "large or small").unwrap().original,
        "large"
    );
    assert_eq!(extract("@size", true, "none"), None);
    let digits = |kind, digits| {
        recogniser
            .digits(kind, digits, &context(&[]))
            .map(|found| found.value)
    };
    assert_eq!(digits("@keys", "0000"), Some(Value::from("0")));
    assert_eq!(digits("@sys.number-sequence", "1234"), Some(Value::from("1234")));
    assert_eq!(digits("@keys", "7"), None);
}

#[test]
fn broken_patterns_are_listed() {
    let broken = Recogniser::new(Arc::new(agent())).broken_patterns();
    assert_eq!(broken.len(), 1);
    assert_eq!(
        (
            broken[0].entity_type.as_str(),
            broken[0].language.as_str(),
            broken[0].pattern.as_str()
        ),
        ("code", "en", "(")
    );
}

/// What lies too deep was passed over without a word.
#[test]
fn types_that_refer_to_others_too_deep_are_told() {
    let list = |synonym: &str| entity_type("KIND_LIST", vec![entity("x", &[synonym])]);
    let chain = |length: usize, last: &str| {
        let link = |at: usize| match at + 1 {
            next if next == length => last.to_owned(),
            next => format!("@t{next:02}"),
        };
        Agent {
            entity_types: (0..length)
                .map(|at| (format!("t{at:02}"), list(&link(at))))
                .collect(),
            ..Agent::default()
        }
    };
    let now = chrono::Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap();
    let now = now.with_timezone(&chrono_tz::UTC);
    for (length, last, told) in [
        (20, "gold", None),
        (21, "gold", Some(("t00", "t20"))),
        (19, "@sys.number", None),
        (20, "@sys.number", Some(("t00", "sys.number"))),
        // In a circle nobody is above the others.
        (20, "@t00", None),
        (21, "@t00", Some(("t00", "t20"))),
    ] {
        let recogniser = Recogniser::new(Arc::new(chain(length, last)));
        let found = recogniser.too_deep();
        let found: Vec<_> = found
            .iter()
            .map(|deep| (deep.entity_type.as_str(), deep.lost.as_str()))
            .collect();
        assert_eq!(found, Vec::from_iter(told), "{length} {last}");
        if !last.contains("@t") {
            let context = EntityContext {
                language: "en",
                now,
                session_entities: &[],
            };
            let value = last.strip_prefix("@sys.number").map_or(last, |_| "7");
            let is_found = !recogniser.find("@t00", value, &context).is_empty();
            assert_eq!(is_found, told.is_none(), "{length} {last}");
        }
    }
}

const KINDS: &[&str] = &[
    "@size",
    "@code",
    "@price",
    "@place",
    "@loop",
    "@fuzzy",
    "@open",
    "@sys.any",
    "@sys.date",
    "@sys.time",
    "@sys.date-time",
    "@sys.date-period",
    "@sys.time-period",
    "@sys.duration",
    "@sys.number",
    "@sys.number-integer",
    "@sys.ordinal",
    "@sys.percentage",
    "@sys.number-sequence",
    "@sys.zip-code",
    "@sys.phone-number",
    "@sys.flight-number",
    "@sys.email",
    "@sys.url",
    "@sys.geo-city",
    "@sys.geo-country",
    "@sys.geo-state",
    "@sys.address",
    "@sys.location",
    "@sys.person",
    "@sys.given-name",
    "@sys.last-name",
    "@sys.unit-currency",
    "@sys.currency-name",
    "@sys.age",
    "@sys.temperature",
    "@sys.unit-length",
    "@sys.color",
    "@sys.language",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]
    #[test]
    fn spans_are_sound(text in "(small|large|two|[0-9]{1,6}|main street|paris|next friday|at 5pm|\\$|%|°|€|@|\\PC| ){0,12}") {
        let recogniser = Recogniser::new(Arc::new(agent()));
        for kind in KINDS {
            let spans = recogniser.find(kind, &text, &context(&[]));
            prop_assert_eq!(&spans, &recogniser.find(kind, &text, &context(&[])));
            let mut end = 0;
            for span in spans {
                prop_assert_eq!(text.get(span.range.clone()), Some(span.original.as_str()), "{}", kind);
                prop_assert!(span.range.start >= end && !span.range.is_empty(), "{}", kind);
                end = span.range.end;
            }
        }
    }
}
