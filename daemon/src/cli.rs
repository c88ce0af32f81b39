//! The command line: `frontdesk run` (the default), `demo`, `check-config`, `example-config`, `staff import`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use frontdesk_config::{Config, Overrides, environment};

use crate::terminal::{complain, say};

/// The configuration or an imported file is at fault, not the run.
const EXIT_BAD_INPUT: u8 = 2;

#[derive(Debug, Parser)]
#[command(
    name = "frontdesk",
    version,
    about = "A virtual PBX with a CRM inside",
    propagate_version = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Args, Clone, Default)]
struct Options {
    /// Configuration file (TOML); none is needed
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the database and the recordings [default: data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<String>,
    /// Where phones reach SIP, UDP and TCP; TLS takes the next port [default: 0.0.0.0:5060]
    #[arg(long, global = true, value_name = "ADDR:PORT")]
    sip: Option<String>,
    /// Where pages and API listen [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDR:PORT")]
    http: Option<String>,
    /// Ports for audio [default: 10000-29999]
    #[arg(long, global = true, value_name = "LO-HI")]
    rtp: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon (the default)
    Run,
    /// Run with sample data and simulated phones in a temporary folder, on free ports of this machine alone
    Demo,
    /// Check a configuration file and name every problem in it
    CheckConfig { file: PathBuf },
    /// Print every configuration key with its default and meaning
    ExampleConfig,
    /// Work with staff from the command line
    Staff {
        #[command(subcommand)]
        command: StaffCommand,
    },
}

#[derive(Debug, Subcommand)]
enum StaffCommand {
    /// Bring staff over from another PBX: all rows or none. Columns: surname, given_name, patronymic, position, phone,
    /// email, short_number, sip_user, sip_password. SIP passwords are kept as digests only
    Import {
        file: PathBuf,
        /// Number of the account that the staff join; not needed while there is one account
        #[arg(long)]
        account: Option<i64>,
    },
}

/// Parses the command line, runs, and turns the outcome into an exit code: 0 well, 1 failed, 2 bad input.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(cli) {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("frontdesk: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command.unwrap_or(Command::Run) {
        Command::Run => with_config(&cli.options, |config| runtime()?.block_on(crate::app::run(config))),
        Command::Demo => {
            let flags = cli.options.overrides();
            runtime()?.block_on(crate::demo::run(flags)).map(|()| ExitCode::SUCCESS)
        }
        Command::CheckConfig { file } => check_config(&file),
        Command::ExampleConfig => {
            say(&Config::example());
            Ok(ExitCode::SUCCESS)
        }
        Command::Staff {
            command: StaffCommand::Import { file, account },
        } => with_config(&cli.options, |config| {
            runtime()?.block_on(crate::import::staff(config, &file, account))
        }),
    }
}

impl Options {
    fn overrides(&self) -> Overrides {
        Overrides {
            data: self.data.clone(),
            sip: self.sip.clone(),
            http: self.http.clone(),
            rtp: self.rtp.clone(),
        }
    }
}

fn with_config(options: &Options, act: impl FnOnce(Config) -> anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    match Config::read(options.config.as_deref(), &environment(), &options.overrides()) {
        Ok(config) => act(config).map(|()| ExitCode::SUCCESS),
        Err(problems) => {
            complain(&format!("{problems}"));
            Ok(ExitCode::from(EXIT_BAD_INPUT))
        }
    }
}

fn check_config(file: &Path) -> anyhow::Result<ExitCode> {
    match Config::read(Some(file), &[], &Overrides::default()) {
        Ok(_) => {
            say(&format!("{}: no problems", file.display()));
            Ok(ExitCode::SUCCESS)
        }
        Err(problems) => {
            complain(&format!("{problems}"));
            Ok(ExitCode::from(EXIT_BAD_INPUT))
        }
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the async runtime does not start")
}
