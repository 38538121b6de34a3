//! Failures that come as HTTP: the service's own errors in JSON, and answers that are none of the service.

use std::time::Duration;

use serde_json::Value;
use tonic::{Code, Status};

use super::status::{failure, foreign};
use crate::backend::TurnError;
use crate::model::outcome::Sent;

/// A service's wish for patience is repeated up to this length, in bytes: as long as a date. What is longer is none, and
/// part of a secret in it would not be known as one.
const LONGEST_WISH: usize = 40;

/// An answer over HTTP, as far as a failure can be told from it.
#[derive(Debug, Clone, Default)]
pub(in crate::backend) struct Head {
    /// The status.
    pub(in crate::backend) status: u16,
    /// The content type, or `no content type`.
    pub(in crate::backend) content_type: String,
    /// The header `Retry-After`.
    pub(in crate::backend) retry_after: Option<String>,
}

impl Head {
    pub(in crate::backend) fn of(status: u16, headers: &http::HeaderMap) -> Self {
        let text = |name| {
            let value = headers.get(name)?;
            Some(value.to_str().ok()?.to_owned())
        };
        Self {
            status,
            content_type: text(http::header::CONTENT_TYPE).unwrap_or_else(|| "no content type".to_owned()),
            retry_after: text(http::header::RETRY_AFTER),
        }
    }

    /// Whether the body may be JSON.
    pub(in crate::backend) fn is_json(&self) -> bool {
        self.content_type.to_ascii_lowercase().contains("json")
    }

    /// What an answer means that is not a success.
    pub(in crate::backend) fn failure(&self, body: &[u8]) -> TurnError {
        match serde_json::from_slice::<Value>(body) {
            Ok(json) if error_of(&json).is_some() => self.refused(&json),
            _ => self.foreign(),
        }
    }

    /// What an error in the service's own words means: `{"error": {"code", "status", "message", "details"}}`, which stands
    /// in a list where the method answers with one.
    pub(in crate::backend) fn refused(&self, json: &Value) -> TurnError {
        let nothing = Value::Null;
        let error = error_of(json).unwrap_or(&nothing);
        let text = |member| error.get(member).and_then(Value::as_str);
        let number = error.get("code").and_then(Value::as_u64);
        let named = text("status").and_then(|name| {
            (1..=16)
                .map(Code::from)
                .find(|code| super::status::name(*code) == name)
        });
        let code = named.unwrap_or_else(|| {
            let status = number.and_then(|number| u16::try_from(number).ok());
            code_of_http(status.unwrap_or(self.status))
        });
        let mut failed = failure(&Status::new(code, text("message").unwrap_or_default()));
        if let Some(wish) = self
            .retry_after
            .as_deref()
            .map(in_seconds)
            .or_else(|| delay(error))
        {
            failed.error.retry_after = duration(&wish);
            if wish.len() <= LONGEST_WISH {
                let hint = failed.error.hint.take().unwrap_or_default();
                failed.error.hint = Some(format!("{hint}; the service asks to wait: {wish}"));
            }
        }
        failed
    }

    /// What an answer means that is none of the service.
    pub(in crate::backend) fn foreign(&self) -> TurnError {
        let mut error = foreign(self.status, &self.content_type, "REST");
        let wish = self.retry_after.as_deref().map(in_seconds);
        error.retry_after = wish.as_deref().and_then(duration);
        TurnError {
            error,
            sent: Sent::Unknown,
        }
    }
}

/// A duration as protobuf's JSON form has it: `1.5s`. A date is none.
fn duration(written: &str) -> Option<Duration> {
    let seconds = written.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// The error in an answer, if it is one.
pub(in crate::backend) fn error_of(json: &Value) -> Option<&Value> {
    let one = match json {
        Value::Array(items) => items.first()?,
        one => one,
    };
    one.get("error").filter(|error| error.is_object())
}

/// `Retry-After` is a number of seconds, or a date.
fn in_seconds(written: &str) -> String {
    match written.trim().parse::<u64>() {
        Ok(seconds) => format!("{seconds}s"),
        Err(_) => written.trim().to_owned(),
    }
}

/// The time that `google.rpc.RetryInfo` among the details names.
fn delay(error: &Value) -> Option<String> {
    let details = error.get("details")?.as_array()?;
    let delay = details.iter().find_map(|detail| detail.get("retryDelay"))?;
    Some(delay.as_str()?.to_owned())
}

/// The HTTP status that goes with a code, as the declaration of `google.rpc.Code` has it.
pub fn http_status(code: Code) -> u16 {
    match code {
        Code::Ok => 200,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => 400,
        Code::Unauthenticated => 401,
        Code::PermissionDenied => 403,
        Code::NotFound => 404,
        Code::AlreadyExists | Code::Aborted => 409,
        Code::ResourceExhausted => 429,
        Code::Cancelled => 499,
        Code::Unknown | Code::Internal | Code::DataLoss => 500,
        Code::Unimplemented => 501,
        Code::Unavailable => 503,
        Code::DeadlineExceeded => 504,
    }
}

/// The code behind an HTTP status, for errors that name none.
pub fn code_of_http(status: u16) -> Code {
    match status {
        400 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::NotFound,
        409 => Code::Aborted,
        429 => Code::ResourceExhausted,
        499 => Code::Cancelled,
        500 => Code::Internal,
        501 => Code::Unimplemented,
        503 => Code::Unavailable,
        504 => Code::DeadlineExceeded,
        _ => Code::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::backend::error::BackendErrorKind;
    use crate::backend::error::status::name;

    fn head(status: u16, content_type: &str) -> Head {
        Head {
            status,
            content_type: content_type.to_owned(),
            retry_after: None,
        }
    }

    #[test]
    fn every_code_means_what_it_means_over_grpc() {
        for code in (1..=16).map(Code::from) {
            let status = http_status(code);
            let error = json!({"code": status, "status": name(code), "message": "because"});
            let over_grpc = failure(&Status::new(code, "because"));
            for body in [json!({ "error": error }), json!([{ "error": error }])] {
                let failed = head(status, "application/json").failure(body.to_string().as_bytes());
                assert_eq!((&failed.error, failed.sent), (&over_grpc.error, over_grpc.sent));
            }
        }
    }

    #[test]
    fn an_error_without_a_name_is_known_by_its_number() {
        for (status, body, expected) in [
            (404, json!({"error": {"message": "x"}}), "NOT_FOUND"),
            (200, json!({"error": {"code": 429}}), "RESOURCE_EXHAUSTED"),
            (503, json!({"error": {"status": "BRAND_NEW"}}), "UNAVAILABLE"),
            (418, json!({"error": {"code": 1e99}}), "UNKNOWN"),
        ] {
            let failed = head(status, "application/json").failure(body.to_string().as_bytes());
            assert_eq!(failed.error.code, Some(expected), "{body}");
        }
    }

    #[test]
    fn a_wish_for_patience_is_repeated() {
        let details = json!([{"@type": "x"}, {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"}]);
        let body = json!({"error": {"status": "RESOURCE_EXHAUSTED", "details": details}}).to_string();
        let of_details = head(429, "application/json").failure(body.as_bytes());
        let of_header = Head {
            retry_after: Some(" 30 ".to_owned()),
            ..head(429, "application/json")
        };
        let of_header = of_header.failure(body.as_bytes());
        for (failed, wish, seconds) in [(of_details, "17s", 17), (of_header, "30s", 30)] {
            assert_eq!(failed.error.retry_after, Some(Duration::from_secs(seconds)));
            let hint = failed.error.hint.unwrap();
            let expected = format!("the project's quota; the service asks to wait: {wish}");
            assert!(hint.ends_with(&expected), "{hint}");
        }
    }

    #[test]
    fn a_wish_that_is_no_time_is_not_repeated_in_part() {
        let wish = format!("until {}", "secret".repeat(8));
        let head = Head {
            retry_after: Some(wish),
            ..head(429, "application/json")
        };
        let body = json!({"error": {"status": "RESOURCE_EXHAUSTED"}}).to_string();
        let error = head.failure(body.as_bytes()).error;
        assert!(!error.hint.unwrap().contains("sec") && error.retry_after.is_none());
    }

    #[test]
    fn answers_of_others_are_told_apart() {
        use BackendErrorKind::{Auth, Protocol, Quota, Service};
        for (status, content_type, body, kind) in [
            (404, "text/html; charset=UTF-8", "<html>", Protocol),
            (401, "text/html", "<html>", Auth),
            (403, "application/json", "{}", Auth),
            (429, "text/plain", "slow down", Quota),
            (502, "no content type", "", Service),
            (404, "application/json", r#"{"error": "not found"}"#, Protocol),
            (302, "text/html", "", Protocol),
        ] {
            let failed = head(status, content_type).failure(body.as_bytes());
            assert_eq!(
                (failed.error.kind, failed.sent),
                (kind, Sent::Unknown),
                "{status}"
            );
            assert!(failed.error.hint.is_some(), "{status}");
            assert!(failed.error.message.contains(&format!("HTTP {status}")));
        }
    }
}
