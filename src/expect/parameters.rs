//! `parameters` and `all_parameters`: one row for each member, so that a report says which one is wrong.

use crate::model::outcome::Checked;
use crate::model::suite::{Expectation, Matcher, Service};
use crate::model::transcript::{AgentReply, Observed};
use crate::model::{Map, Value};

use super::TurnContext;
use super::check::{Row, previous};
use super::describe::{member, show, within};
use super::matcher::{Before, Difference, Scope, Subject, Verdict, evaluate};
use super::path::{locate, parameter};

/// The rows of `parameters: {…}`.
pub(super) fn some(
    expectation: &Expectation,
    members: &[(String, Matcher)],
    reply: &AgentReply,
    context: &TurnContext<'_>,
) -> Vec<Checked> {
    rows("parameters", expectation, members, reply, context)
}

/// The rows of `all_parameters: {…}`: those of `parameters`, and one for every parameter that is not expected.
pub(super) fn exactly(
    expectation: &Expectation,
    members: &[(String, Matcher)],
    reply: &AgentReply,
    context: &TurnContext<'_>,
) -> Vec<Checked> {
    let kind = "all_parameters";
    let mut rows = rows(kind, expectation, members, reply, context);
    let Observed::Seen(parameters) = &reply.parameters else {
        return rows;
    };
    let fold_case = context.service == Service::Cx;
    let expected: Vec<&str> = members
        .iter()
        .filter_map(|(name, _)| locate(parameters, name, fold_case))
        .map(|(key, _)| key)
        .collect();
    let extra = parameters
        .iter()
        .filter(|(key, value)| !value.is_null() && !expected.contains(&key.as_str()));
    let before = rows.len();
    rows.extend(extra.map(|(key, value)| {
        let difference = Difference {
            path: String::new(),
            message: format!("is not expected, was {}", show(value)),
            expected: None,
            actual: None,
        };
        Row {
            expectation,
            kind,
            path: path_of(kind, key),
            expected: Value::String("absent".to_owned()),
            actual: value.clone(),
        }
        .checked(Verdict::Differs(vec![difference]))
    }));
    if before == 0 && rows.is_empty() {
        let row = Row {
            expectation,
            kind,
            path: kind.to_owned(),
            expected: Value::Object(Map::new()),
            actual: Value::Object(parameters.clone()),
        };
        rows.push(row.checked(Verdict::Holds));
    }
    rows
}

fn rows(
    kind: &'static str,
    expectation: &Expectation,
    members: &[(String, Matcher)],
    reply: &AgentReply,
    context: &TurnContext<'_>,
) -> Vec<Checked> {
    let fold_case = context.service == Service::Cx;
    let scope = Scope::new(context.now);
    members
        .iter()
        .map(|(name, matcher)| {
            let row = Row {
                expectation,
                kind,
                path: path_of(kind, name),
                expected: super::describe::expected_value(matcher, ""),
                actual: Value::Null,
            };
            let parameters = match &reply.parameters {
                Observed::Seen(parameters) => parameters,
                Observed::Unseen(reason) => {
                    return row.checked(Verdict::Unobservable(reason.clone().into_owned()));
                }
            };
            let value = parameter(parameters, name, fold_case);
            let subject = Subject {
                value,
                before: before(name, fold_case, context),
            };
            let verdict = evaluate(matcher, subject, &scope);
            Row {
                actual: value.cloned().unwrap_or_default(),
                ..row
            }
            .checked(verdict)
        })
        .collect()
}

fn before<'a>(name: &str, fold_case: bool, context: &TurnContext<'a>) -> Before<'a> {
    if let Some(parameters) = context.parameters_before {
        return Before::Known(parameter(parameters, name, fold_case));
    }
    match previous(context, |reply| &reply.parameters) {
        Ok(parameters) => Before::Known(parameter(parameters, name, fold_case)),
        Err(reason) => Before::Unknown(reason),
    }
}

/// `parameters.city`; a name with dots is shown as the author wrote it.
fn path_of(kind: &str, name: &str) -> String {
    if super::path::parse(name).is_ok() {
        within(kind, name)
    } else {
        within(kind, &member(name))
    }
}
