//! Other tools' recordings → suites, and back.
//!
//! [`cx_tests`] takes the test cases that Dialogflow CX recorded and exported with an agent. An import writes a
//! folder of its own that `turnproof run` plays as it is: settings, suites, and a copy of the agent.
//! [`export_cx_tests`] makes test cases of suites again.

pub use cx_test_cases::{Counts, Imported, SuiteFile, Written, cx_tests, export_cx_tests};

mod cx_test_cases;
