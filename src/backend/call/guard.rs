//! Stands between the gRPC client and the channel and looks at what comes back before the client does.
//!
//! Answers that are not gRPC (an HTML page of a front end, a proxy's error) become an error that says so. And a
//! header that the client would panic on is taken out: details of a status that are no base64.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::transport::Channel;

use crate::backend::error::status::NotGrpc;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Details of a status, in base64; the client takes it for granted that they are well-formed.
const DETAILS: &str = "grpc-status-details-bin";

/// How the client reads them: padding may be there or not.
const DETAILS_ENCODING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A channel whose answers are looked at.
#[derive(Debug, Clone)]
pub(super) struct Guard(pub(super) Channel);

impl Service<Request<Body>> for Guard {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = self.0.call(request);
        Box::pin(async move { inspect(answer.await?) })
    }
}

fn inspect(response: Response<Body>) -> Result<Response<Body>, BoxError> {
    let (mut head, body) = response.into_parts();
    if !is_grpc(&head.headers) {
        let content_type = head
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        return Err(Box::new(NotGrpc {
            status: head.status.as_u16(),
            content_type: content_type.unwrap_or("no content type").to_owned(),
        }));
    }
    remove_malformed_details(&mut head.headers);
    let body = body.map_frame(|mut frame| {
        if let Some(trailers) = frame.trailers_mut() {
            remove_malformed_details(trailers);
        }
        frame
    });
    Ok(Response::from_parts(head, Body::new(body)))
}

/// Those that can be read stay: they may say how long the service asks to be left alone.
fn remove_malformed_details(headers: &mut HeaderMap) {
    let details = headers
        .get(DETAILS)
        .map(|details| DETAILS_ENCODING.decode(details));
    if details.is_some_and(|decoded| decoded.is_err()) {
        headers.remove(DETAILS);
    }
}

/// A status in the headers is gRPC too, whatever the content type says.
fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    headers.contains_key("grpc-status")
        || content_type.is_some_and(|value| value.starts_with(b"application/grpc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(headers: &[(&'static str, &'static str)]) -> Response<Body> {
        let mut response = Response::new(Body::default());
        for (name, value) in headers {
            response
                .headers_mut()
                .insert(*name, http::HeaderValue::from_static(value));
        }
        response
    }

    #[test]
    fn grpc_answers_pass() {
        for headers in [
            &[("content-type", "application/grpc")][..],
            &[("content-type", "application/grpc+proto")],
            &[("grpc-status", "5")],
        ] {
            assert!(inspect(response(headers)).is_ok(), "{headers:?}");
        }
    }

    #[test]
    fn other_answers_say_what_they_are() {
        for (headers, expected) in [
            (
                &[("content-type", "text/html")][..],
                "HTTP 200 with text/html instead of a gRPC answer",
            ),
            (&[], "HTTP 200 with no content type instead of a gRPC answer"),
        ] {
            assert_eq!(inspect(response(headers)).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn details_are_taken_out_when_the_client_could_not_read_them() {
        for (details, expected) in [
            ("not base64!", &[][..]),
            ("YQ==YQ", &[]),
            ("Y", &[]),
            ("YR", &[]),
            ("YQ\t", &[]),
            ("YQ", b"a"),
            ("YQ==", b"a"),
            ("-_8", &[]),
            ("+/8", &[0xfb, 0xff]),
            ("", &[]),
        ] {
            let checked = inspect(response(&[("grpc-status", "3"), (DETAILS, details)])).unwrap();
            let status = tonic::Status::from_header_map(checked.headers()).unwrap();
            assert_eq!(status.details(), expected, "{details}");
        }
    }
}
