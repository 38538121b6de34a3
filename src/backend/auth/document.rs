//! Credentials that are written down: a JSON document in a file or a variable, of whichever kind.
//!
//! Settings name them, and settings may come from a stranger: so the servers that such a document sends secrets to must
//! be those that credentials may go to.

use std::path::Path;

use google_cloud_auth::credentials::{
    Credentials as GoogleCredentials, external_account, impersonated, service_account, user_account,
};
use serde_json::Value;

use super::{SCOPE, auth, unusable};
use crate::backend::error::BackendError;
use crate::backend::machine_file;
use crate::model::endpoint::{CredentialPolicy, Endpoint};

/// A source of credentials within credentials, and so on: nobody nests deeper.
const DEEPEST: usize = 8;
/// The members that name a server which gets a secret to make a token of.
const SERVERS: [&str; 3] = ["token_uri", "token_url", "service_account_impersonation_url"];

/// The text of a credentials file; `named` is what messages call it.
///
/// # Errors
/// When it cannot be read.
pub(super) fn read(path: &Path, named: &str) -> Result<String, BackendError> {
    let bytes = machine_file::read(path).map_err(|error| auth(format!("{named}: {error}")))?;
    String::from_utf8(bytes).map_err(|_| auth(format!("{named} is not JSON")))
}

/// The credentials that a document describes; `named` is what messages call it.
///
/// # Errors
/// When it describes none, or would send them where they may not go.
pub(super) fn of_text(
    text: &str,
    named: &str,
    policy: &CredentialPolicy,
) -> Result<GoogleCredentials, BackendError> {
    // The parser's message could quote the document.
    let json: Value = serde_json::from_str(text).map_err(|_| auth(format!("{named} is not JSON")))?;
    check_servers(&json, named, policy, 0)?;
    let built = match kind(&json) {
        Some(Kind::ServiceAccount) => service_account::Builder::new(json)
            .with_access_specifier(service_account::AccessSpecifier::from_scopes([SCOPE]))
            .build(),
        Some(Kind::User) => user_account::Builder::new(json).with_scopes([SCOPE]).build(),
        Some(Kind::External) => external_account::Builder::new(json).with_scopes([SCOPE]).build(),
        Some(Kind::Impersonation) => impersonated::Builder::new(json).with_scopes([SCOPE]).build(),
        None => {
            return Err(auth(format!("{named} is of no known type")).hint(
                "use a service_account, authorized_user, external_account or impersonated_service_account document",
            ));
        }
    };
    built.map_err(|error| unusable(named, &error))
}

/// Whom a document describes, for people; nothing secret of it.
pub(in crate::backend) fn describe(text: &str) -> Option<String> {
    let json: Value = serde_json::from_str(text).ok()?;
    let kind = kind(&json)?;
    Some(match (kind, json["client_email"].as_str()) {
        (Kind::ServiceAccount, Some(email)) => format!("service account {email}"),
        (Kind::ServiceAccount, None) => "service account".to_owned(),
        (Kind::User, _) => "user account".to_owned(),
        (Kind::External, _) => "workload identity federation".to_owned(),
        (Kind::Impersonation, _) => {
            let whom = json["service_account_impersonation_url"]
                .as_str()
                .and_then(|url| url.rsplit('/').next()?.split_once(':'));
            match whom {
                Some((whom, _)) => format!("impersonation of {whom}"),
                None => "impersonation".to_owned(),
            }
        }
    })
}

/// Kinds of documents.
#[derive(Debug, Clone, Copy)]
enum Kind {
    ServiceAccount,
    User,
    External,
    Impersonation,
}

fn kind(json: &Value) -> Option<Kind> {
    match json.get("type")?.as_str()? {
        "service_account" => Some(Kind::ServiceAccount),
        "authorized_user" => Some(Kind::User),
        "external_account" => Some(Kind::External),
        "impersonated_service_account" => Some(Kind::Impersonation),
        _ => None,
    }
}

fn check_servers(
    json: &Value,
    named: &str,
    policy: &CredentialPolicy,
    depth: usize,
) -> Result<(), BackendError> {
    let Some(members) = json.as_object().filter(|_| depth < DEEPEST) else {
        return Ok(());
    };
    for (name, member) in members {
        match member.as_str().filter(|_| SERVERS.contains(&name.as_str())) {
            Some(url) if !may_get_secrets(url, policy) => {
                return Err(auth(format!("{named} would send secrets to the server of its `{name}`")).hint(
                    "Google's own are below googleapis.com, over https; allow another: --allow-credentials-to HOST",
                ));
            }
            _ => check_servers(member, named, policy, depth + 1)?,
        }
    }
    Ok(())
}

fn may_get_secrets(url: &str, policy: &CredentialPolicy) -> bool {
    // The server is all that counts; a user in front of it is refused.
    let server = url.split_once("://").map(|(scheme, rest)| {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        format!("{scheme}://{}", &rest[..end])
    });
    let endpoint = server.and_then(|server| Endpoint::parse(&server).ok());
    endpoint.is_some_and(|endpoint| policy.permits(&endpoint) || is_old_token_server(&endpoint))
}

/// The token server that old key files name.
fn is_old_token_server(endpoint: &Endpoint) -> bool {
    endpoint.is_encrypted() && endpoint.host() == "accounts.google.com"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_go_to_google_or_where_the_command_line_says() {
        let strict = CredentialPolicy::default();
        let allowing = CredentialPolicy {
            allowed_hosts: vec!["127.0.0.1".to_owned()],
            ..strict.clone()
        };
        for (url, policy, permitted) in [
            ("https://oauth2.googleapis.com/token", &strict, true),
            ("https://accounts.google.com/o/oauth2/token", &strict, true),
            ("https://sts.googleapis.com/v1/token?x=y", &strict, true),
            ("http://oauth2.googleapis.com/token", &strict, false),
            ("https://oauth2.googleapis.com@evil.example/token", &strict, false),
            ("https://evil.example/oauth2.googleapis.com", &strict, false),
            ("https://evil.example#.googleapis.com", &strict, false),
            ("https://evil.example\\.googleapis.com", &strict, false),
            ("http://127.0.0.1:1/token", &strict, false),
            ("http://127.0.0.1:1/token", &allowing, true),
            ("no address", &strict, false),
        ] {
            for document in [
                json!({ "type": "authorized_user", "token_uri": url, "refresh_token": "secret" }),
                json!({ "type": "external_account", "token_url": url, "client_secret": "secret" }),
                json!({ "source_credentials": { "token_uri": url }, "secret": "secret" }),
                json!({ "service_account_impersonation_url": url }),
            ] {
                let checked = check_servers(&document, "it", policy, 0);
                assert_eq!(checked.is_ok(), permitted, "{url}");
                if let Err(error) = checked {
                    assert!(!format!("{error:?}").contains("evil"), "{error:?}");
                }
            }
        }
    }

    #[test]
    fn documents_are_described_without_their_secrets() {
        for (document, expected) in [
            (
                json!({ "type": "service_account", "client_email": "a@b.example", "private_key": "secret" }),
                Some("service account a@b.example"),
            ),
            (
                json!({ "type": "authorized_user", "refresh_token": "secret" }),
                Some("user account"),
            ),
            (
                json!({ "type": "impersonated_service_account", "service_account_impersonation_url":
                    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.example:generateAccessToken" }),
                Some("impersonation of a@b.example"),
            ),
            (
                json!({ "type": "external_account" }),
                Some("workload identity federation"),
            ),
            (json!({ "type": "else" }), None),
        ] {
            assert_eq!(describe(&document.to_string()).as_deref(), expected);
        }
    }
}
