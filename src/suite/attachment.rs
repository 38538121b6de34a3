//! Files that are handed over to an agent: their types, what is wrong with them, their bytes. Sound is no such file: it
//! is played, in its time.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use crate::model::suite::{Attachment, AttachmentKind};

/// Types by the endings of files. What is not here has its type written beside it.
const ENDINGS: [(&str, &str); 20] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("md", "text/markdown"),
    ("json", "application/json"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("flac", "audio/flac"),
    ("ogg", "audio/ogg"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
    ("mov", "video/quicktime"),
];
/// Bytes at the beginning of a file that tell which image it is.
const HEAD: usize = 12;

/// Why a file cannot be handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is larger than is sent.
    #[error("it has {0} bytes; {largest} are the most that is sent", largest = Attachment::LARGEST)]
    TooLarge(u64),
    /// It is another image than its type says, or none.
    #[error("its type is {said}, but it is {found}")]
    Mismatch {
        /// What its ending or author says.
        said: String,
        /// What its first bytes say.
        found: &'static str,
    },
}

impl From<io::Error> for AttachmentError {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// The type that the ending of a file stands for.
pub fn type_of(path: &str) -> Option<&'static str> {
    let ending = Path::new(path).extension()?.to_str()?.to_ascii_lowercase();
    let known = ENDINGS.iter().find(|(known, _)| *known == ending);
    known.map(|(_, mime_type)| *mime_type)
}

/// Whether a text is a MIME type such as `application/pdf`, without parameters.
pub fn is_type(text: &str) -> bool {
    let is_name = |part: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        (1..=127).contains(&part.len()) && part.bytes().all(is_part)
    };
    text.split_once('/')
        .is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype))
}

/// Whether a file can be handed over; only its beginning is read.
///
/// # Errors
/// Why not.
pub fn check(attachment: &Attachment) -> Result<(), AttachmentError> {
    let (file, _) = open(attachment)?;
    let mut head = Vec::with_capacity(HEAD);
    file.take(HEAD as u64).read_to_end(&mut head)?;
    check_head(attachment, &head)
}

/// The bytes of a file that can be handed over.
///
/// # Errors
/// Why it cannot.
pub fn read(attachment: &Attachment) -> Result<Vec<u8>, AttachmentError> {
    let (file, size) = open(attachment)?;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    // It may have grown since.
    file.take(Attachment::LARGEST + 1).read_to_end(&mut bytes)?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    check_size(size)?;
    check_head(attachment, &bytes)?;
    Ok(bytes)
}

fn open(attachment: &Attachment) -> Result<(File, u64), AttachmentError> {
    let file = File::open(&attachment.path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(AttachmentError::Unreadable("it is no file".to_owned()));
    }
    check_size(metadata.len())?;
    Ok((file, metadata.len()))
}

fn check_size(size: u64) -> Result<(), AttachmentError> {
    match size {
        0 => Err(AttachmentError::Empty),
        size if size > Attachment::LARGEST => Err(AttachmentError::TooLarge(size)),
        _ => Ok(()),
    }
}

/// An image must be what its type says: a model that is shown something else would be asked about noise.
fn check_head(attachment: &Attachment, head: &[u8]) -> Result<(), AttachmentError> {
    if attachment.kind != AttachmentKind::Image {
        return Ok(());
    }
    let found = image_type(head).unwrap_or("none of PNG, JPEG and WebP");
    if found == attachment.mime_type {
        return Ok(());
    }
    Err(AttachmentError::Mismatch {
        said: attachment.mime_type.clone(),
        found,
    })
}

/// The type of an image by its first bytes.
fn image_type(head: &[u8]) -> Option<&'static str> {
    let is_webp = head.starts_with(b"RIFF") && head.get(8..HEAD) == Some(b"WEBP");
    match head {
        head if head.starts_with(b"\x89PNG\r\n\x1a\n") => Some("image/png"),
        head if head.starts_with(b"\xff\xd8\xff") => Some("image/jpeg"),
        _ if is_webp => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0000";

    fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> Attachment {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Attachment {
            kind: AttachmentKind::Image,
            written: name.to_owned(),
            path,
            mime_type: type_of(name).unwrap().to_owned(),
        }
    }

    #[test]
    fn images_are_what_their_endings_say() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [
            ("a.png", PNG),
            ("a.JPG", &b"\xff\xd8\xff\xe0 and more"[..]),
            ("a.webp", b"RIFF\x04\0\0\0WEBPVP8 "),
        ] {
            let image = file(&folder, name, bytes);
            assert_eq!(check(&image), Ok(()), "{name}");
            assert_eq!(read(&image).unwrap(), bytes, "{name}");
        }
        for (name, bytes, found) in [
            ("b.png", &b"\xff\xd8\xff\xe0"[..], "image/jpeg"),
            ("b.jpeg", PNG, "image/png"),
            ("b.webp", b"RIFF\x04\0\0\0WAVEfmt ", "none of PNG, JPEG and WebP"),
            ("c.png", b"x", "none of PNG, JPEG and WebP"),
        ] {
            let image = file(&folder, name, bytes);
            let said = image.mime_type.clone();
            assert_eq!(
                check(&image),
                Err(AttachmentError::Mismatch { said, found }),
                "{name}"
            );
            assert_eq!(check(&image).unwrap_err(), read(&image).unwrap_err(), "{name}");
        }
    }

    #[test]
    fn blobs_are_anything_that_is_not_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let blob = |name: &str, size: u64| {
            let attachment = file(&folder, name, b"x");
            let grown = File::options().write(true).open(&attachment.path).unwrap();
            grown.set_len(size).unwrap();
            Attachment {
                kind: AttachmentKind::Blob,
                ..attachment
            }
        };
        assert_eq!(check(&blob("a.png", 3)), Ok(()), "a blob may look like anything");
        assert_eq!(check(&blob("a.pdf", 0)), Err(AttachmentError::Empty));
        assert_eq!(check(&blob("a.pdf", Attachment::LARGEST)), Ok(()));
        let large = blob("a.pdf", Attachment::LARGEST + 1);
        assert_eq!(
            check(&large),
            Err(AttachmentError::TooLarge(Attachment::LARGEST + 1))
        );
        assert_eq!(check(&large), read(&large).map(drop));
        std::fs::remove_file(&large.path).unwrap();
        assert!(matches!(check(&large), Err(AttachmentError::Unreadable(_))));
        let folder = Attachment {
            path: folder.path().to_owned(),
            ..large
        };
        assert!(matches!(check(&folder), Err(AttachmentError::Unreadable(_))));
    }

    #[test]
    fn types_have_two_parts() {
        for sound in ["image/png", "application/vnd.ms-excel", "x/y+json"] {
            assert!(is_type(sound), "{sound}");
        }
        for unsound in ["", "png", "/png", "image/", "image/png; q=1", "a/b/c", "a b/c"] {
            assert!(!is_type(unsound), "{unsound}");
        }
        assert_eq!(
            (type_of("a/b.PDF"), type_of("a.xyz"), type_of("png")),
            (Some("application/pdf"), None, None)
        );
    }
}
