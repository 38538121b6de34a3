//! `turnproof list`: filters, lines, targets, formats.

use serde_json::Value;

use crate::cli_place::{Place, Said};

const SUITE: &str = "\
suite: Billing
target: coffee
tags: [billing]
conversations:
  - name: pays
    tags: [smoke]
    turns: [{ say: hello }]
  - name: \"refunds {{ amount }}\"
    examples: [{ amount: 10 }, { amount: 20 }]
    turns: [{ say: hello }]
";

fn place() -> Place {
    let place = Place::initialised();
    place.write("billing/pay.yaml", SUITE);
    place
}

fn names(said: &Said) -> Vec<String> {
    assert_eq!(said.code, Some(0), "{said:?}");
    let document: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(document["format"], "turnproof-list/1");
    let conversations = document["conversations"].as_array().unwrap();
    conversations
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn filters_and_lines_select() {
    let place = place();
    for (arguments, expected) in [
        (
            &["--filter", "tag:billing"][..],
            &["pays", "refunds 10", "refunds 20"][..],
        ),
        (
            &["--filter", "billing and not name:pays"],
            &["refunds 10", "refunds 20"],
        ),
        (
            &["--filter", "name:*20 or tag:smoke and file:order.yaml"],
            &["refunds 20", "asks for what is missing"],
        ),
        (&["--filter", "/refunds [12]0$/"], &["refunds 10", "refunds 20"]),
        (&["billing/pay.yaml:6"], &["pays"]),
        (&["billing/pay.yaml:10"], &["refunds 10", "refunds 20"]),
        (
            &["billing/pay.yaml:5", "billing/pay.yaml:8", "--filter", "not 10"],
            &["pays", "refunds 20"],
        ),
        (
            &["billing", "--filter", "target:coffee"],
            &["pays", "refunds 10", "refunds 20"],
        ),
    ] {
        let all: Vec<&str> = ["list", "--format", "json"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        assert_eq!(names(&place.run(&all)), expected, "{arguments:?}");
    }
}

#[test]
fn nothing_selected_is_4() {
    let said = place().run(&["list", "--filter", "nowhere"]);
    assert_eq!((said.code, said.out.as_str()), (Some(4), ""));
    assert!(
        said.err
            .contains("nothing is selected: there are 6 conversations"),
        "{}",
        said.err
    );
}

#[test]
fn a_bad_filter_is_shown_with_a_caret() {
    let said = place().run(&["list", "--filter", "tags:smoke"]);
    assert_eq!(said.code, Some(2));
    for part in ["--filter:1:1", "1 | tags:smoke", "^^^^^", "did you mean `tag:`?"] {
        assert!(said.err.contains(part), "{part}\n{}", said.err);
    }
}

#[test]
fn a_line_without_a_conversation_is_2() {
    let said = place().run(&["list", "billing/pay.yaml:2"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.contains("the nearest one is at lines 5 to 7"),
        "{}",
        said.err
    );
}

#[test]
fn the_table_shows_targets_as_they_are_mapped() {
    let place = place();
    let settings = place.read("turnproof.yaml");
    let more = "  other: { backend: emulator, agent: agents/coffee-bar }\n\n# A profile";
    place.write("turnproof.yaml", &settings.replacen("\n# A profile", more, 1));
    let said = place.run(&["list", "billing", "--target", "coffee=other"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(
        lines[1..],
        [
            "billing/pay.yaml",
            "    5  pays          other   billing, smoke",
            "    8  refunds 10    other   billing",
            "    8  refunds 20    other   billing",
            "",
            "3 conversations in 1 suite"
        ]
    );
    let mut command = place.command(&["list", "billing", "--format", "json"]);
    let said = Said::from(command.env("TURNPROOF_TARGET", "other").output().unwrap());
    assert!(said.out.contains("\"target\": \"other\""), "{}", said.out);
    let said = place.run(&["list", "--target", "othre"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("did you mean `other`?"), "{}", said.err);
}

#[test]
fn what_is_redacted_is_redacted_here_too() {
    let place = place();
    let settings = place.read("turnproof.yaml");
    place.write(
        "turnproof.yaml",
        &format!("{settings}\nredact: [{{ matches: \"refunds 1.\" }}]\n"),
    );
    let said = place.run(&["list", "billing"]);
    assert!(
        said.out.contains("  [redacted]  ") && !said.out.contains("refunds 10"),
        "{}",
        said.out
    );
}
