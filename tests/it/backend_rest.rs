//! What happens on the way over REST and WebSockets: what our clients say to a server, and what they make of servers that
//! are slow, gone, or something else. The servers here know no protocol but what a test has them say.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use turnproof::backend::auth::Credentials;
use turnproof::backend::call::Connection;
use turnproof::backend::ces::{CesBackend, CesTarget};
use turnproof::backend::error::BackendErrorKind;
use turnproof::backend::names::NoNames;
use turnproof::backend::{Backend, Session, SessionStart, Take, TurnError, TurnInput, TurnRequest, reach};
use turnproof::model::endpoint::{CredentialPolicy, Endpoint, Protocol};
use turnproof::model::outcome::Sent;
use turnproof::model::suite::{AudioSettings, Input, Start, Via, With};
use turnproof::model::transcript::AgentReply;

const LONG: Duration = Duration::from_secs(30);
/// An answer of `RunSession`.
const HEARD: &str = r#"{"outputs": [{"text": "heard", "turnCompleted": true, "turnIndex": 1}]}"#;

fn backend(address: SocketAddr, protocol: Protocol, via: Via) -> CesBackend {
    let connection = Connection {
        endpoint: Endpoint::parse(&format!("http://{address}")).unwrap(),
        credentials: Credentials::Token("secret".to_owned()),
        policy: CredentialPolicy {
            allowed_hosts: vec!["127.0.0.1".to_owned()],
            ..CredentialPolicy::default()
        },
        way: turnproof::backend::way::Way::default(),
        user_project: Some("billed".to_owned()),
    };
    let target = CesTarget {
        app: "projects/p/locations/us/apps/a".parse().unwrap(),
        deployment: None,
        via,
        names: Arc::new(NoNames),
        emulator: false,
        audio: AudioSettings::default(),
    };
    CesBackend::over(target, reach(protocol, connection).unwrap()).unwrap()
}

async fn open(backend: &CesBackend) -> Box<dyn Session> {
    let start = SessionStart {
        session_id: "session-1".to_owned(),
        start: Start::default(),
        stubs: Arc::default(),
        take: Take::default(),
    };
    backend.open(start).await.unwrap()
}

fn say(text: &str) -> TurnRequest {
    TurnRequest {
        input: TurnInput::User(Input::Say(text.to_owned())),
        with: With::default().into(),
        via: None,
        timeout: LONG,
        want_raw: false,
    }
}

async fn play(backend: &CesBackend) -> Result<Box<AgentReply>, TurnError> {
    open(backend).await.play(say("hi")).await
}

/// What a server does with one request.
#[derive(Clone)]
struct Answer {
    bytes: Vec<u8>,
    /// Whether the connection is closed after it.
    closes: bool,
}

fn http(head: &str, body: &str, closes: bool) -> Answer {
    let bytes = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    Answer {
        bytes: bytes.into_bytes(),
        closes,
    }
}

fn json_of(body: &str) -> Answer {
    http(
        "200 OK\r\ncontent-type: application/json; charset=UTF-8",
        body,
        false,
    )
}

/// A server that gives answers in order, the last one for ever, and remembers what it was asked.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answers.clone(), Arc::clone(&remembered)));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, answers: Vec<Answer>, asked: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = request(&mut stream).await {
        let answer = {
            let mut asked = asked.lock().unwrap();
            asked.push(request);
            answers[(asked.len() - 1).min(answers.len() - 1)].clone()
        };
        stream.write_all(&answer.bytes).await.unwrap();
        if answer.closes {
            return;
        }
    }
}

/// A whole request: head and body.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut text = String::new();
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")
                    .map(str::to_owned)
            });
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        let mut buffer = [0; 4_096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => text.push_str(std::str::from_utf8(&buffer[..read]).unwrap()),
        }
    }
}

#[tokio::test]
async fn a_turn_is_a_request_with_its_session_in_the_path() {
    let server = Server::start(vec![json_of(HEARD)]).await;
    let reply = play(&backend(server.address, Protocol::Rest, Via::Run))
        .await
        .unwrap();
    assert_eq!(reply.texts, ["heard"]);
    let asked = server.asked();
    let (head, body) = asked[0].split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with(
            "POST /v1/projects/p/locations/us/apps/a/sessions/session-1:runSession HTTP/1.1\r\n"
        ),
        "{head}"
    );
    let head = head.to_ascii_lowercase();
    for line in [
        "authorization: bearer secret",
        "x-goog-user-project: billed",
        "x-goog-request-params: config.session=projects/p/locations/us/apps/a/sessions/session-1",
        "content-type: application/json",
        "user-agent: turnproof/",
    ] {
        assert!(head.contains(&format!("\r\n{line}")), "{line}: {head}");
    }
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body, json!({"config": {}, "inputs": [{"text": "hi"}]}));
}

/// Whether the end of a connection is noticed before the next turn is on it is a matter of luck.
#[tokio::test]
async fn a_connection_that_was_closed_between_turns_is_no_reason_to_ask_twice() {
    let server = Server::start(vec![Answer {
        closes: true,
        ..json_of(HEARD)
    }])
    .await;
    let backend = backend(server.address, Protocol::Rest, Via::Run);
    let mut session = open(&backend).await;
    let mut answered = 0;
    for _ in 0..20 {
        match session.play(say("hi")).await {
            Ok(_) => answered += 1,
            Err(failed) => assert_eq!(failed.sent, Sent::Unknown, "{failed:?}"),
        }
    }
    assert_eq!(server.asked().len(), answered);
}

#[tokio::test]
async fn a_connection_that_breaks_with_a_turn_on_it_is_not_asked_again() {
    let nothing = Answer {
        bytes: Vec::new(),
        closes: true,
    };
    let server = Server::start(vec![json_of(HEARD), nothing, json_of(HEARD)]).await;
    let backend = backend(server.address, Protocol::Rest, Via::Run);
    let mut session = open(&backend).await;
    session.play(say("hi")).await.unwrap();
    let failed = session.play(say("hi")).await.unwrap_err();
    assert_eq!(
        (failed.error.kind, failed.sent),
        (BackendErrorKind::Service, Sent::Unknown)
    );
    assert!(failed.error.hint.unwrap().contains("REST server"));
    assert_eq!(server.asked().len(), 2);
}

/// Answers that are none of the service: what kind of failure they are, whether the turn was sent, and part of the hint.
fn answers_of_others() -> Vec<(Answer, BackendErrorKind, Sent, &'static str)> {
    use BackendErrorKind::{Auth, Protocol as NoAnswer, Quota, Service};
    let page = "text/html; charset=UTF-8";
    let cut = |text: &str| Answer {
        bytes: text.as_bytes().to_vec(),
        closes: true,
    };
    let of = |status: &str, content_type: &str, body: &str| {
        http(&format!("{status}\r\ncontent-type: {content_type}"), body, false)
    };
    let quota = r#"{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "too much"}}"#;
    vec![
        (
            of("404 Not Found", page, "<html>"),
            NoAnswer,
            Sent::Unknown,
            "HTML instead of REST",
        ),
        (
            of("200 OK", page, "<html>"),
            NoAnswer,
            Sent::Unknown,
            "HTML instead of REST",
        ),
        (
            of("401 Unauthorized", page, ""),
            Auth,
            Sent::Unknown,
            "credentials",
        ),
        (
            of("403 Forbidden", "application/json", "{}"),
            Auth,
            Sent::Unknown,
            "credentials",
        ),
        (
            of("502 Bad Gateway", page, ""),
            Service,
            Sent::Unknown,
            "try again",
        ),
        (
            of("302 Found\r\nlocation: /elsewhere", page, ""),
            NoAnswer,
            Sent::Unknown,
            "HTML instead of REST",
        ),
        (
            http(
                "429 Too Many Requests\r\nretry-after: 12\r\ncontent-type: application/json",
                quota,
                false,
            ),
            Quota,
            Sent::Yes,
            "the service asks to wait: 12s",
        ),
        (
            of("200 OK", "application/json", "not json"),
            NoAnswer,
            Sent::Yes,
            "api_version",
        ),
        (
            of("200 OK", "application/json", r#"{"outputs": 5}"#),
            NoAnswer,
            Sent::Yes,
            "api_version",
        ),
        (
            of("200 OK", "application/json", r#"{"outputs": ["#),
            Service,
            Sent::Unknown,
            "REST server",
        ),
        (
            cut("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{"),
            Service,
            Sent::Unknown,
            "REST server",
        ),
        (
            cut("SSH-2.0-OpenSSH_9.6\r\n"),
            Service,
            Sent::Unknown,
            "REST server",
        ),
    ]
}

#[tokio::test]
async fn answers_that_are_none_are_told_apart() {
    for (answer, kind, sent, hint) in answers_of_others() {
        let shown = String::from_utf8_lossy(&answer.bytes).into_owned();
        let server = Server::start(vec![answer]).await;
        let failed = play(&backend(server.address, Protocol::Rest, Via::Run))
            .await
            .unwrap_err();
        assert_eq!(
            (failed.error.kind, failed.sent),
            (kind, sent),
            "{shown}: {failed:?}"
        );
        assert!(
            failed.error.hint.as_deref().unwrap().contains(hint),
            "{shown}: {failed:?}"
        );
        assert_eq!(server.asked().len(), 1, "{shown}");
    }
}

/// A few bytes, and much room once they are parsed.
#[tokio::test]
async fn an_answer_of_millions_of_values_is_not_parsed() {
    let answer = format!("{{\"outputs\": [], \"more\": [{}0]}}", "0,".repeat(2_000_000));
    let server = Server::start(vec![json_of(&answer)]).await;
    let rest = play(&backend(server.address, Protocol::Rest, Via::Run)).await;
    let (address, _) = socket(vec![Message::text(answer)]).await;
    let live = play(&backend(address, Protocol::WebSocket, Via::Bidi)).await;
    for played in [rest, live] {
        let failed = played.unwrap_err();
        assert_eq!(failed.error.kind, BackendErrorKind::Protocol);
        assert!(failed.error.message.contains("2 million"), "{}", failed.error);
    }
}

#[tokio::test]
async fn a_list_is_read_as_it_comes_and_may_end_in_an_error() {
    let parts = r#"[{"outputs": [{"text": "one "}]},
        {"outputs": [{"text": "two", "turnCompleted": true, "brandNew": [1]}]}]"#;
    let server = Server::start(vec![json_of(parts)]).await;
    let reply = play(&backend(server.address, Protocol::Rest, Via::Stream))
        .await
        .unwrap();
    assert_eq!(reply.texts.concat(), "one two");
    assert!(reply.latency.first <= reply.latency.total);
    for (body, kind, sent) in [
        (
            r#"[{"outputs": []}, {"error": {"code": 503, "status": "UNAVAILABLE", "message": "gone"}}]"#,
            BackendErrorKind::Service,
            Sent::Unknown,
        ),
        (r#"[{"outputs": []}"#, BackendErrorKind::Service, Sent::Unknown),
        ("[]", BackendErrorKind::Protocol, Sent::Yes),
        ("[1]", BackendErrorKind::Protocol, Sent::Yes),
    ] {
        let server = Server::start(vec![json_of(body)]).await;
        let failed = play(&backend(server.address, Protocol::Rest, Via::Stream))
            .await
            .unwrap_err();
        assert_eq!((failed.error.kind, failed.sent), (kind, sent), "{body}");
    }
}

#[tokio::test]
async fn nobody_there_and_nobody_who_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for (protocol, via, sent) in [
        (Protocol::Rest, Via::Run, Sent::Unknown),
        // Nothing of a turn is on a socket that did not come about.
        (Protocol::WebSocket, Via::Bidi, Sent::No),
    ] {
        let slow = TurnRequest {
            timeout: Duration::from_secs(1),
            ..say("hi")
        };
        let backend = backend(address, protocol, via);
        let failed = open(&backend).await.play(slow).await.unwrap_err();
        assert_eq!(
            (failed.error.kind, failed.sent),
            (BackendErrorKind::Timeout, sent),
            "{protocol:?}"
        );
    }
    drop(listener);
    for (protocol, via) in [(Protocol::Rest, Via::Run), (Protocol::WebSocket, Via::Bidi)] {
        let failed = play(&backend(address, protocol, via)).await.unwrap_err();
        assert!(
            failed.error.is_connect() && failed.error.hint.is_some(),
            "{failed:?}"
        );
        assert_eq!(failed.sent, Sent::No);
    }
}

/// A server of one WebSocket that hears the configuration and a turn, says something, and closes or breaks the connection;
/// what it heard.
async fn socket(answers: Vec<Message>) -> (SocketAddr, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let remembered = Arc::clone(&heard);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        while remembered.lock().unwrap().len() < 2 {
            let message = socket.next().await.unwrap().unwrap();
            assert!(message.is_text(), "{message:?}");
            let text = message.into_text().unwrap();
            remembered
                .lock()
                .unwrap()
                .push(serde_json::from_str(&text).unwrap());
        }
        let closes = matches!(answers.last(), Some(Message::Close(_)));
        for answer in answers {
            socket.send(answer).await.unwrap();
        }
        // Who closes waits for the other side to agree; who does not is gone.
        while closes && matches!(socket.next().await, Some(Ok(_))) {}
    });
    (address, heard)
}

fn output() -> String {
    json!({"sessionOutput": {"text": "heard", "turnCompleted": true}}).to_string()
}

fn closed(code: u16, reason: &str) -> Message {
    Message::Close(Some(CloseFrame {
        code: code.into(),
        reason: reason.to_owned().into(),
    }))
}

#[tokio::test]
async fn a_socket_is_told_the_configuration_first_and_read_in_any_frames() {
    for answer in [Message::text(output()), Message::binary(output())] {
        let ping = Message::Ping("are you there".into());
        let newer = Message::text(r#"{"brandNew": {}}"#);
        let (address, heard) = socket(vec![ping, newer, answer, closed(1000, "")]).await;
        let reply = play(&backend(address, Protocol::WebSocket, Via::Bidi))
            .await
            .unwrap();
        assert_eq!(reply.texts, ["heard"]);
        let heard = heard.lock().unwrap();
        assert_eq!(
            heard[0],
            json!({"config": {"session": "projects/p/locations/us/apps/a/sessions/session-1"}})
        );
        assert_eq!(heard[1], json!({"realtimeInput": {"text": "hi"}}));
    }
}

#[tokio::test]
async fn the_end_of_a_socket_is_told() {
    for (answers, kind, code, sent) in [
        (
            vec![closed(1011, "generic::unavailable: later")],
            BackendErrorKind::Service,
            Some("UNAVAILABLE"),
            Sent::Unknown,
        ),
        (
            vec![closed(1007, "")],
            BackendErrorKind::Request,
            Some("INVALID_ARGUMENT"),
            Sent::Yes,
        ),
        (
            vec![closed(1000, "")],
            BackendErrorKind::Protocol,
            None,
            Sent::Unknown,
        ),
        (vec![], BackendErrorKind::Service, None, Sent::Unknown),
        (
            vec![Message::text("not json"), closed(1000, "")],
            BackendErrorKind::Protocol,
            None,
            Sent::Yes,
        ),
    ] {
        let (address, _) = socket(answers.clone()).await;
        let failed = play(&backend(address, Protocol::WebSocket, Via::Bidi))
            .await
            .unwrap_err();
        assert_eq!(
            (failed.error.kind, failed.error.code, failed.sent),
            (kind, code, sent),
            "{answers:?}: {failed:?}"
        );
        assert!(failed.error.hint.is_some(), "{failed:?}");
    }
}

#[tokio::test]
async fn a_socket_that_is_refused_has_carried_nothing() {
    let denied = r#"{"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}}"#;
    let other_key =
        "101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: x";
    for (answer, kind) in [
        (
            http("403 Forbidden\r\ncontent-type: application/json", denied, false),
            BackendErrorKind::Auth,
        ),
        (
            http("404 Not Found\r\ncontent-type: text/html", "", false),
            BackendErrorKind::Protocol,
        ),
        (json_of("{}"), BackendErrorKind::Protocol),
        (http(other_key, "", false), BackendErrorKind::Protocol),
    ] {
        let server = Server::start(vec![answer]).await;
        let failed = play(&backend(server.address, Protocol::WebSocket, Via::Bidi))
            .await
            .unwrap_err();
        assert_eq!((failed.error.kind, failed.sent), (kind, Sent::No), "{failed:?}");
        let asked = server.asked();
        assert_eq!(asked.len(), 1);
        let head = asked[0].to_ascii_lowercase();
        assert!(
            head.starts_with(
                "get /ws/google.cloud.ces.v1.sessionservice/bidirunsession/locations/us http/1.1\r\n"
            ),
            "{head}"
        );
        for line in [
            "authorization: bearer secret",
            "upgrade: websocket",
            "sec-websocket-version: 13",
        ] {
            assert!(head.contains(&format!("\r\n{line}")), "{line}: {head}");
        }
    }
}
