//! Dialogflow CX: an exported agent played offline.
//!
//! [`nlu`] decides what an utterance means; [`entities`] finds values in it; [`condition`], [`template`] and
//! [`functions`] are the agent's own language.

pub mod condition;
mod cursor;
pub mod entities;
pub mod environment;
pub mod functions;
mod language;
pub mod nlu;
pub mod parameters;
pub mod reference;
mod render;
pub mod template;
mod words;

pub use cursor::SyntaxError;
