//! From decisions to scores and confidences (nlu 3.3).

/// Least score of a match while no form parameter waits, at the default classification threshold.
const FREE: f32 = -0.2;
/// The same while one waits.
const WAITING: f32 = 0.08;
/// The same while one waits that takes any words: they mean it unless they nearly are a phrase.
const ANY_WORDS: f32 = 1.0;
/// The classification threshold that the two limits were measured at.
const DEFAULT_THRESHOLD: f64 = 0.3;

/// The confidence reported for a score: 0.3 at a score of -0.2, 0.8 at the median of real matches.
pub(super) fn confidence(score: f32) -> f64 {
    (1.0 + (0.454 - 1.97 * f64::from(score)).exp()).recip()
}

/// What an utterance is expected to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Nothing in particular.
    Anything,
    /// A value for a form parameter.
    Value,
    /// A value for a form parameter that takes any words.
    AnyWords,
}

/// The least score of a match under a flow's classification threshold (0 or less: the default).
pub(super) fn threshold(classification: f64, expected: Expected) -> f32 {
    let base = match expected {
        Expected::Anything => FREE,
        Expected::Value => WAITING,
        Expected::AnyWords => ANY_WORDS,
    };
    if classification <= 0.0 || classification >= 1.0 {
        return if classification >= 1.0 {
            f32::INFINITY
        } else {
            base
        };
    }
    let log_odds = |share: f64| (share / (1.0 - share)).ln();
    #[expect(clippy::cast_possible_truncation, reason = "a score of a few units")]
    let shift = ((log_odds(classification) - log_odds(DEFAULT_THRESHOLD)) / 1.97) as f32;
    base + shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_is_calibrated() {
        for (score, expected) in [(-0.2, 0.30), (0.79, 0.75), (3.0, 0.99), (-3.0, 0.0)] {
            assert!(
                (confidence(score) - expected).abs() < 0.01,
                "{score} {}",
                confidence(score)
            );
        }
    }

    #[test]
    fn thresholds_follow_the_flow() {
        assert!((threshold(0.3, Expected::Anything) - FREE).abs() < 1e-6);
        assert!((threshold(0.0, Expected::Value) - WAITING).abs() < 1e-6);
        assert!(threshold(0.8, Expected::Anything) > threshold(0.3, Expected::Anything));
        assert!(threshold(0.1, Expected::Anything) < threshold(0.3, Expected::Anything));
        assert!(threshold(1.0, Expected::Anything).is_infinite());
    }
}
