//! `run_method: stable`: each turn in a session of its own, which is told what should have been said before it.

use turnproof::proto::ces_v1 as ces;
use turnproof::proto::ces_v1::chunk::Data;
use turnproof::proto::ces_v1::session_input::InputType;
use turnproof::proto::ces_v1::session_output::OutputType;
use turnproof::proto::json::struct_to_json;

use crate::cli_place::Place;
use crate::scripted::{Reply, ScriptedServer};

const SUITE: &str = "\
target: shop
defaults: { run_method: stable, start: { agent: { id: desk }, parameters: { tier: gold } } }
conversations:
  - name: orders
    turns:
      - event: welcome
        history: [{ Desk: Hello! }]
      - say: a lamp
        with: { variables: { colour: red } }
        expect: { agent: Desk, reply: Which one? }
      - say: the small one
        expect: { agent: Till, replies: [\"That is 20 euro.\", Cash or card?] }
      - say: card
        expect: { reply: Thank you. }
";

fn answer(text: &str) -> Reply {
    Reply::one(&ces::RunSessionResponse {
        outputs: vec![ces::SessionOutput {
            turn_completed: true,
            turn_index: 1,
            output_type: Some(OutputType::Text(text.to_owned())),
            ..Default::default()
        }],
    })
}

/// `role: text | text`, for each message that a request tells.
fn told(config: &ces::SessionConfig) -> Vec<String> {
    let text = |chunk: &ces::Chunk| match &chunk.data {
        Some(Data::Text(text)) => text.clone(),
        other => format!("{other:?}"),
    };
    let line = |message: &ces::Message| {
        let texts: Vec<String> = message.chunks.iter().map(text).collect();
        format!("{}: {}", message.role, texts.join(" | "))
    };
    config.historical_contexts.iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_turn_has_its_own_session_and_its_own_history() {
    let server = ScriptedServer::start().await;
    // What is really answered is none of what is told.
    for text in ["Good morning!", "No lamps.", "What?", "Thank you."] {
        server.reply("RunSession", answer(text));
    }
    let place = Place::new();
    let settings = format!(
        "targets: {{ shop: {{ backend: ces, app: projects/p/locations/us/apps/shop, endpoint: \"http://{}\", \
         credentials: none }} }}\n",
        server.address()
    );
    place.write("turnproof.yaml", &settings);
    place.write("orders.yaml", SUITE);
    let (said, place) = tokio::task::spawn_blocking(move || (place.run(&["run"]), place))
        .await
        .unwrap();
    // The answers were wrong, which does not keep the turns after them from being played.
    assert_eq!(said.code, Some(1), "{said:?}");

    let requests: Vec<ces::RunSessionRequest> = server
        .received()
        .iter()
        .map(|received| {
            assert_eq!(received.path, "/google.cloud.ces.v1.SessionService/RunSession");
            received.read()
        })
        .collect();
    assert_eq!(requests.len(), 4, "no turn is sent twice");
    let configs: Vec<&ces::SessionConfig> = requests
        .iter()
        .map(|request| request.config.as_ref().unwrap())
        .collect();
    let mut sessions: Vec<&str> = configs.iter().map(|config| config.session.as_str()).collect();
    sessions.sort_unstable();
    sessions.dedup();
    assert_eq!(sessions.len(), 4, "one session for each turn");
    let first = ["Desk: Hello!"];
    let second = ["user: a lamp", "Desk: Which one?"];
    let third = ["user: the small one", "Till: That is 20 euro. | Cash or card?"];
    assert!(told(configs[0]).is_empty());
    assert_eq!(told(configs[1]), first);
    assert_eq!(told(configs[2]), [&first[..], &second].concat());
    assert_eq!(told(configs[3]), [&first[..], &second, &third].concat());
    let entry: Vec<bool> = configs
        .iter()
        .map(|config| config.entry_agent.ends_with("/agents/desk"))
        .collect();
    assert_eq!(entry, [true, true, true, false], "until somebody else takes over");
    let variables: Vec<String> = requests
        .iter()
        .map(|request| match &request.inputs[0].input_type {
            Some(InputType::Variables(set)) => serde_json::Value::Object(struct_to_json(set)).to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(variables[0], r#"{"tier":"gold"}"#);
    assert!(
        variables[1..]
            .iter()
            .all(|set| set == r#"{"colour":"red","tier":"gold"}"#),
        "{variables:?}"
    );
    let result: serde_json::Value = serde_json::from_str(&place.read("reports/run.json")).unwrap();
    let attempt = &result["conversations"][0]["attempts"][0];
    assert_eq!(attempt["turns"].as_array().unwrap().len(), 4);
    assert!(configs[3].session.ends_with(attempt["session"].as_str().unwrap()));
}
