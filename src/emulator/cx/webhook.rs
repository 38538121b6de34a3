//! Webhooks without a network: the question a call asks, and the answers it may get (cx-runtime 8).
//!
//! Who answers is behind [`WebhookAnswers`]; [`stubs`](super::stubs) answers from what an author wrote. A call that
//! nothing answers fails, because an invented success would lead conversations where the real agent never goes
//! (cx-runtime 8.7).

use std::time::Duration;

use super::generative::Situation;
use crate::model::{Map, Value};

/// Answers webhook calls while a turn is played.
pub trait WebhookAnswers {
    /// The answer to one call. The turn does not wait: how long the answer took is part of it.
    fn answer(&self, call: &WebhookCall) -> WebhookOutcome;

    /// Calls over HTTP what nothing else answers; `None` where that was not asked for.
    fn call(&self, _call: &dyn Fn() -> HttpCall) -> Option<WebhookOutcome> {
        None
    }
}

/// Nobody answers.
impl WebhookAnswers for () {
    fn answer(&self, _: &WebhookCall) -> WebhookOutcome {
        WebhookOutcome::unanswered()
    }
}

/// What a webhook is told (cx-runtime 8.2).
#[derive(Debug, Clone, Default)]
pub struct WebhookCall {
    /// Display name of the webhook.
    pub webhook: String,
    /// The fulfillment's tag.
    pub tag: String,
    /// Where the conversation is.
    pub situation: Situation,
    /// The body a flexible webhook is sent, as JSON where it is, else as text; null for standard webhooks.
    pub body: Value,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Whether the webhook is a flexible one, whose answer is any JSON.
    pub is_flexible: bool,
}

impl WebhookCall {
    /// The call as an object that conditions of stubs look into.
    pub fn describe(&self) -> Value {
        let mut description = self.situation.describe();
        description["webhook"] = self.webhook.clone().into();
        description["tag"] = self.tag.clone().into();
        description["body"] = self.body.clone();
        description
    }
}

/// A call as it goes over HTTP. Not to be shown: it may hold passwords.
#[derive(Clone)]
pub struct HttpCall {
    /// `POST` and the like.
    pub method: String,
    /// The webhook's address.
    pub url: String,
    /// Names and values; of the same name the last counts.
    pub headers: Vec<(String, String)>,
    /// User and password, for those that ask for them.
    pub credentials: Option<(String, String)>,
    /// What is sent.
    pub body: Option<String>,
    /// How long the answer may take.
    pub timeout: Duration,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookOutcome {
    /// The answer, or why there is none.
    pub result: Result<WebhookAnswer, WebhookFailure>,
    /// How long the user waits for it; never longer than the webhook's timeout.
    pub waited: Duration,
    /// Whether that time has passed already; else it passes before the turn is answered.
    pub has_passed: bool,
}

impl WebhookOutcome {
    /// An answer at once.
    pub fn answered(answer: WebhookAnswer) -> Self {
        Self {
            result: Ok(answer),
            waited: Duration::ZERO,
            has_passed: false,
        }
    }

    /// A failure at once.
    pub fn failed(failure: WebhookFailure) -> Self {
        Self {
            result: Err(failure),
            waited: Duration::ZERO,
            has_passed: false,
        }
    }

    /// Nothing answers this call.
    pub fn unanswered() -> Self {
        Self::failed(WebhookFailure::Unanswered)
    }
}

/// Why a webhook call failed (cx-runtime 8.6).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFailure {
    /// No stub fits; fails as an unreachable webhook does.
    #[error("no stub answers this webhook call")]
    Unanswered,
    /// Nobody there.
    #[error("the webhook cannot be reached")]
    Unreachable,
    /// It may not be called, and why; fails as an unreachable webhook does.
    #[error("the webhook is not called: {0}")]
    Forbidden(String),
    /// No answer in time.
    #[error("the webhook did not answer in time")]
    Timeout,
    /// An HTTP status that is no success.
    #[error("the webhook answered with status {0}")]
    Status(u16),
    /// An answer that makes no sense; what is wrong with it.
    #[error("the webhook's answer is malformed: {0}")]
    Malformed(String),
}

impl WebhookFailure {
    /// The event that tells of it, beside the general `webhook.error`.
    pub fn event(&self) -> &'static str {
        match self {
            Self::Unanswered | Self::Unreachable | Self::Forbidden(_) | Self::Status(404) => {
                "webhook.error.not-found"
            }
            Self::Timeout => "webhook.error.timeout",
            Self::Status(400) => "webhook.error.bad-request",
            Self::Status(401 | 403) => "webhook.error.rejected",
            Self::Status(503) => "webhook.error.unavailable",
            Self::Status(_) | Self::Malformed(_) => "webhook.error",
        }
    }

    /// The status code of the call in the response (`google.rpc.Code`).
    pub fn code(&self) -> tonic::Code {
        match self {
            Self::Unanswered | Self::Unreachable | Self::Forbidden(_) | Self::Status(404) => {
                tonic::Code::NotFound
            }
            Self::Timeout => tonic::Code::DeadlineExceeded,
            Self::Status(400) => tonic::Code::InvalidArgument,
            Self::Status(401) => tonic::Code::Unauthenticated,
            Self::Status(403) => tonic::Code::PermissionDenied,
            Self::Status(503) => tonic::Code::Unavailable,
            Self::Status(_) => tonic::Code::Unknown,
            Self::Malformed(_) => tonic::Code::Internal,
        }
    }

    /// The HTTP status that `$request.webhook_status_code` shows; `None` when no answer came.
    pub fn http_status(&self) -> Option<u16> {
        match self {
            Self::Status(status) => Some(*status),
            Self::Malformed(_) => Some(200),
            _ => None,
        }
    }
}

/// What a webhook wants (cx-runtime 8.3, 8.4).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WebhookAnswer {
    /// Messages for the user, each in the JSON form of the service's `ResponseMessage`.
    pub messages: Vec<Value>,
    /// Whether they take the place of everything waiting to be said.
    pub replaces: bool,
    /// Session parameters; null removes.
    pub parameters: Map,
    /// Form parameters by name.
    pub form: Vec<FormAnswer>,
    /// Handed to the client.
    pub payload: Map,
    /// Name or resource name of a page to go to.
    pub target_page: Option<String>,
    /// Name or resource name of a flow to go to.
    pub target_flow: Option<String>,
    /// The body of a flexible webhook, from which its mapping takes parameters.
    pub body: Option<Value>,
}

/// What a webhook says about a form parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct FormAnswer {
    /// Display name.
    pub name: String,
    /// Whether the value is refused and has to be asked for again (cx-runtime 8.5).
    pub is_invalid: bool,
    /// A new value, if one was given.
    pub value: Option<Value>,
}
