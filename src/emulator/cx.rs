//! Dialogflow CX: an exported agent played offline.
//!
//! [`nlu`] decides what an utterance means; [`entities`] finds values in it.

pub mod condition;
mod cursor;
pub mod entities;
pub mod environment;
pub mod functions;
pub mod nlu;
pub mod parameters;
pub mod reference;
mod render;
pub mod template;

pub use cursor::SyntaxError;
