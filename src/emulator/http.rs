//! The services over HTTP/1.1: as REST, and live streams over WebSockets. No service knows: what comes as JSON goes on
//! as the gRPC call that it stands for, through the same faults to the same services, and the answer becomes JSON.
//!
//! A page in a browser can send requests to this machine, too, whatever site it is from. So a request that says it comes
//! from a page of another machine is refused.

mod error;
mod inside;
mod message;
mod rest;
mod websocket;

use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, ORIGIN};
use http::{HeaderMap, Method, Request, Response, Uri};
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Code, Status};

use self::error::refusal;
use super::fault::connection::Handle;
use super::fault::layer::Faulty;
use crate::proto::rest::{Rule, live_method};

/// The largest body or frame that is read; bytes in it are a third larger than themselves.
const LARGEST_BODY: usize = 24 * 1024 * 1024;

/// The services, for who speaks HTTP/1.1. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::emulator) struct Face {
    /// The services behind their faults.
    pub(in crate::emulator) services: Faulty<Routes>,
    /// Ends live streams.
    pub(in crate::emulator) stop: CancellationToken,
}

impl Face {
    /// Answers a request that came on a connection.
    pub(in crate::emulator) async fn answer(
        self,
        request: Request<Incoming>,
        connection: Handle,
    ) -> Response<Body> {
        if let Err(status) = check(request.headers()) {
            return refusal(&status, false);
        }
        let path = request.uri().path();
        if let Some(method) = live_method(path) {
            return websocket::answer(self, method, request, connection);
        }
        match Rule::of_path(path) {
            Some((rule, session)) if request.method() == Method::POST => {
                rest::answer(self.services, (rule, session), request, connection).await
            }
            Some(_) => {
                let message = format!("{path} is called by POST");
                let mut response = refusal(&Status::unimplemented(message), false);
                *response.status_mut() = http::StatusCode::METHOD_NOT_ALLOWED;
                response
                    .headers_mut()
                    .insert(ALLOW, HeaderValue::from_static("POST"));
                response
            }
            None => refusal(&Status::not_found(format!("there is nothing at {path}")), false),
        }
    }
}

/// Whether a request is one for us.
fn check(headers: &HeaderMap) -> Result<(), Status> {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    if content_type.is_some_and(|value| value.starts_with(b"application/grpc")) {
        return Err(Status::invalid_argument("gRPC is spoken over HTTP/2 here"));
    }
    if headers.get(ORIGIN).is_none_or(is_of_this_machine) {
        return Ok(());
    }
    let message = "a page of another machine asks: programs and pages of this machine only may";
    Err(Status::new(Code::PermissionDenied, message))
}

fn is_of_this_machine(origin: &HeaderValue) -> bool {
    let uri = origin.to_str().ok().and_then(|text| text.parse::<Uri>().ok());
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_other_machines_are_refused() {
        for (origin, is_fine) in [
            ("http://localhost:3000", true),
            ("http://127.0.0.1", true),
            ("http://[::1]:8080", true),
            ("https://evil.example", false),
            ("http://localhost.evil.example", false),
            ("http://10.0.0.1", false),
            ("null", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin))]);
            assert_eq!(check(&headers).is_ok(), is_fine, "{origin}");
        }
        assert!(check(&HeaderMap::new()).is_ok());
    }
}
