//! turnproof: a conversation regression-test harness for Dialogflow CX and CES agents.
//!
//! The house has floors; a room uses only the floors below its own:
//!
//! | floor | rooms |
//! |---|---|
//! | 6 | `cli`: what the user typed → resolved settings → one short function per command |
//! | 5 | [`runner`], [`report`], [`target`]: playing; writing; building a backend from a target |
//! | 4 | [`emulator`], [`cassette`], [`import`], [`coverage`]: adapters around a backend or a file format; a run against an export |
//! | 3 | [`backend`]: the trait and the live clients, the only floor that calls the services |
//! | 2 | [`suite`], [`settings`], [`export`], [`expect`]: files → model; agent export → plain data; (expectation, reply) → outcome |
//! | 1 | [`model`], [`yaml`], [`audio`]: the shared vocabulary; the only room that knows the YAML crate; recorded sound |
//! | 0 | [`proto`], [`diagnostic`], [`redact`], [`files`]: generated types; places in files; what must not be printed; how files are written |

pub mod audio;
pub mod backend;
pub mod cassette;
pub mod cli;
pub mod coverage;
pub mod diagnostic;
pub mod emulator;
pub mod expect;
pub mod export;
pub mod files;
pub mod import;
pub mod model;
pub mod proto;
pub mod redact;
pub mod report;
pub mod runner;
pub mod settings;
pub mod suite;
pub mod target;
pub mod yaml;
