//! Credentials: where they come from, where they may go, and that nobody ever sees them.
//!
//! Tokens are made, cached and refreshed by google-cloud-auth; this room knows the crate, and no other does. The
//! environment variables and files that Application Default Credentials are made of are read by that crate.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use google_cloud_auth::credentials::{self, CacheableResource, Credentials as GoogleCredentials};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use tokio::sync::OnceCell;

use super::call::Connection;
use super::error::status::root_cause;
use super::error::{BackendError, BackendErrorKind};
use super::machine_file::apart;
use crate::model::endpoint::CredentialPolicy;

pub(in crate::backend) mod document;

/// Dialogflow and CES both accept it (ces-api 1.6).
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Making a token may ask another server; it gets this long.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);

/// What the caller wants to be known as.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Nobody.
    None,
    /// The bearer of this token, given by the caller (who read it from a variable that the settings list).
    Token(String),
    /// Whoever a credentials file in JSON describes: a service account, a user, a workload, an impersonation.
    File(PathBuf),
    /// As such a file, given by the caller as a text (who read it from a variable that the settings list).
    Json(String),
    /// Application Default Credentials.
    ApplicationDefault,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("None"),
            Self::Token(_) => formatter.write_str("Token(…)"),
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
            Self::Json(_) => formatter.write_str("Json(…)"),
            Self::ApplicationDefault => formatter.write_str("ApplicationDefault"),
        }
    }
}

/// Gives the headers that prove who is calling. Only made for an endpoint that may see them.
pub struct TokenSource(Source);

enum Source {
    None,
    Token(HeaderValue),
    Google {
        wanted: Google,
        policy: CredentialPolicy,
        made: OnceCell<GoogleCredentials>,
    },
}

#[derive(Clone)]
enum Google {
    File(PathBuf),
    Json(String),
    ApplicationDefault,
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match &self.0 {
            Source::None => "TokenSource(none)",
            Source::Token(_) => "TokenSource(token)",
            Source::Google {
                wanted: Google::File(_),
                ..
            } => "TokenSource(file)",
            Source::Google {
                wanted: Google::Json(_),
                ..
            } => "TokenSource(json)",
            Source::Google {
                wanted: Google::ApplicationDefault,
                ..
            } => "TokenSource(adc)",
        })
    }
}

impl TokenSource {
    /// Prepares the credentials of a connection. Files are read, and tokens made, when the first is needed.
    ///
    /// # Errors
    /// When the endpoint may not see credentials, or the token cannot be one.
    pub fn of(connection: &Connection) -> Result<Self, BackendError> {
        let (credentials, policy) = (&connection.credentials, &connection.policy);
        if *credentials != Credentials::None {
            may_go(connection)?;
        }
        let google = |wanted| Source::Google {
            wanted,
            policy: policy.clone(),
            made: OnceCell::new(),
        };
        Ok(Self(match credentials {
            Credentials::None => Source::None,
            Credentials::Token(token) => Source::Token(bearer(token)?),
            Credentials::File(path) => google(Google::File(path.clone())),
            Credentials::Json(text) => google(Google::Json(text.clone())),
            Credentials::ApplicationDefault => google(Google::ApplicationDefault),
        }))
    }

    /// The headers for one call; a token that still holds is used again.
    ///
    /// # Errors
    /// When there are no credentials, or no token comes of them.
    pub(in crate::backend) async fn headers(&self) -> Result<HeaderMap, BackendError> {
        match &self.0 {
            Source::None => Ok(HeaderMap::new()),
            Source::Token(value) => Ok(HeaderMap::from_iter([(AUTHORIZATION, value.clone())])),
            Source::Google { wanted, policy, made } => {
                let making = || {
                    let (wanted, policy) = (wanted.clone(), policy.clone());
                    apart("the credentials", move || make(&wanted, &policy))
                };
                fetch(made.get_or_try_init(making).await?).await
            }
        }
    }
}

async fn fetch(credentials: &GoogleCredentials) -> Result<HeaderMap, BackendError> {
    let headers = tokio::time::timeout(TOKEN_TIMEOUT, credentials.headers(http::Extensions::new()));
    match headers.await {
        Ok(Ok(CacheableResource::New { data, .. })) => Ok(data),
        Ok(Ok(CacheableResource::NotModified)) => Ok(HeaderMap::new()),
        Ok(Err(error)) => Err(unusable("no access token", &error)),
        Err(_) => Err(auth("no access token: nobody answered in time".to_owned()).hint(LOG_IN)),
    }
}

const LOG_IN: &str =
    "log in: gcloud auth application-default login; or name a credentials file in the target";

/// Refuses to send credentials to a server that nobody vouched for who may.
fn may_go(connection: &Connection) -> Result<(), BackendError> {
    let (endpoint, policy) = (&connection.endpoint, &connection.policy);
    let own_authorities = connection.way.tls.authorities.is_some();
    if policy.permits_over(endpoint, own_authorities) {
        return Ok(());
    }
    let host = endpoint.host();
    let why = if own_authorities && endpoint.is_encrypted() {
        ": the target brings its own authorities"
    } else {
        ""
    };
    Err(
        auth(format!("credentials may not go to {host}{why}")).hint(format!(
            "set `credentials: none`, or allow it: --allow-credentials-to {host}"
        )),
    )
}

fn make(wanted: &Google, policy: &CredentialPolicy) -> Result<GoogleCredentials, BackendError> {
    match wanted {
        Google::ApplicationDefault => credentials::Builder::default()
            .with_scopes([SCOPE])
            .build()
            .map_err(|error| unusable("no Application Default Credentials", &error)),
        Google::File(path) => {
            let named = format!("credentials file {}", path.display());
            document::of_text(&document::read(path, &named)?, &named, policy)
        }
        Google::Json(text) => document::of_text(text, "the variable of `json_env`", policy),
    }
}

fn bearer(token: &str) -> Result<HeaderValue, BackendError> {
    let token = token.trim();
    let wrong = || auth("the token has characters that no token has".to_owned());
    if token.is_empty() {
        return Err(auth("the token is empty".to_owned()));
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| wrong())?;
    value.set_sensitive(true);
    Ok(value)
}

fn unusable(what: &str, error: &(dyn std::error::Error + 'static)) -> BackendError {
    auth(format!("{what}: {}", root_cause(error))).hint(LOG_IN)
}

fn auth(message: String) -> BackendError {
    BackendError::new(BackendErrorKind::Auth, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::way::{Tls, Way};
    use crate::model::endpoint::Endpoint;

    const SECRET: &str = "ya29.very-secret";

    fn source(
        credentials: Credentials,
        endpoint: &str,
        policy: &CredentialPolicy,
    ) -> Result<TokenSource, BackendError> {
        TokenSource::of(&Connection {
            endpoint: Endpoint::parse(endpoint).unwrap(),
            credentials,
            policy: policy.clone(),
            way: Way::default(),
            user_project: None,
        })
    }

    #[test]
    fn credentials_go_to_google_over_tls_or_where_they_are_allowed() {
        let strict = CredentialPolicy::default();
        let universe = CredentialPolicy {
            universe: "example.cloud".to_owned(),
            ..strict.clone()
        };
        let allowing = CredentialPolicy {
            allowed_hosts: vec!["Proxy.example".to_owned(), "127.0.0.1".to_owned()],
            ..strict.clone()
        };
        for (endpoint, policy, permitted) in [
            ("https://dialogflow.googleapis.com", &strict, true),
            ("https://EU-dialogflow.GoogleAPIs.com:443", &strict, true),
            ("https://ces.us.rep.googleapis.com", &strict, true),
            ("https://googleapis.com.evil.example", &strict, false),
            ("https://evilgoogleapis.com", &strict, false),
            ("https://googleapis.com", &strict, false),
            ("http://127.0.0.1:4700", &strict, false),
            ("https://eu-dialogflow.example.cloud", &strict, false),
            ("https://eu-dialogflow.example.cloud", &universe, true),
            ("https://proxy.example:8443", &allowing, true),
            ("https://sub.proxy.example", &allowing, false),
            ("http://127.0.0.1:4700", &allowing, true),
        ] {
            let made = source(Credentials::Token(SECRET.to_owned()), endpoint, policy);
            assert_eq!(made.is_ok(), permitted, "{endpoint}");
            if let Err(error) = made {
                assert!(error.is_auth() && error.hint.unwrap().contains("--allow-credentials-to"));
            }
            assert!(source(Credentials::None, endpoint, policy).is_ok());
        }
    }

    #[test]
    fn settings_that_vouch_for_a_server_themselves_do_not_get_credentials() {
        let connection = |allowed_hosts| Connection {
            endpoint: Endpoint::parse("https://dialogflow.googleapis.com").unwrap(),
            credentials: Credentials::Token(SECRET.to_owned()),
            policy: CredentialPolicy {
                allowed_hosts,
                ..CredentialPolicy::default()
            },
            way: Way {
                tls: Tls {
                    authorities: Some(b"whoever".to_vec()),
                    identity: None,
                },
                proxy: None,
            },
            user_project: None,
        };
        let error = TokenSource::of(&connection(Vec::new())).unwrap_err();
        assert!(
            error.is_auth() && error.message.contains("its own authorities"),
            "{error}"
        );
        let host = "dialogflow.googleapis.com".to_owned();
        assert!(TokenSource::of(&connection(vec![host])).is_ok());
    }

    #[test]
    fn an_empty_universe_allows_nothing() {
        let policy = CredentialPolicy {
            universe: String::new(),
            allowed_hosts: vec![String::new()],
        };
        assert!(source(Credentials::ApplicationDefault, "https://evil.example", &policy).is_err());
    }

    #[tokio::test]
    async fn a_token_becomes_a_header_that_does_not_show_it() {
        let policy = CredentialPolicy::default();
        let made = source(
            Credentials::Token(format!("{SECRET}\n")),
            "https://ces.googleapis.com",
            &policy,
        )
        .unwrap();
        let headers = made.headers().await.unwrap();
        assert_eq!(
            headers[AUTHORIZATION].to_str().unwrap(),
            format!("Bearer {SECRET}")
        );
        for shown in [
            format!("{made:?}"),
            format!("{headers:?}"),
            format!("{:?}", Credentials::Token(SECRET.to_owned())),
        ] {
            assert!(!shown.contains("secret"), "{shown}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_repeated() {
        for token in ["", "  ", "two\nlines-secret", "nul\0-secret"] {
            let error = source(
                Credentials::Token(token.to_owned()),
                "https://ces.googleapis.com",
                &CredentialPolicy::default(),
            )
            .unwrap_err();
            assert!(error.is_auth() && !error.message.contains("secret"), "{error}");
        }
    }

    async fn file_error(text: &str) -> BackendError {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.json");
        std::fs::write(&path, text).unwrap();
        let made = source(
            Credentials::File(path),
            "https://ces.googleapis.com",
            &CredentialPolicy::default(),
        );
        made.unwrap().headers().await.unwrap_err()
    }

    #[tokio::test]
    async fn a_file_that_holds_no_credentials_says_so_without_quoting_it() {
        for (text, expected) in [
            (
                r#"{"type": "authorized_user", "client_secret": "secret" oops"#,
                "is not JSON",
            ),
            (r#"{"client_secret": "secret"}"#, "is of no known type"),
            (r#"{"type": "something_else"}"#, "is of no known type"),
            (r#"{"type": "service_account"}"#, "missing field"),
        ] {
            let error = file_error(text).await;
            assert!(error.is_auth() && error.message.contains(expected), "{error}");
            assert!(!error.message.contains("secret"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_missing_says_which() {
        let made = source(
            Credentials::File("no/such/file.json".into()),
            "https://ces.googleapis.com",
            &CredentialPolicy::default(),
        );
        let error = made.unwrap().headers().await.unwrap_err();
        assert!(error.message.contains("no/such/file.json"), "{error}");
    }
}
