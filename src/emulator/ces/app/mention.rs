//! Names that a script uses and where, checked when the whole file is known.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::yaml::Reader;

/// What a script says of names.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// Names in templates, and their texts' places.
    pub(super) templates: Vec<(String, Range<usize>)>,
    /// Variables in conditions.
    pub(super) variables: Vec<(String, Range<usize>)>,
    /// Variables that steps set.
    pub(super) set: BTreeSet<String>,
    /// Named groups of patterns.
    pub(super) groups: BTreeSet<String>,
}

/// Names that every template knows.
const BUILT_IN: [&str; 4] = ["input", "today", "tomorrow", "now"];

impl Mentions {
    /// Reports the names that nothing defines.
    pub(super) fn check(&self, reader: &mut Reader, declared: &[&str], tools: &[&str]) {
        let variables: Vec<&str> = declared
            .iter()
            .copied()
            .chain(self.set.iter().map(String::as_str))
            .collect();
        for (name, span) in &self.variables {
            if !variables.contains(&name.as_str()) {
                let complaint = "there is no variable";
                reader.unknown(name, span.clone(), "unknown-variable", complaint, &variables);
            }
        }
        let mut known = variables;
        known.extend(self.groups.iter().map(String::as_str));
        known.extend(tools);
        known.extend(BUILT_IN);
        for (name, span) in &self.templates {
            if !known.contains(&name.as_str()) {
                reader.unknown(name, span.clone(), "unknown-name", "nothing is called", &known);
            }
        }
    }
}
