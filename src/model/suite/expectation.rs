//! What a reply must be like: what is looked at, and what it is compared with.

use std::time::Duration;

use super::{AudioCheck, Service, ToolCallsCheck};
use crate::model::Value;

/// One expectation.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// 1-based line in the turn's file.
    pub line: u32,
    /// `required: false`: when the service does not give the data, it is skipped instead of erroring the turn.
    pub required: bool,
    /// `on: {cx: …}`: applies to targets of this service only.
    pub only_on: Option<Service>,
    /// What is expected.
    pub check: Check,
}

/// What is expected, by what it looks at. The names are those of the suite language.
#[derive(Debug, Clone)]
pub enum Check {
    /// All text of the turn, joined by newlines.
    Reply(Matcher),
    /// The texts one by one: a list matcher.
    Replies(Matcher),
    /// Display name of the matched intent.
    Intent(Matcher),
    /// Confidence of the match.
    Confidence(Matcher),
    /// Type of the match, lower case.
    Match(Matcher),
    /// Display name of the current page.
    Page(Matcher),
    /// Display name of the current flow.
    Flow(Matcher),
    /// The CES agent that answered, or (as `playbook`) the CX playbook.
    Agent(Matcher),
    /// The CX playbook that answered.
    Playbook(Matcher),
    /// Pages, flows and agents passed.
    Visited(Vec<VisitedStep>),
    /// Session parameters or variables: these, others ignored.
    Parameters(Vec<(String, Matcher)>),
    /// Exactly these parameters.
    AllParameters(Vec<(String, Matcher)>),
    /// Tool calls.
    ToolCalls(ToolCallsCheck),
    /// Display name of the agent a transfer went to.
    Transfer(Matcher),
    /// Whether (or with what metadata) the conversation ended.
    Ended(Matcher),
    /// Metadata of a hand-off to a person.
    Handoff(Matcher),
    /// Any of the turn's payloads.
    Payload(Matcher),
    /// What `MatchIntent` offered: a list matcher over `{intent, match, confidence, parameters}`.
    Candidates(Matcher),
    /// Webhook calls: a list matcher over `{name?, code, message, status}`.
    Webhook(Matcher),
    /// Sources: a matcher over `{uri, title, text, requires_attribution?}`.
    Citations(Matcher),
    /// Searches of the web: a matcher over `{query, uri}` (CES).
    Suggestions(Matcher),
    /// Steps of the trace: a matcher over `{kind, name, agent?, within, duration?, attributes}`.
    Spans(Matcher),
    /// What the user's words sound like: a matcher over `{score, magnitude}` (CX).
    Sentiment(Matcher),
    /// What was heard of the user's speech.
    Transcript(Matcher),
    /// The spoken answer.
    Audio(Box<AudioCheck>),
    /// Whether the user interrupted the agent (CES).
    Interrupted(bool),
    /// Time to the whole answer, in seconds (durations in operands were turned into seconds).
    Latency(Matcher),
    /// The raw response as proto3 JSON.
    Raw {
        /// A JSONPath (RFC 9535).
        path: String,
        /// Matches the node found; a list of nodes when there are several, absent when there are none.
        matcher: Matcher,
    },
}

/// One step of a `visited` expectation.
#[derive(Debug, Clone)]
pub enum VisitedStep {
    /// `..`: anything, also nothing.
    Anything,
    /// A page, flow or agent.
    Place(Matcher),
}

/// What is expected of a value. Operands may hold templates until the turn is played.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// A plain value: numbers by value, text after collapsing white space on both sides.
    Is(Value),
    /// A plain list: as many elements, each matching in its place.
    List(Vec<Matcher>),
    /// A mapping of members: these members, others ignored.
    Subset(Vec<(String, Matcher)>),
    /// `equals`: exactly this JSON value (numbers by value; no white space collapsed, no members ignored).
    Equals(Value),
    /// `contains`: a text within the text, or an equal element within a list.
    Contains(Value),
    /// `icontains`: as `contains`, ignoring case.
    IContains(Value),
    /// `starts_with`.
    StartsWith(Value),
    /// `ends_with`.
    EndsWith(Value),
    /// `matches`: a regular expression, searched.
    Matches(String),
    /// `any_of`.
    AnyOf(Vec<Matcher>),
    /// `all_of`.
    AllOf(Vec<Matcher>),
    /// `not`.
    Not(Box<Matcher>),
    /// `gt`, `gte`, `lt`, `lte`.
    Compare(Comparison, Value),
    /// `between`: both ends included.
    Between(Value, Value),
    /// `approx: {to, within}`.
    Approx {
        /// The number expected.
        to: Value,
        /// The largest difference allowed.
        within: Value,
    },
    /// `has_length`: of a text (characters), list or object.
    HasLength(Box<Matcher>),
    /// `is_type`.
    IsType(ValueType),
    /// `absent: true`.
    Absent,
    /// `present: true`.
    Present,
    /// `unchanged: true`: as before the turn.
    Unchanged,
    /// `each`: every element.
    Each(Box<Matcher>),
    /// `has_item`: at least one element.
    HasItem(Box<Matcher>),
    /// `similar: {to, at_least}`.
    Similar {
        /// The text expected.
        to: Value,
        /// Least similarity, 0 to 1.
        at_least: Value,
        /// How similarity is measured.
        algorithm: SimilarityAlgorithm,
    },
    /// `wer: {to, at_most}`: word error rate.
    Wer {
        /// The text expected.
        to: Value,
        /// Largest word error rate.
        at_most: Value,
    },
    /// `date`.
    Date(DateMatcher),
}

/// An ordering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `gt`.
    Greater,
    /// `gte`.
    GreaterOrEqual,
    /// `lt`.
    Less,
    /// `lte`.
    LessOrEqual,
}

/// A JSON type, as `is_type` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// `text`.
    Text,
    /// `number`.
    Number,
    /// `integer`: a number without a fraction.
    Integer,
    /// `boolean`.
    Boolean,
    /// `list`.
    List,
    /// `object`.
    Object,
    /// `null`.
    Null,
}

/// How the similarity of two texts is measured; each gives 0 (nothing in common) to 1 (equal).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SimilarityAlgorithm {
    /// `levenshtein`: 1 - edit distance / longer length, over characters.
    Levenshtein,
    /// `jaro_winkler`.
    JaroWinkler,
    /// `words`: Dice coefficient over the words, order ignored.
    Words,
}

/// A calendar expectation over CX date and date-time objects and ISO 8601 text.
#[derive(Debug, Clone, PartialEq)]
pub enum DateMatcher {
    /// Exactly this date (ISO text, possibly from a template).
    On(Value),
    /// This many days from the conversation's today; negative is past.
    FromToday(Value),
    /// This weekday, at most `within` from today (7 days unless set), today excluded.
    Weekday {
        /// The weekday.
        weekday: chrono::Weekday,
        /// How far ahead at most.
        within: Duration,
    },
}
