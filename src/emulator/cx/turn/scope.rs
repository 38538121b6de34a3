//! What expressions see while a turn is played (cx-runtime 9.4, 10.3).

use std::borrow::Cow;

use chrono::DateTime;
use chrono_tz::Tz;
use serde_json::json;

use super::super::bounds::{excerpt, for_the_record};
use super::super::environment::Environment;
use super::super::form;
use super::super::reference::{Reference, Scope, Step, descend};
use super::super::request::Input;
use super::super::trace::FunctionResult;
use super::Turn;
use crate::model::Value;
use crate::model::transcript::Sentiment;

/// A turn as its expressions see it.
pub(super) struct TurnScope<'t>(pub(super) &'t Turn<'t>);

/// Results of functions kept per step; a loop of presets would fill the diagnostics otherwise.
const MOST_RESULTS: usize = 100;
/// Characters of a call that are repeated there.
const LONGEST_CALL: usize = 2000;

impl Turn<'_> {
    pub(super) fn scope(&self) -> TurnScope<'_> {
        TurnScope(self)
    }
}

impl Environment for TurnScope<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Cow<'_, Value>> {
        let turn = self.0;
        let session = &*turn.session;
        match &reference.scope {
            Scope::Session => session.parameters.resolve(&reference.path),
            Scope::Flow => session.flow_parameters.resolve(&reference.path),
            Scope::Page => {
                let page = turn.program.page(session.place);
                form::resolve(session, page, &turn.collected, &reference.path)
            }
            Scope::Intent => intent_value(turn, &reference.path).map(Cow::Owned),
            Scope::Request => match &*reference.path {
                [Step::Name(name), rest @ ..] if &**name == "generative" => turn.generated.resolve(rest),
                path => request_value(turn, path).map(Cow::Owned),
            },
            Scope::Custom(name) => {
                let (scope, parameters) = &turn.custom;
                (**name == **scope)
                    .then(|| parameters.resolve(&reference.path))
                    .flatten()
            }
        }
    }

    fn now(&self) -> DateTime<Tz> {
        self.0.now
    }

    fn random(&self) -> u64 {
        self.0.chance.bits()
    }

    fn record(&self, call: &str, result: Result<&Value, &str>) {
        let mut functions = self.0.functions.borrow_mut();
        if functions.len() < MOST_RESULTS {
            functions.push(FunctionResult {
                call: excerpt(call, LONGEST_CALL).into_owned(),
                result: result
                    .map(for_the_record)
                    .map_err(|message| excerpt(message, LONGEST_CALL).into_owned()),
            });
        }
    }
}

/// `$intent.params.x` shows what the user said; its members are that and the value (cx-runtime 10.3).
fn intent_value(turn: &Turn<'_>, path: &[Step]) -> Option<Value> {
    let [Step::Name(name), rest @ ..] = path else {
        return None;
    };
    let value = turn
        .intent_values
        .iter()
        .find(|value| value.id.eq_ignore_ascii_case(name))?;
    let both = json!({ "original": value.original, "resolved": value.resolved });
    descend(&both, rest).cloned()
}

/// Facts about the request (cx-runtime 9.4).
fn request_value(turn: &Turn<'_>, path: &[Step]) -> Option<Value> {
    let [Step::Name(name), rest @ ..] = path else {
        return None;
    };
    let value = match &**name {
        "user-utterance" => match &turn.request.input {
            Input::Text(text) => json!(text),
            _ => return None,
        },
        "webhook_status_code" => json!(turn.webhook_status?),
        "payload" => Value::Object(turn.request.payload.clone()),
        "sentiment" if turn.request.analyze_sentiment => match turn.request.sentiment {
            Some(Sentiment { score, magnitude }) => {
                json!({ "succeeded": true, "score": score, "magnitude": magnitude })
            }
            None => json!({ "succeeded": false }),
        },
        "event" => match &turn.request.input {
            Input::Event(event) => json!(event),
            _ => return None,
        },
        _ => return None,
    };
    descend(&value, rest).cloned()
}
