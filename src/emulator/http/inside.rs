//! A gRPC call that never sees a network: a request is made for the services, and their answer is taken apart.

use futures::{Stream, StreamExt};
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue, TE, USER_AGENT};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Method, Request, Response, Uri, Version};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use prost::bytes::{Buf, BufMut, Bytes, BytesMut};
use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;
use tower::{Service, ServiceExt};

use crate::emulator::fault::connection::Handle;
use crate::emulator::fault::layer::{Faulty, OverHttp1, Truncated};

/// Bytes before each message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// What comes of a call.
pub(super) enum Begun {
    /// The service answers.
    Answer(Box<Answer>),
    /// Something that is no answer of a service, to be passed on as it is.
    Other(Response<Body>),
}

/// The answer of a service.
pub(super) struct Answer {
    body: Body,
    /// What came of messages that are not whole yet.
    buffer: BytesMut,
    /// How the call ends, if that is known.
    status: Option<Status>,
    /// The connection is to take no further calls.
    pub(super) is_last: bool,
    /// The first message is to be cut in the middle.
    pub(super) is_truncated: bool,
}

/// What a service says.
pub(super) enum Said {
    Message(Bytes),
    /// The call is over, well or not.
    End(Status),
    /// The connection is to break.
    Broken,
}

/// Calls a method, whose path is `/package.Service/Method`. The headers of the request that stands for the call go along as
/// far as services may read them.
pub(super) async fn call(
    services: Faulty<Routes>,
    method: &'static str,
    head: &Parts,
    connection: Handle,
    messages: impl Stream<Item = Result<Bytes, Status>> + Send + 'static,
) -> Begun {
    let frames = messages.map(|message| message.map(|message| Frame::data(framed(&message))));
    let mut request = Request::new(Body::new(StreamBody::new(frames)));
    *request.method_mut() = Method::POST;
    *request.version_mut() = Version::HTTP_2;
    *request.uri_mut() = Uri::from(PathAndQuery::from_static(method));
    *request.headers_mut() = metadata(&head.headers);
    request.extensions_mut().insert(connection);
    request.extensions_mut().insert(OverHttp1);
    let answered = match services.ready_oneshot().await {
        Ok(mut services) => services.call(request).await,
        Err(never) => match never {},
    };
    let (head, body) = match answered {
        Ok(response) => response.into_parts(),
        Err(never) => match never {},
    };
    let content_type = head.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_grpc = content_type.is_some_and(|value| value.starts_with(b"application/grpc"));
    if !is_grpc {
        return Begun::Other(Response::from_parts(head, body));
    }
    Begun::Answer(Box::new(Answer {
        body,
        buffer: BytesMut::new(),
        status: Status::from_header_map(&head.headers),
        is_last: head.headers.contains_key(CONNECTION),
        is_truncated: head.extensions.get::<Truncated>().is_some(),
    }))
}

/// What of a request's headers is for the service.
fn metadata(headers: &HeaderMap) -> HeaderMap {
    let is_theirs =
        |name: &HeaderName| name == AUTHORIZATION || name == USER_AGENT || name.as_str().starts_with("x-");
    let mut metadata: HeaderMap = headers
        .iter()
        .filter(|(name, _)| is_theirs(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    metadata.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    metadata.insert(TE, HeaderValue::from_static("trailers"));
    metadata
}

fn framed(message: &Bytes) -> Bytes {
    let mut framed = BytesMut::with_capacity(PREFIX + message.len());
    framed.put_u8(0);
    // No body that is read is so large.
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    framed.freeze()
}

impl Answer {
    /// How the call has ended already, before anything was said.
    pub(super) fn ended(&self) -> Option<&Status> {
        self.status.as_ref()
    }

    /// What the service says next.
    pub(super) async fn next(&mut self) -> Said {
        loop {
            if let Some(message) = self.whole() {
                return Said::Message(message);
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.take(frame),
                None if self.buffer.is_empty() => {
                    return Said::End(self.status.take().unwrap_or_else(|| Status::ok("")));
                }
                Some(Err(_)) | None => return Said::Broken,
            }
        }
    }

    fn take(&mut self, frame: Frame<Bytes>) {
        match frame.into_data() {
            Ok(data) => self.buffer.extend_from_slice(&data),
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers() {
                    self.status = Status::from_header_map(&trailers).or(self.status.take());
                }
            }
        }
    }

    /// The next message, once it is there.
    fn whole(&mut self) -> Option<Bytes> {
        let mut prefix = self.buffer.get(1..PREFIX)?;
        let length = usize::try_from(prefix.get_u32()).ok()?;
        if self.buffer.len() < PREFIX + length {
            return None;
        }
        self.buffer.advance(PREFIX);
        Some(self.buffer.split_to(length).freeze())
    }
}
