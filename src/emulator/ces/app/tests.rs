//! Reading apps: what they say, and what is wrong with them.

use std::fmt::Write as _;

use super::*;

fn parse(text: &str) -> Result<Loaded, Vec<Diagnostic>> {
    App::parse(&Arc::new(SourceFile {
        path: "support.app.yaml".into(),
        text: text.to_owned(),
    }))
}

/// The problems of a file: code, marked text, message, help.
fn problems(text: &str) -> Vec<(String, String, String)> {
    let found = match parse(text) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    };
    found
        .iter()
        .map(|problem| {
            let marked = problem
                .labels
                .first()
                .map(|label| text[label.span.clone()].to_owned());
            let mut message = problem.message.clone();
            for help in &problem.help {
                let _ = write!(message, " | {help}");
            }
            (problem.code.to_owned(), marked.unwrap_or_default(), message)
        })
        .collect()
}

/// A sound app around some tools and one agent's body.
fn around(tools: &str, body: &str) -> String {
    format!(
        "app: Test\nvariables: {{ city: Paris, order: null }}\ntools: {tools}\nagents:\n  Root: {body}\n  Billing: {{ rules: [] }}\n"
    )
}

#[track_caller]
fn wrong(text: &str, code: &str, marked: &str, message: &str) {
    let expected = (code.to_owned(), marked.to_owned(), message.to_owned());
    assert_eq!(problems(text), [expected], "{text}");
}

#[track_caller]
fn wrong_rule(rule: &str, code: &str, marked: &str, message: &str) {
    let tools = "{ ask: { run_by: client }, find: { answers: [{ respond: { a: 1 } }] } }";
    wrong(
        &around(tools, &format!("{{ rules: [{rule}] }}")),
        code,
        marked,
        message,
    );
}

#[test]
fn templates_are_for_what_the_app_does() {
    let help = " | say what a value is by a condition on `variables`, or take it from the words by `matches`";
    let message = |text: &str| {
        format!("`{text}` is compared as it is written: templates are for what the app does{help}")
    };
    for (when, marked) in [
        (r#"{ says: "{{ city }}" }"#, r#""{{ city }}""#),
        (r#"{ event: "{{ city }}" }"#, r#""{{ city }}""#),
        (
            r#"{ says: a, variables: { order: "{{ city }}" } }"#,
            r#""{{ city }}""#,
        ),
        (
            r#"{ says: a, variables: { order: { equals: ["{{ city }}"] } } }"#,
            r#""{{ city }}""#,
        ),
    ] {
        let rule = format!("{{ when: {when}, do: [{{ say: x }}] }}");
        wrong_rule(&rule, "template", marked, &message("{{ city }}"));
    }
}

const EXAMPLE: &str = r#"
app: Parcel support
root: Front desk
time_zone: Europe/Paris
variables: { customer: guest, order_id: null }
tools:
  lookup_order: { run_by: client, fake: { status: pretended } }
  crm/find customer:
    answers:
      - when: { amount: { gt: 100 }, note: { not: { contains: x } } }
        respond: { error: needs approval }
      - respond: plain
agents:
  Front desk:
    rules:
      - when: { matches: "(?i)order (?<found>[A-Z]\\d+)", variables: { customer: { present: true } } }
        do:
          - set: { order_id: "{{ found }}" }
          - { call: lookup_order, args: { order_id: "{{ order_id }}" } }
      - when: { result: lookup_order, response: { status: shipped } }
        do: [{ say: [It is on its way., "{{ lookup_order.status }}"] }]
      - when: { says: [Money back!, refund], variables: { order_id: { absent: true } } }
        do: [{ transfer: Billing }, { call: crm/find customer, by_callback: true }]
      - when: { event: welcome }
        do: [{ say: { one_of: [Hi., Hello.] } }]
      - when: { dtmf: ["1", "2#"] }
        do: [{ payload: { keys: "{{ input }}" } }, { end: true }]
  Billing:
    rules: [{ when: { transfer: true }, do: [{ end: { reason: "{{ today }}" } }] }]
    otherwise: [{ say: "?" }]
otherwise: [{ say: What? }]
"#;

#[test]
fn a_whole_app_is_read() {
    let loaded = parse(EXAMPLE).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert_eq!(loaded.hash.len(), 64);
    let app = loaded.app;
    assert_eq!(app.name, "Parcel support");
    assert_eq!(app.agent_names().collect::<Vec<_>>(), ["Front desk", "Billing"]);
    assert_eq!(app.agent_id("Front desk"), Some("front-desk"));
    assert_eq!(app.agent_at("billing"), Some(1));
    assert_eq!(
        app.tool_names().collect::<Vec<_>>(),
        ["lookup_order", "crm/find customer"]
    );
    assert_eq!(
        (app.tools[1].toolset.as_deref(), app.tools[1].id.as_str()),
        (Some("crm"), "find-customer")
    );
    assert_eq!(
        app.tools[1].answers[1].respond,
        Map::from_iter([("output".into(), Value::from("plain"))])
    );
    assert_eq!(app.variables.keys().collect::<Vec<_>>(), ["customer", "order_id"]);
    assert_eq!(app.agents[0].rules.len(), 5);
    assert!(matches!(&app.agents[0].rules[2].trigger, Trigger::Says(texts) if texts[0] == "money back"));
}

#[test]
fn names_that_do_not_exist_are_told() {
    wrong(
        "app: A\nroot: Fron desk\nagents: { Front desk: { rules: [] } }",
        "unknown-agent",
        "Fron desk",
        "there is no agent `Fron desk` | did you mean `Front desk`?",
    );
    wrong_rule(
        "{ do: [{ transfer: Biling }] }",
        "unknown-agent",
        "Biling",
        "there is no agent `Biling` | did you mean `Billing`?",
    );
    wrong_rule(
        "{ do: [{ call: asc }] }",
        "unknown-tool",
        "asc",
        "there is no tool `asc` | did you mean `ask`?",
    );
    wrong_rule(
        "{ when: { result: fnd }, do: [] }",
        "unknown-tool",
        "fnd",
        "there is no tool `fnd` | did you mean `find`?",
    );
    wrong_rule(
        "{ when: { variables: { citi: x } }, do: [] }",
        "unknown-variable",
        "citi",
        "there is no variable `citi` | did you mean `city`?",
    );
    wrong_rule(
        "{ do: [{ say: \"{{ citty }}\" }] }",
        "unknown-name",
        "\"{{ citty }}\"",
        "nothing is called `citty` | did you mean `city`?",
    );
    wrong_rule(
        "{ do: [{ say: \"{{ city | upper }}\" }] }",
        "bad-template",
        "\"{{ city | upper }}\"",
        "` city | upper ` is no template | write `{{ name }}`, `{{ name.member }}` or `{{ name | number }}`",
    );
}

#[test]
fn keys_that_make_no_sense_are_told() {
    wrong_rule(
        "{ wen: {}, do: [] }",
        "unknown-key",
        "wen",
        "a rule has no key `wen` | did you mean `when`?",
    );
    wrong_rule("{ when: { says: hi } }", "missing-key", "", "a rule needs `do`");
    wrong_rule(
        "{ when: { says: hi, event: x }, do: [] }",
        "two-triggers",
        "event",
        "`says` and `event` cannot both be | write a rule for each",
    );
    wrong_rule(
        "{ when: { response: { a: 1 } }, do: [] }",
        "useless-key",
        "{ a: 1 }",
        "`response` is about the answer of the tool that `result` names",
    );
    wrong_rule(
        "{ do: [{ say: a, payload: {} }] }",
        "two-actions",
        "payload",
        "a step does one thing, not both `say` and `payload` | write a step for each, in their order",
    );
    wrong_rule(
        "{ do: [{ say: a, args: {} }] }",
        "useless-key",
        "args",
        "`args` stands beside `call` only",
    );
    wrong_rule(
        "{ do: [{ args: {} }] }",
        "missing-key",
        "",
        "a step needs one of `say`, `set`, `call`, `transfer`, `payload`, `cite`, `suggest`, `end`",
    );
    wrong_rule(
        "{ do: [{ call: ask, respond: { a: 1 } }] }",
        "useless-key",
        "{ a: 1 }",
        "a tool that the client runs is answered by the client",
    );
    wrong_rule(
        "{ do: [{ end: soon }] }",
        "wrong-type",
        "soon",
        "`end` must be `true` or a mapping of metadata, not a text",
    );
    wrong_rule(
        "{ when: { says: \"?!\" }, do: [] }",
        "empty-value",
        "\"?!\"",
        "`says` compares words; there are none",
    );
    wrong_rule(
        "{ when: { matches: \"a(\" }, do: [] }",
        "bad-regex",
        "\"a(\"",
        "the regular expression is not valid: unclosed group",
    );
    wrong_rule(
        "{ when: { variables: { city: { gt: 1, other: 2 } } }, do: [] }",
        "mixed-matcher",
        "other",
        "`gt` is an operator, `other` is not: they cannot stand side by side",
    );
    wrong_rule(
        "{ when: { variables: { city: { has_length: 3 } } }, do: [] }",
        "unknown-operator",
        "has_length",
        "`has_length` is an operator of suites that an app's conditions do not have | they have equals, contains, \
         icontains, starts_with, ends_with, matches, any_of, all_of, not, gt, gte, lt, lte, between, absent, present; \
         for a member of that name, `equals` compares the whole value",
    );
    wrong_rule(
        "{ when: { dtmf: [\"1\", \"2x\"] }, do: [] }",
        "bad-dtmf",
        "[\"1\", \"2x\"]",
        "`x` is no key | the keys are 0 to 9, `*`, `#` and A to D",
    );
    wrong_rule(
        "{ when: { variables: { city: null } }, do: [] }",
        "missing-value",
        "null",
        "`city` is compared with nothing | for no value, write `{ absent: true }`",
    );
}

/// Such a rule was loaded without a word, and never played.
#[test]
fn operands_fit_their_operators() {
    let of_order = "must be a number, a date such as `2026-03-01` or a time such as `09:30`";
    for (condition, code, marked, message) in [
        (
            "starts_with: true",
            "wrong-type",
            "true",
            "`starts_with` must be a text, not a boolean".to_owned(),
        ),
        (
            "ends_with: ' '",
            "empty-value",
            "' '",
            "`ends_with` looks for white space, which does not count at the ends of a text".to_owned(),
        ),
        (
            "any_of: []",
            "missing-value",
            "[]",
            "`any_of` lists no conditions | for example `any_of: [gold, { starts_with: plat }]`".to_owned(),
        ),
        (
            "gt: soon",
            "wrong-type",
            "soon",
            format!("`gt` {of_order}, not a text"),
        ),
        (
            "lte: true",
            "wrong-type",
            "true",
            format!("`lte` {of_order}, not a boolean"),
        ),
        (
            "gte: '5'",
            "wrong-type",
            "'5'",
            format!("`gte` {of_order}, not a text"),
        ),
        (
            "between: [2026-03-02, 2026-03-01]",
            "out-of-range",
            "[2026-03-02, 2026-03-01]",
            "nothing lies between these: the first is greater than the second".to_owned(),
        ),
        (
            "between: [5, 1]",
            "out-of-range",
            "[5, 1]",
            "nothing lies between these: the first is greater than the second".to_owned(),
        ),
        (
            "between: [1, 2026-03-01]",
            "out-of-range",
            "[1, 2026-03-01]",
            "nothing lies between these: both are numbers, dates or times of a day".to_owned(),
        ),
    ] {
        let rule = format!("{{ when: {{ variables: {{ city: {{ {condition} }} }} }}, do: [] }}");
        wrong_rule(&rule, code, marked, &message);
    }
    // An operator means what it means in suites.
    for sound in [
        "gt: 2026-03-01",
        "between: ['09:30', '10:00']",
        "starts_with: 75",
        "contains: true",
    ] {
        let rule = format!("{{ rules: [{{ when: {{ variables: {{ city: {{ {sound} }} }} }}, do: [] }}] }}");
        assert_eq!(problems(&around("{}", &rule)), [], "{sound}");
    }
}

#[test]
fn tools_are_checked() {
    let with = |tool: &str| around(&format!("{{ t: {tool} }}"), "{ rules: [{ do: [{ call: t }] }] }");
    wrong(
        &with("{ run_by: cliant }"),
        "unknown-value",
        "cliant",
        "a tool cannot be run by `cliant` | did you mean `client`?",
    );
    wrong(
        &with("{ run_by: client, answers: [{ respond: {} }] }"),
        "useless-key",
        "[{ respond: {} }]",
        "a tool that the client runs is answered by the client | for an answer while tool fakes are switched on, write `fake:`",
    );
    assert!(problems(&with("{}")).is_empty());
    assert!(problems(&with("")).is_empty());
    wrong(
        &with("{ answers: [{ when: {} }] }"),
        "missing-key",
        "",
        "an answer needs `respond`",
    );
    let deep = format!(
        "{{ answers: [{{ respond: {}1{} }}] }}",
        "{ a: ".repeat(30),
        " }".repeat(30)
    );
    assert_eq!(problems(&with(&deep))[0].0, "too-deep");
    assert_eq!(
        problems(&around("{ a/b/c: { run_by: client } }", "{ rules: [] }"))[0].0,
        "bad-name"
    );
}

#[test]
fn what_is_never_played_is_a_warning() {
    let text = around(
        "{}",
        "{ rules: [{ do: [{ say: a }] }, { when: { says: b }, do: [{ say: b }] }] }",
    );
    let loaded = parse(&text).unwrap();
    let codes: Vec<&str> = loaded.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["unreachable-rule"]);
    let text = around("{}", "{ rules: [{ do: [{ end: true }, { say: b }] }] }");
    assert_eq!(problems(&text)[0].0, "unreachable-step");
    // Reactions are no competition for what the user does.
    let text = around(
        "{}",
        "{ rules: [{ do: [{ say: a }] }, { when: { transfer: true }, do: [{ say: b }] }] }",
    );
    assert!(problems(&text).is_empty());
}

#[test]
fn an_app_needs_agents() {
    wrong("app: A", "missing-key", "", "an app needs `agents`");
    wrong(
        "app: A\nagents: {}",
        "missing-value",
        "{}",
        "an app needs an agent",
    );
    wrong(
        "agents: { A: { rules: [] } }",
        "missing-key",
        "",
        "an app needs `app`",
    );
    assert_eq!(
        problems("app: A\nagents: { user: { rules: [] } }")[0].0,
        "bad-name"
    );
    assert_eq!(
        problems("app: A\ntime_zone: Mars/Base\nagents: { A: { rules: [] } }")[0].0,
        "unknown-time-zone"
    );
    for text in ["", "[]", "app: [", "app: 1\nagents: 2", "- a"] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn yaml_traps_are_refused() {
    wrong(
        &around("{}", "\n    rules:\n      - do:\n          - say: option #2\n"),
        "comment-after-text",
        "#2",
        "the text ends where a comment begins | if `#` belongs to the text, quote it: \"option #2\" | \
         if it is a comment, set it further apart",
    );
    assert_eq!(
        problems(&around("{}", "{ rules: [{ when: { dtmf: 012 }, do: [] }] }"))[0].0,
        "number-for-text"
    );
}

#[test]
fn ids_are_unique() {
    let loaded =
        parse("app: A\nagents: { Ä b: { rules: [] }, 'b!': { rules: [] }, B: { rules: [] }, ñ: {} }")
            .unwrap();
    let ids: Vec<&str> = loaded.app.agents.iter().map(|agent| agent.id.as_str()).collect();
    assert_eq!(ids, ["b", "b-2", "b-3", "x"]);
}

#[test]
fn the_example_in_the_documentation_is_sound() {
    let source = include_str!("../app.rs");
    let lines = source.lines().skip_while(|line| *line != "//! ```yaml").skip(1);
    let lines = lines.take_while(|line| *line != "//! ```");
    let text: Vec<&str> = lines
        .map(|line| line.trim_start_matches("//!").strip_prefix(' ').unwrap_or(""))
        .collect();
    let loaded = parse(&text.join("\n")).unwrap();
    assert!(loaded.warnings.is_empty());
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "[ a-z:{}\\[\\]\\n\"-]{0,80}") {
        let _ = parse(&format!("app: A\nagents:\n  Root:\n    {text}"));
        let _ = parse(&text);
    }
}
