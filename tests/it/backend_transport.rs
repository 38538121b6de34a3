//! What happens on the way: servers that are not there, slow, gone, or something else; and credentials.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::server::NamedService;
use tonic::transport::Server;
use tonic::{Code, Status};
use turnproof::backend::auth::Credentials;
use turnproof::backend::call::Connection;
use turnproof::backend::cx::{CxBackend, CxTarget};
use turnproof::backend::error::{BackendError, BackendErrorKind};
use turnproof::backend::names::NoNames;
use turnproof::backend::{Backend, Session, SessionStart, Take, TurnError, TurnInput, TurnRequest};
use turnproof::model::endpoint::CredentialPolicy;
use turnproof::model::outcome::Sent;
use turnproof::model::suite::{ApiVersion, Input, Start, Via, With};
use turnproof::proto::cx_v3beta1 as cx;

use crate::scripted::{Reply, ScriptedServer, connection};

fn backend(connection: Connection) -> CxBackend {
    let target = CxTarget {
        agent: "projects/p/locations/global/agents/a".parse().unwrap(),
        environment: None,
        flow_versions: Vec::new(),
        api_version: ApiVersion::V3,
        via: Via::Detect,
        language: "en".to_owned(),
        audio: turnproof::model::suite::AudioSettings::default(),
        names: Arc::new(NoNames),
        emulator: false,
    };
    CxBackend::new(target, connection).unwrap()
}

async fn open(backend: &CxBackend, id: usize) -> Box<dyn Session> {
    let start = SessionStart {
        session_id: format!("s{id}"),
        start: Start::default(),
        stubs: Arc::default(),
        take: Take::default(),
    };
    backend.open(start).await.unwrap()
}

fn say(timeout: Duration) -> TurnRequest {
    TurnRequest {
        input: TurnInput::User(Input::Say("hi".to_owned())),
        with: With::default().into(),
        via: None,
        timeout,
        want_raw: false,
    }
}

const LONG: Duration = Duration::from_secs(30);

async fn failure(connection: Connection) -> TurnError {
    open(&backend(connection), 0)
        .await
        .play(say(LONG))
        .await
        .unwrap_err()
}

fn fine() -> Reply {
    Reply::one(&cx::DetectIntentResponse::default())
}

/// An address where nobody listens.
async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
}

#[tokio::test]
async fn nobody_there_means_that_nothing_was_sent() {
    let failed = failure(connection(nobody().await)).await;
    assert!(failed.error.is_connect() && failed.error.is_transient() && failed.error.hint.is_some());
    assert_eq!(failed.sent, Sent::No);
}

#[tokio::test]
async fn a_slow_server_costs_the_turn_its_time_and_no_more() {
    let server = ScriptedServer::start().await;
    server.reply("DetectIntent", Reply::Never);
    let backend = backend(server.connection());
    let mut session = open(&backend, 0).await;
    let failed = session.play(say(Duration::from_millis(100))).await.unwrap_err();
    assert_eq!(
        (failed.error.kind, failed.sent),
        (BackendErrorKind::Timeout, Sent::Unknown)
    );
    assert_eq!(server.received().len(), 1);
    server.reply("DetectIntent", fine());
    assert!(
        open(&backend, 1).await.play(say(LONG)).await.is_ok(),
        "the connection is still good"
    );
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn the_longest_timeout_there_is_does_no_harm() {
    let server = ScriptedServer::start().await;
    server.reply("DetectIntent", fine());
    let backend = backend(server.connection());
    open(&backend, 0).await.play(say(Duration::MAX)).await.unwrap();
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let backend = backend(connection(listener.local_addr().unwrap()));
    let failed = open(&backend, 0)
        .await
        .play(say(Duration::from_millis(100)))
        .await
        .unwrap_err();
    assert_eq!(
        (failed.error.kind, failed.sent),
        (BackendErrorKind::Timeout, Sent::Unknown)
    );
}

/// Accepts connections, reads what comes first, writes an answer, and hangs up; counts connections.
async fn rude_server(answer: &'static [u8]) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 4_096];
            let mut read = 0;
            // The connection preface and a first request.
            while read < 200 {
                match stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => break,
                    Ok(count) => read += count,
                }
            }
            let _ = stream.write_all(answer).await;
        }
    });
    (address, connections)
}

#[tokio::test]
async fn a_dropped_connection_leaves_the_turn_unknown_and_unsent_again() {
    let (address, connections) = rude_server(b"").await;
    let failed = failure(connection(address)).await;
    assert_eq!(
        (failed.error.kind, failed.sent),
        (BackendErrorKind::Service, Sent::Unknown),
        "{}",
        failed.error
    );
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_server_of_another_protocol_is_recognised() {
    let (address, _) = rude_server(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
    let failed = failure(connection(address)).await;
    assert!(
        failed.error.hint.as_deref().unwrap().contains("gRPC server"),
        "{:?}",
        failed.error
    );
}

#[tokio::test]
async fn a_server_that_came_back_is_reached_again() {
    let server = ScriptedServer::start().await;
    let (address, backend) = (server.address(), backend(server.connection()));
    server.reply("DetectIntent", fine());
    let mut session = open(&backend, 0).await;
    session.play(say(LONG)).await.unwrap();
    server.stop().await;
    let failed = session.play(say(LONG)).await.unwrap_err();
    assert!(
        failed.error.is_connect() && failed.sent == Sent::No,
        "{}",
        failed.error
    );
    let server = ScriptedServer::start_on(address).await;
    server.reply("DetectIntent", fine());
    session.play(say(LONG)).await.unwrap();
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_goodbye_between_turns_costs_nothing() {
    let server = ScriptedServer::start().await;
    let (address, backend) = (server.address(), backend(server.connection()));
    server.reply("DetectIntent", fine());
    let mut session = open(&backend, 0).await;
    session.play(say(LONG)).await.unwrap();
    server.stop().await;
    let server = ScriptedServer::start_on(address).await;
    server.reply("DetectIntent", fine());
    session.play(say(LONG)).await.unwrap();
    assert_eq!(server.received().len(), 1, "sent once, on a new connection");
}

#[tokio::test]
async fn many_turns_at_once_take_several_connections() {
    let server = ScriptedServer::start().await;
    let backend = backend(server.connection());
    let turns = (0..200).map(|id| {
        let backend = &backend;
        async move { open(backend, id).await.play(say(LONG)).await }
    });
    let turns = tokio::time::timeout(LONG, futures::future::join_all(turns));
    let answers = async {
        // Only when all turns are there may the first be answered.
        while server.received().len() < 200 {
            tokio::task::yield_now().await;
        }
    };
    for _ in 0..200 {
        server.reply("DetectIntent", Reply::Never);
    }
    tokio::select! {
        _ = turns => panic!("nobody was answered"),
        () = answers => {}
    }
    assert_eq!(server.connections(), 3, "90 streams each");
    let sessions = server
        .received()
        .into_iter()
        .map(|received| received.read::<cx::DetectIntentRequest>().session);
    assert_eq!(sessions.collect::<std::collections::HashSet<_>>().len(), 200);
}

/// Answers every call with the same HTTP response.
#[derive(Clone)]
struct Fixed {
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
}

impl NamedService for Fixed {
    const NAME: &'static str = "google.cloud.dialogflow.cx.v3.Sessions";
}

impl Service<Request<Body>> for Fixed {
    type Response = Response<Body>;
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Self::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(*name, *value);
        }
        let body = http_body_util::Full::new(prost::bytes::Bytes::from_static(self.body.as_bytes()));
        std::future::ready(Ok(response.body(Body::new(body)).unwrap()))
    }
}

async fn answered_with(fixed: Fixed) -> TurnError {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = TcpListenerStream::new(listener);
    let server = tokio::spawn(Server::builder().add_service(fixed).serve_with_incoming(incoming));
    let failed = failure(connection(address)).await;
    server.abort();
    failed
}

#[tokio::test]
async fn answers_in_http_say_what_to_do() {
    const HTML: &[(&str, &str)] = &[("content-type", "text/html; charset=UTF-8")];
    const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
    for (status, headers, kind, hint) in [
        (200, HTML, BackendErrorKind::Protocol, "wrong regional endpoint?"),
        (404, HTML, BackendErrorKind::Protocol, "wrong regional endpoint?"),
        (404, JSON, BackendErrorKind::Protocol, "not that of a gRPC server"),
        (401, JSON, BackendErrorKind::Auth, "credentials"),
        (403, HTML, BackendErrorKind::Auth, "credentials"),
        (429, JSON, BackendErrorKind::Quota, "quota"),
        (503, HTML, BackendErrorKind::Service, "try again"),
    ] {
        let failed = answered_with(Fixed {
            status,
            headers,
            body: "<html>nothing here</html>",
        })
        .await;
        assert_eq!(
            (failed.error.kind, failed.sent),
            (kind, Sent::Unknown),
            "{status}"
        );
        assert!(
            failed.error.hint.as_deref().unwrap().contains(hint),
            "{:?}",
            failed.error
        );
    }
}

#[tokio::test]
async fn a_malformed_status_does_not_bring_the_client_down() {
    let headers = &[
        ("content-type", "application/grpc"),
        ("grpc-status", "3"),
        ("grpc-message", "caf%C3%A9 %FF"),
        ("grpc-status-details-bin", "this is not base64!"),
    ];
    let failed = answered_with(Fixed {
        status: 200,
        headers,
        body: "",
    })
    .await;
    assert!(failed.error.code.is_some(), "{:?}", failed.error);
}

/// `google.rpc.Status` with a `RetryInfo` of seven seconds.
#[tokio::test]
async fn how_long_a_service_asks_to_be_left_alone_is_heard() {
    const DETAILS: &str = "GjAKKHR5cGUuZ29vZ2xlYXBpcy5jb20vZ29vZ2xlLnJwYy5SZXRyeUluZm8SBAoCCAc";
    let in_headers = answered_with(Fixed {
        status: 200,
        headers: &[
            ("content-type", "application/grpc"),
            ("grpc-status", "8"),
            ("grpc-status-details-bin", DETAILS),
        ],
        body: "",
    })
    .await;
    let server = ScriptedServer::start().await;
    let details = BASE64_STANDARD_NO_PAD.decode(DETAILS).unwrap();
    let status = Status::with_details(Code::ResourceExhausted, "slow down", details.into());
    server.reply("DetectIntent", Reply::fail(status));
    let in_trailers = failure(server.connection()).await;
    for failed in [in_headers, in_trailers] {
        assert_eq!(
            failed.error.retry_after,
            Some(Duration::from_secs(7)),
            "{failed:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_cut_short_is_no_answer() {
    for body in ["", "\0\0\0\0", "\0\0\0\0\u{7f}half", "\u{7}\0\0\0\0"] {
        let failed = answered_with(Fixed {
            status: 200,
            headers: &[("content-type", "application/grpc")],
            body,
        })
        .await;
        assert_ne!(failed.sent, Sent::No, "{body:?}");
    }
}

#[tokio::test]
async fn a_token_goes_where_it_may() {
    let server = ScriptedServer::start().await;
    server.reply("DetectIntent", fine());
    let allowed = CredentialPolicy {
        allowed_hosts: vec!["127.0.0.1".to_owned()],
        ..CredentialPolicy::default()
    };
    let connection = Connection {
        credentials: Credentials::Token("secret".to_owned()),
        policy: allowed,
        user_project: Some("billing-project".to_owned()),
        ..server.connection()
    };
    open(&backend(connection), 0).await.play(say(LONG)).await.unwrap();
    let received = server.only();
    assert_eq!(received.header("authorization"), "Bearer secret");
    assert_eq!(received.header("x-goog-user-project"), "billing-project");
}

/// Hands out a token to whoever asks; counts how often.
async fn token_server() -> (SocketAddr, Arc<AtomicUsize>) {
    const BODY: &str = r#"{"access_token": "minted", "expires_in": 3600, "token_type": "Bearer"}"#;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut request = Vec::new();
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                stream.read_buf(&mut request).await.unwrap();
            }
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{BODY}",
                BODY.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (address, asked)
}

#[tokio::test]
async fn a_credentials_file_is_exchanged_for_a_token_that_is_kept() {
    let (address, asked) = token_server().await;
    let file = serde_json::json!({
        "type": "authorized_user", "client_id": "id", "client_secret": "secret", "refresh_token": "refresh",
        "token_uri": format!("http://{address}/token"),
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials.json");
    std::fs::write(&path, file.to_string()).unwrap();
    let server = ScriptedServer::start().await;
    let policy = CredentialPolicy {
        allowed_hosts: vec!["127.0.0.1".to_owned()],
        ..CredentialPolicy::default()
    };
    let backend = backend(Connection {
        credentials: Credentials::File(path),
        policy,
        ..server.connection()
    });
    for id in 0..3 {
        server.reply("DetectIntent", fine());
        open(&backend, id).await.play(say(LONG)).await.unwrap();
    }
    assert!(
        server
            .received()
            .iter()
            .all(|received| received.header("authorization") == "Bearer minted")
    );
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn credentials_that_cannot_be_used_send_nothing() {
    let server = ScriptedServer::start().await;
    let policy = CredentialPolicy {
        allowed_hosts: vec!["127.0.0.1".to_owned()],
        ..CredentialPolicy::default()
    };
    let missing = Credentials::File("no/such/file.json".into());
    let failed = failure(Connection {
        credentials: missing,
        policy,
        ..server.connection()
    })
    .await;
    assert!(
        failed.error.is_auth() && failed.sent == Sent::No,
        "{}",
        failed.error
    );
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn headers_that_cannot_be_sent_are_refused_at_once() {
    let server = ScriptedServer::start().await;
    let connection = Connection {
        user_project: Some("two\nlines".to_owned()),
        ..server.connection()
    };
    let target = CxTarget {
        agent: "projects/p/locations/global/agents/a".parse().unwrap(),
        environment: None,
        flow_versions: Vec::new(),
        api_version: ApiVersion::V3,
        via: Via::Detect,
        language: "en".to_owned(),
        audio: turnproof::model::suite::AudioSettings::default(),
        names: Arc::new(NoNames),
        emulator: false,
    };
    let refused: BackendError = CxBackend::new(target, connection).map(|_| ()).unwrap_err();
    assert_eq!(refused.kind, BackendErrorKind::Request);
}
