//! Files that reports are written to: opened beside their target before the run starts, so that a report which
//! cannot be written is known at once, and put under their name at the end, so that nobody reads half a report.
//!
//! Until then they have no name at all: however the program ends, nothing of them stays behind.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::files::{Unfinished, folder_of};

/// Bytes that are collected before they are written.
const WRITTEN_AT_ONCE: usize = 64 << 10;

/// A report's file under way. Dropped without [`Output::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct Output {
    target: Target,
    /// Where its temporary files are.
    folder: PathBuf,
    file: BufWriter<File>,
}

/// What becomes of the temporary file.
#[derive(Debug)]
enum Target {
    /// It appears at this path, in the same folder, at once.
    Renamed(PathBuf),
    /// It is copied into something that is no regular file: a pipe, `/dev/stdout`.
    Copied(PathBuf),
}

impl Output {
    /// Opens a temporary file in the target's folder, which is created if need be. A link is followed: the file
    /// that it points to is replaced, not the link.
    ///
    /// # Errors
    /// When the target is a folder, or its folder cannot be created or written to.
    pub fn open(path: &Path) -> io::Result<Self> {
        let (target, folder) = match std::fs::metadata(path) {
            Ok(there) if there.is_dir() => {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
            }
            Ok(there) if there.is_file() => {
                let real = fs_err::canonicalize(path)?;
                let folder = folder_of(&real);
                (Target::Renamed(real), folder)
            }
            Ok(_) => (Target::Copied(path.to_path_buf()), std::env::temp_dir()),
            Err(_) => {
                let folder = folder_of(path);
                fs_err::create_dir_all(&folder)?;
                (Target::Renamed(path.to_path_buf()), folder)
            }
        };
        Ok(Self {
            target,
            file: BufWriter::with_capacity(WRITTEN_AT_ONCE, nameless(&folder)?),
            folder,
        })
    }

    /// A second, nameless file in the same place, for what can only be written once the run is over.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn spool(&self) -> io::Result<Spool> {
        Ok(Spool {
            file: BufWriter::with_capacity(WRITTEN_AT_ONCE, nameless(&self.folder)?),
            length: 0,
        })
    }

    /// Writes what is left and puts the file under its name.
    ///
    /// # Errors
    /// When the disk is full, or the target cannot be replaced.
    pub fn finish(self) -> io::Result<()> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        match self.target {
            Target::Renamed(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let mut unfinished = Unfinished::create(&name, &self.folder)?;
                io::copy(&mut file, unfinished.file())?;
                unfinished.put(&path)?;
            }
            Target::Copied(path) => {
                let mut sink = fs_err::OpenOptions::new().write(true).open(path)?;
                io::copy(&mut file, &mut sink)?;
                sink.flush()?;
            }
        }
        Ok(())
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

/// Where a report for people goes.
pub enum Destination {
    /// A file of its own.
    File(Output),
    /// Standard output, or a test's buffer.
    Stream(Box<dyn Write + Send>),
}

impl Destination {
    /// Completes what was written.
    ///
    /// # Errors
    /// As [`Output::finish`], or when the stream cannot be written to.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::File(output) => output.finish(),
            Self::Stream(mut stream) => stream.flush(),
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(output) => output.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(output) => output.flush(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}

/// A nameless file that is written from front to back and then copied piece by piece into an [`Output`].
#[derive(Debug)]
pub struct Spool {
    file: BufWriter<File>,
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
    pub fn into_written(self) -> io::Result<Written> {
        Ok(Written(
            self.file.into_inner().map_err(io::IntoInnerError::into_error)?,
        ))
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
pub struct Written(File);

impl Written {
    /// Copies the bytes of a range.
    ///
    /// # Errors
    /// When reading or writing fails.
    pub fn copy(&mut self, range: Range<u64>, sink: &mut impl Write) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(range.start))?;
        let mut piece = BufReader::new(&mut self.0).take(range.end - range.start);
        io::copy(&mut piece, sink)?;
        Ok(())
    }
}

/// A file that is gone when the program ends.
fn nameless(folder: &Path) -> io::Result<File> {
    // The plain error would not say which folder.
    tempfile::tempfile_in(folder)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", folder.display())))
}

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
        let output = Output::open(&folder.path().join("x")).unwrap();
        let mut spool = output.spool().unwrap();
        spool.write_all(b"first").unwrap();
        let middle = spool.position();
        spool.write_all(b"second").unwrap();
        let end = spool.position();
        let mut written = spool.into_written().unwrap();
        let mut copied = Vec::new();
        written.copy(middle..end, &mut copied).unwrap();
        written.copy(0..middle, &mut copied).unwrap();
        assert_eq!(copied, b"secondfirst");
    }
}
