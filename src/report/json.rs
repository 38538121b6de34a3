//! The result file, `turnproof-run/1`: stable and versioned, one document for each run. Readers ignore keys they
//! do not know. Results are written as they come; what is known last, of the run as a whole, stands after them.

use std::io::{self, Write};
use std::sync::Arc;

use serde::Serialize;

use super::output::Output;
use crate::model::event::{
    CancelReason, Recorded, Reporter, RunEnd, RunInfo, SlowedTarget, Summary, TargetInfo,
};
use crate::model::outcome::Twins;

/// Name and version of the format.
pub const FORMAT: &str = "turnproof-run/1";

/// Writes the result file: one line for each conversation, so that two runs can be compared with line tools.
#[derive(Debug)]
pub struct Json {
    output: Output,
    conversations: u64,
    twins: Vec<Arc<Twins>>,
}

/// What stands after the conversations.
#[derive(Serialize)]
struct Tail<'a> {
    run: Run<'a>,
    summary: &'a Summary,
    /// Conversations that were played in writing and in recordings.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    twins: &'a [Arc<Twins>],
}

#[derive(Serialize)]
struct Run<'a> {
    id: &'a str,
    started_at: &'a str,
    elapsed_ms: f64,
    tool_version: &'a str,
    seed: u64,
    /// Why it ended early, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<CancelReason>,
    targets: &'a [TargetInfo],
    /// The targets that wanted it slower.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    slowed: &'a [SlowedTarget],
}

impl Json {
    /// A result file under way.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn new(mut output: Output) -> io::Result<Self> {
        write!(output, "{{\n  \"format\": \"{FORMAT}\",\n  \"conversations\": [")?;
        Ok(Self {
            output,
            conversations: 0,
            twins: Vec::new(),
        })
    }
}

impl Reporter for Json {
    fn describe(&self) -> String {
        "json".to_owned()
    }

    fn shows_passed(&self) -> bool {
        false
    }

    fn conversation(&mut self, recorded: &Recorded) -> io::Result<()> {
        let separator: &[u8] = if self.conversations == 0 {
            b"\n    "
        } else {
            b",\n    "
        };
        self.conversations += 1;
        self.twins.extend(recorded.twins.clone());
        self.output.write_all(separator)?;
        self.output.write_all(&recorded.json)
    }

    fn finish(self: Box<Self>, run: &RunInfo, end: &RunEnd) -> io::Result<()> {
        let Self {
            mut output,
            conversations,
            twins,
        } = *self;
        let tail = Tail {
            run: Run {
                id: &run.id,
                started_at: &run.started_at,
                elapsed_ms: (end.elapsed.as_secs_f64() * 1e6).round() / 1e3,
                tool_version: &run.tool_version,
                seed: run.seed,
                stopped: end.cancelled,
                targets: &run.targets,
                slowed: &end.slowed,
            },
            summary: &end.summary,
            twins: &twins,
        };
        let tail = serde_json::to_string_pretty(&tail)?;
        let members = tail.strip_prefix('{').unwrap_or(&tail);
        let end: &[u8] = if conversations == 0 { b"]," } else { b"\n  ]," };
        output.write_all(end)?;
        output.write_all(members.as_bytes())?;
        output.write_all(b"\n")?;
        output.finish()
    }
}
