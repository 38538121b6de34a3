//! Running a fulfillment: conditions of its branches, presets, generators, messages, webhook, in this order
//! (cx-runtime 5.1).

use super::super::bounds::{DEEPEST_VALUE, LARGEST_REPLY, can_be_stored};
use super::super::functions::split_key;
use super::super::messages::{ResponseKind, Said, SaidContent, chosen};
use super::super::program::{Case, CaseContent, Content, Fulfillment, Message, Preset, PresetTarget, Scoped};
use super::super::reference::{Reference, Scope, Step};
use super::super::template::{Template, ValueTemplate};
use super::{Next, Owner, Turn};
use crate::model::{Map, Value};

impl Turn<'_> {
    pub(super) fn fulfill(&mut self, fulfillment: &Fulfillment, kind: ResponseKind, owner: Owner) -> Next {
        // Which branches are taken is decided on what was known before the presets (cx-runtime 5.1).
        let mut branches = Vec::new();
        for cases in &fulfillment.cases {
            self.choose(cases, &mut branches);
        }
        for preset in &fulfillment.presets {
            self.apply(preset);
        }
        for site in &fulfillment.generators {
            self.generate(site);
        }
        if fulfillment.asks_model {
            self.trace
                .note("a language model would speak here; models are not asked".to_owned());
        }
        let messages: Vec<&Message> = fulfillment.messages.iter().collect();
        self.say(&messages, kind);
        self.say(&branches, kind);
        let Some(webhook) = &fulfillment.webhook else {
            return Next::Continue;
        };
        if fulfillment.partial {
            self.flush();
        }
        self.call_webhook(webhook, owner)
    }

    /// The messages of the first branch that holds, with the branches in it.
    fn choose<'c>(&self, cases: &'c [Case], messages: &mut Vec<&'c Message>) {
        let taken = cases.iter().find(|case| self.passes(case.condition.as_ref()));
        for content in taken.iter().flat_map(|case| &case.content) {
            match content {
                CaseContent::Message(message) => messages.push(message),
                CaseContent::Cases(cases) => self.choose(cases, messages),
            }
        }
    }

    /// Presets see what those before them set (cx-runtime 5.2).
    fn apply(&mut self, preset: &Preset) {
        let value = preset.value.resolve(&self.scope());
        if !can_be_stored(&value) {
            self.trace
                .note("a preset's value is too large or nested too deep, and was not stored".to_owned());
            return;
        }
        match &preset.parameter {
            PresetTarget::Parameter(key) => self.set_at(key, value),
            PresetTarget::Member(target) => {
                let member = target.lone_call().and_then(|call| {
                    let (reference, keys) = call.nested_field_target(&self.scope())?;
                    Some((reference.clone(), keys))
                });
                match member {
                    Some((reference, keys)) => self.set_member(&reference, &keys, value),
                    None => self
                        .trace
                        .note("a preset assigns to an expression that is no NESTED_FIELD".to_owned()),
                }
            }
        }
    }

    /// Sets a parameter, or a member of one when the name leads into an object that is there.
    fn set_at(&mut self, key: &Scoped, value: Value) {
        let name = key.name();
        if let Some((outer, rest)) = name.split_once('.') {
            let parameters = match key {
                Scoped::Session(_) => &mut self.session.parameters,
                Scoped::Flow(_) => &mut self.session.flow_parameters,
            };
            if parameters.get(name).is_none()
                && let Some(object @ Value::Object(_)) = parameters.get_mut(outer)
            {
                let keys: Vec<String> = rest
                    .split('.')
                    .take(DEEPEST_VALUE + 1)
                    .map(str::to_owned)
                    .collect();
                let mut changed = object.clone();
                if assign(&mut changed, &keys, value) {
                    *object = changed;
                } else {
                    self.refuse_member();
                }
                return;
            }
        }
        self.set(key, value);
    }

    fn refuse_member(&mut self) {
        self.trace.note(
            "a preset's target leads too deep or makes its parameter too large, and was not set".to_owned(),
        );
    }

    /// Sets a member of a parameter, which becomes an object if it is none.
    fn set_member(&mut self, reference: &Reference, keys: &[String], value: Value) {
        let parameters = match reference.scope {
            Scope::Session => &mut self.session.parameters,
            Scope::Flow => &mut self.session.flow_parameters,
            _ => return,
        };
        let [Step::Name(name), rest @ ..] = &*reference.path else {
            return;
        };
        let mut path: Vec<String> = rest
            .iter()
            .map(|step| match step {
                Step::Name(name) => name.to_string(),
                Step::Index(index) => format!("[{index}]"),
            })
            .collect();
        path.extend_from_slice(keys);
        let mut object = parameters.get(name).cloned().unwrap_or_default();
        if assign(&mut object, &path, value) {
            parameters.set(name, object);
        } else {
            self.refuse_member();
        }
    }

    /// Queues the messages of the turn's language and channel.
    fn say(&mut self, messages: &[&Message], kind: ResponseKind) {
        for message in chosen(messages, self.language, &self.request.channel) {
            if self.said_bytes > LARGEST_REPLY {
                self.trace
                    .note("the turn says more than a reply can hold; the rest was left out".to_owned());
                return;
            }
            if let Some(content) = self.render(&message.content) {
                self.said_bytes += content.size();
                self.queue.push(Said {
                    kind,
                    channel: message.channel.clone(),
                    content,
                });
                self.mark_said();
            }
        }
    }

    /// The step that is open has said something.
    pub(super) fn mark_said(&mut self) {
        let count = self.queue.len();
        if let Some(step) = self.trace.steps.last_mut() {
            step.responses = Some(count);
        }
    }

    fn render(&mut self, content: &Content) -> Option<SaidContent> {
        let object = |turn: &Self, template: &ValueTemplate| match template.render(&turn.scope()) {
            Value::Object(members) => members,
            Value::Null => Map::new(),
            // The service knows only objects here; a payload of another kind cannot be exported.
            other => Map::from_iter([("value".to_owned(), other)]),
        };
        Some(match content {
            Content::Text {
                variants,
                allow_playback_interruption,
            } => SaidContent::Text {
                text: self.variant(variants)?,
                allow_playback_interruption: *allow_playback_interruption,
            },
            Content::Payload(payload) => SaidContent::Payload(object(self, payload)),
            Content::OutputAudioText(value) => SaidContent::OutputAudioText(value.render(&self.scope())),
            Content::LiveAgentHandoff(value) => {
                SaidContent::LiveAgentHandoff(metadata(value.render(&self.scope())))
            }
            Content::ConversationSuccess(value) => {
                SaidContent::ConversationSuccess(metadata(value.render(&self.scope())))
            }
            Content::PlayAudio(value) => SaidContent::PlayAudio(value.render(&self.scope())),
            Content::TelephonyTransferCall(value) => {
                SaidContent::TelephonyTransferCall(value.render(&self.scope()))
            }
            Content::KnowledgeInfoCard => {
                self.trace
                    .note("a data store would answer here; data stores are not asked".to_owned());
                return None;
            }
        })
    }

    /// One of the variants, by chance.
    fn variant(&self, variants: &[Template]) -> Option<String> {
        let variant = variants.get(self.chance.pick(variants.len()))?;
        Some(variant.render(&self.scope()))
    }

    /// Sends ahead what was said so far; only the first few times (cx-runtime 5.1).
    fn flush(&mut self) {
        /// Partial responses of one turn.
        const MOST: usize = 3;
        let said = self.queue.len();
        if said > self.partials.last().copied().unwrap_or_default() && self.partials.len() < MOST {
            self.partials.push(said);
        }
    }
}

/// The metadata of a signal.
fn metadata(value: Value) -> Map {
    match value {
        Value::Object(mut members) => match members.remove("metadata") {
            Some(Value::Object(metadata)) => metadata,
            _ => Map::new(),
        },
        _ => Map::new(),
    }
}

/// Sets what lies at the end of a path within a value; objects on the way are made, list elements must be there.
/// Whether the path is one that a person could mean, and the value can still be stored.
fn assign(value: &mut Value, path: &[String], new: Value) -> bool {
    if path.len() > DEEPEST_VALUE {
        return false;
    }
    place(value, path, new);
    can_be_stored(value)
}

fn place(value: &mut Value, path: &[String], new: Value) {
    let [first, rest @ ..] = path else {
        *value = new;
        return;
    };
    let Ok((name, indexes)) = split_key(first) else {
        return;
    };
    let mut place = value;
    if !name.is_empty() {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Some(members) = place.as_object_mut() else {
            return;
        };
        if new.is_null() && rest.is_empty() && indexes.is_empty() {
            members.remove(name);
            return;
        }
        place = members.entry(name).or_insert(Value::Null);
    }
    for index in indexes {
        let Some(element) = place.get_mut(index) else {
            return;
        };
        place = element;
    }
    self::place(place, rest, new);
}
