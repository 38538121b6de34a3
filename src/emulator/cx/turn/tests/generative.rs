//! Generators and playbooks, which an author answers for.

use serde_json::{Value, json};

use super::super::super::fixture::{AgentBuilder, START, Talk, doing, on, say, when, with};
use super::super::super::trace::Speaker;
use crate::export::agent::Named;

/// A fulfillment that asks a generator for a text and says it.
fn generate(output: &str, text: &str) -> Value {
    let mut fulfillment = say(text);
    fulfillment["generators"] = json!([{
        "generator": "projects/p/locations/l/agents/a/generators/id of Summary",
        "inputParameters": [{ "key": "item", "value": "a $session.params.item" }],
        "outputParameter": output,
    }]);
    fulfillment
}

fn named(name: &str) -> Named {
    Named {
        name: format!("id of {name}"),
        display_name: name.to_owned(),
    }
}

/// An agent whose intent `x` is answered by a fulfillment.
fn answering(fulfillment: Value) -> Talk {
    AgentBuilder::new(json!({ "transitionRoutes": [doing(on("x", "", ""), fulfillment), on("y", "and $request.generative.summary", "")] }))
        .settings(|agent| agent.generators.push(named("Summary")))
        .intent("x")
        .intent("y")
        .talk()
}

#[test]
fn a_generators_text_is_said_and_forgotten_with_the_turn() {
    let mut talk = answering(generate(
        "$request.generative.summary",
        "So: $request.generative.summary",
    ));
    talk.models("Summary", json!({ "text": "a red bike" }));
    let reply = talk.turn("x", |request| {
        with(request, json!({ "item": "bike" }));
    });
    assert_eq!(reply.texts, ["So: a red bike"]);
    assert_eq!(reply.parameters, json!({ "item": "bike" }));
    assert_eq!(reply.notes, [""; 0]);
    let asked = &talk.asked()[0];
    assert_eq!(asked["generator"], "Summary");
    assert_eq!(asked["inputs"], json!({ "item": "a bike" }));
    assert_eq!(
        (&asked["flow"], &asked["page"], &asked["intent"], &asked["text"]),
        (&json!(START), &json!("Start Page"), &json!("x"), &json!("x"))
    );
    assert_eq!(talk.intent("y").texts, ["and $request.generative.summary"]);
}

#[test]
fn a_generator_may_write_a_session_parameter_which_conditions_of_the_turn_see() {
    let mut talk = AgentBuilder::new(json!({ "transitionRoutes": [on("x", "", "P")] }))
        .page(
            START,
            "P",
            json!({
                "entryFulfillment": generate("topic", ""),
                "transitionRoutes": [when("$session.params.topic = \"price\"", "It is cheap.", "")],
            }),
        )
        .settings(|agent| agent.generators.push(named("Summary")))
        .intent("x")
        .talk();
    talk.models("Summary", json!({ "text": "price" }));
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["", "It is cheap."]);
    assert_eq!(reply.parameters, json!({ "topic": "price" }));
}

#[test]
fn without_an_answer_a_generator_writes_nothing_and_the_turn_says_so() {
    let mut talk = answering(generate(
        "$request.generative.summary",
        "So: $request.generative.summary",
    ));
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["So: $request.generative.summary"]);
    assert_eq!(
        reply.notes,
        [
            "generator `Summary` was called, but none of its stubs fits: it writes nothing into \
             `$request.generative.summary`"
        ]
    );
    talk.models("Summary", json!({ "error": "the model refused" }));
    let reply = talk.intent("x");
    assert!(
        reply.notes[0].contains("it failed: the model refused"),
        "{:?}",
        reply.notes
    );
}

/// A start flow whose intent `x` leads to playbook `Helper`, a page of it, and a flow that `y` ends.
fn agent() -> AgentBuilder {
    let mut to_playbook = on("x", "One moment.", "");
    to_playbook["targetPlaybook"] = "Helper".into();
    AgentBuilder::new(json!({ "transitionRoutes": [to_playbook, on("y", "flow", "")] }))
        .page(START, "P", json!({ "entryFulfillment": say("page P") }))
        .flow(
            "Booking",
            json!({ "transitionRoutes": [when("true", "Booking.", ""), on("y", "Booked.", "End Flow")] }),
        )
        .settings(|agent| agent.playbooks = vec![named("Helper"), named("Other")])
        .intent("x")
        .intent("y")
}

#[test]
fn a_session_stays_in_a_playbook_until_an_answer_leads_out_of_it() {
    let mut talk = agent().talk();
    talk.plays("Helper");
    talk.models("Helper", json!({ "messages": ["How can I help?"] }));
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["One moment.", "How can I help?"]);
    assert_eq!(
        (reply.matched, reply.result.playbook.as_deref()),
        ("intent", Some("Helper"))
    );
    talk.models(
        "Helper",
        json!({ "parameters": { "size": "L" }, "messages": "Noted." }),
    );
    let reply = talk.intent("y");
    assert_eq!(
        (reply.matched, reply.texts.as_slice()),
        ("playbook", &["Noted.".to_owned()][..])
    );
    assert_eq!(reply.parameters, json!({ "size": "L" }));
    talk.models("Helper", json!({ "messages": ["Bye."], "target_page": "P" }));
    let reply = talk.other("done");
    assert_eq!(reply.texts, ["Bye.", "page P"]);
    assert_eq!((reply.page.as_str(), reply.result.playbook), ("P", None));
    assert_eq!(
        reply
            .result
            .trace
            .blocks
            .iter()
            .map(|block| block.speaker.clone())
            .collect::<Vec<_>>(),
        [
            Speaker::Playbook("Helper".to_owned()),
            Speaker::Flow(talk.engine.program().start)
        ]
    );
    // The flow answers again.
    assert_eq!(talk.intent("y").texts, ["flow"]);
    let asked = talk.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(
        (&asked[2]["text"], &asked[2]["parameters"]["size"]),
        (&json!("done"), &json!("L"))
    );
}

#[test]
fn a_flow_that_a_playbook_calls_comes_back_to_it() {
    let mut talk = agent().talk();
    talk.plays("Helper");
    talk.models("Helper", json!({ "target_flow": "Booking" }));
    let reply = talk.intent("x");
    assert_eq!(reply.texts, ["One moment.", "Booking."]);
    assert_eq!((reply.flow.as_str(), &reply.result.playbook), ("Booking", &None));
    talk.models("Helper", json!({ "messages": ["Anything else?"] }));
    let reply = talk.intent("y");
    assert_eq!(reply.texts, ["Booked.", "Anything else?"]);
    assert_eq!(reply.result.playbook.as_deref(), Some("Helper"));
    assert_eq!(talk.asked()[1]["flow"], "Booking");
    // What it came from is what an answer goes back to.
    talk.models("Helper", json!({ "target_page": "Current Page" }));
    let reply = talk.other("no");
    assert_eq!((reply.flow.as_str(), reply.page.as_str()), (START, "Start Page"));
}

#[test]
fn playbooks_hand_over_to_each_other_and_end_sessions() {
    let mut talk = agent().talk();
    talk.plays("Helper");
    talk.plays("Other");
    talk.models("Helper", json!({ "target_playbook": "Other" }));
    talk.models("Other", json!({ "messages": ["The other."] }));
    assert_eq!(talk.intent("x").texts, ["One moment.", "The other."]);
    talk.models("Other", json!({ "end_session": true }));
    let reply = talk.other("bye");
    assert_eq!(
        (reply.page.as_str(), reply.result.playbook),
        ("End Session", None)
    );
    assert_eq!(
        talk.intent("y").texts,
        ["flow"],
        "a new session begins in the flow"
    );
}

#[test]
fn playbooks_that_hand_over_for_ever_are_stopped() {
    let mut talk = agent().talk();
    talk.plays("Helper");
    for _ in 0..60 {
        talk.models("Helper", json!({ "target_playbook": "Helper" }));
    }
    let reply = talk.intent("x");
    assert!(reply.notes[0].starts_with("transition loop"), "{:?}", reply.notes);
}

#[test]
fn a_playbook_that_nothing_answers_is_not_entered_and_one_whose_answers_do_not_fit_says_nothing() {
    let mut talk = agent().talk();
    let reply = talk.intent("x");
    assert_eq!(
        (reply.texts.as_slice(), &reply.result.playbook),
        (&["One moment.".to_owned()][..], &None)
    );
    assert!(
        reply.notes[0].contains("playbook `Helper` would take over here"),
        "{:?}",
        reply.notes
    );
    assert_eq!(talk.intent("y").texts, ["flow"]);
    talk.plays("Helper");
    let reply = talk.intent("x");
    assert_eq!(reply.result.playbook.as_deref(), Some("Helper"));
    assert_eq!(
        reply.notes,
        ["playbook `Helper` speaks here, but none of its stubs fits: it says nothing and stays"]
    );
    // Where an answer leads must exist.
    talk.models("Helper", json!({ "target_page": "Nowhere" }));
    let reply = talk.other("go");
    assert_eq!(reply.result.playbook.as_deref(), Some("Helper"));
    assert!(
        reply.notes[0].contains("a playbook leads to `Nowhere`"),
        "{:?}",
        reply.notes
    );
}

#[test]
fn a_session_starts_in_the_agents_playbook_where_somebody_speaks_for_it() {
    let starting = || agent().settings(|agent| agent.settings.start_playbook = "Helper".to_owned());
    let mut talk = starting().talk();
    let reply = talk.intent("y");
    assert_eq!(reply.texts, ["flow"]);
    assert!(
        reply.notes[0].contains("starts in playbook `Helper`"),
        "{:?}",
        reply.notes
    );
    let mut talk = starting().talk();
    talk.plays("Helper");
    talk.models("Helper", json!({ "messages": ["Welcome."] }));
    let reply = talk.intent("y");
    assert_eq!(
        (reply.matched, reply.texts.as_slice()),
        ("playbook", &["Welcome.".to_owned()][..])
    );
    assert_eq!(reply.notes, [""; 0]);
    talk.models("Helper", json!({ "end_session": true }));
    talk.other("bye");
    talk.models("Helper", json!({ "messages": ["Welcome again."] }));
    assert_eq!(talk.intent("y").texts, ["Welcome again."]);
}
