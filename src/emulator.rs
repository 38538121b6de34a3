//! The embedded emulator: a real server that plays an exported CX agent or a scripted CES app, over gRPC, REST and
//! WebSockets.
//!
//! [`cx`] is the agent, [`ces`] the app; the server around it ([`Emulator`]), its clock and its deliberate faults are shared by all
//! emulated services.

pub mod ces;
pub mod clock;
pub mod cx;
pub mod fault;
pub mod hearing;
mod http;
mod server;
mod voice;

pub use server::{Emulator, EmulatorError, EmulatorOptions, RunningEmulator};
