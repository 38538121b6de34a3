//! The way to a server, gone step by step and without asking for anything: does its name stand for an address, does
//! something listen there, does it speak what is expected.
//!
//! For those who look for the step that is wrong; transports go the whole way at once.

use std::net::SocketAddr;
use std::sync::Arc;

use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower::{Service as _, ServiceExt as _};

use super::dial::{CONNECT_TIMEOUT, direct, tunnel};
use super::trouble::{handshake, last_word, no_connection};
use super::{Way, impossible};
use crate::backend::auth::{Credentials, TokenSource};
use crate::backend::call::Connection;
use crate::backend::error::status::{root_cause, unreachable};
use crate::backend::error::{BackendError, BackendErrorKind};
use crate::backend::machine_file;
use crate::model::endpoint::{Endpoint, Protocol};

/// What HTTP/2 begins with: the client's preface, and settings that change nothing.
const GREETING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// Where a frame says what it is, and that it is settings: the first frame of every server.
const FRAME_TYPE: usize = 3;
const SETTINGS: u8 = 4;
const FRAME_HEADER: usize = 9;

/// What answered to the greeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// The protocol's version of HTTP in plaintext.
    Plaintext,
    /// The same over TLS of this version, such as `TLS 1.3`.
    Encrypted(String),
}

/// Makes a token, if the connection has credentials.
///
/// # Errors
/// When they may not go there, or no token comes of them.
pub async fn token(connection: &Connection) -> Result<(), BackendError> {
    TokenSource::of(connection)?.headers().await.map(|_| ())
}

/// Whom credentials stand for, as far as they say it themselves, for people.
pub fn describe(credentials: &Credentials) -> Option<String> {
    match credentials {
        Credentials::File(path) => {
            let text = String::from_utf8(machine_file::read(path).ok()?).ok()?;
            crate::backend::auth::document::describe(&text)
        }
        Credentials::Json(text) => crate::backend::auth::document::describe(text),
        Credentials::None | Credentials::Token(_) | Credentials::ApplicationDefault => None,
    }
}

/// The addresses that the server's name stands for.
///
/// # Errors
/// When it stands for none.
pub async fn addresses(endpoint: &Endpoint) -> Result<Vec<SocketAddr>, BackendError> {
    let unknown = |cause: &str| {
        let message = format!("the name {} cannot be resolved: {cause}", endpoint.host());
        BackendError::new(BackendErrorKind::Connect, message).hint(
            "is the name right, and does this machine have a network? where only a proxy leads out, name it: HTTPS_PROXY",
        )
    };
    match timeout(CONNECT_TIMEOUT, lookup_host(endpoint.authority())).await {
        Ok(Ok(found)) => {
            let found: Vec<_> = found.collect();
            if found.is_empty() {
                return Err(unknown("it has no address"));
            }
            Ok(found)
        }
        Ok(Err(error)) => Err(unknown(&error.to_string())),
        Err(_) => Err(unknown("nobody answered in time")),
    }
}

/// Connects, to the server itself or through its proxy, and hangs up.
///
/// # Errors
/// When nobody listens, or the proxy does not lead there.
pub async fn reach(endpoint: &Endpoint, way: &Way) -> Result<(), BackendError> {
    dial(endpoint, way).await.map(|_| ())
}

/// Connects, proves who is there, and waits for the first word of HTTP/2 where that is to be spoken; in HTTP/1.1 a server
/// says nothing before it is asked.
///
/// # Errors
/// When the handshake fails, or something else than HTTP/2 is spoken.
pub async fn greet(endpoint: &Endpoint, way: &Way, protocol: Protocol) -> Result<Answered, BackendError> {
    let mut stream = dial(endpoint, way).await?;
    let greeting = async {
        match (endpoint.is_encrypted(), protocol) {
            (true, protocol) => greet_encrypted(endpoint, way, protocol, stream).await,
            (false, Protocol::Grpc) => {
                hear(endpoint, &mut stream).await?;
                Ok(Answered::Plaintext)
            }
            (false, Protocol::Rest | Protocol::WebSocket) => Ok(Answered::Plaintext),
        }
    };
    match timeout(CONNECT_TIMEOUT, greeting).await {
        Ok(answered) => answered,
        Err(_) => Err(unreachable(
            Some(&endpoint.to_string()),
            "the server accepts the connection, and then says nothing",
        )),
    }
}

async fn dial(endpoint: &Endpoint, way: &Way) -> Result<TcpStream, BackendError> {
    let scheme = if endpoint.is_encrypted() { "https" } else { "http" };
    let uri: Uri = format!("{scheme}://{}", endpoint.authority())
        .parse()
        .map_err(|_| impossible(format!("{endpoint} is no address")))?;
    let late = || unreachable(Some(&endpoint.to_string()), "nobody answered in time");
    let connected = match &way.proxy {
        None => {
            let mut connector = direct();
            let connected = async { connector.ready().await?.call(uri).await };
            timeout(CONNECT_TIMEOUT, connected)
                .await
                .map_err(|_| late())?
                .map_err(|error| no_connection(endpoint, way, &error))
        }
        Some(proxy) => {
            let mut tunnel = tunnel(proxy)?;
            let connected = async { tunnel.ready().await?.call(uri).await };
            timeout(CONNECT_TIMEOUT, connected)
                .await
                .map_err(|_| late())?
                .map_err(|error| no_connection(endpoint, way, &error))
        }
    };
    connected.map(TokioIo::into_inner)
}

async fn greet_encrypted(
    endpoint: &Endpoint,
    way: &Way,
    protocol: Protocol,
    stream: TcpStream,
) -> Result<Answered, BackendError> {
    let wanted: &[u8] = if protocol == Protocol::Grpc {
        b"h2"
    } else {
        b"http/1.1"
    };
    let config = way.tls.client_config(&[wanted])?;
    let name = ServerName::try_from(endpoint.host().to_owned()).map_err(|_| {
        impossible(format!(
            "{} is no name that a certificate could have",
            endpoint.host()
        ))
    })?;
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|error| failed(endpoint, &error))?;
    let (_, session) = stream.get_ref();
    let spoken = session.alpn_protocol() == Some(b"h2");
    let version = match session.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
        _ => "TLS 1.2",
    };
    if protocol == Protocol::Grpc {
        if !spoken {
            return Err(not_grpc(endpoint, "it speaks TLS, but not HTTP/2"));
        }
        hear(endpoint, &mut stream).await?;
    }
    Ok(Answered::Encrypted(version.to_owned()))
}

/// Says hello, and waits for the server's settings.
async fn hear(
    endpoint: &Endpoint,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> Result<(), BackendError> {
    let mut frame = Vec::with_capacity(FRAME_HEADER);
    let heard = async {
        stream.write_all(GREETING).await?;
        stream.flush().await?;
        let mut first = stream.take(FRAME_HEADER as u64);
        first.read_to_end(&mut frame).await
    };
    match heard.await {
        Ok(FRAME_HEADER) if frame[FRAME_TYPE] == SETTINGS => Ok(()),
        // What was said before the connection broke says more than that it broke.
        Ok(1..) => Err(not_grpc(endpoint, said(&frame))),
        Err(_) if !frame.is_empty() => Err(not_grpc(endpoint, said(&frame))),
        Ok(_) => Err(not_grpc(endpoint, HANGS_UP)),
        Err(error) => Err(failed(endpoint, &error)),
    }
}

const HANGS_UP: &str = "it hangs up when it is greeted in HTTP/2";

/// What something that is no HTTP/2 server began to say.
fn said(frame: &[u8]) -> &'static str {
    match frame {
        [b'H', b'T', b'T', b'P', ..] => "it speaks HTTP/1",
        [0x15, 0x03, ..] => "it wants TLS: write `https://`",
        _ => "it speaks something else",
    }
}

fn not_grpc(endpoint: &Endpoint, why: &str) -> BackendError {
    let message = format!("what answers at {endpoint} is no gRPC server: {why}");
    BackendError::new(BackendErrorKind::Protocol, message)
        .hint("check the location in the resource name, and the target's endpoint")
}

fn failed(endpoint: &Endpoint, error: &std::io::Error) -> BackendError {
    handshake(endpoint, error)
        .or_else(|| last_word(&error.to_string()))
        .unwrap_or_else(|| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => not_grpc(endpoint, HANGS_UP),
            _ => unreachable(Some(&endpoint.to_string()), &root_cause(error)),
        })
}
