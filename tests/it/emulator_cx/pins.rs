//! What a test may pin: webhook answers, the time, where a turn starts, what it is understood as.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn stubs_of_a_session_come_before_those_of_the_server() {
    let options = CxOptions {
        stubs: stub("Stock", answer(&json!({ "messages": ["from the server"] }))),
        ..CxOptions::default()
    };
    let emulator = serve(&root().join("tests/agents/counter"), options).await;
    emulator.register_stubs(
        "mine",
        stub("Stock", answer(&json!({ "messages": ["from the session"] }))),
    );
    emulator.register_stubs("late", stub("Stock", StubResponse::Status(503)));
    let mut client = client(&emulator).await;
    assert_eq!(
        texts(&detect(&mut client, "mine", event("look-up")).await)[1],
        "from the session"
    );
    assert_eq!(
        texts(&detect(&mut client, "other", event("look-up")).await)[1],
        "from the server"
    );
    let result = detect(&mut client, "late", event("look-up")).await;
    assert_eq!(texts(&result)[1], "The stock cannot be asked.");
    assert_eq!(result.webhook_statuses[0].code, i32::from(Code::Unavailable));
    let mut pinned = Request::new(request("mine", event("look-up")));
    pinned.metadata_mut().insert(
        "x-turnproof-webhook",
        r#"{"messages": ["from the turn"], "payload": {"a": 1}}"#.parse().unwrap(),
    );
    let result = client
        .detect_intent(pinned)
        .await
        .unwrap()
        .into_inner()
        .query_result
        .unwrap();
    assert_eq!(texts(&result)[1], "from the turn");
    assert_eq!(struct_to_json(&result.webhook_payloads[0])["a"], json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_nothing_answers_fails_and_the_diagnostics_say_so() {
    let emulator = counter().await;
    let mut client = client(&emulator).await;
    let result = detect(&mut client, "s1", event("look-up")).await;
    assert_eq!(texts(&result), ["One moment.", "The stock cannot be asked."]);
    assert_eq!(result.webhook_statuses[0].code, i32::from(Code::NotFound));
    let notes = diagnostics(&result)["Emulator"].clone();
    assert!(notes[0].as_str().unwrap().contains("webhook `Stock`"), "{notes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_the_servers_or_the_turns() {
    let options = CxOptions {
        clock: Clock::Fixed("2026-03-02T10:00:00+01:00".parse().unwrap()),
        ..CxOptions::default()
    };
    let emulator = serve(&root().join("tests/agents/counter"), options).await;
    let mut client = client(&emulator).await;
    assert_eq!(
        texts(&detect(&mut client, "s1", event("now")).await),
        ["2026-03-02 10:00"]
    );
    let mut pinned = Request::new(request("s1", event("now")));
    pinned
        .metadata_mut()
        .insert("x-turnproof-clock", "2020-12-24T18:30:00Z".parse().unwrap());
    let result = client
        .detect_intent(pinned)
        .await
        .unwrap()
        .into_inner()
        .query_result
        .unwrap();
    assert_eq!(texts(&result), ["2020-12-24 19:30"]);
    let mut elsewhere = request("s1", event("now"));
    elsewhere.query_params = Some(cx::QueryParameters {
        time_zone: "Asia/Tokyo".to_owned(),
        ..cx::QueryParameters::default()
    });
    let result = client
        .detect_intent(elsewhere)
        .await
        .unwrap()
        .into_inner()
        .query_result
        .unwrap();
    assert_eq!(texts(&result), ["2026-03-02 18:00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_may_start_elsewhere_and_be_understood_as_told() {
    let emulator = counter().await;
    let mut client = client(&emulator).await;
    let mut pinned = Request::new(request("s1", text("big")));
    pinned
        .metadata_mut()
        .insert("x-turnproof-start", r#"{"page": "Size"}"#.parse().unwrap());
    pinned
        .metadata_mut()
        .insert("x-turnproof-match", r#"{"intent": null}"#.parse().unwrap());
    let result = client
        .detect_intent(pinned)
        .await
        .unwrap()
        .into_inner()
        .query_result
        .unwrap();
    assert_eq!(texts(&result), ["Size L."]);
    let mut pinned = Request::new(request("s2", text("gibberish")));
    pinned
        .metadata_mut()
        .insert("x-turnproof-match", r#"{"intent": "hello"}"#.parse().unwrap());
    let result = client
        .detect_intent(pinned)
        .await
        .unwrap()
        .into_inner()
        .query_result
        .unwrap();
    assert_eq!(result.intent.unwrap().display_name, "hello");
    let mut jump = request("s2", event("count"));
    jump.query_params = Some(cx::QueryParameters {
        current_page: format!("{AGENT}/flows/00000000-0000-0000-0000-000000000000/pages/START_PAGE"),
        parameters: Some(json_to_struct(json!({ "n": 41 }).as_object().unwrap()).unwrap()),
        ..cx::QueryParameters::default()
    });
    let result = client
        .detect_intent(jump)
        .await
        .unwrap()
        .into_inner()
        .query_result
        .unwrap();
    assert_eq!(texts(&result), ["42"]);
}

#[tokio::test]
async fn answers_come_as_late_as_they_are_told_to() {
    let faults = Faults {
        latency: Duration::from_millis(30),
    };
    let begun = std::time::Instant::now();
    assert_eq!(faults.wait(Duration::ZERO), Duration::from_millis(30));
    assert_eq!(faults.wait(Duration::from_secs(2)), Duration::from_millis(2030));
    faults.delay(Duration::from_millis(20)).await;
    assert!(begun.elapsed() >= Duration::from_millis(50));
}
