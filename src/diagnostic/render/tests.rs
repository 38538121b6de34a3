//! How problems look: places, labels, colours, very long and very strange lines.

use std::ops::Range;
use std::path::PathBuf;

use super::*;
use crate::diagnostic::SourceFile;

fn file(path: &str, text: &str) -> Arc<SourceFile> {
    Arc::new(SourceFile {
        path: PathBuf::from(path),
        text: text.to_owned(),
    })
}

#[test]
fn a_problem_shows_its_line() {
    let source = file("pay.yaml", "turns:\r\n  - say: hi\r\n    expct: {}\r\n");
    let problem = Diagnostic::error("unknown-key", "a turn has no key `expct`")
        .at(&source, 25..30, "")
        .help("did you mean `expect`?");
    assert_eq!(
        render(&[problem], false),
        "\
error[unknown-key]: a turn has no key `expct`
 --> pay.yaml:3:5
  |
3 |     expct: {}
  |     ^^^^^
  |
  = help: did you mean `expect`?

"
    );
}

/// Rendered without colours, the first line (the message) left out.
fn places(problem: Diagnostic) -> String {
    let rendered = render(&[problem], false);
    rendered.split_once('\n').unwrap().1.trim_end().to_owned()
}

#[test]
fn near_places_share_a_piece_and_far_ones_do_not() {
    let filler = |lines: usize| "x: y\n".repeat(lines);
    let source = file(
        "a.yaml",
        &format!("a: 1\n{}a: 2\n{}a: 3\n", filler(3), filler(100)),
    );
    let second = source.text.find("a: 2").unwrap();
    let third = source.text.find("a: 3").unwrap();
    let twice = |at: usize| {
        places(
            Diagnostic::error("x", "x")
                .at(&source, at..at + 1, "again here")
                .at(&source, 0..1, "first here"),
        )
    };
    assert_eq!(
        twice(second),
        " --> a.yaml:5:1
  |
1 | a: 1
  | - first here
...
5 | a: 2
  | ^ again here"
    );
    assert_eq!(
        twice(third),
        "   --> a.yaml:106:1
    |
106 | a: 3
    | ^ again here
    |
   ::: a.yaml:1:1
    |
  1 | a: 1
    | - first here"
    );
}

#[test]
fn what_could_drive_a_terminal_is_shown() {
    let source = file("\u{202e}a.yaml", "a: \u{202E}x\u{1b}[31m\tred\n");
    let problem = Diagnostic::warning("odd", "odd \u{1b}[31m\nvalue").at(&source, 6..7, "thi\u{7}s");
    assert_eq!(
        render(&[problem], false),
        "\
warning[odd]: odd \u{241b}[31m\u{240a}value
 --> \u{fffd}a.yaml:1:5
  |
1 | a: \u{fffd}x\u{241b}[31m    red
  |     ^ thi\u{2407}s

"
    );
}

#[test]
fn a_long_line_is_cut_around_its_place() {
    let source = file(
        "a.yaml",
        &format!("a: 1\nlong: {}BAD{}\n", "é".repeat(5000), "y".repeat(90_000)),
    );
    let at = source.text.find("BAD").unwrap();
    let shown = places(
        Diagnostic::error("x", "x")
            .at(&source, at..at + 3, "here")
            .help("shorter"),
    );
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], " --> a.yaml:2:5007");
    assert_eq!(lines[1], "  |");
    assert!(
        lines[2].starts_with("2 | ...éé") && lines[2].contains("éBADy") && lines[2].ends_with("yy..."),
        "{shown}"
    );
    assert!(lines[2].chars().count() <= WIDTH, "{shown}");
    let caret = lines[3].find('^').unwrap();
    assert_eq!(lines[2].chars().skip(caret).take(3).collect::<String>(), "BAD");
    assert_eq!(lines[5], "  = help: shorter");
}

#[test]
fn places_outside_the_text_do_no_harm() {
    let empty = file("e.yaml", "");
    let short = file("s.yaml", "ü\n");
    for problem in [
        Diagnostic::error("x", "x").at(&empty, 0..0, ""),
        Diagnostic::error("x", "x").at(&short, 500..900, ""),
        Diagnostic::error("x", "x").at(&short, 1..1, ""),
        Diagnostic::error("x", "x").at(&short, Range { start: 3, end: 0 }, ""),
    ] {
        assert!(render(&[problem], true).contains('^'));
    }
}

#[test]
fn problems_are_sorted_and_counted() {
    let (a, b) = (file("a.yaml", "x\ny\n"), file("b.yaml", "x\n"));
    let problems = [
        Diagnostic::error("b", "b").at(&b, 0..1, ""),
        Diagnostic::warning("a2", "a2").at(&a, 2..3, ""),
        Diagnostic::error("missing", "missing").in_file("c.yaml"),
        Diagnostic::error("a1", "a1").at(&a, 0..1, ""),
        Diagnostic::error("none", "none"),
    ];
    let rendered = render(&problems, false);
    let order: Vec<&str> = rendered
        .lines()
        .filter_map(|line| line.split_once("]: "))
        .map(|(_, message)| message)
        .collect();
    assert_eq!(order, ["none", "a1", "a2", "b", "missing"]);
    assert!(rendered.contains("error[missing]: missing\n--> c.yaml\n"));
    assert_eq!(count_line(&problems), "4 errors and 1 warning in 3 files");
    assert_eq!(count_line(&problems[..1]), "1 error in 1 file");
    assert_eq!(count_line(&[]), "");
}

#[test]
fn of_very_many_problems_the_first_thousand_are_shown() {
    let text = "x\n".repeat(1_500);
    let many = file("many.yaml", &text);
    let problem = |line: usize| Diagnostic::error("x", "x").at(&many, line * 2..line * 2 + 1, "");
    let problems: Vec<Diagnostic> = (0..1_500).rev().map(problem).collect();
    let rendered = render(&problems, false);
    assert_eq!(rendered.matches("error[x]").count(), 1_000);
    assert!(rendered.contains("many.yaml:1:1\n") && rendered.contains("many.yaml:1000:1\n"));
    assert!(
        rendered.ends_with("\n… and 500 more, not shown\n\n"),
        "{rendered}"
    );
    assert_eq!(count_line(&problems), "1500 errors in 1 file");
}
