//! Connections: a pool of HTTP/2 channels to one endpoint, with a budget of streams for each.
//!
//! One HTTP/2 connection carries about a hundred streams at once; what is beyond that would wait in a queue and
//! spoil the latency of a turn. So a call takes the first channel with room, and opens another when there is
//! none. A channel that failed is taken out, and the next call opens a new one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};

use super::error::status::root_cause;
use super::error::{BackendError, BackendErrorKind};
use super::way::dial::{CONNECT_TIMEOUT, KEEP_ALIVE, tunnel};
use super::way::trouble::no_connection;
use super::way::{Tls, Way};
use crate::model::endpoint::Endpoint;

/// Streams per connection; servers commonly allow 100.
const STREAM_BUDGET: usize = 90;
/// What servers see of us.
const USER_AGENT: &str = concat!("turnproof/", env!("CARGO_PKG_VERSION"));

/// The channels to one endpoint.
pub(in crate::backend) struct ChannelPool {
    route: Route,
    slots: Mutex<Vec<Slot>>,
    next_id: AtomicU64,
}

/// What every connection of a pool follows.
#[derive(Clone)]
struct Route {
    transport: tonic::transport::Endpoint,
    endpoint: Endpoint,
    way: Way,
}

/// A connection on its way or there; everybody who waits for it gets the same answer.
type Connecting = Shared<BoxFuture<'static, Result<Channel, BackendError>>>;

struct Slot {
    id: u64,
    channel: Connecting,
    /// Counted by its references: one is the slot's own, the others are leases.
    users: Arc<()>,
}

/// The right to open one stream on a channel; given back when dropped.
pub(in crate::backend) struct Lease {
    /// The channel.
    pub(in crate::backend) channel: Channel,
    slot: u64,
    _user: Arc<()>,
}

impl ChannelPool {
    /// A pool without connections; the first call opens one.
    ///
    /// # Errors
    /// When the transport cannot be set up.
    pub(in crate::backend) fn new(endpoint: Endpoint, way: Way) -> Result<Self, BackendError> {
        let failed = |error: tonic::transport::Error| {
            BackendError::new(
                BackendErrorKind::Connect,
                format!("transport: {}", root_cause(&error)),
            )
        };
        let mut transport = tonic::transport::Endpoint::from_shared(endpoint.to_string())
            .map_err(failed)?
            .user_agent(USER_AGENT)
            .map_err(failed)?
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(Some(KEEP_ALIVE))
            .http2_keep_alive_interval(KEEP_ALIVE);
        if endpoint.is_encrypted() {
            transport = transport.tls_config(tls(&way.tls)).map_err(failed)?;
        }
        Ok(Self {
            route: Route {
                transport,
                endpoint,
                way,
            },
            slots: Mutex::default(),
            next_id: AtomicU64::new(0),
        })
    }

    /// A channel with room for one more stream, connected.
    ///
    /// # Errors
    /// When no connection comes about; nothing was sent then.
    pub(in crate::backend) async fn lease(&self) -> Result<Lease, BackendError> {
        let (slot, connecting, user) = self.reserve();
        match connecting.await {
            Ok(channel) => Ok(Lease {
                channel,
                slot,
                _user: user,
            }),
            Err(error) => {
                self.remove(slot);
                Err(error)
            }
        }
    }

    /// Takes a channel that failed out of the pool; calls already on it may still end well.
    pub(in crate::backend) fn discard(&self, lease: &Lease) {
        self.remove(lease.slot);
    }

    fn reserve(&self) -> (u64, Connecting, Arc<()>) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let with_room = slots
            .iter()
            .find(|slot| Arc::strong_count(&slot.users) <= STREAM_BUDGET);
        if let Some(slot) = with_room {
            return (slot.id, slot.channel.clone(), Arc::clone(&slot.users));
        }
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let users = Arc::new(());
        let channel = connect(self.route.clone()).boxed().shared();
        let reserved = (id, channel.clone(), Arc::clone(&users));
        slots.push(Slot { id, channel, users });
        reserved
    }

    fn remove(&self, id: u64) {
        self.slots
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|slot| slot.id != id);
    }

    /// Connections in the pool.
    #[cfg(test)]
    fn connections(&self) -> usize {
        self.slots.lock().unwrap().len()
    }
}

fn tls(wanted: &Tls) -> ClientTlsConfig {
    let config = ClientTlsConfig::new().timeout(CONNECT_TIMEOUT);
    let config = match &wanted.authorities {
        Some(pem) => config.ca_certificate(Certificate::from_pem(pem)),
        None => config.with_native_roots(),
    };
    match &wanted.identity {
        Some(identity) => config.identity(Identity::from_pem(&identity.certificates, &identity.key)),
        None => config,
    }
}

async fn connect(route: Route) -> Result<Channel, BackendError> {
    let Route {
        transport,
        endpoint,
        way,
    } = route;
    let connected = match &way.proxy {
        Some(proxy) => transport.connect_with_connector(tunnel(proxy)?).await,
        None => transport.connect().await,
    };
    connected.map_err(|error| no_connection(&endpoint, &way, &error))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn silent_server() -> (TcpListener, ChannelPool) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        (
            listener,
            ChannelPool::new(Endpoint::parse(&address).unwrap(), Way::default()).unwrap(),
        )
    }

    #[tokio::test]
    async fn a_connection_carries_as_many_streams_as_its_budget() {
        let (_listener, pool) = silent_server().await;
        let mut leases = Vec::new();
        for _ in 0..STREAM_BUDGET {
            leases.push(pool.lease().await.unwrap());
        }
        assert_eq!(pool.connections(), 1);
        leases.push(pool.lease().await.unwrap());
        assert_eq!(pool.connections(), 2);
        leases.clear();
        let _again = pool.lease().await.unwrap();
        assert_eq!(pool.connections(), 2, "room was given back");
    }

    #[tokio::test]
    async fn callers_at_once_share_a_connection() {
        let (listener, pool) = silent_server().await;
        let leases = futures::future::join_all((0..10).map(|_| pool.lease())).await;
        assert!(leases.iter().all(Result::is_ok));
        assert_eq!(pool.connections(), 1);
        listener.accept().await.unwrap();
        assert!(
            listener.accept().now_or_never().is_none(),
            "one connection was enough"
        );
    }

    #[tokio::test]
    async fn a_dead_channel_is_replaced() {
        let (_listener, pool) = silent_server().await;
        let first = pool.lease().await.unwrap();
        pool.discard(&first);
        assert_eq!(pool.connections(), 0);
        let second = pool.lease().await.unwrap();
        assert_ne!(first.slot, second.slot);
    }

    #[tokio::test]
    async fn a_failed_connection_is_not_kept() {
        let (listener, pool) = silent_server().await;
        drop(listener);
        for _ in 0..2 {
            let error = pool.lease().await.map(|_| ()).unwrap_err();
            assert!(error.is_connect(), "{error}");
        }
        assert_eq!(pool.connections(), 0);
    }
}
