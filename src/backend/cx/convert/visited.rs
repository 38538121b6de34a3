//! Which pages and flows a turn passed, read from the diagnostics.
//!
//! Their keys are not documented; the shapes are those seen in real answers (cx-sessions-api 6.5, cx-runtime
//! 16.2), and whatever does not look like them is passed over.

use super::{name_or_id, page_of_symbol};
use crate::model::resource::last_id;
use crate::model::transcript::Observed;
use crate::proto::cx_v3beta1 as cx;
use crate::proto::{WireObject, WireValue};

/// Where a state machine stands.
#[derive(Debug, Clone, Default, PartialEq)]
struct Place {
    flow: String,
    page: String,
}

/// The display names of the flows and pages (or playbooks) entered in the turn, in order, ending with the page
/// the turn ended on.
pub(super) fn visited(
    result: &cx::QueryResult,
    diagnostics: Option<WireObject<'_>>,
    page: Option<&String>,
) -> Observed<Vec<String>> {
    let places = diagnostics.map(execution_sequence).unwrap_or_default();
    let blocks = blocks(result);
    if diagnostics.is_none_or(WireObject::is_empty) && blocks.is_empty() {
        return Observed::Unseen("the reply has no diagnostics".to_owned());
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
fn execution_sequence(diagnostics: WireObject<'_>) -> Vec<Place> {
    let steps = diagnostics.get("Execution Sequence").unwrap_or_default();
    let named = steps
        .items()
        .filter_map(WireValue::as_object)
        .flat_map(WireObject::members);
    named.filter_map(|(_, step)| place(step)).collect()
}

fn place(step: WireValue<'_>) -> Option<Place> {
    let state = step
        .get("InitialState")
        .or_else(|| step.get("StateMachine"))?
        .get("FlowState")?;
    let page = state.get("PageState");
    let text = |value: Option<WireValue<'_>>, key: &str| {
        let member = value.and_then(|value| value.get(key));
        member.and_then(WireValue::as_str).unwrap_or_default().to_owned()
    };
    let named = text(page, "Name");
    Some(Place {
        flow: text(Some(state), "Name"),
        page: if named.is_empty() {
            name_or_id("", &text(page, "PageId"))
        } else {
            named
        },
    })
}

/// The names of places entered: a flow where it changes, a page where it or its flow changes.
fn entered(places: &[Place]) -> Vec<String> {
    let mut names = Vec::new();
    for pair in places.windows(2) {
        let [before, after] = pair else { continue };
        let other_flow = before.flow != after.flow;
        if other_flow && !after.flow.is_empty() {
            names.push(after.flow.clone());
        }
        if (other_flow || before.page != after.page) && !after.page.is_empty() {
            names.push(after.page.clone());
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
fn targets(result: &cx::QueryResult, diagnostics: WireObject<'_>) -> Vec<String> {
    let chain = diagnostics.get("Transition Targets Chain").unwrap_or_default();
    let targets = chain
        .items()
        .filter_map(WireValue::as_object)
        .flat_map(WireObject::members);
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
    let ids = targets
        .filter_map(|(_, target)| target.as_str())
        .map(last_id)
        .filter(|id| !id.starts_with("END_FLOW"));
    ids.map(|id| named(id).unwrap_or_else(|| page_of_symbol(id).unwrap_or(id).to_owned()))
        .collect()
}
