//! Where a service is reached, from its location by the services' rules or as the settings say, and which of these
//! hosts may see credentials.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use http::Uri;

use super::resource::Malformed;
use super::suite::Service;

pub use proxy::ProxyAddress;

mod proxy;

/// The domain of Google's services, unless another universe is configured.
pub const DEFAULT_UNIVERSE: &str = "googleapis.com";

/// A server's address: scheme, host and port, nothing else. Plaintext addresses are loopback addresses, always.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    encrypted: bool,
    /// In lower case; an IPv6 address without brackets.
    host: String,
    port: u16,
}

impl Endpoint {
    /// The service's own address for a location (cx-sessions-api 5.3, ces-api 1.6).
    ///
    /// # Errors
    /// When location or universe do not make a host name.
    pub fn of_service(service: Service, location: &str, universe: &str) -> Result<Self, Malformed> {
        let host = match (service, location) {
            (Service::Cx, "global") => format!("dialogflow.{universe}"),
            (Service::Cx, location) => format!("{location}-dialogflow.{universe}"),
            (Service::Ces, "global") => format!("ces.{universe}"),
            (Service::Ces, location) => format!("ces.{location}.rep.{universe}"),
        };
        Self::parse(&format!("https://{host}"))
    }

    /// Reads `https://host[:port]`, or `http://` for a server on loopback.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let wrong = |message: &str| Malformed(message.to_owned());
        let wanted =
            || wrong("an endpoint is `https://HOST[:PORT]`, or `http://127.0.0.1:PORT` on this machine");
        let uri: Uri = text.parse().map_err(|_| wanted())?;
        let authority = uri.authority().ok_or_else(wanted)?;
        let encrypted = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wanted()),
        };
        if authority.as_str().contains('@') {
            return Err(wrong("an endpoint holds no user or password"));
        }
        if uri.path().len() > 1 || uri.query().is_some() {
            return Err(wrong("an endpoint has no path"));
        }
        // The parser takes a port that is too large for none at all.
        let after_host = authority.as_str().strip_prefix(authority.host());
        let port = match after_host.unwrap_or_default() {
            "" => usual_port(encrypted),
            given => {
                let digits = given.strip_prefix(':').unwrap_or_default();
                digits.parse().map_err(|_| wanted())?
            }
        };
        let host = bare_host(authority.host()).ok_or_else(wanted)?;
        let endpoint = Self {
            encrypted,
            host,
            port,
        };
        if !encrypted && !endpoint.is_loopback() {
            return Err(wrong("plaintext is for loopback only: use https://"));
        }
        Ok(endpoint)
    }

    /// Host name or address, lower case, without port; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, whether it was written or not.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port, as a URL holds them; the port is always there.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Where Google takes client certificates, as its own clients find it: `mtls` stands before the domain. `None` for
    /// hosts of anybody else.
    #[must_use]
    pub fn for_client_certificates(&self) -> Option<Self> {
        let name = self.host.strip_suffix(DEFAULT_UNIVERSE)?.strip_suffix('.')?;
        let host = match name.strip_suffix(".mtls") {
            Some(_) => self.host.clone(),
            None => format!("{name}.mtls.{DEFAULT_UNIVERSE}"),
        };
        Some(Self { host, ..self.clone() })
    }

    /// Whether the server is on this machine, as far as the name says.
    pub fn is_loopback(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// Whether the host stands below a domain.
    fn is_within(&self, domain: &str) -> bool {
        let domain = domain.to_ascii_lowercase();
        let above = self.host.strip_suffix(&domain);
        !domain.is_empty() && above.is_some_and(|above| above.ends_with('.'))
    }
}

/// A host in lower case, an IPv6 address without its brackets; `None` when it is none.
fn bare_host(host: &str) -> Option<String> {
    let within = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let good = match within {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains(['[', ']']),
    };
    good.then(|| within.unwrap_or(host).to_ascii_lowercase())
}

/// The port that an address without one means.
fn usual_port(encrypted: bool) -> u16 {
    if encrypted { 443 } else { 80 }
}

/// As it is sent as a request's authority: the scheme's usual port is left out.
impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encrypted { "https" } else { "http" };
        if self.host.contains(':') {
            write!(formatter, "{scheme}://[{}]", self.host)?;
        } else {
            write!(formatter, "{scheme}://{}", self.host)?;
        }
        if self.port == usual_port(self.encrypted) {
            return Ok(());
        }
        write!(formatter, ":{}", self.port)
    }
}

/// What is spoken on the way to a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// gRPC over HTTP/2.
    #[default]
    Grpc,
    /// JSON over HTTP/1.1. It carries no live streams.
    Rest,
    /// As REST, and live streams over WebSockets (CES).
    WebSocket,
}

impl Protocol {
    /// As settings name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Rest => "rest",
            Self::WebSocket => "websocket",
        }
    }
}

/// Where credentials may go. Made from the command line: settings may come from a stranger's pull request, so
/// nothing in here may be read from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialPolicy {
    /// Domain whose hosts may get credentials over TLS.
    pub universe: String,
    /// Further hosts that may get them (`--allow-credentials-to`), without port.
    pub allowed_hosts: Vec<String>,
}

impl Default for CredentialPolicy {
    fn default() -> Self {
        Self {
            universe: DEFAULT_UNIVERSE.to_owned(),
            allowed_hosts: Vec::new(),
        }
    }
}

impl CredentialPolicy {
    /// Whether credentials may go to a server whose certificate the machine's own authorities vouch for.
    pub fn permits(&self, endpoint: &Endpoint) -> bool {
        let of_google = endpoint.is_encrypted()
            && (endpoint.is_within(DEFAULT_UNIVERSE) || endpoint.is_within(&self.universe));
        of_google || self.permits_by_name(endpoint)
    }

    /// As [`Self::permits`], of a server that settings may bring their own authorities for.
    pub fn permits_over(&self, endpoint: &Endpoint, own_authorities: bool) -> bool {
        if own_authorities && endpoint.is_encrypted() {
            self.permits_by_name(endpoint)
        } else {
            self.permits(endpoint)
        }
    }

    /// Whether credentials may go to a server whoever vouches for it: the command line names its host. Settings that
    /// bring their own authorities could otherwise make anybody Google.
    pub fn permits_by_name(&self, endpoint: &Endpoint) -> bool {
        let is_host = |allowed: &String| allowed.eq_ignore_ascii_case(endpoint.host());
        self.allowed_hosts.iter().any(is_host)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_location_decides_the_host() {
        let google = DEFAULT_UNIVERSE;
        for (service, location, universe, expected) in [
            (Service::Cx, "global", google, "https://dialogflow.googleapis.com"),
            (
                Service::Cx,
                "us-central1",
                google,
                "https://us-central1-dialogflow.googleapis.com",
            ),
            (Service::Ces, "global", google, "https://ces.googleapis.com"),
            (Service::Ces, "eu", google, "https://ces.eu.rep.googleapis.com"),
            (
                Service::Cx,
                "eu",
                "example.cloud",
                "https://eu-dialogflow.example.cloud",
            ),
        ] {
            let endpoint = Endpoint::of_service(service, location, universe).unwrap();
            assert_eq!(endpoint.to_string(), expected);
            assert!(endpoint.is_encrypted());
        }
    }

    #[test]
    fn client_certificates_have_hosts_of_their_own() {
        for (host, expected) in [
            (
                "dialogflow.googleapis.com",
                Some("https://dialogflow.mtls.googleapis.com"),
            ),
            (
                "us-central1-dialogflow.googleapis.com",
                Some("https://us-central1-dialogflow.mtls.googleapis.com"),
            ),
            (
                "ces.us.rep.googleapis.com",
                Some("https://ces.us.rep.mtls.googleapis.com"),
            ),
            (
                "ces.mtls.googleapis.com:8443",
                Some("https://ces.mtls.googleapis.com:8443"),
            ),
            ("googleapis.com", None),
            ("evilgoogleapis.com", None),
            ("ces.example.cloud", None),
        ] {
            let endpoint = Endpoint::parse(&format!("https://{host}")).unwrap();
            let found = endpoint
                .for_client_certificates()
                .map(|endpoint| endpoint.to_string());
            assert_eq!(found.as_deref(), expected, "{host}");
        }
    }

    #[test]
    fn only_the_command_line_lets_credentials_go_where_settings_vouch_for_the_server() {
        let google = Endpoint::parse("https://ces.googleapis.com").unwrap();
        let mut policy = CredentialPolicy::default();
        assert!(policy.permits(&google) && !policy.permits_by_name(&google));
        policy.allowed_hosts.push("ces.googleapis.com".to_owned());
        assert!(policy.permits_by_name(&google));
    }

    #[test]
    fn addresses_are_read_and_written() {
        for (text, shown) in [
            ("http://127.0.0.1:4700", "http://127.0.0.1:4700"),
            ("http://127.1.2.3", "http://127.1.2.3"),
            ("http://localhost:80", "http://localhost"),
            ("http://[::1]:1/", "http://[::1]:1"),
            ("https://Proxy.Example.com", "https://proxy.example.com"),
            ("https://proxy.example.com:8443", "https://proxy.example.com:8443"),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!(endpoint.to_string(), shown);
            assert_eq!(endpoint.is_encrypted(), text.starts_with("https"), "{text}");
        }
    }

    #[test]
    fn plaintext_stays_on_this_machine() {
        for text in [
            "http://example.com",
            "http://10.0.0.1:80",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://[::2]:1",
        ] {
            let refused = Endpoint::parse(text).unwrap_err();
            assert!(refused.to_string().contains("plaintext"), "{text}");
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        for text in [
            "",
            "example.com",
            "127.0.0.1:80",
            "ftp://example.com",
            "https://",
            "https://user:secret@example.com",
            "https://example.com/path",
            "https://example.com/?query",
            "https://example.com?query",
            "https://example.com:99999",
            "https://example.com:",
            "unix:/tmp/socket",
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_address_is_read_or_refused(text in "\\PC{0,40}", tail in "[a-z:/@.\\[\\]0-9]{0,20}") {
            for text in [text, format!("https://{tail}")] {
                if let Ok(endpoint) = Endpoint::parse(&text) {
                    prop_assert_eq!(Endpoint::parse(&endpoint.to_string()), Ok(endpoint));
                }
            }
        }
    }
}
