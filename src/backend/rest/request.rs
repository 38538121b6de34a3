//! A call's message as a request: the session in the path, the rest as JSON.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use prost::bytes::Bytes;

use crate::backend::error::{BackendError, BackendErrorKind};
use crate::backend::transport::Call;
use crate::backend::unsent::Unsent;
use crate::proto::json::bytes_to_json;
use crate::proto::json::read::{is_answered_in_a_list, messages_of};
use crate::proto::rest::Rule;

/// What is asked, in HTTP's terms.
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) json: Bytes,
    pub(super) answers: Answers,
}

/// What a method answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answers {
    /// The type of its messages.
    pub(super) kind: String,
    /// Whether they come in a list, one after the other.
    pub(super) is_list: bool,
}

impl Asked {
    /// # Errors
    /// When the method cannot be called over REST, or the message names no session.
    pub(super) fn new(call: &Call, message: &[u8]) -> Result<Self, BackendError> {
        let wrong = |message| BackendError::new(BackendErrorKind::Request, message);
        let (rule, (input, output)) = Rule::of_method(call.path)
            .zip(messages_of(call.path))
            .ok_or_else(|| wrong(format!("{} cannot be called over REST", call.path)))?;
        let mut json = bytes_to_json(&input, message);
        let path = rule
            .path(&mut json)
            .ok_or_else(|| wrong(format!("`{}` is no name of a session", call.routing.1)))?;
        Ok(Self {
            path,
            json: json.to_string().into(),
            answers: Answers {
                kind: output,
                is_list: is_answered_in_a_list(call.path),
            },
        })
    }
}

/// A body that is taken when it leaves. It cannot be sent again: there is only one of it.
pub(super) fn body(json: Bytes) -> (reqwest::Body, Unsent<Bytes>) {
    let size = json.len() as u64;
    let unsent = Unsent::new(json);
    let leaving = Leaving {
        size,
        unsent: unsent.clone(),
    };
    (reqwest::Body::wrap(leaving), unsent)
}

struct Leaving {
    /// Bytes that are still to be sent.
    size: u64,
    unsent: Unsent<Bytes>,
}

impl Body for Leaving {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.size = 0;
        Poll::Ready(self.unsent.take().map(|json| Ok(Frame::data(json))))
    }

    fn is_end_stream(&self) -> bool {
        self.size == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.size)
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use tokio::time::Instant;

    use super::*;
    use crate::proto::ces_v1 as ces;

    fn call(path: &'static str) -> Call {
        Call {
            path,
            routing: ("config.session", "the session".to_owned()),
            headers: Vec::new(),
            deadline: Instant::now(),
        }
    }

    #[test]
    fn a_message_becomes_a_request() {
        let message = ces::RunSessionRequest {
            config: Some(ces::SessionConfig {
                session: "projects/p/locations/us/apps/a/sessions/s".to_owned(),
                time_zone: "Europe/Paris".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let call = call("/google.cloud.ces.v1.SessionService/StreamRunSession");
        let asked = Asked::new(&call, &message.encode_to_vec()).unwrap();
        assert_eq!(
            asked.path,
            "/v1/projects/p/locations/us/apps/a/sessions/s:streamRunSession"
        );
        assert_eq!(asked.json, r#"{"config":{"timeZone":"Europe/Paris"}}"#);
        let answers = Answers {
            kind: "google.cloud.ces.v1.RunSessionResponse".to_owned(),
            is_list: true,
        };
        assert_eq!(asked.answers, answers);
    }

    #[test]
    fn what_has_no_path_is_not_asked() {
        for (path, expected) in [
            (
                "/google.cloud.ces.v1.SessionService/BidiRunSession",
                "cannot be called over REST",
            ),
            (
                "/google.cloud.ces.v1.SessionService/RunSession",
                "`the session` is no name of a session",
            ),
        ] {
            let error = Asked::new(&call(path), &[]).err().unwrap();
            assert!(error.message.contains(expected), "{error}");
        }
    }
}
