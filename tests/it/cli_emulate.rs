//! `turnproof emulate`: where it listens, how it ends, and what it refuses.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::cli_place::Place;

/// A running emulator; ends with the test.
pub(crate) struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) address: String,
}

impl Running {
    pub(crate) fn start(place: &Place, arguments: &[&str]) -> Self {
        let all: Vec<&str> = ["emulate", "--listen", "localhost:0"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        let mut child = place.command(&all).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .unwrap()
            .to_owned();
        Self {
            child,
            output,
            address,
        }
    }

    /// Interrupts it; what it said after its first line.
    #[cfg(unix)]
    pub(crate) fn interrupted(mut self) -> String {
        self.signal("-INT");
        let mut said = String::new();
        self.output.read_to_string(&mut said).unwrap();
        said
    }

    #[cfg(unix)]
    fn end(mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
        self.child.wait().unwrap().code()
    }

    #[cfg(unix)]
    fn signal(&self, signal: &str) {
        let killed = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
#[test]
fn it_answers_where_it_says_and_ends_when_told() {
    let place = Place::initialised();
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let running = Running::start(&place, &["--agent", "agents/coffee-bar"]);
        TcpStream::connect(&running.address).unwrap();
        assert_eq!(running.end(signal), Some(code), "{signal}");
    }
}

#[test]
fn suites_can_be_played_against_it() {
    let place = Place::initialised();
    place.write("webhooks.yaml", "Any:\n  - respond: { parameters: { a: 1 } }\n");
    let running = Running::start(
        &place,
        &[
            "--agent",
            "agents/coffee-bar",
            "--webhooks",
            "webhooks.yaml",
            "--seed",
            "1",
        ],
    );
    let target = format!(
        "targets: {{ coffee: {{ backend: cx, agent: projects/p/locations/global/agents/a, endpoint: \"http://{}\", \
         credentials: none, export: agents/coffee-bar }} }}\n",
        running.address
    );
    place.write("turnproof.yaml", &target);
    std::fs::remove_file(place.path().join("webhooks.yaml")).unwrap();
    let said = place.run(&["run", "--filter", "greets"]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[test]
fn files_speak_for_generators_and_playbooks() {
    let place = Place::new();
    place.write(
        "fixtures/generators.yaml",
        "Description: [{ respond: Around the lake. }]\n",
    );
    place.write(
        "fixtures/playbooks.yaml",
        "Ranger: [{ respond: { messages: [Hello.] } }]\n",
    );
    let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agents/guide");
    let running = Running::start(
        &place,
        &[
            "--agent",
            guide.to_str().unwrap(),
            "--generators",
            "fixtures/generators.yaml",
            "--playbooks",
            "fixtures/playbooks.yaml",
        ],
    );
    let target = format!(
        "targets: {{ guide: {{ backend: cx, agent: projects/p/locations/global/agents/a, endpoint: \"http://{}\", \
         credentials: none }} }}\n",
        running.address
    );
    place.write("turnproof.yaml", &target);
    // What a suite says for an emulator means nothing to a service that answers for itself.
    place.write(
        "walks.yaml",
        "suite: Walks\ngenerators: { Description: [{ respond: Uphill. }] }\nconversations:\n  - name: a walk\n    \
         turns:\n      - { say: describe the walk, expect: { reply: Around the lake. } }\n      - { say: a human \
         please, expect: { reply: { ends_with: Hello. }, playbook: Ranger } }\n",
    );
    let said = place.run(&["run"]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[test]
fn what_cannot_be_served_is_refused() {
    let place = Place::initialised();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    place.write("webhooks.yaml", "Any: [{ respnd: {} }]\n");
    for (arguments, code, part) in [
        (
            &["--agent", "agents/coffee-bar", "--listen", "0.0.0.0:0"][..],
            2,
            "add `--allow-remote`",
        ),
        (&["--agent", "agents/nowhere"], 2, "agents/nowhere"),
        (&["--app", "turnproof.yaml"], 2, "turnproof.yaml:"),
        (&["--app", "agents/coffee-bar"], 2, "is served with `--agent`"),
        (&["--agent", "turnproof.yaml"], 2, "is served with `--app`"),
        (
            &["--agent", "agents/coffee-bar", "--webhooks", "webhooks.yaml"],
            2,
            "did you mean `respond`?",
        ),
        (
            &["--agent", "agents/coffee-bar", "--playbooks", "webhooks.yaml"],
            2,
            "did you mean `respond`?",
        ),
        (
            &["--agent", "agents/coffee-bar", "--generators", "nowhere.yaml"],
            2,
            "nowhere.yaml",
        ),
        (
            &["--agent", "agents/coffee-bar", "--listen", &taken],
            3,
            "cannot listen on 127.0.0.1:",
        ),
    ] {
        let all: Vec<&str> = std::iter::once("emulate")
            .chain(arguments.iter().copied())
            .collect();
        let said = place.run(&all);
        assert_eq!(
            (said.code, said.out.as_str()),
            (Some(code), ""),
            "{arguments:?}: {said:?}"
        );
        assert!(said.err.contains(part), "{arguments:?}: {}", said.err);
    }
}
