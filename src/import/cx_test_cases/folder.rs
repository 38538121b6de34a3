//! The folder that an import or export writes: made beside its place and moved there whole, so that nobody finds half
//! of it, and nothing is ever overwritten.

use std::collections::BTreeMap;
use std::fs::{File, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;

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
        let agents = folder.join("agents");
        fs_err::create_dir(&agents)?;
        copy(export, &agents.join(copy_name(export)))
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
fn write_whole(out: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    if out.is_dir() {
        return write_into(out, fill);
    }
    let parent = parent(out);
    fs_err::create_dir_all(parent)?;
    let folder = temporary(parent)?;
    fill(folder.path())?;
    fs_err::rename(folder.path(), out)?;
    // It has moved: nothing is left to clean up.
    let _ = folder.keep();
    Ok(())
}

/// Fills an empty folder. It stays the folder that it is: it may be the working directory of whoever waits for it, a
/// place that a link leads to, or the top of another disk.
fn write_into(out: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let folder = temporary(out)?;
    fill(folder.path())?;
    for entry in fs_err::read_dir(out)? {
        if Some(entry?.file_name().as_os_str()) != folder.path().file_name() {
            return Err(refused(out, "is no longer empty"));
        }
    }
    for entry in fs_err::read_dir(folder.path())? {
        let entry = entry?;
        fs_err::rename(entry.path(), out.join(entry.file_name()))?;
    }
    folder.close()
}

fn write_below(folder: &Path, files: &BTreeMap<PathBuf, impl AsRef<[u8]>>) -> io::Result<()> {
    for (path, content) in files {
        let path = folder.join(path);
        fs_err::create_dir_all(path.parent().unwrap_or(folder))?;
        fs_err::write(path, content)?;
    }
    Ok(())
}

/// A hidden folder with ordinary permissions (temporary folders are private unless told otherwise).
fn temporary(parent: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".turnproof-folder.");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o777));
    }
    builder.tempdir_in(parent)
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

/// Copies an export: a file as it is, a folder file by file. Links are refused, because they may lead anywhere.
fn copy(export: &Path, copy: &Path) -> io::Result<()> {
    if !export.is_dir() {
        let mut source = File::open(export)?.take(MOST_BYTES);
        io::copy(&mut source, &mut fs_err::File::create(copy)?)?;
        return Ok(());
    }
    let mut files = Vec::new();
    list(export, Path::new(""), 0, &mut files)?;
    let mut bytes = 0;
    for file in files {
        let target = copy.join(&file);
        fs_err::create_dir_all(target.parent().unwrap_or(copy))?;
        bytes += fs_err::copy(export.join(&file), target)?;
        if bytes > MOST_BYTES {
            return Err(refused(export, "holds more than 1 GiB"));
        }
    }
    Ok(())
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
