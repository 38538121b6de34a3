//! Names checked against an export.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::diagnostic::SourceFile;
use crate::export::agent::{
    Entity, EntityType, Flow, Form, FormParameter, Intent, IntentParameter, Named, Page, Webhook,
};
use crate::model::suite::Service;

fn agent() -> Agent {
    let mut agent = Agent::default();
    let trip = FormParameter {
        display_name: "trip".to_owned(),
        entity_type: "@trip".to_owned(),
        ..FormParameter::default()
    };
    let mut page = Page {
        display_name: "Collect date".to_owned(),
        form: Form {
            parameters: vec![trip],
        },
        ..Page::default()
    };
    page.entry_fulfillment.conditional_cases = serde_json::from_value(json!([
        { "cases": [{ "condition": "$session.params.member-tier = \"gold\"", "caseContent": [
            { "message": { "text": { "text": ["Hello $session.params.\"Full Name\" of $session.params.address.city"] } } }
        ] }] }
    ]))
    .unwrap();
    page.entry_fulfillment.set_parameter_actions = serde_json::from_value(
        json!([{ "parameter": "counter", "value": "$sys.func.ADD($session.params.step, 1)" }]),
    )
    .unwrap();
    let mut flow = Flow::default();
    flow.pages.insert("Collect date".to_owned(), page);
    agent.flows.insert("Booking".to_owned(), flow);
    agent.flows.insert("Menu".to_owned(), Flow::default());
    let intent = Intent {
        parameters: vec![IntentParameter {
            id: "Destination".to_owned(),
            ..IntentParameter::default()
        }],
        ..Intent::default()
    };
    agent.intents.insert("book.flight".to_owned(), intent);
    agent.webhooks.insert("Lookup".to_owned(), Webhook::default());
    agent.playbooks.push(Named {
        display_name: "Concierge".to_owned(),
        ..Named::default()
    });
    agent.tools.push(Named {
        name: "t-1".to_owned(),
        display_name: "Seat map".to_owned(),
    });
    let composite = Entity {
        value: "@sys.date:date @city:to".to_owned(),
        ..Entity::default()
    };
    let trip = EntityType {
        entities: BTreeMap::from([("en".to_owned(), vec![composite])]),
        ..EntityType::default()
    };
    agent.entity_types.insert("trip".to_owned(), trip);
    agent
}

fn messages(mentions: Vec<(Kind, &str)>, given: &[&str], names: &Names) -> Vec<String> {
    let role = Role {
        target: "flights".to_owned(),
        service: match names {
            Names::App(_) => Service::Ces,
            _ => Service::Cx,
        },
        sound: crate::suite::RoleSound::default(),
    };
    let file = Arc::new(SourceFile {
        path: PathBuf::from("suite.yaml"),
        text: String::new(),
    });
    let mentions: Vec<Mention> = mentions
        .into_iter()
        .map(|(kind, name)| Mention {
            kind,
            name: name.to_owned(),
            file: Arc::clone(&file),
            span: 0..0,
            sent: true,
        })
        .collect();
    let given: BTreeSet<String> = given.iter().map(|name| (*name).to_owned()).collect();
    check(mentions.iter(), &given, &role, names)
        .into_iter()
        .map(|problem| {
            std::iter::once(problem.message)
                .chain(problem.help)
                .collect::<Vec<_>>()
                .join("; ")
        })
        .collect()
}

fn exported(mentions: Vec<(Kind, &str)>, given: &[&str]) -> Vec<String> {
    messages(
        mentions,
        given,
        &Names::Export(Arc::new(ExportNames::new(&agent()))),
    )
}

#[test]
fn names_that_the_agent_has_are_fine() {
    let page = |flow: Option<&str>| Kind::Page {
        flow: flow.map(str::to_owned),
    };
    let known = vec![
        (Kind::Intent, "book.flight"),
        (Kind::Flow, "Booking"),
        (page(None), "Collect date"),
        (page(Some("Booking")), "Collect date"),
        (page(Some("Menu")), "Start Page"),
        (Kind::Place, "Booking"),
        (Kind::Place, "Concierge"),
        (Kind::Place, "End Session"),
        (Kind::Playbook, "Concierge"),
        (Kind::Agent, "Concierge"),
        (Kind::Agent, "Menu"),
        (Kind::Tool, "Seat map"),
        (Kind::Tool, "Seat map/freeSeats"),
        (Kind::Tool, "t-1"),
        (Kind::EntityType, "@trip"),
        (Kind::EntityType, "sys.date"),
        (Kind::Webhook, "Lookup"),
        (Kind::Parameter, "destination"),
        (Kind::Parameter, "trip"),
        (Kind::Parameter, "TRIP.to"),
        (Kind::Parameter, "trip[0].date"),
        (Kind::Parameter, "member-tier"),
        (Kind::Parameter, "full name"),
        (Kind::Parameter, "address"),
        (Kind::Parameter, "address.city"),
        (Kind::Parameter, "[\"address.city\"]"),
        (Kind::Parameter, "counter"),
        (Kind::Parameter, "step"),
        (Kind::Parameter, "Given"),
    ];
    assert_eq!(exported(known, &["given"]), Vec::<String>::new());
}

#[test]
fn names_that_the_agent_lacks_are_reported() {
    let in_flow = Kind::Page {
        flow: Some("Menu".to_owned()),
    };
    let unknown = vec![
        (Kind::Intent, "book.fligth"),
        (in_flow, "Collect date"),
        (Kind::Place, "Collect dates"),
        (Kind::Parameter, "destinations.x"),
        (Kind::Webhook, "nothing like it"),
        (Kind::Tool, "Seatmap/freeSeats"),
        (Kind::Agent, "Concirge"),
        (Kind::Playbook, "Booking"),
    ];
    assert_eq!(
        exported(unknown, &[]),
        [
            "the agent of `flights` (Dialogflow CX) has no intent `book.fligth`; did you mean `book.flight`?",
            "the agent of `flights` (Dialogflow CX) has no page `Collect date` in its flow `Menu`",
            "the agent of `flights` (Dialogflow CX) has no page, flow or playbook `Collect dates`; did you mean `Collect date`?",
            "the agent of `flights` (Dialogflow CX) has no parameter `destinations.x`; did you mean `destination`?",
            "the agent of `flights` (Dialogflow CX) has no webhook `nothing like it`",
            "the agent of `flights` (Dialogflow CX) has no tool `Seatmap/freeSeats`; did you mean `Seat map`?",
            "the agent of `flights` (Dialogflow CX) has no playbook or flow `Concirge`; did you mean `Concierge`?",
            "the agent of `flights` (Dialogflow CX) has no playbook `Booking`",
        ]
    );
}

#[test]
fn a_member_called_like_an_operator_is_told() {
    let below = |parameter: &str| Kind::Operator {
        parameter: parameter.to_owned(),
    };
    let used = vec![
        (below("Trip"), "date"),
        (below("trip"), "to"),
        (below("destination"), "date"),
    ];
    assert_eq!(
        exported(used, &[]),
        [
            "`Trip` has a member `date`, but here it is the operator `date`; for the member write `Trip.date: …` beside the \
          other parameters"
        ]
    );
}

#[test]
fn without_an_export_only_ids_are_sent() {
    let named = || vec![(Kind::Flow, "Booking"), (Kind::Intent, "x")];
    assert_eq!(messages(named(), &[], &Names::IdsOnly).len(), 2);
    assert!(messages(named(), &[], &Names::Unchecked).is_empty());
}

#[test]
fn a_scripted_app_has_agents_and_tools() {
    let names = AppNames {
        agents: ["Front desk".to_owned(), "Billing".to_owned()].into(),
        tools: ["lookup_order".to_owned(), "payments/refund".to_owned()].into(),
    };
    let used = vec![
        (Kind::Agent, "Front desk"),
        (Kind::Place, "Billing"),
        (Kind::Tool, "payments/refund"),
        (Kind::Parameter, "anything"),
        (Kind::Agent, "Biling"),
        (Kind::Place, "Front-desk"),
        (Kind::Tool, "refund"),
        (Kind::Tool, "lookup_orders"),
    ];
    assert_eq!(
        messages(used, &[], &Names::App(Arc::new(names))),
        [
            "the app of `flights` (CES) has no agent `Biling`; did you mean `Billing`?",
            "the app of `flights` (CES) has no agent `Front-desk`; did you mean `Front desk`?",
            "the app of `flights` (CES) has no tool `refund`",
            "the app of `flights` (CES) has no tool `lookup_orders`; did you mean `lookup_order`?",
        ]
    );
}
