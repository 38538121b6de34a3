//! `turnproof schema`: valid JSON that describes the files it is for.

use serde_json::Value;

use crate::cli_place::Place;

#[test]
fn schemas_are_json_and_know_their_keys() {
    let place = Place::new();
    for (arguments, key) in [
        (&["schema"][..], "conversations"),
        (&["schema", "suite"], "conversations"),
        (&["schema", "settings"], "targets"),
    ] {
        let said = place.run(arguments);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{arguments:?}");
        let schema: Value = serde_json::from_str(&said.out).unwrap();
        assert!(
            schema["$schema"].is_string() && said.out.contains(&format!("\"{key}\"")),
            "{arguments:?}"
        );
    }
}
