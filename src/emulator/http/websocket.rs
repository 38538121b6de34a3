//! A live stream that comes as a WebSocket, whose frames are messages in JSON (ces-api 1.6).
//!
//! What a service refuses at once is refused before there is a socket. Later the closing says why, as the service's own
//! does: `generic::<kind>: message` (ces-api 1.7).

use std::pin::Pin;
use std::time::Duration;

use futures::stream::{SplitSink, SplitStream};
use futures::{FutureExt, SinkExt, StreamExt};
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use prost::bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tonic::body::Body;
use tonic::{Code, Status};

use super::error::refusal;
use super::inside::{Begun, Said, call};
use super::{Face, LARGEST_BODY, message};
use crate::backend::error::name;
use crate::emulator::fault::connection::Handle;
use crate::proto::json::bytes_to_json;
use crate::proto::json::read::messages_of;

/// Messages that wait for a slow service.
const BUFFERED: usize = 16;
/// The longest reason of a closing, in bytes (RFC 6455, 5.5).
const LONGEST_REASON: usize = 123;
/// How long a client has to agree that the socket is closed.
const GOODBYE: Duration = Duration::from_secs(2);

type Socket = WebSocketStream<TokioIo<Upgraded>>;
type Calling = Pin<Box<dyn Future<Output = Begun> + Send>>;

/// How a socket ends.
enum Ending {
    /// The client is told how its call has ended.
    Status(Status),
    /// The connection breaks.
    Broken,
}

/// Agrees to a socket, and calls the service for it.
pub(super) fn answer(
    face: Face,
    method: &'static str,
    mut request: Request<Incoming>,
    connection: Handle,
) -> Response<Body> {
    let agreed = match agreement(request.headers()) {
        Ok(agreed) => agreed,
        Err(status) => {
            let mut response = refusal(&status, false);
            *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
            response
                .headers_mut()
                .insert(UPGRADE, HeaderValue::from_static("websocket"));
            return response;
        }
    };
    let upgrading = hyper::upgrade::on(&mut request);
    let (head, _) = request.into_parts();
    let (sender, messages) = mpsc::channel(BUFFERED);
    let services = face.services;
    let mut calling: Calling = Box::pin(async move {
        let messages = ReceiverStream::new(messages);
        call(services, method, &head, connection, messages).await
    });
    if let Some(begun) = calling.as_mut().now_or_never() {
        match begun {
            Begun::Other(response) => return response,
            Begun::Answer(answer) => {
                if let Some(status) = answer.ended() {
                    return refusal(status, false);
                }
                calling = Box::pin(std::future::ready(Begun::Answer(answer)));
            }
        }
    }
    let stop = face.stop;
    tokio::spawn(async move {
        tokio::select! {
            () = talk(upgrading, calling, sender, method) => {}
            () = stop.cancelled() => {}
        }
    });
    agreed
}

/// The answer that begins a socket.
fn agreement(headers: &HeaderMap) -> Result<Response<Body>, Status> {
    let says = |name, wanted: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| {
            value
                .to_ascii_lowercase()
                .split(',')
                .any(|part| part.trim() == wanted)
        })
    };
    let asked =
        says(CONNECTION, "upgrade") && says(UPGRADE, "websocket") && says(SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| asked);
    let accepted = key.and_then(|key| HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok());
    let accepted =
        accepted.ok_or_else(|| Status::invalid_argument("a WebSocket of version 13 is spoken here"))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accepted);
    Ok(response)
}

/// Carries messages both ways until one side has said everything.
async fn talk(
    upgrading: OnUpgrade,
    calling: Calling,
    sender: mpsc::Sender<Result<Bytes, Status>>,
    method: &'static str,
) {
    let Ok(upgraded) = upgrading.await else { return };
    let (sent, answered) = messages_of(method).unwrap_or_default();
    let config = WebSocketConfig::default()
        .max_message_size(Some(LARGEST_BODY))
        .max_frame_size(Some(LARGEST_BODY));
    let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let (mut sink, mut frames) = socket.split();
    let ending = {
        let speaking = speak(&mut sink, calling, &answered);
        let listening = listen(&mut frames, sender, &sent);
        tokio::pin!(speaking, listening);
        tokio::select! {
            ending = &mut speaking => ending,
            heard = &mut listening => match heard {
                Ok(()) => speaking.await,
                Err(status) => Ending::Status(status),
            },
        }
    };
    if let Ending::Status(status) = ending {
        // Who is gone needs no reason; who still talks is heard out, or the reason would get lost.
        let _ = sink.send(Message::Close(Some(closing(&status)))).await;
        let _ = timeout(GOODBYE, async { while let Some(Ok(_)) = frames.next().await {} }).await;
    }
}

/// Passes on what the client sends until it sends no more. It may end the stream, or be gone; and what it sends may be
/// no message.
async fn listen(
    frames: &mut SplitStream<Socket>,
    sender: mpsc::Sender<Result<Bytes, Status>>,
    kind: &str,
) -> Result<(), Status> {
    loop {
        let message = match frames.next().await {
            Some(Ok(Message::Text(text))) => read(text.as_bytes(), kind)?,
            Some(Ok(Message::Binary(bytes))) => read(&bytes, kind)?,
            Some(Ok(Message::Close(_))) => return Ok(()),
            Some(Ok(_)) => continue,
            None | Some(Err(_)) => {
                let gone = Status::cancelled("the client is gone");
                // The service may have ended the call.
                let _ = sender.send(Err(gone)).await;
                return Ok(());
            }
        };
        if sender.send(Ok(message)).await.is_err() {
            return Ok(());
        }
    }
}

/// The message that a frame is.
fn read(text: &[u8], kind: &str) -> Result<Bytes, Status> {
    let read = message::json(text).and_then(|json| message::message(kind, &json));
    read.map_err(|malformed| Status::from(&malformed))
}

/// Sends what the service says until it has said everything.
async fn speak(sink: &mut SplitSink<Socket, Message>, calling: Calling, kind: &str) -> Ending {
    let Begun::Answer(mut answer) = calling.await else {
        return Ending::Broken;
    };
    loop {
        let message = match answer.next().await {
            Said::Message(message) => bytes_to_json(kind, &message).to_string(),
            Said::End(status) => return Ending::Status(status),
            Said::Broken => return Ending::Broken,
        };
        if answer.is_truncated {
            let mut bytes = message.into_bytes();
            bytes.truncate(bytes.len() / 2);
            let unfinished = Frame::message(bytes, OpCode::Data(Data::Text), false);
            let _ = sink.send(Message::Frame(unfinished)).await;
            return Ending::Broken;
        }
        if sink.send(Message::text(message)).await.is_err() {
            return Ending::Broken;
        }
    }
}

/// How a socket is closed for a status.
fn closing(status: &Status) -> CloseFrame {
    let code = match status.code() {
        Code::Ok => CloseCode::Normal,
        Code::InvalidArgument => CloseCode::Invalid,
        _ => CloseCode::Error,
    };
    let mut reason = match status.code() {
        Code::Ok => String::new(),
        code => format!(
            "generic::{}: {}",
            name(code).to_ascii_lowercase(),
            status.message()
        ),
    };
    while reason.len() > LONGEST_REASON {
        reason.pop();
    }
    CloseFrame {
        code,
        reason: reason.into(),
    }
}
