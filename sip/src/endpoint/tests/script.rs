//! One endpoint and a peer that is a script: messages by hand.

use std::time::Duration;

use bytes::Bytes;

use super::net::{at, config, start};
use crate::command::Command;
use crate::endpoint::{Counts, Endpoint};
use crate::event::Event;
use crate::flow::{FlowId, Transport};

pub(super) struct Script {
    pub(super) endpoint: Endpoint,
    pub(super) elapsed: Duration,
    pub(super) flow: FlowId,
}

pub(super) fn flow(transport: Transport) -> FlowId {
    FlowId {
        transport,
        local: "192.0.2.1:5060".parse().unwrap(),
        peer: "192.0.2.9:40000".parse().unwrap(),
        connection: u64::from(transport != Transport::Udp),
    }
}

impl Script {
    pub(super) fn new() -> Self {
        Script::over(Transport::Udp)
    }

    pub(super) fn over(transport: Transport) -> Self {
        Script {
            endpoint: Endpoint::new(config(), [5; 32]),
            elapsed: Duration::ZERO,
            flow: flow(transport),
        }
    }

    /// Gives a message (its lines, LF for CRLF) and takes what is sent back, with where it goes.
    pub(super) fn give(&mut self, text: &str) -> Vec<(FlowId, String)> {
        self.give_bytes(Bytes::from(text.replace('\n', "\r\n")))
    }

    pub(super) fn give_bytes(&mut self, bytes: Bytes) -> Vec<(FlowId, String)> {
        self.endpoint.receive(&self.flow, bytes, at(self.elapsed));
        self.sent()
    }

    pub(super) fn command(&mut self, command: Command) -> Vec<(FlowId, String)> {
        self.endpoint.command(command, at(self.elapsed));
        self.sent()
    }

    pub(super) fn pass(&mut self, milliseconds: u64) -> Vec<(FlowId, String)> {
        let until = self.elapsed + Duration::from_millis(milliseconds);
        while let Some(deadline) = self.endpoint.deadline().filter(|deadline| *deadline <= start() + until) {
            self.elapsed = deadline - start();
            self.endpoint.timeout(at(self.elapsed));
        }
        self.elapsed = until;
        self.sent()
    }

    pub(super) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.endpoint.poll_event()).collect()
    }

    pub(super) fn event(&mut self) -> Event {
        let mut events = self.events();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }

    #[track_caller]
    pub(super) fn assert_nothing_is_left(&mut self) {
        self.pass(100_000);
        assert_eq!(self.endpoint.counts(), Counts::default());
        assert_eq!(self.endpoint.index_entries(), 0);
    }

    fn sent(&mut self) -> Vec<(FlowId, String)> {
        std::iter::from_fn(|| self.endpoint.poll_transmit())
            .map(|transmit| (transmit.flow, String::from_utf8_lossy(&transmit.bytes).into_owned()))
            .collect()
    }
}

/// The texts alone.
pub(super) fn texts(sent: Vec<(FlowId, String)>) -> Vec<String> {
    sent.into_iter().map(|(_, text)| text).collect()
}

pub(super) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

pub(super) fn fields<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    text.lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .collect()
}

/// A request of the peer; `extra` are whole lines.
pub(super) fn request(method: &str, branch: &str, extra: &str) -> String {
    format!(
        "{method} sip:102@192.0.2.1 SIP/2.0\n\
         Via: SIP/2.0/UDP 192.0.2.9:5066;branch={branch};rport\n\
         Max-Forwards: 70\n\
         From: <sip:101@pbx.example>;tag=ft\n\
         To: <sip:102@pbx.example>\n\
         Call-ID: c1\n\
         CSeq: 1 {method}\n\
         Contact: <sip:101@192.0.2.9:5066>\n\
         {extra}Content-Length: 0\n\n"
    )
}
