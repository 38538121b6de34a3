//! Text → condition: the grammar of cx-runtime 9.1, with bounded recursion and positions in its errors.

use super::{Condition, Operand, Operator};
use crate::emulator::cx::cursor::{Cursor, DEEPEST, SyntaxError};
use crate::emulator::cx::functions::Call;
use crate::emulator::cx::reference::Reference;

/// Reads a whole text.
pub(super) fn parse(text: &str, depth: usize) -> Result<Condition, SyntaxError> {
    let mut cursor = Cursor::new(text);
    let condition = expression(&mut cursor, None, depth)?;
    cursor.skip_blanks();
    if !cursor.is_at_end() {
        return Err(cursor.error("`AND`, `OR` or the end was expected"));
    }
    Ok(condition)
}

/// Conditions joined by one kind of connective: `AND` and `OR` may not stand side by side without parentheses. `front`
/// is the first operand where the cursor stands behind it.
pub(super) fn expression(
    cursor: &mut Cursor<'_>,
    front: Option<Operand>,
    depth: usize,
) -> Result<Condition, SyntaxError> {
    if depth >= DEEPEST {
        return Err(cursor.error("the condition is nested too deep"));
    }
    let first = match front {
        Some(operand) => comparison(operand, cursor, depth)?,
        None => unary(cursor, depth)?,
    };
    let mut conditions = vec![first];
    let mut joined_by: Option<&str> = None;
    loop {
        cursor.skip_blanks();
        let here = cursor.clone();
        let Some(connective) = connective(cursor) else {
            break;
        };
        if joined_by.is_some_and(|before| before != connective) {
            return Err(here.error("`AND` and `OR` may be mixed only with parentheses"));
        }
        joined_by = Some(connective);
        conditions.push(unary(cursor, depth)?);
    }
    Ok(match (joined_by, conditions.len()) {
        (Some("OR"), _) => Condition::Or(conditions),
        (Some(_), _) => Condition::And(conditions),
        (None, _) => conditions.swap_remove(0),
    })
}

fn connective(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    ["AND", "OR"].into_iter().find(|word| eat_word(cursor, word))
}

/// Steps over an upper-case word that is followed by a blank or a parenthesis.
fn eat_word(cursor: &mut Cursor<'_>, word: &str) -> bool {
    let mut attempt = cursor.clone();
    let found = attempt.eat(word)
        && attempt
            .peek()
            .is_none_or(|next| next.is_whitespace() || matches!(next, '(' | '$' | '"'));
    if found {
        *cursor = attempt;
    }
    found
}

fn unary(cursor: &mut Cursor<'_>, depth: usize) -> Result<Condition, SyntaxError> {
    if depth >= DEEPEST {
        return Err(cursor.error("the condition is nested too deep"));
    }
    cursor.skip_blanks();
    if eat_word(cursor, "NOT") || eat_minus(cursor) {
        return Ok(Condition::Not(Box::new(unary(cursor, depth + 1)?)));
    }
    if cursor.eat("(") {
        let inner = expression(cursor, None, depth + 1)?;
        cursor.skip_blanks();
        return if cursor.eat(")") {
            Ok(inner)
        } else {
            Err(cursor.error("`)` was expected"))
        };
    }
    restriction(cursor, depth)
}

/// A minus before anything but a number negates.
fn eat_minus(cursor: &mut Cursor<'_>) -> bool {
    let mut attempt = cursor.clone();
    let negates = attempt.eat("-") && attempt.peek().is_some_and(|next| matches!(next, '$' | '(' | '"'));
    if negates {
        *cursor = attempt;
    }
    negates
}

fn restriction(cursor: &mut Cursor<'_>, depth: usize) -> Result<Condition, SyntaxError> {
    let left = operand(cursor, Side::Left, depth)?;
    comparison(left, cursor, depth)
}

/// What is said of the left operand, which the cursor stands behind.
fn comparison(left: Operand, cursor: &mut Cursor<'_>, depth: usize) -> Result<Condition, SyntaxError> {
    cursor.skip_blanks();
    let Some(operator) = operator(cursor) else {
        return Ok(Condition::Bare(left));
    };
    cursor.skip_blanks();
    let right = operand(cursor, Side::Right, depth)?;
    Ok(Condition::Compare(left, operator, right))
}

fn operator(cursor: &mut Cursor<'_>) -> Option<Operator> {
    const OPERATORS: [(&str, Operator); 8] = [
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        // No operator of the language, but what people of other languages write.
        ("==", Operator::Equal),
        ("=", Operator::Equal),
        ("<", Operator::Less),
        (">", Operator::Greater),
        (":", Operator::Has),
    ];
    OPERATORS
        .into_iter()
        .find(|(text, _)| cursor.eat(text))
        .map(|(_, operator)| operator)
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Left,
    Right,
}

fn operand(cursor: &mut Cursor<'_>, side: Side, depth: usize) -> Result<Operand, SyntaxError> {
    match cursor.peek() {
        None => Err(cursor.error("a value was expected")),
        Some('"' | '\'') => Ok(Operand::Literal {
            text: cursor.quoted()?.into(),
            quoted: true,
        }),
        Some('$') => {
            if let Some(call) = Call::read(cursor, depth)? {
                return Ok(Operand::Call(Box::new(call)));
            }
            if let Some(reference) = Reference::read(cursor) {
                return Ok(Operand::Reference(reference));
            }
            bare(cursor, side)
        }
        Some(_) => bare(cursor, side),
    }
}

/// A word without quotes. On the left an operator ends it, on the right it may contain one (`12:30`).
fn bare(cursor: &mut Cursor<'_>, side: Side) -> Result<Operand, SyntaxError> {
    let word = cursor.eat_while(|character| {
        let ends_every_word = character.is_whitespace() || matches!(character, '(' | ')' | ',' | '"' | '\'');
        let begins_operator = matches!(character, '=' | '<' | '>' | ':' | '!');
        !(ends_every_word || (side == Side::Left && begins_operator))
    });
    if word.is_empty() {
        return Err(cursor.error("a value was expected"));
    }
    Ok(Operand::Literal {
        text: word.into(),
        quoted: false,
    })
}
