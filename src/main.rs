//! The `threadmark` binary: service and command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    threadmark::cli::run()
}
