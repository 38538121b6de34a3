//! What counts as new or changed.

use super::*;

/// What an edit of the agent makes new or changed, as `new name`.
fn edited(edit: impl FnOnce(&mut Agent)) -> Vec<String> {
    let (old, mut new) = (agent(), agent());
    edit(&mut new);
    difference(&new, &old)
}

/// What is new or changed, as `new name`.
fn difference(new: &Agent, old: &Agent) -> Vec<String> {
    let inventory = Inventory::new(new);
    let since = Since::of(new, &inventory, old);
    let coverage = Coverage::new(&Tally::new(&inventory), Some(&since));
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

#[test]
fn what_moved_has_changed_and_what_was_renamed_with_its_owner_has_not() {
    let to_the_flow = edited(|agent| {
        let route = ticket(agent).transition_routes.remove(0);
        main_flow(agent).transition_routes.push(route);
    });
    assert_eq!(to_the_flow, ["changed route if $page.params.status = \"FINAL\""]);
    let to_another_flow = edited(|agent| {
        let page = main_flow(agent).pages.remove("Lost").unwrap();
        let piers = agent.flows.get_mut("Piers").unwrap();
        piers.pages.insert("Lost".to_owned(), page);
    });
    assert_eq!(
        to_another_flow,
        [
            "changed page Lost",
            "changed route intent ticket.buy",
            "changed event handler sys.no-input-default",
        ]
    );
    let renamed = edited(|agent| {
        let mut page = main_flow(agent).pages.remove("Lost").unwrap();
        "Found".clone_into(&mut page.display_name);
        main_flow(agent).pages.insert("Found".to_owned(), page);
    });
    assert_eq!(renamed, ["changed page Found"]);
}

#[test]
fn a_copied_flow_is_compared_by_its_place() {
    let copied = |agent: &mut Agent| {
        let mut copy = agent.flows["Piers"].clone();
        "Moles".clone_into(&mut copy.display_name);
        agent.flows.insert("Moles".to_owned(), copy);
    };
    let piers = |agent: &mut Agent, edit: fn(&mut Flow)| edit(agent.flows.get_mut("Piers").unwrap());
    let nothing: [&str; 0] = [];
    let (mut old, mut new) = (agent(), agent());
    copied(&mut old);
    copied(&mut new);
    assert_eq!(difference(&new, &old), nothing);
    piers(&mut new, |flow| flow.nlu_settings.classification_threshold = 0.9);
    assert_eq!(difference(&new, &old), ["changed flow Piers"]);
    // No turn can name the route, which two flows have: it was left out, and a gate passed whatever became of it.
    piers(&mut new, |flow| {
        flow.transition_routes[0].trigger_fulfillment.tag = "other".to_owned();
    });
    assert_eq!(
        difference(&new, &old),
        ["changed flow Piers", "changed route if true"]
    );
}

/// A route and an event handler without an id, or with that of another one, were left out: whatever became of them, a
/// gate passed.
#[test]
fn what_no_turn_can_name_is_compared_too() {
    let nobody = |agent: &mut Agent| main_flow(agent).event_handlers[2].target_page = "Lost".to_owned();
    assert_eq!(edited(nobody), ["changed event handler nobody"]);
    let nameless = |agent: &mut Agent| {
        let route: Route = from(&json!({"condition": "true"}));
        main_flow(agent).transition_routes = vec![route; 3];
        let group = json!({"name": "g9", "transitionRoutes": [{"intent": "thanks"}, {"intent": "pier.ask"}]});
        main_flow(agent)
            .groups
            .insert("Nameless".to_owned(), from(&group));
    };
    let (mut old, mut new) = (agent(), agent());
    nameless(&mut old);
    nameless(&mut new);
    let nothing: [&str; 0] = [];
    assert_eq!(
        difference(&new, &old),
        nothing,
        "of twins the first is compared with the first"
    );
    let routes = &mut main_flow(&mut new).transition_routes;
    routes[1].trigger_fulfillment.tag = "other".to_owned();
    routes.push(routes[0].clone());
    let group = main_flow(&mut new).groups.get_mut("Nameless").unwrap();
    group.transition_routes[1].trigger_fulfillment.tag = "other".to_owned();
    assert_eq!(
        difference(&new, &old),
        [
            "changed route if true",
            "new route if true",
            "changed route group Nameless",
            "changed route intent pier.ask",
        ]
    );
}

#[test]
fn when_settings_differ_that_no_resource_carries_everything_counts() {
    type Edit = fn(&mut Agent);
    let since = |edit: fn(&mut Agent)| {
        let (old, mut new) = (agent(), agent());
        edit(&mut new);
        let inventory = Inventory::new(&new);
        let since = Since::of(&new, &inventory, &old);
        let coverage = Coverage::new(&Tally::new(&inventory), Some(&since));
        (coverage.different_settings.clone(), coverage.figure(None).of)
    };
    let same = since(|agent| "Default Start Flow".clone_into(&mut agent.settings.start_flow));
    assert_eq!(same, (vec![], 0));
    let all = Inventory::new(&agent())
        .resources()
        .iter()
        .filter(|resource| resource.kind.is_in_total())
        .count();
    let table: [(Edit, &[&str]); 2] = [
        (
            |agent| {
                "Piers".clone_into(&mut agent.settings.start_flow);
                agent.settings.supported_language_codes.push("de".to_owned());
            },
            &["supportedLanguageCodes", "startFlow"],
        ),
        (
            |agent| {
                let phrases = json!([{"parts": [{"text": "ticket to ride"}]}]);
                let negative = agent.intents.get_mut("Default Negative Intent").unwrap();
                negative.training_phrases.insert("en".to_owned(), from(&phrases));
            },
            &["phrases of the negative intent"],
        ),
    ];
    for (edit, names) in table {
        assert_eq!(since(edit), (names.to_vec(), all));
    }
}

#[test]
fn excluded_phrases_and_every_kind_of_message_are_compared() {
    let excluded = edited(|agent| {
        let harbour = agent.entity_types.get_mut("harbour").unwrap();
        let phrases = &mut harbour.excluded_phrases;
        phrases.insert("en".to_owned(), vec!["up".to_owned()]);
    });
    assert_eq!(
        excluded,
        ["changed entity value north", "changed entity value south"]
    );
    let sound = |agent: &mut Agent, uri: &str| {
        let message = from(&json!({"mixedAudio": {"segments": [{"uri": uri}]}}));
        ticket(agent).entry_fulfillment.messages.push(message);
    };
    let (mut old, mut new) = (agent(), agent());
    sound(&mut old, "gs://old");
    sound(&mut new, "gs://new");
    assert_eq!(difference(&new, &old), ["changed page Ticket"]);
}
