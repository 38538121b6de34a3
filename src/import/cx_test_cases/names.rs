//! Names in recordings that the agent does not have: it was changed since. They stay, because the recording is what
//! it is, and are warnings.

use std::collections::BTreeMap;
use std::path::Path;

use super::recording::{TestCase, Turn};
use crate::diagnostic::Diagnostic;
use crate::export::SymbolicTarget;
use crate::export::agent::Agent;

/// Where an unknown name is used.
#[derive(Default)]
struct Uses<'a> {
    cases: usize,
    first: Option<&'a TestCase>,
}

/// One warning for each name, with the first test case that has it.
pub(super) fn unknown(cases: &[TestCase], agent: &Agent, export: &Path) -> Vec<Diagnostic> {
    let mut uses: BTreeMap<(&str, String), Uses<'_>> = BTreeMap::new();
    for case in cases {
        let mut of_case: Vec<_> = case.turns.iter().flat_map(|turn| of_turn(turn, agent)).collect();
        of_case.extend(of_start(case, agent));
        of_case.sort();
        of_case.dedup();
        for found in of_case {
            let entry = uses.entry(found).or_default();
            entry.cases += 1;
            entry.first.get_or_insert(case);
        }
    }
    uses.into_iter()
        .map(|((kind, name), uses)| warning(kind, &name, &uses, export))
        .collect()
}

fn warning(kind: &str, name: &str, uses: &Uses<'_>, export: &Path) -> Diagnostic {
    let others = match uses.cases {
        1 => String::new(),
        cases => format!(" ({cases} test cases have it)"),
    };
    let message = format!("the {kind} `{name}` is not in the export{others}");
    let warning = Diagnostic::warning("unknown-name", message)
        .help("the agent was changed after the recording: what expects it will fail");
    match uses.first {
        Some(case) => warning.in_file(export.join(&case.file)),
        None => warning,
    }
}

fn of_turn<'a>(turn: &Turn, agent: &Agent) -> Vec<(&'a str, String)> {
    let mut found = Vec::new();
    let Some(output) = turn.output() else { return found };
    if let Some(intent) = output
        .intent()
        .filter(|intent| !agent.intents.contains_key(*intent))
    {
        found.push(("intent", intent.to_owned()));
    }
    let (page, flow) = output.place();
    found.extend(of_place(page, flow, agent));
    found
}

fn of_start<'a>(case: &TestCase, agent: &Agent) -> Vec<(&'a str, String)> {
    fn given(name: &str) -> Option<&str> {
        Some(name).filter(|name| !name.is_empty())
    }
    of_place(
        given(&case.test_config.page),
        given(&case.test_config.flow),
        agent,
    )
}

fn of_place<'a>(page: Option<&str>, flow: Option<&str>, agent: &Agent) -> Vec<(&'a str, String)> {
    let known_flow = flow.and_then(|flow| agent.flows.get(flow));
    if let Some(flow) = flow.filter(|_| known_flow.is_none()) {
        return vec![("flow", flow.to_owned())];
    }
    let has_page = |page: &str| match known_flow {
        Some(flow) => flow.pages.contains_key(page),
        None => agent.flows.values().any(|flow| flow.pages.contains_key(page)),
    };
    match page {
        Some(page) if SymbolicTarget::parse(page).is_none() && !has_page(page) => {
            let name = flow.map_or_else(|| page.to_owned(), |flow| format!("{flow} / {page}"));
            vec![("page", name)]
        }
        _ => Vec::new(),
    }
}
