//! Functions on numbers (cx-runtime 11.2). Texts that are numbers count as numbers; what is not set is an error.

use super::{Answer, FunctionError};
use crate::emulator::cx::environment::Environment;
use crate::emulator::cx::render::text_of;
use crate::model::Value;
use crate::proto::json::number_to_json;

/// Reads a decimal number.
pub(in crate::emulator::cx) fn parse(text: &str) -> Option<Value> {
    let text = text.trim();
    let digits = text.trim_start_matches(['-', '+']);
    if !digits.starts_with(|character: char| character.is_ascii_digit() || character == '.') {
        return None;
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .map(number_to_json)
}

/// The number a value is or writes.
pub(super) fn number(value: &Value) -> Result<f64, FunctionError> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => parse(text).and_then(|number| number.as_f64()),
        Value::Null => return Err(FunctionError::new("a number was expected, but nothing is set")),
        _ => None,
    };
    number.ok_or_else(|| FunctionError::new(format_args!("`{}` is no number", text_of(value))))
}

/// A number as a value; what no JSON number can hold is an error.
fn finite(number: f64) -> Answer {
    if number.is_finite() {
        Ok(number_to_json(number))
    } else {
        Err(FunctionError::new("the result is no finite number"))
    }
}

/// A whole number between the bounds.
pub(super) fn whole(value: &Value, least: i64, most: i64) -> Result<i64, FunctionError> {
    let number = number(value)?.trunc();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "bounds are small, and the number lies between them when it is cast"
    )]
    if (least as f64..=most as f64).contains(&number) {
        Ok(number as i64)
    } else {
        Err(FunctionError::new(format_args!(
            "{number} is not between {least} and {most}"
        )))
    }
}

pub(super) fn add(values: &[Value]) -> Answer {
    values
        .iter()
        .try_fold(0.0, |sum, value| Ok(sum + number(value)?))
        .and_then(finite)
}

pub(super) fn multiply(values: &[Value]) -> Answer {
    values
        .iter()
        .try_fold(1.0, |product, value| Ok(product * number(value)?))
        .and_then(finite)
}

pub(super) fn minus(values: &[Value]) -> Answer {
    finite(number(&values[0])? - number(&values[1])?)
}

/// The quotient, rounded to three decimals unless said otherwise.
pub(super) fn divide(values: &[Value]) -> Answer {
    let (dividend, divisor) = (number(&values[0])?, number(&values[1])?);
    if divisor == 0.0 {
        return Err(FunctionError::new("division by zero"));
    }
    rounded(dividend / divisor, decimals(values.get(2), 3)?)
}

pub(super) fn round(values: &[Value]) -> Answer {
    rounded(number(&values[0])?, decimals(values.get(1), 0)?)
}

fn decimals(value: Option<&Value>, otherwise: i64) -> Result<i32, FunctionError> {
    let decimals = value.map_or(Ok(otherwise), |value| whole(value, -15, 15))?;
    Ok(i32::try_from(decimals).unwrap_or_default())
}

/// Rounds half away from zero.
fn rounded(number: f64, decimals: i32) -> Answer {
    let scale = 10_f64.powi(decimals);
    finite((number * scale).round() / scale)
}

pub(super) fn to_number(values: &[Value]) -> Answer {
    finite(number(&values[0])?)
}

/// At least 0, less than 1.
pub(super) fn rand(_: &[Value], environment: &dyn Environment) -> Answer {
    const STEPS: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 bits are what a double holds exactly"
    )]
    let step = (environment.random() >> 11) as f64;
    finite(step / STEPS)
}
