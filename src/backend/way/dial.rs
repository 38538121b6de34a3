//! Connections below TLS: to the server itself, or to a proxy that leads there.

use std::time::Duration;

use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;

use super::impossible;
use crate::backend::BackendError;
use crate::model::endpoint::ProxyAddress;

/// How long a connection may take to come about.
pub(in crate::backend) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A silent connection with calls on it is probed this often.
pub(in crate::backend) const KEEP_ALIVE: Duration = Duration::from_mins(1);

/// What connects to a host and port, whatever the scheme.
pub(in crate::backend) fn direct() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_keepalive(Some(KEEP_ALIVE));
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector
}

/// What asks a proxy to connect to a host and port.
///
/// # Errors
/// When its address cannot be used.
pub(in crate::backend) fn tunnel(proxy: &ProxyAddress) -> Result<Tunnel<HttpConnector>, BackendError> {
    let address: Uri = proxy
        .url()
        .parse()
        .map_err(|_| impossible(format!("the proxy {proxy} has no address")))?;
    let tunnel = Tunnel::new(address, direct());
    Ok(match proxy.login() {
        None => tunnel,
        Some((user, password)) => tunnel.with_auth(basic(user, password)?),
    })
}

fn basic(user: &str, password: &str) -> Result<HeaderValue, BackendError> {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    HeaderValue::from_str(&format!("Basic {encoded}"))
        .map_err(|_| impossible("user and password of the proxy cannot be sent"))
}
