//! How much a file may hold, and how much of it may come from aliases.

use super::{Builder, Stop};
use crate::diagnostic::Diagnostic;
use crate::yaml::node::{Kind, Node};
use crate::yaml::{MAX_ALIAS_NODES, MAX_DEPTH, MAX_NODES};
use serde_saphyr::granit_parser::Span;

/// What an anchor stands for.
#[derive(Clone)]
pub(super) struct Anchor {
    pub(super) node: Node,
    pub(super) size: usize,
    pub(super) height: usize,
}

impl Builder<'_> {
    pub(super) fn count(&mut self, span: Span, added: usize) -> Result<(), Stop> {
        self.nodes += added;
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        let message = format!("the file is too large: more than {MAX_NODES} values");
        let at = self.range(span);
        self.report(
            Diagnostic::error("file-too-large", message)
                .at(self.file, at.start..at.start, "one more here")
                .help("split it into several files"),
        );
        Err(Stop)
    }

    pub(super) fn alias(&mut self, id: usize, span: Span) -> Result<(), Stop> {
        let range = self.range(span);
        let Some(Some(anchor)) = self.anchors.get(&id) else {
            let message = format!("the alias `{}` holds itself", self.source(&range));
            self.report(Diagnostic::error("yaml-alias", message).at(self.file, range, ""));
            return Err(Stop);
        };
        let (size, height) = (anchor.size, anchor.height);
        if self.frames.len() + height > MAX_DEPTH {
            return self.too_deep(range);
        }
        self.alias_nodes += size;
        if self.alias_nodes > MAX_ALIAS_NODES {
            let message = format!("aliases add more than {MAX_ALIAS_NODES} values to the file");
            self.report(
                Diagnostic::error("yaml-alias", message)
                    .at(self.file, range.clone(), "with this one")
                    .help("use steps, defaults or examples for what repeats"),
            );
            return Err(Stop);
        }
        if let Some(Some(anchor)) = self.anchors.get(&id) {
            let node = anchor.node.clone();
            self.attach(node);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.end = frame.end.max(range.end);
        }
        Ok(())
    }
}

/// Number of nodes in a tree, and its height.
pub(super) fn measure(node: &Node) -> (usize, usize) {
    let add = |(size, height): (usize, usize), (inner_size, inner_height): (usize, usize)| {
        (size + inner_size, height.max(inner_height + 1))
    };
    match &node.kind {
        Kind::List(list) => list.items.iter().map(measure).fold((1, 1), add),
        Kind::Map(map) => map
            .entries
            .iter()
            .map(|entry| measure(&entry.value))
            .fold((1, 1), add),
        _ => (1, 0),
    }
}
