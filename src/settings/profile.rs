//! Profiles: named sets of choices for a run.

use std::ops::Range;
use std::time::Duration;

use super::keys::fields;
use super::play::{PlayPatch, positive};
use super::rate::Rate;
use super::target::read_rate;
use super::{REPORT_FORMATS, check_report};
use crate::model::capability::Group;
use crate::yaml::{Map, Node, Reader};

/// A named set of choices for a run; what it does not say is left to the layers below.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Roles and the targets they are mapped to, with the place of the target's name.
    pub targets: Vec<(String, String, Range<usize>)>,
    /// Conversations played at once.
    pub jobs: Option<u32>,
    /// Most requests to each target.
    pub rate: Option<Rate>,
    /// Time-outs, retries, repetitions.
    pub play: PlayPatch,
    /// How long the run may take.
    pub timeout: Option<Duration>,
    /// How long conversations may begin.
    pub max_duration: Option<Duration>,
    /// How many turns may be sent.
    pub max_turns: Option<u32>,
    /// A flaky conversation makes the run fail.
    pub fail_on_flaky: Option<bool>,
    /// How many conversations may fail before the run stops.
    pub max_failures: Option<u32>,
    /// Random order.
    pub shuffle: Option<bool>,
    /// Reports, each `FORMAT` or `FORMAT=PATH`.
    pub reports: Option<Vec<String>>,
}

/// Most conversations at once: more is a slip of the finger.
pub const MOST_JOBS: u32 = 10_000;

pub(super) fn read_profiles(reader: &mut Reader, node: &Node) -> Vec<Profile> {
    let Some(map) = reader.map(node, "`profiles`") else {
        return Vec::new();
    };
    map.entries
        .iter()
        .filter_map(|entry| {
            let map = fields(reader, &entry.value, Group::Profile)?;
            Some(read_profile(reader, &entry.key.name, map))
        })
        .collect()
}

fn read_profile(reader: &mut Reader, name: &str, map: &Map) -> Profile {
    let number = |reader: &mut Reader, key: &str, end: u64| {
        let value = reader.integer(map.get(key)?, &format!("`{key}`"), 1..end)?;
        u32::try_from(value).ok()
    };
    let flag = |reader: &mut Reader, key: &str| reader.boolean(map.get(key)?, &format!("`{key}`"));
    let fail_fast = flag(reader, "fail_fast");
    if let (Some(true), Some(entry)) = (fail_fast, map.entry("max_failures")) {
        let message = "`fail_fast` and `max_failures` exclude each other";
        reader.error("conflicting-keys", message, entry.key.span.clone());
    }
    let most_failures = number(reader, "max_failures", u64::from(u32::MAX));
    Profile {
        name: name.to_owned(),
        targets: map
            .get("targets")
            .map(|node| roles(reader, node))
            .unwrap_or_default(),
        jobs: number(reader, "jobs", u64::from(MOST_JOBS) + 1),
        rate: map.get("rate").and_then(|node| read_rate(reader, node)),
        play: PlayPatch::read(reader, map),
        timeout: map
            .get("timeout")
            .and_then(|node| positive(reader, node, "`timeout`")),
        max_duration: map
            .get("max_duration")
            .and_then(|node| positive(reader, node, "`max_duration`")),
        max_turns: number(reader, "max_turns", u64::from(u32::MAX)),
        fail_on_flaky: flag(reader, "fail_on_flaky"),
        max_failures: most_failures.or(fail_fast.filter(|fast| *fast).map(|_| 1)),
        shuffle: flag(reader, "shuffle"),
        reports: map.get("reports").and_then(|node| reports(reader, node)),
    }
}

fn roles(reader: &mut Reader, node: &Node) -> Vec<(String, String, Range<usize>)> {
    let Some(map) = reader.map(node, "`targets` of a profile") else {
        return Vec::new();
    };
    map.entries
        .iter()
        .filter_map(|entry| {
            let target = reader.name(&entry.value, "the target of a role")?;
            Some((entry.key.name.clone(), target, entry.value.span.clone()))
        })
        .collect()
}

fn reports(reader: &mut Reader, node: &Node) -> Option<Vec<String>> {
    let items = match node.as_list() {
        Some(items) => items,
        None => std::slice::from_ref(node),
    };
    let mut reports = Vec::new();
    for item in items {
        let text = reader.text(item, "a report")?;
        match check_report(&text) {
            Ok(()) => reports.push(text),
            Err(message) => {
                reader
                    .error("unknown-value", message, item.span.clone())
                    .help
                    .push(format!(
                        "write one of {}, with `=PATH` where it should go",
                        REPORT_FORMATS.join(", ")
                    ));
            }
        }
    }
    Some(reports)
}
