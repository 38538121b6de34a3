//! Sound on a live stream: where an utterance ends, what was said in it, whether it interrupts the agent, and the
//! agent's own speech in tones.
//!
//! Time is that of the stream, counted in sound received: a client that sends faster than people speak is not taken for
//! one that is in a hurry.

use std::sync::Arc;
use std::time::Duration;

use tonic::Status;

use crate::audio::Format;
use crate::emulator::hearing::{Heard, Hearing, Listening, may_go_on};
use crate::emulator::voice;
use crate::proto::ces_v1 as ces;
use crate::proto::ces_v1::session_output::OutputType;

use super::super::super::session::Stimulus;
use super::super::super::turn::Inputs;

/// An utterance may not be longer.
const LONGEST: Duration = Duration::from_mins(5);
/// The time of one output of the agent's speech.
const SPOKEN_PIECE: Duration = Duration::from_secs(1);

/// Listens to a stream.
pub(super) struct Hearer {
    format: Format,
    listening: Listening,
    /// How much sound has come.
    now: Duration,
    /// When the agent will have spoken its last answer.
    agent_is_done: Duration,
}

/// What was said between two pauses.
pub(super) struct Utterance {
    /// The words; none when they were not understood.
    pub(super) text: String,
    /// Why they were not.
    pub(super) unknown: Option<String>,
}

impl Hearer {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            listening: Listening::new(format),
            now: Duration::ZERO,
            agent_is_done: Duration::ZERO,
        }
    }

    /// Takes more sound; true when the user begins to speak while the agent does.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when somebody speaks without end.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<bool, Status> {
        let before = self.listening.has_sound();
        self.listening.take(bytes);
        let interrupts = !before && self.listening.has_sound() && self.now < self.agent_is_done;
        self.now += self.format.time_of(bytes.len());
        if interrupts {
            self.agent_is_done = self.now;
        }
        if self.listening.time() > LONGEST {
            return Err(Status::invalid_argument(
                "the user speaks for more than 5 minutes",
            ));
        }
        Ok(interrupts)
    }

    /// What was said, once the speaker has paused; at once when that is `all` there will be.
    pub(super) async fn utterance(
        &mut self,
        hearing: &Arc<Hearing>,
        all: bool,
    ) -> Result<Option<Utterance>, Status> {
        let is_over = self.listening.has_paused() || all && self.listening.has_sound();
        let heard = self.listening.bytes();
        if !is_over || !all && may_go_on(hearing, self.format, heard).await {
            return Ok(None);
        }
        let heard = std::mem::replace(&mut self.listening, Listening::new(self.format));
        let (hearing, format) = (Arc::clone(hearing), self.format);
        // Recordings may have to be read and converted first.
        let heard = tokio::task::spawn_blocking(move || hearing.hear(format, heard.bytes(), "")).await;
        Ok(match heard {
            Ok(Heard::Words(text)) => Some(Utterance { text, unknown: None }),
            Ok(Heard::Unknown(reason)) => Some(Utterance {
                text: String::new(),
                unknown: Some(format!("the audio was not understood: {reason}")),
            }),
            Ok(Heard::Silence) => None,
            Err(error) => return Err(Status::internal(error.to_string())),
        })
    }

    /// Notes how long the agent will speak.
    pub(super) fn agent_speaks(&mut self, outputs: &[ces::SessionOutput], format: Option<Format>) {
        let bytes = outputs.iter().map(|output| match &output.output_type {
            Some(OutputType::Audio(bytes)) => bytes.len(),
            _ => 0,
        });
        if let Some(format) = format {
            self.agent_is_done = self.now + format.time_of(bytes.sum());
        }
    }
}

impl Utterance {
    /// What is recognised as it goes on: some words, then all.
    pub(super) fn transcripts(&self) -> Vec<String> {
        let words: Vec<&str> = self.text.split_whitespace().collect();
        if words.is_empty() {
            return Vec::new();
        }
        let some = words.get(..words.len().div_ceil(2)).unwrap_or_default().join(" ");
        let mut transcripts = vec![some, self.text.clone()];
        transcripts.dedup();
        transcripts
    }
}

impl Inputs {
    /// Adds what the user said.
    pub(super) fn say(&mut self, text: String, unknown: Option<String>) {
        self.stimuli.push(Stimulus::Text(text));
        self.is_spoken = true;
        self.note = unknown;
    }
}

/// Outputs with the agent's speech: after each text its sound; what completes the turn stays with the last output.
pub(super) fn spoken(outputs: Vec<ces::SessionOutput>, format: Format) -> Vec<ces::SessionOutput> {
    let mut all = Vec::with_capacity(outputs.len());
    for mut output in outputs {
        let Some(OutputType::Text(text)) = &output.output_type else {
            all.push(output);
            continue;
        };
        let sound = voice::speech(text, format);
        let (completed, diagnostics) = (output.turn_completed, output.diagnostic_info.take());
        output.turn_completed = false;
        let turn_index = output.turn_index;
        all.push(output);
        let size = format.bytes_in(SPOKEN_PIECE).max(1);
        all.extend(sound.chunks(size).map(|piece| ces::SessionOutput {
            turn_index,
            output_type: Some(OutputType::Audio(piece.to_vec())),
            ..Default::default()
        }));
        if let Some(last) = all.last_mut() {
            last.turn_completed = completed;
            last.diagnostic_info = diagnostics;
        }
    }
    all
}
