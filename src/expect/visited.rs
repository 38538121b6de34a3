//! `visited`: a sequence of places within what was visited.

use crate::model::Value;
use crate::model::suite::VisitedStep;

use super::describe::describe;
use super::matcher::{Difference, Scope, Subject, Verdict, all, evaluate};

/// Evaluates the steps against the places visited, in order. The sequence may start and end anywhere; places visited
/// several times running count once.
pub(super) fn check(steps: &[VisitedStep], places: &[String], scope: &Scope) -> Verdict {
    let mut values: Vec<Value> = places.iter().map(|place| Value::String(place.clone())).collect();
    values.dedup();
    let wrong = all(steps.iter().filter_map(|step| match step {
        VisitedStep::Place(matcher) => match evaluate(matcher, Subject::item(&Value::Null), scope) {
            invalid @ Verdict::Invalid(_) => Some(invalid),
            _ => None,
        },
        VisitedStep::Anything => None,
    }));
    if wrong != Verdict::Holds {
        return wrong;
    }
    let furthest = furthest(steps, &values, scope);
    let Some(missed) = steps.get(furthest) else {
        return Verdict::Holds;
    };
    let message = told(steps, furthest, missed, &values, scope);
    Verdict::Differs(vec![Difference {
        path: String::new(),
        message,
        expected: None,
        actual: None,
    }])
}

/// What is expected, as a list for reports: names, words, and `..`.
pub(super) fn expected(steps: &[VisitedStep]) -> Vec<String> {
    steps.iter().map(step_words).collect()
}

fn step_words(step: &VisitedStep) -> String {
    match step {
        VisitedStep::Anything => "..".to_owned(),
        VisitedStep::Place(crate::model::suite::Matcher::Is(Value::String(name))) => name.clone(),
        VisitedStep::Place(matcher) => describe(matcher),
    }
}

fn fits(step: &VisitedStep, place: &Value, scope: &Scope) -> bool {
    match step {
        VisitedStep::Anything => true,
        VisitedStep::Place(matcher) => evaluate(matcher, Subject::item(place), scope) == Verdict::Holds,
    }
}

/// How many leading steps can be found: all of them when the expectation holds. `reached[n]` says that the first n
/// steps can be found so that the next place belongs to step n.
fn furthest(steps: &[VisitedStep], places: &[Value], scope: &Scope) -> usize {
    let bridge = |reached: &mut Vec<bool>| {
        for (index, step) in steps.iter().enumerate() {
            if reached[index] && matches!(step, VisitedStep::Anything) {
                reached[index + 1] = true;
            }
        }
    };
    let most = |reached: &[bool]| reached.iter().rposition(|is_reached| *is_reached).unwrap_or(0);
    let mut reached = vec![false; steps.len() + 1];
    reached[0] = true;
    bridge(&mut reached);
    let mut furthest = most(&reached);
    for place in places {
        let mut next = vec![false; steps.len() + 1];
        next[0] = true;
        for (index, step) in steps.iter().enumerate() {
            if reached[index] && fits(step, place, scope) {
                let stays = matches!(step, VisitedStep::Anything);
                next[if stays { index } else { index + 1 }] = true;
            }
        }
        bridge(&mut next);
        reached = next;
        furthest = furthest.max(most(&reached));
        if furthest == steps.len() {
            break;
        }
    }
    furthest
}

fn told(
    steps: &[VisitedStep],
    furthest: usize,
    missed: &VisitedStep,
    places: &[Value],
    scope: &Scope,
) -> String {
    let name = step_words(missed);
    if places.is_empty() {
        return format!("nothing was visited; expected {name}");
    }
    if !places.iter().any(|place| fits(missed, place, scope)) {
        return format!("{name} was not visited");
    }
    let before = steps.get(..furthest).unwrap_or_default();
    let directly = !matches!(before.last(), Some(VisitedStep::Anything));
    let last_place = before
        .iter()
        .rev()
        .find(|step| matches!(step, VisitedStep::Place(_)));
    match last_place {
        Some(place) if directly => format!("{name} was not visited directly after {}", step_words(place)),
        Some(place) => format!("{name} was not visited after {}", step_words(place)),
        None => format!("{name} was not visited where it was expected"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::model::suite::Matcher;

    use super::*;

    fn steps(text: &str) -> Vec<VisitedStep> {
        text.split_whitespace()
            .map(|word| match word {
                ".." => VisitedStep::Anything,
                name => VisitedStep::Place(Matcher::Is(json!(name))),
            })
            .collect()
    }

    fn verdict(expected: &str, visited: &str) -> Result<(), String> {
        let now = chrono::DateTime::parse_from_rfc3339("2026-03-02T10:00:00Z").unwrap();
        let places: Vec<String> = visited.split_whitespace().map(str::to_owned).collect();
        match check(&steps(expected), &places, &Scope::new(now)) {
            Verdict::Holds => Ok(()),
            Verdict::Differs(differences) => Err(differences[0].told()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sequences_are_found() {
        for (expected, visited) in [
            ("A", "A"),
            ("B", "A B C"),
            ("A B", "A B C"),
            ("A .. C", "A B C"),
            ("A .. B", "A B"),
            (".. C", "A B C"),
            ("A ..", "A"),
            (".. B .. D", "A B C D"),
            ("A B", "A A B B"),
            ("B C", "A B A B C"),
            ("..", ""),
            ("A .. A", "A B A"),
        ] {
            assert_eq!(verdict(expected, visited), Ok(()), "{expected} in {visited}");
        }
    }

    #[test]
    fn what_is_missing_is_told() {
        for (expected, visited, message) in [
            ("C", "A B", "C was not visited"),
            ("A C", "A B C", "C was not visited directly after A"),
            ("B .. A", "A B", "A was not visited after B"),
            ("A B C", "A B", "C was not visited"),
            ("A", "", "nothing was visited; expected A"),
            ("A .. A", "A A", "A was not visited after A"),
        ] {
            assert_eq!(
                verdict(expected, visited).unwrap_err(),
                message,
                "{expected} in {visited}"
            );
        }
    }
}
