//! The vocabulary that every floor above shares: what a conversation is, what an agent answered, what came of
//! checking it, and what a run tells its reporters. Plain data without behaviour of its own; no YAML, no
//! protocol buffers, no terminal.

pub mod capability;
pub mod endpoint;
pub mod event;
pub mod examination;
pub mod outcome;
pub mod pattern;
mod redaction;
pub mod resource;
pub mod suite;
pub mod trace;
pub mod transcript;

/// Any JSON value: parameters, payloads, expected values.
pub type Value = serde_json::Value;
/// A JSON object, in the order its keys were given.
pub type Map = serde_json::Map<String, Value>;
