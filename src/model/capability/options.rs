//! What goes along with a turn.

use super::{Group, Key, Shape};

pub(super) const WITH: &[Key] = &[
    Key::own(
        "parameters",
        Shape::Map,
        "{ tier: gold }",
        "Session parameters set before the turn; null deletes one",
    )
    .on(Some("`queryParams.parameters`"), None),
    Key::own(
        "variables",
        Shape::Map,
        "{ tier: gold }",
        "Variables sent before the turn's input",
    )
    .on(None, Some("`inputs[].variables`")),
    Key::own("language", Shape::Text, "en", "Language of the turn")
        .on(Some("`queryInput.languageCode`"), None),
    Key::own("time_zone", Shape::Text, "Europe/Paris", "IANA time zone")
        .on(Some("`queryParams.timeZone`"), Some("`config.timeZone`")),
    Key::own(
        "payload",
        Shape::Map,
        "{ source: web }",
        "Payload handed to webhooks",
    )
    .on(Some("`queryParams.payload`"), None),
    Key::own(
        "disable_webhook",
        Shape::Boolean,
        "true",
        "Switches webhook calls off",
    )
    .on(Some("`queryParams.disableWebhook`"), None),
    Key::own(
        "webhook_headers",
        Shape::TextMap,
        "{ x-trace: abc }",
        "Headers added to webhook calls",
    )
    .on(Some("`queryParams.webhookHeaders`"), None),
    Key::own(
        "channel",
        Shape::Text,
        "DF_MESSENGER",
        "Only messages of this channel",
    )
    .on(Some("`queryParams.channel`"), None),
    Key::own(
        "session_entity_types",
        Shape::List(&Shape::Group(Group::SessionEntityType)),
        "[{ entity_type: city, entities: { Paris: [paree] } }]",
        "Entity types that only this session knows",
    )
    .on(Some("`queryParams.sessionEntityTypes`"), None),
    Key::own("sentiment", Shape::Boolean, "true", "Asks for sentiment analysis")
        .on(Some("`queryParams.analyzeQueryTextSentiment`"), None),
    Key::own(
        "session_ttl",
        Shape::Duration,
        "2h",
        "How long the session is kept; 30m unless set, at most 24h",
    )
    .on(Some("`queryParams.sessionTtl`"), None),
    Key::own(
        "flow_versions",
        Shape::Texts,
        "[1f2e/3]",
        "Versions of flows to use, as `flow/version` ids or resource names",
    )
    .on(Some("`queryParams.flowVersions`"), None),
    Key::own("deployment", Shape::Text, "prod", "Id of the deployment").on(None, Some("`config.deployment`")),
    Key::own(
        "entry_agent",
        Shape::Name,
        "Billing agent",
        "The agent that answers first",
    )
    .on(None, Some("`config.entryAgent`")),
    Key::own(
        "use_tool_fakes",
        Shape::Boolean,
        "true",
        "Tools with a configured fake use it",
    )
    .on(None, Some("`config.useToolFakes`")),
    Key::own(
        "remote_dialogflow",
        Shape::Group(Group::RemoteDialogflow),
        "{ payload: { source: web } }",
        "Query parameters for a remote Dialogflow agent",
    )
    .on(None, Some("`config.remoteDialogflowQueryParameters`")),
    Key::own(
        "emulator",
        Shape::Group(Group::Emulator),
        "{ match: book.flight }",
        "Pins what an emulator does; other targets ignore it",
    ),
];

pub(super) const SESSION_ENTITY_TYPE: &[Key] = &[
    Key::own("entity_type", Shape::Name, "city", "Which entity type").required(),
    Key::own(
        "supplement",
        Shape::Boolean,
        "true",
        "Adds to the agent's entries; otherwise these come instead of them",
    ),
    Key::own(
        "entities",
        Shape::MapOf(&Shape::Texts),
        "{ Paris: [paree, paname] }",
        "Each value with its synonyms",
    )
    .required(),
];

pub(super) const REMOTE_DIALOGFLOW: &[Key] = &[
    Key::own(
        "webhook_headers",
        Shape::TextMap,
        "{ x-trace: abc }",
        "Headers added to webhook calls",
    ),
    Key::own(
        "payload",
        Shape::Map,
        "{ source: web }",
        "Payload handed to webhooks",
    ),
    Key::own(
        "end_user_metadata",
        Shape::Map,
        "{ age: 30 }",
        "What is known of the user",
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
        "The intent that is recognised; null means none, so form filling or no-match decides",
    ),
    Key::own(
        "webhook",
        Shape::Group(Group::WebhookAnswer),
        "{ parameters: { status: shipped } }",
        "The answer to every webhook call of the turn",
    ),
];
