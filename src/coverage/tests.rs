//! What is touched, told by tables.

use serde_json::{Value, json};

use super::json::{ExportName, Subject};
use super::run_file::{Reply, RunHead};
use super::terminal::View;
use super::*;
use crate::export::agent::{Agent, EntityType, Flow, Intent, Page, Route, RouteGroup, Webhook};

mod changed;
mod shown;

fn from<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

/// A little agent: a ferry's ticket office.
pub(super) fn agent() -> Agent {
    let mut agent = Agent::default();
    let mut main: Flow = from(&json!({
        "name": "f1", "displayName": "Default Start Flow",
        "transitionRoutes": [
            {"name": "r1", "intent": "ticket.buy", "targetPage": "Ticket"},
            {"name": "r2", "intent": "pier.ask", "condition": "$session.params.known = true", "targetFlow": "Piers"},
        ],
        "eventHandlers": [
            {"name": "e1", "event": "sys.no-match-default"},
            {"name": "e2", "event": "storm", "triggerFulfillment": {"webhook": "Weather", "tag": "storm"}},
            {"name": "", "event": "nobody"},
        ],
        "transitionRouteGroups": ["Small talk"],
    }));
    let ticket: Page = from(&json!({
        "name": "p1", "displayName": "Ticket",
        "entryFulfillment": {"webhook": "Prices"},
        "form": {"parameters": [
            {"displayName": "harbour", "required": true, "entityType": "@harbour", "fillBehavior": {
                "repromptEventHandlers": [{"name": "e3", "event": "sys.no-match-1"}]}},
            {"displayName": "$flow.berth", "entityType": "@berth"},
        ]},
        "transitionRoutes": [{"name": "r3", "condition": "$page.params.status = \"FINAL\"", "targetPage": "End Session"}],
    }));
    let lost: Page = from(&json!({
        "name": "p2", "displayName": "Lost",
        "transitionRoutes": [{"name": "r4", "intent": "ticket.buy"}],
        "eventHandlers": [{"name": "e4", "event": "sys.no-input-default"}],
    }));
    main.pages.insert("Ticket".to_owned(), ticket);
    main.pages.insert("Lost".to_owned(), lost);
    let piers: Flow = from(&json!({"name": "f2", "displayName": "Piers",
        "transitionRoutes": [{"name": "r5", "condition": "true", "targetPage": "End Flow"}]}));
    agent.flows.insert("Default Start Flow".to_owned(), main);
    agent.flows.insert("Piers".to_owned(), piers);
    let group: RouteGroup = from(&json!({"name": "g1", "displayName": "Small talk",
        "transitionRoutes": [{"name": "r6", "intent": "thanks"}]}));
    agent.route_groups.insert("Small talk".to_owned(), group);
    let empty: RouteGroup = from(&json!({"name": "g2", "displayName": "Empty"}));
    agent.route_groups.insert("Empty".to_owned(), empty);
    for (id, name, parameters) in [
        (
            "i1",
            "ticket.buy",
            json!([{"id": "Harbour", "entityType": "@harbour"}, {"id": "day", "entityType": "@sys.date"}]),
        ),
        ("i2", "pier.ask", json!([])),
        ("i3", "thanks", json!([])),
        ("i4", "never.asked", json!([])),
    ] {
        let intent: Intent = from(&json!({"name": id, "displayName": name, "parameters": parameters}));
        agent.intents.insert(name.to_owned(), intent);
    }
    let negative: Intent =
        from(&json!({"name": "i0", "displayName": "Default Negative Intent", "isFallback": true}));
    agent.intents.insert(negative.display_name.clone(), negative);
    for (name, kind, values) in [
        (
            "harbour",
            "KIND_MAP",
            json!([{"value": "north", "synonyms": ["upper"]}, {"value": "south"}]),
        ),
        (
            "ticket",
            "KIND_REGEXP",
            json!([{"value": "[a-z]-\\d+"}, {"value": "(broken"}]),
        ),
        (
            "berth",
            "KIND_LIST",
            json!([{"value": "@harbour:at @ticket:with"}, {"value": "@harbour:at"}]),
        ),
    ] {
        let mut entity_type: EntityType = from(&json!({"name": name, "displayName": name, "kind": kind}));
        entity_type.entities.insert("en".to_owned(), from(&values));
        if name == "harbour" {
            entity_type.entities.insert(
                "de".to_owned(),
                from(&json!([{"value": "north", "synonyms": ["oben"]}])),
            );
        }
        agent.entity_types.insert(name.to_owned(), entity_type);
    }
    for name in ["Prices", "Weather", "Idle"] {
        let webhook: Webhook = from(&json!({"name": format!("w-{name}"), "displayName": name}));
        agent.webhooks.insert(name.to_owned(), webhook);
    }
    agent
}

pub(super) fn covered(agent: &Agent, replies: &[Value]) -> Coverage {
    let inventory = Inventory::new(agent);
    let mut tally = Tally::new(&inventory);
    for reply in replies {
        tally.turn(&from::<Reply>(reply));
    }
    Coverage::new(&tally, None)
}

/// The touched ones as `kind name`, with the owner where names are not enough.
fn touched(coverage: &Coverage) -> Vec<String> {
    let touched = coverage.resources.iter().filter(|covered| covered.is_touched());
    let mut names: Vec<String> = touched
        .map(|covered| {
            let resource = &covered.resource;
            let id = if resource.id.is_empty() {
                &resource.name
            } else {
                &resource.id
            };
            match &resource.entity_type {
                Some(entity_type) => format!("{entity_type}={id}"),
                None => id.clone(),
            }
        })
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn an_export_is_listed_with_what_leads_where() {
    let coverage = covered(&agent(), &[]);
    let counts = Kind::ALL.map(|kind| coverage.figure(Some(kind)).of);
    assert_eq!(counts, [2, 2, 6, 1, 5, 4, 2, 3, 6]);
    assert_eq!(coverage.figure(None).of, 25);
    let orphans: Vec<_> = coverage
        .resources
        .iter()
        .filter_map(|covered| Some((covered.resource.name.as_str(), covered.resource.orphan?)))
        .collect();
    assert_eq!(
        orphans,
        [
            ("Idle", "nothing calls it"),
            ("never.asked", "no route waits for it"),
            ("nobody", "it has no id"),
            ("Lost", "no route or event handler leads to it"),
        ]
    );
    let routes: Vec<_> = coverage
        .resources
        .iter()
        .filter(|covered| covered.resource.kind == Kind::Route)
        .map(|covered| (covered.resource.name.as_str(), covered.resource.target.as_deref()))
        .collect();
    assert_eq!(
        routes,
        [
            ("intent ticket.buy", Some("Ticket")),
            (
                "intent pier.ask, if $session.params.known = true",
                Some("flow Piers")
            ),
            ("intent ticket.buy", None),
            ("if $page.params.status = \"FINAL\"", Some("End Session")),
            ("if true", Some("End Flow")),
            ("intent thanks", None),
        ]
    );
}

fn buy(parameters: &Value) -> Value {
    json!({"kind": "intent", "intent": "ticket.buy", "event": null, "confidence": 1.0, "parameters": parameters})
}

fn fill(parameters: &Value) -> Value {
    json!({"kind": "parameter_filling", "intent": null, "event": null, "confidence": 1.0, "parameters": parameters})
}

#[test]
fn places_handlers_and_webhooks_are_touched_by_name() {
    for (what, reply, expected) in [
        ("nothing", json!({}), &[][..]),
        (
            "a start page is its flow",
            json!({"trace": {"pages": ["f1/START_PAGE"]}}),
            &["f1"],
        ),
        (
            "a page is in its flow",
            json!({"trace": {"pages": ["f1/p2"]}}),
            &["f1", "p2"],
        ),
        (
            "a page of another flow",
            json!({"trace": {"pages": ["f2/p2"]}}),
            &["f2"],
        ),
        (
            "a handler",
            json!({"trace": {"handlers": ["e1", "r1", "nope"]}}),
            &["e1", "r1"],
        ),
        (
            "a group by its route",
            json!({"trace": {"handlers": ["r6"]}}),
            &["g1", "r6"],
        ),
        ("an intent by name", json!({"match": buy(&json!({}))}), &["i1"]),
        (
            "an intent by id",
            json!({"match": {"kind": "intent", "intent": "i2", "event": null, "confidence": 0.5}}),
            &["i2"],
        ),
        (
            "a webhook by its name, whatever it answered",
            json!({"trace": {"pages": ["f1/p1"]}, "webhooks": [{"name": "Idle", "code": 14, "message": "down"}]}),
            &["f1", "p1", "w-Idle"],
        ),
        (
            "a webhook without a name by who calls it",
            json!({"trace": {"pages": ["f1/p1"], "handlers": ["e2"]}, "webhooks": [{"code": 0}]}),
            &["e2", "f1", "p1", "w-Prices", "w-Weather"],
        ),
        (
            "no call, no webhook",
            json!({"trace": {"pages": ["f1/p1"], "handlers": ["e2"]}}),
            &["e2", "f1", "p1"],
        ),
    ] {
        assert_eq!(touched(&covered(&agent(), &[reply])), expected, "{what}");
    }
}

#[test]
fn values_touch_form_parameters_and_entity_values() {
    for (what, reply, expected) in [
        (
            "an intent's parameter shows an entity value, case of its name ignored",
            json!({"match": buy(&json!({"harbour": "north", "day": {"day": 1}}))}),
            &["harbour=north", "i1"][..],
        ),
        (
            "to be asked for is not enough",
            json!({"trace": {"pages": ["f1/p1"], "asked": ["harbour"]}}),
            &["f1", "p1"],
        ),
        (
            "a value that the session has on the page",
            json!({"trace": {"pages": ["f1/START_PAGE", "f1/p1"]}, "parameters": {"HARBOUR": "south"}}),
            &["f1", "harbour", "harbour=south", "p1"],
        ),
        (
            "a value on another page",
            json!({"trace": {"pages": ["f1/p2"]}, "parameters": {"harbour": "south"}}),
            &["f1", "p2"],
        ),
        (
            "null is no value",
            json!({"trace": {"pages": ["f1/p1"]}, "parameters": {"harbour": null}}),
            &["f1", "p1"],
        ),
        (
            "what was filled and is gone again",
            json!({"match": fill(&json!({"harbour": "north"})), "trace": {"pages": ["f1/p1"]}, "parameters": {}}),
            &["f1", "harbour", "harbour=north", "p1"],
        ),
        (
            "a parameter of the flow, with a composite value",
            json!({"match": fill(&json!({"$flow.berth": {"at": "south", "with": "a-12"}})), "trace": {"pages": ["f1/p1"]}}),
            &[
                "$flow.berth",
                "berth=@harbour:at @ticket:with",
                "f1",
                "harbour=south",
                "p1",
                "ticket=[a-z]-\\d+",
            ],
        ),
        (
            "a list of what refers to another type",
            json!({"match": fill(&json!({"$flow.berth": [{"at": "south"}, "north", 7]})), "trace": {"pages": ["f1/p1"]}}),
            &[
                "$flow.berth",
                "berth=@harbour:at",
                "f1",
                "harbour=north",
                "harbour=south",
                "p1",
            ],
        ),
    ] {
        assert_eq!(touched(&covered(&agent(), &[reply])), expected, "{what}");
    }
}

#[test]
fn a_turn_counts_once_and_says_what_it_could_not_show() {
    let page =
        json!({"trace": {"pages": ["f1/START_PAGE", "f1/p1"], "asked": ["harbour"], "handlers": ["r1"]}});
    let asked = json!({"candidates": [{"kind": "intent"}], "match": {"kind": "intent", "intent": "thanks", "event": null, "confidence": 1.0}});
    let coverage = covered(&agent(), &[page.clone(), page, asked, json!({"page": "Ticket"})]);
    let of = |id: &str| {
        coverage
            .resources
            .iter()
            .find(|covered| covered.resource.id == id)
            .unwrap()
            .turns
    };
    assert_eq!(
        (of("f1"), of("p1"), of("r1"), of("i3"), of("e1")),
        (2, 2, 2, 1, 0)
    );
    assert_eq!((coverage.turns, coverage.untraced), (4, 1));
    assert_eq!(coverage.ids, (2, 0));
    let notes: Vec<_> = coverage
        .resources
        .iter()
        .filter(|covered| covered.asked)
        .map(Covered::note)
        .collect();
    assert_eq!(notes, [Some("asked for, never answered")]);
    let foreign = covered(
        &agent(),
        &[json!({"trace": {"pages": ["x/START_PAGE", "f9/p1"], "handlers": ["h"]}})],
    );
    assert_eq!(foreign.ids, (0, 3));
}

#[test]
fn what_shares_its_id_is_not_touched_for_another() {
    let mut agent = agent();
    // The folder of a flow, copied; and a group whose only route has no id.
    let mut copy = agent.flows["Piers"].clone();
    copy.pages.insert("Quay".to_owned(), from(&json!({"name": "p9"})));
    agent.flows.insert("Moles".to_owned(), copy.clone());
    agent.flows.insert("Piers".to_owned(), copy);
    let nameless: RouteGroup = from(&json!({"name": "g9", "transitionRoutes": [{"intent": "thanks"}]}));
    agent.route_groups.insert("Nameless".to_owned(), nameless);
    let turn = json!({"trace": {"pages": ["f2/START_PAGE", "f2/p9"], "handlers": ["r5"]}});
    let coverage = covered(&agent, &[turn]);
    let nothing: [&str; 0] = [];
    assert_eq!(touched(&coverage), nothing);
    assert_eq!(coverage.ids, (0, 0), "the export has them all");
    assert_eq!(coverage.figure(Some(Kind::RouteGroup)).of, 2);
    let notes: Vec<_> = coverage
        .resources
        .iter()
        .filter_map(|covered| Some((covered.resource.name.as_str(), covered.note()?)))
        .filter(|(_, note)| !note.contains("no route"))
        .collect();
    assert_eq!(
        notes,
        [
            ("Idle", "nothing calls it"),
            ("nobody", "it has no id"),
            ("Moles", "another flow has its id"),
            ("if true", "another route or event handler has its id"),
            ("Quay", "another page has its id"),
            ("Piers", "another flow has its id"),
            ("if true", "another route or event handler has its id"),
            ("Quay", "another page has its id"),
            ("Nameless", "no turn can name a route of it"),
            ("intent thanks", "it has no id"),
        ]
    );
}

#[test]
fn figures_are_rounded_down_and_minima_are_exact() {
    for (touched, of, percent, reached) in [
        (0, 0, None, true),
        (0, 3, Some(0.0), false),
        (2, 3, Some(66.6), false),
        (1999, 2000, Some(99.9), true),
        (4, 5, Some(80.0), true),
        (3, 3, Some(100.0), true),
    ] {
        let figure = Figure { touched, of };
        assert_eq!(
            (figure.percent(), figure.reaches(80.0)),
            (percent, reached),
            "{figure}"
        );
        assert!(figure.reaches(0.0));
        assert_eq!(figure.reaches(100.0), touched == of);
    }
    let minimum = |text: &str| {
        text.parse::<Minimum>()
            .map(|minimum| (minimum.kind, minimum.percent))
    };
    assert_eq!(minimum("80"), Ok((None, 80.0)));
    assert_eq!(minimum("total=12.5%"), Ok((None, 12.5)));
    assert_eq!(
        minimum("event-handlers = 100 %"),
        Ok((Some(Kind::EventHandler), 100.0))
    );
    for (wrong, part) in [
        ("", "from 0 to 100"),
        ("-1", "from 0 to 100"),
        ("101", "from 0 to 100"),
        ("NaN", "from 0 to 100"),
        ("routes=", "from 0 to 100"),
        ("route=5", "the kinds are flows, pages, routes, route-groups"),
    ] {
        assert!(minimum(wrong).unwrap_err().contains(part), "{wrong}");
    }
}

#[test]
fn a_minimum_that_is_missed_says_which_figure() {
    let coverage = covered(
        &agent(),
        &[json!({"trace": {"pages": ["f1/p1"], "handlers": ["r1"]}})],
    );
    let minima = ["50", "routes=10", "routes=50", "flows=50"].map(|text| text.parse().unwrap());
    let missed: Vec<String> = coverage.missed(&minima).iter().map(ToString::to_string).collect();
    assert_eq!(
        missed,
        [
            "coverage in total is 12 % (3 of 25), below the minimum of 50 %",
            "coverage of routes is 16.6 % (1 of 6), below the minimum of 50 %",
        ]
    );
}

#[test]
fn absurd_values_end() {
    let mut agent = agent();
    // Types that refer to themselves and to each other.
    for (name, other) in [("loop", "knot"), ("knot", "loop")] {
        let mut entity_type: EntityType = from(&json!({"displayName": name, "kind": "KIND_LIST"}));
        let values = json!([{"value": format!("@{other}")}, {"value": format!("@{name}:x @{other}:y")}]);
        entity_type.entities.insert("en".to_owned(), from(&values));
        agent.entity_types.insert(name.to_owned(), entity_type);
    }
    let intent = agent.intents.get_mut("ticket.buy").unwrap();
    intent.parameters = from(&json!([{"id": "knot", "entityType": "@knot"}]));
    let mut deep = json!("end");
    for _ in 0..100 {
        deep = json!([{"x": deep, "y": [deep.clone().as_str().map_or(Value::Null, Into::into)]}]);
    }
    let reply = json!({"match": {"kind": "intent", "intent": "ticket.buy", "event": null, "confidence": 1.0,
        "parameters": {"knot": deep}}, "trace": {"pages": ["", "/", "f1/", "a/b/c"], "handlers": [""]}});
    let coverage = covered(&agent, &[reply]);
    assert!(touched(&coverage).contains(&"knot=@knot:x @loop:y".to_owned()));
}

#[test]
fn what_is_hidden_stays_hidden() {
    let mut coverage = covered(&agent(), &[json!({"trace": {"pages": ["f1/START_PAGE"]}})]);
    let mut redactor = Redactor::new();
    redactor.hide_secret("Default Start Flow");
    coverage.redact(&redactor);
    let text = terminal::render(&shown::subject(), &coverage, shown::VIEW);
    assert!(
        !text.contains("Default Start Flow") && text.contains("Flow [redacted]\n"),
        "{text}"
    );
}
