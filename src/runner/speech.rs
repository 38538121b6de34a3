//! What the user lets be heard, made ready to be sent: recordings are read and, where that was asked for, converted.

use std::sync::Arc;

use super::unknown::Unknown;
use crate::audio::{Clip, SoundFile};
use crate::backend::Speech;
use crate::model::suite::{AudioInput, AudioSettings, Input};

/// The sound of an input; `None` for one that makes none.
pub(super) async fn speech(input: &Input, settings: &AudioSettings) -> Result<Option<Speech>, Unknown> {
    let speech = |clip, pace, audio: Option<&AudioInput>| Speech {
        clip: Arc::new(clip),
        pace,
        piece: settings.piece,
        file: audio.map(|audio| audio.path.clone()),
        written: audio.map(|audio| audio.written.clone()),
        interrupt_after: audio.and_then(|audio| audio.interrupt_after),
    };
    match input {
        Input::Audio(audio) => {
            let clip = clip(audio, settings).await?;
            let pace = audio.pace.unwrap_or(settings.pace);
            Ok(Some(speech(clip, pace, Some(audio))))
        }
        Input::SilentAudio(time) => {
            let format = settings.input.unwrap_or(AudioSettings::USUAL);
            let clip = Clip::silence(format, *time).map_err(|error| Unknown::suite(error.to_string()))?;
            Ok(Some(speech(clip, settings.pace, None)))
        }
        _ => Ok(None),
    }
}

/// A recording as it is sent.
async fn clip(audio: &AudioInput, settings: &AudioSettings) -> Result<Clip, Unknown> {
    let (path, said, convert) = (audio.path.clone(), audio.said, audio.convert);
    let wanted = settings.input;
    // Reading and resampling take their time.
    let read = tokio::task::spawn_blocking(move || SoundFile::read(&path, said)?.clip(wanted, convert));
    let refused = |why: String| Unknown::suite(format!("`{}` cannot be played: {why}", audio.written));
    match read.await {
        Ok(Ok(clip)) => Ok(clip),
        Ok(Err(error)) => Err(refused(error.to_string())),
        Err(error) => Err(refused(error.to_string())),
    }
}
