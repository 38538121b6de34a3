//! `raw`: JSONPath (RFC 9535) over the response as proto3 JSON.

use serde_json_path::JsonPath;

use crate::model::Value;
use crate::model::suite::Matcher;

use super::super::describe::expected_value;
use super::super::matcher::{Before, Scope, Subject, Verdict, evaluate};
use super::Looked;

/// Longest path that is read.
const LONGEST: usize = 1_000;
/// `..` steps of a path: each may multiply the nodes that are looked at.
const MOST_DESCENTS: usize = 3;
/// Brackets within brackets of a path: the reader of paths recurses.
const DEEPEST: usize = 16;

/// Looks at the node of the path; at a list of nodes when there are several.
pub(super) fn look(path: &str, matcher: &Matcher, response: Option<&Value>, scope: &Scope) -> Looked {
    let looked = |actual: Value, verdict: Verdict| Looked {
        path: Some(format!("raw {path}")),
        expected: expected_value(matcher, ""),
        actual,
        verdict,
        diff: None,
    };
    let parsed = match parse(path) {
        Ok(parsed) => parsed,
        Err(message) => return looked(Value::Null, Verdict::Invalid(message)),
    };
    let Some(response) = response else {
        return looked(
            Value::Null,
            Verdict::Unobservable("the raw response was not kept".to_owned()),
        );
    };
    let nodes = parsed.query(response).all();
    let value = match nodes.as_slice() {
        [] => None,
        [only] => Some((*only).clone()),
        several => Some(several.iter().copied().cloned().collect()),
    };
    let subject = Subject {
        value: value.as_ref(),
        before: Before::Unknown("responses of two turns are not compared"),
    };
    let verdict = evaluate(matcher, subject, scope);
    looked(value.unwrap_or_default(), verdict)
}

fn parse(path: &str) -> Result<JsonPath, String> {
    bounded(path)?;
    JsonPath::parse(path).map_err(|error| format!("`{path}` is no JSONPath: {}", error.message()))
}

/// Refuses paths that would take long; brackets and dots within quotation marks are counted too, to be safe.
fn bounded(path: &str) -> Result<(), String> {
    if path.len() > LONGEST {
        return Err(format!("a JSONPath has at most {LONGEST} bytes"));
    }
    if path.matches("..").count() > MOST_DESCENTS {
        return Err(format!("a JSONPath has at most {MOST_DESCENTS} `..` steps"));
    }
    let mut depth = 0_usize;
    for character in path.chars() {
        match character {
            '(' | '[' | '!' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(format!(
                "a JSONPath has at most {DEEPEST} brackets within each other"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(path: &str, matcher: &Matcher, response: &Value) -> Verdict {
        let now = chrono::DateTime::parse_from_rfc3339("2026-03-02T10:00:00Z").unwrap();
        look(path, matcher, Some(response), &Scope::new(now)).verdict
    }

    #[test]
    fn nodes_are_found() {
        let response = json!({"queryResult": {"match": {"matchType": "INTENT"}, "texts": ["a", "b"]}});
        let is = |value: Value| Matcher::Is(value);
        assert_eq!(
            verdict("$.queryResult.match.matchType", &is(json!("INTENT")), &response),
            Verdict::Holds
        );
        assert_eq!(
            verdict("$..texts[*]", &is(json!(["a", "b"])), &response),
            Verdict::Holds
        );
        assert_eq!(verdict("$.nothing", &Matcher::Absent, &response), Verdict::Holds);
        assert!(matches!(
            verdict("$.nothing", &is(json!(1)), &response),
            Verdict::Differs(_)
        ));
    }

    #[test]
    fn wrong_and_dangerous_paths_are_refused() {
        let response = json!({});
        for path in [
            "queryResult",
            "$.a[",
            "$..a..b..c..d",
            &format!("$[?{}1==1", "(".repeat(200)),
            &"$.a".repeat(400),
        ] {
            assert!(
                matches!(verdict(path, &Matcher::Present, &response), Verdict::Invalid(_)),
                "{path}"
            );
        }
    }

    #[test]
    fn without_a_response_nothing_is_observed() {
        let now = chrono::DateTime::parse_from_rfc3339("2026-03-02T10:00:00Z").unwrap();
        let looked = look("$.a", &Matcher::Present, None, &Scope::new(now));
        assert!(matches!(looked.verdict, Verdict::Unobservable(_)));
    }
}
