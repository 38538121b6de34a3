//! Dialogflow CX: an exported agent played offline.
//!
//! [`nlu`] decides what an utterance means; [`entities`] finds values in it.

pub mod entities;
pub mod nlu;
