//! Tests of the room above: the command line as a whole.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::CommandFactory as _;

use super::typed::VARIABLES;
use super::*;
use crate::settings::layers::Origin;
use crate::settings::rate::Rate;

fn parse(arguments: &str) -> Result<Typed, String> {
    let words = std::iter::once("turnproof").chain(arguments.split_whitespace());
    Typed::parse(words.map(OsString::from)).map_err(|problem| problem.to_string())
}

fn run(arguments: &str) -> RunArgs {
    match parse(&format!("run {arguments}")).unwrap().line.command {
        Command::Run(args) => *args,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_definition_is_sound() {
    CommandLine::command().debug_assert();
}

/// Every command, those within `import` and `export` included.
fn commands(of: &clap::Command) -> Vec<clap::Command> {
    let below = of.get_subcommands().flat_map(commands);
    std::iter::once(of.clone()).chain(below).collect()
}

#[test]
fn the_help_wraps_well() {
    for command in commands(&CommandLine::command()) {
        let after = [command.get_after_help(), command.get_after_long_help()];
        for text in after.into_iter().flatten().map(ToString::to_string) {
            let lines: Vec<&str> = text.lines().collect();
            for pair in lines.windows(2) {
                let is_prose =
                    |line: &str| !line.is_empty() && !line.starts_with(' ') && !line.ends_with(':');
                assert!(
                    !(is_prose(pair[0]) && is_prose(pair[1])),
                    "broken by hand: {pair:?}"
                );
            }
            for line in lines.iter().filter(|line| line.starts_with(' ')) {
                assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
            }
        }
    }
}

#[test]
fn every_command_has_examples() {
    for command in commands(&CommandLine::command()) {
        let examples = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let has_commands = command.get_subcommands().next().is_some();
        let names =
            [" ", " import ", " export "].map(|above| format!("turnproof{above}{}", command.get_name()));
        let shows_itself = names.iter().any(|name| examples.contains(name));
        assert!(shows_itself || has_commands, "{}: {examples}", command.get_name());
    }
}

#[test]
fn a_run_is_recorded_or_replayed() {
    assert_eq!(
        run("--record tapes").cassettes.record.unwrap().to_str(),
        Some("tapes")
    );
    let replayed = run("--replay tapes --replay-speed recorded").cassettes;
    assert_eq!(replayed.replay_speed, Some(ReplaySpeed::Recorded));
    for wrong in [
        "--record a --replay b",
        "--replay-speed fast",
        "--replay a --replay-speed slow",
        "--record",
    ] {
        assert!(parse(&format!("run {wrong}")).is_err(), "{wrong}");
    }
}

#[test]
fn run_takes_all_its_flags() {
    let args = run(
        "a.yaml:3 b --target flights=staging,voice --profile ci --filter x --jobs 4 --rate 10/s --retries 2 --timeout 1m30s \
         --max-failures 3 --fail-on-flaky --last-failed --shuffle --seed 7 --report junit=j.xml --report terminal --progress \
         never -v --print-expect --show-settings --strict --env A --env B --allow-credentials-to proxy.example.com",
    );
    assert_eq!(args.suites.paths.len(), 2);
    assert_eq!(args.suites.target.len(), 2);
    assert_eq!(args.suites.settings.allowed_variables, ["A", "B"]);
    assert_eq!(
        (args.play.jobs, args.play.retries, args.play.seed),
        (Some(4), Some(2), Some(7))
    );
    assert_eq!(args.play.rate.map(Rate::per_minute), Some(600));
    assert_eq!(args.play.timeout, Some(std::time::Duration::from_secs(90)));
    assert_eq!(args.output.reports, ["junit=j.xml", "terminal"]);
    assert_eq!(args.output.progress, When::Never);
    assert!(args.last_failed && args.output.verbose && args.output.print_expect && args.output.show_settings);
}

#[test]
fn mistakes_are_refused() {
    for arguments in [
        "run --jobs 0",
        "run --jobs x",
        "run --rate 5",
        "run --retries -1",
        "run --report html",
        "run --timeout 5",
        "run --timeout 5000000000000000h",
        "run --max-duration 366d",
        "run --fail-fast --max-failures 2",
        "run --target =x",
        "run --env A-B",
        "run --allow-credentials-to https://x",
        "run --nope",
        "runn",
        "emulate",
        "emulate --webhooks w.yaml --app a.yaml",
        "emulate --agent a --listen here",
        "import",
        "import cx-tests a.zip",
        "export",
        "export cx-tests a.yaml",
        "export cx-tests --out a --target a --target b",
        "completions tcsh",
        "schema report",
        "list --format xml",
        "--color sometimes check",
    ] {
        assert!(parse(arguments).is_err(), "{arguments}");
    }
    assert!(parse("runn").unwrap_err().contains("'run'"), "did you mean");
}

#[test]
fn color_may_stand_anywhere() {
    for arguments in [
        "--color never check",
        "check --color never",
        "check --color=never x.yaml",
    ] {
        assert_eq!(parse(arguments).unwrap().line.color, When::Never, "{arguments}");
    }
}

#[test]
fn every_variable_belongs_to_a_flag_and_is_documented() {
    let command = CommandLine::command();
    let run = command.find_subcommand("run").unwrap();
    let with_variable: BTreeSet<_> = run
        .get_arguments()
        .filter_map(|argument| {
            let variable = argument.get_env()?.to_string_lossy().into_owned();
            Some((
                argument.get_id().to_string(),
                format!("--{}", argument.get_long()?),
                variable,
            ))
        })
        .collect();
    let listed = VARIABLES
        .iter()
        .map(|(id, flag, variable)| ((*id).to_owned(), (*flag).to_owned(), (*variable).to_owned()));
    assert_eq!(with_variable, listed.collect());
}

#[test]
fn a_value_knows_whether_it_was_typed() {
    let typed = parse("run --jobs 4").unwrap();
    assert_eq!(typed.origins.of("--jobs"), Origin::Flag("--jobs"));
    assert_eq!(typed.origins.of("--filter"), Origin::Flag("--filter"));
}

#[test]
fn help_is_a_manual() {
    let mut command = CommandLine::command();
    let long = command.render_long_help().to_string();
    for exit in Exit::ALL {
        assert!(long.contains(exit.meaning()), "{exit:?}");
    }
    for subcommand in CommandLine::command().get_subcommands_mut() {
        let help = subcommand.render_long_help().to_string();
        for argument in subcommand.get_arguments() {
            assert!(
                argument.get_help().is_some(),
                "{}: {argument} has no help",
                subcommand.get_name()
            );
        }
        assert!(help.lines().all(|line| line.chars().count() <= 120), "{help}");
    }
}
