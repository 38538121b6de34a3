//! The command line as it is typed. `--help` is made from the comments here: it is the manual.
//!
//! No meaning is given to anything yet: [`super::options`] turns what was typed, the environment and the settings
//! into resolved options.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use coverage::{CoverageArgs, CoverageFormat};
pub use doctor::{DoctorArgs, DoctorFormat};
pub use emulate::EmulateArgs;
pub use run::{CassetteArgs, OutputArgs, PlayArgs, ReplaySpeed, RunArgs};
pub use typed::{Origins, Typed};

use super::exit::Exit;
use super::values;
use crate::settings::roles::TargetChoice;

mod coverage;
mod doctor;
mod emulate;
mod run;
mod typed;

const ABOUT: &str = "Conversation regression tests for Dialogflow CX and CES agents";

const LONG_ABOUT: &str = "Conversation regression tests for Dialogflow CX and CES agents\n\n\
    Conversations are scripts in YAML. turnproof plays them against an agent (the real service, or an emulator of \
    an exported agent), checks every turn, shows what differs, and writes the reports that a CI system reads.";

const EXAMPLES: &str = "Examples:
  turnproof init my-suites          # a first suite, settings and agent
  turnproof run                     # everything below suites/
  turnproof run suites/pay.yaml:12  # the conversation at line 12
  turnproof run --filter 'tag:smoke and not tag:slow'
  turnproof run --profile ci --report junit=out.xml
  turnproof check                   # read and validate without playing

`turnproof COMMAND --help` is the manual of a command, `-h` its summary.
";

/// What was typed.
#[derive(Debug, Parser)]
#[command(
    name = "turnproof",
    version,
    about = ABOUT,
    long_about = LONG_ABOUT,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n{}", Exit::help()),
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct CommandLine {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
    /// When output is coloured; `auto` also respects the variable `NO_COLOR`
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        help_heading = "Output"
    )]
    pub color: When,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play suites and check every turn
    ///
    /// Conversations are played several at once, each in a session of its own. What did not pass is shown turn by
    /// turn; the whole result goes to reports/junit.xml (for CI systems) and reports/run.json (for programs).
    #[command(after_help = run::EXAMPLES, after_long_help = format!("{}\n{}", run::EXAMPLES, Exit::help()))]
    Run(Box<RunArgs>),
    /// Read and validate suites and settings without playing them
    ///
    /// Everything that is wrong is shown at once, with file, line and column. No service is asked.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Show the conversations that would run, after filters
    ///
    /// The order is that of the files; no service is asked.
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Show which parts of an agent a run touched, and which it did not
    ///
    /// The parts are those of a Dialogflow CX agent's export: flows, pages, routes, route groups, event handlers, intents,
    /// form parameters, webhooks and entity values. What was not touched is listed by flow and page, to say what the next
    /// conversation should be about. A form parameter counts when it had a value on its page; an entity value when a
    /// parameter of its type had it; playbooks, generators and data stores are not counted.
    #[command(after_help = coverage::EXAMPLES)]
    Coverage(CoverageArgs),
    /// Write a first suite, settings and a small agent to start from
    ///
    /// They work as they are; put your own agent in the place of the small one.
    #[command(after_help = INIT_EXAMPLES)]
    Init(InitArgs),
    /// Turn tests of other formats into suites
    Import(ImportArgs),
    /// Turn suites into tests of other formats
    Export(ExportArgs),
    /// Serve an agent on this machine, as the real service would
    ///
    /// The agent is a Dialogflow CX export or a scripted CES app. The address is printed as soon as it answers. Any gRPC client of Dialogflow CX (v3, v3beta1) or CES
    /// (v1) can talk to it, in plaintext and without credentials; the agent answers under any well-formed name.
    #[command(after_help = emulate::EXAMPLES)]
    Emulate(EmulateArgs),
    /// Go to the targets step by step, and say what is wrong and how to mend it
    ///
    /// The steps are: what the settings say can be used; a token can be made of the credentials; the endpoint's name has an
    /// address and something listens there (or the proxy leads there); TLS holds, and HTTP/2 is spoken; the service lets the
    /// account in; the agent or app is there and answers; there is quota. The last three show themselves in one turn, said
    /// once, in a session of its own. Of an emulated agent it is said whether it loads and answers.
    #[command(after_help = doctor::EXAMPLES, after_long_help = doctor::long_help())]
    Doctor(DoctorArgs),
    /// Print the JSON Schema of suite files or settings, for editors
    ///
    /// With it an editor completes keys, explains them, and marks what turnproof would refuse.
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema(SchemaArgs),
    /// Print a script that completes commands and flags in a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
}

/// When to do something that depends on whether a person is looking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// When a terminal is attached
    #[default]
    Auto,
    /// In any case
    Always,
    /// In no case
    Never,
}

/// Which suites, and with which targets: what every command that reads suites takes.
#[derive(Debug, Clone, Default, Args)]
pub struct SuiteArgs {
    /// Suite files or folders; `FILE:LINE` is the conversation at that line [default: suites if it exists, else the
    /// working directory]
    ///
    /// Every .yaml and .yml file below a folder is a suite, except what .gitignore names, hidden files, and the
    /// folders agents, fixtures, steps, cassettes and snapshots. The settings are the nearest turnproof.yaml at or
    /// above the paths, else one directly inside them.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// The target to test, instead of those that suites name (repeatable)
    ///
    /// NAME alone applies to the suites whose own target is of the same service (CX or CES); the summary says which
    /// suites kept theirs. ROLE=NAME applies to the suites whose `target:` is ROLE.
    #[arg(
        long,
        value_name = "NAME|ROLE=NAME",
        env = "TURNPROOF_TARGET",
        hide_env_values = true,
        value_delimiter = ',',
        value_parser = values::target_choice,
        help_heading = "Targets"
    )]
    pub target: Vec<TargetChoice>,

    /// What of the settings counts.
    #[command(flatten)]
    pub settings: SettingsArgs,

    /// Treat warnings, such as names that the agent's export does not have, as errors
    #[arg(long)]
    pub strict: bool,
}

/// What of the settings counts.
#[derive(Debug, Clone, Default, Args)]
pub struct SettingsArgs {
    /// The profile of the settings to use [default: none]
    #[arg(
        long,
        value_name = "NAME",
        env = "TURNPROOF_PROFILE",
        hide_env_values = true,
        help_heading = "Targets"
    )]
    pub profile: Option<String>,

    /// In CI: an environment variable that settings and suites may read (repeatable)
    ///
    /// Settings and suites read only variables that the settings list under `env:`. Where the variable CI is set,
    /// each must be named here as well, because suites may come from a pull request while CI holds secrets.
    #[arg(long = "env", value_name = "NAME", value_parser = values::variable_name, help_heading = "Targets")]
    pub allowed_variables: Vec<String>,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[expect(missing_docs, reason = "the comment would be taken for help")]
    #[command(flatten)]
    pub suites: SuiteArgs,
}

/// `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[expect(missing_docs, reason = "the comment would be taken for help")]
    #[command(flatten)]
    pub filter: FilterArgs,

    #[expect(missing_docs, reason = "the comment would be taken for help")]
    #[command(flatten)]
    pub suites: SuiteArgs,

    /// How to show the list
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        help_heading = "Output"
    )]
    pub format: ListFormat,
}

/// `--filter`.
#[derive(Debug, Clone, Default, Args)]
pub struct FilterArgs {
    /// Only conversations that match the expression [default: all]
    ///
    /// A word alone is searched in `suite / conversation`, ignoring case. name:, tag:, file:, target: and channel:
    /// (text or audio) compare the whole value; of a file the end of its path is enough, from a `/` on. `*` stands for
    /// anything, /…/ is a regular expression, quotes keep blanks together. Combine with and, or, not and parentheses.
    #[arg(long, value_name = "EXPR", help_heading = "Selection")]
    pub filter: Option<String>,
}

/// How `list` shows what it found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// Lines for people
    #[default]
    Table,
    /// One JSON document for programs
    Json,
}

/// `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder to write to, created if need be; nothing that exists is changed [default: the working directory]
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What is imported.
    #[command(subcommand)]
    pub from: ImportFrom,
}

/// What `import` reads.
#[derive(Debug, Subcommand)]
pub enum ImportFrom {
    /// Turn the test cases in a Dialogflow CX agent export into suites
    ///
    /// Writes suites, settings, and a copy of the export, so that the emulator can play them at once. What cannot be
    /// taken over as it is, is a warning.
    #[command(after_help = IMPORT_EXAMPLES)]
    CxTests(ImportCxTestsArgs),
}

/// `import cx-tests`.
#[derive(Debug, Args)]
pub struct ImportCxTestsArgs {
    /// The agent export: a folder or zip in the JSON package format
    #[arg(value_name = "EXPORT")]
    pub export: PathBuf,

    /// The folder to write to, which must be new or empty
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// What is written.
    #[command(subcommand)]
    pub to: ExportTo,
}

/// What `export` writes.
#[derive(Debug, Subcommand)]
pub enum ExportTo {
    /// Write suites back as the test cases of a Dialogflow CX agent
    ///
    /// The suites are compared with the test cases in the agent's own export: what nobody changed stays as it is,
    /// what was changed gets exactly these changes, and there are new cases for new conversations. Cases whose
    /// conversations are gone are removed, unless only part of the suites is given. What a test case cannot say is
    /// a warning, and so is what a new turn does not say although the console compares it.
    #[command(after_help = EXPORT_EXAMPLES)]
    CxTests(ExportCxTestsArgs),
}

/// `export cx-tests`.
#[derive(Debug, Args)]
pub struct ExportCxTestsArgs {
    /// Suite files or folders; `FILE:LINE` is the conversation at that line [default: suites if it exists, else the
    /// working directory]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// What to write: the agent's whole package when it ends in .zip, else a folder with the test cases; nothing
    /// that exists is overwritten
    #[arg(long, value_name = "OUT")]
    pub out: PathBuf,

    /// The target whose conversations are written, into the test cases of its agent's export [default: the only
    /// CX target of the conversations]
    #[arg(long, value_name = "NAME", help_heading = "Targets")]
    pub target: Option<String>,

    /// What of the settings counts.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// `schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// What the schema describes
    #[arg(value_name = "OF", value_enum, default_value_t)]
    pub of: SchemaOf,
}

/// What a schema describes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// Suite files
    #[default]
    Suite,
    /// The settings, turnproof.yaml
    Settings,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell to print it for
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: clap_complete::Shell,
}

// In the texts below, lines that are indented must fit 80 columns; a paragraph is one line, which the help wraps.

const CHECK_EXAMPLES: &str = "Examples:
  turnproof check
  turnproof check suites/billing --strict
  turnproof check --target flights=staging

Exits with 0 when everything is valid, with 2 when something is not, with 4 when there is nothing to check. Warnings do not count, unless --strict makes errors of them.
";

const LIST_EXAMPLES: &str = "Examples:
  turnproof list
  turnproof list --filter 'tag:smoke and not tag:slow'
  turnproof list --format json

Exits with 2 when a suite or the settings are invalid, with 4 when nothing is selected.
";

const INIT_EXAMPLES: &str = "Examples:
  turnproof init my-suites
  turnproof run my-suites

Exits with 2, and writes nothing, when one of the files exists.
";

const SCHEMA_EXAMPLES: &str = "Examples:
  turnproof schema > suite.schema.json
  turnproof schema settings > settings.schema.json

Many editors use it for files that begin with a line like this:
  # yaml-language-server: $schema=suite.schema.json
";

const COMPLETIONS_EXAMPLES: &str = "Examples:
  source <(turnproof completions bash)               # in ~/.bashrc
  turnproof completions zsh > ~/.zfunc/_turnproof    # ~/.zfunc in $fpath
  turnproof completions fish > ~/.config/fish/completions/turnproof.fish
";

const IMPORT_EXAMPLES: &str = "Examples:
  turnproof import cx-tests agent.zip --out imported
  turnproof run imported

Exits with 2 when the export cannot be read or the folder is not empty.
";

const EXPORT_EXAMPLES: &str = "Examples:
  turnproof export cx-tests --out agent-with-tests.zip
  turnproof export cx-tests imported --target agent --out cases

Exits with 2 when the target has no export, or the output exists; with 4 when no conversation is the target's.
";

#[cfg(test)]
mod tests;
