//! Keys that exist, but elsewhere: where they belong.

use crate::model::capability::Group;
use crate::model::suite::Service;

/// Other names that people know these things by.
const SYNONYMS: [(Group, &str, &str); 14] = [
    (Group::Turn, "text", "say"),
    (Group::Turn, "user", "say"),
    (Group::Turn, "input", "say"),
    (Group::Turn, "utterance", "say"),
    (Group::Turn, "assert", "expect"),
    (Group::Turn, "if", "when"),
    (Group::Turn, "step", "use"),
    (Group::Turn, "save", "capture"),
    (Group::Conversation, "steps", "turns"),
    (Group::Conversation, "description", "notes"),
    (Group::Suite, "name", "suite"),
    (Group::Suite, "variables", "vars"),
    (Group::Expectation, "text", "reply"),
    (Group::Expectation, "response", "reply"),
];

/// Where one mapping's keys are often put by mistake, and how to get from there to where they belong.
const NEIGHBOURS: [(Group, Group, &str); 14] = [
    (
        Group::Turn,
        Group::Expectation,
        "what is expected stands under `expect:`",
    ),
    (Group::Turn, Group::With, "what goes along stands under `with:`"),
    (
        Group::Use,
        Group::Turn,
        "beside `use` only `args` can stand; the step's own turns say the rest",
    ),
    (
        Group::Conversation,
        Group::With,
        "what goes along with every turn stands under `with:`",
    ),
    (
        Group::Conversation,
        Group::Start,
        "where the conversation starts stands under `start:`",
    ),
    (
        Group::Conversation,
        Group::Turn,
        "what is said stands in a turn, under `turns:`",
    ),
    (
        Group::Conversation,
        Group::Expectation,
        "expectations about the whole conversation stand under `expect:`",
    ),
    (
        Group::Suite,
        Group::Defaults,
        "what all conversations inherit stands under `defaults:`",
    ),
    (
        Group::Suite,
        Group::With,
        "it stands under `defaults: { with: … }`",
    ),
    (
        Group::Suite,
        Group::Settings,
        "it belongs in the settings, `turnproof.yaml`",
    ),
    (
        Group::Suite,
        Group::Conversation,
        "it stands in a conversation, under `conversations:`",
    ),
    (Group::Defaults, Group::With, "it stands under `with:`"),
    (
        Group::Expectation,
        Group::Operator,
        "an operator stands below what it looks at: `reply: { contains: … }`",
    ),
    (
        Group::Call,
        Group::Operator,
        "an operator stands below what it looks at: `args: { city: { … } }`",
    ),
];

/// What stands for a key on a service that lacks it.
pub(super) fn counterpart(name: &str, service: Service) -> Option<&'static str> {
    const COUNTERPARTS: [(&str, &str); 2] = [("parameters", "variables"), ("playbook", "agent")];
    COUNTERPARTS.iter().find_map(|(cx, ces)| match service {
        Service::Cx if *ces == name => Some(*cx),
        Service::Ces if *cx == name => Some(*ces),
        _ => None,
    })
}

/// Where a key that a group does not have belongs, if it is known elsewhere.
pub(super) fn belongs(name: &str, group: Group) -> Option<String> {
    let synonym = SYNONYMS
        .iter()
        .find(|(of, known, _)| *of == group && *known == name);
    if let Some((_, _, called)) = synonym {
        return Some(format!("here it is called `{called}`"));
    }
    NEIGHBOURS
        .iter()
        .find(|(from, to, _)| *from == group && to.key(name).is_some())
        .map(|(_, _, help)| (*help).to_owned())
}
