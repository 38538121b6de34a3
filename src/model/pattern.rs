//! Regular expressions, compiled once per thread: the same pattern is written in many suites and asked of many replies.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use regex::{Regex, RegexBuilder};

/// Patterns kept per thread; all are dropped when there are more.
const KEPT: usize = 256;
/// Largest compiled pattern.
const SIZE_LIMIT: usize = 8 << 20;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Rc<Regex>>> = RefCell::new(HashMap::new());
}

/// The compiled pattern. It is shared, because a clone of its own would have to warm up again.
///
/// # Errors
/// What the crate says; [`why`] says it in one line.
pub fn compile(pattern: &str) -> Result<Rc<Regex>, regex::Error> {
    if let Some(regex) = COMPILED.with_borrow(|compiled| compiled.get(pattern).cloned()) {
        return Ok(regex);
    }
    let regex = Rc::new(RegexBuilder::new(pattern).size_limit(SIZE_LIMIT).build()?);
    COMPILED.with_borrow_mut(|compiled| {
        if compiled.len() >= KEPT {
            compiled.clear();
        }
        compiled.insert(pattern.to_owned(), Rc::clone(&regex));
    });
    Ok(regex)
}

/// What is wrong with a pattern, as a lowercase fragment: the crate draws the pattern over several lines and says it in
/// the last.
pub fn why(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "the regular expression is too big".to_owned(),
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default();
            let cause = last.trim_start_matches("error: ").trim();
            format!("the regular expression is not valid: {cause}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_why_a_pattern_is_wrong() {
        assert_eq!(
            why(&compile("a(b").unwrap_err()),
            "the regular expression is not valid: unclosed group"
        );
        assert_eq!(
            why(&compile("\\w{1000}{1000}").unwrap_err()),
            "the regular expression is too big"
        );
    }

    #[test]
    fn keeps_a_bounded_number() {
        for number in 0..KEPT * 2 {
            compile(&format!("a{number}")).unwrap();
        }
        assert!(COMPILED.with_borrow(HashMap::len) <= KEPT);
        assert!(compile("a1").unwrap().is_match("xa1"));
    }
}
