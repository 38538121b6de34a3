//! Conversion of answers as the real service was seen to give them.

use serde_json::json;

use super::*;
use crate::model::transcript::CallSource;
use crate::proto::Struct;
use crate::proto::json::json_to_struct;

/// As for a target that does not ask for speech.
fn reply(answers: &Answers) -> (AgentReply, Vec<cx::ToolCall>) {
    super::reply(answers, Asked::default())
}

const AGENT: &str = "projects/p/locations/global/agents/a";

fn fields(value: Value) -> Struct {
    match value {
        Value::Object(object) => json_to_struct(&object).unwrap(),
        other => panic!("{other} is no object"),
    }
}

fn message(content: Content) -> cx::ResponseMessage {
    cx::ResponseMessage {
        message: Some(content),
        ..Default::default()
    }
}

fn text(words: &str) -> cx::ResponseMessage {
    message(Content::Text(cx::response_message::Text {
        text: vec![words.to_owned()],
        ..Default::default()
    }))
}

fn on_page(id: &str, display_name: &str) -> cx::QueryResult {
    cx::QueryResult {
        current_page: Some(cx::Page {
            name: format!("{AGENT}/flows/f/pages/{id}"),
            display_name: display_name.to_owned(),
            ..Default::default()
        }),
        current_flow: Some(cx::Flow {
            name: format!("{AGENT}/flows/f"),
            display_name: "Billing".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn convert(result: cx::QueryResult) -> AgentReply {
    reply(&Answers {
        matched: None,
        results: vec![(result, false)],
        ..Answers::default()
    })
    .0
}

#[test]
fn a_match_is_read_with_its_type_in_lower_case() {
    let found = cx::Match {
        intent: Some(cx::Intent {
            display_name: "pay.bill".to_owned(),
            ..Default::default()
        }),
        parameters: Some(fields(json!({"amount": 12}))),
        match_type: MatchType::Intent.into(),
        confidence: 0.3417,
        ..Default::default()
    };
    let reply = convert(cx::QueryResult {
        r#match: Some(found),
        ..Default::default()
    });
    let expected = Match {
        kind: "intent".to_owned(),
        intent: Some("pay.bill".to_owned()),
        event: None,
        confidence: 0.3417,
        parameters: Map::from_iter([("amount".to_owned(), json!(12))]),
    };
    assert_eq!(reply.matched, Observed::Seen(expected));
}

#[test]
fn every_type_of_match_has_a_name_and_new_ones_do_not_fail() {
    for (number, expected) in [
        (2, "direct_intent"),
        (3, "parameter_filling"),
        (4, "no_match"),
        (5, "no_input"),
        (6, "event"),
        (8, "knowledge_connector"),
        (9, "playbook"),
        (7, "unknown_7"),
        (-1, "unknown_-1"),
    ] {
        assert_eq!(kind(number), expected);
    }
}

#[test]
fn what_the_service_did_not_say_is_unseen() {
    let reply = convert(cx::QueryResult::default());
    assert!(reply.matched.seen().is_none() && reply.page.seen().is_none() && reply.flow.seen().is_none());
    assert!(
        reply.visited.seen().is_none()
            && reply.tool_calls.seen().is_none()
            && reply.playbook.seen().is_none()
    );
    assert_eq!(
        reply.parameters,
        Observed::Seen(Map::new()),
        "no parameters is an answer"
    );
    assert_eq!((reply.ended, reply.handoff), (None, None));
}

#[test]
fn pages_without_display_name_are_called_as_people_know_them() {
    assert_eq!(
        convert(on_page("START_PAGE", "")).page,
        Observed::Seen("Start Page".to_owned())
    );
    assert_eq!(
        convert(on_page("0a1b", "")).page,
        Observed::Seen("0a1b".to_owned())
    );
    assert_eq!(
        convert(on_page("0a1b", "Pay")).page,
        Observed::Seen("Pay".to_owned())
    );
}

#[test]
fn messages_become_texts_payloads_and_signals() {
    let result = cx::QueryResult {
        response_messages: vec![
            text("one"),
            cx::ResponseMessage::default(),
            text(""),
            message(Content::Payload(fields(json!({"chips": ["a", "b"]})))),
            message(Content::OutputAudioText(cx::response_message::OutputAudioText {
                source: Some(cx::response_message::output_audio_text::Source::Text(
                    "one, spoken".to_owned(),
                )),
                ..Default::default()
            })),
            message(Content::LiveAgentHandoff(
                cx::response_message::LiveAgentHandoff {
                    metadata: Some(fields(json!({"queue": "billing"}))),
                },
            )),
            message(Content::EndInteraction(cx::response_message::EndInteraction {})),
        ],
        ..Default::default()
    };
    let reply = convert(result);
    assert_eq!(reply.texts, ["one", ""]);
    assert_eq!(reply.payloads, [json!({"chips": ["a", "b"]})]);
    assert_eq!(
        reply.handoff,
        Some(Map::from_iter([("queue".to_owned(), json!("billing"))]))
    );
    assert_eq!(reply.ended, Some(Map::new()));
}

#[test]
fn spoken_text_counts_where_nothing_is_written() {
    let speech = cx::response_message::OutputAudioText {
        source: Some(cx::response_message::output_audio_text::Source::Ssml(
            "<speak>hi</speak>".to_owned(),
        )),
        ..Default::default()
    };
    let reply = convert(cx::QueryResult {
        response_messages: vec![message(Content::OutputAudioText(speech))],
        ..Default::default()
    });
    assert_eq!(reply.texts, ["<speak>hi</speak>"]);
}

#[test]
fn the_end_page_ends_the_conversation() {
    let reply = convert(on_page("END_SESSION", "End Session"));
    assert_eq!(reply.ended, Some(Map::new()));
}

#[test]
fn partial_messages_count_once_whether_or_not_the_final_response_repeats_them() {
    let part = |texts: &[&str]| cx::QueryResult {
        response_messages: texts.iter().map(|words| text(words)).collect(),
        ..Default::default()
    };
    for (results, expected) in [
        (
            vec![(part(&["a"]), true), (part(&["a", "b"]), false)],
            vec!["a", "b"],
        ),
        (vec![(part(&["a"]), true), (part(&["b"]), false)], vec!["a", "b"]),
        (
            vec![
                (part(&["a"]), true),
                (part(&["b"]), true),
                (part(&["a", "b", "c"]), false),
            ],
            vec!["a", "b", "c"],
        ),
        (vec![(part(&["a"]), true), (part(&[]), false)], vec!["a"]),
        (vec![(part(&["a"]), true)], vec!["a"]),
        (vec![(part(&["a"]), false), (part(&["a"]), false)], vec!["a", "a"]),
    ] {
        assert_eq!(
            reply(&Answers {
                results,
                ..Answers::default()
            })
            .0
            .texts,
            expected
        );
    }
}

#[test]
fn webhook_calls_carry_their_names_where_the_service_gives_them() {
    let status = |code| crate::proto::rpc::Status {
        code,
        ..Default::default()
    };
    let reply = convert(cx::QueryResult {
        webhook_statuses: vec![status(0), status(4)],
        webhook_display_names: vec!["orders".to_owned()],
        ..Default::default()
    });
    let shown: Vec<_> = reply
        .webhooks
        .seen()
        .unwrap()
        .iter()
        .map(|call| (call.name.as_deref(), call.code))
        .collect();
    assert_eq!(shown, [(Some("orders"), 0), (None, 4)]);
}

fn step(state: &str, flow: &str, page: &str) -> Value {
    json!({"FlowState": {"Name": flow, "PageState": {"Name": page, "Status": state}}})
}

#[test]
fn visited_places_come_from_the_execution_sequence() {
    let mut result = on_page("p3", "Confirm");
    result.diagnostic_info = Some(fields(json!({
        "Transition Targets Chain": [{"TargetFlow": "f"}, {"TargetPage": "p3"}],
        "Execution Sequence": [
            {"Step 1": {"Type": "INITIAL_STATE", "InitialState": step("TRANSITION_ROUTING", "Default Start Flow", "Start Page")}},
            {"Step 2": {"Type": "STATE_MACHINE", "StateMachine": step("TRANSITION_ROUTING", "Default Start Flow", "Start Page")}},
            {"Step 3": {"Type": "FUNCTION_EXECUTION", "FunctionExecution": {"Responses": []}}},
            {"Step 4": {"Type": "STATE_MACHINE", "StateMachine": step("ENTERING_PAGE", "Billing", "Start Page")}},
            {"Step 5": {"Type": "STATE_MACHINE", "StateMachine": step("PROCESSING_FORM", "Billing", "Collect Date")}},
        ],
    })));
    let reply = convert(result);
    assert_eq!(
        reply.visited,
        Observed::Seen(
            ["Billing", "Start Page", "Collect Date", "Confirm"]
                .map(str::to_owned)
                .to_vec()
        )
    );
}

#[test]
fn without_a_sequence_the_targets_tell_where_the_turn_went() {
    let mut result = on_page("p3", "Confirm");
    let chain =
        json!([{"TargetFlow": "f"}, {"TargetPage": "p1"}, {"TargetPage": "END_FLOW"}, {"TargetPage": "p3"}]);
    result.diagnostic_info = Some(fields(json!({ "Transition Targets Chain": chain })));
    assert_eq!(
        convert(result).visited,
        Observed::Seen(["Billing", "p1", "Confirm"].map(str::to_owned).to_vec())
    );
}

#[test]
fn a_turn_that_stays_visits_the_page_it_stays_on() {
    let mut result = on_page("p3", "Confirm");
    result.diagnostic_info = Some(fields(json!({"Session Id": "s"})));
    assert_eq!(
        convert(result).visited,
        Observed::Seen(vec!["Confirm".to_owned()])
    );
}

#[test]
fn diagnostics_of_any_other_shape_are_passed_over() {
    for odd in [
        json!({"Execution Sequence": "none"}),
        json!({"Execution Sequence": [1, null, {"Step 1": 2}, {"Step 2": {"StateMachine": []}}]}),
        json!({"Transition Targets Chain": {"TargetPage": 3}, "Emulator": 4}),
    ] {
        let mut result = on_page("p3", "Confirm");
        result.diagnostic_info = Some(fields(odd));
        let reply = convert(result);
        assert_eq!(reply.visited, Observed::Seen(vec!["Confirm".to_owned()]));
        assert!(reply.notes.is_empty());
    }
}

#[test]
fn what_the_emulator_assumed_is_noted() {
    let diagnostic_info = Some(fields(json!({"Emulator": ["webhook `orders` has no stub", 3]})));
    let reply = convert(cx::QueryResult {
        diagnostic_info,
        ..Default::default()
    });
    assert_eq!(reply.notes, ["webhook `orders` has no stub"]);
}

fn tool_use(action: &str, input: Value, output: Option<Value>) -> cx::Action {
    let used = cx::ToolUse {
        tool: format!("{AGENT}/tools/t1"),
        display_name: "orders".to_owned(),
        action: action.to_owned(),
        input_action_parameters: Some(fields(input)),
        output_action_parameters: output.map(fields),
        ..Default::default()
    };
    cx::Action {
        action: Some(cx::action::Action::ToolUse(used)),
        ..Default::default()
    }
}

fn playbook_block(actions: Vec<cx::Action>) -> cx::TraceBlock {
    let owner = cx::PlaybookTraceMetadata {
        display_name: "Support".to_owned(),
        ..Default::default()
    };
    cx::TraceBlock {
        trace_metadata: Some(cx::trace_block::TraceMetadata::PlaybookTraceMetadata(owner)),
        actions,
        ..Default::default()
    }
}

#[test]
fn calls_the_service_ran_are_read_from_the_trace_once() {
    let action = tool_use(
        "find",
        json!({"id": "A1"}),
        Some(json!({"200": {"status": "shipped"}})),
    );
    let example = cx::Example {
        actions: vec![action.clone()],
        ..Default::default()
    };
    let reply = convert(cx::QueryResult {
        trace_blocks: vec![playbook_block(vec![action])],
        generative_info: Some(cx::GenerativeInfo {
            action_tracing_info: Some(example),
            ..Default::default()
        }),
        ..Default::default()
    });
    let [call] = reply.tool_calls.seen().unwrap().as_slice() else {
        panic!("one call, told twice")
    };
    assert_eq!(call.tool, "orders/find");
    assert_eq!(call.response, Some(json!({"status": "shipped"})));
    assert_eq!(
        (call.source, call.agent.as_deref()),
        (CallSource::Agent, Some("Support"))
    );
    assert_eq!(reply.playbook, Observed::Seen("Support".to_owned()));
    assert!(reply.pending.is_empty());
}

#[test]
fn older_answers_tell_their_calls_in_the_generative_info() {
    let example = cx::Example {
        actions: vec![tool_use("", json!({}), None)],
        ..Default::default()
    };
    let reply = convert(cx::QueryResult {
        generative_info: Some(cx::GenerativeInfo {
            action_tracing_info: Some(example),
            current_playbooks: vec![
                format!("{AGENT}/playbooks/outer"),
                format!("{AGENT}/playbooks/inner"),
            ],
        }),
        ..Default::default()
    });
    assert_eq!(reply.tool_calls.seen().unwrap()[0].tool, "orders");
    assert_eq!(reply.playbook, Observed::Seen("inner".to_owned()));
}

#[test]
fn a_call_left_to_the_client_waits_and_is_not_counted_twice() {
    let waiting = cx::ToolCall {
        tool: format!("{AGENT}/tools/t1"),
        action: "find".to_owned(),
        input_parameters: Some(fields(json!({"id": "A1"}))),
    };
    for traced in [
        vec![],
        vec![playbook_block(vec![tool_use("find", json!({"id": "A1"}), None)])],
    ] {
        let expected = if traced.is_empty() {
            "t1/find"
        } else {
            "orders/find"
        };
        let result = cx::QueryResult {
            diagnostic_info: Some(fields(json!({"Session Id": "s"}))),
            response_messages: vec![message(Content::ToolCall(waiting.clone()))],
            trace_blocks: traced,
            ..Default::default()
        };
        let (reply, calls) = reply(&Answers {
            matched: None,
            results: vec![(result, false)],
            ..Answers::default()
        });
        let [call] = reply.tool_calls.seen().unwrap().as_slice() else {
            panic!("one call")
        };
        assert_eq!((call.tool.as_str(), call.source), (expected, CallSource::Client));
        assert_eq!((reply.pending.len(), calls.len()), (1, 1));
        assert_eq!(reply.pending[0].args["id"], "A1");
    }
}

#[test]
fn a_flow_that_spoke_last_is_no_playbook() {
    let owner = cx::FlowTraceMetadata {
        display_name: "Billing".to_owned(),
        ..Default::default()
    };
    let block = cx::TraceBlock {
        trace_metadata: Some(cx::trace_block::TraceMetadata::FlowTraceMetadata(owner)),
        ..Default::default()
    };
    let reply = convert(cx::QueryResult {
        trace_blocks: vec![playbook_block(vec![]), block],
        ..Default::default()
    });
    assert_eq!(reply.playbook, Observed::Seen(String::new()));
    assert_eq!(
        reply.visited,
        Observed::Seen(vec!["Support".to_owned(), "Billing".to_owned()])
    );
}

#[test]
fn candidates_come_from_match_intent() {
    let found = |kind: MatchType| cx::Match {
        match_type: kind.into(),
        confidence: 0.5,
        ..Default::default()
    };
    let matched = cx::MatchIntentResponse {
        matches: vec![found(MatchType::Intent), found(MatchType::NoMatch)],
        current_page: on_page("p", "Pay").current_page,
        ..Default::default()
    };
    let (reply, _) = reply(&Answers {
        matched: Some(matched),
        ..Answers::default()
    });
    assert_eq!(
        reply
            .candidates
            .seen()
            .unwrap()
            .iter()
            .map(|found| found.kind.as_str())
            .collect::<Vec<_>>(),
        ["intent", "no_match"]
    );
    assert_eq!(reply.matched.seen().unwrap().kind, "intent");
    assert_eq!(reply.page, Observed::Seen("Pay".to_owned()));
    assert!(reply.tool_calls.seen().is_none() && reply.texts.is_empty());
}
