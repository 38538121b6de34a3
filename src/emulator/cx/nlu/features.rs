//! Utterances as sparse vectors of three blocks: words, characters and templates (nlu 3.1).

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::template::Slot;

/// Weights of the blocks: words, characters, template.
pub(super) const BLOCK_WEIGHTS: [f32; BLOCKS] = [0.5, 0.7, 0.5];
/// Number of blocks.
pub(super) const BLOCKS: usize = 3;
/// Shortest and longest character n-grams.
const GRAMS: std::ops::RangeInclusive<usize> = 2..=4;
/// Characters of a word that are looked at.
const WORD_LENGTH: usize = 40;

/// Features of one text with their frequencies, one bag per block. A feature is known by its hash.
#[derive(Debug, Default, Clone)]
pub(super) struct Bags([Vec<(u64, f32)>; BLOCKS]);

impl Bags {
    /// Takes a text apart: its words, and its template.
    pub(super) fn new<'w>(words: impl Iterator<Item = &'w str> + Clone, template: &[Slot<'_>]) -> Self {
        let plain: Vec<[(u64, f32); 1]> = words.clone().map(|word| [(hash(1, word), 1.0)]).collect();
        let slots: Vec<Vec<(u64, f32)>> = template
            .iter()
            .map(|slot| {
                slot.names
                    .iter()
                    .map(|name| (hash(2, name), slot.share()))
                    .collect()
            })
            .collect();
        Self([
            counted(pairs(&plain)),
            counted(grams(words)),
            counted(pairs(&slots)),
        ])
    }
}

/// Columns of a model's features with their weights, learnt from its phrases.
#[derive(Debug, Default)]
pub(super) struct Vectoriser {
    columns: HashMap<u64, u32, BuildHasherDefault<Identity>>,
    idf: Vec<f32>,
    /// The largest weight in each block: what an unknown feature weighs.
    largest: [f32; BLOCKS],
}

/// A sparse vector: columns in ascending order, and their values.
#[derive(Debug, Default, Clone)]
pub(super) struct Vector {
    /// Columns.
    pub(super) columns: Vec<u32>,
    /// Their values.
    pub(super) values: Vec<f32>,
}

impl Vector {
    /// The squared length: what features without a column took is missing from it.
    pub(super) fn square(&self) -> f32 {
        self.values.iter().map(|value| value * value).sum()
    }
}

impl Vectoriser {
    /// Learns columns and weights from the texts of a model. Where there is no `room` for columns of all
    /// features, those of few texts get none.
    pub(super) fn fit(texts: &[Bags], room: usize) -> Self {
        let mut this = Self::learn(texts);
        let mut least = 2;
        while this.width() > room && least < 1000 {
            this.drop_rare(texts.len(), least);
            least += 1;
        }
        this
    }

    /// Takes the columns of features that fewer than `least` of the texts have.
    fn drop_rare(&mut self, texts: usize, least: u32) {
        let limit = weight(texts, least);
        let mut kept: Vec<(u64, u32)> = self.columns.drain().collect();
        kept.sort_unstable_by_key(|(_, column)| *column);
        kept.retain(|(_, column)| self.idf.get(*column as usize).is_some_and(|idf| *idf <= limit));
        self.idf = kept
            .iter()
            .filter_map(|(_, column)| self.idf.get(*column as usize).copied())
            .collect();
        self.columns = kept
            .into_iter()
            .zip(0..)
            .map(|((feature, _), column)| (feature, column))
            .collect();
    }

    fn learn(texts: &[Bags]) -> Self {
        let mut this = Self::default();
        let mut frequencies: Vec<u32> = Vec::new();
        let mut block_of: Vec<usize> = Vec::new();
        for Bags(blocks) in texts {
            for (block, bag) in blocks.iter().enumerate() {
                for (feature, _) in bag {
                    let fresh = u32::try_from(frequencies.len()).unwrap_or(u32::MAX);
                    let column = *this.columns.entry(*feature).or_insert(fresh);
                    if column == fresh {
                        frequencies.push(0);
                        block_of.push(block);
                    }
                    if let Some(frequency) = frequencies.get_mut(column as usize) {
                        *frequency += 1;
                    }
                }
            }
        }
        this.idf = frequencies
            .into_iter()
            .map(|frequency| weight(texts.len(), frequency))
            .collect();
        for (idf, block) in this.idf.iter().zip(block_of) {
            let largest = this.largest.get_mut(block).filter(|largest| **largest < *idf);
            if let Some(largest) = largest {
                *largest = *idf;
            }
        }
        this
    }

    /// Number of columns.
    pub(super) fn width(&self) -> usize {
        self.idf.len()
    }

    /// A text as a vector. Features the model never saw have no column but count in the length, so that unknown
    /// words pull the similarity down.
    pub(super) fn vector(&self, Bags(blocks): &Bags) -> Vector {
        let mut entries: Vec<(u32, f32)> = Vec::new();
        for ((bag, weight), unknown) in blocks.iter().zip(BLOCK_WEIGHTS).zip(self.largest) {
            let begin = entries.len();
            let mut squares = 0.0;
            for (feature, frequency) in bag {
                let tf = if *frequency < 1.0 {
                    *frequency
                } else {
                    1.0 + frequency.ln()
                };
                let column = self.columns.get(feature);
                let value = tf
                    * column
                        .and_then(|column| self.idf.get(*column as usize))
                        .copied()
                        .unwrap_or(unknown);
                squares += value * value;
                entries.extend(column.map(|column| (*column, value)));
            }
            let scale = if squares > 0.0 {
                weight / squares.sqrt()
            } else {
                0.0
            };
            entries
                .iter_mut()
                .skip(begin)
                .for_each(|(_, value)| *value *= scale);
        }
        entries.sort_unstable_by_key(|(column, _)| *column);
        let (columns, values) = entries.into_iter().unzip();
        Vector { columns, values }
    }
}

/// The weight of a feature that so many of the texts have.
#[expect(clippy::cast_precision_loss, reason = "counts of phrases")]
fn weight(texts: usize, frequency: u32) -> f32 {
    ((1.0 + texts as f32) / (1.0 + frequency as f32)).ln() + 1.0
}

/// Single slots and neighbouring pairs, each with the product of its shares.
fn pairs<S: AsRef<[(u64, f32)]>>(slots: &[S]) -> Vec<(u64, f32)> {
    let mut found: Vec<(u64, f32)> = slots
        .iter()
        .flat_map(|slot| slot.as_ref().iter().copied())
        .collect();
    for (left, right) in slots.iter().zip(slots.iter().skip(1)) {
        for (one, share) in left.as_ref() {
            for (other, other_share) in right.as_ref() {
                found.push((
                    one.rotate_left(21).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ other,
                    share * other_share,
                ));
            }
        }
    }
    found
}

/// Character n-grams inside the padded words. A padded word no longer than n yields itself once and ends the loop.
fn grams<'w>(words: impl Iterator<Item = &'w str>) -> Vec<(u64, f32)> {
    let mut found = Vec::new();
    let mut padded: Vec<char> = Vec::new();
    for word in words {
        padded.clear();
        padded.push(' ');
        padded.extend(word.chars().take(WORD_LENGTH));
        padded.push(' ');
        for length in GRAMS {
            if padded.len() <= length {
                found.push((hash_characters(&padded), 1.0));
                break;
            }
            found.extend(padded.windows(length).map(|gram| (hash_characters(gram), 1.0)));
        }
    }
    found
}

/// Adds up equal features.
fn counted(mut features: Vec<(u64, f32)>) -> Vec<(u64, f32)> {
    features.sort_unstable_by_key(|(feature, _)| *feature);
    features.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    features
}

fn hash(block: u64, text: &str) -> u64 {
    text.bytes()
        .fold(start(block), |state, byte| mix(state, u64::from(byte)))
}

fn hash_characters(characters: &[char]) -> u64 {
    characters.iter().fold(start(3), |state, character| {
        mix(state, u64::from(u32::from(*character)))
    })
}

/// FNV-1a, started apart for each block so that equal texts of two blocks are two features.
fn start(block: u64) -> u64 {
    mix(0xCBF2_9CE4_8422_2325, block)
}

fn mix(state: u64, unit: u64) -> u64 {
    (state ^ unit).wrapping_mul(0x0100_0000_01B3)
}

/// Keys that are hashes already.
#[derive(Debug, Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes
            .iter()
            .fold(self.0, |state, byte| mix(state, u64::from(*byte)));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value ^ (value >> 29);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bags(text: &str) -> Bags {
        Bags::new(text.split_whitespace(), &[])
    }

    #[test]
    fn equal_texts_have_the_greatest_likeness() {
        let texts = [bags("book a table"), bags("cancel the order")];
        let vectoriser = Vectoriser::fit(&texts, usize::MAX);
        let full = BLOCK_WEIGHTS[0] * BLOCK_WEIGHTS[0] + BLOCK_WEIGHTS[1] * BLOCK_WEIGHTS[1];
        let known = vectoriser.vector(&texts[0]);
        assert!((known.square() - full).abs() < 1e-5);
        assert!(known.columns.is_sorted());
        // Unknown words have no column and leave less length to the known ones.
        let half_known = vectoriser.vector(&bags("book xyzzy"));
        assert!(half_known.square() < 0.6 * full);
        assert_eq!(vectoriser.vector(&bags("")).columns, Vec::<u32>::new());
    }

    #[test]
    fn rare_features_give_way() {
        let texts: Vec<Bags> = ["the red one", "the blue one", "the green one"]
            .map(bags)
            .to_vec();
        let all = Vectoriser::fit(&texts, usize::MAX).width();
        let vectoriser = Vectoriser::fit(&texts, all / 2);
        assert!(vectoriser.width() <= all / 2 && vectoriser.width() > 0);
        assert_eq!(vectoriser.columns.len(), vectoriser.idf.len());
        assert!(
            vectoriser
                .columns
                .values()
                .all(|column| (*column as usize) < vectoriser.width())
        );
    }

    #[test]
    fn short_words_are_one_gram() {
        assert_eq!(grams(["a"].into_iter()).len(), 2 + 1);
        assert_eq!(grams(["ab"].into_iter()).len(), 3 + 2 + 1);
    }
}
