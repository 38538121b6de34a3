//! The agents of a scripted app by the names people see, for the client in front of it.

use std::collections::BTreeMap;

use crate::backend::names::{Names, NoNames};
use crate::emulator::ces::app::App;

/// An app's agents.
#[derive(Debug)]
pub(super) struct AppNames {
    agents: BTreeMap<String, String>,
}

impl AppNames {
    pub(super) fn of(app: &App) -> Self {
        let with_id = |name: &str| Some((name.to_owned(), app.agent_id(name)?.to_owned()));
        Self {
            agents: app.agent_names().filter_map(with_id).collect(),
        }
    }
}

impl Names for AppNames {
    fn agent(&self, name: &str) -> Option<String> {
        self.agents.get(name).cloned()
    }

    fn flow(&self, name: &str) -> Option<String> {
        NoNames.flow(name)
    }

    fn start_flow(&self) -> Option<String> {
        NoNames.start_flow()
    }

    fn page(&self, flow: &str, name: &str) -> Option<String> {
        NoNames.page(flow, name)
    }

    fn playbook(&self, name: &str) -> Option<String> {
        NoNames.playbook(name)
    }

    fn intent(&self, name: &str) -> Option<String> {
        NoNames.intent(name)
    }

    fn entity_type(&self, name: &str) -> Option<String> {
        NoNames.entity_type(name)
    }
}
