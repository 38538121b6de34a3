//! What a panic says: where, and what to do, but no values, because those may be secret.

use std::io::Write as _;
use std::panic::Location;

/// Replaces the standard report, which would print the panic's message with whatever values are in it.
pub(super) fn install_report() {
    std::panic::set_hook(Box::new(|panic| {
        let mut stderr = std::io::stderr().lock();
        // There is nobody left to tell when this fails.
        let _ = stderr.write_all(report(panic.location()).as_bytes());
    }));
}

fn report(place: Option<&Location<'_>>) -> String {
    let place = place.map_or_else(String::new, |place| {
        format!(" at {}:{}", place.file(), place.line())
    });
    format!(
        "error: turnproof {} stopped because of a mistake of its own{place}\n  \
         help: please report this place and what you did; values are left out, because they may be secret\n",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_says_where() {
        let here = Location::caller();
        let text = report(Some(here));
        assert!(
            text.contains(&format!("{}:{}", here.file(), here.line())),
            "{text}"
        );
        assert_eq!(text.lines().count(), 2);
        assert!(report(None).contains("of its own\n"));
    }
}
