//! Suites → the test cases of an export: untouched ones byte for byte, the others with what has changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::again::{Base, read_again};
use super::case::{Case, LeftOut, Pages, case_of};
use super::identity::{Known, pair};
use super::unsaid;
use super::{counted, folder, merge, recording};
use crate::diagnostic::Diagnostic;
use crate::export::{self, agent::Agent};
use crate::files::Unfinished;
use crate::model::Value;
use crate::model::suite::Conversation;

/// The folder of test cases within an export.
const FOLDER: &str = "testCases";
/// What a file's name may hold besides letters and digits: the service writes the rest as `%` and two digits.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b' ')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
/// Bytes of a file's name without extension, well below what file systems allow.
const LONGEST_NAME: usize = 200;
/// Names of a kind that the summary shows.
const MOST_NAMED: usize = 12;

/// Test cases that were written.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// The zip or folder.
    pub out: PathBuf,
    /// Cases that are as they were.
    pub unchanged: usize,
    /// The conversations whose cases were changed, in their order.
    pub changed: Vec<String>,
    /// The conversations that had no case before.
    pub added: Vec<String>,
    /// The display names of cases whose conversations are gone.
    pub removed: Vec<String>,
    /// Cases without a conversation among the suites that were read, which stayed.
    pub left_alone: usize,
    /// Files with cases of kinds that suites do not hold, which stayed as they were.
    pub other_kinds: usize,
    /// What conversations say that no test case can, and what the console compares although they do not say it.
    pub warnings: Vec<Diagnostic>,
}

/// Writes conversations back as the test cases of an export.
///
/// `out` is a new zip, the whole export with these test cases, when it is called `….zip`; else a new or empty folder
/// that gets `testCases/`. `elsewhere` are the conversations of each other target, if these and `conversations` are all
/// there are: then cases without a conversation anywhere are removed, otherwise they stay.
///
/// # Errors
/// When the export cannot be loaded, `out` exists, or it cannot be written.
pub fn export_cx_tests(
    export: &Path,
    conversations: &[Arc<Conversation>],
    elsewhere: Option<&[Vec<Arc<Conversation>>]>,
    out: &Path,
) -> Result<Written, Vec<Diagnostic>> {
    check_is_free(out).map_err(|problem| vec![problem])?;
    let loaded = export::load(export)?;
    let files = export::test_case_files(export)?;
    let (cases, _) = recording::read_all(&loaded.agent.test_cases, export);
    let bases = read_again(&loaded.agent, &cases).map_err(|problem| vec![problem])?;
    let back = Back {
        agent: &loaded.agent,
        files: &files,
        bases: &bases,
    };
    let (changes, mut written) = back.changes(conversations, elsewhere);
    written.out = out.to_path_buf();
    written.other_kinds = files.len().saturating_sub(bases.len());
    if is_zip(out) {
        write_zip(export, &changes, out)?;
    } else {
        let now = folder_of_cases(files, changes);
        folder::write_files(out, &now).map_err(|problem| vec![problem])?;
    }
    Ok(written)
}

fn is_zip(out: &Path) -> bool {
    out.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
}

/// Refuses a place that is taken: any file, and a folder that is not empty.
fn check_is_free(out: &Path) -> Result<(), Diagnostic> {
    if !is_zip(out) {
        return folder::check_is_free(out);
    }
    match fs_err::symlink_metadata(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(not_written(out, &error)),
        Ok(_) => Err(exists(out)),
    }
}

fn exists(out: &Path) -> Diagnostic {
    Diagnostic::error("output-exists", "this exists already, and nothing is overwritten")
        .in_file(out)
        .help("name a file that does not exist yet")
}

fn not_written(out: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(
        "output-not-written",
        format!("the test cases could not be written: {error}"),
    )
    .in_file(out)
    .help("choose another place with --out")
}

/// Writes the whole package beside its place, and moves it there when it is complete.
fn write_zip(
    export: &Path,
    changes: &BTreeMap<String, Option<Vec<u8>>>,
    out: &Path,
) -> Result<(), Vec<Diagnostic>> {
    let failed = |error: &io::Error| vec![not_written(out, error)];
    let parent = folder::parent(out);
    fs_err::create_dir_all(parent).map_err(|error| failed(&error))?;
    let mut unfinished = Unfinished::create("turnproof-export", parent).map_err(|error| failed(&error))?;
    let writer = io::BufWriter::new(unfinished.file());
    export::write_zip(export, changes, writer)?;
    unfinished.put_new(out).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => vec![exists(out)],
        _ => failed(&error),
    })
}

/// All test cases as they are now, by their place in the folder.
fn folder_of_cases(
    mut files: BTreeMap<String, Vec<u8>>,
    changes: BTreeMap<String, Option<Vec<u8>>>,
) -> BTreeMap<PathBuf, Vec<u8>> {
    for (name, change) in changes {
        match change {
            Some(bytes) => drop(files.insert(name, bytes)),
            None => drop(files.remove(&name)),
        }
    }
    files
        .into_iter()
        .map(|(name, bytes)| (name.split('/').collect(), bytes))
        .collect()
}

/// What the suites are compared with.
struct Back<'a> {
    agent: &'a Agent,
    files: &'a BTreeMap<String, Vec<u8>>,
    bases: &'a [Base],
}

impl Back<'_> {
    /// The files that are not as they were.
    fn changes(
        &self,
        conversations: &[Arc<Conversation>],
        elsewhere: Option<&[Vec<Arc<Conversation>>]>,
    ) -> (BTreeMap<String, Option<Vec<u8>>>, Written) {
        let pages = Pages::of(self.agent);
        let cases = cases_of(conversations, &pages);
        let pairs = self.pairs(conversations, &cases);
        let mut changes = BTreeMap::new();
        let mut written = Written::default();
        let mut places = Places::of(self);
        let mut left_out = Vec::new();
        let mut empty = Vec::new();
        for ((conversation, case), of_base) in conversations.iter().zip(&cases).zip(&pairs) {
            let base = of_base.and_then(|at| self.bases.get(at));
            left_out.extend(not_said_before(case, base));
            match base {
                Some(base) if base.case.value == case.value => written.unchanged += 1,
                Some(base) => {
                    let original = self.agent.test_cases.get(&base.file).unwrap_or(&Value::Null);
                    let merged = merge::merge(original, &base.case, case);
                    // What differs may be nothing that a test case holds.
                    if merged == *original {
                        written.unchanged += 1;
                    } else {
                        empty.extend(unsaid::warning(conversation, case, Some((base, original))));
                        changes.insert(base.file.clone(), Some(bytes_of(&merged)));
                        written.changed.push(conversation.name.clone());
                    }
                }
                None => {
                    empty.extend(unsaid::warning(conversation, case, None));
                    let (file, id) = places.new_place(conversation);
                    changes.insert(file, Some(bytes_of(&merge::fresh(case, &id))));
                    written.added.push(conversation.name.clone());
                }
            }
        }
        let paired: BTreeSet<usize> = pairs.into_iter().flatten().collect();
        let kept = elsewhere.map(|elsewhere| self.played_elsewhere(elsewhere, &pages));
        for (at, base) in self.bases.iter().enumerate() {
            if paired.contains(&at) {
                continue;
            }
            if kept.as_ref().is_some_and(|kept| !kept.contains(&at)) {
                changes.insert(base.file.clone(), None);
                written.removed.push(base.name.clone());
            } else {
                written.left_alone += 1;
            }
        }
        written.warnings = warnings(&left_out);
        written.warnings.append(&mut empty);
        (changes, written)
    }

    /// The cases whose conversations another target plays.
    fn played_elsewhere(&self, elsewhere: &[Vec<Arc<Conversation>>], pages: &Pages<'_>) -> BTreeSet<usize> {
        let of_target = |conversations: &Vec<Arc<Conversation>>| {
            self.pairs(conversations, &cases_of(conversations, pages))
        };
        elsewhere.iter().flat_map(of_target).flatten().collect()
    }

    fn pairs(&self, conversations: &[Arc<Conversation>], cases: &[Case]) -> Vec<Option<usize>> {
        let together = conversations.iter().zip(cases);
        let today: Vec<Known<'_>> = together
            .map(|(conversation, case)| Known {
                suite: &conversation.suite,
                name: &conversation.name,
                case,
            })
            .collect();
        let bases = self.bases.iter().map(|base| Known {
            suite: &base.suite,
            name: &base.name,
            case: &base.case,
        });
        pair(&today, &bases.collect::<Vec<_>>())
    }
}

fn cases_of(conversations: &[Arc<Conversation>], pages: &Pages<'_>) -> Vec<Case> {
    let cases = conversations
        .iter()
        .map(|conversation| case_of(conversation, pages));
    cases.collect()
}

/// Names of files and ids that nothing has yet.
struct Places {
    /// In lower case: some file systems do not tell more.
    files: BTreeSet<String>,
    ids: BTreeSet<String>,
}

impl Places {
    fn of(back: &Back<'_>) -> Self {
        let ids = back
            .agent
            .test_cases
            .values()
            .filter_map(|case| case.get("name")?.as_str());
        Self {
            files: back.files.keys().map(|name| name.to_lowercase()).collect(),
            ids: ids.map(str::to_owned).collect(),
        }
    }

    /// The file of a new case, and its id. They follow from the suite and the name, so that an export can be
    /// repeated.
    fn new_place(&mut self, conversation: &Conversation) -> (String, String) {
        let (mut file, mut id) = (String::new(), String::new());
        for number in 1_u32.. {
            file = format!("{FOLDER}/{}.json", file_name(&conversation.name, number));
            if self.files.insert(file.to_lowercase()) {
                break;
            }
        }
        for number in 1_u32.. {
            id = id_of(&conversation.suite, &conversation.name, number);
            if self.ids.insert(id.clone()) {
                break;
            }
        }
        (file, id)
    }
}

/// A display name as the service would name its file; of equal ones the second has the number 2.
fn file_name(name: &str, number: u32) -> String {
    let mut encoded = String::new();
    for character in name.chars() {
        let mut part = utf8_percent_encode(character.encode_utf8(&mut [0; 4]), ENCODED).to_string();
        if part.starts_with('%') {
            part.make_ascii_lowercase();
        }
        if encoded.len() + part.len() > LONGEST_NAME {
            break;
        }
        encoded.push_str(&part);
    }
    // A name with a dot before it is hidden.
    if let Some(rest) = encoded.strip_prefix('.') {
        encoded = format!("%2e{rest}");
    }
    match number {
        1 => encoded,
        _ => format!("{encoded} {number}"),
    }
}

fn id_of(suite: &str, name: &str, number: u32) -> String {
    let digest = Sha256::digest(json!([suite, name, number]).to_string());
    let mut bytes = [0; 16];
    for (byte, of_digest) in bytes.iter_mut().zip(digest) {
        *byte = of_digest;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

fn bytes_of(case: &Value) -> Vec<u8> {
    format!("{case:#}\n").into_bytes()
}

/// What the conversation says that no test case can, and did not say when it was imported.
fn not_said_before<'a>(case: &'a Case, base: Option<&Base>) -> Vec<&'a LeftOut> {
    let mut said: HashMap<&str, usize> = HashMap::new();
    for left_out in base.iter().flat_map(|base| &base.case.left_out) {
        *said.entry(&left_out.mark).or_default() += 1;
    }
    let is_new = |left_out: &&LeftOut| match said.get_mut(left_out.mark.as_str()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    case.left_out.iter().filter(is_new).collect()
}

/// One warning for each thing that is left out in a file: where it first stands, and how often it does.
fn warnings(left_out: &[&LeftOut]) -> Vec<Diagnostic> {
    let mut places: BTreeMap<(&Path, &str), BTreeSet<u32>> = BTreeMap::new();
    for left_out in left_out {
        let file = &*left_out.location.file;
        places
            .entry((file, left_out.what))
            .or_default()
            .insert(left_out.location.line);
    }
    let warning = |((file, what), lines): ((&Path, &str), BTreeSet<u32>)| {
        let line = lines.first().copied().unwrap_or(1);
        let others = match lines.len() - 1 {
            0 => String::new(),
            others => format!(" (and in {})", counted(others, "other line")),
        };
        let message = format!("a test case cannot say what `{what}` says here{others}: it was left out");
        Diagnostic::warning("not-in-test-cases", message)
            .in_file(file)
            .on_line(line)
            .help("test cases hold what the user did, and as the answer plain values of intent, page, flow, texts and parameters")
    };
    places.into_iter().map(warning).collect()
}

impl Written {
    /// Test cases that suites hold and `out` has.
    fn cases(&self) -> usize {
        self.unchanged + self.changed.len() + self.added.len() + self.left_alone
    }
}

impl fmt::Display for Written {
    /// A short summary for people.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let out = self.out.display();
        writeln!(formatter, "wrote {} to {out}", counted(self.cases(), "test case"))?;
        writeln!(formatter, "  {:>5}  unchanged", self.unchanged)?;
        for (word, names) in [
            ("changed", &self.changed),
            ("new", &self.added),
            ("removed", &self.removed),
        ] {
            if names.is_empty() {
                continue;
            }
            writeln!(formatter, "  {:>5}  {word}", names.len())?;
            for name in names.iter().take(MOST_NAMED) {
                writeln!(formatter, "           {name}")?;
            }
            if names.len() > MOST_NAMED {
                writeln!(formatter, "           and {} more", names.len() - MOST_NAMED)?;
            }
        }
        for (count, what) in [
            (
                self.left_alone,
                "as they were: their conversations are not among those given, or are played with another target",
            ),
            (
                self.other_kinds,
                "more as they were, of kinds that suites do not hold",
            ),
        ] {
            if count > 0 {
                writeln!(formatter, "  {count:>5}  {what}")?;
            }
        }
        if is_zip(&self.out) {
            writeln!(formatter, "the agent can be restored from it")
        } else {
            writeln!(
                formatter,
                "put its testCases/ in the place of the one in the agent's package"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_the_service_names_them() {
        for (name, number, file) in [
            ("Happy path - two cups", 1, "Happy path - two cups"),
            ("a/b, c?", 1, "a%2fb%2c c%3f"),
            ("Çay", 1, "%c3%87ay"),
            ("again", 2, "again 2"),
            ("../x", 1, "%2e.%2fx"),
            ("", 1, ""),
        ] {
            assert_eq!(file_name(name, number), file, "{name}");
        }
        assert_eq!(file_name(&"ü".repeat(1000), 1).len(), 198);
    }

    #[test]
    fn ids_follow_from_suite_and_name() {
        let id = id_of("a", "b", 1);
        assert_eq!(id, id_of("a", "b", 1));
        assert!(uuid::Uuid::parse_str(&id).is_ok_and(|id| id.get_version_num() == 4));
        for other in [id_of("a", "b", 2), id_of("ab", "", 1), id_of("a", "c", 1)] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn the_summary_says_what_became_of_every_case() {
        let written = Written {
            out: "out".into(),
            unchanged: 1,
            changed: vec!["one".to_owned()],
            added: vec!["two".to_owned()],
            removed: (0..14).map(|number| format!("gone {number}")).collect(),
            left_alone: 0,
            other_kinds: 2,
            warnings: Vec::new(),
        };
        let told = written.to_string();
        for part in [
            "wrote 3 test cases to out\n",
            "      1  unchanged\n",
            "      1  changed\n           one\n",
            "      1  new\n           two\n",
            "     14  removed\n           gone 0\n",
            "           gone 11\n           and 2 more\n",
            "      2  more as they were, of kinds",
            "testCases/",
        ] {
            assert!(told.contains(part), "{part}\n{told}");
        }
        let zip = Written {
            out: "x.ZIP".into(),
            ..written
        };
        assert!(zip.to_string().ends_with("can be restored from it\n"));
    }
}
