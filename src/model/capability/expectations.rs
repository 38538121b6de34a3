//! What is expected of a reply, and where each service shows it.

use super::{Group, Key, Shape, Subject, Whole};

const NEEDS_DIAGNOSTICS: &str = "when the service sends no diagnostics";
const NO_TRACE: &str = "after `via: match`, which runs nothing";

pub(super) const EXPECTATIONS: &[Key] = &[
    Key::own("reply", Shape::Matcher(Subject::Text), "{ contains: When would you like to leave }", "All texts of the reply, joined by newlines")
        .on(Some("`responseMessages[].text`"), Some("`outputs[].text`")),
    Key::own("replies", Shape::Matcher(Subject::Texts), "[Good morning., { starts_with: What can I }]", "The texts of the reply, one by one")
        .on(Some("`responseMessages[].text`"), Some("`outputs[].text`")),
    Key::own("intent", Shape::Matcher(Subject::Text), "book.flight", "Display name of the matched intent")
        .on(Some("`match.intent`"), None),
    Key::own("confidence", Shape::Matcher(Subject::Number), "{ gte: 0.6 }", "Confidence of the match, 0 to 1")
        .on(Some("`match.confidence`"), None),
    Key::own("match", Shape::Matcher(Subject::Text), "parameter_filling", "How the input was matched: `intent`, `direct_intent`, `parameter_filling`, `no_match`, `no_input`, `event`, `playbook`, `knowledge_connector`")
        .on(Some("`match.matchType`"), None),
    Key::own("page", Shape::Matcher(Subject::Text), "Collect date", "Display name of the page on which the turn ended")
        .on(Some("`currentPage`"), None),
    Key::own("flow", Shape::Matcher(Subject::Text), "Booking", "Display name of the flow in which the turn ended")
        .on(Some("`currentFlow`"), None)
        .unobservable(NO_TRACE),
    Key::own("agent", Shape::Matcher(Subject::Text), "Billing agent", "Display name of the agent that spoke last")
        .on(None, Some("`diagnosticInfo.messages[].role`"))
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("playbook", Shape::Matcher(Subject::Text), "Concierge", "Display name of the playbook that spoke last")
        .on(Some("`traceBlocks[].playbookTraceMetadata`"), None)
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("visited", Shape::List(&Shape::OneOf(&[Shape::Choice(&[".."]), Shape::Matcher(Subject::Text)])), "[Collect date, .., Confirm]", "Pages and flows (CX) or agents (CES) that were passed, in this order; `..` stands for any in between")
        .on(Some("`diagnosticInfo`: Transition Targets Chain, Execution Sequence"), Some("`diagnosticInfo.messages[]`: roles and transfers"))
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("parameters", Shape::SomeMatchers, "{ destination: Paris, return_date: { absent: true } }", "These session parameters (CX, upper or lower case alike) or variables (CES); others are ignored")
        .on(Some("`queryResult.parameters`"), Some("`diagnosticInfo.messages[]`: default and updated variables"))
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("all_parameters", Shape::Matchers, "{ destination: Paris }", "These session parameters or variables, and no others")
        .on(Some("`queryResult.parameters`"), Some("`diagnosticInfo.messages[]`: default and updated variables"))
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("tool_calls", Shape::OneOf(&[Shape::Group(Group::ToolCalls), Shape::List(&CALL_SHAPE)]), "[{ tool: lookup_order, args: { order_id: A1 } }]", "Tool calls: a list means these, in this order, and no others; `[]` means none")
        .on(Some("`responseMessages[].toolCall`, `traceBlocks[].actions[].toolUse`"), Some("`outputs[].toolCalls`, `diagnosticInfo`"))
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("transfer", Shape::Matcher(Subject::Text), "Billing agent", "Display name of the agent or playbook to which the conversation was handed")
        .on(Some("`traceBlocks[].actions[]`: invocations and transitions"), Some("`diagnosticInfo.messages[].chunks[].agentTransfer`"))
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("ended", Shape::Matcher(Subject::Signal), "true", "Whether the conversation ended, or a matcher over the metadata of its end")
        .on(Some("End Session, `responseMessages[].endInteraction`"), Some("`outputs[].endSession`")),
    Key::own("handoff", Shape::Matcher(Subject::Signal), "{ queue: mechanics }", "Whether a person takes over, or a matcher over the metadata of the hand-off")
        .on(Some("`responseMessages[].liveAgentHandoff`"), Some("`outputs[].endSession.metadata.session_escalated`")),
    Key::own("payload", Shape::Matcher(Subject::Objects), "{ card: { title: Booked } }", "A custom payload of the reply; with several, one of them")
        .on(Some("`responseMessages[].payload`"), Some("`outputs[].payload`")),
    Key::own("candidates", Shape::Matcher(Subject::Objects), "{ has_item: { intent: book.flight } }", "What the agent might have understood, best first, each `{intent, match, confidence, parameters}`; needs `via: match` or `via: match_then_fulfill`")
        .on(Some("`MatchIntentResponse.matches[]`"), None)
        .unobservable("without that `via`"),
    Key::own("webhook", Shape::Matcher(Subject::Objects), "[{ code: 0 }]", "Webhook calls, in order, each `{name, code, message}`; code 0 means that it went well")
        .on(Some("`webhookStatuses[]`"), None)
        .unobservable(NO_TRACE),
    Key::own("citations", Shape::Matcher(Subject::Objects), "{ uri: { starts_with: \"https://help\" } }", "A source that the answer refers to, `{uri, title, text, requires_attribution}`, the last on CES only; with several, one of them")
        .on(Some("`dataStoreConnectionSignals.citedSnippets[]`, also those of tools; the other signals are for `raw`"), Some("`outputs[].citations`"))
        .unobservable("on Dialogflow CX without `with: { data_store_signals: true }`"),
    Key::own("suggestions", Shape::Matcher(Subject::Objects), "{ query: { icontains: brake } }", "A search of the web that goes with the answer, `{query, uri}`; with several, one of them")
        .on(None, Some("`outputs[].googleSearchSuggestions.webSearchQueries[]`; their `htmls` are for `raw`")),
    Key::own("spans", Shape::Matcher(Subject::Objects), "{ kind: llm, duration: { lt: 3 } }", "A step of the service's trace, `{kind, name, agent, within, duration, attributes}`; with several, one of them. `kind` is one word (`turn`, `llm`, `tool`, `callback`, `guardrail`, `playbook`, …), `within` lists the kinds around it, `duration` is in seconds, and `attributes` has the service's own names; run.json does not keep them")
        .on(Some("`traceBlocks[]` and their actions, else `generativeInfo.actionTracingInfo`"), Some("`diagnosticInfo.rootSpan`, flattened"))
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("sentiment", Shape::Matcher(Subject::Any), "{ score: { gte: 0 } }", "What the user's words sound like, `{score, magnitude}`: the score from -1, bad, to 1, good")
        .on(Some("`sentimentAnalysisResult`"), None)
        .unobservable("without `with: { sentiment: true }`, and on an emulator that is not told by `with: { emulator: { sentiment: … } }`"),
    Key::own("transcript", Shape::Matcher(Subject::Text), "{ wer: { to: tomorrow morning, at_most: 0.2 } }", "What was heard of the user's speech")
        .on(Some("`queryResult.transcript`, `recognitionResult`"), Some("`recognitionResult`"))
        .unobservable("when the user does not speak"),
    Key::own("audio", Shape::Group(Group::AudioExpectation), "{ present: true, duration: { lt: 8s } }", "What the agent speaks")
        .on(Some("`outputAudio`"), Some("`outputs[].audio`"))
        .unobservable("when the target does not ask for it with `audio: { output: … }`"),
    Key::own("interrupted", Shape::Boolean, "true", "Whether the user interrupted the agent")
        .on(None, Some("`interruptionSignal`")),
    Key::own("latency", Shape::Matcher(Subject::Duration), "{ lt: 4s }", "Time to the whole answer, from the end of what the user says")
        .on(Some("measured"), Some("measured")),
    Key::own("raw", Shape::OneOf(&[Shape::Group(Group::Raw), Shape::List(&Shape::Group(Group::Raw))]), "{ path: \"$.queryResult.match.matchType\", equals: INTENT }", "A value somewhere in the service's response, taken as JSON")
        .on(Some("the response"), Some("the response")),
    Key::own("on", Shape::Group(Group::On), "{ cx: { page: Confirm }, ces: { agent: Booking agent } }", "Expectations of one service, so that one suite serves both"),
    Key::own("required", Shape::Boolean, "false", "`false`: what the service does not show is passed over instead of making the turn errored; it stands beside expectations and holds for them all, or beside the operators of one"),
];

pub(super) const ON: &[Key] = &[
    Key::own(
        "cx",
        Shape::Group(Group::Expectation),
        "{ page: Confirm }",
        "Applies on Dialogflow CX only",
    ),
    Key::own(
        "ces",
        Shape::Group(Group::Expectation),
        "{ agent: Booking agent }",
        "Applies on CES only",
    ),
];

pub(super) const RAW: &[Key] = &[
    Key::own(
        "path",
        Shape::Text,
        "\"$.queryResult.languageCode\"",
        "A JSONPath (RFC 9535), with operators or members beside it; several values found are a list, none is `absent`",
    )
    .required(),
    Key::own(
        "required",
        Shape::Boolean,
        "false",
        "`false`: passed over where there is no response",
    ),
];

const CALL_SHAPE: Shape = Shape::OneOf(&[Shape::Text, Shape::Group(Group::Call)]);
const CALLS: Shape = Shape::List(&CALL_SHAPE);

pub(super) const TOOL_CALLS: &[Key] = &[
    Key::own("none", Shape::True, "true", "No calls"),
    Key::own(
        "ordered",
        CALLS,
        "[look_up, book]",
        "These calls in this order, others allowed in between",
    ),
    Key::own(
        "any_order",
        CALLS,
        "[look_up, book]",
        "These calls in any order, no others",
    ),
    Key::own(
        "include",
        CALLS,
        "[{ tool: book, times: 1 }]",
        "These calls in any order, others allowed",
    ),
    Key::own("never", CALLS, "[charge_card]", "No such call"),
    Key::own(
        "required",
        Shape::Boolean,
        "false",
        "`false`: passed over where the service shows no tool calls",
    ),
];

pub(super) const CALL: &[Key] = &[
    Key::own(
        "tool",
        Shape::Matcher(Subject::Text),
        "lookup_order",
        "The tool's name: on CES its display name or `toolset/tool`, on CX `tool/action` or the tool alone",
    )
    .required(),
    Key::own(
        "args",
        Shape::Arguments(Whole::Part),
        "{ order_id: A1 }",
        "These arguments, others ignored",
    ),
    Key::own(
        "all_args",
        Shape::Arguments(Whole::All),
        "{ order_id: A1 }",
        "These arguments, and no others",
    ),
    Key::own(
        "times",
        Shape::Matcher(Subject::Number),
        "2",
        "How many such calls there are",
    ),
    Key::own(
        "response",
        Shape::Matcher(Subject::Any),
        "{ status: shipped }",
        "The tool's answer",
    ),
    Key::own(
        "source",
        Shape::Choice(&["client", "agent", "nested"]),
        "client",
        "Who ran it: `client`, turnproof, with answers from `tools`; `agent`, the service; `nested`, a callback or another tool",
    ),
    Key::own(
        "agent",
        Shape::Matcher(Subject::Text),
        "Billing agent",
        "The agent that made the call",
    ),
];
