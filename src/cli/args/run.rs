//! The command line of `run`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{FilterArgs, ListFormat, SuiteArgs, When};
use crate::cli::values;
use crate::settings::rate::Rate;

pub(super) const EXAMPLES: &str = "Examples:
  turnproof run
  turnproof run suites/billing --filter 'refund and not tag:slow'
  turnproof run --target flights=staging --jobs 16 --rate 600/min
  turnproof run --profile nightly --plan
  turnproof run --last-failed -v
  turnproof run --report terminal --report junit=out/junit.xml
  turnproof run --record cassettes
  turnproof run --replay cassettes
";

/// `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[expect(missing_docs, reason = "the comment would be taken for help")]
    #[command(flatten)]
    pub filter: FilterArgs,

    /// Only conversations that failed, errored or were flaky in the last run here
    ///
    /// What was not run in it does not count, unless it was itself a run with --last-failed.
    #[arg(long, help_heading = "Selection")]
    pub last_failed: bool,

    #[expect(missing_docs, reason = "the comment would be taken for help")]
    #[command(flatten)]
    pub suites: SuiteArgs,
    #[expect(missing_docs, reason = "the comment would be taken for help")]
    #[command(flatten)]
    pub play: PlayArgs,
    #[expect(missing_docs, reason = "the comment would be taken for help")]
    #[command(flatten)]
    pub cassettes: CassetteArgs,
    #[expect(missing_docs, reason = "the comment would be taken for help")]
    #[command(flatten)]
    pub output: OutputArgs,
}

/// How conversations are played.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Playing")]
pub struct PlayArgs {
    /// Conversations played at once [default: 8]
    #[arg(long, value_name = "N", env = "TURNPROOF_JOBS", hide_env_values = true,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub jobs: Option<u32>,

    /// How many requests each target gets at most, such as 600/min or 10/s [default: no limit]
    #[arg(long, value_name = "N/min", env = "TURNPROOF_RATE", hide_env_values = true, value_parser = values::rate)]
    pub rate: Option<Rate>,

    /// Play a conversation again, in a new session, up to N times after failures and N times after errors [default:
    /// 0 after failures, 1 after errors]
    #[arg(long, value_name = "N", env = "TURNPROOF_RETRIES", hide_env_values = true,
        value_parser = clap::value_parser!(u32).range(0..=100))]
    pub retries: Option<u32>,

    /// How long the whole run may take, such as 30m; what is not over by then counts as not run [default: no limit]
    #[arg(long, value_name = "DURATION", env = "TURNPROOF_TIMEOUT", hide_env_values = true,
        value_parser = values::duration)]
    pub timeout: Option<Duration>,

    /// How long conversations may begin, such as 25m; what is being played then is played to its end, and the rest
    /// counts as not run [default: no limit]
    #[arg(long, value_name = "DURATION", env = "TURNPROOF_MAX_DURATION", hide_env_values = true,
        value_parser = values::duration)]
    pub max_duration: Option<Duration>,

    /// How many turns may be sent, those of retries and repetitions too; a conversation begins only while all its turns
    /// are left, and the rest counts as not run [default: no limit]
    #[arg(long, value_name = "N", env = "TURNPROOF_MAX_TURNS", hide_env_values = true,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub max_turns: Option<u32>,

    /// Stop after the first conversation that failed
    #[arg(long, conflicts_with = "max_failures")]
    pub fail_fast: bool,

    /// Stop after N conversations that failed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_failures: Option<u32>,

    /// Exit with 1 when a conversation passed only after it had failed
    #[arg(long)]
    pub fail_on_flaky: bool,

    /// Play in random order; the report shows the seed
    #[arg(long)]
    pub shuffle: bool,

    /// The seed of the random order and of what an emulator chooses at random [default: a new one each time]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Let emulators call webhooks over HTTP where no stub answers: only the hosts named, or all public ones
    ///
    /// An address in an export is called over HTTPS, and never when it is a private one, unless its host is named here.
    /// Redirects are not followed, and no proxy is used.
    #[arg(long, value_name = "HOST,…", num_args = 0..=1, require_equals = true, value_delimiter = ',',
        value_parser = values::host)]
    pub live_webhooks: Option<Vec<String>>,

    /// A host other than Google's that may get credentials (repeatable)
    ///
    /// Credentials go to *.googleapis.com over TLS and nowhere else, because settings may come from a pull request
    /// while CI holds secrets.
    #[arg(long, value_name = "HOST", value_parser = values::host)]
    pub allow_credentials_to: Vec<String>,
}

/// Recording what is said, and playing recordings.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Cassettes")]
pub struct CassetteArgs {
    /// Write what is said to the agents and what they say into a folder, one cassette for each conversation
    ///
    /// A cassette is a text file to be reviewed and kept beside the suites. It holds no credentials, and nothing that
    /// `redact` of the settings names. A conversation that is cut short leaves the cassette that is there as it is.
    #[arg(long, value_name = "DIR", conflicts_with = "replay")]
    pub record: Option<PathBuf>,

    /// Play from the cassettes in a folder: no network, no emulator, no credentials
    ///
    /// Expectations may have changed since the recording; a request that has is an error that shows the nearest
    /// recording and the difference.
    #[arg(long, value_name = "DIR")]
    pub replay: Option<PathBuf>,

    /// Whether a replay takes the time that the agents took; latencies are those of the recording either way [default:
    /// fast]
    #[arg(long, value_name = "SPEED", value_enum, requires = "replay")]
    pub replay_speed: Option<ReplaySpeed>,
}

/// How fast a replay is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ReplaySpeed {
    /// Without waiting
    #[default]
    Fast,
    /// In the time that it took
    Recorded,
}

/// What a run shows and writes.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Output")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct OutputArgs {
    /// Write a report: terminal, junit, json or github, with =PATH if it should go elsewhere (repeatable)
    /// [default: terminal, junit=reports/junit.xml, json=reports/run.json]
    ///
    /// Paths are relative to the working directory. Reports given here take the place of the default ones. Where the
    /// variable `GITHUB_ACTIONS` is set, failures are annotated at file and line, too.
    #[arg(long = "report", value_name = "FORMAT[=PATH]", value_parser = values::report)]
    pub reports: Vec<String>,

    /// When a progress bar is shown
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub progress: When,

    /// Show conversations that passed, too; adds the terminal report where there is none
    #[arg(short, long)]
    pub verbose: bool,

    /// Keep what agents speak, as WAV files in reports/audio; nothing in them is redacted
    #[arg(long)]
    pub keep_audio: bool,

    /// For turns that have no `expect:`, print the one that would hold; adds the terminal report where there is none
    #[arg(long)]
    pub print_expect: bool,

    /// Print every setting with its value and where it comes from, and play nothing
    #[arg(long)]
    pub show_settings: bool,

    /// Print what the run would take, and play nothing: conversations, turns, time and quota of each target, as a table
    /// or as json
    ///
    /// Nothing is sent, and no credentials are needed. The time is the least that rates and recordings take, beside an
    /// estimate by the run before, if there was one here.
    #[arg(long, value_name = "FORMAT", value_enum, num_args = 0..=1, require_equals = true,
        default_missing_value = "table", conflicts_with = "show_settings")]
    pub plan: Option<ListFormat>,
}
