//! The command line: `frontdesk run` (the default), `demo`, `check-config`, `example-config`, `staff import`,
//! `account create`, `audit verify`, `backup`, `restore`, `db copy`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use frontdesk_config::{Config, FILE_VARIABLE, Overrides, environment};

use crate::backup;
use crate::terminal::{complain, say};

/// The configuration or an imported file is at fault, not the run.
const EXIT_BAD_INPUT: u8 = 2;
/// The audit is not as it was written.
const EXIT_BROKEN: u8 = 3;

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
    /// Write database, photos, music, keys and settings into one new file; the daemon may run meanwhile
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Backup {
        #[command(subcommand)]
        command: Option<BackupCommand>,
        /// The file to write, readable by its owner alone
        #[arg(long, value_name = "FILE", required = true)]
        to: Option<PathBuf>,
        /// Recordings too
        #[arg(long)]
        recordings: bool,
    },
    /// Bring a backup back into an empty folder, and into the PostgreSQL database where the settings name one
    Restore {
        file: PathBuf,
        /// The folder for everything; made when absent
        #[arg(long, value_name = "DIR")]
        state_dir: PathBuf,
    },
    /// Work with the database
    Db {
        #[command(subcommand)]
        command: DbCommand,
    },
    /// Work with the companies of this installation
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// Look after the audit
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
}

#[derive(Debug, Subcommand)]
enum BackupCommand {
    /// Check every sum in a backup, and its database
    Verify { file: PathBuf },
}

#[derive(Debug, Subcommand)]
enum DbCommand {
    /// Copy the database into an empty one and compare them: from SQLite to PostgreSQL or back
    Copy {
        /// postgres://user:password@host/name, or the path of a SQLite file that is not there yet
        #[arg(long, value_name = "DATABASE")]
        to: String,
    },
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Make one more company with its main staff member and a first phone; their passwords are shown once
    Create(NewAccount),
}

/// What a company begins with.
#[derive(Debug, Args)]
pub(crate) struct NewAccount {
    #[arg(long)]
    pub(crate) name: String,
    /// Where national numbers belong, as two letters
    #[arg(long, default_value = "RU")]
    pub(crate) region: String,
    #[arg(long, default_value = "Europe/Moscow", value_name = "ZONE")]
    pub(crate) time_zone: String,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Read every row again and name the first that is not as it was written; the exit code is 3 when there is one
    Verify {
        /// Number of the account; all of them when absent
        #[arg(long)]
        account: Option<i64>,
    },
}

#[derive(Debug, Subcommand)]
enum StaffCommand {
    /// Bring staff over from another PBX: all rows or none. Columns: surname, given_name, patronymic, position, work_place
    /// (office or remote), supervisor (a short number or a login), phone, email, short_number, sip_user, sip_password.
    /// SIP passwords are kept as digests only
    Import {
        file: PathBuf,
        /// Number of the account that the staff join; not needed while there is one account
        #[arg(long)]
        account: Option<i64>,
    },
}

/// Parses the command line, runs, and turns the outcome into an exit code: 0 well, 1 failed, 2 bad input, 3 a broken audit.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(cli) {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("frontdesk: {error:#}"));
            match error.is::<backup::Damaged>() {
                true => ExitCode::from(EXIT_BAD_INPUT),
                false => ExitCode::FAILURE,
            }
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command.unwrap_or(Command::Run) {
        Command::Run => with_config(&cli.options, |config| {
            done(runtime()?.block_on(crate::app::run(config)))
        }),
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
            done(runtime()?.block_on(crate::import::staff(config, &file, account)))
        }),
        Command::Account {
            command: AccountCommand::Create(new),
        } => with_config(&cli.options, |config| {
            done(runtime()?.block_on(crate::accounts::create(config, new)))
        }),
        Command::Audit {
            command: AuditCommand::Verify { account },
        } => with_config(&cli.options, |config| {
            let intact = runtime()?.block_on(crate::audit::verify(config, account))?;
            Ok(ExitCode::from(if intact { 0 } else { EXIT_BROKEN }))
        }),
        Command::Backup {
            command: Some(BackupCommand::Verify { file }),
            ..
        } => runtime()?.block_on(backup::verify(&file)).map(|()| ExitCode::SUCCESS),
        Command::Backup {
            command: None,
            to,
            recordings,
        } => {
            let to = to.context("--to says which file to write")?;
            let settings = settings(&cli.options);
            with_config(&cli.options, |config| {
                done(runtime()?.block_on(backup::backup(config, settings.as_deref(), &to, recordings)))
            })
        }
        Command::Restore { file, state_dir } => {
            let mut options = cli.options.clone();
            options.data = Some(state_dir.to_str().context("the path is no UTF-8")?.to_owned());
            with_config(&options, |config| {
                done(runtime()?.block_on(backup::restore(config, &file)))
            })
        }
        Command::Db {
            command: DbCommand::Copy { to },
        } => with_config(&cli.options, |config| {
            done(runtime()?.block_on(backup::copy(config, &to)))
        }),
    }
}

/// The file that the settings come from.
fn settings(options: &Options) -> Option<PathBuf> {
    let named = || std::env::var_os(FILE_VARIABLE).filter(|name| !name.is_empty());
    options.config.clone().or_else(|| named().map(PathBuf::from))
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

fn done(outcome: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    outcome.map(|()| ExitCode::SUCCESS)
}

fn with_config(options: &Options, act: impl FnOnce(Config) -> anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    match Config::read(options.config.as_deref(), &environment(), &options.overrides()) {
        Ok(config) => act(config),
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
