//! How fast cassettes are played: the recordings alone, with the client that reads them, and the whole program.
//!
//! `cargo bench --bench cassette` records once, plays several times, and prints medians. Nothing here is a test.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measuring program prints, and stops when it cannot measure"
)]

#[path = "../spine/process.rs"]
#[expect(dead_code, reason = "one of its helpers belongs to the other benchmark")]
mod process;
#[path = "../spine/suites.rs"]
#[expect(dead_code, reason = "one of its helpers belongs to the other benchmark")]
mod suites;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use prost::Message;
use turnproof::backend::cx::{CxBackend, CxTarget};
use turnproof::backend::names::NoNames;
use turnproof::backend::transport::{Call, Transport};
use turnproof::backend::{Backend, SessionStart, Take, Title, TurnInput, TurnRequest};
use turnproof::cassette::{Cassettes, Place, Speed};
use turnproof::model::suite::{ApiVersion, Input, Start, Via, With};
use turnproof::proto::cx_v3beta1 as cx;
use turnproof::redact::Redactor;

use process::run_to_end;
use suites::Workplace;

const CONVERSATIONS: usize = 2_000;
const TURNS: usize = 5;
/// Conversations at once.
const IN_FLIGHT: usize = 64;
/// How often each figure is taken.
const TIMES: usize = 7;
/// What the program calls an emulated agent.
const AGENT: &str = "projects/turnproof/locations/global/agents/emulated";
const DETECT: &str = "/google.cloud.dialogflow.cx.v3.Sessions/DetectIntent";
/// What the generated suites say, in order.
const SAYS: [&str; TURNS] = [
    "hello",
    "when are you open",
    "thank you",
    "cheers",
    "what are your opening hours",
];
/// Conversations of one generated suite.
const PER_SUITE: usize = 50;

fn main() {
    println!("{:<58} {:>12}   bound", "figure", "median");
    let place = Workplace::embedded(CONVERSATIONS, TURNS);
    let jobs = IN_FLIGHT.to_string();
    let recording = run_to_end(&["run", "--jobs", &jobs, "--record", "cassettes"], place.path());
    figure("turns per second, recorded by the program", recording.elapsed, "");
    let cassettes = place.path().join("cassettes");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let alone = median(|| runtime.block_on(play(&cassettes, Way::Alone)));
    figure("turns per second, recordings alone", alone, ">= 50000");
    let client = median(|| runtime.block_on(play(&cassettes, Way::Client)));
    figure("turns per second, with the client that reads them", client, "");
    let program =
        median(|| run_to_end(&["run", "--jobs", &jobs, "--replay", "cassettes"], place.path()).elapsed);
    figure("turns per second, the whole program", program, "");
}

#[derive(Clone, Copy)]
enum Way {
    /// Requests are compared, and answers come back as bytes.
    Alone,
    /// Requests are made, and answers become replies.
    Client,
}

fn median(mut measure: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..TIMES).map(|_| measure()).collect();
    times.sort();
    times[TIMES / 2]
}

fn figure(name: &str, elapsed: Duration, bound: &str) {
    #[expect(clippy::cast_precision_loss, reason = "ten thousand turns")]
    let rate = (CONVERSATIONS * TURNS) as f64 / elapsed.as_secs_f64();
    println!("{name:<58} {rate:>12.0}   {bound}");
}

/// Plays every conversation once, from its file to its end.
async fn play(folder: &Path, way: Way) -> Duration {
    let redactor = Redactor::new();
    let place = Place {
        folder,
        shown: folder,
        redactor: &redactor,
        titles: Vec::new(),
    };
    let cassettes = Cassettes::replay(place, Speed::Fast).unwrap();
    let transport = cassettes
        .transport(|| unreachable!("a replay asks nobody"))
        .unwrap();
    let client = Arc::new(client(Arc::clone(&transport)));
    let start = Instant::now();
    futures::stream::iter(0..CONVERSATIONS)
        .map(|number| {
            let (cassettes, transport, client) =
                (cassettes.clone(), Arc::clone(&transport), Arc::clone(&client));
            tokio::spawn(async move {
                let title = Arc::new(Title {
                    suite: format!("suite-{:04}", number / PER_SUITE),
                    name: format!("conversation {}", number % PER_SUITE),
                });
                let start = session(&title);
                match way {
                    Way::Alone => ask(&transport, start).await,
                    Way::Client => converse(&client, start).await,
                }
                cassettes.finish(&title).await;
            })
        })
        .buffer_unordered(IN_FLIGHT)
        .for_each(|played| async { played.unwrap() })
        .await;
    let elapsed = start.elapsed();
    assert!(cassettes.problems([]).is_empty(), "everything was asked for");
    elapsed
}

fn session(title: &Arc<Title>) -> SessionStart {
    SessionStart {
        session_id: uuid::Uuid::new_v4().to_string(),
        start: Start::default(),
        stubs: Arc::default(),
        take: Take {
            conversation: Arc::clone(title),
            attempt: 1,
            session: 1,
            clock: chrono::DateTime::default(),
        },
    }
}

async fn ask(transport: &Arc<dyn Transport>, start: SessionStart) {
    let session = format!("{AGENT}/sessions/{}", start.session_id);
    let line = Arc::clone(transport).line(&start).await.unwrap();
    for says in SAYS {
        let text = cx::TextInput {
            text: says.to_owned(),
        };
        let request = cx::DetectIntentRequest {
            session: session.clone(),
            query_params: Some(cx::QueryParameters::default()),
            query_input: Some(cx::QueryInput {
                language_code: "en".to_owned(),
                input: Some(cx::query_input::Input::Text(text)),
            }),
            response_view: cx::DetectIntentResponseView::Full.into(),
            ..Default::default()
        };
        let call = Call {
            path: DETECT,
            routing: ("session", session.clone()),
            headers: Vec::new(),
            deadline: tokio::time::Instant::now() + Duration::from_secs(10),
        };
        let parts = line.ask(&call, request.encode_to_vec().into()).await.unwrap();
        assert_eq!(parts.len(), 1);
    }
}

fn client(transport: Arc<dyn Transport>) -> CxBackend {
    let target = CxTarget {
        agent: AGENT.parse().unwrap(),
        environment: None,
        flow_versions: Vec::new(),
        api_version: ApiVersion::V3,
        via: Via::Detect,
        audio: turnproof::model::suite::AudioSettings::default(),
        language: "en".to_owned(),
        names: Arc::new(NoNames),
        emulator: true,
    };
    CxBackend::over(target, transport).unwrap()
}

async fn converse(client: &CxBackend, start: SessionStart) {
    let mut session = client.open(start).await.unwrap();
    for says in SAYS {
        let turn = TurnRequest {
            input: TurnInput::User(Input::Say(says.to_owned())),
            with: With::default().into(),
            via: None,
            timeout: Duration::from_secs(10),
            want_raw: false,
        };
        let reply = session.play(turn).await.unwrap();
        assert!(!reply.texts.is_empty());
    }
}
