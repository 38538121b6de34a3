//! How many times faster than it was spoken sound is sent: a number above 0.

use crate::yaml::{Kind, Node, Reader};

/// The fastest that sound is sent.
pub const FASTEST: f64 = 1_000.0;

/// Reads `pace`.
pub fn read_pace(reader: &mut Reader, node: &Node) -> Option<f64> {
    let pace = match &node.kind {
        Kind::Number(number) => number.value.as_f64(),
        _ => None,
    };
    let sound = pace.filter(|pace| *pace > 0.0 && *pace <= FASTEST);
    if sound.is_none() {
        let message = "`pace` is a number above 0, and 1000 at most";
        reader.error("out-of-range", message, node.span.clone());
    }
    sound
}
