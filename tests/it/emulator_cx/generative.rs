//! Generators and playbooks over the wire: what the service shows of them, and where a session may start.

use super::*;

use beta::sessions_client::SessionsClient as BetaClient;
use cx::trace_block::TraceMetadata;

/// Somebody answers for the generator and the playbook of the guide.
async fn guide() -> RunningEmulator {
    let stubs = EmulatorStubs {
        webhooks: Vec::new(),
        generators: vec![stubs("Description", answer(&json!({ "text": "A lake." })))],
        playbooks: vec![stubs(
            "Ranger",
            answer(&json!({ "messages": ["I am the ranger."] })),
        )],
    };
    let options = CxOptions {
        stubs: Arc::new(stubs),
        ..CxOptions::default()
    };
    serve(&root().join("tests/agents/guide"), options).await
}

/// Who spoke, by display name, and how many things each did.
fn speakers(result: &cx::QueryResult) -> Vec<(&str, usize)> {
    let blocks = result.trace_blocks.iter();
    blocks
        .map(|block| {
            let name = match block.trace_metadata.as_ref().unwrap() {
                TraceMetadata::PlaybookTraceMetadata(owner) => {
                    assert_eq!(owner.playbook, format!("{AGENT}/playbooks/p-1"));
                    &owner.display_name
                }
                TraceMetadata::FlowTraceMetadata(owner) => &owner.display_name,
                TraceMetadata::SpeechProcessingMetadata(owner) => &owner.display_name,
            };
            (name.as_str(), block.actions.len())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_a_playbook_is_on_no_page_and_its_blocks_say_who_spoke() {
    let emulator = guide().await;
    let mut client = client(&emulator).await;
    let result = detect(&mut client, "s1", text("describe the walk")).await;
    assert_eq!(texts(&result), ["A lake."]);
    assert_eq!(speakers(&result), [("Default Start Flow", 2)]);
    let result = detect(&mut client, "s1", text("a human please")).await;
    assert_eq!(texts(&result), ["The ranger will help you.", "I am the ranger."]);
    // What was said on each side, and that one handed over to the other.
    assert_eq!(speakers(&result), [("Default Start Flow", 3), ("Ranger", 1)]);
    let result = detect(&mut client, "s1", text("who are you?")).await;
    let found = result.r#match.as_ref().unwrap();
    assert_eq!(found.match_type(), MatchType::Playbook);
    assert_eq!(speakers(&result), [("Ranger", 2)]);
    assert_eq!(
        (result.current_page.clone(), result.current_flow.clone()),
        (None, None)
    );
    // A view may leave the blocks out.
    let mut without = request("s1", text("and now?"));
    without.response_view = cx::DetectIntentResponseView::Default.into();
    let response = client.detect_intent(without).await.unwrap().into_inner();
    assert_eq!(speakers(&response.query_result.unwrap()), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_beta_version_names_the_playbook_that_speaks() {
    let emulator = guide().await;
    let mut client = BetaClient::new(channel(&emulator).await);
    for (said, playbooks) in [
        ("describe the walk", &[][..]),
        ("a human please", &["p-1"][..]),
        ("hm", &["p-1"][..]),
    ] {
        let asked: beta::DetectIntentRequest = transcode(&request("s1", text(said))).unwrap();
        let result = client
            .detect_intent(asked)
            .await
            .unwrap()
            .into_inner()
            .query_result
            .unwrap();
        let current = result
            .generative_info
            .map(|info| info.current_playbooks)
            .unwrap_or_default();
        let expected: Vec<String> = playbooks
            .iter()
            .map(|id| format!("{AGENT}/playbooks/{id}"))
            .collect();
        assert_eq!(current, expected, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_may_start_in_a_playbook() {
    let emulator = guide().await;
    let mut client = client(&emulator).await;
    let starting = |playbook: &str, page: &str| {
        let mut starting = request("s1", text("describe the walk"));
        starting.query_params = Some(cx::QueryParameters {
            current_playbook: playbook.to_owned(),
            current_page: page.to_owned(),
            ..cx::QueryParameters::default()
        });
        starting
    };
    let there = format!("{AGENT}/playbooks/p-1");
    let response = client
        .detect_intent(starting(&there, ""))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(texts(&response.query_result.unwrap()), ["I am the ranger."]);
    for (playbook, page) in [("nobody", ""), (&there, "flows/f/pages/p")] {
        let status = client.detect_intent(starting(playbook, page)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{}", status.message());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_matches_in_a_playbook_is_the_playbook() {
    let emulator = guide().await;
    let mut client = client(&emulator).await;
    detect(&mut client, "s1", text("a human please")).await;
    let asked = cx::MatchIntentRequest {
        session: session("s1"),
        query_input: request("s1", text("describe the walk")).query_input,
        ..cx::MatchIntentRequest::default()
    };
    let offered = client.match_intent(asked.clone()).await.unwrap().into_inner();
    assert_eq!(offered.current_page, None);
    let found = offered.matches.into_iter().next().unwrap();
    assert_eq!(found.match_type(), MatchType::Playbook);
    let fulfilled = client
        .fulfill_intent(cx::FulfillIntentRequest {
            match_intent_request: Some(asked),
            r#match: Some(found),
            ..cx::FulfillIntentRequest::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(texts(&fulfilled.query_result.unwrap()), ["I am the ranger."]);
}
