//! Functions on lists (cx-runtime 11.2). A list that is not set counts as empty.

use std::borrow::Cow;

use super::numbers::whole;
use super::texts::too_long;
use super::{Answer, FunctionError};
use crate::emulator::cx::bounds::{LONGEST_TEXT, MOST_ELEMENTS};
use crate::emulator::cx::condition::same;
use crate::emulator::cx::render::{push_value, text_of};
use crate::model::Value;

/// A list; nothing is the empty list, anything else a list of one.
fn elements(value: &Value) -> Cow<'_, [Value]> {
    match value {
        Value::Null => Cow::Borrowed(&[]),
        Value::Array(elements) => Cow::Borrowed(elements),
        single => Cow::Owned(vec![single.clone()]),
    }
}

/// Whether two values are the same; a text equals the number it writes.
fn alike(left: &Value, right: &Value) -> bool {
    let is_plain = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    same(left, right) || (is_plain(left) && is_plain(right) && text_of(left) == text_of(right))
}

/// The values behind the first, lists among them flattened by one level.
fn flattened(values: &[Value]) -> impl Iterator<Item = &Value> {
    values.iter().flat_map(|value| match value {
        Value::Array(elements) => elements.as_slice(),
        single => std::slice::from_ref(single),
    })
}

/// Comparing everything with everything is for lists that a person could have made.
fn few(count: usize) -> Result<(), FunctionError> {
    if count > MOST_ELEMENTS {
        return Err(FunctionError::new(format_args!(
            "the list has more than {MOST_ELEMENTS} elements"
        )));
    }
    Ok(())
}

pub(super) fn count(values: &[Value]) -> Answer {
    match &values[0] {
        Value::Null => Ok(0.into()),
        Value::Array(elements) => Ok(elements.len().into()),
        Value::Object(members) => Ok(members.len().into()),
        other => Err(FunctionError::new(format_args!(
            "`{}` is no list",
            text_of(other)
        ))),
    }
}

/// The element at a position counted from 0; null beyond the end.
pub(super) fn get(values: &[Value]) -> Answer {
    let list = elements(&values[0]);
    let index = whole(&values[1], -1, i64::from(u32::MAX))?;
    Ok(usize::try_from(index)
        .ok()
        .and_then(|index| list.get(index))
        .cloned()
        .unwrap_or_default())
}

pub(super) fn contain(values: &[Value]) -> Value {
    let found = elements(&values[0])
        .iter()
        .any(|element| alike(element, &values[1]));
    found.into()
}

/// `MATCH`: where the value stands, or -1.
pub(super) fn index_of(values: &[Value]) -> Value {
    let position = elements(&values[0])
        .iter()
        .position(|element| alike(element, &values[1]));
    position.map_or_else(|| (-1).into(), Into::into)
}

pub(super) fn append(values: &[Value]) -> Value {
    let mut list = elements(&values[0]).into_owned();
    list.extend(flattened(&values[1..]).cloned());
    list.into()
}

pub(super) fn remove(values: &[Value]) -> Answer {
    let unwanted: Vec<&Value> = flattened(&values[1..]).collect();
    few(unwanted.len())?;
    let mut list = elements(&values[0]).into_owned();
    few(list.len())?;
    list.retain(|element| !unwanted.iter().any(|value| alike(element, value)));
    Ok(list.into())
}

pub(super) fn unique(values: &[Value]) -> Answer {
    let mut distinct: Vec<Value> = Vec::new();
    let list = elements(&values[0]);
    few(list.len())?;
    for element in list.iter() {
        if !distinct.iter().any(|known| same(known, element)) {
            distinct.push(element.clone());
        }
    }
    Ok(distinct.into())
}

/// `JOIN(delimiter, list, last delimiter?)`.
pub(super) fn join(values: &[Value]) -> Answer {
    let between = text_of(&values[0]);
    let before_last = values.get(2).map_or_else(|| between.clone(), text_of);
    let list = elements(&values[1]);
    let mut text = String::new();
    for (index, element) in list.iter().enumerate() {
        if index > 0 {
            text.push_str(if index + 1 == list.len() {
                &before_last
            } else {
                &between
            });
        }
        push_value(&mut text, element);
        if text.len() > LONGEST_TEXT {
            return Err(too_long());
        }
    }
    Ok(text.into())
}
