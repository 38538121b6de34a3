//! An export as a zip in which some files are others. Of a zip every other entry is taken over as it is, packed; of a
//! folder its JSON files, which is all that an export consists of.

use std::collections::BTreeMap;
use std::io::{Seek, Write};
use std::path::Path;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{Archive, Limits, Package, Store, folder_root, is_hidden, list_parts, unreadable};
use crate::diagnostic::Diagnostic;

/// What an entry of the copy is made from.
enum Source<'a> {
    /// An entry of the archive, by index.
    Packed(usize),
    /// What it is now.
    Bytes(&'a [u8]),
    /// A file on disk: its place in the package's list.
    File(usize),
}

/// Copies an export; `changes` holds by name what files are now, or that they are no longer there.
pub(in crate::export) fn copy(
    path: &Path,
    limits: Limits,
    changes: &BTreeMap<String, Option<Vec<u8>>>,
    out: impl Write + Seek,
) -> Result<(), Vec<Diagnostic>> {
    let mut package = Package::open(path, limits)?;
    let (mut entries, prefix) = match &mut package.store {
        Store::Zip(archive) => (packed(archive, path)?, prefix(path, &package.origin)),
        Store::Folder(paths) => {
            let root = folder_root(path)?;
            (package.files, *paths) = everything(&root, &package.limits)?;
            let names = package.files.iter().map(|entry| entry.name.clone());
            let files = names.enumerate().map(|(index, name)| (name, Source::File(index)));
            (files.collect(), String::new())
        }
    };
    for (name, change) in changes {
        let name = format!("{prefix}{name}");
        match change {
            Some(bytes) => drop(entries.insert(name, Source::Bytes(bytes))),
            None => drop(entries.remove(&name)),
        }
    }
    let mut archive = match &package.store {
        Store::Zip(archive) => Some(archive.clone()),
        Store::Folder(_) => None,
    };
    let mut writer = ZipWriter::new(out);
    for (name, source) in entries {
        write(&mut writer, &name, &source, &package, archive.as_mut())?;
    }
    writer
        .finish()
        .and_then(|mut out| Ok(out.flush()?))
        .map_err(|error| vec![not_written(&error)])
}

fn write<W: Write + Seek>(
    writer: &mut ZipWriter<W>,
    name: &str,
    source: &Source<'_>,
    package: &Package,
    archive: Option<&mut Archive>,
) -> Result<(), Vec<Diagnostic>> {
    // Without a time of its own, an entry has the first that the format knows.
    let options = SimpleFileOptions::default().unix_permissions(0o644);
    let read;
    let bytes = match (source, archive) {
        (Source::Packed(index), Some(archive)) => {
            let copied = archive
                .by_index_raw(*index)
                .and_then(|entry| writer.raw_copy_file(entry));
            return copied.map_err(|error| vec![not_written(&error)]);
        }
        (Source::Bytes(bytes), _) => *bytes,
        (Source::File(index), _) | (Source::Packed(index), None) => {
            let Some(entry) = package.files.get(*index) else {
                return Ok(());
            };
            read = package.bytes(None, entry).map_err(|problem| vec![problem])?;
            &read
        }
    };
    writer
        .start_file(name, options)
        .and_then(|()| Ok(writer.write_all(bytes)?))
        .map_err(|error| vec![not_written(&error)])
}

/// Every entry of the archive by its name, folders included.
fn packed<'a>(archive: &mut Archive, path: &Path) -> Result<BTreeMap<String, Source<'a>>, Vec<Diagnostic>> {
    let mut entries = BTreeMap::new();
    for index in 0..archive.len() {
        let entry = archive
            .by_index_raw(index)
            .map_err(|error| vec![super::damaged(path, &error)])?;
        entries.insert(entry.name().to_owned(), Source::Packed(index));
    }
    Ok(entries)
}

/// What stands before the names of the export's files within the archive.
fn prefix(path: &Path, origin: &Path) -> String {
    match origin.strip_prefix(path) {
        Ok(below) if !below.as_os_str().is_empty() => format!("{}/", below.to_string_lossy()),
        _ => String::new(),
    }
}

/// All JSON files of a folder.
fn everything(
    root: &Path,
    limits: &Limits,
) -> Result<(Vec<super::Entry>, Vec<std::path::PathBuf>), Vec<Diagnostic>> {
    let mut parts = Vec::new();
    for entry in fs_err::read_dir(root).map_err(|error| vec![unreadable(root, &error)])? {
        let name = entry.map_err(|error| vec![unreadable(root, &error)])?.file_name();
        if let Some(name) = name.to_str().filter(|_| !is_hidden(&name)) {
            parts.push(name.to_owned());
        }
    }
    let (mut files, paths) = list_parts(root, parts.iter().map(String::as_str), limits)?;
    files.retain(|file| {
        Path::new(&file.name)
            .extension()
            .is_some_and(|extension| extension == "json")
    });
    Ok((files, paths))
}

fn not_written(error: &zip::result::ZipError) -> Diagnostic {
    let message = format!("the zip could not be written: {error}");
    Diagnostic::error("output-not-written", message).help("choose another place with --out")
}
