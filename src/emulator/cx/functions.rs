//! System functions: `$sys.func.NAME(…)` (cx-runtime 11). This file reads and evaluates calls; what the functions do
//! is in the files below, by what they work on.

use std::fmt;

use super::bounds::{LARGEST_ARGUMENTS, MOST_ARGUMENTS, takes};
use super::condition::{Condition, Operand};
use super::cursor::{Cursor, DEEPEST, SyntaxError};
use super::environment::Environment;
use super::reference::Reference;
use super::template::Template;
use crate::model::Value;

mod dates;
mod lists;
mod moment;
mod numbers;
mod objects;
mod path;
mod pattern;
mod phones;
mod table;
mod texts;

pub(super) use objects::split_key;
pub(super) use path::{nodes, parse_path};

/// A call as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The whole text with its `$`.
    source: Box<str>,
    name: Box<str>,
    arguments: Box<[Argument]>,
}

/// An argument as it was written.
#[derive(Debug, Clone, PartialEq)]
enum Argument {
    /// A number, a constant or an unquoted word.
    Literal(Value),
    /// A text in quotes, which may hold references.
    Text(Template),
    /// An unquoted reference, which keeps its type.
    Reference(Reference),
    /// A nested call.
    Call(Call),
    /// An inline list.
    List(Vec<Argument>),
    /// The first argument of `IF`.
    Condition(Result<Box<Condition>, SyntaxError>),
}

/// Why a function has no result: a lowercase fragment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct FunctionError(String);

impl FunctionError {
    pub(super) fn new(message: impl fmt::Display) -> Self {
        Self(message.to_string())
    }
}

/// What a function gives.
pub(super) type Answer = Result<Value, FunctionError>;

const PREFIX: &str = "$sys.func.";

impl Call {
    /// Reads a call that starts here; steps over nothing when there is none.
    ///
    /// # Errors
    /// When a call starts here that cannot be read.
    pub(super) fn read(cursor: &mut Cursor<'_>, depth: usize) -> Result<Option<Self>, SyntaxError> {
        let mut attempt = cursor.clone();
        let start = attempt.position();
        if !attempt.eat(PREFIX) {
            return Ok(None);
        }
        if depth >= DEEPEST {
            return Err(attempt.error("the calls are nested too deep"));
        }
        let name = attempt.eat_while(|character| character.is_ascii_alphanumeric() || character == '_');
        if !attempt.eat("(") {
            return Err(attempt.error("a function's arguments were expected: `(`"));
        }
        let arguments = read_list(&mut attempt, ')', name == "IF", depth + 1)?;
        let call = Self {
            source: attempt.since(start).into(),
            name: name.into(),
            arguments: arguments.into(),
        };
        *cursor = attempt;
        Ok(Some(call))
    }

    /// What the call comes to. An error is noted and gives null (cx-runtime 11.2).
    pub fn evaluate(&self, environment: &dyn Environment) -> Value {
        let answer = self.answer(environment);
        environment.record(
            &self.source,
            answer.as_ref().map_err(|FunctionError(message)| message.as_str()),
        );
        answer.unwrap_or_default()
    }

    fn answer(&self, environment: &dyn Environment) -> Answer {
        if &*self.name == "IF" {
            return self.choose(environment);
        }
        let Some(function) = table::find(&self.name) else {
            return Err(FunctionError::new(format_args!(
                "there is no function `{}`",
                self.name
            )));
        };
        let count = self.arguments.len();
        if count < function.least || count > function.most {
            return Err(FunctionError::new(format_args!(
                "{} takes {} arguments, not {count}",
                function.name,
                function.arity()
            )));
        }
        let mut room = LARGEST_ARGUMENTS;
        let mut values = Vec::with_capacity(count);
        for (index, argument) in self.arguments.iter().enumerate() {
            values.push(if index == 0 && function.first_is_reference {
                argument.referent(environment, &mut room)?
            } else {
                argument.evaluate(environment, &mut room)?
            });
        }
        (function.body)(&values, environment)
    }

    /// `IF(condition, then, else)`: only the branch taken is evaluated.
    fn choose(&self, environment: &dyn Environment) -> Answer {
        let [condition, then, otherwise] = &*self.arguments else {
            return Err(FunctionError::new(format_args!(
                "IF takes 3 arguments, not {}",
                self.arguments.len()
            )));
        };
        let holds = match condition {
            Argument::Condition(Ok(condition)) => condition.holds(environment),
            Argument::Condition(Err(problem)) => return Err(FunctionError::new(problem)),
            other => match other.evaluate(environment, &mut { LARGEST_ARGUMENTS })? {
                Value::Bool(flag) => flag,
                Value::String(text) => text.eq_ignore_ascii_case("true"),
                _ => false,
            },
        };
        if holds { then } else { otherwise }.evaluate(environment, &mut { LARGEST_ARGUMENTS })
    }

    /// The function's name and its arguments when they are all quoted or plain, for presets that assign to a
    /// `NESTED_FIELD` (cx-runtime 5.2).
    pub(super) fn nested_field_target(
        &self,
        environment: &dyn Environment,
    ) -> Option<(&Reference, Vec<String>)> {
        let [first, keys @ ..] = &*self.arguments else {
            return None;
        };
        let reference = match first {
            Argument::Text(template) => template.lone_reference()?,
            Argument::Reference(reference) => reference,
            _ => return None,
        };
        let mut room = LARGEST_ARGUMENTS;
        let keys = keys
            .iter()
            .map(|key| {
                Some(super::render::text_of(
                    &key.evaluate(environment, &mut room).ok()?,
                ))
            })
            .collect::<Option<Vec<String>>>()?;
        (&*self.name == "NESTED_FIELD").then_some((reference, keys))
    }
}

/// Arguments up to the closing bracket, which is stepped over.
fn read_list(
    cursor: &mut Cursor<'_>,
    close: char,
    first_is_condition: bool,
    depth: usize,
) -> Result<Vec<Argument>, SyntaxError> {
    let mut arguments = Vec::new();
    cursor.skip_blanks();
    if cursor.peek() == Some(close) {
        cursor.next();
        return Ok(arguments);
    }
    loop {
        let is_condition = first_is_condition && arguments.is_empty();
        if close == ')' && arguments.len() >= MOST_ARGUMENTS {
            return Err(cursor.error(format!("there are more than {MOST_ARGUMENTS} arguments")));
        }
        arguments.push(read_argument(cursor, close, is_condition, depth)?);
        cursor.skip_blanks();
        match cursor.next() {
            Some(',') => {}
            Some(character) if character == close => return Ok(arguments),
            _ => return Err(cursor.error(format!("`,` or `{close}` was expected"))),
        }
    }
}

fn read_argument(
    cursor: &mut Cursor<'_>,
    close: char,
    is_condition: bool,
    depth: usize,
) -> Result<Argument, SyntaxError> {
    if depth >= DEEPEST {
        return Err(cursor.error("the expression is nested too deep"));
    }
    cursor.skip_blanks();
    let start = cursor.clone();
    // What stands in front of a comparison without quotes. It is read but once: read again at every level, nested
    // calls would take time without end.
    let mut front = None;
    match cursor.peek() {
        Some('"' | '\'') => {
            let text = cursor.quoted()?;
            if !is_condition {
                return Ok(Argument::Text(Template::parse_nested(&text, depth)));
            }
            if ends_here(cursor, close) {
                return Ok(condition(&text, depth));
            }
            let text = text.into();
            front = Some(Operand::Literal { text, quoted: true });
        }
        Some('[') => {
            cursor.next();
            return Ok(Argument::List(read_list(cursor, ']', false, depth + 1)?));
        }
        Some('$') => {
            if let Some(call) = Call::read(cursor, depth)? {
                if ends_here(cursor, close) {
                    return Ok(Argument::Call(call));
                }
                front = Some(Operand::Call(Box::new(call)));
            } else if let Some(reference) = Reference::read(cursor) {
                if ends_here(cursor, close) {
                    return Ok(Argument::Reference(reference));
                }
                front = Some(Operand::Reference(reference));
            }
        }
        _ => {}
    }
    if is_condition {
        return Ok(
            read_comparison(cursor, front, close, depth).unwrap_or_else(|problem| {
                *cursor = start;
                eat_word(cursor, close);
                Argument::Condition(Err(problem))
            }),
        );
    }
    *cursor = start;
    // An unquoted text, which may even hold references.
    let word = eat_word(cursor, close);
    if word.contains('$') {
        return Ok(Argument::Text(Template::parse_nested(word, depth)));
    }
    Ok(Argument::Literal(literal(word)))
}

/// A comparison without quotes around it, whose sides may be texts in quotes and calls.
fn read_comparison(
    cursor: &mut Cursor<'_>,
    front: Option<Operand>,
    close: char,
    depth: usize,
) -> Result<Argument, SyntaxError> {
    let read = Condition::read(cursor, front, depth)?;
    if !ends_here(cursor, close) {
        return Err(cursor.error("`AND`, `OR` or the end was expected"));
    }
    Ok(Argument::Condition(Ok(Box::new(read))))
}

fn eat_word<'a>(cursor: &mut Cursor<'a>, close: char) -> &'a str {
    cursor
        .eat_while(|character| character != ',' && character != close && character != '"')
        .trim_end()
}

fn ends_here(cursor: &Cursor<'_>, close: char) -> bool {
    let mut after = cursor.clone();
    after.skip_blanks();
    after
        .peek()
        .is_none_or(|character| character == ',' || character == close)
}

/// The first argument of an `IF` is a condition, not a template; one that cannot be read is an error when the call
/// is made.
fn condition(text: &str, depth: usize) -> Argument {
    Argument::Condition(Condition::parse_nested(text, depth).map(Box::new))
}

/// An unquoted word: a constant, a number, else itself.
fn literal(word: &str) -> Value {
    match word {
        "true" | "TRUE" => Value::Bool(true),
        "false" | "FALSE" => Value::Bool(false),
        "null" | "NULL" | "" => Value::Null,
        _ => numbers::parse(word).unwrap_or_else(|| Value::String(word.to_owned())),
    }
}

impl Argument {
    /// The argument's value; `room` are the bytes that values of the call may still take together.
    fn evaluate(&self, environment: &dyn Environment, room: &mut usize) -> Answer {
        let value = match self {
            Self::Reference(reference) => return referred(reference, environment, room),
            Self::List(elements) => {
                return elements
                    .iter()
                    .map(|element| element.evaluate(environment, room))
                    .collect();
            }
            Self::Literal(value) => value.clone(),
            Self::Text(template) => Value::String(template.render(environment)),
            Self::Call(call) => call.evaluate(environment),
            Self::Condition(condition) => Value::Bool(
                condition
                    .as_ref()
                    .is_ok_and(|condition| condition.holds(environment)),
            ),
        };
        spend(&value, room)?;
        Ok(value)
    }

    /// As [`Argument::evaluate`], but a reference in quotes means the value, not its text.
    fn referent(&self, environment: &dyn Environment, room: &mut usize) -> Answer {
        let quoted = match self {
            Self::Text(template) => template.lone_reference(),
            _ => None,
        };
        match quoted {
            Some(reference) => referred(reference, environment, room),
            None => self.evaluate(environment, room),
        }
    }
}

/// The value that a reference means, measured before it is copied; nothing when it is not set.
fn referred(reference: &Reference, environment: &dyn Environment, room: &mut usize) -> Answer {
    let Some(value) = environment.lookup(reference) else {
        return Ok(Value::Null);
    };
    spend(&value, room)?;
    Ok(value.into_owned())
}

fn spend(value: &Value, room: &mut usize) -> Result<(), FunctionError> {
    if takes(value, room) {
        return Ok(());
    }
    let message = format_args!("the arguments take more than {LARGEST_ARGUMENTS} bytes together");
    Err(FunctionError::new(message))
}

#[cfg(test)]
mod tests;
