//! Proxies: what goes through them is encrypted from end to end, and what stands in the way is told.

use std::sync::Arc;

use tokio::net::TcpListener;
use turnproof::backend::error::BackendErrorKind;
use turnproof::backend::way::{Way, probe};
use turnproof::model::endpoint::{Endpoint, ProxyAddress};

use super::front::{Lets, Proxy, TlsFront};
use super::pki::Authority;
use super::tls::{play, server, to, trusting};

const ENDPOINT: &str = "https://dialogflow.googleapis.com";

fn through(authority: &Authority, proxy: &str) -> Way {
    Way {
        proxy: Some(ProxyAddress::parse(proxy).unwrap()),
        ..trusting(authority)
    }
}

#[tokio::test]
async fn a_tunnel_leads_to_the_server_and_tls_goes_through_it() {
    let authority = Arc::new(Authority::new("Test"));
    let server = server().await;
    let shown = authority.server(&["dialogflow.googleapis.com"]);
    let front = TlsFront::start(&shown, server.address()).await;
    let proxy = Proxy::start(Lets::Through(front.address)).await;
    let way = through(&authority, &format!("http://me:s%3Acret@{}", proxy.address));
    play(to(ENDPOINT, way.clone())).await.unwrap();
    assert_eq!(server.received().len(), 1);
    probe::greet(&Endpoint::parse(ENDPOINT).unwrap(), &way)
        .await
        .unwrap();
    let asked = proxy.asked();
    assert_eq!(asked.len(), 2);
    for asked in asked {
        assert!(
            asked.starts_with("CONNECT dialogflow.googleapis.com:443 HTTP/1.1\r\n"),
            "{asked}"
        );
        // me:s:cret
        assert!(
            asked.contains("Proxy-Authorization: Basic bWU6czpjcmV0\r\n"),
            "{asked}"
        );
    }
    assert!(!format!("{way:?}").contains("cret"));
}

#[tokio::test]
async fn proxies_that_lead_nowhere_are_told_from_servers() {
    let authority = Authority::new("Test");
    let endpoint = Endpoint::parse(ENDPOINT).unwrap();
    for (status, kind, message) in [
        (
            "407 Proxy Authentication Required",
            BackendErrorKind::Auth,
            "wants to know who asks",
        ),
        (
            "403 Forbidden",
            BackendErrorKind::Connect,
            "does not lead to https://dialogflow.googleapis.com",
        ),
        (
            "502 Bad Gateway",
            BackendErrorKind::Connect,
            "does not lead to https://dialogflow.googleapis.com",
        ),
    ] {
        let proxy = Proxy::start(Lets::Refused(status)).await;
        let way = through(&authority, &format!("http://me:secret@{}", proxy.address));
        let probed = probe::reach(&endpoint, &way).await.unwrap_err();
        let played = play(to(ENDPOINT, way)).await.unwrap_err();
        assert_eq!(played.error, probed);
        assert_eq!(probed.kind, kind, "{probed:?}");
        assert!(probed.message.contains(message), "{probed}");
        assert!(probed.message.contains(&proxy.address.to_string()), "{probed}");
        assert!(probed.hint.is_some() && !format!("{probed:?}").contains("secret"));
    }
    let address = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let error = play(to(ENDPOINT, through(&authority, &address.to_string())))
        .await
        .unwrap_err()
        .error;
    assert!(error.is_connect(), "{error}");
    assert!(error.message.contains(&format!("the proxy {address}")), "{error}");
}
