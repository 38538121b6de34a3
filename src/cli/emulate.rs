//! `turnproof emulate`: an emulator for any client, until it is told to stop.
