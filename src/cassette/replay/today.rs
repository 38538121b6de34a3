//! What is said on a stream today, and whether it is what was recorded there. Sound is compared as a whole, by what is in
//! it: in how many pieces it is sent and how fast takes no part.

use prost::bytes::Bytes;
use serde_json::{Map, Value};

use super::Played;
use super::loaded::Loaded;
use crate::backend::transport::Call;
use crate::backend::{Speech, TurnError};
use crate::cassette::blobs;
use crate::cassette::compare::{Nearest, Place, compare, described, metadata, replaced};
use crate::cassette::format::{Event, Interaction, Recording, SESSION, Sound, Written};
use crate::cassette::trouble;
use crate::proto::json::bytes_to_json_with;
use crate::proto::json::read::messages_of;

/// A message that is sent, and the sound of which it is the first piece.
#[derive(Clone, Copy)]
pub(super) struct Today<'t> {
    pub(super) message: &'t Bytes,
    pub(super) speech: Option<&'t Speech>,
}

impl Played {
    /// Whether this was recorded as an event of a stream.
    pub(super) fn fits_event(
        &self,
        call: &Call,
        interaction: &Interaction<Written>,
        event: &Event<Written>,
        today: Today<'_>,
    ) -> bool {
        match (&event.sent, &event.sound, today.speech) {
            (Some(recorded), None, None) => self.fits(call, interaction, recorded, today.message),
            (Some(recorded), Some(_), Some(_)) => {
                let then = described(
                    &interaction.method,
                    &interaction.metadata,
                    None,
                    &recorded.value(),
                );
                let now = self.described(call, None, today);
                compare(&then, &now, self.loaded.shelf.redactor()).is_empty()
            }
            _ => false,
        }
    }

    /// What is told of a message on a stream that is not the recorded one.
    pub(super) fn differs_here(
        &self,
        place: Place,
        call: &Call,
        event: &Event<Written>,
        today: Today<'_>,
    ) -> TurnError {
        let Loaded {
            recording,
            shelf,
            file,
            ..
        } = &*self.loaded;
        let headers = self
            .loaded
            .interaction(place)
            .map(|interaction| &interaction.metadata);
        let recorded = event.sent.as_ref().map(Written::value).unwrap_or_default();
        let then = described(
            call.path,
            headers.unwrap_or(&Map::new()),
            event.sound.as_ref().map(recorded_sound).as_deref(),
            &recorded,
        );
        let now = self.described(call, today.speech.map(sound_of).as_deref(), today);
        let differences = compare(&then, &now, shelf.redactor());
        let elsewhere = today
            .speech
            .and_then(|_| sound_at(recording, &self.shown(call, today)));
        let mut error = trouble::differs(file, recording, place, Nearest { place, differences });
        if let Some(elsewhere) = elsewhere {
            error = trouble::sounds_like(error, recording, elsewhere);
        }
        self.lost(error)
    }

    /// A call of today as it is compared. `sound` is told in words.
    pub(super) fn described(&self, call: &Call, sound: Option<&str>, today: Today<'_>) -> Value {
        let headers = metadata(&call.headers, &self.id);
        described(call.path, &headers, sound, &self.shown(call, today))
    }

    /// A message that is sent, as a cassette would show it.
    fn shown(&self, call: &Call, today: Today<'_>) -> Value {
        let (kind, _) = messages_of(call.path).unwrap_or_default();
        let mut blob = |bytes: &[u8]| match today.speech {
            Some(speech) => blobs::sent(speech.clip.bytes()),
            None => blobs::sent(bytes),
        };
        replaced(
            bytes_to_json_with(&kind, today.message, &mut blob),
            &self.id,
            SESSION,
        )
    }
}

impl<'t> From<&'t Bytes> for Today<'t> {
    fn from(message: &'t Bytes) -> Self {
        Self {
            message,
            speech: None,
        }
    }
}

/// Where else the same sound was recorded.
fn sound_at(recording: &Recording<Written>, now: &Value) -> Option<Place> {
    let is_it = |event: &Event<Written>| {
        let sent = event.sent.as_ref().filter(|_| event.sound.is_some());
        sent.is_some_and(|sent| sent.value() == *now)
    };
    recording.sessions.iter().enumerate().find_map(|(session, of)| {
        let interaction = of
            .interactions
            .iter()
            .position(|interaction| interaction.stream.iter().flatten().any(is_it))?;
        Some(Place { session, interaction })
    })
}

fn recorded_sound(sound: &Sound) -> String {
    in_words(sound.file.as_deref(), sound.bytes)
}

fn sound_of(speech: &Speech) -> String {
    in_words(speech.written.as_deref(), speech.clip.bytes().len())
}

/// Sound as people tell it apart.
fn in_words(file: Option<&str>, bytes: usize) -> String {
    match file {
        Some(file) => format!("{file} ({bytes} bytes)"),
        None => format!("{bytes} bytes of silence"),
    }
}
