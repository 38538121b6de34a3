//! Servers in processes of their own, and what becomes of many measurements.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_turnproof");

/// The middle one.
pub(crate) fn median<T: Ord>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort();
    let middle = values.len() / 2;
    values.swap_remove(middle)
}

/// A server in a process of its own; ended when dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    /// `127.0.0.1:port`.
    pub(crate) address: String,
}

impl Server {
    /// An emulator of an agent's export.
    pub(crate) fn emulator(agent: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(BINARY);
        command.args(["emulate", "--listen", "127.0.0.1:0", "--agent"]);
        Self::start(command.arg(agent).args(arguments))
    }

    /// A program that prints where it listens.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
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

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
