//! Suite files → conversations: discovery, parsing with positions, validation, expansion, selection, schema.
