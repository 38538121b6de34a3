//! Stubs of tools and webhooks.

use super::{Key, Shape, Subject};

pub(super) const RULE: &[Key] = &[
    Key::own(
        "when",
        Shape::Matchers,
        "{ args: { order_id: A1 } }",
        "Conditions over the call; the first rule that fits answers",
    ),
    Key::own("respond", Shape::Map, "{ status: shipped }", "The answer").required(),
];

pub(super) const TOOL_WHEN: &[Key] = &[Key::own(
    "args",
    Shape::Matcher(Subject::Any),
    "{ order_id: A1 }",
    "The arguments: these, others ignored",
)];

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
        "Session parameters: these, others ignored",
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
];

pub(super) const NO_ANSWER: &[Key] = &[
    Key::own(
        "status",
        Shape::Integer(100),
        "503",
        "Fails with this HTTP status",
    ),
    Key::own(
        "delay",
        Shape::Duration,
        "6s",
        "Comes late; the rest of the mapping is what then comes",
    ),
    Key::own(
        "timeout",
        Shape::True,
        "true",
        "Does not come within the time allowed",
    ),
    Key::own("unreachable", Shape::True, "true", "Nobody is there"),
    Key::own(
        "error",
        Shape::Text,
        "not found",
        "Of a tool: an error result with this message",
    ),
];

pub(super) const WEBHOOK_ANSWER: &[Key] = &[
    Key::own(
        "parameters",
        Shape::Map,
        "{ status: shipped }",
        "Session parameters to set; null deletes one",
    ),
    Key::own(
        "messages",
        Shape::List(&Shape::OneOf(&[Shape::Text, Shape::Map])),
        "[It is on its way.]",
        "Messages to say: texts, or messages as the webhook API spells them",
    ),
    Key::own("target_page", Shape::Text, "Confirm", "Goes to this page"),
    Key::own("target_flow", Shape::Text, "Booking", "Goes to this flow"),
    Key::own(
        "payload",
        Shape::Map,
        "{ card: { title: Shipped } }",
        "Custom payload of the answer",
    ),
    Key::own(
        "form",
        Shape::MapOf(&Shape::Choice(&["invalid"])),
        "{ date: invalid }",
        "What becomes of form parameters: an invalid one is asked for again",
    ),
    Key::own(
        "body",
        Shape::Map,
        "{ sessionInfo: { parameters: { status: shipped } } }",
        "The whole answer as the webhook API spells it, instead of the keys above",
    ),
];
