//! What is kept of a conversation between reading its suite and playing it: its name, its place, its row. The
//! conversation itself is read again when it is about to be played, so that memory follows what is running.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::expand::{Shared, Source, expand};
use super::frame::Frame;
use super::rows::Row;
use crate::diagnostic::SourceFile;
use crate::model::suite::{Conversation, Service};
use crate::settings::play::PlayPatch;
use crate::yaml::{self, Node, Packed, Reader, Slice};

/// A conversation that can be played: one for each row.
#[derive(Debug, Clone)]
pub struct Entry {
    pub(super) shared: Arc<Shared>,
    pub(super) frame: Arc<Frame>,
    pub(super) place: Place,
    pub(super) rows: Option<Arc<Vec<Row>>>,
    pub(super) row_index: usize,
    pub(super) name: String,
    pub(super) row: Option<String>,
    pub(super) lines: (u32, u32),
    pub(super) tags: Arc<[String]>,
    pub(super) role: Arc<str>,
}

/// Where a conversation comes from when it is played.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// Kept as it is played.
    Ready(Arc<Conversation>),
    /// A piece of the file, with the hash of its bytes.
    Slice(Slice, u64),
    /// Kept as a tree: there is room for it, or the file uses anchors, so that no piece can be read alone.
    Tree(Packed),
}

/// Why a conversation cannot be read again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read any more.
    #[error("cannot read `{}` again: {message}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
    /// The file was changed after it was checked.
    #[error("`{}` was changed while the run was going on", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// What was sound before is not any more: a file it refers to was changed.
    #[error("`{}` is not valid any more: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

impl Entry {
    /// The suite: path of its file from the root, without extension.
    pub fn suite(&self) -> &str {
        &self.frame.suite
    }

    /// The suite's title, if it has one.
    pub fn title(&self) -> Option<&str> {
        self.frame.title.as_deref()
    }

    /// The conversation's name, with the row's in it where there are rows.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The row's name, if there are rows.
    pub fn row(&self) -> Option<&str> {
        self.row.as_deref()
    }

    /// The file, as the user would type it.
    pub fn path(&self) -> &Path {
        &self.frame.path
    }

    /// The file's path from the root, with `/` between folders.
    pub fn file(&self) -> &str {
        &self.frame.name
    }

    /// Its first and last line.
    pub fn lines(&self) -> (u32, u32) {
        self.lines
    }

    /// Tags of suite and conversation.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// The role that plays it.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The target that plays the role.
    pub fn target(&self) -> &str {
        let role = self.shared.surroundings.roles.get(&*self.role);
        role.map_or(&self.role, |role| &role.target)
    }

    /// The service of that target.
    pub fn service(&self) -> Option<Service> {
        self.shared
            .surroundings
            .roles
            .get(&*self.role)
            .map(|role| role.service)
    }

    /// What the suite's own `defaults:` say about playing; for telling where a value comes from.
    pub fn suite_play(&self) -> PlayPatch {
        let source = SourceFile {
            path: self.frame.path.to_path_buf(),
            text: String::new(),
        };
        let map = self.frame.defaults.as_ref().and_then(Node::as_map);
        // What is wrong there was reported when the file was checked.
        map.map(|map| PlayPatch::read(&mut Reader::new(&Arc::new(source)), map))
            .unwrap_or_default()
    }

    /// The conversation, read again unless it was kept.
    ///
    /// # Errors
    /// When the file cannot be read or was changed.
    pub fn load(&self) -> Result<Arc<Conversation>, LoadError> {
        let path = self.frame.path.to_path_buf();
        // Messages were made when the file was checked: no text is needed for them now.
        let file = Arc::new(SourceFile {
            path: path.clone(),
            text: String::new(),
        });
        let node = match &self.place {
            Place::Ready(conversation) => return Ok(Arc::clone(conversation)),
            Place::Tree(tree) => tree.unpack().ok_or_else(|| self.changed())?,
            Place::Slice(slice, hash) => self.read_slice(&file, slice, *hash)?,
        };
        let row = self.rows.as_ref().and_then(|rows| rows.get(self.row_index));
        let source = Source {
            shared: &self.shared,
            frame: &self.frame,
            file: &file,
            row,
            thorough: false,
        };
        let expanded = expand(&node, source);
        let problems = expanded.problems;
        expanded
            .conversation
            .map(Arc::new)
            .ok_or_else(|| LoadError::Invalid {
                path,
                message: problems
                    .into_iter()
                    .next()
                    .map(|problem| problem.message)
                    .unwrap_or_default(),
            })
    }

    fn changed(&self) -> LoadError {
        LoadError::Changed {
            path: self.frame.path.to_path_buf(),
        }
    }

    fn read_slice(&self, file: &Arc<SourceFile>, slice: &Slice, hash: u64) -> Result<Node, LoadError> {
        let bytes = read_bytes(&self.frame.on_disk, slice).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => self.changed(),
            _ => LoadError::Unreadable {
                path: self.frame.path.to_path_buf(),
                message: error.to_string(),
            },
        })?;
        if hash_of(&bytes) != hash {
            return Err(self.changed());
        }
        let text = String::from_utf8(bytes).map_err(|_| self.changed())?;
        yaml::parse_slice(file, slice, &text)
            .root
            .ok_or_else(|| self.changed())
    }
}

fn read_bytes(path: &Path, slice: &Slice) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(slice.range.start as u64))?;
    let mut bytes = vec![0; slice.range.len()];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Tells whether bytes have changed; nobody is kept from making two texts with one hash, but why would they.
pub(super) fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}
