//! Which service knows which input, option and expectation, as data: README, JSON Schema, parser and checks are made from it.
