//! What was filled into a text is data: whatever it looks like, it is never a template again.

use std::process::Stdio;

use crate::cli_place::{Place, Said};

/// An app that repeats what it hears.
const ECHO: &str = "\
app: Echo
agents:
  Echo:
    rules:
      - when: { matches: \"(?s)(?<said>.+)\" }
        do: [{ say: \"You said {{ said }}\" }]
";

fn echoing(suite: &str) -> Place {
    let place = Place::new();
    place.write("agents/echo.app.yaml", ECHO);
    place.write(
        "turnproof.yaml",
        "env: [TOKEN]\ntargets: { echo: { backend: emulator, app: agents/echo.app.yaml } }\n",
    );
    place.write("suite.yaml", suite);
    place
}

fn run_with_token(place: &Place) -> Said {
    let mut command = place.command(&["run", "-v"]);
    command.env("TOKEN", "open-sesame").stdin(Stdio::null());
    Said::from(command.output().unwrap())
}

/// The inputs of the first conversation, and all of the reports.
fn inputs(place: &Place) -> Vec<String> {
    let run: serde_json::Value = serde_json::from_str(&place.read("reports/run.json")).unwrap();
    run["conversations"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|conversation| conversation["attempts"][0]["turns"].as_array().unwrap())
        .map(|turn| turn["input"]["say"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_cell_of_a_csv_file_stays_text() {
    let place = echoing(
        r#"
target: echo
steps:
  repeat:
    - say: "again: {{ text }}"
      expect: { reply: "You said again: {{ text }}" }
conversations:
  - name: "{{ line }}"
    examples: rows.csv
    turns:
      - say: "{{ line }}"
        expect:
          reply: { all_of: ["You said {{ line }}", { contains: "{{ line }}" }, { matches: "{{ pattern }}" }] }
      - { use: repeat, args: { text: "<{{ line }}>" } }
      - say: "{{ {{ line }} }}"
        expect: { reply: { contains: "{{ line }}" } }
"#,
    );
    place.write(
        "rows.csv",
        "line,pattern\n{{ env.TOKEN }} and {{ today }},\\w{3}\n{{ nothing | here }},said .{5}\nenv.TOKEN,env\\.TOKEN\n{{\"x\"}},x\n",
    );
    let said = run_with_token(&place);
    assert_eq!(said.code, Some(0), "{said:?}");
    let lines = [
        "{{ env.TOKEN }} and {{ today }}",
        "{{ nothing | here }}",
        "env.TOKEN",
        "{{\"x\"}}",
    ];
    let wanted: Vec<String> = lines
        .iter()
        .flat_map(|line| {
            [
                (*line).to_owned(),
                format!("again: <{line}>"),
                format!("{{{{ {line} }}}}"),
            ]
        })
        .collect();
    assert_eq!(inputs(&place), wanted);
    for line in lines {
        assert!(
            said.out.contains(&format!("suite / {line}")),
            "{line}: {}",
            said.out
        );
    }
    let all = said.out + &place.read("reports/junit.xml") + &place.read("reports/run.json");
    assert!(!all.contains("u007b"), "marks are shown nowhere");
}

#[test]
fn what_a_suite_asks_for_is_still_filled_in() {
    let place = echoing(
        r#"
target: echo
vars: { greeting: "I am {{ env.TOKEN }}" }
conversations:
  - name: asks
    clock: "2026-03-01T10:00:00Z"
    turns:
      - say: "{{ greeting }} on {{ today }}"
        expect: { reply: { ends_with: " on 2026-03-01" } }
"#,
    );
    let said = run_with_token(&place);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(
        inputs(&place),
        ["I am [redacted] on 2026-03-01"],
        "and hidden in the reports"
    );
}

#[test]
fn what_the_agent_said_stays_text() {
    let place = echoing(
        r#"
target: echo
conversations:
  - name: repeats
    examples: rows.csv
    turns:
      - say: "{{ line }}"
        capture: { heard: { from: reply, matches: "You said (.*)" } }
      - say: "{{ heard }}"
        expect: { reply: "You said {{ heard }}" }
"#,
    );
    place.write("rows.csv", "line\n{{ env.TOKEN }}\n");
    let said = run_with_token(&place);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(inputs(&place), ["{{ env.TOKEN }}", "{{ env.TOKEN }}"]);
}

#[test]
fn marks_cannot_be_written_by_hand() {
    let place = echoing(
        "target: echo\nconversations:\n  - name: a\n    turns:\n      - say: 'a {{\"\\u007b\"}}'\n      - say: '{{\"x\"}}'\n",
    );
    let said = place.run(&["check"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert_eq!(said.err.matches("error[unknown-name]").count(), 2, "{}", said.err);
}
