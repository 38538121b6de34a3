//! Sound over real gRPC: what is recognised, when it ends, what is answered in tones, and what is refused.

use std::time::Duration;

use cx::streaming_detect_intent_response::Response;
use cx::streaming_recognition_result::MessageType;
use turnproof::audio::{Encoding, Format, Said, SoundFile, as_wav, encoded};
use turnproof::emulator::hearing::{Hearing, Recording};

use super::*;

const FORMAT: Format = Format {
    encoding: Encoding::Linear16,
    rate: 16_000,
};

/// A sound that only this number has.
fn sound(number: i32) -> Vec<u8> {
    let sample = |at: i32| i16::try_from(at * 37 % (90 + number) * 60 + 1).unwrap();
    encoded(&(1..=4_800).map(sample).collect::<Vec<_>>(), Encoding::Linear16)
}

/// An emulator that knows sound 1 as "hello".
async fn listener() -> RunningEmulator {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hello.wav");
    std::fs::write(&path, as_wav(FORMAT, &sound(1)).unwrap()).unwrap();
    let hearing = Arc::new(Hearing::default());
    let recording = Recording {
        path,
        said: Said::default(),
        text: "hello".to_owned(),
        language: None,
    };
    hearing.learn(vec![recording]).unwrap();
    let options = CxOptions {
        hearing,
        ..CxOptions::default()
    };
    serve(&root().join("tests/agents/counter"), options).await
}

fn config(single_utterance: bool) -> cx::InputAudioConfig {
    cx::InputAudioConfig {
        audio_encoding: cx::AudioEncoding::Linear16.into(),
        sample_rate_hertz: 16_000,
        single_utterance,
        ..cx::InputAudioConfig::default()
    }
}

fn announced(id: &str, config: cx::InputAudioConfig) -> cx::StreamingDetectIntentRequest {
    let audio = cx::AudioInput {
        config: Some(config),
        audio: Vec::new(),
    };
    cx::StreamingDetectIntentRequest {
        session: session(id),
        query_input: request(id, Input::Audio(audio)).query_input,
        ..cx::StreamingDetectIntentRequest::default()
    }
}

fn piece(bytes: &[u8]) -> cx::StreamingDetectIntentRequest {
    let audio = cx::AudioInput {
        config: None,
        audio: bytes.to_vec(),
    };
    cx::StreamingDetectIntentRequest {
        query_input: Some(cx::QueryInput {
            language_code: "en".to_owned(),
            input: Some(Input::Audio(audio)),
        }),
        ..cx::StreamingDetectIntentRequest::default()
    }
}

/// Everything that a stream of requests is answered with.
async fn talk(
    emulator: &RunningEmulator,
    requests: Vec<cx::StreamingDetectIntentRequest>,
) -> Result<Vec<Response>, tonic::Status> {
    let mut client = client(emulator).await;
    let answer = client
        .streaming_detect_intent(futures::stream::iter(requests))
        .await?;
    let mut stream = answer.into_inner();
    let mut responses = Vec::new();
    while let Some(message) = stream.message().await? {
        responses.extend(message.response);
    }
    Ok(responses)
}

fn result(responses: &[Response]) -> &cx::QueryResult {
    let last = responses.iter().rev().find_map(|response| match response {
        Response::DetectIntentResponse(last) => last.query_result.as_ref(),
        Response::RecognitionResult(_) => None,
    });
    last.unwrap()
}

fn stream(id: &str, single: bool, bytes: &[u8]) -> Vec<cx::StreamingDetectIntentRequest> {
    let pieces = bytes.chunks(3_200).map(piece);
    std::iter::once(announced(id, config(single)))
        .chain(pieces)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_a_turn_of_its_words() {
    let emulator = listener().await;
    let quiet = FORMAT.silence(Duration::from_millis(300));
    let bytes = [&quiet[..], &sound(1), &quiet].concat();
    let responses = talk(&emulator, stream("s1", false, &bytes)).await.unwrap();
    let [
        Response::RecognitionResult(heard),
        Response::DetectIntentResponse(_),
    ] = &responses[..]
    else {
        panic!("{responses:?}");
    };
    assert!(heard.is_final && heard.transcript == "hello");
    let spoken = result(&responses).clone();
    assert_eq!(
        spoken.query,
        Some(cx::query_result::Query::Transcript("hello".to_owned()))
    );
    let mut client = client(&emulator).await;
    let typed = detect(&mut client, "s2", text("hello")).await;
    assert_eq!(texts(&spoken), texts(&typed));
    assert_eq!(spoken.r#match, typed.r#match);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_transcribed_is_a_no_match_that_says_why() {
    let emulator = listener().await;
    let responses = talk(&emulator, stream("s1", false, &sound(2))).await.unwrap();
    assert_eq!(responses.len(), 1, "nothing was recognised");
    let result = result(&responses);
    assert_eq!(result.r#match.as_ref().unwrap().match_type(), MatchType::NoMatch);
    let notes = diagnostics(result)["Emulator"].to_string();
    assert!(notes.contains("no transcript for this recording"), "{notes}");
    let silence = FORMAT.silence(Duration::from_secs(1));
    let responses = talk(&emulator, stream("s1", false, &silence)).await.unwrap();
    let matched = self::result(&responses).r#match.clone().unwrap();
    assert_eq!(matched.match_type(), MatchType::NoInput);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_utterance_ends_with_the_first_pause() {
    let emulator = listener().await;
    let pause = FORMAT.silence(Duration::from_millis(600));
    let bytes = [&sound(1)[..], &pause, &sound(2), &pause].concat();
    let responses = talk(&emulator, stream("s1", true, &bytes)).await.unwrap();
    let Some(Response::RecognitionResult(end)) = responses.first() else {
        panic!("{responses:?}");
    };
    assert_eq!(end.message_type(), MessageType::EndOfSingleUtterance);
    assert_eq!(
        result(&responses).query,
        Some(cx::query_result::Query::Transcript("hello".to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_and_the_plain_call_listen() {
    let emulator = listener().await;
    let mut plain = announced("s1", config(false)).query_input.unwrap();
    if let Some(Input::Audio(audio)) = &mut plain.input {
        audio.audio = sound(1);
    }
    let asked = cx::DetectIntentRequest {
        session: session("s1"),
        query_input: Some(plain),
        ..cx::DetectIntentRequest::default()
    };
    let mut client = client(&emulator).await;
    let answered = client.detect_intent(asked).await.unwrap().into_inner();
    let query = answered.query_result.unwrap().query;
    assert_eq!(
        query,
        Some(cx::query_result::Query::Transcript("hello".to_owned()))
    );

    let requests: Vec<beta::StreamingDetectIntentRequest> = stream("s2", false, &sound(1))
        .iter()
        .map(|request| transcode(request).unwrap())
        .collect();
    let mut client = beta::sessions_client::SessionsClient::new(channel(&emulator).await);
    let mut answers = client
        .streaming_detect_intent(futures::stream::iter(requests))
        .await
        .unwrap()
        .into_inner();
    let mut last = None;
    while let Some(message) = answers.message().await.unwrap() {
        last = message.response;
    }
    let Some(beta::streaming_detect_intent_response::Response::DetectIntentResponse(last)) = last else {
        panic!("no result");
    };
    let query = last.query_result.unwrap().query;
    assert_eq!(
        query,
        Some(beta::query_result::Query::Transcript("hello".to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_spoken_when_that_is_asked_for() {
    let emulator = listener().await;
    let mut client = client(&emulator).await;
    for (encoding, own) in [
        (cx::OutputAudioEncoding::Linear16, Encoding::Linear16),
        (cx::OutputAudioEncoding::Mulaw, Encoding::Mulaw),
    ] {
        let asked = cx::DetectIntentRequest {
            output_audio_config: Some(cx::OutputAudioConfig {
                audio_encoding: encoding.into(),
                sample_rate_hertz: 8_000,
                synthesize_speech_config: None,
            }),
            ..request("s1", text("hello"))
        };
        let answered = client.detect_intent(asked).await.unwrap().into_inner();
        let said = texts(answered.query_result.as_ref().unwrap()).join(" ");
        let said_so = Said {
            encoding: Some(own),
            rate: Some(8_000),
        };
        let file = SoundFile::of(answered.output_audio, "", said_so).unwrap();
        let characters = u32::try_from(said.chars().count()).unwrap();
        assert_eq!(
            file.facts().duration,
            Some(Duration::from_millis(66) * characters)
        );
    }
    let silent = client.detect_intent(request("s1", text("hello"))).await.unwrap();
    assert!(silent.into_inner().output_audio.is_empty());
    let with_voice = |encoding: cx::OutputAudioEncoding, hertz| cx::DetectIntentRequest {
        output_audio_config: Some(cx::OutputAudioConfig {
            audio_encoding: encoding.into(),
            sample_rate_hertz: hertz,
            synthesize_speech_config: None,
        }),
        ..request("s2", text("hello"))
    };
    let mp3 = with_voice(cx::OutputAudioEncoding::Mp3, 0);
    let written = client.detect_intent(mp3).await.unwrap().into_inner();
    assert!(written.output_audio.is_empty() && written.query_result.is_some());
    let shrill = with_voice(cx::OutputAudioEncoding::Mulaw, 100_000);
    let refused = client.detect_intent(shrill).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_makes_no_sense_is_refused() {
    let emulator = listener().await;
    let with = |change: fn(&mut cx::InputAudioConfig)| {
        let mut config = config(false);
        change(&mut config);
        vec![announced("s1", config), piece(&sound(1))]
    };
    let mut twice = stream("s1", false, &sound(1));
    twice.push(announced("s1", config(false)));
    let mut event = stream("s1", false, &sound(1));
    event.push(cx::StreamingDetectIntentRequest {
        query_input: request("s1", super::event("hello")).query_input,
        ..cx::StreamingDetectIntentRequest::default()
    });
    let minutes = FORMAT.silence(Duration::from_secs(121));
    let table = [
        (Vec::new(), Code::InvalidArgument),
        (
            with(|config| config.sample_rate_hertz = 7_999),
            Code::InvalidArgument,
        ),
        (with(|config| config.audio_encoding = 0), Code::InvalidArgument),
        (
            with(|config| config.audio_encoding = cx::AudioEncoding::Amr.into()),
            Code::Unimplemented,
        ),
        (vec![piece(&sound(1))], Code::InvalidArgument),
        (twice, Code::InvalidArgument),
        (event, Code::InvalidArgument),
        (stream("s1", false, &minutes), Code::InvalidArgument),
    ];
    for (number, (requests, code)) in table.into_iter().enumerate() {
        let refused = talk(&emulator, requests).await.unwrap_err();
        assert_eq!(refused.code(), code, "{number}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_after_all_counts() {
    let emulator = listener().await;
    let mut requests = stream("s1", false, &sound(2));
    requests.push(cx::StreamingDetectIntentRequest {
        query_input: request("s1", text("hello")).query_input,
        ..cx::StreamingDetectIntentRequest::default()
    });
    let responses = talk(&emulator, requests).await.unwrap();
    let query = result(&responses).query.clone();
    assert_eq!(query, Some(cx::query_result::Query::Text("hello".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_stops_speaking_when_the_service_has_heard_enough() {
    use turnproof::audio::Clip;
    use turnproof::backend::cx::{CxBackend, CxTarget};
    use turnproof::backend::names::NoNames;
    use turnproof::backend::{Backend as _, SessionStart, Speech, TurnInput, TurnRequest};
    use turnproof::model::suite::{ApiVersion, AudioSettings, Start, Via, With};
    use turnproof::model::transcript::Observed;

    let emulator = listener().await;
    let pause = FORMAT.silence(Duration::from_millis(600));
    // A minute more to say, at the pace of speech: nobody waits for it.
    let endless = [sound(1), pause, sound(2).repeat(200)].concat();
    for api_version in [ApiVersion::V3, ApiVersion::V3Beta1] {
        let target = CxTarget {
            agent: AGENT.parse().unwrap(),
            environment: None,
            flow_versions: Vec::new(),
            api_version,
            via: Via::Detect,
            language: "en".to_owned(),
            audio: AudioSettings {
                single_utterance: true,
                output: Some(FORMAT),
                ..AudioSettings::default()
            },
            names: Arc::new(NoNames),
            emulator: false,
        };
        let backend = CxBackend::new(target, crate::scripted::connection(emulator.address())).unwrap();
        let start = SessionStart {
            session_id: format!("single-{}", api_version.name()),
            take: turnproof::backend::Take::default(),
            start: Start::default(),
            stubs: Arc::default(),
        };
        let mut session = backend.open(start).await.unwrap();
        let speech = Speech {
            clip: Arc::new(Clip::of(FORMAT, endless.clone())),
            pace: 4.0,
            piece: Duration::from_millis(100),
            file: None,
            written: None,
            interrupt_after: None,
        };
        let turn = TurnRequest {
            input: TurnInput::Speech(speech),
            with: With::default().into(),
            via: None,
            timeout: Duration::from_secs(10),
            want_raw: true,
        };
        let reply = session.play(turn).await.unwrap();
        assert_eq!(reply.transcript, Observed::Seen("hello".to_owned()));
        assert!(matches!(&reply.audio, Observed::Seen(Some(spoken)) if spoken.format == FORMAT));
        let raw = reply.raw.unwrap();
        let kinds: Vec<&String> = raw
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|message| message.as_object().unwrap().keys())
            .collect();
        assert_eq!(
            kinds,
            ["recognitionResult", "recognitionResult", "detectIntentResponse"]
        );
    }
}
