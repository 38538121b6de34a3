//! Conversion of outputs as references describe them, and of what else may come.

use serde_json::json;

use super::*;
use crate::model::transcript::{CallSource, ToolCall};
use crate::proto::Struct;
use crate::proto::json::json_to_struct;

fn fields(value: Value) -> Struct {
    match value {
        Value::Object(object) => json_to_struct(&object).unwrap(),
        other => panic!("{other} is no object"),
    }
}

fn output(content: OutputType) -> ces::SessionOutput {
    ces::SessionOutput {
        output_type: Some(content),
        ..Default::default()
    }
}

fn call(id: &str, tool: &str, args: Value) -> ces::ToolCall {
    ces::ToolCall {
        id: id.to_owned(),
        display_name: tool.to_owned(),
        args: Some(fields(args)),
        tool_identifier: None,
    }
}

fn answer(id: &str, tool: &str, response: Value) -> Data {
    Data::ToolResponse(ces::ToolResponse {
        id: id.to_owned(),
        display_name: tool.to_owned(),
        response: Some(fields(response)),
        tool_identifier: None,
    })
}

fn message(role: &str, chunks: Vec<Data>) -> ces::Message {
    let chunks = chunks
        .into_iter()
        .map(|data| ces::Chunk { data: Some(data) })
        .collect();
    ces::Message {
        role: role.to_owned(),
        chunks,
        event_time: None,
    }
}

fn span(name: &str, attributes: Value, children: Vec<ces::Span>) -> ces::Span {
    ces::Span {
        name: name.to_owned(),
        attributes: Some(fields(attributes)),
        child_spans: children,
        ..Default::default()
    }
}

fn diagnosed(messages: Vec<ces::Message>, root_span: Option<ces::Span>) -> ces::SessionOutput {
    ces::SessionOutput {
        turn_completed: true,
        diagnostic_info: Some(ces::session_output::DiagnosticInfo { messages, root_span }),
        ..Default::default()
    }
}

fn convert(outputs: &[ces::SessionOutput]) -> AgentReply {
    reply(outputs, &mut Known::default()).0
}

fn calls(outputs: &[ces::SessionOutput]) -> Vec<ToolCall> {
    convert(outputs).tool_calls.seen().unwrap().clone()
}

#[test]
fn outputs_become_texts_payloads_and_signals() {
    let reply = convert(&[
        output(OutputType::Text("one".to_owned())),
        output(OutputType::Payload(fields(json!({"card": 1})))),
        ces::SessionOutput::default(),
        output(OutputType::Audio(vec![1, 2, 3])),
        output(OutputType::Text("two".to_owned())),
        output(OutputType::EndSession(ces::EndSession {
            metadata: Some(fields(json!({"session_escalated": true, "reason": "angry"}))),
        })),
    ]);
    let metadata = Map::from_iter([
        ("reason".to_owned(), json!("angry")),
        ("session_escalated".to_owned(), json!(true)),
    ]);
    assert_eq!(reply.texts, ["one", "two"]);
    assert_eq!(reply.payloads, [json!({"card": 1})]);
    assert_eq!(
        (reply.ended, reply.handoff),
        (Some(metadata.clone()), Some(metadata))
    );
}

#[test]
fn an_end_without_escalation_is_no_hand_off() {
    let reply = convert(&[output(OutputType::EndSession(ces::EndSession::default()))]);
    assert_eq!((reply.ended, reply.handoff), (Some(Map::new()), None));
}

#[test]
fn a_hand_off_may_be_told_in_a_payload() {
    let reply = convert(&[output(OutputType::Payload(fields(
        json!({"transferToDialogflow": {"flow": "x"}}),
    )))]);
    assert!(
        reply
            .handoff
            .is_some_and(|metadata| metadata.contains_key("transferToDialogflow"))
    );
}

#[test]
fn without_diagnostics_nothing_is_said_about_what_they_tell() {
    let reply = convert(&[output(OutputType::Text("hi".to_owned()))]);
    assert!(reply.tool_calls.seen().is_none() && reply.transfers.seen().is_none());
    assert!(
        reply.agent.seen().is_none() && reply.visited.seen().is_none() && reply.parameters.seen().is_none()
    );
    assert!(reply.matched.seen().is_none());
}

#[test]
fn a_server_side_call_gets_its_answer_by_id() {
    let reply = calls(&[diagnosed(
        vec![
            message("user", vec![Data::Text("where is it".to_owned())]),
            message(
                "Support",
                vec![
                    Data::ToolCall(call("1", "find", json!({"id": "A1"}))),
                    Data::ToolCall(call("2", "find", json!({"id": "A2"}))),
                    answer("2", "find", json!({"output": "lost"})),
                    answer("1", "find", json!({"status": "shipped"})),
                ],
            ),
        ],
        None,
    )]);
    let shown: Vec<_> = reply
        .iter()
        .map(|call| (call.id.as_str(), call.response.clone().unwrap()))
        .collect();
    assert_eq!(shown, [("1", json!({"status": "shipped"})), ("2", json!("lost"))]);
    assert!(
        reply
            .iter()
            .all(|call| call.source == CallSource::Agent && call.agent.as_deref() == Some("Support"))
    );
}

#[test]
fn repeated_calls_without_ids_stay_separate() {
    let reply = calls(&[diagnosed(
        vec![message(
            "Support",
            vec![
                Data::ToolCall(call("", "ping", json!({}))),
                answer("", "ping", json!({"n": 1})),
                Data::ToolCall(call("", "ping", json!({}))),
                answer("", "ping", json!({"n": 2})),
            ],
        )],
        Some(span(
            "root",
            json!({}),
            vec![
                span("Tool", json!({"name": "ping"}), vec![]),
                span("Tool", json!({"name": "ping"}), vec![]),
            ],
        )),
    )]);
    assert_eq!(
        reply.iter().map(|call| call.response.clone()).collect::<Vec<_>>(),
        [Some(json!({"n": 1})), Some(json!({"n": 2}))]
    );
}

#[test]
fn a_call_left_to_the_client_is_merged_over_outputs_messages_and_spans() {
    let handed = output(OutputType::ToolCalls(ces::ToolCalls {
        tool_calls: vec![call("7", "lookup", json!({"q": 1}))],
    }));
    let told = diagnosed(
        vec![message(
            "Support",
            vec![Data::ToolCall(call("7", "lookup", json!({"q": 1})))],
        )],
        Some(span(
            "Turn",
            json!({}),
            vec![span(
                "Tool: lookup",
                json!({"tool call id": "7", "response": "{\"a\": 1}"}),
                vec![],
            )],
        )),
    );
    let (reply, waiting) = reply(&[handed, told], &mut Known::default());
    let [only] = reply.tool_calls.seen().unwrap().as_slice() else {
        panic!("one call, told three times")
    };
    assert_eq!(
        (only.source, only.response.clone()),
        (CallSource::Client, Some(json!({"a": 1})))
    );
    assert_eq!((reply.pending.len(), waiting.len()), (1, 1));
}

#[test]
fn while_a_turn_waits_for_the_client_only_its_calls_are_known() {
    let mut known = Known::default();
    let handed = output(OutputType::ToolCalls(ces::ToolCalls {
        tool_calls: vec![call("7", "lookup", json!({}))],
    }));
    let (first, _) = reply(&[handed], &mut known);
    assert_eq!(first.tool_calls.seen().unwrap().len(), 1);
    let told = diagnosed(
        vec![message(
            "Support",
            vec![
                Data::ToolCall(call("7", "lookup", json!({}))),
                answer("7", "lookup", json!({"output": 3})),
            ],
        )],
        None,
    );
    let (second, _) = reply(std::slice::from_ref(&told), &mut known);
    assert_eq!(
        second.tool_calls.seen().unwrap()[0].source,
        CallSource::Client,
        "it was ours, an answer ago"
    );
    known.begin_turn();
    let (third, _) = reply(&[told], &mut known);
    assert_eq!(third.tool_calls.seen().unwrap()[0].source, CallSource::Agent);
}

#[test]
fn calls_that_only_spans_tell_of_are_nested() {
    let tree = span(
        "root",
        json!({}),
        vec![span(
            "Callback: before",
            json!({"stage": "BeforeModel"}),
            vec![
                span(
                    "FakeTool: geo",
                    json!({"Agent": "Support", "ARGS": {"zip": "02139"}, "type": "ToolFake"}),
                    vec![],
                ),
                span("LLM", json!({"name": "no tool"}), vec![]),
                span(
                    "Tool",
                    json!({"name": "transfer", "type": "TransferToAgentTool"}),
                    vec![],
                ),
                span("Toolbox", json!({"name": "no tool"}), vec![]),
            ],
        )],
    );
    let calls = calls(&[diagnosed(vec![], Some(tree))]);
    let [only] = calls.as_slice() else {
        panic!("one call: {calls:?}")
    };
    assert_eq!(
        (only.tool.as_str(), only.source, only.agent.as_deref()),
        ("geo", CallSource::Nested, Some("Support"))
    );
    assert_eq!(only.args["zip"], "02139");
}

#[test]
fn nested_calls_stand_where_they_were_made() {
    let tool = |name: &str, id: &str| span("Tool", json!({"name": name, "tool call id": id}), vec![]);
    let told = diagnosed(
        vec![message(
            "Support",
            vec![
                Data::ToolCall(call("1", "first", json!({}))),
                Data::ToolCall(call("2", "second", json!({}))),
            ],
        )],
        Some(span(
            "Turn",
            json!({}),
            vec![
                tool("before", ""),
                tool("first", "1"),
                tool("between", ""),
                tool("also between", ""),
                tool("second", "2"),
                tool("after", ""),
            ],
        )),
    );
    let names: Vec<String> = calls(&[told]).into_iter().map(|call| call.tool).collect();
    assert_eq!(
        names,
        ["before", "first", "between", "also between", "second", "after"]
    );
}

#[test]
fn tools_are_named_as_suites_name_them() {
    use ces::tool_call::ToolIdentifier::{Tool, ToolsetTool};
    for (identifier, expected) in [
        (
            Some(Tool("projects/p/locations/us/apps/a/tools/t1".to_owned())),
            "t1",
        ),
        (
            Some(ToolsetTool(ces::ToolsetTool {
                toolset: "projects/p/locations/us/apps/a/toolsets/orders".to_owned(),
                tool_id: "find".to_owned(),
            })),
            "orders/find",
        ),
        (None, ""),
    ] {
        let unnamed = ces::ToolCall {
            tool_identifier: identifier,
            ..Default::default()
        };
        assert_eq!(calls::left_to_client(&unnamed).tool, expected);
    }
}

#[test]
fn the_systems_own_tools_are_told_otherwise() {
    let output = diagnosed(
        vec![message(
            "Support",
            vec![
                Data::ToolCall(call("1", "end_session", json!({}))),
                Data::ToolCall(call("2", "transfer_to_agent", json!({}))),
            ],
        )],
        None,
    );
    assert!(calls(&[output]).is_empty());
}

#[test]
fn agents_and_transfers_are_told_in_order() {
    let transfer = |name: &str, target: &str| {
        Data::AgentTransfer(ces::AgentTransfer {
            display_name: name.to_owned(),
            target_agent: target.to_owned(),
        })
    };
    let reply = convert(&[diagnosed(
        vec![
            message("user", vec![Data::Text("bill".to_owned())]),
            message("Root", vec![Data::Text("one moment".to_owned())]),
            message(
                "Root",
                vec![transfer("Billing", "projects/p/locations/us/apps/a/agents/b")],
            ),
            message(
                "Billing",
                vec![transfer("", "projects/p/locations/us/apps/a/agents/closing")],
            ),
            message("Closing", vec![Data::Text("bye".to_owned())]),
        ],
        None,
    )]);
    assert_eq!(
        reply.transfers,
        Observed::Seen(vec!["Billing".to_owned(), "closing".to_owned()])
    );
    assert_eq!(reply.agent, Observed::Seen("Closing".to_owned()));
    assert_eq!(
        reply.visited,
        Observed::Seen(
            ["Root", "Billing", "closing", "Closing"]
                .map(str::to_owned)
                .to_vec()
        )
    );
}

#[test]
fn variables_add_up_over_the_session() {
    let mut known = Known::default();
    known.set(Map::from_iter([("tier".to_owned(), json!("gold"))]));
    let first = diagnosed(
        vec![message(
            "Root",
            vec![
                Data::DefaultVariables(fields(json!({"tier": "none", "lang": "en"}))),
                Data::UpdatedVariables(fields(json!({"order": "A1"}))),
            ],
        )],
        None,
    );
    reply(&[first], &mut known);
    let second = diagnosed(
        vec![message(
            "Root",
            vec![Data::UpdatedVariables(fields(json!({"order": "A2"})))],
        )],
        None,
    );
    let (later, _) = reply(&[second], &mut known);
    let expected = json!({"tier": "gold", "lang": "en", "order": "A2"});
    assert_eq!(Value::Object(later.parameters.seen().unwrap().clone()), expected);
}

/// What was known of the turn before was told as if this answer had shown it.
#[test]
fn an_answer_without_diagnostics_leaves_the_variables_unknown() {
    let told = || {
        let updated = Data::UpdatedVariables(fields(json!({"order": "A1"})));
        diagnosed(vec![message("Root", vec![updated])], None)
    };
    let mut known = Known::default();
    let seen = |outputs: &[ces::SessionOutput], known: &mut Known| {
        let (reply, _) = reply(outputs, known);
        reply.parameters.seen().is_some()
    };
    assert!(seen(&[told()], &mut known));
    assert!(seen(&[], &mut known), "nothing was said, so nothing has changed");
    assert!(!seen(&[output(OutputType::Text("hi".to_owned()))], &mut known));
    assert!(
        !seen(&[told()], &mut known),
        "nobody knows what changed in between"
    );
}

#[test]
fn a_call_that_is_told_twice_by_its_id_is_one() {
    let book = || Data::ToolCall(call("x", "book", json!({"seats": 2})));
    let attributes = json!({"toolDisplayName": "book", "tool call id": "x", "args": {"seats": 2}});
    let fake = span("Fake Tool: book", attributes.clone(), vec![]);
    let tool = span("Tool: book", attributes, vec![fake]);
    let twice = [
        diagnosed(vec![message("Root", vec![book()])], None),
        diagnosed(
            vec![message(
                "Root",
                vec![book(), answer("x", "book", json!({"ok": true}))],
            )],
            Some(tool),
        ),
    ];
    let [only] = &calls(&twice)[..] else {
        panic!("{:?}", calls(&twice))
    };
    assert_eq!(
        (only.tool.as_str(), &only.response),
        ("book", &Some(json!({"ok": true})))
    );
}
