//! `turnproof coverage --since`: what changed between two exports, and the gate that asks for it.

use super::*;

#[test]
fn only_what_changed_since_an_older_export_counts() {
    let place = Place::initialised();
    let old = place.path().join("agents/old");
    copy(&place.path().join("agents/coffee-bar"), &old);
    play(&place);
    let since = |more: &[&str]| {
        let all: Vec<&str> = ["coverage", "--since", "agents/old", "--min", "100"]
            .iter()
            .chain(more)
            .copied()
            .collect();
        place.run(&all)
    };
    let said = since(&[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.out
            .ends_with("\nNothing that can be touched is new or changed.\n"),
        "{}",
        said.out
    );
    edit(&place, FLOW, |flow| {
        let routes = flow["transitionRoutes"].as_array_mut().unwrap();
        routes.reverse();
        let hours = routes
            .iter_mut()
            .find(|route| route["intent"] == "opening.hours")
            .unwrap();
        hours["triggerFulfillment"]["messages"][0]["text"]["text"][0] = "Never.".into();
        let bell = json!({"name": "0b7e1f0e-8f0c-4b6e-9d51-1f6a0c1a2b3c", "event": "bell"});
        flow["eventHandlers"].as_array_mut().unwrap().push(bell);
    });
    let suite = place.read("order.yaml");
    place.write("order.yaml", &format!("{suite}{OPENING_HOURS}"));
    play(&place);
    let said = since(&[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for part in [
        "; only what is new or changed since agents/old\n",
        "\n  routes              1 of 1    100.0 %",
        "\n  total               1 of 2     50.0 %",
        "\nFlow Default Start Flow\n  event     bell  new\n",
    ] {
        assert!(said.out.contains(part), "{part}\n{}", said.out);
    }
    assert!(
        said.err
            .contains("coverage in total is 50 % (1 of 2), below the minimum of 100 %"),
        "{}",
        said.err
    );
    let document = document(&since(&["--format", "json"]));
    let changes: Vec<&Value> = document["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| &resource["change"])
        .collect();
    assert_eq!(changes, ["changed", "new"]);
    assert_eq!(document["since"]["path"], "agents/old");
    let bell = "\n  - name: hears the bell\n    turns: [{ event: bell }]\n";
    place.write("order.yaml", &format!("{suite}{OPENING_HOURS}{bell}"));
    play(&place);
    let said = since(&[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.ends_with("\nEverything was touched.\n"), "{}", said.out);
}

/// They were a warning, and a gate passed although whatever the agent does may have changed.
#[test]
fn when_settings_of_the_agent_differ_everything_counts() {
    let place = played();
    copy(
        &place.path().join("agents/coffee-bar"),
        &place.path().join("agents/old"),
    );
    edit(&place, "agents/old/agent.json", |agent| {
        agent["startFlow"] = json!("Other");
    });
    let since = ["coverage", "--since", "agents/old", "--min", "100"];
    let said = place.run(&since);
    assert_eq!(said.code, Some(1), "{said:?}");
    for (whole, part) in [
        (
            &said.err,
            "warning[other-settings]: the agent's settings differ (startFlow): everything counts",
        ),
        (&said.err, "coverage in total is 76.9 % (10 of 13), below"),
        (&said.out, "; everything, as settings differ from agents/old\n"),
    ] {
        assert!(whole.contains(part), "{part}\n{whole}");
    }
    let document = document(&place.run(&[&since[..], &["--format", "json"]].concat()));
    assert_eq!(document["different_settings"], json!(["startFlow"]));
}

/// What no turn can name was left out: when all that changed were routes and handlers of copied flows, a gate passed.
#[test]
fn a_changed_route_of_a_copied_flow_misses_the_minimum() {
    let place = Place::initialised();
    let flows = place.path().join("agents/coffee-bar/flows");
    copy(&flows.join("Default Start Flow"), &flows.join("Copy"));
    let file = "agents/coffee-bar/flows/Copy/Copy.json";
    fs::rename(
        flows.join("Copy/Default Start Flow.json"),
        place.path().join(file),
    )
    .unwrap();
    edit(&place, file, |flow| flow["displayName"] = "Copy".into());
    copy(
        &place.path().join("agents/coffee-bar"),
        &place.path().join("agents/old"),
    );
    edit(&place, file, |flow| {
        flow["transitionRoutes"][0]["triggerFulfillment"] = json!({"tag": "other"});
    });
    place.run(&["run", "--progress", "never"]);
    for minimum in ["100", "routes=100"] {
        let said = place.run(&["coverage", "--since", "agents/old", "--min", minimum]);
        assert_eq!(said.code, Some(1), "{said:?}");
        let why = "with 1 route; another route or event handler has its id\n";
        assert!(said.out.contains(why), "{}", said.out);
    }
}

/// A route was touched, then changed: the gate passed, with a warning.
#[test]
fn a_run_from_before_the_change_is_no_proof_of_what_changed() {
    let place = played();
    copy(
        &place.path().join("agents/coffee-bar"),
        &place.path().join("agents/old"),
    );
    edit(&place, FLOW, |flow| {
        flow["transitionRoutes"][0]["triggerFulfillment"] = json!({"tag": "other"});
    });
    let said = place.run(&["coverage", "--since", "agents/old", "--min", "100"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
    for part in [
        "error[other-export]: the run was played with another version of `agents/coffee-bar`",
        "play the suites again",
    ] {
        assert!(said.err.contains(part), "{part}\n{}", said.err);
    }
    let said = place.run(&["coverage", "--since", "agents/old"]);
    assert_eq!(said.code, Some(0), "without a minimum it is a warning: {said:?}");
}
