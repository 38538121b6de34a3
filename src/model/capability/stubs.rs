//! Stubs of tools and webhooks.

use super::{Group, Key, Shape, Subject};

/// The value of `tools` and `answers`.
pub(super) const TOOLS: Shape = Shape::MapOf(&Shape::List(&Shape::Group(Group::ToolRule)));
/// The value of `webhooks`.
pub(super) const WEBHOOKS: Shape = Shape::MapOf(&Shape::List(&Shape::Group(Group::WebhookRule)));

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
        Shape::Integer(400),
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

pub(super) const WEBHOOK_WHEN: &[Key] = &[
    Key::own(
        "tag",
        Shape::Matcher(Subject::Text),
        "find",
        "The tag of the fulfillment that calls",
    ),
    Key::own(
        "parameters",
        Shape::Matcher(Subject::Any),
        "{ order_id: A1 }",
        "What session parameters are like; others are ignored, upper or lower case alike",
    ),
    Key::own(
        "page",
        Shape::Matcher(Subject::Text),
        "Collect date",
        "Display name of the page that calls",
    ),
    Key::own(
        "flow",
        Shape::Matcher(Subject::Text),
        "Booking",
        "Display name of the flow that calls",
    ),
    Key::own(
        "intent",
        Shape::Matcher(Subject::Text),
        "book.flight",
        "Display name of the intent that was matched last",
    ),
    Key::own(
        "text",
        Shape::Matcher(Subject::Text),
        "{ icontains: paris }",
        "What the user said",
    ),
    Key::own(
        "event",
        Shape::Matcher(Subject::Text),
        "welcome",
        "The event that was sent",
    ),
    Key::own(
        "language",
        Shape::Matcher(Subject::Text),
        "en",
        "Language of the turn",
    ),
    Key::own(
        "payload",
        Shape::Matcher(Subject::Any),
        "{ source: web }",
        "The payload that was sent along with the turn",
    ),
    Key::own(
        "body",
        Shape::Matcher(Subject::Any),
        "{ fulfillmentInfo: { tag: find } }",
        "What the whole request is like, in the spelling of the webhook API",
    ),
];

const STATUS: Key = Key::own(
    "status",
    Shape::Integer(100),
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
    Shape::List(&Shape::OneOf(&[Shape::Text, Shape::Map])),
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
