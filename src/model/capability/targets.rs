//! The settings: targets, profiles, and what applies to all suites.

use super::stubs::{GENERATORS, PLAYBOOKS, TOOLS, WEBHOOKS};
use super::{Group, Key, Shape};

const TARGETS: Shape = Shape::MapOf(&Shape::OneOf(&[
    Shape::Group(Group::EmulatorTarget),
    Shape::Group(Group::CxTarget),
    Shape::Group(Group::CesTarget),
]));
const REPORT: Shape = Shape::Like(r"^(terminal|junit|json|github)(=.*\S.*)?$");
const PACE: Shape = Shape::Like(r"^\s*[0-9]*[1-9][0-9]*\s*/\s*(min|s)\s*$");

pub(super) const SETTINGS: &[Key] = &[
    Key::own(
        "env",
        Shape::List(&Shape::Like("^[A-Za-z_][A-Za-z0-9_]*$")),
        "[PROJECT]",
        "The environment variables that settings (`${PROJECT}`) and suites (`{{ env.PROJECT }}`) may read, and no others; in CI each needs `--env NAME` as well",
    ),
    Key::own(
        "targets",
        TARGETS,
        "{ flights: { backend: emulator, agent: agents/flights } }",
        "What can be tested, by the names that suites use",
    ),
    Key::own(
        "profiles",
        Shape::MapOf(&Shape::Group(Group::Profile)),
        "{ ci: { jobs: 16 } }",
        "Choices for an occasion, taken with `--profile NAME`",
    ),
    Key::own(
        "defaults",
        Shape::Group(Group::Defaults),
        "{ timeouts: { turn: 10s } }",
        "What every conversation inherits unless its suite or itself says otherwise; what a target's service does not have is left out there",
    ),
    Key::own(
        "tools",
        TOOLS,
        "{ lookup: [{ respond: { found: true } }] }",
        "Answers to client-side tool calls, after those of conversation and suite",
    ),
    Key::own(
        "webhooks",
        WEBHOOKS,
        "{ Order lookup: [{ respond: { parameters: { status: shipped } } }] }",
        "Answers to an emulator's webhook calls, after those of conversation and suite",
    ),
    Key::own(
        "generators",
        GENERATORS,
        "{ Summary: [{ respond: Your bike is ready. }] }",
        "What an emulator's generators write, after what conversation and suite say",
    ),
    Key::own(
        "playbooks",
        PLAYBOOKS,
        "{ Concierge: [{ respond: { messages: [How can I help?] } }] }",
        "What an emulator's playbooks do, after what conversation and suite say",
    ),
    Key::own(
        "redact",
        Shape::List(&Shape::OneOf(&[Shape::Text, Shape::Group(Group::Redact)])),
        "[card_number, { matches: '\\d{16}' }]",
        "What no report may show: members by their names, or text by a pattern",
    ),
];

const AGENT: Key = Key::own(
    "agent",
    Shape::Text,
    "agents/flights",
    "The exported Dialogflow CX agent to serve: a folder or zip, at or below the settings' folder",
);
const RATE: Key = Key::own(
    "rate",
    PACE,
    "600/min",
    "How many requests a target gets at most: `600/min`, `10/s`",
);
const SESSIONS: Key = Key::own(
    "sessions",
    Shape::Integer(1, 10_000),
    "20",
    "How many conversations it holds at once, where that is fewer than are played; those of other targets go first meanwhile",
);
const TOKENS: Key = Key::own(
    "tokens",
    PACE,
    "600000/min",
    "How many tokens its models may take, for a service that counts them; with `tokens_per_turn` it makes a rate, which follows what answers say that they took",
);
const TOKENS_PER_TURN: Key = Key::own(
    "tokens_per_turn",
    Shape::Integer(1, 100_000_000),
    "5000",
    "Beside `tokens`: how many of them one turn takes, roughly; what answers tell of it counts more and more",
);
const API_VERSION: Key = Key::own(
    "api_version",
    Shape::Choice(&["v3", "v3beta1"]),
    "v3beta1",
    "The version of the Dialogflow CX API; v3 unless set",
);
const ENDPOINT: Key = Key::own(
    "endpoint",
    Shape::Text,
    "https://dialogflow.example.com",
    "Another server than that of the agent's location; `http://` on this machine only",
);
const CREDENTIALS: Key = Key::own(
    "credentials",
    Shape::OneOf(&[Shape::Choice(&["adc", "none"]), Shape::Group(Group::Credentials)]),
    "{ token_env: TOKEN }",
    "Credentials to ask with: `adc`, which stands for Application Default Credentials and is the default; `none`; or a file or token",
);
const UNIVERSE_DOMAIN: Key = Key::own(
    "universe_domain",
    Shape::Text,
    "example.cloud",
    "The domain that the service stands in; GOOGLE_CLOUD_UNIVERSE_DOMAIN, else googleapis.com, unless set. Credentials go there only when that variable, or `--allow-credentials-to`, says the same",
);
const QUOTA_PROJECT: Key = Key::own(
    "quota_project",
    Shape::Text,
    "billing-project",
    "The project whose quota is used; GOOGLE_CLOUD_QUOTA_PROJECT, else what the credentials name, unless set",
);
const TLS: Key = Key::own(
    "tls",
    Shape::Group(Group::Tls),
    "{ authorities: ca.pem }",
    "Certificates, where those of the machine will not do",
);
const PROXY: Key = Key::own(
    "proxy",
    Shape::Text,
    "http://proxy.example.com:3128",
    "The proxy that leads to the service (`http://[USER:PASSWORD@]HOST:PORT`, by CONNECT), or `none`; that of HTTPS_PROXY and NO_PROXY unless set; a plaintext endpoint has none. Tokens are asked for through that of the variables, always",
);
const CX_TRANSPORT: Key = Key::own(
    "transport",
    Shape::Choice(&["grpc", "rest"]),
    "rest",
    "How requests travel: `grpc` unless set; `rest` is JSON over HTTPS, and carries no sound",
);
const CES_TRANSPORT: Key = Key::own(
    "transport",
    Shape::Choice(&["grpc", "rest", "websocket"]),
    "websocket",
    "How requests travel: `grpc` unless set; `rest` is JSON over HTTPS, and carries no sound; `websocket` is for `via: bidi`, which it brings along",
);
const AUDIO: Key = Key::own(
    "audio",
    Shape::Group(Group::TargetAudio),
    "{ encoding: mulaw, rate: 8000 }",
    "How sound is sent and answered",
);
const CX_VIA: Shape = Shape::Choice(&["detect", "server_stream", "stream", "match_then_fulfill"]);
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
        "Instead of `agent`: the scripted CES app to serve",
    ),
    Key::own(
        "clock",
        Shape::Moment,
        "2026-03-01T09:00:00Z",
        "The time at which every turn happens; the machine's time unless set",
    ),
    Key::own(
        "seed",
        Shape::Integer(0, i64::MAX),
        "7",
        "Decides what the emulator chooses at random; the run's seed unless set",
    ),
    Key::own(
        "latency",
        Shape::Duration,
        "50ms",
        "Time to add to every answer, to see how the suites do on a slower service",
    ),
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
        "How turns are sent that have no `via` of their own; `detect` for an agent, `run` for an app, unless set",
    ),
    RATE,
    SESSIONS,
    TOKENS,
    TOKENS_PER_TURN,
    AUDIO,
    CES_TRANSPORT,
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
        "The agent's export, a folder or zip: it maps the names that people see to the ids that the service wants, and lets `check` find misspelt names",
    ),
    Key::own(
        "environment",
        Shape::Text,
        "5f3a",
        "Id of the agent's environment; the draft unless set",
    ),
    Key::own(
        "flow_versions",
        Shape::List(&Shape::Text),
        "[1f2e/3]",
        "Instead of `environment`: versions of flows, `flow/version` ids or resource names",
    ),
    API_VERSION,
    Key::own(
        "via",
        CX_VIA,
        "server_stream",
        "How turns are sent that have no `via` of their own; `detect` unless set",
    ),
    RATE,
    SESSIONS,
    TOKENS,
    TOKENS_PER_TURN,
    AUDIO,
    ENDPOINT,
    UNIVERSE_DOMAIN,
    CREDENTIALS,
    QUOTA_PROJECT,
    TLS,
    PROXY,
    CX_TRANSPORT,
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
        "Id of the app's deployment; the draft unless set",
    ),
    Key::own(
        "via",
        CES_VIA,
        "bidi",
        "How turns are sent that have no `via` of their own; `run` unless set",
    ),
    RATE,
    SESSIONS,
    TOKENS,
    TOKENS_PER_TURN,
    AUDIO,
    ENDPOINT,
    UNIVERSE_DOMAIN,
    CREDENTIALS,
    QUOTA_PROJECT,
    TLS,
    PROXY,
    CES_TRANSPORT,
];

pub(super) const CREDENTIALS_KEYS: &[Key] = &[
    Key::own(
        "file",
        Shape::Text,
        "key.json",
        "A credentials file: a service account, a user, an impersonation, or a workload's identity federation",
    ),
    Key::own(
        "json_env",
        Shape::Text,
        "KEY",
        "The environment variable that holds the text of such a file; it must be listed under `env`",
    ),
    Key::own(
        "token_env",
        Shape::Text,
        "TOKEN",
        "The environment variable that holds a bearer token; it must be listed under `env`",
    ),
];

pub(super) const TLS_KEYS: &[Key] = &[
    Key::own(
        "authorities",
        Shape::Text,
        "ca.pem",
        "A PEM file with the certificates of those who vouch for the server, and nobody else does; credentials then go only where `--allow-credentials-to` says",
    ),
    Key::own(
        "certificate",
        Shape::Text,
        "client.pem",
        "A PEM file with the certificate for servers that ask for one, and those that lead to its authority; needs `key`",
    ),
    Key::own(
        "key",
        Shape::Text,
        "client-key.pem",
        "A PEM file with the private key of `certificate`, not encrypted",
    ),
];

pub(super) const PROFILE: &[Key] = &[
    Key::own(
        "targets",
        Shape::MapOf(&Shape::Text),
        "{ flights: staging }",
        "Other targets in the place of those that suites name",
    ),
    Key::own(
        "jobs",
        Shape::Integer(1, 10_000),
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
        Shape::Lapse,
        "30m",
        "How long the whole run may take: what is not over by then is cut short; no limit unless set",
    ),
    Key::own(
        "max_duration",
        Shape::Lapse,
        "25m",
        "How long conversations may begin: what is being played then is played to its end; no limit unless set",
    ),
    Key::own(
        "max_turns",
        Shape::Integer(1, 4_294_967_294),
        "5000",
        "How many turns may be sent, those of retries and repetitions too: a conversation begins only while all its turns are left; no limit unless set",
    ),
    Key::own(
        "fail_on_flaky",
        Shape::Boolean,
        "true",
        "`true`: a conversation that passed only after it had failed makes the run fail",
    ),
    Key::own(
        "fail_fast",
        Shape::Boolean,
        "true",
        "`true`: the run stops after the first conversation that failed",
    ),
    Key::own(
        "max_failures",
        Shape::Integer(1, 4_294_967_294),
        "10",
        "The run stops after so many conversations that failed",
    ),
    Key::own(
        "shuffle",
        Shape::Boolean,
        "true",
        "`true`: conversations are played in random order; the report shows the seed",
    ),
    Key::own(
        "reports",
        Shape::OneOf(&[REPORT, Shape::List(&REPORT)]),
        "[junit, json=out/run.json]",
        "Reports to write: `terminal`, `junit`, `json`, `github`, each with `=PATH` if it should go elsewhere",
    ),
];

pub(super) const REDACT: &[Key] = &[Key::own(
    "matches",
    Shape::Text,
    "'\\d{16}'",
    "A regular expression; what it finds is not shown",
)
.required()];
