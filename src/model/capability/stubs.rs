//! Stubs of tools, webhooks, generators and playbooks.

use super::{Group, Key, Shape, Subject};

/// The value of `tools` and `answers`.
pub(super) const TOOLS: Shape = Shape::MapOf(&Shape::List(&Shape::Group(Group::ToolRule)));
/// The value of `webhooks`.
pub(super) const WEBHOOKS: Shape = Shape::MapOf(&Shape::List(&Shape::Group(Group::WebhookRule)));

/// The value of `generators`.
pub(super) const GENERATORS: Shape = Shape::MapOf(&Shape::List(&Shape::Group(Group::GeneratorRule)));
/// The value of `playbooks`.
pub(super) const PLAYBOOKS: Shape = Shape::MapOf(&Shape::List(&Shape::Group(Group::PlaybookRule)));

pub(super) const TOOL_RULE: &[Key] = &[
    Key::own(
        "when",
        Shape::Group(Group::ToolWhen),
        "{ args: { order_id: A1 } }",
        "Which calls it answers; all unless set",
    ),
    Key::own(
        "respond",
        Shape::OneOf(&[Shape::Group(Group::ToolRespond), Shape::Map]),
        "{ status: shipped }",
        "The tool's result; or, with the keys below, what comes instead of one",
    )
    .required(),
];

pub(super) const TOOL_WHEN: &[Key] = &[Key::own(
    "args",
    Shape::Matcher(Subject::Any),
    "{ order_id: A1 }",
    "What the arguments are like; others are ignored",
)];

pub(super) const TOOL_RESPOND: &[Key] = &[
    Key::own(
        "error",
        Shape::Text,
        "not found",
        "An error result with this message",
    ),
    Key::own(
        "status",
        Shape::Integer(400, 599),
        "503",
        "An error result that names this HTTP status, 400 to 599; stands alone",
    ),
    DELAY,
    TIMEOUT,
    UNREACHABLE,
];

const DELAY: Key = Key::own(
    "delay",
    Shape::Duration,
    "6s",
    "The answer, written beside it, comes this much later",
);
const TIMEOUT: Key = Key::own(
    "timeout",
    Shape::True,
    "true",
    "No answer comes within the time allowed; stands alone",
);
const UNREACHABLE: Key = Key::own(
    "unreachable",
    Shape::True,
    "true",
    "The other side cannot be reached; stands alone",
);

pub(super) const WEBHOOK_RULE: &[Key] = &[
    Key::own(
        "when",
        Shape::Group(Group::WebhookWhen),
        "{ tag: find, parameters: { order_id: A1 } }",
        "Which calls it answers; all unless set",
    ),
    Key::own(
        "respond",
        Shape::Group(Group::WebhookRespond),
        "{ parameters: { status: shipped } }",
        "The answer, or what comes instead of one",
    )
    .required(),
];

const WHEN_PARAMETERS: Key = Key::own(
    "parameters",
    Shape::Matcher(Subject::Any),
    "{ order_id: A1 }",
    "What session parameters are like; others are ignored, upper or lower case alike",
);
const WHEN_PAGE: Key = Key::own(
    "page",
    Shape::Matcher(Subject::Text),
    "Collect date",
    "Display name of the page that calls",
);
const WHEN_FLOW: Key = Key::own(
    "flow",
    Shape::Matcher(Subject::Text),
    "Booking",
    "Display name of the flow that calls",
);
const WHEN_INTENT: Key = Key::own(
    "intent",
    Shape::Matcher(Subject::Text),
    "book.flight",
    "Display name of the intent that was matched last",
);
const WHEN_TEXT: Key = Key::own(
    "text",
    Shape::Matcher(Subject::Text),
    "{ icontains: paris }",
    "What the user said",
);
const WHEN_EVENT: Key = Key::own(
    "event",
    Shape::Matcher(Subject::Text),
    "welcome",
    "The event that was sent",
);
const WHEN_LANGUAGE: Key = Key::own(
    "language",
    Shape::Matcher(Subject::Text),
    "en",
    "Language of the turn",
);
const WHEN_PAYLOAD: Key = Key::own(
    "payload",
    Shape::Matcher(Subject::Any),
    "{ source: web }",
    "The payload that was sent along with the turn",
);

pub(super) const WEBHOOK_WHEN: &[Key] = &[
    Key::own(
        "tag",
        Shape::Matcher(Subject::Text),
        "find",
        "The tag of the fulfillment that calls",
    ),
    WHEN_PARAMETERS,
    WHEN_PAGE,
    WHEN_FLOW,
    WHEN_INTENT,
    WHEN_TEXT,
    WHEN_EVENT,
    WHEN_LANGUAGE,
    WHEN_PAYLOAD,
    Key::own(
        "body",
        Shape::Matcher(Subject::Any),
        "{ fulfillmentInfo: { tag: find } }",
        "What the whole request is like, in the spelling of the webhook API",
    ),
];

const STATUS: Key = Key::own(
    "status",
    Shape::Integer(100, 599),
    "503",
    "The call fails with this HTTP status; stands alone",
);
const PARAMETERS: Key = Key::own(
    "parameters",
    Shape::Map,
    "{ status: shipped }",
    "Session parameters to set; null deletes one",
);
const MESSAGES: Key = Key::own(
    "messages",
    Shape::List(&Shape::OneOf(&[Shape::AnyText, Shape::Map])),
    "[It is on its way.]",
    "Messages to say: texts, or messages in the spelling of the webhook API",
);
const TARGET_PAGE: Key = Key::own(
    "target_page",
    Shape::Text,
    "Confirm",
    "The page to go on with, by display name",
);
const TARGET_FLOW: Key = Key::own(
    "target_flow",
    Shape::Text,
    "Booking",
    "The flow to go on with, by display name",
);
const PAYLOAD: Key = Key::own(
    "payload",
    Shape::Map,
    "{ card: { title: Shipped } }",
    "The payload of the webhook's answer",
);
const FORM: Key = Key::own(
    "form",
    Shape::MapOf(&Shape::Choice(&["invalid"])),
    "{ date: invalid }",
    "Form parameters whose values are `invalid`, so that the agent asks for them again",
);
const BODY: Key = Key::own(
    "body",
    Shape::Map,
    "{ sessionInfo: { parameters: { status: shipped } } }",
    "The whole answer, in the spelling of the webhook API; stands alone",
);

pub(super) const WEBHOOK_RESPOND: &[Key] = &[
    PARAMETERS,
    MESSAGES,
    TARGET_PAGE,
    TARGET_FLOW,
    PAYLOAD,
    FORM,
    BODY,
    STATUS,
    DELAY,
    TIMEOUT,
    UNREACHABLE,
];

pub(super) const WEBHOOK_ANSWER: &[Key] = &[
    PARAMETERS,
    MESSAGES,
    TARGET_PAGE,
    TARGET_FLOW,
    PAYLOAD,
    FORM,
    BODY,
];

pub(super) const GENERATOR_RULE: &[Key] = &[
    Key::own(
        "when",
        Shape::Group(Group::GeneratorWhen),
        "{ inputs: { item: bike } }",
        "Which calls it answers; all unless set",
    ),
    Key::own(
        "respond",
        Shape::OneOf(&[Shape::AnyText, Shape::Group(Group::GeneratorRespond)]),
        "Your bike is ready.",
        "What the generator writes",
    )
    .required(),
];

pub(super) const GENERATOR_WHEN: &[Key] = &[
    Key::own(
        "inputs",
        Shape::Matcher(Subject::Any),
        "{ item: bike }",
        "What the fulfillment puts in for the placeholders of the generator's prompt; others are ignored",
    ),
    WHEN_PARAMETERS,
    WHEN_PAGE,
    WHEN_FLOW,
    WHEN_INTENT,
    WHEN_TEXT,
    WHEN_EVENT,
    WHEN_LANGUAGE,
    WHEN_PAYLOAD,
];

pub(super) const GENERATOR_RESPOND: &[Key] = &[
    Key::own(
        "text",
        Shape::AnyText,
        "Your bike is ready.",
        "What it writes into its output parameter, as if it stood alone",
    ),
    Key::own(
        "error",
        Shape::Text,
        "the model refused",
        "It writes nothing: its output parameter stays unset, and the diagnostics say why",
    ),
];

pub(super) const PLAYBOOK_RULE: &[Key] = &[
    Key::own(
        "when",
        Shape::Group(Group::PlaybookWhen),
        "{ text: { icontains: price } }",
        "Which turns it answers; all unless set",
    ),
    Key::own(
        "respond",
        Shape::Group(Group::PlaybookRespond),
        "{ messages: [It costs 40 euros.] }",
        "What the playbook does; it goes on with the next turn unless it leads elsewhere",
    )
    .required(),
];

pub(super) const PLAYBOOK_WHEN: &[Key] = &[
    WHEN_PARAMETERS,
    Key::own(
        "page",
        Shape::Matcher(Subject::Text),
        "Collect date",
        "Display name of the page from which the playbook took over",
    ),
    Key::own(
        "flow",
        Shape::Matcher(Subject::Text),
        "Booking",
        "Display name of the flow from which the playbook took over, or which it called and which has ended",
    ),
    WHEN_INTENT,
    WHEN_TEXT,
    WHEN_EVENT,
    WHEN_LANGUAGE,
    WHEN_PAYLOAD,
];

pub(super) const PLAYBOOK_RESPOND: &[Key] = &[
    PARAMETERS,
    MESSAGES,
    Key::own(
        "target_page",
        Shape::Text,
        "Confirm",
        "The playbook ends, and the conversation goes on with this page of the flow from which the playbook took over; `Current Page` is the page it was on then, `End Flow` ends that flow",
    ),
    Key::own(
        "target_flow",
        Shape::Text,
        "Booking",
        "The playbook calls this flow; when the flow ends, the playbook goes on",
    ),
    Key::own(
        "target_playbook",
        Shape::Text,
        "Concierge",
        "The playbook ends, and this one takes over, in the same turn",
    ),
    Key::own("end_session", Shape::True, "true", "The session ends"),
];
