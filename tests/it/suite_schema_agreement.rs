//! The JSON Schema and the parser refuse the same suites, as far as a schema can tell.

use std::path::Path;

use turnproof::suite::schema::suite_schema;

use crate::suite_schema::{outcome, refused, tree};

/// What an editor underlines, and what `check` refuses.
#[test]
fn schema_and_parser_refuse_the_same() {
    let turn =
        |rest: &str| format!("target: flights\nconversations: [{{ name: a, turns: [{{ say: hi{rest} }}] }}]");
    let expect = |expect: &str| turn(&format!(", expect: {expect}"));
    let parameter = |matcher: &str| expect(&format!("{{ parameters: {{ x: {matcher} }} }}"));
    let beside = |rest: &str| format!("{}\n{rest}", turn(""));
    let conversation = |rest: &str| turn("").replace("name: a", &format!("name: a, {rest}"));
    let good = [
        parameter("{ contains: true }"),
        parameter("{ contains: { a: 1 } }"),
        parameter("{ icontains: 5 }"),
        expect("{ payload: { k: { contains: { a: 1 } } } }"),
        expect("{ payload: { k: { contains: false } } }"),
        parameter("{ between: [1, 2] }"),
        expect("{ latency: { between: [1s, 2s] } }"),
        expect("{ tool_calls: [] }"),
    ];
    let bad = [
        expect("{ latency: { contains: true } }"),
        parameter("{ contains: { starts_with: a } }"),
        parameter("{ contains: [a] }"),
        parameter("{ starts_with: { a: 1 } }"),
        parameter("{ ends_with: true }"),
        parameter("{ between: [1] }"),
        parameter("{ between: [1, 2, 3] }"),
        expect("{ latency: { between: [1s] } }"),
        expect("{ tool_calls: { never: [] } }"),
        expect("{ tool_calls: { include: [] } }"),
        expect("{ tool_calls: {} }"),
        expect("{ visited: [] }"),
        expect("{ raw: [] }"),
        expect("{ on: {} }"),
        expect("{ audio: {} }"),
        expect("{}"),
        turn(", when: {}"),
        conversation("channels: []"),
        conversation("only_on: []"),
        conversation("matrix: { n: [] }"),
        conversation("examples: []"),
        conversation("tools: { t: [] }"),
        beside("webhooks: { w: [] }"),
        beside("steps: { s: [] }"),
        beside("every_turn: {}"),
        "target: flights\nconversations: []".to_owned(),
        "target: flights\nconversations: [{ name: a, turns: [] }]".to_owned(),
    ];
    let schema = suite_schema();
    for (texts, is_good) in [(good.as_slice(), true), (bad.as_slice(), false)] {
        for text in texts {
            let value = tree(Path::new("suite.yaml"), text).root.unwrap().to_value();
            let by_schema = refused(&schema, &value, &schema);
            assert_eq!(by_schema.is_none(), is_good, "{text}\n{by_schema:?}");
            let (told, _) = outcome(text);
            assert_eq!(!told.contains("error["), is_good, "{text}\n{told}");
        }
    }
}
