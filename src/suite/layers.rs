//! Layering as one pure function: what a conversation says, over what it inherits, over what is built in.

use std::sync::Arc;

use crate::model::suite::{Channel, EmulatorOverride, EmulatorStubs, RunMethod, Start, Stubs, With};
use crate::settings::play::PlayPatch;

use super::parse::{Layer, Use};

/// What comes of all layers.
#[derive(Debug, Clone, Default)]
pub(super) struct Settled {
    /// What goes along with every turn; parameters, variables and entry agent have moved to `start`.
    pub(super) with: Arc<With>,
    /// Whether there are templates in that.
    pub(super) has_templates: bool,
    /// Where the conversation starts.
    pub(super) start: Start,
    /// Timeouts, retries and repetitions.
    pub(super) play: PlayPatch,
    /// The role.
    pub(super) target: Option<String>,
    /// The emulator's time.
    pub(super) clock: Option<chrono::DateTime<chrono::FixedOffset>>,
    /// Answers of tools, nearest first.
    pub(super) tools: Vec<Stubs>,
    /// What answers in the place of what an emulated agent asks.
    pub(super) stubs: EmulatorStubs,
    /// Steps before the first turn.
    pub(super) before: Option<Vec<Use>>,
    /// The ways in which the conversation is played.
    pub(super) channels: Option<Vec<Channel>>,
    /// How turns stand to sessions.
    pub(super) run_method: Option<RunMethod>,
}

/// Lays layers over each other, nearest first.
///
/// Parameters and variables of `with` go along with the first turn only: later they would overwrite what the agent
/// has set. So they become parameters of `start`, below those that the same layer gives there. An entry agent, too, is
/// where a session starts.
pub(super) fn settle(layers: impl IntoIterator<Item = Layer>) -> Settled {
    let mut settled = Settled::default();
    let mut with = With::default();
    for mut layer in layers {
        for (name, value) in std::mem::take(&mut layer.with.parameters)
            .into_iter()
            .chain(std::mem::take(&mut layer.with.variables))
        {
            layer.start.parameters.entry(name).or_insert(value);
        }
        let entry_agent = layer.with.entry_agent.take();
        layer.start.agent = layer.start.agent.or(entry_agent);
        with = over(with, &layer.with);
        settled.has_templates |= layer.has_templates;
        settled.start = start_over(settled.start, layer.start);
        settled.play = settled.play.over(layer.play);
        settled.target = settled.target.or(layer.target);
        settled.clock = settled.clock.or(layer.clock);
        settled.tools.extend(layer.tools);
        settled.stubs.extend(layer.stubs);
        settled.before = settled.before.or(layer.before);
        settled.channels = settled.channels.or(layer.channels);
        settled.run_method = settled.run_method.or(layer.run_method);
    }
    Settled {
        with: Arc::new(with),
        ..settled
    }
}

/// What `upper` says, and what `lower` says where it is silent. Mappings are joined by name.
pub(super) fn over(upper: With, lower: &With) -> With {
    let mut with = upper;
    for (name, value) in &lower.parameters {
        with.parameters
            .entry(name.clone())
            .or_insert_with(|| value.clone());
    }
    for (name, value) in &lower.variables {
        with.variables
            .entry(name.clone())
            .or_insert_with(|| value.clone());
    }
    for (name, value) in &lower.webhook_headers {
        if !with
            .webhook_headers
            .iter()
            .any(|(own, _)| own.eq_ignore_ascii_case(name))
        {
            with.webhook_headers.push((name.clone(), value.clone()));
        }
    }
    for kind in &lower.session_entity_types {
        if !with
            .session_entity_types
            .iter()
            .any(|own| own.entity_type == kind.entity_type)
        {
            with.session_entity_types.push(kind.clone());
        }
    }
    if with.flow_versions.is_empty() {
        with.flow_versions.clone_from(&lower.flow_versions);
    }
    with.language = with.language.or_else(|| lower.language.clone());
    with.time_zone = with.time_zone.or_else(|| lower.time_zone.clone());
    with.payload = with.payload.or_else(|| lower.payload.clone());
    with.disable_webhook = with.disable_webhook.or(lower.disable_webhook);
    with.channel = with.channel.or_else(|| lower.channel.clone());
    with.sentiment = with.sentiment.or(lower.sentiment);
    with.data_store_signals = with.data_store_signals.or(lower.data_store_signals);
    with.session_ttl = with.session_ttl.or(lower.session_ttl);
    with.deployment = with.deployment.or_else(|| lower.deployment.clone());
    with.entry_agent = with.entry_agent.or_else(|| lower.entry_agent.clone());
    with.use_tool_fakes = with.use_tool_fakes.or(lower.use_tool_fakes);
    with.text_streaming = with.text_streaming.or(lower.text_streaming);
    with.remote_dialogflow = with.remote_dialogflow.or_else(|| lower.remote_dialogflow.clone());
    with.emulator = EmulatorOverride {
        clock: with.emulator.clock.or(lower.emulator.clock),
        matched: with.emulator.matched.or_else(|| lower.emulator.matched.clone()),
        webhook: with.emulator.webhook.or_else(|| lower.emulator.webhook.clone()),
        sentiment: with.emulator.sentiment.or(lower.emulator.sentiment),
    };
    with
}

/// A place is taken over whole: a page of one layer does not belong to a flow of another.
fn start_over(upper: Start, lower: Start) -> Start {
    let has_place = upper.flow.is_some() || upper.page.is_some() || upper.playbook.is_some();
    let place = if has_place { &upper } else { &lower };
    let (flow, page, playbook) = (place.flow.clone(), place.page.clone(), place.playbook.clone());
    let mut parameters = upper.parameters;
    for (name, value) in lower.parameters {
        parameters.entry(name).or_insert(value);
    }
    Start {
        flow,
        page,
        playbook,
        agent: upper.agent.or(lower.agent),
        parameters,
        history: if upper.history.is_empty() {
            lower.history
        } else {
            upper.history
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::suite::Name;

    fn object(value: serde_json::Value) -> crate::model::Map {
        match value {
            serde_json::Value::Object(members) => members,
            _ => unreachable!(),
        }
    }

    #[test]
    fn nearer_layers_win_and_mappings_join() {
        let near = Layer {
            with: With {
                language: Some("de".into()),
                parameters: object(json!({"tier": "gold"})),
                ..With::default()
            },
            start: Start {
                flow: Some(Name::Display("Booking".into())),
                ..Start::default()
            },
            ..Layer::default()
        };
        let far = Layer {
            with: With {
                entry_agent: Some(Name::Display("Desk".into())),
                language: Some("en".into()),
                time_zone: Some("Europe/Paris".into()),
                ..With::default()
            },
            start: Start {
                page: Some(Name::Display("Menu".into())),
                parameters: object(json!({"tier": "standard", "user": "Ada"})),
                ..Start::default()
            },
            target: Some("flights".into()),
            ..Layer::default()
        };
        let settled = settle([near, far]);
        assert_eq!(settled.with.language.as_deref(), Some("de"));
        assert_eq!(settled.with.time_zone.as_deref(), Some("Europe/Paris"));
        assert!(settled.with.parameters.is_empty());
        assert_eq!(settled.start.page, None);
        assert_eq!(
            settled.start.parameters,
            object(json!({"tier": "gold", "user": "Ada"}))
        );
        assert_eq!(settled.target.as_deref(), Some("flights"));
        // It was sent with every turn, although a session has one beginning.
        assert_eq!(
            (settled.with.entry_agent.as_ref(), settled.start.agent),
            (None, Some(Name::Display("Desk".into())))
        );
    }
}
