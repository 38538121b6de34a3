//! What a conversation does not say of a turn although the console compares it: where a test case expects nothing, the
//! console expects that there is nothing (cx-runtime 17.2).

use super::again::Base;
use super::align::Step;
use super::case::Case;
use super::counted;
use super::merge;
use crate::diagnostic::Diagnostic;
use crate::model::Value;
use crate::model::suite::{Check, Conversation, Service, Turn};

/// What the console compares of every turn.
const PARTS: [&str; 3] = ["intent", "page", "texts"];

/// For each of [`PARTS`] whether a turn says nothing of it.
pub(super) type Unsaid = [bool; PARTS.len()];

/// What a turn does not say. That something is absent is said, too.
pub(super) fn unsaid(turn: &Turn) -> Unsaid {
    let mut unsaid = [true; PARTS.len()];
    let for_cx = |only_on: &Option<Service>| *only_on != Some(Service::Ces);
    for expectation in turn
        .expect
        .iter()
        .filter(|expectation| for_cx(&expectation.only_on))
    {
        match expectation.check {
            Check::Intent(_) => unsaid[0] = false,
            Check::Page(_) => unsaid[1] = false,
            Check::Reply(_) | Check::Replies(_) => unsaid[2] = false,
            _ => {}
        }
    }
    unsaid
}

/// A warning when turns that are new, or that said more before, leave something to be compared as empty.
pub(super) fn warning(
    conversation: &Conversation,
    case: &Case,
    base: Option<(&Base, &Value)>,
) -> Option<Diagnostic> {
    let mut counts = [0; PARTS.len()];
    for unsaid in newly_unsaid(case, base) {
        for (count, is_unsaid) in counts.iter_mut().zip(unsaid) {
            *count += usize::from(is_unsaid);
        }
    }
    let parts: Vec<String> = PARTS
        .iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|(part, count)| format!("{part} (in {})", counted(count, "turn")))
        .collect();
    if parts.is_empty() {
        return None;
    }
    let message = format!(
        "`{}` does not say {}: the console compares these as empty",
        conversation.name,
        parts.join(", ")
    );
    let location = &conversation.location;
    Some(
        Diagnostic::warning("compared-as-empty", message)
            .in_file(&*location.file)
            .on_line(location.line)
            .help("say them in `expect:`; for turns without one, `turnproof run --print-expect` prints what would hold"),
    )
}

fn newly_unsaid(case: &Case, base: Option<(&Base, &Value)>) -> Vec<Unsaid> {
    let steps = base.and_then(|(base, original)| merge::steps(original, &base.case, case));
    let Some((steps, (base, _))) = steps.zip(base) else {
        return case.unsaid.clone();
    };
    let now = |at: usize| case.unsaid.get(at).copied();
    let of_step = |step: Step| match step {
        Step::Added(at) => now(at),
        Step::Changed(before, at) => {
            let before = base.case.unsaid.get(before)?;
            let now = now(at)?;
            Some(std::array::from_fn(|part| now[part] && !before[part]))
        }
        Step::Same(_) | Step::Removed(_) => None,
    };
    steps.into_iter().filter_map(of_step).collect()
}
