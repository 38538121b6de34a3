//! What suites expect of the tool calls of a turn or conversation.

use super::Matcher;
use crate::model::transcript::CallSource;

/// What is expected of the tool calls of a turn or conversation.
#[derive(Debug, Clone)]
pub enum ToolCallsCheck {
    /// A plain list: these calls, this order, nothing else; empty means none.
    Exactly(Vec<ExpectedCall>),
    /// `ordered`: these calls in this order, others allowed in between.
    Ordered(Vec<ExpectedCall>),
    /// `any_order`: these calls in any order, nothing else.
    AnyOrder(Vec<ExpectedCall>),
    /// `include`: these calls, others allowed, order ignored.
    Include(Vec<ExpectedCall>),
    /// `never`: none of these.
    Never(Vec<ExpectedCall>),
    /// Several of the above, all of which must hold.
    All(Vec<ToolCallsCheck>),
}

/// One expected tool call.
#[derive(Debug, Clone)]
pub struct ExpectedCall {
    /// 1-based line in the file.
    pub line: u32,
    /// Tool name: CES display name or `toolset/tool`, CX `tool/action` or `tool`.
    pub tool: Matcher,
    /// A subset of the arguments.
    pub args: Option<Matcher>,
    /// All the arguments.
    pub all_args: Option<Matcher>,
    /// How many such calls; 1 unless set.
    pub times: Option<Matcher>,
    /// The tool's answer.
    pub response: Option<Matcher>,
    /// Who made the call.
    pub source: Option<CallSource>,
    /// The agent that made the call.
    pub agent: Option<Matcher>,
}
