//! A list of JSON values that arrives in pieces: each of its elements as soon as it is whole.

/// Finds the elements of a list. A single object that stands alone is taken for a list of one.
#[derive(Debug, Default)]
pub(super) struct Elements {
    place: Place,
    /// What came of the element that is not whole yet.
    element: Vec<u8>,
    /// How many brackets of it are open.
    open: usize,
    within_text: bool,
    /// The next character of the text stands for itself.
    escaped: bool,
    /// The list has a bracket of its own.
    is_list: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing came yet.
    #[default]
    Before,
    /// An element may begin.
    Between,
    Within,
    /// The list is over.
    After,
}

/// What comes is no list of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no list of JSON objects")]
pub(super) struct NoList;

impl Elements {
    /// The elements that are whole with this piece.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Vec<Vec<u8>>, NoList> {
        let mut whole = Vec::new();
        for byte in piece {
            if self.take(*byte)? {
                whole.push(std::mem::take(&mut self.element));
            }
        }
        Ok(whole)
    }

    /// Whether everything came that was begun.
    pub(super) fn is_over(&self) -> bool {
        self.place == Place::After
    }

    /// Takes a byte; true when an element is whole with it.
    fn take(&mut self, byte: u8) -> Result<bool, NoList> {
        match (self.place, byte) {
            (Place::Within, _) => return Ok(self.within(byte)),
            (_, b' ' | b'\t' | b'\r' | b'\n') | (Place::Between, b',') => {}
            (Place::Before, b'[') => {
                self.is_list = true;
                self.place = Place::Between;
            }
            (Place::Before | Place::Between, b'{') => {
                self.element.push(byte);
                self.open = 1;
                self.place = Place::Within;
            }
            (Place::Between, b']') => self.place = Place::After,
            _ => return Err(NoList),
        }
        Ok(false)
    }

    fn within(&mut self, byte: u8) -> bool {
        self.element.push(byte);
        if self.escaped {
            self.escaped = false;
            return false;
        }
        match byte {
            b'\\' if self.within_text => self.escaped = true,
            b'"' => self.within_text = !self.within_text,
            b'{' | b'[' if !self.within_text => self.open += 1,
            b'}' | b']' if !self.within_text => self.open -= 1,
            _ => {}
        }
        if self.open > 0 {
            return false;
        }
        self.place = if self.is_list {
            Place::Between
        } else {
            Place::After
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<(Vec<Value>, bool), NoList> {
        let mut elements = Elements::default();
        let mut read = Vec::new();
        for piece in pieces {
            for element in elements.push(piece)? {
                read.push(serde_json::from_slice(&element).unwrap());
            }
        }
        Ok((read, elements.is_over()))
    }

    #[test]
    fn lists_and_what_is_none() {
        for (text, expected) in [
            ("", Ok((vec![], false))),
            ("[]", Ok((vec![], true))),
            (" [ {} \r\n,\n{} ] ", Ok((vec![json!({}), json!({})], true))),
            ("[{}", Ok((vec![json!({})], false))),
            ("[{\"a\":", Ok((vec![], false))),
            ("{\"error\": {}}", Ok((vec![json!({"error": {}})], true))),
            ("[1]", Err(NoList)),
            ("<html>", Err(NoList)),
            ("[{}]]", Err(NoList)),
            ("{}{}", Err(NoList)),
        ] {
            assert_eq!(read(&[text.as_bytes()]), expected, "{text}");
        }
    }

    #[test]
    fn an_element_is_there_with_its_last_byte() {
        let mut elements = Elements::default();
        assert!(elements.push(br#"[{"a":"}\"]"#).unwrap().is_empty());
        assert_eq!(elements.push(br#""}"#).unwrap().len(), 1);
        assert!(!elements.is_over());
        assert_eq!(elements.push(b"]").unwrap().len(), 0);
        assert!(elements.is_over());
    }

    proptest! {
        #[test]
        fn wherever_it_is_cut(texts in prop::collection::vec("\\PC{0,12}", 0..5), at in any::<usize>()) {
            let values: Vec<Value> = texts
                .iter()
                .map(|text| json!({text.as_str(): [text, {"{[\"\\": text}]}))
                .collect();
            let text = serde_json::to_vec_pretty(&values).unwrap();
            let (before, after) = text.split_at(at % (text.len() + 1));
            prop_assert_eq!(read(&[before, after]), Ok((values, true)));
        }

        #[test]
        fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Elements::default().push(&bytes);
        }
    }
}
