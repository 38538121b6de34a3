//! `{{ name }}` in texts: what is known when a suite is read is filled in then, captures, dates and environment
//! variables when the conversation is played.
//!
//! What is filled in stays text, whatever it looks like: data that was filled in at first is marked until the rest is.
//!
//! `text.rs` takes a text apart, `fill.rs` fills what is known into a tree (with places for messages), `render.rs`
//! fills the rest into a turn that is about to be played.

pub use render::{
    Scope, TemplateError, render_expectations, render_start, render_stub, render_stubs, render_time_zone,
    render_turn,
};

use crate::model::Value;
use crate::yaml::opens_template;

pub(super) mod fill;
mod render;
pub(super) mod text;

/// Names that are known only while a conversation is played, besides captures: dates of its clock.
pub const DATES: [&str; 3] = ["today", "tomorrow", "now"];
/// Before the name of an environment variable.
pub const ENVIRONMENT: &str = "env.";

/// Whether suites take something in a text for a template, or for one that lacks a brace.
pub fn is_taken_for_template(text: &str) -> bool {
    let is_literal = |piece: &text::Piece<'_>| match piece {
        text::Piece::Literal(text) => text::unclosed(text).is_none(),
        _ => false,
    };
    opens_template(text) && !text::pieces(text).iter().all(is_literal)
}

/// A value of a turn that has not been filled in, as its author would write it.
pub fn as_written(value: Value) -> Value {
    text::plain_value(value)
}
