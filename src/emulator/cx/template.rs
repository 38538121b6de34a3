//! Texts with references and function calls in them: replies, payloads, presets, webhook bodies (cx-runtime 10.5).

use std::borrow::Cow;

use super::bounds::LONGEST_TEXT;
use super::cursor::{Cursor, SyntaxError};
use super::environment::Environment;
use super::functions::Call;
use super::reference::Reference;
use super::render::{push_value, text_of};
use crate::model::{Map, Value};

/// Calls of one text that cannot be read before the rest of it is taken as it stands. A text within a call has but one:
/// what a call holds that cannot be read is looked at once more for each of them, and again at every level.
const MOST_PROBLEMS: usize = 5;

/// A text that was taken apart once and can be rendered often.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    pieces: Box<[Piece]>,
    problems: Box<[SyntaxError]>,
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(Box<str>),
    Reference(Reference),
    Call(Box<Call>),
}

impl Template {
    /// Takes a text apart. What looks like a call but cannot be read stays in the text as it is; see
    /// [`Template::problems`].
    pub fn parse(text: &str) -> Self {
        Self::parse_nested(text, 0)
    }

    /// As [`Template::parse`], within an expression this deep.
    pub(super) fn parse_nested(text: &str, depth: usize) -> Self {
        let most_problems = if depth == 0 { MOST_PROBLEMS } else { 1 };
        let mut cursor = Cursor::new(text);
        let mut pieces = Vec::new();
        let mut problems = Vec::new();
        let mut plain = 0;
        while !cursor.is_at_end() {
            cursor.eat_while(|character| character != '$');
            let dollar = cursor.position();
            let piece = match Call::read(&mut cursor, depth) {
                Ok(Some(call)) => Piece::Call(Box::new(call)),
                Ok(None) => {
                    let Some(reference) = Reference::read(&mut cursor) else {
                        cursor.next();
                        continue;
                    };
                    Piece::Reference(reference)
                }
                Err(problem) => {
                    problems.push(problem);
                    cursor.next();
                    if problems.len() >= most_problems {
                        break;
                    }
                    continue;
                }
            };
            push_text(&mut pieces, &text[plain..dollar]);
            pieces.push(piece);
            plain = cursor.position();
        }
        push_text(&mut pieces, &text[plain..]);
        Self {
            pieces: pieces.into(),
            problems: problems.into(),
        }
    }

    /// Function calls in the text that could not be read.
    pub fn problems(&self) -> &[SyntaxError] {
        &self.problems
    }

    /// The text with everything in its place. A reference that is not set is printed as it stands, a function
    /// without a result prints nothing (cx-runtime 10.5, 11.2).
    pub fn render(&self, environment: &dyn Environment) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            if text.len() > LONGEST_TEXT {
                environment.record("", Err("the text is too long and was cut off"));
                break;
            }
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Reference(reference) => match environment.lookup(reference) {
                    Some(value) => push_value(&mut text, &value),
                    None => text.push_str(&reference.source),
                },
                Piece::Call(call) => push_value(&mut text, &call.evaluate(environment)),
            }
        }
        text
    }

    /// What the template is worth as a value: the result of the call when it is nothing but one call, else its
    /// text. A lone reference gives text as well (cx-runtime 5.2).
    pub fn value(&self, environment: &dyn Environment) -> Value {
        match &*self.pieces {
            [Piece::Call(call)] => call.evaluate(environment),
            _ => Value::String(self.render(environment)),
        }
    }

    /// The object or list that the template is when it is nothing but one reference or call; else its text. What
    /// stands in quotes in a webhook's body is such (cx-runtime 8.4).
    fn structure(&self, environment: &dyn Environment) -> Value {
        let whole = match &*self.pieces {
            [Piece::Reference(reference)] => environment.lookup(reference).map(Cow::into_owned),
            [Piece::Call(call)] => Some(call.evaluate(environment)),
            _ => None,
        };
        match whole {
            Some(structure @ (Value::Object(_) | Value::Array(_))) => structure,
            Some(scalar) => Value::String(text_of(&scalar)),
            None => Value::String(self.render(environment)),
        }
    }

    /// The reference, when the template is nothing but one.
    pub(super) fn lone_reference(&self) -> Option<&Reference> {
        match &*self.pieces {
            [Piece::Reference(reference)] => Some(reference),
            _ => None,
        }
    }
}

impl Template {
    /// The call, when the template is nothing but one.
    pub(super) fn lone_call(&self) -> Option<&Call> {
        match &*self.pieces {
            [Piece::Call(call)] => Some(call),
            _ => None,
        }
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text.into()));
    }
}

/// A JSON value whose strings are templates (cx-runtime 5.2, 5.3).
#[derive(Debug, Clone, PartialEq)]
pub enum ValueTemplate {
    /// A value that holds no template.
    Fixed(Value),
    /// A string.
    Text(Template),
    /// A list.
    List(Vec<ValueTemplate>),
    /// An object.
    Object(Vec<(String, ValueTemplate)>),
}

impl ValueTemplate {
    /// Takes the strings of a value apart.
    pub fn parse(value: &Value) -> Self {
        match value {
            Value::String(text) if text.contains('$') => Self::Text(Template::parse(text)),
            Value::Array(elements) if mentions_dollar(value) => {
                Self::List(elements.iter().map(Self::parse).collect())
            }
            Value::Object(members) if mentions_dollar(value) => Self::Object(
                members
                    .iter()
                    .map(|(key, member)| (key.clone(), Self::parse(member)))
                    .collect(),
            ),
            fixed => Self::Fixed(fixed.clone()),
        }
    }

    /// The value with everything in its place; a string that is one call keeps the result's type.
    pub fn resolve(&self, environment: &dyn Environment) -> Value {
        self.map(&|template| template.value(environment))
    }

    /// As [`ValueTemplate::resolve`], but strings stay strings, as payloads want it.
    pub fn render(&self, environment: &dyn Environment) -> Value {
        self.map(&|template| Value::String(template.render(environment)))
    }

    /// As [`ValueTemplate::render`], but a reference or call that stands alone and means an object or a list gives
    /// that, as the bodies of webhooks want it.
    pub fn structure(&self, environment: &dyn Environment) -> Value {
        self.map(&|template| template.structure(environment))
    }

    fn map(&self, text: &dyn Fn(&Template) -> Value) -> Value {
        match self {
            Self::Fixed(value) => value.clone(),
            Self::Text(template) => text(template),
            Self::List(elements) => elements.iter().map(|element| element.map(text)).collect(),
            Self::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(key, member)| (key.clone(), member.map(text)))
                    .collect::<Map>(),
            ),
        }
    }

    /// Function calls that could not be read.
    pub fn problems(&self) -> Vec<&SyntaxError> {
        match self {
            Self::Fixed(_) => Vec::new(),
            Self::Text(template) => template.problems().iter().collect(),
            Self::List(elements) => elements.iter().flat_map(Self::problems).collect(),
            Self::Object(members) => members.iter().flat_map(|(_, member)| member.problems()).collect(),
        }
    }
}

fn mentions_dollar(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('$'),
        Value::Array(elements) => elements.iter().any(mentions_dollar),
        Value::Object(members) => members.values().any(mentions_dollar),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
