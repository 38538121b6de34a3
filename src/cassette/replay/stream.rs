//! A live stream that is played from its recording.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use prost::bytes::Bytes;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Played;
use super::sound::Pieces;
use super::today::Today;
use crate::backend::transport::{Call, Heard, LiveStream, Outgoing, Part, User, Waiting};
use crate::backend::{Speech, TurnError};
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
    /// Its sound, if it has some and was begun.
    pieces: Option<Pieces>,
    /// What is sent in its own time, until that ends.
    sent: Option<BoxStream<'static, Outgoing>>,
    /// What the user says just now.
    spoken: Option<Spoken>,
    /// When the user last began to speak.
    began: Instant,
    /// How long they say something then.
    says_for: Duration,
    waiting: Waiting,
    is_finished: bool,
}

/// What the user says, while they do.
struct Spoken {
    speech: Speech,
    /// It is what was recorded.
    fits: bool,
}

impl ReplayStream {
    pub(super) fn new(played: Arc<Played>, place: Place, call: &Call) -> Self {
        Self {
            played,
            place,
            call: call.clone(),
            position: 0,
            pieces: None,
            sent: None,
            spoken: None,
            began: Instant::now(),
            says_for: Duration::ZERO,
            waiting: Waiting::begin(),
            is_finished: false,
        }
    }

    /// Messages that are sent are those that were.
    pub(super) fn say(&mut self, messages: &[Bytes]) -> Result<(), TurnError> {
        self.waiting.restart();
        messages
            .iter()
            .try_for_each(|message| self.say_one(Today::from(message)))
    }

    fn say_one(&mut self, today: Today<'_>) -> Result<(), TurnError> {
        let played = Arc::clone(&self.played);
        let loaded = &played.loaded;
        let Some(interaction) = loaded.interaction(self.place) else {
            return Err(played.lost(trouble::at_the_end(&loaded.file, &loaded.recording, self.place)));
        };
        let events = interaction.stream.as_deref().unwrap_or_default();
        // Whoever sends again has heard enough.
        let mut rest = events.iter().enumerate().skip(self.position);
        let Some((position, recorded)) = rest.find(|(_, event)| event.sent.is_some()) else {
            // What opens another kind of call differs; a recorded stream that goes on has an end.
            return Err(if self.position == 0 {
                played.differs(self.place, &self.call, today.message)
            } else {
                let told = trouble::stream_at_the_end(&loaded.file, &loaded.recording, self.place);
                played.lost(told)
            });
        };
        if !played.fits_event(&self.call, interaction, recorded, today) {
            return Err(played.differs_here(self.place, &self.call, recorded, today));
        }
        self.go_to(position + 1);
        Ok(())
    }

    /// Hears what is sent from now on: what opens the stream at once, and all that was recorded if that is all there is.
    pub(super) async fn listen(
        &mut self,
        sent: BoxStream<'static, Outgoing>,
        is_all: bool,
    ) -> Result<(), TurnError> {
        self.sent = Some(sent);
        while self.position == 0 || is_all && self.still_to_be_said() > 0 {
            let Some(sent) = &mut self.sent else { break };
            match timeout_at(self.call.deadline, sent.next()).await {
                Ok(Some(outgoing)) => self.take(outgoing)?,
                Ok(None) | Err(_) => self.sent = None,
            }
        }
        Ok(())
    }

    /// The recorded messages that were not sent yet.
    fn still_to_be_said(&self) -> usize {
        let interaction = self.played.loaded.interaction(self.place);
        let events = interaction.and_then(|interaction| interaction.stream.as_deref());
        let rest = events.unwrap_or_default().iter().skip(self.position);
        rest.filter(|event| event.sent.is_some()).count()
    }

    /// Takes what is sent.
    fn take(&mut self, outgoing: Outgoing) -> Result<(), TurnError> {
        self.waiting.note(&outgoing);
        match outgoing {
            Outgoing::Message(message) => self.say_one(Today::from(&message)),
            Outgoing::Speaks(speech) => {
                self.began = Instant::now();
                self.says_for = speech.says_for();
                self.spoken = Some(Spoken { speech, fits: false });
                Ok(())
            }
            Outgoing::Sound(message) => match self.spoken.take() {
                // It was compared as a whole.
                Some(spoken) if spoken.fits => {
                    self.spoken = Some(spoken);
                    Ok(())
                }
                Some(Spoken { speech, .. }) => {
                    self.began = Instant::now();
                    self.say_one(Today {
                        message: &message,
                        speech: Some(&speech),
                    })?;
                    self.spoken = Some(Spoken { speech, fits: true });
                    Ok(())
                }
                None => Ok(()),
            },
            Outgoing::Done => {
                self.spoken = None;
                Ok(())
            }
            Outgoing::Pause(_) => Ok(()),
        }
    }

    /// Takes what has been sent already.
    fn catch_up(&mut self) -> Result<(), TurnError> {
        while let Some(sent) = &mut self.sent {
            match sent.next().now_or_never() {
                Some(Some(outgoing)) => self.take(outgoing)?,
                Some(None) => self.sent = None,
                None => break,
            }
        }
        Ok(())
    }

    /// What the user says, to its end. In recorded time the service may be heard meanwhile: true when it is its turn, or
    /// nothing more is waited for.
    async fn hear_out(&mut self, until: Instant) -> Result<bool, TurnError> {
        self.catch_up()?;
        while self.spoken.is_some() {
            let due = self.due().filter(|_| self.is_heard_while_speaking());
            let Some(sent) = &mut self.sent else {
                self.spoken = None;
                break;
            };
            match timeout_at(due.unwrap_or(until).min(until), sent.next()).await {
                Ok(Some(outgoing)) => self.take(outgoing)?,
                Ok(None) => self.sent = None,
                Err(_) => return Ok(due.is_some_and(|due| due <= until)),
            }
        }
        Ok(true)
    }

    /// Whether what comes next came while the user spoke, and may come so again.
    fn is_heard_while_speaking(&self) -> bool {
        self.played.speed == Speed::Recorded && self.expected().is_some_and(|event| event.speaking)
    }

    fn event(&self) -> Option<&Event<Written>> {
        let interaction = self.played.loaded.interaction(self.place)?;
        interaction.stream.as_ref()?.get(self.position)
    }

    /// The event that somebody waited for.
    fn expected(&self) -> Option<&Event<Written>> {
        self.event()
            .filter(|event| !event.unasked && event.sent.is_none())
    }

    /// When that event is due in recorded time.
    fn due(&self) -> Option<Instant> {
        let event = self.expected()?;
        let since = match self.waiting.user() {
            User::Waits(since) if !event.speaking => since,
            _ => self.began,
        };
        Some(since + self.after(event))
    }

    /// How long after the user it came.
    fn after(&self, event: &Event<Written>) -> Duration {
        let at_ms = match (&event.failure, &self.pieces) {
            (Some(failure), _) => Some(failure.at_ms),
            (None, Some(pieces)) => Some(pieces.at_ms()),
            (None, None) => event.at_ms,
        };
        duration(at_ms.unwrap_or_default())
    }

    /// What is heard next.
    fn hear(&mut self) -> Result<Heard, TurnError> {
        let played = Arc::clone(&self.played);
        let events = played.loaded.interaction(self.place);
        let events = events.and_then(|interaction| interaction.stream.as_deref());
        let Some(event) = events.and_then(|events| events.get(self.position)) else {
            return Ok(Heard::Silence);
        };
        if let Some(failure) = &event.failure {
            self.go_to(self.position + 1);
            return Err(played.failure(failure));
        }
        let Some(message) = &event.heard else {
            self.go_to(self.position + 1);
            return Ok(Heard::End);
        };
        let at = if event.speaking {
            self.after(event).saturating_sub(self.says_for)
        } else {
            self.after(event)
        };
        let folder = played.loaded.shelf.folder();
        if self.pieces.is_none() {
            self.pieces = event
                .sound
                .as_ref()
                .and_then(|sound| Pieces::of(sound, event.at_ms.unwrap_or_default(), message, folder));
        }
        let piece = self.pieces.as_mut().and_then(Pieces::next);
        if piece.as_ref().is_none_or(|(_, is_last)| *is_last) {
            self.go_to(self.position + 1);
        }
        let bytes = match piece {
            Some((piece, _)) => played.answer(&self.call, self.place, message, &|_| Some(piece.to_vec())),
            None => played.answer(&self.call, self.place, message, &played.blob()),
        };
        Ok(Heard::Message(Part { bytes: bytes?, at }))
    }

    fn go_to(&mut self, position: usize) {
        self.position = position;
        self.pieces = None;
    }
}

impl Drop for ReplayStream {
    fn drop(&mut self) {
        self.played
            .loaded
            .left_unsaid(self.place, self.still_to_be_said());
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
            self.go_to(self.position + 1);
            return Err(failed);
        }
        Ok(())
    }

    async fn next(&mut self, until: Instant) -> Result<Heard, TurnError> {
        if self.is_finished {
            return Ok(Heard::End);
        }
        if !self.hear_out(until).await? {
            return Ok(Heard::Silence);
        }
        let waits = self.played.speed == Speed::Recorded;
        let due = self.due();
        if waits {
            sleep_until(due.unwrap_or(until).min(until)).await;
        }
        match due {
            Some(due) if !waits || due <= until => self.hear(),
            _ => Ok(Heard::Silence),
        }
    }

    fn unasked(&mut self) -> Result<Heard, TurnError> {
        if self.event().is_some_and(|event| event.unasked) {
            return self.hear();
        }
        Ok(Heard::Silence)
    }
}
