//! The verdict on a conversation, derived from its attempts and from nothing else.
//!
//! A conversation is played once, or several times with `repeat`; each *play* is a row of attempts that ends with
//! the first one that passes or when no retry is left. Verdicts come in two steps:
//!
//! | the attempts of one play | the play |
//! |---|---|
//! | one passed, none before it failed | passed |
//! | one failed, then one passed | flaky |
//! | one failed, none passed, whatever else happened | failed |
//! | cancelled, none failed | not finished |
//! | only errors | errored |
//!
//! | `n` plays of which `k` must pass | the conversation |
//! |---|---|
//! | `k` passed | passed |
//! | `k` passed or were flaky | flaky |
//! | more than `n - k` failed, or some failed and none passed | failed |
//! | some plays are not finished | not-run |
//! | else: errors stand between us and an answer | errored |
//!
//! With `n = k = 1` the second table says what the first one says. A known issue turns failed into skipped, and
//! passed or flaky into failed.

use crate::model::outcome::{Attempt, AttemptOutcome, Verdict};
use crate::model::suite::Repeat;

/// A verdict and how many errors a passed conversation has recovered from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Derived {
    /// The verdict.
    pub(super) verdict: Verdict,
    /// Attempts that errored before one passed; 0 for every verdict but passed.
    pub(super) recovered: u32,
}

/// Derives the verdict on a conversation that was meant to be played.
pub(super) fn derive(repeat: Repeat, known_issue: bool, attempts: &[Attempt]) -> Derived {
    let plays = count_plays(attempts);
    let (verdict, recovered) = match decide(repeat, &plays) {
        verdict if !known_issue => (verdict, plays.recovered),
        Verdict::Failed => (Verdict::Skipped, 0),
        Verdict::Passed | Verdict::Flaky => (Verdict::Failed, 0),
        verdict => (verdict, 0),
    };
    let recovered = if verdict == Verdict::Passed { recovered } else { 0 };
    Derived { verdict, recovered }
}

/// How the plays of a conversation ended.
#[derive(Debug, Default)]
struct Plays {
    passed: u32,
    flaky: u32,
    failed: u32,
    errored: u32,
    recovered: u32,
}

fn count_plays(attempts: &[Attempt]) -> Plays {
    let mut plays = Plays::default();
    for play in attempts.chunk_by(|one, next| one.play == next.play) {
        let count = |outcome| play.iter().filter(|attempt| attempt.outcome == outcome).count();
        let passed = count(AttemptOutcome::Passed) > 0;
        let failed = count(AttemptOutcome::Failed) > 0;
        let cancelled = count(AttemptOutcome::Cancelled) > 0;
        match (passed, failed, cancelled) {
            (true, false, _) => {
                plays.passed += 1;
                plays.recovered += u32::try_from(count(AttemptOutcome::Errored)).unwrap_or(u32::MAX);
            }
            (true, true, _) => plays.flaky += 1,
            (false, true, _) => plays.failed += 1,
            (false, false, false) => plays.errored += 1,
            (false, false, true) => {}
        }
    }
    plays
}

fn decide(repeat: Repeat, plays: &Plays) -> Verdict {
    let passes = plays.passed + plays.flaky;
    let finished = passes + plays.failed + plays.errored;
    if plays.passed >= repeat.at_least {
        Verdict::Passed
    } else if passes >= repeat.at_least {
        Verdict::Flaky
    } else if plays.failed > repeat.times.saturating_sub(repeat.at_least) || (plays.failed > 0 && passes == 0)
    {
        Verdict::Failed
    } else if finished < repeat.times {
        Verdict::NotRun
    } else {
        Verdict::Errored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters are attempts (`p`assed, `f`ailed, `e`rrored, `c`ancelled), blanks part plays.
    fn attempts(text: &str) -> Vec<Attempt> {
        let play = |(number, letters): (usize, &str)| {
            let number = u32::try_from(number).unwrap() + 1;
            letters
                .chars()
                .map(|letter| attempt(number, letter))
                .collect::<Vec<_>>()
        };
        text.split_whitespace().enumerate().flat_map(play).collect()
    }

    fn attempt(play: u32, letter: char) -> Attempt {
        Attempt {
            session: String::new(),
            started_at: String::new(),
            elapsed_ms: 0.0,
            play,
            outcome: match letter {
                'p' => AttemptOutcome::Passed,
                'f' => AttemptOutcome::Failed,
                'e' => AttemptOutcome::Errored,
                'c' => AttemptOutcome::Cancelled,
                other => panic!("no outcome is called {other}"),
            },
            error: None,
            expectations: Vec::new(),
            turns: Vec::new(),
            outlined: crate::model::outcome::Outlined::default(),
        }
    }

    const ONCE: Repeat = Repeat {
        times: 1,
        at_least: 1,
    };

    #[test]
    fn one_play() {
        use Verdict::{Errored, Failed, Flaky, NotRun, Passed};
        let table = [
            ("p", Passed, 0),
            ("ep", Passed, 1),
            ("eep", Passed, 2),
            ("fp", Flaky, 0),
            ("efp", Flaky, 0),
            ("fep", Flaky, 0),
            ("f", Failed, 0),
            ("ff", Failed, 0),
            ("ef", Failed, 0),
            ("fe", Failed, 0),
            ("fc", Failed, 0),
            ("e", Errored, 0),
            ("eee", Errored, 0),
            ("c", NotRun, 0),
            ("ec", NotRun, 0),
            ("", NotRun, 0),
        ];
        for (text, verdict, recovered) in table {
            let derived = derive(ONCE, false, &attempts(text));
            assert_eq!(derived, Derived { verdict, recovered }, "{text}");
        }
    }

    #[test]
    fn a_known_issue() {
        use Verdict::{Errored, Failed, NotRun, Skipped};
        let table = [
            ("f", Skipped),
            ("ef", Skipped),
            ("p", Failed),
            ("ep", Failed),
            ("fp", Failed),
            ("e", Errored),
            ("c", NotRun),
        ];
        for (text, verdict) in table {
            let derived = derive(ONCE, true, &attempts(text));
            assert_eq!(
                derived,
                Derived {
                    verdict,
                    recovered: 0
                },
                "{text}"
            );
        }
    }

    #[test]
    fn several_plays() {
        use Verdict::{Errored, Failed, Flaky, NotRun, Passed};
        let table = [
            (3, 3, "p p p", Passed, 0),
            (3, 3, "p ep p", Passed, 1),
            (3, 2, "p f p", Passed, 0),
            (3, 2, "p e p", Passed, 0),
            (3, 3, "p fp p", Flaky, 0),
            (3, 2, "p fp p", Passed, 0),
            (3, 2, "p fp f", Flaky, 0),
            (3, 3, "p f p", Failed, 0),
            (3, 2, "p f f", Failed, 0),
            (5, 3, "p p f f e", Errored, 0),
            (5, 3, "f f e e e", Failed, 0),
            (3, 3, "p p e", Errored, 0),
            (3, 2, "e e e", Errored, 0),
            (3, 3, "p p c", NotRun, 0),
            (3, 3, "p", NotRun, 0),
            (3, 2, "p p c", Passed, 0),
            (3, 3, "f p c", Failed, 0),
            (5, 3, "f p c", NotRun, 0),
        ];
        for (times, at_least, text, verdict, recovered) in table {
            let derived = derive(Repeat { times, at_least }, false, &attempts(text));
            assert_eq!(
                derived,
                Derived { verdict, recovered },
                "{at_least} of {times}: {text}"
            );
        }
    }
}
