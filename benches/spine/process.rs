//! Real processes, how long they took, and how much memory they had at their peak.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

const BINARY: &str = env!("CARGO_BIN_EXE_turnproof");

/// A process that has ended.
pub(crate) struct Finished {
    pub(crate) elapsed: Duration,
    /// Peak resident memory as last seen while it lived; 0 where `/proc` does not tell.
    pub(crate) peak_kib: u64,
}

/// Runs the program to its end; stops the measuring when it fails.
pub(crate) fn run_to_end(arguments: &[&str], folder: impl AsRef<Path>) -> Finished {
    let start = Instant::now();
    let child = Command::new(BINARY)
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status_file = format!("/proc/{}/status", child.id());
    let over = AtomicBool::new(false);
    let (output, elapsed, peak_kib) = thread::scope(|scope| {
        let watching = scope.spawn(|| peak_until(&over, &status_file));
        let output = child.wait_with_output().unwrap();
        let elapsed = start.elapsed();
        over.store(true, Ordering::Relaxed);
        (output, elapsed, watching.join().unwrap())
    });
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Finished { elapsed, peak_kib }
}

/// Plays the suites of a folder with all its default reports.
pub(crate) fn play(folder: &Path, jobs: usize) -> Finished {
    run_to_end(&["run", "--jobs", &jobs.to_string()], folder)
}

/// Looks seldom: on two cores, looking costs the program its time.
fn peak_until(over: &AtomicBool, status_file: &str) -> u64 {
    let mut peak_kib = 0;
    while !over.load(Ordering::Relaxed) {
        peak_kib = peak_kib.max(peak_of(status_file));
        thread::sleep(Duration::from_millis(5));
    }
    peak_kib
}

fn peak_of(status_file: &str) -> u64 {
    let status = fs::read_to_string(status_file).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

/// The middle one.
pub(crate) fn median<T: Ord>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort();
    let middle = values.len() / 2;
    values.swap_remove(middle)
}

/// An emulator in a process of its own; ended when dropped.
pub(crate) struct Emulator {
    child: Child,
    /// `127.0.0.1:port`.
    pub(crate) address: String,
}

impl Emulator {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let agent = concat!(env!("CARGO_MANIFEST_DIR"), "/suites/agents/bike-workshop");
        let mut child = Command::new(BINARY)
            .args(["emulate", "--agent", agent, "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .find_map(|line| {
                line.unwrap()
                    .split_once("http://")
                    .map(|(_, rest)| rest.trim().to_owned())
            })
            .unwrap();
        Self { child, address }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
