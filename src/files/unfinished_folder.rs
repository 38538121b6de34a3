//! A folder under way: it has a hidden name until it is whole, and is known to the program as files under way are.

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::TempDir;

use super::unfinished::{NAMES, Name, Names};

/// A hidden folder in another one, with ordinary permissions (temporary folders are private unless told otherwise).
/// Dropped before it was put anywhere, it is gone with all that is in it.
#[derive(Debug)]
pub struct UnfinishedFolder {
    // Removed first, forgotten then: fields are dropped in this order.
    folder: TempDir,
    name: Name,
}

impl UnfinishedFolder {
    /// Begins one in `parent`.
    ///
    /// # Errors
    /// When `parent` cannot be written to.
    pub fn create(parent: &Path) -> io::Result<Self> {
        Self::known_to(&NAMES, parent)
    }

    fn known_to(names: &'static Names, parent: &Path) -> io::Result<Self> {
        let (folder, name) = names.begin(|| {
            let folder = hidden(parent)?;
            let path = folder.path().to_path_buf();
            Ok((folder, path))
        })?;
        Ok(Self { folder, name })
    }

    /// Where it is for now.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Begins an empty file in it, with the folders that it stands in. Whoever ends the program meanwhile is waited for:
    /// what was removed must not come back.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub fn begin_file(&self, path: &Path) -> io::Result<fs_err::File> {
        let path = self.path().join(path);
        let _nobody_ends = self.name.lock();
        fs_err::create_dir_all(path.parent().unwrap_or(self.path()))?;
        let file = File::create(&path)?;
        Ok(fs_err::File::from_parts(file, path))
    }

    /// Gives it its name, which nothing has.
    ///
    /// # Errors
    /// When something has the name, or the place is on another disk.
    pub fn put(self, path: &Path) -> io::Result<()> {
        let Self { folder, name } = self;
        name.give_up(|| {
            fs_err::rename(folder.path(), path)?;
            // It has moved: nothing is left to clean up.
            let _ = folder.keep();
            Ok(())
        })
    }

    /// Moves what is in it into a folder that exists.
    ///
    /// # Errors
    /// When that cannot be written to.
    pub fn empty_into(self, out: &Path) -> io::Result<()> {
        let Self { folder, name } = self;
        name.give_up(|| {
            for entry in fs_err::read_dir(folder.path())? {
                let entry = entry?;
                fs_err::rename(entry.path(), out.join(entry.file_name()))?;
            }
            folder.close()
        })
    }
}

fn hidden(parent: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".turnproof-folder.");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o777));
    }
    builder.tempdir_in(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(folder: &Path) -> usize {
        folder.read_dir().unwrap().count()
    }

    #[test]
    fn what_was_put_stays_and_what_was_dropped_is_gone() {
        let parent = tempfile::tempdir().unwrap();
        let begin = || {
            let folder = UnfinishedFolder::create(parent.path()).unwrap();
            drop(folder.begin_file(Path::new("deep/file")).unwrap());
            folder
        };
        drop(begin());
        assert_eq!(count(parent.path()), 0);
        begin().put(&parent.path().join("put")).unwrap();
        assert!(parent.path().join("put/deep/file").is_file());
        begin().empty_into(parent.path()).unwrap();
        assert!(parent.path().join("deep/file").is_file());
        assert_eq!(count(parent.path()), 2);
    }

    /// Ctrl-C left what an import had written so far.
    #[test]
    fn a_program_that_ends_leaves_nothing_of_a_folder() {
        let parent = tempfile::tempdir().unwrap();
        let names: &'static Names = Box::leak(Box::default());
        let folder = UnfinishedFolder::known_to(names, parent.path()).unwrap();
        drop(folder.begin_file(Path::new("deep/file")).unwrap());
        let ending = names.abandon();
        assert_eq!(count(parent.path()), 0);
        assert!(names.is_locked(), "who begins a file waits");
        drop(ending);
        assert!(folder.put(&parent.path().join("put")).is_err());
        assert_eq!(count(parent.path()), 0);
    }
}
