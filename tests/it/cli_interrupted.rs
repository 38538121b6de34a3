//! Runs that are stopped: by Ctrl-C, by SIGTERM, by impatience, by force. Whatever was found out is reported, and
//! nothing half-written stays behind; of an import neither.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};

use turnproof::proto::cx_v3 as cx;

use crate::cli_place::Place;
use crate::scripted::{Reply, ScriptedServer};

/// A run of three conversations, one after the other, of which the first is answered and the second is not.
struct Stuck {
    place: Place,
    run: Child,
    server: ScriptedServer,
}

impl Stuck {
    async fn start(arguments: &[&str]) -> Self {
        let server = ScriptedServer::start().await;
        let answer = cx::DetectIntentResponse {
            query_result: Some(cx::QueryResult::default()),
            ..Default::default()
        };
        server.reply("DetectIntent", Reply::one(&answer));
        server.reply("DetectIntent", Reply::Never);
        let place = Place::new();
        place.write(
            "turnproof.yaml",
            &format!(
                "targets: {{ live: {{ backend: cx, agent: projects/p/locations/global/agents/a, endpoint: \"http://{}\", credentials: none }} }}\n",
                server.address()
            ),
        );
        place.write(
            "suite.yaml",
            "target: live\nconversations:\n  - { name: one, turns: [{ say: hi }] }\n  - { name: two, turns: [{ say: ho }] }\n  - { name: three, turns: [{ say: hu }] }\n",
        );
        std::fs::create_dir(place.path().join("tmp")).unwrap();
        let run = place
            .command(&[&["run", "--jobs", "1"][..], arguments].concat())
            .env("TMPDIR", place.path().join("tmp"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stuck = Self { place, run, server };
        stuck.server.until_received(2).await;
        stuck
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.run.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Everything beside what the test itself has put there.
    fn left(&self) -> Vec<String> {
        let ours = ["suite.yaml", "turnproof.yaml", "pipe"];
        let files = self.place.files();
        let names = files.iter().map(|file| file.to_string_lossy().into_owned());
        names.filter(|name| !ours.contains(&name.as_str())).collect()
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.run.kill();
        let _ = self.run.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_run_reports_what_it_found_out() {
    for (signal, code, reason) in [("-INT", 130, "interrupted"), ("-TERM", 143, "terminated")] {
        let mut stuck = Stuck::start(&[]).await;
        stuck.signal(signal);
        assert_eq!(stuck.run.wait().unwrap().code(), Some(code), "{signal}");
        let (mut out, mut err) = (String::new(), String::new());
        stuck.run.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        stuck.run.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert!(out.contains("1 passed") && out.contains("2 not run"), "{out}");
        assert!(err.contains(&format!("stopping: {reason}")), "{err}");

        let run: serde_json::Value = serde_json::from_str(&stuck.place.read("reports/run.json")).unwrap();
        let verdicts: Vec<&str> = run["conversations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|conversation| conversation["verdict"].as_str().unwrap())
            .collect();
        assert_eq!(verdicts, ["passed", "not-run", "not-run"]);
        let cut = &run["conversations"][1]["attempts"][0]["turns"][0];
        assert_eq!(
            (&cut["input"]["say"], &cut["sent"]),
            (&"ho".into(), &"unknown".into())
        );
        let junit = stuck.place.read("reports/junit.xml");
        assert!(junit.trim_end().ends_with("</testsuites>"), "{junit}");
        assert_eq!(junit.matches("<skipped").count(), 2, "{junit}");
        assert_eq!(
            stuck.left(),
            [
                "reports/.turnproof/journal.jsonl",
                "reports/junit.xml",
                "reports/run.json"
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_ctrl_c_ends_at_once_and_leaves_nothing_half_written() {
    // A report into a pipe that nobody reads keeps the run from ending by itself.
    let pipe = tempfile::tempdir().unwrap();
    let pipe = pipe.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let report = format!("json={}", pipe.display());
    let mut stuck = Stuck::start(&["--report", &report]).await;
    stuck.signal("-INT");
    let mut err = BufReader::new(stuck.run.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("stopping: interrupted") {
        line.clear();
        assert_ne!(err.read_line(&mut line).unwrap(), 0, "the run ended too early");
    }
    stuck.signal("-INT");
    assert_eq!(stuck.run.wait().unwrap().code(), Some(130));
    let left = stuck.left();
    assert!(left.iter().all(|name| !name.contains(".part")), "{left:?}");
    assert!(left.iter().all(|name| !name.starts_with("tmp")), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_leaves_no_file() {
    let mut stuck = Stuck::start(&[]).await;
    stuck.signal("-KILL");
    assert_eq!(stuck.run.wait().unwrap().signal(), Some(9));
    assert!(stuck.left().is_empty(), "{:?}", stuck.left());
}

/// The hidden folder that an import fills stayed beside its output. The signal comes when the folder is there; an import
/// that was faster is whole.
#[test]
fn a_stopped_import_leaves_all_or_nothing() {
    let place = Place::new();
    let tea_house = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agents/tea-house");
    let copied = Command::new("cp")
        .arg("-r")
        .arg(tea_house)
        .arg(place.path().join("export"))
        .status();
    assert!(copied.unwrap().success());
    // So much to copy that there is time.
    for number in 0..2000 {
        place.write(&format!("export/notes/{number}"), "");
    }
    std::fs::create_dir(place.path().join("to")).unwrap();
    let folders = || place.path().join("to").read_dir().unwrap().count();
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let import = place
            .command(&["import", "cx-tests", "export", "--out", "to/imported"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut import = import.unwrap();
        while folders() == 0 && import.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let _ = Command::new("kill")
            .args([signal, &import.id().to_string()])
            .status();
        let ended = import.wait().unwrap().code();
        if place.path().join("to/imported").exists() {
            let written = place.path().join("to/imported/agents/export/notes");
            assert_eq!(written.read_dir().unwrap().count(), 2000, "{ended:?}");
            std::fs::remove_dir_all(place.path().join("to/imported")).unwrap();
        } else {
            assert_eq!(ended, Some(code));
        }
        assert_eq!(folders(), 0, "{signal}: {ended:?}");
    }
}
