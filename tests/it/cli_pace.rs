//! `turnproof run` as a good client: what it takes is told beforehand, budgets stop it, quotas slow it.

use serde_json::Value;

use crate::cli_emulate::Running;
use crate::cli_place::Place;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_plan_tells_what_a_run_would_take_and_plays_nothing() {
    let place = Place::initialised();
    let said = place.run(&["run", "--plan"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    for expected in ["target", "coffee", "no run before this one", "0 s at least"] {
        assert!(said.out.contains(expected), "{expected}: {}", said.out);
    }
    assert!(!place.path().join("reports").exists());

    let plan = json(&place.run(&["run", "--plan=json", "--rate", "60/min"]).out);
    assert_eq!(plan["format"], "turnproof-plan/1");
    assert_eq!(
        (
            &plan["conversations"],
            &plan["turns"]["most"],
            &plan["turns"]["with_retries"]
        ),
        (&Value::from(3), &Value::from(4), &Value::from(8))
    );
    assert_eq!(plan["least_seconds"], 3.0, "four requests, a second apart");
    assert_eq!(plan["targets"][0]["target"], "coffee");
    assert_eq!(plan["targets"][0]["requests_per_minute"], 60.0);
    let characters =
        "hello".len() + "I would like a coffee".len() + "large".len() + "my bicycle has a flat tyre".len();
    assert_eq!(plan["targets"][0]["characters"], characters);

    let filtered = json(&place.run(&["run", "--plan=json", "--filter", "greets"]).out);
    assert_eq!(filtered["conversations"], 1);
    assert_eq!(place.run(&["run"]).code, Some(0));
    let known = json(&place.run(&["run", "--plan=json"]).out);
    assert!(known["likely_seconds"].as_f64().unwrap() >= 0.0, "{known}");
}

/// A replay takes no time, and another target takes its own.
#[test]
fn a_plan_does_not_guess_from_a_replay_or_from_another_target() {
    let place = Place::initialised();
    let settings = place.read("turnproof.yaml");
    let other = settings.replace(
        "targets:\n",
        "targets:\n  tea: { backend: emulator, agent: agents/coffee-bar }\n",
    );
    assert_ne!(other, settings);
    place.write("turnproof.yaml", &other);
    assert_eq!(place.run(&["run", "--record", "tapes"]).code, Some(0));
    let same = json(&place.run(&["run", "--plan=json"]).out);
    assert!(same["likely_seconds"].is_number(), "{same}");
    let said = place.run(&["run", "--plan", "--target", "tea"]);
    assert!(said.out.contains("not every target answered"), "{said:?}");
    assert_eq!(place.run(&["run", "--replay", "tapes"]).code, Some(0));
    let said = place.run(&["run", "--plan"]);
    assert!(said.out.contains("the run before was a replay"), "{said:?}");
}

#[test]
fn a_plan_of_what_is_invalid_is_2_and_of_nothing_is_4() {
    let place = Place::initialised();
    assert_eq!(place.run(&["run", "--plan", "--filter", "nowhere"]).code, Some(4));
    place.write(
        "bad.yaml",
        "suite: Bad\ntarget: coffee\nconversations: [{ name: x }]\n",
    );
    let said = place.run(&["run", "--plan"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
}

/// The run ends with 4, and so did not its plan, which spoke of targets that had not answered.
#[test]
fn a_plan_of_conversations_that_are_all_skipped_is_4() {
    let place = Place::initialised();
    assert_eq!(place.run(&["run"]).code, Some(0), "so that there is a run before");
    place.write(
        "skipped.yaml",
        "target: coffee\nconversations:\n  - { name: later, skip: not yet, turns: [{ say: hello }] }\n",
    );
    let said = place.run(&["run", "--plan", "skipped.yaml"]);
    assert_eq!(said.code, Some(4), "{said:?}");
    assert!(
        said.out.contains("time    none: nothing is played\n"),
        "{}",
        said.out
    );
    assert!(said.out.contains("1 more is skipped"), "{}", said.out);
    let plan = place.run(&["run", "--plan=json", "skipped.yaml"]);
    assert_eq!(
        (plan.code, json(&plan.out)["skipped"].as_u64()),
        (Some(4), Some(1))
    );
    assert_eq!(place.run(&["run", "skipped.yaml"]).code, Some(4));
}

#[test]
fn a_plan_needs_neither_credentials_nor_variables() {
    let place = Place::initialised();
    let settings = "env: [PROJECT, TOKEN]\ntargets:\n  coffee:\n    backend: cx\n    \
                    agent: projects/${PROJECT}/locations/global/agents/a\n    export: agents/coffee-bar\n    \
                    credentials: { token_env: TOKEN }\n    tokens: 10000/min\n    tokens_per_turn: 5000\n    sessions: 2\n";
    place.write("turnproof.yaml", settings);
    let said = place.run(&["run", "--plan"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.out.contains("20000") && said.out.contains("2/min"),
        "{}",
        said.out
    );
    assert!(said.out.contains("1 min 30 s at least"), "{}", said.out);
}

#[test]
fn when_the_turns_are_used_up_the_rest_is_not_run_and_3() {
    let place = Place::initialised();
    let said = place.run(&["run", "--jobs", "1", "--max-turns", "3"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.out.contains("2 passed · 1 not run"), "{}", said.out);
    assert!(said.out.contains("(--max-turns)"), "{}", said.out);
    let document = json(&place.read("reports/run.json"));
    assert_eq!(document["run"]["stopped"], "max-turns");
    assert_eq!(document["summary"]["turns"], 3);
    assert_eq!(document["conversations"][2]["verdict"], "not-run");
    let again = place.run(&["run", "--last-failed"]);
    assert_eq!(again.code, Some(4), "{again:?}");
    assert!(again.err.contains("1 was not run in it"), "{}", again.err);
    assert!(place.read("reports/junit.xml").contains("<skipped"));

    let enough = place.run(&["run", "--jobs", "1", "--max-turns", "4"]);
    assert_eq!(enough.code, Some(0), "{enough:?}");
    assert!(
        json(&place.read("reports/run.json"))["run"]
            .get("stopped")
            .is_none()
    );
}

#[test]
fn when_the_time_to_begin_is_over_what_has_begun_is_played_to_its_end() {
    let place = Place::initialised();
    let settings = place.read("turnproof.yaml").replace(
        "    agent: agents/coffee-bar ",
        "    latency: 300ms\n    agent: agents/coffee-bar ",
    );
    place.write(
        "turnproof.yaml",
        &settings.replace("{ fail_on_flaky: true }", "{ max_duration: 100ms, jobs: 1 }"),
    );
    let said = place.run(&["run", "--profile", "ci"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.out.contains("1 passed · 2 not run"), "{}", said.out);
    assert_eq!(
        json(&place.read("reports/run.json"))["run"]["stopped"],
        "max-duration"
    );
}

#[test]
fn a_quota_slows_the_run_and_both_reports_tell() {
    let place = Place::initialised();
    let running = Running::start(
        &place,
        &[
            "--agent",
            "agents/coffee-bar",
            "--fault",
            "resource_exhausted,nth=2",
        ],
    );
    let settings = format!(
        "targets: {{ coffee: {{ backend: cx, agent: projects/p/locations/global/agents/a, endpoint: \"http://{}\", \
         credentials: none, export: agents/coffee-bar }} }}\n",
        running.address
    );
    place.write("turnproof.yaml", &settings);
    let said = place.run(&["run", "--jobs", "1"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("3 passed (1 after errors)"), "{}", said.out);
    assert!(
        said.out.contains("slowed") && said.out.contains("1 request refused"),
        "{}",
        said.out
    );
    assert!(said.err.contains("a quota is used up"), "{}", said.err);
    let document = json(&place.read("reports/run.json"));
    let slowed = &document["run"]["slowed"][0];
    assert_eq!(
        (&slowed["target"], &slowed["refused"], &slowed["times"]),
        (&"coffee".into(), &1.into(), &1.into())
    );
    assert!(slowed["elapsed_ms"].as_f64().unwrap() >= 1000.0, "{slowed}");
}

#[test]
fn a_quota_that_keeps_a_stream_closed_slows_the_run_too() {
    for way in [
        "transport: grpc, via: stream",
        "transport: grpc, via: bidi",
        "transport: websocket",
    ] {
        let place = Place::new();
        place.write(
            "agents/app.yaml",
            "app: Echo\nagents:\n  Desk:\n    rules: [{ do: [{ say: heard }] }]\n",
        );
        let running = Running::start(
            &place,
            &["--app", "agents/app.yaml", "--fault", "resource_exhausted,nth=1"],
        );
        let settings = format!(
            "targets: {{ desk: {{ backend: ces, app: projects/p/locations/us/apps/a, endpoint: \"http://{}\", \
             credentials: none, {way} }} }}\n",
            running.address
        );
        place.write("turnproof.yaml", &settings);
        place.write(
            "greet.yaml",
            "conversations: [{ name: greets, turns: [{ say: hello, expect: { reply: heard } }] }]\n",
        );
        let said = place.run(&["run"]);
        assert_eq!(said.code, Some(0), "{way}: {said:?}");
        let document = json(&place.read("reports/run.json"));
        let slowed = &document["run"]["slowed"][0];
        assert_eq!(
            (&slowed["refused"], &slowed["times"]),
            (&1.into(), &1.into()),
            "{way}: {document}"
        );
        assert_eq!(document["summary"]["recovered"], 1, "{way}");
    }
}
