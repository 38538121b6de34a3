//! Tests of the room above: tables and properties.

use super::*;

struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[&str]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for file in files {
            tree.write(file, "");
        }
        tree
    }

    fn path(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn discover(&self, paths: &[&str]) -> Result<Discovered, Vec<Diagnostic>> {
        let exists = |path: &Path| self.path().join(path).exists();
        let arguments: Vec<_> = paths
            .iter()
            .map(|path| PathArgument::parse(Path::new(path), exists))
            .collect();
        discover(&arguments, &self.path())
    }

    /// The files found, by their path from the root.
    fn files(&self, paths: &[&str]) -> Vec<String> {
        let found = self
            .discover(paths)
            .unwrap_or_else(|problems| panic!("{problems:#?}"));
        found.files.into_iter().map(|file| file.file).collect()
    }

    /// Code and message of each problem.
    fn problems(&self, paths: &[&str]) -> Vec<(&'static str, String)> {
        let problems = self.discover(paths).expect_err("no problem");
        problems
            .into_iter()
            .map(|problem| (problem.code, problem.message))
            .collect()
    }
}

#[test]
fn every_yaml_file_below_is_a_suite() {
    let tree = Tree::new(&[
        "suites/turnproof.yaml",
        "suites/b.yml",
        "suites/a/x.yaml",
        "suites/notes.md",
        "other.yaml",
    ]);
    assert_eq!(tree.files(&[]), ["a/x.yaml", "b.yml"]);
    assert_eq!(tree.files(&["suites"]), ["a/x.yaml", "b.yml"]);
    assert_eq!(
        tree.files(&["."]),
        ["a/x.yaml", "b.yml"],
        "only what is below the root"
    );
    assert_eq!(tree.files(&["suites/a"]), ["a/x.yaml"]);
    let found = tree.discover(&["suites/b.yml"]).unwrap();
    let file = &found.files[0];
    assert_eq!(
        (file.suite.as_str(), file.shown.as_path()),
        ("b", Path::new("suites/b.yml"))
    );
}

#[test]
fn without_a_suites_folder_the_working_directory_is_taken() {
    let tree = Tree::new(&["turnproof.yaml", "x.yaml"]);
    assert_eq!(tree.files(&[]), ["x.yaml"]);
}

#[test]
fn reserved_hidden_and_ignored_files_are_left_out() {
    let tree = Tree::new(&[
        "turnproof.yaml",
        "x.yaml",
        "agents/a.app.yaml",
        "deep/steps/s.yaml",
        "deep/y.yaml",
        ".hidden/z.yaml",
        ".h.yaml",
        "build/b.yaml",
        "deep/skipped.yaml",
        "fixtures/f.yaml",
        "cassettes/c.yaml",
        "snapshots/s.yaml",
    ]);
    tree.write(".gitignore", "build/\nskipped.yaml\n");
    assert_eq!(tree.files(&["."]), ["deep/y.yaml", "x.yaml"]);
    assert!(tree.files(&["agents"]).is_empty());
    assert!(tree.files(&["deep/steps"]).is_empty());
    let named = ["agents/a.app.yaml", "build/b.yaml", ".h.yaml"];
    assert_eq!(
        tree.files(&named),
        [".h.yaml", "agents/a.app.yaml", "build/b.yaml"],
        "a named file is always one"
    );
}

#[test]
fn a_file_is_found_once_and_lines_are_gathered() {
    let tree = Tree::new(&["turnproof.yaml", "x.yaml", "y.yaml"]);
    let lines = |paths: &[&str]| {
        let files = tree.discover(paths).unwrap().files;
        files
            .into_iter()
            .map(|file| (file.suite, file.lines))
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&["x.yaml:3", "./x.yaml:9"]), [("x".to_owned(), vec![3, 9])]);
    assert_eq!(lines(&["x.yaml:3", "x.yaml"]), [("x".to_owned(), vec![])]);
    assert_eq!(lines(&["x.yaml", "x.yaml:3"]), [("x".to_owned(), vec![])]);
    assert_eq!(
        lines(&["x.yaml:3", "."]),
        [("x".to_owned(), vec![]), ("y".to_owned(), vec![])]
    );
}

#[test]
fn problems_are_named() {
    let tree = Tree::new(&[
        "s/turnproof.yaml",
        "s/pay.yaml",
        "t/turnproof.yaml",
        "s/sub/turnproof.yaml",
        "none/x.yaml",
    ]);
    let codes = |paths: &[&str]| {
        tree.problems(paths)
            .into_iter()
            .map(|(code, _)| code)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        codes(&["s/paz.yaml", "nowhere"]),
        ["missing-path", "missing-path"]
    );
    assert_eq!(codes(&["none"]), ["no-settings"]);
    assert_eq!(codes(&["s/pay.yaml", "t"]), ["two-settings"]);
    assert_eq!(codes(&["."]), ["two-settings"]);
    assert_eq!(codes(&["s"]), ["two-settings"], "settings below the root");
    assert_eq!(codes(&["s/turnproof.yaml"]), ["not-a-suite"]);
    assert_eq!(codes(&["t:4"]), ["no-such-line"]);
    let problem = &tree.discover(&["s/paz.yaml"]).unwrap_err()[0];
    assert_eq!(problem.help, ["did you mean `s/pay.yaml`?"]);
}

#[test]
fn settings_under_another_name_are_noticed() {
    let tree = Tree::new(&["turnproof.yaml", "turnproof.yml"]);
    assert_eq!(tree.problems(&["."])[0].0, "two-settings");
}

#[test]
fn a_path_outside_the_root_is_refused() {
    let tree = Tree::new(&["s/turnproof.yaml", "s/x.yaml"]);
    // The root of `.` is `s`, so that the working directory itself may be given, but no file beside it.
    tree.write("y.yaml", "");
    assert_eq!(tree.problems(&["s", "y.yaml"])[0].0, "no-settings");
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_within_the_root_are_followed_once() {
        let tree = Tree::new(&["turnproof.yaml", "common/x.yaml", "a/y.yaml"]);
        symlink(tree.path().join("common"), tree.path().join("a/common")).unwrap();
        symlink(tree.path(), tree.path().join("a/up")).unwrap();
        assert_eq!(tree.files(&["a"]), ["a/y.yaml", "common/x.yaml"]);
        assert_eq!(tree.files(&["."]), ["a/y.yaml", "common/x.yaml"]);
    }

    #[test]
    fn links_out_of_the_root_are_errors() {
        let tree = Tree::new(&["s/turnproof.yaml", "s/x.yaml", "out/secret.yaml", "out/notes.txt"]);
        symlink(tree.path().join("out"), tree.path().join("s/folder")).unwrap();
        symlink(
            tree.path().join("out/secret.yaml"),
            tree.path().join("s/file.yaml"),
        )
        .unwrap();
        symlink(tree.path().join("out/notes.txt"), tree.path().join("s/notes.txt")).unwrap();
        let problems = tree.problems(&["s"]);
        let messages: Vec<_> = problems.iter().map(|(_, message)| message.as_str()).collect();
        let mut expected = [
            "`s/file.yaml` leads outside the root",
            "`s/folder` leads outside the root",
        ];
        expected.sort_unstable();
        assert_eq!(
            {
                let mut sorted = messages;
                sorted.sort_unstable();
                sorted
            },
            expected
        );
    }

    #[test]
    fn a_broken_link_to_a_suite_is_noticed() {
        let tree = Tree::new(&["turnproof.yaml"]);
        symlink(tree.path().join("gone.yaml"), tree.path().join("x.yaml")).unwrap();
        assert!(tree.discover(&["."]).is_err());
    }
}
