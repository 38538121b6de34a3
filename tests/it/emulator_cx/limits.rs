//! What is left out, refused or taken, and agents of others.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_basic_view_has_no_diagnostics() {
    let emulator = counter().await;
    let mut client = client(&emulator).await;
    for (view, shown) in [
        (cx::DetectIntentResponseView::Unspecified, true),
        (cx::DetectIntentResponseView::Full, true),
        (cx::DetectIntentResponseView::Default, true),
        (cx::DetectIntentResponseView::Basic, false),
    ] {
        let mut asked = request("s1", event("count"));
        asked.response_view = view.into();
        let result = client
            .detect_intent(asked)
            .await
            .unwrap()
            .into_inner()
            .query_result
            .unwrap();
        assert_eq!(result.diagnostic_info.is_some(), shown, "{view:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused() {
    let emulator = counter().await;
    let mut client = client(&emulator).await;
    let params = |params: cx::QueryParameters| {
        let mut asked = request("s1", text("hello"));
        asked.query_params = Some(params);
        asked
    };
    let mut nameless = request("s1", text("x"));
    nameless.session = "not/a/session".to_owned();
    let mut empty = request("s1", text("x"));
    empty.query_input = None;
    let cases = [
        (nameless, Code::InvalidArgument),
        (empty, Code::InvalidArgument),
        (request(&"x".repeat(37), text("x")), Code::InvalidArgument),
        (request("s1", event("")), Code::InvalidArgument),
        (
            request(
                "s1",
                Input::Intent(cx::IntentInput {
                    intent: "nobody".to_owned(),
                }),
            ),
            Code::InvalidArgument,
        ),
        (
            request("s1", Input::Audio(cx::AudioInput::default())),
            Code::InvalidArgument,
        ),
        (
            params(cx::QueryParameters {
                time_zone: "Mars/Olympus".to_owned(),
                ..cx::QueryParameters::default()
            }),
            Code::InvalidArgument,
        ),
        (
            params(cx::QueryParameters {
                current_page: format!("{AGENT}/flows/x/pages/y"),
                ..cx::QueryParameters::default()
            }),
            Code::InvalidArgument,
        ),
        (
            params(cx::QueryParameters {
                current_playbook: "p".to_owned(),
                ..cx::QueryParameters::default()
            }),
            Code::InvalidArgument,
        ),
        (
            params(cx::QueryParameters {
                session_ttl: Some(prost_types::Duration {
                    seconds: 100_000,
                    nanos: 0,
                }),
                ..cx::QueryParameters::default()
            }),
            Code::InvalidArgument,
        ),
    ];
    for (asked, code) in cases {
        let refused = client.detect_intent(asked).await.unwrap_err();
        assert_eq!(refused.code(), code, "{}", refused.message());
    }
    for (key, value) in [
        ("x-turnproof-clock", "noon"),
        ("x-turnproof-start", r#"{"page": "Nowhere"}"#),
        ("x-turnproof-match", r#"{"intent": "nobody"}"#),
        ("x-turnproof-webhook", "yes"),
    ] {
        let mut asked = Request::new(request("s1", text("hello")));
        asked.metadata_mut().insert(key, value.parse().unwrap());
        let refused = client.detect_intent(asked).await.unwrap_err();
        assert_eq!(
            refused.code(),
            Code::InvalidArgument,
            "{key}: {}",
            refused.message()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_rated_by_those_who_got_them() {
    let emulator = counter().await;
    let mut client = client(&emulator).await;
    let feedback = cx::SubmitAnswerFeedbackRequest {
        session: session("s1"),
        response_id: "r".to_owned(),
        answer_feedback: Some(cx::AnswerFeedback::default()),
        update_mask: None,
    };
    for of in ["s1", "nobody"] {
        let unknown = cx::SubmitAnswerFeedbackRequest {
            session: session(of),
            ..feedback.clone()
        };
        let refused = client.submit_answer_feedback(unknown).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{}", refused.message());
    }
    let answered = client.detect_intent(request("s1", text("hello"))).await.unwrap();
    let known = cx::SubmitAnswerFeedbackRequest {
        response_id: answered.into_inner().response_id,
        ..feedback.clone()
    };
    client.submit_answer_feedback(known.clone()).await.unwrap();
    // It can be rated later as well, but in its own session only.
    client.detect_intent(request("s1", text("hello"))).await.unwrap();
    client.detect_intent(request("s2", text("hello"))).await.unwrap();
    client.submit_answer_feedback(known.clone()).await.unwrap();
    let elsewhere = cx::SubmitAnswerFeedbackRequest {
        session: session("s2"),
        ..known
    };
    let refused = client.submit_answer_feedback(elsewhere).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let nothing = cx::SubmitAnswerFeedbackRequest {
        answer_feedback: None,
        ..feedback
    };
    let refused = client.submit_answer_feedback(nothing).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_an_error_that_names_it() {
    let emulator = counter().await;
    let second = Emulator::start(EmulatorOptions {
        listen: emulator.address(),
        cx: None,
        others: None,
        faults: Rules::default(),
    })
    .await;
    assert!(
        second
            .unwrap_err()
            .to_string()
            .contains(&emulator.address().to_string())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_agent_answers() {
    let folder = root().join("../shared/agents");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: {} is absent", folder.display());
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "zip") {
            continue;
        }
        let emulator = serve(&path, CxOptions::default()).await;
        let mut client = client(&emulator).await;
        // Nothing here trains a model, which takes its time in a debug build.
        let mut gibberish = Request::new(request("s1", text("qwerty")));
        let no_intent = r#"{"intent": null}"#.parse().unwrap();
        gibberish.metadata_mut().insert("x-turnproof-match", no_intent);
        for asked in [
            Request::new(request("s1", text(""))),
            Request::new(request("s1", event("sys.no-match-default"))),
            gibberish,
        ] {
            let answered = client.detect_intent(asked).await.unwrap().into_inner();
            let page = answered.query_result.unwrap().current_page.unwrap();
            assert!(!page.display_name.is_empty(), "{}", path.display());
        }
    }
}
