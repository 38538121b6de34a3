//! Ctrl-C and SIGTERM stop a run in good order; a second signal stops it at once, as the first one does with work that
//! has nothing to report.

use std::io;

use tokio::task::JoinHandle;

use super::cancel::Cancellation;
use crate::model::event::CancelReason;

/// Listens until the returned task is aborted. The first signal stops the run, reports are still written; the
/// second one calls `at_once`, which is expected not to return.
///
/// # Errors
/// When the operating system does not let the program listen.
pub fn listen(
    cancellation: Cancellation,
    at_once: impl Fn(CancelReason) + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let mut signals = Signals::new()?;
    Ok(tokio::spawn(async move {
        let first = signals.next().await;
        cancellation.cancel(first);
        let second = signals.next().await;
        at_once(second);
    }))
}

/// Listens on a thread of its own, for work without a runtime: the first signal calls `at_once`, which is expected not
/// to return.
///
/// # Errors
/// When the operating system does not let the program listen.
pub fn listen_without_runtime(at_once: impl Fn(CancelReason) + Send + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    // From here on no signal is missed, whenever the thread begins.
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new()?
    };
    let listen = move || at_once(runtime.block_on(signals.next()));
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(listen)?;
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> CancelReason {
        tokio::select! {
            _ = self.interrupt.recv() => CancelReason::Interrupted,
            _ = self.terminate.recv() => CancelReason::Terminated,
        }
    }
}

#[cfg(windows)]
struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
    close: tokio::signal::windows::CtrlClose,
}

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: tokio::signal::windows::ctrl_c()?,
            close: tokio::signal::windows::ctrl_close()?,
        })
    }

    async fn next(&mut self) -> CancelReason {
        tokio::select! {
            _ = self.interrupt.recv() => CancelReason::Interrupted,
            _ = self.close.recv() => CancelReason::Terminated,
        }
    }
}
