//! Our own client against the emulator.

use super::*;

#[tokio::test]
async fn a_session_can_be_forgotten() {
    let mut served = served().await;
    served.say("bye").await;
    assert_eq!(served.emulator.sessions(), 1);
    served.emulator.forget_session("session-1");
    assert_eq!(served.emulator.sessions(), 0);
    assert_eq!(served.say("hm").await[0].turn_index, 1);
}

/// Our own client understands it all: what suites expect of such an app can be observed.
#[tokio::test]
async fn our_client_sees_everything() {
    use turnproof::backend::ces::{CesBackend, CesTarget};
    use turnproof::backend::{Backend as _, SessionStart, Take, ToolResult, TurnInput, TurnRequest};
    use turnproof::model::suite::{Input, Name, Start, Via, With};
    use turnproof::model::transcript::{CallSource, Observed};

    let served = served().await;
    for via in [Via::Run, Via::Stream, Via::Bidi] {
        let target = CesTarget {
            app: APP.parse().unwrap(),
            deployment: None,
            via,
            audio: turnproof::model::suite::AudioSettings::default(),
            names: Arc::new(served.emulator.clone()),
            emulator: true,
        };
        let backend = CesBackend::new(target, crate::scripted::connection(served.running.address())).unwrap();
        let start = SessionStart {
            session_id: format!("session-{via:?}"),
            start: Start {
                agent: Some(Name::Display("Front desk".into())),
                parameters: serde_json::Map::from_iter([("customer".to_owned(), "Ada".into())]),
                ..Start::default()
            },
            stubs: Arc::default(),
            take: Take::default(),
        };
        let mut session = backend.open(start).await.unwrap();
        let turn = |input: TurnInput| TurnRequest {
            input,
            with: With::default().into(),
            via: None,
            timeout: Duration::from_secs(30),
            want_raw: true,
        };
        let say = |text: &str| turn(TurnInput::User(Input::Say(text.to_owned())));
        let reply = session.play(say("find me")).await.unwrap();
        assert_eq!(reply.texts, ["tier gold", "bronze!"]);
        let calls: Vec<(String, CallSource)> = reply
            .tool_calls
            .seen()
            .unwrap()
            .iter()
            .map(|call| (call.tool.clone(), call.source))
            .collect();
        assert_eq!(
            calls.iter().filter(|(tool, _)| tool == "crm/find").count(),
            3,
            "{calls:?}"
        );
        assert_eq!(
            calls
                .iter()
                .filter(|(_, source)| *source == CallSource::Nested)
                .count(),
            1
        );
        assert_eq!(reply.agent, Observed::Seen("Front desk".into()));
        assert_eq!(
            reply.parameters.seen().unwrap().get("customer"),
            Some(&"Ada".into())
        );
        let reply = session.play(say("order A1")).await.unwrap();
        let results = reply.pending.iter().map(|call| ToolResult {
            id: call.id.clone(),
            tool: call.tool.clone(),
            result: Ok(serde_json::json!({"status": "shipped"})),
        });
        let reply = session
            .play(turn(TurnInput::ToolResults(results.collect())))
            .await
            .unwrap();
        assert_eq!(reply.texts, ["A1 is shipped."]);
        let calls = reply.tool_calls.seen().unwrap();
        assert_eq!(
            (calls.len(), calls[0].source),
            (1, CallSource::Client),
            "{calls:?}"
        );
        assert_eq!(calls[0].response, Some(serde_json::json!({"status": "shipped"})));
        let reply = session.play(say("billing")).await.unwrap();
        assert_eq!(reply.transfers, Observed::Seen(vec!["Billing".into()]));
        assert_eq!(
            reply.visited,
            Observed::Seen(vec!["Front desk".into(), "Billing".into()])
        );
        assert_eq!(reply.agent, Observed::Seen("Billing".into()));
        session.play(say("back")).await.unwrap();
        let reply = session.play(say("bye")).await.unwrap();
        assert_eq!(reply.ended.unwrap().get("reason"), Some(&"done".into()));
        assert!(reply.tool_calls.seen().unwrap().is_empty());
    }
}
