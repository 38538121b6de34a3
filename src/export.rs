//! An exported CX agent (JSON package, folder or zip) as plain data, and the mapping between the names people see
//! and the ids the service wants.
//!
//! [`agent`] holds the data as the export spells it (references are display names); [`load`] reads it from
//! untrusted files; [`names`] resolves names to ids.

pub mod agent;
