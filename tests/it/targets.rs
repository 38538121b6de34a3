//! Targets of the settings, made ready and played against.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use turnproof::backend::error::BackendErrorKind;
use turnproof::backend::{Backend, SessionStart, Take, TurnInput, TurnRequest};
use turnproof::model::suite::{
    EmulatorStubs, Input, Location, Service, Start, StubResponse, StubRule, Stubs, Via, With,
};
use turnproof::model::transcript::AgentReply;
use turnproof::settings::Settings;
use turnproof::settings::root::Root;
use turnproof::settings::target::Target;
use turnproof::settings::variables::Environment;
use turnproof::target::{Means, ReadyTarget, make_ready};

/// The targets of a settings text whose files are beside this repository's own suites.
fn targets(text: &str) -> Vec<Target> {
    targets_at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("suites"), text)
}

/// The targets of a settings text whose files are in a folder.
fn targets_at(folder: &Path, text: &str) -> Vec<Target> {
    let root = Root::new(folder, folder).unwrap();
    let file = Arc::new(turnproof::diagnostic::SourceFile {
        path: "turnproof.yaml".into(),
        text: text.to_owned(),
    });
    let environment = Environment {
        lookup: &|_| None,
        ci: false,
        allowed: &[],
        offline: false,
    };
    let (settings, problems) = Settings::read(&file, &root, &environment);
    assert!(problems.is_empty(), "{problems:?}");
    let entries = settings.unwrap().targets;
    entries.into_iter().map(|entry| entry.target.unwrap()).collect()
}

async fn ready(text: &str) -> Vec<ReadyTarget> {
    let targets = targets(text);
    make_ready(&targets.iter().collect::<Vec<_>>(), &Means::default()).await
}

async fn play(backend: &dyn Backend, webhooks: Vec<Stubs>, says: &[&str]) -> AgentReply {
    let start = SessionStart {
        session_id: uuid::Uuid::new_v4().to_string(),
        start: Start::default(),
        stubs: Arc::new(EmulatorStubs {
            webhooks,
            ..EmulatorStubs::default()
        }),
        take: Take::default(),
    };
    let mut session = backend.open(start).await.unwrap();
    let mut reply = AgentReply::default();
    for text in says {
        let turn = TurnRequest {
            input: TurnInput::User(Input::Say((*text).to_owned())),
            with: With::default().into(),
            via: None,
            timeout: Duration::from_secs(20),
            want_raw: false,
        };
        reply = *session.play(turn).await.unwrap();
    }
    reply
}

/// The workshop's own system says that every ticket is in this state.
fn every_ticket_is(state: &str) -> Vec<Stubs> {
    let serde_json::Value::Object(answer) = json!({ "parameters": { "state": state } }) else {
        unreachable!("an object")
    };
    let rule = StubRule {
        location: Location {
            file: Arc::from(Path::new("test.yaml")),
            line: 1,
        },
        when: None,
        respond: StubResponse::Answer(answer),
    };
    vec![Stubs {
        by_name: Arc::new([("Workshop system".to_owned(), vec![rule])]),
    }]
}

#[tokio::test]
async fn sessions_of_an_emulated_agent_have_webhook_answers_of_their_own() {
    let ready =
        ready("targets:\n  workshop: { backend: emulator, agent: agents/bike-workshop, seed: 7 }\n").await;
    let backend = ready[0].backend.as_ref().unwrap();
    assert_eq!(backend.service(), Service::Cx);
    assert_eq!(ready[0].info.backend, "emulator");
    assert_eq!(ready[0].info.agent.as_deref(), Some("agents/bike-workshop"));
    assert_eq!(ready[0].info.export_hash.as_ref().map(String::len), Some(64));
    let says = ["is my bike ready", "It says WS-1042 here"];
    let (one, other) = tokio::join!(
        play(backend.as_ref(), every_ticket_is("ready"), &says),
        play(backend.as_ref(), every_ticket_is("lost"), &says),
    );
    assert_eq!(one.parameters.seen().unwrap()["state"], "ready");
    assert_eq!(other.parameters.seen().unwrap()["state"], "lost");
}

#[tokio::test]
async fn the_client_in_front_of_an_emulator_knows_its_names() {
    let ready = ready("targets:\n  workshop: { backend: emulator, agent: agents/bike-workshop }\n").await;
    let backend = ready[0].backend.as_ref().unwrap();
    let start = SessionStart {
        session_id: "a-session".to_owned(),
        start: Start {
            flow: Some(turnproof::model::suite::Name::Display("No such flow".to_owned())),
            ..Start::default()
        },
        stubs: Arc::default(),
        take: Take::default(),
    };
    let error = backend.open(start).await.err().unwrap();
    assert_eq!(error.kind, BackendErrorKind::Request);
    assert!(error.message.contains("No such flow"), "{error}");
}

#[tokio::test]
async fn live_targets_connect_to_nothing_before_they_are_asked() {
    let text = "targets:
  staging:
    backend: cx
    agent: projects/p/locations/us-central1/agents/a
    environment: e1
    credentials: none
  voice: { backend: ces, app: projects/p/locations/us/apps/a, credentials: none }
";
    let ready = ready(text).await;
    let infos: HashMap<&str, &ReadyTarget> = ready
        .iter()
        .map(|target| (target.info.name.as_str(), target))
        .collect();
    let staging = infos["staging"];
    assert_eq!(staging.info.environment.as_deref(), Some("e1"));
    assert_eq!(
        staging.info.agent.as_deref(),
        Some("projects/p/locations/us-central1/agents/a")
    );
    assert_eq!(staging.backend.as_ref().unwrap().service(), Service::Cx);
    let voice = infos["voice"];
    assert_eq!(voice.info.app.as_deref(), Some("projects/p/locations/us/apps/a"));
    assert_eq!(voice.backend.as_ref().unwrap().service(), Service::Ces);
}

#[tokio::test]
async fn credentials_for_a_host_that_nobody_vouched_for_make_the_target_unusable() {
    let text = "targets:
  lab:
    backend: cx
    agent: projects/p/locations/global/agents/a
    endpoint: https://agents.example.com
";
    let ready = ready(text).await;
    let error = ready[0].backend.as_ref().err().unwrap();
    assert!(error.is_auth(), "{error:?}");
}

/// The conversation's clock reaches the app, whichever way a turn goes, and a turn's own clock too.
#[tokio::test]
async fn an_emulated_app_lives_at_the_conversations_time() {
    let folder = tempfile::tempdir().unwrap();
    let app = folder.path().join("days.app.yaml");
    let script = "app: Days\nagents: { Day: { otherwise: [{ say: \"{{ today }}\" }] } }\n";
    std::fs::write(&app, script).unwrap();
    let targets = targets_at(
        folder.path(),
        "targets: { days: { backend: emulator, app: days.app.yaml } }\n",
    );
    let ready = make_ready(&targets.iter().collect::<Vec<_>>(), &Means::default()).await;
    let backend = ready[0].backend.as_ref().unwrap();
    for via in [Via::Run, Via::Stream, Via::Bidi] {
        let start = SessionStart {
            session_id: uuid::Uuid::new_v4().to_string(),
            start: Start::default(),
            stubs: Arc::default(),
            take: Take::default(),
        };
        let mut session = backend.open(start).await.unwrap();
        for day in ["2026-03-01", "2026-03-01", "2031-12-24"] {
            let clock = chrono::DateTime::parse_from_rfc3339(&format!("{day}T10:00:00Z")).unwrap();
            let mut with = With::default();
            with.emulator.clock = Some(clock);
            let turn = TurnRequest {
                input: TurnInput::User(Input::Say("what day is it?".to_owned())),
                with: with.into(),
                via: Some(via),
                timeout: Duration::from_secs(20),
                want_raw: false,
            };
            let reply = session.play(turn).await.unwrap();
            assert_eq!(reply.texts, [day], "{via:?}");
        }
    }
}
