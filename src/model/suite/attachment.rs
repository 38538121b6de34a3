//! Files that the user hands over in a turn: images, and blobs of any other kind (CES).

use std::path::PathBuf;

/// What a file is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttachmentKind {
    /// A picture that the agent looks at.
    Image,
    /// Bytes of any type.
    Blob,
}

impl AttachmentKind {
    /// `image` or `blob`, as suites write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Blob => "blob",
        }
    }
}

/// A file that the user hands over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it is sent as.
    pub kind: AttachmentKind,
    /// Its path as it stands in the suite.
    pub written: String,
    /// Absolute, with links resolved.
    pub path: PathBuf,
    /// Its MIME type: what its ending says, or what the author says.
    pub mime_type: String,
}

impl Attachment {
    /// The largest file that is sent, in bytes. Neither service states a limit (ces-api 1.3 names the types only); this
    /// is a choice: what models take inline, and small enough that two fit into any request.
    pub const LARGEST: u64 = 7 << 20;
    /// The types of images (ces-api 1.3).
    pub const IMAGES: [&'static str; 3] = ["image/png", "image/jpeg", "image/webp"];
}
