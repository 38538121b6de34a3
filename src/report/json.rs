//! The result file, `turnproof-run/1`: stable and versioned, one document for each run. Readers ignore keys they
//! do not know. Results are spooled as they come, because what stands before them is known last.

use std::io::{self, Write};
use std::sync::Arc;

use serde::Serialize;

use super::output::{Output, Spool};
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
    spool: Spool,
    twins: Vec<Arc<Twins>>,
}

/// What stands before the conversations.
#[derive(Serialize)]
struct Head<'a> {
    format: &'static str,
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
    /// When the folder cannot be written to.
    pub fn new(output: Output) -> io::Result<Self> {
        let spool = output.spool()?;
        Ok(Self {
            output,
            spool,
            twins: Vec::new(),
        })
    }
}

impl Reporter for Json {
    fn describe(&self) -> String {
        "json".to_owned()
    }

    fn conversation(&mut self, recorded: &Recorded) -> io::Result<()> {
        let separator: &[u8] = if self.spool.position() == 0 {
            b"\n    "
        } else {
            b",\n    "
        };
        self.twins.extend(recorded.twins.clone());
        self.spool.write_all(separator)?;
        self.spool.write_all(&recorded.json)
    }

    fn finish(self: Box<Self>, run: &RunInfo, end: &RunEnd) -> io::Result<()> {
        let Self {
            mut output,
            spool,
            twins,
        } = *self;
        let head = Head {
            format: FORMAT,
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
        let head = serde_json::to_string_pretty(&head)?;
        let open = head.strip_suffix("\n}").unwrap_or(&head);
        output.write_all(open.as_bytes())?;
        output.write_all(b",\n  \"conversations\": [")?;
        let length = spool.position();
        output.copy(&mut spool.end()?, 0..length)?;
        output.write_all(if length == 0 { b"]\n}\n" } else { b"\n  ]\n}\n" })?;
        output.finish()
    }
}
