//! The parts that were read → one agent: pages join their flows, phrases their intents, entries their types.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::agent::{Agent, EntityType, Flow, Intent};
use super::archive::Package;
use super::layout::{Part, decode};
use super::load::Content;
use crate::diagnostic::Diagnostic;

/// Puts the parts (sorted by file name) into the agent and reports what has no place in it.
pub(super) fn assemble(
    agent: &mut Agent,
    package: &Package,
    parts: Vec<(String, Part, Content)>,
) -> Vec<Diagnostic> {
    let mut assembly = Assembly {
        package,
        problems: Vec::new(),
        flows: BTreeMap::new(),
        intents: BTreeMap::new(),
        entity_types: BTreeMap::new(),
    };
    // A folder's own file sorts among its parts, not before them: owners first.
    let (owners, members): (Vec<_>, Vec<_>) = parts.into_iter().partition(|(_, part, _)| {
        matches!(
            part,
            Part::Flow { .. } | Part::Intent { .. } | Part::EntityType { .. }
        )
    });
    for (name, part, content) in owners {
        assembly.add_owner(&name, part, content);
    }
    for (name, part, content) in members {
        assembly.add_member(agent, &name, part, content);
    }
    let Assembly {
        flows,
        intents,
        entity_types,
        mut problems,
        ..
    } = assembly;
    agent.flows = by_display_name(package, &mut problems, flows, |flow: &Flow| &flow.display_name);
    agent.intents = by_display_name(package, &mut problems, intents, |intent: &Intent| {
        &intent.display_name
    });
    agent.entity_types = by_display_name(package, &mut problems, entity_types, |kind: &EntityType| {
        &kind.display_name
    });
    problems
}

struct Assembly<'a> {
    package: &'a Package,
    problems: Vec<Diagnostic>,
    /// By folder: the file's name, and the flow.
    flows: BTreeMap<String, (String, Flow)>,
    intents: BTreeMap<String, (String, Intent)>,
    entity_types: BTreeMap<String, (String, EntityType)>,
}

impl Assembly<'_> {
    fn add_owner(&mut self, name: &str, part: Part, content: Content) {
        match (part, content) {
            (Part::Flow { flow: folder }, Content::Flow(mut flow)) => {
                name_after(&mut flow.display_name, &folder);
                self.keep(name, folder, *flow, |assembly| &mut assembly.flows);
            }
            (Part::Intent { intent: folder }, Content::Intent(mut intent)) => {
                name_after(&mut intent.display_name, &folder);
                self.keep(name, folder, intent, |assembly| &mut assembly.intents);
            }
            (Part::EntityType { entity_type: folder }, Content::EntityType(mut kind)) => {
                name_after(&mut kind.display_name, &folder);
                self.keep(name, folder, kind, |assembly| &mut assembly.entity_types);
            }
            _ => {}
        }
    }

    fn keep<T>(
        &mut self,
        name: &str,
        folder: String,
        item: T,
        map: impl FnOnce(&mut Self) -> &mut BTreeMap<String, (String, T)>,
    ) {
        match map(self).entry(folder) {
            Entry::Vacant(place) => {
                place.insert((name.to_owned(), item));
            }
            Entry::Occupied(place) => {
                let first = place.get().0.clone();
                self.problems.push(twice(self.package, name, &first));
            }
        }
    }

    fn add_member(&mut self, agent: &mut Agent, name: &str, part: Part, content: Content) {
        match (part, content) {
            (Part::Page { flow }, Content::Page(mut page)) => {
                name_after(&mut page.display_name, &stem(name));
                let Some((_, flow)) = self.flows.get_mut(&flow) else {
                    return self.problems.push(orphan(self.package, name, "flow"));
                };
                if flow.pages.contains_key(&page.display_name) {
                    return self
                        .problems
                        .push(same_name(self.package, name, &page.display_name));
                }
                flow.pages.insert(page.display_name.clone(), *page);
            }
            (Part::FlowRouteGroup { flow }, Content::RouteGroup(mut group)) => {
                name_after(&mut group.display_name, &stem(name));
                let Some((_, flow)) = self.flows.get_mut(&flow) else {
                    return self.problems.push(orphan(self.package, name, "flow"));
                };
                flow.groups.insert(group.display_name.clone(), group);
            }
            (Part::AgentRouteGroup, Content::RouteGroup(mut group)) => {
                name_after(&mut group.display_name, &stem(name));
                agent.route_groups.insert(group.display_name.clone(), group);
            }
            (Part::TrainingPhrases { intent, language }, Content::Phrases(phrases)) => {
                match self.intents.get_mut(&intent) {
                    Some((_, intent)) => {
                        intent.training_phrases.insert(language, phrases);
                    }
                    None => self.problems.push(orphan(self.package, name, "intent")),
                }
            }
            (
                Part::Entities {
                    entity_type,
                    language,
                },
                Content::Entities(entities),
            ) => match self.entity_types.get_mut(&entity_type) {
                Some((_, kind)) => {
                    kind.entities.insert(language, entities);
                }
                None => self.problems.push(orphan(self.package, name, "entity type")),
            },
            (
                Part::ExcludedPhrases {
                    entity_type,
                    language,
                },
                Content::Excluded(phrases),
            ) => match self.entity_types.get_mut(&entity_type) {
                Some((_, kind)) => {
                    kind.excluded_phrases.insert(language, phrases);
                }
                None => self.problems.push(orphan(self.package, name, "entity type")),
            },
            (Part::Webhook, Content::Webhook(mut webhook)) => {
                name_after(&mut webhook.display_name, &stem(name));
                agent.webhooks.insert(webhook.display_name.clone(), webhook);
            }
            (Part::Playbook, Content::Named(mut playbook)) => {
                name_after(&mut playbook.display_name, &stem(name));
                agent.playbooks.push(playbook);
            }
            (Part::Generator, Content::Named(mut generator)) => {
                name_after(&mut generator.display_name, &stem(name));
                agent.generators.push(generator);
            }
            (Part::Tool, Content::Named(tool)) => agent.tools.push(tool),
            (Part::TestCase, Content::TestCase(case)) => {
                agent.test_cases.insert(name.to_owned(), case);
            }
            _ => {}
        }
    }
}

/// Re-keys what was collected by folder; of two with one display name the first file wins.
fn by_display_name<T>(
    package: &Package,
    problems: &mut Vec<Diagnostic>,
    items: BTreeMap<String, (String, T)>,
    display_name: impl Fn(&T) -> &String,
) -> BTreeMap<String, T> {
    let mut named = BTreeMap::new();
    for (_, (file, item)) in items {
        let key = display_name(&item).clone();
        match named.entry(key) {
            Entry::Vacant(place) => {
                place.insert(item);
            }
            Entry::Occupied(place) => problems.push(same_name(package, &file, place.key())),
        }
    }
    named
}

/// Files without a display name are named by their folder.
fn name_after(display_name: &mut String, folder: &str) {
    if display_name.is_empty() {
        folder.clone_into(display_name);
    }
}

/// The decoded name of a file without folder and extension.
fn stem(name: &str) -> String {
    let file = name.rsplit_once('/').map_or(name, |(_, file)| file);
    decode(file.strip_suffix(".json").unwrap_or(file))
}

fn orphan(package: &Package, name: &str, owner: &str) -> Diagnostic {
    Diagnostic::error(
        "orphan-file",
        format!(
            "the file belongs to {article} {owner} that the export does not hold",
            article = article(owner)
        ),
    )
    .in_file(package.path_of(name))
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['e', 'i']) { "an" } else { "a" }
}

fn twice(package: &Package, name: &str, first: &str) -> Diagnostic {
    Diagnostic::error(
        "duplicate-name",
        format!("the folder already holds `{first}`, which is taken instead"),
    )
    .in_file(package.path_of(name))
}

fn same_name(package: &Package, name: &str, display_name: &str) -> Diagnostic {
    Diagnostic::error(
        "duplicate-name",
        format!("the name `{display_name}` is already taken by another file"),
    )
    .in_file(package.path_of(name))
}
