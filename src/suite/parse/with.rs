//! `with` and `start`: what goes along with a turn, and where a conversation starts.

use super::super::mention::Kind as Mentioned;
use super::{Parser, Wording, entries, ticked};
use crate::model::capability::Group;
use crate::model::suite::{EmulatorOverride, HistoryMessage, SessionEntityType, Start, With};
use crate::model::transcript::Sentiment;
use crate::yaml::{Map, Node};

/// A service keeps a session at most a day.
const LONGEST_SESSION: std::time::Duration = std::time::Duration::from_hours(24);

impl Parser {
    /// What goes along with a turn.
    pub(super) fn with(&mut self, node: &Node) -> With {
        let mut with = With::default();
        let Some(map) = self.group(node, Group::With) else {
            return with;
        };
        for (name, node) in entries(map) {
            if Group::With.key(name).is_some_and(|key| self.applies(key)) {
                self.option(&mut with, name, node);
            }
        }
        with
    }

    fn option(&mut self, with: &mut With, name: &str, node: &Node) {
        let what = ticked(name);
        let what = what.as_str();
        match name {
            "parameters" => with.parameters = self.parameters(node, what).unwrap_or_default(),
            "variables" => with.variables = self.parameters(node, what).unwrap_or_default(),
            "language" => with.language = self.filled_text(node, what, Wording::Name),
            "time_zone" => with.time_zone = self.time_zone(node),
            "payload" => with.payload = self.values(node, what),
            "disable_webhook" => with.disable_webhook = self.boolean(node, what),
            "webhook_headers" => with.webhook_headers = self.text_map(node, what).unwrap_or_default(),
            "channel" => with.channel = self.filled_text(node, what, Wording::Name),
            "session_entity_types" => with.session_entity_types = self.session_entity_types(node),
            "sentiment" => with.sentiment = self.boolean(node, what),
            "data_store_signals" => with.data_store_signals = self.boolean(node, what),
            "session_ttl" => with.session_ttl = self.session_ttl(node),
            "flow_versions" => with.flow_versions = self.texts(node, what),
            "deployment" => with.deployment = self.filled_text(node, what, Wording::Name),
            "entry_agent" => with.entry_agent = self.name(node, what, Mentioned::Agent),
            "use_tool_fakes" => with.use_tool_fakes = self.boolean(node, what),
            "text_streaming" => with.text_streaming = self.boolean(node, what),
            "remote_dialogflow" => with.remote_dialogflow = self.remote_dialogflow(node),
            "emulator" => with.emulator = self.emulator(node),
            _ => {}
        }
    }

    fn time_zone(&mut self, node: &Node) -> Option<String> {
        let zone = self.filled_text(node, "`time_zone`", Wording::Name)?;
        if !super::has_template(&zone) && zone.parse::<chrono_tz::Tz>().is_err() {
            let known: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
            let nearest = crate::diagnostic::suggest::nearest(&zone, known);
            let help = match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "for example `Europe/Paris`, an IANA name".to_owned(),
            };
            let message = format!("there is no time zone `{zone}`");
            self.reader
                .error("unknown-value", message, node.span.clone())
                .help
                .push(help);
            return None;
        }
        Some(zone)
    }

    fn session_ttl(&mut self, node: &Node) -> Option<std::time::Duration> {
        let ttl = self.duration(node, "`session_ttl`")?;
        if ttl.is_zero() || ttl > LONGEST_SESSION {
            let message = "`session_ttl` must be longer than nothing and at most 24h";
            self.reader.error("out-of-range", message, node.span.clone());
            return None;
        }
        Some(ttl)
    }

    pub(super) fn texts(&mut self, node: &Node, what: &str) -> Vec<String> {
        match node.as_list() {
            Some(items) => items
                .iter()
                .filter_map(|item| self.filled_text(item, what, Wording::Name))
                .collect(),
            None => self.filled_text(node, what, Wording::Name).into_iter().collect(),
        }
    }

    fn session_entity_types(&mut self, node: &Node) -> Vec<SessionEntityType> {
        let items = self
            .reader
            .list(node, "`session_entity_types`")
            .unwrap_or_default();
        items
            .iter()
            .filter_map(|item| self.session_entity_type(item))
            .collect()
    }

    fn session_entity_type(&mut self, node: &Node) -> Option<SessionEntityType> {
        let map = self.group(node, Group::SessionEntityType)?;
        let entity_type = self.name(map.get("entity_type")?, "`entity_type`", Mentioned::EntityType)?;
        let supplement = match map.get("supplement") {
            None => false,
            Some(node) => self.boolean(node, "`supplement`")?,
        };
        let values = self.reader.map(map.get("entities")?, "`entities`")?;
        let entities = entries(values)
            .map(|(value, synonyms)| (value.to_owned(), self.texts(synonyms, &format!("`{value}`"))))
            .collect();
        Some(SessionEntityType {
            entity_type,
            supplement,
            entities,
        })
    }

    fn remote_dialogflow(&mut self, node: &Node) -> Option<crate::model::Map> {
        let map = self.group(node, Group::RemoteDialogflow)?;
        for (name, node) in entries(map) {
            let what = ticked(name);
            match name {
                "webhook_headers" => drop(self.text_map(node, &what)),
                _ => drop(self.values(node, &what)),
            }
        }
        Some(map.to_object())
    }

    fn emulator(&mut self, node: &Node) -> EmulatorOverride {
        let mut pinned = EmulatorOverride::default();
        let Some(map) = self.group(node, Group::Emulator) else {
            return pinned;
        };
        for (name, node) in entries(map) {
            match name {
                "clock" => pinned.clock = self.moment(node, "`clock`"),
                "match" => self.matched(node, &mut pinned),
                "webhook" => pinned.webhook = self.webhook_answer(node),
                "sentiment" => pinned.sentiment = self.pinned_sentiment(node),
                _ => {}
            }
        }
        pinned
    }

    fn pinned_sentiment(&mut self, node: &Node) -> Option<Sentiment> {
        let map = self.group(node, Group::PinnedSentiment)?;
        let score = map
            .get("score")
            .and_then(|node| self.fixed_number(node, "`score`", -1.0));
        let magnitude = map
            .get("magnitude")
            .and_then(|node| self.fixed_number(node, "`magnitude`", 0.0));
        Some(Sentiment {
            score: score?,
            magnitude: magnitude?,
        })
    }

    /// A number from `least` on. Scores end at 1; magnitudes have no end.
    fn fixed_number(&mut self, node: &Node, what: &str, least: f64) -> Option<f64> {
        if self.is_late(node, what) {
            return None;
        }
        let number = self.number(node, what)?.as_f64()?;
        let most = if least < 0.0 { 1.0 } else { f64::INFINITY };
        if (least..=most).contains(&number) {
            return Some(number);
        }
        let message = if least < 0.0 {
            format!("{what} is a number from -1 to 1")
        } else {
            format!("{what} is 0 or more")
        };
        self.reader.error("out-of-range", message, node.span.clone());
        None
    }

    /// An intent's name, or a null that is written down: no intent matches.
    fn matched(&mut self, node: &Node, pinned: &mut EmulatorOverride) {
        if node.is_null() && !node.span.is_empty() {
            pinned.matched = Some(None);
        } else if node.is_null() {
            self.missing_value(node, "`match`", "name an intent, or write `match: null` for none");
        } else if let Some(intent) = self.filled_text(node, "`match`", Wording::Name) {
            self.mention(Mentioned::Intent, &intent, &node.span);
            pinned.matched = Some(Some(intent));
        }
    }

    /// Where a conversation starts.
    pub(super) fn start(&mut self, node: &Node) -> Start {
        let mut start = Start::default();
        let Some(map) = self.group(node, Group::Start) else {
            return start;
        };
        self.check_places(map);
        let flow = map.get("flow").and_then(Node::as_text).map(str::to_owned);
        for (name, node) in entries(map) {
            if !Group::Start.key(name).is_some_and(|key| self.applies(key)) {
                continue;
            }
            let what = ticked(name);
            match name {
                "flow" => start.flow = self.name(node, &what, Mentioned::Flow),
                "page" => {
                    let flow = flow.clone();
                    start.page = self.name(node, &what, Mentioned::Page { flow });
                }
                "playbook" => start.playbook = self.name(node, &what, Mentioned::Playbook),
                "agent" => start.agent = self.name(node, &what, Mentioned::Agent),
                "parameters" => start.parameters = self.parameters(node, &what).unwrap_or_default(),
                "history" => start.history = self.history(node),
                _ => {}
            }
        }
        start
    }

    fn check_places(&mut self, map: &Map) {
        let Some(playbook) = map.entry("playbook") else {
            return;
        };
        if map.get("flow").is_some() || map.get("page").is_some() {
            let message = "a conversation starts in a playbook or on a page of a flow, not both";
            self.reader
                .error("two-of-one", message, playbook.key.span.clone());
        }
    }

    /// `- user: hi`, `- Root agent: Hello!`
    pub(super) fn history(&mut self, node: &Node) -> Vec<HistoryMessage> {
        let items = self.reader.list(node, "`history`").unwrap_or_default();
        items.iter().filter_map(|item| self.said(item)).collect()
    }

    fn said(&mut self, node: &Node) -> Option<HistoryMessage> {
        let Some([entry]) = node.as_map().map(|map| map.entries.as_slice()) else {
            self.reader
                .wrong_type(node, "a message of `history`", "who said it and what");
            self.last_help("for example `- user: hi` or `- Root agent: Hello!`".to_owned());
            return None;
        };
        let text = self.filled_text(&entry.value, &ticked(&entry.key.name), Wording::Free)?;
        if entry.key.name != HistoryMessage::USER {
            self.mention(Mentioned::Agent, &entry.key.name, &entry.key.span);
        }
        Some(HistoryMessage::text(entry.key.name.clone(), text))
    }
}
