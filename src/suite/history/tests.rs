//! What later turns are told, of turns made by hand.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::audio::Said;
use crate::model::suite::{AudioInput, Location};

fn turn(input: Input, expect: Vec<Check>) -> Turn {
    let expect = expect.into_iter().map(|check| Expectation {
        line: 2,
        required: true,
        only_on: None,
        check,
    });
    let location = Location {
        file: Arc::from(Path::new("suite.yaml")),
        line: 1,
    };
    Turn {
        expect: expect.collect(),
        ..Turn::new(location, input)
    }
}

fn say(text: &str, expect: Vec<Check>) -> Turn {
    turn(Input::Say(text.to_owned()), expect)
}

fn is(text: &str) -> Matcher {
    Matcher::Is(text.into())
}

fn at_front_desk() -> Start {
    Start {
        agent: Some(Name::Display("Front desk".to_owned())),
        ..Start::default()
    }
}

/// `role: text | text`, line by line.
fn told(history: &History) -> Vec<String> {
    let start = history.over(at_front_desk());
    let chunk = |chunk: &HistoryChunk| match chunk {
        HistoryChunk::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    let line = |message: &HistoryMessage| {
        let chunks: Vec<String> = message.chunks.iter().map(chunk).collect();
        format!("{}: {}", message.role, chunks.join(" | "))
    };
    start.history.iter().map(line).collect()
}

#[test]
fn inputs_and_expected_replies_are_told_in_order() {
    let mut history = History::new(&at_front_desk());
    assert!(told(&history).is_empty());
    let replies = Check::Replies(Matcher::List(vec![is("Hello!"), is("How can I help?")]));
    history.add(&say("hello", vec![replies]), Vec::new()).unwrap();
    let handed = vec![
        Check::Reply(Matcher::AllOf(vec![
            Matcher::Contains(json!("billing")),
            is("This is billing."),
        ])),
        Check::Transfer(is("Billing")),
    ];
    history.add(&say("my money", handed), Vec::new()).unwrap();
    history
        .add(&say("40 euro", vec![Check::Reply(is("Done."))]), Vec::new())
        .unwrap();
    assert_eq!(
        told(&history),
        [
            "user: hello",
            "Front desk: Hello! | How can I help?",
            "user: my money",
            "Billing: This is billing.",
            "user: 40 euro",
            "Billing: Done."
        ]
    );
    assert_eq!(
        history.over(at_front_desk()).agent,
        None,
        "billing has taken over"
    );
}

#[test]
fn whoever_began_goes_on_as_long_as_nobody_takes_over() {
    let mut history = History::new(&at_front_desk());
    let reply = || vec![Check::Reply(is("Hello!")), Check::Agent(is("Front desk"))];
    history.add(&say("hello", reply()), Vec::new()).unwrap();
    assert_eq!(history.over(at_front_desk()).agent, at_front_desk().agent);
}

#[test]
fn what_is_not_said_word_for_word_must_be_told_by_the_turn() {
    let untold = |turn: &Turn| History::new(&at_front_desk()).add(turn, Vec::new());
    let pattern = Check::Reply(Matcher::Contains(json!("help")));
    for expect in [Vec::new(), vec![pattern], vec![Check::Ended(is("x"))]] {
        assert_eq!(untold(&say("hello", expect)), Err(Untold::Reply));
    }
    let mut of_cx = say("hello", vec![Check::Reply(is("Hello!"))]);
    of_cx.expect[0].only_on = Some(Service::Cx);
    assert_eq!(
        untold(&of_cx),
        Err(Untold::Reply),
        "that is another service's reply"
    );
    let hello = || vec![Check::Reply(is("Hello!"))];
    let event = turn(Input::Event("welcome".to_owned()), hello());
    assert_eq!(untold(&event), Err(Untold::Input("event")));
    let keys = turn(
        Input::Dtmf {
            digits: "9".to_owned(),
            finish: None,
        },
        hello(),
    );
    assert_eq!(untold(&keys), Err(Untold::Input("dtmf")));
    let nobody = History::new(&Start::default()).add(&say("hello", hello()), Vec::new());
    assert_eq!(nobody, Err(Untold::Speaker));

    let mut history = History::new(&at_front_desk());
    let instead = HistoryMessage::text("Front desk".to_owned(), "Hello Ada!".to_owned());
    let event = Turn {
        history: Some(vec![instead]),
        ..event
    };
    history.add(&event, Vec::new()).unwrap();
    assert_eq!(told(&history), ["Front desk: Hello Ada!"]);
    let nothing = Turn {
        history: Some(Vec::new()),
        ..say("hm", Vec::new())
    };
    history.add(&nothing, Vec::new()).unwrap();
    assert_eq!(told(&history).len(), 1);
}

#[test]
fn variables_of_the_suite_stay_set() {
    let set = |value: i64| crate::model::Map::from_iter([("order".to_owned(), json!(value))]);
    let silent = || vec![Check::Reply(Matcher::Absent)];
    let mut history = History::new(&at_front_desk());
    history
        .add(&turn(Input::Variables(set(1)), silent()), Vec::new())
        .unwrap();
    assert!(told(&history).is_empty(), "nobody said anything");
    let start = Start {
        parameters: crate::model::Map::from_iter([
            ("order".to_owned(), json!(0)),
            ("tier".to_owned(), json!("gold")),
        ]),
        ..at_front_desk()
    };
    assert_eq!(
        serde_json::Value::Object(history.over(start).parameters),
        json!({"order": 1, "tier": "gold"})
    );
    let mut with = say("hello", silent());
    Arc::make_mut(&mut with.with).variables = set(2);
    history.add(&with, Vec::new()).unwrap();
    assert_eq!(history.over(at_front_desk()).parameters["order"], 2);
}

#[test]
fn recordings_are_told_by_their_transcripts_and_files_as_they_are() {
    let recording = |transcript: Option<&str>| {
        let input = Input::Audio(AudioInput {
            written: "hello.wav".to_owned(),
            path: "/fixtures/hello.wav".into(),
            said: Said::default(),
            convert: false,
            pace: None,
            interrupt_after: None,
            transcript: transcript.map(str::to_owned),
        });
        turn(input, vec![Check::Reply(is("Hello!"))])
    };
    let mut history = History::new(&at_front_desk());
    assert_eq!(
        history.add(&recording(None), Vec::new()),
        Err(Untold::Transcript("hello.wav".to_owned()))
    );
    history.add(&recording(Some("hello")), Vec::new()).unwrap();
    let shown = turn(
        Input::Attached {
            say: Some("look".to_owned()),
            files: Vec::new(),
        },
        vec![Check::Reply(is("I see."))],
    );
    let picture = HistoryChunk::File {
        kind: crate::model::suite::AttachmentKind::Image,
        mime_type: "image/png".to_owned(),
        bytes: Arc::from(*b"png"),
    };
    history.add(&shown, vec![picture]).unwrap();
    assert_eq!(
        told(&history),
        [
            "user: Transcript(\"hello\")",
            "Front desk: Hello!",
            "user: File(image, image/png, 3 bytes) | look",
            "Front desk: I see."
        ]
    );
}
