//! The HTTP client that REST and WebSockets go over: the one place where it is built, with its connections and TLS.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, retry};

use super::error::status::root_cause;
use super::error::{BackendError, BackendErrorKind};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A silent connection is probed this often.
const KEEP_ALIVE: Duration = Duration::from_mins(1);
/// A connection that nobody used for so long is closed here, before front ends do it.
const IDLE: Duration = Duration::from_secs(50);
/// What servers see of us.
const USER_AGENT: &str = concat!("turnproof/", env!("CARGO_PKG_VERSION"));

/// A client that sends nothing twice: it follows no redirect, and makes no second attempt. (A request that finds its
/// connection closed before it was written goes over another one; nothing has left then.)
///
/// # Errors
/// When TLS cannot be set up.
pub(in crate::backend) fn client() -> Result<Client, BackendError> {
    Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_keepalive(KEEP_ALIVE)
        .pool_idle_timeout(IDLE)
        .redirect(Policy::none())
        .retry(retry::never())
        .no_proxy()
        // A WebSocket begins as a request of this version.
        .http1_only()
        .build()
        .map_err(|error| {
            let message = format!("transport: {}", root_cause(&error));
            BackendError::new(BackendErrorKind::Connect, message)
        })
}
