//! Tests of the room above: whole settings files.

use std::path::Path;

use super::layers::Origin;
use super::roles::{RoleError, TargetChoice};
use super::target::{Credentials, CxRevision, Served, TargetKind};
use super::*;
use crate::model::suite::{ApiVersion, Service, Via};

mod access;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("agents/flights")).unwrap();
        std::fs::write(folder.path().join("agents/support.app.yaml"), "").unwrap();
        Self(folder)
    }

    fn read_with(&self, text: &str, ci: bool, allowed: &[String]) -> (Option<Settings>, Vec<Diagnostic>) {
        let root = Root::new(self.0.path(), self.0.path()).unwrap();
        let file = Arc::new(SourceFile {
            path: "turnproof.yaml".into(),
            text: text.to_owned(),
        });
        let lookup = |name: &str| {
            (name == "PROJECT" || name == "TOKEN").then(|| format!("{}-value", name.to_lowercase()))
        };
        Settings::read(
            &file,
            &root,
            &Environment {
                lookup: &lookup,
                ci,
                allowed,
                offline: false,
            },
        )
    }

    fn read(&self, text: &str) -> (Option<Settings>, Vec<Diagnostic>) {
        self.read_with(text, false, &[])
    }
}

/// Settings without a problem.
fn good(text: &str) -> Settings {
    let (settings, problems) = Place::new().read(text);
    assert!(
        problems.is_empty(),
        "{}",
        crate::diagnostic::render::render(&problems, false)
    );
    settings.unwrap()
}

/// `code: message @ marked text` of each problem.
fn problems(text: &str) -> Vec<String> {
    let (_, problems) = Place::new().read(text);
    problems
        .iter()
        .map(|problem| {
            let label = &problem.labels[0];
            format!(
                "{}: {} @ {}",
                problem.code,
                problem.message,
                &label.file.text[label.span.clone()]
            )
        })
        .collect()
}

const WHOLE: &str = r#"
env: [PROJECT, TOKEN, GONE]
targets:
  flights:
    backend: emulator
    agent: agents/flights
    clock: 2026-03-01T09:00:00Z
    seed: 7
    latency: 50ms
  support: { backend: emulator, app: agents/support.app.yaml, via: stream }
  staging:
    backend: cx
    agent: projects/${PROJECT}/locations/us-central1/agents/1234
    export: agents/flights
    environment: 5f3a
    api_version: v3beta1
    via: server_stream
    rate: 600/min
  pinned:
    backend: cx
    agent: projects/p/locations/global/agents/a
    flow_versions: [f/3, projects/p/locations/global/agents/a/flows/f/versions/4]
    credentials: { token_env: TOKEN }
  voice: { backend: ces, app: projects/p/locations/us/apps/5678, deployment: prod, via: bidi, transport: grpc }
  lab: { backend: cx, agent: projects/p/locations/global/agents/a, endpoint: "http://127.0.0.1:4700", credentials: none }
  elsewhere: { backend: ces, app: "projects/${GONE}/locations/us/apps/x", credentials: { file: key.json } }
profiles:
  ci: { jobs: 16, fail_on_flaky: true, targets: { flights: staging }, reports: [junit, json=out/run.json], rate: 10/s }
  nightly: { jobs: 8, repeat: 5, pass: { at_least: 4 }, timeouts: { turn: 20s }, timeout: 2h, fail_fast: true, shuffle: true }
defaults: { with: { language: en } }
webhooks:
  Order lookup:
    - respond: { parameters: { status: shipped } }
redact: [card_number, { matches: "\\b\\d{13,16}\\b" }]
"#;

fn target<'s>(settings: &'s Settings, name: &str) -> &'s target::Target {
    settings.entry(name).unwrap().target.as_ref().unwrap()
}

#[test]
fn a_whole_file_is_read() {
    let settings = good(WHOLE);
    let TargetKind::Emulator(emulator) = &target(&settings, "flights").kind else {
        panic!()
    };
    assert_eq!(
        emulator.clock.map(|clock| clock.to_rfc3339()).as_deref(),
        Some("2026-03-01T09:00:00+00:00")
    );
    assert_eq!(
        (emulator.seed, emulator.latency),
        (Some(7), Some(std::time::Duration::from_millis(50)))
    );
    let Served::Agent(agent) = &emulator.served else {
        panic!()
    };
    assert!(
        agent.path.is_absolute()
            && agent.path.ends_with("agents/flights")
            && agent.written == "agents/flights"
    );

    let staging = target(&settings, "staging");
    let TargetKind::Cx(cx) = &staging.kind else {
        panic!()
    };
    assert_eq!(cx.agent.to_string().split('/').nth(1), Some("project-value"));
    assert_eq!(cx.revision, CxRevision::Environment("5f3a".to_owned()));
    assert_eq!(
        (cx.api_version, staging.via),
        (ApiVersion::V3Beta1, Some(Via::ServerStream))
    );
    assert_eq!(staging.rate.map(super::rate::Rate::per_minute), Some(600));
    assert_eq!(
        staging.export().map(|file| file.written.as_str()),
        Some("agents/flights")
    );

    let TargetKind::Cx(pinned) = &target(&settings, "pinned").kind else {
        panic!()
    };
    assert!(matches!(&pinned.revision, CxRevision::FlowVersions(versions) if versions.len() == 2));
    assert!(matches!(&pinned.credentials, Credentials::Token(token) if token.reveal() == "token-value"));
    assert!(!format!("{pinned:?}").contains("token-value"));

    let services: Vec<_> = settings
        .targets
        .iter()
        .map(|entry| entry.service.unwrap())
        .collect();
    assert_eq!(
        services,
        [
            Service::Cx,
            Service::Ces,
            Service::Cx,
            Service::Cx,
            Service::Ces,
            Service::Cx,
            Service::Ces
        ]
    );

    let ci = settings.profile("ci").unwrap();
    assert_eq!(
        (ci.jobs, ci.fail_on_flaky, ci.rate.unwrap().per_minute()),
        (Some(16), Some(true), 600)
    );
    assert_eq!(ci.reports.as_deref().unwrap(), ["junit", "json=out/run.json"]);
    let nightly = settings.profile("nightly").unwrap();
    assert_eq!((nightly.max_failures, nightly.shuffle), (Some(1), Some(true)));
    assert_eq!(
        nightly.play.repetitions(),
        crate::model::suite::Repeat {
            times: 5,
            at_least: 4
        }
    );
    assert!(settings.defaults.is_some() && settings.webhooks.is_some() && settings.tools.is_none());
    assert_eq!(
        settings.redactor.text("project-value, 4111111111111111"),
        "[redacted], [redacted]"
    );
    assert!(settings.redactor.hides_member("CARD_NUMBER"));
}

#[test]
fn the_empty_file_has_no_targets() {
    assert!(good("").targets.is_empty() && good("# nothing\n").targets.is_empty());
}

#[test]
fn what_a_target_lacks_here_and_now_is_kept_for_its_users() {
    let settings = good(&WHOLE.replace("export: agents/flights", "export: agents/gone"));
    let why = |name: &str| {
        let problems = &settings.entry(name).unwrap().unusable;
        problems
            .iter()
            .map(|problem| problem.message.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(why("elsewhere"), ["the environment variable `GONE` is not set"]);
    assert_eq!(
        why("staging"),
        ["`agents/gone` is neither beside this file nor at the root"]
    );
    assert!(why("flights").is_empty());
    let roles = settings.roles(None, &[], Origin::BuiltIn).unwrap();
    assert!(
        matches!(roles.assign(Some("staging")), Err(RoleError::Unusable { problems, .. }) if problems.len() == 1)
    );
}

#[test]
fn in_ci_variables_must_be_named() {
    let place = Place::new();
    let (settings, problems) = place.read_with(WHOLE, true, &["TOKEN".to_owned()]);
    assert!(problems.is_empty(), "{problems:?}");
    let settings = settings.unwrap();
    let staging = &settings.entry("staging").unwrap().unusable;
    assert_eq!(staging[0].help, ["add `--env PROJECT`"]);
    assert!(settings.entry("pinned").unwrap().unusable.is_empty());
    assert!(settings.unlisted(&["TOKEN".to_owned()]).is_empty());
    assert_eq!(
        settings.unlisted(&["TOKNE".to_owned()])[0].help,
        ["did you mean `TOKEN`?"]
    );
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let one = |target: &str| problems(&format!("env: [PROJECT]\ntargets:\n  x: {target}\n"));
    for (target, expected) in [
        (
            "{ backend: emulater, agent: a }",
            "unknown-value: there is no backend `emulater` @ emulater",
        ),
        (
            "{ agent: agents/flights }",
            "missing-key: the target needs `backend` @ ",
        ),
        (
            "{ backend: emulator }",
            "missing-key: an emulator target needs an `agent` or an `app` @ ",
        ),
        (
            "{ backend: emulator, agent: agents/flights, app: agents/support.app.yaml }",
            "conflicting-keys: an emulator target serves an `agent` or an `app`, not both @ app",
        ),
        (
            "{ backend: emulator, agent: agents/flights, sed: 7 }",
            "unknown-key: an emulator target has no key `sed` @ sed",
        ),
        (
            "{ backend: emulator, agent: agents/flights, clock: soon }",
            "bad-time: `clock` must be a time such as `2026-03-01T09:00:00Z`, not `soon` @ soon",
        ),
        (
            "{ backend: emulator, agent: agents/flights, via: bidi }",
            "unknown-value: a cx target's turns cannot go via `bidi` @ bidi",
        ),
        (
            "{ backend: cx, agent: a }",
            "bad-resource-name: the name of an agent is `projects/PROJECT/locations/LOCATION/agents/ID` @ a",
        ),
        (
            "{ backend: cx, agent: projects/p/locations/us/agents/a, environment: e, flow_versions: [f/1] }",
            "conflicting-keys: `environment` and `flow_versions` exclude each other @ flow_versions",
        ),
        (
            "{ backend: cx, agent: projects/p/locations/us/agents/a, endpoint: http://x.com }",
            "bad-endpoint: plaintext is for loopback only: use https:// @ http://x.com",
        ),
        (
            "{ backend: cx, agent: projects/p/locations/us/agents/a, rate: 5 }",
            "bad-rate: a rate such as 600/min or 10/s is wanted @ 5",
        ),
        (
            "{ backend: ces, app: projects/p/locations/us/apps/a, credentials: adv }",
            "unknown-value: there are no credentials `adv` @ adv",
        ),
        (
            "{ backend: ces, app: projects/p/locations/us/apps/a, credentials: { token_env: HOME } }",
            "variable: the variable `HOME` is not listed in `env:` of the settings @ HOME",
        ),
        (
            "{ backend: ces, app: projects/p/locations/us/apps/a, transport: rest }",
            "unknown-value: there is no transport `rest` @ rest",
        ),
        (
            "{ backend: cx, agent: \"${PROJEKT}\" }",
            "variable: the variable `PROJEKT` is not listed in `env:` of the settings @ \"${PROJEKT}\"",
        ),
    ] {
        let found = one(target);
        assert_eq!(found.len(), 1, "{target}: {found:?}");
        assert!(found[0].starts_with(expected), "{target}: {found:?}");
    }
}

#[test]
fn all_problems_are_shown_at_once() {
    let found = problems(
        "env: [A-B]\ntarget: {}\nprofiles: { ci: { targets: { a: nowhere }, jobs: 0, reports: [html] } }\nredact: [{ matches: \"(\" }, {}]\n",
    );
    let codes: Vec<&str> = found
        .iter()
        .map(|problem| problem.split(':').next().unwrap())
        .collect();
    assert_eq!(
        codes,
        [
            "unknown-key",
            "bad-name",
            "out-of-range",
            "unknown-value",
            "bad-regex",
            "missing-key",
            "unknown-target"
        ]
    );
}

#[test]
fn files_outside_the_root_are_not_used() {
    let settings = good("targets: { x: { backend: emulator, agent: ../.. } }");
    assert_eq!(
        settings.entry("x").unwrap().unusable[0].message,
        "`../..` leads outside the root"
    );
}

fn assigned(settings: &Settings, profile: Option<&str>, choices: &[&str], role: &str) -> String {
    let profile = profile.map(|name| settings.profile(name).unwrap());
    let choices: Vec<TargetChoice> = choices.iter().map(|choice| choice.parse().unwrap()).collect();
    match settings.roles(profile, &choices, Origin::Flag("--target")) {
        Err(problems) => problems[0].message.clone(),
        Ok(roles) => match roles.assign((!role.is_empty()).then_some(role)) {
            Ok(found) => format!(
                "{} by {}{}",
                found.target.name,
                found.origin,
                if found.kept { ", kept" } else { "" }
            ),
            Err(error) => error.message(),
        },
    }
}

#[test]
fn roles_find_their_targets() {
    let settings = good(WHOLE);
    for (profile, choices, role, expected) in [
        (None, &[][..], "flights", "flights by settings"),
        (Some("ci"), &[], "flights", "staging by profile ci"),
        (Some("ci"), &[], "support", "support by settings"),
        (Some("ci"), &["flights=lab"], "flights", "lab by --target"),
        (None, &["lab"], "flights", "lab by --target"),
        (None, &["lab"], "support", "support by settings, kept"),
        (None, &["lab", "voice"], "support", "voice by --target"),
        (None, &["lab", "flights=pinned"], "flights", "pinned by --target"),
        (
            None,
            &["lab", "pinned"],
            "flights",
            "`lab` and `pinned` speak the same service",
        ),
        (
            None,
            &["a=lab", "a=pinned"],
            "a",
            "the role `a` is given two targets: `lab` and `pinned`",
        ),
        (None, &["a=lab"], "a", "lab by --target"),
        (None, &["labb"], "flights", "the settings have no target `labb`"),
        (None, &[], "fligths", "no target plays the role `fligths`"),
        (None, &["lab"], "fligths", "no target plays the role `fligths`"),
        (None, &[], "elsewhere", "the target `elsewhere` cannot be used"),
        (None, &[], "", "no target plays the role ``"),
    ] {
        assert_eq!(
            assigned(&settings, profile, choices, role),
            expected,
            "{profile:?} {choices:?} {role}"
        );
    }
    let single = good("targets: { one: { backend: emulator, agent: agents/flights } }");
    assert_eq!(assigned(&single, None, &[], ""), "one by built-in");
    assert!("=x".parse::<TargetChoice>().is_err() && "x=".parse::<TargetChoice>().is_err());
}

#[test]
fn an_unknown_role_comes_with_help() {
    let text = "targets: { staging: { backend: emulator, agent: agents/flights } }\nprofiles: { ci: { targets: { flights: staging } } }";
    let settings = good(text);
    let roles = settings.roles(None, &[], Origin::BuiltIn).unwrap();
    let Err(RoleError::Unknown { help, .. }) = roles.assign(Some("flights")) else {
        panic!()
    };
    assert_eq!(
        help,
        [
            "known here: `staging`",
            "the role has a target with `--profile ci`",
            "choose one on the command line: `--target flights=NAME`"
        ]
    );
}

#[test]
fn a_missing_file_is_a_problem_not_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new(folder.path(), folder.path()).unwrap();
    let environment = Environment {
        lookup: &|_| None,
        ci: false,
        allowed: &[],
        offline: false,
    };
    let (settings, problems) = Settings::load(&root, &environment);
    assert!(settings.is_none() && problems[0].path.as_deref() == Some(Path::new("turnproof.yaml")));
}

#[test]
fn sound_is_settled_for_each_kind_of_target() {
    use crate::audio::{Encoding, Format};
    use crate::model::suite::AudioSettings;
    let settings = good(
        "targets:\n  plain: { backend: emulator, agent: agents/flights }\n  \
         phone: { backend: cx, agent: projects/p/locations/global/agents/a, \
         audio: { encoding: mulaw, chunk: 40ms, single_utterance: true, output: {} } }\n  \
         voice: { backend: ces, app: projects/p/locations/us/apps/a, audio: { pace: 2.5, output: { encoding: alaw } } }\n",
    );
    let plain = target(&settings, "plain").audio;
    assert_eq!(plain.input, None);
    assert!((plain.pace - AudioSettings::EMULATOR_PACE).abs() < f64::EPSILON);
    let phone = target(&settings, "phone").audio;
    let eight = |encoding| Format {
        encoding,
        rate: 8_000,
    };
    assert_eq!(phone.input, Some(eight(Encoding::Mulaw)));
    assert_eq!(phone.output, Some(AudioSettings::USUAL));
    assert!(phone.single_utterance && phone.piece.as_millis() == 40);
    assert!((phone.pace - 1.0).abs() < f64::EPSILON);
    let voice = target(&settings, "voice").audio;
    assert_eq!(voice.input, Some(AudioSettings::USUAL));
    assert_eq!(voice.output, Some(eight(Encoding::Alaw)));
}

#[test]
fn mistakes_in_sound_are_told() {
    for (audio, message) in [
        ("{ encoding: mp3 }", "`encoding` cannot be `mp3`"),
        ("{ rate: 7000 }", "`rate`"),
        ("{ pace: 0 }", "`pace` is a number above 0"),
        ("{ pace: fast }", "`pace` is a number above 0"),
        ("{ chunk: 5ms }", "`chunk` lasts 20ms to 1s"),
        ("{ single_utterance: true }", "means nothing on CES"),
        ("{ voice: en }", "`voice`"),
    ] {
        let text = format!(
            "targets: {{ a: {{ backend: ces, app: projects/p/locations/us/apps/a, audio: {audio} }} }}\n"
        );
        let told = problems(&text);
        assert!(told.len() == 1 && told[0].contains(message), "{audio}: {told:?}");
    }
}
