//! Suite files → conversations: discovery, parsing with positions, validation, expansion, selection, schema.

pub mod discover;
pub mod select;
