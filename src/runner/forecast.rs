//! What a run will take, told before it is played: conversations, turns, time and quota of each target. Nothing is
//! sent, and nobody is asked.
//!
//! What suites say is certain; what agents do is not. So turns are a range (those of a `when` may be left out, retries
//! may come on top), and the time is what rates, pauses and recordings take at least, beside what the run before took.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rayon::prelude::*;
use serde::Serialize;

use super::executor::not_meant;
use super::plan::Plan;
use super::previous::Previous;
use super::source::ConversationSource;
use crate::audio::{Said, SoundFile};
use crate::model::suite::{AudioInput, AudioSettings, Conversation, Input, Turn, Via};

/// Name and version of the document.
pub const FORECAST_FORMAT: &str = "turnproof-plan/1";

/// What is known of a target before it is asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlannedTarget {
    /// Requests per minute that it may get.
    pub requests_per_minute: Option<f64>,
    /// Conversations that it holds at once.
    pub sessions: Option<NonZeroUsize>,
    /// Tokens that a turn takes.
    pub tokens_per_turn: Option<u32>,
    /// How turns are sent that do not say so.
    pub via: Option<Via>,
    /// How it is sent sound.
    pub audio: AudioSettings,
}

/// What a run will take. Its members are a public interface.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// [`FORECAST_FORMAT`].
    pub format: &'static str,
    /// Conversations that are played.
    pub conversations: u64,
    /// Conversations that are not: `skip`, or `only_on` elsewhere.
    pub skipped: u64,
    /// Conversations that cannot be read any more.
    pub unreadable: u64,
    /// The turns of all targets.
    pub turns: Turns,
    /// Conversations played at once.
    pub jobs: u64,
    /// The time that rates, recordings and silence take, in seconds.
    pub least_seconds: f64,
    /// The time that it takes if agents answer as fast as in the run before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub likely_seconds: Option<f64>,
    /// By target.
    pub targets: Vec<TargetForecast>,
}

/// How many turns are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Turns {
    /// Without those that a `when` may leave out.
    pub least: u64,
    /// With all that is written, repetitions included.
    pub most: u64,
    /// If all retries were needed, too.
    pub with_retries: u64,
}

/// How many requests that makes, ratings included. Client-side tool calls come on top: how often an agent calls is not
/// known, and each round of calls is answered by at least one request more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// Without turns that a `when` may leave out.
    pub least: u64,
    /// With all that is written, repetitions included.
    pub most: u64,
}

/// What one target gets.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TargetForecast {
    /// Its name.
    pub target: String,
    /// Conversations.
    pub conversations: u64,
    /// Times that they are played.
    pub plays: u64,
    /// Turns.
    pub turns: Turns,
    /// Requests that these turns make.
    pub requests: Requests,
    /// Whether conversations answer client-side tool calls: there may be more requests then.
    pub tools: bool,
    /// Answers that are rated; each is one request more.
    #[serde(skip_serializing_if = "is_zero")]
    pub ratings: u64,
    /// Characters that users say, as far as they are written in the suites.
    pub characters: u64,
    /// Time of recordings and of silence that is sent as sound.
    pub audio_seconds: f64,
    /// Tokens of its models, by what a turn is said to take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Requests per minute that it may get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<f64>,
    /// Conversations that it holds at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<u64>,
    /// The time that it takes at that pace.
    pub least_seconds: f64,
}

/// Looks ahead. Reads every conversation and the lengths of the recordings that it plays. `shown` gives the
/// name of a conversation or target as the run before wrote it (redacted).
pub fn forecast(
    plan: &Plan,
    source: &dyn ConversationSource,
    targets: &BTreeMap<String, PlannedTarget>,
    jobs: NonZeroUsize,
    previous: Option<&Previous>,
    shown: impl Fn(&str) -> String + Sync,
) -> Forecast {
    let lengths = Lengths::default();
    let parts: Vec<Part> = plan
        .positions()
        .par_iter()
        .map(|position| {
            let heading = source.heading(*position);
            let target = targets.get(&heading.target).copied().unwrap_or_default();
            let Ok(conversation) = source.load(*position) else {
                return Part::Unreadable;
            };
            if not_meant(&conversation, &heading.target).is_some() {
                return Part::Skipped;
            }
            let mut share = share(&conversation, &target, &lengths);
            share.target.target.clone_from(&heading.target);
            let known = previous.and_then(|previous| {
                previous.took(&shown(&heading.target), &heading.suite, &shown(&heading.name))
            });
            share.likely = known.or_else(|| {
                let turns = u32::try_from(share.target.turns.most).unwrap_or(u32::MAX);
                previous?.per_turn(&shown(&heading.target))?.checked_mul(turns)
            });
            Part::Played(share)
        })
        .collect();
    add_up(parts, targets, jobs)
}

/// What one conversation adds.
#[derive(Debug)]
enum Part {
    Played(Share),
    Skipped,
    Unreadable,
}

#[derive(Debug)]
struct Share {
    target: TargetForecast,
    /// The time of its sound, at the pace at which it is sent.
    sounding: Duration,
    /// How long it may take.
    likely: Option<Duration>,
}

fn share(conversation: &Conversation, target: &PlannedTarget, lengths: &Lengths) -> Share {
    let plays = u64::from(conversation.repeat.times);
    let turns = conversation.turns.len() as u64;
    let certain = conversation
        .turns
        .iter()
        .filter(|turn| turn.when.is_empty())
        .count() as u64;
    let retries = u64::from(conversation.retries.errored) + u64::from(conversation.retries.failed);
    let mut characters = 0;
    let (mut sound, mut sounding) = (Duration::ZERO, Duration::ZERO);
    for turn in &conversation.turns {
        let (length, pace) = match &turn.input {
            Input::Say(text) => {
                characters += text.chars().count() as u64;
                continue;
            }
            Input::Audio(audio) => (lengths.of(audio), audio.pace.unwrap_or(target.audio.pace)),
            Input::SilentAudio(time) => (*time, target.audio.pace),
            _ => continue,
        };
        sound += length;
        sounding += Duration::try_from_secs_f64(length.as_secs_f64() / pace).unwrap_or_default();
    }
    let times = u32::try_from(plays).unwrap_or(u32::MAX);
    let answers = conversation.turns.iter().any(|turn| turn.answers.is_some());
    let rated = conversation.turns.iter().filter(|turn| turn.feedback.is_some());
    let of = |turn: &Turn| requests(turn, target);
    let certainly = conversation.turns.iter().filter(|turn| turn.when.is_empty());
    Share {
        target: TargetForecast {
            conversations: 1,
            plays,
            turns: Turns {
                least: certain * plays,
                most: turns * plays,
                with_retries: turns * plays * (1 + retries),
            },
            requests: Requests {
                least: certainly.map(of).sum::<u64>() * plays,
                most: conversation.turns.iter().map(of).sum::<u64>() * plays,
            },
            tools: answers || !conversation.tools.is_empty(),
            ratings: rated.count() as u64 * plays,
            characters: characters * plays,
            audio_seconds: sound.saturating_mul(times).as_secs_f64(),
            ..TargetForecast::default()
        },
        sounding: sounding.saturating_mul(times),
        likely: None,
    }
}

/// What a turn takes without tool calls: matching first and fulfilling then are two, and so is a rating.
fn requests(turn: &Turn, target: &PlannedTarget) -> u64 {
    let is_spoken = matches!(turn.input, Input::Audio(_) | Input::SilentAudio(_));
    let is_matched_first = turn.via.or(target.via) == Some(Via::MatchThenFulfill) && !is_spoken;
    1 + u64::from(is_matched_first) + u64::from(turn.feedback.is_some())
}

fn add_up(parts: Vec<Part>, targets: &BTreeMap<String, PlannedTarget>, jobs: NonZeroUsize) -> Forecast {
    let mut by_target: BTreeMap<String, (TargetForecast, Work)> = BTreeMap::new();
    let mut all = Work::default();
    let (mut skipped, mut unreadable) = (0, 0);
    for part in parts {
        let share = match part {
            Part::Played(share) => share,
            Part::Skipped => {
                skipped += 1;
                continue;
            }
            Part::Unreadable => {
                unreadable += 1;
                continue;
            }
        };
        let (sum, work) = by_target.entry(share.target.target.clone()).or_default();
        work.add(&share);
        all.add(&share);
        sum.add(&share.target);
    }
    let (mut least, mut likely) = (all.sounding(jobs), all.likely(jobs));
    let mut forecasts = Vec::with_capacity(by_target.len());
    for (name, (mut sum, work)) in by_target {
        let known = targets.get(&name).copied().unwrap_or_default();
        let at_once = known.sessions.map_or(jobs, |sessions| sessions.min(jobs));
        let at_pace = |requests| {
            known
                .requests_per_minute
                .map_or(Duration::ZERO, |rate| at_rate(requests, rate))
        };
        let (fewest, most) = (at_pace(sum.requests.least), at_pace(sum.requests.most));
        sum.target = name;
        sum.requests_per_minute = known.requests_per_minute;
        sum.sessions = known.sessions.map(|sessions| sessions.get() as u64);
        sum.tokens = known
            .tokens_per_turn
            .map(|tokens| u64::from(tokens) * sum.turns.most);
        let of_target = fewest.max(work.sounding(at_once));
        sum.least_seconds = rounded(of_target);
        least = least.max(of_target);
        likely = likely
            .zip(work.likely(at_once))
            .map(|(all, own)| all.max(own).max(most).max(of_target));
        forecasts.push(sum);
    }
    let sum = |count: fn(&TargetForecast) -> u64| forecasts.iter().map(count).sum();
    Forecast {
        format: FORECAST_FORMAT,
        conversations: sum(|target| target.conversations),
        skipped,
        unreadable,
        turns: Turns {
            least: sum(|target| target.turns.least),
            most: sum(|target| target.turns.most),
            with_retries: sum(|target| target.turns.with_retries),
        },
        jobs: jobs.get() as u64,
        least_seconds: rounded(least),
        likely_seconds: likely.filter(|_| !forecasts.is_empty()).map(rounded),
        targets: forecasts,
    }
}

impl TargetForecast {
    fn add(&mut self, other: &Self) {
        self.conversations += other.conversations;
        self.plays += other.plays;
        self.turns.least += other.turns.least;
        self.turns.most += other.turns.most;
        self.turns.with_retries += other.turns.with_retries;
        self.requests.least += other.requests.least;
        self.requests.most += other.requests.most;
        self.tools |= other.tools;
        self.ratings += other.ratings;
        self.characters += other.characters;
        self.audio_seconds = ((self.audio_seconds + other.audio_seconds) * 1e3).round() / 1e3;
    }
}

/// Time that conversations take, of which several go on at once.
#[derive(Debug, Default)]
struct Work {
    sounding: Duration,
    longest_sounding: Duration,
    likely: Duration,
    longest: Duration,
    /// Of some conversations nothing is known.
    unknown: bool,
}

impl Work {
    fn add(&mut self, share: &Share) {
        self.sounding += share.sounding;
        self.longest_sounding = self.longest_sounding.max(share.sounding);
        match share.likely {
            Some(likely) => {
                self.likely += likely;
                self.longest = self.longest.max(likely);
            }
            None => self.unknown = true,
        }
    }

    /// No run is shorter than its longest conversation.
    fn sounding(&self, at_once: NonZeroUsize) -> Duration {
        divided(self.sounding, at_once).max(self.longest_sounding)
    }

    fn likely(&self, at_once: NonZeroUsize) -> Option<Duration> {
        (!self.unknown).then(|| divided(self.likely, at_once).max(self.longest))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn divided(time: Duration, by: NonZeroUsize) -> Duration {
    time / u32::try_from(by.get()).unwrap_or(u32::MAX)
}

/// The time between the first and the last of so many requests.
fn at_rate(requests: u64, per_minute: f64) -> Duration {
    let waits = requests.saturating_sub(1);
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let seconds = waits as f64 * 60.0 / per_minute;
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e3).round() / 1e3
}

/// How long recordings are, each read once. One that cannot be read has no length: playing it will say why.
#[derive(Debug, Default)]
struct Lengths(Mutex<HashMap<(PathBuf, Said), Duration>>);

impl Lengths {
    fn of(&self, audio: &AudioInput) -> Duration {
        let key = (audio.path.clone(), audio.said);
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(length) = known().get(&key) {
            return *length;
        }
        let length = SoundFile::read(&audio.path, audio.said)
            .ok()
            .and_then(|file| file.facts().duration)
            .unwrap_or_default();
        known().insert(key, length);
        length
    }
}

#[cfg(test)]
mod tests;
