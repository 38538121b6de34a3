//! Calls over REST: messages as JSON over HTTP/1.1. It carries what is asked and answered; live streams it does not.
//!
//! A request is never sent twice. The one thing tried again, once, is a call of which nothing has left.

mod answer;
pub(in crate::backend) use self::answer::{beginning, head};
mod elements;
mod request;

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use prost::bytes::Bytes;
use reqwest::{Client, Method, RequestBuilder};
use tokio::time::{Instant, timeout_at};

use self::answer::read;
use self::request::{Asked, body};
use super::call::Connection;
use super::error::status::{broken, broken_before, overdue, root_cause};
use super::error::{BackendError, BackendErrorKind};
use super::headers::Headers;
use super::transport::{Call, Lasts, Line, LiveStream, Outgoing, Part, Transport};
use super::unsent::never_left;
use super::way::Way;
use super::way::trouble::{last_word, no_connection};
use super::{SessionStart, TurnError, http};
use crate::model::endpoint::Endpoint;
use crate::model::outcome::Sent;
use crate::proto::descriptor_pool;

/// Makes calls to one server.
pub(in crate::backend) struct Rest {
    client: Client,
    headers: Headers,
    endpoint: Endpoint,
    way: Way,
}

impl Rest {
    /// # Errors
    /// When credentials may not go there, or a header cannot be made.
    pub(in crate::backend) fn new(connection: Connection) -> Result<Self, BackendError> {
        // It takes a moment when it is first asked for, and no turn is to wait for that.
        descriptor_pool();
        Ok(Self {
            client: http::client(&connection.endpoint, &connection.way)?,
            headers: Headers::new(&connection)?,
            endpoint: connection.endpoint,
            way: connection.way,
        })
    }

    /// A request with the headers of a call. Nothing has been sent when this fails.
    pub(in crate::backend) async fn request(
        &self,
        method: Method,
        path: &str,
        call: &Call,
    ) -> Result<RequestBuilder, TurnError> {
        match timeout_at(call.deadline, self.headers.of(call)).await {
            Ok(Ok(headers)) => {
                let address = format!("{}{path}", self.endpoint);
                Ok(self.client.request(method, address).headers(headers))
            }
            Ok(Err(error)) => Err(TurnError::unsent(error)),
            Err(_) => Err(overdue(true)),
        }
    }

    async fn ask_once(&self, call: &Call, message: &Bytes) -> Result<Vec<Part>, TurnError> {
        let Asked { path, json, answers } = Asked::new(call, message).map_err(TurnError::unsent)?;
        let request = self.request(Method::POST, &path, call).await?;
        let (body, unsent) = body(json);
        let request = request
            .header(::http::header::CONTENT_TYPE, "application/json")
            .header(::http::header::ACCEPT, "application/json")
            .body(body);
        let sent_at = Instant::now();
        let asking = async {
            let response = request
                .send()
                .await
                .map_err(|error| self.failed(&error, unsent.take().is_some()))?;
            read(response, &answers, sent_at).await
        };
        timeout_at(call.deadline, asking)
            .await
            .unwrap_or_else(|_| Err(overdue(unsent.take().is_some())))
    }

    /// What went wrong before an answer came, and perhaps before anything left.
    pub(in crate::backend) fn failed(&self, error: &reqwest::Error, is_unsent: bool) -> TurnError {
        let cause = root_cause(error);
        if error.is_connect() {
            return TurnError::unsent(no_connection(&self.endpoint, &self.way, error));
        }
        if is_unsent {
            return broken_before(&cause, "REST");
        }
        TurnError {
            error: last_word(&cause).unwrap_or_else(|| broken(&cause, "REST")),
            sent: Sent::Unknown,
        }
    }
}

#[async_trait]
impl Transport for Rest {
    async fn line(self: Arc<Self>, _session: &SessionStart) -> Result<Arc<dyn Line>, BackendError> {
        Ok(self)
    }
}

#[async_trait]
impl Line for Rest {
    async fn ask(&self, call: &Call, message: Bytes) -> Result<Vec<Part>, TurnError> {
        let mut again = true;
        loop {
            match self.ask_once(call, &message).await {
                Err(failed) if again && never_left(&failed) => again = false,
                answered => return answered,
            }
        }
    }

    async fn open(&self, call: &Call, _first: Vec<Bytes>) -> Result<Box<dyn LiveStream>, TurnError> {
        Err(no_streams(call))
    }

    async fn stream(
        &self,
        call: &Call,
        _sent: BoxStream<'static, Outgoing>,
        _lasts: Lasts,
    ) -> Result<Box<dyn LiveStream>, TurnError> {
        Err(no_streams(call))
    }
}

/// REST cannot carry this call.
pub(in crate::backend) fn no_streams(call: &Call) -> TurnError {
    let method = call.path.rsplit('/').next().unwrap_or_default();
    let hint = match method {
        "BidiRunSession" => {
            "set `transport: grpc` or `transport: websocket` in the target, or send turns by `via: run`"
        }
        _ => "set `transport: grpc` in the target, or send turns in text by `via: detect`",
    };
    let message = format!("REST cannot carry {method}, which speaks both ways at once");
    TurnError::unsent(BackendError::new(BackendErrorKind::Request, message).hint(hint))
}
