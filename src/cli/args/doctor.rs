//! The command line of `doctor`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::values;

pub(super) const EXAMPLES: &str = "Examples:
  turnproof doctor
  turnproof doctor --target staging
  turnproof doctor --target staging --no-turn
  turnproof doctor --format json

Exits with 0 when nothing is wrong, with 2 when it is in the settings or the command line, with 3 when a target cannot be reached or asked, with 4 when there is no target.
";

/// What the long help ends with: the variables that decide how a service is reached.
pub(super) fn long_help() -> String {
    format!("{EXAMPLES}\n{VARIABLES}")
}

const VARIABLES: &str = "Environment variables, as Google's own clients and curl know them:
  GOOGLE_APPLICATION_CREDENTIALS     file of Application Default Credentials;
                                     else gcloud's, else the metadata server
                                     (GCE_METADATA_HOST)
  GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES, AWS_...
                                     for workload identity federation
  GOOGLE_CLOUD_QUOTA_PROJECT         whose quota is used; the target's
                                     `quota_project` weighs more
  GOOGLE_CLOUD_UNIVERSE_DOMAIN       domain of the services; it may get
                                     credentials
  GOOGLE_API_USE_CLIENT_CERTIFICATE  true: the machine's certificate is shown
  GOOGLE_API_CERTIFICATE_CONFIG      file that says where that is; else gcloud's
                                     (CLOUDSDK_CONFIG), else what Endpoint
                                     Verification installs
  GOOGLE_API_USE_MTLS_ENDPOINT       never, auto, always: whether
                                     *.mtls.googleapis.com is asked
  HTTPS_PROXY, ALL_PROXY, NO_PROXY   the proxy; the target's `proxy` weighs more
  SSL_CERT_FILE, SSL_CERT_DIR        who vouches for servers; the target's
                                     `tls: {authorities}` weighs more
";

/// `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Where the settings are looked for: a suite or a folder of suites [default: suites if it exists, else the working
    /// directory]
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,

    /// A target of the settings (repeatable) [default: all of them]
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Targets")]
    pub target: Vec<String>,

    /// In CI: an environment variable that settings may read (repeatable)
    #[arg(long = "env", value_name = "NAME", value_parser = values::variable_name, help_heading = "Targets")]
    pub allowed_variables: Vec<String>,

    /// A host other than Google's that may get credentials (repeatable)
    ///
    /// Credentials go to *.googleapis.com over TLS and nowhere else, because settings may come from a pull request
    /// while CI holds secrets.
    #[arg(long, value_name = "HOST", value_parser = values::host, help_heading = "Targets")]
    pub allow_credentials_to: Vec<String>,

    /// Ask the agents nothing: permission, agent and quota stay unknown
    #[arg(long)]
    pub no_turn: bool,

    /// What the one turn says
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "hello",
        conflicts_with = "no_turn"
    )]
    pub say: String,

    /// How to show what was found
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        help_heading = "Output"
    )]
    pub format: DoctorFormat,
}

/// How `doctor` shows what it found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    /// Steps, for people
    #[default]
    Terminal,
    /// One JSON document, for programs
    Json,
}
