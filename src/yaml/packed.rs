//! A tree in a tenth of its memory, for suites that are checked now and played later.
//!
//! Reading YAML is the dearest part of loading a conversation, and a tree takes many times the memory of its text. In
//! packed form a node is a byte for its kind, its place as distances from the node before it, and its text.
//! Unpacking gives the same tree again.

use std::ops::Range;
use std::sync::Arc;

use prost::encoding::{decode_varint, encode_varint};

use super::node::{Entry, Key, Kind, List, Map, Node, Style, Text};
use super::scalar;

/// A packed tree; copies share its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed(Arc<[u8]>);

impl Packed {
    /// Packs a tree.
    pub fn of(node: &Node) -> Self {
        let mut packing = Packing::default();
        packing.node(node);
        Self(packing.bytes.into())
    }

    /// The tree that was packed. (`None` would mean bytes that were not made by [`Packed::of`].)
    pub fn unpack(&self) -> Option<Node> {
        let mut unpacking = Unpacking {
            bytes: &self.0,
            place: Place::default(),
        };
        unpacking.node()
    }
}

/// What a node is, without its content.
const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const NUMBER: u8 = 3;
const PLAIN: u8 = 4;
const QUOTED: u8 = 5;
const BLOCK: u8 = 6;
const LIST: u8 = 7;
const FLOW_LIST: u8 = 8;
const MAP: u8 = 9;
const FLOW_MAP: u8 = 10;

/// Where the last node or key began. The next begins shortly after it, unless an alias brought it there.
#[derive(Default, Clone, Copy)]
struct Place {
    start: usize,
    line: u32,
}

#[derive(Default)]
struct Packing {
    bytes: Vec<u8>,
    place: Place,
}

impl Packing {
    fn node(&mut self, node: &Node) {
        match &node.kind {
            Kind::Null => self.head(NULL, node),
            Kind::Bool(false) => self.head(FALSE, node),
            Kind::Bool(true) => self.head(TRUE, node),
            Kind::Number(number) => {
                self.head(NUMBER, node);
                self.text(&number.written);
            }
            Kind::Text(text) => {
                let kind = match text.style {
                    Style::Plain => PLAIN,
                    Style::Quoted => QUOTED,
                    Style::Block => BLOCK,
                };
                self.head(kind, node);
                self.text(&text.value);
            }
            Kind::List(list) => {
                self.head(if list.flow { FLOW_LIST } else { LIST }, node);
                self.count(list.items.len());
                for item in &list.items {
                    self.node(item);
                }
            }
            Kind::Map(map) => {
                self.head(if map.flow { FLOW_MAP } else { MAP }, node);
                self.count(map.entries.len());
                for entry in &map.entries {
                    self.place(&entry.key.span, entry.key.line);
                    self.text(&entry.key.name);
                    self.node(&entry.value);
                }
            }
        }
    }

    fn head(&mut self, kind: u8, node: &Node) {
        self.bytes.push(kind);
        self.place(&node.span, node.line);
    }

    fn place(&mut self, span: &Range<usize>, line: u32) {
        self.number(zigzag(span.start.wrapping_sub(self.place.start) as u64));
        self.number(span.end.wrapping_sub(span.start) as u64);
        self.number(zigzag(u64::from(line).wrapping_sub(u64::from(self.place.line))));
        self.place = Place {
            start: span.start,
            line,
        };
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    fn number(&mut self, number: u64) {
        encode_varint(number, &mut self.bytes);
    }
}

struct Unpacking<'bytes> {
    bytes: &'bytes [u8],
    place: Place,
}

impl Unpacking<'_> {
    fn node(&mut self) -> Option<Node> {
        let (&kind, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        let (span, line) = self.place()?;
        let kind = match kind {
            NULL => Kind::Null,
            FALSE => Kind::Bool(false),
            TRUE => Kind::Bool(true),
            NUMBER => scalar::resolve(self.text()?),
            PLAIN => self.styled(Style::Plain)?,
            QUOTED => self.styled(Style::Quoted)?,
            BLOCK => self.styled(Style::Block)?,
            LIST => self.list(false)?,
            FLOW_LIST => self.list(true)?,
            MAP => self.map(false)?,
            FLOW_MAP => self.map(true)?,
            _ => return None,
        };
        Some(Node { span, line, kind })
    }

    fn styled(&mut self, style: Style) -> Option<Kind> {
        let value = self.text()?.to_owned();
        Some(Kind::Text(Text { value, style }))
    }

    fn list(&mut self, flow: bool) -> Option<Kind> {
        let count = self.count()?;
        let mut items = Vec::with_capacity(count.min(self.bytes.len()));
        for _ in 0..count {
            items.push(self.node()?);
        }
        Some(Kind::List(List { items, flow }))
    }

    fn map(&mut self, flow: bool) -> Option<Kind> {
        let count = self.count()?;
        let mut entries = Vec::with_capacity(count.min(self.bytes.len()));
        for _ in 0..count {
            let (span, line) = self.place()?;
            let name = self.text()?.to_owned();
            let key = Key { name, span, line };
            let value = self.node()?;
            entries.push(Entry { key, value });
        }
        Some(Kind::Map(Map { entries, flow }))
    }

    fn place(&mut self) -> Option<(Range<usize>, u32)> {
        let distance = usize::try_from(unzigzag(self.number()?)).ok()?;
        let start = self.place.start.wrapping_add(distance);
        let end = start.wrapping_add(self.count()?);
        let lines = unzigzag(self.number()?);
        let line = u32::try_from(u64::from(self.place.line).wrapping_add(lines)).ok()?;
        self.place = Place { start, line };
        Some((start..end, line))
    }

    fn text(&mut self) -> Option<&str> {
        let length = self.count()?;
        let (text, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        std::str::from_utf8(text).ok()
    }

    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn number(&mut self) -> Option<u64> {
        decode_varint(&mut self.bytes).ok()
    }
}

/// Small distances in both directions as small numbers.
fn zigzag(distance: u64) -> u64 {
    let sign = if distance >> 63 == 1 { u64::MAX } else { 0 };
    (distance << 1) ^ sign
}

fn unzigzag(number: u64) -> u64 {
    let sign = if number & 1 == 1 { u64::MAX } else { 0 };
    (number >> 1) ^ sign
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::yaml;

    fn tree(text: &str) -> Option<Node> {
        let file = SourceFile {
            path: Path::new("suite.yaml").to_path_buf(),
            text: text.to_owned(),
        };
        yaml::parse(&Arc::new(file)).root
    }

    #[test]
    fn every_kind_of_node_comes_back_as_it_was() {
        let text = "
numbers: [1, -2.5, 007, +49, 0x1F, 123456789012345678901234567890, !!int '12']
words: { plain: yes, quoted: \"a\\nb\", 'single': 'it''s', empty: , nothing: ~, truth: true, lie: false }
block: |
  two
  lines
folded: >-
  one
  line
anchored: &a { deep: [[], {}, [{ x: ∆ }]] }
again: *a
1: number as a key
";
        let tree = tree(text).unwrap();
        assert_eq!(Packed::of(&tree).unpack().as_ref(), Some(&tree));
    }

    #[test]
    fn a_packed_tree_is_about_as_large_as_its_text() {
        let turn = "- say: when are you open\n  expect:\n    intent: opening.hours\n    page: Start Page\n";
        let text = turn.repeat(50);
        let packed = Packed::of(&tree(&text).unwrap());
        assert!(
            packed.0.len() < text.len() * 5 / 4,
            "{} of {}",
            packed.0.len(),
            text.len()
        );
    }

    proptest! {
        #[test]
        fn whatever_parses_comes_back(text in "[a-c0-9:\\-\\[\\]{},&* \"'|>\n!~.]{0,80}") {
            if let Some(tree) = tree(&text) {
                prop_assert_eq!(Packed::of(&tree).unpack(), Some(tree));
            }
        }

        #[test]
        fn other_bytes_are_no_tree_and_no_panic(bytes: Vec<u8>) {
            let _ = Packed(bytes.into()).unpack();
        }
    }
}
