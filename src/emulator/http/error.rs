//! Errors as the services write them in JSON: `{"error": {"code", "message", "status"}}`, in a list where the method
//! answers with one.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use tonic::body::Body;
use tonic::{Code, Status};

use crate::backend::error::{http_status, name};

/// A status in JSON.
pub(super) fn in_json(status: &Status) -> Value {
    let (code, name) = (http_status(status.code()), name(status.code()));
    let message = match (status.message(), status.code()) {
        ("", Code::Unimplemented) => {
            "the emulator does not serve this method: which agent or app was it given?"
        }
        ("", _) => name,
        (message, _) => message,
    };
    json!({ "error": { "code": code, "message": message, "status": name } })
}

/// The answer that is an error.
pub(super) fn refusal(status: &Status, in_list: bool) -> Response<Body> {
    let error = in_json(status);
    let body = if in_list { json!([error]) } else { error };
    let mut response = Response::new(Body::new(format!("{body:#}\n")));
    *response.status_mut() =
        StatusCode::from_u16(http_status(status.code())).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    is_json(&mut response);
    response
}

/// Says that an answer is JSON.
pub(super) fn is_json(response: &mut Response<Body>) {
    let json = HeaderValue::from_static("application/json; charset=UTF-8");
    response.headers_mut().insert(CONTENT_TYPE, json);
}
