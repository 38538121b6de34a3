//! `transcripts.yaml`: what is said in recordings, beside them. By it an emulator understands them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::parse::Parser;
use crate::audio::Said;
use crate::diagnostic::{Diagnostic, suggest};
use crate::yaml::{self, Entry};

/// The name of the file, in the folder of the recordings.
pub const TRANSCRIPTS_FILE: &str = "transcripts.yaml";

/// What is said in one recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcript {
    /// The recording: absolute, with links resolved.
    pub path: PathBuf,
    /// What is said of its samples, for a recording without a header.
    pub said: Said,
    /// The words.
    pub text: String,
    /// The language they are in, if it matters.
    pub language: Option<String>,
}

/// Reads a file of transcripts; `shown` is its path as the user would type it. Recordings lie in its folder or below.
/// What is wrong is told beside what can be used: a recording that is not there, an entry that says nothing.
pub fn read_transcripts(path: &Path, shown: &Path) -> (Vec<Transcript>, Vec<Diagnostic>) {
    let file = match yaml::read(path, shown) {
        Ok(file) => file,
        Err(problem) => return (Vec::new(), vec![problem]),
    };
    let parsed = yaml::parse(&file);
    let mut parser = Parser::new(&file, &Arc::from(shown), true, None);
    parser.reader.problems = parsed.problems;
    let Some(node) = parsed.root.filter(|node| !node.is_null()) else {
        return (Vec::new(), parser.reader.problems);
    };
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    let folder = folder.unwrap_or_default();
    let entries = parser
        .reader
        .map(&node, "transcripts.yaml")
        .map(|map| &map.entries);
    let transcripts = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| transcript(entry, &folder, &mut parser))
        .collect();
    (transcripts, parser.reader.problems)
}

fn transcript(entry: &Entry, folder: &Path, parser: &mut Parser) -> Option<Transcript> {
    let said = parser.transcript(entry)?;
    let path = find(entry, folder, parser)?;
    let (text, language, said) = said;
    Some(Transcript {
        path,
        said,
        text,
        language,
    })
}

/// The recording of an entry.
fn find(entry: &Entry, folder: &Path, parser: &mut Parser) -> Option<PathBuf> {
    let name = &entry.key.name;
    let path = folder.join(name).canonicalize().ok();
    if let Some(path) = path.filter(|path| path.starts_with(folder) && path.is_file()) {
        return Some(path);
    }
    let message = format!("there is no recording `{name}` in the folder of this file");
    let problem = parser
        .reader
        .error("missing-file", message, entry.key.span.clone());
    let siblings = folder.read_dir().into_iter().flatten().flatten();
    let names: Vec<String> = siblings
        .filter_map(|sibling| sibling.file_name().into_string().ok())
        .filter(|sibling| sibling != TRANSCRIPTS_FILE)
        .collect();
    if let Some(nearest) = suggest::nearest(name, names.iter().map(String::as_str)) {
        problem.help.push(format!("did you mean `{nearest}`?"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Encoding;

    fn read(text: &str) -> (Vec<Transcript>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("far")).unwrap();
        for name in ["a.wav", "b.raw", "far/c.wav"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let path = folder.path().join(TRANSCRIPTS_FILE);
        std::fs::write(&path, text).unwrap();
        let (transcripts, problems) = read_transcripts(&path, Path::new(TRANSCRIPTS_FILE));
        let messages = problems
            .into_iter()
            .map(|problem| format!("{} {}", problem.message, problem.help.join(" ")));
        (transcripts, messages.collect())
    }

    #[test]
    fn texts_are_read_by_recording() {
        let text = "a.wav: tomorrow morning\n\
                    b.raw: { text: 42, language: de, encoding: mulaw, rate: 8000 }\n\
                    far/c.wav: { text: yes }\n";
        let (transcripts, problems) = read(text);
        assert!(problems.is_empty(), "{problems:?}");
        let texts: Vec<&str> = transcripts.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(texts, ["tomorrow morning", "42", "yes"]);
        assert_eq!(transcripts[1].language.as_deref(), Some("de"));
        let said = Said {
            encoding: Some(Encoding::Mulaw),
            rate: Some(8_000),
        };
        assert_eq!(transcripts[1].said, said);
        assert_eq!(read(""), (Vec::new(), Vec::new()));
    }

    #[test]
    fn mistakes_are_told() {
        let (transcripts, problems) =
            read("a.wav: hello\nb.rw: hello\n../x.wav: hello\nfar/c.wav: { txt: hello }\nfar: hello\n");
        assert_eq!(transcripts.len(), 1);
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(problems[0].contains("`b.rw`") && problems[0].contains("did you mean `b.raw`"));
        assert!(problems[2].contains("`txt`"), "{problems:?}");
        assert_eq!(read("[1]").1.len(), 1);
        assert_eq!(read("a.wav: ''\n").1.len(), 1);
    }
}
