//! Turns filled with what is known only while they are played.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::suite::{Check, Matcher, Via, With};

fn location() -> Location {
    Location {
        file: Arc::from(Path::new("suite.yaml")),
        line: 3,
    }
}

fn scope(captures: Value) -> Scope {
    let now = DateTime::parse_from_rfc3339("2026-02-28T23:30:00+01:00").unwrap();
    let mut scope = Scope::new(now, BTreeMap::from([("PROJECT".to_owned(), "acme".to_owned())]));
    if let Value::Object(captures) = captures {
        scope.captures = captures;
    }
    scope
}

fn turn(input: Input) -> Turn {
    Turn {
        via: Some(Via::Detect),
        ..Turn::new(location(), input)
    }
}

fn said(text: &str, captures: Value) -> Result<String, String> {
    let turn = turn(Input::Say(text.to_owned()));
    let rendered = render_turn(&turn, &scope(captures)).map_err(|error| error.to_string())?;
    match &rendered.input {
        Input::Say(text) => Ok(text.clone()),
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn texts_are_filled() {
    for (text, filled) in [
        ("hello", "hello"),
        ("{{ code }}", "A1"),
        ("{{code}} and {{ code }}!", "A1 and A1!"),
        ("{{ n }} or {{ n | number }}", "007 or 7"),
        ("{{ count }} {{ yes }}", "2 true"),
        ("{{ today }} {{ tomorrow }}", "2026-02-28 2026-03-01"),
        ("{{ now }}", "2026-02-28T23:30:00+01:00"),
        ("{{ env.PROJECT }}", "acme"),
        ("{{ open", "{{ open"),
        ("{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}"),
    ] {
        let captures = json!({"code": "A1", "n": "007", "count": 2, "yes": true});
        assert_eq!(said(text, captures), Ok(filled.to_owned()), "{text}");
    }
}

#[test]
fn what_cannot_be_filled_is_told() {
    for (text, message) in [
        (
            "{{ code }}",
            "suite.yaml:3: `code` has no value: nothing was captured for it before this turn",
        ),
        (
            "{{ env.HOME }}",
            "suite.yaml:3: the environment variable `HOME` is not set, or may not be read",
        ),
        (
            "{{ word | number }}",
            "suite.yaml:3: `word` cannot be made a number: \"four\" is no number",
        ),
        (
            "a {{ list }}",
            "suite.yaml:3: `list` is [1]: a list cannot stand within a text",
        ),
        (
            "{{ nothing }}!",
            "suite.yaml:3: `nothing` is null: it has no value",
        ),
        (
            "{{ empty }}",
            "suite.yaml:3: there is nothing to say: the text is empty",
        ),
    ] {
        let captures = json!({"word": "four", "list": [1], "nothing": null, "empty": " "});
        assert_eq!(said(text, captures), Err(message.to_owned()), "{text}");
    }
}

/// What the environment holds is nothing that the agent said: the conversation is errored, not failed.
#[test]
fn only_what_was_captured_is_the_agents() {
    let mut scope = scope(json!({"code": "A1", "nothing": "", "list": []}));
    for (name, value) in [("NUM", "abc"), ("NOTHING", "")] {
        scope.environment.insert(name.to_owned(), value.to_owned());
    }
    for (text, is_of_agent) in [
        ("{{ code | number }}", true),
        ("{{ nothing }}", true),
        ("x {{ list }}", true),
        ("{{ other }}", true),
        ("{{ env.NUM | number }}", false),
        ("{{ env.NOTHING }}", false),
        ("{{ env.OTHER }}", false),
    ] {
        let error = render_turn(&turn(Input::Say(text.to_owned())), &scope).unwrap_err();
        assert_eq!(error.is_of_agent, is_of_agent, "{text}: {error}");
    }
}

#[test]
fn a_value_that_is_one_template_keeps_its_type() {
    let template = |name: &str| Value::String(format!("{{{{ {name} }}}}"));
    let mut turn = turn(Input::Silence);
    turn.with = Arc::new(With {
        parameters: Map::from_iter([
            ("a".to_owned(), template("list")),
            ("b".to_owned(), json!({"c": [template("n | number")]})),
        ]),
        ..With::default()
    });
    turn.expect.push(Expectation {
        line: 1,
        required: true,
        only_on: None,
        check: Check::Parameters(vec![("p".to_owned(), Matcher::Is(template("list")))]),
    });
    let rendered = render_turn(&turn, &scope(json!({"list": [1, "x"], "n": "4.5"}))).unwrap();
    assert_eq!(
        rendered.with.parameters,
        *json!({"a": [1, "x"], "b": {"c": [4.5]}}).as_object().unwrap()
    );
    let Check::Parameters(members) = &rendered.expect[0].check else {
        panic!("{:?}", rendered.expect)
    };
    assert!(matches!(&members[0].1, Matcher::Is(value) if *value == json!([1, "x"])));
}

#[test]
fn what_was_captured_is_data_in_a_pattern() {
    let expectation = Expectation {
        line: 1,
        required: true,
        only_on: None,
        check: Check::Reply(Matcher::Matches("^{{ code }}\\d".to_owned())),
    };
    let rendered = render_expectations(&[expectation], &location(), &scope(json!({"code": "a.b*"}))).unwrap();
    assert!(
        matches!(&rendered[0].check, Check::Reply(Matcher::Matches(pattern)) if pattern == "^a\\.b\\*\\d")
    );
}

proptest! {
    #[test]
    fn texts_without_templates_stay(text in "\\PC*") {
        prop_assume!(!text.contains("{{") && !text.trim().is_empty());
        prop_assert_eq!(said(&text, json!({})), Ok(text));
    }

    #[test]
    fn captured_text_goes_in_as_it_is(value in "\\PC{1,20}") {
        prop_assume!(!value.trim().is_empty());
        prop_assert_eq!(said("<{{ x }}>", json!({"x": value.clone()})), Ok(format!("<{value}>")));
        prop_assert_eq!(said("{{ x }}", json!({"x": value.clone()})), Ok(value));
    }
}
