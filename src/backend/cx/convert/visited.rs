//! Which pages and flows a turn passed, by name, as the diagnostics tell it.

use super::diagnostics::Diagnostics;
use super::{name_or_id, page_of_symbol};
use crate::model::resource::last_id;
use crate::model::transcript::Observed;
use crate::proto::cx_v3beta1 as cx;

/// The names of where a session stands.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place<'a> {
    flow: &'a str,
    page: &'a str,
}

/// The display names of the flows and pages (or playbooks) entered in the turn, in order, ending with the page
/// the turn ended on.
pub(super) fn visited(
    result: &cx::QueryResult,
    diagnostics: Option<&Diagnostics<'_>>,
    page: Option<&String>,
) -> Observed<Vec<String>> {
    let places = diagnostics.map(places).unwrap_or_default();
    let blocks = blocks(result);
    if diagnostics.is_none() && blocks.is_empty() {
        return Observed::Unseen("the reply has no diagnostics".into());
    }
    let mut names = if !places.is_empty() {
        with_playbooks(result, entered(&places))
    } else if !blocks.is_empty() {
        blocks
    } else {
        diagnostics
            .map(|diagnostics| targets(result, diagnostics))
            .unwrap_or_default()
    };
    if let Some(page) = page
        && names.last() != Some(page)
    {
        names.push(page.clone());
    }
    Observed::Seen(names)
}

/// The places of the steps, the first being where the turn began.
fn places<'a>(diagnostics: &Diagnostics<'a>) -> Vec<Place<'a>> {
    let places = diagnostics.steps.iter().filter_map(|step| step.place.as_ref());
    places
        .map(|place| Place {
            flow: place.flow,
            page: if place.page.is_empty() {
                page_of_symbol(place.page_id).unwrap_or(place.page_id)
            } else {
                place.page
            },
        })
        .collect()
}

/// The names of places entered: a flow where it changes, a page where it or its flow changes.
fn entered(places: &[Place<'_>]) -> Vec<String> {
    let mut names = Vec::new();
    for pair in places.windows(2) {
        let [before, after] = pair else { continue };
        let other_flow = before.flow != after.flow;
        if other_flow && !after.flow.is_empty() {
            names.push(after.flow.to_owned());
        }
        if (other_flow || before.page != after.page) && !after.page.is_empty() {
            names.push(after.page.to_owned());
        }
    }
    names
}

/// The owners of the trace's blocks, each run of the same one once.
fn blocks(result: &cx::QueryResult) -> Vec<String> {
    use cx::trace_block::TraceMetadata::{
        FlowTraceMetadata, PlaybookTraceMetadata, SpeechProcessingMetadata,
    };
    let owners = result
        .trace_blocks
        .iter()
        .filter_map(|block| match block.trace_metadata.as_ref()? {
            PlaybookTraceMetadata(owner) => Some(name_or_id(&owner.display_name, &owner.playbook)),
            FlowTraceMetadata(owner) => Some(name_or_id(&owner.display_name, &owner.flow)),
            SpeechProcessingMetadata(_) => None,
        });
    let mut names: Vec<String> = owners.filter(|name| !name.is_empty()).collect();
    names.dedup();
    names
}

/// The diagnostics know pages and flows only; of the playbooks, those that spoke before any flow come first, the others
/// last.
fn with_playbooks(result: &cx::QueryResult, entered: Vec<String>) -> Vec<String> {
    use cx::trace_block::TraceMetadata::{FlowTraceMetadata, PlaybookTraceMetadata};
    let (mut names, mut last) = (Vec::new(), Vec::new());
    let mut is_before = true;
    for block in &result.trace_blocks {
        match &block.trace_metadata {
            Some(PlaybookTraceMetadata(owner)) => {
                let name = name_or_id(&owner.display_name, &owner.playbook);
                if is_before { &mut names } else { &mut last }.push(name);
            }
            Some(FlowTraceMetadata(_)) => is_before = false,
            _ => {}
        }
    }
    names.extend(entered);
    names.append(&mut last);
    names
}

/// The targets of the transitions. They are ids: the ones that the reply itself names become names.
fn targets(result: &cx::QueryResult, diagnostics: &Diagnostics<'_>) -> Vec<String> {
    let current_page = result
        .current_page
        .as_ref()
        .map(|page| (page.name.as_str(), page.display_name.as_str()));
    let current_flow = result
        .current_flow
        .as_ref()
        .map(|flow| (flow.name.as_str(), flow.display_name.as_str()));
    let named = |id: &str| {
        let known = [current_page, current_flow]
            .into_iter()
            .flatten()
            .find(|(name, _)| last_id(name) == id);
        known
            .map(|(_, display_name)| display_name.to_owned())
            .filter(|name| !name.is_empty())
    };
    let ids = diagnostics.targets().filter(|id| !id.starts_with("END_FLOW"));
    ids.map(|id| named(id).unwrap_or_else(|| page_of_symbol(id).unwrap_or(id).to_owned()))
        .collect()
}
