//! `turnproof init`: what it writes holds, and what is there stays.

use crate::cli_place::Place;

#[test]
fn what_init_writes_is_valid_and_passes() {
    let place = Place::initialised();
    let said = place.run(&["check", "--strict"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let said = place.run(&["run"]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[test]
fn init_names_the_next_step() {
    let place = Place::new();
    let said = place.run(&["init", "my suites"]);
    assert_eq!(said.code, Some(0));
    assert!(
        said.out.contains("my suites/turnproof.yaml")
            && said.out.ends_with("cd 'my suites' && turnproof run\n"),
        "{}",
        said.out
    );
    assert!(place.read("my suites/.gitignore").contains("/reports/"));
}

#[test]
fn init_changes_nothing_that_exists() {
    let place = Place::new();
    place.write("order.yaml", "mine\n");
    place.write(".gitignore", "mine too\n");
    let before = place.files();
    let said = place.run(&["init"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("`order.yaml` exists already"), "{}", said.err);
    assert_eq!(place.files(), before);
    assert_eq!(place.read("order.yaml"), "mine\n");
}

#[test]
fn init_leaves_an_ignore_file_alone() {
    let place = Place::new();
    place.write(".gitignore", "mine\n");
    assert_eq!(place.run(&["init", "."]).code, Some(0));
    assert_eq!(place.read(".gitignore"), "mine\n");
}

#[test]
fn a_folder_that_cannot_be_written_is_not_a_crash() {
    let place = Place::new();
    place.write("file", "");
    let said = place.run(&["init", "file/sub"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(
        said.err.starts_with("error: cannot write to `file/sub`"),
        "{}",
        said.err
    );
}
