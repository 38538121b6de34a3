//! The command line of `emulate`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use clap::Args;

use crate::cli::values;
use crate::emulator::fault::Rule;

pub(super) const EXAMPLES: &str = "Examples:
  turnproof emulate --agent agents/flights.zip
  turnproof emulate --app agents/support.app.yaml --listen 127.0.0.1:0
  turnproof emulate --agent agents/flights --clock 2026-03-01T09:00:00Z
  turnproof emulate --agent agents/flights --fault unavailable,rate=5%

Answers gRPC, REST (JSON over HTTP/1.1, by POST) and, for a CES app, WebSockets, all at the same address.

Runs until Ctrl-C, and then exits with 130. Exits with 2 when the agent cannot be read, with 3 when the address is taken.
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

    /// Answers to webhook calls: a YAML file in the shape of the settings' `webhooks:` [default: none; every call
    /// fails]
    #[arg(long, value_name = "FILE", requires = "agent")]
    pub webhooks: Option<PathBuf>,

    /// What generators write: a YAML file in the shape of the settings' `generators:` [default: none; they write
    /// nothing]
    #[arg(long, value_name = "FILE", requires = "agent")]
    pub generators: Option<PathBuf>,

    /// What playbooks do: a YAML file in the shape of the settings' `playbooks:` [default: none; they are not entered]
    #[arg(long, value_name = "FILE", requires = "agent")]
    pub playbooks: Option<PathBuf>,

    /// What is said in recordings: a `transcripts.yaml` beside them; sound is recognised by its content [default: none;
    /// no recording is understood]
    #[arg(long, value_name = "FILE")]
    pub transcripts: Option<PathBuf>,

    /// Call webhooks over HTTP where no answer was given: only the hosts named, or all public ones
    ///
    /// An address in an export is called over HTTPS, and never when it is a private one, unless its host is named here.
    /// Redirects are not followed, and no proxy is used.
    #[arg(long, value_name = "HOST,…", num_args = 0..=1, require_equals = true, value_delimiter = ',',
        value_parser = values::host, requires = "agent")]
    pub live_webhooks: Option<Vec<String>>,

    /// The time at which every turn happens, as 2026-03-01T09:00:00Z [default: the machine's time]
    #[arg(long, value_name = "TIME", value_parser = values::clock)]
    pub clock: Option<DateTime<FixedOffset>>,

    /// The seed of what the emulator chooses at random [default: a new one each time]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Time to add to every answer, such as 50ms [default: none]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub latency: Option<Duration>,

    /// Make calls go wrong on purpose, such as unavailable,rate=5%; may be given several times
    ///
    /// A rule is a fault and, after commas, which calls it strikes. The fault is a gRPC status (unavailable,
    /// resource-exhausted, …), delay=2s, hang (no answer), reset (of the stream), truncate (the answer ends in the middle),
    /// html (a web page), goaway (the connection takes no further calls), disconnect (it breaks) or bad-tls (the handshake
    /// fails). It strikes all calls, or those of rate=5%, every=10 or nth=3, of all methods or of method=DetectIntent. With
    /// `applied` the turn is played and only its answer is lost. Where rates strike, --seed decides. A call over gRPC is
    /// struck, and counted, when its first message has come. Over REST a reset breaks the connection, and goaway closes it
    /// after the answer; over a WebSocket, which carries one call, goaway does nothing.
    #[arg(long = "fault", value_name = "RULE", value_parser = values::fault)]
    pub faults: Vec<Rule>,

    /// Allow an address that other machines can reach: they can then talk to the agent
    #[arg(long)]
    pub allow_remote: bool,
}
