// TEMP //! The binary: hands the command line to the library and turns its answer into an exit code.
// TEMP
// TEMP fn main() -> std::process::ExitCode {
// TEMP     turnproof::cli::main()
// TEMP }
fn main() {}
