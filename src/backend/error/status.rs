//! gRPC statuses and transport failures as [`BackendError`]s: the one place that reads a `tonic::Status`.

use std::error::Error;

use tonic::{Code, ConnectError, Status, TimeoutExpired};

use super::retry_after::retry_after;
use super::{BackendError, BackendErrorKind};
use crate::backend::TurnError;
use crate::backend::way::trouble::last_word;
use crate::model::outcome::Sent;

/// A longer message of a service is not repeated at all, in bytes. It is not cut here: part of a secret would not be known
/// as one when secrets are hidden.
const LONGEST_MESSAGE: usize = 64 * 1024;

/// What tonic says of an answer that ends within a message; it gives no cause.
const CUT_OFF: &str = "Unexpected EOF decoding stream.";

/// An HTTP answer from something that does not speak gRPC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("HTTP {status} with {content_type} instead of a gRPC answer")]
pub(in crate::backend) struct NotGrpc {
    /// The HTTP status.
    pub(in crate::backend) status: u16,
    /// The content type, or `no content type`.
    pub(in crate::backend) content_type: String,
}

/// What went wrong in a call, and whether the service may have applied the turn.
pub(in crate::backend) fn failure(status: &Status) -> TurnError {
    let (error, sent) = match origin(status) {
        Origin::Service => (refused(status), sent(status.code())),
        Origin::NotGrpc(answer) => (
            foreign(answer.status, &answer.content_type, "gRPC"),
            Sent::Unknown,
        ),
        Origin::Connect(cause) => (unreachable(None, &cause), Sent::No),
        Origin::Timeout => (late(), Sent::Unknown),
        Origin::Transport(cause) => (
            last_word(&cause).unwrap_or_else(|| broken(&cause, "gRPC")),
            Sent::Unknown,
        ),
    };
    TurnError { error, sent }
}

/// As [`failure`], of a call whose message was never taken to be sent: a connection that broke has not carried it.
pub(in crate::backend) fn failure_unsent(status: &Status) -> TurnError {
    match origin(status) {
        Origin::Transport(cause) => broken_before(&cause, "gRPC"),
        Origin::Timeout => overdue(true),
        _ => failure(status),
    }
}

/// The connection went away before anything of a call was on it. Whether it was there at all is a matter of moments, so
/// people are told the same as of one that broke later; only nothing was sent.
pub(in crate::backend) fn broken_before(cause: &str, spoken: &str) -> TurnError {
    let error = last_word(cause).unwrap_or_else(|| BackendError {
        kind: BackendErrorKind::Connect,
        ..broken(&format!("{cause} (before the request left)"), spoken)
    });
    TurnError::unsent(error)
}

/// Whether the connection itself failed, so that it had better not be used again.
pub(in crate::backend) fn is_transport(status: &Status) -> bool {
    matches!(origin(status), Origin::Connect(_) | Origin::Transport(_))
}

/// Nobody answers at the address, as far as that is known.
pub(in crate::backend) fn unreachable(address: Option<&str>, cause: &str) -> BackendError {
    let to = address
        .map(|address| format!(" to {address}"))
        .unwrap_or_default();
    BackendError::new(BackendErrorKind::Connect, format!("cannot connect{to}: {cause}"))
        .hint("is the server running, and is the target's endpoint or location right?")
}

/// No answer within the turn's time.
pub(in crate::backend) fn late() -> BackendError {
    BackendError {
        code: Some("DEADLINE_EXCEEDED"),
        ..BackendError::new(BackendErrorKind::Timeout, "no answer within the turn's time")
    }
    .hint(hint(Code::DeadlineExceeded))
}

/// As [`late`], of a call; unless it is unsent, nobody knows what became of it.
pub(in crate::backend) fn overdue(is_unsent: bool) -> TurnError {
    TurnError {
        error: late(),
        sent: if is_unsent { Sent::No } else { Sent::Unknown },
    }
}

/// The innermost cause of an error: the part that says something.
pub(in crate::backend) fn root_cause(error: &(dyn Error + 'static)) -> String {
    chain(error).last().unwrap_or(error).to_string()
}

/// An error and its causes, outermost first.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    })
}

/// Who made a status.
enum Origin<'a> {
    /// The service sent it.
    Service,
    /// Something on the way answered in another protocol.
    NotGrpc(&'a NotGrpc),
    /// No connection came about: nothing was sent.
    Connect(String),
    /// The client's own clock.
    Timeout,
    /// The connection broke while the call was under way.
    Transport(String),
}

fn origin(status: &Status) -> Origin<'_> {
    let Some(source) = status.source() else {
        return match status.message() {
            CUT_OFF => Origin::Transport("the answer ended in the middle".to_owned()),
            _ => Origin::Service,
        };
    };
    for error in chain(source) {
        if let Some(answer) = error.downcast_ref::<NotGrpc>() {
            return Origin::NotGrpc(answer);
        }
        if let Some(connect) = error.downcast_ref::<ConnectError>() {
            return Origin::Connect(root_cause(connect));
        }
        if error.is::<TimeoutExpired>() {
            return Origin::Timeout;
        }
    }
    Origin::Transport(root_cause(source))
}

fn refused(status: &Status) -> BackendError {
    let code = name(status.code());
    let message = match status.message().trim() {
        "" => format!("the service answered {code}"),
        said if said.len() > LONGEST_MESSAGE => {
            format!("the service answered {code}, with a message that is too long to be repeated")
        }
        said => format!("the service answered {code}: {said}"),
    };
    BackendError {
        code: Some(code),
        hint: Some(hint(status.code()).to_owned()),
        retry_after: retry_after(status),
        ..BackendError::new(kind(status.code()), message)
    }
}

/// The connection failed while a call was under way; `spoken` is what should be spoken on it.
pub(in crate::backend) fn broken(cause: &str, spoken: &str) -> BackendError {
    BackendError::new(
        BackendErrorKind::Service,
        format!("the connection broke: {cause}"),
    )
    .hint(format!(
        "if it does so every time, the address may not be that of a {spoken} server, or want `https://`: check the \
         target's endpoint"
    ))
}

/// Something on the way, or at another address, answered in HTTP what is none of the service's answers.
pub(in crate::backend) fn foreign(status: u16, content_type: &str, spoken: &str) -> BackendError {
    let (kind, hint) = match status {
        401 | 403 => (BackendErrorKind::Auth, hint(Code::Unauthenticated).to_owned()),
        429 => (BackendErrorKind::Quota, hint(Code::ResourceExhausted).to_owned()),
        502..=504 => (BackendErrorKind::Service, hint(Code::Unavailable).to_owned()),
        _ if content_type.starts_with("text/html") => (
            BackendErrorKind::Protocol,
            format!("HTML instead of {spoken}: wrong regional endpoint? check the location and the endpoint"),
        ),
        _ => (
            BackendErrorKind::Protocol,
            format!("the address is not that of a {spoken} server"),
        ),
    };
    let message = format!("HTTP {status} with {content_type} instead of a {spoken} answer");
    BackendError {
        hint: Some(hint),
        ..BackendError::new(kind, message)
    }
}

/// How the statuses of a service count (ces-api 5.2, cx-sessions-api 5.3).
fn kind(code: Code) -> BackendErrorKind {
    match code {
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::FailedPrecondition
        | Code::OutOfRange => BackendErrorKind::Request,
        Code::Unauthenticated | Code::PermissionDenied => BackendErrorKind::Auth,
        Code::ResourceExhausted => BackendErrorKind::Quota,
        Code::DeadlineExceeded => BackendErrorKind::Timeout,
        Code::Ok | Code::Unimplemented => BackendErrorKind::Protocol,
        Code::Cancelled
        | Code::Unknown
        | Code::Aborted
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => BackendErrorKind::Service,
    }
}

/// A service that refuses has not applied the turn; of other failures nobody can tell.
fn sent(code: Code) -> Sent {
    match kind(code) {
        BackendErrorKind::Request | BackendErrorKind::Auth | BackendErrorKind::Quota => Sent::Yes,
        BackendErrorKind::Protocol if code == Code::Unimplemented => Sent::Yes,
        _ => Sent::Unknown,
    }
}

/// What to do about a status.
fn hint(code: Code) -> &'static str {
    match code {
        Code::Unauthenticated => {
            "check the target's credentials; for your own account: gcloud auth application-default login"
        }
        Code::PermissionDenied => {
            "the account needs roles/dialogflow.client or roles/ces.client in the agent's project, and the API \
             must be enabled there"
        }
        Code::ResourceExhausted => "lower --jobs or --rate, or raise the project's quota",
        Code::NotFound => "check the agent or app name, its location, and the environment or deployment",
        Code::Unavailable => "the service is overloaded or restarting: try again, or raise --retries",
        Code::Unimplemented => "the server does not offer this call: check the endpoint and api_version",
        Code::FailedPrecondition => "the session may be over, or a version of the agent not ready yet",
        Code::DeadlineExceeded => "raise timeouts.turn if the agent may take longer",
        Code::InvalidArgument | Code::OutOfRange => {
            "the service does not take what was sent: check the turn's input, names and parameters, and the target"
        }
        Code::AlreadyExists => "something of that name is there already: check the ids that the turn sends",
        Code::Aborted => "another call may have been under way in the session: try again, or raise --retries",
        Code::Ok | Code::Cancelled | Code::Unknown | Code::Internal | Code::DataLoss => {
            "a fault of the service, or of a webhook or tool of the agent: its logs may say more; raise --retries if \
             it passes"
        }
    }
}

/// A status code by its name, as this program writes it.
pub fn code(named: &str) -> Option<&'static str> {
    (0..=16)
        .map(|number| name(Code::from(number)))
        .find(|name| *name == named)
}

/// The name of a status code.
pub fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn every_code_has_a_kind_a_name_and_says_whether_the_turn_was_applied() {
        use BackendErrorKind::{Auth, Protocol, Quota, Request, Service, Timeout};
        let table = [
            (0, "OK", Protocol, Sent::Unknown),
            (1, "CANCELLED", Service, Sent::Unknown),
            (2, "UNKNOWN", Service, Sent::Unknown),
            (3, "INVALID_ARGUMENT", Request, Sent::Yes),
            (4, "DEADLINE_EXCEEDED", Timeout, Sent::Unknown),
            (5, "NOT_FOUND", Request, Sent::Yes),
            (6, "ALREADY_EXISTS", Request, Sent::Yes),
            (7, "PERMISSION_DENIED", Auth, Sent::Yes),
            (8, "RESOURCE_EXHAUSTED", Quota, Sent::Yes),
            (9, "FAILED_PRECONDITION", Request, Sent::Yes),
            (10, "ABORTED", Service, Sent::Unknown),
            (11, "OUT_OF_RANGE", Request, Sent::Yes),
            (12, "UNIMPLEMENTED", Protocol, Sent::Yes),
            (13, "INTERNAL", Service, Sent::Unknown),
            (14, "UNAVAILABLE", Service, Sent::Unknown),
            (15, "DATA_LOSS", Service, Sent::Unknown),
            (16, "UNAUTHENTICATED", Auth, Sent::Yes),
        ];
        for (number, code, kind, sent) in table {
            let TurnError { error, sent: applied } = failure(&Status::new(Code::from(number), "because"));
            assert_eq!((error.code, error.kind, applied), (Some(code), kind, sent));
            assert_eq!(error.message, format!("the service answered {code}: because"));
            assert_eq!(error.is_auth(), kind == Auth, "{code}");
            assert_eq!(error.is_quota(), kind == Quota, "{code}");
            assert_eq!(
                error.is_transient(),
                [Service, Timeout, Quota].contains(&kind),
                "{code}"
            );
            assert!(!error.is_connect(), "{code}");
        }
    }

    #[test]
    fn statuses_that_need_action_say_which() {
        for code in [4, 5, 7, 8, 9, 12, 14, 16] {
            let failure = failure(&Status::new(Code::from(code), ""));
            assert!(failure.error.hint.is_some(), "{}", failure.error);
        }
    }

    #[test]
    fn a_message_is_repeated_whole_or_not_at_all() {
        for (length, whole) in [(LONGEST_MESSAGE, true), (LONGEST_MESSAGE + 1, false)] {
            let said = "x".repeat(length);
            let message = failure(&Status::internal(said.clone())).error.message;
            assert_eq!(message.contains(&said), whole, "{length}");
            assert!(whole || !message.contains("xx"), "{message}");
        }
    }

    fn caused_by(cause: impl Error + Send + Sync + 'static) -> TurnError {
        let mut status = Status::unknown("transport error");
        status.set_source(Arc::new(cause));
        failure(&status)
    }

    #[test]
    fn a_connection_that_never_came_about_sent_nothing() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let failure = caused_by(ConnectError(Box::new(refused)));
        assert!(failure.error.is_connect() && failure.error.is_transient());
        assert_eq!(failure.sent, Sent::No);
        assert_eq!(failure.error.message, "cannot connect: connection refused");
    }

    #[test]
    fn a_connection_that_broke_may_have_sent_everything() {
        let failure = caused_by(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert_eq!(
            (failure.error.kind, failure.sent),
            (BackendErrorKind::Service, Sent::Unknown)
        );
        assert_eq!(failure.error.message, "the connection broke: broken pipe");
    }

    /// It was told in two ways, by which moment the connection broke in.
    #[test]
    fn a_connection_that_broke_before_a_call_is_told_alike_and_sent_nothing() {
        let (before, later) = (
            broken_before("broken pipe", "gRPC"),
            broken("broken pipe", "gRPC"),
        );
        assert!(before.error.is_connect() && before.error.is_transient());
        assert_eq!(before.sent, Sent::No);
        assert!(
            before.error.message.starts_with(&later.message),
            "{}",
            before.error
        );
        assert_eq!(before.error.hint, later.hint);
    }

    #[test]
    fn the_clients_own_clock_is_a_timeout() {
        let failure = caused_by(TimeoutExpired(()));
        assert_eq!(
            (failure.error.kind, failure.sent),
            (BackendErrorKind::Timeout, Sent::Unknown)
        );
    }

    #[test]
    fn answers_in_http_are_told_apart() {
        use BackendErrorKind::{Auth, Protocol, Quota, Service};
        for (status, content_type, kind, hint) in [
            (
                200,
                "text/html; charset=UTF-8",
                Protocol,
                "HTML instead of gRPC: wrong regional endpoint?",
            ),
            (
                404,
                "text/html",
                Protocol,
                "HTML instead of gRPC: wrong regional endpoint?",
            ),
            (404, "application/json", Protocol, "not that of a gRPC server"),
            (401, "text/html", Auth, "credentials"),
            (403, "application/json", Auth, "credentials"),
            (429, "text/plain", Quota, "quota"),
            (503, "text/html", Service, "try again"),
        ] {
            let failure = caused_by(NotGrpc {
                status,
                content_type: content_type.to_owned(),
            });
            assert_eq!(failure.error.kind, kind, "{status} {content_type}");
            assert!(
                failure.error.hint.unwrap().contains(hint),
                "{status} {content_type}"
            );
            assert!(failure.error.message.contains(&format!("HTTP {status}")));
        }
    }
}
