//! Bytes within messages (speech, most of all): short ones stand in the cassette, long ones in files of their own,
//! named by what is in them, and a text leads there.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::files;
use crate::proto::json::base64;

/// The folder within the folder of cassettes.
const FOLDER: &str = "blobs";
/// Before the path of a file that has the bytes.
const IN_FILE: &str = "file:blobs/";
/// The ending of such a file.
const ENDING: &str = ".bin";
/// Before the hash of bytes that nobody needs back: they are only compared.
const HASHED: &str = "sha256:";
/// Bytes that stand in the cassette itself.
pub(super) const SHORT: usize = 64;
/// The largest file that is read: no message is larger.
const LARGEST: u64 = 64 * 1024 * 1024;

/// What stands for bytes that were sent.
pub(super) fn sent(bytes: &[u8]) -> String {
    if bytes.len() <= SHORT {
        return base64(bytes);
    }
    format!("{HASHED}{}", hash(bytes))
}

/// What stands for bytes that were heard; long ones are kept in `files`.
pub(super) fn heard(bytes: &[u8], files: &mut Vec<(String, Vec<u8>)>) -> String {
    if bytes.len() <= SHORT {
        return base64(bytes);
    }
    let hash = hash(bytes);
    let text = format!("{IN_FILE}{hash}{ENDING}");
    if !files.iter().any(|(known, _)| *known == hash) {
        files.push((hash, bytes.to_vec()));
    }
    text
}

/// Whether a text stands for bytes. It tells nothing of them.
pub(super) fn is_reference(text: &str) -> bool {
    led_to(text).is_some() || text.strip_prefix(HASHED).is_some_and(is_hash)
}

/// The hash of the bytes that a text leads to.
pub(super) fn led_to(text: &str) -> Option<&str> {
    let hash = text.strip_prefix(IN_FILE)?.strip_suffix(ENDING)?;
    // The name leads nowhere else.
    is_hash(hash).then_some(hash)
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Writes the files that are not there yet.
///
/// # Errors
/// When one cannot be written.
pub(super) fn write(folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
    for (hash, bytes) in files {
        let path = path(folder, hash);
        if !path.exists() {
            files::write_whole(&path, bytes)?;
        }
    }
    Ok(())
}

/// The bytes that a text leads to; nothing for other texts, and where the file is not there or is another one.
pub(super) fn read(folder: &Path, text: &str) -> Option<Vec<u8>> {
    let wanted = led_to(text)?;
    let path = path(folder, wanted);
    let size = std::fs::metadata(&path).ok()?.len();
    let bytes = (size <= LARGEST).then(|| std::fs::read(&path).ok())??;
    (hash(&bytes) == wanted).then_some(bytes)
}

fn path(folder: &Path, hash: &str) -> PathBuf {
    folder.join(FOLDER).join(format!("{hash}{ENDING}"))
}

fn hash(bytes: &[u8]) -> String {
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a text cannot fail.
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_bytes_are_kept_once_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        let long = [7; 1_000];
        let text = heard(&long, &mut files);
        assert_eq!(heard(&long, &mut files), text);
        assert_eq!(files.len(), 1);
        assert_eq!(heard(&[1, 2, 3], &mut files), "AQID");
        write(folder.path(), &files).unwrap();
        assert_eq!(read(folder.path(), &text).unwrap(), long);
        assert_eq!(
            sent(&long),
            text.replace(IN_FILE, HASHED).trim_end_matches(ENDING)
        );
    }

    #[test]
    fn no_text_leads_elsewhere_or_to_other_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        let text = heard(&[7; 1_000], &mut files);
        assert_eq!(read(folder.path(), &text), None, "not written");
        write(folder.path(), &files).unwrap();
        std::fs::write(path(folder.path(), &files[0].0), "changed").unwrap();
        std::fs::write(folder.path().join("secret.bin"), "x").unwrap();
        for odd in [&text, "file:blobs/../secret.bin", "file:blobs/.bin", "AQID", ""] {
            assert_eq!(read(folder.path(), odd), None, "{odd}");
        }
    }
}
