//! Trees, places and problems of texts, sound and hostile.

use std::fmt::Write as _;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::diagnostic::render::render;

fn source(text: &str) -> Arc<SourceFile> {
    Arc::new(SourceFile {
        path: PathBuf::from("suite.yaml"),
        text: text.to_owned(),
    })
}

fn root(text: &str) -> Node {
    let parsed = parse(&source(text));
    assert!(parsed.problems.is_empty(), "{}", render(&parsed.problems, false));
    parsed.root.unwrap()
}

fn codes(text: &str) -> Vec<&'static str> {
    parse(&source(text))
        .problems
        .iter()
        .map(|problem| problem.code)
        .collect()
}

/// The source text of every node, depth first.
fn spans<'text>(text: &'text str, node: &Node, into: &mut Vec<&'text str>) {
    into.push(&text[node.span.clone()]);
    match &node.kind {
        Kind::List(list) => list.items.iter().for_each(|item| spans(text, item, into)),
        Kind::Map(map) => map.entries.iter().for_each(|entry| {
            into.push(&text[entry.key.span.clone()]);
            spans(text, &entry.value, into);
        }),
        _ => {}
    }
}

#[test]
fn nodes_know_their_places() {
    let text = "\u{FEFF}a: 'ü'  # x\r\nb:\r\n  - say: hi there\r\n    n: {c: [1, ~], d: \"e\"}\r\n  - |\r\n    block\r\n  -\r\nempty:\r\nlast: x";
    let root = root(text);
    let mut found = Vec::new();
    spans(text, &root, &mut found);
    assert_eq!(
        found[1..6],
        [
            "a",
            "'ü'",
            "b",
            "- say: hi there\r\n    n: {c: [1, ~], d: \"e\"}\r\n  - |\r\n    block\r\n  -",
            "say: hi there\r\n    n: {c: [1, ~], d: \"e\"}"
        ]
    );
    assert!(found.contains(&"{c: [1, ~], d: \"e\"}"));
    assert!(found.contains(&"[1, ~]"));
    assert_eq!(root.get("b").unwrap().as_list().unwrap()[0].line, 3);
    assert_eq!(root.get("last").unwrap().line, 9);
    let empty = root.get("empty").unwrap();
    assert_eq!(
        (empty.line, &text[empty.span.start - 6..empty.span.start]),
        (8, "empty:")
    );
}

#[test]
fn an_empty_file_is_null() {
    for text in ["", "\n\n", "# only a comment\n", "---\n", "\u{FEFF}"] {
        assert!(root(text).is_null(), "{text:?}");
    }
}

#[test]
fn values_become_json() {
    let root = root("{a: [1, 2.5, true, no, ~], b: !!str 12, 3: x}");
    assert_eq!(
        root.to_value(),
        serde_json::json!({"a": [1, 2.5, true, "no", null], "b": "12", "3": "x"})
    );
}

#[test]
fn anchors_and_merge_keys_work() {
    let root = root("base: &base {a: 1, b: 2}\nuse:\n  <<: *base\n  b: 3\nlist: [*base]\n");
    assert_eq!(
        root.get("use").unwrap().to_value(),
        serde_json::json!({"b": 3, "a": 1})
    );
    assert_eq!(
        root.get("list").unwrap().to_value(),
        serde_json::json!([{"a": 1, "b": 2}])
    );
}

#[test]
fn problems_are_all_found() {
    let cases: [(&str, &[&str]); 17] = [
        ("a: 1\nb: 2\na: 3\nb: 4\n", &["duplicate-key", "duplicate-key"]),
        ("a: [}\n", &["yaml-syntax"]),
        ("a: 1\n---\nb: 2\n", &["several-documents"]),
        ("a: !thing x\n", &["yaml-tag"]),
        ("a: !thing {b: c}\n", &["yaml-tag"]),
        ("a: &a [*a]\n", &["yaml-alias"]),
        ("dtmf: *1\n", &["yaml-syntax"]),
        ("say: {{ city }}\n", &["unquoted-template"]),
        ("say: {{ city }} please\n", &["unquoted-template"]),
        ("say: go to {{ city }}\n", &["unquoted-template"]),
        ("- { say: go to {{ city }} now }\n", &["unquoted-template"]),
        ("- { say: Hello, world }\n", &["split-sentence"]),
        ("- { say: 2, please, expect: {} }\n", &["split-sentence"]),
        ("- { say: Hello, dear, world }\n", &["split-sentence"]),
        ("[1, 2]: 3\n", &["yaml-syntax"]),
        ("a: \"\\d\"\n", &["yaml-syntax"]),
        ("a:\n\t- b\n", &["yaml-syntax"]),
    ];
    for (text, expected) in cases {
        assert_eq!(
            codes(text),
            expected,
            "{text}{}",
            render(&parse(&source(text)).problems, false)
        );
    }
}

#[test]
fn sound_texts_are_not_refused() {
    for text in [
        "say: \"{{ city }}\"\n",
        "say: '{{ city }}, please'\n",
        "say: |\n  go to {{ city }}\n",
        "- { say: \"Hello, world\", with: {a: , b: ~} }\n",
        "list: [Hello, world]\n",
        "- { say }\n",
        "---\na: 1\n...\n",
    ] {
        assert_eq!(codes(text), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn limits_hold() {
    assert_eq!(codes(&"[".repeat(100_000)), ["nested-too-deeply"]);
    assert_eq!(codes(&"- ".repeat(100_000)), ["nested-too-deeply"]);
    assert_eq!(codes(&"{a: ".repeat(100_000)), ["nested-too-deeply"]);
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        writeln!(bomb, "a{level}: &a{level} [{}]", vec![alias; 9].join(", ")).unwrap();
    }
    assert_eq!(codes(&bomb), ["yaml-alias"]);
    assert_eq!(
        codes(&format!("[{}x]", "x,".repeat(MAX_NODES))),
        ["file-too-large"]
    );
}

#[test]
fn a_deep_alias_is_refused() {
    let deep = format!(
        "a: &a {}{}\nb: {}*a{}\n",
        "[".repeat(60),
        "]".repeat(60),
        "[".repeat(60),
        "]".repeat(60)
    );
    assert_eq!(codes(&deep), ["nested-too-deeply"]);
}

#[test]
fn files_are_read_within_limits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("suite.yaml");
    let shown = Path::new("suite.yaml");
    let code = |path: &Path| read(path, shown).unwrap_err().code;
    assert_eq!(code(&path), "unreadable-file");
    assert_eq!(code(folder.path()), "unreadable-file");
    std::fs::File::create(&path).unwrap().set_len(100 << 20).unwrap();
    let refused = read(&path, shown).unwrap_err();
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (
            "file-too-large",
            "the file is too large: 100 MiB; at most 16 MiB are read"
        )
    );
    std::fs::write(&path, b"a: 1\nb: caf\xE9\n").unwrap();
    let refused = read(&path, shown).unwrap_err();
    assert_eq!((refused.code, refused.labels[0].span.start), ("not-utf8", 11));
    std::fs::write(&path, b"\xFF\xFEa\0").unwrap();
    assert_eq!(code(&path), "not-utf8");
    std::fs::write(&path, "a: ü\n").unwrap();
    assert_eq!(read(&path, shown).unwrap().text, "a: ü\n");
}

#[test]
fn an_outline_leaves_items_to_be_parsed_alone() {
    let text = "suite: x\nconversations:\n  # one\n  - name: é\n    turns:\n      - say: hi   # end\n  - {name: b, turns: [{say: [1,\n 2]}]}\n  -   name: c\n      x:\n  - just text\n  -\nlast: {}\n";
    let file = source(text);
    let outline = outline(&file, "conversations");
    let frame = outline.parsed.root.unwrap();
    assert_eq!(
        frame.to_value(),
        serde_json::json!({"suite": "x", "conversations": [], "last": {}})
    );
    let items = outline.items.unwrap();
    let whole = root(text);
    let expected = whole.get("conversations").unwrap().as_list().unwrap();
    assert_eq!(items.len(), expected.len());
    for (slice, node) in items.iter().zip(expected) {
        let alone = parse_slice(&file, slice, &text[slice.range.clone()]);
        assert!(
            alone.problems.is_empty(),
            "{slice:?} {}",
            render(&alone.problems, false)
        );
        let alone = alone.root.unwrap();
        if !node.is_null() {
            assert_eq!(&alone, node);
        }
    }
}

#[test]
fn an_outline_of_a_file_with_anchors_is_refused() {
    let outline = outline(&source("x: &x {a: 1}\nconversations: [*x]\n"), "conversations");
    assert!(outline.items.is_none());
}

#[test]
fn comments_after_values_are_seen() {
    let file = source("a: option #2\nb: x   # y\nc: z#1\n");
    let root = parse(&file).root.unwrap();
    let comment = |key: &str| comment_after(&file, root.get(key).unwrap()).map(|range| &file.text[range]);
    assert_eq!(
        [comment("a"), comment("b"), comment("c")],
        [Some("#2"), Some("# y"), None]
    );
}

/// Lines and pieces of items of a list.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "- a: b\n",
        "- - x\n",
        "  c: d\n",
        "  e:\n",
        "    - f\n",
        "    g: |\n",
        "      text\n",
        "\n",
        "- {a: [1,\n 2]}\n",
        "-   k: v # x\n",
        "    l: 'q\n      r'\n",
        "- just text\n",
        "-\n",
        "  # note\n",
        "- \"é\"\n",
        "  h: >-\n",
        "  i: {}\n",
        "- ? j\n",
        "  : k\n",
    ])
}

proptest! {
    #[test]
    fn an_item_alone_is_the_item_within_its_file(pieces in prop::collection::vec(piece(), 1..8)) {
        let text = format!("z: 1\nlist:\n{}last: 2\n", pieces.concat());
        let file = source(&text);
        let whole = parse(&file);
        let outline = outline(&file, "list");
        let (Some(root), Some(items)) = (whole.root.filter(|_| whole.problems.is_empty()), outline.items) else {
            return Ok(());
        };
        let Some(expected) = root.get("list").and_then(Node::as_list) else {
            return Ok(());
        };
        prop_assert_eq!(items.len(), expected.len());
        for (slice, item) in items.iter().zip(expected) {
            let alone = parse_slice(&file, slice, &text[slice.range.clone()]).root;
            // The place of an empty block of text is where the parser noticed that it ends.
            let same = alone.as_ref().is_some_and(|alone| {
                (alone.to_value(), alone.span.start, alone.line) == (item.to_value(), item.span.start, item.line)
            });
            prop_assert!(item.is_null() || same, "{}\n{:?}\n{:?}", text, item, alone);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[-a-c{}\\[\\]:,&*!|>'\"%@`#?~ \t\r\n\\\\0-9é\u{FEFF}]{0,80}") {
        let file = source(&text);
        let parsed = parse(&file);
        prop_assert!(parsed.root.is_some() || !parsed.problems.is_empty());
        render(&parsed.problems, true);
        let outline = outline(&file, "a");
        for slice in outline.items.unwrap_or_default() {
            parse_slice(&file, &slice, text.get(slice.range.clone()).unwrap());
        }
    }

    #[test]
    fn quoted_text_reads_back(text in "\\PC*|[\\x00-\\x7F]*") {
        prop_assume!(!text.contains(['\u{FEFF}', '\u{FFFE}', '\u{FFFF}']));
        let node = root(&format!("a: {}", quoted(&text)));
        prop_assert_eq!(node.get("a").unwrap().as_text(), Some(text.as_str()));
    }
}
