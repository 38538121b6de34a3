//! Sound between the CES client and a service: the emulator, and one that behaves as the reference says services do.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming};
use turnproof::audio::{Clip, Encoding, Format, Said, as_wav, encoded, is_silent};
use turnproof::backend::ces::{CesBackend, CesTarget};
use turnproof::backend::names::NoNames;
use turnproof::backend::{Backend as _, Session, SessionStart, Speech, TurnInput, TurnRequest};
use turnproof::diagnostic::SourceFile;
use turnproof::emulator::ces::app::App;
use turnproof::emulator::ces::{CesEmulator, CesOptions};
use turnproof::emulator::hearing::{Hearing, Recording};
use turnproof::emulator::{Emulator, EmulatorOptions, RunningEmulator};
use turnproof::model::suite::{AudioSettings, Input, Start, Via, With};
use turnproof::model::transcript::Observed;
use turnproof::proto::ces_v1 as ces;
use turnproof::proto::ces_v1::bidi_session_client_message::MessageType as FromClient;
use turnproof::proto::ces_v1::bidi_session_server_message::MessageType as FromServer;
use turnproof::proto::ces_v1::session_input::InputType;
use turnproof::proto::ces_v1::session_output::OutputType;
use turnproof::proto::ces_v1::session_service_server::{SessionService, SessionServiceServer};

const FORMAT: Format = AudioSettings::USUAL;

/// A sound that only this number has: 0.3 seconds.
fn sound(number: i32) -> Vec<u8> {
    let sample = |at: i32| i16::try_from(at * 37 % (90 + number) * 60 + 1).unwrap();
    encoded(&(1..=4_800).map(sample).collect::<Vec<_>>(), Encoding::Linear16)
}

fn turn(input: TurnInput) -> TurnRequest {
    TurnRequest {
        input,
        with: With::default().into(),
        via: None,
        timeout: Duration::from_secs(30),
        want_raw: false,
    }
}

fn speak(bytes: Vec<u8>) -> TurnRequest {
    turn(TurnInput::Speech(Speech {
        clip: Arc::new(Clip::of(FORMAT, bytes)),
        pace: 20.0,
        piece: Duration::from_millis(100),
        file: None,
        written: None,
        interrupt_after: None,
    }))
}

async fn session(address: std::net::SocketAddr, via: Via) -> Box<dyn Session> {
    let target = CesTarget {
        app: "projects/p/locations/us/apps/shop".parse().unwrap(),
        deployment: None,
        via,
        audio: AudioSettings {
            input: Some(FORMAT),
            pace: 20.0,
            output: Some(FORMAT),
            ..AudioSettings::default()
        },
        names: Arc::new(NoNames),
        emulator: false,
    };
    let backend = CesBackend::new(target, crate::scripted::connection(address)).unwrap();
    let start = SessionStart {
        session_id: "session-1".to_owned(),
        take: turnproof::backend::Take::default(),
        start: Start::default(),
        stubs: Arc::default(),
    };
    backend.open(start).await.unwrap()
}

// ---- the emulator ----

async fn emulator() -> RunningEmulator {
    let folder = tempfile::tempdir().unwrap();
    let recording = |number: i32, text: &str| {
        let path = folder.path().join(format!("{number}.wav"));
        std::fs::write(&path, as_wav(FORMAT, &sound(number)).unwrap()).unwrap();
        Recording {
            path,
            said: Said::default(),
            text: text.to_owned(),
            language: None,
        }
    };
    let hearing = Arc::new(Hearing::default());
    hearing
        .learn(vec![recording(1, "hello there"), recording(2, "bye")])
        .unwrap();
    let file = Arc::new(SourceFile {
        path: "shop.app.yaml".into(),
        text: "app: Shop\nagents:\n  Desk:\n    rules:\n      - when: { says: [hello there] }\n        \
               do: [{ say: [Hello!, Good to hear you.] }]\n      - when: { says: [bye] }\n        \
               do: [{ say: Bye. }, { end: { reason: done } }]\n    otherwise: [{ say: Pardon? }]\n"
            .to_owned(),
    });
    let app = App::parse(&file).unwrap().app;
    let served = CesEmulator::listening(app, CesOptions::default(), hearing);
    Emulator::start(EmulatorOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        cx: None,
        others: Some(tonic::service::Routes::new(served.into_service())),
        faults: turnproof::emulator::fault::Rules::default(),
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_with_the_emulator() {
    let emulator = emulator().await;
    // Whatever the target's way is, sound goes by the live stream.
    let mut session = session(emulator.address(), Via::Run).await;
    let greeted = session.play(speak(sound(1))).await.unwrap();
    assert_eq!(greeted.texts, ["Hello!", "Good to hear you."]);
    assert_eq!(greeted.transcript, Observed::Seen("hello there".to_owned()));
    let Observed::Seen(Some(spoken)) = &greeted.audio else {
        panic!("{:?}", greeted.audio);
    };
    assert_eq!(spoken.duration(), Duration::from_millis(66) * (6 + 17));
    let strange = session.play(speak(sound(3))).await.unwrap();
    assert_eq!(strange.texts, ["Pardon?"]);
    assert_eq!(strange.transcript, Observed::Seen(String::new()));
    assert!(
        strange.notes[0].contains("no transcript for this recording"),
        "{:?}",
        strange.notes
    );
    let typed = session
        .play(turn(TurnInput::User(Input::Say("hello there".to_owned()))))
        .await
        .unwrap();
    assert_eq!(typed.texts.len(), 2);
    let quiet = session
        .play(speak(FORMAT.silence(Duration::from_millis(300))))
        .await
        .unwrap();
    assert!(quiet.texts.is_empty());
    let gone = session.play(speak(sound(2))).await.unwrap();
    assert_eq!(gone.ended.unwrap()["reason"], "done");
}

// ---- a service that completes a turn twice, goes away, and ends with trailing sound ----

type Answers = mpsc::Sender<Result<ces::BidiSessionServerMessage, Status>>;
type Outputs<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// What is said when so much sound has come: the stream's number, pieces of speech, and of silence after it.
type Script = fn(usize, u32, u32) -> Vec<FromServer>;

#[derive(Clone)]
struct Service {
    script: Script,
    /// For each stream its configuration, and whether the client ended it properly.
    streams: Arc<Mutex<Vec<(ces::SessionConfig, bool)>>>,
}

fn output(kind: OutputType, turn_completed: bool) -> FromServer {
    FromServer::SessionOutput(ces::SessionOutput {
        turn_completed,
        output_type: Some(kind),
        ..Default::default()
    })
}

fn text(text: &str, turn_completed: bool) -> FromServer {
    output(OutputType::Text(text.to_owned()), turn_completed)
}

fn recognised(transcript: &str) -> FromServer {
    FromServer::RecognitionResult(ces::RecognitionResult {
        transcript: transcript.to_owned(),
    })
}

async fn tell(answers: &Answers, messages: impl IntoIterator<Item = FromServer>) {
    for message in messages {
        let message = ces::BidiSessionServerMessage {
            message_type: Some(message),
        };
        answers.send(Ok(message)).await.unwrap();
    }
}

impl Service {
    /// Serves it on an address.
    async fn serve(script: Script) -> (Self, std::net::SocketAddr, tokio::task::JoinHandle<()>) {
        let service = Self {
            script,
            streams: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tonic::transport::Server::builder()
            .add_service(SessionServiceServer::new(service.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        let server = tokio::spawn(async move { drop(server.await) });
        (service, address, server)
    }

    async fn talk(self, mut messages: Streaming<ces::BidiSessionClientMessage>, answers: Answers) {
        let mut number = 0;
        let (mut loud, mut quiet) = (0, 0);
        while let Ok(Some(message)) = messages.message().await {
            match message.message_type.unwrap() {
                FromClient::Config(config) => {
                    let mut streams = self.streams.lock().unwrap();
                    number = streams.len();
                    streams.push((config, false));
                }
                FromClient::RealtimeInput(input) => {
                    let Some(InputType::Audio(bytes)) = input.input_type else {
                        continue;
                    };
                    // Silence comes before the speech, too, for a moment.
                    let is_quiet = is_silent(&bytes, Encoding::Linear16);
                    loud += u32::from(!is_quiet);
                    quiet += u32::from(is_quiet && loud > 0);
                    tell(&answers, (self.script)(number, loud, quiet)).await;
                }
            }
        }
        self.streams.lock().unwrap()[number].1 = true;
    }
}

#[tonic::async_trait]
impl SessionService for Service {
    type StreamRunSessionStream = Outputs<ces::RunSessionResponse>;
    type BidiRunSessionStream = Outputs<ces::BidiSessionServerMessage>;

    async fn run_session(
        &self,
        _: Request<ces::RunSessionRequest>,
    ) -> Result<Response<ces::RunSessionResponse>, Status> {
        Err(Status::unimplemented("sound only"))
    }

    async fn stream_run_session(
        &self,
        _: Request<ces::RunSessionRequest>,
    ) -> Result<Response<Self::StreamRunSessionStream>, Status> {
        Err(Status::unimplemented("sound only"))
    }

    async fn bidi_run_session(
        &self,
        request: Request<Streaming<ces::BidiSessionClientMessage>>,
    ) -> Result<Response<Self::BidiRunSessionStream>, Status> {
        let (answers, mut messages) = mpsc::channel(16);
        tokio::spawn(self.clone().talk(request.into_inner(), answers));
        // A server may keep the headers of its answer back until it has something to say.
        let first = messages.recv().await;
        let messages = futures::stream::iter(first).chain(ReceiverStream::new(messages));
        Ok(Response::new(Box::pin(messages)))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_may_complete_twice_and_a_stream_may_go_away() {
    // Each only once: the third piece of sound, then some silence.
    let (service, address, server) = Service::serve(|number, loud, quiet| match (number, loud, quiet) {
        (0, 3, 0) => vec![recognised("to"), recognised("tomorrow"), text("a", true)],
        (0, 3, 2) => vec![text("b", true), FromServer::GoAway(ces::GoAway {})],
        (1, 3, 0) => vec![
            text("c", true),
            FromServer::EndSession(ces::EndSession { metadata: None }),
            output(OutputType::Audio(vec![1, 0]), false),
        ],
        _ => Vec::new(),
    })
    .await;
    let mut session = session(address, Via::Bidi).await;
    let first = session.play(speak(sound(1))).await.unwrap();
    assert_eq!(first.texts, ["a", "b"]);
    assert_eq!(first.transcript, Observed::Seen("tomorrow".to_owned()));
    let second = session.play(speak(sound(1))).await.unwrap();
    assert_eq!(second.texts, ["c"]);
    assert!(second.ended.is_some());
    let Observed::Seen(Some(spoken)) = &second.audio else {
        panic!("what came after the end is lost: {:?}", second.audio);
    };
    assert_eq!(*spoken.bytes, [1, 0]);
    let streams = service.streams.lock().unwrap().clone();
    assert_eq!(streams.len(), 2, "one stream for each time the service went away");
    for (config, _) in &streams {
        assert_eq!(
            config.session,
            "projects/p/locations/us/apps/shop/sessions/session-1"
        );
        let audio = config.input_audio_config.as_ref().unwrap();
        assert_eq!(audio.sample_rate_hertz, 16_000);
        assert_eq!(audio.audio_encoding(), ces::AudioEncoding::Linear16);
    }
    assert!(streams[0].1, "the client ended the stream that went away");
    server.abort();
}

/// The turn was over with the answer to its first half.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_while_the_user_went_on_speaking_is_not_all() {
    let (_, address, server) = Service::serve(|_, loud, quiet| match (loud, quiet) {
        (5, 0) => vec![recognised("I want"), text("Go on?", true)],
        (10, 0) => vec![recognised("I want a refund")],
        // Sound flows twenty times faster than it lasts: this is half a second later.
        (60, 100) => vec![text("Refunded.", true)],
        _ => Vec::new(),
    })
    .await;
    let mut session = session(address, Via::Bidi).await;
    let reply = session.play(speak(sound(1).repeat(20))).await.unwrap();
    assert_eq!(reply.texts, ["Go on?", "Refunded."]);
    assert_eq!(reply.transcript, Observed::Seen("I want a refund".to_owned()));
    server.abort();
}

/// Silence needs no answer, but a stream that began with it was open only when the service had one.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_may_begin_with_silence() {
    let (service, address, server) = Service::serve(|_, loud, quiet| match (loud, quiet) {
        (3, 1) => vec![recognised("hello"), text("Yes?", true)],
        _ => Vec::new(),
    })
    .await;
    let mut session = session(address, Via::Bidi).await;
    let silence = TurnRequest {
        timeout: Duration::from_secs(3),
        ..speak(FORMAT.silence(Duration::from_secs(2)))
    };
    assert_eq!(session.play(silence.clone()).await.unwrap().texts, [""; 0]);
    assert_eq!(session.play(silence).await.unwrap().texts, [""; 0]);
    let reply = session.play(speak(sound(1))).await.unwrap();
    assert_eq!(reply.texts, ["Yes?"]);
    assert_eq!(reply.transcript, Observed::Seen("hello".to_owned()));
    assert_eq!(service.streams.lock().unwrap().len(), 1, "one call, one stream");
    server.abort();
}

/// Silence needs no answer, and an answer that had begun was cut off.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_silence_is_heard_to_its_end() {
    let (_, address, server) = Service::serve(|_, loud, quiet| match (loud, quiet) {
        (3, 1) => vec![text("Yes?", true)],
        // The turn before is over when it was quiet for 50 pieces, and this one has 100.
        (3, 80) => vec![text("Are you still there?", false)],
        (3, 300) => vec![text("Then I hang up.", true)],
        _ => Vec::new(),
    })
    .await;
    let mut session = session(address, Via::Bidi).await;
    assert_eq!(session.play(speak(sound(1))).await.unwrap().texts, ["Yes?"]);
    let silence = speak(FORMAT.silence(Duration::from_secs(10)));
    let reply = session.play(silence).await.unwrap();
    assert_eq!(reply.texts, ["Are you still there?", "Then I hang up."]);
    server.abort();
}

/// Every spoken turn interrupted the agent, which had said the whole of its answer at once.
#[tokio::test(flavor = "multi_thread")]
async fn the_agent_is_heard_as_long_as_it_speaks() {
    let (_, address, server) = Service::serve(|_, loud, quiet| match (loud, quiet) {
        // Twenty seconds of sound, which are one at twenty times the pace of speech.
        (3, 1) => vec![
            output(OutputType::Audio(vec![1; 640_000]), false),
            text("Yes?", true),
        ],
        _ => Vec::new(),
    })
    .await;
    let mut session = session(address, Via::Bidi).await;
    assert_eq!(session.says_for(), Duration::ZERO);
    session.play(speak(sound(1))).await.unwrap();
    let left = session.says_for();
    assert!(left > Duration::ZERO && left < Duration::from_secs(1), "{left:?}");
    server.abort();
}

/// What came between turns, of a service that does not count them, must not be the answer to the next one.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_between_turns_is_no_answer() {
    let (_, address, server) = Service::serve(|_, loud, quiet| match (loud, quiet) {
        (3, 1) => vec![text("one", true)],
        // The turn is over when it was quiet for 50 pieces.
        (3, 120) => vec![text("one more thing", true)],
        (5, _) => vec![text("two", true)],
        _ => Vec::new(),
    })
    .await;
    let mut session = session(address, Via::Bidi).await;
    assert_eq!(session.play(speak(sound(1))).await.unwrap().texts, ["one"]);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let second = session.play(speak(sound(1))).await.unwrap();
    assert_eq!(second.texts, ["two"]);
    assert!(
        second.notes.iter().any(|note| note.contains("one more thing")),
        "{:?}",
        second.notes
    );
    server.abort();
}
