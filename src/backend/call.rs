//! One call to a service: headers, deadline, the bytes there and back, and what a failure means.
//!
//! A request is never sent twice. The one thing tried again, once, is connecting, as long as nothing has left.

mod codec;
mod guard;

use std::time::Duration;

use futures::{FutureExt, Stream};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
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
use super::TurnError;
use super::auth::{Credentials, TokenSource};
use super::channel::{ChannelPool, Lease};
use super::error::status::{failure, is_transport, late};
use super::error::{BackendError, BackendErrorKind};
use crate::model::endpoint::{CredentialPolicy, Endpoint};
use crate::model::outcome::Sent;

/// The largest single message taken; audio answers are the largest there are.
const LARGEST_MESSAGE: usize = 32 * 1024 * 1024;
/// All messages of one answer together may not be larger.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
/// Messages waiting to be sent on a live stream.
pub(in crate::backend) const OUTBOX: usize = 16;

/// The way to a service, as a target describes it.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Where it is.
    pub endpoint: Endpoint,
    /// Who calls.
    pub credentials: Credentials,
    /// Where credentials may go.
    pub policy: CredentialPolicy,
    /// Project whose quota is used (`x-goog-user-project`), if not the agent's own.
    pub user_project: Option<String>,
}

/// Makes calls over a connection. Shared by all sessions of a target.
pub(in crate::backend) struct Caller {
    pool: ChannelPool,
    credentials: TokenSource,
    user_project: Option<HeaderValue>,
}

/// What is the same for every attempt at a call.
pub(in crate::backend) struct Call {
    /// Path of the method: `/package.Service/Method`.
    pub(in crate::backend) path: &'static str,
    /// The routing parameter: name and (unencoded) value.
    pub(in crate::backend) routing: (&'static str, String),
    /// Further headers.
    pub(in crate::backend) headers: Vec<(&'static str, String)>,
    /// When the answer must be there.
    pub(in crate::backend) deadline: Instant,
}

/// No turn is waited for longer: a session itself lives a day at most (cx-sessions-api 5.3).
const LONGEST_TURN: Duration = Duration::from_hours(24);

/// When a turn that starts now must be answered.
pub(in crate::backend) fn deadline(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(LONGEST_TURN)
}

/// One message of an answer, and when it came, counted from sending.
pub(in crate::backend) struct Part {
    /// The encoded message.
    pub(in crate::backend) bytes: Bytes,
    /// Time since the request was sent.
    pub(in crate::backend) at: Duration,
}

/// A stream open in both directions; it takes up its place on a channel until dropped.
pub(in crate::backend) struct LiveStream {
    outbox: mpsc::Sender<Bytes>,
    inbox: Streaming<Bytes>,
    _lease: Lease,
}

/// What comes back on a stream that is sent beside it.
pub(in crate::backend) struct Incoming {
    inbox: Streaming<Bytes>,
    deadline: Instant,
    /// Bytes that have come.
    size: usize,
    _lease: Lease,
}

/// A call ready to be made.
struct Prepared {
    client: Grpc<Guard>,
    path: PathAndQuery,
    headers: HeaderMap,
    lease: Lease,
}

impl Caller {
    /// Prepares the way; nothing is connected yet.
    ///
    /// # Errors
    /// When credentials may not go there, or a header cannot be made.
    pub(in crate::backend) fn new(connection: Connection) -> Result<Self, BackendError> {
        let user_project = connection
            .user_project
            .as_deref()
            .map(|project| header(USER_PROJECT, project));
        Ok(Self {
            pool: ChannelPool::new(&connection.endpoint)?,
            credentials: TokenSource::new(connection.credentials, &connection.endpoint, &connection.policy)?,
            user_project: user_project.transpose()?,
        })
    }

    /// Sends one message and waits for the whole answer: one message or many.
    ///
    /// # Errors
    /// When the call fails, or the deadline passes.
    pub(in crate::backend) async fn ask(
        &self,
        call: &Call,
        message: Vec<u8>,
    ) -> Result<Vec<Part>, TurnError> {
        let message = Bytes::from(message);
        // Boxed: the state of a call is large, and every future around it would hold room for it twice.
        match Box::pin(self.ask_once(call, message.clone())).await {
            Err(failed) if never_left(&failed) => Box::pin(self.ask_once(call, message)).await,
            answered => answered,
        }
    }

    /// As [`Caller::ask`], for methods that answer with exactly one message.
    ///
    /// # Errors
    /// When the call fails, the deadline passes, or the answer is not one message.
    pub(in crate::backend) async fn ask_for_one(
        &self,
        call: &Call,
        message: Vec<u8>,
    ) -> Result<Part, TurnError> {
        let mut parts = self.ask(call, message).await?;
        match (parts.pop(), parts.is_empty()) {
            (Some(part), true) => Ok(part),
            (part, _) => {
                let count = parts.len() + usize::from(part.is_some());
                Err(no_answer(format!("{count} messages where one was expected")))
            }
        }
    }

    async fn ask_once(&self, call: &Call, message: Bytes) -> Result<Vec<Part>, TurnError> {
        let Prepared {
            mut client,
            path,
            headers,
            lease,
        } = self.prepare(call).await?;
        let sent_at = Instant::now();
        let request = request(message, headers, Some(call.deadline - sent_at));
        let reading = async {
            let answer = client.server_streaming(request, path, BytesCodec).await;
            read_all(answer.map_err(Box::new)?.into_inner(), sent_at).await
        };
        match timeout_at(call.deadline, reading).await {
            Ok(Ok(parts)) => Ok(parts),
            Ok(Err(status)) => Err(self.failed(&lease, &status)),
            Err(_) => Err(TurnError {
                error: late(),
                sent: Sent::Unknown,
            }),
        }
    }

    /// Opens a stream in both directions and sends the first messages on it. The deadline is that of opening:
    /// the stream may live on after it.
    ///
    /// # Errors
    /// When the call fails, or the deadline passes.
    pub(in crate::backend) async fn open(
        &self,
        call: &Call,
        first: &[Bytes],
    ) -> Result<LiveStream, TurnError> {
        match Box::pin(self.open_once(call, first)).await {
            Err(failed) if never_left(&failed) => Box::pin(self.open_once(call, first)).await,
            opened => opened,
        }
    }

    async fn open_once(&self, call: &Call, first: &[Bytes]) -> Result<LiveStream, TurnError> {
        let prepared = self.prepare(call).await?;
        let (outbox, messages) = mpsc::channel(OUTBOX.max(first.len()));
        for message in first {
            // There is room for all of them, and the receiver is held just below.
            let _ = outbox.try_send(message.clone());
        }
        self.begin(call, prepared, outbox, messages).await
    }

    /// As [`Caller::open`], with an outbox of the caller's that somebody else may write to at the same time: a service
    /// may keep its answer back until it has heard enough.
    ///
    /// # Errors
    /// When the call fails, or the deadline passes.
    pub(in crate::backend) async fn open_on(
        &self,
        call: &Call,
        outbox: mpsc::Sender<Bytes>,
        messages: mpsc::Receiver<Bytes>,
    ) -> Result<LiveStream, TurnError> {
        let prepared = match Box::pin(self.prepare(call)).await {
            Err(failed) if never_left(&failed) => Box::pin(self.prepare(call)).await,
            prepared => prepared,
        };
        self.begin(call, prepared?, outbox, messages).await
    }

    async fn begin(
        &self,
        call: &Call,
        prepared: Prepared,
        outbox: mpsc::Sender<Bytes>,
        messages: mpsc::Receiver<Bytes>,
    ) -> Result<LiveStream, TurnError> {
        let Prepared {
            mut client,
            path,
            headers,
            lease,
        } = prepared;
        // No grpc-timeout: a live stream outlasts the turn that opens it.
        let request = request(ReceiverStream::new(messages), headers, None);
        match timeout_at(call.deadline, client.streaming(request, path, BytesCodec)).await {
            Ok(Ok(answer)) => Ok(LiveStream {
                outbox,
                inbox: answer.into_inner(),
                _lease: lease,
            }),
            Ok(Err(status)) => Err(self.failed(&lease, &status)),
            Err(_) => Err(TurnError {
                error: late(),
                sent: Sent::Unknown,
            }),
        }
    }

    /// Opens a stream whose messages come in their own time; the whole call has the deadline of an answer. What is
    /// sent need not wait for the service to answer at all.
    ///
    /// # Errors
    /// When the call fails, or the deadline passes.
    pub(in crate::backend) async fn stream(
        &self,
        call: &Call,
        messages: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<Incoming, TurnError> {
        let prepared = match Box::pin(self.prepare(call)).await {
            Err(failed) if never_left(&failed) => Box::pin(self.prepare(call)).await,
            prepared => prepared,
        };
        let Prepared {
            mut client,
            path,
            headers,
            lease,
        } = prepared?;
        let request = request(messages, headers, Some(call.deadline - Instant::now()));
        match timeout_at(call.deadline, client.streaming(request, path, BytesCodec)).await {
            Ok(Ok(answer)) => Ok(Incoming {
                inbox: answer.into_inner(),
                deadline: call.deadline,
                size: 0,
                _lease: lease,
            }),
            Ok(Err(status)) => Err(self.failed(&lease, &status)),
            Err(_) => Err(TurnError {
                error: late(),
                sent: Sent::Unknown,
            }),
        }
    }

    /// Gets hold of a token and a channel. Nothing has been sent when this fails.
    async fn prepare(&self, call: &Call) -> Result<Prepared, TurnError> {
        let preparing = async {
            let mut headers = self.credentials.headers().await?;
            let (name, value) = &call.routing;
            let routing = format!("{name}={}", utf8_percent_encode(value, ROUTING));
            headers.insert(ROUTING_HEADER, header(ROUTING_HEADER, &routing)?);
            if let Some(project) = &self.user_project {
                headers.insert(USER_PROJECT, project.clone());
            }
            for (name, value) in &call.headers {
                headers.insert(HeaderName::from_static(name), header(name, value)?);
            }
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
                Err(error) => Err(self.failed(&prepared.lease, &Status::from_error(error))),
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

    fn failed(&self, lease: &Lease, status: &Status) -> TurnError {
        if is_transport(status) {
            self.pool.discard(lease);
        }
        failure(status)
    }
}

impl Incoming {
    /// The next message; `None` when the service has said everything.
    ///
    /// # Errors
    /// When the stream broke, the service ended it with an error, or the deadline passes.
    pub(in crate::backend) async fn next(&mut self) -> Result<Option<Bytes>, TurnError> {
        match timeout_at(self.deadline, self.inbox.message()).await {
            Ok(Ok(Some(bytes))) => {
                self.size += bytes.len() + size_of::<Part>();
                if self.size > LARGEST_ANSWER {
                    return Err(no_answer("the answer is larger than 64 MiB"));
                }
                Ok(Some(bytes))
            }
            Ok(Ok(None)) => Ok(None),
            Ok(Err(status)) => Err(failure(&status)),
            Err(_) => Err(TurnError {
                error: late(),
                sent: Sent::Unknown,
            }),
        }
    }
}

impl LiveStream {
    /// Sends one more message.
    ///
    /// # Errors
    /// When the stream is over: the message did not leave.
    pub(in crate::backend) async fn send(&self, message: Bytes) -> Result<(), TurnError> {
        self.outbox.send(message).await.map_err(|_| TurnError {
            error: BackendError::new(BackendErrorKind::Service, "the live stream is over"),
            sent: Sent::No,
        })
    }

    /// Ends this side of the stream and waits a moment for the other to do the same; what still comes is not wanted.
    pub(in crate::backend) async fn close(self, patience: Duration) {
        let Self {
            outbox,
            mut inbox,
            _lease,
        } = self;
        drop(outbox);
        let ended = async { while let Ok(Some(_)) = inbox.message().await {} };
        let _ = tokio::time::timeout(patience, ended).await;
    }

    /// What has come unasked: a message, the end, or (most often) nothing.
    pub(in crate::backend) fn unasked(&mut self) -> Option<Result<Option<Bytes>, Box<Status>>> {
        self.inbox
            .message()
            .now_or_never()
            .map(|message| message.map_err(Box::new))
    }

    /// The next message; `None` when the service has closed the stream.
    ///
    /// # Errors
    /// When the stream broke, or the service ended it with an error.
    pub(in crate::backend) async fn next(&mut self) -> Result<Option<Bytes>, Box<Status>> {
        self.inbox.message().await.map_err(Box::new)
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

/// The answer came, and is not one of this service.
pub(in crate::backend) fn no_answer(message: impl Into<String>) -> TurnError {
    let error = BackendError::new(BackendErrorKind::Protocol, message)
        .hint("does the endpoint belong to this service and this api_version?");
    TurnError {
        error,
        sent: Sent::Yes,
    }
}

fn never_left(failed: &TurnError) -> bool {
    failed.sent == Sent::No && failed.error.is_connect()
}

const ROUTING_HEADER: &str = "x-goog-request-params";
const USER_PROJECT: &str = "x-goog-user-project";

/// What routing parameters are encoded like: everything but the unreserved characters and `/` (ces-api 1.6).
const ROUTING: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

fn header(name: &str, value: &str) -> Result<HeaderValue, BackendError> {
    HeaderValue::from_str(value).map_err(|_| {
        BackendError::new(
            BackendErrorKind::Request,
            format!("`{}` cannot stand in the header {name}", value.escape_debug()),
        )
    })
}
