//! The way to a live service, settled: what the settings say, else what the environment says, else the service's own.

use super::Means;
use crate::backend::BackendError;
use crate::backend::auth;
use crate::backend::call::Connection;
use crate::backend::error::BackendErrorKind;
use crate::backend::machine_file::apart;
use crate::backend::way::{Identity, MtlsEndpoint, Tls, Way, device_identity};
use crate::model::endpoint::{DEFAULT_UNIVERSE, Endpoint};
use crate::settings::target::{Access, Credentials, ProxyChoice, Target, TargetKind, TlsFiles};

/// The connection to a target's service; `None` for one that is emulated.
///
/// # Errors
/// When certificates cannot be used, or variables say what cannot be.
pub(super) async fn connection(target: &Target, means: &Means) -> Result<Option<Connection>, BackendError> {
    let (location, given, credentials, access) = match &target.kind {
        TargetKind::Cx(cx) => (cx.agent.location(), &cx.endpoint, &cx.credentials, &cx.access),
        TargetKind::Ces(ces) => (ces.app.location(), &ces.endpoint, &ces.credentials, &ces.access),
        TargetKind::Emulator(_) => return Ok(None),
    };
    let (endpoint, tls) = match given {
        // What is not encrypted stays on this machine: a proxy would see all of it.
        Some(endpoint) if !endpoint.is_encrypted() => (endpoint.clone(), Tls::default()),
        Some(endpoint) => (endpoint.clone(), tls(endpoint, &access.tls, means).await?),
        None => {
            let universe = universe(access, means);
            let endpoint = Endpoint::of_service(target.service(), location, universe)?;
            let tls = tls(&endpoint, &access.tls, means).await?;
            (usual_endpoint(endpoint, universe, &tls, means)?, tls)
        }
    };
    let proxy = match &access.proxy {
        _ if !endpoint.is_encrypted() => None,
        ProxyChoice::None => None,
        ProxyChoice::Address(proxy) => Some(proxy.clone()),
        ProxyChoice::Environment => means.variables.proxy(&endpoint)?,
    };
    let from_environment = match credentials {
        Credentials::None => None,
        _ => means.variables.quota_project(),
    };
    let user_project = access.quota_project.as_deref().or(from_environment);
    Ok(Some(Connection {
        endpoint,
        credentials: known_as(credentials),
        policy: means.policy.clone(),
        way: Way { tls, proxy },
        user_project: user_project.map(str::to_owned),
    }))
}

/// What the settings name, else the machine's own client certificate if it is to be used: it says who the machine is, and
/// is shown to those alone who may see credentials.
async fn tls(endpoint: &Endpoint, files: &TlsFiles, means: &Means) -> Result<Tls, BackendError> {
    let named = files.clone();
    let mut tls = apart("the target's `tls`", move || read(&named)).await?;
    let permitted = means.policy.permits_over(endpoint, tls.authorities.is_some());
    if tls.identity.is_none() && permitted {
        tls.identity = device_identity(&means.variables).await?;
    }
    Ok(tls)
}

fn read(files: &TlsFiles) -> Result<Tls, BackendError> {
    let authorities = files.authorities.as_deref().map(Tls::read_authorities);
    let identity = files.identity.as_ref();
    let identity = identity.map(|(certificate, key)| Identity::read(certificate, key));
    Ok(Tls {
        authorities: authorities.transpose()?,
        identity: identity.transpose()?,
    })
}

fn universe<'a>(access: &'a Access, means: &'a Means) -> &'a str {
    access
        .universe_domain
        .as_deref()
        .unwrap_or(&means.policy.universe)
}

/// The service's own host for the location: the one for client certificates where Google's clients would ask it.
fn usual_endpoint(
    endpoint: Endpoint,
    universe: &str,
    tls: &Tls,
    means: &Means,
) -> Result<Endpoint, BackendError> {
    let wanted = match means.variables.mtls_endpoint()? {
        MtlsEndpoint::Never => false,
        MtlsEndpoint::Auto => tls.identity.is_some(),
        MtlsEndpoint::Always => true,
    };
    if !wanted {
        return Ok(endpoint);
    }
    endpoint.for_client_certificates().ok_or_else(|| {
        let message =
            format!("`{universe}` has no hosts for client certificates: only {DEFAULT_UNIVERSE} has");
        BackendError::new(BackendErrorKind::Request, message)
            .hint("set GOOGLE_API_USE_MTLS_ENDPOINT=never, or name the `endpoint`")
    })
}

fn known_as(credentials: &Credentials) -> auth::Credentials {
    match credentials {
        Credentials::None => auth::Credentials::None,
        Credentials::ApplicationDefault => auth::Credentials::ApplicationDefault,
        Credentials::File(path) => auth::Credentials::File(path.clone()),
        Credentials::Json(text) => auth::Credentials::Json(text.reveal().to_owned()),
        Credentials::Token(token) => auth::Credentials::Token(token.reveal().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::backend::way::Variables;
    use crate::diagnostic::SourceFile;
    use crate::model::endpoint::CredentialPolicy;
    use crate::settings::Settings;
    use crate::settings::root::Root;
    use crate::settings::variables::Environment;

    const CX: &str = "backend: cx, agent: projects/p/locations/global/agents/a, credentials: none";

    fn target(folder: &Path, keys: &str) -> Target {
        let file = Arc::new(SourceFile {
            path: "turnproof.yaml".into(),
            text: format!("targets: {{ live: {{ {CX}, {keys} }} }}\n"),
        });
        let environment = Environment {
            lookup: &|_| None,
            ci: false,
            allowed: &[],
            offline: false,
        };
        let root = Root::new(folder, folder).unwrap();
        let (settings, problems) = Settings::read(&file, &root, &environment);
        assert!(problems.is_empty(), "{problems:?}");
        settings.unwrap().targets.remove(0).target.unwrap()
    }

    #[tokio::test]
    async fn what_is_not_encrypted_goes_through_no_proxy() {
        let mut target = target(Path::new("."), "proxy: \"http://proxy.example:3128\"");
        for (endpoint, proxied) in [("https://127.0.0.1:1", true), ("http://127.0.0.1:1", false)] {
            let TargetKind::Cx(cx) = &mut target.kind else {
                panic!("it is a cx target")
            };
            cx.endpoint = Some(Endpoint::parse(endpoint).unwrap());
            let connection = connection(&target, &Means::default()).await.unwrap().unwrap();
            assert_eq!(connection.way.proxy.is_some(), proxied, "{endpoint}");
        }
    }

    /// Whoever reads the machine's certificate complains: there is none where the variable says.
    #[tokio::test]
    async fn the_machines_certificate_is_for_those_who_may_see_credentials() {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        std::fs::write(folder.path().join("own.pem"), made.cert.pem()).unwrap();
        let variables = Variables::read(|name| {
            let named = name == "GOOGLE_API_CERTIFICATE_CONFIG";
            named.then(|| OsString::from(folder.path().join("gone.json")))
        });
        for (keys, allowed, shown) in [
            ("quota_project: q", "", true),
            ("endpoint: \"https://evil.example\"", "", false),
            ("endpoint: \"https://evil.example\"", "evil.example", true),
            ("universe_domain: evil.example", "", false),
            ("tls: { authorities: own.pem }", "", false),
            ("tls: { authorities: own.pem }", "dialogflow.googleapis.com", true),
        ] {
            let means = Means {
                policy: CredentialPolicy {
                    allowed_hosts: vec![allowed.to_owned()],
                    ..CredentialPolicy::default()
                },
                variables: variables.clone(),
                ..Means::default()
            };
            let found = connection(&target(folder.path(), keys), &means).await;
            assert_eq!(found.is_err(), shown, "{keys} {allowed}");
            if let Err(error) = found {
                assert!(error.message.contains("gone.json"), "{error}");
            }
        }
    }
}
