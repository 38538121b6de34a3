//! `--show-settings`: every choice of a run with its value and where it comes from, as a table.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use super::args::ReplaySpeed;
use super::columns::aligned;
use super::options::RunOptions;
use super::prepare::Prepared;
use crate::redact::{Redactor, clean_terminal_line};
use crate::settings::Settings;
use crate::settings::layers::{Layered, Origin};
use crate::settings::play::{BUILT_IN_REPEAT, BUILT_IN_RETRIES, BUILT_IN_TIMEOUTS, PlayPatch};
use crate::settings::profile::Profile;
use crate::settings::target::{CxRevision, Served, Target, TargetKind};
use crate::suite::Entry;
use crate::yaml::{Node, Reader};

/// One line of the table: name, value, origin. The value comes last there, because it can be long.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    name: String,
    value: String,
    origin: String,
}

impl Row {
    fn new(name: impl Into<String>, value: impl Into<String>, origin: &impl ToString) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            origin: origin.to_string(),
        }
    }

    fn of<T>(name: &str, layered: &Layered<T>, show: impl Fn(&T) -> String) -> Self {
        Self::new(name, show(&layered.value), &layered.origin)
    }
}

/// The whole table, for the conversations that are selected.
pub(super) fn show(
    prepared: &Prepared<'_>,
    selected: &[usize],
    options: &RunOptions,
    profile: Option<(&Profile, Origin)>,
) -> String {
    let settings = &prepared.workplace.settings;
    let mut rows = vec![Row::new(
        "settings",
        settings.root.settings_file().display().to_string(),
        &"the paths",
    )];
    rows.extend(
        profile
            .as_ref()
            .map(|(profile, origin)| Row::new("profile", &profile.name, origin)),
    );
    rows.extend(rows_of_run(options));
    rows.extend(rows_of_cassettes(options));
    let layers = PlayLayers::new(options, profile.map(|(profile, _)| profile), settings);
    rows.extend(layers.rows(""));
    rows.extend(rows_of_targets(prepared, selected));
    let entries: Vec<&Entry> = selected
        .iter()
        .map(|position| &prepared.entries[*position])
        .collect();
    rows.extend(rows_of_suites(&layers, &entries));
    table(&rows, &settings.redactor)
}

/// What suites and conversations choose for themselves.
fn rows_of_suites(layers: &PlayLayers, entries: &[&Entry]) -> Vec<Row> {
    let mut rows = Vec::new();
    for of_suite in entries.chunk_by(|left, right| left.suite() == right.suite()) {
        let suite = layers.with(Origin::Suite, of_suite[0].suite_play());
        let of_layers = suite.rows(&format!("  in {}", of_suite[0].suite()));
        rows.extend(
            of_layers
                .into_iter()
                .filter(|row| row.origin == Origin::Suite.to_string()),
        );
        for entry in of_suite {
            // A file that was changed meanwhile is told of when it is played.
            let Ok(conversation) = entry.load() else { continue };
            let own = PlayPatch {
                turn_timeout: Some(conversation.timeouts.turn),
                conversation_timeout: Some(conversation.timeouts.conversation),
                errored_retries: Some(conversation.retries.errored),
                failed_retries: Some(conversation.retries.failed),
                repeat: Some(conversation.repeat),
            };
            let place = format!("  in {} / {}", entry.suite(), entry.name());
            let all = suite.with(Origin::Conversation, own).rows(&place);
            let differs = |(row, inherited): &(Row, Row)| row.value != inherited.value;
            rows.extend(
                all.into_iter()
                    .zip(suite.rows(&place))
                    .filter(differs)
                    .map(|(row, _)| row),
            );
        }
    }
    rows
}

/// The choices of the run itself.
fn rows_of_run(options: &RunOptions) -> Vec<Row> {
    vec![
        Row::of("jobs", &options.jobs, ToString::to_string),
        Row::of("rate", &options.rate, |rate| {
            or(rate.as_ref(), "each target's own")
        }),
        Row::of("timeout", &options.timeout, |timeout| {
            or(timeout.map(show_duration).as_ref(), "none")
        }),
        Row::of("max_duration", &options.max_duration, |duration| {
            or(duration.map(show_duration).as_ref(), "none")
        }),
        Row::of("max_turns", &options.max_turns, |most| or(most.as_ref(), "none")),
        Row::of("max_failures", &options.max_failures, |most| {
            or(most.as_ref(), "none")
        }),
        Row::of("fail_on_flaky", &options.fail_on_flaky, ToString::to_string),
        Row::of("shuffle", &options.shuffle, ToString::to_string),
        Row::of("seed", &options.seed, |seed| or(seed.as_ref(), "a fresh one")),
        Row::of("reports", &options.reports, |reports| reports.join(", ")),
    ]
}

/// Where recordings are, if there are any.
fn rows_of_cassettes(options: &RunOptions) -> Vec<Row> {
    let folder = |name: &str, layered: &Option<Layered<PathBuf>>| {
        let row = |layered: &Layered<PathBuf>| Row::of(name, layered, |folder| folder.display().to_string());
        layered.as_ref().map(row)
    };
    let speed = options.replay_speed.as_ref().map(|layered| {
        Row::of("replay_speed", layered, |speed| match speed {
            ReplaySpeed::Fast => "fast".to_owned(),
            ReplaySpeed::Recorded => "recorded".to_owned(),
        })
    });
    let folders = [
        folder("record", &options.record),
        folder("replay", &options.replay),
    ];
    folders.into_iter().chain([speed]).flatten().collect()
}

/// The layers that say how conversations are played.
#[derive(Clone)]
struct PlayLayers(Vec<(Origin, PlayPatch)>);

impl PlayLayers {
    fn new(options: &RunOptions, profile: Option<&Profile>, settings: &Settings) -> Self {
        let of_settings = settings.defaults.as_ref().and_then(Node::as_map).map(|map| {
            // What is wrong there was reported when the settings were read.
            PlayPatch::read(&mut Reader::new(&settings.file), map)
        });
        let flag = options
            .retries
            .as_ref()
            .map(|retries| (retries.origin.clone(), options.overrides()));
        let profile = profile.map(|profile| (Origin::Profile(profile.name.clone()), profile.play));
        let settings = of_settings.map(|patch| (Origin::Settings, patch));
        Self([flag, profile, settings].into_iter().flatten().collect())
    }

    fn with(&self, origin: Origin, patch: PlayPatch) -> Self {
        let mut layers = self.clone();
        layers.0.push((origin, patch));
        layers
    }

    fn pick<T>(&self, built_in: T, of: impl Fn(&PlayPatch) -> Option<T>) -> Layered<T> {
        Layered::pick(
            built_in,
            self.0.iter().map(|(origin, patch)| (origin.clone(), of(patch))),
        )
    }

    /// A row for each choice; `place` says whose it is.
    fn rows(&self, place: &str) -> Vec<Row> {
        let show = |duration: &Duration| show_duration(*duration);
        let turn = self.pick(BUILT_IN_TIMEOUTS.turn, |patch| patch.turn_timeout);
        let conversation = self.pick(BUILT_IN_TIMEOUTS.conversation, |patch| patch.conversation_timeout);
        let errored = self.pick(BUILT_IN_RETRIES.errored, |patch| patch.errored_retries);
        let failed = self.pick(BUILT_IN_RETRIES.failed, |patch| patch.failed_retries);
        let repeat = self.pick(BUILT_IN_REPEAT, |patch| patch.repeat);
        vec![
            Row::of(&format!("timeouts.turn{place}"), &turn, show),
            Row::of(&format!("timeouts.conversation{place}"), &conversation, show),
            Row::of(&format!("retries.errored{place}"), &errored, ToString::to_string),
            Row::of(&format!("retries.failed{place}"), &failed, ToString::to_string),
            Row::of(&format!("repeat{place}"), &repeat, |repeat| {
                match (repeat.times, repeat.at_least) {
                    (times, all) if times == all => times.to_string(),
                    (times, at_least) => format!("{times}, of which {at_least} must pass"),
                }
            }),
        ]
    }
}

/// Which target plays which role, and what that target is.
fn rows_of_targets(prepared: &Prepared<'_>, selected: &[usize]) -> Vec<Row> {
    let roles: BTreeSet<&str> = selected
        .iter()
        .map(|position| prepared.entries[*position].role())
        .collect();
    let mut rows = Vec::new();
    for role in roles {
        match prepared.roles.assign(Some(role)) {
            Ok(assigned) => {
                let value = format!("{}: {}", assigned.target.name, describe(assigned.target));
                rows.push(Row::new(format!("role {role}"), value, &assigned.origin));
            }
            Err(error) => rows.push(Row::new(format!("role {role}"), error.message(), &"settings")),
        }
    }
    rows
}

fn describe(target: &Target) -> String {
    let mut parts = vec![target.backend().to_owned()];
    match &target.kind {
        TargetKind::Emulator(emulator) => {
            parts.push(match &emulator.served {
                Served::Agent(file) => format!("agent {}", file.written),
                Served::App(file) => format!("app {}", file.written),
            });
            parts.extend(
                emulator
                    .clock
                    .map(|clock| format!("clock {}", clock.to_rfc3339())),
            );
            parts.extend(emulator.seed.map(|seed| format!("seed {seed}")));
        }
        TargetKind::Cx(cx) => {
            parts.push(cx.agent.to_string());
            match &cx.revision {
                CxRevision::Draft => {}
                CxRevision::Environment(id) => parts.push(format!("environment {id}")),
                CxRevision::FlowVersions(versions) => parts.push(format!("versions {}", versions.join(" "))),
            }
            parts.push(cx.api_version.name().to_owned());
            parts.extend(cx.endpoint.as_ref().map(ToString::to_string));
        }
        TargetKind::Ces(ces) => {
            parts.push(ces.app.to_string());
            parts.extend(ces.deployment.as_ref().map(|id| format!("deployment {id}")));
            parts.extend(ces.endpoint.as_ref().map(ToString::to_string));
        }
    }
    parts.extend(target.rate.map(|rate| format!("rate {rate}")));
    let quota = target.quota;
    parts.extend(quota.sessions.map(|sessions| format!("sessions {sessions}")));
    parts.extend(
        quota
            .tokens
            .map(|tokens| format!("tokens {}, {} a turn", tokens.allowed, tokens.per_turn)),
    );
    parts.join(", ")
}

/// The table as text; what may not be shown is redacted.
fn table(rows: &[Row], redactor: &Redactor) -> String {
    let clean = |text: &str| clean_terminal_line(&redactor.text(text)).into_owned();
    let head = ["setting", "from", "value"].map(str::to_owned);
    let rows = rows
        .iter()
        .map(|row| [clean(&row.name), clean(&row.origin), clean(&row.value)]);
    aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

/// A duration as it would be typed: `1m30s`, `250ms`.
fn show_duration(duration: Duration) -> String {
    let mut text = String::new();
    let mut rest = duration.as_millis();
    for (unit, size) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ] {
        if rest >= size {
            // Writing to a string does not fail.
            let _ = write!(text, "{}{unit}", rest / size);
            rest %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

fn or<T: ToString>(value: Option<&T>, otherwise: &str) -> String {
    value.map_or_else(|| otherwise.to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_shown_as_they_are_typed() {
        for text in ["4s", "250ms", "1m30s", "2h", "8d", "1d1h1m1s1ms", "0s"] {
            let duration = crate::yaml::parse_duration(text).unwrap();
            assert_eq!(show_duration(duration), text);
        }
    }

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        let mut redactor = Redactor::new();
        redactor.hide_secret("s3cret");
        let rows = [
            Row::new("日本", "a", &"built-in"),
            Row::new("long name", "s3cret\u{1b}", &"--x"),
        ];
        assert_eq!(
            table(&rows, &redactor),
            "setting    from      value\n\
             日本       built-in  a\n\
             long name  --x       [redacted]\\u{1b}\n"
        );
    }
}
