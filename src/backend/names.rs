//! From the names people see to the ids the services want: the question a backend asks its target's export.

use std::collections::BTreeMap;

use super::error::{BackendError, BackendErrorKind};
use crate::export::NameIndex;
use crate::export::agent::Agent;
use crate::model::resource::last_id;
use crate::model::suite::Name;

/// Knows an agent's things by the names people see: [`ExportNames`], or [`NoNames`] for a target without an export.
/// What it does not say, it does not know.
pub trait Names: Send + Sync {
    /// Id of a flow.
    fn flow(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }
    /// Id of the flow in which sessions start.
    fn start_flow(&self) -> Option<String> {
        None
    }
    /// Id of a page of the flow with this id.
    fn page(&self, flow: &str, name: &str) -> Option<String> {
        let _ = (flow, name);
        None
    }
    /// Id of a playbook.
    fn playbook(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }
    /// Id of an intent.
    fn intent(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }
    /// Id of an entity type.
    fn entity_type(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }
    /// Id of one of the agents of a CES app.
    fn agent(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }
}

/// Without an export nothing is known but what is the same for every agent.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNames;

impl Names for NoNames {
    fn flow(&self, name: &str) -> Option<String> {
        (name == DEFAULT_START_FLOW_NAME).then(|| DEFAULT_START_FLOW.to_owned())
    }

    fn start_flow(&self) -> Option<String> {
        Some(DEFAULT_START_FLOW.to_owned())
    }
}

/// What an agent's export knows.
#[derive(Debug, Clone)]
pub struct ExportNames {
    index: NameIndex,
    start_flow: Option<String>,
    /// Ids by display name.
    playbooks: BTreeMap<String, String>,
}

impl ExportNames {
    /// The names of an agent.
    pub fn new(agent: &Agent) -> Self {
        let index = NameIndex::new(agent);
        let start_flow = match agent.settings.start_flow.as_str() {
            "" => DEFAULT_START_FLOW_NAME,
            named => named,
        };
        let start_flow = index.flow_id(start_flow).map(str::to_owned);
        let playbooks = agent.playbooks.iter().map(|playbook| {
            let id = last_id(&playbook.name).to_owned();
            (playbook.display_name.clone(), id)
        });
        Self {
            index,
            start_flow,
            playbooks: playbooks.filter(|(_, id)| !id.is_empty()).collect(),
        }
    }
}

impl Names for ExportNames {
    fn flow(&self, name: &str) -> Option<String> {
        self.index.flow_id(name).map(str::to_owned)
    }

    fn start_flow(&self) -> Option<String> {
        self.start_flow.clone()
    }

    fn page(&self, flow: &str, name: &str) -> Option<String> {
        self.index.page_id(flow, name).map(str::to_owned)
    }

    fn intent(&self, name: &str) -> Option<String> {
        self.index.intent_id(name).map(str::to_owned)
    }

    fn playbook(&self, name: &str) -> Option<String> {
        self.playbooks.get(name).cloned()
    }

    fn entity_type(&self, name: &str) -> Option<String> {
        self.index.entity_type_id(name).map(str::to_owned)
    }
}

/// What every agent's start flow is called, unless it was told to start in another one.
const DEFAULT_START_FLOW_NAME: &str = "Default Start Flow";
/// Every agent's start flow has this id, unless it was told to start in another one (cx-runtime 1).
const DEFAULT_START_FLOW: &str = "00000000-0000-0000-0000-000000000000";

/// The id of `name`: itself, or what `look_up` knows of the display name.
///
/// # Errors
/// When the display name is not known.
pub(in crate::backend) fn id(
    kind: &str,
    name: &Name,
    look_up: impl FnOnce(&str) -> Option<String>,
) -> Result<String, BackendError> {
    match name {
        Name::Id(id) => Ok(id.clone()),
        Name::Display(name) => look_up(name).ok_or_else(|| {
            BackendError::new(
                BackendErrorKind::Request,
                format!("no {kind} called `{name}` is known"),
            )
            .hint("name the agent's export in the target (`export:`), or write {id: …}")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::agent::{Flow, Intent, Page};

    fn agent(start_flow: &str) -> Agent {
        let named = |name: &str, id: &str| (name.to_owned(), id.to_owned());
        let page = |(display_name, name): (String, String)| {
            let page = Page {
                name,
                display_name: display_name.clone(),
                ..Page::default()
            };
            (display_name, page)
        };
        let flow = |(display_name, name): (String, String), pages: Vec<(String, String)>| {
            let pages = pages.into_iter().map(page).collect();
            let flow = Flow {
                name,
                display_name: display_name.clone(),
                pages,
                ..Flow::default()
            };
            (display_name, flow)
        };
        let mut agent = Agent::default();
        agent.settings.start_flow = start_flow.to_owned();
        agent.flows.extend([
            flow(named("Default Start Flow", "f0"), vec![]),
            flow(named("Billing", "f1"), vec![named("Pay", "p1")]),
        ]);
        let intent = Intent {
            name: "i1".to_owned(),
            ..Intent::default()
        };
        agent.intents.insert("pay.bill".to_owned(), intent);
        agent
    }

    #[test]
    fn an_export_knows_its_agent_by_name() {
        let names = ExportNames::new(&agent(""));
        assert_eq!(names.flow("Billing").as_deref(), Some("f1"));
        assert_eq!(names.page("f1", "Pay").as_deref(), Some("p1"));
        assert_eq!(names.page("f0", "Pay"), None, "a page belongs to its flow");
        assert_eq!(names.page("f1", "Start Page").as_deref(), Some("START_PAGE"));
        assert_eq!(names.intent("pay.bill").as_deref(), Some("i1"));
        assert_eq!((names.flow("billing"), names.intent("pay")), (None, None));
    }

    #[test]
    fn sessions_start_where_the_agent_says() {
        assert_eq!(ExportNames::new(&agent("")).start_flow().as_deref(), Some("f0"));
        assert_eq!(
            ExportNames::new(&agent("Billing")).start_flow().as_deref(),
            Some("f1")
        );
        assert_eq!(ExportNames::new(&agent("Gone")).start_flow(), None);
        assert!(NoNames.start_flow().is_some());
    }

    #[test]
    fn ids_need_no_look_up() {
        let given = id("flow", &Name::Id("x".to_owned()), |_| None);
        assert_eq!(given.unwrap(), "x");
        let unknown = id("flow", &Name::Display("X".to_owned()), |_| None).unwrap_err();
        assert_eq!(unknown.message, "no flow called `X` is known");
    }
}
