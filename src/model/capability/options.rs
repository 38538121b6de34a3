//! What goes along with a turn.

use super::{Group, Key, Shape};

pub(super) const WITH: &[Key] = &[
    Key::own(
        "parameters",
        Shape::Map,
        "{ tier: gold }",
        "Session parameters to set before the turn; null deletes one",
    )
    .on(Some("`queryParams.parameters`"), None),
    Key::own(
        "variables",
        Shape::Map,
        "{ tier: gold }",
        "Variables to set before the turn",
    )
    .on(None, Some("`inputs[].variables`")),
    Key::own(
        "language",
        Shape::Text,
        "en",
        "Language of the turn, such as `en` or `pt-br`; the agent's own unless set",
    )
    .on(Some("`queryInput.languageCode`"), None),
    Key::own(
        "time_zone",
        Shape::Text,
        "Europe/Paris",
        "The user's time zone, by its IANA name; also that of `today`, `tomorrow` and `now` in the turn",
    )
    .on(Some("`queryParams.timeZone`"), Some("`config.timeZone`")),
    Key::own(
        "payload",
        Shape::Map,
        "{ source: web }",
        "A payload for webhooks to read",
    )
    .on(Some("`queryParams.payload`"), None),
    Key::own(
        "disable_webhook",
        Shape::Boolean,
        "true",
        "`true`: webhooks are not called",
    )
    .on(Some("`queryParams.disableWebhook`"), None),
    Key::own(
        "webhook_headers",
        Shape::TextMap,
        "{ x-trace: abc }",
        "Headers to add to webhook calls",
    )
    .on(Some("`queryParams.webhookHeaders`"), None),
    Key::own(
        "channel",
        Shape::Text,
        "DF_MESSENGER",
        "The channel, for agents whose messages differ by channel",
    )
    .on(Some("`queryParams.channel`"), None),
    Key::own(
        "session_entity_types",
        Shape::List(&Shape::Group(Group::SessionEntityType)),
        "[{ entity_type: city, entities: { Paris: [paree] } }]",
        "Entity types that this session alone knows",
    )
    .on(Some("`queryParams.sessionEntityTypes`"), None),
    Key::own(
        "sentiment",
        Shape::Boolean,
        "true",
        "`true`: the service analyses the sentiment of what the user says",
    )
    .on(Some("`queryParams.analyzeQueryTextSentiment`"), None),
    Key::own(
        "data_store_signals",
        Shape::Boolean,
        "true",
        "`true`: the service tells what data stores found, which `citations` and `raw` look at",
    )
    .on(Some("`queryParams.populateDataStoreConnectionSignals`"), None),
    Key::own(
        "session_ttl",
        Shape::Lapse,
        "2h",
        "How long the session is kept; 30m unless set, at most 24h",
    )
    .on(Some("`queryParams.sessionTtl`"), None),
    Key::own(
        "flow_versions",
        Shape::Texts,
        "[1f2e/3]",
        "Versions of flows to use: `flow/version` ids, or resource names",
    )
    .on(Some("`queryParams.flowVersions`"), None),
    Key::own("deployment", Shape::Text, "prod", "Id of the app's deployment")
        .on(None, Some("`config.deployment`")),
    Key::own(
        "entry_agent",
        Shape::Name,
        "Billing agent",
        "The agent that answers first in a session: as `agent` of `start`, for the first turn of one only",
    )
    .on(None, Some("`config.entryAgent`")),
    Key::own(
        "use_tool_fakes",
        Shape::Boolean,
        "true",
        "`true`: tools answer with the fake that is configured for them",
    )
    .on(None, Some("`config.useToolFakes`")),
    Key::own(
        "text_streaming",
        Shape::Boolean,
        "true",
        "`true`: the service sends texts in pieces, as soon as there are any; pieces that follow each other are one text of `replies`. Needs `via: stream`, or `via: bidi` without sound",
    )
    .on(None, Some("`config.enableTextStreaming`")),
    Key::own(
        "remote_dialogflow",
        Shape::Group(Group::RemoteDialogflow),
        "{ payload: { source: web } }",
        "What is sent along to a remote Dialogflow agent",
    )
    .on(None, Some("`config.remoteDialogflowQueryParameters`")),
    Key::own(
        "emulator",
        Shape::Group(Group::Emulator),
        "{ match: book.flight }",
        "What an emulator does in this turn, whatever it would do otherwise; other targets ignore it",
    ),
];

pub(super) const SESSION_ENTITY_TYPE: &[Key] = &[
    Key::own(
        "entity_type",
        Shape::Name,
        "city",
        "The entity type, by its display name",
    )
    .required(),
    Key::own(
        "supplement",
        Shape::Boolean,
        "true",
        "`true`: adds to the agent's own entries; otherwise takes their place",
    ),
    Key::own(
        "entities",
        Shape::MapOf(&Shape::Texts),
        "{ Paris: [paree, paname] }",
        "Each value, with its synonyms",
    )
    .required(),
];

pub(super) const REMOTE_DIALOGFLOW: &[Key] = &[
    Key::own(
        "webhook_headers",
        Shape::TextMap,
        "{ x-trace: abc }",
        "Headers to add to webhook calls",
    ),
    Key::own(
        "payload",
        Shape::Map,
        "{ source: web }",
        "A payload for webhooks to read",
    ),
    Key::own(
        "end_user_metadata",
        Shape::Map,
        "{ age: 30 }",
        "Facts about the user",
    ),
];

pub(super) const EMULATOR: &[Key] = &[
    Key::own(
        "clock",
        Shape::Moment,
        "2026-03-01T09:00:00Z",
        "The time at which the turn happens",
    ),
    Key::own(
        "match",
        Shape::OneOf(&[Shape::Text, Shape::Null]),
        "book.flight",
        "The intent that is recognised; null means none, so that form filling or no-match decides",
    ),
    Key::own(
        "webhook",
        Shape::Group(Group::WebhookAnswer),
        "{ parameters: { status: shipped } }",
        "The answer to every webhook call of the turn",
    ),
    Key::own(
        "sentiment",
        Shape::Group(Group::PinnedSentiment),
        "{ score: -0.8, magnitude: 0.8 }",
        "What the user's words sound like, which an emulator cannot tell; with `sentiment: true` beside it",
    ),
];

pub(super) const PINNED_SENTIMENT: &[Key] = &[
    Key::own(
        "score",
        Shape::Between(-1.0, 1.0),
        "-0.8",
        "From -1, bad, to 1, good",
    )
    .required(),
    Key::own(
        "magnitude",
        Shape::Between(0.0, f64::MAX),
        "0.8",
        "How strong, whichever way: 0 or more",
    )
    .required(),
];
