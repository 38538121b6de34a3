//! The condition language of routes and conditional responses (cx-runtime 9).
//!
//! [`Condition::parse`] reads a condition once; [`Condition::holds`] evaluates it as often as needed. Neither can
//! fail at run time: a condition that makes no sense is false.

use super::cursor::{Cursor, SyntaxError};
use super::functions::Call;
use super::reference::Reference;

pub(super) use evaluate::same;

mod evaluate;
mod parse;

/// A condition that was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// All of them hold.
    And(Vec<Condition>),
    /// One of them holds.
    Or(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// Two operands stand in this relation.
    Compare(Operand, Operator, Operand),
    /// An operand that stands alone.
    Bare(Operand),
}

/// A side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A parameter.
    Reference(Reference),
    /// A function call.
    Call(Box<Call>),
    /// A text, quoted or not.
    Literal {
        /// The text without quotes.
        text: Box<str>,
        /// Whether it stood in quotes.
        quoted: bool,
    },
}

/// A relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `:`
    Has,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Condition {
    /// Reads a condition. An empty one is no condition: what that means is the caller's to say.
    ///
    /// # Errors
    /// Where the condition breaks the grammar.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        parse::parse(text, 0)
    }

    /// As [`Condition::parse`], within an expression this deep.
    pub(super) fn parse_nested(text: &str, depth: usize) -> Result<Self, SyntaxError> {
        parse::parse(text, depth)
    }

    /// Reads a condition that starts here and ends where the grammar has no more of it. `front` is its first operand
    /// where that has been read already.
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        front: Option<Operand>,
        depth: usize,
    ) -> Result<Self, SyntaxError> {
        parse::expression(cursor, front, depth)
    }
}

#[cfg(test)]
mod tests;
