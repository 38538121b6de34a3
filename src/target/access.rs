//! The way to a live service, settled: what the settings say, else what the environment says, else the service's own.

use super::Means;
use crate::backend::BackendError;
use crate::backend::auth;
use crate::backend::call::Connection;
use crate::backend::error::BackendErrorKind;
use crate::backend::way::{Identity, MtlsEndpoint, Tls, Way, device_identity};
use crate::model::endpoint::{DEFAULT_UNIVERSE, Endpoint};
use crate::model::suite::Service;
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
    let plaintext = given.as_ref().is_some_and(|endpoint| !endpoint.is_encrypted());
    let tls = if plaintext {
        Tls::default()
    } else {
        tls(&access.tls, means).await?
    };
    let endpoint = match given {
        Some(endpoint) => endpoint.clone(),
        None => usual_endpoint(target.service(), location, access, &tls, means)?,
    };
    let proxy = match &access.proxy {
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

/// What the settings name, else the machine's own client certificate if it is to be used.
async fn tls(files: &TlsFiles, means: &Means) -> Result<Tls, BackendError> {
    let authorities = files.authorities.as_deref().map(Tls::read_authorities);
    let identity = match &files.identity {
        Some((certificate, key)) => Some(Identity::read(certificate, key)?),
        None => device_identity(&means.variables).await?,
    };
    Ok(Tls {
        authorities: authorities.transpose()?,
        identity,
    })
}

/// The service's own host for the location: the one for client certificates where Google's clients would ask it.
fn usual_endpoint(
    service: Service,
    location: &str,
    access: &Access,
    tls: &Tls,
    means: &Means,
) -> Result<Endpoint, BackendError> {
    let universe = access
        .universe_domain
        .as_deref()
        .unwrap_or(&means.policy.universe);
    let endpoint = Endpoint::of_service(service, location, universe)?;
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
