//! `--live-webhooks`: an emulated agent's webhook is a program on this machine, called only when it is named.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use crate::cli_place::Place;

const SUITE: &str = "
suite: Repair status
target: workshop
conversations:
  - name: a bike that is ready
    turns:
      - say: is my bike ready
      - say: It says WS-1042 here
        expect: { parameters: { state: ready }, webhook: [{ code: 0 }] }
";

/// Our bike workshop, with its system at this address.
fn workshop(address: &str) -> Place {
    let place = Place::new();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites/agents/bike-workshop");
    copy(&place, &from, "agents/bike-workshop", address);
    place.write(
        "turnproof.yaml",
        "targets:\n  workshop: { backend: emulator, agent: agents/bike-workshop }\n",
    );
    place.write("status.yaml", SUITE);
    place
}

fn copy(place: &Place, from: &Path, to: &str, address: &str) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = format!("{to}/{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            copy(place, &entry.path(), &to, address);
        } else {
            let text = fs::read_to_string(entry.path()).unwrap();
            place.write(&to, &text.replace("https://workshop.example/hook", address));
        }
    }
}

/// A web server for which every bike is ready.
fn system() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut request = Vec::new();
            let mut bytes = [0; 4096];
            while !request.ends_with(b"}") {
                let count = connection.read(&mut bytes).unwrap();
                request.extend_from_slice(&bytes[..count]);
            }
            let body = r#"{"sessionInfo": {"parameters": {"state": "ready"}}}"#;
            write!(
                connection,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
        }
    });
    address
}

#[test]
fn a_webhook_is_called_when_its_host_is_named() {
    let place = workshop(&system());
    let said = place.run(&["run", "--live-webhooks=127.0.0.1"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for refused in [
        &["run", "--live-webhooks"][..],
        &["run", "--live-webhooks=hooks.example.com"],
        &["run"],
    ] {
        let said = place.run(refused);
        assert_eq!(said.code, Some(1), "{refused:?}: {said:?}");
    }
    let said = place.run(&["run", "--live-webhooks"]);
    assert!(
        said.out.contains("name it with --live-webhooks=127.0.0.1"),
        "{said:?}"
    );
}
