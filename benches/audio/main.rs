//! Whether many callers at once keep the pace of speech: the whole program on one side, on the other a service that
//! writes down when each piece of sound came.
//!
//! `cargo bench --bench audio` plays 100 calls at once, in real time. Nothing here is a test.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measuring program prints, and stops when it cannot measure"
)]

#[path = "../spine/process.rs"]
#[expect(dead_code, reason = "one of its helpers belongs to the other benchmark")]
mod process;
mod service;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use turnproof::audio::{Encoding, Format, as_wav, encoded};
use turnproof::model::suite::AudioSettings;

use process::run_to_end;
use service::Service;

/// Calls at once.
const CALLS: usize = 100;
/// Turns of each call.
const TURNS: usize = 2;
/// How long the caller speaks in a turn.
const SPEECH: Duration = Duration::from_secs(5);
/// What all speak and hear.
const FORMAT: Format = AudioSettings::USUAL;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let speech = encoded(&hum(), Encoding::Linear16);
    let service = Service::expecting(speech.len());
    let address = runtime.block_on(service.clone().serve());
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("speech.wav"), as_wav(FORMAT, &speech).unwrap()).unwrap();
    write_suite(place.path(), &address.to_string());
    let run = run_to_end(&["run", "--jobs", &CALLS.to_string()], place.path());
    let mut late = service.lateness();
    late.sort();
    println!("{:<58} {:>12}   bound", "figure", "measured");
    println!(
        "{CALLS} calls in real time, {} pieces of sound in {:.1} s",
        late.len(),
        run.elapsed.as_secs_f64()
    );
    let share = run.cpu.as_secs_f64() / run.elapsed.as_secs_f64() * 100.0;
    figure("a piece is late, median", late[late.len() / 2], "");
    figure(
        "a piece is late, 99 of 100",
        late[late.len() * 99 / 100],
        "<= 20 ms",
    );
    figure("a piece is late, at most", late[late.len() - 1], "");
    println!(
        "{:<58} {share:>10.1} %   <= 50 %",
        "of one core, the whole program"
    );
}

fn figure(name: &str, value: Duration, bound: &str) {
    println!("{name:<58} {:>9.2} ms   {bound}", value.as_secs_f64() * 1e3);
}

/// A sound without a silent moment.
fn hum() -> Vec<i16> {
    let count = SPEECH.as_secs() * u64::from(FORMAT.rate);
    (0..count)
        .map(|at| i16::try_from(at * 37 % 2_000 + 200).unwrap())
        .collect()
}

fn write_suite(folder: &Path, address: &str) {
    let target = format!(
        "{{ backend: ces, app: projects/p/locations/us/apps/a, endpoint: \"http://{address}\", credentials: none, via: bidi }}"
    );
    fs::write(
        folder.join("turnproof.yaml"),
        format!("targets:\n  calls: {target}\n"),
    )
    .unwrap();
    let mut suite = "target: calls\nconversations:\n".to_owned();
    for call in 0..CALLS {
        let _ = write!(suite, "  - name: call {call}\n    turns:\n");
        for _ in 0..TURNS {
            suite.push_str("      - audio: speech.wav\n        expect: { reply: heard, transcript: hum }\n");
        }
    }
    fs::write(folder.join("calls.yaml"), suite).unwrap();
}
