//! What counts as new or changed.

use super::*;

/// What an edit of the agent makes new or changed, as `new name`.
fn edited(edit: impl FnOnce(&mut Agent)) -> Vec<String> {
    let (old, mut new) = (agent(), agent());
    edit(&mut new);
    let new = Inventory::new(&new);
    let changes = changes(&new, &Inventory::new(&old));
    let coverage = Coverage::new(&Tally::new(&new), Some(&changes));
    let names = coverage.resources.iter().map(|covered| {
        let change = covered.change.map_or("?", Change::name);
        format!("{change} {} {}", covered.resource.kind, covered.resource.name)
    });
    names.collect()
}

fn main_flow(agent: &mut Agent) -> &mut Flow {
    agent.flows.get_mut("Default Start Flow").unwrap()
}

fn ticket(agent: &mut Agent) -> &mut Page {
    main_flow(agent).pages.get_mut("Ticket").unwrap()
}

#[test]
fn order_and_identity_of_files_are_no_change() {
    let nothing: [&str; 0] = [];
    assert_eq!(edited(|_| {}), nothing);
    let reordered = edited(|agent| {
        main_flow(agent).transition_routes.reverse();
        main_flow(agent).event_handlers.reverse();
        ticket(agent).form.parameters.reverse();
        let intent = agent.intents.get_mut("thanks").unwrap();
        intent.training_phrases.insert("de".to_owned(), Vec::new());
        for entity_type in agent.entity_types.values_mut() {
            entity_type
                .entities
                .values_mut()
                .for_each(|entities| entities.reverse());
        }
    });
    assert_eq!(reordered, nothing);
    // An agent that was built again by hand has other ids, but the same names.
    let rebuilt = edited(|agent| {
        main_flow(agent).name = "f9".to_owned();
        main_flow(agent).transition_routes[0].name = "r9".to_owned();
        ticket(agent).name = "p9".to_owned();
        agent.intents.get_mut("thanks").unwrap().name = "i9".to_owned();
        agent
            .route_groups
            .get_mut("Small talk")
            .unwrap()
            .transition_routes[0]
            .name = "r10".to_owned();
    });
    assert_eq!(rebuilt, nothing);
}

#[test]
fn each_resource_changes_by_itself() {
    type Edit = fn(&mut Agent);
    let table: [(Edit, &[&str]); 13] = [
        (
            |agent| main_flow(agent).nlu_settings.classification_threshold = 0.9,
            &["changed flow Default Start Flow"],
        ),
        (
            |agent| ticket(agent).entry_fulfillment.tag = "other".to_owned(),
            &["changed page Ticket"],
        ),
        (
            |agent| main_flow(agent).transition_routes[0].target_page = "Lost".to_owned(),
            &["changed route intent ticket.buy"],
        ),
        (
            |agent| {
                let route = from(&json!({"name": "r9", "intent": "pier.ask"}));
                main_flow(agent).transition_routes.insert(0, route);
            },
            &["new route intent pier.ask"],
        ),
        (
            |agent| main_flow(agent).event_handlers[1].trigger_fulfillment.webhook = "Idle".to_owned(),
            &["changed event handler storm"],
        ),
        (
            |agent| {
                let group = agent.route_groups.get_mut("Small talk").unwrap();
                group.transition_routes[0].target_flow = "Piers".to_owned();
            },
            &["changed route group Small talk", "changed route intent thanks"],
        ),
        (
            |agent| {
                let phrases = json!([{"parts": [{"text": "cheers"}]}]);
                let intent = agent.intents.get_mut("thanks").unwrap();
                intent.training_phrases.insert("en".to_owned(), from(&phrases));
            },
            &["changed intent thanks"],
        ),
        (
            |agent| ticket(agent).form.parameters[0].is_list = true,
            &["changed form parameter harbour"],
        ),
        (
            |agent| {
                let behavior = &mut ticket(agent).form.parameters[0].fill_behavior;
                behavior.reprompt_event_handlers[0].target_page = "Lost".to_owned();
            },
            &["changed event handler sys.no-match-1"],
        ),
        (
            |agent| agent.webhooks.get_mut("Idle").unwrap().generic_web_service = json!({"uri": "https://x"}),
            &["changed webhook Idle"],
        ),
        (
            |agent| {
                let harbour = agent.entity_types.get_mut("harbour").unwrap();
                harbour.entities.get_mut("de").unwrap()[0]
                    .synonyms
                    .push("droben".to_owned());
            },
            &["changed entity value north"],
        ),
        (
            |agent| {
                agent
                    .entity_types
                    .get_mut("harbour")
                    .unwrap()
                    .enable_fuzzy_extraction = true;
            },
            &["changed entity value north", "changed entity value south"],
        ),
        (
            |agent| {
                let page: Page = from(&json!({"name": "p9", "displayName": "Quay",
                    "transitionRoutes": [{"name": "r9", "intent": "thanks"}]}));
                main_flow(agent).pages.insert("Quay".to_owned(), page);
            },
            &["new page Quay", "new route intent thanks"],
        ),
    ];
    for (edit, expected) in table {
        assert_eq!(edited(edit), expected);
    }
    let removed = edited(|agent| {
        agent.flows.remove("Piers");
        agent.webhooks.clear();
    });
    assert!(removed.is_empty(), "what is gone cannot be touched: {removed:?}");
}
