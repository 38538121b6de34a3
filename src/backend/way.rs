//! The way to a service below every transport: who vouches for the server, how we prove ourselves, and which proxy
//! leads there.
//!
//! All of it is settled before the first connection, from the settings and from the [`Variables`] that Google's own
//! clients know, too; a transport only follows it. What a handshake that fails means is said in `trouble`.

use super::error::{BackendError, BackendErrorKind};
use crate::model::endpoint::ProxyAddress;

pub use device::device_identity;
pub use tls::{Identity, Tls};
pub use variables::{MtlsEndpoint, Variables};

mod device;
pub(in crate::backend) mod dial;
pub mod probe;
mod tls;
pub(in crate::backend) mod trouble;
mod variables;

/// How a server is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// How server and client prove who they are; without meaning for plaintext.
    pub tls: Tls,
    /// The proxy that leads there; settled, no variable is asked again.
    pub proxy: Option<ProxyAddress>,
}

/// The settings or the surroundings ask for something that cannot be done.
fn impossible(message: impl Into<String>) -> BackendError {
    BackendError::new(BackendErrorKind::Request, message)
}
