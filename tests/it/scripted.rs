//! A real gRPC server on a loopback port that answers what a test tells it to, and remembers what it was asked.
//!
//! It works on bytes, so it knows nothing that the client under test knows too.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures::{FutureExt, StreamExt};
use http::{HeaderMap, Request, Response};
use prost::Message;
use prost::bytes::{Buf, BufMut, Bytes};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder, Streaming};
use tonic::codegen::Service;
use tonic::server::NamedService;
use tonic::{Status, transport::Server};
use turnproof::backend::auth::Credentials;
use turnproof::backend::call::Connection;
use turnproof::backend::way::Way;
use turnproof::model::endpoint::{CredentialPolicy, Endpoint};
use turnproof::proto::ces_v1;

/// What the server does with one call (on a live stream: with one turn).
pub(crate) enum Reply {
    /// Sends these messages and ends the call; a live stream goes on.
    Messages(Vec<Vec<u8>>),
    /// Sends these messages, then fails.
    Broken(Vec<Vec<u8>>, Status),
    /// Sends these messages and closes the call.
    Close(Vec<Vec<u8>>),
    /// Sends these messages, and later, when told to, the others, and closes the call.
    Later(Vec<Vec<u8>>, oneshot::Receiver<()>, Vec<Vec<u8>>),
    /// Never answers.
    Never,
}

impl Reply {
    /// One message.
    pub(crate) fn one(message: &impl Message) -> Self {
        Self::Messages(vec![message.encode_to_vec()])
    }

    /// Several messages.
    pub(crate) fn many<M: Message>(messages: &[M]) -> Self {
        Self::Messages(messages.iter().map(Message::encode_to_vec).collect())
    }

    /// A status instead of an answer.
    pub(crate) fn fail(status: Status) -> Self {
        Self::Broken(Vec::new(), status)
    }
}

/// One message the server received.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// Path of the method.
    pub(crate) path: String,
    /// Which call of the server it belongs to, from 0.
    pub(crate) call: usize,
    /// The call's headers.
    pub(crate) headers: HeaderMap,
    /// The encoded message.
    pub(crate) message: Bytes,
}

impl Received {
    /// Reads the message.
    pub(crate) fn read<M: Message + Default>(&self) -> M {
        M::decode(self.message.clone()).unwrap()
    }

    /// A header as text; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Default)]
struct State {
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    received: Mutex<Vec<Received>>,
    news: Notify,
    calls: AtomicUsize,
    connections: AtomicUsize,
}

/// The server; it stops when dropped.
pub(crate) struct ScriptedServer {
    state: Arc<State>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl ScriptedServer {
    /// Starts a server without answers.
    pub(crate) async fn start() -> Self {
        Self::start_on("127.0.0.1:0".parse().unwrap()).await
    }

    /// Starts a server on an address that another one has left.
    pub(crate) async fn start_on(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let counted = Arc::clone(&state);
        let incoming = TcpListenerStream::new(listener).inspect(move |_| {
            counted.connections.fetch_add(1, Ordering::SeqCst);
        });
        let (stop, stopped) = oneshot::channel();
        let server = Server::builder()
            .add_service(Script::<0>(Arc::clone(&state)))
            .add_service(Script::<1>(Arc::clone(&state)))
            .add_service(Script::<2>(Arc::clone(&state)))
            .serve_with_incoming_shutdown(incoming, stopped.map(|_| ()));
        let running = tokio::spawn(async move { server.await.unwrap() });
        Self {
            state,
            address,
            stop: Some(stop),
            running,
        }
    }

    /// The address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The way to the server, for a target without credentials.
    pub(crate) fn connection(&self) -> Connection {
        connection(self.address)
    }

    /// Says what the next call of a method (its bare name) gets.
    pub(crate) fn reply(&self, method: &str, reply: Reply) {
        self.state
            .replies
            .lock()
            .unwrap()
            .entry(method.to_owned())
            .or_default()
            .push_back(reply);
    }

    /// Everything received so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// Waits until so many messages were received; one test waits at a time.
    pub(crate) async fn until_received(&self, count: usize) {
        while self.received().len() < count {
            self.state.news.notified().await;
        }
    }

    /// The only message received.
    pub(crate) fn only(&self) -> Received {
        let mut received = self.received();
        assert_eq!(received.len(), 1, "{received:#?}");
        received.remove(0)
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Tells clients to go away, lets calls end, and leaves the address.
    pub(crate) async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        (&mut self.running).await.unwrap();
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// The way to a server on this machine, without credentials.
pub(crate) fn connection(address: SocketAddr) -> Connection {
    Connection {
        endpoint: Endpoint::parse(&format!("http://{address}")).unwrap(),
        credentials: Credentials::None,
        policy: CredentialPolicy::default(),
        way: Way::default(),
        user_project: None,
    }
}

/// The object that a literal is.
pub(crate) fn object(value: serde_json::Value) -> turnproof::model::Map {
    serde_json::from_value(value).unwrap()
}

/// The services by name; the router wants a type for each.
const SERVICES: [&str; 3] = [
    "google.cloud.dialogflow.cx.v3.Sessions",
    "google.cloud.dialogflow.cx.v3beta1.Sessions",
    "google.cloud.ces.v1.SessionService",
];

#[derive(Clone)]
struct Script<const SERVICE: usize>(Arc<State>);

impl<const SERVICE: usize> NamedService for Script<SERVICE> {
    const NAME: &'static str = SERVICES[SERVICE];
}

impl<const SERVICE: usize> Service<Request<Body>> for Script<SERVICE> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path().to_owned();
        let handler = Handler {
            state: Arc::clone(&self.0),
            path,
        };
        Box::pin(async move {
            Ok(tonic::server::Grpc::new(BytesCodec)
                .streaming(handler, request)
                .await)
        })
    }
}

type Answer = ReceiverStream<Result<Bytes, Status>>;

struct Handler {
    state: Arc<State>,
    path: String,
}

impl Service<tonic::Request<Streaming<Bytes>>> for Handler {
    type Response = tonic::Response<Answer>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Answer>, Status>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<Streaming<Bytes>>) -> Self::Future {
        let (state, path) = (Arc::clone(&self.state), self.path.clone());
        let (sender, answer) = mpsc::channel(64);
        tokio::spawn(serve(state, path, request, sender));
        Box::pin(async move { Ok(tonic::Response::new(ReceiverStream::new(answer))) })
    }
}

/// Serves one call: every message that ends a turn gets the next reply.
async fn serve(
    state: Arc<State>,
    path: String,
    request: tonic::Request<Streaming<Bytes>>,
    answer: mpsc::Sender<Result<Bytes, Status>>,
) {
    let call = state.calls.fetch_add(1, Ordering::SeqCst);
    let headers = request.metadata().clone().into_headers();
    let method = path.rsplit('/').next().unwrap().to_owned();
    let live = method == "BidiRunSession";
    let mut messages = request.into_inner();
    while let Ok(Some(message)) = messages.message().await {
        let ends_turn = !live || ends_live_turn(&message);
        let received = Received {
            path: path.clone(),
            call,
            headers: headers.clone(),
            message,
        };
        state.received.lock().unwrap().push(received);
        state.news.notify_one();
        if !ends_turn {
            continue;
        }
        let next = state
            .replies
            .lock()
            .unwrap()
            .get_mut(&method)
            .and_then(VecDeque::pop_front);
        let (messages, status, goes_on) = match next {
            Some(Reply::Messages(messages)) => (messages, None, live),
            Some(Reply::Close(messages)) => (messages, None, false),
            Some(Reply::Broken(messages, status)) => (messages, Some(status), false),
            Some(Reply::Later(messages, told, later)) => {
                for message in messages {
                    let _ = answer.send(Ok(Bytes::from(message))).await;
                }
                let _ = told.await;
                (later, None, false)
            }
            Some(Reply::Never) => pending().await,
            None => (
                Vec::new(),
                Some(Status::unimplemented("the script has no answer")),
                false,
            ),
        };
        for message in messages
            .into_iter()
            .map(|message| Ok(Bytes::from(message)))
            .chain(status.map(Err))
        {
            let _ = answer.send(message).await;
        }
        if !goes_on {
            break;
        }
    }
}

fn ends_live_turn(message: &Bytes) -> bool {
    use ces_v1::bidi_session_client_message::MessageType;
    match ces_v1::BidiSessionClientMessage::decode(message.clone())
        .unwrap()
        .message_type
        .unwrap()
    {
        MessageType::Config(_) => false,
        MessageType::RealtimeInput(input) => !input.will_continue,
    }
}

struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put(message);
        Ok(())
    }
}

impl Decoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(source.copy_to_bytes(source.remaining())))
    }
}
