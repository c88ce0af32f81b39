//! The real daemon as its own process: a folder, ports and a company of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use frontdesk_crm_core::store::Db;
use frontdesk_sip::flow::Transport;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use crate::ports::{self, eventually};
use crate::wire::{Wire, WirePhone};

mod waits;

const PATIENCE: Duration = Duration::from_secs(20);
/// For audio.
const PORTS: u16 = 100;

/// What a phone is set up with.
#[derive(Debug, Clone)]
pub struct Phone {
    pub short_number: String,
    pub user: String,
    pub secret: String,
}

/// A running `frontdesk`.
pub struct Daemon {
    child: Child,
    folder: TempDir,
    log: Log,
    pub sip: SocketAddr,
    pub http: SocketAddr,
    /// One for each short number asked for, in that order.
    pub phones: Vec<Phone>,
    /// The main account's login and password.
    pub credentials: (String, String),
    csrf: String,
    client: reqwest::Client,
}

/// What it wrote so far, standard output and standard error together.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<String>>);

impl Log {
    pub fn text(&self) -> String {
        self.0.lock().map(|text| text.clone()).unwrap_or_default()
    }

    fn follow(&self, stream: impl AsyncRead + Unpin + Send + 'static) {
        let log = self.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "the task ends with the process that it reads from"
        )]
        tokio::spawn(async move {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if let Ok(mut text) = log.0.lock() {
                    text.push_str(&line);
                    text.push('\n');
                }
            }
        });
    }

    /// The word after a label of the greeting, for example of `Password   x`.
    fn told(&self, label: &str) -> Option<String> {
        let text = self.text();
        let line = text.lines().find_map(|line| line.trim().strip_prefix(label));
        line.and_then(|rest| rest.split_whitespace().next()).map(str::to_owned)
    }
}

impl Daemon {
    /// A company over SQLite whose staff have these short numbers and SIP data; every phone is offline.
    pub async fn start(short_numbers: &[&str]) -> Result<Daemon> {
        Daemon::start_with(short_numbers, plain).await
    }

    /// The same with other addresses for SIP: `addresses` makes the lines of `[sip]` from one whose port, and the three
    /// after it, are this daemon's alone.
    pub async fn start_with(short_numbers: &[&str], addresses: impl Fn(SocketAddr) -> String) -> Result<Daemon> {
        Daemon::start_as(short_numbers, addresses, "").await
    }

    /// The same with more lines in `[rtp]`.
    pub async fn start_audio(short_numbers: &[&str], audio: &str) -> Result<Daemon> {
        Daemon::start_as(short_numbers, plain, audio).await
    }

    /// The same with a guard that watches everybody, this machine too.
    pub async fn start_guarded(short_numbers: &[&str]) -> Result<Daemon> {
        Daemon::start_as(short_numbers, plain, "[guard]\nallow = []\n").await
    }

    /// Both.
    pub async fn start_as(
        short_numbers: &[&str],
        addresses: impl Fn(SocketAddr) -> String,
        audio: &str,
    ) -> Result<Daemon> {
        let text = |sip, http| config(&addresses(sip), http, (PORTS, audio), "debug");
        Daemon::start_from(short_numbers, text).await
    }

    /// The same for measurements: with a log as people keep it, and audio ports for many calls at a time.
    pub async fn start_for_load(short_numbers: &[&str]) -> Result<Daemon> {
        let text = |sip, http| config(&plain(sip), http, (PORTS * 80, ""), "info");
        Daemon::start_from(short_numbers, text).await
    }

    /// The same on another database than its own; `None`: on its own.
    pub async fn start_on(database_url: Option<&str>) -> Result<Daemon> {
        let url = database_url.map(|url| format!("[data]\ndatabase_url = \"{url}\"\n"));
        let text = |sip, http| {
            let text = config(&plain(sip), http, (PORTS, ""), "info");
            url.iter().fold(text, |text, url| text.replacen("[data]\n", url, 1))
        };
        Daemon::start_from(&[], text).await
    }

    async fn start_from(short_numbers: &[&str], text: impl Fn(SocketAddr, SocketAddr) -> String) -> Result<Daemon> {
        let folder = TempDir::with_prefix("frontdesk-")?;
        let (sip, http) = (free_address()?, free_address()?);
        std::fs::write(folder.path().join("frontdesk.toml"), text(sip, http))?;
        let log = Log::default();
        let mut daemon = Daemon {
            child: run(folder.path(), &log, None)?,
            folder,
            log,
            sip,
            http,
            phones: Vec::new(),
            credentials: Default::default(),
            csrf: String::new(),
            client: reqwest::Client::builder().cookie_store(true).build()?,
        };
        daemon.is_ready().await?;
        let told = async || Some((daemon.log.told("Login")?, daemon.log.told("Password")?));
        let told = eventually("the greeting", PATIENCE, told).await;
        daemon.credentials = told.with_context(|| daemon.log())?;
        let (login, password) = daemon.credentials.clone();
        daemon.log_in(&login, &password).await?;
        for short_number in short_numbers {
            let phone = daemon.hire(short_number).await?;
            daemon.phones.push(phone);
        }
        Ok(daemon)
    }

    /// Of the process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// GET below `/api/v1`.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let response = self.client.get(self.url(path)).send().await?;
        let status = response.status();
        let text = response.text().await?;
        ensure!(status.is_success(), "GET {path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// The bytes of something below `/api/v1`.
    pub async fn download(&self, path: &str) -> Result<Vec<u8>> {
        let response = self.client.get(self.url(path)).send().await?.error_for_status()?;
        Ok(response.bytes().await?.to_vec())
    }

    /// `frontdesk staff import` beside the running daemon, which is then told to look again.
    pub async fn import(&self, csv: &str) -> Result<()> {
        let folder = self.folder.path();
        std::fs::write(folder.join("staff.csv"), csv)?;
        let output = command(folder)?.args(["staff", "import", "staff.csv"]).output().await?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the import failed: {complaint}");
        self.signal("HUP").await
    }

    /// `frontdesk` with these words in the same folder, with the same settings; whether it runs meanwhile or not.
    pub async fn command(&self, words: &[&str]) -> Result<Output> {
        Ok(command(self.folder.path())?.args(words).output().await?)
    }

    /// The same in a shell that first does something else: `{}` stands for the program.
    pub async fn shell(&self, script: &str) -> Result<Output> {
        let program = format!("'{}' --config frontdesk.toml", binary()?.display());
        let mut shell = Command::new("bash");
        shell.current_dir(self.folder.path()).arg("-c");
        Ok(shell.arg(script.replace("{}", &program)).output().await?)
    }

    /// Another run of the program beside this daemon, on its database: the exit code and all it said.
    pub async fn beside(&self, arguments: &[&str]) -> Result<(i32, String)> {
        let output = command(self.folder.path())?.args(arguments).output().await?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        Ok((output.status.code().context("it was killed")?, said))
    }

    /// SIGHUP: what such a run has changed reaches calls.
    pub async fn look_again(&self) -> Result<()> {
        self.signal("HUP").await
    }

    /// SIGTERM; an orderly end is exit code 0.
    pub async fn stop(mut self) -> Result<()> {
        self.terminate().await
    }

    /// An orderly end and a new process in the same folder.
    pub async fn restart(&mut self) -> Result<()> {
        self.restart_after(async |_| Ok(())).await
    }

    /// The same, with something done in between.
    pub async fn restart_after(&mut self, between: impl AsyncFnOnce(&Daemon) -> Result<()>) -> Result<()> {
        self.terminate().await?;
        between(self).await?;
        self.start_again(None).await
    }

    /// An orderly end and a new process whose log goes to somebody else.
    pub async fn restart_telling(&mut self, ear: Stdio) -> Result<()> {
        self.terminate().await?;
        self.start_again(Some(ear)).await
    }

    async fn start_again(&mut self, ear: Option<Stdio>) -> Result<()> {
        self.child = run(self.folder.path(), &self.log, ear)?;
        self.is_ready().await
    }

    /// The same, with something done to its SQLite file, which nobody else has open then.
    pub async fn restart_filled(&mut self, fill: impl AsyncFnOnce(&Db) -> Result<()>) -> Result<()> {
        self.restart_after(async |daemon| {
            let file = daemon.folder().join("data/frontdesk.db");
            let db = Db::existing(&file.to_string_lossy()).await?;
            fill(&db).await?;
            db.close().await;
            Ok(())
        })
        .await
    }

    /// A phone that speaks to it over UDP.
    pub async fn phone(&self, user: &str, secret: &str) -> Result<WirePhone> {
        let wire = Wire::open(Transport::Udp, self.sip, (Path::new(""), "")).await?;
        Ok(WirePhone::new(wire, user, secret))
    }

    async fn signal(&self, name: &str) -> Result<()> {
        let pid = self.child.id().context("it has ended already")?;
        let signal = format!("-{name}");
        let sent = Command::new("kill").args([&signal, &pid.to_string()]).status().await?;
        ensure!(sent.success(), "kill failed");
        Ok(())
    }

    async fn terminate(&mut self) -> Result<()> {
        self.signal("TERM").await?;
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = status.with_context(|| format!("it does not end\n{}", self.log()))??;
        ensure!(status.success(), "it ended with {status}\n{}", self.log());
        Ok(())
    }

    /// Adds a member of staff and makes their SIP data.
    async fn hire(&self, short_number: &str) -> Result<Phone> {
        let person = json!({"surname": format!("Number {short_number}"), "short_number": short_number});
        let member = self.post("/staff", &person).await?;
        let id = member["id"].as_str().context("staff has no id")?;
        let sip = self.post(&format!("/staff/{id}/sip"), &Value::Null).await?;
        let text = |name: &str| {
            sip[name]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("no {name}"))
        };
        Ok(Phone {
            short_number: short_number.to_owned(),
            user: text("user")?,
            secret: text("password")?,
        })
    }

    /// POST below `/api/v1`; without a body when it is `null`.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let mut request = self.client.post(self.url(path)).header("x-csrf-token", &self.csrf);
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        ensure!(status.is_success(), "POST {path}: {status} {text}");
        match text.is_empty() {
            true => Ok(Value::Null),
            false => Ok(serde_json::from_str(&text)?),
        }
    }

    /// PATCH below `/api/v1`.
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.client.patch(self.url(path)).header("x-csrf-token", &self.csrf);
        let response = request.json(body).send().await?;
        let status = response.status();
        let text = response.text().await?;
        ensure!(status.is_success(), "PATCH {path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// PUT of a file below `/api/v1`.
    pub async fn put_file(&self, path: &str, kind: &str, file: Vec<u8>) -> Result<()> {
        let request = self.client.put(self.url(path)).header("x-csrf-token", &self.csrf);
        let response = request.header("content-type", kind).body(file).send().await?;
        let status = response.status();
        ensure!(status.is_success(), "PUT {path}: {status} {}", response.text().await?);
        Ok(())
    }

    /// POST of a file below `/api/v1`.
    pub async fn post_file(&self, path: &str, kind: &str, file: Vec<u8>) -> Result<Value> {
        let request = self.client.post(self.url(path)).header("x-csrf-token", &self.csrf);
        let response = request.header("content-type", kind).body(file).send().await?;
        let status = response.status();
        let text = response.text().await?;
        ensure!(status.is_success(), "POST {path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// DELETE below `/api/v1`.
    pub async fn delete(&self, path: &str) -> Result<()> {
        let request = self.client.delete(self.url(path)).header("x-csrf-token", &self.csrf);
        request.send().await?.error_for_status()?;
        Ok(())
    }

    async fn is_ready(&mut self) -> Result<()> {
        let url = format!("http://{}/health/ready", self.http);
        let ready = async || {
            let response = self.client.get(&url).send().await.ok()?;
            response.status().is_success().then_some(())
        };
        let ready = eventually("the daemon to be ready", PATIENCE, ready).await;
        if let Some(status) = self.child.try_wait()? {
            bail!("it ended with {status}\n{}", self.log());
        }
        ready.with_context(|| self.log())
    }

    async fn log_in(&mut self, login: &str, password: &str) -> Result<()> {
        let me = self
            .post("/login", &json!({"login": login, "password": password}))
            .await?;
        me["csrf_token"]
            .as_str()
            .context("no token against forged requests")?
            .clone_into(&mut self.csrf);
        Ok(())
    }

    /// Where its pages are.
    pub fn base(&self) -> String {
        format!("http://{}", self.http)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/api/v1{path}", self.http)
    }
}

/// `ear`: who reads its log in our place.
fn run(folder: &Path, log: &Log, ear: Option<Stdio>) -> Result<Child> {
    let mut command = command(folder)?;
    command
        .arg("run")
        .stdout(Stdio::piped())
        .stderr(ear.unwrap_or_else(Stdio::piped))
        .kill_on_drop(true);
    let mut child = command.spawn().context("the daemon does not start")?;
    log.follow(child.stdout.take().context("no output")?);
    if let Some(stderr) = child.stderr.take() {
        log.follow(stderr);
    }
    Ok(child)
}

fn command(folder: &Path) -> Result<Command> {
    let mut command = Command::new(binary()?);
    command
        .current_dir(folder)
        .args(["--config", "frontdesk.toml"])
        .stdin(Stdio::null());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FRONTDESK_")) {
        command.env_remove(name);
    }
    Ok(command)
}

/// UDP and TCP on one port.
fn plain(sip: SocketAddr) -> String {
    format!("udp = [\"{sip}\"]\ntcp = [\"{sip}\"]\n")
}

/// SIPp reads no further than the first challenge.
fn config(sip: &str, http: SocketAddr, (ports, audio): (u16, &str), log: &str) -> String {
    let low = ports::range(ports);
    format!(
        "[data]\ndir = \"data\"\n[sip]\n{sip}digest = \"md5-first\"\n\
         [rtp]\nports = \"{low}-{}\"\n{audio}\n[http]\nlisten = \"{http}\"\n[log]\nlevel = \"{log}\"\n",
        low + ports - 1
    )
}

fn free_address() -> Result<SocketAddr> {
    Ok(([127, 0, 0, 1], ports::free_udp_and_tcp()?).into())
}

/// The daemon's binary beside the test's own; built first, since Cargo builds a test without its package's binaries.
/// `FRONTDESK_BINARY` names one that there is already.
fn binary() -> Result<&'static Path> {
    static BINARY: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    let built = BINARY.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    built.as_deref().map_err(|error| anyhow::anyhow!("{error}"))
}

fn build() -> Result<PathBuf> {
    if let Some(built) = std::env::var_os("FRONTDESK_BINARY") {
        return Ok(built.into());
    }
    let test = std::env::current_exe()?;
    let profile = test.ancestors().nth(2).context("a test lies two folders deep")?;
    let mut cargo = std::process::Command::new(env!("CARGO"));
    // The whole workspace: after a build of that there is nothing left to do.
    cargo
        .args(["build", "--workspace", "--bin", "frontdesk"])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo
        .arg("--target-dir")
        .arg(profile.parent().context("a profile lies in a target folder")?);
    // Some build scripts run again when these change, and all that stands on them is built once more.
    let of_this_test = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars().filter(|(name, _)| of_this_test(name)) {
        cargo.env_remove(name);
    }
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let output = cargo.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(profile.join(format!("frontdesk{}", std::env::consts::EXE_SUFFIX)))
}
