//! What webhooks did in a recording: session parameters that appear, or change, although nothing in the export can
//! have given them this value. Only a webhook can have.

use std::collections::{HashMap, HashSet};

use super::messages::for_each_fulfillment;
use super::recording::{Input, Turn, plain_name};
use crate::export::agent::Agent;
use crate::model::{Map, Value};

/// Numbers closer than this are one number: the service keeps doubles.
const SAME_NUMBER: f64 = 1e-6;
/// The type whose values are the user's own words.
const ANY_WORDS: &str = "@sys.any";

/// What the export itself can set, by parameter in lower case.
#[derive(Debug, Default)]
pub(super) struct Settable {
    sources: HashMap<String, Sources>,
    /// Whether the agent has webhooks at all.
    has_webhooks: bool,
}

/// Where a parameter's value can come from.
#[derive(Debug, Default)]
struct Sources {
    /// An intent or a form finds it in what the user says, and may write it in another way.
    recognised: bool,
    /// A form takes the user's own words for it.
    own_words: bool,
    /// What presets and defaults set.
    presets: Vec<Value>,
}

impl Settable {
    /// Presets, form parameters and intent parameters of an agent.
    pub(super) fn of(agent: &Agent) -> Self {
        let mut known: HashMap<String, Sources> = HashMap::new();
        let mut sources = |name: &str, add: &dyn Fn(&mut Sources)| {
            add(known.entry(plain_name(name).to_lowercase()).or_default());
        };
        for_each_fulfillment(agent, &mut |fulfillment| {
            for action in &fulfillment.set_parameter_actions {
                sources(&action.parameter, &|of| of.presets.push(action.value.clone()));
            }
        });
        let pages = agent.flows.values().flat_map(|flow| flow.pages.values());
        for parameter in pages.flat_map(|page| &page.form.parameters) {
            let own_words = parameter.entity_type == ANY_WORDS;
            sources(&parameter.display_name, &|of| {
                of.own_words |= own_words;
                of.recognised |= !own_words;
                of.presets.extend(parameter.default_value.clone());
            });
        }
        for parameter in agent.intents.values().flat_map(|intent| &intent.parameters) {
            sources(&parameter.id, &|of| of.recognised = true);
        }
        Self {
            sources: known,
            has_webhooks: !agent.webhooks.is_empty(),
        }
    }

    /// What a webhook must have set in a turn.
    pub(super) fn answer(&self, turn: &Turn, before: &Map) -> Map {
        let is_off = turn
            .user_input
            .as_ref()
            .is_some_and(|user| !user.is_webhook_enabled);
        if is_off || !self.has_webhooks {
            return Map::new();
        }
        let injected: HashSet<String> = turn.injected().keys().map(|name| name.to_lowercase()).collect();
        let said = match turn.input() {
            Input::Say(text) | Input::Dtmf { digits: text, .. } => text.to_lowercase(),
            _ => String::new(),
        };
        let is_from_elsewhere = |name: &str, value: &Value| {
            let name = name.to_lowercase();
            let sources = self.sources.get(&name);
            !injected.contains(&name) && !sources.is_some_and(|sources| sources.explain(value, &said))
        };
        let recorded = turn.parameters().iter();
        recorded
            .filter(|(name, value)| !is_same(before.get(*name).unwrap_or(&Value::Null), value))
            .filter(|(name, value)| is_from_elsewhere(name, value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

impl Sources {
    /// Whether the value can come from here, when this was said.
    fn explain(&self, value: &Value, said: &str) -> bool {
        let in_own_words = || match value {
            Value::String(text) => said.contains(text.trim().to_lowercase().as_str()),
            _ => true,
        };
        self.recognised
            || (self.own_words && in_own_words())
            || self.presets.iter().any(|preset| sets(preset, value))
    }
}

/// Whether a preset can have set a value: it is the value, or is computed.
fn sets(preset: &Value, value: &Value) -> bool {
    match preset {
        Value::String(text) => text.contains('$') || is_same_text(text, value),
        Value::Array(_) | Value::Object(_) => true,
        _ => is_same(preset, value),
    }
}

fn is_same_text(text: &str, value: &Value) -> bool {
    match value {
        Value::String(other) => text == other,
        other => other.to_string().as_str() == text,
    }
}

/// Whether two recorded values are one value.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() < SAME_NUMBER,
            _ => one == other,
        },
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|other| is_same(value, other)))
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sources(recognised: bool, own_words: bool, presets: &[Value]) -> Sources {
        Sources {
            recognised,
            own_words,
            presets: presets.to_vec(),
        }
    }

    #[test]
    fn a_value_that_nothing_explains_is_a_webhooks() {
        for (of, value, said, explained) in [
            (sources(true, false, &[]), json!("BLUE"), "the navy one", true),
            (
                sources(false, true, &[]),
                json!("near the door"),
                "near the door please",
                true,
            ),
            (
                sources(false, true, &[]),
                json!("false"),
                "the current one",
                false,
            ),
            // A route that clears a parameter does not set it.
            (
                sources(false, false, &[Value::Null]),
                json!("ready"),
                "ready",
                false,
            ),
            (sources(false, false, &[json!("ready")]), json!("ready"), "", true),
            (sources(false, false, &[json!("3")]), json!(3), "", true),
            (
                sources(false, false, &[json!("$session.params.x")]),
                json!("ready"),
                "",
                true,
            ),
            (sources(false, false, &[]), json!(1), "1", false),
        ] {
            assert_eq!(of.explain(&value, said), explained, "{value} {said}");
        }
    }
}
