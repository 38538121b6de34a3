//! The command line of `emulate`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use clap::Args;

use crate::cli::values;

pub(super) const EXAMPLES: &str = "Examples:
  turnproof emulate --agent agents/flights.zip
  turnproof emulate --app agents/support.app.yaml --listen 127.0.0.1:0
  turnproof emulate --agent agents/flights --clock 2026-03-01T09:00:00Z --latency 50ms

The address is printed when the emulator answers. Any gRPC client of Dialogflow CX (v3, v3beta1) or CES (v1) can
talk to it, in plaintext; the agent answers under any well-formed name. Ctrl-C ends it.
";

/// `emulate`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("served").required(true).multiple(true).args(["agent", "app"]))]
pub struct EmulateArgs {
    /// A Dialogflow CX agent export: a folder or zip in the JSON package format
    #[arg(long, value_name = "EXPORT")]
    pub agent: Option<PathBuf>,

    /// A scripted CES app: a YAML file
    #[arg(long, value_name = "FILE")]
    pub app: Option<PathBuf>,

    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4700", value_parser = values::address)]
    pub listen: SocketAddr,

    /// Answers for webhook calls: a YAML file in the shape of the settings' `webhooks:`
    #[arg(long, value_name = "FILE", requires = "agent")]
    pub webhooks: Option<PathBuf>,

    /// The time at which every turn happens, in RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = values::clock)]
    pub clock: Option<DateTime<FixedOffset>>,

    /// The seed of what the emulator chooses at random
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Added to every answer, such as 50ms
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub latency: Option<Duration>,

    /// Listen on an address that other machines can reach: they can then talk to the agent
    #[arg(long)]
    pub allow_remote: bool,
}
