//! What a conversation says, or inherits from suite, profile and settings: `with`, `start`, `timeouts`, stubs and
//! the like.

use chrono::{DateTime, FixedOffset};

use super::stubs::Called;
use super::turn::Use;
use super::{Parser, entries};
use crate::model::capability::Group;
use crate::model::suite::{Channel, EmulatorStubs, RunMethod, Start, Stubs, With};
use crate::settings::play::{PLAY_KEYS, PlayPatch};
use crate::suite::template::fill::has_templates;
use crate::yaml::{Map, Node};

/// One level's part of what can be inherited.
#[derive(Debug, Clone, Default)]
pub(in crate::suite) struct Layer {
    /// What goes along with turns.
    pub(in crate::suite) with: With,
    /// Whether there are templates in that.
    pub(in crate::suite) has_templates: bool,
    /// Where the conversation starts.
    pub(in crate::suite) start: Start,
    /// Timeouts, retries and repetitions.
    pub(in crate::suite) play: PlayPatch,
    /// The role.
    pub(in crate::suite) target: Option<String>,
    /// The emulator's time.
    pub(in crate::suite) clock: Option<DateTime<FixedOffset>>,
    /// Answers of tools, nearest first.
    pub(in crate::suite) tools: Vec<Stubs>,
    /// What answers in the place of what an emulated agent asks.
    pub(in crate::suite) stubs: EmulatorStubs,
    /// Steps before the first turn.
    pub(in crate::suite) before: Option<Vec<Use>>,
    /// The ways in which conversations are played.
    pub(in crate::suite) channels: Option<Vec<Channel>>,
    /// How turns stand to sessions.
    pub(in crate::suite) run_method: Option<RunMethod>,
}

impl Parser {
    /// The keys of a mapping that can be inherited; others are left alone.
    pub(in crate::suite) fn layer(&mut self, map: &Map) -> Layer {
        let mut layer = Layer {
            play: self.play(map),
            ..Layer::default()
        };
        for (name, node) in entries(map) {
            if !Group::Defaults.key(name).is_none_or(|key| self.applies(key)) {
                continue;
            }
            match name {
                "with" => {
                    layer.with = self.with(node);
                    layer.has_templates = has_templates(node);
                }
                "start" => layer.start = self.start(node),
                "target" => layer.target = self.fixed_text(node, "`target`"),
                "clock" => layer.clock = self.moment(node, "`clock`"),
                "tools" => layer.tools.extend(self.stubs(node, Called::Tool, "`tools`")),
                "webhooks" => {
                    let stubs = self.stubs(node, Called::Webhook, "`webhooks`");
                    layer.stubs.webhooks.extend(stubs);
                }
                "generators" => {
                    let stubs = self.stubs(node, Called::Generator, "`generators`");
                    layer.stubs.generators.extend(stubs);
                }
                "playbooks" => {
                    let stubs = self.stubs(node, Called::Playbook, "`playbooks`");
                    layer.stubs.playbooks.extend(stubs);
                }
                "channels" => layer.channels = self.channels(node),
                "run_method" => {
                    let name = self.choice(node, "`run_method`", &RunMethod::NAMES);
                    layer.run_method = name.and_then(RunMethod::named);
                }
                "before" => layer.before = self.before(node),
                _ => {}
            }
        }
        layer
    }

    fn play(&mut self, map: &Map) -> PlayPatch {
        for name in PLAY_KEYS {
            let Some(node) = map.get(name) else { continue };
            let mut values = vec![node];
            values.extend(
                node.as_map()
                    .into_iter()
                    .flat_map(|map| entries(map).map(|(_, node)| node)),
            );
            let late = values
                .into_iter()
                .find(|node| node.as_text().is_some_and(super::has_template));
            if let Some(late) = late {
                self.late(late, &format!("`{name}`"));
                return PlayPatch::default();
            }
        }
        PlayPatch::read(&mut self.reader, map)
    }

    /// Steps that are played before the first turn.
    fn before(&mut self, node: &Node) -> Option<Vec<Use>> {
        let items = self.reader.list(node, "`before`")?;
        let uses: Vec<Use> = items.iter().filter_map(|item| self.use_of_step(item)).collect();
        (uses.len() == items.len()).then_some(uses)
    }
}
