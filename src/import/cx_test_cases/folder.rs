//! The folder that an import or export writes: made beside its place and moved there whole, so that nobody finds half
//! of it, and nothing is ever overwritten.

use std::collections::BTreeMap;
use std::fs::{File, FileType};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::files::UnfinishedFolder;

/// Folders within folders of an export that is copied.
const DEEPEST: usize = 16;
/// Files of an export that is copied.
const MOST_FILES: usize = 100_000;
/// Bytes of an export that is copied.
const MOST_BYTES: u64 = 1 << 30;

/// Refuses a place that is taken.
pub(super) fn check_is_free(out: &Path) -> Result<(), Diagnostic> {
    let taken = |message: &str| {
        Err(Diagnostic::error("output-not-empty", message)
            .in_file(out)
            .help("name a folder that does not exist yet, or an empty one: nothing is overwritten"))
    };
    match fs_err::read_dir(out) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => taken("the folder is not empty"),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => taken("this is a file"),
        Err(error) => Err(failed(out, &error)),
    }
}

/// Writes the files and the copy of the export.
pub(super) fn write(out: &Path, files: &BTreeMap<PathBuf, String>, export: &Path) -> Result<(), Diagnostic> {
    let written = write_whole(out, |folder| {
        write_below(folder, files)?;
        copy(export, folder, &Path::new("agents").join(copy_name(export)))
    });
    written.map_err(|error| failed(out, &error))
}

/// Writes the files and nothing else.
pub(super) fn write_files(out: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> Result<(), Diagnostic> {
    write_whole(out, |folder| write_below(folder, files)).map_err(|error| failed(out, &error))
}

fn failed(out: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(
        "output-not-written",
        format!("the folder could not be written: {error}"),
    )
    .in_file(out)
    .help("choose another folder with --out")
}

/// The folder that something is to be in.
pub(super) fn parent(out: &Path) -> &Path {
    match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Fills a folder beside its place and moves it there; what is to be in a folder that exists is moved into it.
fn write_whole(out: &Path, fill: impl FnOnce(&UnfinishedFolder) -> io::Result<()>) -> io::Result<()> {
    if out.is_dir() {
        return write_into(out, fill);
    }
    let parent = parent(out);
    fs_err::create_dir_all(parent)?;
    let folder = UnfinishedFolder::create(parent)?;
    fill(&folder)?;
    folder.put(out)
}

/// Fills an empty folder. It stays the folder that it is: it may be the working directory of whoever waits for it, a
/// place that a link leads to, or the top of another disk.
fn write_into(out: &Path, fill: impl FnOnce(&UnfinishedFolder) -> io::Result<()>) -> io::Result<()> {
    let folder = UnfinishedFolder::create(out)?;
    fill(&folder)?;
    for entry in fs_err::read_dir(out)? {
        if Some(entry?.file_name().as_os_str()) != folder.path().file_name() {
            return Err(refused(out, "is no longer empty"));
        }
    }
    folder.empty_into(out)
}

fn write_below(folder: &UnfinishedFolder, files: &BTreeMap<PathBuf, impl AsRef<[u8]>>) -> io::Result<()> {
    for (path, content) in files {
        folder.begin_file(path)?.write_all(content.as_ref())?;
    }
    Ok(())
}

/// The export's name without `.zip`.
pub(super) fn stem(export: &Path) -> String {
    let export = fs_err::canonicalize(export).unwrap_or_else(|_| export.to_path_buf());
    let name = if export.is_dir() {
        export.file_name()
    } else {
        export.file_stem()
    };
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// What the copy is called: as slugs are, so that it can be named in settings without a second thought.
pub(super) fn copy_name(export: &Path) -> String {
    let slug = super::group::slug(&stem(export), "agent");
    if export.is_dir() {
        slug
    } else {
        format!("{slug}.zip")
    }
}

/// Copies an export to a place in the folder: a file as it is, a folder file by file. Links are refused, because they
/// may lead anywhere.
fn copy(export: &Path, folder: &UnfinishedFolder, place: &Path) -> io::Result<()> {
    let mut left = MOST_BYTES;
    let mut copy_file = |from: &Path, to: &Path| {
        let mut source = File::open(from)?.take(left + 1);
        let bytes = io::copy(&mut source, &mut folder.begin_file(to)?)?;
        let rest = left.checked_sub(bytes);
        left = rest.ok_or_else(|| refused(export, "holds more than 1 GiB"))?;
        Ok(())
    };
    if !export.is_dir() {
        return copy_file(export, place);
    }
    let mut files = Vec::new();
    list(export, Path::new(""), 0, &mut files)?;
    files
        .iter()
        .try_for_each(|file| copy_file(&export.join(file), &place.join(file)))
}

/// The regular files below a folder, without hidden ones.
fn list(root: &Path, below: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if depth > DEEPEST {
        return Err(refused(&root.join(below), "is nested too deep for an export"));
    }
    for entry in fs_err::read_dir(root.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        let kind: FileType = entry.file_type()?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_symlink() {
            return Err(refused(&root.join(path), "is a link, and links are not copied"));
        } else if kind.is_dir() {
            list(root, &path, depth + 1, files)?;
        } else if kind.is_file() {
            files.push(path);
        }
        if files.len() > MOST_FILES {
            return Err(refused(root, "holds too many files for an export"));
        }
    }
    Ok(())
}

fn refused(path: &Path, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{} {why}", path.display()))
}
