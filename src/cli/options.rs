//! The resolved choices of a run: what was typed, over the environment, over the profile, over the built-in values.
//! Pure. What conversations and suites may choose for themselves is settled with the suites.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use super::args::{Origins, ReplaySpeed, RunArgs};
use crate::runner;
use crate::settings::layers::{Layered, Origin};
use crate::settings::play::PlayPatch;
use crate::settings::profile::Profile;
use crate::settings::rate::Rate;

/// Conversations played at once unless something says otherwise.
pub const BUILT_IN_JOBS: u32 = 8;

/// The reports written unless something says otherwise.
pub const BUILT_IN_REPORTS: [&str; 3] = ["terminal", "junit", "json"];

/// The choices of a run, each with its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOptions {
    /// Conversations played at once.
    pub jobs: Layered<u32>,
    /// Most requests to each target; `None` leaves it to each target.
    pub rate: Layered<Option<Rate>>,
    /// How long the run may take.
    pub timeout: Layered<Option<Duration>>,
    /// How long conversations may begin.
    pub max_duration: Layered<Option<Duration>>,
    /// How many turns may be sent.
    pub max_turns: Layered<Option<u32>>,
    /// The run stops after so many failed conversations.
    pub max_failures: Layered<Option<u32>>,
    /// A flaky conversation makes the run fail.
    pub fail_on_flaky: Layered<bool>,
    /// Random order.
    pub shuffle: Layered<bool>,
    /// The seed; a fresh one is chosen where there is none.
    pub seed: Layered<Option<u64>>,
    /// The reports, each `FORMAT` or `FORMAT=PATH`.
    pub reports: Layered<Vec<String>>,
    /// Where recordings go.
    pub record: Option<Layered<PathBuf>>,
    /// Where recordings are played from.
    pub replay: Option<Layered<PathBuf>>,
    /// How fast, where they are played.
    pub replay_speed: Option<Layered<ReplaySpeed>>,
    /// `--retries`: outweighs what conversations say.
    pub retries: Option<Layered<u32>>,
}

impl RunOptions {
    /// Settles the choices.
    pub fn resolve(args: &RunArgs, origins: &Origins, profile: Option<&Profile>) -> Self {
        let layers = Layers { origins, profile };
        let play = &args.play;
        let fail_fast = play.fail_fast.then_some(1);
        let fail_flag = if play.fail_fast {
            "--fail-fast"
        } else {
            "--max-failures"
        };
        let folder = |flag, typed: Option<&PathBuf>| {
            typed.map(|folder| Layered {
                value: folder.clone(),
                origin: origins.of(flag),
            })
        };
        let typed_reports = (!args.output.reports.is_empty()).then(|| args.output.reports.clone());
        let built_in_reports = BUILT_IN_REPORTS.map(str::to_owned).to_vec();
        Self {
            jobs: layers.pick(BUILT_IN_JOBS, "--jobs", play.jobs, |profile| profile.jobs),
            rate: layers.pick_some("--rate", play.rate, |profile| profile.rate),
            timeout: layers.pick_some("--timeout", play.timeout, |profile| profile.timeout),
            max_duration: layers.pick_some("--max-duration", play.max_duration, |profile| {
                profile.max_duration
            }),
            max_turns: layers.pick_some("--max-turns", play.max_turns, |profile| profile.max_turns),
            max_failures: layers.pick_some(fail_flag, fail_fast.or(play.max_failures), |profile| {
                profile.max_failures
            }),
            fail_on_flaky: layers.pick(false, "--fail-on-flaky", given(play.fail_on_flaky), |profile| {
                profile.fail_on_flaky
            }),
            shuffle: layers.pick(false, "--shuffle", given(play.shuffle), |profile| profile.shuffle),
            seed: layers.pick_some("--seed", play.seed, |_| None),
            reports: layers.pick(built_in_reports, "--report", typed_reports, |profile| {
                profile.reports.clone()
            }),
            record: folder("--record", args.cassettes.record.as_ref()),
            replay: folder("--replay", args.cassettes.replay.as_ref()),
            replay_speed: args.cassettes.replay.is_some().then(|| {
                let typed = args.cassettes.replay_speed;
                layers.pick(ReplaySpeed::default(), "--replay-speed", typed, |_| None)
            }),
            retries: play.retries.map(|value| Layered {
                value,
                origin: origins.of("--retries"),
            }),
        }
    }

    /// What of it the runner wants to know.
    pub fn for_runner(&self) -> runner::RunOptions {
        let jobs = usize::try_from(self.jobs.value).ok().and_then(NonZeroUsize::new);
        runner::RunOptions {
            jobs: jobs.unwrap_or(NonZeroUsize::MIN),
            timeout: self.timeout.value,
            max_duration: self.max_duration.value,
            max_failures: self.max_failures.value.map(u64::from).and_then(NonZeroU64::new),
            fail_on_flaky: self.fail_on_flaky.value,
        }
    }

    /// What outweighs the conversations' own choices: `--retries` sets both kinds.
    pub fn overrides(&self) -> PlayPatch {
        let retries = self.retries.as_ref().map(|retries| retries.value);
        PlayPatch {
            errored_retries: retries,
            failed_retries: retries,
            ..PlayPatch::default()
        }
    }
}

/// A flag that is either given or says nothing.
fn given(flag: bool) -> Option<bool> {
    flag.then_some(true)
}

struct Layers<'a> {
    origins: &'a Origins,
    profile: Option<&'a Profile>,
}

impl Layers<'_> {
    fn pick<T>(
        &self,
        built_in: T,
        flag: &'static str,
        typed: Option<T>,
        of_profile: impl Fn(&Profile) -> Option<T>,
    ) -> Layered<T> {
        let profile = self
            .profile
            .map(|profile| (Origin::Profile(profile.name.clone()), of_profile(profile)));
        Layered::pick(
            built_in,
            std::iter::once((self.origins.of(flag), typed)).chain(profile),
        )
    }

    fn pick_some<T>(
        &self,
        flag: &'static str,
        typed: Option<T>,
        of_profile: impl Fn(&Profile) -> Option<T>,
    ) -> Layered<Option<T>> {
        self.pick(None, flag, typed.map(Some), |profile| {
            of_profile(profile).map(Some)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Command, Typed};

    fn resolve(arguments: &str, profile: Option<&Profile>) -> RunOptions {
        let words = ["turnproof", "run"]
            .into_iter()
            .chain(arguments.split_whitespace());
        let typed = Typed::parse(words.map(Into::into)).unwrap();
        match &typed.line.command {
            Command::Run(args) => RunOptions::resolve(args, &typed.origins, profile),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_outweigh_the_profile() {
        let profile = Profile {
            name: "ci".to_owned(),
            jobs: Some(32),
            fail_on_flaky: Some(true),
            max_failures: Some(5),
            reports: Some(vec!["json".to_owned()]),
            ..Profile::default()
        };
        let options = resolve("--jobs 2 --fail-fast --retries 3", Some(&profile));
        assert_eq!(
            options.jobs,
            Layered {
                value: 2,
                origin: Origin::Flag("--jobs")
            }
        );
        assert_eq!(
            options.max_failures,
            Layered {
                value: Some(1),
                origin: Origin::Flag("--fail-fast")
            }
        );
        let ci = Origin::Profile("ci".to_owned());
        assert_eq!(
            options.fail_on_flaky,
            Layered {
                value: true,
                origin: ci.clone()
            }
        );
        assert_eq!(
            options.reports,
            Layered {
                value: vec!["json".to_owned()],
                origin: ci
            }
        );
        assert_eq!(
            options.overrides().retries(),
            crate::model::suite::Retries {
                errored: 3,
                failed: 3
            }
        );
    }

    #[test]
    fn without_a_word_the_built_in_values_hold() {
        let options = resolve("", None);
        assert_eq!(
            options.jobs,
            Layered {
                value: BUILT_IN_JOBS,
                origin: Origin::BuiltIn
            }
        );
        assert_eq!(options.reports.value, BUILT_IN_REPORTS);
        assert_eq!(
            (
                options.timeout.value,
                options.rate.value,
                options.max_failures.value
            ),
            (None, None, None)
        );
        assert_eq!(
            (options.max_duration.value, options.max_turns.value),
            (None, None)
        );
        assert_eq!(options.overrides(), PlayPatch::default());
    }
}
