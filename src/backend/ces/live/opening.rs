//! A stream that begins with silence. A server may keep the headers of its answer back until it has something to say, and
//! to silence it need not say anything: who waited for them would wait for as long as nobody speaks.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use futures::stream::BoxStream;
use prost::bytes::Bytes;
use tokio::task::JoinError;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use crate::backend::TurnError;
use crate::backend::transport::{Call, Heard, Lasts, Line, LiveStream, Outgoing, deadline, no_answer, over};

type Stream = Box<dyn LiveStream>;

/// A stream that is used while it is being opened: until it is, nothing is heard on it. That it cannot be opened is told
/// when it is listened to.
pub(super) enum Opening {
    Waits(AbortOnDropHandle<Result<Stream, TurnError>>),
    Open(Stream),
    Failed,
}

impl Opening {
    /// Begins to open a stream. There is no deadline but that of the turns which want an answer.
    pub(super) fn begin(line: Arc<dyn Line>, call: &Call, sent: BoxStream<'static, Outgoing>) -> Self {
        let call = Call {
            deadline: deadline(Duration::MAX),
            ..call.clone()
        };
        let opening = async move { line.stream(&call, sent, Lasts::OnItsOwn).await };
        Self::Waits(AbortOnDropHandle::new(tokio::spawn(opening)))
    }

    fn opened(&mut self, opened: Result<Result<Stream, TurnError>, JoinError>) -> Result<(), TurnError> {
        *self = Self::Failed;
        let opened = opened.map_err(|error| no_answer(format!("the stream was not opened: {error}")))?;
        *self = Self::Open(opened?);
        Ok(())
    }
}

#[async_trait]
impl LiveStream for Opening {
    async fn send(&mut self, messages: Vec<Bytes>) -> Result<(), TurnError> {
        match self {
            Self::Open(stream) => stream.send(messages).await,
            // What is sent comes from where the sound does.
            Self::Waits(_) | Self::Failed => Err(over(0)),
        }
    }

    fn finish(&mut self) {
        if let Self::Open(stream) = self {
            stream.finish();
        }
    }

    async fn next(&mut self, until: Instant) -> Result<Heard, TurnError> {
        if let Self::Waits(opening) = self {
            match timeout_at(until, opening).await {
                Ok(opened) => self.opened(opened)?,
                Err(_) => return Ok(Heard::Silence),
            }
        }
        match self {
            Self::Open(stream) => stream.next(until).await,
            Self::Waits(_) | Self::Failed => Ok(Heard::End),
        }
    }

    fn unasked(&mut self) -> Result<Heard, TurnError> {
        if let Self::Waits(opening) = self {
            match opening.now_or_never() {
                Some(opened) => self.opened(opened)?,
                None => return Ok(Heard::Silence),
            }
        }
        match self {
            Self::Open(stream) => stream.unasked(),
            Self::Waits(_) | Self::Failed => Ok(Heard::End),
        }
    }
}
