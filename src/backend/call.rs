//! One call to a service: headers, deadline, the bytes there and back, and what a failure means.
//!
//! A request is never sent twice. The one thing tried again, once, is connecting, as long as nothing has left.

mod codec;
mod guard;

use std::future::ready;
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
use super::error::status::{failure, is_transport, late, unsent};
use super::headers::Headers;
use super::left::{Left, never_left};
use super::transport::{
    self, Call, Heard, LARGEST_ANSWER, Lasts, Line, Outgoing, Part, Transport, Waiting, over, post,
};
use super::way::Way;
use super::{SessionStart, TurnError};
use crate::model::endpoint::{CredentialPolicy, Endpoint};
use crate::model::outcome::Sent;

/// The largest single message taken; audio answers are the largest there are.
pub(super) const LARGEST_MESSAGE: usize = 32 * 1024 * 1024;
/// Messages waiting to be sent on a live stream.
const OUTBOX: usize = 16;

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
        let mut again = true;
        loop {
            // One place that waits: the state of a call is large, and two would take up room twice.
            match self.ask_once(call, message.clone()).await {
                Err(failed) if again && never_left(&failed) => again = false,
                answered => return answered,
            }
        }
    }

    async fn open(
        &self,
        call: &Call,
        first: Vec<Bytes>,
    ) -> Result<Box<dyn transport::LiveStream>, TurnError> {
        let mut again = true;
        loop {
            match self.open_once(call, &first).await {
                Err(failed) if again && never_left(&failed) => again = false,
                Err(failed) => return Err(failed),
                Ok(stream) => return Ok(Box::new(stream)),
            }
        }
    }

    async fn stream(
        &self,
        call: &Call,
        sent: BoxStream<'static, Outgoing>,
        lasts: Lasts,
    ) -> Result<Box<dyn transport::LiveStream>, TurnError> {
        let prepared = match self.prepare(call).await {
            Err(failed) if never_left(&failed) => self.prepare(call).await?,
            prepared => prepared?,
        };
        let waiting = Waiting::begin();
        let opened = begin(prepared, call, waiting.follow(sent), (waiting, lasts)).await;
        Ok(Box::new(self.opened(opened)?))
    }
}

/// Why a stream could not be opened.
enum Unopened {
    Failed(Lease, Box<Status>, Left),
    Late(Left),
}

async fn begin(
    prepared: Prepared,
    call: &Call,
    messages: BoxStream<'static, Bytes>,
    (waiting, lasts): (Waiting, Lasts),
) -> Result<LiveStream, Unopened> {
    let Prepared {
        mut client,
        path,
        headers,
        lease,
    } = prepared;
    let timeout = (lasts == Lasts::UntilDeadline).then(|| call.deadline - Instant::now());
    let left = Left::default();
    let request = request(left.watch(messages), headers, timeout);
    match timeout_at(call.deadline, client.streaming(request, path, BytesCodec)).await {
        Ok(Ok(answer)) => Ok(LiveStream {
            outbox: None,
            inbox: answer.into_inner(),
            waiting,
            _lease: lease,
        }),
        Ok(Err(status)) => Err(Unopened::Failed(lease, Box::new(status), left)),
        Err(_) => Err(Unopened::Late(left)),
    }
}

impl Caller {
    fn new(connection: Connection) -> Result<Self, BackendError> {
        Ok(Self {
            headers: Headers::new(&connection)?,
            pool: ChannelPool::new(connection.endpoint, connection.way)?,
        })
    }

    async fn ask_once(&self, call: &Call, message: Bytes) -> Result<Vec<Part>, TurnError> {
        let Prepared {
            mut client,
            path,
            headers,
            lease,
        } = self.prepare(call).await?;
        let sent_at = Instant::now();
        let left = Left::default();
        let messages = left.watch(stream::once(ready(message)));
        let request = request(messages, headers, Some(call.deadline - sent_at));
        let reading = async {
            let answer = client.streaming(request, path, BytesCodec).await;
            read_all(answer.map_err(Box::new)?.into_inner(), sent_at).await
        };
        match timeout_at(call.deadline, reading).await {
            Ok(Ok(parts)) => Ok(parts),
            Ok(Err(status)) => Err(self.failed(&lease, &status, &left)),
            Err(_) => Err(left.late()),
        }
    }

    async fn open_once(&self, call: &Call, first: &[Bytes]) -> Result<LiveStream, TurnError> {
        let prepared = self.prepare(call).await?;
        let (outbox, messages) = mpsc::channel(OUTBOX.max(first.len()));
        for message in first {
            // There is room for all of them, and the receiver is held just below.
            let _ = outbox.try_send(message.clone());
        }
        let messages = ReceiverStream::new(messages).boxed();
        let opened = begin(prepared, call, messages, (Waiting::begin(), Lasts::OnItsOwn)).await;
        Ok(LiveStream {
            outbox: Some(outbox),
            ..self.opened(opened)?
        })
    }

    fn opened(&self, opened: Result<LiveStream, Unopened>) -> Result<LiveStream, TurnError> {
        opened.map_err(|unopened| match unopened {
            Unopened::Failed(lease, status, left) => self.failed(&lease, &status, &left),
            Unopened::Late(left) => left.late(),
        })
    }

    /// Gets hold of a token and a channel. Nothing has been sent when this fails.
    async fn prepare(&self, call: &Call) -> Result<Prepared, TurnError> {
        let preparing = async {
            let headers = self.headers.of(call).await?;
            let lease = self.pool.lease().await?;
            let client = Grpc::new(Guard(lease.channel.clone())).max_decoding_message_size(LARGEST_MESSAGE);
            Ok(Prepared {
                client,
                path: PathAndQuery::from_static(call.path),
                headers,
                lease,
            })
        };
        match timeout_at(call.deadline, preparing).await {
            Ok(Ok(mut prepared)) => match prepared.client.ready().await {
                Ok(()) => Ok(prepared),
                Err(error) => {
                    let nothing_left = Left::default();
                    Err(self.failed(&prepared.lease, &Status::from_error(error), &nothing_left))
                }
            },
            Ok(Err(error)) => Err(TurnError {
                error,
                sent: Sent::No,
            }),
            Err(_) => Err(TurnError {
                error: late(),
                sent: Sent::No,
            }),
        }
    }

    fn failed(&self, lease: &Lease, status: &Status, left: &Left) -> TurnError {
        if is_transport(status) {
            self.pool.discard(lease);
        }
        if left.has() {
            failure(status)
        } else {
            unsent(status)
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
    }
    request
}
