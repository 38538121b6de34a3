//! Pure evaluation: (expectation, reply) → outcome, diff. Knows no service and no clock of its own.
