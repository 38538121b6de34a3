//! Faults below the calls: connections that break, that take no further calls, that fail at the handshake.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use prost::bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tonic::transport::server::Connected;

/// `alert(fatal, handshake_failure)` as a TLS 1.0 record, which every client of TLS understands (RFC 8446, 5.1 and 6).
const HANDSHAKE_FAILURE: [u8; 7] = [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x28];

/// A frame that says: no new streams, those under way go on, no error (RFC 9113, 4.1 and 6.8).
const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// Bytes before a frame's content (RFC 9113, 4.1).
const FRAME_HEADER: usize = 9;

/// Ends a connection as if the TLS handshake on it had failed.
pub(in crate::emulator) async fn fail_handshake(mut stream: TcpStream) {
    // Whoever is gone already is told nothing.
    let _ = stream.write_all(&HANDSHAKE_FAILURE).await;
    let _ = stream.shutdown().await;
}

/// What calls may ask of the connection they came on.
#[derive(Debug, Clone, Default)]
pub(in crate::emulator) struct Handle(Arc<Wishes>);

#[derive(Debug, Default)]
struct Wishes {
    go_away: AtomicBool,
    disconnect: AtomicBool,
}

impl Handle {
    /// Whoever calls is told to make further calls on another connection. Takes effect with the next thing written.
    pub(super) fn go_away(&self) {
        self.0.go_away.store(true, Ordering::Relaxed);
    }

    /// Breaks the connection. Takes effect with the next thing written.
    pub(super) fn disconnect(&self) {
        self.0.disconnect.store(true, Ordering::Relaxed);
    }
}

/// What every connection of HTTP/2 begins with (RFC 9113, 3.4). No other version has a method `PRI`.
const PREFACE: &[u8] = b"PRI ";

/// A connection that does what its calls wish.
#[derive(Debug)]
pub(in crate::emulator) struct Connection {
    stream: TcpStream,
    handle: Handle,
    /// The first bytes, which were read to know what is spoken, until they are asked for.
    ahead: Bytes,
    frames: Frames,
    /// What is left of a [`GOAWAY`] that is being written.
    pending: &'static [u8],
}

impl Connection {
    pub(in crate::emulator) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            handle: Handle::default(),
            ahead: Bytes::new(),
            frames: Frames::default(),
            pending: &[],
        }
    }

    /// What calls on it may ask of it.
    pub(in crate::emulator) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Waits for the first bytes, and tells whether HTTP/2 is spoken. Nothing is lost: they are read again.
    ///
    /// # Errors
    /// When the connection fails, or ends before anything is said.
    pub(in crate::emulator) async fn speaks_http2(&mut self) -> io::Result<bool> {
        let mut first = Vec::with_capacity(PREFACE.len());
        while first.len() < PREFACE.len() && PREFACE.starts_with(&first) {
            let missing = PREFACE.len() - first.len();
            let mut stream = (&mut self.stream).take(missing as u64);
            if stream.read_buf(&mut first).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let is_http2 = first == PREFACE;
        self.ahead = first.into();
        Ok(is_http2)
    }

    /// Does what is wished before anything else is written.
    fn before_writing(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wishes = &self.handle.0;
        if wishes.disconnect.load(Ordering::Relaxed) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if self.frames.is_between() && wishes.go_away.swap(false, Ordering::Relaxed) {
            self.pending = &GOAWAY;
        }
        while !self.pending.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, self.pending))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.pending = self.pending.get(written..).unwrap_or_default();
        }
        Poll::Ready(Ok(()))
    }
}

impl Connected for Connection {
    type ConnectInfo = Handle;

    fn connect_info(&self) -> Handle {
        self.handle.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let some = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(&self.ahead.split_to(some));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.before_writing(context))?;
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.frames.pass(bytes.get(..written).unwrap_or_default());
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.before_writing(context))?;
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, pieces))?;
        let mut left = written;
        for piece in pieces {
            let part = left.min(piece.len());
            self.frames.pass(piece.get(..part).unwrap_or_default());
            left -= part;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Where in the stream of frames that a server writes we are.
#[derive(Debug, Default)]
struct Frames {
    /// What came of the next frame's header.
    header: Vec<u8>,
    /// Bytes of the frame's content that are still to come.
    content: usize,
}

impl Frames {
    /// Whether a frame has just ended: another may begin.
    fn is_between(&self) -> bool {
        self.header.is_empty() && self.content == 0
    }

    fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let skipped = self.content.min(bytes.len());
            self.content -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let missing = (FRAME_HEADER - self.header.len()).min(bytes.len());
            self.header
                .extend_from_slice(bytes.get(..missing).unwrap_or_default());
            bytes = bytes.get(missing..).unwrap_or_default();
            if let [high, middle, low, ..] = *self.header
                && self.header.len() == FRAME_HEADER
            {
                self.content = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
                self.header.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(length: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, length, 0, 0, 0, 0, 0, 1];
        frame.resize(FRAME_HEADER + usize::from(length), 7);
        frame
    }

    #[test]
    fn what_is_told_to_clients_is_a_frame() {
        let mut frames = Frames::default();
        frames.pass(&GOAWAY);
        assert!(frames.is_between());
    }

    proptest! {
        #[test]
        fn the_ends_of_frames_are_found(lengths in prop::collection::vec(any::<u8>(), 0..6), at in any::<usize>()) {
            let mut ends = vec![0];
            let mut bytes = Vec::new();
            for length in lengths {
                bytes.extend(frame(length));
                ends.push(bytes.len());
            }
            let (before, after) = bytes.split_at(at % (bytes.len() + 1));
            let mut frames = Frames::default();
            frames.pass(before);
            prop_assert_eq!(frames.is_between(), ends.contains(&before.len()));
            frames.pass(after);
            prop_assert!(frames.is_between());
        }
    }
}
