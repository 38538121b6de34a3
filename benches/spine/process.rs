//! Real processes, how long they took, and how much memory they had at their peak.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

const BINARY: &str = env!("CARGO_BIN_EXE_turnproof");

/// A process that has ended.
pub(crate) struct Finished {
    pub(crate) elapsed: Duration,
    /// Peak resident memory as last seen while it lived; 0 where `/proc` does not tell.
    pub(crate) peak_kib: u64,
    /// Processor time as last seen while it lived; none where `/proc` does not tell.
    pub(crate) cpu: Duration,
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
    let folder = format!("/proc/{}", child.id());
    let over = AtomicBool::new(false);
    let (output, elapsed, (peak_kib, cpu)) = thread::scope(|scope| {
        let watching = scope.spawn(|| watched_until(&over, folder.as_ref()));
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
    Finished {
        elapsed,
        peak_kib,
        cpu,
    }
}

/// Plays the suites of a folder with all its default reports.
pub(crate) fn play(folder: &Path, jobs: usize) -> Finished {
    run_to_end(&["run", "--jobs", &jobs.to_string()], folder)
}

/// Peak memory and processor time. Looks seldom: on two cores, looking costs the program its time.
fn watched_until(over: &AtomicBool, folder: &Path) -> (u64, Duration) {
    let (mut peak_kib, mut cpu) = (0, Duration::ZERO);
    while !over.load(Ordering::Relaxed) {
        peak_kib = peak_kib.max(peak_of(&folder.join("status")));
        cpu = cpu.max(cpu_of(&folder.join("stat")));
        thread::sleep(Duration::from_millis(5));
    }
    (peak_kib, cpu)
}

/// Ticks of the kernel's clock, of which there are a hundred in a second, for the process itself and for the kernel.
fn cpu_of(stat_file: &Path) -> Duration {
    let stat = fs::read_to_string(stat_file).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u32 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u32>().ok())
        .sum();
    Duration::from_millis(10) * ticks
}

fn peak_of(status_file: &Path) -> u64 {
    let status = fs::read_to_string(status_file).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}
