//! The binary: hands the command line to the library and turns its answer into an exit code.

/// A run makes many small texts on several threads at once, which this allocator is fast at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    turnproof::cli::main()
}
