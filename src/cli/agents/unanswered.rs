//! What of an emulated agent needs a language model, which the emulator does not have, and is answered by no stub.

use crate::diagnostic::Diagnostic;
use crate::export::agent::Agent;
use crate::export::generative::Generative;
use crate::suite::Stubbed;

/// Names told before the rest is only counted.
const MOST_NAMES: usize = 8;

/// Warnings about an emulator target, one for each kind of thing.
pub(super) fn problems(target: &str, agent: &Agent, stubbed: &Stubbed) -> Vec<Diagnostic> {
    let used = Generative::of(agent);
    let quoted = |name: &String| format!("`{name}`");
    let generators: Vec<_> = used
        .generators
        .difference(&stubbed.generators)
        .map(quoted)
        .collect();
    let playbooks: Vec<_> = used
        .playbooks
        .difference(&stubbed.playbooks)
        .map(quoted)
        .collect();
    let data_stores: Vec<_> = used.data_stores.into_iter().collect();
    let mut problems = Vec::new();
    if !generators.is_empty() {
        let message = format!(
            "the agent of `{target}` calls {}, which no stub answers: nothing is written there",
            counted("generator", &generators)
        );
        let help =
            "say in a suite or in the settings what they write: `generators: { NAME: [{ respond: … }] }`";
        problems.push(Diagnostic::warning("unanswered-model", message).help(help));
    }
    if !playbooks.is_empty() {
        let message = format!(
            "the agent of `{target}` hands over to {}, which no stub answers: the turn ends there",
            counted("playbook", &playbooks)
        );
        let help = "say in a suite or in the settings what they do: `playbooks: { NAME: [{ respond: { messages: … } }] }`";
        problems.push(Diagnostic::warning("unanswered-model", message).help(help));
    }
    if !data_stores.is_empty() {
        let message = format!(
            "the agent of `{target}` asks data stores ({}), which an emulator never does",
            listed(&data_stores)
        );
        let help = "play what they answer on a live target: `only_on: [TARGET]`";
        problems.push(Diagnostic::warning("unanswered-model", message).help(help));
    }
    problems
}

fn counted(noun: &str, names: &[String]) -> String {
    let plural = if names.len() == 1 { "" } else { "s" };
    format!("the {noun}{plural} {}", listed(names))
}

fn listed(names: &[String]) -> String {
    let told = names.get(..MOST_NAMES).unwrap_or(names).join(", ");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}
