//! One conversation of a suite, for one row: names filled in, steps inserted, layers laid over each other.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::frame::Frame;
use super::history;
use super::layers::{Settled, over, settle};
use super::mention::Mention;
use super::parse::{Layer, Parser, Wording};
use super::rows::{Row, case_name};
use super::sound::{SoundPlace, Sounds};
use super::surroundings::{Inherited, Surroundings};
use super::template::fill::{Names, fill, has_templates};
use super::template::text::plain;
use super::turns::Turns;
use crate::diagnostic::{Diagnostic, SourceFile, suggest};
use crate::expect::kind;
use crate::model::Map as Object;
use crate::model::capability::Group;
use crate::model::suite::{Channel, Conversation, Expectation, Service, Turn, With};
use crate::yaml::{Entry, Key, Kind, Map, Node};

/// What all conversations are read with.
#[derive(Debug)]
pub(super) struct Shared {
    /// What suites are read in.
    pub(super) surroundings: Surroundings,
    /// What the settings give to all of them.
    pub(super) inherited: Inherited,
    /// Bytes of suites' text whose trees may still be kept, so that they need not be read again.
    pub(super) room: AtomicUsize,
    /// Bytes of suites' text whose conversations may still be kept as they are played.
    pub(super) room_ready: AtomicUsize,
    /// Recordings that were looked at.
    pub(super) sounds: Arc<Sounds>,
}

impl Shared {
    /// Whether the tree of so many bytes of text may be kept.
    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        take(&self.room, bytes)
    }

    /// Whether a conversation that was made of so many bytes of text may be kept as it is played.
    pub(super) fn has_room_ready_for(&self, bytes: usize) -> bool {
        take(&self.room_ready, bytes)
    }
}

/// Takes so much of the room, if it has it.
fn take(room: &AtomicUsize, bytes: usize) -> bool {
    let less = |room: usize| room.checked_sub(bytes);
    room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
        .is_ok()
}

/// What came of a conversation.
pub(super) struct Expanded {
    /// The conversation, unless something is wrong with it.
    pub(super) conversation: Option<Conversation>,
    /// What is wrong with it.
    pub(super) problems: Vec<Diagnostic>,
    /// Names of the agent's things.
    pub(super) mentions: Vec<Mention>,
    /// Parameters that the suite itself sets.
    pub(super) given: BTreeSet<String>,
}

/// Where a conversation is read from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    /// What all conversations are read with.
    pub(super) shared: &'a Shared,
    /// The frame of its file.
    pub(super) frame: &'a Frame,
    /// The file, with its text if messages may come of it.
    pub(super) file: &'a Arc<SourceFile>,
    /// The row, if there are rows.
    pub(super) row: Option<&'a Row>,
    /// Whether to look for everything that can be wrong, or for nothing that was looked for before.
    pub(super) thorough: bool,
    /// The one of its channels that is wanted; the first unless set.
    pub(super) channel: Option<Channel>,
}

/// Reads one conversation, for one row.
pub(super) fn expand(node: &Node, source: Source<'_>) -> Expanded {
    let empty = Object::new();
    let known = [source.row.map_or(&empty, |row| &row.values), &source.frame.vars];
    let mut expansion = Expansion {
        source,
        names: Names::fixed(&known, &source.shared.surroundings.variables),
        parser: Parser::new(source.file, &source.frame.path, source.thorough, None),
    };
    let conversation = expansion.conversation(node);
    let parser = expansion.parser;
    let sound = !parser.reader.problems.iter().any(Diagnostic::is_error);
    Expanded {
        conversation: conversation.filter(|_| sound),
        problems: parser.reader.problems,
        mentions: parser.mentions,
        given: parser.given,
    }
}

struct Expansion<'a> {
    source: Source<'a>,
    names: Names<'a>,
    parser: Parser,
}

impl Expansion<'_> {
    fn conversation(&mut self, node: &Node) -> Option<Conversation> {
        let map = self.parser.group(node, Group::Conversation)?;
        let frame = self.source.frame;
        let target = self.target(map);
        let settled = self.settled(map);
        let asked = settled.channels.clone().unwrap_or_default();
        self.parser.channel = self.source.channel.or(asked.first().copied());
        self.parser.in_pieces = settled.with.text_streaming;
        let run_method = settled.run_method.unwrap_or_default();
        self.parser.run_method = run_method;
        let name = self.name(map);
        let every_turn = self.every_turn();
        let tags = self.fixed_texts(map, "tags").unwrap_or_default();
        let notes = self
            .filled(map, "notes")
            .and_then(|node| self.free_text(&node, "`notes`"));
        let (skip, only_on, known_issue) = (
            self.reason(map),
            self.only_on(map),
            self.fixed_text(map, "known_issue"),
        );
        let (turns, captured) = self.turns(map, &settled, &every_turn);
        let expect = self.expect(map, &captured, turns.as_deref().unwrap_or_default());
        let channels = self.channels(map, asked);
        let (name, row) = name?;
        let (channel, twin, name) = self.twin(&channels, name);
        let mut bindings = frame.vars.clone();
        bindings.extend(self.source.row.map(|row| row.values.clone()).unwrap_or_default());
        let with_flags = self.source.shared.surroundings.overrides.over(settled.play);
        Some(Conversation {
            suite: frame.suite.clone(),
            name,
            row,
            location: self.parser.location(node.line),
            tags: joined(&frame.tags, tags),
            notes,
            target: target?,
            channels,
            channel,
            twin,
            skip,
            only_on,
            known_issue,
            run_method,
            start: settled.start,
            with: settled.with,
            timeouts: with_flags.timeouts(),
            retries: with_flags.retries(),
            repeat: with_flags.repetitions(),
            tools: settled.tools,
            stubs: settled.stubs,
            clock: settled.clock,
            bindings,
            turns: turns?,
            expect,
        })
    }

    // ---- channels ----

    /// The ways in which the conversation is played. What nobody can hear has only one; as a default that is no mistake.
    fn channels(&mut self, map: &Map, asked: Vec<Channel>) -> Vec<Channel> {
        if self.parser.is_spoken || asked.is_empty() {
            return asked;
        }
        if let Some(entry) = map.entry("channels").filter(|_| asked.contains(&Channel::Audio)) {
            let message = "no turn of this conversation can be heard";
            self.parser
                .reader
                .error("no-audio", message, entry.value.span.clone())
                .help
                .push("leave `channels` out, or play a recording: `audio: fixtures/hello.wav`".to_owned());
        }
        Vec::new()
    }

    /// The way in which it is played; for one of several, what all of them are called, and its own name.
    fn twin(&self, channels: &[Channel], name: String) -> (Channel, Option<String>, String) {
        match self.parser.channel {
            Some(channel) if channels.len() > 1 => {
                let own = format!("{name} [{}]", channel.name());
                (channel, Some(name), own)
            }
            Some(channel) if !channels.is_empty() => (channel, None, name),
            _ if self.parser.is_spoken => (Channel::Audio, None, name),
            _ => (Channel::Text, None, name),
        }
    }

    // ---- single keys ----

    /// The value of a key with names filled in.
    fn filled(&mut self, map: &Map, key: &str) -> Option<Node> {
        map.get(key)
            .map(|node| fill(node, &self.names, &mut self.parser.reader).into_owned())
    }

    fn fixed_text(&mut self, map: &Map, key: &str) -> Option<String> {
        let node = self.filled(map, key)?;
        self.parser.fixed_text(&node, &format!("`{key}`"))
    }

    fn fixed_texts(&mut self, map: &Map, key: &str) -> Option<Vec<String>> {
        let node = self.filled(map, key)?;
        self.parser.fixed_texts(&node, &format!("`{key}`"))
    }

    fn free_text(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = self.parser.text(node, what, Wording::Free)?;
        Some(plain(&text).into_owned())
    }

    /// The case's name and the row's.
    fn name(&mut self, map: &Map) -> Option<(String, Option<String>)> {
        let node = map.get("name")?;
        let filled = self.fixed_text(map, "name")?;
        match self.source.row {
            None => Some((filled, None)),
            Some(row) => {
                let template = node.as_text().unwrap_or_default();
                let (name, row) = case_name(template, &filled, row);
                Some((name, Some(row)))
            }
        }
    }

    /// `skip` wants a reason.
    fn reason(&mut self, map: &Map) -> Option<String> {
        let node = self.filled(map, "skip")?;
        if let Kind::Bool(_) = node.kind {
            self.parser
                .reader
                .error(
                    "wrong-type",
                    "`skip` says why the conversation is not played",
                    node.span.clone(),
                )
                .help
                .push("for example `skip: waits for the new menu`".to_owned());
            return None;
        }
        self.parser.fixed_text(&node, "`skip`")
    }

    fn only_on(&mut self, map: &Map) -> Vec<String> {
        let named = self.fixed_texts(map, "only_on").unwrap_or_default();
        let empty = map
            .get("only_on")
            .filter(|node| node.as_list().is_some_and(<[Node]>::is_empty));
        if let Some(node) = empty {
            let message = "`only_on` lists nothing, which leaves out no target";
            self.parser
                .reader
                .error("empty-operand", message, node.span.clone());
        }
        let roles = &self.source.shared.surroundings.roles;
        let known: Vec<&str> = roles.keys().map(String::as_str).collect();
        let unknown = named.iter().find(|name| !roles.contains_key(*name));
        if let (Some(name), Some(node)) = (unknown, map.get("only_on")) {
            let complaint = "the settings have no target";
            self.parser
                .reader
                .unknown(name, node.span.clone(), "unknown-target", complaint, &known);
        }
        named
    }

    // ---- target and layers ----

    /// The role: the conversation's, the suite's, the settings', or the only one there is.
    fn target(&mut self, map: &Map) -> Option<String> {
        let frame = self.source.frame;
        let own = self.filled(map, "target");
        let of_defaults = frame
            .defaults
            .as_ref()
            .and_then(Node::as_map)
            .and_then(|map| self.filled(map, "target"));
        let node = own.or_else(|| of_defaults.filter(|_| frame.target.is_none()));
        let roles = &self.source.shared.surroundings.roles;
        let role = match &node {
            Some(node) => self.parser.fixed_text(node, "`target`")?,
            None => match self.inherited_target() {
                Some(role) => role,
                None => return self.no_target(map),
            },
        };
        if let Some(found) = roles.get(&role) {
            self.parser.service = Some(found.service);
            let place = SoundPlace::new(&self.source.shared.sounds, &self.source.frame.path, found.sound);
            self.parser.sound = Some(place);
            return Some(role);
        }
        let known: Vec<&str> = roles.keys().map(String::as_str).collect();
        let span = node.map_or_else(|| self.place_of_target(map), |node| node.span);
        let complaint = "the settings have no target";
        self.parser
            .reader
            .unknown(&role, span, "unknown-target", complaint, &known);
        None
    }

    fn inherited_target(&self) -> Option<String> {
        let shared = self.source.shared;
        let of_settings = || {
            shared
                .inherited
                .of(None)
                .iter()
                .find_map(|layer| layer.target.clone())
        };
        let only = || match shared.surroundings.roles.keys().collect::<Vec<_>>().as_slice() {
            [only] => Some((*only).clone()),
            _ => None,
        };
        let of_suite = self
            .source
            .frame
            .target
            .as_ref()
            .map(|(target, _)| target.clone());
        of_suite.or_else(of_settings).or_else(only)
    }

    /// Where a message about a target goes that the conversation does not name: to the suite's `target`, or else to
    /// the conversation's first key.
    fn place_of_target(&self, map: &Map) -> Range<usize> {
        let of_suite = self.source.frame.target.as_ref().map(|(_, span)| span.clone());
        of_suite.unwrap_or_else(|| map.entries.first().map_or(0..0, |entry| entry.key.span.clone()))
    }

    fn no_target(&mut self, map: &Map) -> Option<String> {
        let roles: Vec<&str> = self
            .source
            .shared
            .surroundings
            .roles
            .keys()
            .map(String::as_str)
            .collect();
        let span = self.place_of_target(map);
        let problem = self
            .parser
            .reader
            .error("no-target", "no target is named that could play this", span);
        problem.help.push(match suggest::help("", &roles) {
            Some(known) => format!("write `target: …` for the suite; {known}"),
            None => "the settings have no targets".to_owned(),
        });
        None
    }

    fn settled(&mut self, map: &Map) -> Settled {
        let frame = self.source.frame;
        let own = self.layer_of(map);
        let suite = self.suite_layer(frame);
        let inherited = self.source.shared.inherited.of(self.parser.service);
        settle(own.into_iter().chain(suite).chain(inherited.iter().cloned()))
    }

    /// What a mapping says of what can be inherited, if anything.
    fn layer_of(&mut self, map: &Map) -> Option<Layer> {
        let keys = Group::Defaults.names();
        let entries = map
            .entries
            .iter()
            .filter(|entry| keys.contains(&entry.key.name.as_str()));
        let entries: Vec<Entry> = entries.cloned().collect();
        if entries.is_empty() {
            return None;
        }
        let flow = map.flow;
        let node = Node {
            span: 0..0,
            line: 1,
            kind: Kind::Map(Map { entries, flow }),
        };
        let filled = fill(&node, &self.names, &mut self.parser.reader);
        let map = filled.as_map()?;
        for entry in &map.entries {
            // When the conversation's keys were looked at, its target was not known yet.
            if let Some(key) = Group::Defaults.key(&entry.key.name) {
                self.parser.check_support(entry, key);
            }
        }
        Some(self.parser.layer(map))
    }

    /// `defaults`, with the stubs and steps that stand at the suite's top before those in it.
    fn suite_layer(&mut self, frame: &Frame) -> Option<Layer> {
        let of_defaults = frame.defaults.as_ref().and_then(|node| {
            let filled = fill(node, &self.names, &mut self.parser.reader);
            let map = self.parser.group(&filled, Group::Defaults)?;
            Some(self.parser.layer(map))
        });
        let keys = [
            ("tools", &frame.tools),
            ("webhooks", &frame.webhooks),
            ("generators", &frame.generators),
            ("playbooks", &frame.playbooks),
            ("before", &frame.before),
        ];
        let entries = keys.into_iter().filter_map(|(name, node)| {
            let value = node.as_ref()?;
            Some(Entry {
                key: Key {
                    name: name.to_owned(),
                    span: value.span.clone(),
                    line: value.line,
                },
                value: value.clone(),
            })
        });
        let entries: Vec<_> = entries.collect();
        let Some(top) = self.layer_of(&Map { entries, flow: false }) else {
            return of_defaults;
        };
        let mut layer = of_defaults.unwrap_or_default();
        layer.tools.splice(0..0, top.tools);
        let of_defaults = std::mem::replace(&mut layer.stubs, top.stubs);
        layer.stubs.extend(of_defaults);
        layer.before = top.before.or(layer.before);
        Some(layer)
    }

    // ---- turns ----

    fn every_turn(&mut self) -> Vec<Expectation> {
        let Some(node) = &self.source.frame.every_turn else {
            return Vec::new();
        };
        let filled = fill(node, &self.names, &mut self.parser.reader);
        self.parser.expectations(&filled, "`every_turn`")
    }

    /// The turns, and everything they capture.
    fn turns(
        &mut self,
        map: &Map,
        settled: &Settled,
        every_turn: &[Expectation],
    ) -> (Option<Vec<Turn>>, BTreeSet<String>) {
        let Some(node) = map.get("turns") else {
            return (None, BTreeSet::new());
        };
        let items = self.parser.reader.list(node, "`turns`").unwrap_or_default();
        if items.is_empty() && node.as_list().is_some() {
            self.parser
                .reader
                .error("no-turns", "`turns` is empty", node.span.clone());
        }
        let mut turns = Turns::new(self.source, self.names.known, &mut self.parser);
        turns.announce(items);
        for step in settled.before.iter().flatten() {
            turns.use_step(step);
        }
        for item in items {
            turns.add(item);
        }
        let (mut turns, places, captured) = turns.finish();
        let has_templates =
            settled.has_templates || self.source.frame.every_turn.as_ref().is_some_and(has_templates);
        let no_options = With::default();
        for turn in &mut turns {
            turn.with = if *turn.with == no_options {
                Arc::clone(&settled.with)
            } else {
                Arc::new(over(turn.with.as_ref().clone(), &settled.with))
            };
            turn.has_templates |= has_templates;
            let same_file = turn.location.file == self.source.frame.path;
            let shown = self.parser.shown_in_turn(turn);
            let applies = every_turn
                .iter()
                .filter(|expectation| shown.has(kind(&expectation.check)));
            turn.expect
                .extend(applies.cloned().map(|expectation| Expectation {
                    line: if same_file {
                        expectation.line
                    } else {
                        turn.location.line
                    },
                    ..expectation
                }));
        }
        if self.source.thorough && self.parser.service == Some(Service::Ces) {
            let problems = history::check(self.parser.run_method, turns.iter().zip(&places), &settled.start);
            self.parser.reader.problems.extend(problems);
        }
        (Some(turns), captured)
    }

    /// Expectations about the whole conversation; they know everything it captures.
    fn expect(&mut self, map: &Map, captured: &BTreeSet<String>, turns: &[Turn]) -> Vec<Expectation> {
        let Some(node) = map.get("expect") else {
            return Vec::new();
        };
        let names = Names {
            captured,
            ..self.names
        };
        let filled = fill(node, &names, &mut self.parser.reader);
        if !turns.is_empty() {
            let shown = self.parser.shown_in_conversation(turns);
            self.parser.check_shown(&filled, shown);
        }
        self.parser.expectations(&filled, "`expect`")
    }
}

fn joined(first: &[String], second: Vec<String>) -> Vec<String> {
    let mut all = first.to_vec();
    for tag in second {
        if !all.contains(&tag) {
            all.push(tag);
        }
    }
    all
}
