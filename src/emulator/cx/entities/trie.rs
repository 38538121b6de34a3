//! A set of word sequences, searched word by word: whether and where a listed value stands in an utterance.

use std::collections::HashMap;

/// Sequences of words, each with a payload. A later sequence replaces an equal earlier one, as observed of the
/// service where one synonym stands in two entries.
#[derive(Debug, Default)]
pub(crate) struct WordTrie {
    vocabulary: HashMap<Box<str>, u32>,
    children: HashMap<(u32, u32), u32>,
    ends: HashMap<u32, u32>,
    nodes: u32,
}

impl WordTrie {
    /// Adds a sequence; an empty one is ignored.
    pub(crate) fn insert<'w>(&mut self, words: impl IntoIterator<Item = &'w str>, payload: u32) {
        let mut node = 0;
        for word in words {
            let fresh = u32::try_from(self.vocabulary.len()).unwrap_or(u32::MAX);
            let word = *self.vocabulary.entry(word.into()).or_insert(fresh);
            node = *self.children.entry((node, word)).or_insert_with(|| {
                self.nodes += 1;
                self.nodes
            });
        }
        if node != 0 {
            self.ends.insert(node, payload);
        }
    }

    /// The payload of a sequence.
    pub(crate) fn get<'w>(&self, words: impl IntoIterator<Item = &'w str>) -> Option<u32> {
        let mut node = 0;
        for word in words {
            node = *self.children.get(&(node, *self.vocabulary.get(word)?))?;
        }
        self.ends.get(&node).copied()
    }

    /// Sequences that begin the given words: their lengths in words and payloads, shortest first.
    pub(crate) fn prefixes<'w>(&self, words: impl IntoIterator<Item = &'w str>) -> Vec<(usize, u32)> {
        let mut found = Vec::new();
        let mut node = 0;
        for (index, word) in words.into_iter().enumerate() {
            let Some(next) = self
                .vocabulary
                .get(word)
                .and_then(|word| self.children.get(&(node, *word)))
            else {
                break;
            };
            node = *next;
            if let Some(payload) = self.ends.get(&node) {
                found.push((index + 1, *payload));
            }
        }
        found
    }

    /// Whether some sequence has the word.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.vocabulary.contains_key(word)
    }

    /// All words of all sequences, in no particular order.
    pub(crate) fn vocabulary(&self) -> impl Iterator<Item = &str> {
        self.vocabulary.keys().map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_prefix_and_the_last_of_equals() {
        let mut trie = WordTrie::default();
        trie.insert("new york".split(' '), 1);
        trie.insert("new york city".split(' '), 2);
        trie.insert("new".split(' '), 3);
        trie.insert("new york".split(' '), 4);
        trie.insert([], 9);
        assert_eq!(
            trie.prefixes("new york city hall".split(' ')),
            [(1, 3), (2, 4), (3, 2)]
        );
        assert_eq!(trie.prefixes("york".split(' ')), []);
        assert_eq!(trie.get("new york".split(' ')), Some(4));
        assert_eq!(trie.get("new york state".split(' ')), None);
        assert_eq!(trie.vocabulary().count(), 3);
    }
}
