//! Dialogflow CX: an exported agent played offline.
//!
//! [`program`] makes an export ready to run; [`engine`] plays turns on it; [`nlu`] decides what an utterance means;
//! [`entities`] finds values in it.

mod chance;
pub mod condition;
mod cursor;
pub mod engine;
pub mod entities;
pub mod environment;
mod form;
pub mod functions;
mod messages;
pub mod nlu;
pub mod parameters;
mod patterns;
pub mod program;
pub mod reference;
mod render;
pub mod request;
pub mod session;
pub mod stubs;
pub mod template;
mod trace;
mod turn;
mod understanding;
pub mod webhook;

pub use cursor::SyntaxError;
