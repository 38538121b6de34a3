//! Files under way, and folders: each has a hidden name until it is whole, and the program knows all of them, so that it
//! can end at any moment and leave none behind.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

/// How much of a file's name stands in its hidden one, in characters. File systems take 255 bytes.
const LONGEST_BEGINNING: usize = 40;
/// The end of a hidden name.
const SUFFIX: &str = ".part";
/// The names of this program.
pub(super) static NAMES: Names = Names(Mutex::new(BTreeSet::new()));

/// A hidden file in a folder, named after the one that it is to become, readable for whoever may read the folder.
/// Dropped before it was put anywhere, it is gone.
#[derive(Debug)]
pub struct Unfinished {
    // Removed first, forgotten then: fields are dropped in this order.
    file: NamedTempFile,
    name: Name,
}

impl Unfinished {
    /// Begins the file that is to become `name`.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn create(name: &str, folder: &Path) -> io::Result<Self> {
        Self::known_to(&NAMES, || hidden(name, folder))
    }

    /// Gives a file that has no name yet, and is whole, a hidden one: it is to become `name` in the same folder.
    ///
    /// # Errors
    /// When this system, or the folder's file system, cannot do that.
    pub(super) fn named(file: &File, name: &str, folder: &Path) -> io::Result<Self> {
        Self::known_to(&NAMES, || linked(file, name, folder))
    }

    fn known_to(names: &'static Names, file: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<Self> {
        let (file, name) = names.begin(|| {
            let file = file()?;
            let path = file.path().to_path_buf();
            Ok((file, path))
        })?;
        Ok(Self { file, name })
    }

    /// What is written to.
    pub fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Puts the file, which is whole now, where it belongs, in the place of whatever stands there.
    ///
    /// # Errors
    /// When there is a folder, or the place is on another disk.
    pub fn put(self, path: &Path) -> io::Result<()> {
        let Self { file, name } = self;
        name.give_up(|| file.persist(path))?;
        Ok(())
    }

    /// As [`Unfinished::put`], unless something stands there.
    ///
    /// # Errors
    /// Of kind [`io::ErrorKind::AlreadyExists`] when something does.
    pub fn put_new(self, path: &Path) -> io::Result<()> {
        let Self { file, name } = self;
        name.give_up(|| file.persist_noclobber(path))?;
        Ok(())
    }
}

/// Removes all files and folders under way, for a program that ends at once. While the answer is held no file is begun,
/// and none appears under its name: whoever tries waits.
pub fn abandon() -> impl Drop {
    NAMES.abandon()
}

/// The names of files and folders under way. Locked while one of them appears or disappears.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<BTreeSet<PathBuf>>);

impl Names {
    /// Begins something, which says what its hidden name is.
    pub(super) fn begin<T>(
        &'static self,
        begin: impl FnOnce() -> io::Result<(T, PathBuf)>,
    ) -> io::Result<(T, Name)> {
        let mut names = self.lock();
        let (made, path) = begin()?;
        names.insert(path.clone());
        Ok((made, Name { path, names: self }))
    }

    pub(super) fn abandon(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        let mut names = self.lock();
        for path in std::mem::take(&mut *names) {
            // It may be gone, or what it is in; there is nobody left to be told.
            let _ = fs_err::remove_file(&path).or_else(|_| fs_err::remove_dir_all(&path));
        }
        names
    }

    #[cfg(test)]
    pub(super) fn is_locked(&self) -> bool {
        self.0.try_lock().is_err()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the names.
#[derive(Debug)]
pub(super) struct Name {
    path: PathBuf,
    names: &'static Names,
}

impl Name {
    /// Keeps the program from ending at once.
    pub(super) fn lock(&self) -> impl Drop {
        self.names.lock()
    }

    /// Lets what has it have another name.
    pub(super) fn give_up<T>(self, rename: impl FnOnce() -> T) -> T {
        let mut names = self.names.lock();
        names.remove(&self.path);
        rename()
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        self.names.lock().remove(&self.path);
    }
}

/// The beginning of a hidden name, which must not be too long where `name` is not.
fn prefix(name: &str) -> String {
    let beginning: String = name.chars().take(LONGEST_BEGINNING).collect();
    format!(".{beginning}.")
}

fn hidden(name: &str, folder: &Path) -> io::Result<NamedTempFile> {
    let prefix = prefix(name);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(target_os = "linux")]
fn linked(file: &File, name: &str, folder: &Path) -> io::Result<NamedTempFile> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{AtFlags, CWD, linkat};

    // As open(2) says of O_TMPFILE: what a descriptor means is a link in /proc.
    let nameless = format!("/proc/self/fd/{}", file.as_raw_fd());
    let prefix = prefix(name);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(SUFFIX).make_in(folder, |path| {
        linkat(CWD, &nameless, CWD, path, AtFlags::SYMLINK_FOLLOW)?;
        file.try_clone()
    })
}

#[cfg(not(target_os = "linux"))]
fn linked(_file: &File, _name: &str, _folder: &Path) -> io::Result<NamedTempFile> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn names_of_a_program() -> &'static Names {
        Box::leak(Box::default())
    }

    fn count(folder: &Path) -> usize {
        folder.read_dir().unwrap().count()
    }

    #[test]
    fn what_was_put_stays_and_what_was_dropped_is_gone() {
        let (folder, names) = (tempfile::tempdir().unwrap(), names_of_a_program());
        let mut whole = Unfinished::known_to(names, || hidden("whole", folder.path())).unwrap();
        let dropped = Unfinished::known_to(names, || hidden("dropped", folder.path())).unwrap();
        whole.file().write_all(b"all of it").unwrap();
        assert_eq!((count(folder.path()), names.lock().len()), (2, 2));
        drop(dropped);
        let path = folder.path().join("whole");
        whole.put(&path).unwrap();
        assert_eq!((count(folder.path()), names.lock().len()), (1, 0));
        assert_eq!(std::fs::read(&path).unwrap(), b"all of it");

        let second = Unfinished::known_to(names, || hidden("whole", folder.path())).unwrap();
        let refused = second.put_new(&path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((count(folder.path()), names.lock().len()), (1, 0));
    }

    /// A second Ctrl-C came while the journal was copied, and its half stayed behind.
    #[test]
    fn a_program_that_ends_leaves_nothing_and_begins_nothing() {
        let (folder, names) = (tempfile::tempdir().unwrap(), names_of_a_program());
        let under_way = Unfinished::known_to(names, || hidden("under way", folder.path())).unwrap();
        let ending = names.abandon();
        assert_eq!(count(folder.path()), 0);
        assert!(names.is_locked(), "who begins or puts a file waits");
        drop(ending);
        assert!(under_way.put(&folder.path().join("under way")).is_err());
        assert_eq!(count(folder.path()), 0);
    }
}
