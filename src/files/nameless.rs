//! Files without a name while they are written: however the program ends, nothing of them stays behind.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::Unfinished;

/// A file without a name, in the folder where it is to have one.
#[derive(Debug)]
pub struct Nameless {
    file: File,
    folder: PathBuf,
}

impl Nameless {
    /// Begins one, readable for whoever may read the folder.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn create(folder: &Path) -> io::Result<Self> {
        // The plain error would not say which folder.
        let file = open(folder)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", folder.display())))?;
        Ok(Self {
            file,
            folder: folder.to_path_buf(),
        })
    }

    /// What is written to and read from.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// The folder it is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts what was written under a name in the folder, at once, in the place of whatever stands there. The file
    /// itself where the system can do that, a copy elsewhere.
    ///
    /// # Errors
    /// When there is a folder, or the disk is full.
    pub fn put(&mut self, path: &Path) -> io::Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let unfinished = match Unfinished::named(&self.file, &name, &self.folder) {
            Ok(unfinished) => unfinished,
            Err(_) => self.copy(&name)?,
        };
        unfinished.put(path)
    }

    fn copy(&mut self, name: &str) -> io::Result<Unfinished> {
        let mut unfinished = Unfinished::create(name, &self.folder)?;
        self.file.seek(SeekFrom::Start(0))?;
        io::copy(&mut self.file, unfinished.file())?;
        Ok(unfinished)
    }
}

impl Write for Nameless {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(target_os = "linux")]
fn open(folder: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    let mut options = std::fs::OpenOptions::new();
    let flags = rustix::fs::OFlags::TMPFILE.bits().cast_signed();
    let opened = options
        .read(true)
        .write(true)
        .custom_flags(flags)
        .mode(0o666)
        .open(folder);
    // Not every file system can do it.
    opened.or_else(|_| tempfile::tempfile_in(folder))
}

#[cfg(not(target_os = "linux"))]
fn open(folder: &Path) -> io::Result<File> {
    tempfile::tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = folder.read_dir().unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn it_has_no_name_before_it_is_put_and_takes_the_place_of_what_stands_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        std::fs::write(&path, "what stood there").unwrap();
        let mut file = Nameless::create(folder.path()).unwrap();
        file.write_all(b"all of it").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"what stood there");
        assert_eq!(names(folder.path()), ["journal"]);
        file.put(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"all of it");
        assert_eq!(names(folder.path()), ["journal"]);
        drop(Nameless::create(folder.path()).unwrap());
        assert_eq!(names(folder.path()), ["journal"]);
    }

    /// As on a file system that has no files without names: there it had one, and lost it.
    #[test]
    fn what_cannot_be_named_is_copied() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = Nameless {
            file: tempfile::NamedTempFile::new_in(folder.path())
                .unwrap()
                .into_file(),
            folder: folder.path().to_path_buf(),
        };
        file.write_all(b"all of it").unwrap();
        let path = folder.path().join("journal");
        file.put(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"all of it");
        assert_eq!(names(folder.path()), ["journal"]);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_ordinary() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
        Nameless::create(folder.path()).unwrap().put(&ours).unwrap();
        std::fs::write(&theirs, "").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&theirs));
    }

    #[test]
    fn the_longest_name_can_be_put() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ö".repeat(127));
        Nameless::create(folder.path()).unwrap().put(&path).unwrap();
        assert!(path.exists());
    }

    #[test]
    fn the_folder_is_named_when_it_is_none() {
        let error = Nameless::create(Path::new("nowhere/at/all")).unwrap_err();
        assert!(error.to_string().contains("nowhere/at/all"), "{error}");
    }
}
