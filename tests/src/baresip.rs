//! baresip as a softphone with real audio, steered over its control port (`ctrl_tcp`: JSON in netstrings).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::{ports, tone};

const PATIENCE: Duration = Duration::from_secs(10);
/// Longer than any call here: a player that reaches the end of its file falls silent.
const TONE_SECONDS: u32 = 60;
/// Where distributions keep the modules.
const MODULES: [&str; 5] = [
    "/usr/lib/baresip/modules",
    "/usr/lib/x86_64-linux-gnu/baresip/modules",
    "/usr/lib/aarch64-linux-gnu/baresip/modules",
    "/usr/lib64/baresip/modules",
    "/usr/local/lib/baresip/modules",
];

/// Who a phone is and what it plays.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    pub user: String,
    pub secret: String,
    pub server: SocketAddr,
    pub transport: &'a str,
    /// Hertz of the tone that it sends.
    pub tone: f64,
}

/// What else a phone can and does.
#[derive(Debug, Clone, Copy, Default)]
pub struct Talent<'a> {
    /// Modules beyond those that every phone has.
    pub modules: &'a [&'a str],
    /// Parameters of its account, for example `;mediaenc=srtp-mand`.
    pub account: &'a str,
}

/// A running baresip.
pub struct Baresip {
    child: Child,
    control: TcpStream,
    unread: Vec<u8>,
    folder: PathBuf,
    /// Where it can be called without having registered.
    pub address: SocketAddr,
}

impl Baresip {
    /// Starts one in `folder`; it registers by itself.
    pub async fn start(folder: &Path, line: Line<'_>) -> Result<Baresip> {
        Baresip::start_with(folder, line, Talent::default()).await
    }

    pub async fn start_with(folder: &Path, line: Line<'_>, talent: Talent<'_>) -> Result<Baresip> {
        let accounts = account(&line, talent.account);
        Baresip::run(folder, line, (&accounts, talent)).await
    }

    /// With these lines of its file of accounts.
    pub async fn start_by(folder: &Path, line: Line<'_>, accounts: &str) -> Result<Baresip> {
        Baresip::run(folder, line, (accounts, Talent::default())).await
    }

    async fn run(folder: &Path, line: Line<'_>, (accounts, talent): (&str, Talent<'_>)) -> Result<Baresip> {
        let folder = folder.join(format!("baresip-{}", line.user));
        std::fs::create_dir_all(folder.join("heard"))?;
        tone::write(&folder.join("tone.wav"), line.tone, TONE_SECONDS)?;
        let (control, sip) = (ports::free_udp_and_tcp()?, ports::free_udp_and_tcp()?);
        std::fs::write(folder.join("config"), config(&folder, (control, sip), talent.modules)?)?;
        std::fs::write(folder.join("accounts"), accounts)?;
        std::fs::write(folder.join("contacts"), "")?;
        let log = std::fs::File::create(folder.join("screen.log"))?;
        let child = Command::new("baresip")
            .arg("-f")
            .arg(&folder)
            .args(["-v", "-s"])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("baresip does not start")?;
        let control = ports::eventually("baresip's control port", PATIENCE, async || {
            TcpStream::connect(("127.0.0.1", control)).await.ok()
        });
        let control = control.await.with_context(|| screen(&folder))?;
        Ok(Baresip {
            child,
            control,
            unread: Vec::new(),
            folder,
            address: ([127, 0, 0, 1], sip).into(),
        })
    }

    pub async fn command(&mut self, command: &str, params: &str) -> Result<()> {
        let text = json!({"command": command, "params": params, "token": command}).to_string();
        let netstring = format!("{}:{text},", text.len());
        Ok(self.control.write_all(netstring.as_bytes()).await?)
    }

    /// Waits for an event of this type, for example `CALL_ESTABLISHED`.
    pub async fn until(&mut self, kind: &str) -> Result<Value> {
        match tokio::time::timeout(PATIENCE, self.find(kind)).await {
            Ok(found) => found,
            Err(_) => bail!("no {kind} within {PATIENCE:?}\n{}", screen(&self.folder)),
        }
    }

    /// Lets so much time of a call pass; an error if it ends meanwhile.
    pub async fn talks_for(&mut self, duration: Duration) -> Result<()> {
        match tokio::time::timeout(duration, self.find("CALL_CLOSED")).await {
            Ok(closed) => bail!("the call ended by itself: {}", closed?),
            Err(_) => Ok(()),
        }
    }

    /// The audio that came out of the network, as written by baresip when the call ends.
    pub fn heard(&self) -> Result<PathBuf> {
        let files = std::fs::read_dir(self.folder.join("heard"))?;
        let mut files: Vec<PathBuf> = files.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|file| file.to_string_lossy().ends_with("-dec.wav"));
        files.sort();
        files
            .pop()
            .with_context(|| format!("nothing heard\n{}", screen(&self.folder)))
    }

    /// Unregisters and ends.
    pub async fn quit(mut self) -> Result<()> {
        self.command("quit", "").await?;
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.context("baresip does not end")??;
        Ok(())
    }

    async fn find(&mut self, kind: &str) -> Result<Value> {
        loop {
            let message = self.message().await?;
            if message["type"] == kind {
                return Ok(message);
            }
        }
    }

    async fn message(&mut self) -> Result<Value> {
        loop {
            if let Some(message) = self.take_netstring()? {
                return Ok(message);
            }
            let mut chunk = [0; 4096];
            let length = self.control.read(&mut chunk).await?;
            if length == 0 {
                bail!("baresip closed its control port\n{}", screen(&self.folder));
            }
            self.unread.extend_from_slice(&chunk[..length]);
        }
    }

    fn take_netstring(&mut self) -> Result<Option<Value>> {
        let Some(colon) = self.unread.iter().position(|byte| *byte == b':') else {
            return Ok(None);
        };
        let length: usize = std::str::from_utf8(&self.unread[..colon])?
            .trim_start_matches(',')
            .parse()?;
        let end = colon + 1 + length;
        if self.unread.len() <= end {
            return Ok(None);
        }
        let message = serde_json::from_slice(&self.unread[colon + 1..end])?;
        self.unread.drain(..=end);
        Ok(Some(message))
    }
}

fn screen(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("screen.log")).unwrap_or_default()
}

fn account(line: &Line<'_>, more: &str) -> String {
    let Line {
        user,
        secret,
        server,
        transport,
        ..
    } = line;
    format!(
        "<sip:{user}@{server};transport={transport}>;auth_user={user};auth_pass={secret};regint=60;answermode=manual;\
         outbound=\"sip:{server};transport={transport}\"{more}\n"
    )
}

/// `aubridge` plays to nobody and lets the receiving pipeline run; `sndfile` writes both directions.
fn config(folder: &Path, (control, sip): (u16, u16), more: &[&str]) -> Result<String> {
    let modules = MODULES
        .into_iter()
        .find(|path| Path::new(path).is_dir())
        .context("baresip's modules are not found")?;
    let media = ports::range(100);
    let folder = folder.display();
    let more: String = more.iter().map(|module| format!("module {module}\n")).collect();
    Ok(format!(
        "poll_method epoll\nsip_listen 127.0.0.1:{sip}\ncall_local_timeout 120\ncall_max_calls 4\n\
         audio_player aubridge,nobody\naudio_source aufile,{folder}/tone.wav\naudio_alert aubridge,nobody\n\
         ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\naudio_buffer 20-160\n\
         jitter_buffer_delay 1-5\nrtp_ports {media}-{}\nmodule_path {modules}\n{more}module g711.so\nmodule aufile.so\n\
         module aubridge.so\nmodule sndfile.so\nmodule_tmp account.so\nmodule_app ctrl_tcp.so\nmodule_app menu.so\n\
         ctrl_tcp_listen 127.0.0.1:{control}\nsnd_path {folder}/heard\n",
        media + 99
    ))
}
