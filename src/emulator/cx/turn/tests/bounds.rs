//! Agents that nobody would write by hand: they are refused politely.

use serde_json::json;

use crate::emulator::cx::fixture::*;

fn running(fulfillment: serde_json::Value) -> Talk {
    AgentBuilder::new(json!({ "transitionRoutes": [doing(on("x", "", ""), fulfillment)] }))
        .intent("x")
        .talk()
}

#[test]
fn a_preset_leads_no_deeper_than_a_value_may_be() {
    let path = |steps: usize| vec!["a"; steps].join(".");
    let presets = |target: String| {
        json!({ "setParameterActions": [
            { "parameter": "a", "value": { "z": 1 } },
            { "parameter": target, "value": 1 },
        ]})
    };
    let shallow = running(presets("a.b.c".to_owned())).intent("x");
    assert_eq!(shallow.parameters, json!({ "a": { "z": 1, "b": { "c": 1 } } }));
    for target in [
        path(60),
        path(50_000),
        format!(
            "$sys.func.NESTED_FIELD(\"$session.params.a\"{})",
            ", \"b\"".repeat(60)
        ),
    ] {
        let reply = running(presets(target)).intent("x");
        assert_eq!(reply.parameters, json!({ "a": { "z": 1 } }));
        assert!(reply.notes[0].contains("too deep"), "{:?}", reply.notes);
    }
}

#[test]
fn members_set_one_in_the_other_stay_within_the_bounds() {
    let deeper = "$sys.func.NESTED_FIELD(\"$session.params.a\", \"b\")";
    let presets: Vec<_> = (0..100)
        .map(|_| json!({ "parameter": deeper, "value": "$sys.func.IDENTITY($session.params.a)" }))
        .collect();
    let mut all = vec![json!({ "parameter": "a", "value": { "z": 1 } })];
    all.extend(presets);
    let reply = running(json!({ "setParameterActions": all })).intent("x");
    assert!(
        reply.notes.iter().any(|note| note.contains("too deep")),
        "{:?}",
        reply.notes
    );
}

#[test]
fn a_reference_of_endless_steps_is_text() {
    let long = format!("$session.params{}", ".a".repeat(20_000));
    let target = format!("$sys.func.NESTED_FIELD(\"{long}\", \"x\")");
    let reply = running(json!({
        "setParameterActions": [{ "parameter": target, "value": 1 }],
        "messages": [{ "text": { "text": [long] } }],
    }))
    .intent("x");
    assert_eq!(reply.texts, [long]);
    assert_eq!(reply.parameters, json!({}));
}

#[test]
fn of_many_calls_that_cannot_be_read_the_first_are_told_in_short() {
    let talk = running(json!({ "messages": [{ "text": { "text": ["$sys.func.A( ".repeat(20_000)] } }] }));
    let problems = talk.engine.problems();
    assert_eq!(problems.len(), 5);
    assert!(problems.iter().all(|problem| problem.message.len() < 1000));
}
