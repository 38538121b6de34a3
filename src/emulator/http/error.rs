//! Errors as the services write them in JSON: `{"error": {"code", "message", "status"}}`, in a list where the method
//! answers with one. `details` are there where fields of a request are to blame.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use tonic::body::Body;
use tonic::{Code, Status};

use super::message::Malformed;
use crate::backend::error::{http_status, name};

/// The type of the detail that names fields.
const BAD_REQUEST: &str = "type.googleapis.com/google.rpc.BadRequest";

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
    response(status, in_json(status), in_list)
}

/// The answer to what is no message of the method, with `google.rpc.BadRequest` among the details.
pub(super) fn malformed_request(malformed: &Malformed, in_list: bool) -> Response<Body> {
    let status = Status::from(malformed);
    let mut error = in_json(&status);
    let violations: Vec<Value> = malformed
        .violations
        .iter()
        .map(|violation| json!({ "field": violation.at, "description": violation.what }))
        .collect();
    if !violations.is_empty() {
        error["error"]["details"] = json!([{ "@type": BAD_REQUEST, "fieldViolations": violations }]);
    }
    response(&status, error, in_list)
}

fn response(status: &Status, error: Value, in_list: bool) -> Response<Body> {
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
