//! Operational failures of a service, with what a person should do next.

use std::time::Duration;

use crate::model::outcome::{Diff, ErrorRecord};
use crate::model::resource::Malformed;

pub use self::http::{code_of_http, http_status};
pub use status::{code, name};

pub(in crate::backend) mod http;
mod retry_after;
pub(in crate::backend) mod status;

/// Why a service could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BackendError {
    /// What kind of failure it is.
    pub kind: BackendErrorKind,
    /// The service's status code by name (`UNAVAILABLE`), if there was one.
    pub code: Option<&'static str>,
    /// What happened, as a lowercase fragment.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// How what was asked differs from what was to be asked, where that is the failure.
    pub diff: Option<Box<Diff>>,
    /// How long the service asks to be left alone, if it does.
    pub retry_after: Option<Duration>,
}

/// Kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BackendErrorKind {
    /// Nobody answers at the address.
    Connect,
    /// Credentials are missing, wrong or insufficient, or must not go to this host.
    Auth,
    /// A quota is used up.
    Quota,
    /// No answer within the time allowed.
    Timeout,
    /// The service failed; another session may fare better.
    Service,
    /// The request cannot be right: a bad name, a bad argument.
    Request,
    /// The answer is no answer of this service.
    Protocol,
    /// No recording answers.
    Cassette,
}

impl BackendError {
    /// A failure without code or hint.
    pub fn new(kind: BackendErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: None,
            message: message.into(),
            hint: None,
            diff: None,
            retry_after: None,
        }
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Credentials are missing, wrong or insufficient.
    pub fn is_auth(&self) -> bool {
        self.kind == BackendErrorKind::Auth
    }

    /// A quota is used up.
    pub fn is_quota(&self) -> bool {
        self.kind == BackendErrorKind::Quota
    }

    /// Nobody answers at the address.
    pub fn is_connect(&self) -> bool {
        self.kind == BackendErrorKind::Connect
    }

    /// A new session may fare better: worth a retry.
    pub fn is_transient(&self) -> bool {
        use BackendErrorKind::{Connect, Quota, Service, Timeout};
        matches!(self.kind, Connect | Quota | Timeout | Service)
    }
}

impl From<Malformed> for BackendError {
    fn from(error: Malformed) -> Self {
        Self::new(BackendErrorKind::Request, error.0)
    }
}

impl From<&BackendError> for ErrorRecord {
    fn from(error: &BackendError) -> Self {
        let kind = match error.kind {
            BackendErrorKind::Connect => "connect",
            BackendErrorKind::Auth => "auth",
            BackendErrorKind::Quota => "quota",
            BackendErrorKind::Timeout => "timeout",
            BackendErrorKind::Service => "service",
            BackendErrorKind::Request => "request",
            BackendErrorKind::Protocol => "protocol",
            BackendErrorKind::Cassette => "cassette",
        };
        Self {
            kind: kind.to_owned(),
            code: error.code.map(str::to_owned),
            message: error.message.clone(),
            hint: error.hint.clone(),
            diff: error.diff.clone(),
        }
    }
}
