//! The embedded emulator: a real gRPC server that plays an exported CX agent or a scripted CES app.
//!
//! [`cx`] is the agent, [`ces`] the app; the server around it ([`Emulator`]), its clock and its deliberate faults are shared by all
//! emulated services.

pub mod ces;
pub mod clock;
pub mod cx;
pub mod fault;
pub mod hearing;
mod server;
mod voice;

pub use server::{Emulator, EmulatorError, EmulatorOptions, RunningEmulator};
