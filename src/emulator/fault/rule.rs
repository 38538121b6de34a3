//! Which calls go wrong, and how: `unavailable,rate=5%` or `reset,nth=3,applied`.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tonic::Code;

use crate::diagnostic::suggest;
use crate::yaml::parse_duration;

/// A rule: what goes wrong, in which calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What goes wrong.
    pub fault: Fault,
    /// In which of the calls.
    pub when: When,
    /// Only in calls of this method, such as `DetectIntent`; in all when `None`.
    pub method: Option<String>,
    /// Whether the turn is played before its answer goes wrong.
    pub applied: bool,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The answer is this status.
    Status(Code),
    /// The answer comes later.
    Delay(Duration),
    /// No answer comes.
    Hang,
    /// The stream of the call is reset (HTTP/2 `RST_STREAM`); over HTTP/1.1, which has no streams, the connection breaks.
    Reset,
    /// The stream ends in the middle of a message.
    Truncate,
    /// A web page comes instead of an answer.
    Html,
    /// The call is answered, but its connection takes no further ones (HTTP/2 `GOAWAY`, HTTP/1.1 `Connection: close`). A
    /// WebSocket carries one call anyway.
    GoAway,
    /// The connection breaks.
    Disconnect,
    /// A new connection is answered with the alert of a failed TLS handshake.
    BadTls,
}

/// In which of the calls that a rule is about something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// In every so many-th: 1 is all of them.
    Every(u64),
    /// In this one, counted from 1.
    Nth(u64),
    /// In this part of them, 0 to 1, chosen by the seed.
    Rate(f64),
}

/// A rule that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RuleError(String);

/// Every kind of fault that is no status, as it is written.
const KINDS: [&str; 8] = [
    "delay=DURATION",
    "hang",
    "reset",
    "truncate",
    "html",
    "goaway",
    "disconnect",
    "bad-tls",
];

/// Every status but `OK`, as it is written.
const STATUSES: [(&str, Code); 16] = [
    ("cancelled", Code::Cancelled),
    ("unknown", Code::Unknown),
    ("invalid-argument", Code::InvalidArgument),
    ("deadline-exceeded", Code::DeadlineExceeded),
    ("not-found", Code::NotFound),
    ("already-exists", Code::AlreadyExists),
    ("permission-denied", Code::PermissionDenied),
    ("resource-exhausted", Code::ResourceExhausted),
    ("failed-precondition", Code::FailedPrecondition),
    ("aborted", Code::Aborted),
    ("out-of-range", Code::OutOfRange),
    ("unimplemented", Code::Unimplemented),
    ("internal", Code::Internal),
    ("unavailable", Code::Unavailable),
    ("data-loss", Code::DataLoss),
    ("unauthenticated", Code::Unauthenticated),
];

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let mut parts = text.split(',').map(str::trim);
        let mut rule = Self {
            fault: fault(parts.next().unwrap_or_default())?,
            when: When::Every(1),
            method: None,
            applied: false,
        };
        for part in parts {
            match part.split_once('=').unwrap_or((part, "")) {
                ("applied", "") => rule.applied = true,
                ("method", name) if !name.is_empty() => rule.method = Some(name.to_owned()),
                ("every", number) => rule.when = When::Every(count(number)?),
                ("nth", number) => rule.when = When::Nth(count(number)?),
                ("rate", number) => rule.when = When::Rate(rate(number)?),
                _ => {
                    return Err(unknown(
                        part,
                        "option",
                        &["rate", "nth", "every", "method", "applied"],
                    ));
                }
            }
        }
        rule.check()
    }
}

impl Rule {
    fn check(self) -> Result<Self, RuleError> {
        let of_connections = self.fault == Fault::BadTls;
        if of_connections && (self.applied || self.method.is_some()) {
            let message = "`bad-tls` happens before any call: it takes `rate`, `nth` and `every` only";
            return Err(RuleError(message.to_owned()));
        }
        if self.applied && matches!(self.fault, Fault::Delay(_) | Fault::Truncate | Fault::GoAway) {
            let message = "`applied` is for faults that lose an answer: a status, `hang`, `reset`, `html`, `disconnect`";
            return Err(RuleError(message.to_owned()));
        }
        Ok(self)
    }

    /// Whether a rule is about calls of the method at this path (`/package.Service/Method`).
    fn may_strike(&self, path: &str) -> bool {
        let method = path.rsplit('/').next().unwrap_or_default();
        let is_meant = self
            .method
            .as_deref()
            .is_none_or(|meant| meant.eq_ignore_ascii_case(method));
        is_meant && self.fault != Fault::BadTls
    }
}

fn fault(text: &str) -> Result<Fault, RuleError> {
    if let Some(written) = text.strip_prefix("delay=") {
        let delay = parse_duration(written);
        return delay.map(Fault::Delay).ok_or_else(|| {
            RuleError(format!(
                "`{written}` is no duration: write for example `delay=2s`"
            ))
        });
    }
    let name = text.to_ascii_lowercase().replace('_', "-");
    let status = STATUSES.iter().find(|(known, _)| *known == name);
    if let Some((_, code)) = status {
        return Ok(Fault::Status(*code));
    }
    match name.as_str() {
        "hang" => Ok(Fault::Hang),
        "reset" => Ok(Fault::Reset),
        "truncate" => Ok(Fault::Truncate),
        "html" => Ok(Fault::Html),
        "goaway" => Ok(Fault::GoAway),
        "disconnect" => Ok(Fault::Disconnect),
        "bad-tls" => Ok(Fault::BadTls),
        _ => {
            let known: Vec<&str> = KINDS
                .into_iter()
                .chain(STATUSES.iter().map(|(name, _)| *name))
                .collect();
            Err(unknown(text, "fault", &known))
        }
    }
}

fn unknown(text: &str, what: &str, known: &[&str]) -> RuleError {
    let help = suggest::help(text, known).unwrap_or_default();
    RuleError(format!("there is no {what} `{text}`: {help}"))
}

fn count(text: &str) -> Result<u64, RuleError> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| RuleError(format!("`{text}` is no count: write a whole number from 1")))
}

/// `0.05` or `5%`.
fn rate(text: &str) -> Result<f64, RuleError> {
    let (digits, unit) = match text.strip_suffix('%') {
        Some(digits) => (digits, 100.0),
        None => (text, 1.0),
    };
    let rate = digits.trim().parse::<f64>().ok().map(|number| number / unit);
    rate.filter(|rate| (0.0..=1.0).contains(rate)).ok_or_else(|| {
        RuleError(format!(
            "`{text}` is no rate: write for example `rate=5%` or `rate=0.05`"
        ))
    })
}

/// The rules of an emulator, and what they were asked.
#[derive(Default)]
pub struct Rules {
    each: Vec<(Rule, AtomicU64)>,
    seed: u64,
    calls: AtomicU64,
    struck: AtomicU64,
}

/// What an emulator counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Calls that came; over HTTP/2, those whose message came.
    pub calls: u64,
    /// Those of them that went wrong on purpose.
    pub struck: u64,
}

impl Rules {
    /// Rules in their order; the seed decides where rates strike.
    pub fn new(rules: Vec<Rule>, seed: u64) -> Self {
        let each = rules.into_iter().map(|rule| (rule, AtomicU64::new(0))).collect();
        Self {
            each,
            seed,
            ..Self::default()
        }
    }

    /// What was counted so far; nothing is when there are no rules.
    pub fn counts(&self) -> Counts {
        Counts {
            calls: self.calls.load(Ordering::Relaxed),
            struck: self.struck.load(Ordering::Relaxed),
        }
    }

    /// Whether nothing goes wrong.
    pub fn is_empty(&self) -> bool {
        self.each.is_empty()
    }

    /// Whether something may go wrong in calls of this path.
    pub fn are_about(&self, path: &str) -> bool {
        self.each.iter().any(|(rule, _)| rule.may_strike(path))
    }

    /// A call came in which nothing can go wrong.
    pub fn count(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// What goes wrong in this call, and whether its turn is played all the same. Every rule that is about it counts it;
    /// the first that strikes decides.
    pub fn of_call(&self, path: &str) -> Option<(Fault, bool)> {
        self.count();
        let rule = self.strike(|rule| rule.may_strike(path))?;
        self.struck.fetch_add(1, Ordering::Relaxed);
        Some((rule.fault, rule.applied))
    }

    /// Whether this new connection fails.
    pub fn of_connection(&self) -> bool {
        self.strike(|rule| rule.fault == Fault::BadTls).is_some()
    }

    fn strike(&self, is_meant: impl Fn(&Rule) -> bool) -> Option<&Rule> {
        let meant = self
            .each
            .iter()
            .enumerate()
            .filter(|(_, (rule, _))| is_meant(rule));
        let mut struck = meant.filter_map(|(position, (rule, asked))| {
            let number = asked.fetch_add(1, Ordering::Relaxed) + 1;
            self.strikes(position, rule.when, number).then_some(rule)
        });
        let first = struck.next();
        struck.for_each(drop);
        first
    }

    fn strikes(&self, position: usize, when: When, number: u64) -> bool {
        match when {
            When::Every(every) => number.is_multiple_of(every),
            When::Nth(nth) => number == nth,
            When::Rate(rate) => {
                let mut hasher = DefaultHasher::new();
                (self.seed, position, number).hash(&mut hasher);
                #[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
                let share = (hasher.finish() >> 11) as f64 / (1_u64 << 53) as f64;
                share < rate
            }
        }
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(self.each.iter().map(|(rule, _)| rule))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Result<Rule, String> {
        text.parse().map_err(|error: RuleError| error.to_string())
    }

    #[test]
    fn rules_are_read() {
        let plain = |fault| Rule {
            fault,
            when: When::Every(1),
            method: None,
            applied: false,
        };
        for (text, read) in [
            ("hang", plain(Fault::Hang)),
            (
                "RESOURCE_EXHAUSTED",
                plain(Fault::Status(Code::ResourceExhausted)),
            ),
            ("delay=1.5s", plain(Fault::Delay(Duration::from_millis(1500)))),
            (
                "unavailable, rate=5%",
                Rule {
                    when: When::Rate(0.05),
                    ..plain(Fault::Status(Code::Unavailable))
                },
            ),
            (
                "reset,nth=3,method=RunSession,applied",
                Rule {
                    when: When::Nth(3),
                    method: Some("RunSession".to_owned()),
                    applied: true,
                    ..plain(Fault::Reset)
                },
            ),
            (
                "bad-tls,every=2",
                Rule {
                    when: When::Every(2),
                    ..plain(Fault::BadTls)
                },
            ),
        ] {
            assert_eq!(rule(text), Ok(read), "{text}");
        }
    }

    #[test]
    fn what_is_no_rule_is_told() {
        for (text, said) in [
            ("", "there is no fault ``"),
            ("unavailible", "did you mean `unavailable`"),
            ("ok", "there is no fault `ok`"),
            ("delay=soon", "no duration"),
            ("hang,rate=7", "no rate"),
            ("hang,rate=NaN", "no rate"),
            ("hang,nth=0", "no count"),
            ("hang,often", "there is no option `often`"),
            ("delay=1s,applied", "`applied` is for faults that lose an answer"),
            ("bad-tls,method=DetectIntent", "before any call"),
        ] {
            let error = rule(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn a_rule_strikes_where_it_says() {
        let struck = |text: &str, path: &str| -> Vec<usize> {
            let rules = Rules::new(vec![rule(text).unwrap()], 7);
            (1..=10).filter(|_| rules.of_call(path).is_some()).collect()
        };
        assert_eq!(struck("hang", "/a.B/C"), (1..=10).collect::<Vec<_>>());
        assert_eq!(struck("hang,nth=3", "/a.B/C"), [3]);
        assert_eq!(struck("hang,every=4", "/a.B/C"), [4, 8]);
        assert_eq!(struck("hang,method=c", "/a.B/C").len(), 10);
        assert_eq!(struck("hang,method=D", "/a.B/C").len(), 0);
        assert_eq!(struck("bad-tls", "/a.B/C").len(), 0);
    }

    #[test]
    fn a_rate_is_kept_and_repeats_with_its_seed() {
        let struck = |seed| -> Vec<bool> {
            let rules = Rules::new(vec![rule("hang,rate=5%").unwrap()], seed);
            (0..10_000).map(|_| rules.of_call("/a.B/C").is_some()).collect()
        };
        let count = struck(1).iter().filter(|struck| **struck).count();
        assert!((400..600).contains(&count), "{count}");
        assert_eq!(struck(1), struck(1));
        assert_ne!(struck(1), struck(2));
    }

    #[test]
    fn the_first_rule_that_strikes_decides_and_all_count() {
        let rules = ["hang,every=2", "reset,nth=3", "html,nth=4"];
        let rules = Rules::new(rules.iter().map(|text| rule(text).unwrap()).collect(), 0);
        let faults: Vec<_> = (0..5)
            .map(|_| rules.of_call("/a.B/C").map(|(fault, _)| fault))
            .collect();
        let hang = Some(Fault::Hang);
        assert_eq!(faults, [None, hang, Some(Fault::Reset), hang, None]);
    }
}
