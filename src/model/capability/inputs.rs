//! Turns: what the user does, and what stands beside it.

use super::{Group, Key, Shape, VIA_NAMES};

/// Keys of a telephone, always in quotes; or a template.
const KEYS: Shape = Shape::Like("^[0-9A-D*#]+$|\\{\\{.+\\}\\}");
const ONE_KEY: Shape = Shape::Like("^[0-9A-D*#]$|\\{\\{.+\\}\\}");

pub(super) const TURN: &[Key] = &[
    Key::own(
        "say",
        Shape::Text,
        "I want to fly to Paris",
        "The user says a text",
    )
    .on(Some("`TextInput`"), Some("`text`")),
    Key::own("event", Shape::Text, "welcome", "An event happens, by its name")
        .on(Some("`EventInput`"), Some("`event`")),
    Key::own(
        "intent",
        Shape::Name,
        "book.flight",
        "An intent is triggered directly, by its display name",
    )
    .on(Some("`IntentInput`"), None),
    Key::own(
        "dtmf",
        Shape::OneOf(&[KEYS, Shape::Group(Group::Dtmf)]),
        "\"12#\"",
        "The user presses keys of the telephone; always in quotes",
    )
    .on(Some("`DtmfInput`"), Some("`dtmf`")),
    Key::own(
        "silence",
        Shape::OneOf(&[Shape::True, Shape::Lapse]),
        "true",
        "The user says nothing; with a duration, silence is sent as sound",
    )
    .on(
        Some("`TextInput` without text, or silent `AudioInput`"),
        Some("silent `audio`; with a duration only"),
    ),
    Key::own(
        "audio",
        Shape::OneOf(&[Shape::Text, Shape::Group(Group::Audio)]),
        "fixtures/tomorrow.wav",
        "The user speaks: a recording is sent",
    )
    .on(
        Some("`AudioInput`, by `StreamingDetectIntent`"),
        Some("`audio`, by `BidiRunSession`"),
    ),
    Key::own(
        "image",
        Shape::OneOf(&[Shape::Text, Shape::Group(Group::Attachment)]),
        "fixtures/lamp.png",
        "The user shows a picture: PNG, JPEG or WebP, at most 7 MiB; alone, or beside `say` and `blob`",
    )
    .on(None, Some("`inputs[].image`")),
    Key::own(
        "blob",
        Shape::OneOf(&[Shape::Text, Shape::Group(Group::Attachment)]),
        "fixtures/invoice.pdf",
        "The user hands over a file of any type, at most 7 MiB; alone, or beside `say` and `image`",
    )
    .on(None, Some("`inputs[].blob`")),
    Key::own(
        "variables",
        Shape::Map,
        "{ tier: gold }",
        "Variables are set, and nothing is said",
    )
    .on(None, Some("`variables`")),
    Key::own(
        "with",
        Shape::Group(Group::With),
        "{ time_zone: Europe/Paris }",
        "What is sent along with this turn",
    ),
    Key::own(
        "via",
        Shape::Choice(VIA_NAMES),
        "detect",
        "The call of the service's API that carries the turn, when it matters",
    ),
    Key::own(
        "when",
        Shape::Group(Group::Expectation),
        "{ reply: { contains: Shall I book } }",
        "The turn is played only if the previous reply is like this; otherwise it is skipped, and the report says so",
    ),
    Key::own(
        "answers",
        super::stubs::TOOLS,
        "{ lookup: [{ respond: { found: true } }] }",
        "Answers to this turn's client-side tool calls; they come before the conversation's `tools`",
    ),
    Key::own(
        "capture",
        Shape::MapOf(&Shape::OneOf(&[Shape::Text, Shape::Group(Group::Capture)])),
        "{ code: parameters.booking_code }",
        "What to remember of the reply: later templates can name it, as in `{{ code }}`",
    ),
    Key::own(
        "feedback",
        Shape::OneOf(&[
            Shape::Choice(&["thumbs_up", "thumbs_down"]),
            Shape::Group(Group::Feedback),
        ]),
        "thumbs_up",
        "What the user thinks of the answer; the service is told when the answer has come",
    )
    .on(Some("`SubmitAnswerFeedback`"), None),
    Key::own(
        "expect",
        Shape::Group(Group::Expectation),
        "{ intent: book.flight }",
        "What the reply must be like",
    ),
    Key::own(
        "history",
        Shape::List(&Shape::Said),
        "[{ user: hi }, { Root agent: Hello! }]",
        "With `run_method: stable`: what later turns are told of this one, instead of its input and the reply that it expects; `[]` for nothing",
    )
    .on(None, Some("`config.historicalContexts`")),
    Key::own(
        "then",
        Shape::Choice(&["restart"]),
        "restart",
        "`restart`: the next turn starts a new session, for example after the agent has ended this one",
    ),
];

pub(super) const USE: &[Key] = &[
    Key::own("use", Shape::Text, "log in", "The step whose turns are inserted: from `steps` of this file, or a file in a `steps/` folder beside it or beside `turnproof.yaml`").required(),
    Key::own("args", Shape::Map, "{ user: Ada }", "Values that the step's templates can name"),
];

pub(super) const ID: &[Key] = &[Key::own(
    "id",
    Shape::Text,
    "5f3a",
    "The resource id, in place of a display name, when the target has no `export` that maps names to ids",
)
.required()];

pub(super) const DTMF: &[Key] = &[
    Key::own(
        "digits",
        KEYS,
        "\"1204\"",
        "The keys pressed: 0 to 9, `*`, `#`, A to D",
    )
    .required(),
    Key::own("finish", ONE_KEY, "\"#\"", "The key that ends the input")
        .on(Some("`DtmfInput.finishDigit`"), Some("appended to the digits")),
];

pub(super) const ATTACHMENT: &[Key] = &[
    Key::own(
        "file",
        Shape::Text,
        "fixtures/invoice.pdf",
        "The file; beside this file, else at the folder of turnproof.yaml",
    )
    .required(),
    Key::own(
        "type",
        Shape::Like("^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$"),
        "application/x-invoice",
        "Its MIME type; what its ending says unless set",
    ),
];

pub(super) const FEEDBACK: &[Key] = &[
    Key::own(
        "rating",
        Shape::Choice(&["thumbs_up", "thumbs_down"]),
        "thumbs_down",
        "Good or bad",
    )
    .required()
    .on(Some("`answerFeedback.rating`"), None),
    Key::own(
        "reason",
        Shape::Text,
        "That was about another bike",
        "Why, in the user's words",
    )
    .on(Some("`answerFeedback.ratingReason.feedback`"), None),
    Key::own(
        "labels",
        Shape::Texts,
        "[wrong answer]",
        "Why, in categories of your own",
    )
    .on(Some("`answerFeedback.ratingReason.reasonLabels`"), None),
];

pub(super) const CAPTURE: &[Key] = &[
    Key::own("from", Shape::Text, "reply", "Where the value is: an expectation's name and a path, as in `parameters.booking_code`, `replies[0]`, `payload.card.title`").required(),
    Key::own("matches", Shape::Sought, "'code ([A-Z0-9]{6})'", "A regular expression that is searched in the text there; its first group is kept, or the whole match if it has none"),
];
