//! `turnproof doctor`: emulated targets, broken servers, and what it says of each.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use serde_json::Value;
use tonic::Status;
use turnproof::proto::ces_v1 as ces;
use turnproof::proto::cx_v3beta1 as cx;

use crate::cli_place::{Place, Said};
use crate::entrance::front::TlsFront;
use crate::entrance::pki::Authority;
use crate::scripted::{Reply, ScriptedServer};

const CX: &str = "backend: cx, agent: projects/p/locations/global/agents/a, credentials: none";
const CES: &str = "backend: ces, app: projects/p/locations/us/apps/a, credentials: none";

/// A place with one target `live`.
fn place(keys: &str) -> Place {
    let place = Place::new();
    place.write("turnproof.yaml", &format!("targets:\n  live: {{ {keys} }}\n"));
    place
}

/// The steps of the only target: `step: state`, and what was found with its hint.
struct Steps(Vec<(String, String, String)>);

impl Steps {
    fn of(place: &Place, more: &[&str], code: i32) -> Self {
        let mut arguments = vec!["doctor", "--format", "json"];
        arguments.extend(more);
        let said = place.run(&arguments);
        assert_eq!(said.code, Some(code), "{said:?}");
        let document: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(document["format"], "turnproof-doctor/1");
        let targets = document["targets"].as_array().unwrap();
        assert_eq!(targets.len(), 1, "{document}");
        let steps = targets[0]["steps"].as_array().unwrap();
        let text = |step: &Value, member: &str| step[member].as_str().unwrap_or_default().to_owned();
        Self(
            steps
                .iter()
                .map(|step| {
                    let found = format!("{} | {}", text(step, "found"), text(step, "hint"));
                    (text(step, "step"), text(step, "state"), found)
                })
                .collect(),
        )
    }

    fn states(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|(step, state, _)| format!("{step} {state}"))
            .collect()
    }

    /// The only bad step, with what it says.
    fn bad(&self) -> (&str, &str) {
        let mut bad = self.0.iter().filter(|(_, state, _)| state == "bad");
        let (step, _, found) = bad.next().unwrap();
        assert!(bad.next().is_none(), "{:?}", self.0);
        (step, found)
    }
}

fn at(address: SocketAddr, target: &str) -> Place {
    place(&format!("{target}, endpoint: \"http://{address}\""))
}

#[test]
fn an_emulated_agent_loads_and_answers() {
    let place = Place::initialised();
    let said = place.run(&["doctor"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for expected in [
        "coffee  emulator, agents/coffee-bar",
        "✓ settings     the emulator has loaded it",
        "✓ agent        it answered “",
        "1 target: nothing is wrong",
    ] {
        assert!(said.out.contains(expected), "{}", said.out);
    }
    let quiet = place.run(&["doctor", "--no-turn"]);
    assert_eq!(quiet.code, Some(0), "{quiet:?}");
    assert!(
        quiet.out.contains("- agent        no turn was asked for"),
        "{}",
        quiet.out
    );
}

#[test]
fn an_agent_that_does_not_load_is_wrong_in_the_settings() {
    let place = place("backend: emulator, agent: agents/gone");
    let steps = Steps::of(&place, &[], 2);
    let (step, found) = steps.bad();
    assert!(step == "settings" && found.contains("agents/gone"), "{found}");
    place.write("agents/gone/agent.json", "{ no json");
    let steps = Steps::of(&place, &[], 2);
    assert_eq!(steps.bad().0, "settings");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_target_costs_one_turn_or_none() {
    for (target, subject, method) in [(CX, "agent", "DetectIntent"), (CES, "app", "RunSession")] {
        let server = ScriptedServer::start().await;
        server.reply("DetectIntent", Reply::one(&cx::DetectIntentResponse::default()));
        server.reply("RunSession", Reply::one(&ces::RunSessionResponse::default()));
        let place = at(server.address(), target);
        let steps = Steps::of(&place, &["--no-turn"], 0);
        assert_eq!(
            steps.states(),
            [
                "settings good".to_owned(),
                "credentials good".to_owned(),
                "endpoint good".to_owned(),
                "handshake good".to_owned(),
                "permission unknown".to_owned(),
                format!("{subject} unknown"),
                "quota unknown".to_owned(),
            ]
        );
        assert!(server.received().is_empty());
        let steps = Steps::of(&place, &["--say", "hello there"], 0);
        assert!(
            steps.states().iter().all(|state| state.ends_with(" good")),
            "{:?}",
            steps.0
        );
        let received = server.only();
        assert!(received.path.ends_with(method), "{}", received.path);
        let said = String::from_utf8_lossy(&received.message).into_owned();
        assert!(said.contains("hello there"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_the_step_it_belongs_to() {
    type Refusal = fn(&str) -> Status;
    let table: [(Refusal, &str, &str, &[&str]); 6] = [
        (
            |said| Status::unauthenticated(said),
            "permission",
            "check the target's credentials",
            &["agent unknown", "quota unknown"],
        ),
        (
            |said| Status::permission_denied(said),
            "permission",
            "roles/dialogflow.client",
            &["agent unknown", "quota unknown"],
        ),
        (
            |said| Status::not_found(said),
            "agent",
            "check the agent or app name",
            &["permission good", "quota unknown"],
        ),
        (
            |said| Status::invalid_argument(said),
            "agent",
            "does not take what was sent",
            &["permission good", "quota unknown"],
        ),
        (
            |said| Status::resource_exhausted(said),
            "quota",
            "raise the project's quota",
            &["permission good", "agent unknown"],
        ),
        (
            |said| Status::unavailable(said),
            "agent",
            "overloaded or restarting",
            &["permission unknown", "quota unknown"],
        ),
    ];
    for (refusal, step, hint, others) in table {
        let server = ScriptedServer::start().await;
        server.reply("DetectIntent", Reply::fail(refusal("because")));
        let steps = Steps::of(&at(server.address(), CX), &[], 3);
        let (bad, found) = steps.bad();
        assert!(
            bad == step && found.contains("because") && found.contains(hint),
            "{bad}: {found}"
        );
        for other in others {
            assert!(steps.states().contains(&(*other).to_owned()), "{:?}", steps.0);
        }
        assert_eq!(server.received().len(), 1, "one turn, never a second");
    }
}

#[test]
fn nobody_listens() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let place = at(address, CX);
    let steps = Steps::of(&place, &[], 3);
    let (step, found) = steps.bad();
    assert!(
        step == "endpoint" && found.contains("cannot connect") && found.contains("is the server running")
    );
    let said = place.run(&["doctor"]);
    for expected in [
        "✗ endpoint     cannot connect",
        "hint: is the server running",
        "- quota        not reached",
    ] {
        assert!(said.out.contains(expected), "{}", said.out);
    }
    assert!(
        said.out.ends_with("1 target, to be mended: live\n"),
        "{}",
        said.out
    );
}

#[test]
fn a_name_that_nobody_has() {
    // The domain is reserved for names that do not exist.
    let steps = Steps::of(
        &place(&format!("{CX}, endpoint: \"https://agents.invalid\"")),
        &[],
        3,
    );
    let (step, found) = steps.bad();
    assert!(
        step == "endpoint" && found.contains("agents.invalid cannot be resolved"),
        "{found}"
    );
}

#[test]
fn a_web_server_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // The thread ends with the test's process.
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(
                b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>",
            );
        }
    });
    let steps = Steps::of(&at(address, CX), &[], 3);
    let (step, found) = steps.bad();
    assert!(
        step == "handshake" && found.contains("it speaks HTTP/1"),
        "{found}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_and_plaintext() {
    let authority = Authority::new("Test");
    let server = ScriptedServer::start().await;
    let front = TlsFront::start(&authority.server(&["localhost"]), server.address()).await;
    let plain = format!("https://localhost:{}", server.address().port());
    let own = "tls: { authorities: authority.pem }";
    for (endpoint, more, code, expected) in [
        (front.endpoint(), own, 0, ""),
        (front.endpoint(), "", 3, "nobody who is trusted vouches"),
        (format!("http://{}", front.address), "", 3, "write `https://`"),
        (plain, own, 3, "a plaintext one is written `http://`"),
    ] {
        let more = if more.is_empty() {
            String::new()
        } else {
            format!(", {more}")
        };
        let place = place(&format!("{CX}, endpoint: \"{endpoint}\"{more}"));
        place.write("authority.pem", authority.pem());
        let steps = Steps::of(&place, &["--no-turn"], code);
        if code == 0 {
            assert!(
                steps.0[3].2.contains("TLS 1.3 and HTTP/2; the target's own"),
                "{:?}",
                steps.0
            );
            continue;
        }
        let (step, found) = steps.bad();
        assert!(
            step == "handshake" && found.contains(expected),
            "{endpoint}: {found}"
        );
    }
    let steps = Steps::of(
        &{
            let place = place(&format!("{CX}, endpoint: \"{}\", {own}", front.endpoint()));
            place.write("authority.pem", "no certificate");
            place
        },
        &[],
        2,
    );
    let (step, found) = steps.bad();
    assert!(
        step == "settings" && found.contains("there is no certificate"),
        "{found}"
    );
}

#[test]
fn what_is_wrong_with_credentials_and_settings() {
    let cx = "backend: cx, agent: projects/p/locations/global/agents/a";
    for (keys, code, step, expected) in [
        (
            format!("{cx}, endpoint: \"https://agents.invalid\""),
            2,
            "settings",
            "--allow-credentials-to agents.invalid",
        ),
        (
            format!("{cx}, tls: {{ authorities: gone.pem }}, credentials: none"),
            2,
            "settings",
            "there is no file `gone.pem`",
        ),
        (
            format!("{cx}, credentials: {{ file: gone.json }}, proxy: \"127.0.0.1:1\""),
            3,
            "credentials",
            "gone.json",
        ),
    ] {
        let steps = Steps::of(&place(&keys), &[], code);
        let (first, _, found) = steps.0.iter().find(|(_, state, _)| state == "bad").unwrap();
        assert!(first == step && found.contains(expected), "{keys}: {:?}", steps.0);
    }
}

#[test]
fn a_variable_that_is_not_set_is_told_once_and_shown_as_it_is_written() {
    let place = Place::new();
    let settings = "env: [PROJ]\ntargets:\n  live: { backend: cx, agent: \"projects/${PROJ}/locations/${PROJ}/agents/a\" }\n";
    place.write("turnproof.yaml", settings);
    let said = place.run(&["doctor"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    for (part, count) in [
        ("the environment variable `PROJ` is not set", 1),
        ("set it: `PROJ=…", 1),
        ("cx, projects/${PROJ}/locations/${PROJ}/agents/a", 1),
        ("unset-variable", 0),
    ] {
        assert_eq!(said.out.matches(part).count(), count, "{part}: {}", said.out);
    }
}

#[test]
fn targets_are_chosen_by_name() {
    let place = Place::initialised();
    let said: Said = place.run(&["doctor", "--target", "cofee"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("did you mean `coffee`?"), "{}", said.err);
    let none = Place::new();
    none.write("turnproof.yaml", "targets: {}\n");
    assert_eq!(none.run(&["doctor"]).code, Some(4));
    let nowhere = Place::new();
    assert_eq!(nowhere.run(&["doctor"]).code, Some(2));
}
