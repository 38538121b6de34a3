//! The HTTP client that REST and WebSockets go over: the one place where it is built, with its connections and TLS.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, retry};

use super::error::status::root_cause;
use super::error::{BackendError, BackendErrorKind};
use super::way::Way;
use super::way::dial::{CONNECT_TIMEOUT, KEEP_ALIVE};
use crate::model::endpoint::{Endpoint, ProxyAddress};
/// A connection that nobody used for so long is closed here, before front ends do it.
const IDLE: Duration = Duration::from_secs(50);
/// What servers see of us.
const USER_AGENT: &str = concat!("turnproof/", env!("CARGO_PKG_VERSION"));

/// A client that sends nothing twice: it follows no redirect, and makes no second attempt. (A request that finds its
/// connection closed before it was written goes over another one; nothing has left then.)
///
/// # Errors
/// When TLS or the proxy cannot be set up.
pub(in crate::backend) fn client(endpoint: &Endpoint, way: &Way) -> Result<Client, BackendError> {
    let mut builder = Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_keepalive(KEEP_ALIVE)
        .pool_idle_timeout(IDLE)
        .redirect(Policy::none())
        .retry(retry::never())
        .no_proxy()
        // A WebSocket begins as a request of this version.
        .http1_only();
    if endpoint.is_encrypted() {
        builder = builder.tls_backend_preconfigured(way.tls.client_config(&[b"http/1.1"])?);
    }
    if let Some(address) = &way.proxy {
        builder = builder.proxy(proxy(address).map_err(|error| impossible(&error))?);
    }
    builder.build().map_err(|error| impossible(&error))
}

fn proxy(address: &ProxyAddress) -> reqwest::Result<Proxy> {
    let proxy = Proxy::all(address.url())?;
    Ok(match address.login() {
        Some((user, password)) => proxy.basic_auth(user, password),
        None => proxy,
    })
}

fn impossible(error: &reqwest::Error) -> BackendError {
    let message = format!("transport: {}", root_cause(error));
    BackendError::new(BackendErrorKind::Connect, message)
}
