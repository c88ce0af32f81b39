//! Kamailio as a provider: a registrar and proxy that nobody here wrote.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use frontdesk::shell::tls::own;
use tokio::net::UdpSocket;
use tokio::process::{Child, Command};

use crate::{ports, tools};

/// What each user proves to be with.
pub const SECRET: &str = "provider-secret";
const PATIENCE: Duration = Duration::from_secs(20);
/// Where distributions keep the modules.
const MODULES: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/kamailio/modules",
    "/usr/lib/aarch64-linux-gnu/kamailio/modules",
    "/usr/lib64/kamailio/modules",
    "/usr/lib/kamailio/modules",
];

/// A running Kamailio, which dies with this value.
pub struct Kamailio {
    pub address: SocketAddr,
    /// Where it speaks TLS, as the name `localhost`; `None` without its module.
    pub secure: Option<SocketAddr>,
    log: PathBuf,
    child: Child,
}

/// Whether it is there; if not, that is said loudly.
pub fn found() -> bool {
    tools::found("kamailio", "a provider with registrations and failover", "kamailio")
}

/// Where the certificate is that it proves itself by.
fn certificates(folder: &Path) -> PathBuf {
    folder.join("provider")
}

impl Kamailio {
    /// `algorithm` is that of its challenges: `MD5` or `SHA-256`.
    pub async fn start(folder: &Path, algorithm: &str) -> Result<Kamailio> {
        let port = ports::free_udp_and_tcp()?;
        Kamailio::start_at(port, folder, algorithm, None).await
    }

    /// The same at this port. A `customer` is called there when it has not registered.
    pub async fn start_at(port: u16, folder: &Path, algorithm: &str, customer: Option<SocketAddr>) -> Result<Kamailio> {
        let secure = ports::free_udp_and_tcp()?;
        let modules = MODULES.into_iter().find(|path| Path::new(path).is_dir());
        let modules = modules.context("Kamailio's modules are not found")?;
        let has_tls = Path::new(modules).join("tls.so").is_file();
        std::fs::create_dir_all(folder)?;
        own::certificate(&certificates(folder), &["localhost".to_owned()])?;
        let customer = customer.map(|address| address.to_string()).unwrap_or_default();
        let config = include_str!("kamailio.cfg")
            .replace("@FOLDER@", &folder.display().to_string())
            .replace("@TLS_PORT@", &secure.to_string())
            .replace("@PORT@", &port.to_string())
            .replace("@SECRET@", SECRET)
            .replace("@ALGORITHM@", algorithm)
            .replace("@CUSTOMER@", &customer);
        let file = folder.join("kamailio.cfg");
        std::fs::write(&file, config)?;
        let log = folder.join("kamailio.log");
        let child = run((folder, &file, &log), modules, has_tls)?;
        let kamailio = Kamailio {
            address: ([127, 0, 0, 1], port).into(),
            secure: has_tls.then(|| ([127, 0, 0, 1], secure).into()),
            log,
            child,
        };
        kamailio.answers().await.with_context(|| kamailio.log())?;
        Ok(kamailio)
    }

    /// All its processes are killed where they stand: its connections are lost, and nobody says goodbye.
    pub async fn is_killed(mut self) -> Result<()> {
        self.kill();
        self.child.wait().await?;
        Ok(())
    }

    /// It is more than one process.
    fn kill(&self) {
        if let Some(group) = self.child.id() {
            let mut kill = std::process::Command::new("kill");
            let _ = kill.args(["-KILL", "--", &format!("-{group}")]).status();
        }
    }

    /// What a client has to trust.
    pub fn certificate(folder: &Path) -> PathBuf {
        certificates(folder).join("certificate.pem")
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has written this.
    pub async fn says(&self, text: &str) -> Result<()> {
        let said = ports::eventually(text, PATIENCE, async || self.log().contains(text).then_some(()));
        said.await.with_context(|| self.log())
    }

    async fn answers(&self) -> Result<()> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let own = socket.local_addr()?;
        let ping = format!(
            "OPTIONS sip:{0} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKping;rport\r\nMax-Forwards: 70\r\n\
             From: <sip:ping@{own}>;tag=1\r\nTo: <sip:{0}>\r\nCall-ID: ping\r\nCSeq: 1 OPTIONS\r\n\
             Content-Length: 0\r\n\r\n",
            self.address
        );
        ports::eventually("Kamailio to answer", PATIENCE, async || {
            socket.send_to(ping.as_bytes(), self.address).await.ok()?;
            let heard = socket.try_recv(&mut [0; 2048]).ok();
            heard.filter(|length| *length > 0).map(|_| ())
        })
        .await
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        self.kill();
    }
}

fn run((folder, file, log): (&Path, &Path, &Path), modules: &str, has_tls: bool) -> Result<Child> {
    let output = std::fs::File::create(log)?;
    Command::new("kamailio")
        .args(["-DD", "-E", "-m", "32", "-M", "4"])
        .args(["-L", modules])
        .args(if has_tls { &["-A", "SECURE"][..] } else { &[] })
        .arg("-f")
        .arg(file)
        .arg("-Y")
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .process_group(0)
        .spawn()
        .context("kamailio does not start")
}
