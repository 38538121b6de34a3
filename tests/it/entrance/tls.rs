//! Certificates: whose are trusted, what is wrong with others, and what servers think of ours.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use turnproof::backend::call::Connection;
use turnproof::backend::cx::{CxBackend, CxTarget};
use turnproof::backend::error::{BackendError, BackendErrorKind};
use turnproof::backend::names::NoNames;
use turnproof::backend::way::probe::{self, Answered};
use turnproof::backend::way::{Identity, Tls, Way};
use turnproof::backend::{Backend, SessionStart, Take, TurnError, TurnInput, TurnRequest, reach};
use turnproof::model::endpoint::{Endpoint, Protocol};
use turnproof::model::suite::{ApiVersion, AudioSettings, Input, Start, Via, With};
use turnproof::model::transcript::AgentReply;
use turnproof::proto::cx_v3beta1 as cx;

use super::front::TlsFront;
use super::pki::{Authority, Issued, Valid};
use crate::scripted::{Reply, ScriptedServer, connection};

/// One turn over a connection.
pub(super) async fn play(connection: Connection) -> Result<Box<AgentReply>, TurnError> {
    play_over(Protocol::Grpc, connection).await
}

/// One turn over a connection, in one of the protocols.
pub(super) async fn play_over(
    protocol: Protocol,
    connection: Connection,
) -> Result<Box<AgentReply>, TurnError> {
    let target = CxTarget {
        agent: "projects/p/locations/global/agents/a".parse().unwrap(),
        environment: None,
        flow_versions: Vec::new(),
        api_version: ApiVersion::V3,
        via: Via::Detect,
        language: "en".to_owned(),
        audio: AudioSettings::default(),
        names: Arc::new(NoNames),
        emulator: false,
    };
    let start = SessionStart {
        session_id: "s".to_owned(),
        start: Start::default(),
        stubs: Arc::default(),
        take: Take::default(),
    };
    let turn = TurnRequest {
        input: TurnInput::User(Input::Say("hi".to_owned())),
        with: With::default().into(),
        via: None,
        timeout: Duration::from_secs(30),
        want_raw: false,
    };
    let transport = reach(protocol, connection).unwrap();
    let mut session = CxBackend::over(target, transport)
        .unwrap()
        .open(start)
        .await
        .unwrap();
    session.play(turn).await
}

/// A server that answers one turn.
pub(super) async fn server() -> ScriptedServer {
    let server = ScriptedServer::start().await;
    server.reply("DetectIntent", Reply::one(&cx::DetectIntentResponse::default()));
    server
}

pub(super) fn trusting(authority: &Authority) -> Way {
    Way {
        tls: Tls {
            authorities: Some(authority.pem().into()),
            identity: None,
        },
        proxy: None,
    }
}

pub(super) fn showing(authority: &Authority, own: &Issued) -> Way {
    let mut way = trusting(authority);
    way.tls.identity = Some(Identity {
        certificates: own.certificate.clone().into(),
        key: own.key.clone().into(),
    });
    way
}

pub(super) fn to(endpoint: &str, way: Way) -> Connection {
    Connection {
        endpoint: Endpoint::parse(endpoint).unwrap(),
        way,
        ..connection(SocketAddr::from(([127, 0, 0, 1], 1)))
    }
}

/// Both a turn and a probe tell of the same trouble.
async fn trouble(endpoint: &str, way: Way) -> BackendError {
    let probed = probe::greet(&Endpoint::parse(endpoint).unwrap(), &way, Protocol::Grpc)
        .await
        .unwrap_err();
    let played = play(to(endpoint, way)).await.unwrap_err().error;
    let essence = |error: &BackendError| error.message.rsplit(": ").next().unwrap().to_owned();
    assert_eq!(essence(&probed), essence(&played), "{probed:?}\n{played:?}");
    assert_eq!(probed.kind, played.kind);
    assert_eq!(probed.hint, played.hint);
    probed
}

#[tokio::test]
async fn a_server_whose_authority_is_named_is_trusted() {
    let authority = Authority::new("Test");
    let server = server().await;
    let front = TlsFront::start(&authority.server(&["localhost"]), server.address()).await;
    let way = trusting(&authority);
    let answered = probe::greet(&Endpoint::parse(&front.endpoint()).unwrap(), &way, Protocol::Grpc).await;
    assert_eq!(answered, Ok(Answered::Encrypted("TLS 1.3".to_owned())));
    play(to(&front.endpoint(), way)).await.unwrap();
    assert_eq!(
        server.only().path,
        "/google.cloud.dialogflow.cx.v3.Sessions/DetectIntent"
    );
}

#[tokio::test]
async fn other_certificates_are_told_apart() {
    let (authority, stranger) = (Authority::new("Test"), Authority::new("Stranger"));
    let server = ScriptedServer::start().await;
    for (shown, message, hint) in [
        (
            stranger.server(&["localhost"]),
            "nobody who is trusted vouches for the server's certificate",
            "tls: {authorities: FILE}",
        ),
        (
            authority.server_when(&["localhost"], Valid::NoMore),
            "the server's certificate has expired",
            "clock",
        ),
        (
            authority.server_when(&["localhost"], Valid::NotYet),
            "the server's certificate is not valid yet",
            "clock",
        ),
        (
            authority.server(&["other.example"]),
            "the server's certificate is made out to another name",
            "endpoint",
        ),
    ] {
        let front = TlsFront::start(&shown, server.address()).await;
        let error = trouble(&front.endpoint(), trusting(&authority)).await;
        assert_eq!(error.kind, BackendErrorKind::Connect, "{error}");
        assert_eq!(
            error.message,
            format!("no encrypted connection to {}: {message}", front.endpoint())
        );
        assert!(error.hint.as_deref().unwrap().contains(hint), "{error:?}");
    }
    assert!(server.received().is_empty(), "nothing was said to any of them");
}

#[tokio::test]
async fn a_server_that_asks_who_we_are_is_told() {
    let (authority, clients) = (Authority::new("Test"), Authority::new("Clients"));
    let server = server().await;
    let shown = authority.server(&["localhost"]);
    let front = TlsFront::for_clients_of(&clients, &shown, server.address()).await;
    play(to(&front.endpoint(), showing(&authority, &clients.client())))
        .await
        .unwrap();
    for (way, message, hint) in [
        (
            trusting(&authority),
            "the server asks for a client certificate",
            "tls: {certificate: FILE, key: FILE}",
        ),
        (
            showing(&authority, &authority.client()),
            "the server does not know who issued the client certificate",
            "authority that the server trusts",
        ),
        (
            showing(&authority, &clients.old_client()),
            "the client certificate has expired",
            "renew",
        ),
    ] {
        let error = trouble(&front.endpoint(), way).await;
        assert_eq!(error.kind, BackendErrorKind::Auth, "{error:?}");
        assert!(error.message.ends_with(message), "{error}");
        assert!(error.hint.as_deref().unwrap().contains(hint), "{error:?}");
    }
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn tls_and_plaintext_do_not_understand_each_other() {
    let authority = Authority::new("Test");
    let server = server().await;
    let plain = format!("https://localhost:{}", server.address().port());
    let error = trouble(&plain, trusting(&authority)).await;
    assert!(error.is_connect(), "{error:?}");
    assert!(error.hint.as_deref().unwrap().contains("http://"), "{error:?}");

    let front = TlsFront::start(&authority.server(&["localhost"]), server.address()).await;
    let endpoint = format!("http://{}", front.address);
    let probed = probe::greet(
        &Endpoint::parse(&endpoint).unwrap(),
        &Way::default(),
        Protocol::Grpc,
    )
    .await
    .unwrap_err();
    assert!(probed.message.contains("write `https://`"), "{probed}");
    let played = play(to(&endpoint, Way::default())).await.unwrap_err();
    assert!(
        played.error.hint.as_deref().unwrap().contains("https://"),
        "{played:?}"
    );

    let only_http1 = authority.server(&["localhost"]);
    let front = TlsFront::with(&only_http1, None, &[b"http/1.1"], server.address()).await;
    let error = probe::greet(
        &Endpoint::parse(&front.endpoint()).unwrap(),
        &trusting(&authority),
        Protocol::Grpc,
    )
    .await
    .unwrap_err();
    assert!(error.message.contains("HTTP/2"), "{error:?}");
    let played = play(to(&front.endpoint(), trusting(&authority)))
        .await
        .unwrap_err();
    assert!(played.error.message.contains("HTTP/2"), "{played:?}");
    assert!(server.received().is_empty());
}
