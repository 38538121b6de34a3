//! A live stream that is played from its recording.

use std::sync::Arc;

use async_trait::async_trait;
use prost::bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use super::Played;
use crate::backend::TurnError;
use crate::backend::transport::{Call, Heard, LiveStream, Part};
use crate::cassette::Speed;
use crate::cassette::compare::Place;
use crate::cassette::format::{Event, Written, duration};
use crate::cassette::trouble;

/// The stream, and how far it is.
pub(super) struct ReplayStream {
    played: Arc<Played>,
    place: Place,
    call: Call,
    /// The event that comes next.
    position: usize,
    sent_at: Instant,
    is_finished: bool,
}

impl ReplayStream {
    pub(super) fn new(played: Arc<Played>, place: Place, call: &Call) -> Self {
        Self {
            played,
            place,
            call: call.clone(),
            position: 0,
            sent_at: Instant::now(),
            is_finished: false,
        }
    }

    /// Messages that are sent are those that were.
    pub(super) fn say(&mut self, messages: &[Bytes]) -> Result<(), TurnError> {
        self.sent_at = Instant::now();
        let played = Arc::clone(&self.played);
        let loaded = &played.loaded;
        let Some(interaction) = loaded.interaction(self.place) else {
            return Err(played.lost(trouble::at_the_end(&loaded.file, &loaded.recording, self.place)));
        };
        let events = interaction.stream.as_deref().unwrap_or_default();
        for message in messages {
            // Whoever sends again has heard enough.
            let next = events
                .iter()
                .skip(self.position)
                .position(|event| event.sent.is_some());
            let Some(skipped) = next else {
                // What opens another kind of call differs; a recorded stream that goes on has an end.
                return Err(if self.position == 0 {
                    played.differs(self.place, &self.call, message)
                } else {
                    let told = trouble::stream_at_the_end(&loaded.file, &loaded.recording, self.place);
                    played.lost(told)
                });
            };
            self.position += skipped + 1;
            let recorded = events
                .get(self.position - 1)
                .and_then(|event| event.sent.as_ref());
            let fits =
                recorded.is_some_and(|recorded| played.fits(&self.call, interaction, recorded, message));
            if !fits {
                return Err(match recorded {
                    Some(recorded) => played.differs_here(self.place, &self.call, recorded, message),
                    None => played.differs(self.place, &self.call, message),
                });
            }
        }
        Ok(())
    }

    fn event(&self) -> Option<&Event<Written>> {
        let interaction = self.played.loaded.interaction(self.place)?;
        interaction.stream.as_ref()?.get(self.position)
    }

    /// What an event says to who listens.
    fn heard(&self, event: &Event<Written>) -> Result<Heard, TurnError> {
        if let Some(failure) = &event.failure {
            return Err(self.played.failure(failure));
        }
        match &event.heard {
            Some(message) => Ok(Heard::Message(Part {
                bytes: self.played.answer(&self.call, self.place, message)?,
                at: duration(event.at_ms.unwrap_or_default()),
            })),
            None => Ok(Heard::End),
        }
    }
}

#[async_trait]
impl LiveStream for ReplayStream {
    fn finish(&mut self) {
        self.is_finished = true;
    }

    async fn send(&mut self, messages: Vec<Bytes>) -> Result<(), TurnError> {
        self.say(&messages)?;
        if let Some(event) = self.event()
            && event.unasked
            && let Some(failure) = &event.failure
        {
            let failed = self.played.failure(failure);
            self.position += 1;
            return Err(failed);
        }
        Ok(())
    }

    async fn next(&mut self, until: Instant) -> Result<Heard, TurnError> {
        if self.is_finished {
            return Ok(Heard::End);
        }
        let waits = self.played.speed == Speed::Recorded;
        let Some(event) = self
            .event()
            .filter(|event| !event.unasked && event.sent.is_none())
        else {
            if waits {
                sleep_until(until).await;
            }
            return Ok(Heard::Silence);
        };
        if waits {
            let at_ms = event
                .failure
                .as_ref()
                .map(|failure| failure.at_ms)
                .or(event.at_ms);
            let due = self.sent_at + duration(at_ms.unwrap_or_default());
            sleep_until(due.min(until)).await;
            if due > until {
                return Ok(Heard::Silence);
            }
        }
        let heard = self.heard(event);
        self.position += 1;
        heard
    }

    fn unasked(&mut self) -> Result<Heard, TurnError> {
        let Some(event) = self.event().filter(|event| event.unasked) else {
            return Ok(Heard::Silence);
        };
        let heard = self.heard(event);
        self.position += 1;
        heard
    }
}
