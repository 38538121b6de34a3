//! Services other than the emulator, recorded and played without them.

use std::fs;

use tonic::Status;
use turnproof::proto::{ces_v1, cx_v3beta1};

use super::{assert_same, cassettes, ended, run_result};
use crate::cli_place::{Place, Said};
use crate::scripted::{Reply, ScriptedServer};

/// Suites for both services at an address that wants a token.
fn with_token(server: &ScriptedServer) -> Place {
    let place = Place::new();
    let address = server.address();
    place.write(
        "turnproof.yaml",
        &format!(
            "env: [TOKEN, PROJECT]
redact: [pin]
targets:
  cx: {{ backend: cx, agent: \"projects/${{PROJECT}}/locations/global/agents/a\", endpoint: \"http://{address}\", credentials: {{ token_env: TOKEN }} }}
  ces: {{ backend: ces, app: projects/p/locations/us/apps/a, endpoint: \"http://{address}\", credentials: {{ token_env: TOKEN }} }}
"
        ),
    );
    for target in ["cx", "ces"] {
        place.write(
            &format!("{target}.yaml"),
            &format!(
                "target: {target}
conversations:
  - name: asks
    repeat: 2
    pass: {{ at_least: 1 }}
    turns:
      - say: my pin is 4711z, thanks
        expect: {{ reply: {{ contains: thank you }}, parameters: {{ town: Lyon }} }}
      - say: bye
"
            ),
        );
    }
    place
}

/// What the agents know after a turn.
fn known() -> turnproof::proto::Struct {
    let known = crate::scripted::object(serde_json::json!({"pin": "4711z", "town": "Lyon"}));
    turnproof::proto::json::json_to_struct(&known).unwrap()
}

fn cx_says(text: &str) -> Reply {
    let message = cx_v3beta1::ResponseMessage {
        message: Some(cx_v3beta1::response_message::Message::Text(
            cx_v3beta1::response_message::Text {
                text: vec![text.to_owned()],
                ..Default::default()
            },
        )),
        ..Default::default()
    };
    Reply::one(&cx_v3beta1::DetectIntentResponse {
        query_result: Some(cx_v3beta1::QueryResult {
            response_messages: vec![message],
            parameters: Some(known()),
            ..Default::default()
        }),
        ..Default::default()
    })
}

fn ces_says(text: &str) -> Reply {
    let updated = ces_v1::Chunk {
        data: Some(ces_v1::chunk::Data::UpdatedVariables(known())),
    };
    Reply::one(&ces_v1::RunSessionResponse {
        outputs: vec![ces_v1::SessionOutput {
            output_type: Some(ces_v1::session_output::OutputType::Text(text.to_owned())),
            turn_completed: true,
            diagnostic_info: Some(ces_v1::session_output::DiagnosticInfo {
                messages: vec![ces_v1::Message {
                    role: "a".to_owned(),
                    chunks: vec![updated],
                    event_time: None,
                }],
                ..Default::default()
            }),
            ..Default::default()
        }],
    })
}

const TOKEN: &str = "ya29.a-token-that-nobody-may-see";
/// It is read from the environment, too, where nobody plays cassettes.
const PROJECT: &str = "garage-west-4";

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_recorded_and_played_without_it_and_without_the_environment() {
    let server = ScriptedServer::start().await;
    for _ in 0..2 {
        for (method, says) in [
            ("DetectIntent", cx_says as fn(&str) -> Reply),
            ("RunSession", ces_says),
        ] {
            server.reply(method, says("thank you, 4711z it is"));
            // The one attempt fails in the middle, and so does its replay; the other goes on.
            server.reply(method, Reply::fail(Status::failed_precondition("it is over")));
        }
    }
    let place = with_token(&server);
    let mut recording = place.command(&[
        "run",
        "--seed",
        "1",
        "--record",
        "tapes",
        "--allow-credentials-to",
        "127.0.0.1",
    ]);
    let recorded = Said::from(
        recording
            .env("TOKEN", TOKEN)
            .env("PROJECT", PROJECT)
            .output()
            .unwrap(),
    );
    ended(&recorded, 3);
    let before = run_result(&place);
    assert_eq!(cassettes(&place).len(), 2);
    assert!(
        server
            .received()
            .iter()
            .all(|received| received.header("authorization").ends_with(TOKEN)),
        "the token was sent"
    );
    server.stop().await;

    for file in place.files() {
        let text = String::from_utf8_lossy(&fs::read(place.path().join(&file)).unwrap()).into_owned();
        let written_by_hand = file.extension().is_some_and(|ending| ending == "yaml");
        assert!(!text.contains(PROJECT), "{}: {text}", file.display());
        assert!(!text.contains(TOKEN), "{}: {text}", file.display());
        assert!(
            // No id of the run could hold it by chance.
            written_by_hand || !text.contains("4711z"),
            "{}: {text}",
            file.display()
        );
        assert!(
            !text.to_lowercase().contains("authorization"),
            "{}",
            file.display()
        );
    }
    let said = place.run(&["run", "--seed", "1", "--replay", "tapes"]);
    ended(&said, 3);
    assert_eq!(said.err, "");
    assert_same(&before, &run_result(&place));
    let text = before.to_string();
    assert!(
        text.contains("FAILED_PRECONDITION") && text.contains("it is over"),
        "{text}"
    );
    let in_ci = place
        .command(&["run", "--replay", "tapes"])
        .env("CI", "1")
        .output();
    ended(&Said::from(in_ci.unwrap()), 3);
}
