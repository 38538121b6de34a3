//! The program as a program: help, version, mistakes on the command line, closed pipes, exit codes.

use std::io::pipe;
use std::process::Stdio;

use turnproof::cli::exit::Exit;

use crate::cli_place::{Place, Said};

const COMMANDS: [&str; 10] = [
    "run",
    "check",
    "list",
    "coverage",
    "init",
    "import",
    "export",
    "emulate",
    "schema",
    "completions",
];

#[test]
fn the_help_is_a_manual() {
    let place = Place::new();
    let said = place.run(&["--help"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert!(said.out.contains(&Exit::help()), "{}", said.out);
    for command in COMMANDS {
        assert!(said.out.contains(&format!("\n  {command} ")), "{command}");
        let help = place.run(&[command, "--help"]);
        assert_eq!(help.code, Some(0), "{help:?}");
        assert!(
            help.out.contains(&format!("Usage: turnproof {command}")),
            "{}",
            help.out
        );
        assert_eq!(place.run(&["help", command]).out, help.out, "{command}");
    }
}

#[test]
fn the_help_of_run_groups_its_flags_and_names_the_exit_codes() {
    let said = Place::new().run(&["run", "--help"]);
    let places: Vec<_> = [
        "Selection:",
        "Targets:",
        "Playing:",
        "Output:",
        "Examples:",
        "Exit codes:",
    ]
    .iter()
    .map(|heading| {
        said.out
            .find(&format!("\n{heading}\n"))
            .unwrap_or_else(|| panic!("{heading}\n{}", said.out))
    })
    .collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn the_version_is_that_of_the_package() {
    let said = Place::new().run(&["--version"]);
    assert_eq!(said.out, concat!("turnproof ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn a_variable_with_a_wrong_value_is_named() {
    let place = Place::new();
    for (variable, value) in [
        ("TURNPROOF_JOBS", "abc"),
        ("TURNPROOF_RATE", "fast"),
        ("TURNPROOF_TIMEOUT", "5"),
    ] {
        let said = place.command(&["run"]).env(variable, value).output().unwrap();
        let told = String::from_utf8(said.stderr).unwrap();
        assert_eq!(said.status.code(), Some(2), "{told}");
        let tip = format!("the value is that of the environment variable {variable}");
        assert!(told.contains(&tip), "{told}");
    }
    let typed = place
        .command(&["run", "--jobs=x"])
        .env("TURNPROOF_JOBS", "3")
        .output()
        .unwrap();
    assert!(
        !String::from_utf8(typed.stderr)
            .unwrap()
            .contains("TURNPROOF_JOBS")
    );
}

#[test]
fn mistakes_on_the_command_line_are_2() {
    let place = Place::new();
    for (arguments, part) in [
        (&["--nope"][..], "unexpected argument '--nope'"),
        (&["runn"], "a similar subcommand exists: 'run'"),
        (
            &["run", "--fail-on-flake"],
            "a similar argument exists: '--fail-on-flaky'",
        ),
        (
            &["run", "--jobs", "many"],
            "invalid value 'many' for '--jobs <N>'",
        ),
        (
            &["run", "--report", "html"],
            "there is no report `html`; the formats are terminal, junit, json, github",
        ),
        (
            &["run", "--timeout", "5"],
            "a duration such as 4s, 250ms or 1m30s is wanted",
        ),
        (&["emulate"], "--agent <EXPORT>"),
        (&["import", "cx-tests", "x.zip"], "--out <DIR>"),
        (&["export", "cx-tests", "x.yaml"], "--out <OUT>"),
        (&[], "Usage: turnproof"),
    ] {
        let said = place.run(arguments);
        assert_eq!(
            (said.code, said.out.as_str()),
            (Some(2), ""),
            "{arguments:?}: {said:?}"
        );
        assert!(said.err.contains(part), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let place = Place::initialised();
    for arguments in [
        &["--help"][..],
        &["completions", "bash"],
        &["schema"],
        &["list"],
        &["check"],
        &["run", "--progress", "never"],
        &["run", "-v", "--progress", "never", "--report", "json=/dev/stdout"],
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let output = place
            .command(arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let said = Said::from(output);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

/// Nobody listening is no success: `turnproof run 2>&1 | head -3` said 0 where conversations had failed.
#[test]
fn a_closed_pipe_changes_no_exit_code() {
    let place = Place::initialised();
    place.write("wrong.yaml", "target: coffee\nconversations:\n  - name: asks\n    turns:\n      - { say: hi, expect: { reply: no such thing, page: Nowhere } }\n");
    for (arguments, code) in [
        (&["run", "--progress", "never"][..], 1),
        (&["run", "--progress", "never", "--report", "json=/dev/full"], 1),
        (&["run", "--progress", "always", "--strict"], 2),
        (&["check", "--strict"], 2),
        (&["coverage", "--min", "100"], 1),
        (&["list", "nowhere.yaml"], 2),
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let also = writer.try_clone().unwrap();
        let ended = place.command(arguments).stdout(writer).stderr(also).status();
        assert_eq!(ended.unwrap().code(), Some(code), "{arguments:?}");
    }
}

/// A report for `/dev/stdout` took the place of the file that standard output was appended to.
#[cfg(unix)]
#[test]
fn what_stood_in_a_log_stays_there() {
    let place = Place::initialised();
    place.write("log.txt", "precious\n");
    let log = || {
        let path = place.path().join("log.txt");
        std::fs::OpenOptions::new().append(true).open(path).unwrap()
    };
    let arguments = [
        "run",
        "--progress",
        "never",
        "--report",
        "json=/dev/stdout",
        "--report",
        "terminal",
    ];
    let ended = place.command(&arguments).stdout(log()).status().unwrap();
    assert_eq!(ended.code(), Some(0));
    let text = place.read("log.txt");
    let (json, terminal) = text
        .strip_prefix("precious\n")
        .and_then(|text| text.split_once("\n}\n"))
        .unwrap();
    assert!(json.starts_with("{\n  \"format\""), "{json}");
    assert!(terminal.contains("3 passed"), "{terminal}");
}

/// One was lost, both were said to be written.
#[cfg(unix)]
#[test]
fn two_reports_never_go_to_one_file_by_two_names() {
    let place = Place::initialised();
    place.write("x.out", "");
    std::os::unix::fs::symlink("x.out", place.path().join("y.out")).unwrap();
    for (one, other) in [
        ("x.out", "y.out"),
        ("/dev/stdout", "/dev/fd/1"),
        ("x.out", "./x.out"),
    ] {
        let (json, junit) = (format!("json={one}"), format!("junit={other}"));
        let said = place.run(&[
            "run",
            "--progress",
            "never",
            "--report",
            &json,
            "--report",
            &junit,
        ]);
        assert_eq!(said.code, Some(3), "{one} {other}: {said:?}");
        assert!(
            said.err.contains("another report goes to the same file"),
            "{}",
            said.err
        );
    }
}

/// Nothing of the report was shown where there was no room for temporary files.
#[test]
fn a_long_report_needs_no_temporary_folder() {
    let place = Place::initialised();
    let turns = format!("      - say: {}\n", "hello ".repeat(40)).repeat(48);
    let conversation = |number| format!("  - name: \"{number}\"\n    turns:\n{turns}");
    let conversations: Vec<String> = (0..60).map(conversation).collect();
    place.write(
        "long.yaml",
        &format!("target: coffee\nconversations:\n{}", conversations.concat()),
    );
    let output = place
        .command(&[
            "run",
            "-v",
            "--progress",
            "never",
            "--report",
            "terminal",
            "long.yaml",
        ])
        .env("TMPDIR", "/nowhere/at/all")
        .output()
        .unwrap();
    let said = Said::from(output);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert!(said.out.len() > 1 << 20, "{}", said.out.len());
    assert!(said.out.contains("60 passed"));
}

#[test]
fn help_is_coloured_as_it_is_told() {
    let place = Place::new();
    for (arguments, colored) in [
        (&["--color", "always", "--help"][..], true),
        (&["run", "--help", "--color=always"], true),
        (&["--help"], false),
        (&["--help", "--", "--color=always"], false),
    ] {
        let said = place.run(arguments);
        assert_eq!(said.out.contains('\u{1b}'), colored, "{arguments:?}");
    }
}

#[test]
fn completions_know_the_flags() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let said = place.run(&["completions", shell]);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(
            said.out.contains("fail-on-flaky") && said.out.contains("completions"),
            "{shell}"
        );
    }
}
