//! Compiles the services' declarations in `proto/` with a compiler written in Rust, so that no `protoc` has to
//! be installed, and generates messages, clients and servers from them.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

/// Where the declarations stand; imports are resolved from here.
const ROOT: &str = "proto";

/// The files that declare services; everything else is imported by them.
const SERVICES: [&str; 3] = [
    "google/cloud/ces/v1/session.proto",
    "google/cloud/dialogflow/cx/v3/session.proto",
    "google/cloud/dialogflow/cx/v3beta1/session.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={ROOT}");
    println!("cargo::rerun-if-changed=build.rs");

    let mut compiler = protox::Compiler::new([ROOT])?;
    compiler
        .include_imports(true)
        .include_source_info(true)
        .open_files(SERVICES)?;

    tonic_prost_build::configure()
        // A fixed order of map entries: equal messages have equal bytes.
        .btree_map(".")
        .extern_path(".google.protobuf.Struct", "crate::proto::Struct")
        .include_file("services.rs")
        .emit_rerun_if_changed(false)
        .compile_fds(compiler.file_descriptor_set())?;

    // The comments are of use to the generated documentation only.
    compiler.include_source_info(false);
    let descriptors = PathBuf::from(env::var("OUT_DIR")?).join("descriptors.bin");
    fs::write(descriptors, compiler.encode_file_descriptor_set())?;
    Ok(())
}
