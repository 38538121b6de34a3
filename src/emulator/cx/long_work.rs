//! Work that takes long, such as training a model, done where other sessions need not wait for it.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// Does the work on this thread. On a server's thread, others take over what the thread was to do besides.
pub(super) fn aside<T>(work: impl FnOnce() -> T) -> T {
    let served =
        Handle::try_current().is_ok_and(|server| server.runtime_flavor() == RuntimeFlavor::MultiThread);
    if served { block_in_place(work) } else { work() }
}
