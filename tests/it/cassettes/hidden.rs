//! What `redact` hides stands in no cassette, and the replay is the same run all the same.

use super::{Place, assert_same, cassettes, change, ended, run_result};

#[test]
fn names_of_the_services_own_are_not_hidden_and_what_comes_in_pieces_is() {
    let place = Place::with_suites();
    let file = |name: &str| {
        let mut files = place.files().into_iter();
        files
            .find(|file| file.ends_with(name))
            .unwrap()
            .display()
            .to_string()
    };
    // Members of requests and answers have these names as well; and the text comes three words at a time.
    change(
        &place,
        &file("turnproof.yaml"),
        "redact: [phone]",
        "redact: [phone, name, text, session, agent, outputs, { matches: \"paper around it[.] A box\" }]",
    );
    // What only the agent knew stays hidden in a replay.
    change(
        &place,
        &file("files.yaml"),
        "replies: [Put soft paper around it. A box that is a little too large is best.]",
        "replies: [{ starts_with: Put soft, ends_with: that is a little too large is best. }]",
    );
    ended(&place.run(&["run", "--seed", "1", "--record", "tapes"]), 0);
    let recorded = run_result(&place);
    assert!(
        recorded
            .to_string()
            .contains("Put soft [redacted] that is a little")
    );

    let mut pieces = 0;
    for file in cassettes(&place) {
        let text = place.read(&file);
        // Its first piece holds what stands for all of it.
        pieces += text.matches("\"Put soft [redacted-1]\"").count();
        assert!(!text.contains("around it. A"), "{file}: {text}");
    }
    assert_eq!(pieces, 1);
    let said = place.run(&["run", "--seed", "1", "--strict", "--replay", "tapes"]);
    ended(&said, 0);
    assert_eq!(said.err, "");
    assert_same(&recorded, &run_result(&place));
}
