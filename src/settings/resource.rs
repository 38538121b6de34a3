//! Names of the services' resources, and addresses, read from settings: parsed and checked before anything is sent.

use std::fmt;
use std::net::IpAddr;

/// A Dialogflow CX agent: `projects/P/locations/L/agents/A`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AgentName {
    /// The project's id.
    pub project: String,
    /// The region, or `global`; it decides the endpoint.
    pub location: String,
    /// The agent's id.
    pub agent: String,
}

/// A CES app: `projects/P/locations/L/apps/A`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AppName {
    /// The project's id.
    pub project: String,
    /// The region; it decides the endpoint.
    pub location: String,
    /// The app's id.
    pub app: String,
}

impl AgentName {
    /// Reads a resource name.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(name: &str) -> Result<Self, String> {
        let [project, location, agent] = parts(name, "agents", "an agent")?;
        Ok(Self {
            project,
            location,
            agent,
        })
    }
}

impl AppName {
    /// Reads a resource name.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(name: &str) -> Result<Self, String> {
        let [project, location, app] = parts(name, "apps", "an app")?;
        Ok(Self {
            project,
            location,
            app,
        })
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "projects/{}/locations/{}/agents/{}",
            self.project, self.location, self.agent
        )
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "projects/{}/locations/{}/apps/{}",
            self.project, self.location, self.app
        )
    }
}

fn parts(name: &str, collection: &str, what: &str) -> Result<[String; 3], String> {
    let wanted = || format!("the name of {what} is `projects/PROJECT/locations/LOCATION/{collection}/ID`");
    let segments: Vec<&str> = name.split('/').collect();
    let ["projects", project, "locations", location, found, id] = segments[..] else {
        return Err(wanted());
    };
    if found != collection {
        return Err(wanted());
    }
    // A location becomes part of a host name.
    if !is_location(location) {
        return Err(format!(
            "`{location}` is no location: it is `global`, or a region such as `us-central1`"
        ));
    }
    for (part, kind) in [(project, "a project"), (id, "an id")] {
        if !is_segment(part) {
            return Err(format!("`{part}` is not the name of {kind}"));
        }
    }
    Ok([project, location, id].map(str::to_owned))
}

fn is_location(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.ends_with(|last: char| last.is_ascii_alphanumeric())
        && text.len() <= 63
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Whether a text can be one segment of a resource name.
pub(super) fn is_segment(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 200
        && !text.chars().all(|c| c == '.')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.~:".contains(c))
}

/// Where a server is: scheme, host and port, nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Over TLS; without it only loopback is allowed.
    pub tls: bool,
    /// The host, in lower case; an IPv6 address without brackets.
    pub host: String,
    /// The port; the scheme's own when it was not given.
    pub port: u16,
}

impl Endpoint {
    /// Reads `https://host[:port]`, or `http://` for a server on loopback.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        const WANTED: &str =
            "an endpoint is `https://HOST[:PORT]`, or `http://127.0.0.1:PORT` on this machine";
        let uri: http::Uri = text.parse().map_err(|_| WANTED.to_owned())?;
        let authority = uri.authority().ok_or_else(|| WANTED.to_owned())?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(WANTED.to_owned()),
        };
        if authority.as_str().contains('@') {
            return Err("an endpoint holds no user or password".to_owned());
        }
        if uri.path().len() > 1 || uri.query().is_some() {
            return Err("an endpoint has no path".to_owned());
        }
        // The parser takes a port that is too large for none at all.
        let port = match authority
            .as_str()
            .strip_prefix(authority.host())
            .unwrap_or_default()
        {
            "" => {
                if tls {
                    443
                } else {
                    80
                }
            }
            given => {
                let digits = given.strip_prefix(':').unwrap_or_default();
                digits.parse().map_err(|_| WANTED.to_owned())?
            }
        };
        let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
        if host.is_empty() {
            return Err(WANTED.to_owned());
        }
        let endpoint = Self { tls, host, port };
        if !tls && !endpoint.is_loopback() {
            return Err("plaintext is for loopback only: use https://".to_owned());
        }
        Ok(endpoint)
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// Whether the host belongs to a domain, and is asked over TLS.
    pub fn is_within(&self, domain: &str) -> bool {
        let above = self.host.strip_suffix(domain);
        self.tls && above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        if self.host.contains(':') {
            write!(formatter, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn resource_names_are_checked() {
        let name = "projects/my-p/locations/us-central1/agents/1234-abcd";
        assert_eq!(
            AgentName::parse(name).map(|agent| agent.to_string()).as_deref(),
            Ok(name)
        );
        let name = "projects/example.com:p/locations/us/apps/5678";
        assert_eq!(
            AppName::parse(name).map(|app| app.to_string()).as_deref(),
            Ok(name)
        );
        for bad in [
            "",
            "agents/x",
            "projects/p/locations/us/apps/a",
            "projects/p/locations/us/agents/a/",
            "projects/p/locations/us/agents/",
            "projects//locations/us/agents/a",
            "projects/p/locations/evil.com/agents/a",
            "projects/p/locations/us./agents/a",
            "projects/p/locations/-us/agents/a",
            "projects/p/locations/US/agents/a",
            "projects/../locations/us/agents/a",
            "projects/p q/locations/us/agents/a",
            "projects/p/locations/us/agents/a\n",
            "projects/p/locations/us/agents/a/environments/e",
        ] {
            assert!(AgentName::parse(bad).is_err(), "{bad}");
        }
        assert!(AppName::parse("projects/p/locations/us/agents/a").is_err());
    }

    #[test]
    fn endpoints_are_checked() {
        for (text, shown) in [
            ("http://127.0.0.1:4700", "http://127.0.0.1:4700"),
            ("http://localhost", "http://localhost:80"),
            ("http://[::1]:1/", "http://[::1]:1"),
            ("https://Proxy.Example.com", "https://proxy.example.com:443"),
        ] {
            assert_eq!(
                Endpoint::parse(text)
                    .map(|endpoint| endpoint.to_string())
                    .as_deref(),
                Ok(shown)
            );
        }
        for bad in [
            "",
            "127.0.0.1:80",
            "http://example.com",
            "https://u:p@x.com",
            "https://x.com/path",
            "https://x.com?q",
            "ftp://x.com",
            "https://",
            "https://x.com:99999",
            "http://127.0.0.1.evil.com",
            "http://localhost.evil.com",
            "https://x.com:",
        ] {
            assert!(Endpoint::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn credentials_go_to_google_only() {
        let google = |text: &str| Endpoint::parse(text).unwrap().is_within("googleapis.com");
        assert!(
            google("https://dialogflow.googleapis.com") && google("https://ces.us.rep.googleapis.com:443")
        );
        assert!(!google("https://googleapis.com.evil.com") && !google("https://evilgoogleapis.com"));
        assert!(!google("http://127.0.0.1:1"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}", tail in "[a-z:/@.\\[\\]0-9]{0,20}") {
            for text in [text, format!("https://{tail}"), format!("projects/{tail}")] {
                if let Ok(endpoint) = Endpoint::parse(&text) {
                    prop_assert_eq!(Endpoint::parse(&endpoint.to_string()), Ok(endpoint));
                }
                if let Ok(agent) = AgentName::parse(&text) {
                    prop_assert_eq!(agent.to_string(), text);
                }
            }
        }
    }
}
