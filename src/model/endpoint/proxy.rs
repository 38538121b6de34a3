//! The address of a proxy that leads to a service by `CONNECT`.

use std::fmt;

use http::Uri;
use percent_encoding::percent_decode_str;

use super::bare_host;
use crate::model::resource::Malformed;

/// Ports of proxies are written, as a rule; without one it is that of HTTP.
const USUAL_PORT: u16 = 80;

/// A proxy: host and port, and who we are to it. What is shown of it is host and port alone.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyAddress {
    host: String,
    port: u16,
    /// User and password.
    login: Option<(String, String)>,
}

impl ProxyAddress {
    /// Reads `http://[USER[:PASSWORD]@]HOST[:PORT]`; the scheme may be left out, as variables like to do.
    ///
    /// # Errors
    /// When it is something else. The message repeats nothing of it: it may hold a password.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let wanted = || Malformed("a proxy is `http://[USER:PASSWORD@]HOST:PORT`".to_owned());
        let text = text.trim();
        let with_scheme = match text.split_once("://") {
            Some(("http", _)) => text.to_owned(),
            Some(_) => {
                let message =
                    "a proxy is reached over `http://`: what goes through it is encrypted on its own";
                return Err(Malformed(message.to_owned()));
            }
            None => format!("http://{text}"),
        };
        let uri: Uri = with_scheme.parse().map_err(|_| wanted())?;
        let authority = uri.authority().ok_or_else(wanted)?;
        let host = bare_host(authority.host()).ok_or_else(wanted)?;
        if uri.path().len() > 1 || uri.query().is_some() {
            return Err(wanted());
        }
        let (login, server) = match authority.as_str().rsplit_once('@') {
            Some((login, server)) => (Some(read_login(login)), server),
            None => (None, authority.as_str()),
        };
        // The parser takes a port that is too large for none at all.
        let port = match server.strip_prefix(authority.host()).unwrap_or_default() {
            "" => USUAL_PORT,
            given => {
                let digits = given.strip_prefix(':').unwrap_or_default();
                digits.parse().map_err(|_| wanted())?
            }
        };
        Ok(Self { host, port, login })
    }

    /// Host and port, as an address without a login.
    pub fn url(&self) -> String {
        format!("http://{self}")
    }

    /// User and password, if it wants to know us.
    pub fn login(&self) -> Option<(&str, &str)> {
        self.login
            .as_ref()
            .map(|(user, password)| (user.as_str(), password.as_str()))
    }
}

fn read_login(text: &str) -> (String, String) {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    (decode(user), decode(password))
}

impl fmt::Display for ProxyAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ProxyAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_read_and_shown_without_their_login() {
        for (text, url, login) in [
            ("http://proxy.example:3128", "http://proxy.example:3128", None),
            ("Proxy.Example:3128/", "http://proxy.example:3128", None),
            ("http://proxy.example", "http://proxy.example:80", None),
            ("http://[::1]:8080", "http://[::1]:8080", None),
            (
                "http://me:p%40ss@127.0.0.1:1",
                "http://127.0.0.1:1",
                Some(("me", "p@ss")),
            ),
            ("me@proxy.example:1", "http://proxy.example:1", Some(("me", ""))),
        ] {
            let proxy = ProxyAddress::parse(text).unwrap();
            assert_eq!(
                (proxy.url().as_str(), proxy.login()),
                (url, login),
                "{text}: {proxy:?}"
            );
            assert!(!format!("{proxy:?} {proxy}").contains("p@ss"));
        }
    }

    #[test]
    fn others_are_refused_without_being_repeated() {
        for text in [
            "",
            "http://",
            "https://me:secret@proxy.example:1",
            "socks5://me:secret@proxy.example:1",
            "http://me:secret@proxy.example:99999",
            "http://me:secret@proxy.example:1/path",
            "me:secret@",
            "two words",
        ] {
            let refused = ProxyAddress::parse(text).unwrap_err();
            assert!(!refused.to_string().contains("secret"), "{text}: {refused}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}", tail in "[a-z:/@%.\\[\\]0-9]{0,20}") {
            for text in [text, format!("http://{tail}")] {
                if let Ok(proxy) = ProxyAddress::parse(&text) {
                    prop_assert_eq!(ProxyAddress::parse(&proxy.url()).map(|again| again.url()), Ok(proxy.url()));
                }
            }
        }
    }
}
