//! Other tools' recordings → suites.
//!
//! [`cx_tests`] takes the test cases that Dialogflow CX recorded and exported with an agent. An import writes a
//! folder of its own that `turnproof run` plays as it is: settings, suites, and a copy of the agent.

pub use cx_test_cases::{Counts, Imported, SuiteFile, cx_tests};

mod cx_test_cases;
