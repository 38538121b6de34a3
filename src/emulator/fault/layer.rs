//! Faults of calls: between the server and the services, so that every service has all of them.

use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::{BoxFuture, Either};
use futures::{FutureExt, Stream, StreamExt, TryStreamExt, stream};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, BodyStream, StreamBody};
use prost::bytes::Bytes;
use tokio::time::sleep;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use super::connection::Handle;
use super::rule::{Fault, Rules};

/// Bytes before each message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// A page such as stands where no service is.
const PAGE: &str =
    "<!DOCTYPE html><html><title>Error 404 (Not Found)</title><p>This is a web server.</html>\n";

/// Marks a call that came over HTTP/1.1, where some faults are done by who turns answers into JSON.
#[derive(Debug, Clone, Copy)]
pub(in crate::emulator) struct OverHttp1;

/// Marks an answer whose first message is to be cut in the middle.
#[derive(Debug, Clone, Copy)]
pub(in crate::emulator) struct Truncated;

/// Puts [`Faulty`] around the services.
#[derive(Debug, Clone)]
pub(in crate::emulator) struct FaultLayer(pub(in crate::emulator) Arc<Rules>);

impl<S> Layer<S> for FaultLayer {
    type Service = Faulty<S>;

    fn layer(&self, inner: S) -> Faulty<S> {
        Faulty {
            inner,
            rules: Arc::clone(&self.0),
        }
    }
}

/// Services whose calls go wrong as the rules say.
#[derive(Debug, Clone)]
pub(in crate::emulator) struct Faulty<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S> Service<Request<Body>> for Faulty<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response<Body>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if self.rules.is_empty() {
            return Either::Left(self.inner.call(request));
        }
        // The service that is ready is the one to be called.
        let next = self.inner.clone();
        let inner = mem::replace(&mut self.inner, next);
        Either::Right(struck(inner, Arc::clone(&self.rules), request).boxed())
    }
}

/// A call that the rules are asked about when its message has come. A call of which only the head has come may still go
/// another way when its connection breaks or is retired: it would count twice, and be struck twice. (Over HTTP/1.1 a
/// message has come before, or a socket is to be refused.)
async fn struck<S>(
    mut inner: S,
    rules: Arc<Rules>,
    mut request: Request<Body>,
) -> Result<Response<Body>, S::Error>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    let connection = request.extensions().get::<Handle>().cloned();
    let is_http1 = request.extensions().get::<OverHttp1>().is_some();
    if !is_http1 {
        if !rules.are_about(request.uri().path()) {
            return inner.call(request.map(|body| counted(body, rules))).await;
        }
        let (head, body) = request.into_parts();
        let (body, has_come) = with_message(body).await;
        request = Request::from_parts(head, body);
        if !has_come {
            return inner.call(request).await;
        }
    }
    let Some((fault, applied)) = rules.of_call(request.uri().path()) else {
        return inner.call(request).await;
    };
    if !applied && !matches!(fault, Fault::Delay(_) | Fault::GoAway | Fault::Truncate) {
        // What is asked is not kept while nothing is answered: it would take the connection's room for other calls.
        drop(request);
        return Ok(instead(fault, connection).await);
    }
    let answer = inner.call(request);
    if is_http1 && matches!(fault, Fault::GoAway | Fault::Truncate) {
        return Ok(marked(answer.await?, fault));
    }
    spoilt(answer, fault, connection).await
}

/// What is asked, which counts when it begins to come.
fn counted(body: Body, rules: Arc<Rules>) -> Body {
    let mut has_come = false;
    Body::new(body.map_frame(move |frame| {
        if !has_come && has_data(&frame) {
            has_come = true;
            rules.count();
        }
        frame
    }))
}

/// Waits for the beginning of what is asked, and tells whether it came.
async fn with_message(mut body: Body) -> (Body, bool) {
    let mut first = body.frame().await;
    while matches!(&first, Some(Ok(frame)) if frame.is_data() && !has_data(frame)) {
        first = body.frame().await;
    }
    let has_come = matches!(&first, Some(Ok(frame)) if has_data(frame));
    let whole = stream::iter(first).chain(BodyStream::new(body));
    (Body::new(StreamBody::new(whole)), has_come)
}

fn has_data(frame: &Frame) -> bool {
    frame.data_ref().is_some_and(|bytes| !bytes.is_empty())
}

/// What comes in the place of an answer.
async fn instead(fault: Fault, connection: Option<Handle>) -> Response<Body> {
    match fault {
        Fault::Status(code) => status(code).into_http(),
        Fault::Html => page(),
        Fault::Hang => std::future::pending().await,
        Fault::Disconnect => {
            if let Some(connection) = connection {
                connection.disconnect();
            }
            broken(stream::empty())
        }
        _ => broken(stream::empty()),
    }
}

/// The answer of a service that was asked, with something wrong.
async fn spoilt<E>(
    answer: impl Future<Output = Result<Response<Body>, E>>,
    fault: Fault,
    connection: Option<Handle>,
) -> Result<Response<Body>, E> {
    match fault {
        Fault::Delay(delay) => {
            sleep(delay).await;
            answer.await
        }
        Fault::GoAway => {
            if let Some(connection) = connection {
                connection.go_away();
            }
            answer.await
        }
        Fault::Truncate => Ok(answer.await?.map(|body| Body::new(StreamBody::new(half(body))))),
        Fault::Reset => {
            let mut messages = data(answer.await?.into_body());
            // Of a streamed answer the first message comes through.
            let first = messages
                .next()
                .await
                .map(|frame| frame.map(|frame| cut(frame, 1)));
            Ok(broken(stream::iter(first)))
        }
        lost => {
            let mut messages = data(answer.await?.into_body());
            // A service has played the turn when it says something.
            let _ = messages.next().await;
            Ok(instead(lost, connection).await)
        }
    }
}

/// An answer that is to be spoilt where it becomes JSON. What HTTP/2 says with a frame, HTTP/1.1 says with a header.
fn marked(mut answer: Response<Body>, fault: Fault) -> Response<Body> {
    if fault == Fault::GoAway {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(header::CONNECTION, close);
    } else {
        answer.extensions_mut().insert(Truncated);
    }
    answer
}

type Frame = http_body::Frame<Bytes>;
type Data = Pin<Box<dyn Stream<Item = Result<Frame, Status>> + Send>>;

/// The messages of an answer, as they are cut into pieces.
fn data(body: Body) -> Data {
    Box::pin(body.into_data_stream().map_ok(Frame::data))
}

/// Half of the first message, and no more.
fn half(body: Body) -> impl Stream<Item = Result<Frame, Status>> + Send {
    data(body).take(1).map_ok(|frame| cut(frame, 2))
}

/// The first message in a piece of an answer, or a part of it: several may come in one piece.
fn cut(frame: Frame, parts: usize) -> Frame {
    let mut bytes = frame.into_data().unwrap_or_default();
    let length = bytes
        .get(1..PREFIX)
        .and_then(|length| <[u8; 4]>::try_from(length).ok());
    if let Some(length) = length.and_then(|length| usize::try_from(u32::from_be_bytes(length)).ok()) {
        bytes.truncate(PREFIX + length);
    }
    bytes.truncate(bytes.len() / parts);
    Frame::data(bytes)
}

/// An answer that breaks off after its messages: the stream is reset.
fn broken(messages: impl Stream<Item = Result<Frame, Status>> + Send + 'static) -> Response<Body> {
    let end = stream::once(async { Err(Status::internal("reset on purpose")) });
    let mut response = Response::new(Body::new(StreamBody::new(messages.chain(end))));
    let grpc = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(header::CONTENT_TYPE, grpc);
    response
}

fn status(code: Code) -> Status {
    Status::new(code, "on purpose, as a rule of this emulator says")
}

fn page() -> Response<Body> {
    let mut response = Response::new(Body::new(PAGE.to_owned()));
    *response.status_mut() = StatusCode::NOT_FOUND;
    let html = HeaderValue::from_static("text/html; charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}
