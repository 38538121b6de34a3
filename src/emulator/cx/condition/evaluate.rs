//! Condition → true or false, by the rules of cx-runtime 9.3: the right side is cast to the type of the left.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Condition, Operand, Operator};
use crate::emulator::cx::environment::Environment;
use crate::emulator::cx::render::text_of;
use crate::model::Value;

impl Condition {
    /// Whether the condition holds here and now.
    pub fn holds(&self, environment: &dyn Environment) -> bool {
        match self {
            Self::And(conditions) => conditions.iter().all(|condition| condition.holds(environment)),
            Self::Or(conditions) => conditions.iter().any(|condition| condition.holds(environment)),
            Self::Not(condition) => !condition.holds(environment),
            Self::Bare(operand) => is_true(operand, environment),
            Self::Compare(left, operator, right) => {
                let left = value_of(left, environment);
                let right = Right::of(right, environment);
                compare(left.as_deref(), *operator, &right)
            }
        }
    }
}

/// An operand alone is true only when it is the boolean or the word.
fn is_true(operand: &Operand, environment: &dyn Environment) -> bool {
    match operand {
        Operand::Literal { text, .. } => text.eq_ignore_ascii_case("true"),
        _ => match value_of(operand, environment).as_deref() {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text == "true",
            _ => false,
        },
    }
}

/// The value of a left side; `None` when it is not set.
fn value_of<'e>(operand: &Operand, environment: &'e dyn Environment) -> Option<Cow<'e, Value>> {
    match operand {
        Operand::Reference(reference) => environment.lookup(reference),
        Operand::Call(call) => {
            let value = call.evaluate(environment);
            (!value.is_null()).then_some(Cow::Owned(value))
        }
        Operand::Literal { text, quoted } => literal(text, *quoted).map(Cow::Owned),
    }
}

/// A literal that stands where a value is wanted: unquoted numbers and constants have their types.
fn literal(text: &str, quoted: bool) -> Option<Value> {
    if is_null(text, quoted) {
        return None;
    }
    if quoted {
        return Some(Value::String(text.to_owned()));
    }
    if let Some(flag) = boolean(text) {
        return Some(Value::Bool(flag));
    }
    Some(match number(text) {
        Some(number) => number.into(),
        None => Value::String(text.to_owned()),
    })
}

/// `null` in any case, and in quotes as it stands (cx-runtime 9.1, 9.3).
fn is_null(text: &str, quoted: bool) -> bool {
    text == "null" || (!quoted && text.eq_ignore_ascii_case("null"))
}

fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A decimal number; `inf`, `nan` and the like are words.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_numeric = text
        .trim_start_matches(['-', '+'])
        .starts_with(|character: char| character.is_ascii_digit() || character == '.');
    if !is_numeric {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The right side before it is cast.
enum Right<'e> {
    /// `null`, as it is written.
    Null,
    /// A reference to what is not set.
    Unset,
    /// What was written.
    Text(&'e str),
    /// What a reference or function gave.
    Value(Cow<'e, Value>),
}

impl<'e> Right<'e> {
    fn of(operand: &'e Operand, environment: &'e dyn Environment) -> Self {
        match operand {
            Operand::Literal { text, quoted } if is_null(text, *quoted) => Self::Null,
            Operand::Literal { text, .. } => Self::Text(text),
            other => value_of(other, environment).map_or(Self::Unset, Self::Value),
        }
    }

    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Null | Self::Unset => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Value(value) => match &**value {
                Value::String(text) => Cow::Borrowed(text),
                value => Cow::Owned(text_of(value)),
            },
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Value(value) if value.is_number() => value.as_f64(),
            Self::Value(value) if !value.is_string() => None,
            _ => number(&self.text()),
        }
    }

    fn boolean(&self) -> Option<bool> {
        match self {
            Self::Value(value) if value.is_boolean() => value.as_bool(),
            Self::Value(value) if !value.is_string() => None,
            _ => boolean(&self.text()),
        }
    }

    /// The side as JSON, for lists and objects.
    fn structure(&self) -> Option<Value> {
        match self {
            Self::Null | Self::Unset => None,
            Self::Text(text) => serde_json::from_str(text).ok(),
            Self::Value(value) => match &**value {
                Value::String(text) => serde_json::from_str(text).ok(),
                value => Some(value.clone()),
            },
        }
    }
}

fn compare(left: Option<&Value>, operator: Operator, right: &Right<'_>) -> bool {
    let equality = |equal: bool| match operator {
        Operator::Equal | Operator::Has => equal,
        Operator::NotEqual => !equal,
        _ => false,
    };
    let left = match (left, right) {
        (None, Right::Null) => return equality(true),
        // Only `!=` holds when one side is not set: `unset != value`, `value != null`, and of two that are not set.
        (None, _) | (Some(_), Right::Null | Right::Unset) => return operator == Operator::NotEqual,
        (Some(left), _) => left,
    };
    match left {
        Value::Null => operator == Operator::NotEqual,
        Value::Bool(flag) => equality(right.boolean() == Some(*flag)),
        Value::Number(number) => match (number.as_f64(), right.number()) {
            (Some(left), Some(right)) => ordered(left.partial_cmp(&right), operator),
            _ => equality(false),
        },
        Value::String(text) => texts(text, operator, right),
        Value::Array(elements) if operator == Operator::Has => elements
            .iter()
            .any(|element| compare(Some(element), Operator::Equal, right)),
        Value::Array(_) | Value::Object(_) => structures(left, operator, right),
    }
}

fn texts(left: &str, operator: Operator, right: &Right<'_>) -> bool {
    let text = right.text();
    match operator {
        Operator::Has => left.contains(&*text),
        Operator::Equal | Operator::NotEqual => {
            // A stored "true" equals the constant in any case, as the constant does (cx-runtime 9.1, 9.3).
            let constant = right.boolean().map(|flag| if flag { "true" } else { "false" });
            let equal = left == &*text || constant == Some(left);
            equal == (operator == Operator::Equal)
        }
        _ => ordered(Some(left.cmp(&text)), operator),
    }
}

/// Lists and objects are compared as JSON; where the right side is none, by what they look like as text. Only the empty
/// text is the empty text, though, and an empty list is not (cx-runtime 9.3).
fn structures(left: &Value, operator: Operator, right: &Right<'_>) -> bool {
    if let Some(right) = right
        .structure()
        .filter(|right| right.is_array() || right.is_object())
    {
        let equal = same(left, &right);
        return match operator {
            Operator::Equal | Operator::Has => equal,
            Operator::NotEqual => !equal,
            // Dates and times order as their text does.
            _ => ordered(Some(text_of(left).cmp(&text_of(&right))), operator),
        };
    }
    let (left, right) = (text_of(left), right.text());
    if right.is_empty() {
        return operator == Operator::NotEqual;
    }
    ordered(Some(left.as_str().cmp(&right)), operator)
}

fn ordered(ordering: Option<Ordering>, operator: Operator) -> bool {
    match (operator, ordering) {
        (Operator::NotEqual, ordering) => ordering != Some(Ordering::Equal),
        (_, None) => false,
        (Operator::Equal | Operator::Has, Some(ordering)) => ordering.is_eq(),
        (Operator::Less, Some(ordering)) => ordering.is_lt(),
        (Operator::LessOrEqual, Some(ordering)) => ordering.is_le(),
        (Operator::Greater, Some(ordering)) => ordering.is_gt(),
        (Operator::GreaterOrEqual, Some(ordering)) => ordering.is_ge(),
    }
}

/// Whether two JSON values are equal, numbers by value.
pub(in crate::emulator::cx) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        (left, right) => left == right,
    }
}
