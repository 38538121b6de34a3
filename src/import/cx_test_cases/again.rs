//! What an export's test cases would be as suites, read as suites are read: what the suites of today are compared
//! with. Nothing is kept on disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::case::{Case, Pages, case_of};
use super::recording::TestCase;
use super::{Composed, Origin};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::export::agent::Agent;
use crate::model::suite::{Conversation, Service};
use crate::settings::Settings;
use crate::settings::play::PlayPatch;
use crate::settings::root::{Root, SETTINGS_FILE};
use crate::settings::variables::Environment;
use crate::suite::discover::SuiteFile;
use crate::suite::{self, Agents, Names, Role, SettingsLayer, Surroundings};

/// The role of the conversations; nobody sees it.
pub(super) const TARGET: &str = "agent";

/// A test case as a suite would say it.
#[derive(Debug)]
pub(super) struct Base {
    /// Its file within the export.
    pub(super) file: String,
    /// Its suite's identity.
    pub(super) suite: String,
    /// Its name there.
    pub(super) name: String,
    /// What the conversation says.
    pub(super) case: Case,
}

/// Imports the cases and reads the suites. A case that cannot be read as a suite is not among the result.
pub(super) fn read_again(agent: &Agent, cases: &[TestCase]) -> Result<Vec<Base>, Diagnostic> {
    let composed = Composed::of(agent, cases, TARGET, TARGET);
    let read = conversations(&composed.files).map_err(|error| {
        Diagnostic::error(
            "unreadable",
            format!("the test cases could not be read again: {error}"),
        )
        .help("it takes some room in the folder for temporary files")
    })?;
    let pages = Pages::of(agent);
    let identity_of = |conversation: &Conversation| (conversation.suite.clone(), conversation.name.clone());
    let mut read: HashMap<_, _> = read
        .iter()
        .map(|conversation| (identity_of(conversation), case_of(conversation, &pages)))
        .collect();
    let base = |origin: &Origin| {
        let suite = identity(&origin.suite);
        let case = read.remove(&(suite.clone(), origin.name.clone()))?;
        Some(Base {
            file: cases.get(origin.case)?.file.clone(),
            suite,
            name: origin.name.clone(),
            case,
        })
    };
    Ok(composed.origins.iter().filter_map(base).collect())
}

/// A suite's path without extension, with `/` between folders.
fn identity(path: &Path) -> String {
    let parts: Vec<_> = path
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.join("/")
}

/// All conversations of the suites among these files, whose target is called [`TARGET`].
pub(super) fn conversations(texts: &BTreeMap<PathBuf, String>) -> io::Result<Vec<Arc<Conversation>>> {
    let folder = tempfile::tempdir()?;
    let root = Root::new(folder.path(), folder.path())?;
    let mut files = Vec::new();
    for (place, text) in texts
        .iter()
        .filter(|(place, _)| place.as_path() != Path::new(SETTINGS_FILE))
    {
        let path = root.directory().join(place);
        fs_err::create_dir_all(path.parent().unwrap_or(root.directory()))?;
        fs_err::write(&path, text)?;
        let identity = identity(place);
        files.push(SuiteFile {
            shown: place.clone(),
            file: format!("{identity}.yaml"),
            suite: identity,
            path,
            lines: Vec::new(),
        });
    }
    let settings = texts.get(Path::new(SETTINGS_FILE));
    let surroundings = surroundings(settings.map_or("", String::as_str), root);
    let suites = suite::read(&files, surroundings, &mut Unknown);
    // Entries are read again from their files, which must still be there.
    Ok(suites
        .entries
        .iter()
        .filter_map(|entry| entry.load().ok())
        .collect())
}

/// The settings that an import writes.
fn surroundings(settings: &str, root: Root) -> Surroundings {
    let file = Arc::new(SourceFile {
        path: SETTINGS_FILE.into(),
        text: settings.to_owned(),
    });
    let environment = Environment {
        lookup: &|_| None,
        ci: false,
        allowed: &[],
        offline: false,
    };
    // The agent that they name is not there, which only playing would mind.
    let (settings, _) = Settings::read(&file, &root, &environment);
    let layer = SettingsLayer {
        file,
        defaults: settings.and_then(|settings| settings.defaults),
        tools: None,
        webhooks: None,
        generators: None,
        playbooks: None,
        play: PlayPatch::default(),
    };
    let role = Role {
        target: TARGET.to_owned(),
        service: Service::Cx,
        sound: crate::suite::RoleSound::default(),
    };
    Surroundings {
        root,
        roles: [(TARGET.to_owned(), role)].into(),
        layers: vec![layer],
        overrides: PlayPatch::default(),
        variables: Vec::new(),
    }
}

/// No names are checked: the import has done that.
struct Unknown;

impl Agents for Unknown {
    fn names(&mut self, roles: &BTreeSet<String>) -> BTreeMap<String, Names> {
        roles
            .iter()
            .map(|role| (role.clone(), Names::Unchecked))
            .collect()
    }
}
