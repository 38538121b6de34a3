//! Turns: what the user does, and what stands beside it.

use super::{Group, Key, Shape, VIA_NAMES};

pub(super) const TURN: &[Key] = &[
    Key::own("say", Shape::Text, "I want to fly to Paris", "Says a text")
        .on(Some("`TextInput`"), Some("`text`")),
    Key::own("event", Shape::Text, "welcome", "Sends a named event")
        .on(Some("`EventInput`"), Some("`event`")),
    Key::own(
        "intent",
        Shape::Name,
        "book.flight",
        "Triggers an intent directly",
    )
    .on(Some("`IntentInput`"), None),
    Key::own(
        "dtmf",
        Shape::OneOf(&[Shape::Text, Shape::Group(Group::Dtmf)]),
        "\"12#\"",
        "Presses keys; always in quotes",
    )
    .on(Some("`DtmfInput`"), Some("`dtmf`")),
    Key::own("silence", Shape::True, "true", "Says nothing: no input")
        .on(Some("`TextInput` without text"), None),
    Key::own(
        "variables",
        Shape::Map,
        "{ tier: gold }",
        "Sets variables without saying anything",
    )
    .on(None, Some("`variables`")),
    Key::own(
        "with",
        Shape::Group(Group::With),
        "{ time_zone: Europe/Paris }",
        "What goes along with this turn",
    ),
    Key::own(
        "via",
        Shape::Choice(VIA_NAMES),
        "detect",
        "The RPC, when it matters",
    ),
    Key::own(
        "when",
        Shape::Group(Group::Expectation),
        "{ reply: { contains: Shall I book } }",
        "Plays the turn only if this holds for the previous reply; otherwise it is skipped, and the report says so",
    ),
    Key::own(
        "answers",
        super::stubs::TOOLS,
        "{ lookup: [{ respond: { found: true } }] }",
        "Answers for this turn's client-side tool calls; they come before the conversation's `tools`",
    ),
    Key::own(
        "capture",
        Shape::MapOf(&Shape::OneOf(&[Shape::Text, Shape::Group(Group::Capture)])),
        "{ code: parameters.booking_code }",
        "What to remember of the reply for later templates",
    ),
    Key::own(
        "expect",
        Shape::Group(Group::Expectation),
        "{ intent: book.flight }",
        "What the reply must be like",
    ),
    Key::own(
        "then",
        Shape::Choice(&["restart"]),
        "restart",
        "Goes on in a new session after this turn",
    ),
];

pub(super) const USE: &[Key] = &[
    Key::own("use", Shape::Text, "log in", "Inserts the turns of a step, from `steps:` of this file, or from a `steps/` folder beside it or at the root").required(),
    Key::own("args", Shape::Map, "{ user: Ada }", "Names for the step's templates"),
];

pub(super) const ID: &[Key] = &[Key::own(
    "id",
    Shape::Text,
    "5f3a",
    "The resource id, when the target has no `export` that maps names to ids",
)
.required()];

pub(super) const DTMF: &[Key] = &[
    Key::own(
        "digits",
        Shape::Text,
        "\"1204\"",
        "The keys pressed: 0 to 9, `*`, `#`, A to D",
    )
    .required(),
    Key::own("finish", Shape::Text, "\"#\"", "The key that ends the input")
        .on(Some("`DtmfInput.finishDigit`"), Some("appended to the digits")),
];

pub(super) const CAPTURE: &[Key] = &[
    Key::own("from", Shape::Text, "reply", "Where the value is: an expectation's name, then a path, as in `parameters.booking_code`, `replies[0]`, `payload.card.title`").required(),
    Key::own("matches", Shape::Text, "'code ([A-Z0-9]{6})'", "A regular expression over the text there; its first group, or else the whole match, is kept"),
];
