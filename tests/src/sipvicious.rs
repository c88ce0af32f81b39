//! The scanner sipvicious, as itself and in a mask.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::UdpSocket;
use tokio::process::Command;
use tokio::task::JoinHandle;

use crate::{ports, tools};

/// What it calls itself in each request.
const NAME: &[u8] = b"friendly-scanner";
/// What it calls itself behind a [`Mask`].
const MASK: &[u8] = b"Desk Phone 1.2.34";
const LIMIT: Duration = Duration::from_secs(40);

/// One of its programs: Debian's package has them under their own names, the Python package with a prefix. `None`, with a
/// loud line, when it is not there.
pub fn program(name: &str) -> Option<String> {
    let prefixed = format!("sipvicious_{name}");
    let runs = |program: &str| {
        let mut command = std::process::Command::new(program);
        let command = command.arg("-h").stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::null()).status().is_ok()
    };
    match runs(&prefixed) {
        true => Some(prefixed),
        false => tools::found(name, "a scanner finds nothing and is blocked", "sipvicious").then(|| name.to_owned()),
    }
}

/// Runs it to its end against `target`; what it said.
pub async fn run(program: &str, options: &[&str], target: SocketAddr) -> Result<String> {
    let port = ports::free_udp_and_tcp()?.to_string();
    let folder = tempfile::TempDir::with_prefix("sipvicious-")?;
    let output = Command::new(program)
        .args(["-b", "127.0.0.1", "-x", "127.0.0.1", "-P", &port])
        .args(["-p", &target.port().to_string()])
        .args(options)
        .arg(target.ip().to_string())
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(LIMIT, output)
        .await
        .with_context(|| format!("{program} does not end"))??;
    Ok(format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    ))
}

/// A relay of datagrams that takes the scanner's name out of them.
pub struct Mask {
    pub address: SocketAddr,
    relay: JoinHandle<()>,
}

impl Mask {
    pub async fn before(server: SocketAddr) -> Result<Mask> {
        let near = Arc::new(UdpSocket::bind("127.0.0.1:0").await?);
        let far = Arc::new(UdpSocket::bind("127.0.0.1:0").await?);
        let address = near.local_addr()?;
        #[expect(clippy::disallowed_methods, reason = "the task ends with the mask")]
        let relay = tokio::spawn(async move {
            let mut scanner = None;
            let (mut out, mut back) = (vec![0; 65_536], vec![0; 65_536]);
            loop {
                let _ = tokio::select! {
                    Ok((length, from)) = near.recv_from(&mut out) => {
                        scanner = Some(from);
                        far.send_to(&masked(&out[..length]), server).await
                    }
                    Ok(length) = far.recv(&mut back) => match scanner {
                        Some(scanner) => near.send_to(&back[..length], scanner).await,
                        None => Ok(0),
                    },
                    else => return,
                };
            }
        });
        Ok(Mask { address, relay })
    }
}

impl Drop for Mask {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

fn masked(message: &[u8]) -> Vec<u8> {
    match message.windows(NAME.len()).position(|part| part == NAME) {
        Some(at) => [&message[..at], MASK, &message[at + NAME.len()..]].concat(),
        None => message.to_vec(),
    }
}
