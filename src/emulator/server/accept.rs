//! Connections as they come about: by the first bytes on one it is known whether HTTP/2 is spoken on it, and so gRPC, or
//! HTTP/1.1.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use crate::emulator::fault::Rules;
use crate::emulator::fault::connection::{Connection, fail_handshake};
use crate::emulator::http::Face;

/// How long a client may say nothing at first.
const FIRST_WORDS: Duration = Duration::from_secs(30);
/// The system takes no more connections for now.
const PATIENCE: Duration = Duration::from_millis(50);

/// Where connections go.
#[derive(Debug, Clone)]
pub(super) struct Accepting {
    /// What goes wrong on purpose.
    pub(super) faults: Arc<Rules>,
    /// Who answers over HTTP/1.1; its `stop` ends everything here.
    pub(super) face: Face,
    /// Takes the connections on which HTTP/2 is spoken.
    pub(super) grpc: mpsc::Sender<io::Result<Connection>>,
}

impl Accepting {
    /// Takes connections until it is told to stop, and waits until what was asked over HTTP/1.1 is answered.
    pub(super) async fn run(self, listener: TcpListener) {
        let connections = TaskTracker::new();
        let stop = self.face.stop.clone();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) if self.faults.of_connection() => drop(tokio::spawn(fail_handshake(stream))),
                Ok((stream, _)) => drop(connections.spawn(self.clone().serve(stream))),
                Err(_) => sleep(PATIENCE).await,
            }
        }
        drop(listener);
        drop(self);
        connections.close();
        connections.wait().await;
    }

    async fn serve(self, stream: TcpStream) {
        let stop = self.face.stop.clone();
        // Small answers are sent at once.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let mut connection = Connection::new(stream);
        let is_http2 = tokio::select! {
            () = stop.cancelled() => return,
            known = timeout(FIRST_WORDS, connection.speaks_http2()) => match known {
                Ok(Ok(is_http2)) => is_http2,
                _ => return,
            },
        };
        if is_http2 {
            // It is closed when the server stops.
            let _ = self.grpc.send(Ok(connection)).await;
        } else {
            http1(connection, self.face).await;
        }
    }
}

async fn http1(connection: Connection, face: Face) {
    let stop = face.stop.clone();
    let handle = connection.handle();
    let service = service_fn(move |request| {
        let answering = face.clone().answer(request, handle.clone());
        async { Ok::<_, Infallible>(answering.await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(connection), service)
        .with_upgrades();
    tokio::pin!(serving);
    // What goes wrong on a connection is known to who is at its other end.
    tokio::select! {
        _ = &mut serving => {}
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}
