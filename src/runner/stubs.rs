//! Answers for client-side tool calls: which stub fits a call, and what its answer is as a tool result.

use serde_json::json;

use crate::model::suite::{StubRule, Stubs};
use crate::model::transcript::ToolCall;
use crate::model::{Map, Value};
use crate::suite::template::TemplateError;

/// Characters of a call's arguments in a message.
const SHOWN_ARGS: usize = 200;

/// Why a stub cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unusable {
    /// What is wrong.
    pub(super) message: String,
    /// Whether it is for the agent to provide what is missing.
    pub(super) is_of_agent: bool,
}

impl From<TemplateError> for Unusable {
    fn from(error: TemplateError) -> Self {
        Self {
            message: error.message,
            is_of_agent: error.is_of_agent,
        }
    }
}

/// Its `when` is wrong in itself, whatever is called.
impl From<String> for Unusable {
    fn from(message: String) -> Self {
        Self {
            message,
            is_of_agent: false,
        }
    }
}

/// The answer to the call: of the nearest level's first rule for which `answer` gives one, asked with the rule and
/// the call's description.
///
/// # Errors
/// When a rule itself is wrong: where it stands, and why.
pub(super) fn find<'stubs, A>(
    levels: impl IntoIterator<Item = &'stubs Stubs>,
    call: &ToolCall,
    answer: impl Fn(&'stubs StubRule, &Value) -> Result<Option<A>, Unusable>,
) -> Result<Option<A>, Unusable> {
    let described = describe(call);
    let rules = levels
        .into_iter()
        .flat_map(|level| level.by_name.iter())
        .filter(|(name, _)| *name == call.tool)
        .flat_map(|(_, rules)| rules);
    for rule in rules {
        match answer(rule, &described) {
            Ok(None) => {}
            Ok(found) => return Ok(found),
            Err(unusable) => {
                let message = format!(
                    "the stub at {} cannot be used: {}",
                    rule.location, unusable.message
                );
                return Err(Unusable { message, ..unusable });
            }
        }
    }
    Ok(None)
}

/// What the `when` of a stub looks at.
fn describe(call: &ToolCall) -> Value {
    json!({ "tool": call.tool, "args": call.args, "agent": call.agent })
}

/// An answer as a tool result: an object with just `error` is an error result.
pub(super) fn result_of(answer: &Map) -> Result<Value, String> {
    match answer.get("error") {
        Some(Value::String(error)) if answer.len() == 1 => Err(error.clone()),
        Some(error) if answer.len() == 1 => Err(error.to_string()),
        _ => Ok(Value::Object(answer.clone())),
    }
}

/// A tool result as a call's response is shown.
pub(super) fn shown(result: &Result<Value, String>) -> Value {
    match result {
        Ok(value) => value.clone(),
        Err(error) => json!({ "error": error }),
    }
}

/// Says which call nothing answers, and with which arguments.
pub(super) fn unanswered(call: &ToolCall) -> String {
    let mut args = Value::Object(call.args.clone()).to_string();
    if let Some((cut, _)) = args.char_indices().nth(SHOWN_ARGS) {
        args.truncate(cut);
        args.push('…');
    }
    format!("nothing answers the tool call `{}` with {args}", call.tool)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::model::suite::{Location, Matcher, StubResponse};
    use crate::model::transcript::CallSource;

    fn rule(line: u32, when: Option<Matcher>) -> StubRule {
        StubRule {
            location: Location {
                file: Arc::from(Path::new("a.yaml")),
                line,
            },
            when,
            respond: StubResponse::Timeout,
        }
    }

    fn level(rules: Vec<StubRule>) -> Stubs {
        Stubs {
            by_name: Arc::new([
                ("other".to_owned(), vec![rule(99, None)]),
                ("lookup".to_owned(), rules),
            ]),
        }
    }

    fn call(args: Value) -> ToolCall {
        let Value::Object(args) = args else {
            panic!("arguments are an object")
        };
        ToolCall {
            id: "1".to_owned(),
            tool: "lookup".to_owned(),
            args,
            response: None,
            source: CallSource::Client,
            agent: None,
        }
    }

    /// Answers with the rule's line when there is no condition, or when the condition is the `id` argument.
    fn answer(rule: &StubRule, described: &Value) -> Result<Option<u32>, Unusable> {
        let fits = match &rule.when {
            None => true,
            Some(Matcher::Is(id)) => described["args"]["id"] == *id,
            Some(_) => return Err("no such matcher".to_owned().into()),
        };
        Ok(fits.then_some(rule.location.line))
    }

    #[test]
    fn the_nearest_rule_that_fits_answers() {
        let only = |id: i64| Some(Matcher::Is(json!(id)));
        let near = level(vec![rule(1, only(1)), rule(2, only(2))]);
        let far = level(vec![rule(3, only(2)), rule(4, None)]);
        let line = |id: i64| find([&near, &far], &call(json!({ "id": id })), answer).unwrap();
        assert_eq!([line(1), line(2), line(3)], [Some(1), Some(2), Some(4)]);
        assert!(
            find([&near], &call(json!({ "id": 3 })), answer)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn a_wrong_condition_says_where_it_stands() {
        let wrong = level(vec![rule(7, Some(Matcher::Absent))]);
        let unusable = find([&wrong], &call(json!({})), answer).unwrap_err();
        assert_eq!(
            unusable.message,
            "the stub at a.yaml:7 cannot be used: no such matcher"
        );
        assert!(!unusable.is_of_agent);
    }

    #[test]
    fn an_error_alone_is_an_error_result() {
        let result = |answer: Value| match answer {
            Value::Object(answer) => result_of(&answer),
            _ => panic!("answers are objects"),
        };
        assert_eq!(result(json!({"error": "not found"})), Err("not found".to_owned()));
        assert_eq!(
            result(json!({"error": {"code": 5}})),
            Err(r#"{"code":5}"#.to_owned())
        );
        let both = json!({"error": "no", "hint": "yes"});
        assert_eq!(result(both.clone()), Ok(both));
        assert_eq!(result(json!({})), Ok(json!({})));
    }

    #[test]
    fn an_unanswered_call_is_named_with_its_arguments() {
        assert_eq!(
            unanswered(&call(json!({"id": 7}))),
            r#"nothing answers the tool call `lookup` with {"id":7}"#
        );
        let long = unanswered(&call(json!({"text": "ä".repeat(500)})));
        assert!(long.ends_with('…') && long.chars().count() < 300);
    }
}
