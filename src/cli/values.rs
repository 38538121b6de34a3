//! Reads the values of flags: text → type, with a message that says what is wanted.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use chrono::{DateTime, FixedOffset};

use crate::coverage::Minimum;
use crate::emulator::fault::{Rule, RuleError};
use crate::settings::rate::Rate;
use crate::settings::roles::TargetChoice;
use crate::settings::{REPORT_FORMATS, check_report, is_variable_name};
use crate::yaml::{parse_duration, why_no_duration};

pub(super) fn rate(text: &str) -> Result<Rate, String> {
    text.parse()
}

pub(super) fn fault(text: &str) -> Result<Rule, String> {
    text.parse().map_err(|error: RuleError| error.to_string())
}

pub(super) fn minimum(text: &str) -> Result<Minimum, String> {
    text.parse()
}

pub(super) fn target_choice(text: &str) -> Result<TargetChoice, String> {
    text.parse()
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| match why_no_duration(text) {
        Some(why) => format!("it {why}"),
        None => "a duration such as 4s, 250ms or 1m30s is wanted".to_owned(),
    })
}

pub(super) fn clock(text: &str) -> Result<DateTime<FixedOffset>, String> {
    DateTime::parse_from_rfc3339(text)
        .map_err(|_| "a time in RFC 3339 such as 2026-03-01T09:00:00Z is wanted".to_owned())
}

pub(super) fn variable_name(text: &str) -> Result<String, String> {
    if is_variable_name(text) {
        return Ok(text.to_owned());
    }
    Err("the name of an environment variable is wanted: letters, digits and underscores".to_owned())
}

/// A format of a report, with `=PATH` or without.
pub(super) fn report(text: &str) -> Result<String, String> {
    check_report(text)
        .map(|()| text.to_owned())
        .map_err(|problem| format!("{problem}; the formats are {}", REPORT_FORMATS.join(", ")))
}

/// A bare host name or address: no scheme, port or path, so that it is plain what is allowed.
pub(super) fn host(text: &str) -> Result<String, String> {
    let labels_are_good = text.split('.').all(|label| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    });
    if labels_are_good || text.parse::<IpAddr>().is_ok() {
        return Ok(text.to_ascii_lowercase());
    }
    Err("a host name such as proxy.example.com is wanted, without scheme, port or path".to_owned())
}

/// An address with its port; `localhost` is 127.0.0.1.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let local = text
        .strip_prefix("localhost:")
        .and_then(|port| port.parse::<u16>().ok());
    match local {
        Some(port) => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        None => text
            .parse()
            .map_err(|_| "an address with a port such as 127.0.0.1:4700 is wanted".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_formats_with_or_without_a_path() {
        for good in ["junit", "json=x.json", "terminal", "github", "junit=a=b.xml"] {
            assert_eq!(report(good).as_deref(), Ok(good));
        }
        for bad in ["", "html", "junit=", "junit= ", "=x", "JUnit"] {
            assert!(report(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_are_bare() {
        for good in ["proxy.example.com", "localhost", "10.0.0.1", "::1"] {
            assert!(host(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "https://x.com",
            "x.com:443",
            "x.com/",
            "*.x.com",
            "a..b",
            ".x",
        ] {
            assert!(host(bad).is_err(), "{bad}");
        }
        assert_eq!(host("Proxy.Example.COM").as_deref(), Ok("proxy.example.com"));
    }

    #[test]
    fn addresses_need_a_port() {
        assert_eq!(address("localhost:0"), Ok(SocketAddr::from(([127, 0, 0, 1], 0))));
        assert_eq!(address("[::1]:80"), Ok("[::1]:80".parse().unwrap()));
        for bad in ["127.0.0.1", "example.com:80", "localhost:99999", ""] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn messages_say_what_is_wanted() {
        assert!(duration("5").unwrap_err().contains("250ms"));
        assert!(clock("yesterday").unwrap_err().contains("2026-03-01T09:00:00Z"));
        assert!(
            variable_name("A-B").is_err() && variable_name("").is_err() && variable_name("TOKEN_1").is_ok()
        );
    }
}
