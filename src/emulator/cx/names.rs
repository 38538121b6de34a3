//! Resource names of the service: read from requests, written into responses.

use crate::model::resource::AgentName;

/// Longest session id (cx-sessions-api 5.3).
const LONGEST_SESSION_ID: usize = 36;

/// A session of the agent. Any agent's name will do: the emulator serves its one agent under all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SessionName {
    /// `projects/P/locations/L/agents/A`.
    agent: String,
    /// The session's id.
    pub(super) id: String,
}

impl SessionName {
    /// Reads `AGENT/sessions/S` or `AGENT/environments/E/sessions/S`; the environment is accepted and means nothing
    /// (cx-runtime 1.4).
    ///
    /// # Errors
    /// What is wrong with it, as a lowercase fragment.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        let shape = "a session is named \
                     projects/PROJECT/locations/LOCATION/agents/AGENT[/environments/ENVIRONMENT]/sessions/SESSION";
        let (parent, id) = name.rsplit_once("/sessions/").ok_or(shape)?;
        let agent = match parent.split_once("/environments/") {
            Some((agent, environment)) if !environment.is_empty() && !environment.contains('/') => agent,
            Some(_) => return Err(shape.to_owned()),
            None => parent,
        };
        if agent.parse::<AgentName>().is_err() || id.is_empty() || id.contains('/') {
            return Err(shape.to_owned());
        }
        if id.len() > LONGEST_SESSION_ID {
            return Err(format!(
                "a session id has at most {LONGEST_SESSION_ID} characters"
            ));
        }
        Ok(Self {
            agent: agent.to_owned(),
            id: id.to_owned(),
        })
    }

    /// The agent's name.
    pub(super) fn agent(&self) -> &str {
        &self.agent
    }

    /// The name of a flow.
    pub(super) fn flow(&self, id: &str) -> String {
        format!("{}/flows/{id}", self.agent)
    }

    /// The name of a page.
    pub(super) fn page(&self, flow: &str, id: &str) -> String {
        format!("{}/flows/{flow}/pages/{id}", self.agent)
    }

    /// The name of a playbook.
    pub(super) fn playbook(&self, id: &str) -> String {
        format!("{}/playbooks/{id}", self.agent)
    }

    /// The name of an intent.
    pub(super) fn intent(&self, id: &str) -> String {
        format!("{}/intents/{id}", self.agent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_of_any_agent_are_read() {
        for name in [
            "projects/p/locations/global/agents/a/sessions/s-1",
            "projects/p/locations/global/agents/a/environments/prod/sessions/s-1",
        ] {
            let session = SessionName::parse(name).unwrap();
            assert_eq!(session.agent(), "projects/p/locations/global/agents/a");
            assert_eq!(session.id, "s-1");
            assert_eq!(
                session.page("f", "START_PAGE"),
                "projects/p/locations/global/agents/a/flows/f/pages/START_PAGE"
            );
        }
    }

    #[test]
    fn other_names_are_refused() {
        let long = format!("projects/p/locations/l/agents/a/sessions/{}", "x".repeat(37));
        for name in [
            "",
            "not/a/session",
            "projects/p/locations/l/agents/a",
            "projects/p/locations/l/agents/a/sessions/",
            "projects//locations/l/agents/a/sessions/s",
            "projects/p/locations/l/agents/a/sessions/s/more",
            "projects/p/locations/l/agents/a/environments//sessions/s",
            "projects/p/locations/l/agents/a/environments/e/x/sessions/s",
            "projects/p/locations/l/apps/a/sessions/s",
            &long,
        ] {
            assert!(SessionName::parse(name).is_err(), "{name}");
        }
    }
}
