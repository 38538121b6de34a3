//! What an emulator of a target understands: the transcripts beside the recordings that are played to it, read when the
//! first recording of a folder is.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell};
use tokio::task::spawn_blocking;

use crate::emulator::hearing::{Hearing, Recording};
use crate::suite::{TRANSCRIPTS_FILE, Transcript, read_transcripts};

/// The transcripts that an emulator was told.
#[derive(Debug, Default)]
pub(super) struct Ears {
    hearing: Arc<Hearing>,
    folders: Mutex<HashMap<PathBuf, Arc<OnceCell<()>>>>,
}

impl Ears {
    /// For an emulator's hearing.
    pub(super) fn new(hearing: Arc<Hearing>) -> Self {
        Self {
            hearing,
            folders: Mutex::default(),
        }
    }

    /// Tells the emulator the transcripts in the folder of a recording, once.
    pub(super) async fn learn_beside(&self, recording: &Path) {
        let folder = recording.parent().unwrap_or(recording).to_owned();
        let told = Arc::clone(self.folders.lock().await.entry(folder.clone()).or_default());
        told.get_or_init(|| async move {
            let hearing = Arc::clone(&self.hearing);
            let learning = spawn_blocking(move || {
                let path = folder.join(TRANSCRIPTS_FILE);
                if path.is_file() {
                    let (transcripts, _) = read_transcripts(&path, &path);
                    // What is wrong was told when the suite was read; what is left out is not understood.
                    let _ = hearing.learn(recordings(transcripts));
                }
            });
            // Only a panic would end it early, and then nothing is understood.
            let _ = learning.await;
        })
        .await;
    }
}

/// Transcripts as an emulator knows them.
pub fn recordings(transcripts: Vec<Transcript>) -> Vec<Recording> {
    let recording = |transcript: Transcript| Recording {
        path: transcript.path,
        said: transcript.said,
        text: transcript.text,
        language: transcript.language,
    };
    transcripts.into_iter().map(recording).collect()
}
