//! Whether anything of a call has left for the service, which decides whether its turn may have been applied.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::{Stream, StreamExt};
use prost::bytes::Bytes;

use super::TurnError;
use super::error::status::late;
use crate::model::outcome::Sent;

/// Whether a message of a call was taken to be sent. Until then nothing of it can have reached the service, whatever
/// became of the connection; a server that says it has refused a stream is not taken at its word.
#[derive(Debug, Clone, Default)]
pub(in crate::backend) struct Left(Arc<AtomicBool>);

impl Left {
    /// The messages, watched.
    pub(in crate::backend) fn watch(
        &self,
        messages: impl Stream<Item = Bytes> + Send + 'static,
    ) -> impl Stream<Item = Bytes> + Send + 'static {
        let left = self.clone();
        messages.inspect(move |_| left.set())
    }

    /// A message is taken.
    pub(in crate::backend) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether one was.
    pub(in crate::backend) fn has(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// No answer came in time.
    pub(in crate::backend) fn late(&self) -> TurnError {
        TurnError {
            error: late(),
            sent: if self.has() { Sent::Unknown } else { Sent::No },
        }
    }
}

/// Whether a call failed to connect before anything left: the one thing that is tried again.
pub(in crate::backend) fn never_left(failed: &TurnError) -> bool {
    failed.sent == Sent::No && failed.error.is_connect()
}
