//! Generated suites in a temporary folder: many small conversations, each turn checked.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

/// What is said, turn by turn, and the intent expected. Phrases of the workshop's agent.
const SCRIPT: [(&str, &str); 5] = [
    ("hello", "Default Welcome Intent"),
    ("when are you open", "opening.hours"),
    ("thank you", "thanks"),
    ("cheers", "thanks"),
    ("what are your opening hours", "opening.hours"),
];

/// Conversations of one file.
const PER_FILE: usize = 50;

/// A folder with settings and suites.
pub(crate) struct Workplace {
    folder: TempDir,
}

impl Workplace {
    /// Suites for an emulator that listens at `address`.
    pub(crate) fn beside(conversations: usize, turns: usize, address: &str) -> Self {
        let target = format!(
            "{{ backend: cx, agent: projects/p/locations/global/agents/a, endpoint: \"http://{address}\", credentials: none }}"
        );
        Self::write(conversations, turns, &target)
    }

    /// Suites for the embedded emulator.
    pub(crate) fn embedded(conversations: usize, turns: usize) -> Self {
        let place = Self::write(
            conversations,
            turns,
            "{ backend: emulator, agent: agents/bike-workshop }",
        );
        let agent = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites/agents/bike-workshop");
        copy(&agent, &place.path().join("agents/bike-workshop"));
        place
    }

    fn write(conversations: usize, turns: usize, target: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("turnproof.yaml"),
            format!("targets:\n  workshop: {target}\n"),
        )
        .unwrap();
        for file in 0..conversations.div_ceil(PER_FILE) {
            let text = suite(file, PER_FILE.min(conversations - file * PER_FILE), turns);
            fs::write(folder.path().join(format!("suite-{file:04}.yaml")), text).unwrap();
        }
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// What is said in each conversation.
pub(crate) fn script(turns: usize) -> Vec<String> {
    let said = SCRIPT.iter().cycle().take(turns);
    said.map(|(say, _)| (*say).to_owned()).collect()
}

fn suite(file: usize, conversations: usize, turns: usize) -> String {
    let mut text = format!("suite: Generated {file}\ntarget: workshop\nconversations:\n");
    for number in 0..conversations {
        let _ = write!(text, "  - name: conversation {number}\n    turns:\n");
        for (say, intent) in SCRIPT.iter().cycle().take(turns) {
            let _ = write!(
                text,
                "      - say: {say}\n        expect:\n          intent: {intent}\n          page: Start Page\n          reply: {{ matches: \"[a-z]\" }}\n"
            );
        }
    }
    text
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
