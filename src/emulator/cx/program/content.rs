//! Fulfillments, conditions and webhooks of an export → their compiled forms.

use std::collections::HashMap;
use std::sync::Arc;

use super::{
    Case, CaseContent, Content, Fulfillment, GeneratorOutput, GeneratorSite, Message, Preset, PresetTarget,
    Scoped, Test, WebhookCallSite, WebhookPart,
};
use crate::diagnostic::Diagnostic;
use crate::emulator::cx::bounds::excerpt;
use crate::emulator::cx::condition::Condition;
use crate::emulator::cx::cursor::{DEEPEST, SyntaxError};
use crate::emulator::cx::template::{Template, ValueTemplate};
use crate::export::agent;
use crate::model::Value;

/// Compiles what is said, and collects what cannot be read.
pub(super) struct ContentCompiler<'a> {
    /// Where the problems are, for people.
    place: String,
    webhooks: HashMap<String, Arc<WebhookPart>>,
    agent: &'a agent::Agent,
    problems: Vec<Diagnostic>,
}

impl<'a> ContentCompiler<'a> {
    pub(super) fn new(
        place: String,
        webhooks: HashMap<String, Arc<WebhookPart>>,
        agent: &'a agent::Agent,
    ) -> Self {
        Self {
            place,
            webhooks,
            agent,
            problems: Vec::new(),
        }
    }

    /// Says where what comes next stands.
    pub(super) fn at(&mut self, place: String) {
        self.place = place;
    }

    pub(super) fn into_problems(self) -> Vec<Diagnostic> {
        self.problems
    }

    /// A condition; an empty one is none.
    pub(super) fn test(&mut self, source: &str) -> Option<Test> {
        if source.trim().is_empty() {
            return None;
        }
        let parsed = Condition::parse(source);
        if let Err(error) = &parsed {
            self.problems.push(Diagnostic::warning(
                "invalid-condition",
                format!("{}: the condition `{source}` never holds: {error}", self.place),
            ));
        }
        Some(Test {
            source: source.to_owned(),
            parsed: parsed.ok(),
        })
    }

    pub(super) fn fulfillment(&mut self, fulfillment: &agent::Fulfillment) -> Fulfillment {
        let presets = fulfillment
            .set_parameter_actions
            .iter()
            .map(|action| Preset {
                parameter: preset_target(&action.parameter),
                value: self.value(&action.value),
            })
            .collect();
        let messages = fulfillment
            .messages
            .iter()
            .filter_map(|message| self.message(message))
            .collect();
        let cases = fulfillment
            .conditional_cases
            .iter()
            .map(|cases| self.cases(cases, 0))
            .collect();
        let webhook = (!fulfillment.webhook.is_empty()).then(|| WebhookCallSite {
            name: fulfillment.webhook.clone(),
            tag: fulfillment.tag.clone(),
            webhook: self.webhooks.get(&fulfillment.webhook).cloned(),
        });
        Fulfillment {
            presets,
            messages,
            cases,
            webhook,
            partial: fulfillment.return_partial_responses,
            generators: fulfillment
                .generators
                .iter()
                .map(|generator| self.generator(generator))
                .collect(),
            asks_model: fulfillment.enable_generative_fallback,
        }
    }

    /// A generator's call; exports name it by its resource name, or by its display name.
    fn generator(&mut self, generator: &agent::GeneratorUse) -> GeneratorSite {
        let output = generator.output_parameter.trim();
        let inputs = generator.input_parameters.as_array();
        GeneratorSite {
            name: self.agent.generator_name(&generator.generator).to_owned(),
            inputs: inputs
                .into_iter()
                .flatten()
                .filter_map(|input| {
                    let name = input.get("key")?.as_str()?.to_owned();
                    Some((name, self.value(input.get("value")?)))
                })
                .collect(),
            output: match output.strip_prefix("$request.generative.") {
                Some(name) => GeneratorOutput::Request(name.to_owned()),
                None => GeneratorOutput::Parameter(Scoped::parse(output)),
            },
        }
    }

    fn cases(&mut self, cases: &agent::ConditionalCases, depth: usize) -> Vec<Case> {
        cases
            .cases
            .iter()
            .map(|case| Case {
                condition: self.test(&case.condition),
                content: case
                    .case_content
                    .iter()
                    .flat_map(|content| self.case_content(content, depth))
                    .collect(),
            })
            .collect()
    }

    fn case_content(&mut self, content: &agent::CaseContent, depth: usize) -> Vec<CaseContent> {
        let message = content
            .message
            .as_ref()
            .and_then(|message| self.message(message))
            .map(CaseContent::Message);
        let nested = content
            .additional_cases
            .as_ref()
            // The JSON reader bounds nesting already; this keeps the bound independent of it.
            .filter(|_| depth < DEEPEST)
            .map(|cases| CaseContent::Cases(self.cases(cases, depth + 1)));
        message.into_iter().chain(nested).collect()
    }

    /// A message; an empty one is none.
    fn message(&mut self, message: &agent::Message) -> Option<Message> {
        let content = if let Some(text) = &message.text {
            if text.text.is_empty() {
                return None;
            }
            Content::Text {
                variants: text.text.iter().map(|variant| self.template(variant)).collect(),
                allow_playback_interruption: text.allow_playback_interruption,
            }
        } else if let Some(payload) = &message.payload {
            Content::Payload(self.value(payload))
        } else if let Some(value) = &message.output_audio_text {
            Content::OutputAudioText(self.value(value))
        } else if let Some(value) = &message.live_agent_handoff {
            Content::LiveAgentHandoff(self.value(value))
        } else if let Some(value) = &message.conversation_success {
            Content::ConversationSuccess(self.value(value))
        } else if let Some(value) = &message.play_audio {
            Content::PlayAudio(self.value(value))
        } else if let Some(value) = &message.telephony_transfer_call {
            Content::TelephonyTransferCall(self.value(value))
        } else if message.knowledge_info_card.is_some() {
            Content::KnowledgeInfoCard
        } else {
            return None;
        };
        Some(Message {
            language: message.language_code.to_ascii_lowercase(),
            channel: message.channel.clone(),
            content,
        })
    }

    fn template(&mut self, text: &str) -> Template {
        let template = Template::parse(text);
        self.report(template.problems(), text);
        template
    }

    fn value(&mut self, value: &Value) -> ValueTemplate {
        let template = ValueTemplate::parse(value);
        let problems: Vec<SyntaxError> = template.problems().into_iter().cloned().collect();
        self.report(&problems, &value.to_string());
        template
    }

    /// Tells of the first few calls of a text that cannot be read.
    fn report(&mut self, problems: &[SyntaxError], text: &str) {
        const MOST: usize = 5;
        let text = excerpt(text, 200);
        for problem in problems.iter().take(MOST) {
            self.problems.push(Diagnostic::warning(
                "invalid-function-call",
                format!("{}: a call in `{text}` cannot be read: {problem}", self.place),
            ));
        }
    }
}

fn preset_target(parameter: &str) -> PresetTarget {
    if parameter.trim().starts_with("$sys.func.") {
        return PresetTarget::Member(Template::parse(parameter.trim()));
    }
    PresetTarget::Parameter(Scoped::parse(parameter))
}
