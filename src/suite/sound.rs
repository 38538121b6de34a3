//! Recordings that suites play: where they are, and what they are. Each is looked at once, however many turns play it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::surroundings::RoleSound;
use super::transcripts::{TRANSCRIPTS_FILE, read_transcripts};
use crate::audio::{AudioError, Facts, Said, SoundFile};
use crate::diagnostic::Diagnostic;
use crate::settings::root::{LookupError, Root};

/// What is known of all recordings.
#[derive(Debug)]
pub(super) struct Sounds {
    root: Root,
    facts: Mutex<HashMap<(PathBuf, Said), Result<Facts, AudioError>>>,
    folders: Mutex<HashMap<PathBuf, Arc<Folder>>>,
}

/// What a folder's transcripts tell.
#[derive(Debug)]
pub(super) struct Folder {
    /// What is said in recordings.
    pub(super) transcripts: BTreeMap<PathBuf, String>,
    /// What is wrong with the transcripts.
    pub(super) problems: Vec<Diagnostic>,
    /// The file, as the user would type it.
    pub(super) shown: PathBuf,
}

/// Where recordings are looked up, and who is to hear them.
#[derive(Debug, Clone)]
pub(super) struct SoundPlace {
    sounds: Arc<Sounds>,
    /// The file that names them.
    beside: Arc<Path>,
    /// How the target takes sound.
    pub(super) role: RoleSound,
}

impl Sounds {
    pub(super) fn new(root: Root) -> Self {
        Self {
            root,
            facts: Mutex::default(),
            folders: Mutex::default(),
        }
    }
}

impl SoundPlace {
    pub(super) fn new(sounds: &Arc<Sounds>, beside: &Arc<Path>, role: RoleSound) -> Self {
        Self {
            sounds: Arc::clone(sounds),
            beside: Arc::clone(beside),
            role,
        }
    }

    /// The same for another file that names recordings.
    pub(super) fn beside(&self, file: &Arc<Path>) -> Self {
        Self::new(&self.sounds, file, self.role)
    }

    /// Looks a recording up.
    pub(super) fn find(&self, mentioned: &str) -> Result<PathBuf, LookupError> {
        self.sounds.root.find(&self.beside, mentioned)
    }

    /// What a recording is.
    pub(super) fn facts(&self, path: &Path, said: Said) -> Result<Facts, AudioError> {
        let key = (path.to_owned(), said);
        let known = || self.sounds.facts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(facts) = known().get(&key) {
            return facts.clone();
        }
        let facts = SoundFile::read(path, said).map(|file| file.facts().clone());
        known().insert(key, facts.clone());
        facts
    }

    /// The transcripts beside a recording.
    pub(super) fn folder(&self, recording: &Path) -> Arc<Folder> {
        let folder = recording.parent().unwrap_or(recording);
        let known = || self.sounds.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = known().get(folder) {
            return Arc::clone(folder);
        }
        let path = folder.join(TRANSCRIPTS_FILE);
        let shown = self.sounds.root.shown(&path);
        let (transcripts, problems) = if path.is_file() {
            read_transcripts(&path, &shown)
        } else {
            Default::default()
        };
        let read = Arc::new(Folder {
            transcripts: transcripts
                .into_iter()
                .map(|entry| (entry.path, entry.text))
                .collect(),
            problems,
            shown,
        });
        known().insert(folder.to_owned(), Arc::clone(&read));
        read
    }
}
