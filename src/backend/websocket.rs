//! Live streams over WebSockets, whose frames are messages as JSON (ces-api 1.6); all other calls go over REST.
//!
//! A stream begins as a request of HTTP, over the same client and so with the same TLS. Until the server has agreed to it,
//! nothing of a turn has left. What is sent goes in text frames; what comes is read from text and binary ones alike, as
//! it is not certain which the service sends.

mod closing;
mod socket;

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use http::StatusCode;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use prost::bytes::Bytes;
use reqwest::{Method, Upgraded};
use tokio::sync::mpsc;
use tokio::time::timeout_at;
use tokio_stream::wrappers::ReceiverStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use self::socket::Socket;
use super::call::Connection;
use super::error::status::{overdue, root_cause};
use super::error::{BackendError, BackendErrorKind};
use super::rest::{Rest, beginning, head, no_streams};
use super::transport::{Call, Lasts, Line, LiveStream, Outgoing, Part, Transport, Waiting};
use super::unsent::never_left;
use super::{SessionStart, TurnError};
use crate::proto::json::read::messages_of;
use crate::proto::rest::{LIVE, live_path};

/// Messages waiting to be sent on a live stream.
const OUTBOX: usize = 16;

/// Makes calls to one server.
pub(in crate::backend) struct WebSocket {
    rest: Arc<Rest>,
}

impl WebSocket {
    /// # Errors
    /// When credentials may not go there, or a header cannot be made.
    pub(in crate::backend) fn new(connection: Connection) -> Result<Self, BackendError> {
        Ok(Self {
            rest: Arc::new(Rest::new(connection)?),
        })
    }

    /// A socket to a server that has agreed to it; tried once more when no connection came about.
    async fn connect(&self, call: &Call) -> Result<Upgraded, TurnError> {
        match self.connect_once(call).await {
            Err(failed) if never_left(&failed) => self.connect_once(call).await,
            connected => connected,
        }
    }

    async fn connect_once(&self, call: &Call) -> Result<Upgraded, TurnError> {
        let location = call.routing.1.rsplit('/').next().unwrap_or_default();
        let key = generate_key();
        let request = self
            .rest
            .request(Method::GET, &live_path(location), call)
            .await?
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, &key);
        let connecting = async {
            let mut response = request
                .send()
                .await
                .map_err(|error| self.rest.failed(&error, true))?;
            let head = head(&response);
            if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                let body = beginning(&mut response).await;
                return Err(TurnError::unsent(head.failure(&body).error));
            }
            let accepted = response.headers().get(SEC_WEBSOCKET_ACCEPT);
            let expected = derive_accept_key(key.as_bytes());
            if accepted.is_none_or(|accepted| accepted.as_bytes() != expected.as_bytes()) {
                let message = "the server agreed to another WebSocket than was asked for";
                let error = BackendError::new(BackendErrorKind::Protocol, message);
                return Err(TurnError::unsent(
                    error.hint("check the target's endpoint, and any proxy on the way"),
                ));
            }
            let upgraded = response.upgrade().await;
            upgraded.map_err(|error| {
                let message = format!("no WebSocket came about: {}", root_cause(&error));
                TurnError::unsent(BackendError::new(BackendErrorKind::Service, message).hint("try again"))
            })
        };
        timeout_at(call.deadline, connecting)
            .await
            .unwrap_or_else(|_| Err(overdue(true)))
    }

    /// A socket on which messages are sent as they come.
    async fn talk(
        &self,
        call: &Call,
        outbox: Option<mpsc::Sender<Bytes>>,
        messages: (BoxStream<'static, Bytes>, Waiting),
    ) -> Result<Box<dyn LiveStream>, TurnError> {
        let kinds = messages_of(call.path).filter(|_| call.path == LIVE);
        let Some((sent, heard)) = kinds else {
            return Err(no_streams(call));
        };
        let upgraded = self.connect(call).await?;
        Ok(Box::new(
            Socket::start(upgraded, (sent, heard), outbox, messages).await,
        ))
    }
}

#[async_trait]
impl Transport for WebSocket {
    async fn line(self: Arc<Self>, _session: &SessionStart) -> Result<Arc<dyn Line>, BackendError> {
        Ok(self)
    }
}

#[async_trait]
impl Line for WebSocket {
    async fn ask(&self, call: &Call, message: Bytes) -> Result<Vec<Part>, TurnError> {
        self.rest.ask(call, message).await
    }

    async fn open(&self, call: &Call, first: Vec<Bytes>) -> Result<Box<dyn LiveStream>, TurnError> {
        let (outbox, messages) = mpsc::channel(OUTBOX);
        let messages = stream::iter(first).chain(ReceiverStream::new(messages)).boxed();
        self.talk(call, Some(outbox), (messages, Waiting::begin())).await
    }

    async fn stream(
        &self,
        call: &Call,
        sent: BoxStream<'static, Outgoing>,
        _lasts: Lasts,
    ) -> Result<Box<dyn LiveStream>, TurnError> {
        let waiting = Waiting::begin();
        self.talk(call, None, (waiting.follow(sent), waiting)).await
    }
}
