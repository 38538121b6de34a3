//! Turns as the journal keeps them.

use std::time::Duration;

use serde_json::json;

use super::attachment;
use crate::model::Value;
use crate::model::outcome::{Checked, LatencyRecord, Outcome, PlayedTurn, Sent};
use crate::model::suite::{Input, Name, Turn};
use crate::model::transcript::Latency;
use crate::suite::template::as_written;

/// A turn that nothing has come of yet.
pub(super) fn unplayed(index: usize, turn: &Turn) -> PlayedTurn {
    let input = input(&turn.input);
    PlayedTurn {
        index: u32::try_from(index + 1).unwrap_or(u32::MAX),
        file: turn.location.file.display().to_string(),
        line: turn.location.line,
        used_at: turn.used_at.as_ref().map(ToString::to_string),
        input: if turn.has_templates {
            as_written(input)
        } else {
            input
        },
        skipped: None,
        sent: Sent::No,
        reply: None,
        calls: Vec::new(),
        latency_ms: LatencyRecord::default(),
        failures: Vec::new(),
        expectations: Vec::new(),
    }
}

/// What the user did, as a suite would say it.
pub(super) fn input(input: &Input) -> Value {
    match input {
        Input::Say(text) => json!({ "say": text }),
        Input::Event(name) => json!({ "event": name }),
        Input::Intent(Name::Display(name)) => json!({ "intent": name }),
        Input::Intent(Name::Id(id)) => json!({ "intent": { "id": id } }),
        Input::Dtmf { digits, finish: None } => json!({ "dtmf": digits }),
        Input::Dtmf {
            digits,
            finish: Some(finish),
        } => json!({ "dtmf": { "digits": digits, "finish": finish } }),
        Input::Silence => json!({ "silence": true }),
        Input::SilentAudio(time) => json!({ "silence": duration_text(*time) }),
        Input::Audio(audio) => json!({ "audio": audio.written }),
        Input::Attached { say, files } => attachment::record(say.as_deref(), files, None),
        Input::Variables(variables) => json!({ "variables": variables }),
    }
}

/// A duration as suites write it.
fn duration_text(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{}s", time.as_secs()),
        _ => format!("{}ms", time.as_millis()),
    }
}

/// Times in milliseconds.
pub(super) fn latency(latency: Latency) -> LatencyRecord {
    LatencyRecord {
        first: millis(latency.first),
        total: millis(latency.total),
    }
}

/// A duration in milliseconds, to the microsecond.
pub(super) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// Whether something about the turn was seen not to hold.
pub(super) fn turn_failed(turn: &PlayedTurn) -> bool {
    !turn.failures.is_empty() || any(&turn.expectations, Outcome::Failed)
}

/// Whether one of the expectations came out like that.
pub(super) fn any(expectations: &[Checked], outcome: Outcome) -> bool {
    expectations.iter().any(|checked| checked.outcome == outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_read_as_in_a_suite() {
        let dtmf = |finish: Option<&str>| Input::Dtmf {
            digits: "12".to_owned(),
            finish: finish.map(str::to_owned),
        };
        let table = [
            (Input::Say("hi".to_owned()), json!({"say": "hi"})),
            (Input::Event("welcome".to_owned()), json!({"event": "welcome"})),
            (
                Input::Intent(Name::Display("pay".to_owned())),
                json!({"intent": "pay"}),
            ),
            (
                Input::Intent(Name::Id("1-2".to_owned())),
                json!({"intent": {"id": "1-2"}}),
            ),
            (dtmf(None), json!({"dtmf": "12"})),
            (dtmf(Some("#")), json!({"dtmf": {"digits": "12", "finish": "#"}})),
            (Input::Silence, json!({"silence": true})),
            (
                Input::Variables(crate::model::Map::new()),
                json!({"variables": {}}),
            ),
        ];
        for (given, expected) in table {
            assert_eq!(input(&given), expected);
        }
    }

    #[test]
    fn milliseconds_are_kept_to_the_microsecond() {
        assert_eq!(millis(Duration::from_nanos(1_234_567)).to_string(), "1.235");
    }
}
