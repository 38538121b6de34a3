//! Paces, with tokio's clock paused.

use std::sync::Arc;

use super::*;

fn limit(per_minute: u32) -> Limit {
    Limit::new("t", Some(per_minute.into()), 7)
}

/// When each of `count` requests may leave, in milliseconds, asked for one after the other.
async fn departures(per_minute: u32, count: usize) -> Vec<u128> {
    let limit = limit(per_minute);
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
    assert_eq!(departures(1, 2).await, [0, 60_000]);
}

#[tokio::test(start_paused = true)]
async fn a_rate_may_be_less_than_one_a_minute() {
    let limit = Limit::new("t", Some(0.5), 7);
    limit.wait().await;
    assert_eq!(limit.wait().await.waited, Duration::from_mins(2));
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
    let limit = Arc::new(limit(600));
    let start = Instant::now();
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let limit = Arc::clone(&limit);
            tokio::spawn(async move { limit.wait().await })
        })
        .collect();
    for task in waiting {
        task.await.unwrap();
    }
    assert_eq!(start.elapsed(), Duration::from_millis(4900));
}

#[tokio::test(start_paused = true)]
async fn without_a_rate_nobody_waits() {
    let limit = Limit::new("t", None, 7);
    for _ in 0..1000 {
        assert_eq!(limit.wait().await.waited, Duration::ZERO);
    }
    assert_eq!(limit.told(), None);
}

/// What is left of the pace when a request that has just left is refused.
async fn refuse(limit: &Limit, retry_after: Option<Duration>) -> (f64, Duration) {
    let departure = limit.wait().await;
    match limit.refused(departure, retry_after) {
        Some(Change::Slowed { per_minute, pause }) => (per_minute, pause),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn each_refusal_halves_the_pace_down_to_a_least_and_waits_longer() {
    let limit = limit(640);
    let mut rates = Vec::new();
    let mut least = FIRST_PAUSE;
    for _ in 0..8 {
        let (rate, pause) = refuse(&limit, None).await;
        rates.push(rate);
        assert!(
            (least..=(2 * least).min(LONGEST_PAUSE)).contains(&pause),
            "{least:?} {pause:?}"
        );
        least = (2 * least).min(LONGEST_PAUSE);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(rates, [320.0, 160.0, 80.0, 40.0, 20.0, 10.0, 10.0, 10.0]);
    let told = limit.told().unwrap();
    assert_eq!((told.refused, told.times, told.lowest_per_minute), (8, 8, 10.0));
}

#[tokio::test(start_paused = true)]
async fn nothing_leaves_during_the_pause_that_the_service_asks_for() {
    let limit = limit(600);
    let (_, pause) = refuse(&limit, Some(Duration::from_secs(17))).await;
    assert_eq!(pause, Duration::from_secs(17));
    assert_eq!(limit.wait().await.waited, Duration::from_secs(17));
    assert_eq!(
        limit.wait().await.waited,
        Duration::from_millis(200),
        "then half as fast"
    );
    let (_, pause) = refuse(&limit, Some(Duration::from_hours(5))).await;
    assert_eq!(pause, LONGEST_PAUSE, "nobody makes us wait for ever");
}

#[tokio::test(start_paused = true)]
async fn who_waits_already_is_put_off_too() {
    let limit = Arc::new(limit(60));
    let first = limit.wait().await;
    let waiting = tokio::spawn({
        let limit = Arc::clone(&limit);
        async move { limit.wait().await.waited }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    limit.refused(first, Some(Duration::from_secs(9)));
    assert_eq!(waiting.await.unwrap(), Duration::from_millis(9100));
}

#[tokio::test(start_paused = true)]
async fn requests_that_were_refused_together_count_once() {
    let limit = Limit::new("t", None, 7);
    let mut together = Vec::new();
    for _ in 0..40 {
        together.push(limit.wait().await);
    }
    let changes: Vec<_> = together
        .into_iter()
        .filter_map(|departure| limit.refused(departure, None))
        .collect();
    assert_eq!(changes.len(), 1);
    let told = limit.told().unwrap();
    assert_eq!((told.refused, told.times), (40, 1));
    assert_eq!(
        told.lowest_per_minute.to_string(),
        "1200",
        "half of forty a second, which was the pace"
    );
}

#[tokio::test(start_paused = true)]
async fn answers_bring_the_pace_back_step_by_step() {
    for allowed in [Some(600.0), None] {
        let limit = Limit::new("t", allowed, 7);
        refuse(&limit, None).await;
        let start = Instant::now();
        let mut recovered = None;
        for _ in 0..1000 {
            let departure = limit.wait().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            if let Some(change) = limit.answered(departure, None).next() {
                recovered = Some((change, start.elapsed()));
                break;
            }
        }
        let (change, took) = recovered.unwrap();
        assert_eq!(change, Change::Recovered);
        assert!(
            took >= 5 * STEADY && took < 8 * STEADY,
            "five steps of a tenth: {took:?}"
        );
        let told = limit.told().unwrap();
        assert!(told.elapsed_ms >= millis(took), "{told:?}");
        let after = limit.wait().await;
        assert!(after.waited <= Duration::from_millis(100), "{after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_leaves_sooner_as_soon_as_the_pace_is_higher() {
    // A step from a half of one a minute is a tenth of it: the distance falls from 120 s to 100 s.
    let limit = Arc::new(limit(1));
    limit.wait().await;
    let refused = limit.wait().await;
    limit.refused(refused, Some(Duration::from_secs(1)));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let left = limit.wait().await;
    let start = Instant::now();
    let waiting = [true, false].map(|takes_tokens| {
        let limit = Arc::clone(&limit);
        tokio::spawn(async move {
            if takes_tokens {
                limit.wait().await;
            } else {
                limit.wait_without_tokens().await;
            }
            Instant::now()
        })
    });
    tokio::time::sleep(STEADY).await;
    limit.answered(left, None).count();
    let mut times = Vec::new();
    for task in waiting {
        times.push((task.await.unwrap() - start).as_secs());
    }
    times.sort_unstable();
    assert_eq!(times, [100, 200]);
}

#[tokio::test(start_paused = true)]
async fn a_higher_pace_ends_no_pause() {
    let limit = limit(600);
    let (one, other) = (limit.wait().await, limit.wait().await);
    limit.refused(other, Some(Duration::from_secs(1)));
    tokio::time::sleep(STEADY).await;
    // It left before the pace was lowered.
    limit.refused(one, Some(Duration::from_secs(40)));
    limit.answered(other, None).count();
    assert_eq!(limit.wait().await.waited, Duration::from_secs(40));
}

#[tokio::test(start_paused = true)]
async fn tokens_that_are_left_over_wake_who_waits() {
    let quota = TokenQuota {
        per_minute: 60.0,
        per_request: 600.0,
    };
    let limit = Arc::new(Limit::new("t", None, 7).with_tokens(Some(quota)));
    let first = limit.wait().await;
    let waiting = tokio::spawn({
        let limit = Arc::clone(&limit);
        async move { limit.wait().await.waited }
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(limit.answered(first, Some(5)).count(), 0);
    let waited = waiting.await.unwrap();
    assert_eq!(waited, Duration::from_secs(5), "five tokens at one a second");
}

#[tokio::test(start_paused = true)]
async fn no_count_of_tokens_stops_a_run() {
    let quota = TokenQuota {
        per_minute: 1_000.0,
        per_request: 10.0,
    };
    let limit = Limit::new("t", None, 7).with_tokens(Some(quota));
    let first = limit.wait().await;
    limit.answered(first, Some(u64::MAX)).count();
    for _ in 0..2 {
        let waited = limit.wait().await.waited;
        assert!(waited <= Duration::from_hours(1), "{waited:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_pauses() {
    let pauses = |seed| {
        let mut random = StdRng::seed_from_u64(seed);
        [0, 1, 2, 30].map(|in_a_row| pause(in_a_row, &mut random))
    };
    assert_eq!(pauses(1), pauses(1));
    assert_ne!(pauses(1), pauses(2));
    assert_eq!(pauses(1)[3], LONGEST_PAUSE);
}
