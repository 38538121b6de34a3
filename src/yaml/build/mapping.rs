//! What stands in a mapping: its entries without YAML's traps, with what `<<` adds.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::Builder;
use crate::diagnostic::Diagnostic;
use crate::yaml::facts::quoted;
use crate::yaml::node::{Entry, Key, Kind, Map, Node, Style, Text};

impl Builder<'_> {
    pub(super) fn mapping(&mut self, entries: Vec<Entry>, flow: bool, span: &Range<usize>) -> Kind {
        let source = self.source(span);
        if flow && source.starts_with("{{") {
            // An unquoted template, reported by `report_compound_key`.
            return Kind::Text(Text {
                value: source.to_owned(),
                style: Style::Quoted,
            });
        }
        let entries = if flow {
            self.joined_sentences(entries)
        } else {
            entries
        };
        let entries = self.without_duplicates(entries);
        Kind::Map(Map {
            entries: self.merged(entries),
            flow,
        })
    }

    /// `{ say: Hello, world }` is two entries to YAML, the second without a value. Entries that are pieces of a
    /// sentence are reported and left out.
    fn joined_sentences(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
        let mut split: Option<Range<usize>> = None;
        for entry in entries {
            let follows_text = kept.last().is_some_and(|before| is_bare_scalar(&before.value));
            if follows_text && self.is_bare(&entry) {
                let start = split.map_or(entry.key.span.start, |split| split.start);
                split = Some(start..entry.key.span.end);
                continue;
            }
            self.report_split(kept.last(), split.take());
            kept.push(entry);
        }
        self.report_split(kept.last(), split);
        kept
    }

    /// A key within braces that no colon follows.
    fn is_bare(&self, entry: &Entry) -> bool {
        let after = self.source_from(entry.key.span.end).trim_start();
        entry.value.is_null() && entry.value.span.is_empty() && after.starts_with([',', '}'])
    }

    fn report_split(&mut self, before: Option<&Entry>, split: Option<Range<usize>>) {
        let (Some(before), Some(split)) = (before, split) else {
            return;
        };
        let sentence = self.source(&(before.value.span.start..split.end));
        let help = format!("quote the text: `{}: {}`", before.key.name, quoted(sentence));
        let problem = Diagnostic::error("split-sentence", "a comma within braces splits unquoted text")
            .at(self.file, split, "taken for a key of its own")
            .at(self.file, before.value.span.clone(), "the text ends here")
            .help(help);
        self.report(problem);
    }

    fn without_duplicates(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let repeated = repeated(&entries);
        for (again, first) in &repeated {
            let problem = Diagnostic::error(
                "duplicate-key",
                format!("the key `{}` is given twice", again.name),
            )
            .at(self.file, again.span.clone(), "again here")
            .at(self.file, first.clone(), "first here");
            self.report(problem);
        }
        if repeated.is_empty() {
            return entries;
        }
        let mut names = HashSet::new();
        let is_first = |entry: &Entry| names.insert(entry.key.name.clone());
        entries.into_iter().filter(is_first).collect()
    }

    /// Applies `<<: *base`: entries of the base that the mapping does not have itself.
    fn merged(&mut self, mut entries: Vec<Entry>) -> Vec<Entry> {
        let Some(position) = entries
            .iter()
            .position(|entry| entry.key.name == "<<" && self.source(&entry.key.span) == "<<")
        else {
            return entries;
        };
        let merge = entries.remove(position);
        let bases = match merge.value.kind {
            Kind::List(list) => list.items,
            _ => vec![merge.value],
        };
        for base in bases {
            let Kind::Map(map) = base.kind else {
                let message = format!("`<<` merges mappings, but this is {}", base.describe());
                self.report(Diagnostic::error("yaml-syntax", message).at(self.file, base.span, ""));
                continue;
            };
            for entry in map.entries {
                if !entries.iter().any(|own| own.key.name == entry.key.name) {
                    entries.push(entry);
                }
            }
        }
        entries
    }
}

/// Keys that stand there again, each with the place of the first.
fn repeated(entries: &[Entry]) -> Vec<(Key, Range<usize>)> {
    // Nearly all mappings are small: to look through them takes less time than a table of their keys.
    const FEW: usize = 16;
    let mut table = HashMap::new();
    let keys = entries.iter().map(|entry| &entry.key).enumerate();
    let again = keys.filter_map(|(at, key)| {
        let first = if entries.len() <= FEW {
            let before = entries.get(..at).unwrap_or_default();
            &before.iter().find(|entry| entry.key.name == key.name)?.key
        } else {
            let first = *table.entry(key.name.as_str()).or_insert(key);
            (!std::ptr::eq(first, key)).then_some(first)?
        };
        Some((key.clone(), first.span.clone()))
    });
    again.collect()
}

/// Values other than text that a sentence may begin with: `{ say: 2, please }`.
fn is_bare_scalar(node: &Node) -> bool {
    node.is_plain_text() || matches!(node.kind, Kind::Number(_) | Kind::Bool(_))
}
