//! Regular expressions of agents: the RE2 family, bounded in size (nlu 9).

use std::cell::RefCell;
use std::collections::HashMap;

use regex::{Regex, RegexBuilder};

/// Bytes one compiled pattern may take.
const SIZE: usize = 1 << 20;
/// Patterns kept per thread.
const KEPT: usize = 128;

/// A pattern that must match a whole text.
pub(super) fn whole(source: &str) -> Result<Regex, regex::Error> {
    compile(&format!("^(?:{source})$"))
}

fn compile(source: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source)
        .size_limit(SIZE)
        .dfa_size_limit(SIZE)
        .build()
}

/// Runs `work` with a compiled pattern, or with `None` when it cannot be read. Agents use few patterns often, so
/// compiled ones are kept.
pub(super) fn with_compiled<T>(source: &str, work: impl FnOnce(Option<&Regex>) -> T) -> T {
    thread_local! {
        static PATTERNS: RefCell<HashMap<String, Option<Regex>>> = RefCell::new(HashMap::new());
    }
    PATTERNS.with_borrow_mut(|patterns| {
        if patterns.len() >= KEPT && !patterns.contains_key(source) {
            patterns.clear();
        }
        let pattern = patterns
            .entry(source.to_owned())
            .or_insert_with(|| compile(source).ok());
        work(pattern.as_ref())
    })
}
