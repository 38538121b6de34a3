//! The embedded emulator: a real gRPC server that plays an exported CX agent or a scripted CES app.

pub mod ces;
pub mod cx;
