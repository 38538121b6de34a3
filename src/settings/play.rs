//! `timeouts`, `retries` and `repeat`: the same keys with the same meaning in profiles, defaults, suites and
//! conversations.

use std::time::Duration;

use super::keys::fields;
use crate::model::capability::Group;
use crate::model::suite::{Repeat, Retries, Timeouts};
use crate::yaml::{Map, Node, Reader};

/// What one layer says about playing; what it does not say is left to the layers below.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlayPatch {
    /// `timeouts.turn`.
    pub turn_timeout: Option<Duration>,
    /// `timeouts.conversation`.
    pub conversation_timeout: Option<Duration>,
    /// `retries.errored`.
    pub errored_retries: Option<u32>,
    /// `retries.failed`.
    pub failed_retries: Option<u32>,
    /// `repeat` with `pass`.
    pub repeat: Option<Repeat>,
}

/// What the program does by itself.
pub const BUILT_IN_TIMEOUTS: Timeouts = Timeouts {
    turn: Duration::from_secs(30),
    conversation: Duration::from_mins(5),
};
/// What the program does by itself.
pub const BUILT_IN_RETRIES: Retries = Retries {
    errored: 1,
    failed: 0,
};
/// What the program does by itself.
pub const BUILT_IN_REPEAT: Repeat = Repeat {
    times: 1,
    at_least: 1,
};

/// The keys of a mapping that [`PlayPatch::read`] reads.
pub const PLAY_KEYS: [&str; 4] = ["timeouts", "retries", "repeat", "pass"];

/// More repetitions or retries than this are a slip of the finger.
const MOST: u64 = 10_000;

impl PlayPatch {
    /// Reads [`PLAY_KEYS`] of a mapping.
    pub fn read(reader: &mut Reader, map: &Map) -> Self {
        let mut patch = Self::default();
        if let Some(node) = map.get("timeouts") {
            patch.read_timeouts(reader, node);
        }
        if let Some(node) = map.get("retries") {
            patch.read_retries(reader, node);
        }
        patch.repeat = read_repeat(reader, map);
        patch
    }

    fn read_timeouts(&mut self, reader: &mut Reader, node: &Node) {
        let Some(map) = fields(reader, node, Group::Timeouts) else {
            return;
        };
        self.turn_timeout = map.get("turn").and_then(|node| positive(reader, node, "`turn`"));
        self.conversation_timeout = map
            .get("conversation")
            .and_then(|node| positive(reader, node, "`conversation`"));
    }

    fn read_retries(&mut self, reader: &mut Reader, node: &Node) {
        if node.as_map().is_none() {
            let both = count(reader, node, "`retries`", 0);
            (self.errored_retries, self.failed_retries) = (both, both);
            return;
        }
        let Some(map) = fields(reader, node, Group::Retries) else {
            return;
        };
        self.errored_retries = map
            .get("errored")
            .and_then(|node| count(reader, node, "`errored`", 0));
        self.failed_retries = map
            .get("failed")
            .and_then(|node| count(reader, node, "`failed`", 0));
    }

    /// What this layer says, and what `lower` says where this one is silent.
    #[must_use]
    pub fn over(self, lower: Self) -> Self {
        Self {
            turn_timeout: self.turn_timeout.or(lower.turn_timeout),
            conversation_timeout: self.conversation_timeout.or(lower.conversation_timeout),
            errored_retries: self.errored_retries.or(lower.errored_retries),
            failed_retries: self.failed_retries.or(lower.failed_retries),
            repeat: self.repeat.or(lower.repeat),
        }
    }

    /// The time allowed, built-in where no layer says anything.
    pub fn timeouts(self) -> Timeouts {
        Timeouts {
            turn: self.turn_timeout.unwrap_or(BUILT_IN_TIMEOUTS.turn),
            conversation: self
                .conversation_timeout
                .unwrap_or(BUILT_IN_TIMEOUTS.conversation),
        }
    }

    /// The retries, built-in where no layer says anything.
    pub fn retries(self) -> Retries {
        Retries {
            errored: self.errored_retries.unwrap_or(BUILT_IN_RETRIES.errored),
            failed: self.failed_retries.unwrap_or(BUILT_IN_RETRIES.failed),
        }
    }

    /// The repetitions, built-in where no layer says anything.
    pub fn repetitions(self) -> Repeat {
        self.repeat.unwrap_or(BUILT_IN_REPEAT)
    }
}

/// A duration longer than nothing.
pub fn positive(reader: &mut Reader, node: &Node, what: &str) -> Option<Duration> {
    let duration = reader.duration(node, what)?;
    if duration.is_zero() {
        reader.error(
            "out-of-range",
            format!("{what} must be longer than nothing"),
            node.span.clone(),
        );
        return None;
    }
    Some(duration)
}

fn count(reader: &mut Reader, node: &Node, what: &str, least: u64) -> Option<u32> {
    let count = reader.integer(node, what, least..MOST + 1)?;
    u32::try_from(count).ok()
}

/// `repeat: n`, and `pass: {at_least: k}` beside it.
fn read_repeat(reader: &mut Reader, map: &Map) -> Option<Repeat> {
    let Some(repeat) = map.entry("repeat") else {
        if let Some(pass) = map.entry("pass") {
            reader.error(
                "missing-key",
                "`pass` needs `repeat` beside it",
                pass.key.span.clone(),
            );
        }
        return None;
    };
    let times = count(reader, &repeat.value, "`repeat`", 1)?;
    let Some(pass) = map.get("pass") else {
        return Some(Repeat {
            times,
            at_least: times,
        });
    };
    let map = fields(reader, pass, Group::Pass)?;
    let Some(at_least) = map.get("at_least") else {
        reader.error("missing-key", "`pass` needs `at_least`", pass.span.clone());
        return None;
    };
    let at_least = u32::try_from(reader.integer(at_least, "`at_least`", 1..u64::from(times) + 1)?).ok()?;
    Some(Repeat { times, at_least })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::SourceFile;

    fn read(text: &str) -> (PlayPatch, Vec<String>) {
        let file = Arc::new(SourceFile {
            path: "turnproof.yaml".into(),
            text: text.to_owned(),
        });
        let parsed = crate::yaml::parse(&file);
        let mut reader = Reader::new(&file);
        let root = parsed.root.unwrap();
        let patch = PlayPatch::read(&mut reader, root.as_map().unwrap());
        (
            patch,
            reader
                .problems
                .into_iter()
                .map(|problem| problem.message)
                .collect(),
        )
    }

    #[test]
    fn all_keys_are_read() {
        let (patch, problems) =
            read("{timeouts: {turn: 5s}, retries: {failed: 2}, repeat: 5, pass: {at_least: 4}}");
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(
            patch.timeouts(),
            Timeouts {
                turn: Duration::from_secs(5),
                ..BUILT_IN_TIMEOUTS
            }
        );
        assert_eq!(
            patch.retries(),
            Retries {
                errored: 1,
                failed: 2
            }
        );
        assert_eq!(
            patch.repetitions(),
            Repeat {
                times: 5,
                at_least: 4
            }
        );
        assert_eq!(
            read("{retries: 3}").0.retries(),
            Retries {
                errored: 3,
                failed: 3
            }
        );
        assert_eq!(
            read("{repeat: 3}").0.repetitions(),
            Repeat {
                times: 3,
                at_least: 3
            }
        );
        assert_eq!(read("{}").0.repetitions(), BUILT_IN_REPEAT);
    }

    #[test]
    fn mistakes_are_refused() {
        for text in [
            "{timeouts: {turn: 0s}}",
            "{timeouts: 5s}",
            "{timeouts: {turns: 5s}}",
            "{retries: -1}",
            "{retries: {error: 1}}",
            "{repeat: 0}",
            "{repeat: 3, pass: {at_least: 4}}",
            "{repeat: 3, pass: 2}",
            "{repeat: 3, pass: {}}",
            "{pass: {at_least: 1}}",
            "{retries: 99999}",
        ] {
            let (patch, problems) = read(text);
            assert_eq!(
                (patch, problems.len()),
                (PlayPatch::default(), 1),
                "{text}: {problems:?}"
            );
        }
    }

    #[test]
    fn layers_lie_over_each_other() {
        let upper = PlayPatch {
            errored_retries: Some(0),
            ..PlayPatch::default()
        };
        let lower = PlayPatch {
            errored_retries: Some(5),
            failed_retries: Some(2),
            ..PlayPatch::default()
        };
        assert_eq!(
            upper.over(lower).retries(),
            Retries {
                errored: 0,
                failed: 2
            }
        );
    }
}
