//! Paths into values: `address.city`, `stops[0].name`, `["member.firstName"]`.

use crate::model::{Map, Value};

/// Longest path that is read.
const LONGEST: usize = 1_000;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A member of an object.
    Member(String),
    /// An item of a list, from 0.
    Item(usize),
}

/// Reads a path.
///
/// # Errors
/// Says what is wrong with it, as a lowercase fragment.
pub(super) fn parse(path: &str) -> Result<Vec<Step>, String> {
    if path.len() > LONGEST {
        return Err(format!("the path is longer than {LONGEST} bytes"));
    }
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(bracket) = rest.strip_prefix('[') {
            let (step, after) = bracketed(bracket).ok_or_else(|| {
                format!("after `[` the path `{path}` needs a number or a name in quotation marks, then `]`")
            })?;
            steps.push(step);
            rest = after;
            continue;
        }
        if !steps.is_empty() {
            rest = rest
                .strip_prefix('.')
                .ok_or_else(|| format!("the path `{path}` needs a dot or a bracket after `]`"))?;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() {
            return Err(format!("a name is missing in the path `{path}`"));
        }
        steps.push(Step::Member(name.to_owned()));
        rest = after;
    }
    if steps.is_empty() {
        return Err("the path is empty".to_owned());
    }
    Ok(steps)
}

/// Reads `0]…` or `"name"]…`.
fn bracketed(text: &str) -> Option<(Step, &str)> {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            let (name, after) = quoted.split_once(quote)?;
            return Some((Step::Member(name.to_owned()), after.strip_prefix(']')?));
        }
    }
    let (number, after) = text.split_once(']')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some(())?;
    Some((Step::Item(number.parse().ok()?), after))
}

/// Walks a path; `None` where it ends before the path does.
pub(super) fn walk<'a>(value: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Member(name) => value.get(name),
        Step::Item(index) => value.get(index),
    })
}

/// Finds a parameter by the name an author wrote: a parameter of exactly that name wins, dots and all; else the
/// longest beginning that is a parameter's name is found, and the rest is a path into its value. With `fold_case`
/// (CX) names of parameters are compared without regard to case.
pub(super) fn parameter<'a>(parameters: &'a Map, name: &str, fold_case: bool) -> Option<&'a Value> {
    Some(locate(parameters, name, fold_case)?.1)
}

/// As [`parameter`], with the key under which the parameter is stored.
pub(super) fn locate<'a>(parameters: &'a Map, name: &str, fold_case: bool) -> Option<(&'a str, &'a Value)> {
    if let Some(found) = entry(parameters, name, fold_case) {
        return Some(found);
    }
    let steps = parse(name).ok()?;
    (1..=steps.len()).rev().find_map(|count| {
        let (key, below) = steps.split_at_checked(count)?;
        let (stored, value) = entry(parameters, &joined(key)?, fold_case)?;
        walk(value, below).map(|found| (stored, found))
    })
}

fn entry<'a>(parameters: &'a Map, name: &str, fold_case: bool) -> Option<(&'a str, &'a Value)> {
    if let Some((key, value)) = parameters.get_key_value(name) {
        return Some((key, value));
    }
    if !fold_case {
        return None;
    }
    let folded = name.to_lowercase();
    parameters
        .iter()
        .find(|(key, _)| key.to_lowercase() == folded)
        .map(|(key, value)| (key.as_str(), value))
}

/// The steps as one dotted name; none of them may be an item.
fn joined(steps: &[Step]) -> Option<String> {
    let names: Option<Vec<&str>> = steps
        .iter()
        .map(|step| match step {
            Step::Member(name) => Some(name.as_str()),
            Step::Item(_) => None,
        })
        .collect();
    Some(names?.join("."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn member(name: &str) -> Step {
        Step::Member(name.to_owned())
    }

    #[test]
    fn paths_are_read() {
        assert_eq!(
            parse("a.b[0].c[\"d.e\"]['f']").unwrap(),
            [
                member("a"),
                member("b"),
                Step::Item(0),
                member("c"),
                member("d.e"),
                member("f")
            ]
        );
        assert_eq!(parse("[\"a.b\"].c").unwrap(), [member("a.b"), member("c")]);
        for wrong in [
            "",
            "a.",
            ".a",
            "a..b",
            "a[",
            "a[x]",
            "a[\"b]",
            "a[0]b",
            "a[-1]",
            "a[99999999999999999999999]",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_flat_name_wins_over_a_path() {
        let Value::Object(parameters) = json!({
            "member.firstName": "Ada",
            "member": {"firstName": "Grace", "lastName": "Hopper"},
            "member.address": {"city": "Paris"},
            "stops": [{"name": "A"}]
        }) else {
            unreachable!()
        };
        let find = |name: &str| parameter(&parameters, name, false).cloned();
        assert_eq!(find("member.firstName"), Some(json!("Ada")));
        assert_eq!(find("[\"member.firstName\"]"), Some(json!("Ada")));
        assert_eq!(find("member.lastName"), Some(json!("Hopper")));
        assert_eq!(find("member.address.city"), Some(json!("Paris")));
        assert_eq!(find("stops[0].name"), Some(json!("A")));
        assert_eq!(find("stops[1].name"), None);
        assert_eq!(find("Member.firstName"), None);
        assert_eq!(find("stops[0"), None);
    }

    #[test]
    fn cx_folds_the_case_of_names_but_not_of_members() {
        let Value::Object(parameters) = json!({"bookingref": "X", "Member": {"firstName": "Ada"}}) else {
            unreachable!()
        };
        let find = |name: &str| parameter(&parameters, name, true).cloned();
        assert_eq!(find("bookingRef"), Some(json!("X")));
        assert_eq!(find("member.firstName"), Some(json!("Ada")));
        assert_eq!(find("member.firstname"), None);
    }
}
