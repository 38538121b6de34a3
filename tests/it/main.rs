//! The integration tests, in one binary: each module is a topic.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops with a panic, helpers included"
)]
#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

mod backend_ces;
mod backend_cx;
mod backend_rest;
mod backend_transport;
mod cassettes;
mod ces_emulator;
mod ces_speech;
mod cli_audio;
mod cli_bad_input;
mod cli_basics;
mod cli_check;
mod cli_coverage;
mod cli_doctor;
mod cli_emulate;
mod cli_generative;
mod cli_init;
mod cli_interrupted;
mod cli_list;
mod cli_live_webhooks;
mod cli_pace;
mod cli_place;
mod cli_run;
mod cli_schema;
mod cli_templates;
mod cli_troubles;
mod cli_turn_by_turn;
mod cli_twins;
mod emulator_cx;
mod emulator_faults;
mod entrance;
mod export_cx;
mod faulty;
mod house;
mod import_cx;
mod import_losses;
mod known_agents;
mod nlu_recorded;
mod proto_tables;
mod proto_wire;
mod readme;
mod runner_sessions;
mod scripted;
mod suite_cases;
mod suite_schema;
mod suite_schema_agreement;
mod targets;
mod transport_faults;
mod transports;
