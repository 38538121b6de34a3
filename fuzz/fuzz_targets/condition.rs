//! Conditions of routes: any text is read or refused, and what was read holds or not.
#![no_main]

mod surroundings;

use libfuzzer_sys::fuzz_target;
use turnproof::emulator::cx::condition::Condition;

fuzz_target!(|text: &str| {
    if let Ok(condition) = Condition::parse(text) {
        condition.holds(&surroundings::Surroundings::new());
    }
});
