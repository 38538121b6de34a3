//! The language understanding against conversations recorded from the real service: what must never happen does
//! not (an intent recorded that is not in scope, an exact phrase decided otherwise), and how many turns agree is
//! printed for each agent. Needs the shared exports, and is skipped without them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use turnproof::emulator::cx::nlu::{Decision, FormSlot, Nlu, Question};
use turnproof::export::agent::{Agent, Flow, FormParameter, Page, Route};
use turnproof::model::Value;

/// A text turn on the page it was said on.
struct Turn<'a> {
    flow: &'a Flow,
    page: Option<&'a Page>,
    text: &'a str,
    language: &'a str,
    now: DateTime<Tz>,
    /// The recorded intent; none for form filling and no-match.
    intent: Option<&'a str>,
}

/// What came of an agent's turns.
#[derive(Default)]
struct Tally {
    turns: usize,
    agreed: usize,
    out_of_scope: Vec<String>,
    exact_otherwise: Vec<String>,
}

#[test]
fn recorded_turns_are_understood() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/agents");
    let Ok(clean) = std::fs::read_to_string(shared.join("clean_cases.json")) else {
        println!("skipped: {} is not here", shared.display());
        return;
    };
    let clean: BTreeMap<String, Vec<Value>> = serde_json::from_str(&clean).unwrap();
    let mut fractions = Vec::new();
    for (name, cases) in clean {
        let wanted: BTreeSet<&str> = cases
            .iter()
            .filter(|case| case["clean"] == true && case["duplicate_of"].is_null())
            .filter_map(|case| case["file"].as_str())
            .collect();
        if wanted.is_empty() {
            continue;
        }
        let agent = turnproof::export::load(&shared.join(format!("{name}.zip")))
            .unwrap()
            .agent;
        let tally = play(&Arc::new(agent), &wanted);
        assert_eq!(
            tally.out_of_scope,
            Vec::<String>::new(),
            "{name}: recorded intents out of scope"
        );
        assert_eq!(
            tally.exact_otherwise,
            Vec::<String>::new(),
            "{name}: exact phrases decided otherwise"
        );
        assert!(tally.turns > 0, "{name}: no turn was read");
        #[expect(clippy::cast_precision_loss, reason = "counts of turns")]
        let share = tally.agreed as f64 / tally.turns as f64;
        println!(
            "{name:24} intent agrees in {}/{} turns ({:.1} %)",
            tally.agreed,
            tally.turns,
            100.0 * share
        );
        fractions.push(share);
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of agents")]
    let mean = fractions.iter().sum::<f64>() / fractions.len() as f64;
    println!("mean over {} agents: {:.1} %", fractions.len(), 100.0 * mean);
}

fn play(agent: &Arc<Agent>, wanted: &BTreeSet<&str>) -> Tally {
    let nlu = Nlu::new(Arc::clone(agent));
    let mut tally = Tally::default();
    for (file, case) in agent
        .test_cases
        .iter()
        .filter(|(file, _)| wanted.contains(file.as_str()))
    {
        for (number, turn) in turns(agent, case).into_iter().enumerate() {
            judge(
                agent,
                &nlu,
                &turn,
                &format!("{file} #{number} {:?}", turn.text),
                &mut tally,
            );
        }
    }
    tally
}

/// The text turns of a case, each on the page that the turn before ended on.
fn turns<'a>(agent: &'a Agent, case: &'a Value) -> Vec<Turn<'a>> {
    let zone: Tz = agent.settings.time_zone.parse().unwrap();
    let seconds = case["creationTime"]["seconds"].as_i64().unwrap_or_default();
    let now = zone.timestamp_opt(seconds, 0).unwrap();
    let start = (&case["testConfig"]["flow"], &case["testConfig"]["page"]);
    let mut place = (
        start.0.as_str().unwrap_or("Default Start Flow"),
        start.1.as_str().unwrap_or("Start Page"),
    );
    let mut found = Vec::new();
    for turn in case["testCaseConversationTurns"].as_array().unwrap() {
        let (input, output) = (&turn["userInput"]["input"], &turn["virtualAgentOutput"]);
        if place.1 == "End Session" {
            place = ("Default Start Flow", "Start Page");
        }
        let text = input["text"]["text"]
            .as_str()
            .filter(|text| !text.trim().is_empty());
        if let (Some(text), Some(flow)) = (text, agent.flows.get(place.0)) {
            let language = input["languageCode"]
                .as_str()
                .unwrap_or(&agent.settings.default_language_code);
            let intent = output["triggeredIntent"]["name"].as_str();
            found.push(Turn {
                flow,
                page: flow.pages.get(place.1),
                text,
                language,
                now,
                intent,
            });
        }
        let page = &output["currentPage"];
        if let Some(name) = page["name"].as_str() {
            place = (
                page["flow"]
                    .as_str()
                    .or(output["currentFlow"]["name"].as_str())
                    .unwrap_or(place.0),
                name,
            );
        }
    }
    found
}

fn judge(agent: &Agent, nlu: &Nlu, turn: &Turn<'_>, label: &str, tally: &mut Tally) {
    let scope = scope(agent, turn);
    if let Some(intent) = turn.intent
        && !scope.contains(&intent)
    {
        tally.out_of_scope.push(label.to_owned());
    }
    let ask = |scope: &[&str], active: Option<&FormParameter>| {
        nlu.understand(&Question {
            flow: &turn.flow.display_name,
            scope,
            language: turn.language,
            text: turn.text,
            active: active.map(slot),
            others: &[],
            now: turn.now,
            session_entities: &[],
            threshold: turn.flow.nlu_settings.classification_threshold,
            forced: None,
        })
    };
    let required: Vec<&FormParameter> = turn
        .page
        .iter()
        .flat_map(|page| &page.form.parameters)
        .filter(|parameter| parameter.required)
        .collect();
    let filled = required
        .iter()
        .any(|parameter| matches!(ask(&scope, Some(parameter)).decision, Decision::Fill { .. }));
    let exact = ask(&scope, None).reason == "exact";
    let holds = match turn.intent {
        // One of the intents that have the phrase was recorded.
        Some(intent) => filled || ask(&[intent], None).reason == "exact",
        None => filled,
    };
    if exact && !holds {
        tally.exact_otherwise.push(label.to_owned());
    }
    let answer = ask(
        &scope,
        if turn.intent.is_none() {
            required.first().copied()
        } else {
            None
        },
    );
    let got = match &answer.decision {
        Decision::Intent { name, .. } => Some(name.as_str()),
        Decision::Fill { .. } | Decision::NoMatch { .. } => None,
    };
    tally.turns += 1;
    // Which parameter waited is not recorded: a value of any of them is one.
    tally.agreed += usize::from(got == turn.intent || (turn.intent.is_none() && filled));
}

fn slot(parameter: &FormParameter) -> FormSlot<'_> {
    FormSlot {
        name: &parameter.display_name,
        entity_type: &parameter.entity_type,
        is_list: parameter.is_list,
    }
}

/// The intents of the page, the flow and their route groups.
fn scope<'a>(agent: &'a Agent, turn: &Turn<'a>) -> Vec<&'a str> {
    let flow = turn.flow;
    let mut routes: Vec<&'a Route> = flow.transition_routes.iter().collect();
    let mut groups: Vec<&'a str> = flow
        .transition_route_groups
        .iter()
        .chain(&flow.agent_transition_route_groups)
        .map(String::as_str)
        .collect();
    if let Some(page) = turn.page {
        routes.extend(&page.transition_routes);
        let named = page
            .transition_route_groups
            .iter()
            .chain(&page.agent_transition_route_groups);
        groups.extend(named.map(String::as_str));
    }
    for name in groups {
        let group = flow.groups.get(name).or_else(|| agent.route_groups.get(name));
        routes.extend(group.into_iter().flat_map(|group| &group.transition_routes));
    }
    routes
        .into_iter()
        .map(|route| route.intent.as_str())
        .filter(|name| !name.is_empty())
        .collect()
}
