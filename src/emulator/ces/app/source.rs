//! Reads what an agent says it knows from elsewhere (`cite`), what it proposes to search for (`suggest`), and which files
//! of the user a rule is about.

use crate::model;
use crate::model::suite::AttachmentKind;
use crate::suite::attachment::is_type;
use crate::yaml::{Kind, Node};

use super::keys::{CITATION, SUGGESTION, Table};
use super::read::Script;
use super::{Step, Trigger};

/// Digits of a hash that tell one file from others.
const SHORTEST_HASH: usize = 8;

impl Script {
    /// Sources: one, or a list.
    pub(super) fn cite(&mut self, node: &Node) -> Step {
        Step::Cite(self.mappings(node, &CITATION, "text"))
    }

    /// Searches: one, or a list.
    pub(super) fn suggest(&mut self, node: &Node) -> Step {
        Step::Suggest(self.mappings(node, &SUGGESTION, "query"))
    }

    fn mappings(&mut self, node: &Node, table: &Table, needed: &str) -> Vec<model::Map> {
        let items = node.as_list().unwrap_or(std::slice::from_ref(node));
        let mut read = Vec::new();
        for item in items {
            if self.fields(item, table).is_none() || self.required(item, table, needed).is_none() {
                continue;
            }
            for key in table.names() {
                if key != "requires_attribution"
                    && let Some(value) = item.get(key)
                {
                    let _ = self.reader.name(value, &format!("`{key}`"));
                }
            }
            if let Some(flag) = item.get("requires_attribution") {
                let _ = self.reader.boolean(flag, "`requires_attribution`");
            }
            read.push(self.values(item, table.title));
        }
        read
    }

    /// Files that a rule is about: any (`true`), or types and beginnings of hashes.
    pub(super) fn file(&mut self, node: &Node, kind: AttachmentKind) -> Option<Trigger> {
        let what = format!("`{}`", kind.name());
        if node.kind == Kind::Bool(true) {
            let wanted = Vec::new();
            return Some(Trigger::File { kind, wanted });
        }
        let wanted: Vec<String> = self
            .texts(node, &what)
            .into_iter()
            .map(|text| text.to_ascii_lowercase())
            .collect();
        for text in &wanted {
            let is_hash = (SHORTEST_HASH..=64).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_hash && !is_type(text) {
                let message = format!("`{text}` is neither a MIME type nor the beginning of a SHA-256");
                self.reader
                    .error("wrong-type", message, node.span.clone())
                    .help
                    .push(format!("`true` stands for any; `sha256sum` tells a file's hash, of which {SHORTEST_HASH} digits do"));
            }
        }
        (!wanted.is_empty()).then_some(Trigger::File { kind, wanted })
    }
}
