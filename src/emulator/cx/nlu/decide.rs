//! The decision on one utterance as a pure function of what was found in it (nlu 3.4).

/// How much of the utterance a value of the waiting parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// There is none.
    None,
    /// It stands among other words.
    Part,
    /// The utterance is nothing but the value.
    Full,
}

/// The parameter that waits for a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Waiting {
    /// How a recognised value fits.
    pub(super) fit: Fit,
    /// The type takes any words (`@sys.any`).
    pub(super) any: bool,
    /// No recogniser knows all values of the type, and the utterance could be one.
    pub(super) plausible: bool,
    /// The utterance is nothing but an attempt at a value, and none.
    pub(super) failed: bool,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Findings {
    /// The utterance equals a phrase of an intent in scope.
    pub(super) exact: bool,
    /// The utterance equals a phrase of the default negative intent.
    pub(super) negative: bool,
    /// The waiting parameter, if any.
    pub(super) waiting: Option<Waiting>,
    /// Score of the best intent in scope.
    pub(super) score: Option<f32>,
    /// Least score of a match.
    pub(super) threshold: f32,
}

impl Findings {
    /// How a recognised value of the waiting parameter fits; none counts where any words are one.
    pub(super) fn fit(&self) -> Fit {
        self.waiting
            .filter(|waiting| !waiting.any)
            .map_or(Fit::None, |waiting| waiting.fit)
    }
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Match the intent whose phrase it is.
    Exact,
    /// Match the best intent.
    Classifier,
    /// Fill the form with the value that is the whole utterance.
    SlotFull,
    /// Fill the form with a value inside the utterance.
    SlotPart,
    /// Fill the form with the words themselves.
    SlotText,
    /// Nothing matches.
    BelowThreshold,
}

/// Which rule holds.
pub(super) fn decide(findings: &Findings) -> Rule {
    let fit = findings.fit();
    if findings.exact && fit != Fit::Full {
        return Rule::Exact;
    }
    match fit {
        Fit::Full => return Rule::SlotFull,
        Fit::Part => return Rule::SlotPart,
        Fit::None => {}
    }
    let refused = findings.negative || findings.waiting.is_some_and(|waiting| waiting.failed);
    if !refused && findings.score.is_some_and(|score| score >= findings.threshold) {
        return Rule::Classifier;
    }
    match findings.waiting {
        Some(waiting) if waiting.any || waiting.plausible => Rule::SlotText,
        _ => Rule::BelowThreshold,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits() {
        let waiting = |fit, any, plausible| {
            Some(Waiting {
                fit,
                any,
                plausible,
                failed: false,
            })
        };
        let failed = Some(Waiting {
            fit: Fit::None,
            any: false,
            plausible: false,
            failed: true,
        });
        for (exact, waiting, score, expected) in [
            (true, None, None, Rule::Exact),
            (true, waiting(Fit::Part, false, false), None, Rule::Exact),
            (true, waiting(Fit::Full, false, false), None, Rule::SlotFull),
            (true, waiting(Fit::Full, true, false), None, Rule::Exact),
            (false, waiting(Fit::Full, false, false), Some(9.0), Rule::SlotFull),
            (false, waiting(Fit::Part, false, true), Some(9.0), Rule::SlotPart),
            (
                false,
                waiting(Fit::None, false, false),
                Some(0.5),
                Rule::Classifier,
            ),
            (
                false,
                waiting(Fit::None, false, true),
                Some(0.5),
                Rule::Classifier,
            ),
            (false, waiting(Fit::None, false, true), Some(-0.5), Rule::SlotText),
            (false, waiting(Fit::Full, true, false), Some(-0.5), Rule::SlotText),
            (
                false,
                waiting(Fit::None, false, false),
                None,
                Rule::BelowThreshold,
            ),
            (false, failed, Some(9.0), Rule::BelowThreshold),
            (true, failed, None, Rule::Exact),
            (false, None, Some(-0.1), Rule::Classifier),
            (false, None, Some(-0.3), Rule::BelowThreshold),
            (false, None, None, Rule::BelowThreshold),
        ] {
            let findings = Findings {
                exact,
                negative: false,
                waiting,
                score,
                threshold: -0.2,
            };
            assert_eq!(decide(&findings), expected, "{findings:?}");
        }
    }

    #[test]
    fn a_negative_phrase_matches_no_intent_that_does_not_have_it() {
        let open = |any| {
            Some(Waiting {
                fit: Fit::None,
                any,
                plausible: false,
                failed: false,
            })
        };
        for (exact, waiting, expected) in [
            (false, None, Rule::BelowThreshold),
            (true, None, Rule::Exact),
            (false, open(false), Rule::BelowThreshold),
            (false, open(true), Rule::SlotText),
        ] {
            let findings = Findings {
                exact,
                negative: true,
                waiting,
                score: Some(9.0),
                threshold: -0.2,
            };
            assert_eq!(decide(&findings), expected, "{findings:?}");
        }
    }
}
