//! Reads filter expressions.
//!
//! ```text
//! or    = and { "or" and }
//! and   = not { "and" not }
//! not   = "not" not | "(" or ")" | term
//! term  = [ field ":" ] ( word | quoted | "/" regex "/" )
//! ```
//! A word ends at white space or a parenthesis. `*` in a word or a quoted text stands for anything; a backslash
//! takes the next character as it is.

use std::ops::Range;

use regex::Regex;

use super::{Field, Filter, Pattern, source};
use crate::diagnostic::Diagnostic;

/// Deeper nesting is a mistake, or an attack on the stack.
const MAX_DEPTH: usize = 64;

const HELP: &str = "a filter is made of words, `name:`, `tag:`, `file:`, `target:` and `channel:`, joined by `and`, `or`, \
                    `not` and parentheses";

pub(super) fn filter(expression: &str) -> Result<Filter, Diagnostic> {
    let mut parser = Parser {
        text: expression,
        at: 0,
        depth: 0,
    };
    let filter = parser.or()?;
    match parser.peek() {
        None => Ok(filter),
        Some(')') => Err(parser.problem("this parenthesis closes nothing", parser.at..parser.at + 1)),
        Some(_) => Err(parser.missing_operator()),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// The text of a term before it becomes a pattern: characters, and `None` for each `*`.
type Pieces = Vec<Option<char>>;

impl Parser<'_> {
    fn or(&mut self) -> Result<Filter, Diagnostic> {
        let mut filters = vec![self.and()?];
        while self.keyword("or") {
            filters.push(self.and()?);
        }
        Ok(single_or(filters, Filter::Or))
    }

    fn and(&mut self) -> Result<Filter, Diagnostic> {
        let mut filters = vec![self.not()?];
        while self.keyword("and") {
            filters.push(self.not()?);
        }
        Ok(single_or(filters, Filter::And))
    }

    fn not(&mut self) -> Result<Filter, Diagnostic> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.problem("the filter is nested too deeply", self.at..self.at));
        }
        let filter = if self.keyword("not") {
            Filter::Not(Box::new(self.not()?))
        } else if self.peek() == Some('(') {
            self.parenthesis()?
        } else {
            self.term()?
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn parenthesis(&mut self) -> Result<Filter, Diagnostic> {
        let open = self.at;
        self.at += 1;
        let filter = self.or()?;
        match self.peek() {
            Some(')') => {
                self.at += 1;
                Ok(filter)
            }
            None => Err(self.problem("this parenthesis is never closed", open..open + 1)),
            Some(_) => Err(self.missing_operator()),
        }
    }

    fn term(&mut self) -> Result<Filter, Diagnostic> {
        self.expect_term()?;
        let field = self.field()?;
        let start = self.at;
        let pattern = match self.peek_here() {
            Some('/') => self.regex()?,
            Some(quote @ ('"' | '\'')) => pattern(field, &self.quoted(quote)?),
            _ => pattern(field, &self.word()),
        };
        if self.at == start {
            return Err(self.problem("a term is missing here", start..start));
        }
        match pattern {
            Some(pattern) => Ok(Filter::Term(field, pattern)),
            None => Err(self.problem("an empty text selects everything", start..self.at)),
        }
    }

    /// Complains where an operator, a closing parenthesis or the end stands in place of a term.
    fn expect_term(&mut self) -> Result<(), Diagnostic> {
        match self.peek() {
            None if self.text.trim().is_empty() => Err(self.problem("the filter is empty", self.at..self.at)),
            None => Err(self.problem("the filter ends where a term is expected", self.at..self.at)),
            Some(')') => Err(self.problem("a term is missing before this parenthesis", self.at..self.at + 1)),
            Some(_) => {
                let start = self.at;
                if self.keyword("and") || self.keyword("or") {
                    let message = "a term is missing before this operator";
                    let help = "quote the word to search for it as text";
                    return Err(self.problem(message, start..self.at).help(help));
                }
                Ok(())
            }
        }
    }

    /// Reads `name:` and the like; a colon within a word has to be quoted, so that a misspelt field is noticed.
    fn field(&mut self) -> Result<Field, Diagnostic> {
        let rest = &self.text[self.at..];
        let end = rest.find(|character: char| !(character.is_alphanumeric() || "_-".contains(character)));
        let Some(name) = end
            .filter(|end| rest[*end..].starts_with(':'))
            .map(|end| &rest[..end])
        else {
            return Ok(Field::Title);
        };
        if let Some((_, field)) = Field::NAMED.iter().find(|(known, _)| *known == name) {
            self.at += name.len() + 1;
            return Ok(*field);
        }
        let close = Field::NAMED
            .iter()
            .map(|(known, _)| *known)
            .find(|known| strsim::damerau_levenshtein(known, &name.to_lowercase()) <= 2);
        let help = match close {
            Some(known) => format!("did you mean `{known}:`?"),
            None => {
                "there are `name:`, `tag:`, `file:`, `target:` and `channel:`; quote a text that holds a colon".to_owned()
            }
        };
        let message = format!("there is no term `{name}:`");
        Err(self
            .problem(&message, self.at..self.at + name.len() + 1)
            .help(help))
    }

    fn regex(&mut self) -> Result<Option<Pattern>, Diagnostic> {
        let open = self.at;
        let mut pattern = String::new();
        let mut escaped = false;
        for (offset, character) in self.text[open + 1..].char_indices() {
            match character {
                '/' if escaped => {
                    pattern.pop();
                    pattern.push('/');
                }
                '/' => {
                    self.at = open + 1 + offset + 1;
                    return self.compile(&pattern, open);
                }
                other => pattern.push(other),
            }
            escaped = character == '\\' && !escaped;
        }
        let help =
            "close it with `/`; write `\\/` for a slash within, or quote a text that starts with a slash";
        Err(self
            .problem("this regular expression is never closed", open..self.text.len())
            .help(help))
    }

    fn compile(&self, pattern: &str, open: usize) -> Result<Option<Pattern>, Diagnostic> {
        if pattern.is_empty() {
            return Ok(None);
        }
        Regex::new(pattern)
            .map(|regex| Some(Pattern::Regex(regex)))
            .map_err(|error| {
                let message = format!("the regular expression is not valid: {}", last_line(&error));
                self.problem(&message, open..self.at)
            })
    }

    fn quoted(&mut self, quote: char) -> Result<Pieces, Diagnostic> {
        let open = self.at;
        self.at += 1;
        let (pieces, closed) = self.pieces(|character| character == quote);
        if !closed {
            return Err(self.problem("this quotation mark is never closed", open..open + 1));
        }
        self.at += 1;
        Ok(pieces)
    }

    fn word(&mut self) -> Pieces {
        self.pieces(|character| character.is_whitespace() || "()".contains(character))
            .0
    }

    /// Reads up to (not including) the first character that ends it, and says whether there was one.
    fn pieces(&mut self, ends: impl Fn(char) -> bool) -> (Pieces, bool) {
        let mut pieces = Pieces::new();
        let mut characters = self.text[self.at..].char_indices();
        while let Some((offset, character)) = characters.next() {
            if ends(character) {
                self.at += offset;
                return (pieces, true);
            }
            match character {
                '\\' => pieces.push(Some(characters.next().map_or('\\', |(_, next)| next))),
                '*' => pieces.push(None),
                other => pieces.push(Some(other)),
            }
        }
        self.at = self.text.len();
        (pieces, false)
    }

    /// Takes an operator: a word of its own.
    fn keyword(&mut self, keyword: &str) -> bool {
        self.skip_space();
        let rest = &self.text[self.at..];
        let found = rest
            .get(..keyword.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(keyword))
            && rest[keyword.len()..]
                .chars()
                .next()
                .is_none_or(|next| next.is_whitespace() || "()".contains(next));
        if found {
            self.at += keyword.len();
        }
        found
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_space();
        self.peek_here()
    }

    fn peek_here(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn missing_operator(&mut self) -> Diagnostic {
        let start = self.at;
        let _ = self.word();
        let end = self
            .at
            .max(start + self.text[start..].chars().next().map_or(0, char::len_utf8));
        let help = "put `and` or `or` between two terms, or quote a text with blanks: `\"books a flight\"`";
        self.problem("an operator is missing before this term", start..end)
            .help(help)
    }

    fn problem(&self, message: &str, span: Range<usize>) -> Diagnostic {
        let problem = Diagnostic::error("invalid-filter", message).at(&source(self.text), span, "");
        if self.text.trim().is_empty() {
            problem.help(HELP)
        } else {
            problem
        }
    }
}

fn single_or(mut filters: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    match filters.pop() {
        Some(only) if filters.is_empty() => only,
        last => {
            filters.extend(last);
            join(filters)
        }
    }
}

/// The pattern of a word or quoted text; `None` when it is empty.
fn pattern(field: Field, pieces: &Pieces) -> Option<Pattern> {
    if pieces.is_empty() {
        return None;
    }
    if let Some(text) = pieces.iter().copied().collect::<Option<String>>() {
        return Some(match field {
            Field::Title => Pattern::Contains(text.to_lowercase()),
            _ => Pattern::Exactly(text),
        });
    }
    let middle: String = pieces
        .iter()
        .map(|piece| {
            piece.map_or_else(
                || ".*".to_owned(),
                |character| regex::escape(&character.to_string()),
            )
        })
        .collect();
    let glob = match field {
        Field::Title => format!("(?is){middle}"),
        _ => format!("(?s)^{middle}$"),
    };
    // Escaped characters and `.*` always compile, but for a word of absurd length: then it selects by its text.
    Some(Regex::new(&glob).map_or_else(|_| Pattern::Exactly(middle), Pattern::Regex))
}

/// The line of a regex error that says what is wrong; the lines before it repeat the pattern.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or_default();
    line.trim().trim_start_matches("error: ").to_owned()
}
