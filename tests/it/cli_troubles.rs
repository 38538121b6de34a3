//! Services in trouble: a run is errored, says what to do, and comes to its end.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use tonic::Status;
use turnproof::proto::cx_v3 as cx;
use turnproof::proto::cx_v3::response_message;

use crate::cli_place::{Place, Said};
use crate::scripted::{Reply, ScriptedServer};

/// Suites for both services at an address.
fn place_for(address: SocketAddr) -> Place {
    let place = Place::new();
    place.write(
        "turnproof.yaml",
        &format!(
            "targets:
  cx: {{ backend: cx, agent: projects/p/locations/global/agents/a, endpoint: \"http://{address}\", credentials: none }}
  ces: {{ backend: ces, app: projects/p/locations/us/apps/a, endpoint: \"http://{address}\", credentials: none }}
  bidi: {{ backend: ces, app: projects/p/locations/us/apps/a, endpoint: \"http://{address}\", credentials: none, via: bidi }}
"
        ),
    );
    for target in ["cx", "ces", "bidi"] {
        place.write(
            &format!("{target}.yaml"),
            &format!(
                "target: {target}\ndefaults: {{ timeouts: {{ turn: 2s }} }}\nconversations:\n  - name: asks\n    turns: [{{ say: hi, expect: {{ reply: hello }} }}]\n"
            ),
        );
    }
    place
}

/// Every suite is errored with such an error and hint.
fn errored(said: &Said, place: &Place, message: &str, hint: &str) {
    assert_eq!(said.code, Some(3), "{said:?}");
    let run: serde_json::Value = serde_json::from_str(&place.read("reports/run.json")).unwrap();
    for conversation in run["conversations"].as_array().unwrap() {
        assert_eq!(conversation["verdict"], "errored", "{conversation}");
        let error = &conversation["attempts"][0]["error"];
        for (part, wanted) in [("message", message), ("hint", hint)] {
            let told = error[part].as_str().unwrap_or_default();
            assert!(told.contains(wanted), "{part}: {error}");
        }
    }
    assert!(said.out.contains(message), "{}", said.out);
    let junit = place.read("reports/junit.xml");
    assert!(
        junit.contains("<error ") && !junit.contains("<failure "),
        "{junit}"
    );
}

/// Listens, and does with every connection what is told.
fn server(answer: impl Fn(std::net::TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // The thread ends with the test's process.
    thread::spawn(move || listener.incoming().flatten().for_each(answer));
    address
}

#[test]
fn nobody_listens() {
    // The port was free a moment ago, and is not given away again so soon.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let place = place_for(address);
    errored(
        &place.run(&["run"]),
        &place,
        &format!("cannot connect to http://{address}: "),
        "is the server running",
    );
}

#[test]
fn a_web_server_answers() {
    let address = server(|mut stream| {
        let page = "<html><title>404</title>nothing here</html>";
        let _ = stream.read(&mut [0; 4_096]);
        let _ = write!(
            stream,
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}",
            page.len()
        );
    });
    let place = place_for(address);
    errored(
        &place.run(&["run"]),
        &place,
        "the connection broke",
        "not be that of a gRPC server",
    );
}

#[test]
fn a_server_accepts_and_never_answers() {
    let held = std::sync::Mutex::new(Vec::new());
    let address = server(move |stream| held.lock().unwrap().push(stream));
    let place = place_for(address);
    let said = place.run(&["run", "--retries", "0"]);
    // The turn's time is up for the call and for the conversation that waits for it: either may tell.
    errored(&said, &place, "no answer within", "timeouts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_refuses() {
    type Refusal = fn(&str) -> Status;
    let table: [(Refusal, &str, &str); 4] = [
        (
            |said| Status::unauthenticated(said),
            "UNAUTHENTICATED",
            "check the target's credentials",
        ),
        (
            |said| Status::permission_denied(said),
            "PERMISSION_DENIED",
            "roles/dialogflow.client",
        ),
        (
            |said| Status::resource_exhausted(said),
            "RESOURCE_EXHAUSTED",
            "lower --jobs or --rate",
        ),
        (
            |said| Status::unavailable(said),
            "UNAVAILABLE",
            "try again, or raise --retries",
        ),
    ];
    for (refusal, code, hint) in table {
        let server = ScriptedServer::start().await;
        for method in ["DetectIntent", "RunSession", "BidiRunSession"] {
            server.reply(method, Reply::fail(refusal("no, said the service")));
        }
        let place = place_for(server.address());
        let said = place.run(&["run", "--retries", "0"]);
        errored(&said, &place, &format!("{code}: no, said the service"), hint);
        assert_eq!(
            server
                .received()
                .iter()
                .filter(|received| !received.path.contains("Bidi"))
                .count(),
            2
        );
    }
}

/// A secret stands where a long message is cut.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_at_the_end_of_what_is_shown_is_hidden_whole() {
    const SECRET: &str = "Sesame-open-the-door";
    let server = ScriptedServer::start().await;
    let message = format!("{} {SECRET} {}", "x".repeat(955), "y".repeat(500));
    server.reply("DetectIntent", Reply::fail(Status::internal(message)));
    let text = response_message::Text {
        text: vec![format!("{} {SECRET} and more", "x".repeat(45))],
        ..Default::default()
    };
    let answer = cx::DetectIntentResponse {
        query_result: Some(cx::QueryResult {
            response_messages: vec![cx::ResponseMessage {
                message: Some(response_message::Message::Text(text)),
                ..Default::default()
            }],
            ..Default::default()
        }),
        ..Default::default()
    };
    server.reply("DetectIntent", Reply::one(&answer));
    let place = Place::new();
    place.write(
        "turnproof.yaml",
        &format!(
            "env: [WORD]\ntargets:\n  cx: {{ backend: cx, agent: projects/p/locations/global/agents/a, quota_project: \"${{WORD}}\", endpoint: \"http://{}\", credentials: none }}\n",
            server.address()
        ),
    );
    place.write(
        "cx.yaml",
        "target: cx\nconversations: [{ name: asks, turns: [{ say: hi }] }]\n",
    );
    let run = place
        .command(&["run", "--retries", "0"])
        .env("WORD", SECRET)
        .output();
    let run = Said::from(run.unwrap());
    errored(&run, &place, "x [redacted]", "raise --retries");
    let examined = place.command(&["doctor"]).env("WORD", SECRET).output();
    let examined = Said::from(examined.unwrap());
    assert_eq!(examined.code, Some(0), "{examined:?}");
    assert!(examined.out.contains("xx [redacted] "), "{}", examined.out);
    let reports = ["reports/run.json", "reports/junit.xml"].map(|file| place.read(file));
    for shown in reports.iter().chain([&run.out, &run.err, &examined.out]) {
        assert!(!shown.contains("Sesame"), "{shown}");
        assert!(!shown.contains(&"y".repeat(60)), "it is cut: {shown}");
    }
}

/// Nobody writes into it: whoever opens it waits.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_credentials_file_that_is_a_pipe_stops_nothing() {
    let server = ScriptedServer::start().await;
    let place = Place::new();
    let made = std::process::Command::new("mkfifo")
        .arg(place.path().join("pipe"))
        .status();
    assert!(made.unwrap().success());
    for keys in [
        "credentials: { file: pipe }",
        "credentials: none, endpoint: \"https://127.0.0.1:1\", tls: { authorities: pipe }",
    ] {
        let endpoint = format!("endpoint: \"http://{}\"", server.address());
        let endpoint = if keys.contains("endpoint") { "" } else { &endpoint };
        place.write(
            "turnproof.yaml",
            &format!("targets: {{ cx: {{ backend: cx, agent: projects/p/locations/global/agents/a, {keys}, {endpoint} }} }}\n"),
        );
        place.write(
            "cx.yaml",
            "target: cx\nconversations: [{ name: asks, turns: [{ say: hi }] }]\n",
        );
        let allowed = ["--allow-credentials-to", "127.0.0.1"];
        let run = place.run(&[&["run"][..], &allowed].concat());
        assert_eq!(run.code, Some(3), "{run:?}");
        let examined = place.run(&[&["doctor"][..], &allowed].concat());
        for said in [run, examined] {
            assert!(said.out.contains("this is not a regular file"), "{}", said.out);
        }
    }
    assert!(server.received().is_empty());
}
