//! Credentials of every kind, made into tokens by servers on this machine.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use turnproof::backend::auth::Credentials;
use turnproof::backend::call::Connection;
use turnproof::model::endpoint::{CredentialPolicy, Endpoint};

use super::tls::{play, server};

/// A server that makes tokens, whoever asks for which: Google's token server, its STS, IAM and the metadata server.
pub(crate) struct TokenServer {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl TokenServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let remembered = Arc::clone(&remembered);
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !is_whole(&request) {
                        if stream.read_buf(&mut request).await.unwrap_or_default() == 0 {
                            return;
                        }
                    }
                    let request = String::from_utf8(request).unwrap();
                    let body = answer(&request);
                    remembered.lock().unwrap().push(request);
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nmetadata-flavor: Google\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { address, asked }
    }

    /// All requests, as they came.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// The credentials of a person.
    pub(crate) fn user(&self) -> Value {
        json!({
            "type": "authorized_user", "client_id": "id", "client_secret": "client-secret",
            "refresh_token": "refresh-secret", "token_uri": self.url("token"),
        })
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().unwrap())
    });
    body.len() >= length.unwrap_or_default()
}

fn answer(request: &str) -> String {
    let path = request.split_whitespace().nth(1).unwrap();
    let of = |token: &str| json!({ "access_token": token, "expires_in": 3600, "token_type": "Bearer" });
    let answer = match path {
        path if path.starts_with("/token") => of("of-user"),
        path if path.starts_with("/sts") => json!({
            "access_token": "of-workload", "expires_in": 3600, "token_type": "Bearer",
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        }),
        path if path.contains(":generateAccessToken") => {
            json!({ "accessToken": "of-impersonated", "expireTime": "2999-01-01T00:00:00Z" })
        }
        path if path.contains("/service-accounts/default/token") => of("of-machine"),
        _ => json!({}),
    };
    answer.to_string()
}

fn allowing() -> CredentialPolicy {
    CredentialPolicy {
        allowed_hosts: vec!["127.0.0.1".to_owned()],
        ..CredentialPolicy::default()
    }
}

/// The `authorization` that a turn arrives with.
async fn sent(credentials: Credentials) -> String {
    let server = server().await;
    let connection = Connection {
        credentials,
        policy: allowing(),
        ..server.connection()
    };
    play(connection).await.unwrap();
    server.only().header("authorization").to_owned()
}

#[tokio::test]
async fn a_user_an_impersonation_and_a_workload_get_their_tokens() {
    let tokens = TokenServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let subject = folder.path().join("subject");
    std::fs::write(&subject, "subject-secret").unwrap();
    let workload = json!({
        "type": "external_account", "audience": "//iam.example/pool", "token_url": tokens.url("sts"),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "credential_source": { "file": subject },
    });
    let impersonation_url = tokens.url("v1/projects/-/serviceAccounts/a@b.example:generateAccessToken");
    let mut impersonating_workload = workload.clone();
    impersonating_workload["service_account_impersonation_url"] = json!(impersonation_url);
    for (document, token, last_asked) in [
        (tokens.user(), "of-user", "refresh-secret"),
        (
            json!({
                "type": "impersonated_service_account", "service_account_impersonation_url": impersonation_url,
                "source_credentials": tokens.user(),
            }),
            "of-impersonated",
            "Bearer of-user",
        ),
        (workload, "of-workload", "subject-secret"),
        (impersonating_workload, "of-impersonated", "Bearer of-workload"),
    ] {
        let path = folder.path().join("credentials.json");
        std::fs::write(&path, document.to_string()).unwrap();
        for credentials in [Credentials::File(path), Credentials::Json(document.to_string())] {
            assert_eq!(sent(credentials).await, format!("Bearer {token}"));
            let asked = tokens.asked().pop().unwrap();
            assert!(asked.contains(last_asked), "{asked}");
        }
    }
}

#[tokio::test]
async fn a_service_account_signs_for_itself() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let document = json!({
        "type": "service_account", "client_email": "tester@p.example", "private_key_id": "1",
        "private_key": key.serialize_pem(), "project_id": "p",
    });
    let sent = sent(Credentials::Json(document.to_string())).await;
    let token = sent.strip_prefix("Bearer ").unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(claims)
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["iss"], "tester@p.example");
    assert_eq!(claims["scope"], "https://www.googleapis.com/auth/cloud-platform");
}

#[tokio::test]
async fn a_document_that_would_send_its_secrets_to_a_stranger_sends_nothing() {
    let tokens = TokenServer::start().await;
    let server = server().await;
    let connection = Connection {
        endpoint: Endpoint::parse(&format!("http://localhost:{}", server.address().port())).unwrap(),
        credentials: Credentials::Json(tokens.user().to_string()),
        policy: CredentialPolicy {
            allowed_hosts: vec!["localhost".to_owned()],
            ..CredentialPolicy::default()
        },
        ..server.connection()
    };
    let error = play(connection).await.unwrap_err().error;
    assert!(
        error.is_auth() && error.message.contains("`token_uri`"),
        "{error}"
    );
    let shown = format!("{error:?}");
    assert!(
        !shown.contains("refresh-secret") && !shown.contains("client-secret"),
        "{shown}"
    );
    assert!(tokens.asked().is_empty() && server.received().is_empty());
}
