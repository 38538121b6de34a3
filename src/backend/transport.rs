//! Where a client ends and the way to its service begins: one call at a time, messages as bytes.
//!
//! The clients know services, methods and messages; a [`Transport`] carries what they say and knows none of it. gRPC is
//! the one in [`call`](super::call). Something that listens in, or answers in the service's place, is a transport, too:
//! so recordings hold for every client, live or emulated. What a failure means is settled below this line, whatever
//! carries the call: above it there are [`TurnError`]s only.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use prost::bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::error::{BackendError, BackendErrorKind};
use super::{SessionStart, TurnError};
use crate::model::outcome::Sent;

pub use outgoing::{Hears, Outgoing, User, Waiting};

mod outgoing;

/// The way to a service. Shared by all sessions of a target.
#[async_trait]
pub trait Transport: Send + Sync {
    /// The line that the calls of one session go over; nothing need be connected yet.
    ///
    /// # Errors
    /// When there is no way for this session.
    async fn line(self: Arc<Self>, session: &SessionStart) -> Result<Arc<dyn Line>, BackendError>;
}

/// Carries the calls of a session, in the order in which they are made.
#[async_trait]
pub trait Line: Send + Sync {
    /// Sends one message and waits for the whole answer: one message or many. A message is never sent twice.
    ///
    /// # Errors
    /// When the call fails, or its deadline passes.
    async fn ask(&self, call: &Call, message: Bytes) -> Result<Vec<Part>, TurnError>;

    /// Opens a stream in both directions and sends the first messages on it. The deadline is that of opening: the
    /// stream may live on after it.
    ///
    /// # Errors
    /// When the call fails, or its deadline passes.
    async fn open(&self, call: &Call, first: Vec<Bytes>) -> Result<Box<dyn LiveStream>, TurnError>;

    /// Opens a stream whose messages come in their own time, such as sound: a service may keep its answer back until it
    /// has heard enough. All that is sent on it comes from there.
    ///
    /// # Errors
    /// When the call fails, or its deadline passes.
    async fn stream(
        &self,
        call: &Call,
        sent: BoxStream<'static, Outgoing>,
        lasts: Lasts,
    ) -> Result<Box<dyn LiveStream>, TurnError>;

    /// How sound has to come on a [`stream`](Self::stream).
    fn hears(&self) -> Hears {
        Hears::AllTheTime
    }
}

/// How long a stream lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// It is one call, and has the deadline of an answer.
    UntilDeadline,
    /// It outlasts the turn that opens it: the deadline is that of opening.
    OnItsOwn,
}

/// A stream open in both directions. Dropping it ends it.
#[async_trait]
pub trait LiveStream: Send {
    /// Sends more messages.
    ///
    /// # Errors
    /// When the stream is over; [`TurnError::sent`] says whether some had left.
    async fn send(&mut self, messages: Vec<Bytes>) -> Result<(), TurnError>;

    /// Ends this side of the stream: nothing more will be sent.
    fn finish(&mut self);

    /// The next message, waited for until then.
    ///
    /// # Errors
    /// When the stream broke, or the service ended it with an error.
    async fn next(&mut self, until: Instant) -> Result<Heard, TurnError>;

    /// What has come unasked, without waiting.
    ///
    /// # Errors
    /// As [`LiveStream::next`].
    fn unasked(&mut self) -> Result<Heard, TurnError>;
}

/// What is the same for every attempt at a call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Path of the method: `/package.Service/Method`. Its declaration says what the messages are.
    pub path: &'static str,
    /// The routing parameter: name and (unencoded) value.
    pub routing: (&'static str, String),
    /// Further headers. Credentials are none of them: who carries the call adds those.
    pub headers: Vec<(&'static str, String)>,
    /// When the answer must be there.
    pub deadline: Instant,
}

/// One message of an answer, and when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The encoded message.
    pub bytes: Bytes,
    /// Time since the request was sent; on a live stream, since messages were last sent or the user was done speaking,
    /// and no time at all while they speak.
    pub at: Duration,
}

/// What was heard on a live stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A message.
    Message(Part),
    /// The service has closed the stream.
    End,
    /// Nothing.
    Silence,
}

/// The answer of a method that answers with exactly one message.
///
/// # Errors
/// When there are none, or several.
pub(in crate::backend) fn only(mut parts: Vec<Part>) -> Result<Part, TurnError> {
    match (parts.pop(), parts.is_empty()) {
        (Some(part), true) => Ok(part),
        (part, _) => {
            let count = parts.len() + usize::from(part.is_some());
            Err(no_answer(format!("{count} messages where one was expected")))
        }
    }
}

/// Hands messages over to a stream, in order.
///
/// # Errors
/// When the stream is over; [`TurnError::sent`] says whether some had left.
pub(in crate::backend) async fn post<M>(
    outbox: &mpsc::Sender<M>,
    messages: impl IntoIterator<Item = M>,
) -> Result<(), TurnError> {
    for (position, message) in messages.into_iter().enumerate() {
        outbox.send(message).await.map_err(|_| over(position))?;
    }
    Ok(())
}

/// The stream was over when so many messages had left.
pub(in crate::backend) fn over(left: usize) -> TurnError {
    TurnError {
        error: BackendError::new(BackendErrorKind::Service, "the live stream is over"),
        sent: if left == 0 { Sent::No } else { Sent::Unknown },
    }
}

/// All messages of one answer together may not be larger.
pub(in crate::backend) const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
/// No turn is waited for longer: a session itself lives a day at most (cx-sessions-api 5.3).
const LONGEST_TURN: Duration = Duration::from_hours(24);

/// When a turn that starts now must be answered.
pub(in crate::backend) fn deadline(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(LONGEST_TURN)
}

/// The answer came, and is not one of this service.
pub(in crate::backend) fn no_answer(message: impl Into<String>) -> TurnError {
    let error = BackendError::new(BackendErrorKind::Protocol, message)
        .hint("does the endpoint belong to this service and this api_version?");
    TurnError {
        error,
        sent: Sent::Yes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_message_is_one() {
        let part = || Part {
            bytes: Bytes::from_static(b"x"),
            at: Duration::from_millis(3),
        };
        assert_eq!(only(vec![part()]).unwrap(), part());
        for (parts, count) in [(vec![], "0 messages"), (vec![part(), part()], "2 messages")] {
            let failed = only(parts).unwrap_err();
            assert!(failed.error.message.starts_with(count), "{failed}");
        }
    }
}
