//! Examples and matrices: the rows they make and what they are called.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> (Option<Vec<Row>>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let file = Arc::new(SourceFile {
        path: PathBuf::from("suite.yaml"),
        text: text.to_owned(),
    });
    let root = Root::new(folder.path(), folder.path()).unwrap();
    let source = RowSource {
        root: &root,
        beside: folder.path(),
        names: Names::fixed(&[], &[]),
    };
    let parsed = yaml::parse(&file).root.unwrap();
    let mut reader = Reader::new(&file);
    let rows = rows(parsed.as_map().unwrap(), &source, &mut reader);
    (
        rows,
        reader
            .problems
            .into_iter()
            .map(|problem| problem.message)
            .collect(),
    )
}

fn names(template: &str, text: &str) -> Vec<(String, String)> {
    let (rows, problems) = read(text);
    assert_eq!(problems, Vec::<String>::new());
    let rows = rows.unwrap_or_default();
    rows.iter().map(|row| case_name(template, "case", row)).collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter()
        .map(|(name, row)| ((*name).to_owned(), (*row).to_owned()))
        .collect()
}

#[test]
fn rows_have_names() {
    let examples = "examples: [{ city: Paris, n: 1 }, { name: second, city: Rome }]";
    assert_eq!(
        names("x", examples),
        pairs(&[("case [Paris, 1]", "Paris, 1"), ("case [second]", "second")])
    );
    assert_eq!(
        names("to {{ city }}", examples),
        pairs(&[("case", "Paris"), ("case", "Rome")])
    );
    let matrix = "matrix: { a: [1, 2], b: [x] }";
    assert_eq!(
        names("x", matrix),
        pairs(&[("case [1, x]", "1, x"), ("case [2, x]", "2, x")])
    );
    assert_eq!(
        names("{{ a }}{{ b }}", matrix),
        pairs(&[("case", "1, x"), ("case", "2, x")])
    );
    let both = "{ examples: [{ city: Paris }], matrix: { a: [1, 2] } }";
    assert_eq!(
        names("{{ city }}", both),
        pairs(&[("case [1]", "Paris, 1"), ("case [2]", "Paris, 2")])
    );
}

#[test]
fn no_rows_are_no_problem() {
    assert_eq!(read("name: x"), (None, Vec::new()));
}

#[test]
fn cells_are_text() {
    let file = |text: &str| {
        Arc::new(SourceFile {
            path: PathBuf::from("rows.csv"),
            text: text.to_owned(),
        })
    };
    let rows = csv_rows(&file(
        "\u{FEFF}a, b\r\n007,\"x, \"\"y\"\"\"\r\n\"two\nlines\",\r\n",
    ))
    .unwrap();
    let values: Vec<Value> = rows.into_iter().map(|row| Value::Object(row.values)).collect();
    assert_eq!(
        values,
        [
            serde_json::json!({"a": "007", "b": "x, \"y\""}),
            serde_json::json!({"a": "two\nlines", "b": ""})
        ]
    );
    for (text, code) in [
        ("", "no-rows"),
        ("a,b\n", "no-rows"),
        ("a,a\n1,2\n", "duplicate-key"),
        ("a,\n1,2\n", "bad-name"),
        ("a,b\n1\n", "bad-csv"),
    ] {
        let problems = csv_rows(&file(text)).unwrap_err();
        assert_eq!(
            problems.first().map(|problem| problem.code),
            Some(code),
            "{text:?}"
        );
    }
}

proptest! {
    #[test]
    fn no_csv_makes_it_panic(text in "[a-c,\"\r\n\u{e9}\u{feff}]{0,60}") {
        let file = Arc::new(SourceFile { path: PathBuf::from("rows.csv"), text });
        if let Err(problems) = csv_rows(&file) {
            prop_assert!(!crate::diagnostic::render::render(&problems, false).is_empty());
        }
    }
}

/// Every case has a copy of its values.
#[test]
fn cases_that_would_fill_the_memory_are_refused() {
    let numbers: Vec<String> = (0..1_000).map(|number| number.to_string()).collect();
    let numbers = numbers.join(", ");
    let long = "x".repeat(100_000);
    for text in [
        format!("matrix: {{ a: [{long}], n: [{numbers}] }}"),
        format!("examples: [{{ a: {long} }}]\nmatrix: {{ n: [{numbers}] }}"),
    ] {
        let (rows, problems) = read(&text);
        assert!(rows.is_none());
        assert_eq!(problems, ["the cases that come of this hold more than 64 MiB"]);
    }
    let (rows, _) = read(&format!("matrix: {{ a: [{long}], n: [1, 2] }}"));
    assert_eq!(rows.unwrap().len(), 2);
}
