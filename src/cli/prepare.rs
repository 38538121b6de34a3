//! From files and settings to conversations that can be played: suites are read with the roles' targets, and the
//! conversations that are meant are selected.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::agents::Agents;
use super::console::be_strict;
use super::failure::Failure;
use super::workplace::Workplace;
use crate::diagnostic::Diagnostic;
use crate::settings::play::PlayPatch;
use crate::settings::profile::Profile;
use crate::settings::roles::Roles;
use crate::suite::discover::SuiteFile;
use crate::suite::select::{Filter, Subject, conversation_at, no_conversation_at};
use crate::suite::{self, Entry, SettingsLayer, Suites};
use crate::target::AgentFiles;
use crate::yaml::{Key, Kind, Map, Node, Style, Text};

/// Suites that have been read, without errors.
pub(super) struct Prepared<'w> {
    /// Files and settings.
    pub(super) workplace: &'w Workplace,
    /// Which target plays which role.
    pub(super) roles: Roles<'w>,
    /// The conversations in order of file and position.
    pub(super) entries: Vec<Entry>,
    /// The files of the agents that the selected conversations are played with.
    pub(super) agent_files: AgentFiles,
    /// What is probably wrong.
    pub(super) warnings: Vec<Diagnostic>,
    /// What else narrows the selection down.
    filter: Option<Filter>,
}

/// What a command asks of suites and settings.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Demands<'a> {
    /// The filter that narrows the conversations down. All suites are read and checked all the same; only agents that
    /// no selected conversation is played with stay unknown.
    pub(super) filter: Option<&'a str>,
    /// Warnings are errors.
    pub(super) strict: bool,
    /// What emulators cannot play of their agents is told.
    pub(super) emulators: bool,
    /// The targets of the selected conversations can be used here and now.
    pub(super) usable_targets: bool,
    /// What outweighs what suites say about playing.
    pub(super) overrides: PlayPatch,
}

impl<'w> Prepared<'w> {
    /// Reads all suites.
    ///
    /// # Errors
    /// All problems, when one of them is an error; that there are no suites, when that is all there is to say.
    pub(super) fn read(
        workplace: &'w Workplace,
        profile: Option<&Profile>,
        roles: Roles<'w>,
        demands: Demands<'_>,
    ) -> Result<Self, Failure> {
        let filter = demands.filter.map(Filter::parse).transpose()?;
        let mut agents = Agents::new(&roles, workplace, filter.as_ref());
        let variables = workplace.settings.variables.listed().map(str::to_owned);
        let surroundings = suite::Surroundings {
            root: workplace.settings.root.clone(),
            roles: agents.roles(),
            layers: layers(workplace, profile),
            overrides: demands.overrides,
            variables: variables.collect(),
        };
        let Suites {
            entries,
            stubbed,
            problems,
        } = suite::read(&workplace.files, surroundings, &mut agents);
        let mut all = workplace.problems.clone();
        all.extend(problems);
        all.append(&mut agents.problems);
        if demands.emulators {
            all.extend(agents.problems_of_emulators());
            all.extend(agents.unanswered_models(&stubbed));
        }
        if demands.usable_targets {
            all.append(&mut agents.unusable);
        }
        let agent_files = agents.files;
        let mut all = without_repetitions(all);
        be_strict(&mut all, demands.strict);
        if all.iter().any(Diagnostic::is_error) {
            return Err(Failure::Invalid(all));
        }
        workplace.need_suites()?;
        Ok(Self {
            workplace,
            roles,
            entries,
            agent_files,
            warnings: all,
            filter,
        })
    }

    /// The conversations that are meant: by `PATH:LINE` and by the filter.
    ///
    /// # Errors
    /// When a line has no conversation, or nothing is selected.
    pub(super) fn select(&self) -> Result<Vec<usize>, Failure> {
        let at_lines = self.at_lines()?;
        let selected: Vec<usize> = (0..self.entries.len())
            .filter(|position| at_lines[*position])
            .filter(|position| selects(self.filter.as_ref(), &self.entries[*position]))
            .collect();
        if selected.is_empty() {
            let message = format!(
                "nothing is selected: there are {} conversations",
                self.entries.len()
            );
            let help = "`turnproof list` without --filter shows them".to_owned();
            return Err(Failure::Nothing { message, help });
        }
        Ok(selected)
    }

    /// For each conversation whether the lines of the command line mean it.
    fn at_lines(&self) -> Result<Vec<bool>, Failure> {
        let mut meant = vec![true; self.entries.len()];
        let mut problems = Vec::new();
        for file in self.workplace.files.iter().filter(|file| !file.lines.is_empty()) {
            let is_of_file = |entry: &&Entry| entry.file() == file.file;
            let start = self.entries.iter().take_while(|entry| !is_of_file(entry)).count();
            let count = self.entries[start..].iter().take_while(is_of_file).count();
            let of_file = start..start + count;
            let (of_lines, wrong) = at_lines(file, &self.entries[of_file.clone()]);
            meant[of_file].copy_from_slice(&of_lines);
            problems.extend(wrong);
        }
        if problems.is_empty() {
            Ok(meant)
        } else {
            Err(Failure::Invalid(problems))
        }
    }
}

/// For each conversation of a file whether the lines of the command line mean it, and the lines that mean none.
pub(super) fn at_lines(file: &SuiteFile, entries: &[Entry]) -> (Vec<bool>, Vec<Diagnostic>) {
    if file.lines.is_empty() {
        return (vec![true; entries.len()], Vec::new());
    }
    let mut spans: Vec<_> = entries.iter().map(Entry::lines).collect();
    spans.dedup();
    let mut wanted = HashSet::new();
    let mut problems = Vec::new();
    for line in &file.lines {
        match conversation_at(*line, &spans) {
            Some(position) => wanted.extend([spans[position]]),
            None => problems.push(no_conversation_at(&file.shown, *line, &spans)),
        }
    }
    let meant = entries.iter().map(|entry| wanted.contains(&entry.lines()));
    (meant.collect(), problems)
}

/// Whether a filter selects a conversation.
pub(super) fn selects(filter: Option<&Filter>, entry: &Entry) -> bool {
    filter.is_none_or(|filter| filter.selects(&subject(entry)))
}

fn subject(entry: &Entry) -> Subject<'_> {
    Subject {
        suite: entry.suite(),
        name: entry.name(),
        file: entry.file(),
        shown: entry.path().to_str().unwrap_or_default(),
        tags: entry.tags(),
        targets: [entry.role(), entry.target()],
        channel: entry.channel().name(),
    }
}

/// What profile and settings give to every conversation, nearest first; last what goes without saying.
fn layers(workplace: &Workplace, profile: Option<&Profile>) -> Vec<SettingsLayer> {
    let settings = &workplace.settings;
    let nothing = || SettingsLayer {
        file: settings.file.clone(),
        defaults: None,
        tools: None,
        webhooks: None,
        generators: None,
        playbooks: None,
        play: PlayPatch::default(),
    };
    let mut layers = Vec::new();
    if let Some(profile) = profile {
        layers.push(SettingsLayer {
            play: profile.play,
            ..nothing()
        });
    }
    layers.push(SettingsLayer {
        defaults: settings.defaults.clone(),
        tools: settings.tools.clone(),
        webhooks: settings.webhooks.clone(),
        generators: settings.generators.clone(),
        playbooks: settings.playbooks.clone(),
        ..nothing()
    });
    if let [only] = &settings.targets[..] {
        layers.push(SettingsLayer {
            defaults: Some(only_target(&only.name)),
            ..nothing()
        });
    }
    layers
}

/// `{target: NAME}`, as if the settings said it.
fn only_target(name: &str) -> Node {
    let node = |kind| Node {
        span: 0..0,
        line: 1,
        kind,
    };
    let text = Kind::Text(Text {
        value: name.to_owned(),
        style: Style::Quoted,
    });
    let key = Key {
        name: "target".to_owned(),
        span: 0..0,
        line: 1,
    };
    let entries = vec![crate::yaml::Entry {
        key,
        value: node(text),
    }];
    node(Kind::Map(Map { entries, flow: false }))
}

/// One problem at one place is told once, whoever found it.
fn without_repetitions(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut told = HashSet::new();
    let mut kept = Vec::with_capacity(problems.len());
    for problem in problems {
        let place = problem
            .labels
            .first()
            .map(|label| (label.file.path.clone(), label.span.clone()));
        let key = (problem.code, problem.message.clone(), problem.path.clone(), place);
        if told.insert(key) {
            kept.push(problem);
        }
    }
    kept
}

/// The files of suites with how many conversations each has, for summaries.
pub(super) fn per_file(entries: &[Entry]) -> BTreeMap<&Path, usize> {
    let mut files = BTreeMap::new();
    for entry in entries {
        *files.entry(entry.path()).or_insert(0) += 1;
    }
    files
}
