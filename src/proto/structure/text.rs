//! Objects from JSON text straight into the bytes they travel in, without a tree in between.

use std::borrow::Cow;
use std::fmt;

use prost::encoding::{bool, double, int32};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::writer::{begin, end, text};
use super::{BOOL, ITEM, KEY, LIST, NULL, NUMBER, OBJECT, TEXT, VALUE};
use crate::proto::json::MAX_DEPTH;

/// A member's name; borrowed where nothing in it is escaped.
#[derive(Deserialize)]
pub(in crate::proto) struct Name<'text>(#[serde(borrow)] pub(in crate::proto) Cow<'text, str>);

/// Writes the members of an object. What is nested too deep is an error.
pub(in crate::proto) struct Members<'b> {
    buffer: &'b mut Vec<u8>,
    /// Lists and objects that may be nested in each other inside this one.
    levels: usize,
}

impl<'b> Members<'b> {
    /// Those of a `Struct`.
    pub(in crate::proto) fn new(buffer: &'b mut Vec<u8>) -> Self {
        Self {
            buffer,
            levels: MAX_DEPTH - 1,
        }
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { buffer, levels } = self;
        while let Some(Name(name)) = map.next_key()? {
            let entry = begin(buffer, ITEM);
            text(buffer, KEY, &name);
            map.next_value_seed(Field {
                buffer,
                levels,
                number: VALUE,
            })?;
            end(buffer, entry);
        }
        Ok(())
    }
}

/// Writes a value into a field.
struct Field<'b> {
    buffer: &'b mut Vec<u8>,
    levels: usize,
    number: u32,
}

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self {
            buffer,
            levels,
            number,
        } = self;
        let value = begin(buffer, number);
        deserializer.deserialize_any(Kind { buffer, levels })?;
        end(buffer, value);
        Ok(())
    }
}

/// Writes what a value holds.
struct Kind<'b> {
    buffer: &'b mut Vec<u8>,
    levels: usize,
}

impl<'de> Visitor<'de> for Kind<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        int32::encode(NULL, &0, self.buffer);
        Ok(())
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        bool::encode(BOOL, &flag, self.buffer);
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        double::encode(NUMBER, &number, self.buffer);
        Ok(())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "there are no other numbers than doubles"
    )]
    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "there are no other numbers than doubles"
    )]
    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        text(self.buffer, TEXT, value);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Self { buffer, levels } = self;
        let levels = inner(levels)?;
        let object = begin(buffer, OBJECT);
        Members { buffer, levels }.visit_map(map)?;
        end(buffer, object);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { buffer, levels } = self;
        let levels = inner(levels)?;
        let list = begin(buffer, LIST);
        loop {
            let item = Field {
                buffer: &mut *buffer,
                levels,
                number: ITEM,
            };
            if items.next_element_seed(item)?.is_none() {
                end(buffer, list);
                return Ok(());
            }
        }
    }
}

/// The levels that are left inside a list or object.
fn inner<E: Error>(levels: usize) -> Result<usize, E> {
    levels.checked_sub(1).ok_or_else(|| E::custom("nested too deep"))
}
