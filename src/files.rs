//! Files and folders that appear whole or not at all, with the permissions that files have here: temporary ones are
//! private unless told otherwise, and what is written is for others, too.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

pub use nameless::Nameless;
pub use unfinished::{Unfinished, abandon};
pub use unfinished_folder::UnfinishedFolder;

mod nameless;
mod unfinished;
mod unfinished_folder;

/// The folder that a file stands in.
pub fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Writes a whole file, or leaves what stood there; the folder is created if need be.
///
/// # Errors
/// When the folder cannot be created or written to, or the disk is full.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    fs_err::create_dir_all(&folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut unfinished = Unfinished::create(&name, &folder)?;
    unfinished.file().write_all(bytes)?;
    unfinished.put(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_in_a_new_folder_or_in_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/deep/file.json");
        for text in ["first, and longer", "second"] {
            write_whole(&path, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(path.parent().unwrap().read_dir().unwrap().count(), 1);
        assert!(write_whole(&folder.path().join("new/deep"), b"").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_ordinary() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
        write_whole(&ours, b"").unwrap();
        std::fs::write(&theirs, "").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&theirs));
    }
}
