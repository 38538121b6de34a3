//! What a connection that does not come about means, and how to mend it: names, ports, proxies, certificates.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};

use super::Way;
use crate::backend::error::status::{root_cause, unreachable};
use crate::backend::error::{BackendError, BackendErrorKind};
use crate::model::endpoint::Endpoint;

/// Why there is no connection to a server.
pub(in crate::backend) fn no_connection(
    endpoint: &Endpoint,
    way: &Way,
    error: &(dyn Error + 'static),
) -> BackendError {
    if let Some(error) = handshake(endpoint, error) {
        return error;
    }
    match &way.proxy {
        Some(proxy) => through_proxy(endpoint, &proxy.to_string(), error),
        None => unreachable(Some(&endpoint.to_string()), &root_cause(error)),
    }
}

/// What a failure of TLS means, if it is one.
pub(in crate::backend) fn handshake(
    endpoint: &Endpoint,
    error: &(dyn Error + 'static),
) -> Option<BackendError> {
    let told = match tls_error(error) {
        Some(error) => certificate_trouble(error),
        None => spoken_trouble(error),
    };
    told.map(|trouble| trouble.at(endpoint))
}

/// What the server's last word on a connection means, where only its text is left: a client certificate is judged when
/// the client already believes that the handshake is over.
pub(in crate::backend) fn last_word(cause: &str) -> Option<BackendError> {
    let alert = cause.split_once("received fatal alert: ")?.1;
    let name = alert.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
    let described = JUDGEMENTS.iter().find(|(known, _)| *known == name)?.1;
    Some(judged(described)?.told())
}

/// Alerts by which a server judges the client's certificate, by the names that the library shows.
const JUDGEMENTS: [(&str, AlertDescription); 8] = [
    ("CertificateRequired", AlertDescription::CertificateRequired),
    ("BadCertificate", AlertDescription::BadCertificate),
    ("UnsupportedCertificate", AlertDescription::UnsupportedCertificate),
    ("CertificateRevoked", AlertDescription::CertificateRevoked),
    ("CertificateExpired", AlertDescription::CertificateExpired),
    ("CertificateUnknown", AlertDescription::CertificateUnknown),
    ("UnknownCA", AlertDescription::UnknownCA),
    ("AccessDenied", AlertDescription::AccessDenied),
];

/// A failure and the way out of it.
struct Trouble {
    kind: BackendErrorKind,
    message: String,
    hint: &'static str,
}

impl Trouble {
    fn new(kind: BackendErrorKind, message: impl Into<String>, hint: &'static str) -> Self {
        Self {
            kind,
            message: message.into(),
            hint,
        }
    }

    fn at(self, endpoint: &Endpoint) -> BackendError {
        let message = format!("no encrypted connection to {endpoint}: {}", self.message);
        BackendError::new(self.kind, message).hint(self.hint)
    }

    fn told(self) -> BackendError {
        BackendError::new(self.kind, format!("no encrypted connection: {}", self.message)).hint(self.hint)
    }
}

/// The library's own error, however deep it is wrapped.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(this) = next {
        if let Some(found) = this.downcast_ref() {
            return Some(found);
        }
        // An input or output error does not give away what it was made of as its source.
        let inner = this.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => this.source(),
        };
    }
    None
}

fn certificate_trouble(error: &rustls::Error) -> Option<Trouble> {
    use CertificateError as Wrong;
    let connect = |message: &str, hint| Some(Trouble::new(BackendErrorKind::Connect, message, hint));
    match error {
        rustls::Error::InvalidCertificate(wrong) => match wrong {
            Wrong::UnknownIssuer => connect(
                "nobody who is trusted vouches for the server's certificate",
                "name the file of its authority: `tls: {authorities: FILE}` in the target, or the variable \
                 SSL_CERT_FILE; behind a proxy that looks into traffic, that is the proxy's authority",
            ),
            Wrong::Expired | Wrong::ExpiredContext { .. } => connect(
                "the server's certificate has expired",
                "the server needs a new one, unless this machine's clock is wrong",
            ),
            Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => connect(
                "the server's certificate is not valid yet",
                "is this machine's clock right?",
            ),
            Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => connect(
                "the server's certificate is made out to another name",
                "write the endpoint with a name that stands in the certificate",
            ),
            other => connect(
                &format!("the server's certificate cannot be accepted: {other}"),
                "the server needs another certificate",
            ),
        },
        rustls::Error::NoApplicationProtocol
        | rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            connect("the server speaks TLS, but not HTTP/2", NOT_GRPC)
        }
        rustls::Error::AlertReceived(alert) => judged(*alert).or_else(|| {
            connect(
                &format!("the server broke the handshake off ({alert:?})"),
                "it may want a client certificate (`tls: {certificate: FILE, key: FILE}`), or an older TLS than 1.2",
            )
        }),
        rustls::Error::InvalidMessage(_) => connect("what answers does not speak TLS", NOT_TLS),
        other => connect(&other.to_string(), NOT_TLS),
    }
}

const NOT_TLS: &str =
    "is the port that of an encrypted server? a plaintext one is written `http://`, on this machine only";
const NOT_GRPC: &str = "the address is not that of a gRPC server: check the target's endpoint";

fn judged(alert: AlertDescription) -> Option<Trouble> {
    let auth = |message, hint| Some(Trouble::new(BackendErrorKind::Auth, message, hint));
    match alert {
        AlertDescription::CertificateRequired => auth(
            "the server asks for a client certificate",
            "give it one: `tls: {certificate: FILE, key: FILE}` in the target, or GOOGLE_API_USE_CLIENT_CERTIFICATE=true \
             for that of the machine",
        ),
        AlertDescription::CertificateExpired => auth("the client certificate has expired", "renew it"),
        AlertDescription::CertificateRevoked => auth("the client certificate was revoked", "get a new one"),
        AlertDescription::UnknownCA => auth(
            "the server does not know who issued the client certificate",
            "give a certificate of an authority that the server trusts, with all that lead to it",
        ),
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied => auth(
            "the server does not accept the client certificate",
            "is it the right one, issued for clients, and still valid?",
        ),
        _ => None,
    }
}

/// Failures that the transports know by words alone.
fn spoken_trouble(error: &(dyn Error + 'static)) -> Option<Trouble> {
    let cause = root_cause(error);
    let connect = |message, hint| Some(Trouble::new(BackendErrorKind::Connect, message, hint));
    if cause.contains("HTTP/2 was not negotiated") {
        return connect("the server speaks TLS, but not HTTP/2", NOT_GRPC);
    }
    if cause.contains("tls handshake eof") {
        return connect("the server hung up instead of answering", NOT_TLS);
    }
    None
}

fn through_proxy(endpoint: &Endpoint, proxy: &str, error: &(dyn Error + 'static)) -> BackendError {
    let cause = root_cause(error);
    let refused =
        |message: String, hint: &str| BackendError::new(BackendErrorKind::Connect, message).hint(hint);
    match cause.strip_prefix("tunnel error: ") {
        Some("proxy authorization required") => BackendError::new(
            BackendErrorKind::Auth,
            format!("the proxy {proxy} wants to know who asks"),
        )
        .hint("write user and password: `http://USER:PASSWORD@HOST:PORT`, with a variable for the password"),
        Some(said) => refused(
            format!("the proxy {proxy} does not lead to {endpoint} ({said})"),
            "does the proxy allow CONNECT to that host and port? `proxy: none` goes without it, as NO_PROXY does",
        ),
        None => refused(
            format!("cannot connect to the proxy {proxy}: {cause}"),
            "is the proxy's address right? it comes from `proxy` of the target, else from HTTPS_PROXY or ALL_PROXY",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judgement_is_known_by_its_text() {
        for (cause, expected) in [
            (
                "received fatal alert: CertificateRequired",
                "asks for a client certificate",
            ),
            ("received fatal alert: UnknownCA", "does not know who issued"),
            ("io: received fatal alert: BadCertificate)", "does not accept"),
        ] {
            let error = last_word(cause).unwrap();
            assert!(error.is_auth() && error.message.contains(expected), "{error}");
            assert!(error.hint.is_some());
        }
        for cause in ["", "broken pipe", "received fatal alert: DecodeError"] {
            assert_eq!(last_word(cause), None, "{cause}");
        }
    }

    #[test]
    fn every_judgement_has_the_name_that_the_library_shows() {
        for (name, alert) in JUDGEMENTS {
            assert_eq!(
                rustls::Error::AlertReceived(alert).to_string(),
                format!("received fatal alert: {name}")
            );
            assert!(judged(alert).is_some(), "{name}");
        }
    }

    #[test]
    fn the_librarys_error_is_found_however_it_is_wrapped() {
        let endpoint = Endpoint::parse("https://ces.googleapis.com").unwrap();
        let expired = rustls::Error::InvalidCertificate(CertificateError::Expired);
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, expired));
        let error = handshake(&endpoint, &wrapped).unwrap();
        assert!(
            error.is_connect() && error.message.contains("has expired"),
            "{error}"
        );
        assert_eq!(
            handshake(&endpoint, &io::Error::from(io::ErrorKind::ConnectionRefused)),
            None
        );
    }
}
