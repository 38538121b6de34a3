//! Conditions over variables, arguments and answers, as matchers of the suite language: values, members, and the
//! operators that a script needs.

use std::cmp::Ordering;

use crate::diagnostic::Diagnostic;
use crate::expect;
use crate::model::Value;
use crate::model::capability::Group;
use crate::model::suite::{Comparison, Matcher};
use crate::yaml::{Entry, Kind, Map, Node, Reader};

use super::keys::OPERATORS;
use super::read::pattern;

/// Members with their conditions.
pub(super) fn members(reader: &mut Reader, node: &Node, what: &str) -> Option<Vec<(String, Matcher)>> {
    let map = reader.map(node, what)?;
    let members: Vec<(String, Matcher)> = map
        .entries
        .iter()
        .filter_map(|entry| {
            Some((
                entry.key.name.clone(),
                condition(reader, &entry.value, &entry.key.name)?,
            ))
        })
        .collect();
    (members.len() == map.entries.len()).then_some(members)
}

/// One condition.
pub(super) fn condition(reader: &mut Reader, node: &Node, what: &str) -> Option<Matcher> {
    match &node.kind {
        Kind::Null => {
            let message = format!("`{what}` is compared with nothing");
            reader
                .error("missing-value", message, node.span.clone())
                .help
                .push("for no value, write `{ absent: true }`".to_owned());
            None
        }
        Kind::Map(map) => mapping(reader, node, map, what),
        Kind::List(_) => several(reader, node, what).map(Matcher::List),
        _ => Some(Matcher::Is(value(reader, node))),
    }
}

fn several(reader: &mut Reader, node: &Node, what: &str) -> Option<Vec<Matcher>> {
    let items = reader.list(node, &format!("`{what}`"))?;
    let conditions: Vec<Matcher> = items
        .iter()
        .filter_map(|item| condition(reader, item, what))
        .collect();
    (conditions.len() == items.len()).then_some(conditions)
}

/// As `several`: none of no conditions holds, and all of them do.
fn some(reader: &mut Reader, node: &Node, name: &str) -> Option<Vec<Matcher>> {
    if node.as_list().is_some_and(<[Node]>::is_empty) {
        let message = format!("`{name}` lists no conditions");
        reader
            .error("missing-value", message, node.span.clone())
            .help
            .push(format!("for example `{name}: [gold, {{ starts_with: plat }}]`"));
        return None;
    }
    several(reader, node, name)
}

fn mapping(reader: &mut Reader, node: &Node, map: &Map, what: &str) -> Option<Matcher> {
    let is_operator = |entry: &&Entry| OPERATORS.contains(&entry.key.name.as_str());
    let operators: Vec<&Entry> = map.entries.iter().filter(is_operator).collect();
    if let Some(entry) = map
        .entries
        .iter()
        .find(|entry| is_of_suites_only(&entry.key.name))
    {
        let name = &entry.key.name;
        reader
            .error(
                "unknown-operator",
                format!("`{name}` is an operator of suites that an app's conditions do not have"),
                entry.key.span.clone(),
            )
            .help
            .push(format!(
                "they have {}; for a member of that name, `equals` compares the whole value",
                OPERATORS.join(", ")
            ));
        return None;
    }
    if operators.is_empty() {
        return members(reader, node, &format!("`{what}`")).map(Matcher::Subset);
    }
    if let Some(member) = map.entries.iter().find(|entry| !is_operator(entry)) {
        let message = format!(
            "`{}` is an operator, `{}` is not: they cannot stand side by side",
            operators.first()?.key.name,
            member.key.name
        );
        let problem =
            Diagnostic::error("mixed-matcher", message).at(&reader.file, member.key.span.clone(), "");
        let nearest = crate::diagnostic::suggest::nearest(&member.key.name, OPERATORS);
        let help = nearest.map(|name| format!("did you mean `{name}`?"));
        reader.push(problem).help.extend(help);
        return None;
    }
    let mut parts: Vec<Matcher> = operators
        .iter()
        .filter_map(|entry| operator(reader, entry))
        .collect();
    match (parts.len() == operators.len(), parts.len()) {
        (false, _) => None,
        (true, 1) => parts.pop(),
        (true, _) => Some(Matcher::AllOf(parts)),
    }
}

/// Whether a suite would take it for an operator, but a script has no such operator.
fn is_of_suites_only(name: &str) -> bool {
    Group::Operator.key(name).is_some() && !OPERATORS.contains(&name)
}

fn operator(reader: &mut Reader, entry: &Entry) -> Option<Matcher> {
    let (name, node) = (entry.key.name.as_str(), &entry.value);
    if node.is_null() && name != "equals" {
        reader.error(
            "missing-value",
            format!("`{name}` has no value"),
            node.span.clone(),
        );
        return None;
    }
    let compare =
        |reader: &mut Reader, comparison| Some(Matcher::Compare(comparison, ordered(reader, node, name)?));
    match name {
        "equals" => Some(Matcher::Equals(whole(reader, node))),
        "contains" => sought(reader, node, name).map(Matcher::Contains),
        "icontains" => sought(reader, node, name).map(Matcher::IContains),
        "starts_with" => edge(reader, node, name).map(Matcher::StartsWith),
        "ends_with" => edge(reader, node, name).map(Matcher::EndsWith),
        "matches" => pattern(reader, node).map(|regex| Matcher::Matches(regex.as_str().to_owned())),
        "any_of" => some(reader, node, name).map(Matcher::AnyOf),
        "all_of" => some(reader, node, name).map(Matcher::AllOf),
        "not" => condition(reader, node, name).map(Box::new).map(Matcher::Not),
        "gt" => compare(reader, Comparison::Greater),
        "gte" => compare(reader, Comparison::GreaterOrEqual),
        "lt" => compare(reader, Comparison::Less),
        "lte" => compare(reader, Comparison::LessOrEqual),
        "between" => between(reader, node),
        "absent" => only_true(reader, node, name).map(|()| Matcher::Absent),
        "present" => only_true(reader, node, name).map(|()| Matcher::Present),
        _ => None,
    }
}

fn value(reader: &mut Reader, node: &Node) -> Value {
    if let Kind::Number(number) = &node.kind {
        reader.check_number(number, node);
    }
    check_plain(reader, node, node.as_text());
    node.to_value()
}

/// A value that is compared with all its members, each as it is written.
fn whole(reader: &mut Reader, node: &Node) -> Value {
    match &node.kind {
        Kind::List(list) => list.items.iter().for_each(|item| drop(whole(reader, item))),
        Kind::Map(map) => map
            .entries
            .iter()
            .for_each(|entry| drop(whole(reader, &entry.value))),
        _ => drop(value(reader, node)),
    }
    node.to_value()
}

/// Refuses templates where texts are compared as they are written.
pub(super) fn check_plain<'t>(reader: &mut Reader, node: &Node, texts: impl IntoIterator<Item = &'t str>) {
    let template = texts.into_iter().find(|text| text.contains("{{"));
    if let Some(text) = template {
        let message = format!("`{text}` is compared as it is written: templates are for what the app does");
        reader.error("template", message, node.span.clone()).help.push(
            "say what a value is by a condition on `variables`, or take it from the words by `matches`"
                .to_owned(),
        );
    }
}

/// A text or number that is looked for; an empty text is everywhere.
fn sought(reader: &mut Reader, node: &Node, name: &str) -> Option<Value> {
    match &node.kind {
        Kind::Text(text) if text.value.is_empty() => {
            let message = format!("`{name}` looks for an empty text, which is everywhere");
            reader.error("empty-value", message, node.span.clone());
            None
        }
        Kind::Text(_) | Kind::Number(_) | Kind::Bool(_) => Some(value(reader, node)),
        _ => {
            reader.wrong_type(node, &format!("`{name}`"), "a text");
            None
        }
    }
}

/// What a text starts or ends with: a text, or a number that stands for one. White space does not count there.
fn edge(reader: &mut Reader, node: &Node, name: &str) -> Option<Value> {
    if matches!(node.kind, Kind::Bool(_)) {
        reader.wrong_type(node, &format!("`{name}`"), "a text");
        return None;
    }
    let wanted = sought(reader, node, name)?;
    if wanted.as_str().is_some_and(|text| text.trim().is_empty()) {
        let message = format!("`{name}` looks for white space, which does not count at the ends of a text");
        reader.error("empty-value", message, node.span.clone());
        return None;
    }
    Some(wanted)
}

/// What has a place in an order: a number, a date or a time.
fn ordered(reader: &mut Reader, node: &Node, name: &str) -> Option<Value> {
    let end = node.to_value();
    if expect::order_of(&end, &end).is_some() {
        return Some(value(reader, node));
    }
    reader.wrong_type(
        node,
        &format!("`{name}`"),
        "a number, a date such as `2026-03-01` or a time such as `09:30`",
    );
    None
}

fn between(reader: &mut Reader, node: &Node) -> Option<Matcher> {
    let ends = reader.list(node, "`between`")?;
    let [low, high] = ends else {
        reader.error(
            "wrong-type",
            "`between` has two ends: `[low, high]`",
            node.span.clone(),
        );
        return None;
    };
    let (low, high) = (
        ordered(reader, low, "between")?,
        ordered(reader, high, "between")?,
    );
    let message = match expect::order_of(&low, &high) {
        Some(Ordering::Greater) => "nothing lies between these: the first is greater than the second",
        Some(_) => return Some(Matcher::Between(low, high)),
        None => "nothing lies between these: both are numbers, dates or times of a day",
    };
    reader.error("out-of-range", message, node.span.clone());
    None
}

/// `true` and nothing else.
pub(super) fn only_true(reader: &mut Reader, node: &Node, name: &str) -> Option<()> {
    if matches!(node.kind, Kind::Bool(true)) {
        return Some(());
    }
    reader.error(
        "wrong-type",
        format!("`{name}` must be `true`"),
        node.span.clone(),
    );
    None
}
