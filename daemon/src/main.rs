//! `frontdesk`: see `frontdesk --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    frontdesk::cli::main()
}
