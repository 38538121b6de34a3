//! An export as the files it consists of: its test cases byte for byte, and a copy of it in which some files are
//! others. What the files mean is [`load`](mod@super::load)'s.

use std::collections::BTreeMap;
use std::io::{Seek, Write};
use std::path::Path;

use super::archive::{Limits, Package};
use super::layout::Part;
use crate::diagnostic::Diagnostic;

/// The files with test cases of any kind, by their names from the export's root (`testCases/…`), as they are.
///
/// # Errors
/// When the export, or one of the files, cannot be read or holds something that is refused.
pub fn test_case_files(path: &Path) -> Result<BTreeMap<String, Vec<u8>>, Vec<Diagnostic>> {
    let package = Package::open(path, Limits::EXPORT)?;
    let is_case = |name: &str| matches!(Part::of(name), Some(Part::TestCase));
    let (mut files, mut problems) = (BTreeMap::new(), Vec::new());
    for read in package.read(is_case, |name, bytes| (name.to_owned(), bytes)) {
        match read {
            Ok((name, bytes)) => drop(files.insert(name, bytes)),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(files)
    } else {
        Err(problems)
    }
}

/// Writes an export, folder or zip, as a zip in which some files are others: `changes` has their names from the
/// export's root, with what they hold then, or `None` for those that are no longer there. The files are in the order
/// of their names, and the same input gives the same bytes.
///
/// # Errors
/// When the export cannot be read or holds something that is refused, or the zip cannot be written.
pub fn write_zip(
    path: &Path,
    changes: &BTreeMap<String, Option<Vec<u8>>>,
    out: impl Write + Seek,
) -> Result<(), Vec<Diagnostic>> {
    super::archive::copy(path, Limits::EXPORT, changes, out)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Cursor;

    use super::*;
    use crate::export::load;

    type Changes = BTreeMap<String, Option<Vec<u8>>>;

    fn written(path: &Path, changes: &Changes) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        write_zip(path, changes, &mut out).unwrap();
        out.into_inner()
    }

    fn export() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("agent.json", r#"{"defaultLanguageCode": "en"}"#),
            ("generativeSettings/en.json", "{}"),
            ("testCases/b.json", r#"{"name": "b"}"#),
            ("testCases/v2/c.json", "not json"),
            ("notes.txt", "mine"),
            (".git/config.json", "{}"),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn names(bytes: &[u8]) -> Vec<String> {
        let archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        (0..archive.len())
            .map(|index| archive.name_for_index(index).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn a_copy_has_everything_but_what_is_changed() {
        let folder = export();
        let changes: Changes = [
            ("testCases/b.json".to_owned(), None),
            ("testCases/a.json".to_owned(), Some(b"{}".to_vec())),
        ]
        .into();
        let bytes = written(folder.path(), &changes);
        let all = [
            "agent.json",
            "generativeSettings/en.json",
            "testCases/a.json",
            "testCases/v2/c.json",
        ];
        assert_eq!(names(&bytes), all);
        assert_eq!(written(folder.path(), &changes), bytes, "the same bytes again");
        // A zip of a zip, from one whose files lie in a folder.
        let path = folder.path().join("again.zip");
        fs::write(&path, &bytes).unwrap();
        let again = written(
            &path,
            &[("testCases/a.json".to_owned(), Some(b"[]".to_vec()))].into(),
        );
        assert_eq!(names(&again), all);
        fs::write(&path, &again).unwrap();
        let cases = test_case_files(&path).unwrap();
        assert_eq!(cases["testCases/a.json"], b"[]");
        assert_eq!(cases["testCases/v2/c.json"], b"not json");
        assert_eq!(load(&path).unwrap().hash, load(folder.path()).unwrap().hash);
    }

    #[test]
    fn an_export_may_lie_in_a_folder_of_its_zip() {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in [
            ("bot/testCases/x.json", "{}"),
            ("bot/agent.json", "{}"),
            ("readme", ""),
        ] {
            zip.start_file(name, zip::write::SimpleFileOptions::default())
                .unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bot.zip");
        fs::write(&path, zip.finish().unwrap().into_inner()).unwrap();
        let changes: Changes = [
            ("testCases/x.json".to_owned(), None),
            ("testCases/y.json".to_owned(), Some(Vec::new())),
        ]
        .into();
        assert_eq!(
            names(&written(&path, &changes)),
            ["bot/agent.json", "bot/testCases/y.json", "readme"]
        );
    }
}
