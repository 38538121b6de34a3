//! Suites as text: any text is a tree or problems, whole or in pieces.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use turnproof::diagnostic::SourceFile;
use turnproof::yaml;

fuzz_target!(|text: &str| {
    let file = Arc::new(SourceFile {
        path: "fuzz.yaml".into(),
        text: text.to_owned(),
    });
    let whole = yaml::parse(&file);
    let outline = yaml::outline(&file, "conversations");
    for slice in outline.items.iter().flatten() {
        // A slice lies in the text, at the borders of characters.
        yaml::parse_slice(&file, slice, &file.text[slice.range.clone()]);
    }
    if whole.root.is_none() {
        assert!(!whole.problems.is_empty(), "no tree, and nothing is wrong");
    }
});
