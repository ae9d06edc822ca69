//! The program: parses the arguments, runs the command, prints the error, exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    xray_ecs::Worker::new().main()
}
