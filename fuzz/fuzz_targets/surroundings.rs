//! What expressions may know while they are fuzzed: values of every kind under short names.

use std::borrow::Cow;

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use serde_json::{Value, json};
use turnproof::emulator::cx::environment::Environment;
use turnproof::emulator::cx::reference::{Reference, Step};

pub struct Surroundings(Value);

impl Surroundings {
    pub fn new() -> Self {
        Self(json!({
            "a": "text",
            "b": 42,
            "c": [1, "two", { "three": 3 }],
            "d": { "year": 2026, "month": 2, "day": 28, "hours": 23, "minutes": 59 },
            "e": -0.5,
            "f": "",
            "g": true,
            "h": "+49 30 1234567",
        }))
    }
}

impl Environment for Surroundings {
    fn lookup(&self, reference: &Reference) -> Option<Cow<'_, Value>> {
        let mut value = &self.0;
        for step in &reference.path {
            value = match step {
                Step::Name(name) => value.get(&**name)?,
                Step::Index(index) => value.get(*index)?,
            };
        }
        Some(Cow::Borrowed(value))
    }

    fn now(&self) -> DateTime<Tz> {
        Tz::Europe__Berlin.timestamp_opt(1_772_442_000, 0).unwrap()
    }

    fn random(&self) -> u64 {
        7
    }

    fn record(&self, _: &str, _: Result<&Value, &str>) {}
}
