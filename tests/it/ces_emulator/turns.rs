//! What a turn does: rules, steps, tools, transfers, and what the diagnostics tell of it.

use super::*;

#[tokio::test]
async fn turns_are_counted_and_completed() {
    let mut served = served().await;
    let welcome = input(InputType::Event(ces::Event {
        event: "WELCOME".into(),
    }));
    let outputs = served
        .run(vec![variables(&serde_json::json!({"customer": "Ada"})), welcome])
        .await;
    assert_eq!(texts(&outputs), ["Hello Ada.", "How can I help?"]);
    assert!(outputs.iter().all(|output| output.turn_index == 1));
    assert_eq!(
        messages(&outputs),
        [
            r#"user: defaults {"customer":"guest","order_id":null,"tries":0}"#,
            r#"user: set {"customer":"Ada"}"#,
            "user: text <event>welcome</event>"
                .replace("welcome", "WELCOME")
                .as_str(),
            "Front desk: text Hello Ada.",
            "Front desk: text How can I help?",
        ]
    );
    let outputs = served.say("Anything, really").await;
    assert_eq!(texts(&outputs), ["I heard Anything, really."]);
    assert_eq!(outputs[0].turn_index, 2);
    assert_eq!(
        messages(&outputs),
        [
            "user: text Anything, really",
            "Front desk: text I heard Anything, really."
        ]
    );
    // Another session knows nothing of it.
    served.session = format!("{APP}/sessions/session-2");
    let welcome = input(InputType::Event(ces::Event {
        event: "welcome".into(),
    }));
    assert_eq!(texts(&served.run(vec![welcome]).await)[0], "Hello guest.");
}

#[tokio::test]
async fn a_client_runs_tools_within_the_turn() {
    let mut served = served().await;
    let outputs = served.say("where is order A1?").await;
    assert_eq!(texts(&outputs), ["One moment."]);
    assert!(
        outputs
            .iter()
            .all(|output| !output.turn_completed && output.diagnostic_info.is_none())
    );
    let call = &calls(&outputs)[0];
    assert_eq!(call.display_name, "lookup_order");
    let tool = ces::tool_call::ToolIdentifier::Tool(format!("{APP}/tools/lookup_order"));
    assert_eq!(call.tool_identifier, Some(tool));
    assert_eq!(
        serde_json::Value::Object(struct_to_json(call.args.as_ref().unwrap())),
        serde_json::json!({"order_id": "A1", "deep": {"n": 1}})
    );
    let outputs = served
        .run(vec![answers(vec![answer(
            &call.id,
            &serde_json::json!({"status": "shipped"}),
        )])])
        .await;
    assert_eq!(texts(&outputs), ["A1 is shipped."]);
    assert_eq!(outputs[0].turn_index, 1);
    assert_eq!(
        messages(&outputs)[1..],
        [
            "user: text where is order A1?",
            r#"Front desk: set {"order_id":"A1"}"#,
            "Front desk: text One moment.",
            r#"Front desk: call lookup_order {"deep":{"n":1},"order_id":"A1"}"#,
            r#"Front desk: answer lookup_order {"status":"shipped"}"#,
            "Front desk: text A1 is shipped.",
        ]
    );
    assert_eq!(
        spans(&outputs),
        [
            "LLM Front desk - -",
            "Tool Front desk lookup_order ClientFunctionTool",
            "LLM Front desk - -",
        ]
    );
    // `output` is the result, `error` an error.
    let outputs = served.say("order B2").await;
    let id = calls(&outputs)[0].id.clone();
    assert_ne!(id, call.id);
    let lost = answer(&id, &serde_json::json!({"output": {"status": "lost"}}));
    assert_eq!(
        texts(&served.run(vec![answers(vec![lost])]).await),
        ["Sorry: lost"]
    );
    let id = calls(&served.say("order B3").await)[0].id.clone();
    let failed = answer(&id, &serde_json::json!({"error": "down"}));
    assert_eq!(
        texts(&served.run(vec![answers(vec![failed])]).await),
        ["Sorry: down"]
    );
}

#[tokio::test]
async fn several_calls_are_answered_together() {
    let mut served = served().await;
    let made = calls(&served.say("Two tools!").await);
    let names: Vec<&str> = made.iter().map(|call| call.display_name.as_str()).collect();
    assert_eq!(names, ["lookup_order", "notify"]);
    let config = served.config();
    let status = serde_json::json!({"status": "s"});
    let first = answer(&made[0].id, &status);
    for (responses, message) in [
        (
            vec![answer("call-9-9", &status)],
            "no tool call `call-9-9` waits for an answer, but call-1-1, call-1-2",
        ),
        (vec![first.clone()], "the tool call `call-1-2` is not answered"),
        (
            vec![first.clone(), first.clone()],
            "the tool call `call-1-1` is answered twice",
        ),
    ] {
        let refused = served.refused(config.clone(), vec![answers(responses)]).await;
        assert_eq!(refused, (Code::InvalidArgument, message.to_owned()));
    }
    // Refused answers change nothing.
    let both = vec![answer(&made[1].id, &serde_json::json!({"output": true})), first];
    let outputs = served.run(vec![answers(both)]).await;
    // The steps after the calls come first, then what the agent does about the answers.
    assert_eq!(texts(&outputs), ["s and true", "Sorry: s"]);
    let refused = served
        .refused(config, vec![answers(vec![answer("call-1-1", &status)])])
        .await;
    assert_eq!(
        refused,
        (
            Code::InvalidArgument,
            "no tool call waits for an answer".to_owned()
        )
    );
}

#[tokio::test]
async fn a_turn_that_waits_is_given_up_when_the_user_goes_on() {
    let mut served = served().await;
    served.say("order A1").await;
    let outputs = served.say("hm").await;
    assert_eq!((texts(&outputs), outputs[0].turn_index), (vec!["I heard hm."], 2));
}

#[tokio::test]
async fn the_service_runs_tools_that_only_diagnostics_tell_of() {
    let mut served = served().await;
    let outputs = served
        .run(vec![
            variables(&serde_json::json!({"customer": "Ada"})),
            text("find me"),
        ])
        .await;
    assert_eq!(texts(&outputs), ["tier gold", "bronze!"]);
    assert!(calls(&outputs).is_empty());
    let told = messages(&outputs);
    assert!(
        told.contains(&r#"Front desk: call  {"name":"Ada"}"#.to_owned()),
        "{told:?}"
    );
    assert!(told.contains(&r#"Front desk: answer  {"tier":"gold"}"#.to_owned()));
    assert!(!told.iter().any(|line| line.contains("hidden")));
    let of_set = diagnostics(&outputs)
        .messages
        .iter()
        .flat_map(|message| message.chunks.clone())
        .find_map(|chunk| match chunk.data {
            Some(Data::ToolCall(call)) => call.tool_identifier,
            _ => None,
        });
    let expected = ces::ToolsetTool {
        toolset: format!("{APP}/toolsets/crm"),
        tool_id: "find".into(),
    };
    assert_eq!(
        of_set,
        Some(ces::tool_call::ToolIdentifier::ToolsetTool(expected))
    );
    assert_eq!(
        spans(&outputs),
        [
            "LLM Front desk - -",
            "Tool Front desk crm/find OpenApiTool",
            "Callback Front desk - -",
            ">Tool Front desk crm/find OpenApiTool",
            "Tool Front desk crm/find OpenApiTool",
            "LLM Front desk - -",
        ]
    );
}

#[tokio::test]
async fn fakes_answer_when_they_are_switched_on() {
    let mut served = served().await;
    let config = ces::SessionConfig {
        use_tool_fakes: true,
        ..served.config()
    };
    let outputs = served.run_with(config, vec![text("order A1")]).await.unwrap();
    assert_eq!(texts(&outputs), ["One moment.", "Sorry: pretended"]);
    assert!(spans(&outputs).contains(&"Fake Tool Front desk lookup_order ToolFake".to_owned()));
}

#[tokio::test]
async fn transfers_change_the_agent() {
    let mut served = served().await;
    let outputs = served.say("Money back!").await;
    assert_eq!(texts(&outputs), ["Transferring.", "Billing speaking."]);
    assert_eq!(
        messages(&outputs)[2..],
        [
            "Front desk: text Transferring.".to_owned(),
            format!("Front desk: transfer {APP}/agents/billing Billing"),
            "Billing: text Billing speaking.".to_owned(),
        ]
    );
    assert!(spans(&outputs).contains(&"Tool Front desk transfer_to_agent TransferToAgentTool".to_owned()));
    assert_eq!(texts(&served.say("hm").await), ["Billing listens."]);
    let outputs = served.say("back").await;
    assert_eq!(texts(&outputs), ["Here again."]);
    assert!(messages(&outputs).contains(&"Front desk: text Here again.".to_owned()));
    let (code, message) = served.refused(served.config(), vec![text("circles")]).await;
    assert_eq!(code, Code::Internal);
    assert!(message.contains("goes round in circles"), "{message}");
    // Each text is a quarter of a megabyte.
    let (code, message) = served.refused(served.config(), vec![text("flood")]).await;
    assert_eq!(code, Code::Internal);
    assert!(message.contains("more than 4 MiB"), "{message}");
    // The session is where it was.
    assert_eq!(texts(&served.say("hm").await), ["I heard hm."]);
}

#[tokio::test]
async fn variables_payloads_and_conditions() {
    let mut served = served().await;
    let outputs = served
        .run(vec![variables(&serde_json::json!({"customer": "Bo"}))])
        .await;
    assert!(texts(&outputs).is_empty());
    assert_eq!((outputs.len(), outputs[0].turn_completed), (1, true));
    let outputs = served.run(vec![input(InputType::Dtmf("12#".into()))]).await;
    let payload = outputs.iter().find_map(|output| match &output.output_type {
        Some(OutputType::Payload(payload)) => Some(serde_json::Value::Object(struct_to_json(payload))),
        _ => None,
    });
    assert_eq!(payload, Some(serde_json::json!({"keys": "12#", "list": [1]})));
    assert_eq!(texts(&served.say("again").await), ["once"]);
    assert_eq!(texts(&served.say("again").await), ["enough"]);
    let outputs = served.say("nothing").await;
    assert_eq!((outputs.len(), outputs[0].output_type.is_none()), (1, true));
    assert_eq!(diagnostics(&outputs).messages.last().unwrap().role, "Front desk");
}

#[tokio::test]
async fn values_cannot_grow_for_ever() {
    let mut served = served().await;
    served
        .run(vec![variables(&serde_json::json!({"order_id": "0123456789"}))])
        .await;
    let mut refused = None;
    for _ in 0..20 {
        refused = refused.or(served.run_with(served.config(), vec![text("grow")]).await.err());
    }
    assert_eq!(refused.unwrap().code(), Code::Internal);
    assert_eq!(texts(&served.say("hm").await), ["I heard hm."]);
}

#[tokio::test]
async fn an_ended_session_stays_ended() {
    let mut served = served().await;
    let outputs = served.say("bye").await;
    let Some(OutputType::EndSession(end)) = &outputs[1].output_type else {
        panic!("{outputs:?}");
    };
    assert!(outputs[1].turn_completed);
    assert_eq!(
        serde_json::Value::Object(struct_to_json(end.metadata.as_ref().unwrap())),
        serde_json::json!({"reason": "done", "session_escalated": false})
    );
    assert!(
        messages(&outputs)
            .iter()
            .any(|line| line.starts_with("Front desk: call end_session"))
    );
    let refused = served.refused(served.config(), vec![text("hello?")]).await;
    assert_eq!(
        refused,
        (Code::FailedPrecondition, "the session has ended".to_owned())
    );
}

/// The group was said for the rest of the turn, whatever the variable had become.
#[tokio::test]
async fn a_variable_that_is_set_outweighs_a_group_of_its_name() {
    let mut served = served().await;
    assert_eq!(texts(&served.say("add 5").await), ["now 50"]);
}

/// It had begun the session, at the root, and the entry agent of the next request was not heard.
#[tokio::test]
async fn a_first_request_that_is_refused_begins_no_session() {
    let mut served = served().await;
    let (code, _) = served.refused(served.config(), vec![text("circles")]).await;
    assert_eq!(code, Code::Internal);
    let config = ces::SessionConfig {
        entry_agent: format!("{APP}/agents/billing"),
        ..served.config()
    };
    let outputs = served.run_with(config, vec![text("hm")]).await.unwrap();
    assert_eq!(texts(&outputs), ["Billing listens."]);
}
