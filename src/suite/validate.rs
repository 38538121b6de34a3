//! Names in suites against the agent's export, or the app's script: what the agent does not have is reported, with
//! what was probably meant.

use std::collections::{BTreeMap, BTreeSet};

use super::mention::{Kind, Mention};
use super::parse::title;
use super::surroundings::{Names, Role};
use crate::diagnostic::{Diagnostic, suggest};
use crate::export::SymbolicTarget;
use crate::export::agent::Agent;
use crate::model::capability::Group;
use crate::model::suite::Service;

mod collect;

/// The names that an agent's export has.
#[derive(Debug, Clone, Default)]
pub struct ExportNames {
    intents: BTreeSet<String>,
    /// Pages by flow.
    flows: BTreeMap<String, BTreeSet<String>>,
    playbooks: BTreeSet<String>,
    /// Tools by the names that calls have: display names, and ids where a call carries no more than that.
    tools: BTreeSet<String>,
    entity_types: BTreeSet<String>,
    webhooks: BTreeSet<String>,
    generators: BTreeSet<String>,
    /// Session parameters, lower case: set by forms, intents and presets, or referred to.
    parameters: BTreeSet<String>,
    /// Members of parameters whose entity type is composite, lower case.
    members: BTreeMap<String, BTreeSet<String>>,
}

impl ExportNames {
    /// Collects the names of an agent.
    pub fn new(agent: &Agent) -> Self {
        collect::names(agent)
    }

    fn pages(&self) -> impl Iterator<Item = &str> {
        self.flows.values().flatten().map(String::as_str)
    }

    /// The pages of a flow, or of all flows when it is not known.
    fn pages_of(&self, flow: Option<&str>) -> impl Iterator<Item = &str> {
        let known = flow.filter(|flow| self.flows.contains_key(*flow));
        let of_flow = move |name: &str| known.is_none_or(|flow| flow == name);
        self.flows
            .iter()
            .filter(move |(name, _)| of_flow(name))
            .flat_map(|(_, pages)| pages)
            .map(String::as_str)
    }

    fn has_page(&self, flow: Option<&str>, name: &str) -> bool {
        if SymbolicTarget::parse(name).is_some() {
            return true;
        }
        match flow.and_then(|flow| self.flows.get(flow)) {
            Some(pages) => pages.contains(name),
            None => self.pages().any(|page| page == name),
        }
    }
}

/// The names that a scripted app has.
#[derive(Debug, Clone, Default)]
pub struct AppNames {
    /// Display names of its agents.
    pub agents: BTreeSet<String>,
    /// Its tools, those of a tool set as `toolset/tool`.
    pub tools: BTreeSet<String>,
}

/// Reports the names that the agent of a target does not have; `given` are parameters that suites set themselves.
pub(super) fn check<'a>(
    mentions: impl Iterator<Item = &'a Mention>,
    given: &BTreeSet<String>,
    role: &Role,
    names: &Names,
) -> Vec<Diagnostic> {
    match names {
        Names::Unchecked => Vec::new(),
        Names::IdsOnly => mentions.filter_map(|mention| needs_id(mention, role)).collect(),
        Names::Export(names) => {
            let given: BTreeSet<String> = given.iter().map(|name| name.to_lowercase()).collect();
            mentions
                .filter_map(|mention| unknown(mention, names, &given, role))
                .collect()
        }
        Names::App(names) => mentions
            .filter_map(|mention| unknown_to_app(mention, names, role))
            .collect(),
    }
}

/// The service wants ids; only an export maps names to them.
fn needs_id(mention: &Mention, role: &Role) -> Option<Diagnostic> {
    if !mention.sent {
        return None;
    }
    let message = format!(
        "{} `{}` must be given by id on the target `{}`",
        what(&mention.kind),
        mention.name,
        role.target
    );
    let export = format!(
        "or give the target an `export:` that maps names to ids: `{}`",
        role.target
    );
    let problem =
        Diagnostic::error("needs-id", message).at(&mention.file, mention.span.clone(), "a display name");
    Some(problem.help("write `{ id: … }`").help(export))
}

fn unknown(
    mention: &Mention,
    names: &ExportNames,
    given: &BTreeSet<String>,
    role: &Role,
) -> Option<Diagnostic> {
    if let Kind::Operator { parameter } = &mention.kind {
        return like_an_operator(mention, parameter, names);
    }
    if is_known(mention, names, given) {
        return None;
    }
    let noun = match &mention.kind {
        Kind::Agent => "playbook or flow",
        Kind::Place => "page, flow or playbook",
        kind => noun(kind),
    };
    let in_flow = match &mention.kind {
        Kind::Page { flow: Some(flow) } => format!(" in its flow `{flow}`"),
        _ => String::new(),
    };
    let nearest = nearest(mention, names, given);
    Some(not_there(mention, role, noun, &in_flow, nearest))
}

fn unknown_to_app(mention: &Mention, names: &AppNames, role: &Role) -> Option<Diagnostic> {
    let (known, noun) = match &mention.kind {
        Kind::Agent | Kind::Place => (&names.agents, "agent"),
        Kind::Tool => (&names.tools, "tool"),
        _ => return None,
    };
    if known.contains(&mention.name) {
        return None;
    }
    let nearest = suggest::nearest(&mention.name, known.iter().map(String::as_str));
    Some(not_there(mention, role, noun, "", nearest))
}

fn not_there(mention: &Mention, role: &Role, noun: &str, in_flow: &str, nearest: Option<&str>) -> Diagnostic {
    let whole = match role.service {
        Service::Cx => "agent",
        Service::Ces => "app",
    };
    let message = format!(
        "the {whole} of `{}` ({}) has no {noun} `{}`{in_flow}",
        role.target,
        title(role.service),
        mention.name
    );
    let problem =
        Diagnostic::warning("unknown-to-agent", message).at(&mention.file, mention.span.clone(), "");
    match nearest {
        Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
        None => problem,
    }
}

/// Whether the agent has what is named, or suites set it.
fn is_known(mention: &Mention, names: &ExportNames, given: &BTreeSet<String>) -> bool {
    let name = mention.name.as_str();
    match &mention.kind {
        Kind::MatchType | Kind::Operator { .. } => true,
        Kind::Intent => names.intents.contains(name),
        Kind::Flow => names.flows.contains_key(name),
        Kind::Page { flow } => names.has_page(flow.as_deref(), name),
        Kind::Place => {
            names.has_page(None, name) || names.flows.contains_key(name) || names.playbooks.contains(name)
        }
        Kind::Playbook => names.playbooks.contains(name),
        Kind::Agent => names.playbooks.contains(name) || names.flows.contains_key(name),
        Kind::Tool => names.tools.contains(name) || names.tools.contains(without_action(name)),
        Kind::EntityType => {
            let bare = without_at(name);
            bare.starts_with("sys.") || names.entity_types.contains(bare)
        }
        Kind::Webhook => names.webhooks.contains(name),
        Kind::Generator => names.generators.contains(name),
        Kind::Parameter => is_parameter(name, names, given),
    }
}

/// A call of one of a tool's actions is named `tool/action`.
fn without_action(name: &str) -> &str {
    name.split_once('/').map_or(name, |(tool, _)| tool)
}

/// What was probably meant by a name that is not known. Comparing with every name there is takes far longer than
/// looking one up, so that only what is unknown may be asked.
fn nearest<'a>(mention: &Mention, names: &'a ExportNames, given: &'a BTreeSet<String>) -> Option<&'a str> {
    let name = mention.name.as_str();
    let among = |known: &'a BTreeSet<String>| suggest::nearest(name, known.iter().map(String::as_str));
    let flows = || names.flows.keys().map(String::as_str);
    match &mention.kind {
        Kind::MatchType | Kind::Operator { .. } => None,
        Kind::Intent => among(&names.intents),
        Kind::Flow => suggest::nearest(name, flows()),
        Kind::Page { flow } => suggest::nearest(name, names.pages_of(flow.as_deref())),
        Kind::Place => suggest::nearest(name, names.pages().chain(flows())),
        Kind::Playbook => among(&names.playbooks),
        Kind::Agent => suggest::nearest(name, flows().chain(names.playbooks.iter().map(String::as_str))),
        Kind::Tool => suggest::nearest(without_action(name), names.tools.iter().map(String::as_str)),
        Kind::EntityType => suggest::nearest(without_at(name), names.entity_types.iter().map(String::as_str)),
        Kind::Webhook => among(&names.webhooks),
        Kind::Generator => among(&names.generators),
        Kind::Parameter => nearest_parameter(name, names, given),
    }
}

/// The name of an entity type, with or without the `@` that exports put before it.
fn without_at(name: &str) -> &str {
    name.strip_prefix('@').unwrap_or(name)
}

/// The whole name, or the name before a path into its value.
fn is_parameter(name: &str, names: &ExportNames, given: &BTreeSet<String>) -> bool {
    let name = unquoted(name).to_lowercase();
    let known = |name: &str| names.parameters.contains(name) || given.contains(name);
    let mut ends = name.match_indices(['.', '[']).map(|(at, _)| at);
    known(&name) || ends.any(|end| known(&name[..end]))
}

/// `["member.firstName"]` → `member.firstName`.
fn unquoted(name: &str) -> &str {
    let inner = name.strip_prefix("[\"").and_then(|rest| rest.strip_suffix("\"]"));
    inner.unwrap_or(name)
}

fn nearest_parameter<'a>(name: &str, names: &'a ExportNames, given: &'a BTreeSet<String>) -> Option<&'a str> {
    let known = names.parameters.iter().chain(given).map(String::as_str);
    suggest::nearest(unquoted(name), known)
}

/// `{ date: … }` below a parameter that has a member called `date` is taken for the operator.
fn like_an_operator(mention: &Mention, parameter: &str, names: &ExportNames) -> Option<Diagnostic> {
    let name = mention.name.as_str();
    let members = names.members.get(&parameter.to_lowercase())?;
    if !members.contains(&name.to_lowercase()) || Group::Operator.key(name).is_none() {
        return None;
    }
    let message = format!("`{parameter}` has a member `{name}`, but here it is the operator `{name}`");
    let help = format!("for the member write `{parameter}.{name}: …` beside the other parameters");
    let problem = Diagnostic::warning("like-an-operator", message);
    Some(problem.at(&mention.file, mention.span.clone(), "").help(help))
}

fn noun(kind: &Kind) -> &'static str {
    match kind {
        Kind::Intent => "intent",
        Kind::Flow => "flow",
        Kind::Page { .. } => "page",
        Kind::Place => "place",
        Kind::MatchType => "match type",
        Kind::Playbook => "playbook",
        Kind::Agent => "agent",
        Kind::Tool => "tool",
        Kind::Parameter | Kind::Operator { .. } => "parameter",
        Kind::EntityType => "entity type",
        Kind::Webhook => "webhook",
        Kind::Generator => "generator",
    }
}

fn what(kind: &Kind) -> String {
    format!("the {}", noun(kind))
}

#[cfg(test)]
mod tests;
