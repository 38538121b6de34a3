//! The files of an export, from a folder or a zip, in bounded time and memory.
//!
//! Nothing is ever written to disk. Names that leave the export, symbolic links, encrypted entries, and anything
//! that is larger than an export has a reason to be are refused. What the files mean is [`load`](mod@super::load)'s.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use crate::diagnostic::Diagnostic;

pub(super) use copy::copy;

mod copy;

/// How much an export may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes of a zip as it lies on disk.
    pub(super) archive_bytes: u64,
    /// Files and folders.
    pub(super) entries: usize,
    /// Bytes of one file, unpacked.
    pub(super) file_bytes: u64,
    /// Bytes of all files that are read, unpacked.
    pub(super) total_bytes: u64,
    /// How many times larger than its packed form a file may be; small files are not looked at.
    pub(super) ratio: u64,
    /// Folders within folders.
    pub(super) depth: usize,
}

impl Limits {
    /// What a console export of a very large agent stays well below: of the exports known, the largest file has 160 KB,
    /// the largest whole 3 MB. Parsed, a file can take twenty times its bytes.
    pub(super) const EXPORT: Self = Self {
        archive_bytes: 64 << 20,
        entries: 100_000,
        file_bytes: 16 << 20,
        total_bytes: 256 << 20,
        ratio: 200,
        depth: 16,
    };

    /// Files below this size are not suspected of being bombs.
    const RATIO_FROM: u64 = 1 << 20;
}

/// The name every export's settings have.
const SETTINGS: &str = "agent.json";

/// Folders of an export; nothing else is looked at in a folder.
const FOLDERS: [&str; 9] = [
    "flows",
    "intents",
    "entityTypes",
    "webhooks",
    "testCases",
    "agentTransitionRouteGroups",
    "playbooks",
    "generators",
    "tools",
];

/// An export whose list of files is known and whose files can be read.
#[derive(Debug)]
pub(super) struct Package {
    /// The folder that holds `agent.json`: within the archive, for a zip.
    origin: PathBuf,
    files: Vec<Entry>,
    store: Store,
    limits: Limits,
    read_so_far: AtomicU64,
}

/// One file: its name from the export's root, with `/` between folders, and where it lies in the store.
#[derive(Debug)]
struct Entry {
    name: String,
    index: usize,
}

/// Where the bytes are.
#[derive(Debug)]
enum Store {
    /// Paths on disk, by index.
    Folder(Vec<PathBuf>),
    /// A zip in memory.
    Zip(Archive),
}

type Archive = zip::ZipArchive<Cursor<Arc<[u8]>>>;

impl Package {
    /// Lists the files of a folder or a zip.
    ///
    /// # Errors
    /// When it cannot be read, holds no agent, or holds something that is refused.
    pub(super) fn open(path: &Path, limits: Limits) -> Result<Self, Vec<Diagnostic>> {
        let kind = std::fs::metadata(path).map_err(|error| vec![absent_or_unreadable(path, &error)])?;
        if !kind.is_dir() && !kind.is_file() {
            return Err(vec![not_a_file(path)]);
        }
        let (origin, files, store) = if kind.is_dir() {
            let root = folder_root(path)?;
            let (files, paths) = list_folder(&root, &limits)?;
            (root, files, Store::Folder(paths))
        } else {
            let archive = open_zip(path, kind.len(), &limits)?;
            let (files, archive) = list_zip(path, archive, &limits)?;
            let (root, files) = below_root(path, files)?;
            (root, files, Store::Zip(archive))
        };
        Ok(Self {
            origin,
            files,
            store,
            limits,
            read_so_far: AtomicU64::new(0),
        })
    }

    /// The path to show for a file of the export.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.origin.join(name)
    }

    /// Reads the files whose names are wanted, many at a time, and hands each to `work`; the results are in the
    /// order of the names. A file that cannot be read becomes a diagnostic.
    pub(super) fn read<T: Send>(
        &self,
        wanted: impl Fn(&str) -> bool + Sync,
        work: impl Fn(&str, Vec<u8>) -> T + Sync,
    ) -> Vec<Result<T, Diagnostic>> {
        self.files
            .par_iter()
            .filter(|entry| wanted(&entry.name))
            .map_init(
                || match &self.store {
                    Store::Folder(_) => None,
                    Store::Zip(archive) => Some(archive.clone()),
                },
                |archive, entry| {
                    let bytes = self.bytes(archive.as_mut(), entry)?;
                    Ok(work(&entry.name, bytes))
                },
            )
            .collect()
    }

    fn bytes(&self, archive: Option<&mut Archive>, entry: &Entry) -> Result<Vec<u8>, Diagnostic> {
        let shown = self.path_of(&entry.name);
        let bytes = match (&self.store, archive) {
            (Store::Folder(paths), _) => {
                let file =
                    fs_err::File::open(&paths[entry.index]).map_err(|error| unreadable(&shown, &error))?;
                read_at_most(file, self.limits.file_bytes)
            }
            (Store::Zip(_), Some(archive)) => {
                let file = archive
                    .by_index(entry.index)
                    .map_err(|error| damaged(&shown, &error))?;
                let told = file.size();
                let bytes = read_at_most(file, told.min(self.limits.file_bytes));
                // What was checked when the archive was listed was what it says of itself.
                if matches!(bytes, Ok(None)) && told < self.limits.file_bytes {
                    return Err(refused("the file is larger than the archive says", &shown));
                }
                bytes
            }
            // `read` gives every worker of a zip its own reader.
            (Store::Zip(_), None) => Err(std::io::Error::other("no reader")),
        }
        .map_err(|error| unreadable(&shown, &error))?;
        let Some(bytes) = bytes else {
            return Err(too_large(&shown, "the file", self.limits.file_bytes));
        };
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.read_so_far.fetch_add(length, Ordering::Relaxed) + length > self.limits.total_bytes {
            return Err(too_large(&shown, "the export", self.limits.total_bytes));
        }
        Ok(bytes)
    }
}

/// All bytes of a reader, or `None` when there are more than allowed.
fn read_at_most(reader: impl Read, limit: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((u64::try_from(bytes.len()).unwrap_or(u64::MAX) <= limit).then_some(bytes))
}

/// The folder that holds `agent.json`: the one named, or the only one in it that does.
fn folder_root(path: &Path) -> Result<PathBuf, Vec<Diagnostic>> {
    if has_settings(path) {
        return Ok(path.to_owned());
    }
    let mut roots = Vec::new();
    for entry in fs_err::read_dir(path).map_err(|error| vec![unreadable(path, &error)])? {
        let entry = entry.map_err(|error| vec![unreadable(path, &error)])?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && !is_hidden(&entry.file_name()) && has_settings(&entry.path()) {
            roots.push(entry.path());
        }
    }
    one_root(path, roots)
}

fn has_settings(folder: &Path) -> bool {
    folder.join(SETTINGS).symlink_metadata().is_ok()
}

fn is_hidden(name: &std::ffi::OsStr) -> bool {
    name == "__MACOSX" || name.as_encoded_bytes().starts_with(b".")
}

/// The parts of an export that lie in a folder, in the order of their names.
fn list_folder(root: &Path, limits: &Limits) -> Result<(Vec<Entry>, Vec<PathBuf>), Vec<Diagnostic>> {
    // Beside the parts of an export people keep other things, which are none of our business.
    list_parts(root, std::iter::once(SETTINGS).chain(FOLDERS), limits)
}

/// These files and folders of a folder, in the order of their names.
fn list_parts<'p>(
    root: &Path,
    parts: impl Iterator<Item = &'p str>,
    limits: &Limits,
) -> Result<(Vec<Entry>, Vec<PathBuf>), Vec<Diagnostic>> {
    let mut files = Vec::new();
    let mut pending: Vec<(PathBuf, String)> = Vec::new();
    for part in parts {
        let path = root.join(part);
        match path.symlink_metadata() {
            Ok(kind) if kind.is_symlink() => return Err(vec![symbolic_link(&path)]),
            Ok(kind) if kind.is_dir() => pending.push((path, format!("{part}/"))),
            Ok(kind) if !kind.is_file() => return Err(vec![not_a_file(&path)]),
            Ok(_) => files.push((part.to_owned(), path)),
            Err(_) => {}
        }
    }
    let mut seen = 0;
    while let Some((folder, prefix)) = pending.pop() {
        for entry in fs_err::read_dir(&folder).map_err(|error| vec![unreadable(&folder, &error)])? {
            let entry = entry.map_err(|error| vec![unreadable(&folder, &error)])?;
            seen += 1;
            if seen > limits.entries {
                return Err(vec![too_many(root, limits)]);
            }
            let path = entry.path();
            let kind = entry
                .file_type()
                .map_err(|error| vec![unreadable(&path, &error)])?;
            if kind.is_symlink() {
                return Err(vec![symbolic_link(&path)]);
            }
            if !kind.is_dir() && !kind.is_file() {
                return Err(vec![not_a_file(&path)]);
            }
            let file_name = entry.file_name();
            let Some(name) = file_name.to_str().filter(|_| !is_hidden(&file_name)) else {
                continue;
            };
            let name = format!("{prefix}{name}");
            if !kind.is_dir() {
                files.push((name, path));
            } else if name.matches('/').count() < limits.depth {
                pending.push((path, format!("{name}/")));
            } else {
                return Err(vec![too_deep(&path, limits)]);
            }
        }
    }
    files.sort();
    Ok(files
        .into_iter()
        .enumerate()
        .map(|(index, (name, path))| (Entry { name, index }, path))
        .unzip())
}

fn open_zip(path: &Path, length: u64, limits: &Limits) -> Result<Archive, Vec<Diagnostic>> {
    if length > limits.archive_bytes {
        return Err(vec![too_large(path, "the archive", limits.archive_bytes)]);
    }
    let file = fs_err::File::open(path).map_err(|error| vec![unreadable(path, &error)])?;
    let bytes = read_at_most(file, limits.archive_bytes)
        .map_err(|error| vec![unreadable(path, &error)])?
        .ok_or_else(|| vec![too_large(path, "the archive", limits.archive_bytes)])?;
    zip::ZipArchive::new(Cursor::new(Arc::from(bytes))).map_err(|error| {
        vec![
            Diagnostic::error(
                "not-an-export",
                format!("this is neither a folder nor a zip archive: {error}"),
            )
            .in_file(path)
            .help("name the folder or the .zip that the console's JSON package export gave"),
        ]
    })
}

/// The files of a zip, in the order of their names; everything that is refused is listed.
fn list_zip(
    path: &Path,
    mut archive: Archive,
    limits: &Limits,
) -> Result<(Vec<Entry>, Archive), Vec<Diagnostic>> {
    if archive.len() > limits.entries {
        return Err(vec![too_many(path, limits)]);
    }
    let mut files = Vec::new();
    let mut refused = Vec::new();
    let mut total = 0_u64;
    for index in 0..archive.len() {
        let entry = match archive.by_index_raw(index) {
            Ok(entry) => entry,
            Err(error) => {
                refused.push(damaged(path, &error));
                continue;
            }
        };
        let name = entry.name().to_owned();
        if let Some(problem) = refusal(path, &name, &entry, limits) {
            refused.push(problem);
            continue;
        }
        if entry.is_dir() || name.starts_with("__MACOSX/") {
            continue;
        }
        total = total.saturating_add(entry.size());
        files.push(Entry { name, index });
    }
    if total > limits.total_bytes {
        refused.push(too_large(path, "the export", limits.total_bytes));
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    files.sort_by(|left, right| left.name.cmp(&right.name));
    Ok((files, archive))
}

/// Why an entry of a zip is refused, if it is.
fn refusal<R: Read>(
    archive: &Path,
    name: &str,
    entry: &zip::read::ZipFile<'_, R>,
    limits: &Limits,
) -> Option<Diagnostic> {
    let shown = archive.join(printable(name));
    if leaves_the_export(name) {
        let message = format!("the archive holds a name that leaves it: `{}`", printable(name));
        return Some(refused(message, archive));
    }
    if entry.is_symlink() {
        return Some(symbolic_link(&shown));
    }
    if entry.encrypted() {
        return Some(refused("the file is encrypted", &shown));
    }
    if name.matches('/').count() > limits.depth {
        return Some(too_deep(&shown, limits));
    }
    if entry.size() > limits.file_bytes {
        return Some(too_large(&shown, "the file", limits.file_bytes));
    }
    let packed = entry.compressed_size().max(1);
    (entry.size() > Limits::RATIO_FROM && entry.size() / packed > limits.ratio).then(|| {
        let message = format!(
            "the file unpacks to more than {} times its size, as only an archive bomb does",
            limits.ratio
        );
        refused(message, &shown)
    })
}

/// Whether a name in an archive points outside of it, on any system.
fn leaves_the_export(name: &str) -> bool {
    name.is_empty()
        || name.starts_with('/')
        || name.contains(['\\', '\0'])
        || name.as_bytes().get(1) == Some(&b':')
        || name.split('/').any(|part| part == "..")
}

/// A name from an archive without control characters, cut to a length that a message can bear.
fn printable(name: &str) -> String {
    name.chars()
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .take(200)
        .collect()
}

/// Keeps the files below the folder that holds `agent.json`, names them from there, and says which it is.
fn below_root(origin: &Path, mut files: Vec<Entry>) -> Result<(PathBuf, Vec<Entry>), Vec<Diagnostic>> {
    let roots: Vec<PathBuf> = files
        .iter()
        .filter_map(|entry| entry.name.strip_suffix(SETTINGS))
        .filter(|prefix| prefix.is_empty() || (prefix.ends_with('/') && prefix.matches('/').count() == 1))
        .map(PathBuf::from)
        .collect();
    let root = match roots.iter().find(|root| root.as_os_str().is_empty()) {
        Some(root) => root.clone(),
        None => one_root(origin, roots)?,
    };
    let prefix = root.to_string_lossy().into_owned();
    files.retain_mut(|entry| match entry.name.strip_prefix(&prefix) {
        Some(rest) => {
            entry.name = rest.to_owned();
            true
        }
        None => false,
    });
    Ok((origin.join(root), files))
}

fn one_root(origin: &Path, mut roots: Vec<PathBuf>) -> Result<PathBuf, Vec<Diagnostic>> {
    let (message, help) = match (roots.pop(), roots.is_empty()) {
        (Some(root), true) => return Ok(root),
        (Some(_), false) => ("there are several agents here", "name the folder of one of them"),
        (None, _) => (
            "there is no agent.json here",
            "name the folder or the .zip that the console's JSON package export gave",
        ),
    };
    Err(vec![
        Diagnostic::error("no-agent", message).in_file(origin).help(help),
    ])
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error("unreadable", format!("cannot be read: {error}")).in_file(path)
}

fn absent_or_unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Diagnostic::error("unreadable", "there is no such file or folder").in_file(path);
    }
    unreadable(path, error)
}

fn damaged(path: &Path, error: &zip::result::ZipError) -> Diagnostic {
    Diagnostic::error("damaged-archive", format!("the archive is damaged here: {error}"))
        .in_file(path)
        .help(EXPORT_AGAIN)
}

/// What to do about an export that the console cannot have made.
const EXPORT_AGAIN: &str =
    "export the agent from the console again, as a JSON package, and use that file as it is";

fn refused(message: impl Into<String>, path: &Path) -> Diagnostic {
    Diagnostic::error("unsafe-archive", message)
        .in_file(path)
        .help(EXPORT_AGAIN)
}

fn symbolic_link(path: &Path) -> Diagnostic {
    Diagnostic::error("unsafe-archive", "an export may not hold symbolic links")
        .in_file(path)
        .help("put the file or folder that it leads to in its place")
}

fn not_a_file(path: &Path) -> Diagnostic {
    Diagnostic::error("unsafe-archive", "this is neither a file nor a folder")
        .in_file(path)
        .help("an export holds files and folders: take out whatever else was put there")
}

fn too_large(path: &Path, what: &str, limit: u64) -> Diagnostic {
    let message = format!("{what} is larger than {} MiB, which no agent is", limit >> 20);
    larger_than_agents(message, path)
}

fn too_many(path: &Path, limits: &Limits) -> Diagnostic {
    let message = format!("there are more than {} files, which no agent has", limits.entries);
    larger_than_agents(message, path)
}

fn too_deep(path: &Path, limits: &Limits) -> Diagnostic {
    let message = format!(
        "folders are nested more than {} deep, which no agent does",
        limits.depth
    );
    larger_than_agents(message, path)
}

fn larger_than_agents(message: String, path: &Path) -> Diagnostic {
    Diagnostic::error("too-large", message)
        .in_file(path)
        .help("name an agent's export, without other files in it")
}

#[cfg(test)]
mod tests;
