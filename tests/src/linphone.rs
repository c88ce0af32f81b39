//! Linphone's console phone with audio from and to files: a softphone with attended transfer.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};

use crate::baresip::Line;
use crate::ports;
use crate::tone::{self, Audio};

const PATIENCE: Duration = Duration::from_secs(10);
/// Longer than any call here.
const TONE_SECONDS: u32 = 60;

/// Bytes of a WAV file before its samples.
const HEADER: usize = 44;
/// It asks at its prompt for the password of any other.
const REALM: &str = "frontdesk";

/// A running `linphonec`.
pub struct Linphone {
    child: Child,
    input: ChildStdin,
    folder: PathBuf,
}

impl Linphone {
    /// Starts one in a folder of its own below `folder`; it registers by itself.
    pub async fn start(folder: &Path, line: Line<'_>) -> Result<Linphone> {
        let folder = folder.join(format!("linphone-{}", line.user));
        std::fs::create_dir_all(folder.join(".local/share/linphone"))?;
        tone::write(&folder.join("tone.wav"), line.tone, TONE_SECONDS)?;
        std::fs::write(folder.join("rc"), settings(&line)?)?;
        let screen = std::fs::File::create(folder.join("screen.log"))?;
        let mut child = Command::new("linphonec")
            .args(["-c", "rc"])
            .current_dir(&folder)
            .env("HOME", &folder)
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .stdin(Stdio::piped())
            .stdout(screen.try_clone()?)
            .stderr(screen)
            .kill_on_drop(true)
            .spawn()
            .context("linphonec does not start")?;
        let input = child.stdin.take().context("no way to steer linphonec")?;
        let mut phone = Linphone { child, input, folder };
        phone.says("linphonec>").await?;
        for command in ["soundcard use files", "play tone.wav", "record heard.wav"] {
            phone.command(command).await?;
            phone.says(command).await?;
        }
        Ok(phone)
    }

    /// As typed at its prompt.
    pub async fn command(&mut self, command: &str) -> Result<()> {
        Ok(self.input.write_all(format!("{command}\n").as_bytes()).await?)
    }

    /// Waits until its screen has shown that text.
    pub async fn says(&self, text: &str) -> Result<()> {
        let seen = async || self.screen().contains(text).then_some(());
        ports::eventually(&format!("Linphone to say {text:?}"), PATIENCE, seen)
            .await
            .with_context(|| self.screen())
    }

    /// Lets so much time of a call pass; an error if the phone ends meanwhile.
    pub async fn talks_for(&mut self, duration: Duration) -> Result<()> {
        match tokio::time::timeout(duration, self.child.wait()).await {
            Ok(status) => bail!("linphonec ended by itself: {}\n{}", status?, self.screen()),
            Err(_) => Ok(()),
        }
    }

    /// Unregisters and ends; what came out of the network meanwhile.
    pub async fn quit(mut self) -> Result<Audio> {
        self.command("quit").await?;
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = ended.context("linphonec does not end")??;
        ensure!(status.success(), "linphonec ended with {status}\n{}", self.screen());
        let file = self.folder.join("heard.wav");
        let mut bytes = std::fs::read(&file)?;
        // its header counts itself as audio
        let length = u32::try_from(bytes.len().saturating_sub(HEADER))?;
        let told = bytes.get_mut(HEADER - 4..HEADER).context("an empty file")?;
        told.copy_from_slice(&length.to_le_bytes());
        std::fs::write(&file, bytes)?;
        Audio::read(&file)
    }

    fn screen(&self) -> String {
        std::fs::read_to_string(self.folder.join("screen.log")).unwrap_or_default()
    }
}

fn settings(line: &Line<'_>) -> Result<String> {
    let Line {
        user,
        secret,
        server,
        transport,
        ..
    } = line;
    let (sip, media) = (ports::free_udp_and_tcp()?, ports::range(100));
    Ok(format!(
        "[sip]\ndefault_proxy=0\nsip_port={sip}\nsip_tcp_port={sip}\nsip_tls_port=0\nguess_hostname=0\n\
         contact=sip:{user}@127.0.0.1\nmedia_encryption=none\n\
         [proxy_0]\nreg_proxy=<sip:{server};transport={transport}>\nreg_route=<sip:{server};transport={transport};lr>\n\
         reg_identity=sip:{user}@{server}\nreg_expires=60\nreg_sendregister=1\n\
         [auth_info_0]\nusername={user}\nrealm={REALM}\npasswd={secret}\n\
         [rtp]\naudio_rtp_port={media}-{}\n[misc]\nlog_collection=0\n",
        media + 99
    ))
}
