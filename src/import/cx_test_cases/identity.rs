//! Which conversation of the suites is which test case: by suite and name; where suites were moved, by name; where a
//! conversation was renamed, by its turns. What is not unique decides nothing.

use std::collections::HashMap;
use std::hash::Hash;

use super::case::{Case, TURNS};

/// What a conversation or a test case is known by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) suite: &'a str,
    pub(super) name: &'a str,
    pub(super) case: &'a Case,
}

/// For each conversation of today which of the test cases it is.
pub(super) fn pair(today: &[Known<'_>], cases: &[Known<'_>]) -> Vec<Option<usize>> {
    let mut pairs = Pairs {
        of_today: vec![None; today.len()],
        taken: vec![false; cases.len()],
    };
    pairs.by(today, cases, |known| Some((known.suite, known.name)));
    // A folder of suites may have been moved below another root.
    pairs.by(today, cases, |known| {
        let file = known.suite.rsplit('/').next().unwrap_or(known.suite);
        Some((file, known.name))
    });
    pairs.by(today, cases, |known| Some(known.name));
    pairs.by(today, cases, |known| {
        Some(known.case.value.get(TURNS)?.to_string()).filter(|turns| turns.len() > 2)
    });
    pairs.of_today
}

struct Pairs {
    of_today: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl Pairs {
    /// Pairs what is left on both sides and has one key, if nothing else has it.
    fn by<'a, K: Eq + Hash>(
        &mut self,
        today: &[Known<'a>],
        cases: &[Known<'a>],
        key: impl Fn(&Known<'a>) -> Option<K>,
    ) {
        let left_today = (0..today.len()).filter(|at| self.of_today[*at].is_none());
        let today = unique(left_today.filter_map(|at| Some((key(&today[at])?, at))));
        let left_cases = (0..cases.len()).filter(|at| !self.taken[*at]);
        let cases = unique(left_cases.filter_map(|at| Some((key(&cases[at])?, at))));
        for (key, at) in today {
            if let (Some(at), Some(Some(case))) = (at, cases.get(&key)) {
                self.of_today[at] = Some(*case);
                self.taken[*case] = true;
            }
        }
    }
}

/// Places by key; `None` where several have it.
fn unique<K: Eq + Hash>(keyed: impl Iterator<Item = (K, usize)>) -> HashMap<K, Option<usize>> {
    let mut places = HashMap::new();
    for (key, at) in keyed {
        places
            .entry(key)
            .and_modify(|place| *place = None)
            .or_insert(Some(at));
    }
    places
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Suite, name, turns.
    type Row = (&'static str, &'static str, &'static str);

    fn cases_of(rows: &[Row]) -> Vec<Case> {
        let case = |(_, _, turns): &Row| Case {
            value: json!({ TURNS: [turns] }),
            left_out: Vec::new(),
            unsaid: Vec::new(),
        };
        rows.iter().map(case).collect()
    }

    fn known<'a>(rows: &'a [Row], cases: &'a [Case]) -> Vec<Known<'a>> {
        let known = |((suite, name, _), case): (&'a Row, &'a Case)| Known { suite, name, case };
        rows.iter().zip(cases).map(known).collect()
    }

    fn paired(today: &[Row], cases: &[Row]) -> Vec<Option<usize>> {
        pair(&known(today, &cases_of(today)), &known(cases, &cases_of(cases)))
    }

    #[test]
    fn conversations_are_known_by_suite_name_and_turns() {
        let cases = [("a", "x", "1"), ("a", "y", "2"), ("b", "x", "3")];
        for (today, wanted) in [
            // As they are.
            (vec![("a", "x", "1"), ("b", "x", "3")], vec![Some(0), Some(2)]),
            // Changed, and one that is new.
            (vec![("a", "y", "9"), ("a", "z", "8")], vec![Some(1), None]),
            // Moved into a folder.
            (vec![("f/a", "x", "1"), ("f/b", "x", "3")], vec![Some(0), Some(2)]),
            // Moved into another suite: the name is enough where it is unique.
            (vec![("c", "y", "9")], vec![Some(1)]),
            (vec![("c", "x", "9")], vec![None]),
            // Renamed.
            (vec![("a", "new name", "2")], vec![Some(1)]),
            // A copy is a new one.
            (vec![("a", "x", "1"), ("a", "copy", "1")], vec![Some(0), None]),
        ] {
            assert_eq!(paired(&today, &cases), wanted, "{today:?}");
        }
    }
}
