//! Answers in parts, and conversations over one live stream.

use super::*;

#[tokio::test]
async fn streams_give_outputs_one_by_one() {
    let mut served = served().await;
    for in_fragments in [false, true] {
        let request = ces::RunSessionRequest {
            config: Some(ces::SessionConfig {
                enable_text_streaming: in_fragments,
                ..served.config()
            }),
            inputs: vec![text("long")],
        };
        let stream = served
            .client
            .stream_run_session(request)
            .await
            .unwrap()
            .into_inner();
        let responses: Vec<_> = stream.map(Result::unwrap).collect().await;
        assert!(responses.iter().all(|response| response.outputs.len() == 1));
        let outputs: Vec<SessionOutput> = responses
            .into_iter()
            .flat_map(|response| response.outputs)
            .collect();
        let _ = diagnostics(&outputs);
        if in_fragments {
            assert_eq!(
                texts(&outputs),
                ["one two three ", "four five six ", "seven", "eight"]
            );
        } else {
            assert_eq!(texts(&outputs), ["one two three four five six seven", "eight"]);
        }
    }
    let request = ces::RunSessionRequest {
        config: Some(served.config()),
        inputs: vec![],
    };
    let status = served.client.stream_run_session(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}

/// Plays a live stream: the messages that come back, and how it ended.
async fn live(served: &mut Served, sent: Vec<ClientMessage>) -> (Vec<SessionOutput>, Option<tonic::Status>) {
    let messages = sent.into_iter().map(|message| ces::BidiSessionClientMessage {
        message_type: Some(message),
    });
    let request = tokio_stream::iter(messages.collect::<Vec<_>>());
    let mut stream = served
        .client
        .bidi_run_session(request)
        .await
        .unwrap()
        .into_inner();
    let mut outputs = Vec::new();
    loop {
        match stream.message().await {
            Ok(Some(message)) => {
                let output = match message.message_type {
                    Some(ServerMessage::SessionOutput(output)) => Some(output),
                    _ => None,
                };
                outputs.push(output.unwrap());
            }
            Ok(None) => return (outputs, None),
            Err(status) => return (outputs, Some(status)),
        }
    }
}

#[tokio::test]
async fn a_live_stream_of_text() {
    let mut served = served().await;
    let config = || ClientMessage::Config(served.config());
    let first = config();
    let goes_on = |input: ces::SessionInput| {
        ClientMessage::RealtimeInput(ces::SessionInput {
            will_continue: true,
            ..input
        })
    };
    let sent = vec![
        first.clone(),
        goes_on(variables(&serde_json::json!({"customer": "Ada"}))),
        goes_on(text("find ")),
        ClientMessage::RealtimeInput(text("me")),
        ClientMessage::RealtimeInput(text("two tools")),
    ];
    let (outputs, status) = live(&mut served, sent).await;
    assert!(status.is_none(), "{status:?}");
    assert_eq!(texts(&outputs), ["tier gold", "bronze!"]);
    let waiting = calls(&outputs);
    assert_eq!(waiting.len(), 2);
    // The session outlives the stream.
    let answered = waiting
        .iter()
        .map(|call| answer(&call.id, &serde_json::json!({"output": "ok"})));
    let sent = vec![
        first.clone(),
        ClientMessage::RealtimeInput(answers(answered.collect())),
        goes_on(input(InputType::Dtmf("12".into()))),
        ClientMessage::RealtimeInput(text("bye")),
        ClientMessage::RealtimeInput(text("too late")),
    ];
    let (outputs, status) = live(&mut served, sent).await;
    assert!(status.is_none(), "{status:?}");
    let indices: Vec<i32> = outputs
        .iter()
        .filter(|output| output.turn_completed)
        .map(|output| output.turn_index)
        .collect();
    assert_eq!(indices, [2, 3, 4]);
    assert!(matches!(
        outputs.last().unwrap().output_type,
        Some(OutputType::EndSession(_))
    ));
    let (_, status) = live(
        &mut served,
        vec![first, ClientMessage::RealtimeInput(text("hello"))],
    )
    .await;
    assert_eq!(status.unwrap().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn a_live_stream_that_makes_no_sense() {
    let mut served = served().await;
    let config = ClientMessage::Config(served.config());
    let hello = ClientMessage::RealtimeInput(text("hello"));
    let audio = ClientMessage::RealtimeInput(input(InputType::Audio(vec![0; 320])));
    for (sent, code) in [
        (vec![hello.clone()], Code::InvalidArgument),
        (vec![config.clone(), config.clone()], Code::InvalidArgument),
        // The config announces no sound.
        (vec![config.clone(), hello, audio], Code::InvalidArgument),
        (
            vec![ClientMessage::Config(ces::SessionConfig::default())],
            Code::InvalidArgument,
        ),
    ] {
        let (_, status) = live(&mut served, sent).await;
        assert_eq!(status.unwrap().code(), code);
    }
    let (outputs, status) = live(&mut served, vec![config]).await;
    assert!(outputs.is_empty() && status.is_none());
}

/// A client that says nothing does not keep a stream for ever: it is told, and goes on with another stream.
#[tokio::test]
async fn an_idle_live_stream_is_given_up() {
    let mut served = served().await;
    let message = |message| ces::BidiSessionClientMessage {
        message_type: Some(message),
    };
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    sender
        .send(message(ClientMessage::Config(served.config())))
        .await
        .unwrap();
    sender
        .send(message(ClientMessage::RealtimeInput(text("hello"))))
        .await
        .unwrap();
    let sent = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let mut stream = served.client.bidi_run_session(sent).await.unwrap().into_inner();
    let first = stream.message().await.unwrap().unwrap().message_type;
    assert!(
        matches!(first, Some(ServerMessage::SessionOutput(_))),
        "{first:?}"
    );
    // Time passes by itself now, because nothing happens.
    tokio::time::pause();
    let mut last = first;
    while let Some(message) = stream.message().await.unwrap() {
        last = message.message_type;
    }
    assert!(matches!(last, Some(ServerMessage::GoAway(_))), "{last:?}");
    drop(sender);
}
