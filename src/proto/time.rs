//! Protobuf's durations and timestamps on one side, the standard library's and chrono's on the other.
//!
//! Not for time zones or for text: see the date matcher of the expectations for those.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// A duration from the wire. Negative or malformed ones (a span that ends before it starts) have no meaning in a
/// conversation and are `None`.
pub fn duration_from_proto(duration: &prost_types::Duration) -> Option<Duration> {
    Duration::try_from(*duration).ok()
}

/// A duration for the wire; one beyond the service's 10,000 years is cut to the greatest that can be said.
pub fn duration_to_proto(duration: Duration) -> prost_types::Duration {
    prost_types::Duration::try_from(duration).unwrap_or(prost_types::Duration {
        seconds: i64::MAX,
        nanos: 999_999_999,
    })
}

/// The seconds from one point in time to a later one; nothing when one is not told, or they are the wrong way round.
pub fn seconds_between(
    start: Option<&prost_types::Timestamp>,
    end: Option<&prost_types::Timestamp>,
) -> Option<f64> {
    let nanos =
        |time: &prost_types::Timestamp| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
    let between = u64::try_from(nanos(end?) - nanos(start?)).ok()?;
    Some(Duration::from_nanos(between).as_secs_f64())
}

/// A point in time for the wire.
pub fn timestamp_to_proto(time: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos = i32::try_from(time.timestamp_subsec_nanos().min(999_999_999)).unwrap_or_default();
    prost_types::Timestamp {
        seconds: time.timestamp(),
        nanos,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_go_there_and_back() {
        for duration in [
            Duration::ZERO,
            Duration::from_millis(1_250),
            Duration::from_hours(24),
        ] {
            assert_eq!(duration_from_proto(&duration_to_proto(duration)), Some(duration));
        }
        assert_eq!(
            duration_from_proto(&prost_types::Duration {
                seconds: -1,
                nanos: 0
            }),
            None
        );
        assert_eq!(duration_to_proto(Duration::MAX).seconds, i64::MAX);
    }

    #[test]
    fn seconds_are_counted_from_start_to_end() {
        let at = |seconds, nanos| prost_types::Timestamp { seconds, nanos };
        for (start, end, seconds) in [
            (at(5, 750_000_000), at(7, 0), Some(1.25)),
            (at(5, 0), at(5, 0), Some(0.0)),
            (at(7, 0), at(5, 0), None),
            (at(i64::MIN, 0), at(i64::MAX, 0), None),
        ] {
            assert_eq!(seconds_between(Some(&start), Some(&end)), seconds);
        }
        assert_eq!(seconds_between(None, Some(&at(5, 0))), None);
    }

    #[test]
    fn timestamps_count_from_the_epoch() {
        let time = DateTime::from_timestamp(1_700_000_000, 123_456_789).unwrap();
        let expected = prost_types::Timestamp {
            seconds: 1_700_000_000,
            nanos: 123_456_789,
        };
        assert_eq!(timestamp_to_proto(time), expected);
    }
}
