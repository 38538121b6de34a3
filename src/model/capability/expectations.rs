//! What is expected of a reply, and where each service shows it.

use super::{Group, Key, Shape, Subject};

const NEEDS_DIAGNOSTICS: &str = "diagnostics are switched off";
const NO_TRACE: &str = "after `via: match`, which runs nothing";

pub(super) const EXPECTATIONS: &[Key] = &[
    Key::own("reply", Shape::Matcher(Subject::Text), "{ contains: When would you like to leave }", "All text of the turn, joined by newlines")
        .on(Some("`responseMessages[].text`"), Some("`outputs[].text`")),
    Key::own("replies", Shape::Matcher(Subject::Texts), "[Good morning., { starts_with: What can I }]", "The texts one by one")
        .on(Some("`responseMessages[].text`"), Some("`outputs[].text`")),
    Key::own("intent", Shape::Matcher(Subject::Text), "book.flight", "Display name of the matched intent")
        .on(Some("`match.intent`"), None),
    Key::own("confidence", Shape::Matcher(Subject::Number), "{ gte: 0.6 }", "Confidence of the match, 0 to 1")
        .on(Some("`match.confidence`"), None),
    Key::own("match", Shape::Matcher(Subject::Text), "parameter_filling", "Type of the match: `intent`, `direct_intent`, `parameter_filling`, `no_match`, `no_input`, `event`, `playbook`, `knowledge_connector`")
        .on(Some("`match.matchType`"), None),
    Key::own("page", Shape::Matcher(Subject::Text), "Collect date", "Display name of the page the turn ended on")
        .on(Some("`currentPage`"), None)
        .unobservable(NO_TRACE),
    Key::own("flow", Shape::Matcher(Subject::Text), "Booking", "Display name of the flow the turn ended in")
        .on(Some("`currentFlow`"), None)
        .unobservable(NO_TRACE),
    Key::own("agent", Shape::Matcher(Subject::Text), "Billing agent", "Display name of the agent that spoke last")
        .on(None, Some("`diagnosticInfo.messages[].role`"))
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("playbook", Shape::Matcher(Subject::Text), "Concierge", "Display name of the playbook that spoke last")
        .on(Some("`traceBlocks[].playbookTraceMetadata`"), None)
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("visited", Shape::List(&Shape::OneOf(&[Shape::Choice(&[".."]), Shape::Matcher(Subject::Text)])), "[Collect date, .., Confirm]", "Pages and flows, or agents, passed in this order; `..` stands for anything in between")
        .on(Some("`diagnosticInfo`: Transition Targets Chain, Execution Sequence"), Some("`diagnosticInfo.messages[]`: roles and transfers"))
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("parameters", Shape::Matchers, "{ destination: Paris, return_date: { absent: true } }", "These session parameters (CX, names in any case) or variables (CES); others are ignored")
        .on(Some("`queryResult.parameters`"), Some("`diagnosticInfo.messages[]`: default and updated variables"))
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("all_parameters", Shape::Matchers, "{ destination: Paris }", "Exactly these parameters or variables")
        .on(Some("`queryResult.parameters`"), Some("`diagnosticInfo.messages[]`: default and updated variables"))
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("tool_calls", Shape::OneOf(&[Shape::Group(Group::ToolCalls), Shape::List(&CALL_SHAPE)]), "[{ tool: lookup_order, args: { order_id: A1 } }]", "Tool calls: a list means these, in this order, and nothing else; `[]` means none")
        .on(Some("`responseMessages[].toolCall`, `traceBlocks[].actions[].toolUse`"), Some("`outputs[].toolCalls`, `diagnosticInfo`"))
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("transfer", Shape::Matcher(Subject::Text), "Billing agent", "Display name of the agent or playbook a transfer went to")
        .on(Some("`traceBlocks[].actions[]`: invocations and transitions"), Some("`diagnosticInfo.messages[].chunks[].agentTransfer`"))
        .unobservable(NEEDS_DIAGNOSTICS),
    Key::own("ended", Shape::Matcher(Subject::Signal), "true", "Whether the conversation ended, or a matcher over the metadata of its end")
        .on(Some("End Session, `responseMessages[].endInteraction`"), Some("`outputs[].endSession`")),
    Key::own("handoff", Shape::Matcher(Subject::Signal), "{ queue: mechanics }", "Whether a person takes over, or a matcher over the metadata of the hand-off")
        .on(Some("`responseMessages[].liveAgentHandoff`"), Some("`outputs[].endSession.metadata.session_escalated`")),
    Key::own("payload", Shape::Matcher(Subject::Objects), "{ card: { title: Booked } }", "Any of the turn's custom payloads")
        .on(Some("`responseMessages[].payload`"), Some("`outputs[].payload`")),
    Key::own("candidates", Shape::Matcher(Subject::Objects), "{ has_item: { intent: book.flight } }", "What the agent might have understood, best first, each `{intent, match, confidence, parameters}`; needs `via: match`")
        .on(Some("`MatchIntentResponse.matches[]`"), None)
        .unobservable("the turn is not `via: match` or `match_then_fulfill`"),
    Key::own("webhook", Shape::Matcher(Subject::Objects), "[{ code: 0 }]", "Webhook calls in order, each `{name, code, message}`; code 0 is good")
        .on(Some("`webhookStatuses[]`"), None)
        .unobservable(NO_TRACE),
    Key::own("latency", Shape::Matcher(Subject::Duration), "{ lt: 4s }", "Time to the whole answer")
        .on(Some("measured"), Some("measured")),
    Key::own("raw", Shape::OneOf(&[Shape::Group(Group::Raw), Shape::List(&Shape::Group(Group::Raw))]), "{ path: \"$.queryResult.match.matchType\", equals: INTENT }", "A value of the raw response as proto3 JSON")
        .on(Some("the response"), Some("the response")),
    Key::own("on", Shape::Group(Group::On), "{ cx: { page: Confirm }, ces: { agent: Booking agent } }", "Expectations of one service, so that one suite serves both"),
    Key::own("required", Shape::Boolean, "false", "`false`: what the service does not show is skipped instead of making the turn errored; beside expectations for all of them, beside operators for one"),
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
        "A JSONPath (RFC 9535); several hits are a list, none is absent; operators stand beside it",
    )
    .required(),
    Key::own(
        "required",
        Shape::Boolean,
        "false",
        "`false`: skipped where there is no raw response",
    ),
];

const CALL_SHAPE: Shape = Shape::OneOf(&[Shape::Text, Shape::Group(Group::Call)]);
const CALLS: Shape = Shape::List(&CALL_SHAPE);

pub(super) const TOOL_CALLS: &[Key] = &[
    Key::own("none", Shape::True, "true", "No calls at all"),
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
        "These calls in any order, nothing else",
    ),
    Key::own(
        "include",
        CALLS,
        "[{ tool: book, times: 1 }]",
        "These calls, others allowed, in any order",
    ),
    Key::own("never", CALLS, "[charge_card]", "None of these"),
    Key::own(
        "required",
        Shape::Boolean,
        "false",
        "`false`: skipped where the service shows no tool calls",
    ),
];

pub(super) const CALL: &[Key] = &[
    Key::own(
        "tool",
        Shape::Matcher(Subject::Text),
        "lookup_order",
        "Its name: on CES the display name or `toolset/tool`, on CX `tool/action` or the tool alone",
    )
    .required(),
    Key::own(
        "args",
        Shape::Matchers,
        "{ order_id: A1 }",
        "These arguments, others ignored",
    ),
    Key::own(
        "all_args",
        Shape::Matchers,
        "{ order_id: A1 }",
        "Exactly these arguments",
    ),
    Key::own(
        "times",
        Shape::Matcher(Subject::Number),
        "2",
        "How many such calls",
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
        "Who made the call: turnproof on the service's behalf, the service itself, or a callback or another tool",
    ),
    Key::own(
        "agent",
        Shape::Matcher(Subject::Text),
        "Billing agent",
        "The agent that made the call",
    ),
];
