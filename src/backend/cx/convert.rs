//! From Dialogflow CX's answers to the model's reply. No protocol buffer type goes further than this.

mod calls;
mod diagnostics;
mod evidence;
mod trace;
mod visited;

use super::speech;
use crate::audio::Format;
use crate::model::resource::last_id;
use crate::model::transcript::{AgentReply, Match, Observed, Spoken, WebhookStatus};
use crate::model::{Map, Value};
use crate::proto::Struct;
use crate::proto::cx_v3beta1 as cx;
use crate::proto::cx_v3beta1::r#match::MatchType;
use crate::proto::cx_v3beta1::response_message::Message as Content;
use crate::proto::json::{struct_to_json, widen};

use diagnostics::Diagnostics;

/// What came back in one turn, in order.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// The answer of `MatchIntent`, if that was asked.
    pub(super) matched: Option<cx::MatchIntentResponse>,
    /// The results, each with whether it is partial: more was to come.
    pub(super) results: Vec<(cx::QueryResult, bool)>,
    /// What was recognised of the user's speech, when they spoke.
    pub(super) heard: Option<String>,
    /// The id of the last response.
    pub(super) response_id: String,
    /// What the agent spoke, or why that is not known.
    pub(super) spoken: Option<Result<Spoken, String>>,
}

impl Answers {
    /// Takes one response; `asked` is what the agent was asked to speak in.
    pub(super) fn take(&mut self, response: cx::DetectIntentResponse, asked: Option<Format>) {
        let partial = response.response_type() == cx::detect_intent_response::ResponseType::Partial;
        let config = response.output_audio_config.as_ref();
        let spoken = speech::spoken(&response.output_audio, config, asked).transpose();
        if let Some(spoken) = spoken {
            self.spoken = Some(spoken);
        }
        self.response_id = response.response_id;
        self.results
            .push((response.query_result.unwrap_or_default(), partial));
    }
}

/// What the turn asked the service to tell.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked {
    /// The answer, spoken.
    pub(super) to_speak: bool,
    /// What data stores found and cited.
    pub(super) data_store_signals: bool,
}

/// The reply, and the tool calls in it that wait for an answer (the same as `pending`, in the same order).
pub(super) fn reply(answers: &Answers, asked: Asked) -> (AgentReply, Vec<cx::ToolCall>) {
    let messages = messages(&answers.results);
    let mut reply = AgentReply {
        candidates: Observed::Unseen("only `via: match` and `via: match_then_fulfill` ask for them".into()),
        ..AgentReply::default()
    };
    if let Some(matched) = &answers.matched {
        take_match_response(&mut reply, matched);
    }
    let diagnostics = answers
        .results
        .last()
        .and_then(|(result, _)| result.diagnostic_info.as_ref())
        .and_then(|diagnostics| Diagnostics::read(diagnostics.object()));
    if let Some((last, _)) = answers.results.last() {
        take_state(&mut reply, last, diagnostics.as_ref());
    }
    take_messages(&mut reply, &messages);
    take_speech(&mut reply, answers, asked.to_speak);
    reply.citations = evidence::citations(&answers.results, asked.data_store_signals);
    reply.spans = evidence::spans(&answers.results);
    let results = answers.results.iter().map(|(result, _)| result);
    let (tool_calls, waiting) = calls::tool_calls(results, &messages);
    reply.pending = waiting.iter().map(calls::waiting).collect();
    reply.tool_calls = tool_calls;
    (reply, waiting)
}

/// What was heard, and what was spoken. The result of a turn repeats what was understood, and has the last word.
fn take_speech(reply: &mut AgentReply, answers: &Answers, asked_to_speak: bool) {
    use cx::query_result::Query;
    let repeated = answers
        .results
        .iter()
        .rev()
        .find_map(|(result, _)| match &result.query {
            Some(Query::Transcript(text)) => Some(text.clone()),
            _ => None,
        });
    reply.transcript = match repeated.or_else(|| answers.heard.clone()) {
        Some(text) => Observed::Seen(text),
        None => Observed::Unseen("the user did not speak in this turn".into()),
    };
    reply.audio = match &answers.spoken {
        Some(Ok(spoken)) => Observed::Seen(Some(spoken.clone())),
        Some(Err(reason)) => Observed::Unseen(reason.clone().into()),
        None if asked_to_speak => Observed::Seen(None),
        None => Observed::Unseen(
            "the target does not ask for speech: its settings have no `audio: { output: … }`".into(),
        ),
    };
}

/// The messages of the turn, each once. A final response is said to hold what the partial ones before it held,
/// but nobody has measured that (cx-sessions-api 6.4): where it does not, the partial ones come first.
fn messages(results: &[(cx::QueryResult, bool)]) -> Vec<&cx::ResponseMessage> {
    let (mut messages, mut partial) = (Vec::new(), Vec::new());
    for (result, is_partial) in results {
        if *is_partial {
            partial.extend(&result.response_messages);
        } else {
            if !starts_with(&result.response_messages, &partial) {
                messages.append(&mut partial);
            }
            partial.clear();
            messages.extend(&result.response_messages);
        }
    }
    messages.append(&mut partial);
    messages
}

fn starts_with(messages: &[cx::ResponseMessage], first: &[&cx::ResponseMessage]) -> bool {
    messages.len() >= first.len()
        && messages
            .iter()
            .zip(first)
            .all(|(message, first)| message == *first)
}

fn take_match_response(reply: &mut AgentReply, response: &cx::MatchIntentResponse) {
    let candidates: Vec<Match> = response.matches.iter().map(matched).collect();
    if let Some(best) = candidates.first() {
        reply.matched = Observed::Seen(best.clone());
    }
    reply.candidates = Observed::Seen(candidates);
    reply.page = page_name(response.current_page.as_ref());
}

/// Everything that says where the session stands after the turn.
fn take_state(reply: &mut AgentReply, result: &cx::QueryResult, diagnostics: Option<&Diagnostics<'_>>) {
    match &result.r#match {
        Some(found) if found.match_type != 0 => reply.matched = Observed::Seen(matched(found)),
        // What MatchIntent said before still holds.
        _ if reply.matched.seen().is_some() => {}
        _ => reply.matched = Observed::Unseen("the service did not say what the input matched".into()),
    }
    reply.page = page_name(result.current_page.as_ref());
    reply.flow = match &result.current_flow {
        Some(flow) => Observed::Seen(name_or_id(&flow.display_name, &flow.name)),
        None => Observed::Unseen("the service did not say in which flow the turn ended".into()),
    };
    reply.playbook = playbook(result);
    let empty = Struct::default();
    reply.parameters = Observed::Seen(struct_to_json(result.parameters.as_ref().unwrap_or(&empty)));
    reply.webhooks = Observed::Seen(webhooks(result));
    reply.visited = visited::visited(result, diagnostics, reply.page.seen());
    reply.trace = trace::trace(result, diagnostics);
    reply.sentiment = evidence::sentiment(result);
    let notes = diagnostics.into_iter().flat_map(Diagnostics::notes);
    reply.notes = notes.map(str::to_owned).collect();
    if result
        .current_page
        .as_ref()
        .is_some_and(|page| last_id(&page.name) == "END_SESSION")
    {
        reply.ended = Some(Map::new());
    }
}

fn take_messages(reply: &mut AgentReply, messages: &[&cx::ResponseMessage]) {
    let mut spoken = Vec::new();
    for content in messages.iter().filter_map(|message| message.message.as_ref()) {
        match content {
            Content::Text(text) => reply.texts.extend(text.text.iter().cloned()),
            Content::OutputAudioText(speech) => spoken.extend(words(speech)),
            Content::Payload(payload) => reply.payloads.push(Value::Object(struct_to_json(payload))),
            Content::EndInteraction(_) => reply.ended = Some(reply.ended.take().unwrap_or_default()),
            Content::LiveAgentHandoff(handoff) => {
                reply.handoff = Some(handoff.metadata.as_ref().map(struct_to_json).unwrap_or_default());
            }
            _ => {}
        }
    }
    // An agent made for telephones may have spoken text only.
    if reply.texts.is_empty() {
        reply.texts = spoken;
    }
}

fn words(speech: &cx::response_message::OutputAudioText) -> Option<String> {
    use cx::response_message::output_audio_text::Source;
    match speech.source.as_ref()? {
        Source::Text(text) | Source::Ssml(text) => Some(text.clone()),
    }
}

fn matched(found: &cx::Match) -> Match {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let intent = found
        .intent
        .as_ref()
        .map(|intent| name_or_id(&intent.display_name, &intent.name));
    Match {
        kind: kind(found.match_type),
        intent: intent.filter(|name| !name.is_empty()),
        event: text(&found.event),
        confidence: widen(found.confidence),
        parameters: found.parameters.as_ref().map(struct_to_json).unwrap_or_default(),
    }
}

/// The type of a match as suites write it.
fn kind(number: i32) -> String {
    match MatchType::try_from(number) {
        Ok(known) => known.as_str_name().to_ascii_lowercase(),
        Err(_) => format!("unknown_{number}"),
    }
}

fn page_name(page: Option<&cx::Page>) -> Observed<String> {
    match page {
        Some(page) => Observed::Seen(name_or_id(&page.display_name, &page.name)),
        None => Observed::Unseen("the service did not say on which page the turn ended".into()),
    }
}

/// The display name; where the service gives none, the name of a symbolic page, or the id.
fn name_or_id(display_name: &str, name: &str) -> String {
    match (display_name, last_id(name)) {
        ("", id) => page_of_symbol(id).unwrap_or(id).to_owned(),
        (display_name, _) => display_name.to_owned(),
    }
}

/// The names that people see for the pages that every flow has (cx-runtime 16.1).
fn page_of_symbol(id: &str) -> Option<&'static str> {
    match id {
        "START_PAGE" => Some("Start Page"),
        "END_SESSION" => Some("End Session"),
        _ => None,
    }
}

/// The playbook that spoke last: the owner of the last block of the trace.
fn playbook(result: &cx::QueryResult) -> Observed<String> {
    use cx::trace_block::TraceMetadata;
    let mut owners = result
        .trace_blocks
        .iter()
        .rev()
        .filter_map(|block| block.trace_metadata.as_ref());
    let last = owners.find(|owner| !matches!(owner, TraceMetadata::SpeechProcessingMetadata(_)));
    let active = result
        .generative_info
        .as_ref()
        .and_then(|info| info.current_playbooks.last());
    match (last, active) {
        (Some(TraceMetadata::PlaybookTraceMetadata(owner)), _) => {
            Observed::Seen(name_or_id(&owner.display_name, &owner.playbook))
        }
        // A flow spoke last: that is known, so an expected playbook is missed rather than unobservable.
        (Some(_), _) => Observed::Seen(String::new()),
        (None, Some(name)) => Observed::Seen(last_id(name).to_owned()),
        (None, None) => Observed::Unseen("the reply has no trace of playbooks".into()),
    }
}

fn webhooks(result: &cx::QueryResult) -> Vec<WebhookStatus> {
    let statuses = result.webhook_statuses.iter().enumerate();
    let named = statuses.map(|(position, status)| WebhookStatus {
        name: result
            .webhook_display_names
            .get(position)
            .filter(|name| !name.is_empty())
            .cloned(),
        code: status.code,
        message: status.message.clone(),
    });
    named.collect()
}

#[cfg(test)]
mod tests;
