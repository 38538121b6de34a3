//! The journal of a run: one JSON line per finished conversation, on disk; in memory only where each line is.
//!
//! The first line says what run it is, the others are results (`ConversationResult`, redacted) in the order in which
//! they finished. The file appears under its name, beside the reports, when the run is over; until then it has none, so
//! that a run that dies leaves the journal of the one before it and nothing else. Git ignores it with the reports.

use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::files::Nameless;
use crate::model::event::RunInfo;
use crate::model::outcome::ConversationResult;

/// The format of the file, as its first line names it.
pub(super) const FORMAT: &str = "turnproof-journal/1";
/// Folder of the journal, within that of the reports.
pub const JOURNAL_FOLDER: &str = ".turnproof";
/// Its file there.
pub const JOURNAL_FILE: &str = "journal.jsonl";

/// Lines that wait for the disk; when it cannot keep up, executors wait for it.
const WAITING_LINES: usize = 64;

#[derive(Serialize)]
struct Header<'run> {
    format: &'static str,
    run: &'run RunInfo,
    #[serde(flatten)]
    kind: RunKind,
}

/// What the run after this one must know of it.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunKind {
    /// It plays what did not pass in the run before, and nothing else.
    pub last_failed: bool,
    /// It plays recordings: how long it takes tells nothing of agents.
    pub replay: bool,
}

/// Takes finished conversations; a thread of its own writes them.
#[derive(Debug)]
pub struct JournalWriter {
    lines: mpsc::Sender<Arc<Vec<u8>>>,
    thread: JoinHandle<io::Result<Nameless>>,
    /// The folder in which it appears.
    folder: Option<PathBuf>,
    index: Vec<Entry>,
    offset: u64,
}

/// Where a result's line is.
#[derive(Debug)]
struct Entry {
    position: usize,
    offset: u64,
    /// Without the end of the line.
    length: u32,
}

impl JournalWriter {
    /// Opens the journal of a run in `folder`, which is created; without a folder it is a file that nobody sees and
    /// that is gone afterwards. It says of what `kind` the run is.
    ///
    /// # Errors
    /// When the file cannot be created or written.
    pub fn create(folder: Option<&Path>, run: &RunInfo, kind: RunKind) -> io::Result<Self> {
        let file = match folder {
            Some(folder) => {
                fs_err::create_dir_all(folder)?;
                Nameless::create(folder)?
            }
            None => Nameless::create(&std::env::temp_dir())?,
        };
        let header = serde_json::to_vec(&Header {
            format: FORMAT,
            run,
            kind,
        })?;
        let offset = header.len() as u64 + 1;
        let (lines, waiting) = mpsc::channel(WAITING_LINES);
        let thread = thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write_lines(file, &header, waiting))?;
        Ok(Self {
            lines,
            thread,
            folder: folder.map(Path::to_path_buf),
            index: Vec::new(),
            offset,
        })
    }

    /// Appends a line made by [`line_of`]. An error of the disk shows in [`JournalWriter::finish`]; false says that
    /// there was one and that further lines are in vain.
    pub(super) async fn append(&mut self, position: usize, line: Arc<Vec<u8>>) -> bool {
        self.index.push(Entry {
            position,
            offset: self.offset,
            length: u32::try_from(line.len()).unwrap_or(u32::MAX),
        });
        self.offset += line.len() as u64 + 1;
        self.lines.send(line).await.is_ok()
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// When a line could not be written.
    pub(super) fn finish(self) -> io::Result<Journal> {
        drop(self.lines);
        let writer = self.thread.join();
        let file = writer.map_err(|_| io::Error::other("the journal's writer stopped"))??;
        let mut index = self.index;
        index.sort_unstable_by_key(|entry| entry.position);
        Ok(Journal {
            file,
            index,
            folder: self.folder,
        })
    }
}

fn write_lines(
    mut file: Nameless,
    header: &[u8],
    mut lines: mpsc::Receiver<Arc<Vec<u8>>>,
) -> io::Result<Nameless> {
    let mut writer = BufWriter::with_capacity(1 << 16, &mut file);
    writer.write_all(header)?;
    writer.write_all(b"\n")?;
    while let Some(line) = lines.blocking_recv() {
        writer.write_all(&line)?;
        writer.write_all(b"\n")?;
    }
    writer.flush()?;
    drop(writer);
    Ok(file)
}

/// A result as a line of the journal, without its end.
///
/// # Errors
/// When a value cannot be written as JSON.
pub(super) fn line_of(result: &ConversationResult) -> io::Result<Vec<u8>> {
    serde_json::to_vec(result).map_err(io::Error::from)
}

/// The journal of a run that is over.
#[derive(Debug)]
pub struct Journal {
    file: Nameless,
    index: Vec<Entry>,
    /// The folder in which it is to appear.
    folder: Option<PathBuf>,
}

impl Journal {
    /// Gives the file its name, if it is to have one.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub(super) fn put(&mut self) -> io::Result<()> {
        match &self.folder {
            Some(folder) => self.file.put(&folder.join(JOURNAL_FILE)),
            None => Ok(()),
        }
    }

    /// How many conversations it holds.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// All results one at a time, in order of file and position.
    pub fn read_sorted(&mut self) -> impl Iterator<Item = io::Result<ConversationResult>> {
        let Self { file, index, .. } = self;
        index.iter().map(|entry| parse(&read_line(file, entry)?))
    }

    /// The lines in order of file and position but for the first `left_out`, in pieces of at most `count` lines and
    /// about `bytes` bytes.
    pub(super) fn pieces(
        &mut self,
        left_out: usize,
        count: usize,
        bytes: u64,
    ) -> impl Iterator<Item = io::Result<Vec<Vec<u8>>>> {
        let Self { file, index, .. } = self;
        let mut rest = index.get(left_out..).unwrap_or_default();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let mut size = 0;
            let fits = rest.iter().take(count).take_while(|entry| {
                let room = size < bytes;
                size += u64::from(entry.length);
                room
            });
            let (piece, later) = rest.split_at(fits.count());
            rest = later;
            Some(piece.iter().map(|entry| read_line(file, entry)).collect())
        })
    }
}

/// Reads a result back from its line.
///
/// # Errors
/// When the line is not what this version writes.
pub(super) fn parse(line: &[u8]) -> io::Result<ConversationResult> {
    serde_json::from_slice(line).map_err(io::Error::from)
}

fn read_line(file: &mut Nameless, entry: &Entry) -> io::Result<Vec<u8>> {
    let mut line = vec![0; entry.length as usize];
    file.file().seek(SeekFrom::Start(entry.offset))?;
    file.file().read_exact(&mut line)?;
    Ok(line)
}

#[cfg(test)]
mod tests;
