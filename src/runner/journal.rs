//! The journal of a run: one JSON line per finished conversation, on disk; in memory only where each line is.
//!
//! The first line says what run it is, the others are results (`ConversationResult`, redacted) in the order in which
//! they finished. The file appears under its name, beside the reports, as soon as the run is over; until then it has
//! none, so that a run that dies leaves the journal of the one before it and nothing else. Git ignores it with the
//! reports.

use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::mem;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::files::Nameless;
use crate::model::event::RunInfo;
use crate::model::outcome::ConversationResult;

/// The format of the file, as its first line names it.
pub(super) const FORMAT: &str = "turnproof-journal/1";
/// Folder of the journal, within that of the reports.
pub const JOURNAL_FOLDER: &str = ".turnproof";
/// Its file there.
pub const JOURNAL_FILE: &str = "journal.jsonl";

/// Lines that are given to the writer together, of so many bytes at most: to wake it costs more than to write one.
const PIECE_LINES: usize = 16;
const PIECE_BYTES: usize = 256 << 10;
/// Room for a turn, in bytes; most need no more.
const USUAL_TURN: usize = 1 << 10;
/// Pieces that wait for the disk; when it cannot keep up, executors wait for it.
const WAITING_PIECES: usize = 4;

/// Some lines, without their ends.
type Piece = Vec<Arc<Vec<u8>>>;

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
    piece: Piece,
    pieces: mpsc::Sender<Piece>,
    /// For the last piece: without it the journal is not whole.
    last: oneshot::Sender<Piece>,
    thread: JoinHandle<io::Result<Written>>,
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
        let mut file = match folder {
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
        let (pieces, waiting) = mpsc::channel(WAITING_PIECES);
        let (last, ending) = oneshot::channel();
        let path = folder.map(|folder| folder.join(JOURNAL_FILE));
        let thread = thread::Builder::new().name("journal".to_owned()).spawn(move || {
            let is_whole = write(&mut file, &header, waiting, ending)?;
            let put = match path.filter(|_| is_whole) {
                Some(path) => file.put(&path),
                None => Ok(()),
            };
            Ok(Written { file, put })
        })?;
        Ok(Self {
            piece: Vec::new(),
            pieces,
            last,
            thread,
            index: Vec::new(),
            offset,
        })
    }

    /// Appends a line made by [`line_of`]. An error of the disk shows in [`Journal::close`]; false says that there was
    /// one and that further lines are in vain.
    pub(super) async fn append(&mut self, position: usize, line: Arc<Vec<u8>>) -> bool {
        self.index.push(Entry {
            position,
            offset: self.offset,
            length: u32::try_from(line.len()).unwrap_or(u32::MAX),
        });
        self.offset += line.len() as u64 + 1;
        self.piece.push(line);
        let bytes: usize = self.piece.iter().map(|line| line.len()).sum();
        if self.piece.len() < PIECE_LINES && bytes < PIECE_BYTES {
            return !self.pieces.is_closed();
        }
        self.pieces.send(mem::take(&mut self.piece)).await.is_ok()
    }

    /// There are no more lines: once all are written, the file appears.
    pub(super) fn finish(self) -> Journal {
        // A writer that is gone shows when the journal is closed.
        let _ = self.last.send(self.piece);
        let mut index = self.index;
        index.sort_unstable_by_key(|entry| entry.position);
        Journal {
            state: State::Ending(self.thread),
            index,
        }
    }
}

/// A journal with all its lines.
#[derive(Debug)]
struct Written {
    file: Nameless,
    /// Whether it has its name.
    put: io::Result<()>,
}

/// Writes what comes, and says whether the last piece was among it.
fn write(
    file: &mut Nameless,
    header: &[u8],
    mut pieces: mpsc::Receiver<Piece>,
    last: oneshot::Receiver<Piece>,
) -> io::Result<bool> {
    let mut writer = BufWriter::with_capacity(1 << 16, file);
    let mut write = |line: &[u8]| {
        writer.write_all(line)?;
        writer.write_all(b"\n")
    };
    write(header)?;
    while let Some(piece) = pieces.blocking_recv() {
        piece.iter().try_for_each(|line| write(line))?;
    }
    let last = last.blocking_recv();
    last.iter().flatten().try_for_each(|line| write(line))?;
    writer.flush()?;
    Ok(last.is_ok())
}

/// A result as a line of the journal, without its end.
///
/// # Errors
/// When a value cannot be written as JSON.
pub(super) fn line_of(result: &ConversationResult) -> io::Result<Vec<u8>> {
    let turns: usize = result.attempts.iter().map(|attempt| attempt.turns.len()).sum();
    let mut line = Vec::with_capacity(USUAL_TURN * (1 + turns));
    serde_json::to_writer(&mut line, result)?;
    Ok(line)
}

/// The journal of a run that is over.
#[derive(Debug)]
pub struct Journal {
    state: State,
    index: Vec<Entry>,
}

#[derive(Debug)]
enum State {
    /// Its last lines are on their way.
    Ending(JoinHandle<io::Result<Written>>),
    Written(Written),
    Lost,
}

impl State {
    /// Waits for the last line.
    fn written(self) -> io::Result<Written> {
        match self {
            Self::Ending(thread) => thread
                .join()
                .map_err(|_| io::Error::other("the journal's writer stopped"))?,
            Self::Written(written) => Ok(written),
            Self::Lost => Err(io::Error::other("the journal is lost")),
        }
    }

    /// The file, with all its lines.
    fn file(&mut self) -> io::Result<&mut Nameless> {
        *self = Self::Written(mem::replace(self, Self::Lost).written()?);
        match self {
            Self::Written(written) => Ok(&mut written.file),
            _ => Err(io::Error::other("the journal is lost")),
        }
    }
}

impl Journal {
    /// Waits until the file is under its name, if it is to have one.
    ///
    /// # Errors
    /// When a line could not be written, or the file not be put there.
    pub(super) fn close(self) -> io::Result<()> {
        self.state.written()?.put
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
    ///
    /// # Errors
    /// When a line could not be written.
    pub fn read_sorted(&mut self) -> io::Result<impl Iterator<Item = io::Result<ConversationResult>>> {
        let file = self.state.file()?;
        let entries = self.index.iter();
        Ok(entries.map(|entry| parse(&read_line(file, entry)?)))
    }

    /// The lines in order of file and position but for the first `left_out`, in pieces of at most `count` lines and
    /// about `bytes` bytes.
    ///
    /// # Errors
    /// When a line could not be written.
    pub(super) fn pieces(
        &mut self,
        left_out: usize,
        count: usize,
        bytes: u64,
    ) -> io::Result<impl Iterator<Item = io::Result<Vec<Vec<u8>>>>> {
        let file = self.state.file()?;
        let mut rest = self.index.get(left_out..).unwrap_or_default();
        Ok(std::iter::from_fn(move || {
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
        }))
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
