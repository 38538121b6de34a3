//! The journal of a run: one JSON line per finished conversation, on disk; in memory only where each line is, and the
//! results of a short run.
//!
//! The first line says what run it is, the others are results (`ConversationResult`, redacted) in the order in which
//! they finished. The file appears under its name, beside the reports, when the run is over; until then it has none, so
//! that a run that dies leaves the journal of the one before it and nothing else. Git ignores it with the reports.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::files::Unfinished;
use crate::model::event::RunInfo;
use crate::model::outcome::{ConversationResult, Verdict};

/// The format of the file, as its first line names it.
pub(super) const FORMAT: &str = "turnproof-journal/1";
/// Folder of the journal, within that of the reports.
pub const JOURNAL_FOLDER: &str = ".turnproof";
/// Its file there.
pub const JOURNAL_FILE: &str = "journal.jsonl";

/// Results whose lines are no longer than this together, in bytes, are kept; others are read again for the reports.
const LINES_KEPT: u64 = 1 << 20;
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
    lines: mpsc::Sender<Vec<u8>>,
    thread: JoinHandle<io::Result<File>>,
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
    length: u32,
    verdict: Verdict,
    kept: Option<Arc<ConversationResult>>,
}

/// A line of the journal.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) json: Vec<u8>,
    /// What stands in it, when it was kept.
    pub(super) kept: Option<Arc<ConversationResult>>,
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
                tempfile::tempfile_in(folder)?
            }
            None => tempfile::tempfile()?,
        };
        let header = json_line(&Header {
            format: FORMAT,
            run,
            kind,
        })?;
        let offset = header.len() as u64;
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
    pub(super) async fn append(
        &mut self,
        position: usize,
        result: &Arc<ConversationResult>,
        line: Vec<u8>,
    ) -> bool {
        let length = line.len() as u64;
        let keep = self.offset + length <= LINES_KEPT;
        self.index.push(Entry {
            position,
            offset: self.offset,
            length: u32::try_from(length).unwrap_or(u32::MAX),
            verdict: result.verdict,
            kept: keep.then(|| Arc::clone(result)),
        });
        self.offset += length;
        self.lines.send(line).await.is_ok()
    }

    /// Waits until everything is on disk and gives the file its name.
    ///
    /// # Errors
    /// When a line could not be written, or the file not be renamed.
    pub(super) fn finish(self) -> io::Result<Journal> {
        drop(self.lines);
        let writer = self.thread.join();
        let mut file = writer.map_err(|_| io::Error::other("the journal's writer stopped"))??;
        if let Some(folder) = self.folder {
            put(&mut file, &folder)?;
        }
        let mut index = self.index;
        index.sort_unstable_by_key(|entry| entry.position);
        Ok(Journal { file, index })
    }
}

/// Puts a copy of the journal under its name, at once.
fn put(file: &mut File, folder: &Path) -> io::Result<()> {
    let mut unfinished = Unfinished::create(JOURNAL_FILE, folder)?;
    file.seek(SeekFrom::Start(0))?;
    io::copy(file, unfinished.file())?;
    unfinished.put(&folder.join(JOURNAL_FILE))
}

fn write_lines(mut file: File, header: &[u8], mut lines: mpsc::Receiver<Vec<u8>>) -> io::Result<File> {
    let mut writer = BufWriter::with_capacity(1 << 16, &mut file);
    writer.write_all(header)?;
    while let Some(line) = lines.blocking_recv() {
        writer.write_all(&line)?;
    }
    writer.flush()?;
    drop(writer);
    Ok(file)
}

/// A result as a line of the journal.
///
/// # Errors
/// When a value cannot be written as JSON.
pub(super) fn line_of(result: &ConversationResult) -> io::Result<Vec<u8>> {
    json_line(result)
}

fn json_line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// The journal of a run that is over.
#[derive(Debug)]
pub struct Journal {
    file: File,
    index: Vec<Entry>,
}

impl Journal {
    /// How many conversations it holds.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The verdicts, in order of file and position.
    pub fn verdicts(&self) -> impl Iterator<Item = Verdict> {
        self.index.iter().map(|entry| entry.verdict)
    }

    /// All results one at a time, in order of file and position.
    pub fn read_sorted(&mut self) -> impl Iterator<Item = io::Result<ConversationResult>> {
        let Self { file, index, .. } = self;
        index.iter().map(|entry| parse(&read_line(file, entry)?))
    }

    /// The lines in order of file and position, in pieces of at most `count` lines and about `bytes` bytes.
    pub(super) fn pieces(&mut self, count: usize, bytes: u64) -> impl Iterator<Item = io::Result<Vec<Line>>> {
        let Self { file, index, .. } = self;
        let mut rest = index.as_slice();
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
            let lines = piece.iter().map(|entry| {
                Ok(Line {
                    json: read_line(file, entry)?,
                    kept: entry.kept.clone(),
                })
            });
            Some(lines.collect())
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

fn read_line(file: &mut File, entry: &Entry) -> io::Result<Vec<u8>> {
    let mut line = vec![0; entry.length as usize];
    file.seek(SeekFrom::Start(entry.offset))?;
    file.read_exact(&mut line)?;
    Ok(line)
}

#[cfg(test)]
mod tests;
