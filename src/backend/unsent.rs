//! What a call has to send, and whether it has left for the service, which decides whether its turn may have been applied.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures::stream::{self, Stream, StreamExt};
use prost::bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use super::TurnError;
use crate::model::outcome::Sent;

/// A connection takes what is to be sent at once, unless its server lets no more calls in for now. One that has not by then
/// may never: of what was handed to it in the moment when it closed, nobody tells.
const PATIENCE: Duration = Duration::from_secs(1);

/// How waiting for a call ended.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::backend) enum Waited<O, T> {
    /// With an outcome.
    Done(O),
    /// The connection did not take what was to be sent; here it is again.
    Stuck(T),
    /// The deadline has passed.
    Late,
}

/// What a call has to send, until somebody takes it: the connection, to send it; or who makes the call, once that has
/// failed, and then nothing of it leaves any more. Only one of them gets it, so a message that was not sent never will
/// be, however late the connection is told; a server that says it has refused a stream is not taken at its word.
#[derive(Debug)]
pub(in crate::backend) struct Unsent<T>(Arc<Mutex<Option<T>>>);

impl<T> Clone for Unsent<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Unsent<T> {
    /// Nobody has taken it yet.
    pub(in crate::backend) fn new(unsent: T) -> Self {
        Self(Arc::new(Mutex::new(Some(unsent))))
    }

    /// Takes it, unless that was done before.
    pub(in crate::backend) fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T> Unsent<T> {
    /// Waits for a call that sends this. `is_patient` waits for a connection that does not take it until the deadline,
    /// too. The call is large: where it is pinned by who makes it, its state is there once.
    pub(in crate::backend) async fn wait<C: Future + Unpin>(
        &self,
        mut call: C,
        deadline: Instant,
        is_patient: bool,
    ) -> Waited<C::Output, T> {
        let patience = Instant::now() + PATIENCE;
        if !is_patient && patience < deadline {
            if let Ok(outcome) = timeout_at(patience, &mut call).await {
                return Waited::Done(outcome);
            }
            if let Some(unsent) = self.take() {
                return Waited::Stuck(unsent);
            }
        }
        let outcome = timeout_at(deadline, call).await;
        outcome.map_or(Waited::Late, Waited::Done)
    }
}

impl<T: Stream<Item = Bytes> + Unpin + Send + 'static> Unsent<T> {
    /// The messages, as a connection sends them: taken when it first asks for one.
    pub(in crate::backend) fn messages(&self) -> impl Stream<Item = Bytes> + Send + use<T> {
        let unsent = self.clone();
        let mut taken = None;
        stream::poll_fn(move |context| {
            taken = taken.take().or_else(|| unsent.take());
            match &mut taken {
                Some(messages) => messages.poll_next_unpin(context),
                None => Poll::Ready(None),
            }
        })
    }
}

/// Whether there was no connection for a call, or none any more before anything left: what is tried again.
pub(in crate::backend) fn never_left(failed: &TurnError) -> bool {
    failed.sent == Sent::No && failed.error.is_connect()
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::FutureExt;

    use super::*;

    const MESSAGES: [Bytes; 2] = [Bytes::from_static(b"one"), Bytes::from_static(b"two")];

    #[test]
    fn what_was_taken_back_never_leaves() {
        let unsent = Unsent::new(stream::iter(MESSAGES));
        let connection = unsent.messages();
        let back = unsent.take().unwrap();
        assert_eq!(connection.collect::<Vec<_>>().now_or_never(), Some(Vec::new()));
        assert_eq!(back.collect::<Vec<_>>().now_or_never(), Some(MESSAGES.to_vec()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_not_waited_for() {
        let start = Instant::now();
        let deadline = start + Duration::from_mins(1);
        let unsent = Unsent::new("message");
        let never = || std::future::pending::<()>();
        assert_eq!(
            unsent.wait(never(), deadline, false).await,
            Waited::Stuck("message")
        );
        assert_eq!(start.elapsed(), PATIENCE);
        assert_eq!(unsent.wait(never(), deadline, false).await, Waited::Late);
        assert_eq!(start.elapsed(), Duration::from_mins(1));
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_last_it_is_waited_for_all_the_same() {
        let deadline = Instant::now() + Duration::from_mins(1);
        let unsent = Unsent::new("message");
        let slow = async {
            tokio::time::sleep(Duration::from_secs(50)).await;
            unsent.take()
        };
        assert_eq!(
            unsent.wait(pin!(slow), deadline, true).await,
            Waited::Done(Some("message"))
        );
    }

    #[test]
    fn what_has_begun_to_leave_does_not_come_back() {
        let unsent = Unsent::new(stream::iter(MESSAGES));
        let mut connection = Box::pin(unsent.messages());
        assert_eq!(connection.next().now_or_never(), Some(Some(MESSAGES[0].clone())));
        assert!(unsent.take().is_none());
        assert_eq!(connection.next().now_or_never(), Some(Some(MESSAGES[1].clone())));
        assert_eq!(connection.next().now_or_never(), Some(None));
    }
}
