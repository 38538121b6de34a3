//! Keeps what agents speak, as WAV files that people can listen to: only on request, since speech cannot be redacted.

use std::io;
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use super::attempt::Player;
use crate::audio::as_wav;
use crate::files;
use crate::model::transcript::{Observed, Spoken};

/// Longest part of a file's name that comes from a conversation's.
const LONGEST_NAME: usize = 60;

/// Where spoken answers are kept.
#[derive(Debug, Clone)]
pub struct KeepAudio {
    /// The folder.
    pub folder: PathBuf,
    /// The same as reports name it.
    pub shown: PathBuf,
}

impl Player<'_> {
    /// The spoken answer of the turn that was just played, if it is to be kept.
    pub(super) fn to_keep(&self, index: usize) -> Option<Kept> {
        let keep = self.context.keep_audio.clone()?;
        let Observed::Seen(Some(spoken)) = &self.partial.as_ref()?.audio else {
            return None;
        };
        Some(Kept {
            keep,
            name: self.name(index),
            spoken: spoken.clone(),
        })
    }

    /// `suite/name-03-1a2b3c4d.wav`: the turn, and the session, because a conversation may be played more than once. What
    /// must not be shown does not become part of it.
    fn name(&self, index: usize) -> PathBuf {
        let plain = |character: char| {
            if character.is_alphanumeric() {
                character
            } else {
                '-'
            }
        };
        let title = self.context.redactor.text(&self.conversation.name);
        let title: String = title.chars().take(LONGEST_NAME).map(plain).collect();
        let session = self.session_id();
        let session = session.get(..8).unwrap_or(session);
        let file = format!("{}-{:02}-{session}.wav", title.trim_matches('-'), index + 1);
        Path::new(&self.conversation.suite).join(file)
    }

    /// Notes in the record of a turn where its spoken answer was kept, or why not.
    pub(super) fn note_audio(&mut self, index: usize, kept: Option<Result<String, String>>) {
        let (Some(kept), Some(reply)) = (kept, self.turns[index].reply.as_mut()) else {
            return;
        };
        match (kept, &mut reply.audio) {
            (Ok(file), Some(audio)) => audio.file = Some(file),
            (Err(why), _) => reply
                .notes
                .push(format!("the spoken answer could not be kept: {why}")),
            (Ok(_), None) => {}
        }
    }
}

/// A spoken answer on its way to its file.
pub(super) struct Kept {
    keep: KeepAudio,
    name: PathBuf,
    spoken: Spoken,
}

impl Kept {
    /// Writes the file; gives its name as reports have it, or why there is none.
    pub(super) async fn write(self) -> Result<String, String> {
        let wav = as_wav(self.spoken.format, &self.spoken.bytes).map_err(|error| error.to_string())?;
        let path = self.keep.folder.join(&self.name);
        let written = spawn_blocking(move || files::write_whole(&path, &wav)).await;
        written
            .map_err(io::Error::other)
            .flatten()
            .map_err(|error| error.to_string())?;
        Ok(self.keep.shown.join(&self.name).display().to_string())
    }
}
