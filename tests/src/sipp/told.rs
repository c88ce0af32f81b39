//! What SIPp has seen so far: dialogs, as requests of others name them.

use std::time::Duration;

use anyhow::{Context, Result};

use super::Running;
use crate::ports;

const PATIENCE: Duration = Duration::from_secs(15);

/// A dialog with the daemon, as Replaces names it to the daemon (RFC 3891 section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    call_id: String,
    /// The daemon's.
    to_tag: String,
    from_tag: String,
}

impl Dialog {
    pub fn replaces(&self) -> String {
        format!("{};to-tag={};from-tag={}", self.call_id, self.to_tag, self.from_tag)
    }

    /// The same as a URI carries it.
    pub fn escaped(&self) -> String {
        let value = self.replaces();
        value.replace('@', "%40").replace(';', "%3B").replace('=', "%3D")
    }
}

impl Running {
    /// Waits for a response with this status to its INVITE: the dialog that this makes.
    pub async fn dialog(&self, status: u16) -> Result<Dialog> {
        let line = format!("SIP/2.0 {status} ");
        self.find("its dialog", |message| {
            // it may be half written yet
            let whole = message.contains("\n\n") || message.contains("\r\n\r\n");
            let is_answer = whole && message.contains(&line) && field(message, "CSeq")?.ends_with("INVITE");
            let dialog = Dialog {
                call_id: field(message, "Call-ID")?.to_owned(),
                to_tag: tag(field(message, "To")?)?,
                from_tag: tag(field(message, "From")?)?,
            };
            is_answer.then_some(dialog)
        })
        .await
    }

    /// Waits for a lamp that says of somebody's phone that it rings: the dialog that may be picked up.
    pub async fn lamp(&self) -> Result<Dialog> {
        self.find("a ringing lamp", |message| {
            let (before, _) = message.split_once("<state>early<")?;
            Some(Dialog {
                call_id: attribute(before, "call-id")?,
                to_tag: attribute(before, "remote-tag")?,
                from_tag: attribute(before, "local-tag")?,
            })
        })
        .await
    }

    async fn find(&self, what: &str, read: impl Fn(&str) -> Option<Dialog>) -> Result<Dialog> {
        let look = async || self.messages().split("----------").find_map(&read);
        let found = ports::eventually(what, PATIENCE, look).await;
        found.with_context(|| self.messages())
    }
}

fn field<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    let named = |line: &'a str| line.strip_prefix(name)?.strip_prefix(':').map(str::trim);
    message.lines().find_map(named)
}

fn tag(party: &str) -> Option<String> {
    let (_, rest) = party.split_once(";tag=")?;
    rest.split(';').next().map(str::to_owned)
}

fn attribute(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(str::to_owned)
}
