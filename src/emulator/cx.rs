//! Dialogflow CX: an exported agent played offline.
//!
//! [`program`] makes an export ready to run; [`engine`] plays turns on it; [`nlu`] decides what an utterance means;
//! [`entities`] finds values in it.

mod blocks;
mod bounds;
mod chance;
pub mod condition;
mod cursor;
mod decode;
mod diagnostics;
pub mod engine;
pub mod entities;
pub mod environment;
#[cfg(test)]
mod fixture;
mod form;
pub mod functions;
pub mod generative;
mod keys;
mod language;
pub mod live;
mod long_work;
mod messages;
mod names;
pub mod nlu;
mod overrides;
pub mod parameters;
mod patterns;
pub mod program;
pub mod reference;
mod render;
pub mod request;
mod response;
pub mod service;
pub mod session;
mod sessions;
pub mod stubs;
pub mod template;
mod trace;
mod turn;
mod understanding;
pub mod webhook;
mod words;

pub use cursor::SyntaxError;
