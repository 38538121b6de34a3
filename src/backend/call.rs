//! One call to a service: headers, deadline, the bytes there and back, and what a failure means.
//!
//! A request is never sent twice. What is tried again is connecting, once, and a call of which nothing has left, because its
//! connection was retired, broke, or does not take it: others share that connection, and the next one, too.

mod codec;
mod guard;

use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use http::HeaderMap;
use prost::bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataMap;
use tonic::{Request, Status, Streaming};

use self::codec::BytesCodec;
use self::guard::Guard;
use super::auth::Credentials;
use super::channel::{ChannelPool, Lease};
use super::error::BackendError;
use super::error::status::{broken_before, failure, failure_unsent, is_transport, overdue};
use super::headers::Headers;
use super::transport::{
    self, Call, Heard, LARGEST_ANSWER, Lasts, Line, Outgoing, Part, Transport, Waiting, over, post,
};
use super::unsent::{Unsent, Waited, never_left};
use super::way::Way;
use super::{SessionStart, TurnError};
use crate::model::endpoint::{CredentialPolicy, Endpoint};

/// The largest single message taken; audio answers are the largest there are.
pub(super) const LARGEST_MESSAGE: usize = 32 * 1024 * 1024;
/// Messages waiting to be sent on a live stream.
const OUTBOX: usize = 16;
/// How often a call that has not left may go another way.
const DETOURS: u32 = 4;

/// The way to a service, as a target describes it.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Where it is.
    pub endpoint: Endpoint,
    /// Who calls.
    pub credentials: Credentials,
    /// Where credentials may go.
    pub policy: CredentialPolicy,
    /// How it is reached.
    pub way: Way,
    /// Project whose quota is used (`x-goog-user-project`), if not the agent's own.
    pub user_project: Option<String>,
}

/// The transport that speaks gRPC over a connection. Must be made within a tokio runtime; nothing is connected yet.
///
/// # Errors
/// When credentials may not go there, or a header cannot be made.
pub fn grpc(connection: Connection) -> Result<Arc<dyn Transport>, BackendError> {
    Ok(Arc::new(Caller::new(connection)?))
}

/// Makes calls over a connection.
struct Caller {
    pool: ChannelPool,
    headers: Headers,
}

/// A stream open in both directions; it takes up its place on a channel until dropped.
struct LiveStream {
    /// `None` when messages come from elsewhere, or no more will come.
    outbox: Option<mpsc::Sender<Bytes>>,
    inbox: Streaming<Bytes>,
    waiting: Waiting,
    _lease: Lease,
}

/// What is sent on a stream.
type Messages = BoxStream<'static, Bytes>;

/// A call ready to be made.
struct Prepared {
    client: Grpc<Guard>,
    path: PathAndQuery,
    headers: HeaderMap,
    lease: Lease,
}

#[async_trait]
impl Transport for Caller {
    async fn line(self: Arc<Self>, _session: &SessionStart) -> Result<Arc<dyn Line>, BackendError> {
        Ok(self)
    }
}

#[async_trait]
impl Line for Caller {
    async fn ask(&self, call: &Call, message: Bytes) -> Result<Vec<Part>, TurnError> {
        let mut detours = DETOURS;
        loop {
            let prepared = self.prepare(call).await?;
            match self.ask_over(prepared, call, message.clone(), detours == 0).await {
                Err(failed) if detours > 0 && never_left(&failed) => detours -= 1,
                answered => return answered,
            }
        }
    }

    async fn open(
        &self,
        call: &Call,
        first: Vec<Bytes>,
    ) -> Result<Box<dyn transport::LiveStream>, TurnError> {
        let (outbox, messages) = mpsc::channel(OUTBOX.max(first.len()));
        for message in first {
            // There is room for all of them, and the receiver is held just below.
            let _ = outbox.try_send(message);
        }
        let messages = ReceiverStream::new(messages).boxed();
        let stream = self
            .begin(call, messages, (Waiting::begin(), Lasts::OnItsOwn))
            .await?;
        Ok(Box::new(LiveStream {
            outbox: Some(outbox),
            ..stream
        }))
    }

    async fn stream(
        &self,
        call: &Call,
        sent: BoxStream<'static, Outgoing>,
        lasts: Lasts,
    ) -> Result<Box<dyn transport::LiveStream>, TurnError> {
        let waiting = Waiting::begin();
        let messages = waiting.follow(sent);
        Ok(Box::new(self.begin(call, messages, (waiting, lasts)).await?))
    }
}

/// A stream that was not opened: why, and what has not left for it.
type Unopened = (TurnError, Option<Messages>);

impl Caller {
    fn new(connection: Connection) -> Result<Self, BackendError> {
        Ok(Self {
            headers: Headers::new(&connection)?,
            pool: ChannelPool::new(connection.endpoint, connection.way)?,
        })
    }

    async fn ask_over(
        &self,
        mut prepared: Prepared,
        call: &Call,
        message: Bytes,
        is_patient: bool,
    ) -> Result<Vec<Part>, TurnError> {
        let sent_at = Instant::now();
        let unsent = Unsent::new(stream::once(ready(message)));
        let request = request(unsent.messages(), prepared.headers, Some(call.deadline - sent_at));
        let reading = async {
            let answer = prepared
                .client
                .streaming(request, prepared.path, BytesCodec)
                .await;
            read_all(answer.map_err(Box::new)?.into_inner(), sent_at).await
        };
        match unsent.wait(pin!(reading), call.deadline, is_patient).await {
            Waited::Done(Ok(parts)) => Ok(parts),
            Waited::Done(Err(status)) => Err(self.failed(&prepared.lease, &status, unsent.take().is_some())),
            Waited::Stuck(_) => Err(self.stuck(&prepared.lease)),
            Waited::Late => Err(overdue(unsent.take().is_some())),
        }
    }

    /// Opens a stream for these messages.
    async fn begin(
        &self,
        call: &Call,
        mut messages: Messages,
        (waiting, lasts): (Waiting, Lasts),
    ) -> Result<LiveStream, TurnError> {
        let mut detours = DETOURS;
        loop {
            let prepared = self.prepare(call).await?;
            let how = (&waiting, lasts, detours == 0);
            match self.begin_over(prepared, call, messages, how).await {
                Ok(stream) => return Ok(stream),
                Err((failed, Some(back))) if detours > 0 && never_left(&failed) => {
                    detours -= 1;
                    messages = back;
                }
                Err((failed, _)) => return Err(failed),
            }
        }
    }

    async fn begin_over(
        &self,
        mut prepared: Prepared,
        call: &Call,
        messages: Messages,
        (waiting, lasts, is_patient): (&Waiting, Lasts, bool),
    ) -> Result<LiveStream, Unopened> {
        let timeout = (lasts == Lasts::UntilDeadline).then(|| call.deadline - Instant::now());
        let unsent = Unsent::new(messages);
        let request = request(unsent.messages(), prepared.headers, timeout);
        waiting.restart();
        let opening = prepared.client.streaming(request, prepared.path, BytesCodec);
        match unsent.wait(pin!(opening), call.deadline, is_patient).await {
            Waited::Done(Ok(answer)) => Ok(LiveStream {
                outbox: None,
                inbox: answer.into_inner(),
                waiting: waiting.clone(),
                _lease: prepared.lease,
            }),
            Waited::Done(Err(status)) => {
                let back = unsent.take();
                Err((self.failed(&prepared.lease, &status, back.is_some()), back))
            }
            Waited::Stuck(back) => Err((self.stuck(&prepared.lease), Some(back))),
            Waited::Late => {
                let back = unsent.take();
                Err((overdue(back.is_some()), back))
            }
        }
    }

    /// Gets hold of a token and a connection. Nothing has been sent when this fails.
    async fn prepare(&self, call: &Call) -> Result<Prepared, TurnError> {
        let mut again = true;
        loop {
            // One place that waits: its state is large, and two would take up room twice.
            match timeout_at(call.deadline, self.prepare_once(call)).await {
                Ok(Err(failed)) if again && never_left(&failed) => again = false,
                Ok(prepared) => return prepared,
                Err(_) => return Err(overdue(true)),
            }
        }
    }

    async fn prepare_once(&self, call: &Call) -> Result<Prepared, TurnError> {
        let headers = self.headers.of(call).await.map_err(TurnError::unsent)?;
        let lease = self.pool.lease().await.map_err(TurnError::unsent)?;
        let mut client = Grpc::new(Guard(lease.channel.clone())).max_decoding_message_size(LARGEST_MESSAGE);
        let ready = client.ready().await;
        ready.map_err(|error| self.failed(&lease, &Status::from_error(error), true))?;
        Ok(Prepared {
            client,
            path: PathAndQuery::from_static(call.path),
            headers,
            lease,
        })
    }

    /// The connection takes nothing. Nobody is told, for the call goes another way.
    fn stuck(&self, lease: &Lease) -> TurnError {
        self.pool.discard(lease);
        broken_before("it does not take what is to be sent", "gRPC")
    }

    fn failed(&self, lease: &Lease, status: &Status, is_unsent: bool) -> TurnError {
        if is_transport(status) {
            self.pool.discard(lease);
        }
        if is_unsent {
            failure_unsent(status)
        } else {
            failure(status)
        }
    }
}

#[async_trait]
impl transport::LiveStream for LiveStream {
    async fn send(&mut self, messages: Vec<Bytes>) -> Result<(), TurnError> {
        self.waiting.restart();
        match &self.outbox {
            Some(outbox) => post(outbox, messages).await,
            None => Err(over(0)),
        }
    }

    fn finish(&mut self) {
        self.outbox = None;
    }

    async fn next(&mut self, until: Instant) -> Result<Heard, TurnError> {
        match timeout_at(until, self.inbox.message()).await {
            Ok(heard) => self.heard(heard),
            Err(_) => Ok(Heard::Silence),
        }
    }

    fn unasked(&mut self) -> Result<Heard, TurnError> {
        match self.inbox.message().now_or_never() {
            Some(heard) => self.heard(heard),
            None => Ok(Heard::Silence),
        }
    }
}

impl LiveStream {
    fn heard(&self, heard: Result<Option<Bytes>, Status>) -> Result<Heard, TurnError> {
        match heard {
            Ok(Some(bytes)) => Ok(Heard::Message(Part {
                bytes,
                at: self.waiting.until(Instant::now()),
            })),
            Ok(None) => Ok(Heard::End),
            Err(status) => Err(failure(&status)),
        }
    }
}

async fn read_all(mut answer: Streaming<Bytes>, sent_at: Instant) -> Result<Vec<Part>, Box<Status>> {
    let (mut parts, mut size) = (Vec::new(), 0);
    while let Some(bytes) = answer.message().await? {
        // An empty message costs memory too.
        size += bytes.len() + size_of::<Part>();
        if size > LARGEST_ANSWER {
            return Err(Box::new(Status::out_of_range("the answer is larger than 64 MiB")));
        }
        parts.push(Part {
            bytes,
            at: sent_at.elapsed(),
        });
    }
    Ok(parts)
}

fn request<M>(message: M, headers: HeaderMap, timeout: Option<Duration>) -> Request<M> {
    let mut request = Request::new(message);
    *request.metadata_mut() = MetadataMap::from_headers(headers);
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
        // No two calls have the same: as for sessions, compression need not remember it.
        if let Some(value) = request.metadata_mut().get_mut("grpc-timeout") {
            value.set_sensitive(true);
        }
    }
    request
}
