//! Exports: any bytes are a zip or refused; any files are an agent, as far as they are sound, that can be talked to.
//!
//! The first byte says which. Files are given as `path NUL content NUL`, where a path of one digit is one of those that
//! an export has.
#![no_main]

use std::fs;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use turnproof::emulator::cx::engine::Engine;
use turnproof::export;

const PATHS: [&str; 10] = [
    "agent.json",
    "flows/F/F.json",
    "flows/F/pages/P.json",
    "flows/F/transitionRouteGroups/G.json",
    "intents/I/I.json",
    "intents/I/trainingPhrases/en.json",
    "entityTypes/E/E.json",
    "entityTypes/E/entities/en.json",
    "webhooks/W.json",
    "testCases/T.json",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    let folder = tempfile::tempdir_in(memory()).unwrap();
    let path = if kind % 2 == 0 {
        let path = folder.path().join("agent.zip");
        fs::write(&path, bytes).unwrap();
        path
    } else {
        write_files(folder.path(), bytes);
        folder.path().to_owned()
    };
    if let Ok(loaded) = export::load(&path) {
        Engine::new(loaded.agent, 7).problems();
    }
});

/// A folder in memory, where there is one.
fn memory() -> &'static Path {
    let shared = Path::new("/dev/shm");
    if shared.is_dir() {
        shared
    } else {
        Path::new("/tmp")
    }
}

fn write_files(folder: &Path, bytes: &[u8]) {
    fs::write(folder.join("agent.json"), "{}").unwrap();
    let mut parts = bytes.split(|byte| *byte == 0);
    while let (Some(name), Some(content)) = (parts.next(), parts.next()) {
        let known = name.first().filter(|byte| byte.is_ascii_digit());
        let Some(name) = known.and_then(|digit| PATHS.get(usize::from(digit - b'0'))) else {
            continue;
        };
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}
