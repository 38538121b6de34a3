//! How fast the emulator is, and how much it remembers: a real process, real gRPC, ratios within one run.
//!
//! `cargo bench --bench emulator` prints one line per figure with the bound it is held to. The agent is a large export with
//! recorded conversations: `TURNPROOF_BENCH_AGENT`, else one kept beside the project, else our small bike workshop.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measuring program prints, and stops when it cannot measure"
)]

#[path = "../measure/bare_client.rs"]
mod bare_client;
mod echo;
#[path = "../measure/server.rs"]
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use turnproof::proto::cx_v3::QueryParameters;

use bare_client::{BareClient, Reads, Script};
use server::{Server, median};

/// As in the program itself, so that a comparison is one of the work done.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Sessions at once.
const IN_FLIGHT: usize = 64;
/// Sessions that are held.
const HELD: usize = 100_000;
/// The emulator looks for sessions whose time is over once a minute.
const SWEPT_AFTER: Duration = Duration::from_secs(65);
/// The argument that makes this program the yardstick.
const ECHO: &str = "serve-echo";

fn main() {
    if std::env::args().any(|argument| argument == ECHO) {
        return echo::serve();
    }
    let agent = agent();
    let scripts = scripts(&agent);
    println!(
        "agent: {} ({} conversations)",
        agent.file_name().unwrap().display(),
        scripts.len()
    );
    println!("{:<58} {:>12}   bound", "figure", "median");
    first_answer(&agent, &scripts);
    rate(&agent, &scripts);
    memory(&agent, &scripts);
}

fn agent() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("TURNPROOF_BENCH_AGENT").map(PathBuf::from);
    let beside = root.join("../shared/agents/healthcare.zip");
    named
        .or_else(|| beside.exists().then_some(beside))
        .unwrap_or_else(|| root.join("suites/agents/bike-workshop"))
}

/// What users said in the agent's recorded conversations.
fn scripts(agent: &Path) -> Vec<Script> {
    let agent = turnproof::export::load(agent).unwrap().agent;
    let texts = |case: &Value| -> Script {
        let turns = case["testCaseConversationTurns"].as_array().into_iter().flatten();
        turns
            .filter_map(|turn| turn["userInput"]["input"]["text"]["text"].as_str())
            .map(str::to_owned)
            .collect()
    };
    let recorded: Vec<Script> = agent.test_cases.values().map(texts).collect();
    let recorded: Vec<Script> = recorded.into_iter().filter(|script| !script.is_empty()).collect();
    if recorded.is_empty() {
        return vec![
            ["hello", "when are you open", "thank you"]
                .map(str::to_owned)
                .to_vec(),
        ];
    }
    recorded
}

fn figure(name: &str, value: &str, bound: &str) {
    println!("{name:<58} {value:>12}   {bound}");
}

/// Resident memory now; 0 where `/proc` does not tell.
fn resident_kib(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

fn first_answer(agent: &Path, scripts: &[Script]) {
    // The longest first words are no training phrase of any intent: they need the flow's model.
    let longest = scripts
        .iter()
        .map(|script| &script[0])
        .max_by_key(|text| text.len())
        .unwrap();
    let times = (0..7).map(|_| {
        let start = Instant::now();
        let server = Server::emulator(agent, &[]);
        BareClient::connect(&server.address, Reads::Leanly).play(&[vec![longest.clone()]], 1, 1);
        start.elapsed()
    });
    let milliseconds = median(times).as_secs_f64() * 1000.0;
    figure(
        "first answer after a cold start",
        &format!("{milliseconds:.0} ms"),
        "<= 250 ms",
    );
}

fn rate(agent: &Path, scripts: &[Script]) {
    let emulator = Server::emulator(agent, &[]);
    let echo = Server::start(Command::new(std::env::current_exe().unwrap()).arg(ECHO));
    let (client, yardstick) = (
        BareClient::connect(&emulator.address, Reads::Leanly),
        BareClient::connect(&echo.address, Reads::Leanly),
    );
    // Models are trained before anything is measured.
    client.play(scripts, 1, IN_FLIGHT);
    let sessions = (5_000 / scripts.len()).max(1);
    let mut ratios: Vec<f64> = (0..5)
        .map(|_| client.play(scripts, sessions, IN_FLIGHT) / yardstick.play(scripts, sessions, IN_FLIGHT))
        .collect();
    ratios.sort_by(f64::total_cmp);
    figure(
        "turns per second, of a server that only echoes",
        &format!("{:.2}", ratios[2]),
        ">= 0.40",
    );
}

fn memory(agent: &Path, scripts: &[Script]) {
    let emulator = Server::emulator(agent, &[]);
    let client = BareClient::connect(&emulator.address, Reads::Leanly);
    client.play(scripts, 1, IN_FLIGHT);
    // The conversations above are the ones remembered; one more turn each, for a second.
    let short = QueryParameters {
        session_ttl: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
        ..QueryParameters::default()
    };
    let one_turn: Vec<Script> = scripts.iter().map(|script| vec![script[0].clone()]).collect();
    let sessions = HELD.div_ceil(one_turn.len());
    let held = one_turn.len() * sessions;
    let before = resident_kib(&emulator);
    client.play_with(&one_turn, sessions, IN_FLIGHT, &short);
    let full = resident_kib(&emulator);
    #[expect(clippy::cast_precision_loss, reason = "a few GiB at most")]
    let each = full.saturating_sub(before) as f64 / held as f64;
    figure(
        "memory of an idle session",
        &format!("{each:.1} KiB"),
        "<= 16 KiB",
    );
    thread::sleep(SWEPT_AFTER);
    client.play_with(&one_turn, sessions, IN_FLIGHT, &short);
    let again = resident_kib(&emulator);
    #[expect(clippy::cast_precision_loss, reason = "a few GiB at most")]
    let ratio = again as f64 / full as f64;
    figure(
        "memory of the next 100,000 sessions, of the first ones'",
        &format!("{ratio:.2}"),
        "<= 1.05",
    );
}
