//! The settings: targets, profiles, and what applies to all suites.

use super::stubs::{TOOLS, WEBHOOKS};
use super::{Group, Key, Shape};

const TARGETS: Shape = Shape::MapOf(&Shape::OneOf(&[
    Shape::Group(Group::EmulatorTarget),
    Shape::Group(Group::CxTarget),
    Shape::Group(Group::CesTarget),
]));
const REPORT: Shape = Shape::Text;

pub(super) const SETTINGS: &[Key] = &[
    Key::own(
        "env",
        Shape::List(&Shape::Text),
        "[PROJECT]",
        "The only environment variables that settings (`${PROJECT}`) and suites (`{{ env.PROJECT }}`) may read",
    ),
    Key::own(
        "targets",
        TARGETS,
        "{ flights: { backend: emulator, agent: agents/flights } }",
        "What can be tested, by name; each is also a role that suites can name",
    ),
    Key::own(
        "profiles",
        Shape::MapOf(&Shape::Group(Group::Profile)),
        "{ ci: { jobs: 16 } }",
        "Choices for an occasion, taken with `--profile`",
    ),
    Key::own(
        "defaults",
        Shape::Group(Group::Defaults),
        "{ timeouts: { turn: 10s } }",
        "What every conversation inherits unless suite or conversation say otherwise; a key that a target's service lacks does not apply to it",
    ),
    Key::own(
        "tools",
        TOOLS,
        "{ lookup: [{ respond: { found: true } }] }",
        "Answers for client-side tool calls, after those of conversation and suite",
    ),
    Key::own(
        "webhooks",
        WEBHOOKS,
        "{ Order lookup: [{ respond: { parameters: { status: shipped } } }] }",
        "Answers for an emulator's webhook calls, after those of conversation and suite",
    ),
    Key::own(
        "redact",
        Shape::List(&Shape::OneOf(&[Shape::Text, Shape::Group(Group::Redact)])),
        "[card_number, { matches: '\\d{16}' }]",
        "What no report may show: members by name, or text by pattern",
    ),
];

const AGENT: Key = Key::own(
    "agent",
    Shape::Text,
    "agents/flights",
    "The exported Dialogflow CX agent that is served: a folder or zip, below the settings' folder",
);
const RATE: Key = Key::own(
    "rate",
    Shape::Text,
    "600/min",
    "Most requests it gets: `600/min` or `10/s`",
);
const API_VERSION: Key = Key::own(
    "api_version",
    Shape::Choice(&["v3", "v3beta1"]),
    "v3beta1",
    "Version of the Dialogflow CX API that is spoken; v3 unless set",
);
const ENDPOINT: Key = Key::own(
    "endpoint",
    Shape::Text,
    "https://dialogflow.example.com",
    "Another server than the location's own; plaintext `http://` on loopback only",
);
const CREDENTIALS: Key = Key::own(
    "credentials",
    Shape::OneOf(&[Shape::Choice(&["adc", "none"]), Shape::Group(Group::Credentials)]),
    "{ token_env: TOKEN }",
    "Who asks: Application Default Credentials (`adc`) unless set",
);
const TRANSPORT: Key = Key::own(
    "transport",
    Shape::Choice(&["grpc"]),
    "grpc",
    "How requests travel",
);
const CX_VIA: Shape = Shape::Choice(&["detect", "server_stream", "match_then_fulfill"]);
const CES_VIA: Shape = Shape::Choice(&["run", "stream", "bidi"]);

pub(super) const EMULATOR_TARGET: &[Key] = &[
    Key::own(
        "backend",
        Shape::Choice(&["emulator"]),
        "emulator",
        "The embedded emulator",
    )
    .required(),
    AGENT,
    Key::own(
        "app",
        Shape::Text,
        "agents/support.app.yaml",
        "Instead of `agent`: the scripted CES app that is served",
    ),
    Key::own(
        "clock",
        Shape::Moment,
        "2026-03-01T09:00:00Z",
        "The time at which every turn happens; the machine's unless set",
    ),
    Key::own(
        "seed",
        Shape::Integer(0),
        "7",
        "Decides what the emulator chooses at random",
    ),
    Key::own("latency", Shape::Duration, "50ms", "Added to every answer"),
    API_VERSION,
    Key::own(
        "via",
        Shape::Choice(&[
            "detect",
            "server_stream",
            "match_then_fulfill",
            "run",
            "stream",
            "bidi",
        ]),
        "server_stream",
        "The RPC that carries turns which ask for none",
    ),
    RATE,
];

pub(super) const CX_TARGET: &[Key] = &[
    Key::own("backend", Shape::Choice(&["cx"]), "cx", "Dialogflow CX").required(),
    Key::own(
        "agent",
        Shape::Text,
        "projects/p/locations/global/agents/1234",
        "The agent's resource name",
    )
    .required(),
    Key::own(
        "export",
        Shape::Text,
        "agents/flights",
        "The agent's export, folder or zip: maps the names people see to the ids the service wants, and lets `check` compare names",
    ),
    Key::own(
        "environment",
        Shape::Text,
        "5f3a",
        "Id of the environment; the draft unless set",
    ),
    Key::own(
        "flow_versions",
        Shape::List(&Shape::Text),
        "[1f2e/3]",
        "Instead of `environment`: versions of flows, as `flow/version` ids or resource names",
    ),
    API_VERSION,
    Key::own(
        "via",
        CX_VIA,
        "server_stream",
        "The RPC that carries turns which ask for none; `detect` unless set",
    ),
    RATE,
    ENDPOINT,
    CREDENTIALS,
    TRANSPORT,
];

pub(super) const CES_TARGET: &[Key] = &[
    Key::own("backend", Shape::Choice(&["ces"]), "ces", "CES").required(),
    Key::own(
        "app",
        Shape::Text,
        "projects/p/locations/us/apps/5678",
        "The app's resource name",
    )
    .required(),
    Key::own(
        "deployment",
        Shape::Text,
        "prod",
        "Id of the deployment; the app's draft unless set",
    ),
    Key::own(
        "via",
        CES_VIA,
        "bidi",
        "The RPC that carries turns which ask for none; `run` unless set",
    ),
    RATE,
    ENDPOINT,
    CREDENTIALS,
    TRANSPORT,
];

pub(super) const CREDENTIALS_KEYS: &[Key] = &[
    Key::own("file", Shape::Text, "key.json", "A credentials file"),
    Key::own(
        "token_env",
        Shape::Text,
        "TOKEN",
        "The environment variable that holds a bearer token; listed under `env`",
    ),
];

pub(super) const PROFILE: &[Key] = &[
    Key::own(
        "targets",
        Shape::MapOf(&Shape::Text),
        "{ flights: staging }",
        "Which target plays which role",
    ),
    Key::own(
        "jobs",
        Shape::Integer(1),
        "16",
        "Conversations played at once; 8 unless set",
    ),
    RATE,
    super::suites::TIMEOUTS,
    super::suites::RETRIES,
    super::suites::REPEAT,
    super::suites::PASS,
    Key::own(
        "timeout",
        Shape::Duration,
        "30m",
        "How long the whole run may take",
    ),
    Key::own(
        "fail_on_flaky",
        Shape::Boolean,
        "true",
        "A conversation that passed only after it had failed makes the run fail",
    ),
    Key::own(
        "fail_fast",
        Shape::Boolean,
        "true",
        "Stops after the first conversation that failed",
    ),
    Key::own(
        "max_failures",
        Shape::Integer(1),
        "10",
        "Stops after so many conversations that failed",
    ),
    Key::own(
        "shuffle",
        Shape::Boolean,
        "true",
        "Plays in random order; the seed is shown",
    ),
    Key::own(
        "reports",
        Shape::OneOf(&[REPORT, Shape::List(&REPORT)]),
        "[junit, json=out/run.json]",
        "Reports to write: `terminal`, `junit`, `json`, `github`, with `=PATH` where one should go",
    ),
];

pub(super) const REDACT: &[Key] = &[Key::own(
    "matches",
    Shape::Text,
    "'\\d{16}'",
    "A regular expression; what it finds is not shown",
)
.required()];
