//! Agents with generators and playbooks through the program: what `check` says of them, and suites that answer for
//! them.

use std::fs;
use std::path::Path;

use crate::cli_place::Place;

const SETTINGS: &str = "targets:\n  guide: { backend: emulator, agent: agents/guide }\n";

const UNANSWERED: &str = "
suite: Walks
target: guide
conversations:
  - name: describes a walk
    turns:
      - say: describe the walk
        expect: { intent: describe }
      - say: a human please
        expect: { reply: The ranger will help you., page: Start Page }
";

const ANSWERED: &str = "
suite: Walks
target: guide
generators:
  Description:
    - when: { inputs: { walk: lake }, parameters: { WALK: lake }, language: en }
      respond: \"Around the {{ water }}.\"
vars: { water: lake }
conversations:
  - name: describes a walk
    turns:
      - say: describe the walk
        expect: { reply: Around the lake., parameters: { walk: lake } }
  - name: says that the model fails
    generators:
      Description: [{ respond: { error: quota } }]
    turns:
      - say: describe the walk
        expect: { reply: { contains: $request.generative.description } }
  - name: talks to the ranger
    playbooks:
      Ranger:
        - when: { flow: Default Start Flow, intent: person, text: { icontains: human } }
          respond: { messages: [Hello.] }
        - when: { text: bye }
          respond: { messages: [Bye.], parameters: { done: yes }, target_page: Goodbye }
        - respond: { messages: [Bears are shy.] }
    turns:
      - say: a human please
        expect: { match: intent, replies: [The ranger will help you., Hello.], playbook: Ranger, visited: [Ranger] }
      - say: are there bears
        expect: { match: playbook, reply: Bears are shy., playbook: Ranger, visited: [Ranger] }
      - say: bye
        expect: { replies: [Bye., Enjoy your walk.], page: Goodbye, parameters: { done: yes }, visited: [Ranger, Goodbye] }
      - say: describe the walk
        expect: { match: intent, reply: Around the lake., playbook: { not: Ranger } }
  - name: starts with the ranger
    start: { playbook: Ranger }
    playbooks: { Ranger: [{ respond: { messages: [Hello.], end_session: true } }] }
    turns:
      - say: hello
        expect: { reply: Hello., ended: true, playbook: Ranger }
";

/// The guide, and a suite.
fn place(suite: &str) -> Place {
    let place = Place::new();
    copy(
        &place,
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agents/guide"),
        "agents/guide",
    );
    place.write("turnproof.yaml", SETTINGS);
    place.write("walks.yaml", suite);
    place
}

fn copy(place: &Place, from: &Path, to: &str) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = format!("{to}/{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            copy(place, &entry.path(), &to);
        } else {
            place.write(&to, &fs::read_to_string(entry.path()).unwrap());
        }
    }
}

#[test]
fn check_names_the_generators_and_playbooks_that_no_stub_answers() {
    let place = place(UNANSWERED);
    let flow = "agents/guide/flows/Default Start Flow/Default Start Flow.json";
    let with_store = place.read(flow).replacen(
        '{',
        r#"{"knowledgeConnectorSettings": {"enabled": true, "dataStoreConnections": [{"dataStore": "d"}]},"#,
        1,
    );
    place.write(flow, &with_store);
    let said = place.run(&["check"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for part in [
        "agents/guide",
        "the agent of `guide` calls the generator `Description`, which no stub answers",
        "the agent of `guide` hands over to the playbook `Ranger`, which no stub answers",
        "the agent of `guide` asks data stores (flow `Default Start Flow`)",
    ] {
        assert!(said.err.contains(part), "{part}\n{}", said.err);
    }
    assert_eq!(place.run(&["check", "--strict"]).code, Some(2));
    // What can be played is played, and what cannot is told where it matters.
    let run = place.run(&["run", "-v"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
    // Stubs of the settings count as those of suites do.
    place.write(
        "turnproof.yaml",
        &format!("{SETTINGS}generators: {{ Description: [{{ respond: A lake. }}] }}\n"),
    );
    let said = place.run(&["check"]);
    assert!(
        !said.err.contains("`Description`") && said.err.contains("`Ranger`"),
        "{}",
        said.err
    );
}

#[test]
fn a_suite_answers_for_generators_and_playbooks() {
    let place = place(ANSWERED);
    let said = place.run(&["check"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    for api_version in ["v3", "v3beta1"] {
        place.write(
            "turnproof.yaml",
            &SETTINGS.replace("guide }", &format!("guide, api_version: {api_version} }}")),
        );
        let said = place.run(&["run", "-v"]);
        assert_eq!(said.code, Some(0), "{}", said.out);
    }
}

#[test]
fn what_nothing_answers_stands_beside_the_turn_that_fails() {
    let place = place(&UNANSWERED.replace("{ intent: describe }", "{ reply: Around the lake. }"));
    let said = place.run(&["run"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.out
            .contains("generator `Description` was called, but no stub answers it"),
        "{}",
        said.out
    );
}

#[test]
fn stubs_for_what_the_agent_does_not_have_are_told() {
    let place = place(&ANSWERED.replace("  Description:\n    - when", "  Descripton:\n    - when"));
    let said = place.run(&["check"]);
    assert!(said.err.contains("has no generator `Descripton`"), "{}", said.err);
    assert!(said.err.contains("did you mean `Description`?"), "{}", said.err);
}
