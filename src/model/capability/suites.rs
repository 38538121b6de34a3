//! Suite files, conversations, and what they inherit.

use super::{Group, Key, Shape};

const TURNS: Shape = Shape::List(&Shape::OneOf(&[
    Shape::Group(Group::Turn),
    Shape::Group(Group::Use),
]));
const USES: Shape = Shape::List(&Shape::Group(Group::Use));
const EXAMPLES: Shape = Shape::OneOf(&[Shape::Text, Shape::List(&Shape::Map)]);
const MATRIX: Shape = Shape::MapOf(&Shape::List(&Shape::Any));

const TARGET: Key = Key::own(
    "target",
    Shape::Text,
    "flights",
    "The role that plays it: a target of the settings, unless a profile or `--target` maps it to another",
);
const TAGS: Key = Key::own(
    "tags",
    Shape::Texts,
    "[smoke, booking]",
    "Words to select conversations by; those of suite and conversation add up",
);
const WITH: Key = Key::own(
    "with",
    Shape::Group(Group::With),
    "{ time_zone: Europe/Paris }",
    "What goes along with every turn; parameters and variables with the first turn only",
);
pub(super) const TIMEOUTS: Key = Key::own(
    "timeouts",
    Shape::Group(Group::Timeouts),
    "{ turn: 10s }",
    "How long things may take",
);
pub(super) const RETRIES: Key = Key::own(
    "retries",
    Shape::OneOf(&[Shape::Group(Group::Retries), Shape::Integer(0)]),
    "{ errored: 2, failed: 0 }",
    "How often the whole conversation is tried again, in a new session; a number sets both",
);
pub(super) const REPEAT: Key = Key::own(
    "repeat",
    Shape::Integer(1),
    "5",
    "How often the conversation is played, each time in a new session",
);
pub(super) const PASS: Key = Key::own(
    "pass",
    Shape::Group(Group::Pass),
    "{ at_least: 4 }",
    "Beside `repeat`: how many plays must pass; all unless set",
);
const START: Key = Key::own(
    "start",
    Shape::Group(Group::Start),
    "{ flow: Booking, page: Collect date }",
    "Where the conversation starts; goes with the first turn only",
);
const TOOLS: Key = Key::own(
    "tools",
    super::stubs::TOOLS,
    "{ lookup: [{ respond: { found: true } }] }",
    "Answers for client-side tool calls, by tool; the nearest level comes first",
);
const WEBHOOKS: Key = Key::own(
    "webhooks",
    super::stubs::WEBHOOKS,
    "{ Order lookup: [{ respond: { status: 503 } }] }",
    "Answers for an emulator's webhook calls, by webhook; the nearest level comes first",
);
const CLOCK: Key = Key::own(
    "clock",
    Shape::Moment,
    "2026-03-01T09:00:00Z",
    "The time at which an emulator plays it; also what `today`, `tomorrow` and `now` mean",
);
const BEFORE: Key = Key::own(
    "before",
    USES,
    "[{ use: log in }]",
    "Steps played before the first turn",
);

pub(super) const SUITE: &[Key] = &[
    Key::own(
        "suite",
        Shape::Text,
        "Flight booking",
        "A title for people; the suite's identity is its path",
    ),
    TARGET,
    TAGS,
    Key::own(
        "defaults",
        Shape::Group(Group::Defaults),
        "{ timeouts: { turn: 10s } }",
        "What every conversation inherits unless it says otherwise",
    ),
    Key::own(
        "vars",
        Shape::Map,
        "{ city: Paris }",
        "Names for templates: `{{ city }}`",
    ),
    Key::own(
        "every_turn",
        Shape::Group(Group::Expectation),
        "{ latency: { lt: 4s } }",
        "Expectations of every turn, beside its own",
    ),
    TOOLS,
    WEBHOOKS,
    Key::own(
        "steps",
        Shape::MapOf(&TURNS),
        "{ log in: [{ say: hello }] }",
        "Named turn sequences of this file; others live in `steps/` folders",
    ),
    BEFORE,
    Key::own(
        "examples",
        EXAMPLES,
        "[{ city: Paris }, { city: Rome }]",
        "One case of every conversation for each row; a list, or the path of a CSV or YAML file",
    ),
    Key::own(
        "matrix",
        MATRIX,
        "{ tier: [gold, standard] }",
        "One case of every conversation for each combination of values",
    ),
    Key::own(
        "conversations",
        Shape::List(&Shape::Group(Group::Conversation)),
        "[{ name: greets, turns: [{ say: hi }] }]",
        "The conversations",
    )
    .required(),
];

pub(super) const DEFAULTS: &[Key] = &[
    WITH, START, TARGET, CLOCK, TIMEOUTS, RETRIES, REPEAT, PASS, TOOLS, WEBHOOKS, BEFORE,
];

pub(super) const CONVERSATION: &[Key] = &[
    Key::own(
        "name",
        Shape::Text,
        "books a flight",
        "What it is called; unique within the suite, may hold templates of rows",
    )
    .required(),
    TAGS,
    Key::own(
        "notes",
        Shape::Text,
        "Regression for the missing return date",
        "Free text for people",
    ),
    TARGET,
    Key::own(
        "skip",
        Shape::Text,
        "waits for the new menu",
        "Why it is not played",
    ),
    Key::own(
        "only_on",
        Shape::Texts,
        "[staging]",
        "The targets it is meant for; elsewhere it is skipped",
    ),
    Key::own(
        "known_issue",
        Shape::Text,
        "https://tracker.example/42",
        "Where the known problem is described: the conversation is expected to fail, and fails when it passes",
    ),
    START,
    WITH,
    TIMEOUTS,
    RETRIES,
    REPEAT,
    PASS,
    TOOLS,
    WEBHOOKS,
    CLOCK,
    BEFORE,
    Key::own(
        "examples",
        EXAMPLES,
        "[{ city: Paris }, { city: Rome }]",
        "One case for each row; a list, or the path of a CSV or YAML file",
    ),
    Key::own(
        "matrix",
        MATRIX,
        "{ tier: [gold, standard] }",
        "One case for each combination of values",
    ),
    Key::own(
        "turns",
        TURNS,
        "[{ say: hello, expect: { intent: greeting } }]",
        "What is said and expected, turn by turn",
    )
    .required(),
    Key::own(
        "expect",
        Shape::Group(Group::Expectation),
        "{ visited: [Menu, .., Goodbye] }",
        "Expectations about the whole conversation",
    ),
];

pub(super) const START_KEYS: &[Key] = &[
    Key::own("flow", Shape::Name, "Booking", "The flow to start in")
        .on(Some("`queryParams.currentPage`"), None),
    Key::own(
        "page",
        Shape::Name,
        "Collect date",
        "The page of that flow, or of the start flow",
    )
    .on(Some("`queryParams.currentPage`"), None),
    Key::own("playbook", Shape::Name, "Concierge", "The playbook to start in")
        .on(Some("`queryParams.currentPlaybook`"), None),
    Key::own(
        "agent",
        Shape::Name,
        "Billing agent",
        "The agent that answers first",
    )
    .on(None, Some("`config.entryAgent`")),
    Key::own(
        "parameters",
        Shape::Map,
        "{ tier: gold }",
        "Session parameters or variables to start with",
    )
    .on(Some("`queryParams.parameters`"), Some("`inputs[].variables`")),
    Key::own(
        "history",
        Shape::List(&Shape::TextMap),
        "[{ user: hi }, { Root agent: Hello! }]",
        "What was said before: who (`user` or an agent's name) and what",
    )
    .on(None, Some("`config.historicalContexts`")),
];

pub(super) const TIMEOUTS_KEYS: &[Key] = &[
    Key::own(
        "turn",
        Shape::Duration,
        "10s",
        "One turn, client-side tool calls included; 30s unless set",
    ),
    Key::own(
        "conversation",
        Shape::Duration,
        "2m",
        "One attempt of the conversation; 5m unless set",
    ),
];

pub(super) const RETRIES_KEYS: &[Key] = &[
    Key::own(
        "errored",
        Shape::Integer(0),
        "2",
        "After an attempt whose outcome is unknown; 1 unless set",
    ),
    Key::own(
        "failed",
        Shape::Integer(0),
        "1",
        "After an attempt that failed; 0 unless set",
    ),
];

pub(super) const PASS_KEYS: &[Key] =
    &[Key::own("at_least", Shape::Integer(1), "4", "Plays that must pass").required()];
