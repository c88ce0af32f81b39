//! What went over the wire, as a ladder to read and as facts to check.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use frontdesk_sip::wire::{Framing, Message, Method};

/// One message as it was sent.
#[derive(Debug, Clone)]
pub struct Line {
    pub at: Duration,
    /// The phone that sent it, or that it went to.
    pub phone: String,
    pub from_server: bool,
    /// The phone's address as the server sees it.
    pub end: SocketAddr,
    pub bytes: Bytes,
}

impl Line {
    /// `INVITE`, or `180 INVITE`.
    pub fn title(&self) -> String {
        let Some(message) = self.message() else {
            return "?".to_owned();
        };
        match message.status() {
            Some(status) => {
                let method = message
                    .cseq()
                    .map(|(_, method)| method.as_str().to_owned())
                    .unwrap_or_default();
                format!("{status} {method}")
            }
            None => message.method().as_str().to_owned(),
        }
    }

    pub fn message(&self) -> Option<Message> {
        Message::parse(self.bytes.clone(), Framing::Datagram).ok()
    }
}

#[derive(Debug, Default)]
pub struct Transcript {
    lines: Vec<Line>,
    /// INVITEs that reached the server, by transaction: the different final responses that it gave.
    invites: BTreeMap<String, Vec<Bytes>>,
    /// Over which connection they came; 0: datagrams.
    came_over: BTreeMap<String, u64>,
    hasher: DefaultHasher,
}

impl Transcript {
    pub fn sent(&mut self, line: Line) {
        (line.at, &line.phone, line.from_server, &line.bytes).hash(&mut self.hasher);
        if line.from_server {
            self.answered(&line.bytes);
        }
        self.lines.push(line);
    }

    /// The server has sent this, be it to somebody who is no longer where it goes.
    pub fn answered(&mut self, bytes: &Bytes) {
        if let Ok(message) = Message::parse(bytes.clone(), Framing::Datagram)
            && let Some(status) = message.status().filter(|status| *status >= 200)
            && message.cseq().is_some_and(|(_, method)| method == Method::Invite)
        {
            let finals = self.invites.entry(transaction(&message)).or_default();
            // A challenge keeps no state: the same request again gets another nonce.
            let response = if status == 401 {
                Bytes::from_static(b"401")
            } else {
                bytes.clone()
            };
            if !finals.contains(&response) {
                finals.push(response);
            }
        }
    }

    /// A message came to the server.
    pub fn arrived(&mut self, bytes: &Bytes, connection: u64) {
        if let Ok(message) = Message::parse(bytes.clone(), Framing::Datagram)
            && message.is_request()
            && message.method() == Method::Invite
        {
            self.invites.entry(transaction(&message)).or_default();
            self.came_over.insert(transaction(&message), connection);
        }
    }

    /// What came over it can no longer be answered.
    pub fn connection_lost(&mut self, connection: u64) {
        self.invites
            .retain(|invite, finals| !finals.is_empty() || self.came_over.get(invite) != Some(&connection));
    }

    /// A new process knows nothing of what the old one answered, and answers what comes again by itself.
    pub fn process_ended(&mut self) {
        self.invites.retain(|_, finals| finals.is_empty());
    }

    /// Nor can anybody answer what a process had taken that has died.
    pub fn process_died(&mut self) {
        self.invites.clear();
    }

    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Every INVITE without exactly one final response. A challenge that was lost keeps nothing, so the same INVITE may
    /// do better when it comes again.
    pub fn unanswered(&self) -> Vec<String> {
        let wrong = self.invites.iter().filter(|(_, finals)| {
            let settled = finals.iter().filter(|response| response.as_ref() != b"401").count();
            finals.is_empty() || settled > 1
        });
        wrong.map(|(invite, finals)| format!("{invite}: {finals:?}")).collect()
    }

    /// Every message of the server, and every one to it, in one number.
    pub fn fingerprint(&self) -> u64 {
        self.hasher.finish()
    }

    /// First lines in order, without retransmissions: `anna > INVITE`, `boris < INVITE`.
    pub fn ladder(&self) -> Vec<String> {
        let mut seen = std::collections::BTreeSet::new();
        let fresh = self
            .lines
            .iter()
            .filter(|line| seen.insert((line.phone.clone(), line.from_server, line.bytes.clone())));
        fresh
            .map(|line| {
                format!(
                    "{} {} {}",
                    line.phone,
                    if line.from_server { '<' } else { '>' },
                    line.title()
                )
            })
            .collect()
    }
}

fn transaction(message: &Message) -> String {
    let text = |value: Option<&[u8]>| String::from_utf8_lossy(value.unwrap_or_default()).into_owned();
    let branch = text(message.via().ok().and_then(|via| via.branch()));
    let cseq = message.cseq().map_or(0, |(number, _)| number);
    format!("{} {branch} {cseq}", text(message.call_id()))
}
