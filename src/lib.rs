//! Conversation regression tests for Google's conversational agents.

pub mod proto;
