//! The settings: targets, profiles, and what applies to all suites.

use super::{Group, Key, Shape};

const STUBS: Shape = Shape::MapOf(&Shape::List(&Shape::Group(Group::StubRule)));

pub(super) const SETTINGS: &[Key] = &[
    Key::own(
        "env",
        Shape::Texts,
        "[PROJECT]",
        "The only environment variables that settings (`${PROJECT}`) and suites (`{{ env.PROJECT }}`) may read",
    ),
    Key::own(
        "targets",
        Shape::MapOf(&Shape::Group(Group::Target)),
        "{ flights: { backend: emulator, agent: agents/flights } }",
        "What can be tested, by name",
    )
    .required(),
    Key::own(
        "profiles",
        Shape::MapOf(&Shape::Group(Group::Profile)),
        "{ ci: { jobs: 16 } }",
        "Settings for an occasion, chosen with `--profile`",
    ),
    Key::own(
        "defaults",
        Shape::Group(Group::Defaults),
        "{ timeouts: { turn: 10s } }",
        "What every conversation inherits unless suite or conversation say otherwise; a key that a target's service lacks does not apply to it",
    ),
    Key::own(
        "tools",
        STUBS,
        "{ lookup: [{ respond: { found: true } }] }",
        "Answers for client-side tool calls, after those of conversation and suite",
    ),
    Key::own(
        "webhooks",
        STUBS,
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

pub(super) const TARGET: &[Key] = &[];
pub(super) const CREDENTIALS: &[Key] = &[];
pub(super) const PROFILE: &[Key] = &[];
pub(super) const REDACT: &[Key] = &[];
