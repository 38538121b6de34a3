//! The names of an agent, parameters included: those of forms, intents and presets, and those that texts,
//! conditions and payloads refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::ExportNames;
use crate::export::agent::{
    Agent, CaseContent, ConditionalCases, EntityType, EventHandler, FormParameter, Fulfillment, Message,
    Page, Route,
};
use crate::model::Value;

/// `$session.params.name`, `$session.params."a name"`.
static REFERENCE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"\$session\.params\.(?:"([^"]+)"|([\w-]+(?:\.[\w-]+)*))"#).ok());
/// `@city:destination` in a value of a composite entity type.
static ALIAS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"@[\w.-]+:([\w-]+)").ok());

pub(super) fn names(agent: &Agent) -> ExportNames {
    let mut collector = Collector {
        names: ExportNames {
            intents: agent.intents.keys().cloned().collect(),
            flows: agent
                .flows
                .iter()
                .map(|(name, flow)| (name.clone(), flow.pages.keys().cloned().collect()))
                .collect(),
            playbooks: agent
                .playbooks
                .iter()
                .map(|playbook| playbook.display_name.clone())
                .collect(),
            generators: agent
                .generators
                .iter()
                .map(|generator| generator.display_name.clone())
                .collect(),
            tools: agent
                .tools
                .iter()
                .flat_map(|tool| [&tool.display_name, &tool.name])
                .cloned()
                .collect(),
            entity_types: agent.entity_types.keys().cloned().collect(),
            webhooks: agent.webhooks.keys().cloned().collect(),
            ..ExportNames::default()
        },
        members: agent
            .entity_types
            .iter()
            .map(|(name, kind)| (format!("@{name}"), members(kind)))
            .collect(),
    };
    for intent in agent.intents.values() {
        for parameter in &intent.parameters {
            collector.typed_parameter(&parameter.id, &parameter.entity_type);
        }
    }
    for group in agent.route_groups.values() {
        collector.routes(&group.transition_routes);
    }
    for flow in agent.flows.values() {
        collector.routes(&flow.transition_routes);
        collector.handlers(&flow.event_handlers);
        for group in flow.groups.values() {
            collector.routes(&group.transition_routes);
        }
        flow.pages.values().for_each(|page| collector.page(page));
    }
    collector.names
}

/// What composite values of an entity type have as members.
fn members(kind: &EntityType) -> BTreeSet<String> {
    let Some(alias) = ALIAS.as_ref() else {
        return BTreeSet::new();
    };
    let texts = kind
        .entities
        .values()
        .flatten()
        .flat_map(|entity| std::iter::once(&entity.value).chain(&entity.synonyms));
    texts
        .flat_map(|text| alias.captures_iter(text))
        .filter_map(|found| found.get(1))
        .map(|name| name.as_str().to_lowercase())
        .collect()
}

struct Collector {
    names: ExportNames,
    /// Members by entity type, as forms and intents name it.
    members: BTreeMap<String, BTreeSet<String>>,
}

impl Collector {
    fn parameter(&mut self, name: &str) {
        let bare = name.strip_prefix("$session.params.").unwrap_or(name);
        // Parameters of a flow or request are no session parameters.
        if !bare.starts_with('$') {
            self.names
                .parameters
                .insert(bare.trim_matches('"').to_lowercase());
        }
    }

    fn typed_parameter(&mut self, name: &str, entity_type: &str) {
        self.parameter(name);
        if let Some(members) = self
            .members
            .get(entity_type)
            .filter(|members| !members.is_empty())
        {
            self.names
                .members
                .entry(name.to_lowercase())
                .or_default()
                .extend(members.clone());
        }
    }

    fn references(&mut self, text: &str) {
        let Some(reference) = REFERENCE.as_ref() else {
            return;
        };
        for found in reference.captures_iter(text) {
            if let Some(name) = found.get(1).or_else(|| found.get(2)) {
                // Of a path, both the whole and its first part may be the name.
                let name = name.as_str().to_lowercase();
                if let Some((first, _)) = name.split_once('.') {
                    self.names.parameters.insert(first.to_owned());
                }
                self.names.parameters.insert(name);
            }
        }
    }

    fn references_in(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.references(text),
            Value::Array(items) => items.iter().for_each(|item| self.references_in(item)),
            Value::Object(members) => members.values().for_each(|member| self.references_in(member)),
            _ => {}
        }
    }

    fn page(&mut self, page: &Page) {
        self.fulfillment(&page.entry_fulfillment);
        page.form
            .parameters
            .iter()
            .for_each(|parameter| self.form_parameter(parameter));
        self.routes(&page.transition_routes);
        self.handlers(&page.event_handlers);
    }

    fn form_parameter(&mut self, parameter: &FormParameter) {
        self.typed_parameter(&parameter.display_name, &parameter.entity_type);
        self.fulfillment(&parameter.fill_behavior.initial_prompt_fulfillment);
        self.handlers(&parameter.fill_behavior.reprompt_event_handlers);
    }

    fn routes(&mut self, routes: &[Route]) {
        for route in routes {
            self.references(&route.condition);
            self.fulfillment(&route.trigger_fulfillment);
        }
    }

    fn handlers(&mut self, handlers: &[EventHandler]) {
        for handler in handlers {
            self.fulfillment(&handler.trigger_fulfillment);
        }
    }

    fn fulfillment(&mut self, fulfillment: &Fulfillment) {
        for preset in &fulfillment.set_parameter_actions {
            self.parameter(&preset.parameter);
            self.references_in(&preset.value);
        }
        for message in &fulfillment.messages {
            self.message(message);
        }
        for cases in &fulfillment.conditional_cases {
            self.cases(cases);
        }
    }

    fn cases(&mut self, cases: &ConditionalCases) {
        for case in &cases.cases {
            self.references(&case.condition);
            case.case_content.iter().for_each(|content| self.content(content));
        }
    }

    fn content(&mut self, content: &CaseContent) {
        if let Some(message) = &content.message {
            self.message(message);
        }
        if let Some(cases) = &content.additional_cases {
            self.cases(cases);
        }
    }

    fn message(&mut self, message: &Message) {
        for text in message.text.iter().flat_map(|text| &text.text) {
            self.references(text);
        }
        let values = [
            &message.payload,
            &message.output_audio_text,
            &message.live_agent_handoff,
            &message.conversation_success,
        ];
        values
            .into_iter()
            .flatten()
            .for_each(|value| self.references_in(value));
    }
}
