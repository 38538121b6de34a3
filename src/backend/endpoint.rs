//! Where a service is reached: from the location by the services' rules, or as the settings say.

use std::fmt;
use std::net::IpAddr;

use http::Uri;

use super::error::{BackendError, BackendErrorKind};
use crate::model::suite::Service;

/// The domain of Google's services, unless another universe is configured.
pub const DEFAULT_UNIVERSE: &str = "googleapis.com";

/// A server's address. Plaintext addresses are loopback addresses, always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    uri: Uri,
    host: String,
}

impl Endpoint {
    /// The service's own address for a location (cx-sessions-api 5.3, ces-api 1.6).
    ///
    /// # Errors
    /// When location or universe do not make a host name.
    pub fn of_service(service: Service, location: &str, universe: &str) -> Result<Self, BackendError> {
        let host = match (service, location) {
            (Service::Cx, "global") => format!("dialogflow.{universe}"),
            (Service::Cx, location) => format!("{location}-dialogflow.{universe}"),
            (Service::Ces, "global") => format!("ces.{universe}"),
            (Service::Ces, location) => format!("ces.{location}.rep.{universe}"),
        };
        Self::parse(&format!("https://{host}"))
    }

    /// An address from the settings: `https://host[:port]`, or `http://` on loopback.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, BackendError> {
        let wrong = |message: &str| {
            BackendError::new(
                BackendErrorKind::Request,
                format!("endpoint `{}` {message}", text.escape_debug()),
            )
            .hint("write https://HOST[:PORT], or http://127.0.0.1:PORT for a local server")
        };
        let uri: Uri = text.parse().map_err(|_| wrong("is no address"))?;
        let host = uri.host().map(str::to_ascii_lowercase).unwrap_or_default();
        if host.is_empty()
            || uri
                .authority()
                .is_some_and(|authority| authority.as_str().contains('@'))
        {
            return Err(wrong("is no address"));
        }
        if uri
            .path_and_query()
            .is_some_and(|path| path.as_str() != "/" && !path.as_str().is_empty())
        {
            return Err(wrong("has a path, which gRPC does not use"));
        }
        match uri.scheme_str() {
            Some("https") => Ok(Self { uri, host }),
            Some("http") if is_loopback(&host) => Ok(Self { uri, host }),
            Some("http") => Err(wrong("is plaintext and not on this machine")),
            _ => Err(wrong("is neither https nor http")),
        }
    }

    /// Host name or address, lower case, without port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// The address for the transport.
    pub(in crate::backend) fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.uri.authority().map_or("", http::uri::Authority::as_str);
        write!(
            formatter,
            "{}://{authority}",
            self.uri.scheme_str().unwrap_or_default()
        )
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_location_decides_the_host() {
        for (service, location, universe, expected) in [
            (
                Service::Cx,
                "global",
                DEFAULT_UNIVERSE,
                "https://dialogflow.googleapis.com",
            ),
            (
                Service::Cx,
                "us-central1",
                DEFAULT_UNIVERSE,
                "https://us-central1-dialogflow.googleapis.com",
            ),
            (
                Service::Ces,
                "global",
                DEFAULT_UNIVERSE,
                "https://ces.googleapis.com",
            ),
            (
                Service::Ces,
                "eu",
                DEFAULT_UNIVERSE,
                "https://ces.eu.rep.googleapis.com",
            ),
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
    fn plaintext_stays_on_this_machine() {
        for text in [
            "http://127.0.0.1:4700",
            "http://localhost:1",
            "http://[::1]:4700",
            "http://127.1.2.3",
        ] {
            assert!(!Endpoint::parse(text).unwrap().is_encrypted(), "{text}");
        }
        for text in [
            "http://example.com",
            "http://10.0.0.1:80",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://[::2]:1",
        ] {
            assert!(
                Endpoint::parse(text).unwrap_err().message.contains("plaintext"),
                "{text}"
            );
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        for text in [
            "",
            "example.com",
            "ftp://example.com",
            "https://",
            "https://user:secret@example.com",
            "https://example.com/path",
            "https://example.com/?query",
            "unix:/tmp/socket",
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
    }
}
