//! Files that reports are written to: opened beside their target before the run starts, so that a report which
//! cannot be written is known at once, and put under their name at the end, so that nobody reads half a report.
//!
//! Until then they have no name at all: however the program ends, nothing of them stays behind.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::held::Held;
use crate::files::{Nameless, folder_of};

/// Bytes that are collected before they are written.
const WRITTEN_AT_ONCE: usize = 64 << 10;
/// Links that are followed, as many as systems follow themselves.
const MOST_LINKS: usize = 40;

/// A report's file under way. Dropped without [`Output::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct Output {
    target: Target,
    file: BufWriter<Nameless>,
}

/// What becomes of the temporary file.
#[derive(Debug)]
enum Target {
    /// It appears at this path, in the same folder, at once.
    Named(PathBuf),
    /// It is copied into something that is no regular file: a pipe, a descriptor of the one who called.
    Copied(PathBuf),
    /// It is copied into a stream of this program: opened once more, a file that it leads to would be written over.
    Standard(Standard),
}

/// A stream of this program that has a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standard {
    Output,
    Error,
}

impl Standard {
    /// The one that a path leads to.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let mut path = path.to_path_buf();
        for _ in 0..MOST_LINKS {
            match path.to_str() {
                Some("/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1") => return Some(Self::Output),
                Some("/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2") => return Some(Self::Error),
                _ => path = folder_of(&path).join(std::fs::read_link(&path).ok()?),
            }
        }
        None
    }

    /// What it is called.
    pub(super) fn path(self) -> &'static Path {
        Path::new(match self {
            Self::Output => "/dev/stdout",
            Self::Error => "/dev/stderr",
        })
    }

    fn stream(self) -> Box<dyn Write> {
        match self {
            Self::Output => Box::new(io::stdout()),
            Self::Error => Box::new(io::stderr()),
        }
    }
}

/// Whether what is written to a path goes on to somebody else, who may let it wait.
pub(super) fn is_stream(path: &Path) -> bool {
    let is_no_file = |there: std::fs::Metadata| !there.is_file() && !there.is_dir();
    Standard::at(path).is_some() || std::fs::metadata(path).is_ok_and(is_no_file)
}

/// Whether a path is a descriptor that this program was given. What it leads to is not to be replaced.
fn is_descriptor(path: &Path) -> bool {
    path.starts_with("/dev/fd") || path.starts_with("/proc")
}

impl Output {
    /// Opens a temporary file in the target's folder, which is created if need be. A link is followed: the file
    /// that it points to is replaced, not the link.
    ///
    /// # Errors
    /// When the target is a folder, or its folder cannot be created or written to.
    pub fn open(path: &Path) -> io::Result<Self> {
        let (target, folder) = match (Standard::at(path), std::fs::metadata(path)) {
            (Some(standard), _) => (Target::Standard(standard), std::env::temp_dir()),
            (None, Ok(there)) if there.is_dir() => {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
            }
            (None, Ok(there)) if there.is_file() && !is_descriptor(path) => {
                let real = fs_err::canonicalize(path)?;
                let folder = folder_of(&real);
                (Target::Named(real), folder)
            }
            (None, Ok(_)) => (Target::Copied(path.to_path_buf()), std::env::temp_dir()),
            (None, Err(_)) => {
                let folder = folder_of(path);
                fs_err::create_dir_all(&folder)?;
                (Target::Named(path.to_path_buf()), folder)
            }
        };
        Ok(Self {
            target,
            file: BufWriter::with_capacity(WRITTEN_AT_ONCE, Nameless::create(&folder)?),
        })
    }

    /// A second, nameless file in the same place, for what can only be written once the run is over.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn spool(&self) -> io::Result<Spool> {
        let file = Nameless::create(self.file.get_ref().folder())?;
        Ok(Spool {
            file: BufWriter::with_capacity(WRITTEN_AT_ONCE, file),
            length: 0,
        })
    }

    /// Writes a range of what was spooled.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn copy(&mut self, spooled: &mut Spooled, range: Range<u64>) -> io::Result<()> {
        self.file.flush()?;
        spooled.0.file().seek(SeekFrom::Start(range.start))?;
        // From file to file, which the system does by itself where it can.
        let mut piece = spooled.0.file().take(range.end - range.start);
        io::copy(&mut piece, self.file.get_mut().file())?;
        Ok(())
    }

    /// Writes what is left and puts the file under its name.
    ///
    /// # Errors
    /// When the disk is full, or the target cannot be replaced.
    pub fn finish(self) -> io::Result<()> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        match self.target {
            Target::Named(path) => file.put(&path),
            Target::Copied(path) => {
                let mut sink = fs_err::OpenOptions::new().append(true).open(path)?;
                copy_to(file.file(), &mut sink)
            }
            Target::Standard(standard) => copy_to(file.file(), &mut standard.stream()),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn copy_to(file: &mut File, sink: &mut impl Write) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    io::copy(file, sink)?;
    sink.flush()
}

/// Where a report for people goes, once it is complete.
pub enum Destination {
    /// A file of its own.
    File(Output),
    /// Standard output, or a test's buffer.
    Stream(Held),
}

impl Destination {
    /// Writes to a stream when the report is complete.
    pub fn stream(stream: impl Write + Send + 'static) -> Self {
        Self::Stream(Held::new(stream))
    }

    /// Completes what was written.
    ///
    /// # Errors
    /// As [`Output::finish`], or when the stream cannot be written to.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::File(output) => output.finish(),
            Self::Stream(held) => held.release(),
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(output) => output.write(bytes),
            Self::Stream(held) => held.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(output) => output.flush(),
            Self::Stream(held) => held.flush(),
        }
    }
}

/// A nameless file that is written from front to back and then copied piece by piece into an [`Output`].
#[derive(Debug)]
pub struct Spool {
    file: BufWriter<Nameless>,
    length: u64,
}

impl Spool {
    /// How many bytes were written: where the next piece starts.
    pub fn position(&self) -> u64 {
        self.length
    }

    /// Ends the writing; what was written can be copied from then on.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn end(self) -> io::Result<Spooled> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Spooled(file))
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What a [`Spool`] holds.
#[derive(Debug)]
pub struct Spooled(Nameless);

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_report_appears_only_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/deep/run.json");
        let mut output = Output::open(&path).unwrap();
        output.write_all(b"{}").unwrap();
        let none: [&str; 0] = [];
        assert_eq!(names(path.parent().unwrap()), none);
        output.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}");
        assert_eq!(names(path.parent().unwrap()), ["run.json"]);
    }

    #[test]
    fn an_abandoned_report_leaves_the_old_one_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("junit.xml");
        std::fs::write(&path, "old").unwrap();
        let mut output = Output::open(&path).unwrap();
        output.write_all(b"half").unwrap();
        drop(output);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(folder.path()), ["junit.xml"]);
    }

    #[test]
    fn a_folder_is_refused_before_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let error = Output::open(folder.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }

    #[test]
    fn a_file_in_the_way_of_a_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("reports"), "").unwrap();
        let error = Output::open(&folder.path().join("reports/junit.xml")).unwrap_err();
        assert!(error.to_string().contains("reports"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_and_permissions_are_ordinary() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (real, link, fresh) = (
            folder.path().join("real.xml"),
            folder.path().join("link.xml"),
            folder.path().join("fresh.xml"),
        );
        std::fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let mut output = Output::open(&link).unwrap();
        output.write_all(b"new").unwrap();
        output.finish().unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "new");

        std::fs::write(&fresh, "").unwrap();
        let ordinary = std::fs::metadata(&fresh).unwrap().permissions().mode();
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode(), ordinary);
    }

    #[test]
    fn a_spool_gives_back_its_pieces_in_any_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut output = Output::open(&folder.path().join("x")).unwrap();
        let mut spool = output.spool().unwrap();
        spool.write_all(b"first").unwrap();
        let middle = spool.position();
        spool.write_all(b"second").unwrap();
        let end = spool.position();
        let mut spooled = spool.end().unwrap();
        output.write_all(b"<").unwrap();
        output.copy(&mut spooled, middle..end).unwrap();
        output.write_all(b", ").unwrap();
        output.copy(&mut spooled, 0..middle).unwrap();
        output.write_all(b">").unwrap();
        output.finish().unwrap();
        assert_eq!(
            std::fs::read(folder.path().join("x")).unwrap(),
            b"<second, first>"
        );
    }
}
