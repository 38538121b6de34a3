//! An exported CX agent (JSON package, folder or zip) as plain data, and the ids that the service wants for the
//! names people see.
//!
//! [`agent`] holds the data as the export spells it (references are display names); [`load()`] reads it from
//! untrusted files and reports what is wrong with them; [`NameIndex`] resolves names to ids; [`SymbolicTarget`]
//! names the targets of routes that are no pages. [`test_case_files`] and [`write_zip`] treat an export as files:
//! its test cases byte for byte, and a copy of it in which some files are others.

pub mod agent;

pub use load::{Loaded, load, load_runtime};
pub use names::NameIndex;
pub use package::{test_case_files, write_zip};
pub use target::SymbolicTarget;

mod archive;
mod assemble;
mod check;
pub mod generative;
mod layout;
mod load;
mod names;
mod package;
mod target;
