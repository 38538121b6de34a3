//! What was said on a stream: kept as it comes, and told as events when the conversation is over. Sound comes in many
//! messages that are alike; they are told as one, with all of the sound in it, and what else came meanwhile behind it.

use std::time::Duration;

use prost::bytes::Bytes;
use serde_json::Value;

use super::Failed;
use super::develop::Developing;
use crate::backend::Speech;
use crate::backend::transport::{Outgoing, Part};
use crate::cassette::blobs;
use crate::cassette::format::{Event, Sound, millis};

/// Something that was said on a stream.
#[derive(Debug)]
pub(in crate::cassette) struct Said {
    pub(in crate::cassette) what: What,
    /// Nobody waited for it.
    pub(in crate::cassette) unasked: bool,
    /// The user spoke, and for how long already.
    pub(in crate::cassette) speaking: Option<Duration>,
}

/// What was said.
#[derive(Debug)]
pub(in crate::cassette) enum What {
    Sent(Bytes),
    Spoken(Spoken),
    Heard(Part),
    Ended(Duration),
    Failed(Failed),
}

/// What the user said aloud.
#[derive(Debug)]
pub(in crate::cassette) struct Spoken {
    speech: Speech,
    /// The message with the first piece of it.
    first: Option<Bytes>,
    pieces: usize,
}

impl Said {
    pub(in crate::cassette) fn sent(message: Bytes) -> Self {
        Self {
            what: What::Sent(message),
            unasked: false,
            speaking: None,
        }
    }
}

/// Something is sent on a stream, or happens while nothing is.
pub(super) fn note(events: &mut Vec<Said>, outgoing: &Outgoing) {
    match outgoing {
        Outgoing::Message(bytes) => events.push(Said::sent(bytes.clone())),
        Outgoing::Speaks(speech) => events.push(Said {
            what: What::Spoken(Spoken {
                speech: speech.clone(),
                first: None,
                pieces: 0,
            }),
            unasked: false,
            speaking: None,
        }),
        Outgoing::Sound(bytes) => {
            let spoken = events.iter_mut().rev().find_map(|said| match &mut said.what {
                What::Spoken(spoken) => Some(spoken),
                _ => None,
            });
            if let Some(spoken) = spoken {
                spoken.first.get_or_insert_with(|| bytes.clone());
                spoken.pieces += 1;
            }
        }
        Outgoing::Pause(_) | Outgoing::Done => {}
    }
}

/// The events of what was said.
pub(super) fn events(said: &[Said], developing: &mut Developing<'_>) -> Vec<Event> {
    let mut events = Vec::with_capacity(said.len());
    let mut flow: Option<Flow<'_>> = None;
    for said in said {
        if let What::Heard(part) = &said.what
            && let Some(piece) = Piece::of(part, said, developing)
        {
            if flow.as_mut().is_some_and(|flow| flow.takes(&piece)) {
                continue;
            }
            events.extend(
                flow.replace(Flow::begin(piece))
                    .map(|flow| flow.event(developing)),
            );
            continue;
        }
        events.extend(flow.take().map(|flow| flow.event(developing)));
        events.extend(event(said, developing));
    }
    events.extend(flow.map(|flow| flow.event(developing)));
    events
}

/// The event of what was said; none for speech of which nothing was heard.
fn event(said: &Said, developing: &mut Developing<'_>) -> Option<Event> {
    let mut event = Event {
        unasked: said.unasked,
        ..Event::default()
    };
    match &said.what {
        What::Sent(bytes) => event.sent = Some(developing.sent(bytes)),
        What::Spoken(spoken) => {
            let clip = spoken.speech.clip.bytes();
            event.sent = Some(developing.spoken(spoken.first.as_ref()?, clip));
            event.sound = Some(Sound {
                file: spoken.speech.written.clone(),
                bytes: clip.len(),
                pieces: spoken.pieces,
                ..Sound::default()
            });
        }
        What::Heard(part) => {
            event.heard = Some(developing.heard(&part.bytes));
            at(&mut event, said, part.at);
        }
        What::Ended(after) => {
            event.ended = true;
            at(&mut event, said, *after);
        }
        What::Failed(failed) => {
            let mut failure = developing.failure(failed);
            if let Some(speaking) = said.speaking {
                event.speaking = true;
                failure.at_ms = millis(speaking);
            }
            event.failure = Some(failure);
        }
    }
    Some(event)
}

/// When it came.
fn at(event: &mut Event, said: &Said, after: Duration) {
    event.speaking = said.speaking.is_some();
    event.at_ms = Some(millis(said.speaking.unwrap_or(after)));
}

/// A message that was heard, with one piece of sound in it.
struct Piece<'s> {
    said: &'s Said,
    part: &'s Part,
    /// The message but for its sound.
    shape: Value,
    sound: Vec<u8>,
}

impl<'s> Piece<'s> {
    fn of(part: &'s Part, said: &'s Said, developing: &Developing<'_>) -> Option<Self> {
        let mut sounds = Vec::new();
        let shape = developing.shape(&part.bytes, &mut sounds);
        let sound = sounds
            .pop()
            .filter(|sound| sounds.is_empty() && !sound.is_empty())?;
        Some(Self {
            said,
            part,
            shape,
            sound,
        })
    }

    fn at(&self) -> Duration {
        self.said.speaking.unwrap_or(self.part.at)
    }
}

/// Pieces of sound that follow each other.
struct Flow<'s> {
    first: Piece<'s>,
    /// All of the sound.
    sound: Vec<u8>,
    pieces: usize,
    /// The sound of the piece before.
    last: usize,
    last_at: Duration,
}

impl<'s> Flow<'s> {
    fn begin(piece: Piece<'s>) -> Self {
        Self {
            sound: piece.sound.clone(),
            pieces: 1,
            last: piece.sound.len(),
            last_at: piece.at(),
            first: piece,
        }
    }

    /// Takes a piece that goes on with it. All have the same size, so that they can be told apart again; the last one
    /// may be shorter.
    fn takes(&mut self, piece: &Piece<'_>) -> bool {
        let each = self.first.sound.len();
        // Short bytes stand in the cassette itself, and are not taken apart again.
        let goes_on = each > blobs::SHORT
            && self.last == each
            && piece.sound.len() <= each
            && piece.said.unasked == self.first.said.unasked
            && piece.said.speaking.is_some() == self.first.said.speaking.is_some()
            && piece.shape == self.first.shape;
        if goes_on {
            self.sound.extend_from_slice(&piece.sound);
            self.pieces += 1;
            self.last = piece.sound.len();
            self.last_at = piece.at();
        }
        goes_on
    }

    fn event(self, developing: &mut Developing<'_>) -> Event {
        let Piece { said, part, .. } = self.first;
        let mut event = Event {
            unasked: said.unasked,
            heard: Some(developing.heard_as(&part.bytes, &self.sound)),
            ..Event::default()
        };
        at(&mut event, said, part.at);
        if self.pieces > 1 {
            event.sound = Some(Sound {
                file: None,
                bytes: self.sound.len(),
                pieces: self.pieces,
                each: Some(self.first.sound.len()),
                last_at_ms: Some(millis(self.last_at)),
            });
        }
        event
    }
}
