//! How much a target may be asked: `600/min`, `10/s`, so many conversations at once, so many tokens.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use super::profile::MOST_JOBS;
use crate::yaml::{Map, Node, Reader};

/// More tokens for one turn than this are a slip of the finger.
const MOST_TOKENS: u64 = 100_000_000;

/// Requests per minute, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate {
    per_minute: u32,
}

impl Rate {
    /// Requests per minute.
    pub fn per_minute(self) -> u32 {
        self.per_minute
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = || "a rate such as 600/min or 10/s is wanted".to_owned();
        let (count, unit) = text.split_once('/').ok_or_else(wanted)?;
        let count: u32 = count.trim().parse().map_err(|_| wanted())?;
        let times = match unit.trim() {
            "min" => 1,
            "s" => 60,
            _ => return Err(wanted()),
        };
        match count.checked_mul(times) {
            Some(0) => Err("a rate of 0 lets nothing through".to_owned()),
            Some(per_minute) => Ok(Self { per_minute }),
            None => Err("the rate is too high".to_owned()),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/min", self.per_minute)
    }
}

/// What a target's service allows beside requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quota {
    /// Conversations held at once.
    pub sessions: Option<NonZeroUsize>,
    /// What models may read and write.
    pub tokens: Option<Tokens>,
}

/// A quota of a model's tokens, and what a turn takes of it: services do not say beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    /// Tokens per minute.
    pub allowed: Rate,
    /// Tokens that one turn takes.
    pub per_turn: u32,
}

impl Quota {
    /// Reads `sessions`, `tokens` and `tokens_per_turn` of a target.
    pub(super) fn read(reader: &mut Reader, map: &Map) -> Self {
        let sessions = map
            .get("sessions")
            .and_then(|node| reader.integer(node, "`sessions`", 1..u64::from(MOST_JOBS) + 1))
            .and_then(|count| usize::try_from(count).ok())
            .and_then(NonZeroUsize::new);
        let allowed = map.get("tokens").map(|node| read_tokens(reader, node));
        let per_turn = map
            .get("tokens_per_turn")
            .map(|node| reader.integer(node, "`tokens_per_turn`", 1..MOST_TOKENS + 1));
        let both = (map.entry("tokens"), map.entry("tokens_per_turn"));
        if let (Some(entry), None) | (None, Some(entry)) = both {
            let message = "`tokens` and `tokens_per_turn` need each other";
            reader.error("missing-key", message, entry.key.span.clone());
        }
        let tokens = allowed.flatten().zip(per_turn.flatten());
        Self {
            sessions,
            tokens: tokens.and_then(|(allowed, per_turn)| {
                let per_turn = u32::try_from(per_turn).ok()?;
                Some(Tokens { allowed, per_turn })
            }),
        }
    }

    /// Requests per minute that this and a rate allow together.
    pub fn requests_per_minute(self, rate: Option<Rate>) -> Option<f64> {
        let of_rate = rate.map(|rate| f64::from(rate.per_minute()));
        let of_tokens = self
            .tokens
            .map(|tokens| f64::from(tokens.allowed.per_minute()) / f64::from(tokens.per_turn));
        match (of_rate, of_tokens) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}

fn read_tokens(reader: &mut Reader, node: &Node) -> Option<Rate> {
    let text = reader.text(node, "`tokens`")?;
    match text.parse() {
        Ok(rate) => Some(rate),
        Err(message) => {
            reader.error("bad-rate", message, node.span.clone());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scarcer_of_requests_and_tokens_counts() {
        let rate = |text: &str| text.parse::<Rate>().ok();
        let quota = |tokens, per_turn| Quota {
            sessions: None,
            tokens: rate(tokens).map(|allowed| Tokens { allowed, per_turn }),
        };
        let close = |one: Option<f64>, other: f64| one.is_some_and(|one| (one - other).abs() < 1e-9);
        assert_eq!(Quota::default().requests_per_minute(None), None);
        assert!(close(
            Quota::default().requests_per_minute(rate("600/min")),
            600.0
        ));
        assert!(close(quota("1000/min", 5000).requests_per_minute(None), 0.2));
        assert!(close(
            quota("600000/min", 5000).requests_per_minute(rate("1/s")),
            60.0
        ));
        assert!(close(
            quota("600000/min", 5000).requests_per_minute(rate("10/s")),
            120.0
        ));
    }

    #[test]
    fn rates_have_a_unit() {
        let read = |text: &str| text.parse::<Rate>().map(Rate::per_minute);
        for (text, per_minute) in [("600/min", 600), ("10/s", 600), ("1 / min", 1)] {
            assert_eq!(read(text), Ok(per_minute), "{text}");
        }
        for text in [
            "600",
            "",
            "/min",
            "0/min",
            "-1/min",
            "1/h",
            "4294967295/s",
            "1.5/s",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
