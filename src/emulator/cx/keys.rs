//! Keys that were pressed: which of them count, and what they mean on the page (cx-runtime 14.6).
//!
//! The settings nearest to what is asked for decide: the parameter's, its page's, its flow's, the agent's. Where none of
//! them has any, keys are taken as they come: the recorded turns fill the open parameter, and none shows that keys are
//! turned away for want of settings.

use chrono::DateTime;
use chrono_tz::Tz;

use super::engine::Engine;
use super::entities::EntityContext;
use super::form;
use super::nlu::Filled;
use super::program::{FormParameter, PagePart, Program};
use super::session::Session;
use super::understanding::{Meaning, Understood};
use crate::export::agent::DtmfSettings;
use crate::model::Value;

/// The parameter that is asked for, if its settings turn keys away.
pub(super) fn turned_away<'p>(program: &'p Program, session: &Session) -> Option<&'p FormParameter> {
    let page = program.page(session.place);
    form::active(session, page)
        .filter(|active| settings(page, Some(active)).is_some_and(|settings| !settings.enabled))
}

fn settings<'p>(page: &'p PagePart, active: Option<&'p FormParameter>) -> Option<&'p DtmfSettings> {
    active
        .and_then(|active| active.keys.as_ref())
        .or(page.keys.as_ref())
}

/// The keys that count: those before the one that finishes, and no more than are wanted. Whether a telephone would bring
/// the others as the next input is not known: they are left out.
fn counted<'k>(settings: &DtmfSettings, pressed: &'k str) -> &'k str {
    if !settings.enabled {
        return pressed;
    }
    let finish = settings.finish_digit.as_str();
    let (before, _) = pressed
        .split_once(finish)
        .filter(|_| !finish.is_empty())
        .unwrap_or((pressed, ""));
    let most = usize::try_from(settings.max_digits).ok().filter(|most| *most > 0);
    let end = most.and_then(|most| before.char_indices().nth(most));
    end.and_then(|(end, _)| before.get(..end)).unwrap_or(before)
}

impl Engine {
    /// Keys fill the parameter that is asked for, else trigger the intent whose pattern they fit; no keys are
    /// silence (cx-runtime 14.6). The client tells the keys, and the one that it knows to have finished them.
    pub(super) fn understand_keys(
        &self,
        session: &Session,
        (pressed, finish): (&str, &str),
        language: &str,
        now: DateTime<Tz>,
    ) -> Understood {
        let program = self.program();
        let page = program.page(session.place);
        let active = form::active(session, page);
        let settings = settings(page, active);
        let pressed = pressed.strip_suffix(finish).unwrap_or(pressed);
        let digits = settings.map_or(pressed, |settings| counted(settings, pressed));
        if digits.is_empty() {
            return Understood::of(Meaning::NoInput, 0.0, "", "silence");
        }
        let context = EntityContext {
            language,
            now,
            session_entities: &session.entity_types,
        };
        let takes = settings.is_none_or(|settings| settings.enabled);
        let filled = active
            .filter(|_| takes)
            .and_then(|active| self.fill_with_keys(active, digits, &context));
        if let Some(filled) = filled {
            return Understood::of(Meaning::Fill(vec![filled]), 1.0, digits, "keys");
        }
        let intent = page.scope().find(|intent| {
            let keys = program.intents[*intent].keys.as_ref();
            keys.is_some_and(|keys| keys.fit(digits))
        });
        match intent {
            Some(intent) => {
                let meaning = Meaning::Intent {
                    intent,
                    parameters: Vec::new(),
                    is_direct: false,
                };
                Understood::of(meaning, 1.0, digits, "dtmf pattern")
            }
            None => Understood::of(Meaning::NoMatch, 0.0, digits, "keys"),
        }
    }

    fn fill_with_keys(
        &self,
        active: &FormParameter,
        digits: &str,
        context: &EntityContext<'_>,
    ) -> Option<Filled> {
        let recogniser = self.nlu().recogniser();
        let extracted = recogniser.digits(&active.entity_type, digits, context)?;
        let value = if active.is_list && !extracted.value.is_array() {
            Value::Array(vec![extracted.value])
        } else {
            extracted.value
        };
        Some(Filled {
            parameter: active.name.clone(),
            value,
            original: extracted.original,
        })
    }
}
