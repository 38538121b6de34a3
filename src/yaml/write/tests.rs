//! The writer: what is quoted, how blocks look, and that everything reads back.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::diagnostic::SourceFile;
use crate::yaml;

const WRITER: Writer = Writer {
    open: &["expect", "replies"],
};

#[test]
fn texts_are_quoted_where_they_would_be_misread() {
    for (text, written) in [
        ("Paris", "Paris"),
        (
            "Yes, please; it's 5% more (or less)?",
            "Yes, please; it's 5% more (or less)?",
        ),
        ("Übermorgen", "Übermorgen"),
        ("no", "\"no\""),
        ("Yes", "\"Yes\""),
        ("2026-03-01", "\"2026-03-01\""),
        ("02139", "\"02139\""),
        ("a: b", "\"a: b\""),
        ("option #2", "\"option #2\""),
        ("{{ x }}", "\"{{ x }}\""),
        ("", "\"\""),
        (" a", "\" a\""),
        ("a\u{1b}[0m\u{202e}\"\\", "\"a\\x1b[0m\\u202e\\\"\\\\\""),
        ("🚲", "\"🚲\""),
        ("- a", "\"- a\""),
        (r"^\s*it's \d", r"'^\s*it''s \d'"),
        ("say \"hi\"", "'say \"hi\"'"),
        ("..", "\"..\""),
    ] {
        assert_eq!(quoted_if_needed(text, Place::Block), written);
    }
    assert_eq!(quoted_if_needed("one, two", Place::Flow), "\"one, two\"");
}

#[test]
fn blocks_are_written() {
    let long = "A sentence that is much too long to stand with others of its kind on a single line.";
    let node = Node::Map(vec![
        ("intent".into(), Node::text("book.flight")),
        ("reply".into(), Node::text(long)),
        (
            "replies".into(),
            Node::List(vec![
                Node::text("one\n\ntwo"),
                Node::text("a\n"),
                Node::text("x\ny\n"),
            ]),
        ),
        (
            "payload".into(),
            Node::Plain(json!({"text": long, "list": [{"text": long, "n": 1}]})),
        ),
        (
            "calls".into(),
            Node::List(vec![Node::text("a, b"), Node::Plain(json!({"tool": "b"}))]),
        ),
        (
            "turns".into(),
            Node::List(vec![Node::member("expect", Node::Plain(json!({"page": "x"})))]),
        ),
        ("none".into(), Node::List(vec![])),
        ("empty".into(), Node::Plain(json!({}))),
    ]);
    insta::assert_snapshot!(WRITER.block(&node, 2), @r#"
      intent: book.flight
      reply: A sentence that is much too long to stand with others of its kind on a single line.
      replies:
        - |-
          one

          two
        - "a\n"
        - |
          x
          y
      payload:
        text: A sentence that is much too long to stand with others of its kind on a single line.
        list:
          - text: A sentence that is much too long to stand with others of its kind on a single line.
            "n": 1
      calls: ["a, b", { tool: b }]
      turns:
        - expect:
            page: x
      "none": []
      empty: {}
    "#);
}

#[test]
fn numbers_keep_their_value() {
    for (number, written) in [
        (json!(5), "5"),
        (json!(0.6), "0.6"),
        (json!(9_007_199_254_740_992_u64), "9007199254740992"),
        (json!(1e20), "1e20"),
        (json!(u64::MAX), "1.8446744073709552e19"),
    ] {
        assert_eq!(scalar(&number, Place::Block), written);
    }
}

/// What the parser reads from what was written, as JSON.
fn read_back(text: &str) -> Value {
    let file = Arc::new(SourceFile {
        path: "written.yaml".into(),
        text: text.to_owned(),
    });
    let parsed = yaml::parse(&file);
    assert!(parsed.problems.is_empty(), "{:?}\n{text}", parsed.problems);
    parsed.root.unwrap().to_value()
}

fn any_text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        8 => prop::sample::select(" \n\t:#-,[]{}&*!|>'\"%@`?~\\$aAzé0.".chars().collect::<Vec<_>>()),
        1 => any::<char>(),
    ];
    prop::collection::vec(character, 0..24).prop_map(|characters| characters.into_iter().collect())
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any_text().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let name = any_text().prop_map(|name| format!("k{name}"));
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(name, inner, 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back(value in any_value(), indent in 0_usize..3) {
        let wrapped = json!({ "value": value, "expect": { "replies": [value] } });
        let text = WRITER.block(&Node::Plain(wrapped.clone()), indent * 2);
        prop_assert_eq!(read_back(&text), wrapped);
    }
}
