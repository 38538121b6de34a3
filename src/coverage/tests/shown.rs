//! The two forms of the result.

use super::*;

pub(super) const VIEW: View = View {
    color: false,
    width: 100,
    verbose: false,
};

pub(super) fn subject() -> Subject {
    Subject {
        runs: vec![RunHead {
            id: "5f0c".to_owned(),
            started_at: "2026-03-02T10:00:00.000Z".to_owned(),
            targets: Vec::new(),
        }],
        targets: vec!["ferry".to_owned()],
        conversations: 2,
        export: ExportName {
            path: "agents/ferry".to_owned(),
            hash: "ab12".to_owned(),
        },
        since: None,
    }
}

fn played() -> Coverage {
    covered(
        &agent(),
        &[
            json!({
                "match": {"kind": "intent", "intent": "ticket.buy", "event": null, "confidence": 1.0},
                "trace": {"pages": ["f1/START_PAGE", "f1/p1"], "asked": ["harbour"], "handlers": ["r1"]},
                "webhooks": [{"name": "Prices", "code": 0}],
            }),
            json!({"trace": {"pages": ["f1/p1"], "asked": ["harbour"], "handlers": ["e3"]}}),
        ],
    )
}

#[test]
fn people_read_figures_and_then_what_is_left_to_test() {
    let text = terminal::render(&subject(), &played(), VIEW);
    let expected = "\
Coverage of agents/ferry by the run of 2026-03-02 10:00 UTC (ferry)
2 turns in 2 conversations

  flows               1 of 2     50.0 %  ██████████░░░░░░░░░░
  pages               1 of 2     50.0 %  ██████████░░░░░░░░░░
  routes              1 of 6     16.6 %  ███░░░░░░░░░░░░░░░░░
  route groups        0 of 1      0.0 %  ░░░░░░░░░░░░░░░░░░░░
  event handlers      1 of 5     20.0 %  ████░░░░░░░░░░░░░░░░
  intents             1 of 4     25.0 %  █████░░░░░░░░░░░░░░░
  form parameters     0 of 2      0.0 %  ░░░░░░░░░░░░░░░░░░░░
  webhooks            1 of 3     33.3 %  ██████░░░░░░░░░░░░░░
  total               6 of 25    24.0 %  ████░░░░░░░░░░░░░░░░
  entity values       0 of 6      0.0 %  ░░░░░░░░░░░░░░░░░░░░  not in the total

Not touched

Flow Default Start Flow
  route     intent pier.ask, if $session.params.known = true → flow Piers
  event     sys.no-match-default
  event     storm
  event     nobody  it has no id
  page Lost  never entered; no route or event handler leads to it; with 1 route, 1 event handler
  page Ticket
    route     if $page.params.status = \"FINAL\" → End Session
    parameter harbour  asked for, never answered
    parameter $flow.berth

Flow Piers  never entered; with 1 route

Route group Small talk  no route of it was called
  route     intent thanks

Intents
  pier.ask, thanks
  no route waits for it: never.asked

Webhooks
  Weather
  nothing calls it: Idle

Entity values
  berth: @harbour:at, @harbour:at @ticket:with
  harbour: north, south
  ticket: (broken, [a-z]-\\d+
";
    assert_eq!(text, expected);
}

#[test]
fn lines_are_cut_to_the_width_unless_everything_is_wanted() {
    let narrow = View { width: 40, ..VIEW };
    let text = terminal::render(&subject(), &played(), narrow);
    assert!(
        text.contains("\n  route     intent pier.ask, if $sessio…\n"),
        "{text}"
    );
    let all = terminal::render(
        &subject(),
        &played(),
        View {
            verbose: true,
            ..narrow
        },
    );
    for part in [
        "\n  route     intent pier.ask, if $session.params.known = true → flow Piers\n",
        "\n  page Lost  never entered; no route or event handler leads to it\n    route     intent ticket.buy\n",
        "\nFlow Piers  never entered\n  route     if true → End Flow\n",
    ] {
        assert!(all.contains(part), "{part}\n{all}");
    }
}

#[test]
fn many_values_are_cut_and_hostile_names_are_harmless() {
    let mut agent = agent();
    let many: Vec<Value> = (0..20)
        .map(|number| json!({"value": format!("v{number:02}\u{1b}[2J")}))
        .collect();
    let harbour = agent.entity_types.get_mut("harbour").unwrap();
    harbour.entities.insert("en".to_owned(), from(&json!(many)));
    let mut coverage = covered(&agent, &[json!({"trace": {"pages": ["f1/START_PAGE"]}})]);
    for covered in &mut coverage.resources {
        covered.resource.name.push_str("\u{202e}\n::error::x");
        if covered.resource.kind == Kind::Intent {
            covered.resource.name.insert_str(0, "::error::");
        }
    }
    let text = terminal::render(&subject(), &coverage, VIEW);
    assert!(text.contains("and 13 more\n"), "{text}");
    assert!(
        !text.contains(['\u{1b}', '\u{202e}'])
            && !text.lines().any(|line| line.trim_start().starts_with("::")),
        "{text}"
    );
    let colored = terminal::render(&subject(), &coverage, View { color: true, ..VIEW });
    assert!(colored.contains("\u{1b}[1mNot touched\u{1b}[0m"), "{colored}");
}

#[test]
fn everything_touched_and_nothing_changed_are_said() {
    let mut coverage = played();
    coverage.resources.retain(Covered::is_touched);
    let text = terminal::render(&subject(), &coverage, VIEW);
    assert!(
        text.ends_with("\nEverything was touched.\n") && !text.contains("Not touched"),
        "{text}"
    );
    coverage.resources.clear();
    coverage.only_changes = true;
    let mut since = subject();
    since.since = Some(since.export.clone());
    let text = terminal::render(&since, &coverage, VIEW);
    assert!(
        text.contains("; only what is new or changed since agents/ferry\n"),
        "{text}"
    );
    assert!(
        text.ends_with("\nNothing that can be touched is new or changed.\n"),
        "{text}"
    );
    coverage.only_changes = false;
    let text = terminal::render(&since, &coverage, VIEW);
    assert!(
        text.contains("; everything, as settings differ from agents/ferry\n"),
        "{text}"
    );
}

#[test]
fn programs_read_a_stable_document() {
    let minima = ["20".parse().unwrap(), "pages=60".parse().unwrap()];
    let text = json::document(&subject(), &played(), &minima).unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    let resources = document["resources"].take();
    document["kinds"].as_array_mut().unwrap().truncate(1);
    assert_eq!(
        document,
        json!({
            "format": "turnproof-coverage/1",
            "runs": [{"id": "5f0c", "started_at": "2026-03-02T10:00:00.000Z"}],
            "targets": ["ferry"],
            "export": {"path": "agents/ferry", "hash": "ab12"},
            "conversations": 2, "turns": 2, "untraced_turns": 0,
            "total": {"touched": 6, "of": 25, "percent": 24.0},
            "kinds": [{"kind": "flows", "in_total": true, "touched": 1, "of": 2, "percent": 50.0}],
            "minima": [
                {"figure": "total", "percent": 20.0, "reached": true},
                {"figure": "pages", "percent": 60.0, "reached": false},
            ],
            "resources": null,
        })
    );
    let resources = resources.as_array().unwrap();
    assert_eq!(resources.len(), 31);
    let of = |id: &str| resources.iter().find(|resource| resource["id"] == id).unwrap();
    assert_eq!(
        of("e3"),
        &json!({"kind": "event-handler", "id": "e3", "flow": "Default Start Flow", "page": "Ticket",
            "form_parameter": "harbour", "name": "sys.no-match-1", "touched": true, "turns": 1})
    );
    assert_eq!(
        of("r2"),
        &json!({"kind": "route", "id": "r2", "flow": "Default Start Flow",
            "name": "intent pier.ask, if $session.params.known = true", "target": "flow Piers",
            "touched": false, "turns": 0})
    );
    let harbour = resources
        .iter()
        .find(|resource| resource["name"] == "harbour")
        .unwrap();
    assert_eq!(harbour["note"], "asked for, never answered");
}
