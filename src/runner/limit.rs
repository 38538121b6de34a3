//! A target's rate limit: so many requests a minute, evenly spread.

use std::time::Duration;

use leaky_bucket::RateLimiter;
use tokio::time::Instant;

const MINUTE_MILLIS: u64 = 60_000;
/// Up to this rate requests leave one by one; above it, in small groups about ten times a second, because timers
/// tick in milliseconds.
const ONE_BY_ONE: u32 = 600;

/// Lets requests pass at a target's rate. It keeps tokio's clock, so that it stands still when that is paused.
#[derive(Debug)]
pub struct Limit {
    bucket: RateLimiter,
}

impl Limit {
    /// At most `per_minute` requests a minute (0 counts as 1), without a burst at the start.
    pub fn per_minute(per_minute: u32) -> Self {
        let per_minute = per_minute.max(1);
        let group = per_minute.div_ceil(ONE_BY_ONE);
        let interval = (MINUTE_MILLIS * u64::from(group)).div_ceil(u64::from(per_minute));
        let group = usize::try_from(group).unwrap_or(usize::MAX);
        let bucket = RateLimiter::builder()
            .initial(group)
            .refill(group)
            .max(group)
            .interval(Duration::from_millis(interval))
            .build();
        Self { bucket }
    }

    /// Waits for a turn and says how long it took.
    pub async fn wait(&self) -> Duration {
        let start = Instant::now();
        self.bucket.acquire_one().await;
        start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each of `count` requests may leave, in milliseconds, asked for one after the other.
    async fn departures(per_minute: u32, count: usize) -> Vec<u128> {
        let limit = Limit::per_minute(per_minute);
        let start = Instant::now();
        let mut times = Vec::new();
        for _ in 0..count {
            limit.wait().await;
            times.push(start.elapsed().as_millis());
        }
        times
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_evenly_spread() {
        assert_eq!(departures(600, 4).await, [0, 100, 200, 300]);
        assert_eq!(departures(60, 3).await, [0, 1000, 2000]);
        assert_eq!(departures(0, 2).await, [0, 60_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_rate_is_exceeded_and_none_is_missed_by_much() {
        for per_minute in [1, 7, 59, 90, 601, 659, 1199, 6000, 11_999, 60_000] {
            let asked = usize::try_from(per_minute).unwrap() * 2;
            let times = departures(per_minute, asked).await;
            let within_a_minute = times.iter().filter(|time| **time < 60_000).count();
            let allowed = usize::try_from(per_minute).unwrap();
            assert!(within_a_minute <= allowed, "{per_minute}: {within_a_minute}");
            assert!(
                within_a_minute * 100 >= allowed * 97,
                "{per_minute}: {within_a_minute}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_at_once_share_the_rate() {
        let limit = std::sync::Arc::new(Limit::per_minute(600));
        let start = Instant::now();
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let limit = std::sync::Arc::clone(&limit);
                tokio::spawn(async move { limit.wait().await })
            })
            .collect();
        for task in waiting {
            task.await.unwrap();
        }
        assert_eq!(start.elapsed(), Duration::from_millis(4900));
    }
}
