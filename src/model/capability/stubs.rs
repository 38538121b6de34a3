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
        "Conditions over the call; the first rule that fits answers",
    ),
    Key::own(
        "respond",
        Shape::OneOf(&[Shape::Group(Group::ToolRespond), Shape::Map]),
        "{ status: shipped }",
        "The tool's result, or what comes instead of one",
    )
    .required(),
];

pub(super) const TOOL_WHEN: &[Key] = &[Key::own(
    "args",
    Shape::Matcher(Subject::Any),
    "{ order_id: A1 }",
    "The arguments: these, others ignored",
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
        "Alone, from 400 to 599: an error result that names this HTTP status",
    ),
    DELAY,
    TIMEOUT,
    UNREACHABLE,
];

const DELAY: Key = Key::own(
    "delay",
    Shape::Duration,
    "6s",
    "Comes late; the rest of the mapping is what then comes",
);
const TIMEOUT: Key = Key::own(
    "timeout",
    Shape::True,
    "true",
    "Alone: does not come within the time allowed",
);
const UNREACHABLE: Key = Key::own("unreachable", Shape::True, "true", "Alone: nobody is there");

pub(super) const WEBHOOK_RULE: &[Key] = &[
    Key::own(
        "when",
        Shape::Group(Group::WebhookWhen),
        "{ tag: find, parameters: { order_id: A1 } }",
        "Conditions over the call; the first rule that fits answers",
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
        "The fulfillment's tag",
    ),
    Key::own(
        "parameters",
        Shape::Matcher(Subject::Any),
        "{ order_id: A1 }",
        "Session parameters: these, others ignored; names in any case",
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
        "Display name of the intent matched last",
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
        "Payload sent along with the turn",
    ),
    Key::own(
        "body",
        Shape::Matcher(Subject::Any),
        "{ fulfillmentInfo: { tag: find } }",
        "The whole request as the webhook API spells it",
    ),
];

const STATUS: Key = Key::own(
    "status",
    Shape::Integer(100),
    "503",
    "Alone: fails with this HTTP status",
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
    "Messages to say: texts, or messages as the webhook API spells them",
);
const TARGET_PAGE: Key = Key::own("target_page", Shape::Text, "Confirm", "Goes on at this page");
const TARGET_FLOW: Key = Key::own("target_flow", Shape::Text, "Booking", "Goes on in this flow");
const PAYLOAD: Key = Key::own(
    "payload",
    Shape::Map,
    "{ card: { title: Shipped } }",
    "Custom payload of the answer",
);
const FORM: Key = Key::own(
    "form",
    Shape::MapOf(&Shape::Choice(&["invalid"])),
    "{ date: invalid }",
    "Form parameters whose values are refused, so that they are asked for again",
);
const BODY: Key = Key::own(
    "body",
    Shape::Map,
    "{ sessionInfo: { parameters: { status: shipped } } }",
    "Alone: the whole answer as the webhook API spells it",
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
