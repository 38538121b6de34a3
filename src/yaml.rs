//! The only room that knows the YAML crate: text → a tree with positions, within limits, with YAML's own traps refused.
