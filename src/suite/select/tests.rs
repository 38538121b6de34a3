//! Tests of the room above: tables and properties.

use proptest::prelude::*;

use super::*;

fn selects(expression: &str) -> bool {
    let tags = ["smoke".to_owned(), "booking".to_owned()];
    let subject = Subject {
        suite: "billing/pay",
        name: "Books a flight (Paris)",
        file: "billing/pay.yaml",
        shown: "../suites/billing/pay.yaml",
        tags: &tags,
        targets: ["flights", "staging"],
        channel: "audio",
    };
    Filter::parse(expression)
        .unwrap_or_else(|problem| panic!("{expression}: {problem:?}"))
        .selects(&subject)
}

#[test]
fn terms_select() {
    for expression in [
        "pay",
        "PARIS",
        "billing/pay",
        "'pay / books'",
        "b*flight",
        "/Books .* flight/",
        "/(?i)books/",
        "name:Books*",
        "name:\"Books a flight (Paris)\"",
        "name:/^Books/",
        "tag:smoke",
        "tag:book*",
        "tag:/^s/",
        "file:pay.yaml",
        "file:billing/pay.yaml",
        "file:billing/*",
        "file:../suites/billing/pay.yaml",
        "file:suites/billing/*",
        "file:*.yaml",
        "target:flights",
        "target:stag*",
        r"flight\ \(paris",
        r"/billing\/pay/",
    ] {
        assert!(selects(expression), "{expression}");
    }
    for expression in [
        "refund",
        "name:books*",
        "name:Books",
        "tag:smok",
        "tag:Smoke",
        "file:ay.yaml",
        "file:billing",
        "file:uites/billing/pay.yaml",
        "target:prod",
        r"name:Books\*",
        "/^Books/",
        "'b*z'",
        "\"a \\* flight\"",
    ] {
        assert!(!selects(expression), "{expression}");
    }
}

#[test]
fn operators_bind_as_usual() {
    for (expression, selected) in [
        ("pay and flight", true),
        ("pay and refund", false),
        ("refund or flight", true),
        ("not refund", true),
        ("not not pay", true),
        ("not pay or flight", true),
        ("not (pay or flight)", false),
        ("pay or zx and zy", true),
        ("(pay or zx) and zy", false),
        ("zx and zy or pay", true),
        ("((pay))", true),
        ("PAY AND NOT refund", true),
        ("tag:smoke and not tag:slow", true),
        ("not(refund)and(pay)", true),
        ("'and' or 'not'", false),
        ("  pay  ", true),
        ("android or pay", true),
        ("notes", false),
    ] {
        assert_eq!(selects(expression), selected, "{expression}");
    }
}

/// The message, the text marked, and the help.
fn refusal(expression: &str) -> (String, String, String) {
    let problem = Filter::parse(expression).expect_err(expression);
    let label = &problem.labels[0];
    assert_eq!(label.file.path, Path::new("--filter"));
    (
        problem.message.clone(),
        label.file.text[label.span.clone()].to_owned(),
        problem.help.join("; "),
    )
}

#[test]
fn mistakes_are_shown_in_their_place() {
    for (expression, message, marked) in [
        ("", "the filter is empty", ""),
        ("  ", "the filter is empty", ""),
        ("pay and", "the filter ends where a term is expected", ""),
        ("and pay", "a term is missing before this operator", "and"),
        ("pay or or x", "a term is missing before this operator", "or"),
        ("books a flight", "an operator is missing before this term", "a"),
        (
            "(pay flight)",
            "an operator is missing before this term",
            "flight",
        ),
        ("pay (x)", "an operator is missing before this term", "("),
        ("(pay", "this parenthesis is never closed", "("),
        ("pay)", "this parenthesis closes nothing", ")"),
        ("()", "a term is missing before this parenthesis", ")"),
        ("tags:smoke", "there is no term `tags:`", "tags:"),
        ("http://x", "there is no term `http:`", "http:"),
        ("tag:", "a term is missing here", ""),
        ("tag: smoke", "a term is missing here", ""),
        ("name:''", "an empty text selects everything", "''"),
        ("//", "an empty text selects everything", "//"),
        ("name:'x", "this quotation mark is never closed", "'"),
        ("/x", "this regular expression is never closed", "/x"),
        (
            "tag:/a(/ or x",
            "the regular expression is not valid: unclosed group",
            "/a(/",
        ),
    ] {
        let (shown, place, _) = refusal(expression);
        assert_eq!(
            (shown.as_str(), place.as_str()),
            (message, marked),
            "{expression}"
        );
    }
}

#[test]
fn mistakes_come_with_help() {
    assert_eq!(refusal("tags:smoke").2, "did you mean `tag:`?");
    assert!(refusal("http://x").2.contains("quote a text that holds a colon"));
    assert!(refusal("books a").2.contains("\"books a flight\""));
    assert!(refusal("").2.contains("`tag:`"));
}

#[test]
fn deep_nesting_is_refused() {
    let (message, ..) = refusal(&"(".repeat(100_000));
    assert_eq!(message, "the filter is nested too deeply");
    assert_eq!(refusal(&"not ".repeat(100_000)).0, message);
}

#[test]
fn a_path_may_name_a_line() {
    let parse = |text: &str| PathArgument::parse(Path::new(text), |path| path == Path::new("odd:7"));
    let at = |path: &str, line| PathArgument {
        path: path.into(),
        line,
    };
    assert_eq!(parse("a/b.yaml:12"), at("a/b.yaml", Some(12)));
    assert_eq!(parse("a/b.yaml"), at("a/b.yaml", None));
    assert_eq!(parse("odd:7"), at("odd:7", None));
    assert_eq!(parse("odd:7:3"), at("odd:7", Some(3)));
    assert_eq!(parse("a:b"), at("a:b", None));
    assert_eq!(parse(":3"), at(":3", None));
    assert_eq!(parse("a:99999999999"), at("a:99999999999", None));
}

#[test]
fn a_line_belongs_to_the_conversation_around_it() {
    let spans = [(5, 9), (10, 10), (14, 20)];
    for (line, expected) in [
        (4, None),
        (5, Some(0)),
        (9, Some(0)),
        (10, Some(1)),
        (12, None),
        (20, Some(2)),
        (21, None),
    ] {
        assert_eq!(conversation_at(line, &spans), expected, "line {line}");
    }
    assert_eq!(conversation_at(1, &[]), None);
    let problem = no_conversation_at(Path::new("a.yaml"), 12, &spans);
    assert_eq!(problem.help, ["the nearest one is at lines 10 to 10"]);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(expression in "[a-z:/*\\\\()'\" noтьd]{0,40}") {
        if let Err(problem) = Filter::parse(&expression) {
            let span = problem.labels[0].span.clone();
            prop_assert!(expression.get(span).is_some());
        }
    }

    #[test]
    fn a_quoted_name_selects_exactly_itself(name in "\\PC{1,20}", other in "\\PC{1,20}") {
        let quoted: String = name.chars().flat_map(|character| ['\\', character]).collect();
        let filter = Filter::parse(&format!("name:\"{quoted}\"")).unwrap();
        let subject = |name| Subject { suite: "s", name, file: "s.yaml", shown: "s.yaml", tags: &[], targets: ["", ""], channel: "text" };
        prop_assert!(filter.selects(&subject(&name)));
        prop_assert_eq!(filter.selects(&subject(&other)), name == other);
    }
}
