//! Other tools' recordings → suites.
