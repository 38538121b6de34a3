//! What goes along with a turn, and what is refused.

use super::*;

#[tokio::test]
async fn a_session_can_begin_elsewhere_and_with_a_history() {
    let mut served = served().await;
    let config = ces::SessionConfig {
        entry_agent: format!("{APP}/agents/billing"),
        ..served.config()
    };
    assert_eq!(
        texts(&served.run_with(config.clone(), vec![text("hm")]).await.unwrap()),
        ["Billing listens."]
    );
    served.session = format!("{APP}/sessions/session-2");
    let chunk = |data: Data| ces::Chunk { data: Some(data) };
    let set = json_to_struct(serde_json::json!({"tries": 5}).as_object().unwrap()).unwrap();
    let message = |role: &str, chunks: Vec<ces::Chunk>| ces::Message {
        role: role.into(),
        chunks,
        event_time: None,
    };
    let history = vec![
        message("user", vec![chunk(Data::Text("hi".into()))]),
        message("Billing", vec![chunk(Data::UpdatedVariables(set))]),
    ];
    let config = ces::SessionConfig {
        historical_contexts: history,
        ..served.config()
    };
    let outputs = served.run_with(config.clone(), vec![text("back")]).await.unwrap();
    assert_eq!(texts(&outputs), ["Here again."]);
    assert_eq!(texts(&served.say("again").await), ["enough"]);
    // A history seeds new sessions only.
    assert_eq!(
        texts(&served.run_with(config, vec![text("hm")]).await.unwrap()),
        ["I heard hm."]
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let mut served = served().await;
    let config = served.config();
    let with = |change: fn(&mut ces::SessionConfig)| {
        let mut changed = config.clone();
        change(&mut changed);
        changed
    };
    let hello = || vec![text("hello")];
    for (config, inputs, code, part) in [
        (
            with(|config| config.session = "sessions/abcde".into()),
            hello(),
            Code::InvalidArgument,
            "must be projects/*",
        ),
        (
            with(|config| config.session = format!("{APP}/sessions/abc")),
            hello(),
            Code::InvalidArgument,
            "[a-zA-Z0-9][a-zA-Z0-9-_]{4,62}",
        ),
        (config.clone(), vec![], Code::InvalidArgument, "inputs is empty"),
        (
            config.clone(),
            vec![ces::SessionInput::default()],
            Code::InvalidArgument,
            "no input_type",
        ),
        (
            config.clone(),
            vec![input(InputType::Audio(vec![1]))],
            Code::Unimplemented,
            "BidiRunSession",
        ),
        (
            with(|config| config.time_zone = "Mars".into()),
            hello(),
            Code::InvalidArgument,
            "time zone",
        ),
        (
            with(|config| config.entry_agent = format!("{APP}/agents/nobody")),
            hello(),
            Code::NotFound,
            "no agent `nobody`, but front-desk (Front desk)",
        ),
        (
            with(|config| config.entry_agent = "billing".into()),
            hello(),
            Code::InvalidArgument,
            "/agents/*",
        ),
        (
            with(|config| config.deployment = "x/y".into()),
            hello(),
            Code::InvalidArgument,
            "/deployments/*",
        ),
        (
            with(|config| {
                config.historical_contexts = vec![ces::Message {
                    role: "Nobody".into(),
                    ..Default::default()
                }];
            }),
            hello(),
            Code::InvalidArgument,
            "neither `user` nor an agent",
        ),
    ] {
        let (found, message) = served.refused(config, inputs).await;
        assert_eq!(found, code, "{message}");
        assert!(message.contains(part), "{message}");
    }
    let request = ces::RunSessionRequest {
        config: None,
        inputs: hello(),
    };
    assert_eq!(
        served.client.run_session(request).await.unwrap_err().code(),
        Code::InvalidArgument
    );
}

#[tokio::test]
async fn any_app_name_and_the_time_of_a_zone() {
    let clock = chrono::DateTime::parse_from_rfc3339("2026-03-01T23:30:00Z").unwrap();
    let mut served = served_with(CesOptions {
        clock: Clock::Fixed(clock),
        ..CesOptions::default()
    })
    .await;
    served.session = "projects/other/locations/eu/apps/1234/sessions/abcde".into();
    assert_eq!(texts(&served.say("what day").await), ["2026-03-01 2026-03-02"]);
    let config = ces::SessionConfig {
        time_zone: "Asia/Tokyo".into(),
        deployment: "projects/other/locations/eu/apps/1234/deployments/prod".into(),
        ..served.config()
    };
    let outputs = served.run_with(config, vec![text("what day")]).await.unwrap();
    assert_eq!(texts(&outputs), ["2026-03-02 2026-03-03"]);
    let root = diagnostics(&outputs).root_span.unwrap();
    let attributes = struct_to_json(root.attributes.as_ref().unwrap());
    assert_eq!(attributes.get("deployment id"), Some(&serde_json::json!("prod")));
    assert_eq!(attributes.get("input types"), Some(&serde_json::json!(["text"])));
    let mut request = Request::new(ces::RunSessionRequest {
        config: Some(served.config()),
        inputs: vec![text("what day")],
    });
    request
        .metadata_mut()
        .insert("x-turnproof-clock", "2030-01-01T00:00:00Z".parse().unwrap());
    let outputs = served
        .client
        .run_session(request)
        .await
        .unwrap()
        .into_inner()
        .outputs;
    assert_eq!(texts(&outputs), ["2030-01-01 2030-01-02"]);
}

#[tokio::test]
async fn chance_is_repeatable() {
    async fn choices(seed: u64, session: &str) -> Vec<String> {
        let mut served = served_with(CesOptions {
            seed,
            ..CesOptions::default()
        })
        .await;
        served.session = format!("{APP}/sessions/{session}");
        let mut said = Vec::new();
        for _ in 0..6 {
            said.push(texts(&served.say("surprise").await).concat());
        }
        said
    }
    let first = choices(7, "session-1").await;
    assert_eq!(first, choices(7, "session-2").await);
    assert_ne!(first, choices(8, "session-1").await);
    assert!(first.iter().any(|text| *text != first[0]));
}

#[tokio::test]
async fn latency_is_added_to_every_answer() {
    let latency = Duration::from_millis(50);
    let mut served = served_with(CesOptions {
        faults: Faults { latency },
        ..CesOptions::default()
    })
    .await;
    let before = std::time::Instant::now();
    served.say("hello").await;
    assert!(before.elapsed() >= latency);
}
