//! Getting in: certificates, proxies, credentials, over real connections on this machine.

pub(crate) mod credentials;
pub(crate) mod front;
pub(crate) mod pki;
mod proxies;
mod tls;
mod whole;
