//! From a target's settings to a backend: live client, or emulator and client.
