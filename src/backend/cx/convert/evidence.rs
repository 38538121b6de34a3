//! How an answer came about: what it cites, what the user's words sound like, the steps of its trace.
//!
//! Of the signals of data stores only the cited snippets are read; rewritten queries, grounding and safety are there for
//! `raw` (`$.queryResult.dataStoreConnectionSignals`).

use crate::model::resource::last_id;
use crate::model::transcript::{Citation, Observed, Sentiment, Span};
use crate::model::{Map, Value};
use crate::proto::cx_v3beta1 as cx;
use crate::proto::cx_v3beta1::action::Action as Done;
use crate::proto::cx_v3beta1::trace_block::TraceMetadata;
use crate::proto::json::{struct_to_json, widen};
use crate::proto::time::seconds_between;

use super::name_or_id;

/// What the results cite. `asked` says whether the turn asked for the signals of data stores, which tell.
pub(super) fn citations(results: &[(cx::QueryResult, bool)], asked: bool) -> Observed<Vec<Citation>> {
    let mut found: Vec<Citation> = Vec::new();
    let mut is_told = asked;
    let signals = results.iter().flat_map(|(result, _)| {
        let of_tools = actions(result).filter_map(|(action, _)| of_tool(action));
        result.data_store_connection_signals.iter().chain(of_tools)
    });
    for signals in signals {
        is_told = true;
        for snippet in signals
            .cited_snippets
            .iter()
            .filter_map(|cited| cited.search_snippet.as_ref())
        {
            let citation = Citation {
                uri: snippet.document_uri.clone(),
                title: snippet.document_title.clone(),
                text: snippet.text.clone(),
                requires_attribution: None,
            };
            // The result and the trace tell of the same answer.
            if !found.contains(&citation) {
                found.push(citation);
            }
        }
    }
    if is_told {
        Observed::Seen(found)
    } else {
        Observed::Unseen("the turn does not ask for it: `with: { data_store_signals: true }`".into())
    }
}

fn of_tool(action: &cx::Action) -> Option<&cx::DataStoreConnectionSignals> {
    match &action.action {
        Some(Done::ToolUse(used)) => match used.tool_trace.as_ref()? {
            cx::tool_use::ToolTrace::DataStoreToolTrace(trace) => {
                trace.data_store_connection_signals.as_ref()
            }
            cx::tool_use::ToolTrace::WebhookToolTrace(_) => None,
        },
        _ => None,
    }
}

/// What the user's words sound like.
pub(super) fn sentiment(result: &cx::QueryResult) -> Observed<Sentiment> {
    match &result.sentiment_analysis_result {
        Some(found) => Observed::Seen(Sentiment {
            score: widen(found.score),
            magnitude: widen(found.magnitude),
        }),
        None => Observed::Unseen(
            "the service did not analyse it; `with: { sentiment: true }` asks for that".into(),
        ),
    }
}

/// The steps of the trace: each block, and the actions in it.
pub(super) fn spans(results: &[(cx::QueryResult, bool)]) -> Observed<Vec<Span>> {
    let mut spans = Vec::new();
    let mut is_told = false;
    for (result, _) in results {
        is_told |= !result.trace_blocks.is_empty() || result.generative_info.is_some();
        for block in &result.trace_blocks {
            let span = of_block(block);
            let (agent, within) = (span.as_ref().and_then(|span| span.agent.clone()), span.as_ref());
            let within: Vec<String> = within.map(|span| span.kind.clone()).into_iter().collect();
            spans.extend(span);
            let actions = block.actions.iter();
            spans.extend(actions.filter_map(|action| of_action(action, agent.as_deref(), &within)));
        }
        if result.trace_blocks.is_empty() {
            spans.extend(actions(result).filter_map(|(action, _)| of_action(action, None, &[])));
        }
    }
    spans.truncate(Span::MOST);
    if is_told {
        Observed::Seen(spans)
    } else {
        Observed::Unseen("the reply has no trace".into())
    }
}

/// The actions of a result's trace, each with the block that it stands in.
fn actions(result: &cx::QueryResult) -> impl Iterator<Item = (&cx::Action, Option<&cx::TraceBlock>)> {
    let of_blocks = result
        .trace_blocks
        .iter()
        .flat_map(|block| block.actions.iter().map(move |action| (action, Some(block))));
    let info = result
        .generative_info
        .as_ref()
        .filter(|_| result.trace_blocks.is_empty())
        .and_then(|info| info.action_tracing_info.as_ref());
    let of_info = info.into_iter().flat_map(|example| &example.actions);
    of_blocks.chain(of_info.map(|action| (action, None)))
}

fn of_block(block: &cx::TraceBlock) -> Option<Span> {
    let (kind, name, is_agent) = match block.trace_metadata.as_ref()? {
        TraceMetadata::PlaybookTraceMetadata(owner) => {
            ("playbook", name_or_id(&owner.display_name, &owner.playbook), true)
        }
        TraceMetadata::FlowTraceMetadata(owner) => {
            ("flow", name_or_id(&owner.display_name, &owner.flow), true)
        }
        TraceMetadata::SpeechProcessingMetadata(owner) => ("speech", owner.display_name.clone(), false),
    };
    let mut attributes = Map::new();
    let mut put = |name: &str, value: Value| attributes.insert(name.to_owned(), value);
    if let Some(parameters) = &block.input_parameters {
        put("input_parameters", Value::Object(struct_to_json(parameters)));
    }
    if let Some(parameters) = &block.output_parameters {
        put("output_parameters", Value::Object(struct_to_json(parameters)));
    }
    if block.end_state != 0 {
        put("end_state", Value::from(block.end_state().as_str_name()));
    }
    Some(Span {
        kind: kind.to_owned(),
        agent: is_agent.then(|| name.clone()),
        name,
        within: Vec::new(),
        duration: seconds_between(block.start_time.as_ref(), block.complete_time.as_ref()),
        attributes,
    })
}

fn of_action(action: &cx::Action, agent: Option<&str>, within: &[String]) -> Option<Span> {
    let mut attributes = Map::new();
    let mut put = |name: &str, value: Value| attributes.insert(name.to_owned(), value);
    let (kind, name) = match action.action.as_ref()? {
        Done::UserUtterance(said) => {
            put("text", Value::from(said.text.as_str()));
            ("user_utterance", String::new())
        }
        Done::AgentUtterance(said) => {
            put("text", Value::from(said.text.as_str()));
            ("agent_utterance", String::new())
        }
        Done::ToolUse(used) => {
            if !used.action.is_empty() {
                put("action", Value::from(used.action.as_str()));
            }
            if let Some(args) = &used.input_action_parameters {
                put("args", Value::Object(struct_to_json(args)));
            }
            if let Some(response) = &used.output_action_parameters {
                put("response", Value::Object(struct_to_json(response)));
            }
            ("tool", name_or_id(&used.display_name, &used.tool))
        }
        Done::PlaybookInvocation(called) => {
            put("state", Value::from(called.playbook_state().as_str_name()));
            let name = name_or_id(&called.display_name, &called.playbook);
            ("playbook_invocation", name)
        }
        Done::FlowInvocation(called) => {
            put("state", Value::from(called.flow_state().as_str_name()));
            ("flow_invocation", name_or_id(&called.display_name, &called.flow))
        }
        Done::PlaybookTransition(to) => ("playbook_transition", name_or_id(&to.display_name, &to.playbook)),
        Done::FlowTransition(to) => ("flow_transition", name_or_id(&to.display_name, &to.flow)),
        Done::Event(event) => ("event", event.event.clone()),
        Done::LlmCall(call) => {
            if let Some(count) = &call.token_count {
                put("input_tokens", Value::from(count.total_input_token_count));
                put("output_tokens", Value::from(count.total_output_token_count));
            }
            ("llm", call.model.clone())
        }
        Done::IntentMatch(found) => {
            let intents = found.matched_intents.iter().map(|intent| {
                let name = name_or_id(&intent.display_name, &intent.intent_id);
                serde_json::json!({ "intent": name, "score": widen(intent.score) })
            });
            put("intents", intents.collect());
            ("intent_match", String::new())
        }
        Done::FlowStateUpdate(update) => {
            if let Some(page) = &update.page_state {
                put("page", Value::from(name_or_id(&page.display_name, &page.page)));
            }
            if let Some(parameters) = &update.updated_parameters {
                put("parameters", Value::Object(struct_to_json(parameters)));
            }
            if !update.destination.is_empty() {
                put("destination", Value::from(update.destination.as_str()));
            }
            if let Some(function) = &update.function_call {
                put("function", Value::from(last_id(&function.name)));
            }
            ("flow_state_update", update.event_type.clone())
        }
        Done::Tts(_) => ("tts", String::new()),
        Done::Stt(_) => ("stt", String::new()),
    };
    if let Some(failed) = action
        .status
        .as_ref()
        .and_then(|status| status.exception.as_ref())
    {
        put("error", Value::from(failed.error_message.as_str()));
    }
    let name = [name, action.display_name.clone(), kind.to_owned()]
        .into_iter()
        .find(|name| !name.is_empty());
    Some(Span {
        kind: kind.to_owned(),
        name: name.unwrap_or_default(),
        agent: agent.map(str::to_owned),
        within: within.to_vec(),
        duration: seconds_between(action.start_time.as_ref(), action.complete_time.as_ref()),
        attributes,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::proto::json::json_to_struct;

    fn signals(uris: &[&str]) -> cx::DataStoreConnectionSignals {
        let cited = |uri: &&str| cx::data_store_connection_signals::CitedSnippet {
            search_snippet: Some(cx::data_store_connection_signals::SearchSnippet {
                document_title: "Opening hours".to_owned(),
                document_uri: (*uri).to_owned(),
                text: "We open at nine.".to_owned(),
                ..Default::default()
            }),
            snippet_index: 0,
        };
        cx::DataStoreConnectionSignals {
            cited_snippets: uris.iter().map(cited).collect(),
            ..Default::default()
        }
    }

    fn done(action: Done) -> cx::Action {
        cx::Action {
            action: Some(action),
            ..Default::default()
        }
    }

    fn asked_store(signals: cx::DataStoreConnectionSignals) -> cx::Action {
        let trace = cx::tool_use::DataStoreToolTrace {
            data_store_connection_signals: Some(signals),
        };
        done(Done::ToolUse(cx::ToolUse {
            tool: "a/tools/hours".to_owned(),
            tool_trace: Some(cx::tool_use::ToolTrace::DataStoreToolTrace(trace)),
            ..Default::default()
        }))
    }

    #[test]
    fn sources_come_from_the_result_and_from_tools_each_once() {
        let result = cx::QueryResult {
            data_store_connection_signals: Some(signals(&["https://a", "https://b"])),
            trace_blocks: vec![cx::TraceBlock {
                actions: vec![asked_store(signals(&["https://b", "https://c"]))],
                ..Default::default()
            }],
            ..Default::default()
        };
        let cited = citations(&[(result, false)], false);
        let uris: Vec<&str> = cited
            .seen()
            .unwrap()
            .iter()
            .map(|cited| cited.uri.as_str())
            .collect();
        assert_eq!(uris, ["https://a", "https://b", "https://c"]);
        let shown = serde_json::to_value(&cited.seen().unwrap()[0]).unwrap();
        assert_eq!(
            shown,
            json!({"uri": "https://a", "title": "Opening hours", "text": "We open at nine."})
        );
    }

    #[test]
    fn without_having_asked_nobody_knows_what_was_cited() {
        let silent = [(cx::QueryResult::default(), false)];
        assert_eq!(citations(&silent, true), Observed::Seen(Vec::new()));
        let Observed::Unseen(why) = citations(&silent, false) else {
            panic!("it was not asked for")
        };
        assert!(why.contains("data_store_signals"), "{why}");
        assert!(sentiment(&silent[0].0).seen().is_none());
        assert!(spans(&silent).seen().is_none());
    }

    #[test]
    fn the_trace_is_told_step_by_step() {
        let at = |seconds, nanos| Some(prost_types::Timestamp { seconds, nanos });
        let tool = cx::ToolUse {
            tool: "a/tools/t1".to_owned(),
            display_name: "orders".to_owned(),
            action: "find".to_owned(),
            input_action_parameters: json_to_struct(json!({"id": "A1"}).as_object().unwrap()).ok(),
            ..Default::default()
        };
        let call = cx::LlmCall {
            model: "some-model".to_owned(),
            token_count: Some(cx::llm_call::TokenCount {
                total_input_token_count: 700,
                total_output_token_count: 30,
                ..Default::default()
            }),
            ..Default::default()
        };
        let owner = cx::PlaybookTraceMetadata {
            playbook: "a/playbooks/p1".to_owned(),
            display_name: "Concierge".to_owned(),
        };
        let result = cx::QueryResult {
            trace_blocks: vec![cx::TraceBlock {
                trace_metadata: Some(TraceMetadata::PlaybookTraceMetadata(owner)),
                actions: vec![
                    done(Done::Stt(cx::action::Stt {})),
                    cx::Action {
                        start_time: at(10, 0),
                        complete_time: at(11, 500_000_000),
                        ..done(Done::LlmCall(call))
                    },
                    done(Done::ToolUse(tool)),
                    cx::Action::default(),
                ],
                start_time: at(9, 0),
                complete_time: at(12, 0),
                end_state: cx::OutputState::Ok.into(),
                ..Default::default()
            }],
            ..Default::default()
        };
        let told = spans(&[(result, false)]);
        let told = serde_json::to_value(told.seen().unwrap()).unwrap();
        let inner = |kind: &str, name: &str, duration: Option<f64>, attributes: Value| {
            let mut span = json!({"kind": kind, "name": name, "agent": "Concierge", "within": ["playbook"]});
            if let Some(duration) = duration {
                span["duration"] = json!(duration);
            }
            span["attributes"] = attributes;
            span
        };
        assert_eq!(
            told,
            json!([
                {"kind": "playbook", "name": "Concierge", "agent": "Concierge", "within": [], "duration": 3.0,
                 "attributes": {"end_state": "OUTPUT_STATE_OK"}},
                inner("stt", "stt", None, json!({})),
                inner("llm", "some-model", Some(1.5), json!({"input_tokens": 700, "output_tokens": 30})),
                inner("tool", "orders", None, json!({"action": "find", "args": {"id": "A1"}})),
            ])
        );
    }

    #[test]
    fn sentiment_is_what_the_service_says() {
        let result = cx::QueryResult {
            sentiment_analysis_result: Some(cx::SentimentAnalysisResult {
                score: -0.8,
                magnitude: 1.2,
            }),
            ..Default::default()
        };
        let Observed::Seen(found) = sentiment(&result) else {
            panic!("it was analysed")
        };
        assert!((found.score + 0.8).abs() < 1e-9 && (found.magnitude - 1.2).abs() < 1e-9);
    }
}
