//! Resource names of the services: read, checked and put together before anything is sent.
//!
//! Not for looking names up: which id a display name has is the export's to say.

use std::fmt;
use std::str::FromStr;

/// Why a text is no name or address, as a lowercase fragment that says what is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// A Dialogflow CX agent: `projects/P/locations/L/agents/A`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AgentName {
    parent: Parent,
    agent: String,
}

/// A CES app: `projects/P/locations/L/apps/A`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AppName {
    parent: Parent,
    app: String,
}

/// What agents and apps stand under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Parent {
    project: String,
    /// A region, or `global`: it decides the endpoint.
    location: String,
}

impl AgentName {
    /// The agent's location, such as `global` or `europe-west3`.
    pub fn location(&self) -> &str {
        &self.parent.location
    }

    /// The name of a session of the agent, or of one of its environments.
    ///
    /// # Errors
    /// When the environment is no id, or the session id longer than 36 bytes (cx-sessions-api 5.3).
    pub fn session(&self, environment: Option<&str>, session: &str) -> Result<String, Malformed> {
        if session.len() > 36 {
            return Err(Malformed(format!(
                "session id `{session}` is longer than 36 bytes"
            )));
        }
        let session = id("session", session)?;
        Ok(match environment {
            Some(environment) => format!(
                "{self}/environments/{}/sessions/{session}",
                id("environment", environment)?
            ),
            None => format!("{self}/sessions/{session}"),
        })
    }

    /// The name of a page of a flow; symbolic ids such as `START_PAGE` are ids too.
    ///
    /// # Errors
    /// When one of the two is no id.
    pub fn page(&self, flow: &str, page: &str) -> Result<String, Malformed> {
        Ok(format!(
            "{self}/flows/{}/pages/{}",
            id("flow", flow)?,
            id("page", page)?
        ))
    }

    /// The name of a playbook.
    ///
    /// # Errors
    /// When it is no id.
    pub fn playbook(&self, playbook: &str) -> Result<String, Malformed> {
        Ok(format!("{self}/playbooks/{}", id("playbook", playbook)?))
    }

    /// The name of an intent.
    ///
    /// # Errors
    /// When it is no id.
    pub fn intent(&self, intent: &str) -> Result<String, Malformed> {
        Ok(format!("{self}/intents/{}", id("intent", intent)?))
    }

    /// The name of a flow version, given as such or as `flow/version` ids.
    ///
    /// # Errors
    /// When it is neither.
    pub fn flow_version(&self, text: &str) -> Result<String, Malformed> {
        let shape = || {
            Malformed(format!(
                "`{text}` is no flow version: write FLOW_ID/VERSION_ID, or the full name of a version of this agent"
            ))
        };
        let own = format!("{self}/flows/");
        let [flow, version] = match text.strip_prefix(own.as_str()) {
            Some(rest) => rest.split_once("/versions/").map(Into::into).ok_or_else(shape)?,
            None => text.split_once('/').map(Into::into).ok_or_else(shape)?,
        };
        match (id("flow", flow), id("version", version)) {
            (Ok(flow), Ok(version)) => Ok(format!("{own}{flow}/versions/{version}")),
            _ => Err(shape()),
        }
    }
}

impl AppName {
    /// The app's location, such as `us` or `eu`.
    pub fn location(&self) -> &str {
        &self.parent.location
    }

    /// The name of a session of the app.
    ///
    /// # Errors
    /// When the id is not 5 to 63 letters, digits, `-` or `_`, the first a letter or digit (ces-api 1.5).
    pub fn session(&self, session: &str) -> Result<String, Malformed> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let first = session.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
        if first && (5..=63).contains(&session.len()) && session.chars().all(allowed) {
            return Ok(format!("{self}/sessions/{session}"));
        }
        Err(Malformed(format!(
            "session id `{session}` is not 5 to 63 letters, digits, `-` or `_`"
        )))
    }

    /// The name of a deployment, given as such or by its id.
    ///
    /// # Errors
    /// When it is neither.
    pub fn deployment(&self, text: &str) -> Result<String, Malformed> {
        self.part("deployment", "deployments", text)
    }

    /// The name of one of the app's agents, given as such or by its id.
    ///
    /// # Errors
    /// When it is neither.
    pub fn agent(&self, text: &str) -> Result<String, Malformed> {
        self.part("agent", "agents", text)
    }

    fn part(&self, kind: &str, collection: &str, text: &str) -> Result<String, Malformed> {
        let own = format!("{self}/{collection}/");
        let text = text.strip_prefix(own.as_str()).unwrap_or(text);
        Ok(format!("{own}{}", id(kind, text)?))
    }
}

impl FromStr for AgentName {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (parent, agent) = under(text, "agents", "an agent")?;
        Ok(Self { parent, agent })
    }
}

impl FromStr for AppName {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (parent, app) = under(text, "apps", "an app")?;
        Ok(Self { parent, app })
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/agents/{}", self.parent, self.agent)
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/apps/{}", self.parent, self.app)
    }
}

impl fmt::Display for Parent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "projects/{}/locations/{}", self.project, self.location)
    }
}

/// The last part of a resource name: the id of the thing itself.
pub fn last_id(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn under(name: &str, collection: &str, what: &str) -> Result<(Parent, String), Malformed> {
    let segments: Vec<&str> = name.split('/').collect();
    let (project, location, own) = match segments[..] {
        ["projects", project, "locations", location, kind, own] if kind == collection => {
            (project, location, own)
        }
        _ => return Err(misshapen(&segments, collection, what)),
    };
    // The location becomes part of a host name, so it may hold nothing that could end one.
    if !is_location(location) {
        return Err(Malformed(format!(
            "`{}` is no location: it is `global`, or a region such as `us-central1`",
            location.escape_debug()
        )));
    }
    for (part, kind) in [(project, "project"), (own, "id")] {
        if part.is_empty() {
            return Err(Malformed(format!("the {kind} in the name is empty")));
        }
        if !is_segment(part) {
            return Err(Malformed(format!("`{}` is no {kind}", part.escape_debug())));
        }
    }
    let parent = Parent {
        project: project.to_owned(),
        location: location.to_owned(),
    };
    Ok((parent, own.to_owned()))
}

/// What is wrong with a name that does not have its shape, and the shape.
fn misshapen(segments: &[&str], collection: &str, what: &str) -> Malformed {
    let shape = format!("the name of {what} is `projects/PROJECT/locations/LOCATION/{collection}/ID`");
    let wrong = match segments {
        ["projects", _, "locations", _, kind, _, below, ..] if *kind == collection => Some(match *below {
            "environments" => "the environment stands on its own: `environment: ID`".to_owned(),
            "deployments" => "the deployment stands on its own: `deployment: ID`".to_owned(),
            "flows" => "versions of flows stand on their own: `flow_versions: [FLOW/VERSION]`".to_owned(),
            "sessions" => "sessions are made for each conversation".to_owned(),
            other => format!("`{}` and what follows is too much", other.escape_debug()),
        }),
        ["projects", _, "locations", _, "agents", _] => Some("that is a Dialogflow CX agent".to_owned()),
        ["projects", _, "locations", _, "apps", _] => Some("that is a CES app".to_owned()),
        ["projects", _, "agent" | "agents", ..] => Some("the location is missing".to_owned()),
        _ => None,
    };
    Malformed(match wrong {
        Some(wrong) => format!("{shape}: {wrong}"),
        None => shape,
    })
}

fn is_location(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.ends_with(|last: char| last.is_ascii_alphanumeric())
        && text.len() <= 63
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Whether a text can be one segment of a resource name as settings write it.
pub fn is_segment(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 200
        && !text.chars().all(|c| c == '.')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.~:".contains(c))
}

/// The id of something below an agent or app. What exports and suites call their things is theirs to say: only what
/// could end the segment, or the header line it goes in, is refused.
fn id<'a>(kind: &str, text: &'a str) -> Result<&'a str, Malformed> {
    let forbidden = |c: char| c == '/' || c.is_control();
    if text.is_empty() || text.len() > 256 || text.trim() != text || text.contains(forbidden) {
        return Err(Malformed(format!("`{}` is no {kind} id", text.escape_debug())));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AGENT: &str = "projects/p-1/locations/europe-west3/agents/0a1b";
    const APP: &str = "projects/example.org:p/locations/us/apps/shop";

    fn agent() -> AgentName {
        AGENT.parse().unwrap()
    }

    #[test]
    fn names_are_read_and_written() {
        assert_eq!(agent().to_string(), AGENT);
        assert_eq!(agent().location(), "europe-west3");
        let app: AppName = APP.parse().unwrap();
        assert_eq!((app.to_string().as_str(), app.location()), (APP, "us"));
    }

    #[test]
    fn anything_else_is_refused_with_the_right_shape() {
        for text in [
            "",
            "agents/a",
            "projects/p/locations/l/apps/a",
            "projects/p/locations/l/agents/a/sessions/s",
            "projects//locations/l/agents/a",
            "projects/p/locations/l/agents/",
            "projects/p/locations/evil.example#/agents/a",
            "projects/p/locations/evil.com/agents/a",
            "projects/p/locations/us./agents/a",
            "projects/p/locations/-us/agents/a",
            "projects/p/locations/US/agents/a",
            "projects/../locations/us/agents/a",
            "projects/p q/locations/us/agents/a",
            "projects/p\n/locations/us/agents/a",
            "projects/p/locations/us/agents/a\n",
            "projects/p/locations/us/agents/a/",
            "/projects/p/locations/us/agents/a",
        ] {
            assert!(text.parse::<AgentName>().is_err(), "{text}");
        }
        let refused = "agents/a".parse::<AppName>().unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the name of an app is `projects/PROJECT/locations/LOCATION/apps/ID`"
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, expected) in [
            (
                "projects/p/locations/us/apps/a",
                "the name of an agent is `projects/PROJECT/locations/LOCATION/agents/ID`: that is a CES app",
            ),
            (
                "projects/p/locations/us/agents/a/environments/e",
                "the name of an agent is `projects/PROJECT/locations/LOCATION/agents/ID`: the environment stands on its \
                 own: `environment: ID`",
            ),
            (
                "projects/p/agent",
                "the name of an agent is `projects/PROJECT/locations/LOCATION/agents/ID`: the location is missing",
            ),
            (
                "projects//locations/us/agents/a",
                "the project in the name is empty",
            ),
            ("projects/p/locations/us/agents/", "the id in the name is empty"),
            ("projects/p q/locations/us/agents/a", "`p q` is no project"),
            (
                "projects/p/locations/US/agents/a",
                "`US` is no location: it is `global`, or a region such as `us-central1`",
            ),
        ] {
            assert_eq!(text.parse::<AgentName>().unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn sessions_stand_under_the_agent_or_its_environment() {
        assert_eq!(
            agent().session(None, "s1").unwrap(),
            format!("{AGENT}/sessions/s1")
        );
        assert_eq!(
            agent().session(Some("e1"), "s1").unwrap(),
            format!("{AGENT}/environments/e1/sessions/s1")
        );
        assert!(agent().session(None, &"x".repeat(37)).is_err());
        assert!(agent().session(None, "a/b").is_err());
        assert!(agent().session(Some(""), "s1").is_err());
    }

    #[test]
    fn ces_sessions_have_their_own_alphabet() {
        let app: AppName = APP.parse().unwrap();
        assert_eq!(app.session("abc-1").unwrap(), format!("{APP}/sessions/abc-1"));
        for session in ["abcd", "-abcd", "abc.d", &"x".repeat(64), "äbcde"] {
            assert!(app.session(session).is_err(), "{session}");
        }
    }

    #[test]
    fn flow_versions_are_given_in_full_or_by_two_ids() {
        let full = format!("{AGENT}/flows/f/versions/3");
        assert_eq!(agent().flow_version("f/3").unwrap(), full);
        assert_eq!(agent().flow_version(&full).unwrap(), full);
        for text in [
            "f",
            "f/",
            "/3",
            "f/3/4",
            "projects/other/locations/l/agents/a/flows/f/versions/3",
        ] {
            assert!(agent().flow_version(text).is_err(), "{text}");
        }
    }

    #[test]
    fn deployments_and_agents_are_given_in_full_or_by_id() {
        let app: AppName = APP.parse().unwrap();
        let full = format!("{APP}/deployments/prod");
        assert_eq!(app.deployment("prod").unwrap(), full);
        assert_eq!(app.deployment(&full).unwrap(), full);
        assert_eq!(app.agent("Billing").unwrap(), format!("{APP}/agents/Billing"));
        assert!(
            app.deployment("projects/x/locations/us/apps/other/deployments/prod")
                .is_err()
        );
    }

    proptest! {
        #[test]
        fn any_name_is_read_or_refused(text in "\\PC{0,40}", tail in "[a-z:/@.\\[\\]0-9]{0,20}") {
            for text in [text, format!("projects/{tail}")] {
                if let Ok(agent) = text.parse::<AgentName>() {
                    prop_assert_eq!(agent.to_string(), text);
                }
            }
        }
    }

    #[test]
    fn the_last_part_is_the_id() {
        assert_eq!(last_id(AGENT), "0a1b");
        assert_eq!(last_id("plain"), "plain");
    }
}
