//! Suite files, conversations, and what they inherit.

use super::{Group, Key, Shape};

const TURNS: Shape = Shape::List(&Shape::OneOf(&[
    Shape::Group(Group::Turn),
    Shape::Group(Group::Use),
]));
const USES: Shape = Shape::List(&Shape::Group(Group::Use));
const EXAMPLES: Shape = Shape::OneOf(&[Shape::Like("\\S"), Shape::List(&Shape::Row)]);
const MATRIX: Shape = Shape::MapOf(&Shape::List(&Shape::Any));

const TARGET: Key = Key::own(
    "target",
    Shape::Text,
    "flights",
    "The target of the settings that is tested; a profile or `--target` can put another in its place",
);
const TAGS: Key = Key::own(
    "tags",
    Shape::Texts,
    "[smoke, booking]",
    "Words to select conversations by, as in `--filter tag:smoke`; those of suite and conversation add up",
);
const WITH: Key = Key::own(
    "with",
    Shape::Group(Group::With),
    "{ time_zone: Europe/Paris }",
    "Sent along with every turn; `parameters` and `variables` with the first turn only, because later they would undo what the agent has set, and `entry_agent`, because a session starts once",
);
pub(super) const TIMEOUTS: Key = Key::own(
    "timeouts",
    Shape::Group(Group::Timeouts),
    "{ turn: 10s }",
    "How long a turn and a conversation may take",
);
pub(super) const RETRIES: Key = Key::own(
    "retries",
    Shape::OneOf(&[Shape::Group(Group::Retries), Shape::Integer(0, 10_000)]),
    "{ errored: 2, failed: 0 }",
    "How often the whole conversation is tried again, in a new session; a number alone sets both kinds",
);
pub(super) const REPEAT: Key = Key::own(
    "repeat",
    Shape::Integer(1, 10_000),
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
    "Where the conversation starts, and what is known then; sent with the first turn of a session only",
);
const TOOLS: Key = Key::own(
    "tools",
    super::stubs::TOOLS,
    "{ lookup: [{ respond: { found: true } }] }",
    "Answers to client-side tool calls, by tool; rules of the conversation come before those of the suite, these before those of the settings",
);
const WEBHOOKS: Key = Key::own(
    "webhooks",
    super::stubs::WEBHOOKS,
    "{ Order lookup: [{ respond: { status: 503 } }] }",
    "Answers to an emulator's webhook calls, by webhook; rules of the conversation come before those of the suite, these before those of the settings",
);
const GENERATORS: Key = Key::own(
    "generators",
    super::stubs::GENERATORS,
    "{ Summary: [{ respond: Your bike is ready. }] }",
    "What an emulator's generators write, by generator; rules of the conversation come before those of the suite, these before those of the settings",
);
const PLAYBOOKS: Key = Key::own(
    "playbooks",
    super::stubs::PLAYBOOKS,
    "{ Concierge: [{ respond: { messages: [How can I help?] } }] }",
    "What an emulator's playbooks do, by playbook; rules of the conversation come before those of the suite, these before those of the settings",
);
const CLOCK: Key = Key::own(
    "clock",
    Shape::Moment,
    "2026-03-01T09:00:00Z",
    "The time at which an emulator plays it, and what `today`, `tomorrow` and `now` are counted from; the machine's time unless set",
);
const BEFORE: Key = Key::own(
    "before",
    USES,
    "[{ use: log in }]",
    "Steps that come before the first turn",
);

const RUN_METHOD: Key = Key::own(
    "run_method",
    Shape::Choice(&["naive", "stable"]),
    "stable",
    "`naive`: all turns are played in one session, each after what the agent really said; `stable`: each in a session of its own, which is told what should have been said before, so that one wrong answer does not spoil the turns after it; `naive` unless set",
)
.on(None, Some("`config.historicalContexts`, one session for each turn"));
const CHANNELS: Key = Key::own(
    "channels",
    Shape::List(&Shape::Choice(&["text", "audio"])),
    "[text, audio]",
    "How the user speaks: the conversation is played once for each, and reports say where speech changed what came of it; as `text` a recording becomes what its transcript says, as `audio` it is played; unless set, turns are played as they are written",
);

pub(super) const SUITE: &[Key] = &[
    Key::own(
        "suite",
        Shape::Text,
        "Flight booking",
        "A title for people; reports tell suites apart by their paths",
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
        "Values that templates can name: `{{ city }}`",
    ),
    Key::own(
        "every_turn",
        Shape::Group(Group::Expectation),
        "{ latency: { lt: 4s } }",
        "What every reply must be like, in addition to the turn's own `expect`",
    ),
    TOOLS,
    WEBHOOKS,
    GENERATORS,
    PLAYBOOKS,
    Key::own(
        "steps",
        Shape::MapOf(&TURNS),
        "{ log in: [{ say: hello }] }",
        "Named sequences of turns, for `use`; files in `steps/` folders are such sequences, too",
    ),
    BEFORE,
    Key::own(
        "examples",
        EXAMPLES,
        "[{ city: Paris }, { city: Rome }]",
        "Every conversation is played once for each row, whose columns templates can name; a list, or the path of a CSV or YAML file",
    ),
    Key::own(
        "matrix",
        MATRIX,
        "{ tier: [gold, standard] }",
        "Every conversation is played once for each combination of these values, which templates can name",
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
    WITH, START, TARGET, CHANNELS, RUN_METHOD, CLOCK, TIMEOUTS, RETRIES, REPEAT, PASS, TOOLS, WEBHOOKS,
    GENERATORS, PLAYBOOKS, BEFORE,
];

pub(super) const CONVERSATION: &[Key] = &[
    Key::own(
        "name",
        Shape::Text,
        "books a flight",
        "What it is called; unique within the suite, and may hold templates that name columns: `books for {{ party }}`",
    )
    .required(),
    TAGS,
    Key::own(
        "notes",
        Shape::AnyText,
        "Regression for the missing return date",
        "For people; turnproof does not look at it",
    ),
    TARGET,
    Key::own(
        "skip",
        Shape::Text,
        "waits for the new menu",
        "The conversation is not played, and the report says why: this is the reason",
    ),
    Key::own(
        "only_on",
        Shape::Texts,
        "[staging]",
        "The targets it is meant for; on others it is skipped",
    ),
    Key::own(
        "known_issue",
        Shape::Text,
        "https://tracker.example/42",
        "Where a known problem is described; the conversation counts as skipped while it fails, and as failed once it passes, so that this line is taken out",
    ),
    CHANNELS,
    RUN_METHOD,
    START,
    WITH,
    TIMEOUTS,
    RETRIES,
    REPEAT,
    PASS,
    TOOLS,
    WEBHOOKS,
    GENERATORS,
    PLAYBOOKS,
    CLOCK,
    BEFORE,
    Key::own(
        "examples",
        EXAMPLES,
        "[{ city: Paris }, { city: Rome }]",
        "The conversation is played once for each row, whose columns templates can name; a list, or the path of a CSV or YAML file",
    ),
    Key::own(
        "matrix",
        MATRIX,
        "{ tier: [gold, standard] }",
        "The conversation is played once for each combination of these values, which templates can name",
    ),
    Key::own(
        "turns",
        TURNS,
        "[{ say: hello, expect: { reply: Hello! } }]",
        "What is said and expected, turn by turn; `use` inserts a step",
    )
    .required(),
    Key::own(
        "expect",
        Shape::Group(Group::Expectation),
        "{ visited: [Menu, .., Goodbye] }",
        "What the whole conversation must be like: `visited`, `tool_calls` and the like look at all its turns",
    ),
];

pub(super) const START_KEYS: &[Key] = &[
    Key::own("flow", Shape::Name, "Booking", "The flow to start in")
        .on(Some("`queryParams.currentPage`"), None),
    Key::own(
        "page",
        Shape::Name,
        "Collect date",
        "The page to start on, in that flow or else in the start flow",
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
        "Session parameters (CX) or variables (CES) to start with",
    )
    .on(Some("`queryParams.parameters`"), Some("`inputs[].variables`")),
    Key::own(
        "history",
        Shape::List(&Shape::Said),
        "[{ user: hi }, { Root agent: Hello! }]",
        "What was said before, by whom: `user`, or an agent's name",
    )
    .on(None, Some("`config.historicalContexts`")),
];

pub(super) const TIMEOUTS_KEYS: &[Key] = &[
    Key::own(
        "turn",
        Shape::Lapse,
        "10s",
        "How long a turn may take, client-side tool calls included; 30s unless set",
    ),
    Key::own(
        "conversation",
        Shape::Lapse,
        "2m",
        "How long an attempt to play the conversation may take; 5m unless set",
    ),
];

pub(super) const RETRIES_KEYS: &[Key] = &[
    Key::own(
        "errored",
        Shape::Integer(0, 10_000),
        "2",
        "How often after an attempt that could not find out: network, quota, service; 1 unless set",
    ),
    Key::own(
        "failed",
        Shape::Integer(0, 10_000),
        "1",
        "How often after an attempt that failed; 0 unless set",
    ),
];

pub(super) const PASS_KEYS: &[Key] = &[Key::own(
    "at_least",
    Shape::Integer(1, 10_000),
    "4",
    "How many plays must pass",
)
.required()];
