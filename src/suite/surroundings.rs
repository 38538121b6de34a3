//! What suites are read in: the root, the settings' defaults, and which target plays which role.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::discover::SuiteFile;
use super::entry::Entry;
use super::parse::{Called, Layer, Parser};
use super::template::fill::{Names as Fixed, fill};
use super::validate::{AppNames, ExportNames};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::model::capability::Group;
use crate::model::endpoint::Protocol;
use crate::model::suite::{AudioSettings, EmulatorStubs, Service, Via};
use crate::settings::play::PlayPatch;
use crate::settings::root::Root;
use crate::yaml::Node;

/// What suites are read in.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The folder of the settings.
    pub root: Root,
    /// What plays each role: every target under its own name, and roles that a profile or the command line maps.
    pub roles: BTreeMap<String, Role>,
    /// What the settings give to every conversation, nearest first: the chosen profile's, the settings' own.
    pub layers: Vec<SettingsLayer>,
    /// What outweighs every suite: flags, then the environment.
    pub overrides: PlayPatch,
    /// The environment variables that may be read: `{{ env.NAME }}`.
    pub variables: Vec<String>,
}

/// Who plays a role.
#[derive(Debug, Clone)]
pub struct Role {
    /// Name of the target in the settings.
    pub target: String,
    /// The service it speaks.
    pub service: Service,
    /// How it is sent sound.
    pub sound: RoleSound,
}

/// How the target of a role is sent what users say.
#[derive(Debug, Clone, Copy, Default)]
pub struct RoleSound {
    /// What its settings say.
    pub settings: AudioSettings,
    /// Whether it is an emulator, which understands what has a transcript.
    pub emulated: bool,
    /// What is spoken on the way to it: not everything carries sound.
    pub protocol: Protocol,
    /// The call by which turns are sent that name none, if its settings name one.
    pub via: Option<Via>,
}

/// Knows the agents that play roles. Finding out their names takes loading an export, so that only those which
/// matter are asked for.
pub trait Agents: Sync {
    /// The roles of those of a file's conversations that matter: names that the other roles' agents should know are
    /// left unchecked.
    fn matter(&self, file: &SuiteFile, entries: &[Entry]) -> BTreeSet<String> {
        let _ = file;
        entries.iter().map(|entry| entry.role().to_owned()).collect()
    }

    /// Which names the agents know that play roles. Each role is asked for once.
    fn names(&mut self, roles: &BTreeSet<String>) -> BTreeMap<String, Names>;
}

/// Which names a target knows.
#[derive(Debug, Clone)]
pub enum Names {
    /// Those of an agent's export.
    Export(Arc<ExportNames>),
    /// Those of a scripted app.
    App(Arc<AppNames>),
    /// None: a live Dialogflow CX agent without an export takes ids only.
    IdsOnly,
    /// Nobody can tell.
    Unchecked,
}

/// What a part of the settings gives to every conversation, as it is written: suites know what it means.
#[derive(Debug, Clone)]
pub struct SettingsLayer {
    /// The settings file.
    pub file: Arc<SourceFile>,
    /// The value of `defaults:`.
    pub defaults: Option<Node>,
    /// The value of `tools:`.
    pub tools: Option<Node>,
    /// The value of `webhooks:`.
    pub webhooks: Option<Node>,
    /// The value of `generators:`.
    pub generators: Option<Node>,
    /// The value of `playbooks:`.
    pub playbooks: Option<Node>,
    /// Timeouts, retries and repetitions that stand elsewhere in this part: a profile's.
    pub play: PlayPatch,
}

/// The settings' layers as each service understands them.
#[derive(Debug, Default)]
pub(super) struct Inherited {
    cx: Vec<Layer>,
    ces: Vec<Layer>,
    unknown: Vec<Layer>,
}

impl Inherited {
    /// Reads the settings' layers, and finds what is wrong with them.
    pub(super) fn read(surroundings: &Surroundings) -> (Self, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        let inherited = Self {
            cx: read_all(surroundings, Some(Service::Cx), &mut Vec::new()),
            ces: read_all(surroundings, Some(Service::Ces), &mut Vec::new()),
            unknown: read_all(surroundings, None, &mut problems),
        };
        (inherited, problems)
    }

    /// The layers for a service, nearest first.
    pub(super) fn of(&self, service: Option<Service>) -> &[Layer] {
        match service {
            Some(Service::Cx) => &self.cx,
            Some(Service::Ces) => &self.ces,
            None => &self.unknown,
        }
    }
}

fn read_all(
    surroundings: &Surroundings,
    service: Option<Service>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Layer> {
    let read = |layer| read(layer, &surroundings.variables, service, problems);
    surroundings.layers.iter().flat_map(read).flatten().collect()
}

/// The defaults, then the settings' own stubs; nothing of what they do not say.
fn read(
    layer: &SettingsLayer,
    variables: &[String],
    service: Option<Service>,
    problems: &mut Vec<Diagnostic>,
) -> [Option<Layer>; 2] {
    let path = Arc::from(layer.file.path.as_path());
    let mut parser = Parser::new(&layer.file, &path, true, service);
    parser.lenient = true;
    let names = Fixed::fixed(&[], variables);
    let defaults = layer.defaults.as_ref().and_then(|node| {
        let node = fill(node, &names, &mut parser.reader);
        let map = parser.group(&node, Group::Defaults)?;
        Some(parser.layer(map))
    });
    let mut stubs = |node: Option<&Node>, called, what| {
        let node = fill(node?, &names, &mut parser.reader);
        parser.stubs(&node, called, what)
    };
    let mut level =
        |node: &Option<Node>, called, what| stubs(node.as_ref(), called, what).into_iter().collect();
    let own = Layer {
        tools: level(&layer.tools, Called::Tool, "`tools`"),
        stubs: EmulatorStubs {
            webhooks: level(&layer.webhooks, Called::Webhook, "`webhooks`"),
            generators: level(&layer.generators, Called::Generator, "`generators`"),
            playbooks: level(&layer.playbooks, Called::Playbook, "`playbooks`"),
        },
        ..Layer::default()
    };
    problems.append(&mut parser.reader.problems);
    let says_defaults = defaults.is_some() || layer.play != PlayPatch::default();
    let mut defaults = defaults.unwrap_or_default();
    defaults.play = layer.play.over(defaults.play);
    let stubs = [&layer.tools, &layer.webhooks, &layer.generators, &layer.playbooks];
    let says_stubs = stubs.into_iter().any(Option::is_some);
    [says_defaults.then_some(defaults), says_stubs.then_some(own)]
}
