//! A call that comes as a request of REST.

use futures::stream;
use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Limited, StreamBody};
use hyper::body::Incoming;
use prost::bytes::Bytes;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Code, Status};

use super::LARGEST_BODY;
use super::error::{in_json, is_json, malformed_request, refusal};
use super::inside::{Answer, Begun, Said, call};
use super::message::{self, Malformed};
use crate::emulator::fault::connection::Handle;
use crate::emulator::fault::layer::Faulty;
use crate::proto::json::bytes_to_json;
use crate::proto::json::read::{is_answered_in_a_list, messages_of};
use crate::proto::rest::Rule;

/// Answers a request: the rule of its method, and the session that its path names.
pub(super) async fn answer(
    services: Faulty<Routes>,
    (rule, session): (&'static Rule, String),
    request: Request<Incoming>,
    connection: Handle,
) -> Response<Body> {
    let in_list = is_answered_in_a_list(rule.method);
    let (head, body) = request.into_parts();
    let (input, output) = messages_of(rule.method).unwrap_or_default();
    let message = match read(body).await {
        Ok(body) => message(&body, rule, session, &input),
        Err(status) => return refusal(&status, in_list),
    };
    let message = match message {
        Ok(message) => message,
        Err(malformed) => return malformed_request(&malformed, in_list),
    };
    let messages = stream::iter([Ok(message)]);
    let answer = match call(services, rule.method, &head, connection, messages).await {
        Begun::Answer(answer) => *answer,
        Begun::Other(response) => return response,
    };
    let is_last = answer.is_last;
    let mut response = if in_list {
        list(answer, output).await
    } else {
        one(answer, &output).await
    };
    if is_last {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
}

async fn read(body: Incoming) -> Result<Bytes, Status> {
    let body = Limited::new(body, LARGEST_BODY).collect().await;
    let body = body.map_err(|error| Status::invalid_argument(format!("the body cannot be read: {error}")))?;
    Ok(body.to_bytes())
}

/// The message that a body is, with the session that stands in the path.
fn message(body: &[u8], rule: &Rule, session: String, kind: &str) -> Result<Bytes, Malformed> {
    let mut json = message::json(body)?;
    rule.put(&mut json, session);
    message::message(kind, &json)
}

/// A message in the end.
async fn one(mut answer: Answer, kind: &str) -> Response<Body> {
    let message = match answer.next().await {
        Said::Message(message) => message,
        Said::End(status) if status.code() == Code::Ok => {
            return refusal(&Status::internal("the service said nothing"), false);
        }
        Said::End(status) => return refusal(&status, false),
        Said::Broken => return broken(),
    };
    let mut text = bytes_to_json(kind, &message).to_string();
    if answer.is_truncated {
        text = half(&text);
    } else {
        match answer.next().await {
            Said::End(status) if status.code() == Code::Ok => {}
            Said::End(status) => return refusal(&status, false),
            Said::Message(_) => return refusal(&Status::internal("the service said too much"), false),
            Said::Broken => return broken(),
        }
    }
    let mut response = Response::new(Body::new(text));
    is_json(&mut response);
    response
}

/// A list whose elements are sent as they come. What goes wrong before the first one is an error of its own; later
/// it is an element.
async fn list(mut answer: Answer, kind: String) -> Response<Body> {
    let first = match answer.next().await {
        Said::End(status) if status.code() != Code::Ok => return refusal(&status, true),
        Said::Broken => return broken(),
        first => first,
    };
    let list = List {
        answer,
        kind,
        first: Some(first),
    };
    let pieces = stream::unfold(Some(list), |list| async {
        let mut list = list?;
        let (piece, goes_on) = list.piece().await;
        Some((piece, goes_on.then_some(list)))
    });
    let mut response = Response::new(Body::new(StreamBody::new(pieces)));
    is_json(&mut response);
    response
}

/// A list on its way.
struct List {
    answer: Answer,
    /// The type of its messages.
    kind: String,
    /// What comes first, until it is sent.
    first: Option<Said>,
}

impl List {
    /// The next piece of text, and whether there is more.
    async fn piece(&mut self) -> (Result<Frame<Bytes>, Status>, bool) {
        let (lead, end, said) = match self.first.take() {
            Some(first) => ("[", "[]", first),
            None => (",\r\n", "]", self.answer.next().await),
        };
        let (text, goes_on) = match said {
            Said::Message(message) => {
                let text = bytes_to_json(&self.kind, &message).to_string();
                if self.answer.is_truncated {
                    (format!("{lead}{}", half(&text)), false)
                } else {
                    (format!("{lead}{text}"), true)
                }
            }
            Said::End(status) if status.code() == Code::Ok => (end.to_owned(), false),
            Said::End(status) => (format!("{lead}{}]", in_json(&status)), false),
            Said::Broken => return (Err(Status::internal("reset on purpose")), false),
        };
        (Ok(Frame::data(text.into())), goes_on)
    }
}

/// An answer that breaks off, and its connection with it.
fn broken() -> Response<Body> {
    let end = stream::iter([Err::<Frame<Bytes>, _>(Status::internal("reset on purpose"))]);
    let mut response = Response::new(Body::new(StreamBody::new(end)));
    is_json(&mut response);
    response
}

fn half(text: &str) -> String {
    let mut end = text.len() / 2;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
