//! A WebSocket as a live stream: one task writes, one reads, so that neither waits for the other and the server's pings
//! are answered between turns, too.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{BoxStream, SplitSink, SplitStream};
use futures::{FutureExt, SinkExt, StreamExt};
use prost::bytes::Bytes;
use reqwest::Upgraded;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::closing::meaning;
use crate::backend::TurnError;
use crate::backend::call::LARGEST_MESSAGE;
use crate::backend::error::http::{Head, error_of};
use crate::backend::error::status::{broken, root_cause};
use crate::backend::json::check_size;
use crate::backend::transport::{Heard, LiveStream, Part, Waiting, no_answer, over, post};
use crate::model::outcome::Sent;
use crate::proto::json::bytes_to_json;
use crate::proto::json::read::{Reading, json_to_bytes};

/// JSON is larger than what it says: bytes grow by a third.
const LARGEST_TEXT: usize = LARGEST_MESSAGE / 2 * 3;
/// Messages that wait to be read; the server waits when there are more.
const INBOX: usize = 64;
/// And their bytes. A single message may be larger; it waits alone.
const INBOX_BYTES: u32 = 64 * 1024 * 1024;

/// A live stream over a WebSocket. Dropping it breaks the connection.
pub(super) struct Socket {
    /// `None` when messages come from elsewhere, or no more will come.
    outbox: Option<mpsc::Sender<Bytes>>,
    inbox: mpsc::Receiver<Result<Arrived, TurnError>>,
    waiting: Waiting,
    tasks: [AbortHandle; 2],
}

/// A message, and when it came.
struct Arrived {
    bytes: Bytes,
    at: Instant,
    /// Its room among those that wait.
    _room: OwnedSemaphorePermit,
}

impl Socket {
    /// Begins to send and to read. `kinds` are the types of what is sent and of what is heard.
    pub(super) async fn start(
        upgraded: Upgraded,
        (sent, heard): (String, String),
        outbox: Option<mpsc::Sender<Bytes>>,
        (messages, waiting): (BoxStream<'static, Bytes>, Waiting),
    ) -> Self {
        let config = WebSocketConfig::default()
            .max_message_size(Some(LARGEST_TEXT))
            .max_frame_size(Some(LARGEST_TEXT));
        let socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
        let (sink, frames) = socket.split();
        let (arrivals, inbox) = mpsc::channel(INBOX);
        waiting.restart();
        let writer = tokio::spawn(write(sink, messages, sent));
        let reader = tokio::spawn(read(frames, arrivals, heard));
        Self {
            outbox,
            inbox,
            waiting,
            tasks: [writer.abort_handle(), reader.abort_handle()],
        }
    }

    fn heard(&self, heard: Option<Result<Arrived, TurnError>>) -> Result<Heard, TurnError> {
        match heard {
            Some(Ok(arrived)) => Ok(Heard::Message(Part {
                bytes: arrived.bytes,
                at: self.waiting.until(arrived.at),
            })),
            Some(Err(failed)) => Err(failed),
            None => Ok(Heard::End),
        }
    }
}

/// Sends messages until there are no more, and then says so. A connection that breaks is told by who reads.
async fn write(
    mut sink: SplitSink<WebSocketStream<Upgraded>, Message>,
    mut messages: BoxStream<'static, Bytes>,
    kind: String,
) {
    while let Some(message) = messages.next().await {
        let json = bytes_to_json(&kind, &message);
        if sink.send(Message::text(json.to_string())).await.is_err() {
            return;
        }
    }
    // The other side may be gone.
    let _ = sink.close().await;
}

async fn read(
    mut frames: SplitStream<WebSocketStream<Upgraded>>,
    arrivals: mpsc::Sender<Result<Arrived, TurnError>>,
    kind: String,
) {
    let room = Arc::new(Semaphore::new(INBOX_BYTES as usize));
    loop {
        let arrived = match frames.next().await {
            Some(Ok(Message::Text(text))) => message(text.as_bytes(), &kind, &room).await,
            Some(Ok(Message::Binary(bytes))) => message(&bytes, &kind, &room).await,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            Some(Ok(Message::Close(frame))) => match meaning(frame.as_ref()) {
                Ok(()) => return,
                Err(failed) => Err(failed),
            },
            None | Some(Err(Error::ConnectionClosed)) => return,
            Some(Err(error)) => Err(failure(&error)),
        };
        let is_over = arrived.is_err();
        if arrivals.send(arrived).await.is_err() || is_over {
            return;
        }
    }
}

/// A frame's message, as soon as there is room for it.
async fn message(text: &[u8], kind: &str, room: &Arc<Semaphore>) -> Result<Arrived, TurnError> {
    let at = Instant::now();
    let size = u32::try_from(text.len()).unwrap_or(u32::MAX).min(INBOX_BYTES);
    let room = Arc::clone(room).acquire_many_owned(size).await;
    let room = room.map_err(|error| no_answer(error.to_string()))?;
    check_size(text)?;
    let unreadable = |error: String| no_answer(format!("the answer cannot be read: {error}"));
    let json: Value = serde_json::from_slice(text).map_err(|error| unreadable(error.to_string()))?;
    if error_of(&json).is_some() {
        return Err(Head::default().refused(&json));
    }
    let bytes =
        json_to_bytes(kind, &json, Reading::OF_OTHERS).map_err(|error| unreadable(error.to_string()))?;
    Ok(Arrived {
        bytes: bytes.into(),
        at,
        _room: room,
    })
}

fn failure(error: &Error) -> TurnError {
    match error {
        Error::Capacity(_) => no_answer("a message of the answer is larger than 32 MiB"),
        error => TurnError {
            error: broken(&root_cause(error), "WebSocket"),
            sent: Sent::Unknown,
        },
    }
}

#[async_trait]
impl LiveStream for Socket {
    async fn send(&mut self, messages: Vec<Bytes>) -> Result<(), TurnError> {
        self.waiting.restart();
        match &self.outbox {
            Some(outbox) => post(outbox, messages).await,
            None => Err(over(0)),
        }
    }

    fn finish(&mut self) {
        self.outbox = None;
    }

    async fn next(&mut self, until: Instant) -> Result<Heard, TurnError> {
        match timeout_at(until, self.inbox.recv()).await {
            Ok(heard) => self.heard(heard),
            Err(_) => Ok(Heard::Silence),
        }
    }

    fn unasked(&mut self) -> Result<Heard, TurnError> {
        match self.inbox.recv().now_or_never() {
            Some(heard) => self.heard(heard),
            None => Ok(Heard::Silence),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_takes_up_room_until_it_is_heard() {
        const KIND: &str = "google.cloud.ces.v1.BidiSessionServerMessage";
        let room = Arc::new(Semaphore::new(INBOX_BYTES as usize));
        let arrived = message(b"{   }", KIND, &room).await.ok().unwrap();
        assert_eq!(room.available_permits(), INBOX_BYTES as usize - 5);
        let others = room.acquire_many(INBOX_BYTES - 5).await.unwrap();
        let mut waiting = Box::pin(message(b"{ }", KIND, &room));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(arrived);
        assert!(waiting.await.is_ok());
        drop(others);
        assert_eq!(room.available_permits(), INBOX_BYTES as usize);
    }
}
