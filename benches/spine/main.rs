//! How fast the whole program is: real processes, real gRPC on loopback, medians and ratios within one run.
//!
//! `cargo bench --bench spine` prints one line per figure with the bound it is held to. Nothing here is a test: a
//! busy machine makes figures worse, never a build red.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measuring program prints, and stops when it cannot measure"
)]

#[path = "../measure/bare_client.rs"]
mod bare_client;
mod process;
#[path = "../measure/server.rs"]
mod server;
mod suites;

use std::time::Duration;

use bare_client::{BareClient, Reads};
use process::{Finished, play, run_to_end};
use server::{Server, median};
use suites::{Workplace, script};

/// As in the program itself, so that a comparison is one of the work done.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Sessions at once where the comparison with a bare client is made.
const IN_FLIGHT: usize = 64;
/// How often the whole run is compared with a bare client.
const ROUNDS: usize = 7;
/// Turns of each generated conversation.
const TURNS: usize = 5;

fn main() {
    println!("{:<58} {:>12}   bound", "figure", "median");
    start_up();
    check_many();
    beside_an_emulator();
    embedded();
    waiting_for_a_slow_agent();
    memory_and_rate();
}

fn figure(name: &str, value: &str, bound: &str) {
    println!("{name:<58} {value:>12}   {bound}");
}

/// An emulator of our bike workshop.
fn workshop(arguments: &[&str]) -> Server {
    let agent = concat!(env!("CARGO_MANIFEST_DIR"), "/suites/agents/bike-workshop");
    Server::emulator(agent.as_ref(), arguments)
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

fn mebibytes(kibibytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand MiB at most")]
    let value = kibibytes as f64 / 1024.0;
    format!("{value:.1} MiB")
}

fn median_time(runs: &[Finished]) -> Duration {
    median(runs.iter().map(|run| run.elapsed))
}

fn start_up() {
    let runs: Vec<_> = (0..20).map(|_| run_to_end(&["--version"], ".")).collect();
    figure(
        "turnproof --version",
        &milliseconds(median_time(&runs)),
        "<= 25 ms",
    );
}

fn check_many() {
    let place = Workplace::embedded(1_000, TURNS);
    let runs: Vec<_> = (0..7).map(|_| run_to_end(&["check"], place.path())).collect();
    figure(
        "check, 1,000 conversations",
        &milliseconds(median_time(&runs)),
        "<= 300 ms",
    );
}

fn beside_an_emulator() {
    let emulator = workshop(&[]);
    let place = Workplace::beside(200, TURNS, &emulator.address);
    let runs: Vec<_> = (0..9).map(|_| play(place.path(), IN_FLIGHT)).collect();
    figure(
        "run 200 x 5, emulator beside it",
        &milliseconds(median_time(&runs)),
        "<= 150 ms",
    );
    figure(
        "  peak memory of the client",
        &mebibytes(median(runs.iter().map(|run| run.peak_kib))),
        "<= 40 MiB",
    );
    figure(
        "  processor time of the client",
        &milliseconds(median(runs.iter().map(|run| run.cpu))),
        "",
    );
}

fn embedded() {
    let place = Workplace::embedded(200, TURNS);
    let runs: Vec<_> = (0..9).map(|_| play(place.path(), IN_FLIGHT)).collect();
    figure(
        "run 200 x 5, embedded emulator",
        &milliseconds(median_time(&runs)),
        "<= 300 ms",
    );
}

fn waiting_for_a_slow_agent() {
    let emulator = workshop(&["--latency", "50ms"]);
    let place = Workplace::beside(200, TURNS, &emulator.address);
    let runs: Vec<_> = (0..5).map(|_| play(place.path(), 32)).collect();
    let ideal = 1.75; // seven waves of 32 sessions, five turns of 50 ms each
    let ratio = median_time(&runs).as_secs_f64() / ideal;
    figure(
        "run 200 x 5 at 50 ms a turn, 32 jobs, of the ideal 1.75 s",
        &format!("{ratio:.3}"),
        "<= 1.05",
    );
    // A client that starts nothing, reads no suites, checks nothing and writes nothing.
    let bare = BareClient::connect(&emulator.address, Reads::AsGenerated);
    let mut rates: Vec<f64> = (0..5).map(|_| bare.play(&[script(TURNS)], 200, 32)).collect();
    rates.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a thousand turns")]
    let turns = (200 * TURNS) as f64;
    figure(
        "  the same of a bare client",
        &format!("{:.3}", turns / rates[2] / ideal),
        "",
    );
}

fn memory_and_rate() {
    let emulator = workshop(&[]);
    let small = Workplace::beside(1_000, TURNS, &emulator.address);
    let large = Workplace::beside(10_000, TURNS, &emulator.address);
    let of_small = median((0..3).map(|_| play(small.path(), IN_FLIGHT).peak_kib));
    let mut runs = Vec::new();
    let (mut rates, mut lean) = (Vec::new(), Vec::new());
    // Each beside a bare client, because the machine is not as fast in one minute as in the next.
    for _ in 0..ROUNDS {
        let turns = 10_000 * TURNS;
        let [bare, leanest] = [Reads::AsGenerated, Reads::Leanly].map(|reads| {
            BareClient::connect(&emulator.address, reads).play(&[script(TURNS)], 10_000, IN_FLIGHT)
        });
        let run = play(large.path(), IN_FLIGHT);
        #[expect(clippy::cast_precision_loss, reason = "fifty thousand turns")]
        let rate = turns as f64 / run.elapsed.as_secs_f64();
        rates.push(rate / bare);
        lean.push(rate / leanest);
        runs.push(run);
    }
    let of_large = median(runs.iter().map(|run| run.peak_kib));
    let more = of_large.saturating_sub(of_small);
    figure(
        "peak memory of 10,000 x 5 above 1,000 x 5",
        &mebibytes(more),
        "<= 16 MiB",
    );
    for (name, mut rates, bound) in [
        (
            "turns per second, of a bare client's at 64 in flight",
            rates,
            ">= 0.60",
        ),
        ("  of one that reads as little of each answer as we do", lean, ""),
    ] {
        rates.sort_by(f64::total_cmp);
        figure(name, &format!("{:.2}", rates[ROUNDS / 2]), bound);
    }
}
