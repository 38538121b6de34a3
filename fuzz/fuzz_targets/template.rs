//! Texts with references and calls: any text is taken apart and rendered.
#![no_main]

mod surroundings;

use libfuzzer_sys::fuzz_target;
use turnproof::emulator::cx::template::Template;

fuzz_target!(|text: &str| {
    let template = Template::parse(text);
    let surroundings = surroundings::Surroundings::new();
    template.render(&surroundings);
    template.value(&surroundings);
});
