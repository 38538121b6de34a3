//! REST goes the same way as gRPC: the same authorities, certificates and proxies, and the same words for what is wrong.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use turnproof::backend::error::BackendErrorKind;
use turnproof::backend::way::Way;
use turnproof::backend::way::probe::{self, Answered};
use turnproof::model::endpoint::{Endpoint, Protocol};
use turnproof::model::outcome::Sent;

use super::front::{Lets, Proxy, TlsFront};
use super::pki::Authority;
use super::proxies::{ENDPOINT, through};
use super::tls::{play_over, showing, to, trusting};

/// A service that answers every request with an empty message.
async fn service() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    address
}

async fn answer(stream: TcpStream) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or_default() == 0 {
                return;
            }
            if line == "\r\n" {
                break;
            }
            if let Some(given) = line.to_lowercase().strip_prefix("content-length:") {
                length = given.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let answered = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
            .await;
        if answered.is_err() {
            return;
        }
    }
}

const HTTP1: &[&[u8]] = &[b"http/1.1"];

#[tokio::test]
async fn certificates_are_looked_at_from_both_sides() {
    let (authority, clients) = (Authority::new("Servers"), Authority::new("Clients"));
    let shown = authority.server(&["localhost"]);
    let front = TlsFront::with(&shown, Some(&clients), HTTP1, service().await).await;
    let own = clients.client();
    let way = showing(&authority, &own);
    play_over(Protocol::Rest, to(&front.endpoint(), way.clone()))
        .await
        .unwrap();
    let endpoint = Endpoint::parse(&front.endpoint()).unwrap();
    let greeted = probe::greet(&endpoint, &way, Protocol::Rest).await.unwrap();
    assert_eq!(greeted, Answered::Encrypted("TLS 1.3".to_owned()));

    let strange = play_over(Protocol::Rest, to(&front.endpoint(), Way::default())).await;
    let strange = strange.unwrap_err();
    assert_eq!(
        (strange.error.kind, strange.sent),
        (BackendErrorKind::Connect, Sent::No)
    );
    assert!(
        strange.error.message.contains("nobody who is trusted"),
        "{strange:?}"
    );

    let nobody = play_over(Protocol::Rest, to(&front.endpoint(), trusting(&authority))).await;
    let nobody = nobody.unwrap_err();
    assert_eq!(nobody.error.kind, BackendErrorKind::Auth, "{nobody:?}");
    assert!(nobody.error.message.contains("client certificate"), "{nobody:?}");
}

#[tokio::test]
async fn proxies_are_asked_to_connect() {
    let authority = Arc::new(Authority::new("Test"));
    let shown = authority.server(&["dialogflow.googleapis.com"]);
    let front = TlsFront::with(&shown, None, HTTP1, service().await).await;
    let proxy = Proxy::start(Lets::Through(front.address)).await;
    let way = through(&authority, &format!("http://me:s%3Acret@{}", proxy.address));
    play_over(Protocol::Rest, to(ENDPOINT, way)).await.unwrap();
    let asked = proxy.asked().remove(0);
    assert!(
        asked.starts_with("CONNECT dialogflow.googleapis.com:443 HTTP/1.1\r\n"),
        "{asked}"
    );
    // me:s:cret
    assert!(asked.contains("Basic bWU6czpjcmV0\r\n"), "{asked}");

    let refusing = Proxy::start(Lets::Refused("407 Proxy Authentication Required")).await;
    let way = through(&authority, &format!("http://{}", refusing.address));
    let refused = play_over(Protocol::Rest, to(ENDPOINT, way)).await.unwrap_err();
    assert_eq!(
        (refused.error.kind, refused.sent),
        (BackendErrorKind::Auth, Sent::No),
        "{refused:?}"
    );
}
