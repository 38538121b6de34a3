//! The list that an outline leaves out: where its items lie, without their trees.

use serde_saphyr::granit_parser::Span;

use super::{Builder, Content, Frame};
use crate::yaml::Slice;

/// The list whose items an outline leaves out.
pub(super) struct LeftOut {
    pub(super) key: &'static str,
    pub(super) items: Vec<Slice>,
    /// Whether we are inside the list.
    pub(super) inside: bool,
    /// The collections of the item that are open, and whether each is written with braces or brackets.
    pub(super) open: Vec<bool>,
}

impl Builder<'_> {
    pub(super) fn begins_left_out(&mut self, frame: &Frame) {
        let [
            Frame {
                content: Content::Map { key: Some(key), .. },
                ..
            },
        ] = self.frames.as_slice()
        else {
            return;
        };
        if let Some(left_out) = &mut self.left_out
            && matches!(frame.content, Content::List(_))
            && key.name == left_out.key
            && left_out.items.is_empty()
        {
            left_out.inside = true;
        }
    }

    /// Whether a scalar, or the opening of a collection, lies in the list left out; notes where items lie.
    pub(super) fn passes_left_out(&mut self, span: Span, opens_flow: Option<bool>, end: usize) -> bool {
        let line = self.line(span);
        let start = self.range(span).start;
        let Some(left_out) = self.left_out.as_mut().filter(|left_out| left_out.inside) else {
            return false;
        };
        if left_out.open.is_empty() {
            left_out.items.push(Slice {
                range: start..end,
                line,
                column: span.start.col(),
            });
        }
        left_out.extend(end);
        left_out.open.extend(opens_flow);
        true
    }

    /// Whether the closing of a collection lies in the list left out; the list's own closing leaves it.
    pub(super) fn closes_left_out(&mut self, end: usize) -> bool {
        let Some(left_out) = self.left_out.as_mut().filter(|left_out| left_out.inside) else {
            return false;
        };
        match left_out.open.pop() {
            // The end of a block collection is where the next token begins.
            Some(false) => true,
            Some(true) => {
                left_out.extend(end);
                true
            }
            None => {
                left_out.inside = false;
                false
            }
        }
    }
}

impl LeftOut {
    fn extend(&mut self, end: usize) {
        if let Some(item) = self.items.last_mut() {
            item.range.end = item.range.end.max(end);
        }
    }
}
