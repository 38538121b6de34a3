//! Where a conversation's cassette stands: one file for each, under a name that stays the same as long as suite and
//! conversation keep theirs, that any file system takes, and that gives nothing away.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::backend::Title;
use crate::redact::Redactor;

/// The ending of cassettes.
const ENDING: &str = "json";
/// Longest readable part of a name.
const LONGEST_SLUG: usize = 60;
/// Bytes of the hash in a name.
const HASH_BYTES: usize = 4;

/// A folder of cassettes.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    folder: PathBuf,
    /// The folder as messages name it.
    shown: PathBuf,
    redactor: Redactor,
    /// Conversations that are called as one before them once their names are redacted, and which in this row they are.
    alike: HashMap<Title, usize>,
}

impl Shelf {
    /// `titles` are all conversations of the suites, played or not, in their order: what is left out today must not
    /// change the names of the others.
    pub(super) fn new(
        folder: &Path,
        shown: &Path,
        redactor: &Redactor,
        titles: impl IntoIterator<Item = Title>,
    ) -> Self {
        let mut alike = HashMap::new();
        if !redactor.is_empty() {
            let mut seen: HashMap<Title, usize> = HashMap::new();
            for title in titles {
                let count = seen.entry(redacted(&title, redactor)).or_default();
                *count += 1;
                if *count > 1 {
                    alike.insert(title, *count);
                }
            }
        }
        Self {
            folder: folder.to_owned(),
            shown: shown.to_owned(),
            redactor: redactor.clone(),
            alike,
        }
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What must not be written.
    pub(super) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// The title as it may be written.
    pub(super) fn shown_title(&self, title: &Title) -> Title {
        redacted(title, &self.redactor)
    }

    /// The cassette's file.
    pub(super) fn path(&self, title: &Title) -> PathBuf {
        self.folder.join(self.file(title))
    }

    /// The cassette's file as messages name it.
    pub(super) fn shown(&self, title: &Title) -> PathBuf {
        self.shown.join(self.file(title))
    }

    /// Cassettes beside those of these conversations that belong to none of them.
    pub(super) fn strays<'t>(&self, titles: impl IntoIterator<Item = &'t Title>) -> Vec<PathBuf> {
        let known: BTreeSet<PathBuf> = titles.into_iter().map(|title| self.file(title)).collect();
        let folders: BTreeSet<&Path> = known.iter().filter_map(|file| file.parent()).collect();
        let mut strays = Vec::new();
        for folder in folders {
            let Ok(entries) = self.folder.join(folder).read_dir() else {
                continue;
            };
            for entry in entries.flatten() {
                let file = folder.join(entry.file_name());
                let is_cassette = file.extension().is_some_and(|ending| ending == ENDING)
                    && entry.file_type().is_ok_and(|kind| kind.is_file());
                if is_cassette && !known.contains(&file) {
                    strays.push(self.shown.join(file));
                }
            }
        }
        strays.sort();
        strays
    }

    fn file(&self, title: &Title) -> PathBuf {
        let shown = redacted(title, &self.redactor);
        let mut file: PathBuf = shown.suite.split('/').map(folder).collect();
        let whole = format!("{}\0{}", shown.suite, shown.name);
        let mut name = format!("{}-{}", slug(&shown.name), hash(&whole));
        if let Some(number) = self.alike.get(title) {
            // Writing to a text cannot fail.
            let _ = write!(name, "-{number}");
        }
        file.push(format!("{name}.{ENDING}"));
        file
    }
}

fn redacted(title: &Title, redactor: &Redactor) -> Title {
    Title {
        suite: title.suite.clone(),
        name: redactor.text(&title.name).into_owned(),
    }
}

/// The letters and digits of a text that every file system knows, in small letters, with hyphens between words.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.nfkd().flat_map(char::to_lowercase) {
        if slug.len() >= LONGEST_SLUG {
            break;
        }
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if !unicode_normalization::char::is_combining_mark(character)
            && !slug.is_empty()
            && !slug.ends_with('-')
        {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "x" } else { slug }.to_owned()
}

/// A part of a suite's path as a folder. Suites must not share one: what lies there and is not known belongs to nobody.
fn folder(part: &str) -> String {
    match slug(part) {
        plain if plain == part => plain,
        similar => format!("{similar}-{}", hash(part)),
    }
}

/// Tells apart what looks the same as a slug.
fn hash(text: &str) -> String {
    let digest = Sha256::digest(text);
    let mut hash = String::with_capacity(2 * HASH_BYTES);
    for byte in digest.iter().take(HASH_BYTES) {
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    fn title(suite: &str, name: &str) -> Title {
        Title {
            suite: suite.to_owned(),
            name: name.to_owned(),
        }
    }

    fn shelf(redactor: &Redactor, titles: &[Title]) -> Shelf {
        Shelf::new(Path::new("/there"), Path::new("there"), redactor, titles.to_vec())
    }

    #[test]
    fn names_are_readable_and_safe() {
        let shelf = shelf(&Redactor::new(), &[]);
        let table = [
            (
                "workshop/booking",
                "Books a repair",
                r"^workshop/booking/books-a-repair-[0-9a-f]{8}\.json$",
            ),
            (
                "Größe",
                "Begrüßt: „Hallo!“",
                r"^gro-e-[0-9a-f]{8}/begru-t-hallo-[0-9a-f]{8}\.json$",
            ),
            (
                "..",
                "../../etc/passwd",
                r"^x-[0-9a-f]{8}/etc-passwd-[0-9a-f]{8}\.json$",
            ),
            ("日本", "こんにちは", r"^x-[0-9a-f]{8}/x-[0-9a-f]{8}\.json$"),
            ("a", "\0\n", r"^a/x-[0-9a-f]{8}\.json$"),
        ];
        for (suite, name, expected) in table {
            let file = shelf.file(&title(suite, name));
            let file = file.to_str().unwrap();
            assert!(Regex::new(expected).unwrap().is_match(file), "{file}");
        }
        let endless = shelf.file(&title("a", &"word ".repeat(1_000)));
        assert!(endless.to_str().unwrap().len() < 100);
    }

    #[test]
    fn what_looks_the_same_is_told_apart() {
        let shelf = shelf(&Redactor::new(), &[]);
        let names = ["Pay!", "pay", "PAY?"].map(|name| shelf.path(&title("a", name)));
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 3, "{names:?}");
        assert_ne!(shelf.path(&title("a-b", "x")), shelf.path(&title("a b", "x")));
    }

    #[test]
    fn a_name_gives_nothing_away_and_is_still_its_own() {
        let mut redactor = Redactor::new();
        redactor.hide_pattern(Regex::new("[0-9]{4}").unwrap());
        let titles = [
            title("a", "card 4111"),
            title("a", "card 5500"),
            title("a", "other"),
        ];
        let shelf = shelf(&redactor, &titles);
        let files: Vec<String> = titles
            .iter()
            .map(|title| shelf.shown(title).display().to_string())
            .collect();
        assert!(!files.concat().contains("4111"), "{files:?}");
        assert_ne!(files[0], files[1]);
        assert_eq!(files[0].replace(".json", "-2.json"), files[1]);
        assert!(files[2].starts_with("there/a/other-"));
    }

    #[test]
    fn strays_stand_beside_known_ones() {
        let folder = tempfile::tempdir().unwrap();
        let known = title("a/b", "kept");
        let shelf = Shelf::new(
            folder.path(),
            Path::new("there"),
            &Redactor::new(),
            [known.clone()],
        );
        let path = shelf.path(&known);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        for file in [
            &path,
            &path.with_file_name("old-0.json"),
            &path.with_file_name("notes.txt"),
        ] {
            std::fs::write(file, "").unwrap();
        }
        assert_eq!(shelf.strays([&known]), [Path::new("there/a/b/old-0.json")]);
        assert_eq!(shelf.strays([&title("elsewhere", "x")]), Vec::<PathBuf>::new());
    }

    #[test]
    fn suites_have_folders_of_their_own() {
        let shelf = shelf(&Redactor::new(), &[]);
        let folders: BTreeSet<PathBuf> = ["a-b", "a b", "A-b", "日本", "한국", "日本/a", "x"]
            .iter()
            .filter_map(|suite| Some(shelf.path(&title(suite, "name")).parent()?.to_owned()))
            .collect();
        assert_eq!(folders.len(), 7, "{folders:?}");
    }
}
