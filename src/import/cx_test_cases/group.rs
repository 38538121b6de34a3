//! Which conversations go into which suite file: by the prefix of their names (`Happy path - …`), by a tag that
//! several share, and, where there are many, by the flow they are about.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use super::recording::TestCase;
use crate::export::agent::Agent;

/// A prefix or tag that fewer cases share makes no suite.
const LEAST_IN_GROUP: usize = 3;
/// A suite of more is divided by flow.
const MOST_IN_GROUP: usize = 40;
/// A suite of more is divided by number.
const MOST_IN_FILE: usize = 100;
/// Characters of a file's name.
const LONGEST_SLUG: usize = 40;
/// Folders that are never read as suites.
const RESERVED: [&str; 5] = ["agents", "fixtures", "steps", "cassettes", "snapshots"];
/// What a suite is called whose conversations have nothing in common.
const OTHER: &str = "Conversations";

/// A suite to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SuiteGroup {
    pub(super) path: PathBuf,
    pub(super) title: String,
    /// Which cases, in their order.
    pub(super) cases: Vec<usize>,
}

/// Divides the cases into suites.
pub(super) fn into_suites(cases: &[TestCase], agent: &Agent) -> Vec<SuiteGroup> {
    let mut groups: Vec<(Vec<String>, Vec<usize>)> = Vec::new();
    for (title, members) in by_name_or_tag(cases) {
        if members.len() <= MOST_IN_GROUP {
            groups.push((vec![title], members));
            continue;
        }
        for (flow, members) in by_flow(cases, &members, agent) {
            groups.push((vec![title.clone(), flow], members));
        }
    }
    let mut taken = BTreeSet::new();
    let mut suites = Vec::new();
    for (titles, members) in groups {
        for cases in members.chunks(MOST_IN_FILE) {
            let path = free_path(&titles, &mut taken);
            suites.push(SuiteGroup {
                path,
                title: titles.join(": "),
                cases: cases.to_vec(),
            });
        }
    }
    suites
}

/// The first path of `a/b.yaml`, `a/b-2.yaml`, … that no other suite has.
fn free_path(titles: &[String], taken: &mut BTreeSet<PathBuf>) -> PathBuf {
    let mut parts: Vec<String> = titles.iter().map(|title| slug(title, "conversations")).collect();
    let last = parts.pop().unwrap_or_default();
    let folder: PathBuf = parts.into_iter().collect();
    let numbered = (2..).map(|number| format!("{last}-{number}"));
    let mut names = std::iter::once(last.clone()).chain(numbered);
    let free = names.find_map(|name| {
        let path = folder.join(format!("{name}.yaml"));
        // `turnproof.yaml` is the settings file, at any depth.
        (name != "turnproof" && taken.insert(path.clone())).then_some(path)
    });
    free.unwrap_or_else(|| folder.join(last))
}

/// Groups by prefix; cases without a common one by their most common tag; the rest together.
fn by_name_or_tag(cases: &[TestCase]) -> BTreeMap<String, Vec<usize>> {
    let tags_of = |case: &TestCase| {
        case.tags
            .iter()
            .map(|tag| tag_name(tag).to_owned())
            .collect::<Vec<_>>()
    };
    let prefixes = shared(
        cases
            .iter()
            .map(|case| prefix(&case.display_name).into_iter().collect()),
    );
    let tags = shared(cases.iter().map(tags_of));
    // Groups are equal when their files would be; the first spelling names one.
    let mut groups: BTreeMap<String, (String, Vec<usize>)> = BTreeMap::new();
    let mut others = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        let by_prefix = prefix(&case.display_name).filter(|prefix| prefixes.contains_key(&key(prefix)));
        let shared_tags = tags_of(case)
            .into_iter()
            .filter_map(|tag| tags.get(&key(&tag)).map(|count| (*count, tag)));
        match by_prefix.or(shared_tags.max().map(|(_, tag)| tag)) {
            Some(title) => groups
                .entry(key(&title))
                .or_insert((title, Vec::new()))
                .1
                .push(at),
            None => others.push(at),
        }
    }
    let mut named = BTreeMap::new();
    for (title, members) in groups.into_values() {
        if members.len() < LEAST_IN_GROUP {
            others.extend(members);
        } else {
            named.insert(title, members);
        }
    }
    if !others.is_empty() {
        others.sort_unstable();
        named.entry(OTHER.to_owned()).or_default().extend(others);
    }
    named
}

fn key(title: &str) -> String {
    slug(title, "")
}

/// How many cases share each of their names, for names that enough share, by their keys.
fn shared(names: impl Iterator<Item = Vec<String>>) -> HashMap<String, usize> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for names in names {
        let keys: BTreeSet<String> = names.iter().map(|name| key(name)).collect();
        for name in keys {
            *counts.entry(name).or_default() += 1;
        }
    }
    counts.retain(|name, count| *count >= LEAST_IN_GROUP && !name.is_empty());
    counts
}

/// What stands before a dash or colon that sets it apart.
fn prefix(name: &str) -> Option<String> {
    let ends = [" - ", " – ", ": ", " -", " | "]
        .iter()
        .filter_map(|mark| name.find(mark));
    let prefix = name[..ends.min()?]
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    (!prefix.is_empty()).then_some(prefix)
}

fn tag_name(tag: &str) -> &str {
    tag.trim().trim_start_matches('#')
}

/// Groups by the flow that most turns end in; where a conversation only begins counts for nothing.
fn by_flow(cases: &[TestCase], members: &[usize], agent: &Agent) -> BTreeMap<String, Vec<usize>> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for at in members {
        let flow = main_flow(&cases[*at], &agent.settings.start_flow).unwrap_or_else(|| OTHER.to_owned());
        groups.entry(flow).or_default().push(*at);
    }
    let small = groups
        .iter()
        .filter(|(name, members)| members.len() < LEAST_IN_GROUP && *name != OTHER);
    let small: Vec<String> = small.map(|(name, _)| name.clone()).collect();
    for name in small {
        let members = groups.remove(&name).unwrap_or_default();
        groups.entry(OTHER.to_owned()).or_default().extend(members);
    }
    if let Some(others) = groups.get_mut(OTHER) {
        others.sort_unstable();
    }
    groups
}

fn main_flow(case: &TestCase, start_flow: &str) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let flows = case.turns.iter().filter_map(|turn| turn.output()?.place().1);
    for flow in flows {
        *counts.entry(flow).or_default() += 1;
    }
    let is_start = |flow: &str| flow == start_flow || (start_flow.is_empty() && flow == "Default Start Flow");
    let elsewhere = counts
        .iter()
        .filter(|(flow, _)| !is_start(flow))
        .max_by_key(|(_, count)| **count);
    elsewhere
        .or(counts.iter().next())
        .map(|(flow, _)| (*flow).to_owned())
}

/// A name for files: lower case, letters and digits, single dashes.
pub(super) fn slug(title: &str, otherwise: &str) -> String {
    let mut slug = String::new();
    for character in title.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug: String = slug.chars().take(LONGEST_SLUG).collect();
    match slug.trim_matches('-') {
        "" => otherwise.to_owned(),
        reserved if RESERVED.contains(&reserved) => format!("{reserved}-{otherwise}"),
        slug => slug.to_owned(),
    }
}
