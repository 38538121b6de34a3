//! What a panic says: where, and what to do, but no values, because those may be secret.

use std::io::Write as _;

/// Replaces the standard report, which would print the panic's message with whatever values are in it.
pub(super) fn install_report() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| {
            format!(" at {}:{}", place.file(), place.line())
        });
        let mut stderr = std::io::stderr().lock();
        // There is nobody left to tell when this fails.
        let _ = writeln!(
            stderr,
            "error: turnproof {} stopped because of a mistake of its own{place}\n  \
             help: please report this place and what you did; values are left out, because they may be secret",
            env!("CARGO_PKG_VERSION")
        );
    }));
}
